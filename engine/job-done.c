/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of work that ended.  The confirmed prefix is done; the rest goes
 * where its status says: again later, smaller, to the next method, or the job
 * ends.  Every byte that is moved by host although offload was wished is counted
 * under the reason.
 */
#include "job.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "error.h"
#include "remote.h"
#include "xm/align.h"

enum xm_way xm_job_way(const struct xm_chunk *c)
{
	if (c->task.kind == XM_TASK_ZERO)
		return c->task.dst_is_zero ? XM_WAY_SKIP : XM_WAY_ZERO;
	return c->entry->ops->way;
}

void xm_job_drop(struct xm_job *job, struct xm_chunk *c)
{
	xm_list_del(&c->link);
	xm_task_release(&job->tally, &c->task);
	xm_piece_put(c->piece);
	free(c);
}

static void forget(struct xm_chunk *c)
{
	xm_list_del(&c->link);
	xm_piece_put(c->piece);
	free(c);
}

/* ---- reasons --------------------------------------------------------------------------- */

void xm_job_method_over(struct xm_job *job, struct xm_entry *e, const char *reason,
			const char *detail)
{
	if (e->reason)
		return;
	xm_entry_over(e, reason, detail);
	xm_log(job->ctx, XM_LOG_WARNING, "method_over", "%s is not used any more: %s (%s)",
	       e->ops->title, e->detail, e->reason);
	if (xm_entry_offloads(e))
		xm_fallback_count(&job->fallbacks, e->reason, e->detail, 0);
	if (job->pick.offload == XM_OFFLOAD_REQUIRE && !xm_pick_offload(&job->pick))
		xm_job_fail(job, XM_E_NOOFFLOAD,
			    "storage offload is required, and failed after %llu "
			    "of %llu bytes: %s (%s)", (unsigned long long)job->tally.done,
			    (unsigned long long)job->tally.total, e->detail, e->reason);
}

bool xm_job_salvages(const struct xm_job *job, const struct xm_status *s)
{
	return job->opt.salvage && s->certainty == XM_NOT_DONE && !s->pair_wide &&
	       s->side != XM_SIDE_DST && (s->code == 0 || s->code == XM_E_IO);
}

/* ---- acts -------------------------------------------------------------------------------- */

/* The job ends for what happened to a chunk that nobody else can take. */
static void fail_chunk(struct xm_job *job, const struct xm_chunk *c)
{
	struct xm_status end = c->task.status;

	if (end.act == XM_ACT_RETRY && end.code == 0)
		end.code = XM_E_TEMPORARY;
	else if (xm_entry_offloads(c->entry))
		end.code = XM_E_NOOFFLOAD;
	xm_job_fail_status(job, &end);
}

/* Is there another method for what e cannot do, that was not asked yet?  The host is asked last. */
static bool another_usable(struct xm_job *job, const struct xm_entry *e, const struct xm_task *t)
{
	for (unsigned i = 0; i < job->pick.n; i++) {
		const struct xm_entry *other = &job->pick.at[i];

		if ((other > e || (other != e && xm_entry_offloads(e))) &&
		    xm_entry_usable(other) && other->m->limits.kinds & t->kind &&
		    xm_task_count(t, &other->barred) == 0)
			return true;
	}
	return false;
}

/* Zeros are not for this method: what else it does it goes on with. */
static bool zeros_over(struct xm_job *job, struct xm_chunk *c, const char *reason)
{
	unsigned *kinds = &c->entry->m->limits.kinds;

	if (c->task.kind != XM_TASK_ZERO || !(*kinds & ~(unsigned)XM_TASK_ZERO))
		return false;
	if (*kinds & XM_TASK_ZERO) {
		*kinds &= ~(unsigned)XM_TASK_ZERO;
		xm_log(job->ctx, XM_LOG_INFO, "zeros_refused",
		       "%s makes no zeros any more: %s (%s)", c->entry->ops->title,
		       c->task.status.detail, reason);
		xm_fallback_count(&job->fallbacks, reason, c->task.status.detail, 0);
	}
	return true;
}

/* This chunk is not for this method (any more). */
static void demote(struct xm_job *job, struct xm_chunk *c)
{
	struct xm_entry *e = c->entry;
	const struct xm_status *s = &c->task.status;
	const char *reason = s->reason ? s->reason : "unspecified";

	if (!another_usable(job, e, &c->task)) {
		fail_chunk(job, c);
	} else if (s->pair_wide && zeros_over(job, c, reason)) {
		/* another method makes them */
	} else if (s->pair_wide) {
		xm_job_method_over(job, e, reason, s->detail);
	} else if (xm_entry_strike(e, &c->task)) {
		xm_job_count_refused(job, &c->task, reason, s->detail);
		xm_log(job->ctx, XM_LOG_INFO, "chunk_refused", "%s: %s (%s)", e->ops->name,
		       s->detail, reason);
	} else {
		/* its bytes are counted when they are moved, with all that is not barred */
		xm_task_unmark(&c->task, &e->barred);
		xm_job_method_over(job, e, reason, s->detail);
	}
	xm_job_drop(job, c);
}

static void again(struct xm_job *job, struct xm_chunk *c)
{
	uint64_t now = xm_job_now(job);

	if (c->task.bytes > c->entry->proven) {
		xm_job_trial_later(job, c);
		return;
	}
	xm_entry_busy(c->entry, now);
	/* some of it may have been written, and the source have turned to zeros since */
	c->task.dst_is_zero &= c->task.kind == XM_TASK_ZERO;
	if (!xm_retry_take(&job->retry, &c->task.status, ++c->tries)) {
		demote(job, c);
		return;
	}
	c->due = now + xm_retry_delay(&c->task.status, c->tries, xm_ctx_random(job->ctx));
	/* what is not taken in this chunk's place would be refused as well, and cost budget */
	if (c->task.status.err == EBUSY)
		c->entry->pause_until = c->due;
	xm_list_add_tail(&job->parked, &c->link);
}

