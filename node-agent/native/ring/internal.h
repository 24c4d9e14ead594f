/* What the files of the ring core share: the structures and the calls between them. */
#ifndef SCST_RING_INTERNAL_H
#define SCST_RING_INTERNAL_H

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>

#include "ring.h"
#include "tcmu.h"

/* IOV_MAX of Linux: the most that preadv and pwritev2 take. */
#define MEDIUM_IOV_MAX 1024

/* Threads that access the medium of one unit at a time. */
#define WORKERS_MAX 16

struct job;

struct workers {
	pthread_mutex_t mutex;
	/* Under the mutex, as all that follows. */
	pthread_cond_t work;
	struct job *queue, **queue_end;
	struct job *jobs, *unused;
	pthread_t thread[WORKERS_MAX];
	int threads, idle, queued;
	bool ending;
};

struct latency {
	_Atomic bool slow;
	_Atomic uint32_t streak;
};

struct unit {
	/* Written only while unit_quiet, read natively only between gate_enter and gate_leave. */
	struct medium medium;
	uint8_t data_out_opcodes[256];
	/* How often closed. */
	_Atomic uint32_t gate;
	pthread_mutex_t mutex;
	/* Under the mutex: the rings, and how many of them a closed gate still waits for. */
	struct ring *rings;
	uint32_t awaited_rings;
	void (*idle)(void *context);
	void *context;
	/* Of accesses that needn't be durable, and of those that must. */
	struct latency latency[2];
	struct workers workers;
};

/* A handed-over command: where its Data-In goes. The slot may be overwritten before it completes. */
struct handed_over {
	uint64_t length;
	uint32_t count;
	struct iovec iov[];
};

/* A completion on its way to the ring's thread. */
struct completion {
	struct completion *next;
	uint16_t id;
	uint8_t status;
	uint8_t sense_length;
	uint8_t sense[TCMU_SENSE_BYTES];
	size_t data_length;
	uint8_t data[];
};

/* READ and WRITE that begin or end elsewhere count as unaligned, as SCST counts them. */
enum { COUNTED_ALIGNMENT = 4096 };

struct counters {
	_Atomic uint64_t reads, writes, read_bytes, write_bytes, unaligned_reads, unaligned_writes, without_data,
		handed_over;
	_Atomic uint32_t outstanding;
};

struct ring {
	/* The gate's part, on a cache line of its own. */
	alignas(64) _Atomic uint32_t inflight;
	_Atomic uint32_t flags;
	/* A closed gate waits for this ring. */
	_Atomic bool awaited;
	_Atomic bool stopping;

	/* From here on the thread's own, but for what says otherwise. */
	alignas(64) struct unit *unit;
	struct ring *next_of_unit; /* under the unit's mutex */
	struct ring_owner owner;
	/* Under the mutex of dormant.c: whether `thread` is one. */
	struct ring *next_dormant;
	bool threaded;
	pthread_t thread;
	int uio_fd;
	int wake_fd; /* written by ring_complete, ring_stop and workers */
	int epoll_fd; /* of both */
	uint32_t unread_events;
	uint8_t *map;
	size_t map_size;
	uint32_t ring_offset, ring_size;
	/* Offsets into the ring: the next entry to fetch, and the oldest uncompleted one (equal to cmd_tail). */
	uint32_t next, tail;
	uint32_t found_at_attach;
	bool kick_due;
	bool gone;
	const char *failure;
	struct ring_event *events, **events_end;
	struct handed_over **handed_over; /* by cmd_id */
	struct counters counters;
	uint32_t unmeasured;
	/* Commands of this ring that workers have, or have given back. */
	uint32_t with_workers;

	pthread_mutex_t queue_mutex;
	/* Under queue_mutex. */
	struct completion *queue, **queue_end;
	struct job *done, **done_end;

	/* The last: not cleared, so that its pages come with the first command that needs them. */
	struct iovec iov[MEDIUM_IOV_MAX];
};

/* A command as it lies in its slot. */
struct command {
	uint16_t id;
	const uint8_t *cdb;
	size_t cdb_length;
	/* Bases are offsets into the mapping. First the Data-Out or Data-In ones, then the Data-In ones of a bidi command. */
	const struct iovec *iov;
	uint32_t iov_count, bidi_count;
	uint64_t iov_length, bidi_length;
};

