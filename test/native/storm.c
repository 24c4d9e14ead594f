/*
 * Four rings of one unit under everything at once: random commands, gates, flags, hand-overs completed out of order.
 * Run under ThreadSanitizer and AddressSanitizer. Every byte read is compared; prints what happened; exit code 0 = sound.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "../../node-agent/native/ring/ring.h"
#include "initiator.h"
#include "simulator.h"

/* A handed-over command on its way to a worker. */
struct job {
	struct job *next;
	struct lane *lane;
	struct ring_event *event;
};

static struct lane lanes[RINGS];
static struct unit *unit;
static int medium_fd;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct job *jobs;
static bool idle, finished;
static _Atomic int native_transfers, by_workers;
static _Atomic int gates;
static _Atomic bool initiators_done;
static _Thread_local unsigned chance = 1;

/* The linker puts these in the place of the calls of the fast path: transfers are counted, and often stop halfway. */
ssize_t __real_preadv(int fd, const struct iovec *iov, int count, off_t offset);
ssize_t __real_pwritev2(int fd, const struct iovec *iov, int count, off_t offset, int flags);
ssize_t __wrap_preadv(int fd, const struct iovec *iov, int count, off_t offset);
ssize_t __wrap_pwritev2(int fd, const struct iovec *iov, int count, off_t offset, int flags);

/* Now and then the medium sleeps for so long that workers take over, and between that it doesn't, so that the ring does. */
static void transfer_begins(void)
{
	const struct timespec moment = {.tv_nsec = 300000};
	char thread[16];

	atomic_fetch_add(&native_transfers, 1);
	pthread_getname_np(pthread_self(), thread, sizeof(thread));
	if (strcmp(thread, "scst-worker") == 0)
		atomic_fetch_add(&by_workers, 1);
	if (dice(&chance, 100) == 0)
		nanosleep(&moment, NULL);
}

static struct iovec shorten(const struct iovec *iov)
{
	return (struct iovec){.iov_base = iov->iov_base, .iov_len = iov->iov_len / 2 + 1};
}

ssize_t __wrap_preadv(int fd, const struct iovec *iov, int count, off_t offset)
{
	struct iovec part = shorten(iov);
	bool halfway = dice(&chance, 4) == 0;
	ssize_t result;

	transfer_begins();
	result = halfway ? __real_preadv(fd, &part, 1, offset) : __real_preadv(fd, iov, count, offset);
	atomic_fetch_sub(&native_transfers, 1);
	return result;
}

ssize_t __wrap_pwritev2(int fd, const struct iovec *iov, int count, off_t offset, int flags)
{
	struct iovec part = shorten(iov);
	bool halfway = dice(&chance, 4) == 0;
	ssize_t result;

	transfer_begins();
	result = halfway ? __real_pwritev2(fd, &part, 1, offset, flags)
			 : __real_pwritev2(fd, iov, count, offset, flags);
	atomic_fetch_sub(&native_transfers, 1);
	return result;
}

static void on_events(void *context, struct ring_event *events)
{
	pthread_mutex_lock(&mutex);
	while (events != NULL) {
		struct ring_event *next = events->next;
		struct job *job = malloc(sizeof(*job));

		events->next = NULL;
		*job = (struct job){.next = jobs, .lane = context, .event = events};
		jobs = job;
		events = next;
	}
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mutex);
}

static void on_ended(void *context)
{
	struct lane *lane = context;

	pthread_mutex_lock(&mutex);
	lane->ended = true;
	pthread_mutex_unlock(&mutex);
}

static void on_idle(void *context)
{
	(void)context;
	pthread_mutex_lock(&mutex);
	idle = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mutex);
}

static uint64_t lba_of(const uint8_t *cdb)
{
	return (uint64_t)cdb[2] << 24 | (uint64_t)cdb[3] << 16 | (uint64_t)cdb[4] << 8 | cdb[5];
}

