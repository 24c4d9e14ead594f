/* A ring's life: attaching, the thread's loop, ending. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

enum { STACK_BYTES = 256 * 1024, UNREAD_EVENTS_MAX = 64 };

void ring_wake(struct ring *ring)
{
	const uint64_t one = 1;

	/* Only a counter at its maximum would refuse, and then the thread is awake. */
	while (write(ring->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void ring_publish(struct ring *ring)
{
	const uint32_t anything = 0;
	struct ring_event *events = ring->events;

	if (ring->kick_due) {
		ring->kick_due = false;
		while (write(ring->uio_fd, &anything, sizeof(anything)) < 0) {
			if (errno == EINTR)
				continue;
			ring->gone = true;
			break;
		}
	}
	if (events != NULL) {
		ring->events = NULL;
		ring->events_end = &ring->events;
		ring->owner.events(ring->owner.context, events);
	}
}

/* The kernel counts events in 32 bits, and shows none where its count is what was last read: so it is read now and then. */
static void take_events(struct ring *ring)
{
	uint32_t events;

	while (read(ring->uio_fd, &events, sizeof(events)) > 0)
		;
	ring->unread_events = 0;
}

/*
 * Waits for the kernel's event or a wake-up: what is scanned afterwards can't be missed. Edge-triggered, so that one system
 * call does for both: an event that isn't read is told once all the same.
 */
static void wait_for_work(struct ring *ring)
{
	struct epoll_event sources[2];
	int count = epoll_wait(ring->epoll_fd, sources, 2, -1);

	for (int i = 0; i < count; i++) {
		if (sources[i].data.fd != ring->uio_fd)
			continue;
		if (sources[i].events & (EPOLLERR | EPOLLHUP))
			ring->gone = true;
		else if (++ring->unread_events == UNREAD_EVENTS_MAX)
			take_events(ring);
	}
}

static bool never_blocks(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

static bool watch(const struct ring *ring, int fd)
{
	struct epoll_event source = {.events = EPOLLIN | EPOLLET, .data.fd = fd};

	return epoll_ctl(ring->epoll_fd, EPOLL_CTL_ADD, fd, &source) == 0;
}

/* Runs guarded: it may end anywhere where it touches the mapping. */
static void loop(void *argument)
{
	struct ring *ring = argument;

	while (!ring->gone) {
		/* Read first: a completion queued before ring_stop is still written. */
		bool stopping = atomic_load(&ring->stopping);

		handover_complete_queued(ring);
		if (!workers_collect(ring) || (!stopping && !ring_scan(ring)))
			return;
		ring_publish(ring);
		if (stopping && ring->with_workers == 0)
			return;
		wait_for_work(ring);
	}
}

static bool uio_gone(const struct ring *ring)
{
	struct pollfd uio = {.fd = ring->uio_fd, .events = POLLIN};

	return poll(&uio, 1, 0) > 0 && (uio.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
}

/* The last that happens to a ring: nobody touches it afterwards but who joins and frees it. */
static void end(struct ring *ring)
{
	if (ring->gone)
		handover_end(ring, RING_GONE, NULL);
	else if (ring->failure != NULL)
		handover_end(ring, RING_FAILED, ring->failure);
	ring->kick_due = false;
	ring_publish(ring);
	gate_remove_ring(ring);
	ring->owner.ended(ring->owner.context);
}

static void *run(void *argument)
{
	struct ring *ring = argument;

	/* By itself: naming another thread goes through its files in /proc. */
	prctl(PR_SET_NAME, "scst-ring");
	if (!fault_guard(loop, ring)) {
		if (uio_gone(ring))
			ring->gone = true;
		else
			ring->failure = "a part of the ring's mapping is gone";
	}
	workers_drain(ring);
	/* Broken off inside the gate, perhaps, and nothing of this ring executes any more. */
	atomic_store(&ring->inflight, 0);
	end(ring);
	return NULL;
}

/* Signals are for the main thread; those of a fault must stay with the thread that causes it. */
static void block_signals(sigset_t *former)
{
	sigset_t blocked;

	sigfillset(&blocked);
	sigdelset(&blocked, SIGBUS);
	sigdelset(&blocked, SIGSEGV);
	sigdelset(&blocked, SIGILL);
	sigdelset(&blocked, SIGFPE);
	sigdelset(&blocked, SIGTRAP);
	pthread_sigmask(SIG_SETMASK, &blocked, former);
}

bool thread_create(pthread_t *thread, void *(*entry)(void *argument), void *argument)
{
	pthread_attr_t attributes;
	sigset_t former;
	int error;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	block_signals(&former);
	error = pthread_create(thread, &attributes, entry, argument);
	pthread_sigmask(SIG_SETMASK, &former, NULL);
	pthread_attr_destroy(&attributes);
	return error == 0;
}

void thread_start(struct ring *ring)
{
	/* Nothing was ever handed over that could still be completed. */
	const bool stopping = atomic_load(&ring->stopping);

	ring->threaded = !stopping && thread_create(&ring->thread, run, ring);
	if (ring->threaded)
		return;
	if (!stopping)
		ring->failure = "the ring's thread can't be started";
	end(ring);
}

struct ring *ring_attach(struct unit *unit, int uio_fd, uint8_t *map, size_t map_size, uint32_t flags,
			 struct ring_owner owner, const char **error)
{
	struct ring *ring = aligned_alloc(alignof(struct ring), sizeof(*ring));

	*error = "out of memory";
	if (ring == NULL)
		return NULL;
	memset(ring, 0, offsetof(struct ring, iov));
	pthread_mutex_init(&ring->queue_mutex, NULL);
	ring->unit = unit;
	ring->owner = owner;
	ring->uio_fd = uio_fd;
	ring->map = map;
	ring->map_size = map_size;
	ring->queue_end = &ring->queue;
	ring->events_end = &ring->events;
	ring->done_end = &ring->done;
	atomic_store(&ring->flags, flags);
	/* By cmd_id, so that no look-up is needed; the kernel gives low ids first, so few pages are ever touched. */
	ring->handed_over = calloc((size_t)UINT16_MAX + 1, sizeof(*ring->handed_over));
	ring->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ring->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (ring->handed_over != NULL && never_blocks(uio_fd) && watch(ring, ring->wake_fd) &&
	    watch(ring, uio_fd))
		*error = ring_open_mailbox(ring);
	if (*error == NULL) {
		gate_add_ring(ring);
		/* What came before this descriptor was opened is told by nobody. */
		if (ring_has_entries(ring))
			ring_wake(ring);
		if (dormant_add(ring))
			return ring;
		*error = "nobody can wait for the ring's first command";
		gate_remove_ring(ring);
	}
	ring_free(ring);
	return NULL;
}

void ring_set_flags(struct ring *ring, uint32_t flags)
{
	atomic_store(&ring->flags, flags);
}

struct ring_counters ring_counters(struct ring *ring)
{
	struct counters *counters = &ring->counters;

	return (struct ring_counters){
		.reads = atomic_load_explicit(&counters->reads, memory_order_relaxed),
		.writes = atomic_load_explicit(&counters->writes, memory_order_relaxed),
		.read_bytes = atomic_load_explicit(&counters->read_bytes, memory_order_relaxed),
		.write_bytes = atomic_load_explicit(&counters->write_bytes, memory_order_relaxed),
		.unaligned_reads = atomic_load_explicit(&counters->unaligned_reads, memory_order_relaxed),
		.unaligned_writes = atomic_load_explicit(&counters->unaligned_writes, memory_order_relaxed),
		.without_data = atomic_load_explicit(&counters->without_data, memory_order_relaxed),
		.handed_over = atomic_load_explicit(&counters->handed_over, memory_order_relaxed),
		.in_flight = atomic_load_explicit(&counters->outstanding, memory_order_relaxed) +
			     atomic_load_explicit(&ring->inflight, memory_order_relaxed),
		.found_at_attach = ring->found_at_attach,
	};
}

void ring_stop(struct ring *ring)
{
	atomic_store(&ring->stopping, true);
	ring_wake(ring);
	dormant_wake(ring);
}

bool ring_join(struct ring *ring, int milliseconds)
{
	struct timespec until;

	if (!dormant_has_thread(ring))
		return true;
	if (milliseconds < 0)
		return pthread_join(ring->thread, NULL) == 0;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += milliseconds / 1000;
	until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	return pthread_timedjoin_np(ring->thread, NULL, &until) == 0;
}

void ring_free(struct ring *ring)
{
	handover_free(ring);
	if (ring->wake_fd >= 0)
		close(ring->wake_fd);
	if (ring->epoll_fd >= 0)
		close(ring->epoll_fd);
	pthread_mutex_destroy(&ring->queue_mutex);
	free(ring);
}
