/* NativeUnit of types.ts: a logical unit, its medium and its gate. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "binding.h"

static const napi_type_tag unit_tag = {0x7c1d0b2f9a3e4856, 0x93f1c45d2be07a68};

struct bound_unit {
	struct unit *unit;
	struct channel *channel;
	/* Promises of closeGate that wait for rings. */
	struct waiter *waiters;
	bool closed;
};

static bool read_bool(napi_env env, napi_value options, const char *name, bool *result)
{
	napi_value value;

	if (!get_optional(env, options, name, &value))
		return false;
	if (value != NULL && napi_get_value_bool(env, value, result) != napi_ok) {
		throw_type(env, name, "a boolean");
		return false;
	}
	return true;
}

static bool read_numbers(napi_env env, napi_value options, struct medium *medium)
{
	napi_value value;
	bool lossless = true;

	if (!get_optional(env, options, "blockSize", &value) ||
	    (value != NULL && !get_uint32(env, value, "blockSize", &medium->block_size)) ||
	    !get_optional(env, options, "blocks", &value))
		return false;
	if (value != NULL &&
	    (napi_get_value_bigint_uint64(env, value, &medium->blocks, &lossless) != napi_ok || !lossless)) {
		throw_type(env, "blocks", "a bigint");
		return false;
	}
	if (medium->block_size < 512 || (medium->block_size & (medium->block_size - 1)) != 0) {
		throw_type(env, "blockSize", "a power of two of at least 512");
		return false;
	}
	/* Byte offsets are off_t. */
	if (medium->blocks > (uint64_t)INT64_MAX / medium->block_size) {
		throw_type(env, "blocks", "less than 2^63 bytes");
		return false;
	}
	return true;
}

/* What `options` names changes in `medium`. On success medium->fd is a duplicate, or the fd it was. */
static bool read_medium(napi_env env, napi_value options, struct medium *medium)
{
	napi_value value;
	int fd;

	if (!read_numbers(env, options, medium) || !read_bool(env, options, "writeCache", &medium->write_cache) ||
	    !read_bool(env, options, "nvCache", &medium->nv_cache) || !get_optional(env, options, "fd", &value))
		return false;
	if (value == NULL)
		return true;
	if (!get_int32(env, value, "fd", &fd))
		return false;
	medium->fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (fd >= 0 && medium->fd < 0) {
		throw_errno(env, errno, "duplicate the medium's file");
		return false;
	}
	return true;
}

static struct bound_unit *unit_of_call(napi_env env, napi_callback_info info, size_t count, napi_value *arguments)
{
	struct bound_unit *bound = unwrap_call(env, info, &unit_tag, count, arguments);

	if (bound != NULL && bound->closed) {
		napi_throw_error(env, "UnitClosed", "the unit is closed");
		return NULL;
	}
	return bound;
}

/* A ring's thread, under the unit's mutex. */
static void send_idle(void *context)
{
	struct bound_unit *bound = context;

	channel_send(bound->channel, NULL);
}

static void settle(napi_env env, struct bound_unit *bound)
{
	channel_let_go(env, bound->channel);
	waiters_resolve(env, &bound->waiters);
}

/* The gate may have been closed once more since the message was sent: then another one comes. */
static void receive_idle(napi_env env, napi_value callback, void *context, struct ring_event *events)
{
	struct bound_unit *bound = context;

	(void)callback;
	(void)events;
	if (gate_settled(bound->unit))
		settle(env, bound);
}

static napi_value close_gate(napi_env env, napi_callback_info info)
{
	struct bound_unit *bound = unit_of_call(env, info, 0, NULL);
	napi_value promise;

	if (bound == NULL)
		return NULL;
	promise = waiters_add(env, &bound->waiters);
	if (promise == NULL)
		return NULL;
	channel_hold(env, bound->channel);
	if (gate_close(bound->unit))
		settle(env, bound);
	return promise;
}

static napi_value open_gate(napi_env env, napi_callback_info info)
{
	struct bound_unit *bound = unit_of_call(env, info, 0, NULL);

	if (bound != NULL && !gate_open(bound->unit))
		napi_throw_error(env, "GateOpen", "the gate is open already");
	return NULL;
}

