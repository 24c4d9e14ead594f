/* What a command of the fast path does to the medium, on whatever thread. */
#include <errno.h>

#include "internal.h"

static bool is_no_space(int error)
{
	return error == ENOSPC || error == EDQUOT;
}

bool needs_durability(const struct medium *medium, const struct decoded *decoded)
{
	if (medium->nv_cache)
		return false;
	switch (decoded->class) {
	case CLASS_READ:
		/* FUA on a read (SBC): what the cache holds of it goes to the medium first. */
		return decoded->fua && medium->write_cache;
	case CLASS_WRITE:
		return decoded->fua || !medium->write_cache;
	default:
		return decoded->class == CLASS_SYNCHRONIZE_CACHE;
	}
}

static struct failure flush(const struct medium *medium)
{
	return (struct failure){.operation = OPERATION_FLUSH, .error = medium_flush(medium)};
}

static struct failure read_blocks(const struct medium *medium, const struct transfer *transfer, bool durable)
{
	if (durable) {
		struct failure failure = flush(medium);

		if (failure.error != 0)
			return failure;
	}
	return (struct failure){.operation = OPERATION_READ, .error = medium_read(medium, transfer)};
}

static struct failure write_blocks(const struct medium *medium, const struct transfer *transfer, bool durable)
{
	struct failure failure = {.operation = OPERATION_WRITE, .error = medium_write(medium, transfer, durable)};

	/* With RWF_DSYNC an error of the flush comes as one of the write: the former is taken for it, being the worse. */
	if (durable && !is_no_space(failure.error))
		failure.operation = OPERATION_FLUSH;
	return failure;
}

/* IMMED would allow GOOD before a flush has ended; the flush comes first all the same. */
struct failure execute_on_medium(const struct medium *medium, enum command_class class,
				 const struct transfer *transfer, bool durable)
{
	struct failure failure = {.error = 0};

	switch (class) {
	case CLASS_READ:
		failure = read_blocks(medium, transfer, durable);
		break;
	case CLASS_WRITE:
		failure = write_blocks(medium, transfer, durable);
		break;
	case CLASS_SYNCHRONIZE_CACHE:
		if (durable)
			failure = flush(medium);
		break;
	default:
		break;
	}
	if (failure.error == 0)
		failure.operation = OPERATION_NONE;
	return failure;
}
