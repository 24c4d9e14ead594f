/* Open file description locks, on a thread of the pool: the lock of a network file system is an answer of its server. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "binding.h"

struct lock_work {
	struct work work;
	int fd, error;
	bool shared, locked;
};

static void execute(napi_env env, void *data)
{
	struct flock whole_file = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct lock_work *work = data;

	(void)env;
	/* The kernel wants a write lock's file open for writing. A reader's lock keeps every writer's lock out, too. */
	if (work->shared || (fcntl(work->fd, F_GETFL) & O_ACCMODE) == O_RDONLY)
		whole_file.l_type = F_RDLCK;
	work->locked = fcntl(work->fd, F_OFD_SETLK, &whole_file) == 0;
	if (!work->locked && errno != EAGAIN && errno != EACCES)
		work->error = errno;
}

static void complete(napi_env env, napi_status status, void *data)
{
	struct lock_work *work = data;
	napi_value result;

	napi_get_boolean(env, work->locked, &result);
	work_end(env, &work->work, status, work->error, "lock", result);
}

napi_value try_lock(napi_env env, napi_callback_info info)
{
	struct lock_work *work;
	napi_value arguments[2];
	size_t count = 2;
	bool shared;
	int fd;

	napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
	if (!get_int32(env, arguments[0], "fd", &fd) || !get_bool(env, arguments[1], "shared", &shared))
		return NULL;
	work = calloc(1, sizeof(*work));
	if (work == NULL)
		return throw_errno(env, ENOMEM, "lock");
	work->fd = fd;
	work->shared = shared;
	return work_start(env, &work->work, "scst lock", execute, complete);
}
