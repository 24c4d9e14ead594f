/*
 * Rings whose thread has not been started: one thread waits for all of them, starts a ring's own with its first work, and
 * those that have none one after the other. After a restart, whoever waits for an answer comes first.
 */
#include <sys/epoll.h>
#include <sys/prctl.h>

#include "internal.h"

/* Without any work for so long, the next ring gets its thread: one that came with the first command could lack the memory. */
enum { PAUSE_MILLISECONDS = 100 };

static struct {
	pthread_mutex_t mutex;
	/* Under the mutex. */
	struct ring *rings;
	/* A thread waits for them. */
	bool watched;
	int epoll_fd;
} dormant = {.mutex = PTHREAD_MUTEX_INITIALIZER, .epoll_fd = -1};

/* Under the mutex. False: somebody else has, and the ring may be freed by now. */
static bool take_out(const struct ring *ring)
{
	for (struct ring **each = &dormant.rings; *each != NULL; each = &(*each)->next_dormant)
		if (*each == ring) {
			*each = ring->next_dormant;
			epoll_ctl(dormant.epoll_fd, EPOLL_CTL_DEL, ring->epoll_fd, NULL);
			return true;
		}
	return false;
}

/* Under the mutex. */
static void wake(struct ring *ring)
{
	if (take_out(ring))
		thread_start(ring);
}

void dormant_wake(struct ring *ring)
{
	pthread_mutex_lock(&dormant.mutex);
	wake(ring);
	pthread_mutex_unlock(&dormant.mutex);
}

bool dormant_has_thread(const struct ring *ring)
{
	bool threaded;

	pthread_mutex_lock(&dormant.mutex);
	threaded = ring->threaded;
	pthread_mutex_unlock(&dormant.mutex);
	return threaded;
}

/* Until there are none any more. */
static void *watch(void *argument)
{
	const int epoll_fd = *(const int *)argument;
	struct epoll_event event;

	prctl(PR_SET_NAME, "scst-dormant");
	for (bool watched = true; watched;) {
		bool work = epoll_wait(epoll_fd, &event, 1, PAUSE_MILLISECONDS) == 1;

		pthread_mutex_lock(&dormant.mutex);
		if (dormant.rings != NULL)
			wake(work ? event.data.ptr : dormant.rings);
		watched = dormant.watched = dormant.rings != NULL;
		pthread_mutex_unlock(&dormant.mutex);
	}
	return NULL;
}

/* Under the mutex. */
static bool start_watching(void)
{
	pthread_t thread;

	if (dormant.epoll_fd < 0)
		dormant.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (dormant.epoll_fd >= 0 && !dormant.watched && thread_create(&thread, watch, &dormant.epoll_fd)) {
		pthread_detach(thread);
		dormant.watched = true;
	}
	return dormant.watched;
}

bool dormant_add(struct ring *ring)
{
	/* A ring's epoll is readable while one of its sources is ready; its thread finds that ready all the same. */
	struct epoll_event source = {.events = EPOLLIN, .data.ptr = ring};
	bool added;

	pthread_mutex_lock(&dormant.mutex);
	added = start_watching() && epoll_ctl(dormant.epoll_fd, EPOLL_CTL_ADD, ring->epoll_fd, &source) == 0;
	if (added) {
		ring->next_dormant = dormant.rings;
		dormant.rings = ring;
	}
	pthread_mutex_unlock(&dormant.mutex);
	return added;
}
