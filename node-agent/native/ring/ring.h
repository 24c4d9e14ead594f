/* The ring core's interface: logical units, their TCMU rings, the gate, and what a ring's thread tells its owner. */
#ifndef SCST_RING_H
#define SCST_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bits of a ring's nexus flags. */
enum nexus_flag {
	NEXUS_UNIT_ATTENTION = 1,
	NEXUS_READ_ONLY = 2,
	NEXUS_WRITE_BLOCKED = 4,
	NEXUS_ACCESS_BLOCKED = 8,
	NEXUS_NOT_READY = 16,
};

/* The medium of a unit. fd -1: no medium. blocks * block_size must not exceed INT64_MAX. */
struct medium {
	int fd;
	uint32_t block_size;
	uint64_t blocks;
	bool write_cache;
	bool nv_cache;
};

enum operation { OPERATION_NONE, OPERATION_READ, OPERATION_WRITE, OPERATION_FLUSH };

enum ring_event_kind { RING_COMMAND, RING_TASK_MANAGEMENT, RING_GONE, RING_FAILED };

/* Something that a ring's thread hands over. The receiver of a list frees it with ring_events_free. */
struct ring_event {
	struct ring_event *next;
	enum ring_event_kind kind;
	/* RING_COMMAND */
	uint16_t id;
	uint64_t data_in_length;
	enum operation failed_operation;
	int failed_errno;
	/* RING_TASK_MANAGEMENT */
	uint8_t tmr_type;
	/* RING_FAILED: static text */
	const char *message;
	/* RING_COMMAND: the CDB, then the Data-Out. RING_TASK_MANAGEMENT: ids as uint16_t. */
	size_t cdb_length;
	size_t data_length;
	uint8_t bytes[];
};

struct ring_counters {
	uint64_t reads, writes, read_bytes, write_bytes, unaligned_reads, unaligned_writes, without_data, handed_over;
	/* Commands that execute natively or are handed over. */
	uint32_t in_flight;
	uint32_t found_at_attach;
};

struct unit;
struct ring;

/*
 * Called on the ring's thread, which waits meanwhile: they must neither block nor call back into the core. A ring that never
 * had a thread ends on that of ring_stop, or on the one that could not start it.
 */
struct ring_owner {
	void (*events)(void *context, struct ring_event *events);
	/* The last call: the thread touches neither the mapping nor the uio fd any more. */
	void (*ended)(void *context);
	void *context;
};

/* Rings touch the medium through this fd: the unit doesn't own it. idle: see gate_close. NULL when memory is short. */
struct unit *unit_create(const struct medium *medium, const uint8_t data_out_opcodes[256],
			 void (*idle)(void *context), void *context);
/* Every ring of the unit must have been freed. */
void unit_free(struct unit *unit);
bool unit_has_rings(struct unit *unit);
/* What the rings work on. Reading needs no gate (only the owner writes); writing needs unit_quiet. */
struct medium *unit_medium(struct unit *unit);

/*
 * Closes the gate (nesting). True: no ring executes natively any more. False: the unit's idle is called once that holds,
 * on a ring's thread; it must neither block nor call back into the core.
 */
bool gate_close(struct unit *unit);
/* No gate_close waits for a ring: every ring was seen without a native execution since the gate was closed. */
bool gate_settled(struct unit *unit);
/* False: the gate is open already. */
bool gate_open(struct unit *unit);
/* The gate is closed and nothing executes natively. */
bool unit_quiet(struct unit *unit);

/*
 * Serves a ring that lies at `map`, a mapping of map_size bytes, on a thread of its own, which starts with the ring's first
 * work, or soon. Returns NULL and an explanation, or the ring; map and uio_fd must then stay until owner.ended.
 */
struct ring *ring_attach(struct unit *unit, int uio_fd, uint8_t *map, size_t map_size, uint32_t flags,
			 struct ring_owner owner, const char **error);
void ring_set_flags(struct ring *ring, uint32_t flags);
/* Completes a handed-over command from any thread. Copies data and sense; false when memory is short. */
bool ring_complete(struct ring *ring, uint16_t id, uint8_t status, const uint8_t *data, size_t data_length,
		   const uint8_t *sense, size_t sense_length);
struct ring_counters ring_counters(struct ring *ring);
/* Asks the thread to end; handed-over commands that are not completed yet stay in the ring. */
void ring_stop(struct ring *ring);
/* Waits until the thread is at its end, at most that long (negative: for ever). False: it isn't. */
bool ring_join(struct ring *ring, int milliseconds);
/* After ring_join. */
void ring_free(struct ring *ring);

void ring_events_free(struct ring_event *events);
/* Commands between cmd_tail and cmd_head of a mapped ring, or -1 when the mapping holds no sound ring. */
int64_t ring_count_outstanding(const uint8_t *map, size_t map_size);

#endif
