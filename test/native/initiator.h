/* An initiator of the storm: random commands over one simulated ring, and a check of every answer. */
#ifndef SCST_STORM_INITIATOR_H
#define SCST_STORM_INITIATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "simulator.h"

enum {
	RINGS = 4,
	/* Each initiator has blocks of its own, so it knows what they hold. */
	STRIPE_BLOCKS = 512,
	BLOCK = 512,
	CHECK_CONDITION = 2,
	INQUIRY_BYTES = 36,
	INVALID_COMMAND = 0x20,
};

/* A command that is under way. */
struct issued {
	enum { NONE, READ, WRITE, FLUSH, INQUIRY, REFUSED, READY } kind;
	uint32_t first, count;
	uint8_t *written;
};

struct lane {
	int index;
	struct simulator *simulator;
	struct ring *ring;
	unsigned seed;
	uint8_t shadow[STRIPE_BLOCKS * BLOCK];
	bool busy[STRIPE_BLOCKS];
	struct issued issued[SIMULATOR_MAX_COMMANDS + 1];
	/* Commands to issue, issued, answered. */
	int wanted, started, finished;
	bool ended;
};

uint32_t dice(unsigned *seed, uint32_t sides);
/* Counts something that must not be. */
void complain(const char *what);
int complaints(void);
/* A thread's body; the argument is a lane. */
void *initiator_run(void *lane);

#endif
