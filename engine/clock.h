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

/*
 * A source with much under way may be waited for in its own way, for two milliseconds
 * at most, until half of it has ended: a wake-up for each end takes the processor from
 * the kernel's threads that move the bytes.  A source too slow for that is left alone
 * for a while, so that it loses nothing by it.
 */
struct xm_nap {
	/* Until nap->want have ended or ns have passed; how many have. */
	unsigned (*sleep)(struct xm_nap *nap, uint64_t ns);
	unsigned want;
	unsigned awake;          /* waits until the next one */
};

struct xm_waiter {
	struct pollfd *fds;
	unsigned n, cap;
	struct xm_nap *nap;      /* NULL: none */
	int nap_fd, rare_fd;
	uint64_t deadline;       /* XM_NEVER: none */
	bool failed;             /* out of memory while adding: the turn must not sleep */
};

void xm_waiter_reset(struct xm_waiter *w);
void xm_waiter_fd(struct xm_waiter *w, int fd, short events);
/* A descriptor that may be heard a nap later. */
void xm_waiter_rare_fd(struct xm_waiter *w, int fd);
/*
 * A descriptor that tells of `out` things; before it a nap is taken
 * when all others are rare ones.
 */
void xm_waiter_nap(struct xm_waiter *w, int fd, struct xm_nap *nap, unsigned out);
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
