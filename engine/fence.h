/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of UNKNOWN: drives each nexus through its fence (nexus.h).
 *
 * A nexus needs a fence when a command that went down it ended UNKNOWN, or when
 * its transport says it is lost.  Then no new work is started, the answers that
 * still come are taken for a bounded time, start() is called once and poll()
 * until it answers.  What is quarantined under a nexus may be given back when,
 * and only when, xm_fence_step says FENCED for a start() that came after it was sent.
 */
#ifndef XM_FENCE_H
#define XM_FENCE_H

#include <stdbool.h>
#include <stdint.h>
#include "ctx.h"
#include "nexus.h"

#define XM_FENCE_NEXUSES 8
#define XM_FENCE_MOST 32             /* fences in a row before a job gives up */
#define XM_FENCE_CALM_NS (600 * XM_NS_PER_S)    /* without one, and they are no row any more */
#define XM_FENCE_DRAIN_NS (20 * XM_NS_PER_S)
#define XM_FENCE_BOUND_NS (900 * XM_NS_PER_S)

struct xm_fence_nexus {
	struct xm_nexus *nx;
	enum { XM_NX_QUIET, XM_NX_DRAINING, XM_NX_FENCING } stage;
	uint64_t deadline;
};

struct xm_fence {
	/* Owned by the loop. */
	struct xm_fence_nexus at[XM_FENCE_NEXUSES];
	unsigned n;
	unsigned count;              /* fences begun in a row */
	uint64_t begun_at;           /* the last of them */
	bool too_many;               /* more nexuses than there is room for */
};

void xm_fence_init(struct xm_fence *f);
/* A nexus the job uses (NULL is fine). */
void xm_fence_watch(struct xm_fence *f, struct xm_nexus *nx);
/* Something that went down nx is UNKNOWN.  False: it has no nexus, so nothing can fence it. */
bool xm_fence_need(struct xm_fence *f, struct xm_nexus *nx, uint64_t now);
/* No new work while true. */
bool xm_fence_active(const struct xm_fence *f);

/*
 * One turn.  `inflight`: pieces of work that are still out.  PENDING: nothing
 * new (or nothing to do).  FENCED: *ret_nx is open again, give its quarantine
 * back, and call again.  FAILED: *why says why.
 */
enum xm_fence_result xm_fence_step(struct xm_fence *f, struct xm_ctx *ctx, uint64_t now,
				   unsigned inflight, struct xm_nexus **ret_nx,
				   struct xm_status *why);
void xm_fence_wait(struct xm_fence *f, unsigned inflight, struct xm_waiter *w);

#endif
