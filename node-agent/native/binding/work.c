/* Work off the JavaScript thread, whose end is a promise. */
#include <errno.h>
#include <stdlib.h>

#include "binding.h"

napi_value work_start(napi_env env, struct work *work, const char *name, napi_async_execute_callback execute,
		      napi_async_complete_callback complete)
{
	napi_value promise, resource;

	napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &resource);
	if (napi_create_promise(env, &work->deferred, &promise) == napi_ok &&
	    napi_create_async_work(env, NULL, resource, execute, complete, work, &work->work) == napi_ok &&
	    napi_queue_async_work(env, work->work) == napi_ok)
		return promise;
	free(work);
	return throw_errno(env, ENOMEM, name);
}

void work_end(napi_env env, struct work *work, napi_status status, int error, const char *what, napi_value result)
{
	napi_value exception;

	if (status == napi_ok && error == 0) {
		napi_resolve_deferred(env, work->deferred, result);
	} else {
		throw_errno(env, status == napi_ok ? error : ECANCELED, what);
		if (napi_get_and_clear_last_exception(env, &exception) == napi_ok)
			napi_reject_deferred(env, work->deferred, exception);
	}
	napi_delete_async_work(env, work->work);
	free(work);
}
