/* openat2(2), off the JavaScript thread: a file system that doesn't answer must not stop those that do. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "binding.h"

struct open_work {
	struct work work;
	char root[PATH_MAX], path[PATH_MAX];
	uint32_t flags, mode;
	int fd, error;
};

/* openat2 has no wrapper in the C library. */
static int open_below(const struct open_work *work)
{
	struct open_how how = {
		.flags = work->flags | O_CLOEXEC,
		/* openat2 refuses a mode that means nothing. */
		.mode = work->flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)) ? work->mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS,
	};
	int directory = open(work->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd, error;

	if (directory < 0)
		return -1;
	fd = (int)syscall(SYS_openat2, directory, work->path, &how, sizeof(how));
	error = errno;
	close(directory);
	errno = error;
	return fd;
}

static void execute(napi_env env, void *data)
{
	struct open_work *work = data;

	(void)env;
	work->fd = open_below(work);
	work->error = errno;
}

static void complete(napi_env env, napi_status status, void *data)
{
	struct open_work *work = data;
	napi_value result;
	char what[256];

	snprintf(what, sizeof(what), "open '%.100s' below '%.100s'", work->path, work->root);
	napi_create_int32(env, work->fd, &result);
	work_end(env, &work->work, status, work->fd < 0 ? work->error : 0, what, result);
}

napi_value open_beneath(napi_env env, napi_callback_info info)
{
	struct open_work *work = calloc(1, sizeof(*work));
	napi_value arguments[4];
	size_t count = 4;

	if (work == NULL)
		return throw_errno(env, ENOMEM, "open");
	napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
	if (!get_text(env, arguments[0], "root", work->root, sizeof(work->root)) ||
	    !get_text(env, arguments[1], "path", work->path, sizeof(work->path)) ||
	    !get_uint32(env, arguments[2], "flags", &work->flags) ||
	    !get_uint32(env, arguments[3], "mode", &work->mode)) {
		free(work);
		return NULL;
	}
	return work_start(env, &work->work, "scst open", execute, complete);
}
