/*
 * scst-launch PROGRAM [ARGUMENT...]: gives a program what a data path needs, takes from it what it doesn't, and runs it.
 *
 * - PR_SET_IO_FLUSHER: memory that the engine allocates while it writes back dirty pages may not wait for that writeback.
 *   Inherited by every thread and kept over exec, so V8's threads have it too. Needs CAP_SYS_RESOURCE.
 * - oom_score_adj -998: the OOM killer takes everything else first, but for what must never die (-999, -1000).
 * - Capabilities: CAP_DAC_OVERRIDE alone stays, for backing files that belong to others (an image of a virtual machine).
 *   configfs and /dev/uioN belong to root, which the engine is. Not kept, on purpose: CAP_SYS_ADMIN (nothing of the engine
 *   asks for it), CAP_SYS_RESOURCE (asked for above; with it, writes would eat a file system's reserved blocks),
 *   CAP_SYS_RAWIO, CAP_IPC_LOCK, CAP_NET_ADMIN (netlink is not used).
 * - UV_THREADPOOL_SIZE, where it isn't set: threads of Node for accesses to files. A backing that doesn't answer keeps three
 *   of them; the default, four, would be used up by two such backings, and by then nothing would be written for any unit.
 * - NODE_OPTIONS, where it isn't set: young garbage is collected after 2 MiB in place of 16. The data path makes none; what the
 *   rest makes is short-lived, and would only be memory that the node lacks.
 * - no_new_privs: nothing that it starts gets more.
 * - An argv[0] that begins with @: systemd passes it over when it ends what still runs before a power off. File systems on our
 *   disks are unmounted after that, and the kernel flushes the disks at the very end.
 *
 * What is not permitted is said on standard error, and the program runs all the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57
#endif

static const char oom_score_adj[] = "-998";
static const char thread_pool_size[] = "32";
static const char node_options[] = "--max-semi-space-size=2";
static const uint64_t kept_capabilities = UINT64_C(1) << CAP_DAC_OVERRIDE;

static void warn(const char *what)
{
	fprintf(stderr, "scst-launch: %s: %s: %s\n", what, strerrorname_np(errno), strerror(errno));
}

static void set_oom_score(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, oom_score_adj, strlen(oom_score_adj)) < 0)
		warn("cannot lower oom_score_adj, so the engine may be killed when memory is short");
	if (fd >= 0)
		close(fd);
}

/* What root gets at an exec: without the bounding set the kernel would give everything back. */
static void drop_bounding_set(void)
{
	for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++) {
		if (capability < 64 && (kept_capabilities >> capability & 1))
			continue;
		if (prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 0)
			continue;
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0) {
			warn("cannot drop capabilities from the bounding set");
			return;
		}
	}
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2];

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	drop_bounding_set();
	if (syscall(SYS_capget, &header, sets) < 0) {
		warn("cannot read capabilities");
		return;
	}
	for (int word = 0; word < 2; word++) {
		uint32_t kept = (uint32_t)(kept_capabilities >> 32 * word);

		sets[word].permitted &= kept;
		sets[word].effective &= kept;
		sets[word].inheritable &= kept;
	}
	if (syscall(SYS_capset, &header, sets) < 0)
		warn("cannot drop capabilities");
}

int main(int argc, char **argv)
{
	char *program;

	if (argc < 2) {
		fprintf(stderr, "usage: scst-launch PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	if (prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0) < 0)
		warn("cannot set PR_SET_IO_FLUSHER, so a full page cache may stall the engine");
	if (setenv("UV_THREADPOOL_SIZE", thread_pool_size, 0) != 0)
		warn("cannot set UV_THREADPOOL_SIZE");
	if (setenv("NODE_OPTIONS", node_options, 0) != 0)
		warn("cannot set NODE_OPTIONS");
	set_oom_score();
	drop_capabilities();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		warn("cannot set no_new_privs");
	program = argv[1];
	if (asprintf(&argv[1], "@%s", program) < 0) {
		warn("cannot mark the engine as one that outlives the others when the host goes down");
		argv[1] = program;
	}
	execvp(program, argv + 1);
	fprintf(stderr, "scst-launch: %s: %s: %s\n", program, strerrorname_np(errno), strerror(errno));
	return errno == ENOENT ? 127 : 126;
}
