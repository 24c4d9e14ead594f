/* How a ring begins and ends, also when its mapping or its entries are damaged. */
#include "behaviour.h"

#include <dirent.h>
#include <time.h>
#include <unistd.h>

static void pause_for(long milliseconds)
{
	const struct timespec time = {.tv_nsec = milliseconds * 1000000};

	nanosleep(&time, NULL);
}

static bool ring_thread_runs(void)
{
	DIR *tasks = opendir("/proc/self/task");
	bool found = false;

	for (struct dirent *task; !found && (task = readdir(tasks)) != NULL;) {
		char path[300], name[16] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", task->d_name);
		file = fopen(path, "r");
		found = file != NULL && fgets(name, sizeof(name), file) != NULL && strcmp(name, "scst-ring\n") == 0;
		if (file != NULL)
			fclose(file);
	}
	closedir(tasks);
	return found;
}

static void a_ring_without_work_gets_its_thread_too(struct bench *bench)
{
	setup(bench);
	for (int waited = 0; !ring_thread_runs(); waited += 10) {
		REQUIRE(waited < PATIENCE_MILLISECONDS);
		pause_for(10);
	}
	submit(bench, read_one, NULL, 0, BLOCK);
	simulator_poke(bench->simulator);
	expect_status(bench, 0);
	teardown(bench);
}

static void a_ring_whose_thread_cannot_be_started_fails(struct bench *bench)
{
	atomic_store(&refuse_ring_threads, true);
	setup(bench);
	submit(bench, read_one, NULL, 0, BLOCK);
	simulator_poke(bench->simulator);
	expect_event(bench, RING_FAILED, "the ring's thread can't be started");
	REQUIRE(ring_count_outstanding(bench->simulator->map, bench->simulator->map_size) == 1);
	atomic_store(&refuse_ring_threads, false);
	teardown(bench);
}

static void a_ring_may_end_while_it_begins(struct bench *bench)
{
	for (int round = 0; round < 100; round++) {
		setup(bench);
		if (round % 2 == 0)
			submit(bench, other, pattern, BLOCK, 0);
		if (round % 4 == 0)
			simulator_poke(bench->simulator);
		/* Some of them until about when those without work get their threads. */
		pause_for(round % 10 == 9 ? 95 + round / 10 : 0);
		teardown(bench);
	}
}

static void a_stop_leaves_handed_over_commands_in_the_ring(struct bench *bench)
{
	const char *error;

	setup(bench);
	submit(bench, other, pattern, BLOCK, 0);
	submit(bench, other, pattern, BLOCK, 0);
	simulator_poke(bench->simulator);
	expect_event(bench, RING_COMMAND, NULL);
	expect_event(bench, RING_COMMAND, NULL);
	end_ring(bench);
	REQUIRE(ring_count_outstanding(bench->simulator->map, bench->simulator->map_size) == 2);
	bench->ring = attach(bench, &error);
	REQUIRE(bench->ring != NULL && ring_counters(bench->ring).found_at_attach == 2);
	expect_event(bench, RING_COMMAND, NULL);
	teardown(bench);
}

static void a_completion_before_the_stop_is_written(struct bench *bench)
{
	struct ring_event *event;

	setup(bench);
	submit(bench, other, pattern, BLOCK, 0);
	simulator_poke(bench->simulator);
	event = next_event(bench);
	ring_complete(bench->ring, event->id, 0, NULL, 0, NULL, 0);
	end_ring(bench);
	expect_status(bench, 0);
	ring_events_free(event);
	teardown(bench);
}

static void completions_of_unknown_ids_change_nothing(struct bench *bench)
{
	setup(bench);
	ring_complete(bench->ring, 77, 0, NULL, 0, NULL, 0);
	submit(bench, read_one, NULL, 0, BLOCK);
	simulator_poke(bench->simulator);
	expect_status(bench, 0);
	REQUIRE(simulator_outstanding(bench->simulator) == 0 && bench->simulator->broken == NULL);
	teardown(bench);
}

static void a_reset_under_an_attached_ring_fails_it(struct bench *bench)
{
	setup(bench);
	submit(bench, read_one, NULL, 0, BLOCK);
	simulator_poke(bench->simulator);
	expect_status(bench, 0);
	simulator_reset(bench->simulator);
	simulator_poke(bench->simulator);
	expect_event(bench, RING_FAILED, "the ring was reset while it was attached");
	teardown(bench);
}

