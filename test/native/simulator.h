/* The kernel's side of a TCMU ring over a shared memory file, with a socket pair in place of the uio device. */
#ifndef SCST_RING_SIMULATOR_H
#define SCST_RING_SIMULATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SIMULATOR_MAX_COMMANDS = 1024 };

struct simulated_request {
	const uint8_t *cdb;
	size_t cdb_length;
	/* Data-Out first, then Data-In: both at once make a bidi command. */
	const uint8_t *data_out;
	size_t data_out_length;
	size_t data_in_length;
	/* Adjacent blocks are never merged: as many iovs as blocks. */
	bool scattered;
};

struct simulated_result {
	uint16_t id;
	uint8_t status, uflags;
	uint32_t read_length;
	uint8_t sense[96];
	/* The whole Data-In as it lies in the data area; freed by the receiver. */
	uint8_t *data;
	size_t data_length;
};

struct simulator {
	int map_fd, uio_fd, kernel_fd;
	uint8_t *map;
	size_t map_size;
	uint32_t pads;
	/* Set as the kernel would declare the ring broken. */
	const char *broken;
	/* Damages the entry of a command before the head moves over it. */
	void (*damage)(uint8_t *entry);
	struct simulation *state;
};

/* ring_bytes: a multiple of 8. block_bytes: of a data block, the unit of iovs. NULL: errno. */
struct simulator *simulator_create(uint32_t ring_bytes, uint32_t data_blocks, uint32_t block_bytes);
void simulator_free(struct simulator *simulator);

/* The command's id, or -1: no room for it until something has been reaped. Tells the ring nothing: see simulator_poke. */
int simulator_submit(struct simulator *simulator, const struct simulated_request *request);
bool simulator_submit_task_management(struct simulator *simulator, uint8_t type, const uint16_t *ids, uint32_t count);
/* An entry of another operation than the three that exist. */
bool simulator_submit_unknown(struct simulator *simulator);
void simulator_poke(struct simulator *simulator);
/* Takes what the ring has completed; how many results. Doesn't wait. */
int simulator_reap(struct simulator *simulator, struct simulated_result *results, int limit);
/* Waits for a kick, at most that long. */
bool simulator_wait(struct simulator *simulator, int milliseconds);
uint32_t simulator_outstanding(const struct simulator *simulator);
/* reset_ring: every outstanding command is given up, head and tail start again. */
void simulator_reset(struct simulator *simulator);
/* The backstore is removed: the uio device hangs up. */
void simulator_remove(struct simulator *simulator);

#endif
