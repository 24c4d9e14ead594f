/* A look into a ring that nobody serves. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "binding.h"

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
