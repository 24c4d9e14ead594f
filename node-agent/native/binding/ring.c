/* NativeRing of types.ts: a ring, its mapping, and its events on the JavaScript thread. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "binding.h"

static const napi_type_tag ring_tag = {0x2e94a07bd1c8463f, 0xb5580e1a97f24dc3};

/* How long the end of the environment waits for a thread, which may hang in an I/O that doesn't return. */
enum { EXIT_PATIENCE_MILLISECONDS = 1000 };

struct bound_ring {
	struct ring *ring;
	struct channel *channel;
	int uio_fd;
	void *map;
	size_t map_size;
	/* Keep this object and its unit alive while the thread runs. */
	napi_ref self, unit;
	/* Promises of stop(). */
	struct waiter *waiters;
	bool ended;
	/* Bit per cmd_id: handed to JavaScript and not completed. */
	uint8_t handed_over[(UINT16_MAX + 1) / 8];
};

/* The ring's thread. */
static void send_events(void *context, struct ring_event *events)
{
	struct bound_ring *bound = context;

	channel_send(bound->channel, events);
}

/* The ring's thread, at its end: a uio device can't go away while it is mapped or open. */
static void send_ended(void *context)
{
	struct bound_ring *bound = context;

	munmap(bound->map, bound->map_size);
	close(bound->uio_fd);
	channel_send(bound->channel, NULL);
}

static void environment_ends(void *data)
{
	struct bound_ring *bound = data;

	ring_stop(bound->ring);
	if (ring_join(bound->ring, EXIT_PATIENCE_MILLISECONDS)) {
		ring_free(bound->ring);
		bound->ring = NULL;
	}
}

static void receive_end(napi_env env, struct bound_ring *bound)
{
	napi_remove_env_cleanup_hook(env, environment_ends, bound);
	ring_join(bound->ring, -1);
	bound->ended = true;
	channel_close(bound->channel);
	waiters_resolve(env, &bound->waiters);
	napi_delete_reference(env, bound->unit);
	napi_delete_reference(env, bound->self);
}

static void receive(napi_env env, napi_value callback, void *context, struct ring_event *events)
{
	struct bound_ring *bound = context;
	napi_value array, undefined, exception;
	bool thrown = false;

	if (events == NULL) {
		receive_end(env, bound);
		return;
	}
	for (const struct ring_event *event = events; event != NULL; event = event->next)
		if (event->kind == RING_COMMAND)
			bound->handed_over[event->id / 8] |= (uint8_t)(1 << event->id % 8);
	array = events_to_array(env, events);
	ring_events_free(events);
	napi_get_undefined(env, &undefined);
	if (array != NULL)
		napi_call_function(env, undefined, callback, 1, &array, NULL);
	napi_is_exception_pending(env, &thrown);
	/* Nobody above could catch it. */
	if (thrown && napi_get_and_clear_last_exception(env, &exception) == napi_ok)
		napi_fatal_exception(env, exception);
}

static napi_value set_flags(napi_env env, napi_callback_info info)
{
	napi_value argument;
	struct bound_ring *bound = unwrap_call(env, info, &ring_tag, 1, &argument);
	uint32_t flags;

	if (bound != NULL && get_uint32(env, argument, "flags", &flags))
		ring_set_flags(bound->ring, flags);
	return NULL;
}

static napi_value complete(napi_env env, napi_callback_info info)
{
	napi_value arguments[4];
	struct bound_ring *bound = unwrap_call(env, info, &ring_tag, 4, arguments);
	const uint8_t *data, *sense;
	size_t data_length, sense_length;
	uint32_t id, status;

	if (bound == NULL || !get_uint32(env, arguments[0], "id", &id) ||
	    !get_uint32(env, arguments[1], "status", &status) ||
	    !get_bytes(env, arguments[2], "data", &data, &data_length) ||
	    !get_bytes(env, arguments[3], "sense", &sense, &sense_length))
		return NULL;
	if (bound->ended)
		return NULL;
	/* The kernel declares a ring broken that answers what it doesn't wait for. */
	if (id > UINT16_MAX || !(bound->handed_over[id / 8] & 1 << id % 8)) {
		napi_throw_error(env, "UnknownCommand", "no command of this id is handed over");
		return NULL;
	}
	if (status > UINT8_MAX)
		return throw_type(env, "status", "a SCSI status");
	if (!ring_complete(bound->ring, (uint16_t)id, (uint8_t)status, data, data_length, sense, sense_length))
		return throw_errno(env, ENOMEM, "complete a command");
	bound->handed_over[id / 8] &= (uint8_t) ~(1 << id % 8);
	return NULL;
}

