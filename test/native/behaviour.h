/* What the directed tests of the ring core share: a unit, a ring and its simulated kernel side, and the held system calls. */
#ifndef SCST_TEST_BEHAVIOUR_H
#define SCST_TEST_BEHAVIOUR_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../node-agent/native/ring/ring.h"
#include "../../node-agent/native/ring/tcmu.h"
#include "simulator.h"

enum { BLOCK = 512, BLOCKS = 4096, PATIENCE_MILLISECONDS = 20000 };

#define REQUIRE(condition)                                                                                             \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			fprintf(stderr, "%s:%d: %s\n", __func__, __LINE__, #condition);                                \
			exit(1);                                                                                       \
		}                                                                                                      \
	} while (0)

/* Makes the fast path's next reads wait: read_entered tells that one is there, read_released lets it go on. */
extern _Atomic bool hold_reads;
extern sem_t read_entered, read_released;
/* The fast path's next reads sleep first, for longer than a medium may be called fast. */
extern _Atomic bool slow_reads;
/* Reads since setup, by the thread that made them. */
extern _Atomic int reads_by_ring, reads_by_workers;
/* What fdatasync fails with; 0: it works. */
extern _Atomic int flush_error;
/* There is no thread any more for a ring that waits for its first. */
extern _Atomic bool refuse_ring_threads;
/* Calls since setup. */
extern _Atomic int flushes, durable_writes, plain_writes;

struct bench {
	int medium_fd;
	struct unit *unit;
	struct simulator *simulator;
	struct ring *ring;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct ring_event *events;
	int idle_calls;
};

struct behaviour {
	const char *name;
	void (*run)(struct bench *bench);
};
#define BEHAVIOUR(name) {#name, name}

/* Each ends with an entry without a name. */
extern const struct behaviour command_behaviours[], worker_behaviours[], life_behaviours[];

extern const uint8_t read_one[10], write_one[10], flush_all[10], other[10];
/* As long as the medium; no two blocks are alike. */
extern uint8_t pattern[BLOCKS * BLOCK];

/* All but the ring. */
void prepare(struct bench *bench);
struct ring *attach(struct bench *bench, const char **error);
void setup(struct bench *bench);
/* The ring's thread has ended, and the ring is freed. */
void end_ring(struct bench *bench);
/* Ends the ring if there is one. */
void teardown(struct bench *bench);

/* Waits until nothing executes natively any more behind the closed gate. */
void wait_until_idle(struct bench *bench);
/* Waits for what the ring hands over; to be freed with ring_events_free. */
struct ring_event *next_event(struct bench *bench);
void expect_event(struct bench *bench, enum ring_event_kind kind, const char *message);
int submit(struct bench *bench, const uint8_t *cdb, const uint8_t *data_out, size_t out, size_t in);
/* Waits for a completion; its data is to be freed. */
struct simulated_result next_result(struct bench *bench);
void expect_status(struct bench *bench, uint8_t status);

#endif