/* What TypeScript does: the same command by other means. */
static void serve(struct job *job)
{
	const struct ring_event *event = job->event;
	const uint8_t *data = event->bytes + event->cdb_length;
	uint8_t sense[18] = {0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, INVALID_COMMAND};
	uint8_t cdb[16] = {0};
	uint8_t *buffer = calloc(1, event->data_in_length + INQUIRY_BYTES);
	uint32_t blocks;
	off_t offset;
	bool range;

	memcpy(cdb, event->bytes, event->cdb_length);
	blocks = (uint32_t)cdb[7] << 8 | cdb[8];
	offset = (off_t)lba_of(cdb) * BLOCK;
	range = lba_of(cdb) + blocks <= RINGS * STRIPE_BLOCKS;
	if (cdb[0] == 0x28 && range && event->data_in_length == (uint64_t)blocks * BLOCK) {
		if (pread(medium_fd, buffer, event->data_in_length, offset) != (ssize_t)event->data_in_length)
			complain("a handed-over read came out short");
		ring_complete(job->lane->ring, event->id, 0, buffer, event->data_in_length, NULL, 0);
	} else if (cdb[0] == 0x2a && range && event->data_length == (size_t)blocks * BLOCK) {
		if (pwrite(medium_fd, data, event->data_length, offset) != (ssize_t)event->data_length)
			complain("a handed-over write came out short");
		ring_complete(job->lane->ring, event->id, 0, NULL, 0, NULL, 0);
	} else if (cdb[0] == 0x35 || cdb[0] == 0x00) {
		ring_complete(job->lane->ring, event->id, 0, NULL, 0, NULL, 0);
	} else if (cdb[0] == 0x12) {
		memset(buffer, 0x11, INQUIRY_BYTES);
		ring_complete(job->lane->ring, event->id, 0, buffer, INQUIRY_BYTES, NULL, 0);
	} else {
		ring_complete(job->lane->ring, event->id, CHECK_CONDITION, NULL, 0, sense, sizeof(sense));
	}
	free(buffer);
}

/* Takes jobs from anywhere in the list: completions come out of order. */
static void *worker(void *argument)
{
	unsigned seed = (unsigned)(uintptr_t)argument;

	for (;;) {
		struct job **link = &jobs, *job;

		pthread_mutex_lock(&mutex);
		while (jobs == NULL && !finished)
			pthread_cond_wait(&changed, &mutex);
		if (jobs == NULL) {
			pthread_mutex_unlock(&mutex);
			return NULL;
		}
		for (uint32_t skip = dice(&seed, 4); skip > 0 && (*link)->next != NULL; skip--)
			link = &(*link)->next;
		job = *link;
		*link = job->next;
		pthread_mutex_unlock(&mutex);
		if (job->event->kind == RING_COMMAND)
			serve(job);
		else if (job->event->kind != RING_TASK_MANAGEMENT)
			complain(job->event->message != NULL ? job->event->message : "a ring is gone");
		ring_events_free(job->event);
		free(job);
	}
}

/* Closes the gate, changes the unit while nothing may run, opens it; and moves the rings' flags. */
static void *gatekeeper(void *argument)
{
	unsigned seed = 99;

	(void)argument;
	while (!atomic_load(&initiators_done)) {
		struct medium *medium = unit_medium(unit);

		ring_set_flags(lanes[dice(&seed, RINGS)].ring,
			       dice(&seed, 3) == 0 ? 1u << dice(&seed, 5) : 0);
		pthread_mutex_lock(&mutex);
		idle = false;
		pthread_mutex_unlock(&mutex);
		if (!gate_close(unit)) {
			pthread_mutex_lock(&mutex);
			while (!idle)
				pthread_cond_wait(&changed, &mutex);
			pthread_mutex_unlock(&mutex);
		}
		if (!unit_quiet(unit))
			complain("the gate let something in");
		medium->write_cache = dice(&seed, 4) != 0;
		medium->nv_cache = dice(&seed, 4) == 0;
		for (int look = 0; look < 20; look++)
			if (atomic_load(&native_transfers) != 0)
				complain("a native transfer ran behind a closed gate");
		gate_open(unit);
		atomic_fetch_add(&gates, 1);
		usleep(200);
	}
	return NULL;
}

