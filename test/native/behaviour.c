/* Directed tests of the ring core: runs one behaviour after the other; the first one that doesn't hold ends the run. */
#include "behaviour.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

_Atomic bool hold_reads, slow_reads, refuse_ring_threads;
_Atomic int reads_by_ring, reads_by_workers;
sem_t read_entered, read_released;
_Atomic int flush_error, flushes, durable_writes, plain_writes;

const uint8_t read_one[10] = {0x28, 0, 0, 0, 0, 5, 0, 0, 1};
const uint8_t write_one[10] = {0x2a, 0, 0, 0, 0, 5, 0, 0, 1};
const uint8_t flush_all[10] = {0x35};
const uint8_t other[10] = {0x53};
uint8_t pattern[BLOCKS * BLOCK];

/* What the linker puts in the place of the fast path's calls. */
ssize_t __real_preadv(int fd, const struct iovec *iov, int count, off_t offset);
ssize_t __real_pwritev2(int fd, const struct iovec *iov, int count, off_t offset, int flags);
int __real_fdatasync(int fd);
ssize_t __wrap_preadv(int fd, const struct iovec *iov, int count, off_t offset);
ssize_t __wrap_pwritev2(int fd, const struct iovec *iov, int count, off_t offset, int flags);
int __wrap_fdatasync(int fd);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*entry)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*entry)(void *), void *argument);

static bool is_called(const char *name)
{
	char thread[16];

	pthread_getname_np(pthread_self(), thread, sizeof(thread));
	return strcmp(thread, name) == 0;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*entry)(void *), void *argument)
{
	if (atomic_load(&refuse_ring_threads) && is_called("scst-dormant"))
		return EAGAIN;
	return __real_pthread_create(thread, attributes, entry, argument);
}

ssize_t __wrap_preadv(int fd, const struct iovec *iov, int count, off_t offset)
{
	const struct timespec moment = {.tv_nsec = 1000000};

	atomic_fetch_add(is_called("scst-ring") ? &reads_by_ring : &reads_by_workers, 1);
	if (atomic_load(&slow_reads))
		nanosleep(&moment, NULL);
	if (atomic_load(&hold_reads)) {
		sem_post(&read_entered);
		sem_wait(&read_released);
	}
	return __real_preadv(fd, iov, count, offset);
}

ssize_t __wrap_pwritev2(int fd, const struct iovec *iov, int count, off_t offset, int flags)
{
	atomic_fetch_add(flags == RWF_DSYNC ? &durable_writes : &plain_writes, 1);
	return __real_pwritev2(fd, iov, count, offset, flags);
}

int __wrap_fdatasync(int fd)
{
	int error = atomic_load(&flush_error);

	atomic_fetch_add(&flushes, 1);
	if (error == 0)
		return __real_fdatasync(fd);
	errno = error;
	return -1;
}

static void on_events(void *context, struct ring_event *events)
{
	struct bench *bench = context;
	struct ring_event **end = &bench->events;

	pthread_mutex_lock(&bench->mutex);
	while (*end != NULL)
		end = &(*end)->next;
	*end = events;
	pthread_cond_broadcast(&bench->changed);
	pthread_mutex_unlock(&bench->mutex);
}

static void on_ended(void *context)
{
	(void)context;
}

static void on_idle(void *context)
{
	struct bench *bench = context;

	pthread_mutex_lock(&bench->mutex);
	bench->idle_calls++;
	pthread_cond_broadcast(&bench->changed);
	pthread_mutex_unlock(&bench->mutex);
}

struct ring *attach(struct bench *bench, const char **error)
{
	const struct ring_owner owner = {.events = on_events, .ended = on_ended, .context = bench};

	return ring_attach(bench->unit, bench->simulator->uio_fd, bench->simulator->map, bench->simulator->map_size,
			   0, owner, error);
}

