/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two clocks, and the list of what a turn waits for.
 *
 * The simulated one exists so that back-off, timeouts and stalls of whole jobs
 * are tested in no time.  It looks at descriptors too (pool threads are real),
 * but lets no real time pass as long as there is a deadline to jump to.
 */
#include "clock.h"
#include "xm/list.h"

#include <stdlib.h>
#include <time.h>

/* A turn never sleeps longer: a lost wake-up costs this much, not the job. */
#define LONGEST_WAIT (60 * XM_NS_PER_S)
/* How long real threads may work while a simulated clock has no deadline: then it is a hang. */
#define SIM_HANG_MS 20000

void xm_waiter_reset(struct xm_waiter *w)
{
	w->n = 0;
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

static void real_wait(struct xm_clock *c, struct xm_waiter *w)
{
	uint64_t now = real_now(c), left = LONGEST_WAIT;
	if (w->failed)
		left = 0;
	else if (w->deadline != XM_NEVER)
		left = w->deadline > now ? w->deadline - now : 0;
	if (left > LONGEST_WAIT)
		left = LONGEST_WAIT;
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
