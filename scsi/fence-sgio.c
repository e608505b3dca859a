/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ends uncertainty about commands sent through the kernel.
 *
 * First the kernel has to come back with every call it was given: an answered
 * command is over.  For one that it came back with and no answer (DID_TIME_OUT,
 * DID_RESET, a path that broke), nothing in the kernel tells whether the device
 * goes on with it.  The kernel's error handler has then aborted it or reset the
 * logical unit, which ends it on a device that keeps to the standard; a copy
 * manager may take its time over that.  So a drain time is waited for, and said.
 * Then the disk is asked who it is, down the next path where this one is dead: the
 * drain time has passed for what went down the old one, whichever way the disk is asked.
 * (COPY STATUS would know sooner, but tells of the nexus alone that it is asked down.)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lu-again.h"
#include "sgpt.h"

#define CALLS_BOUND (660 * XM_NS_PER_S)  /* the kernel's timeout and its error handling */
#define DRAIN (120 * XM_NS_PER_S)
#define ASK_BOUND (60 * XM_NS_PER_S)     /* on all paths together */
#define PATH_BOUND (5 * XM_NS_PER_S)     /* on one of several, before the next is taken */

struct sgpt_fence {
	uint64_t calls_by;               /* no later than this the kernel has answered */
	uint64_t drained_at;             /* 0: not known yet */
	bool asking;
	uint64_t ask_by;
	struct scsi_lu_again again;
};

static struct scsi_transport *transport_of(struct xm_nexus *nx)
{
	return xm_container_of(nx, struct scsi_transport, nexus);
}

static uint64_t now_of(const struct scsi_transport *t)
{
	return t->ctx->clock->now(t->ctx->clock);
}

static void fence_start(struct xm_nexus *nx)
{
	struct scsi_transport *t = transport_of(nx);
	struct sgpt_fence **f = sgpt_fence_slot(t);

	free(*f);
	*f = calloc(1, sizeof **f);
	if (*f)
		(*f)->calls_by = now_of(t) + CALLS_BOUND;
}

static void fence_wait(struct xm_nexus *nx, struct xm_waiter *w)
{
	struct scsi_transport *t = transport_of(nx);
	const struct sgpt_fence *f = *sgpt_fence_slot(t);

	t->ops->wait(t, w);
	if (!f || f->drained_at == 0)
		xm_waiter_until(w, f ? f->calls_by : 0);
	else if (!f->asking)
		xm_waiter_until(w, f->drained_at);
	else
		scsi_lu_again_wait(&f->again, w);
}

static enum xm_fence_result failed(struct scsi_transport *t, enum xm_code code, const char *reason,
				   const char *detail, struct xm_status *why)
{
	scsi_fence_failed(why, code, reason, detail);
	xm_log(t->ctx, XM_LOG_ERROR, "fence_failed", "%s: %s", t->name, why->detail);
	return XM_FENCE_FAILED;
}

/* All calls are back: from now on the drain time runs, when there is something to drain. */
static void begin_drain(struct scsi_transport *t, struct sgpt_fence *f)
{
	uint64_t last = sgpt_unanswered_at(t);

	f->drained_at = now_of(t);
	if (!last)
		return;
	f->drained_at = last + DRAIN;
	xm_log(t->ctx, XM_LOG_WARNING, "drain", "%s: commands ended without an answer; waiting %d "
	       "seconds for the array to end them", t->name, (int)(DRAIN / XM_NS_PER_S));
}

static void begin_asking(struct scsi_transport *t, struct sgpt_fence *f)
{
	scsi_lu_again_start(&f->again, sgpt_lu(t));
	if (sgpt_paths(t) > 1)
		f->again.give_up = now_of(t) + PATH_BOUND;
}

static enum xm_fence_result no_answer(struct scsi_transport *t, struct sgpt_fence *f,
				      struct xm_status *why)
{
	char text[256];

	if (now_of(t) < f->ask_by && sgpt_next_path(t)) {
		xm_log(t->ctx, XM_LOG_WARNING, "path_failed", "%s: a path does not answer (%s); "
		       "trying the next of %u", t->name, f->again.why, sgpt_paths(t));
		begin_asking(t, f);
		return XM_FENCE_PENDING;
	}
	snprintf(text, sizeof text, "run the same command again when a path is up: %s",
		 f->again.why);
	return failed(t, XM_E_TEMPORARY, "fence_failed", text, why);
}

static enum xm_fence_result ask(struct scsi_transport *t, struct sgpt_fence *f,
				struct xm_status *why)
{
	switch (scsi_lu_again_step(&f->again)) {
	case SCSI_AGAIN_PENDING:
		return XM_FENCE_PENDING;
	case SCSI_AGAIN_SAME:
		return XM_FENCE_FENCED;
	case SCSI_AGAIN_OTHER:
		return failed(t, XM_E_IO, "other_disk", f->again.why, why);
	default:
		return no_answer(t, f, why);
	}
}

static enum xm_fence_result fence_poll(struct xm_nexus *nx, struct xm_status *why)
{
	struct scsi_transport *t = transport_of(nx);
	struct sgpt_fence *f = *sgpt_fence_slot(t);

	if (!f)
		return failed(t, XM_E_TEMPORARY, "fence_failed", "out of memory", why);
	t->ops->service(t);
	if (f->asking)
		return ask(t, f, why);
	if (sgpt_calls(t) && f->drained_at == 0) {
		if (now_of(t) < f->calls_by)
			return XM_FENCE_PENDING;
		return failed(t, XM_E_TEMPORARY, "fence_failed",
			      "the kernel does not come back with commands it was given", why);
	}
	if (f->drained_at == 0)
		begin_drain(t, f);
	if (now_of(t) < f->drained_at)
		return XM_FENCE_PENDING;
	sgpt_unanswered_over(t);
	if (!sgpt_lu(t))
		return XM_FENCE_FENCED;
	f->asking = true;
	f->ask_by = now_of(t) + ASK_BOUND;
	begin_asking(t, f);
	return XM_FENCE_PENDING;
}

const struct xm_nexus_ops sgpt_nexus_ops = {
	.name = "sg",
	.start = fence_start,
	.wait = fence_wait,
	.poll = fence_poll,
};