static napi_value update(napi_env env, napi_callback_info info)
{
	napi_value options;
	struct bound_unit *bound = unit_of_call(env, info, 1, &options);
	struct medium medium;
	int former;

	if (bound == NULL)
		return NULL;
	if (!unit_quiet(bound->unit)) {
		napi_throw_error(env, "GateOpen", "update needs the gate closed");
		return NULL;
	}
	medium = *unit_medium(bound->unit);
	former = medium.fd;
	if (!read_medium(env, options, &medium))
		return NULL;
	*unit_medium(bound->unit) = medium;
	if (former >= 0 && former != medium.fd)
		close(former);
	return NULL;
}

static napi_value attach(napi_env env, napi_callback_info info)
{
	napi_value arguments[2], self;
	struct bound_unit *bound = unit_of_call(env, info, 2, arguments);

	if (bound == NULL)
		return NULL;
	napi_get_cb_info(env, info, NULL, NULL, &self, NULL);
	return attach_ring(env, bound->unit, self, arguments[0], arguments[1]);
}

static void release(struct bound_unit *bound)
{
	struct medium *medium = unit_medium(bound->unit);

	if (medium->fd >= 0)
		close(medium->fd);
	unit_free(bound->unit);
	channel_close(bound->channel);
	bound->closed = true;
}

static napi_value close_unit(napi_env env, napi_callback_info info)
{
	struct bound_unit *bound = unit_of_call(env, info, 0, NULL);

	if (bound == NULL)
		return NULL;
	if (unit_has_rings(bound->unit)) {
		napi_throw_error(env, "RingsAttached", "a ring of the unit has not been stopped");
		return NULL;
	}
	waiters_resolve(env, &bound->waiters);
	release(bound);
	return NULL;
}

/* With a ring's thread that couldn't be ended in time everything stays: the process is ending. */
static void finalize(napi_env env, void *data, void *hint)
{
	struct bound_unit *bound = data;

	(void)env;
	(void)hint;
	if (!bound->closed && unit_has_rings(bound->unit))
		return;
	if (!bound->closed)
		release(bound);
	free(bound);
}

static bool read_opcodes(napi_env env, napi_value options, const uint8_t **opcodes)
{
	napi_value value;
	size_t length;

	if (!get_required(env, options, "dataOutOpcodes", &value) ||
	    !get_bytes(env, value, "dataOutOpcodes", opcodes, &length))
		return false;
	if (length == 256)
		return true;
	throw_type(env, "dataOutOpcodes", "256 bytes");
	return false;
}

static bool require_all(napi_env env, napi_value options)
{
	static const char *const names[] = {"fd", "blockSize", "blocks", "writeCache", "nvCache"};
	napi_value value;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!get_required(env, options, names[i], &value))
			return false;
	return true;
}

static napi_value wrap(napi_env env, struct bound_unit *bound)
{
	const napi_property_descriptor methods[] = {
		{"attachRing", NULL, attach, NULL, NULL, NULL, napi_default, NULL},
		{"closeGate", NULL, close_gate, NULL, NULL, NULL, napi_default, NULL},
		{"openGate", NULL, open_gate, NULL, NULL, NULL, napi_default, NULL},
		{"update", NULL, update, NULL, NULL, NULL, napi_default, NULL},
		{"close", NULL, close_unit, NULL, NULL, NULL, napi_default, NULL},
	};

	return wrap_native(env, bound, &unit_tag, finalize, methods, sizeof(methods) / sizeof(*methods));
}

napi_value create_unit(napi_env env, napi_callback_info info)
{
	napi_value options, object;
	size_t count = 1;
	struct medium medium = {.fd = -1};
	const uint8_t *opcodes;
	struct bound_unit *bound;

	napi_get_cb_info(env, info, &count, &options, NULL, NULL);
	if (!require_all(env, options) || !read_opcodes(env, options, &opcodes) || !read_medium(env, options, &medium))
		return NULL;
	bound = calloc(1, sizeof(*bound));
	if (bound != NULL)
		bound->unit = unit_create(&medium, opcodes, send_idle, bound);
	if (bound != NULL && bound->unit != NULL)
		bound->channel = channel_create(env, "scst gate", NULL, receive_idle, bound);
	if (bound == NULL || bound->unit == NULL || bound->channel == NULL) {
		if (bound != NULL && bound->unit != NULL)
			unit_free(bound->unit);
		free(bound);
		if (medium.fd >= 0)
			close(medium.fd);
		napi_throw_error(env, "ENOMEM", "out of memory");
		return NULL;
	}
	object = wrap(env, bound);
	if (object == NULL) {
		release(bound);
		free(bound);
	}
	return object;
}
