/* Survives the loss of a mapping: SIGBUS inside a guarded call ends that call, anywhere else it does what it did before. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>

#include "internal.h"

/* initial-exec: the first access of a thread must not allocate, in a signal handler least of all. */
static _Thread_local sigjmp_buf *volatile armed __attribute__((tls_model("initial-exec")));
static struct sigaction former;
static pthread_once_t installed = PTHREAD_ONCE_INIT;

static void on_bus_error(int signal, siginfo_t *info, void *context)
{
	if (armed != NULL)
		siglongjmp(*armed, 1);
	if (former.sa_flags & SA_SIGINFO) {
		former.sa_sigaction(signal, info, context);
	} else if (former.sa_handler != SIG_DFL && former.sa_handler != SIG_IGN) {
		former.sa_handler(signal);
	} else {
		/* The faulting access runs again, and then ends the process as it would have without this handler. */
		sigaction(signal, &former, NULL);
	}
}

static void install(void)
{
	/* Not blocked while it runs: it leaves by siglongjmp, which restores no mask here. */
	struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};

	sigemptyset(&action.sa_mask);
	sigaction(SIGBUS, &action, &former);
}

bool fault_guard(void (*work)(void *argument), void *argument)
{
	sigjmp_buf here;

	pthread_once(&installed, install);
	if (sigsetjmp(here, 0) != 0) {
		armed = NULL;
		return false;
	}
	armed = &here;
	work(argument);
	armed = NULL;
	return true;
}
