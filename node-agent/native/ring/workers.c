/* Threads of a logical unit that carry out accesses to a slow medium, so that its rings' threads don't wait for it. */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

enum {
	JOBS = 256,
	/* 1 MiB in pages of 4 KiB; a command in more pieces is handed over. */
	JOB_IOV_MAX = 256,
	STACK_BYTES = 256 * 1024,
};

/* A command with a worker. What lies in its slot may be overwritten meanwhile, so that everything is copied. */
struct job {
	struct job *next;
	struct ring *ring;
	enum command_class class;
	bool durable;
	uint16_t id;
	size_t cdb_length;
	uint8_t cdb[16];
	uint64_t offset;
	uint64_t length;
	struct failure failure;
	uint32_t iov_count;
	struct iovec iov[JOB_IOV_MAX];
};

void workers_init(struct workers *workers)
{
	pthread_mutex_init(&workers->mutex, NULL);
	pthread_cond_init(&workers->work, NULL);
	workers->queue_end = &workers->queue;
}

/* No ring of the unit is left, and so no job. */
void workers_end(struct workers *workers)
{
	pthread_mutex_lock(&workers->mutex);
	workers->ending = true;
	pthread_cond_broadcast(&workers->work);
	pthread_mutex_unlock(&workers->mutex);
	for (int i = 0; i < workers->threads; i++)
		pthread_join(workers->thread[i], NULL);
	pthread_cond_destroy(&workers->work);
	pthread_mutex_destroy(&workers->mutex);
	free(workers->jobs);
}

/* To the ring's thread. Under the ring's mutex to the last: once it has the job, the ring may end. */
static void give_back(struct job *job)
{
	struct ring *ring = job->ring;
	bool first;

	job->next = NULL;
	pthread_mutex_lock(&ring->queue_mutex);
	first = ring->done == NULL;
	*ring->done_end = job;
	ring->done_end = &job->next;
	if (first)
		ring_wake(ring);
	pthread_mutex_unlock(&ring->queue_mutex);
}

static void carry_out(struct unit *unit, struct job *job)
{
	struct iovec scratch[JOB_IOV_MAX];
	const struct transfer transfer = {
		.map = job->ring->map,
		.offset = job->offset,
		.iov = job->iov,
		.iov_count = job->iov_count,
		.scratch = scratch,
	};

	job->failure = latency_measured_by_worker(unit, job->class, &transfer, job->durable);
	give_back(job);
}

static void *run(void *argument)
{
	struct unit *unit = argument;
	struct workers *workers = &unit->workers;
	struct job *job;

	pthread_mutex_lock(&workers->mutex);
	for (;;) {
		while (workers->queue == NULL && !workers->ending) {
			workers->idle++;
			pthread_cond_wait(&workers->work, &workers->mutex);
			workers->idle--;
		}
		job = workers->queue;
		if (job == NULL)
			break;
		workers->queue = job->next;
		workers->queued--;
		if (workers->queue == NULL)
			workers->queue_end = &workers->queue;
		pthread_mutex_unlock(&workers->mutex);
		carry_out(unit, job);
		pthread_mutex_lock(&workers->mutex);
	}
	pthread_mutex_unlock(&workers->mutex);
	return NULL;
}

/* Mutex held. */
static bool start_worker(struct unit *unit)
{
	struct workers *workers = &unit->workers;
	pthread_attr_t attributes;
	sigset_t blocked, former;
	int error;

	/* Signals are for the main thread. A worker touches mappings by system calls only, which don't fault. */
	sigfillset(&blocked);
	pthread_sigmask(SIG_SETMASK, &blocked, &former);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	error = pthread_create(&workers->thread[workers->threads], &attributes, run, unit);
	pthread_attr_destroy(&attributes);
	pthread_sigmask(SIG_SETMASK, &former, NULL);
	if (error != 0)
		return false;
	pthread_setname_np(workers->thread[workers->threads++], "scst-worker");
	return true;
}

/* Mutex held. All jobs at once, when the first one is needed: most units never need one. */
static struct job *new_job(struct workers *workers)
{
	struct job *job;

