/* SPDX-License-Identifier: Apache-2.0 */
/* Driving nexuses through their fences: see fence.h. */
#include "fence.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "status.h"
#include "xm/align.h"

void xm_fence_init(struct xm_fence *f)
{
	*f = (struct xm_fence){ 0 };
}

static struct xm_fence_nexus *find(struct xm_fence *f, struct xm_nexus *nx)
{
	for (unsigned i = 0; i < f->n; i++) {
		if (f->at[i].nx == nx)
			return &f->at[i];
	}
	if (f->n == XM_FENCE_NEXUSES) {
		f->too_many = true;
		return NULL;
	}
	f->at[f->n] = (struct xm_fence_nexus){ .nx = nx };
	return &f->at[f->n++];
}

void xm_fence_watch(struct xm_fence *f, struct xm_nexus *nx)
{
	if (nx)
		find(f, nx);
}

bool xm_fence_need(struct xm_fence *f, struct xm_nexus *nx, uint64_t now)
{
	struct xm_fence_nexus *e = nx ? find(f, nx) : NULL;

	if (!e)
		return false;
	if (e->stage != XM_NX_QUIET || nx->state == XM_NEXUS_DEAD)
		return true;
	e->stage = XM_NX_DRAINING;
	e->deadline = now + XM_FENCE_DRAIN_NS;
	nx->state = XM_NEXUS_FENCING;
	return true;
}

bool xm_fence_active(const struct xm_fence *f)
{
	for (unsigned i = 0; i < f->n; i++) {
		const struct xm_fence_nexus *e = &f->at[i];

		if (e->stage != XM_NX_QUIET || e->nx->lost || e->nx->state == XM_NEXUS_DEAD)
			return true;
	}
	return false;
}

static enum xm_fence_result failed(struct xm_nexus *nx, struct xm_status *why, const char *text)
{
	nx->state = XM_NEXUS_DEAD;
	if (text) {
		*why = (struct xm_status){ .err = ETIMEDOUT, .act = XM_ACT_FATAL,
					   .certainty = XM_UNKNOWN, .code = XM_E_TEMPORARY,
					   .reason = "fence_failed" };
		snprintf(why->detail, sizeof why->detail, "%s: %s", nx->name ? nx->name : "path",
			 text);
	}
	return XM_FENCE_FAILED;
}

static enum xm_fence_result begin(struct xm_fence *f, struct xm_ctx *ctx,
				  struct xm_fence_nexus *e, uint64_t now, struct xm_status *why)
{
	if (now - f->begun_at >= XM_FENCE_CALM_NS)
		f->count = 0;
	f->begun_at = now;
	if (++f->count > XM_FENCE_MOST)
		return failed(e->nx, why, "lost again and again; giving up");
	xm_log(ctx, XM_LOG_INFO,
	       "fence", "making sure that nothing sent earlier can still write: %s",
	       e->nx->name ? e->nx->name : "");
	e->stage = XM_NX_FENCING;
	e->deadline = now + XM_FENCE_BOUND_NS;
	e->nx->ops->start(e->nx);
	return XM_FENCE_PENDING;
}

static enum xm_fence_result poll_one(struct xm_fence_nexus *e, uint64_t now, struct xm_status *why)
{
	enum xm_fence_result r = e->nx->ops->poll(e->nx, why);

	if (r == XM_FENCE_PENDING && now >= e->deadline)
		return failed(e->nx, why, "the fence did not end in time");
	if (r == XM_FENCE_FAILED)
		return failed(e->nx, why, NULL);
	if (r == XM_FENCE_FENCED) {
		e->stage = XM_NX_QUIET;
		e->nx->lost = false;
		e->nx->state = XM_NEXUS_OPEN;
	}
	return r;
}

static enum xm_fence_result step_one(struct xm_fence *f, struct xm_ctx *ctx,
				     struct xm_fence_nexus *e, uint64_t now, unsigned inflight,
				     struct xm_status *why)
{
	if (e->nx->state == XM_NEXUS_DEAD)
		return failed(e->nx, why, "closed for good");
	if (e->stage == XM_NX_QUIET && e->nx->lost)
		xm_fence_need(f, e->nx, now);
	if (e->stage == XM_NX_DRAINING) {
		/* a lost path brings no more answers */
		if (inflight > 0 && !e->nx->lost && now < e->deadline)
			return XM_FENCE_PENDING;
		return begin(f, ctx, e, now, why);
	}
	return e->stage == XM_NX_FENCING ? poll_one(e, now, why) : XM_FENCE_PENDING;
}

enum xm_fence_result xm_fence_step(struct xm_fence *f, struct xm_ctx *ctx, uint64_t now,
				   unsigned inflight, struct xm_nexus **ret_nx,
				   struct xm_status *why)
{
	for (unsigned i = 0; i < f->n; i++) {
		enum xm_fence_result r = step_one(f, ctx, &f->at[i], now, inflight, why);

		*ret_nx = f->at[i].nx;
		if (r != XM_FENCE_PENDING)
			return r;
	}
	return XM_FENCE_PENDING;
}

void xm_fence_wait(struct xm_fence *f, unsigned inflight, struct xm_waiter *w)
{
	for (unsigned i = 0; i < f->n; i++) {
		struct xm_fence_nexus *e = &f->at[i];

		if (e->stage == XM_NX_QUIET) {
			if (e->nx->lost)
				xm_waiter_until(w, 0);
			continue;
		}
		xm_waiter_until(w, e->stage == XM_NX_DRAINING && (!inflight || e->nx->lost) ?
				   0 : e->deadline);
		if (e->stage == XM_NX_FENCING)
			e->nx->ops->wait(e->nx, w);
	}
}
