/* Transfers between the medium's file and the data area of a ring, without a copy of its own. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/* Where a transfer stands in a command's iovs. */
struct cursor {
	const struct iovec *iov;
	uint32_t left;
	size_t done_of_first;
};

/* The next part of the data area as addresses in ring->iov; how many of them. */
static int next_batch(struct ring *ring, const struct cursor *cursor)
{
	int count = 0;
	size_t skip = cursor->done_of_first;

	for (uint32_t i = 0; i < cursor->left && count < MEDIUM_IOV_MAX; i++) {
		ring->iov[count].iov_base = ring->map + (uintptr_t)cursor->iov[i].iov_base + skip;
		ring->iov[count].iov_len = cursor->iov[i].iov_len - skip;
		count++;
		skip = 0;
	}
	return count;
}

static void advance(struct cursor *cursor, size_t bytes)
{
	while (cursor->left > 0 && bytes >= cursor->iov->iov_len - cursor->done_of_first) {
		bytes -= cursor->iov->iov_len - cursor->done_of_first;
		cursor->done_of_first = 0;
		cursor->iov++;
		cursor->left--;
	}
	cursor->done_of_first += bytes;
}

int medium_read(struct ring *ring, const struct command *command, uint64_t offset)
{
	struct cursor cursor = {.iov = command->iov, .left = command->iov_count};

	while (cursor.left > 0) {
		int count = next_batch(ring, &cursor);
		ssize_t bytes = preadv(ring->unit->medium.fd, ring->iov, count, (off_t)offset);

		if (bytes < 0) {
			if (errno == EINTR)
				continue;
			return errno;
		}
		if (bytes == 0) {
			/* The file ends before the medium does: a hole at its end, and the data area holds old data. */
			for (int i = 0; i < count; i++) {
				memset(ring->iov[i].iov_base, 0, ring->iov[i].iov_len);
				bytes += (ssize_t)ring->iov[i].iov_len;
			}
		}
		offset += (uint64_t)bytes;
		advance(&cursor, (size_t)bytes);
	}
	return 0;
}

int medium_write(struct ring *ring, const struct command *command, uint64_t offset, bool durable)
{
	struct cursor cursor = {.iov = command->iov, .left = command->iov_count};

	while (cursor.left > 0) {
		int count = next_batch(ring, &cursor);
		ssize_t bytes = pwritev2(ring->unit->medium.fd, ring->iov, count, (off_t)offset,
					 durable ? RWF_DSYNC : 0);

		if (bytes < 0) {
			if (errno == EINTR)
				continue;
			return errno;
		}
		if (bytes == 0)
			return EIO;
		offset += (uint64_t)bytes;
		advance(&cursor, (size_t)bytes);
	}
	return 0;
}

int medium_flush(struct ring *ring)
{
	while (fdatasync(ring->unit->medium.fd) != 0)
		if (errno != EINTR)
			return errno;
	return 0;
}