static void attach(int index, int commands)
{
	struct lane *lane = &lanes[index];
	const struct ring_owner owner = {.events = on_events, .ended = on_ended, .context = lane};
	const char *error;

	lane->index = index;
	lane->seed = (unsigned)index + 1;
	lane->wanted = commands;
	/* Small and of no round size, so that it wraps with PADs all the time. */
	lane->simulator = simulator_create(16384 - 128, 1025, 4096);
	lane->ring = ring_attach(unit, lane->simulator->uio_fd, lane->simulator->map, lane->simulator->map_size, 0,
				 owner, &error);
	if (lane->ring == NULL) {
		fprintf(stderr, "storm: %s\n", error);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	struct medium medium = {.block_size = BLOCK, .blocks = RINGS * STRIPE_BLOCKS, .write_cache = true};
	struct ring_counters sum = {0};
	uint8_t data_out_opcodes[256] = {[0x2a] = 1};
	pthread_t initiators[RINGS], workers[2], keeper;
	const int commands_per_ring = argc > 1 ? atoi(argv[1]) : 2500;
	uint32_t pads = 0;

	medium_fd = memfd_create("medium", MFD_CLOEXEC);
	medium.fd = medium_fd;
	if (ftruncate(medium_fd, RINGS * STRIPE_BLOCKS * BLOCK) != 0)
		return 1;
	unit = unit_create(&medium, data_out_opcodes, on_idle, NULL);
	for (int i = 0; i < RINGS; i++)
		attach(i, commands_per_ring);
	for (int i = 0; i < 2; i++)
		pthread_create(&workers[i], NULL, worker, (void *)(uintptr_t)(i + 7));
	pthread_create(&keeper, NULL, gatekeeper, NULL);
	for (int i = 0; i < RINGS; i++)
		pthread_create(&initiators[i], NULL, initiator_run, &lanes[i]);
	for (int i = 0; i < RINGS; i++)
		pthread_join(initiators[i], NULL);
	atomic_store(&initiators_done, true);
	pthread_join(keeper, NULL);
	for (int i = 0; i < RINGS; i++) {
		struct ring_counters counters;

		ring_stop(lanes[i].ring);
		ring_join(lanes[i].ring, -1);
		counters = ring_counters(lanes[i].ring);
		sum.reads += counters.reads;
		sum.writes += counters.writes;
		sum.handed_over += counters.handed_over;
		if (counters.in_flight != 0 || !lanes[i].ended || lanes[i].finished != commands_per_ring)
			complain("a ring ended with something open");
		pads += lanes[i].simulator->pads;
	}
	pthread_mutex_lock(&mutex);
	finished = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mutex);
	for (int i = 0; i < 2; i++)
		pthread_join(workers[i], NULL);
	for (int i = 0; i < RINGS; i++) {
		ring_free(lanes[i].ring);
		close(lanes[i].simulator->uio_fd);
		simulator_free(lanes[i].simulator);
	}
	if (unit_has_rings(unit))
		complain("a stopped ring is still the unit's");
	unit_free(unit);
	close(medium_fd);
	printf("commands=%d reads=%llu writes=%llu handedOver=%llu byWorkers=%d gates=%d pads=%u wrong=%d\n",
	       commands_per_ring * RINGS, (unsigned long long)sum.reads, (unsigned long long)sum.writes,
	       (unsigned long long)sum.handed_over, atomic_load(&by_workers), atomic_load(&gates), pads, complaints());
	return complaints() == 0 ? 0 : 1;
}
