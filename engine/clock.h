/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time and waiting.  Nothing else in the tree reads a clock, sleeps or polls.
 *
 * Every asynchronous object answers wait(w): it adds the descriptors it waits
 * for and lowers w->deadline, and is asked anew each turn.  The real clock then
 * polls; the simulated one only moves its time to the deadline, so that a whole
 * job runs without a second passing.
 */
#ifndef XM_CLOCK_H
#define XM_CLOCK_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#define XM_NEVER UINT64_MAX
#define XM_NS_PER_S UINT64_C(1000000000)
#define XM_NS_PER_MS UINT64_C(1000000)

struct xm_waiter {
	struct pollfd *fds;
	unsigned n, cap;
	uint64_t deadline;       /* XM_NEVER: none */
	bool failed;             /* out of memory while adding: the turn must not sleep */
};

void xm_waiter_reset(struct xm_waiter *w);
void xm_waiter_fd(struct xm_waiter *w, int fd, short events);
/* Had it something when the wait ended?  False before the first. */
bool xm_waiter_told(const struct xm_waiter *w, int fd);
/* Not later than `when`; a time that has passed means do not sleep. */
void xm_waiter_until(struct xm_waiter *w, uint64_t when);
void xm_waiter_free(struct xm_waiter *w);

struct xm_clock {
	uint64_t (*now)(struct xm_clock *c);          /* ns, monotonic */
	/* Until a descriptor is ready or the deadline has come.  EINTR is no error. */
	void (*wait)(struct xm_clock *c, struct xm_waiter *w);
};

extern struct xm_clock xm_clock_real;

struct xm_clock_sim {
	struct xm_clock clock;
	uint64_t time;
};
/*
 * Starts at 1 s.  A descriptor that is ready ends a wait before time moves.  A
 * wait without a deadline, when nothing becomes ready, is a hang and aborts the test.
 */
void xm_clock_sim_init(struct xm_clock_sim *sim);

#endif
