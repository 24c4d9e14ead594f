/* Commands that leave the ring's thread and come back: copies out, Data-In and completion back. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum { STATUS_BUSY = 0x08 };

static void push(struct ring *ring, struct ring_event *event)
{
	event->next = NULL;
	*ring->events_end = event;
	ring->events_end = &event->next;
}

static struct ring_event *new_event(enum ring_event_kind kind, size_t bytes)
{
	struct ring_event *event = calloc(1, sizeof(*event) + bytes);

	if (event != NULL)
		event->kind = kind;
	return event;
}

void ring_events_free(struct ring_event *events)
{
	while (events != NULL) {
		struct ring_event *next = events->next;

		free(events);
		events = next;
	}
}

/* The iovs as addresses: the slot is another command's once something has completed in it. */
static struct handed_over *remember(struct ring *ring, const struct iovec *iov, uint32_t count, uint64_t length)
{
	struct handed_over *record = malloc(sizeof(*record) + count * sizeof(struct iovec));

	if (record == NULL)
		return NULL;
	record->length = length;
	record->count = count;
	for (uint32_t i = 0; i < count; i++) {
		record->iov[i].iov_base = ring->map + (uintptr_t)iov[i].iov_base;
		record->iov[i].iov_len = iov[i].iov_len;
	}
	return record;
}

static void gather(const struct ring *ring, uint8_t *to, const struct iovec *iov, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		memcpy(to, ring->map + (uintptr_t)iov[i].iov_base, iov[i].iov_len);
		to += iov[i].iov_len;
	}
}

/* False: the ring is broken. */
bool handover_command(struct ring *ring, const struct command *command, struct failure failure)
{
	bool out = command->bidi_count != 0 || ring->unit->data_out_opcodes[command->cdb[0]] != 0;
	/* The Data-In iovs: the second set of a bidi command; all of them when there's no Data-Out; else none. */
	const struct iovec *in_iov = command->iov + (out ? command->iov_count : 0);
	uint32_t in_count = out ? command->bidi_count : command->iov_count;
	uint64_t in_length = out ? command->bidi_length : command->iov_length;
	uint64_t out_length = out ? command->iov_length : 0;
	struct ring_event *event;
	struct handed_over *record;

	if (ring->handed_over[command->id] != NULL) {
		ring->failure = "the kernel used a command's id twice";
		return false;
	}
	event = new_event(RING_COMMAND, command->cdb_length + out_length);
	record = remember(ring, in_iov, in_count, in_length);
	if (event == NULL || record == NULL) {
		free(event);
		free(record);
		ring_write_completion(ring, command->id, STATUS_BUSY, 0, NULL, 0);
		return true;
	}
	/* Owned by the ring before the data area is touched: if that is gone, the guard leaves from there. */
	ring->handed_over[command->id] = record;
	push(ring, event);
	event->id = command->id;
	event->data_in_length = in_length;
	event->failed_operation = failure.operation;
	event->failed_errno = failure.error;
	event->cdb_length = command->cdb_length;
	event->data_length = out_length;
	memcpy(event->bytes, command->cdb, command->cdb_length);
	if (out)
		gather(ring, event->bytes + command->cdb_length, command->iov, command->iov_count);
	atomic_fetch_add_explicit(&ring->counters.handed_over, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&ring->counters.outstanding, 1, memory_order_relaxed);
	return true;
}

bool handover_task_management(struct ring *ring, const struct tcmu_task_management *entry, uint32_t entry_length)
{
	struct ring_event *event;

	if (entry_length < sizeof(*entry) || entry->cmd_cnt > (entry_length - sizeof(*entry)) / sizeof(uint16_t)) {
		ring->failure = "a task management entry is damaged";
		return false;
	}
	event = new_event(RING_TASK_MANAGEMENT, entry->cmd_cnt * sizeof(uint16_t));
	if (event == NULL) {
		ring->failure = "out of memory for a task management notification";
		return false;
	}
	event->tmr_type = entry->type;
	event->data_length = entry->cmd_cnt * sizeof(uint16_t);
	memcpy(event->bytes, entry->cmd_ids, event->data_length);
	push(ring, event);
	return true;
}

