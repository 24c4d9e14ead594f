/* The initiators of the storm. */
#include "initiator.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 24 };

static _Atomic int wrong;

uint32_t dice(unsigned *seed, uint32_t sides)
{
	return (uint32_t)rand_r(seed) % sides;
}

void complain(const char *what)
{
	fprintf(stderr, "storm: %s\n", what);
	atomic_fetch_add(&wrong, 1);
}

int complaints(void)
{
	return atomic_load(&wrong);
}

static bool claim(struct lane *lane, struct issued *issued)
{
	issued->count = 1 + dice(&lane->seed, 40);
	issued->first = dice(&lane->seed, STRIPE_BLOCKS - issued->count);
	for (uint32_t i = 0; i < issued->count; i++)
		if (lane->busy[issued->first + i])
			return false;
	memset(lane->busy + issued->first, true, issued->count);
	return true;
}

static void put_cdb(struct lane *lane, uint8_t *cdb, uint8_t opcode, const struct issued *issued)
{
	uint32_t lba = (uint32_t)lane->index * STRIPE_BLOCKS + issued->first;
	const uint8_t fua = dice(&lane->seed, 16) == 0 ? 8 : 0;
	const uint8_t ten[10] = {opcode, fua, (uint8_t)(lba >> 24), (uint8_t)(lba >> 16), (uint8_t)(lba >> 8),
				 (uint8_t)lba, 0, (uint8_t)(issued->count >> 8), (uint8_t)issued->count, 0};

	memcpy(cdb, ten, sizeof(ten));
}

/* One random command; false: no room, or its blocks are in use. */
static bool issue(struct lane *lane)
{
	uint8_t cdb[16] = {0};
	struct issued issued = {0};
	struct simulated_request request = {.cdb = cdb, .cdb_length = 10, .scattered = dice(&lane->seed, 2) == 0};
	uint32_t choice = dice(&lane->seed, 100);
	int id;

	if (choice < 70) {
		issued.kind = choice < 35 ? READ : WRITE;
		if (!claim(lane, &issued))
			return false;
		put_cdb(lane, cdb, issued.kind == READ ? 0x28 : 0x2a, &issued);
		if (issued.kind == READ) {
			request.data_in_length = (size_t)issued.count * BLOCK;
		} else {
			request.data_out_length = (size_t)issued.count * BLOCK;
			issued.written = malloc(request.data_out_length);
			for (size_t i = 0; i < request.data_out_length; i++)
				issued.written[i] = (uint8_t)dice(&lane->seed, 256);
			request.data_out = issued.written;
		}
	} else if (choice < 75) {
		issued.kind = FLUSH;
		cdb[0] = 0x35;
	} else if (choice < 80) {
		issued.kind = READY;
		request.cdb_length = 6;
	} else if (choice < 90) {
		issued.kind = INQUIRY;
		cdb[0] = 0x12;
		request.cdb_length = 6;
		request.data_in_length = 96 + dice(&lane->seed, 8192);
	} else if (choice < 95) {
		static const uint8_t eight_blocks[8 * BLOCK];

		/* One block in the CDB, eight in the buffer: must change nothing. */
		issued.kind = REFUSED;
		issued.count = 1;
		put_cdb(lane, cdb, 0x2a, &issued);
		issued.count = 0;
		request.data_out = eight_blocks;
		request.data_out_length = sizeof(eight_blocks);
	} else {
		/* Behind the end. */
		issued.kind = REFUSED;
		cdb[0] = 0x28;
		cdb[2] = 0xff;
		cdb[8] = 1;
		request.data_in_length = BLOCK;
	}
	id = simulator_submit(lane->simulator, &request);
	if (id < 0) {
		if (issued.count != 0)
			memset(lane->busy + issued.first, false, issued.count);
		free(issued.written);
		return false;
	}
	lane->issued[id] = issued;
	return true;
}

static void check(struct lane *lane, const struct simulated_result *result)
{
	struct issued *issued = &lane->issued[result->id];
	uint8_t *shadow = lane->shadow + (size_t)issued->first * BLOCK;

	if (result->status != (issued->kind == REFUSED ? CHECK_CONDITION : 0))
		complain("a command ended with another status");
	if (issued->kind == REFUSED && result->sense[12] != INVALID_COMMAND)
		complain("sense data got lost");
	if (issued->kind == READ && memcmp(result->data, shadow, result->data_length) != 0)
		complain("a read gave other data than was written");
	if (issued->kind == WRITE)
		memcpy(shadow, issued->written, (size_t)issued->count * BLOCK);
	if (issued->kind == INQUIRY) {
		if (result->read_length != INQUIRY_BYTES || result->data[0] != 0x11)
			complain("a short answer came without its length");
		for (size_t i = INQUIRY_BYTES; i < result->data_length; i++)
			if (result->data[i] != 0)
				complain("another command's data was left in an answer");
	} else if (result->uflags != 0) {
		complain("flags without reason");
	}
	memset(lane->busy + issued->first, false, issued->count);
	free(issued->written);
	*issued = (struct issued){0};
	lane->finished++;
}

void *initiator_run(void *argument)
{
	struct lane *lane = argument;
	struct simulated_result results[DEPTH * 2];

	while (lane->finished < lane->wanted && lane->simulator->broken == NULL) {
		int burst = 1 + (int)dice(&lane->seed, 8);

		while (burst-- > 0 && lane->started < lane->wanted &&
		       simulator_outstanding(lane->simulator) < DEPTH && issue(lane))
			lane->started++;
		if (dice(&lane->seed, 50) == 0) {
			const uint16_t ids[3] = {1, 2, 3};

			simulator_submit_task_management(lane->simulator, 5, ids, dice(&lane->seed, 4));
			simulator_submit_unknown(lane->simulator);
		}
		simulator_poke(lane->simulator);
		if (simulator_outstanding(lane->simulator) != 0 && !simulator_wait(lane->simulator, 20000)) {
			complain("nothing completed for 20 seconds");
			break;
		}
		for (int i = 0, count = simulator_reap(lane->simulator, results, DEPTH * 2); i < count; i++) {
			check(lane, &results[i]);
			free(results[i].data);
		}
	}
	if (lane->simulator->broken != NULL)
		complain(lane->simulator->broken);
	return NULL;
}
