/* A thread-safe function that other threads may call at any time, even while and after the environment ends. */
#include <pthread.h>
#include <stdlib.h>

#include "binding.h"

struct channel {
	pthread_mutex_t mutex;
	/* Under the mutex. NULL: closed. Node frees the function when the environment ends, whoever still uses it. */
	napi_threadsafe_function function;
	/* The owner and Node's function: the last one frees. */
	int references;
	void (*receive)(napi_env env, napi_value callback, void *context, struct ring_event *events);
	void *context;
};

static void drop_reference(struct channel *channel)
{
	bool last;

	pthread_mutex_lock(&channel->mutex);
	last = --channel->references == 0;
	pthread_mutex_unlock(&channel->mutex);
	if (last) {
		pthread_mutex_destroy(&channel->mutex);
		free(channel);
	}
}

/* Without an environment nothing can be delivered, and the channel may be freed already. */
static void call(napi_env env, napi_value callback, void *context, void *item)
{
	const struct channel *channel = context;

	if (env != NULL)
		channel->receive(env, callback, channel->context, item);
	else
		ring_events_free(item);
}

static void finalize(napi_env env, void *data, void *hint)
{
	struct channel *channel = data;

	(void)env;
	(void)hint;
	pthread_mutex_lock(&channel->mutex);
	channel->function = NULL;
	pthread_mutex_unlock(&channel->mutex);
	drop_reference(channel);
}

struct channel *channel_create(napi_env env, const char *name, napi_value callback,
			       void (*receive)(napi_env env, napi_value callback, void *context,
					       struct ring_event *events),
			       void *context)
{
	struct channel *channel = calloc(1, sizeof(*channel));
	napi_value resource;

	if (channel == NULL)
		return NULL;
	pthread_mutex_init(&channel->mutex, NULL);
	channel->references = 1;
	channel->receive = receive;
	channel->context = context;
	napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &resource);
	if (napi_create_threadsafe_function(env, callback, NULL, resource, 0, 1, channel, finalize, channel, call,
					    &channel->function) != napi_ok) {
		drop_reference(channel);
		return NULL;
	}
	channel->references = 2;
	napi_unref_threadsafe_function(env, channel->function);
	return channel;
}

void channel_send(struct channel *channel, struct ring_event *events)
{
	napi_status status = napi_closing;

	pthread_mutex_lock(&channel->mutex);
	if (channel->function != NULL)
		status = napi_call_threadsafe_function(channel->function, events, napi_tsfn_nonblocking);
	pthread_mutex_unlock(&channel->mutex);
	if (status != napi_ok)
		ring_events_free(events);
}

void channel_hold(napi_env env, struct channel *channel)
{
	if (channel->function != NULL)
		napi_ref_threadsafe_function(env, channel->function);
}

void channel_let_go(napi_env env, struct channel *channel)
{
	if (channel->function != NULL)
		napi_unref_threadsafe_function(env, channel->function);
}

void channel_close(struct channel *channel)
{
	napi_threadsafe_function function;

	pthread_mutex_lock(&channel->mutex);
	function = channel->function;
	channel->function = NULL;
	pthread_mutex_unlock(&channel->mutex);
	if (function != NULL)
		napi_release_threadsafe_function(function, napi_tsfn_abort);
	drop_reference(channel);
}
