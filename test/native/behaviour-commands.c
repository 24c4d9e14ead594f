/* How commands are executed, handed over and kept out. */
#include "behaviour.h"

#include <errno.h>
#include <unistd.h>

static void gate_waits_for_what_executes(struct bench *bench)
{
	setup(bench);
	atomic_store(&hold_reads, true);
	submit(bench, read_one, NULL, 0, BLOCK);
	simulator_poke(bench->simulator);
	sem_wait(&read_entered);
	REQUIRE(!gate_close(bench->unit));
	REQUIRE(!unit_quiet(bench->unit) && bench->idle_calls == 0);
	REQUIRE(ring_counters(bench->ring).in_flight == 1);
	atomic_store(&hold_reads, false);
	sem_post(&read_released);
	wait_until_idle(bench);
	expect_status(bench, 0);
	/* Nested: one opening of two leaves it closed. */
	REQUIRE(gate_close(bench->unit) && gate_open(bench->unit));
	submit(bench, read_one, NULL, 0, BLOCK);
	simulator_poke(bench->simulator);
	expect_event(bench, RING_COMMAND, NULL);
	REQUIRE(gate_open(bench->unit) && !gate_open(bench->unit));
	teardown(bench);
}

static void failed_flush_is_handed_over_with_its_error(struct bench *bench)
{
	struct ring_event *event;

	setup(bench);
	atomic_store(&flush_error, EIO);
	submit(bench, flush_all, NULL, 0, 0);
	simulator_poke(bench->simulator);
	event = next_event(bench);
	REQUIRE(event->kind == RING_COMMAND && event->failed_operation == OPERATION_FLUSH);
	REQUIRE(event->failed_errno == EIO && flushes == 1);
	ring_complete(bench->ring, event->id, 2, NULL, 0, pattern, 18);
	ring_events_free(event);
	expect_status(bench, 2);
	teardown(bench);
}

static void writes_are_durable_when_they_have_to_be(struct bench *bench)
{
	const uint8_t with_fua[10] = {0x2a, 8, 0, 0, 0, 5, 0, 0, 1};

	setup(bench);
	for (int round = 0; round < 4; round++) {
		struct medium *medium = unit_medium(bench->unit);

		REQUIRE(gate_close(bench->unit));
		medium->write_cache = round != 2;
		medium->nv_cache = round == 3;
		gate_open(bench->unit);
		submit(bench, round == 1 || round == 3 ? with_fua : write_one, pattern, BLOCK, 0);
		simulator_poke(bench->simulator);
		expect_status(bench, 0);
		/* Plain; FUA; no write cache; FUA with a non-volatile cache. */
		REQUIRE(plain_writes == (round < 3 ? 1 : 2) && durable_writes == (round < 3 ? round : 2));
	}
	submit(bench, flush_all, NULL, 0, 0);
	simulator_poke(bench->simulator);
	expect_status(bench, 0);
	REQUIRE(flushes == 0);
	teardown(bench);
}

static void more_pieces_than_one_system_call_takes(struct bench *bench)
{
	uint8_t write_many[10] = {0x2a, 0, 0, 0, 0, 0, 0, 1500 >> 8, 1500 & 255};
	uint8_t read_many[10] = {0x28, 0, 0, 0, 0, 0, 0, 1500 >> 8, 1500 & 255};
	struct simulated_result result;

	setup(bench);
	submit(bench, write_many, pattern, 1500 * BLOCK, 0);
	simulator_poke(bench->simulator);
	expect_status(bench, 0);
	submit(bench, read_many, NULL, 0, 1500 * BLOCK);
	simulator_poke(bench->simulator);
	result = next_result(bench);
	REQUIRE(result.status == 0 && memcmp(result.data, pattern, 1500 * BLOCK) == 0);
	free(result.data);
	REQUIRE(ring_counters(bench->ring).handed_over == 0);
	teardown(bench);
}

static void blocks_behind_the_files_end_are_handed_over_as_failed(struct bench *bench)
{
	struct ring_event *event;

	setup(bench);
	REQUIRE(ftruncate(bench->medium_fd, 5 * BLOCK + 7) == 0);
	submit(bench, read_one, NULL, 0, BLOCK);
	simulator_poke(bench->simulator);
	event = next_event(bench);
	REQUIRE(event->kind == RING_COMMAND && event->failed_operation == OPERATION_READ);
	REQUIRE(event->failed_errno == ENODATA);
	ring_complete(bench->ring, event->id, 2, NULL, 0, pattern, 18);
	ring_events_free(event);
	expect_status(bench, 2);
	teardown(bench);
}

static void bidirectional_data_goes_both_ways(struct bench *bench)
{
	struct ring_event *event;
	struct simulated_result result;

	setup(bench);
	submit(bench, other, pattern, 3 * BLOCK, 2 * BLOCK);
	simulator_poke(bench->simulator);
	event = next_event(bench);
	REQUIRE(event->data_length == 3 * BLOCK && event->data_in_length == 2 * BLOCK);
	REQUIRE(memcmp(event->bytes + event->cdb_length, pattern, 3 * BLOCK) == 0);
	ring_complete(bench->ring, event->id, 0, pattern + 100, 2 * BLOCK, NULL, 0);
	ring_events_free(event);
	result = next_result(bench);
	REQUIRE(result.uflags == 0 && memcmp(result.data, pattern + 100, 2 * BLOCK) == 0);
	free(result.data);
	teardown(bench);
}

const struct behaviour command_behaviours[] = {
	BEHAVIOUR(gate_waits_for_what_executes),
	BEHAVIOUR(failed_flush_is_handed_over_with_its_error),
	BEHAVIOUR(writes_are_durable_when_they_have_to_be),
	BEHAVIOUR(more_pieces_than_one_system_call_takes),
	BEHAVIOUR(blocks_behind_the_files_end_are_handed_over_as_failed),
	BEHAVIOUR(bidirectional_data_goes_both_ways),
	{0},
};
