/* System calls that Node lacks: openat2, open file description locks, and a look into a ring. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "binding.h"

/* openat2 has no wrapper in the C library. */
static int open_below(const char *root, const char *path, uint32_t flags, uint32_t mode)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		/* openat2 refuses a mode that means nothing. */
		.mode = flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)) ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS,
	};
	int directory = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd, error;

	if (directory < 0)
		return -1;
	fd = (int)syscall(SYS_openat2, directory, path, &how, sizeof(how));
	error = errno;
	close(directory);
	errno = error;
	return fd;
}

napi_value open_beneath(napi_env env, napi_callback_info info)
{
	napi_value arguments[4], result;
	size_t count = 4;
	char root[PATH_MAX], path[PATH_MAX], what[256];
	uint32_t flags, mode;
	int fd, error;

	napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
	if (!get_text(env, arguments[0], "root", root, sizeof(root)) ||
	    !get_text(env, arguments[1], "path", path, sizeof(path)) ||
	    !get_uint32(env, arguments[2], "flags", &flags) || !get_uint32(env, arguments[3], "mode", &mode))
		return NULL;
	fd = open_below(root, path, flags, mode);
	if (fd < 0) {
		error = errno;
		snprintf(what, sizeof(what), "open '%.100s' below '%.100s'", path, root);
		return throw_errno(env, error, what);
	}
	napi_create_int32(env, fd, &result);
	return result;
}

napi_value try_lock(napi_env env, napi_callback_info info)
{
	struct flock whole_file = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	napi_value argument, result;
	size_t count = 1;
	int fd;
	bool locked;

	napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
	if (!get_int32(env, argument, "fd", &fd))
		return NULL;
	/* The kernel wants a write lock's file open for writing. A reader's lock keeps every writer out, too. */
	if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY)
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
