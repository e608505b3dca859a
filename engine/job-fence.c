/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quarantine: a chunk whose outcome is UNKNOWN belongs to no method until its
 * nexus was fenced.  Then it is an ordinary chunk that was not done, and its
 * status says what to do next.
 */
#include "job.h"

#include "error.h"

void xm_job_unknown(struct xm_job *job, struct xm_chunk *c)
{
	struct xm_nexus *nx = c->task.nexus;

	xm_log(job->ctx, XM_LOG_WARNING, "unknown", "%s: %s; waiting until it can do no harm",
	       c->entry->ops->name, c->task.status.detail);
	xm_task_quarantine(&job->tally, &c->task);
	xm_list_add_tail(&job->quarantined, &c->link);
	if (!xm_fence_need(&job->fence, nx, xm_job_now(job))) {
		job->fence_failed = true;
		xm_job_fail(job, XM_E_TEMPORARY,
			    "the outcome of a command is not known, and there is "
			    "no way to make sure that it is over: %s", c->task.status.detail);
	}
}

void xm_job_fence_all(struct xm_job *job)
{
	for (unsigned i = 0; i < job->fence.n; i++)
		xm_fence_need(&job->fence, job->fence.at[i].nx, xm_job_now(job));
}

static void give_back(struct xm_job *job, const struct xm_nexus *nx)
{
	xm_list_for_each(l, &job->quarantined) {
		struct xm_chunk *c = xm_container_of(l, struct xm_chunk, link);
		struct xm_status *s = &c->task.status;

		if (c->task.nexus != nx)
			continue;
		xm_list_del(&c->link);
		xm_task_unquarantine(&job->tally, &c->task);
		s->certainty = XM_NOT_DONE;
		if (s->act == XM_ACT_NONE)
			s->act = XM_ACT_RETRY;
		/* a chunk that costs a fence each time must not do so often */
		if (c->task.bytes > c->entry->proven)
			c->entry->trial_tries += XM_JOB_UNKNOWN_COST;
		c->tries += XM_JOB_UNKNOWN_COST;
		xm_job_handle(job, c);
	}
}

static void fence_failed(struct xm_job *job, const struct xm_status *why)
{
	if (job->fence_failed)
		return;
	job->fence_failed = true;
	xm_job_fail_status(job, why);
	job->drain_until = xm_job_now(job) + XM_JOB_DRAIN_NS;
	job->forced_fence = true;
}

void xm_job_fence_turn(struct xm_job *job)
{
	enum xm_fence_result r = XM_FENCE_FENCED;
	struct xm_nexus *nx;
	struct xm_status why;

	while (r == XM_FENCE_FENCED && !job->fence_failed) {
		r = xm_fence_step(&job->fence, job->ctx, xm_job_now(job), job->nflying, &nx, &why);
		if (r == XM_FENCE_FAILED)
			fence_failed(job, &why);
		if (r != XM_FENCE_FENCED)
			continue;
		xm_log(job->ctx, XM_LOG_INFO, "fenced", "nothing sent earlier can still write: %s",
		       nx->name ? nx->name : "");
		if (nx != job->src->nexus || nx == job->dst->nexus)
			xm_job_cache_lost(job);
		give_back(job, nx);
	}
}
