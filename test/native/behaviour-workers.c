/* What a medium does to its rings when accesses to it sleep. */
#include "behaviour.h"

#include <errno.h>
#include <unistd.h>

/* One read that sleeps, and from then on workers read. */
static void setup_slow(struct bench *bench)
{
	setup(bench);
	atomic_store(&slow_reads, true);
	submit(bench, read_one, NULL, 0, BLOCK);
	simulator_poke(bench->simulator);
	expect_status(bench, 0);
	atomic_store(&slow_reads, false);
	REQUIRE(atomic_load(&reads_by_ring) == 1 && atomic_load(&reads_by_workers) == 0);
}

static void hold(struct bench *bench, int reads)
{
	atomic_store(&hold_reads, true);
	for (int i = 0; i < reads; i++)
		submit(bench, read_one, NULL, 0, BLOCK);
	simulator_poke(bench->simulator);
	for (int i = 0; i < reads; i++)
		sem_wait(&read_entered);
}

static void release(int reads)
{
	atomic_store(&hold_reads, false);
	for (int i = 0; i < reads; i++)
		sem_post(&read_released);
}

static void slow_reads_go_on_side_by_side_while_the_ring_goes_on(struct bench *bench)
{
	setup_slow(bench);
	hold(bench, 8);
	submit(bench, other, pattern, BLOCK, 0);
	simulator_poke(bench->simulator);
	expect_event(bench, RING_COMMAND, NULL);
	REQUIRE(ring_counters(bench->ring).in_flight == 9);
	release(8);
	for (int i = 0; i < 8; i++)
		expect_status(bench, 0);
	REQUIRE(ring_counters(bench->ring).reads == 9);
	REQUIRE(atomic_load(&reads_by_workers) == 8);
	teardown(bench);
}

static void slow_data_is_what_the_medium_holds(struct bench *bench)
{
	struct simulated_result result;

	setup_slow(bench);
	submit(bench, write_one, pattern, BLOCK, 0);
	simulator_poke(bench->simulator);
	expect_status(bench, 0);
	submit(bench, read_one, NULL, 0, BLOCK);
	simulator_poke(bench->simulator);
	result = next_result(bench);
	REQUIRE(result.status == 0 && memcmp(result.data, pattern, BLOCK) == 0);
	free(result.data);
	teardown(bench);
}

static void gate_waits_for_workers(struct bench *bench)
{
	setup_slow(bench);
	hold(bench, 2);
	REQUIRE(!gate_close(bench->unit) && !unit_quiet(bench->unit));
	atomic_store(&hold_reads, false);
	sem_post(&read_released);
	expect_status(bench, 0);
	REQUIRE(!unit_quiet(bench->unit) && bench->idle_calls == 0);
	sem_post(&read_released);
	wait_until_idle(bench);
	expect_status(bench, 0);
	teardown(bench);
}

static void failures_of_workers_are_handed_over(struct bench *bench)
{
	struct ring_event *event;

	setup_slow(bench);
	REQUIRE(ftruncate(bench->medium_fd, 0) == 0);
	submit(bench, read_one, NULL, 0, BLOCK);
	simulator_poke(bench->simulator);
	event = next_event(bench);
	REQUIRE(event->failed_operation == OPERATION_READ && event->failed_errno == ENODATA);
	REQUIRE(event->cdb_length == 10 && memcmp(event->bytes, read_one, 10) == 0 && event->data_in_length == BLOCK);
	ring_complete(bench->ring, event->id, 2, NULL, 0, pattern, 18);
	ring_events_free(event);
	expect_status(bench, 2);
	teardown(bench);
}

static void a_stop_waits_for_workers_and_writes_their_answers(struct bench *bench)
{
	setup_slow(bench);
	hold(bench, 2);
	ring_stop(bench->ring);
	REQUIRE(!ring_join(bench->ring, 50));
	release(2);
	end_ring(bench);
	expect_status(bench, 0);
	expect_status(bench, 0);
	teardown(bench);
}

static void a_removed_device_ends_the_ring_when_workers_are_done(struct bench *bench)
{
	setup_slow(bench);
	hold(bench, 1);
	simulator_remove(bench->simulator);
	REQUIRE(!ring_join(bench->ring, 50));
	release(1);
	expect_event(bench, RING_GONE, NULL);
	teardown(bench);
}

static void fast_reads_go_back_to_the_ring(struct bench *bench)
{
	setup_slow(bench);
	for (int i = 0; i < 100; i++) {
		submit(bench, read_one, NULL, 0, BLOCK);
		simulator_poke(bench->simulator);
		expect_status(bench, 0);
	}
	REQUIRE(atomic_load(&reads_by_ring) > 1 && atomic_load(&reads_by_workers) >= 64);
	teardown(bench);
}

const struct behaviour worker_behaviours[] = {
	BEHAVIOUR(slow_reads_go_on_side_by_side_while_the_ring_goes_on),
	BEHAVIOUR(slow_data_is_what_the_medium_holds),
	BEHAVIOUR(gate_waits_for_workers),
	BEHAVIOUR(failures_of_workers_are_handed_over),
	BEHAVIOUR(a_stop_waits_for_workers_and_writes_their_answers),
	BEHAVIOUR(a_removed_device_ends_the_ring_when_workers_are_done),
	BEHAVIOUR(fast_reads_go_back_to_the_ring),
	{0},
};