static void a_removed_device_ends_the_ring(struct bench *bench)
{
	setup(bench);
	simulator_remove(bench->simulator);
	expect_event(bench, RING_GONE, NULL);
	teardown(bench);
}

static void a_vanished_mapping_fails_the_ring_only(struct bench *bench)
{
	setup(bench);
	submit(bench, write_one, pattern, BLOCK, 0);
	REQUIRE(ftruncate(bench->simulator->map_fd, 0) == 0);
	simulator_poke(bench->simulator);
	expect_event(bench, RING_FAILED, "a part of the ring's mapping is gone");
	/* A gate that closes now doesn't wait for it. */
	REQUIRE(gate_close(bench->unit));
	end_ring(bench);
	teardown(bench);
}

static void unusable_mappings_are_refused(struct bench *bench)
{
	struct tcmu_mailbox *mailbox;
	const char *error;

	prepare(bench);
	mailbox = (struct tcmu_mailbox *)(uintptr_t)bench->simulator->map;
	mailbox->version = 1;
	REQUIRE(attach(bench, &error) == NULL && strcmp(error, "the mailbox is not of version 2") == 0);
	mailbox->version = 2;
	mailbox->flags = TCMU_CAP_OUT_OF_ORDER;
	REQUIRE(attach(bench, &error) == NULL);
	mailbox->flags = 15;
	mailbox->cmdr_size = UINT32_MAX;
	REQUIRE(attach(bench, &error) == NULL);
	mailbox->cmdr_size = 65536 - 128;
	atomic_store(&mailbox->cmd_head, 12);
	REQUIRE(attach(bench, &error) == NULL);
	atomic_store(&mailbox->cmd_head, 65536);
	REQUIRE(attach(bench, &error) == NULL);
	REQUIRE(ring_count_outstanding(bench->simulator->map, 16) == -1);
	teardown(bench);
}

static void damage_three_bytes(uint8_t *entry)
{
	static unsigned seed = 7;

	for (int damage = 0; damage < 3; damage++)
		entry[rand_r(&seed) % 80] = (uint8_t)rand_r(&seed);
}

/* It was answered, stepped over, handed over or refused. */
static void wait_until_taken(struct bench *bench)
{
	const struct tcmu_mailbox *mailbox = (const struct tcmu_mailbox *)bench->simulator->map;

	for (int waited = 0; waited < PATIENCE_MILLISECONDS; waited++) {
		bool taken;

		pthread_mutex_lock(&bench->mutex);
		taken = bench->events != NULL;
		pthread_mutex_unlock(&bench->mutex);
		if (taken || atomic_load(&mailbox->cmd_tail) == atomic_load(&mailbox->cmd_head))
			return;
		pause_for(1);
	}
	REQUIRE(!"taken");
}

/* Any damage ends in an answer or in a failed ring; the sanitizers see to it that it ends in nothing else. */
static void damaged_entries_do_no_harm(struct bench *bench)
{
	for (int round = 0; round < 300; round++) {
		struct simulated_result result;
		bool failed = false;

		setup(bench);
		bench->simulator->damage = damage_three_bytes;
		submit(bench, round % 2 ? read_one : other, pattern, round % 2 ? 0 : BLOCK, round % 2 ? BLOCK : 0);
		simulator_poke(bench->simulator);
		wait_until_taken(bench);
		end_ring(bench);
		for (struct ring_event *event = bench->events; event != NULL; event = event->next)
			failed = failed || event->kind == RING_FAILED;
		REQUIRE(!failed || bench->events->next == NULL);
		if (!failed && simulator_reap(bench->simulator, &result, 1) == 1)
			free(result.data);
		teardown(bench);
	}
}

const struct behaviour life_behaviours[] = {
	BEHAVIOUR(a_ring_without_work_gets_its_thread_too),
	BEHAVIOUR(a_ring_whose_thread_cannot_be_started_fails),
	BEHAVIOUR(a_ring_may_end_while_it_begins),
	BEHAVIOUR(a_stop_leaves_handed_over_commands_in_the_ring),
	BEHAVIOUR(a_completion_before_the_stop_is_written),
	BEHAVIOUR(completions_of_unknown_ids_change_nothing),
	BEHAVIOUR(a_reset_under_an_attached_ring_fails_it),
	BEHAVIOUR(a_removed_device_ends_the_ring),
	BEHAVIOUR(a_vanished_mapping_fails_the_ring_only),
	BEHAVIOUR(unusable_mappings_are_refused),
	BEHAVIOUR(damaged_entries_do_no_harm),
	{0},
};