void prepare(struct bench *bench)
{
	static const uint8_t data_out_opcodes[256] = {[0x2a] = 1, [0x53] = 1};
	struct medium medium = {.block_size = BLOCK, .blocks = BLOCKS, .write_cache = true};

	memset(bench, 0, sizeof(*bench));
	pthread_mutex_init(&bench->mutex, NULL);
	pthread_cond_init(&bench->changed, NULL);
	medium.fd = bench->medium_fd = memfd_create("medium", MFD_CLOEXEC);
	REQUIRE(ftruncate(bench->medium_fd, BLOCKS * BLOCK) == 0);
	bench->unit = unit_create(&medium, data_out_opcodes, on_idle, bench);
	bench->simulator = simulator_create(65536 - 128, 4097, BLOCK);
	atomic_store(&flush_error, 0);
	atomic_store(&flushes, 0);
	atomic_store(&durable_writes, 0);
	atomic_store(&plain_writes, 0);
	atomic_store(&reads_by_ring, 0);
	atomic_store(&reads_by_workers, 0);
}

void setup(struct bench *bench)
{
	const char *error;

	prepare(bench);
	bench->ring = attach(bench, &error);
	REQUIRE(bench->ring != NULL);
}

void end_ring(struct bench *bench)
{
	ring_stop(bench->ring);
	REQUIRE(ring_join(bench->ring, PATIENCE_MILLISECONDS));
	ring_free(bench->ring);
	bench->ring = NULL;
}

void teardown(struct bench *bench)
{
	if (bench->ring != NULL)
		end_ring(bench);
	ring_events_free(bench->events);
	REQUIRE(!unit_has_rings(bench->unit));
	unit_free(bench->unit);
	close(bench->simulator->uio_fd);
	simulator_free(bench->simulator);
	close(bench->medium_fd);
	pthread_cond_destroy(&bench->changed);
	pthread_mutex_destroy(&bench->mutex);
}

void wait_until_idle(struct bench *bench)
{
	pthread_mutex_lock(&bench->mutex);
	while (bench->idle_calls == 0)
		pthread_cond_wait(&bench->changed, &bench->mutex);
	pthread_mutex_unlock(&bench->mutex);
	REQUIRE(unit_quiet(bench->unit));
}

struct ring_event *next_event(struct bench *bench)
{
	struct ring_event *event;

	pthread_mutex_lock(&bench->mutex);
	while (bench->events == NULL)
		pthread_cond_wait(&bench->changed, &bench->mutex);
	event = bench->events;
	bench->events = event->next;
	event->next = NULL;
	pthread_mutex_unlock(&bench->mutex);
	return event;
}

void expect_event(struct bench *bench, enum ring_event_kind kind, const char *message)
{
	struct ring_event *event = next_event(bench);

	REQUIRE(event->kind == kind);
	if (message != NULL && strcmp(event->message, message) != 0) {
		fprintf(stderr, "the ring says: %s\n", event->message);
		REQUIRE(!"this message");
	}
	ring_events_free(event);
}

int submit(struct bench *bench, const uint8_t *cdb, const uint8_t *data_out, size_t out, size_t in)
{
	const struct simulated_request request = {.cdb = cdb,
						  .cdb_length = 10,
						  .data_out = data_out,
						  .data_out_length = out,
						  .data_in_length = in,
						  .scattered = true};
	int id = simulator_submit(bench->simulator, &request);

	REQUIRE(id > 0);
	return id;
}

struct simulated_result next_result(struct bench *bench)
{
	struct simulated_result result;

	while (simulator_reap(bench->simulator, &result, 1) == 0) {
		REQUIRE(bench->simulator->broken == NULL);
		REQUIRE(simulator_wait(bench->simulator, PATIENCE_MILLISECONDS));
	}
	return result;
}

void expect_status(struct bench *bench, uint8_t status)
{
	struct simulated_result result = next_result(bench);

	REQUIRE(result.status == status);
	free(result.data);
}

int main(void)
{
	const struct behaviour *const tables[] = {command_behaviours, worker_behaviours, life_behaviours};
	struct bench bench;
	int count = 0;

	sem_init(&read_entered, 0, 0);
	sem_init(&read_released, 0, 0);
	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = (uint8_t)(i * 31 + i / 251);
	for (size_t table = 0; table < sizeof(tables) / sizeof(*tables); table++) {
		for (const struct behaviour *each = tables[table]; each->name != NULL; each++) {
			each->run(&bench);
			printf("holds: %s\n", each->name);
			fflush(stdout);
			count++;
		}
	}
	printf("behaviours=%d\n", count);
	return 0;
}
