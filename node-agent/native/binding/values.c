/* Values between C and JavaScript: arguments, errors, wrapped objects, promises. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "binding.h"

bool is_a(napi_env env, napi_value value, napi_valuetype type)
{
	napi_valuetype actual;

	return napi_typeof(env, value, &actual) == napi_ok && actual == type;
}

napi_value throw_type(napi_env env, const char *name, const char *expected)
{
	char message[160];

	snprintf(message, sizeof(message), "%s must be %s", name, expected);
	napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message);
	return NULL;
}

napi_value throw_errno(napi_env env, int error, const char *what)
{
	const char *code = strerrorname_np(error);
	char message[512];

	snprintf(message, sizeof(message), "%s: %s, %s", code != NULL ? code : "EUNKNOWN", strerror(error), what);
	napi_throw_error(env, code != NULL ? code : "EUNKNOWN", message);
	return NULL;
}

static bool get_integer(napi_env env, napi_value value, const char *name, double least, double most, double *result)
{
	if (napi_get_value_double(env, value, result) == napi_ok && *result >= least && *result <= most &&
	    trunc(*result) == *result)
		return true;
	throw_type(env, name, "an integer in range");
	return false;
}

bool get_bool(napi_env env, napi_value value, const char *name, bool *result)
{
	if (napi_get_value_bool(env, value, result) == napi_ok)
		return true;
	throw_type(env, name, "a boolean");
	return false;
}

bool get_int32(napi_env env, napi_value value, const char *name, int32_t *result)
{
	double number;

	if (!get_integer(env, value, name, INT32_MIN, INT32_MAX, &number))
		return false;
	*result = (int32_t)number;
	return true;
}

bool get_uint32(napi_env env, napi_value value, const char *name, uint32_t *result)
{
	double number;

	if (!get_integer(env, value, name, 0, UINT32_MAX, &number))
		return false;
	*result = (uint32_t)number;
	return true;
}

bool get_size(napi_env env, napi_value value, const char *name, size_t *result)
{
	const double max_safe_integer = 9007199254740991.0;
	double number;

	if (!get_integer(env, value, name, 0, max_safe_integer, &number))
		return false;
	*result = (size_t)number;
	return true;
}

bool get_text(napi_env env, napi_value value, const char *name, char *buffer, size_t size)
{
	size_t length;

	if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) {
		throw_type(env, name, "a string");
		return false;
	}
	if (length >= size) {
		throw_type(env, name, "shorter");
		return false;
	}
	napi_get_value_string_utf8(env, value, buffer, size, &length);
	/* A path is not what stands before a NUL in it. */
	if (strlen(buffer) != length) {
		throw_type(env, name, "a string without null bytes");
		return false;
	}
	return true;
}

char *copy_text(napi_env env, napi_value value, const char *name, size_t size)
{
	char *text = malloc(size), *fitting;

	if (text == NULL) {
		throw_errno(env, ENOMEM, name);
		return NULL;
	}
	if (!get_text(env, value, name, text, size)) {
		free(text);
		return NULL;
	}
	fitting = realloc(text, strlen(text) + 1);
	return fitting != NULL ? fitting : text;
}

bool get_bytes(napi_env env, napi_value value, const char *name, const uint8_t **bytes, size_t *length)
{
	napi_typedarray_type type;
	void *data;
	bool typed_array;

	*bytes = NULL;
	*length = 0;
	if (is_a(env, value, napi_null))
		return true;
	if (napi_is_typedarray(env, value, &typed_array) != napi_ok || !typed_array ||
	    napi_get_typedarray_info(env, value, &type, length, &data, NULL, NULL) != napi_ok ||
	    type != napi_uint8_array) {
		throw_type(env, name, "a Uint8Array");
		return false;
	}
	*bytes = data;
	return true;
}

bool get_optional(napi_env env, napi_value object, const char *name, napi_value *result)
{
	*result = NULL;
	if (!is_a(env, object, napi_object)) {
		throw_type(env, "options", "an object");
		return false;
	}
	if (napi_get_named_property(env, object, name, result) != napi_ok)
		return false;
	if (is_a(env, *result, napi_undefined))
		*result = NULL;
	return true;
}

bool get_required(napi_env env, napi_value object, const char *name, napi_value *result)
{
	if (!get_optional(env, object, name, result))
		return false;
	if (*result != NULL)
		return true;
	throw_type(env, name, "given");
	return false;
}

void set_named(napi_env env, napi_value object, const char *name, napi_value value)
{
	napi_set_named_property(env, object, name, value);
}

napi_value wrap_native(napi_env env, void *native, const napi_type_tag *tag, napi_finalize finalize,
		       const napi_property_descriptor *methods, size_t count)
{
	napi_value object;

	if (napi_create_object(env, &object) != napi_ok ||
	    napi_define_properties(env, object, count, methods) != napi_ok ||
	    napi_type_tag_object(env, object, tag) != napi_ok ||
	    napi_wrap(env, object, native, finalize, NULL, NULL) != napi_ok)
		return NULL;
	return object;
}

void *unwrap_call(napi_env env, napi_callback_info info, const napi_type_tag *tag, size_t count, napi_value *arguments)
{
	napi_value self;
	bool ours = false;
	void *native = NULL;

	if (napi_get_cb_info(env, info, &count, arguments, &self, NULL) == napi_ok && is_a(env, self, napi_object))
		napi_check_object_type_tag(env, self, tag, &ours);
	if (!ours || napi_unwrap(env, self, &native) != napi_ok) {
		throw_type(env, "this", "an object of the ring add-on");
		return NULL;
	}
	return native;
}

struct waiter {
	struct waiter *next;
	napi_deferred deferred;
};

napi_value waiters_add(napi_env env, struct waiter **waiters)
{
	struct waiter *waiter = malloc(sizeof(*waiter));
	napi_value promise;

	if (waiter == NULL || napi_create_promise(env, &waiter->deferred, &promise) != napi_ok) {
		free(waiter);
		napi_throw_error(env, "ENOMEM", "out of memory");
		return NULL;
	}
	waiter->next = *waiters;
	*waiters = waiter;
	return promise;
}

void waiters_resolve(napi_env env, struct waiter **waiters)
{
	napi_value undefined;

	napi_get_undefined(env, &undefined);
	while (*waiters != NULL) {
		struct waiter *waiter = *waiters;

		*waiters = waiter->next;
		napi_resolve_deferred(env, waiter->deferred, undefined);
		free(waiter);
	}
}