	if (workers->jobs == NULL) {
		workers->jobs = calloc(JOBS, sizeof(*workers->jobs));
		for (int i = 0; workers->jobs != NULL && i < JOBS; i++) {
			workers->jobs[i].next = workers->unused;
			workers->unused = &workers->jobs[i];
		}
	}
	job = workers->unused;
	if (job != NULL)
		workers->unused = job->next;
	return job;
}

static void put_away(struct workers *workers, struct job *job)
{
	pthread_mutex_lock(&workers->mutex);
	job->next = workers->unused;
	workers->unused = job;
	pthread_mutex_unlock(&workers->mutex);
}

/* Mutex held. False: there is nobody to do it. */
static bool enqueue(struct unit *unit, struct job *job)
{
	struct workers *workers = &unit->workers;

	/* One that was woken for an earlier job counts as idle until it runs. */
	if (workers->idle > workers->queued)
		pthread_cond_signal(&workers->work);
	else if (workers->threads < WORKERS_MAX && !start_worker(unit) && workers->threads == 0)
		return false;
	job->next = NULL;
	*workers->queue_end = job;
	workers->queue_end = &job->next;
	workers->queued++;
	return true;
}

/* Ring thread, inside the gate, which it leaves in workers_collect. False: it must be done otherwise. */
bool workers_take(struct ring *ring, enum command_class class, const struct command *command, uint64_t offset,
		  bool durable)
{
	struct workers *workers = &ring->unit->workers;
	struct job *job;
	bool taken = false;

	if (command->iov_count > JOB_IOV_MAX || command->cdb_length > sizeof(job->cdb))
		return false;
	pthread_mutex_lock(&workers->mutex);
	job = new_job(workers);
	if (job != NULL) {
		job->ring = ring;
		job->class = class;
		job->durable = durable;
		job->id = command->id;
		job->cdb_length = command->cdb_length;
		memcpy(job->cdb, command->cdb, command->cdb_length);
		job->offset = offset;
		job->length = command->iov_length;
		job->iov_count = command->iov_count;
		memcpy(job->iov, command->iov, command->iov_count * sizeof(*job->iov));
		taken = enqueue(ring->unit, job);
		if (!taken) {
			job->next = workers->unused;
			workers->unused = job;
		}
	}
	pthread_mutex_unlock(&workers->mutex);
	if (taken)
		ring->with_workers++;
	return taken;
}

/* Ring thread: the next job that is done, if any. */
static struct job *next_done(struct ring *ring)
{
	struct job *job;

	pthread_mutex_lock(&ring->queue_mutex);
	job = ring->done;
	if (job != NULL) {
		ring->done = job->next;
		if (ring->done == NULL)
			ring->done_end = &ring->done;
		ring->with_workers--;
	}
	pthread_mutex_unlock(&ring->queue_mutex);
	return job;
}

/* Ring thread: completes what is done, and hands over what has failed. False: the ring is broken. */
bool workers_collect(struct ring *ring)
{
	struct job *job;

	while (ring->with_workers != 0 && (job = next_done(ring)) != NULL) {
		const struct command command = {
			.id = job->id,
			.cdb = job->cdb,
			.cdb_length = job->cdb_length,
			.iov = job->iov,
			.iov_count = job->iov_count,
			.iov_length = job->length,
		};
		bool sound = true;

		if (job->failure.error == 0)
			fastpath_complete(ring, job->class, job->id, job->offset, job->length);
		gate_leave(ring);
		if (job->failure.error != 0)
			sound = handover_command(ring, &command, job->failure);
		put_away(&ring->unit->workers, job);
		if (!sound)
			return false;
	}
	return true;
}

/* Ring thread, at its end: the mapping must stay until no worker touches it any more. */
void workers_drain(struct ring *ring)
{
	struct pollfd wake = {.fd = ring->wake_fd, .events = POLLIN};
	uint64_t wakes;

	while (ring->with_workers != 0) {
		struct job *job = next_done(ring);

		if (job != NULL)
			put_away(&ring->unit->workers, job);
		else if (poll(&wake, 1, -1) > 0 && read(ring->wake_fd, &wakes, sizeof(wakes)) < 0)
			continue;
	}
}
