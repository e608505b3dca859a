/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making what is done durable, and comparing it; and taking back what turned
 * out not to be so.
 *
 * A destination with a volatile cache is flushed while the copy goes on, every
 * 10 seconds, because what was not flushed is copied again after its path was
 * lost: a target that restarted has lost its cache, and nothing tells.
 */
#include "job.h"

#include <stdio.h>
#include "error.h"
#include "remote.h"
#include "xm/align.h"

#define FLUSH_EVERY_NS (10 * XM_NS_PER_S)

/* ---- taking back ------------------------------------------------------------------------- */

void xm_job_undo(struct xm_job *job, struct xm_map *which)
{
	uint64_t off, len, from = which->lo;

	while (xm_map_next(which, from, UINT64_MAX, &off, &len)) {
		xm_job_uncount_host(job, off, len);
		for (unsigned i = 0; i < XM_WAYS; i++) {
			if (&job->ways[i] != which)
				xm_map_clear(&job->ways[i], off, len, NULL);
		}
		if (which != &job->unsynced)
			xm_map_clear(&job->unsynced, off, len, NULL);
		if (which != &job->syncing)
			xm_map_clear(&job->syncing, off, len, NULL);
		from = off + len;
	}
	xm_tally_undo(&job->tally, which);
}

void xm_job_cache_lost(struct xm_job *job)
{
	uint64_t bytes = job->unsynced.left + job->syncing.left;

	if (!job->dst->can_lose_cache)
		return;
	/* work that is out may have written a part of its bytes before, and the rest after */
	job->era++;
	/* what was freed before us, and not flushed, comes back as well */
	xm_job_zero_doubted(job);
	if (bytes == 0)
		return;
	xm_log(job->ctx, XM_LOG_WARNING,
	       "cache_lost", "%llu bytes were not flushed when the path to the "
	       "destination was lost; they are copied again", (unsigned long long)bytes);
	job->verified = 0;
	xm_job_undo(job, &job->unsynced);
	xm_job_undo(job, &job->syncing);
}

/*
 * A method that answered GOOD without doing it may also have written where it
 * should not, over what others had copied: nothing done so far is believed.  The
 * fences make sure that none of its commands still runs when the host begins.
 */
void xm_job_lied(struct xm_job *job, struct xm_entry *e, const char *detail)
{
	/* what came by a stream cannot be asked for again */
	bool last = job->pick.offload == XM_OFFLOAD_REQUIRE || xm_remote_is_stream(job->src);

	e->distrusted = true;
	job->doubt = true;
	job->dst_is_zero = false;
	job->verified = 0;
	for (unsigned i = 0; i < XM_WAYS; i++)
		xm_job_undo(job, &job->ways[i]);
	xm_job_extents_skip(job);
	xm_job_state_forget(job);
	/* all of it is moved again, for this reason now */
	xm_fallback_forget_bytes(&job->fallbacks);
	xm_map_clear(&e->barred, e->barred.lo, e->barred.hi - e->barred.lo, NULL);
	if (last)
		xm_job_fail(job, XM_E_MISMATCH,
			    "%s cannot be believed: %s; the destination is not a "
			    "copy", e->ops->title, detail);
	xm_job_method_over(job, e, "integrity", detail);
	xm_job_fence_all(job);
}

/* ---- flush ---------------------------------------------------------------------------------- */

static void begin_flush(struct xm_job *job)
{
	job->flush = (struct xm_io_req){ .op = XM_IO_FLUSH, .ep = job->dst,
					 .done = &job->flush_done, .buf_index = -1,
					 .status = XM_STATUS_DONE };
	if (xm_io_submit(job->pair.dst_io, &job->flush) == XM_FULL)
		return;
	job->flushing = true;
	/* what was done before the flush was sent is what it covers */
	for (uint64_t off, len, from = job->unsynced.lo;
	     xm_map_next(&job->unsynced, from, UINT64_MAX, &off, &len); from = off + len) {
		if (!xm_map_set(&job->syncing, off, len, NULL))
			return;
		xm_map_clear(&job->unsynced, off, len, NULL);
	}
}

/* Bytes the flush should have covered are not durable. */
static void not_covered(struct xm_job *job)
{
	for (uint64_t off, len, from = job->syncing.lo;
	     xm_map_next(&job->syncing, from, UINT64_MAX, &off, &len); from = off + len)
		xm_map_set(&job->unsynced, off, len, NULL);
	xm_map_clear(&job->syncing, job->syncing.lo, job->syncing.hi - job->syncing.lo, NULL);
}

static void flush_failed(struct xm_job *job)
{
	struct xm_status *s = &job->flush.status;
	uint64_t now = xm_job_now(job);

	not_covered(job);
	if (s->certainty == XM_UNKNOWN)
		xm_fence_need(&job->fence, job->dst->nexus, now);
	if (s->act != XM_ACT_FATAL && xm_retry_take(&job->retry, s, ++job->flush_tries)) {
		job->flush_due = now + xm_retry_delay(s, job->flush_tries,
						      xm_ctx_random(job->ctx));
		return;
	}
	job->flush_wanted = false;
	if (s->act == XM_ACT_RETRY && s->code == 0)
		s->code = XM_E_TEMPORARY;
	xm_job_fail_status(job, s);
}

/* What the flush covered need not be sent again. */
static void tell_durable(struct xm_job *job)
{
	const struct xm_remote_ops *remote = xm_remote_of(job->src);
	uint64_t off, len, from = job->syncing.lo;

	if (!remote || !remote->durable)
		return;
	for (; xm_map_next(&job->syncing, from, UINT64_MAX, &off, &len); from = off + len)
		remote->durable(job->src, off - job->dst_off + job->src_off, len);
}

