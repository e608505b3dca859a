/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two clocks, and the list of what a turn waits for.
 *
 * The simulated one exists so that back-off, timeouts and stalls of whole jobs
 * are tested in no time.  It looks at descriptors too (pool threads are real),
 * but lets no real time pass as long as there is a deadline to jump to.
 */
#include "clock.h"
#include "xm/align.h"
#include "xm/list.h"

#include <stdlib.h>
#include <time.h>

/* A turn never sleeps longer: a lost wake-up costs this much, not the job. */
#define LONGEST_WAIT (60 * XM_NS_PER_S)
#define LONGEST_NAP (2 * XM_NS_PER_MS)
/* Out at least, for a nap; and waits without one after one that brought too little. */
#define NAP_LEAST 4
#define AWAKE 64
/* How long real threads may work while a simulated clock has no deadline: then it is a hang. */
#define SIM_HANG_MS 20000

void xm_waiter_reset(struct xm_waiter *w)
{
	w->n = 0;
	w->nap = NULL;
	w->nap_fd = w->rare_fd = -1;
	w->deadline = XM_NEVER;
	w->failed = false;
}

void xm_waiter_fd(struct xm_waiter *w, int fd, short events)
{
	if (w->n == w->cap) {
		unsigned cap = w->cap ? w->cap * 2 : 8;
		struct pollfd *fds = reallocarray(w->fds, cap, sizeof *fds);
		if (!fds) {
			w->failed = true;
			return;
		}
		w->fds = fds;
		w->cap = cap;
	}
	w->fds[w->n++] = (struct pollfd){ .fd = fd, .events = events };
}

void xm_waiter_rare_fd(struct xm_waiter *w, int fd)
{
	xm_waiter_fd(w, fd, POLLIN);
	w->rare_fd = fd;
}

void xm_waiter_nap(struct xm_waiter *w, int fd, struct xm_nap *nap, unsigned out)
{
	xm_waiter_fd(w, fd, POLLIN);
	if (out < NAP_LEAST)
		return;
	nap->want = out / 2;
	w->nap_fd = fd;
	w->nap = nap;
}

bool xm_waiter_told(const struct xm_waiter *w, int fd)
{
	for (unsigned i = 0; i < w->n; i++)
		if (w->fds[i].fd == fd && w->fds[i].revents)
			return true;
	return false;
}

void xm_waiter_until(struct xm_waiter *w, uint64_t when)
{
	if (when < w->deadline)
		w->deadline = when;
}

void xm_waiter_free(struct xm_waiter *w)
{
	free(w->fds);
	*w = (struct xm_waiter){ .deadline = XM_NEVER };
}

static uint64_t real_now(struct xm_clock *c)
{
	struct timespec ts;
	(void)c;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * XM_NS_PER_S + (uint64_t)ts.tv_nsec;
}

static uint64_t time_left(struct xm_clock *c, const struct xm_waiter *w)
{
	uint64_t now = w->deadline == XM_NEVER ? 0 : real_now(c);
	if (w->failed || w->deadline <= now)
		return 0;
	return xm_min_u64(w->deadline - now, LONGEST_WAIT);
}

static bool may_nap(const struct xm_waiter *w)
{
	if (!w->nap)
		return false;
	for (unsigned i = 0; i < w->n; i++)
		if (w->fds[i].fd != w->nap_fd && w->fds[i].fd != w->rare_fd)
			return false;
	return w->nap->awake == 0 || w->nap->awake-- == 0;
}

/* Has anything ended? */
static bool took_nap(struct xm_nap *nap, uint64_t ns)
{
	unsigned ended = nap->sleep(nap, ns);
	if (ended < nap->want)
		nap->awake = AWAKE;
	return ended > 0;
}

static void real_wait(struct xm_clock *c, struct xm_waiter *w)
{
	uint64_t left = time_left(c, w);
	if (left && may_nap(w))
		left = took_nap(w->nap, xm_min_u64(left, LONGEST_NAP)) ? 0 : time_left(c, w);
	struct timespec ts = { .tv_sec = (time_t)(left / XM_NS_PER_S),
			       .tv_nsec = (long)(left % XM_NS_PER_S) };
	ppoll(w->fds, w->n, &ts, NULL);
}

struct xm_clock xm_clock_real = { .now = real_now, .wait = real_wait };

static uint64_t sim_now(struct xm_clock *c)
{
	return xm_container_of(c, struct xm_clock_sim, clock)->time;
}

static void sim_wait(struct xm_clock *c, struct xm_waiter *w)
{
	struct xm_clock_sim *sim = xm_container_of(c, struct xm_clock_sim, clock);
	bool endless = w->deadline == XM_NEVER;
	if (w->failed)
		return;
	if (w->n && poll(w->fds, w->n, endless ? SIM_HANG_MS : 0) > 0)
		return;
	if (endless)
		abort();
	if (w->deadline > sim->time)
		sim->time = w->deadline;
}

void xm_clock_sim_init(struct xm_clock_sim *sim)
{
	sim->clock = (struct xm_clock){ .now = sim_now, .wait = sim_wait };
	sim->time = XM_NS_PER_S;
}