/*
 * The last event of a ring that ends by itself. What was not handed over yet is dropped: its copy may have been broken
 * off. When memory is short there is no event; `ended` still comes.
 */
void handover_end(struct ring *ring, enum ring_event_kind kind, const char *message)
{
	struct ring_event *event = new_event(kind, 0);

	ring_events_free(ring->events);
	ring->events = NULL;
	ring->events_end = &ring->events;
	if (event == NULL)
		return;
	event->message = message;
	push(ring, event);
}

bool ring_complete(struct ring *ring, uint16_t id, uint8_t status, const uint8_t *data, size_t data_length,
		   const uint8_t *sense, size_t sense_length)
{
	struct completion *completion = malloc(sizeof(*completion) + data_length);
	bool first;

	if (completion == NULL)
		return false;
	completion->next = NULL;
	completion->id = id;
	completion->status = status;
	completion->sense_length =
		sense_length < TCMU_SENSE_BYTES ? (uint8_t)sense_length : TCMU_SENSE_BYTES;
	completion->data_length = data_length;
	if (completion->sense_length != 0)
		memcpy(completion->sense, sense, completion->sense_length);
	if (data_length != 0)
		memcpy(completion->data, data, data_length);
	pthread_mutex_lock(&ring->queue_mutex);
	first = ring->queue == NULL;
	*ring->queue_end = completion;
	ring->queue_end = &completion->next;
	pthread_mutex_unlock(&ring->queue_mutex);
	if (first)
		ring_wake(ring);
	return true;
}

/* Fills the command's Data-In: what there is, then zeros, since data pages come with other commands' data in them. */
static void scatter(const struct handed_over *record, const uint8_t *data, size_t length)
{
	for (uint32_t i = 0; i < record->count; i++) {
		size_t bytes = length < record->iov[i].iov_len ? length : record->iov[i].iov_len;

		if (bytes != 0)
			memcpy(record->iov[i].iov_base, data, bytes);
		memset((uint8_t *)record->iov[i].iov_base + bytes, 0, record->iov[i].iov_len - bytes);
		data += bytes;
		length -= bytes;
	}
}

static void complete(struct ring *ring, const struct completion *completion)
{
	struct handed_over *record = ring->handed_over[completion->id];
	uint32_t read_length = 0;

	/* An id that the kernel doesn't wait for would break the ring. */
	if (record == NULL)
		return;
	scatter(record, completion->data, completion->data_length);
	/* READ_LEN of 0 means nothing to the kernel. */
	if (completion->data_length < record->length)
		read_length = (uint32_t)completion->data_length;
	ring_write_completion(ring, completion->id, completion->status, read_length, completion->sense,
			      completion->sense_length);
	ring->handed_over[completion->id] = NULL;
	free(record);
	atomic_fetch_sub_explicit(&ring->counters.outstanding, 1, memory_order_relaxed);
}

void handover_complete_queued(struct ring *ring)
{
	struct completion *completion;

	pthread_mutex_lock(&ring->queue_mutex);
	while ((completion = ring->queue) != NULL) {
		/* It stays in the queue meanwhile: if the data area is gone, the guard leaves from here. */
		pthread_mutex_unlock(&ring->queue_mutex);
		complete(ring, completion);
		pthread_mutex_lock(&ring->queue_mutex);
		ring->queue = completion->next;
		if (ring->queue == NULL)
			ring->queue_end = &ring->queue;
		free(completion);
	}
	pthread_mutex_unlock(&ring->queue_mutex);
}

void handover_free(struct ring *ring)
{
	while (ring->queue != NULL) {
		struct completion *next = ring->queue->next;

		free(ring->queue);
		ring->queue = next;
	}
	if (ring->handed_over != NULL)
		for (uint32_t id = 0; id <= UINT16_MAX; id++)
			free(ring->handed_over[id]);
	free(ring->handed_over);
	ring_events_free(ring->events);
}
