/* Transfers between the medium's file and the data area of a ring, without a copy of its own. */
#include <errno.h>
#include <unistd.h>

#include "internal.h"

/* Where a transfer stands in a command's iovs. */
struct cursor {
	const struct iovec *iov;
	uint32_t left;
	size_t done_of_first;
};

/* The next part of the data area as addresses; how many of them. */
static int next_batch(const struct transfer *transfer, const struct cursor *cursor)
{
	int count = 0;
	size_t skip = cursor->done_of_first;

	for (uint32_t i = 0; i < cursor->left && count < MEDIUM_IOV_MAX; i++) {
		transfer->scratch[count].iov_base = transfer->map + (uintptr_t)cursor->iov[i].iov_base + skip;
		transfer->scratch[count].iov_len = cursor->iov[i].iov_len - skip;
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

int medium_read(const struct medium *medium, const struct transfer *transfer)
{
	struct cursor cursor = {.iov = transfer->iov, .left = transfer->iov_count};
	off_t offset = (off_t)transfer->offset;

	while (cursor.left > 0) {
		int count = next_batch(transfer, &cursor);
		ssize_t bytes = preadv(medium->fd, transfer->scratch, count, offset);

		if (bytes < 0) {
			if (errno == EINTR)
				continue;
			return errno;
		}
		/* The file ends before the medium does: somebody has cut it, and what was there is lost. */
		if (bytes == 0)
			return ENODATA;
		offset += bytes;
		advance(&cursor, (size_t)bytes);
	}
	return 0;
}

int medium_write(const struct medium *medium, const struct transfer *transfer, bool durable)
{
	struct cursor cursor = {.iov = transfer->iov, .left = transfer->iov_count};
	off_t offset = (off_t)transfer->offset;

	while (cursor.left > 0) {
		int count = next_batch(transfer, &cursor);
		ssize_t bytes = pwritev2(medium->fd, transfer->scratch, count, offset, durable ? RWF_DSYNC : 0);

		if (bytes < 0) {
			if (errno == EINTR)
				continue;
			return errno;
		}
		if (bytes == 0)
			return EIO;
		offset += bytes;
		advance(&cursor, (size_t)bytes);
	}
	return 0;
}

int medium_flush(const struct medium *medium)
{
	while (fdatasync(medium->fd) != 0)
		if (errno != EINTR)
			return errno;
	return 0;
}