enum command_class { CLASS_OTHER, CLASS_READ, CLASS_WRITE, CLASS_SYNCHRONIZE_CACHE, CLASS_TEST_UNIT_READY };

struct decoded {
	enum command_class class;
	bool fua;
	uint64_t lba;
	uint32_t blocks;
};

struct failure {
	enum operation operation;
	int error;
};

/* Data of a command between the data area and the medium. */
struct transfer {
	uint8_t *map;
	/* Byte of the medium. */
	uint64_t offset;
	/* Bases are offsets into the mapping. */
	const struct iovec *iov;
	uint32_t iov_count;
	/* For the addresses: as many as iov_count, at most MEDIUM_IOV_MAX. */
	struct iovec *scratch;
};

enum fastpath_outcome {
	FASTPATH_COMPLETED,
	/* With a worker: workers_collect completes it. */
	FASTPATH_ON_ITS_WAY,
	/* To be handed over, with its failure, if any. */
	FASTPATH_NOT_TAKEN,
};

/* cdb.c */
size_t cdb_length(const uint8_t *cdb, size_t available);
struct decoded cdb_decode(const uint8_t *cdb, size_t length);

/* ring.c */
const char *ring_open_mailbox(struct ring *ring);
bool ring_has_entries(const struct ring *ring);
bool ring_scan(struct ring *ring);
void ring_write_completion(struct ring *ring, uint16_t id, uint8_t status, uint32_t read_length, const uint8_t *sense,
			   size_t sense_length);

/* dormant.c: the ring gets a thread when it has work, or later. False: there is nobody to start it. */
bool dormant_add(struct ring *ring);
/* Starts the ring's thread, unless it has been. */
void dormant_wake(struct ring *ring);
/* False: it has ended without one. */
bool dormant_has_thread(const struct ring *ring);

/* thread.c: what was completed and handed over so far goes out now. */
void ring_publish(struct ring *ring);
void ring_wake(struct ring *ring);
/* A small one, which takes no signals but those of its own faults. */
bool thread_create(pthread_t *thread, void *(*entry)(void *argument), void *argument);
/* Of a ring that is dormant no more; ends it where there can be none. */
void thread_start(struct ring *ring);

/* gate.c */
bool gate_enter(struct ring *ring, uint32_t forbidden_flags);
void gate_leave(struct ring *ring);
void gate_add_ring(struct ring *ring);
void gate_remove_ring(struct ring *ring);

/* fastpath.c */
enum fastpath_outcome fastpath_execute(struct ring *ring, const struct command *command, struct failure *failure);
void fastpath_complete(struct ring *ring, enum command_class class, uint16_t id, uint64_t offset, uint64_t bytes);

/* execute.c */
bool needs_durability(const struct medium *medium, const struct decoded *decoded);
struct failure execute_on_medium(const struct medium *medium, enum command_class class,
				 const struct transfer *transfer, bool durable);

/* latency.c */
bool latency_is_slow(struct unit *unit, bool durable);
struct failure latency_measured(struct ring *ring, enum command_class class, const struct transfer *transfer,
				bool durable);
struct failure latency_measured_by_worker(struct unit *unit, enum command_class class,
					  const struct transfer *transfer, bool durable);

/* workers.c */
void workers_init(struct workers *workers);
void workers_end(struct workers *workers);
bool workers_take(struct ring *ring, enum command_class class, const struct command *command, uint64_t offset,
		  bool durable);
bool workers_collect(struct ring *ring);
void workers_drain(struct ring *ring);

/* medium.c: all or nothing; an errno, or 0. */
int medium_read(const struct medium *medium, const struct transfer *transfer);
int medium_write(const struct medium *medium, const struct transfer *transfer, bool durable);
int medium_flush(const struct medium *medium);

/* handover.c */
bool handover_command(struct ring *ring, const struct command *command, struct failure failure);
bool handover_task_management(struct ring *ring, const struct tcmu_task_management *entry, uint32_t entry_length);
void handover_end(struct ring *ring, enum ring_event_kind kind, const char *message);
void handover_complete_queued(struct ring *ring);
void handover_free(struct ring *ring);

/* fault.c: runs work; false when it touched a part of a mapping that is gone, and was broken off there. */
bool fault_guard(void (*work)(void *argument), void *argument);

#endif
