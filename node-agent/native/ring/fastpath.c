/* The commands that leave TypeScript alone: READ, WRITE, SYNCHRONIZE CACHE, TEST UNIT READY. */
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

static bool well_formed(const struct medium *medium, const struct decoded *decoded, const struct command *command)
{
	switch (decoded->class) {
	case CLASS_READ:
	case CLASS_WRITE:
		return transfer_fits(medium, decoded, command);
	case CLASS_SYNCHRONIZE_CACHE:
		return in_range(medium, decoded);
	default:
		return true;
	}
}

/* Ring thread, inside the gate. */
void fastpath_complete(struct ring *ring, enum command_class class, uint16_t id, uint64_t offset, uint64_t bytes)
{
	struct counters *counters = &ring->counters;

	if (class == CLASS_READ || class == CLASS_WRITE) {
		add(class == CLASS_READ ? &counters->reads : &counters->writes, 1);
		add(class == CLASS_READ ? &counters->read_bytes : &counters->write_bytes, bytes);
		if (((offset | bytes) & (COUNTED_ALIGNMENT - 1)) != 0)
			add(class == CLASS_READ ? &counters->unaligned_reads : &counters->unaligned_writes, 1);
	} else {
		add(&counters->without_data, 1);
	}
	ring_write_completion(ring, id, 0, 0, NULL, 0);
}

/* Inside the gate, and out of it again unless a worker has the command. */
static enum fastpath_outcome execute(struct ring *ring, const struct decoded *decoded, const struct command *command,
				     struct failure *failure)
{
	const struct medium *medium = &ring->unit->medium;
	bool durable = needs_durability(medium, decoded);
	enum fastpath_outcome outcome = FASTPATH_NOT_TAKEN;

	if (medium->fd >= 0 && well_formed(medium, decoded, command)) {
		const struct transfer transfer = {
			.map = ring->map,
			.offset = decoded->lba * medium->block_size,
			.iov = command->iov,
			.iov_count = command->iov_count,
			.scratch = ring->iov,
		};

		if (decoded->class != CLASS_TEST_UNIT_READY && latency_is_slow(ring->unit, durable))
			return workers_take(ring, decoded->class, command, transfer.offset, durable)
				       ? FASTPATH_ON_ITS_WAY
				       : FASTPATH_NOT_TAKEN;
		if (durable)
			ring_publish(ring);
		*failure = latency_measured(ring, decoded->class, &transfer, durable);
		if (failure->error == 0) {
			fastpath_complete(ring, decoded->class, command->id, transfer.offset,
					  command->iov_length);
			outcome = FASTPATH_COMPLETED;
		}
	}
	return outcome;
}

enum fastpath_outcome fastpath_execute(struct ring *ring, const struct command *command, struct failure *failure)
{
	struct decoded decoded = cdb_decode(command->cdb, command->cdb_length);
	bool transfers = decoded.class == CLASS_READ || decoded.class == CLASS_WRITE;
	enum fastpath_outcome outcome;

	*failure = (struct failure){.operation = OPERATION_NONE};
	/* A buffer with a command that has no data phase would go back unfilled. */
	if (decoded.class == CLASS_OTHER || (!transfers && command->iov_length + command->bidi_length != 0))
		return FASTPATH_NOT_TAKEN;
	if (!gate_enter(ring, forbidden_flags(decoded.class)))
		return FASTPATH_NOT_TAKEN;
	outcome = execute(ring, &decoded, command, failure);
	if (outcome != FASTPATH_ON_ITS_WAY)
		gate_leave(ring);
	return outcome;
}
