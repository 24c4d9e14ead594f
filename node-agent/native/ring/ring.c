/* The command ring: mailbox, slots, fetching in order and completing out of order. */
#include <string.h>

#include "internal.h"

static struct tcmu_mailbox *mailbox_of(const uint8_t *map)
{
	return (struct tcmu_mailbox *)(uintptr_t)map;
}

/* Acquire: entries up to the head are read only after it. */
static uint32_t load_head(const uint8_t *map)
{
	return atomic_load_explicit(&mailbox_of(map)->cmd_head, memory_order_acquire);
}

static struct tcmu_command *slot_at(const struct ring *ring, uint32_t position)
{
	return (struct tcmu_command *)(ring->map + ring->ring_offset + position);
}

static bool sound_position(uint32_t position, uint32_t ring_size)
{
	return position < ring_size && position % TCMU_ENTRY_ALIGNMENT == 0;
}

/* Length of the entry at a position, or 0 when it can't be one. */
static uint32_t entry_length(const struct tcmu_command *entry, uint32_t position, uint32_t ring_size)
{
	uint32_t length = tcmu_length(entry->header.len_op);

	return length >= sizeof(entry->header) && length <= ring_size - position ? length : 0;
}

static uint32_t after(uint32_t position, uint32_t length, uint32_t ring_size)
{
	return position + length == ring_size ? 0 : position + length;
}

static const char *check_mailbox(const uint8_t *map, size_t map_size)
{
	const struct tcmu_mailbox *mailbox = mailbox_of(map);
	const uint16_t needed = TCMU_CAP_OUT_OF_ORDER | TCMU_CAP_READ_LEN;

	if (map_size < sizeof(*mailbox))
		return "the mapping is smaller than a TCMU mailbox";
	if (mailbox->version != TCMU_MAILBOX_VERSION)
		return "the mailbox is not of version 2";
	if ((mailbox->flags & needed) != needed)
		return "the kernel lacks out-of-order completion or READ_LEN";
	if (mailbox->cmdr_off < sizeof(*mailbox) || mailbox->cmdr_off > map_size || mailbox->cmdr_size == 0 ||
	    mailbox->cmdr_size > map_size - mailbox->cmdr_off)
		return "the command ring is not inside the mapping";
	if (!sound_position(load_head(map), mailbox->cmdr_size) ||
	    !sound_position(atomic_load(&mailbox_of(map)->cmd_tail), mailbox->cmdr_size))
		return "head or tail is not inside the command ring";
	return NULL;
}

int64_t ring_count_outstanding(const uint8_t *map, size_t map_size)
{
	const struct tcmu_mailbox *mailbox = mailbox_of(map);
	uint32_t position, head, size;
	int64_t count = 0;

	if (check_mailbox(map, map_size) != NULL)
		return -1;
	head = load_head(map);
	size = mailbox->cmdr_size;
	position = atomic_load(&mailbox_of(map)->cmd_tail);
	while (position != head) {
		const struct tcmu_command *entry =
			(const struct tcmu_command *)(map + mailbox->cmdr_off + position);
		uint32_t length = entry_length(entry, position, size);

		/* Each entry takes at least eight bytes, so a walk that misses the head ends too. */
		if (length == 0 || count > size)
			return -1;
		count += tcmu_operation(entry->header.len_op) == TCMU_OP_CMD;
		position = after(position, length, size);
	}
	return count;
}

/* Takes the ring as it lies. NULL, or what is wrong with it. */
const char *ring_open_mailbox(struct ring *ring)
{
	const struct tcmu_mailbox *mailbox = mailbox_of(ring->map);
	const char *error = check_mailbox(ring->map, ring->map_size);
	int64_t found;

	if (error != NULL)
		return error;
	found = ring_count_outstanding(ring->map, ring->map_size);
	if (found < 0)
		return "an entry of the command ring is damaged";
	ring->found_at_attach = (uint32_t)found;
	ring->ring_offset = mailbox->cmdr_off;
	ring->ring_size = mailbox->cmdr_size;
	ring->tail = ring->next = atomic_load(&mailbox_of(ring->map)->cmd_tail);
	return NULL;
}

bool ring_has_entries(const struct ring *ring)
{
	return load_head(ring->map) != ring->next;
}

static void advance_tail(struct ring *ring)
{
	ring->tail = after(ring->tail, tcmu_length(slot_at(ring, ring->tail)->header.len_op), ring->ring_size);
	/* Release: the kernel sees what was written into the slot before it sees that the slot is done. */
	atomic_store_explicit(&mailbox_of(ring->map)->cmd_tail, ring->tail, memory_order_release);
	ring->kick_due = true;
}

/* Entries at the tail that carry no command need no answer. A slot keeps its len_op whatever completes in it. */
static void step_over(struct ring *ring)
{
	while (ring->tail != ring->next && tcmu_operation(slot_at(ring, ring->tail)->header.len_op) != TCMU_OP_CMD)
		advance_tail(ring);
}

