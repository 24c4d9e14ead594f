/* What a ring's thread hands over, as the RingEvent objects of types.ts. */
#include <string.h>

#include "binding.h"

static void set_number(napi_env env, napi_value object, const char *name, double number)
{
	napi_value value;

	napi_create_double(env, number, &value);
	set_named(env, object, name, value);
}

static void set_text(napi_env env, napi_value object, const char *name, const char *text)
{
	napi_value value;

	napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
	set_named(env, object, name, value);
}

static bool set_bytes(napi_env env, napi_value object, const char *name, const uint8_t *bytes, size_t length)
{
	napi_value value;

	if (napi_create_buffer_copy(env, length, bytes, NULL, &value) != napi_ok)
		return false;
	set_named(env, object, name, value);
	return true;
}

static bool set_command(napi_env env, napi_value object, const struct ring_event *event)
{
	static const char *const operations[] = {
		[OPERATION_READ] = "read", [OPERATION_WRITE] = "write", [OPERATION_FLUSH] = "flush"};
	napi_value failure;

	set_text(env, object, "kind", "command");
	set_number(env, object, "id", event->id);
	set_number(env, object, "dataInLength", (double)event->data_in_length);
	if (event->failed_operation != OPERATION_NONE) {
		napi_create_object(env, &failure);
		set_text(env, failure, "operation", operations[event->failed_operation]);
		set_number(env, failure, "errno", event->failed_errno);
		set_named(env, object, "failure", failure);
	}
	return set_bytes(env, object, "cdb", event->bytes, event->cdb_length) &&
	       set_bytes(env, object, "dataOut", event->bytes + event->cdb_length, event->data_length);
}

static void set_task_management(napi_env env, napi_value object, const struct ring_event *event)
{
	napi_value ids, value;
	uint32_t count = (uint32_t)(event->data_length / sizeof(uint16_t));

	set_text(env, object, "kind", "taskManagement");
	set_number(env, object, "type", event->tmr_type);
	napi_create_array_with_length(env, count, &ids);
	for (uint32_t i = 0; i < count; i++) {
		uint16_t id;

		memcpy(&id, event->bytes + i * sizeof(id), sizeof(id));
		napi_create_uint32(env, id, &value);
		napi_set_element(env, ids, i, value);
	}
	set_named(env, object, "ids", ids);
}

napi_value events_to_array(napi_env env, const struct ring_event *events)
{
	napi_value array, object;
	bool complete = true;
	uint32_t index = 0;

	if (napi_create_array(env, &array) != napi_ok)
		return NULL;
	for (const struct ring_event *event = events; event != NULL && complete; event = event->next) {
		complete = napi_create_object(env, &object) == napi_ok;
		if (!complete)
			break;
		switch (event->kind) {
		case RING_COMMAND:
			complete = set_command(env, object, event);
			break;
		case RING_TASK_MANAGEMENT:
			set_task_management(env, object, event);
			break;
		case RING_GONE:
			set_text(env, object, "kind", "gone");
			break;
		case RING_FAILED:
			set_text(env, object, "kind", "failed");
			set_text(env, object, "message", event->message);
			break;
		}
		napi_set_element(env, array, index++, object);
	}
	return complete ? array : NULL;
}
