/* What the files of the Node-API binding share. All calls on the JavaScript thread, but for what says otherwise. */
#ifndef SCST_BINDING_H
#define SCST_BINDING_H

#define NAPI_VERSION 8
#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>

#include "../ring/ring.h"

/* values.c: reading arguments. False: a JavaScript exception is pending. */
bool get_bool(napi_env env, napi_value value, const char *name, bool *result);
bool get_int32(napi_env env, napi_value value, const char *name, int32_t *result);
bool get_uint32(napi_env env, napi_value value, const char *name, uint32_t *result);
bool get_size(napi_env env, napi_value value, const char *name, size_t *result);
bool get_text(napi_env env, napi_value value, const char *name, char *buffer, size_t size);
/* The text in memory of its own, for free(); shorter than `size`. NULL: an exception is pending. */
char *copy_text(napi_env env, napi_value value, const char *name, size_t size);
/* Null or a Uint8Array; the bytes live as long as the call. */
bool get_bytes(napi_env env, napi_value value, const char *name, const uint8_t **bytes, size_t *length);
/* Leaves `result` NULL when the object has no such property, or undefined. */
bool get_optional(napi_env env, napi_value object, const char *name, napi_value *result);
bool get_required(napi_env env, napi_value object, const char *name, napi_value *result);
bool is_a(napi_env env, napi_value value, napi_valuetype type);
void set_named(napi_env env, napi_value object, const char *name, napi_value value);
napi_value throw_type(napi_env env, const char *name, const char *expected);
/* An Error whose code is the errno's name. Returns NULL, for `return throw_errno(...)`. */
napi_value throw_errno(napi_env env, int error, const char *what);

/* An object of ours: methods, and a native structure that only calls on such an object reach. */
napi_value wrap_native(napi_env env, void *native, const napi_type_tag *tag, napi_finalize finalize,
		       const napi_property_descriptor *methods, size_t count);
/* The structure behind `this`, and the arguments (missing ones are undefined). NULL: an exception is pending. */
void *unwrap_call(napi_env env, napi_callback_info info, const napi_type_tag *tag, size_t count, napi_value *arguments);

/* Work off the JavaScript thread, and the promise of its end. Its structure begins with this, and `complete` ends with work_end. */
struct work {
	napi_async_work work;
	napi_deferred deferred;
};
/* Returns the promise; or NULL, with an exception pending and the structure freed. */
napi_value work_start(napi_env env, struct work *work, const char *name, napi_async_execute_callback execute,
		      napi_async_complete_callback complete);
/* Resolves with `result`, or rejects with an error of that errno; frees the structure. */
void work_end(napi_env env, struct work *work, napi_status status, int error, const char *what, napi_value result);

/* Promises that wait for the same thing. */
struct waiter;
napi_value waiters_add(napi_env env, struct waiter **waiters);
void waiters_resolve(napi_env env, struct waiter **waiters);

/*
 * A way from any thread to the JavaScript thread: lists of events, or NULL, whose meaning is the receiver's. Lists that
 * can't be delivered any more are freed. A channel outlives the environment, so a ring's thread may always send.
 */
struct channel;
struct channel *channel_create(napi_env env, const char *name, napi_value callback,
			       void (*receive)(napi_env env, napi_value callback, void *context,
					       struct ring_event *events),
			       void *context);
void channel_send(struct channel *channel, struct ring_event *events);
/* An open channel lets the process end unless it is held. */
void channel_hold(napi_env env, struct channel *channel);
void channel_let_go(napi_env env, struct channel *channel);
/* Nothing is received afterwards. No other thread may send any more. */
void channel_close(struct channel *channel);

/* event.c: an array of RingEvent. NULL: an exception is pending. */
napi_value events_to_array(napi_env env, const struct ring_event *events);

/* unit.c, ring.c, open.c, read.c, write.c, lock.c, outstanding.c, allocation.c */
napi_value create_unit(napi_env env, napi_callback_info info);
napi_value attach_ring(napi_env env, struct unit *unit, napi_value unit_object, napi_value options,
		       napi_value on_events);
napi_value open_beneath(napi_env env, napi_callback_info info);
napi_value read_nodes(napi_env env, napi_callback_info info);
napi_value change_nodes(napi_env env, napi_callback_info info);
napi_value try_lock(napi_env env, napi_callback_info info);
napi_value count_outstanding(napi_env env, napi_callback_info info);
napi_value punch_hole(napi_env env, napi_callback_info info);
napi_value zero_range(napi_env env, napi_callback_info info);
napi_value read_directly(napi_env env, napi_callback_info info);
napi_value extent_at(napi_env env, napi_callback_info info);

#endif
