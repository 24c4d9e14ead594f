/* The gate of a logical unit: "nothing executes natively" as a lock. README.md has the memory order argument. */
#include <stdlib.h>

#include "internal.h"

struct unit *unit_create(const struct medium *medium, const uint8_t data_out_opcodes[256],
			 void (*idle)(void *context), void *context)
{
	struct unit *unit = calloc(1, sizeof(*unit));

	if (unit == NULL)
		return NULL;
	unit->medium = *medium;
	for (int opcode = 0; opcode < 256; opcode++)
		unit->data_out_opcodes[opcode] = data_out_opcodes[opcode];
	pthread_mutex_init(&unit->mutex, NULL);
	workers_init(&unit->workers);
	unit->idle = idle;
	unit->context = context;
	return unit;
}

void unit_free(struct unit *unit)
{
	workers_end(&unit->workers);
	pthread_mutex_destroy(&unit->mutex);
	free(unit);
}

bool unit_has_rings(struct unit *unit)
{
	bool any;

	pthread_mutex_lock(&unit->mutex);
	any = unit->rings != NULL;
	pthread_mutex_unlock(&unit->mutex);
	return any;
}

struct medium *unit_medium(struct unit *unit)
{
	return &unit->medium;
}

void gate_add_ring(struct ring *ring)
{
	struct unit *unit = ring->unit;

	pthread_mutex_lock(&unit->mutex);
	ring->next_of_unit = unit->rings;
	unit->rings = ring;
	pthread_mutex_unlock(&unit->mutex);
}

/* The ring has nothing in flight, or takes nothing any more: a closed gate needn't wait for it. Mutex held. */
static bool stop_awaiting(struct ring *ring)
{
	if (!atomic_load(&ring->awaited))
		return false;
	atomic_store(&ring->awaited, false);
	return --ring->unit->awaited_rings == 0;
}

void gate_remove_ring(struct ring *ring)
{
	struct unit *unit = ring->unit;
	struct ring **link = &unit->rings;
	bool idle;

	pthread_mutex_lock(&unit->mutex);
	while (*link != ring)
		link = &(*link)->next_of_unit;
	*link = ring->next_of_unit;
	idle = stop_awaiting(ring);
	if (idle)
		unit->idle(unit->context);
	pthread_mutex_unlock(&unit->mutex);
}

static void report_quiet(struct ring *ring)
{
	struct unit *unit = ring->unit;

	pthread_mutex_lock(&unit->mutex);
	if (stop_awaiting(ring))
		unit->idle(unit->context);
	pthread_mutex_unlock(&unit->mutex);
}

/* True: the command may execute, and gate_leave must follow its completion. False: it must be handed over. */
bool gate_enter(struct ring *ring, uint32_t forbidden_flags)
{
	atomic_fetch_add(&ring->inflight, 1);
	if (atomic_load(&ring->unit->gate) == 0 && (atomic_load(&ring->flags) & forbidden_flags) == 0)
		return true;
	gate_leave(ring);
	return false;
}

void gate_leave(struct ring *ring)
{
	if (atomic_fetch_sub(&ring->inflight, 1) == 1 && atomic_load(&ring->awaited))
		report_quiet(ring);
}

bool gate_close(struct unit *unit)
{
	bool quiet;

	atomic_fetch_add(&unit->gate, 1);
	pthread_mutex_lock(&unit->mutex);
	for (struct ring *ring = unit->rings; ring != NULL; ring = ring->next_of_unit) {
		if (atomic_load(&ring->awaited))
			continue;
		/* Announced before looking: either this sees 0, or the ring's gate_leave sees the announcement. */
		atomic_store(&ring->awaited, true);
		if (atomic_load(&ring->inflight) == 0)
			atomic_store(&ring->awaited, false);
		else
			unit->awaited_rings++;
	}
	quiet = unit->awaited_rings == 0;
	pthread_mutex_unlock(&unit->mutex);
	return quiet;
}

bool gate_open(struct unit *unit)
{
	uint32_t closed = atomic_load(&unit->gate);

	while (closed != 0)
		if (atomic_compare_exchange_weak(&unit->gate, &closed, closed - 1))
			return true;
	return false;
}

bool gate_settled(struct unit *unit)
{
	bool settled;

	pthread_mutex_lock(&unit->mutex);
	settled = unit->awaited_rings == 0;
	pthread_mutex_unlock(&unit->mutex);
	return settled;
}

bool unit_quiet(struct unit *unit)
{
	return atomic_load(&unit->gate) != 0 && gate_settled(unit);
}
