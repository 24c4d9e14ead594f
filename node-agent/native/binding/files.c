/* System calls that Node lacks: open file description locks, and a look into a ring. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "binding.h"

napi_value try_lock(napi_env env, napi_callback_info info)
{
	struct flock whole_file = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	napi_value arguments[2], result;
	size_t count = 2;
	int fd;
	bool shared, locked;

	napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
	if (!get_int32(env, arguments[0], "fd", &fd) || !get_bool(env, arguments[1], "shared", &shared))
		return NULL;
	/* The kernel wants a write lock's file open for writing. A reader's lock keeps every writer's lock out, too. */
	if (shared || (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY)
		whole_file.l_type = F_RDLCK;
	locked = fcntl(fd, F_OFD_SETLK, &whole_file) == 0;
	if (!locked && errno != EAGAIN && errno != EACCES)
		return throw_errno(env, errno, "lock");
	napi_get_boolean(env, locked, &result);
	return result;
}

napi_value count_outstanding(napi_env env, napi_callback_info info)
{
	napi_value arguments[2], result;
	size_t count = 2, size;
	int64_t outstanding;
	void *map;
	int fd;

	napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
	if (!get_int32(env, arguments[0], "uioFd", &fd) || !get_size(env, arguments[1], "mapSize", &size))
		return NULL;
	/* A uio device refuses another protection than the one it was opened for. */
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return throw_errno(env, errno, "map the ring");
	outstanding = ring_count_outstanding(map, size);
	munmap(map, size);
	if (outstanding < 0)
		return throw_errno(env, EPROTO, "the mapping holds no sound TCMU ring");
	napi_create_int64(env, outstanding, &result);
	return result;
}
