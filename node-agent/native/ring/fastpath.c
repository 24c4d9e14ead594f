/* The commands that execute on the ring's thread: READ, WRITE, SYNCHRONIZE CACHE, TEST UNIT READY. */
#include <errno.h>

#include "internal.h"

static const uint32_t every_access = NEXUS_UNIT_ATTENTION | NEXUS_NOT_READY | NEXUS_ACCESS_BLOCKED;

static uint32_t forbidden_flags(enum command_class class)
{
	switch (class) {
	case CLASS_WRITE:
		return every_access | NEXUS_READ_ONLY | NEXUS_WRITE_BLOCKED;
	case CLASS_SYNCHRONIZE_CACHE:
		return every_access | NEXUS_WRITE_BLOCKED;
	default:
		return every_access;
	}
}

/* The counters have one writer: no read-modify-write needed. */
static void add(_Atomic uint64_t *counter, uint64_t amount)
{
	uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);

	atomic_store_explicit(counter, value + amount, memory_order_relaxed);
}

static bool in_range(const struct medium *medium, const struct decoded *decoded)
{
	return decoded->lba < medium->blocks && decoded->blocks <= medium->blocks - decoded->lba;
}

/*
 * The transport's length is what sg or the block layer asked for, and needn't be the CDB's: a one-block WRITE with a
 * 4096-byte buffer would overwrite eight blocks. A transfer of no blocks has rules of its own; TypeScript knows them.
 */
static bool transfer_fits(const struct medium *medium, const struct decoded *decoded, const struct command *command)
{
	return decoded->blocks != 0 && command->bidi_count == 0 &&
	       command->iov_length == (uint64_t)decoded->blocks * medium->block_size && in_range(medium, decoded);
}

static int read_blocks(struct ring *ring, const struct decoded *decoded, const struct command *command,
		       struct failure *failure)
{
	const struct medium *medium = &ring->unit->medium;

	/* FUA on a read (SBC): what the cache holds of it goes to the medium first. */
	if (decoded->fua && medium->write_cache && !medium->nv_cache) {
		failure->operation = OPERATION_FLUSH;
		ring_publish(ring);
		failure->error = medium_flush(ring);
		if (failure->error != 0)
			return failure->error;
	}
	failure->operation = OPERATION_READ;
	failure->error = medium_read(ring, command, decoded->lba * medium->block_size);
	if (failure->error == 0) {
		add(&ring->counters.reads, 1);
		add(&ring->counters.read_bytes, command->iov_length);
	}
	return failure->error;
}

static bool is_no_space(int error)
{
	return error == ENOSPC || error == EDQUOT;
}

static int write_blocks(struct ring *ring, const struct decoded *decoded, const struct command *command,
			struct failure *failure)
{
	const struct medium *medium = &ring->unit->medium;
	bool durable = !medium->nv_cache && (decoded->fua || !medium->write_cache);

	if (durable)
		ring_publish(ring);
	failure->error = medium_write(ring, command, decoded->lba * medium->block_size, durable);
	/* With RWF_DSYNC an error of the flush comes as one of the write: the former is taken for it, being the worse. */
	failure->operation = durable && !is_no_space(failure->error) ? OPERATION_FLUSH : OPERATION_WRITE;
	if (failure->error == 0) {
		add(&ring->counters.writes, 1);
		add(&ring->counters.write_bytes, command->iov_length);
	}
	return failure->error;
}

/* IMMED would allow GOOD before the flush has ended; the flush comes first all the same. */
static int flush(struct ring *ring, struct failure *failure)
{
	if (ring->unit->medium.nv_cache)
		return 0;
	ring_publish(ring);
	failure->operation = OPERATION_FLUSH;
	failure->error = medium_flush(ring);
	return failure->error;
}

/* Inside the gate. True: completed. */
static bool execute(struct ring *ring, const struct decoded *decoded, const struct command *command,
		    struct failure *failure)
{
	const struct medium *medium = &ring->unit->medium;

	if (medium->fd < 0)
		return false;
	switch (decoded->class) {
	case CLASS_READ:
		if (!transfer_fits(medium, decoded, command) || read_blocks(ring, decoded, command, failure) != 0)
			return false;
		break;
	case CLASS_WRITE:
		if (!transfer_fits(medium, decoded, command) || write_blocks(ring, decoded, command, failure) != 0)
			return false;
		break;
	case CLASS_SYNCHRONIZE_CACHE:
		if (!in_range(medium, decoded) || flush(ring, failure) != 0)
			return false;
		break;
	default:
		break;
	}
	ring_write_completion(ring, command->id, 0, 0, NULL, 0);
	return true;
}

bool fastpath_execute(struct ring *ring, const struct command *command, struct failure *failure)
{
	struct decoded decoded = cdb_decode(command->cdb, command->cdb_length);
	bool transfers = decoded.class == CLASS_READ || decoded.class == CLASS_WRITE;
	bool completed;

	*failure = (struct failure){.operation = OPERATION_NONE};
	/* A buffer with a command that has no data phase would go back unfilled. */
	if (decoded.class == CLASS_OTHER || (!transfers && command->iov_length + command->bidi_length != 0))
		return false;
	if (!gate_enter(ring, forbidden_flags(decoded.class)))
		return false;
	completed = execute(ring, &decoded, command, failure);
	if (failure->error == 0)
		failure->operation = OPERATION_NONE;
	gate_leave(ring);
	return completed;
}
