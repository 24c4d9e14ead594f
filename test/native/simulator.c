/* The kernel's side of a TCMU ring: target_core_user.c's rules for entries, data blocks, ids and completions. */
#include "simulator.h"

#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../node-agent/native/ring/tcmu.h"

struct outstanding {
	bool used;
	size_t out_length, in_length;
	uint32_t block_count, out_blocks;
	uint32_t *blocks;
};

struct simulation {
	struct tcmu_mailbox *mailbox;
	uint32_t data_offset, block_bytes, block_count;
	bool *block_used;
	/* Where the search for a free block starts: moves, so that blocks of one command rarely lie together. */
	uint32_t next_block;
	uint32_t last_cleaned, outstanding_count;
	struct outstanding commands[SIMULATOR_MAX_COMMANDS + 1];
};

static uint32_t round_up(uint32_t value, uint32_t unit)
{
	return (value + unit - 1) / unit * unit;
}

struct simulator *simulator_create(uint32_t ring_bytes, uint32_t data_blocks, uint32_t block_bytes)
{
	struct simulator *simulator = calloc(1, sizeof(*simulator));
	struct simulation *state = calloc(1, sizeof(*state));
	int pair[2];

	simulator->state = state;
	state->data_offset = round_up((uint32_t)sizeof(struct tcmu_mailbox) + ring_bytes, 4096);
	state->block_bytes = block_bytes;
	state->block_count = data_blocks;
	state->block_used = calloc(data_blocks, sizeof(bool));
	simulator->map_size = state->data_offset + (size_t)data_blocks * block_bytes;
	simulator->map_fd = memfd_create("ring", MFD_CLOEXEC);
	if (ftruncate(simulator->map_fd, (off_t)simulator->map_size) != 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return NULL;
	simulator->uio_fd = pair[0];
	simulator->kernel_fd = pair[1];
	simulator->map = mmap(NULL, simulator->map_size, PROT_READ | PROT_WRITE, MAP_SHARED, simulator->map_fd, 0);
	state->mailbox = (struct tcmu_mailbox *)(uintptr_t)simulator->map;
	state->mailbox->version = TCMU_MAILBOX_VERSION;
	state->mailbox->flags = 15;
	state->mailbox->cmdr_off = sizeof(struct tcmu_mailbox);
	state->mailbox->cmdr_size = ring_bytes;
	return simulator;
}

void simulator_free(struct simulator *simulator)
{
	for (int id = 0; id <= SIMULATOR_MAX_COMMANDS; id++)
		free(simulator->state->commands[id].blocks);
	munmap(simulator->map, simulator->map_size);
	close(simulator->map_fd);
	simulator_remove(simulator);
	free(simulator->state->block_used);
	free(simulator->state);
	free(simulator);
}

static void *at(const struct simulator *simulator, uint32_t position)
{
	return simulator->map + sizeof(struct tcmu_mailbox) + position;
}

static void move_head(struct simulator *simulator, uint32_t length)
{
	struct simulation *state = simulator->state;
	uint32_t head = atomic_load(&state->mailbox->cmd_head);

	head = (head + length) % state->mailbox->cmdr_size;
	atomic_store_explicit(&state->mailbox->cmd_head, head, memory_order_release);
}

static void put_header(void *where, uint32_t operation, uint32_t length, uint16_t id)
{
	*(struct tcmu_header *)where = (struct tcmu_header){.len_op = length | operation, .cmd_id = id};
}

/* Room for an entry in one piece, after a PAD if the ring's end is too near. NULL: not until something is reaped. */
static void *make_room(struct simulator *simulator, uint32_t length)
{
	struct simulation *state = simulator->state;
	uint32_t size = state->mailbox->cmdr_size;
	uint32_t head = atomic_load(&state->mailbox->cmd_head);
	uint32_t to_end = size - head;
	uint32_t used = (head + size - state->last_cleaned) % size;
	uint32_t needed = to_end < length ? to_end + length : length;

	/* One byte stays free, so that head and tail are equal only when the ring is empty. */
	if (size - used - 1 < needed)
		return NULL;
	if (to_end < length) {
		put_header(at(simulator, head), TCMU_OP_PAD, to_end, 0);
		move_head(simulator, to_end);
		simulator->pads++;
		head = 0;
	}
	return at(simulator, head);
}

static uint32_t block_length(const struct simulation *state, size_t bytes)
{
	return (uint32_t)((bytes + state->block_bytes - 1) / state->block_bytes);
}

static bool take_blocks(struct simulation *state, struct outstanding *command, uint32_t count, uint32_t step)
{
	uint32_t taken = 0;

	command->blocks = calloc(count + 1, sizeof(uint32_t));
	for (uint32_t tries = 0; tries < state->block_count && taken < count; tries++) {
		uint32_t block = state->next_block;

		state->next_block = (block + step) % state->block_count;
		if (state->block_used[block])
			continue;
		state->block_used[block] = true;
		command->blocks[taken++] = block;
	}
	command->block_count = taken;
	return taken == count;
}

static void release_blocks(struct simulation *state, struct outstanding *command)
{
	for (uint32_t i = 0; i < command->block_count; i++)
		state->block_used[command->blocks[i]] = false;
	free(command->blocks);
	*command = (struct outstanding){0};
}

static uint8_t *block_at(const struct simulator *simulator, uint32_t block)
{
	return simulator->map + simulator->state->data_offset + (size_t)block * simulator->state->block_bytes;
}

/* Copies between a buffer and a command's blocks; to == NULL: from the buffer into the blocks. */
static void copy_blocks(const struct simulator *simulator, const uint32_t *blocks, const uint8_t *from, uint8_t *to,
			size_t length)
{
	size_t unit = simulator->state->block_bytes;

	for (size_t done = 0; done < length; done += unit) {
		uint8_t *block = block_at(simulator, blocks[done / unit]);
		size_t bytes = length - done < unit ? length - done : unit;

		if (to != NULL)
			memcpy(to + done, block, bytes);
		else
			memcpy(block, from + done, bytes);
	}
}

/* iovs over blocks, adjacent ones merged unless scattered; how many. */
static uint32_t build_iovs(const struct simulation *state, struct iovec *iov, const uint32_t *blocks, size_t length,
			   bool scattered)
{
	uint32_t count = 0;

	for (uint32_t i = 0; length > 0; i++) {
		size_t bytes = length < state->block_bytes ? length : state->block_bytes;
		uintptr_t base = state->data_offset + (uintptr_t)blocks[i] * state->block_bytes;

		if (!scattered && i > 0 && (uintptr_t)iov[count - 1].iov_base + iov[count - 1].iov_len == base)
			iov[count - 1].iov_len += bytes;
		else
			iov[count++] = (struct iovec){.iov_base = (void *)base, .iov_len = bytes};
		length -= bytes;
	}
	return count;
}

static int free_id(const struct simulation *state)
{
	for (int id = 1; id <= SIMULATOR_MAX_COMMANDS; id++)
		if (!state->commands[id].used)
			return id;
	return -1;
}

static void fill_entry(struct simulator *simulator, struct tcmu_command *entry, uint32_t length, int id,
		       const struct simulated_request *request)
{
	struct simulation *state = simulator->state;
	struct outstanding *command = &state->commands[id];
	const uint32_t *in_blocks = command->blocks + command->out_blocks;
	uint32_t out_count, in_count;

	memset(entry, 0, length);
	put_header(entry, TCMU_OP_CMD, length, (uint16_t)id);
	out_count = build_iovs(state, entry->request.iov, command->blocks, command->out_length, request->scattered);
	in_count = build_iovs(state, entry->request.iov + out_count, in_blocks, command->in_length,
			      request->scattered);
	entry->request.iov_cnt = out_count != 0 ? out_count : in_count;
	entry->request.iov_bidi_cnt = out_count != 0 ? in_count : 0;
	entry->request.cdb_off = (uint64_t)((uint8_t *)entry - simulator->map) + length -
				 round_up((uint32_t)request->cdb_length, TCMU_ENTRY_ALIGNMENT);
	memcpy(simulator->map + entry->request.cdb_off, request->cdb, request->cdb_length);
	copy_blocks(simulator, command->blocks, request->data_out, NULL, command->out_length);
	/* Recycled pages hold what the command before left in them. */
	for (uint32_t i = 0; i < block_length(state, command->in_length); i++)
		memset(block_at(simulator, in_blocks[i]), 0xa5, state->block_bytes);
}

int simulator_submit(struct simulator *simulator, const struct simulated_request *request)
{
	struct simulation *state = simulator->state;
	uint32_t blocks = block_length(state, request->data_out_length) + block_length(state, request->data_in_length);
	uint32_t length = (uint32_t)(offsetof(struct tcmu_command, request.iov) + blocks * sizeof(struct iovec));
	int id = free_id(state);
	struct tcmu_command *entry;
	struct outstanding *command;

	if (length < sizeof(struct tcmu_command))
		length = sizeof(struct tcmu_command);
	length += round_up((uint32_t)request->cdb_length, TCMU_ENTRY_ALIGNMENT);
	if (id < 0)
		return -1;
	command = &state->commands[id];
	/* Scattered: every second block, with a step that reaches all of an odd number of blocks. */
	if (!take_blocks(state, command, blocks, request->scattered ? 2 : 1)) {
		release_blocks(state, command);
		return -1;
	}
	entry = make_room(simulator, length);
	if (entry == NULL) {
		release_blocks(state, command);
		return -1;
	}
	command->used = true;
	command->out_length = request->data_out_length;
	command->in_length = request->data_in_length;
	command->out_blocks = block_length(state, request->data_out_length);
	state->outstanding_count++;
	fill_entry(simulator, entry, length, id, request);
	if (simulator->damage != NULL)
		simulator->damage((uint8_t *)entry);
	move_head(simulator, length);
	return id;
}

bool simulator_submit_task_management(struct simulator *simulator, uint8_t type, const uint16_t *ids, uint32_t count)
{
	uint32_t length = round_up((uint32_t)(sizeof(struct tcmu_task_management) + count * sizeof(*ids)), 8);
	struct tcmu_task_management *entry = make_room(simulator, length);

	if (entry == NULL)
		return false;
	memset(entry, 0, length);
	put_header(entry, TCMU_OP_TMR, length, 0);
	entry->type = type;
	entry->cmd_cnt = count;
	memcpy(entry->cmd_ids, ids, count * sizeof(*ids));
	move_head(simulator, length);
	return true;
}

bool simulator_submit_unknown(struct simulator *simulator)
{
	void *entry = make_room(simulator, 16);

	if (entry == NULL)
		return false;
	put_header(entry, 5, 16, 0);
	move_head(simulator, 16);
	return true;
}

void simulator_poke(struct simulator *simulator)
{
	const uint32_t event = 1;

	/* A full socket has enough events in it; a closed one needs none. */
	(void)!send(simulator->kernel_fd, &event, sizeof(event), MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool simulator_wait(struct simulator *simulator, int milliseconds)
{
	struct pollfd kicks = {.fd = simulator->kernel_fd, .events = POLLIN};

	return poll(&kicks, 1, milliseconds) > 0;
}

static void take_kicks(struct simulator *simulator)
{
	uint32_t kicks[64];

	while (recv(simulator->kernel_fd, kicks, sizeof(kicks), MSG_DONTWAIT) > 0)
		;
}

/* False: the ring is broken. */
static bool take_result(struct simulator *simulator, const struct tcmu_command *entry, struct simulated_result *result)
{
	struct simulation *state = simulator->state;
	uint16_t id = entry->header.cmd_id;
	struct outstanding *command = &state->commands[id <= SIMULATOR_MAX_COMMANDS ? id : 0];

	if (!command->used) {
		simulator->broken = "cmd_id not found, ring is broken";
		return false;
	}
	*result = (struct simulated_result){
		.id = id,
		.status = entry->response.scsi_status,
		.uflags = entry->header.uflags,
		.read_length = entry->response.read_len,
		.data = malloc(command->in_length + 1),
		.data_length = command->in_length,
	};
	memcpy(result->sense, entry->response.sense, sizeof(result->sense));
	copy_blocks(simulator, command->blocks + command->out_blocks, NULL, result->data, command->in_length);
	release_blocks(state, command);
	state->outstanding_count--;
	return true;
}

int simulator_reap(struct simulator *simulator, struct simulated_result *results, int limit)
{
	struct simulation *state = simulator->state;
	int count = 0;

	take_kicks(simulator);
	while (simulator->broken == NULL && count < limit &&
	       state->last_cleaned != atomic_load_explicit(&state->mailbox->cmd_tail, memory_order_acquire)) {
		const struct tcmu_command *entry = at(simulator, state->last_cleaned);
		uint32_t operation = tcmu_operation(entry->header.len_op);

		if (operation == TCMU_OP_CMD) {
			if (!take_result(simulator, entry, &results[count]))
				break;
			count++;
		} else if (operation > TCMU_OP_TMR && !(entry->header.uflags & TCMU_UFLAG_UNKNOWN_OP)) {
			simulator->broken = "an unknown operation was not marked";
		}
		state->last_cleaned =
			(state->last_cleaned + tcmu_length(entry->header.len_op)) % state->mailbox->cmdr_size;
	}
	return count;
}

uint32_t simulator_outstanding(const struct simulator *simulator)
{
	return simulator->state->outstanding_count;
}

void simulator_reset(struct simulator *simulator)
{
	struct simulation *state = simulator->state;

	for (int id = 1; id <= SIMULATOR_MAX_COMMANDS; id++)
		if (state->commands[id].used)
			release_blocks(state, &state->commands[id]);
	state->outstanding_count = 0;
	state->last_cleaned = 0;
	atomic_store(&state->mailbox->cmd_tail, 0);
	atomic_store(&state->mailbox->cmd_head, 0);
}

void simulator_remove(struct simulator *simulator)
{
	if (simulator->kernel_fd >= 0)
		close(simulator->kernel_fd);
	simulator->kernel_fd = -1;
}