static void take_flush(struct xm_job *job)
{
	if (!xm_list_pop(&job->flush_done))
		return;
	job->flushing = false;
	if (job->flush.status.certainty != XM_DONE) {
		flush_failed(job);
		return;
	}
	/* a path that was lost meanwhile: what answered may be a disk that has lost its cache */
	if (xm_fence_active(&job->fence)) {
		not_covered(job);
		return;
	}
	job->flush_tries = 0;
	job->flushed_at = xm_job_now(job);
	tell_durable(job);
	xm_job_state_durable(job, &job->syncing);
	xm_map_clear(&job->syncing, job->syncing.lo, job->syncing.hi - job->syncing.lo, NULL);
	if (job->phase == XM_PHASE_FLUSH) {
		job->flush_wanted = false;
		xm_job_drop_begin(job);
	}
}

/* When what is done should be made durable while the copy goes on; XM_NEVER: not yet. */
static uint64_t periodic_flush(const struct xm_job *job)
{
	uint64_t due = xm_job_state_flush_due(job);

	if (job->dst->can_lose_cache && job->unsynced.left > 0)
		due = xm_min_u64(due, job->flushed_at + FLUSH_EVERY_NS);
	return due;
}

static bool flush_now(const struct xm_job *job)
{
	uint64_t now = xm_job_now(job);

	if (job->flushing || now < job->flush_due || xm_fence_active(&job->fence) ||
	    job->opt.verify_only)
		return false;
	if (job->phase == XM_PHASE_FLUSH)
		return job->flush_wanted && job->nflying == 0;
	return !job->ending && now >= periodic_flush(job);
}

/* ---- verify ---------------------------------------------------------------------------------- */

static struct xm_entry *offload_that_moved(struct xm_job *job)
{
	for (unsigned i = 0; i < job->pick.n; i++) {
		struct xm_entry *e = &job->pick.at[i];

		if (xm_entry_offloads(e) && job->ways[e->ops->way].left > 0)
			return e;
	}
	return NULL;
}

/* Nobody was to touch it. */
static bool is_clean(struct xm_job *job, uint64_t off)
{
	uint64_t n;

	return job->has_dirty && !(xm_runs_at(&job->dirty, job->src_off + off, 1, &n) & XM_DIRTY);
}

static void mismatch(struct xm_job *job)
{
	struct xm_entry *e = offload_that_moved(job);
	unsigned long long at = job->verify.first;
	char text[160];

	if (is_clean(job, at)) {
		xm_job_state_forget(job);
		xm_job_fail(job, XM_E_MISMATCH,
			    "source and destination differ at byte %llu, which --dirty calls "
			    "clean: they were not equal there before; the destination is not a "
			    "copy of the source, do not use it", at);
		return;
	}
	if (!e || job->pick.offload == XM_OFFLOAD_REQUIRE) {
		xm_job_state_forget(job);
		xm_job_fail(job, XM_E_MISMATCH,
			    "source and destination differ at byte %llu after the copy%s; "
			    "the destination is not a copy of the source, do not use it", at,
			    e ? " by offload" : "");
		return;
	}
	snprintf(text, sizeof text, "the destination at byte %llu was not what the source holds, "
		 "although the array had answered that the copy was done", at);
	xm_job_lied(job, e, text);
}

static void verify_ended(struct xm_job *job)
{
	struct xm_verify *v = &job->verify;
	struct xm_status s = v->status;
	bool differs = v->differences > 0 && job->phase != XM_PHASE_COMPARE;

	if (job->phase == XM_PHASE_COMPARE)
		xm_job_compare_end(job);

	xm_verify_free(v);
	if (!differs && job->phase != XM_PHASE_COMPARE)
		job->verified += v->bytes;
	if (job->opt.verify_only)
		job->verified = v->bytes;
	if (job->ending)
		return;
	if (differs && !job->opt.verify_only) {
		mismatch(job);
	} else if (differs) {
		xm_job_fail(job, XM_E_MISMATCH, "source and destination differ, first at byte %llu",
			    (unsigned long long)v->first);
	} else if (s.certainty != XM_DONE) {
		if (s.act == XM_ACT_RETRY && s.code == 0)
			s.code = XM_E_TEMPORARY;
		xm_job_fail_status(job, &s);
	}
	if (v->asked_to_stop && !job->err)
		xm_job_fail(job, XM_E_STOPPED, "comparing was stopped");
}

/* ---- the turn ------------------------------------------------------------------------- */

bool xm_job_check_done(struct xm_job *job)
{
	return !job->flush_wanted && !job->flushing && !job->verify.active && !job->drop.running &&
	       !xm_fence_active(&job->fence);
}

void xm_job_check_turn(struct xm_job *job)
{
	take_flush(job);
	xm_job_drop_turn(job);
	if (flush_now(job))
		begin_flush(job);
	if (!job->verify.active)
		return;
	if (job->ending)
		xm_verify_stop(&job->verify);
	if (xm_verify_step(&job->verify, &job->retry, xm_job_now(job)))
		verify_ended(job);
}

void xm_job_check_wait(struct xm_job *job, struct xm_waiter *w)
{
	/* while a nexus is fenced nothing is sent, however long it has been due */
	if (!xm_fence_active(&job->fence))
		xm_verify_wait(&job->verify, xm_job_now(job), w);
	if (job->drop.running)
		xm_pool_wait(job->drop.client, w);
	if (job->flushing || xm_fence_active(&job->fence))
		return;
	if (job->flush_wanted)
		xm_waiter_until(w, xm_max_u64(job->flush_due, xm_job_now(job) + XM_NS_PER_MS));
	else if (job->phase == XM_PHASE_COPY && !job->ending && periodic_flush(job) != XM_NEVER)
		xm_waiter_until(w, xm_max_u64(job->flush_due, periodic_flush(job)));
}
