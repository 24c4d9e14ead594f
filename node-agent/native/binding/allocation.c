/* What a file's blocks can do: be given back, zeroed, asked for, read directly. Off the JavaScript thread, because disks answer. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "binding.h"

enum allocation_operation { ALLOCATION_PUNCH, ALLOCATION_ZERO, ALLOCATION_EXTENT, ALLOCATION_READ };

/* A page: what a ring's data area begins with. */
enum { MEMORY_ALIGNMENT = 4096 };

struct allocation_work {
	struct work work;
	enum allocation_operation operation;
	int fd;
	off_t offset, length;
	/* ALLOCATION_EXTENT */
	bool mapped;
	off_t extent;
	int error;
};

static int allocate(int fd, int mode, off_t offset, off_t length)
{
	while (fallocate(fd, mode | FALLOC_FL_KEEP_SIZE, offset, length) != 0)
		if (errno != EINTR)
			return errno;
	return 0;
}

/*
 * The first run from `offset`. A file system that doesn't know holes says that all is data, and one hole at the end
 * of the file (lseek(2)); behind the end of the file there is no data: ENXIO.
 */
static int find_extent(struct allocation_work *work)
{
	off_t end = work->offset + work->length;
	off_t next = lseek(work->fd, work->offset, SEEK_DATA);

	if (next < 0 && errno != ENXIO)
		return errno;
	work->mapped = next == work->offset;
	if (work->mapped) {
		next = lseek(work->fd, work->offset, SEEK_HOLE);
		if (next < 0)
			return errno;
	}
	work->extent = (next < 0 || next > end ? end : next) - work->offset;
	return 0;
}

/* Whether the file, opened with O_DIRECT, can be read in pieces of that length: statx(2) may not know, a read does. */
static int read_aligned(const struct allocation_work *work)
{
	void *buffer = NULL;
	int error = posix_memalign(&buffer, MEMORY_ALIGNMENT, (size_t)work->length);

	if (error == 0 && pread(work->fd, buffer, (size_t)work->length, work->offset) < 0)
		error = errno;
	free(buffer);
	return error;
}

static void execute(napi_env env, void *data)
{
	struct allocation_work *work = data;

	(void)env;
	switch (work->operation) {
	case ALLOCATION_PUNCH:
		work->error = allocate(work->fd, FALLOC_FL_PUNCH_HOLE, work->offset, work->length);
		break;
	case ALLOCATION_ZERO:
		work->error = allocate(work->fd, FALLOC_FL_ZERO_RANGE, work->offset, work->length);
		break;
	case ALLOCATION_EXTENT:
		work->error = find_extent(work);
		break;
	case ALLOCATION_READ:
		work->error = read_aligned(work);
		break;
	}
}

static napi_value outcome(napi_env env, const struct allocation_work *work)
{
	napi_value result, mapped, length;

	if (work->operation != ALLOCATION_EXTENT) {
		napi_get_undefined(env, &result);
		return result;
	}
	napi_create_object(env, &result);
	napi_get_boolean(env, work->mapped, &mapped);
	napi_create_int64(env, work->extent, &length);
	set_named(env, result, "mapped", mapped);
	set_named(env, result, "length", length);
	return result;
}

static void complete(napi_env env, napi_status status, void *data)
{
	static const char *const what[] = {"give blocks back", "zero blocks", "look for allocated blocks",
					  "read directly"};
	struct allocation_work *work = data;

	work_end(env, &work->work, status, work->error, what[work->operation], outcome(env, work));
}

static napi_value start(napi_env env, napi_callback_info info, enum allocation_operation operation)
{
	napi_value arguments[3];
	size_t count = 3, offset, length;
	struct allocation_work *work;
	int fd;

	napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
	if (!get_int32(env, arguments[0], "fd", &fd) || !get_size(env, arguments[1], "offset", &offset) ||
	    !get_size(env, arguments[2], "length", &length))
		return NULL;
	work = calloc(1, sizeof(*work));
	if (work == NULL)
		return throw_errno(env, ENOMEM, "allocation");
	work->operation = operation;
	work->fd = fd;
	work->offset = (off_t)offset;
	work->length = (off_t)length;
	return work_start(env, &work->work, "scst allocation", execute, complete);
}

napi_value punch_hole(napi_env env, napi_callback_info info)
{
	return start(env, info, ALLOCATION_PUNCH);
}

napi_value zero_range(napi_env env, napi_callback_info info)
{
	return start(env, info, ALLOCATION_ZERO);
}

napi_value extent_at(napi_env env, napi_callback_info info)
{
	return start(env, info, ALLOCATION_EXTENT);
}

napi_value read_directly(napi_env env, napi_callback_info info)
{
	return start(env, info, ALLOCATION_READ);
}