/*
 * Completes any outstanding command in the oldest uncompleted slot: the kernel goes by the cmd_id that it finds there.
 * There is such a slot: as many command slots lie between tail and next as commands are outstanding.
 */
void ring_write_completion(struct ring *ring, uint16_t id, uint8_t status, uint32_t read_length, const uint8_t *sense,
			   size_t sense_length)
{
	struct tcmu_command *entry = slot_at(ring, ring->tail);

	entry->header.cmd_id = id;
	entry->header.uflags = read_length != 0 ? TCMU_UFLAG_READ_LEN : 0;
	entry->response.scsi_status = status;
	entry->response.read_len = read_length;
	if (sense_length != 0) {
		memcpy(entry->response.sense, sense, sense_length);
		memset(entry->response.sense + sense_length, 0, TCMU_SENSE_BYTES - sense_length);
	}
	advance_tail(ring);
	step_over(ring);
}

static bool fail(struct ring *ring, const char *message)
{
	ring->failure = message;
	return false;
}

static bool sum_iovs(const struct ring *ring, const struct iovec *iov, uint32_t count, uint64_t *sum)
{
	*sum = 0;
	for (uint32_t i = 0; i < count; i++) {
		uintptr_t base = (uintptr_t)iov[i].iov_base;

		if (base > ring->map_size || iov[i].iov_len > ring->map_size - base)
			return false;
		*sum += iov[i].iov_len;
	}
	return true;
}

static bool parse_command(struct ring *ring, const struct tcmu_command *entry, uint32_t length,
			  struct command *command)
{
	uint64_t entry_end = (uint64_t)((const uint8_t *)entry - ring->map) + length;
	uint64_t cdb_offset;

	if (length < sizeof(*entry))
		return fail(ring, "a command's entry is too short");
	cdb_offset = entry->request.cdb_off;
	command->id = entry->header.cmd_id;
	command->iov_count = entry->request.iov_cnt;
	command->bidi_count = entry->request.iov_bidi_cnt;
	command->iov = entry->request.iov;
	if ((uint64_t)command->iov_count + command->bidi_count > (length - offsetof(struct tcmu_command, request.iov)) / sizeof(struct iovec))
		return fail(ring, "a command's iovs don't fit in its entry");
	if (cdb_offset >= entry_end || entry_end - cdb_offset > length)
		return fail(ring, "a command's CDB is not inside its entry");
	command->cdb = ring->map + cdb_offset;
	command->cdb_length = cdb_length(command->cdb, (size_t)(entry_end - cdb_offset));
	if (!sum_iovs(ring, command->iov, command->iov_count, &command->iov_length) ||
	    !sum_iovs(ring, command->iov + command->iov_count, command->bidi_count, &command->bidi_length))
		return fail(ring, "a command's data is not inside the mapping");
	return true;
}

static bool take_command(struct ring *ring, const struct tcmu_command *entry, uint32_t length)
{
	struct command command;
	struct failure failure;

	if (!parse_command(ring, entry, length, &command))
		return false;
	/* Before it completes: its own slot may be the one that the completion goes into. */
	ring->next = after(ring->next, length, ring->ring_size);
	if (fastpath_execute(ring, &command, &failure) != FASTPATH_NOT_TAKEN)
		return true;
	return handover_command(ring, &command, failure);
}

/* Fetches the next entry. False: the ring is broken. */
static bool take_entry(struct ring *ring)
{
	struct tcmu_command *entry = slot_at(ring, ring->next);
	uint32_t length = entry_length(entry, ring->next, ring->ring_size);

	if (length == 0)
		return fail(ring, "an entry of the command ring is damaged");
	switch (tcmu_operation(entry->header.len_op)) {
	case TCMU_OP_CMD:
		return take_command(ring, entry, length);
	case TCMU_OP_TMR:
		if (!handover_task_management(ring, (const struct tcmu_task_management *)entry, length))
			return false;
		break;
	case TCMU_OP_PAD:
		break;
	default:
		entry->header.uflags |= TCMU_UFLAG_UNKNOWN_OP;
		break;
	}
	ring->next = after(ring->next, length, ring->ring_size);
	step_over(ring);
	return true;
}

/* Fetches until the ring is empty. False: it is broken, and ring->failure says why. */
bool ring_scan(struct ring *ring)
{
	uint32_t head;

	/* reset_ring moves both ends under an owner that runs: going on would complete commands that don't exist. */
	if (atomic_load(&mailbox_of(ring->map)->cmd_tail) != ring->tail)
		return fail(ring, "the ring was reset while it was attached");
	while ((head = load_head(ring->map)) != ring->next) {
		if (!sound_position(head, ring->ring_size))
			return fail(ring, "the ring's head is damaged");
		while (ring->next != head)
			if (!take_entry(ring))
				return false;
	}
	return true;
}
