/* Writes to files of the kernel, and directories made there, in one go off the JavaScript thread. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "../write-once.h"
#include "binding.h"

/* A file of configfs takes at most a page. */
enum { TEXT_SIZE = 4096 };

/* Without a text: a directory is made. */
struct change {
	char *path, *text;
	int error;
};

struct change_work {
	struct work work;
	struct change *changes;
	uint32_t count;
};

static void execute(napi_env env, void *data)
{
	struct change_work *work = data;

	(void)env;
	for (uint32_t i = 0; i < work->count; i++) {
		struct change *change = &work->changes[i];

		if (change->text != NULL)
			change->error = write_once(change->path, change->text);
		else
			change->error = mkdir(change->path, 0777) < 0 ? errno : 0;
	}
}

static napi_value error_of(napi_env env, const struct change *change)
{
	napi_value error;
	char what[256];

	if (change->error == 0) {
		napi_get_null(env, &error);
		return error;
	}
	snprintf(what, sizeof(what), "%s '%.200s'", change->text != NULL ? "write" : "mkdir", change->path);
	throw_errno(env, change->error, what);
	return napi_get_and_clear_last_exception(env, &error) == napi_ok ? error : NULL;
}

static void free_changes(struct change *changes, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		free(changes[i].path);
		free(changes[i].text);
	}
	free(changes);
}

static void complete(napi_env env, napi_status status, void *data)
{
	struct change_work *work = data;
	napi_value errors;

	napi_create_array(env, &errors);
	for (uint32_t i = 0; i < work->count; i++)
		napi_set_element(env, errors, i, error_of(env, &work->changes[i]));
	free_changes(work->changes, work->count);
	work_end(env, &work->work, status, 0, "write", errors);
}

static bool take_change(napi_env env, napi_value paths, napi_value texts, uint32_t at, struct change *change)
{
	napi_value path, text;

	napi_get_element(env, paths, at, &path);
	napi_get_element(env, texts, at, &text);
	change->path = copy_text(env, path, "path", PATH_MAX);
	if (change->path == NULL || is_a(env, text, napi_null))
		return change->path != NULL;
	change->text = copy_text(env, text, "text", TEXT_SIZE + 1);
	return change->text != NULL;
}

static bool take_arguments(napi_env env, struct change_work *work, const napi_value *arguments)
{
	uint32_t paths, texts;

	if (napi_get_array_length(env, arguments[0], &paths) != napi_ok ||
	    napi_get_array_length(env, arguments[1], &texts) != napi_ok || paths != texts) {
		throw_type(env, "paths and texts", "arrays of one length");
		return false;
	}
	work->changes = calloc((size_t)paths + 1, sizeof(*work->changes));
	if (work->changes == NULL) {
		throw_errno(env, ENOMEM, "write");
		return false;
	}
	while (work->count < paths) {
		uint32_t at = work->count++;

		if (!take_change(env, arguments[0], arguments[1], at, &work->changes[at]))
			return false;
	}
	return true;
}

napi_value change_nodes(napi_env env, napi_callback_info info)
{
	struct change_work *work = calloc(1, sizeof(*work));
	napi_value arguments[2], promise;
	struct change *changes;
	uint32_t taken;
	size_t count = 2;

	if (work == NULL)
		return throw_errno(env, ENOMEM, "write");
	napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
	if (!take_arguments(env, work, arguments)) {
		free_changes(work->changes, work->count);
		free(work);
		return NULL;
	}
	changes = work->changes;
	taken = work->count;
	promise = work_start(env, &work->work, "scst write", execute, complete);
	if (promise == NULL)
		free_changes(changes, taken);
	return promise;
}
