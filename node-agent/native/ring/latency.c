/*
 * Whether accesses to a unit's medium make their thread sleep. The ring's thread carries them out itself while they don't
 * (the page cache, a fast disk); once they do, workers carry out several at a time, and the ring goes on.
 */
#include <sys/resource.h>
#include <time.h>

#include "internal.h"

enum {
	/* A sleep of this length costs more than the way over a worker. */
	SLOW_NANOSECONDS = 150000,
	/* Of the accesses that needn't be durable: measuring each would cost more than a short one itself. */
	SAMPLE_EVERY = 16,
	/* Accesses in a row that didn't sleep, until the ring's thread carries them out again. */
	FAST_STREAK = 64,
};

struct stopwatch {
	struct timespec time;
	long sleeps;
};

/* Voluntary context switches: a thread that was only preempted on a busy CPU has not slept. */
static long sleeps_of_thread(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nvcsw : 0;
}

static struct stopwatch start(void)
{
	struct stopwatch watch;

	watch.sleeps = sleeps_of_thread();
	clock_gettime(CLOCK_MONOTONIC, &watch.time);
	return watch;
}

static bool slept_long(const struct stopwatch *watch)
{
	struct timespec now;
	int64_t nanoseconds;

	clock_gettime(CLOCK_MONOTONIC, &now);
	nanoseconds = (int64_t)(now.tv_sec - watch->time.tv_sec) * 1000000000 + (now.tv_nsec - watch->time.tv_nsec);
	return nanoseconds >= SLOW_NANOSECONDS && sleeps_of_thread() != watch->sleeps;
}

bool latency_is_slow(struct unit *unit, bool durable)
{
	return atomic_load_explicit(&unit->latency[durable].slow, memory_order_relaxed);
}

struct failure latency_measured(struct ring *ring, enum command_class class, const struct transfer *transfer,
				bool durable)
{
	const struct medium *medium = &ring->unit->medium;
	struct stopwatch watch;
	struct failure failure;

	if (!durable && ring->unmeasured++ % SAMPLE_EVERY != 0)
		return execute_on_medium(medium, class, transfer, durable);
	watch = start();
	failure = execute_on_medium(medium, class, transfer, durable);
	if (slept_long(&watch))
		atomic_store_explicit(&ring->unit->latency[durable].slow, true, memory_order_relaxed);
	return failure;
}

struct failure latency_measured_by_worker(struct unit *unit, enum command_class class,
					  const struct transfer *transfer, bool durable)
{
	struct latency *latency = &unit->latency[durable];
	struct stopwatch watch = start();
	struct failure failure = execute_on_medium(&unit->medium, class, transfer, durable);

	if (slept_long(&watch)) {
		atomic_store_explicit(&latency->streak, 0, memory_order_relaxed);
	} else if (atomic_fetch_add_explicit(&latency->streak, 1, memory_order_relaxed) + 1 >= FAST_STREAK) {
		atomic_store_explicit(&latency->streak, 0, memory_order_relaxed);
		atomic_store_explicit(&latency->slow, false, memory_order_relaxed);
	}
	return failure;
}
