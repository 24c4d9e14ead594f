/*
 * Preloaded into a User Mode Linux: lets it run on processors whose extended state is larger than it knows, such as those with
 * AMX. UML 6.1 has 2696 bytes for the registers of a guest's process, which is all up to PKRU in the standard format of XSAVE. The
 * host's kernel gives that much of them, but takes nothing but the whole: PTRACE_SETREGSET of NT_X86_XSTATE with less is EFAULT
 * (arch/x86/kernel/fpu/regset.c, xstateregs_set), by which the guest's init dies. So what UML sets is filled up here, with what is
 * beyond in its initial state: no program of the guest has it, as AMX must be asked for (arch_prctl).
 */
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

enum { STATE_BYTES_MAX = 64 * 1024, LEGACY_AND_HEADER = 576, XSTATE_BV = 512 };
/* Components that lie within those 2696 bytes: x87, SSE, AVX, MPX, AVX-512 and PKRU (Intel SDM volume 1, 13.4). */
static const uint64_t known_components = 0x2ff;

typedef long ptrace_function(int request, int pid, void *address, void *data);

static long set_filled_up(ptrace_function *ptrace_of_libc, int pid, const struct iovec *given)
{
	/* UML sets them from one thread only. What is beyond its part stays zero. */
	static uint8_t state[STATE_BYTES_MAX];
	static size_t state_bytes;
	struct iovec whole = {.iov_base = state, .iov_len = sizeof(state)};
	uint64_t components;

	if (state_bytes == 0) {
		/* The kernel sets iov_len to the size. */
		if (ptrace_of_libc(PTRACE_GETREGSET, pid, (void *)NT_X86_XSTATE, &whole) != 0)
			return -1;
		state_bytes = whole.iov_len;
		memset(state, 0, state_bytes);
	}
	if (given->iov_len < LEGACY_AND_HEADER || given->iov_len >= state_bytes)
		return ptrace_of_libc(PTRACE_SETREGSET, pid, (void *)NT_X86_XSTATE, (void *)given);
	whole.iov_len = state_bytes;
	memcpy(state, given->iov_base, given->iov_len);
	memcpy(&components, state + XSTATE_BV, sizeof(components));
	components &= known_components;
	memcpy(state + XSTATE_BV, &components, sizeof(components));
	return ptrace_of_libc(PTRACE_SETREGSET, pid, (void *)NT_X86_XSTATE, &whole);
}

/* In place of libc's. */
long ptrace(enum __ptrace_request request, ...)
{
	static ptrace_function *ptrace_of_libc;
	va_list arguments;
	int pid;
	void *address, *data;

	if (ptrace_of_libc == NULL)
		ptrace_of_libc = (ptrace_function *)dlsym(RTLD_NEXT, "ptrace");
	va_start(arguments, request);
	pid = va_arg(arguments, int);
	address = va_arg(arguments, void *);
	data = va_arg(arguments, void *);
	va_end(arguments);
	if (request == PTRACE_SETREGSET && (uintptr_t)address == NT_X86_XSTATE)
		return set_filled_up(ptrace_of_libc, pid, data);
	return ptrace_of_libc((int)request, pid, address, data);
}