static napi_value counters(napi_env env, napi_callback_info info)
{
	struct bound_ring *bound = unwrap_call(env, info, &ring_tag, 0, NULL);
	struct ring_counters counters;
	napi_value object, value;

	if (bound == NULL)
		return NULL;
	counters = ring_counters(bound->ring);
	const struct {
		const char *name;
		uint64_t count;
	} large[] = {
		{"reads", counters.reads},
		{"writes", counters.writes},
		{"readBytes", counters.read_bytes},
		{"writeBytes", counters.write_bytes},
		{"unalignedReads", counters.unaligned_reads},
		{"unalignedWrites", counters.unaligned_writes},
		{"withoutData", counters.without_data},
		{"handedOver", counters.handed_over},
	};

	napi_create_object(env, &object);
	for (size_t i = 0; i < sizeof(large) / sizeof(*large); i++) {
		napi_create_bigint_uint64(env, large[i].count, &value);
		set_named(env, object, large[i].name, value);
	}
	napi_create_uint32(env, counters.in_flight, &value);
	set_named(env, object, "inFlight", value);
	napi_create_uint32(env, counters.found_at_attach, &value);
	set_named(env, object, "foundAtAttach", value);
	return object;
}

static napi_value stop(napi_env env, napi_callback_info info)
{
	struct bound_ring *bound = unwrap_call(env, info, &ring_tag, 0, NULL);
	napi_value promise;

	if (bound == NULL)
		return NULL;
	promise = waiters_add(env, &bound->waiters);
	if (promise == NULL)
		return NULL;
	if (bound->ended) {
		waiters_resolve(env, &bound->waiters);
	} else {
		channel_hold(env, bound->channel);
		ring_stop(bound->ring);
	}
	return promise;
}

/* Its thread never started or is at its end; or the environment ends, and then a thread that hangs keeps it all. */
static void finalize(napi_env env, void *data, void *hint)
{
	struct bound_ring *bound = data;

	(void)env;
	(void)hint;
	if (bound->ring != NULL && !bound->ended)
		return;
	if (bound->ring != NULL)
		ring_free(bound->ring);
	if (!bound->ended)
		channel_close(bound->channel);
	free(bound);
}

static bool map_ring(napi_env env, napi_value options, struct bound_ring *bound, uint32_t *flags)
{
	napi_value uio_fd, map_fd, map_size, flags_value;
	int fd;

	if (!get_required(env, options, "uioFd", &uio_fd) || !get_required(env, options, "mapSize", &map_size) ||
	    !get_required(env, options, "flags", &flags_value) || !get_optional(env, options, "mapFd", &map_fd) ||
	    !get_int32(env, uio_fd, "uioFd", &bound->uio_fd) ||
	    !get_size(env, map_size, "mapSize", &bound->map_size) || !get_uint32(env, flags_value, "flags", flags) ||
	    !get_int32(env, map_fd != NULL ? map_fd : uio_fd, "mapFd", &fd))
		return false;
	bound->map = mmap(NULL, bound->map_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (bound->map != MAP_FAILED)
		return true;
	throw_errno(env, errno, "map the ring");
	return false;
}

static napi_value wrap(napi_env env, struct bound_ring *bound)
{
	const napi_property_descriptor methods[] = {
		{"setFlags", NULL, set_flags, NULL, NULL, NULL, napi_default, NULL},
		{"complete", NULL, complete, NULL, NULL, NULL, napi_default, NULL},
		{"counters", NULL, counters, NULL, NULL, NULL, napi_default, NULL},
		{"stop", NULL, stop, NULL, NULL, NULL, napi_default, NULL},
	};

	return wrap_native(env, bound, &ring_tag, finalize, methods, sizeof(methods) / sizeof(*methods));
}

/* When it can't be started, the object that wraps it is dropped, and its finalizer frees it. */
static bool start(napi_env env, struct unit *unit, napi_value options, struct bound_ring *bound)
{
	const struct ring_owner owner = {.events = send_events, .ended = send_ended, .context = bound};
	const char *error;
	uint32_t flags;

	if (!map_ring(env, options, bound, &flags))
		return false;
	bound->ring = ring_attach(unit, bound->uio_fd, bound->map, bound->map_size, flags, owner, &error);
	if (bound->ring != NULL)
		return true;
	munmap(bound->map, bound->map_size);
	napi_throw_error(env, "RingUnusable", error);
	return false;
}

napi_value attach_ring(napi_env env, struct unit *unit, napi_value unit_object, napi_value options,
		       napi_value on_events)
{
	struct bound_ring *bound;
	napi_value object;

	if (!is_a(env, on_events, napi_function))
		return throw_type(env, "onEvents", "a function");
	bound = calloc(1, sizeof(*bound));
	if (bound != NULL)
		bound->channel = channel_create(env, "scst ring", on_events, receive, bound);
	object = bound != NULL && bound->channel != NULL ? wrap(env, bound) : NULL;
	if (object == NULL) {
		if (bound != NULL && bound->channel != NULL)
			channel_close(bound->channel);
		free(bound);
		return throw_errno(env, ENOMEM, "attach a ring");
	}
	if (!start(env, unit, options, bound))
		return NULL;
	napi_create_reference(env, unit_object, 1, &bound->unit);
	napi_create_reference(env, object, 1, &bound->self);
	napi_add_env_cleanup_hook(env, environment_ends, bound);
	return object;
}