static void smaller(struct xm_job *job, struct xm_chunk *c)
{
	if (!xm_entry_shrink(c->entry, c->task.bytes)) {
		demote(job, c);
		return;
	}
	xm_log(job->ctx, XM_LOG_INFO, "shrink", "%s: chunks of %llu bytes, %u at a time: %s",
	       c->entry->ops->name, (unsigned long long)c->entry->chunk, c->entry->depth,
	       c->task.status.detail);
	xm_job_drop(job, c);
}

/* A short answer without a complaint: the rest is asked for anew, in bounds. */
static void done_but_short(struct xm_job *job, struct xm_chunk *c, bool progressed)
{
	struct xm_status *s = &c->task.status;

	if (progressed) {
		xm_job_drop(job, c);
		return;
	}
	*s = (struct xm_status){ .act = XM_ACT_DEMOTE, .certainty = XM_NOT_DONE,
				 .reason = "no_progress" };
	snprintf(s->detail, sizeof s->detail, "the device answered that it was done, and had moved "
		 "nothing by its own count");
	again(job, c);
}

static void act(struct xm_job *job, struct xm_chunk *c, bool progressed)
{
	switch (c->task.status.act) {
	case XM_ACT_NONE:
		done_but_short(job, c, progressed);
		break;
	case XM_ACT_RETRY:
		again(job, c);
		break;
	case XM_ACT_SHRINK:
		smaller(job, c);
		break;
	case XM_ACT_DEMOTE:
		demote(job, c);
		break;
	case XM_ACT_FATAL:
		/* the host can tell which block it is */
		if (xm_job_salvages(job, &c->task.status) && xm_entry_offloads(c->entry)) {
			demote(job, c);
			break;
		}
		xm_job_fail_status(job, &c->task.status);
		xm_job_drop(job, c);
		break;
	}
}

/* What it moved is done.  The task keeps the rest. */
static uint64_t settle(struct xm_job *job, struct xm_chunk *c)
{
	struct xm_chunk whole = *c;
	uint64_t done;

	if (!xm_map_alloc(&job->ways[xm_job_way(c)]) || !xm_map_alloc(&job->unsynced) ||
	    !xm_job_zero_alloc(job, c)) {
		xm_job_fail(job, XM_E_TEMPORARY, "memory is short");
		return 0;
	}
	done = xm_task_settle(&job->tally, &c->task, &job->ways[xm_job_way(c)]);
	xm_task_cut(&whole.task, done);
	if (done > 0) {
		xm_task_mark(&whole.task, &job->unsynced);
		xm_job_zero_settled(job, &whole);
		xm_job_count_host(job, &whole);
		if (c->entry->m && c->entry->m->caution)
			job->caution = c->entry->m->caution;
		c->tries = 0;
	}
	return done;
}

void xm_job_handle(struct xm_job *job, struct xm_chunk *c)
{
	uint64_t now = xm_job_now(job), done;

	if (c->era != job->era)
		c->task.moved = 0;
	if (c->entry->distrusted || job->doubt ||
	    (c->era != job->era && c->task.status.act == XM_ACT_NONE)) {
		xm_job_drop(job, c);
		return;
	}
	done = settle(job, c);
	if (c->task.bytes == 0) {
		xm_entry_done(c->entry, done, now - c->sent_at, now);
		xm_pick_measured(&job->pick, c->entry, done, now);
		xm_retry_earn(&job->retry);
		forget(c);
	} else if (job->ending) {
		if (c->task.status.act == XM_ACT_FATAL)
			xm_job_fail_status(job, &c->task.status);
		xm_job_drop(job, c);
	} else {
		act(job, c, done > 0);
	}
}

/* ---- reaping ------------------------------------------------------------------------------ */

static void came_back(struct xm_job *job, struct xm_task *task)
{
	struct xm_chunk *c = xm_container_of(task, struct xm_chunk, task);

	xm_list_del(&c->link);
	c->entry->inflight--;
	job->nflying--;
	/* not always that of an end: SG_IO beside a block node */
	xm_fence_watch(&job->fence, task->nexus);
	if (task->status.certainty == XM_UNKNOWN) {
		/*
		 * an unknown trial is over; its chunk waits like any other, and nothing of it
		 * is proven
		 */
		if (c == job->trial_chunk) {
			xm_job_trial_cancel(job);
			task->moved = 0;
		}
		xm_job_unknown(job, c);
	} else if (c == job->trial_chunk) {
		xm_job_trial_copied(job);
	} else {
		xm_job_handle(job, c);
	}
}

void xm_job_reap(struct xm_job *job)
{
	struct xm_list done = XM_LIST_INIT(done), *l;

	xm_io_reap(job->pair.src_io);
	if (job->pair.dst_io != job->pair.src_io)
		xm_io_reap(job->pair.dst_io);
	for (unsigned i = 0; i < job->pick.n; i++) {
		struct xm_entry *e = &job->pick.at[i];

		if (!e->m)
			continue;
		xm_method_reap(e->m, &done);
		while ((l = xm_list_pop(&done)))
			came_back(job, xm_container_of(l, struct xm_task, link));
	}
}
