/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a job: the phases, the turn, and the only wait in the library.
 *
 * A turn takes what ended, drives fences, the trial, flush and verify, sends
 * what may be sent, and sleeps until a descriptor or a time wakes it.  Nothing
 * in a turn blocks.  A job that fails or is stopped takes no new work; it ends
 * when nothing it sent can still write, or when that cannot be had in bounded
 * time, and then says so.
 */
#include "job.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include "error.h"
#include "xm/align.h"
#include "remote.h"

uint64_t xm_job_now(const struct xm_job *job)
{
	return job->ctx->clock->now(job->ctx->clock);
}

static void report(struct xm_job *job)
{
	if (job->progress_fn)
		job->progress_fn(job->progress_user, job);
	job->next_report = xm_job_now(job) + job->progress_interval;
}

void xm_job_phase(struct xm_job *job, enum xm_phase phase)
{
	if (job->phase == phase)
		return;
	job->phase = phase;
	report(job);
}

/* ---- failing ------------------------------------------------------------------ */

static void end_early(struct xm_job *job)
{
	if (job->ending)
		return;
	job->ending = true;
	job->drain_until = xm_job_now(job) + XM_JOB_DRAIN_NS;
}

int xm_job_fail(struct xm_job *job, enum xm_code code, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (!job->err) {
		xm_fail(&job->err, code, "%s", text);
		xm_log(job->ctx, XM_LOG_ERROR, "failed", "%s", text);
	}
	end_early(job);
	return -1;
}

void xm_job_fail_status(struct xm_job *job, const struct xm_status *s)
{
	const char *side = s->side == XM_SIDE_SRC ? "source: " :
			   s->side == XM_SIDE_DST ? "destination: " : "";

	xm_job_fail(job, s->code ? (enum xm_code)s->code : XM_E_IO, "%s%s%s%s%s", side,
		    s->detail[0] ? s->detail : "failed", s->reason ? " (" : "",
		    s->reason ? s->reason : "", s->reason ? ")" : "");
}

/* ---- the turn -------------------------------------------------------------------- */

static void heed_others(struct xm_job *job)
{
	uint64_t bytes;

	/* the descriptor only ends waits; what it means is in the other fields */
	while (xm_waiter_told(&job->waiter, job->wake_fd) &&
	       read(job->wake_fd, &bytes, sizeof bytes) > 0)
		;
	xm_job_rate_heed(job);
	if (atomic_load(&job->stop) && !job->err)
		xm_job_fail(job, XM_E_STOPPED, "stopped on request; run again to copy the rest");
}

static void watch_bounds(struct xm_job *job)
{
	uint64_t now = xm_job_now(job);

	xm_progress_note(&job->progress, now, job->tally.done + job->verify.bytes);
	if (job->tally.broken && !job->ending)
		xm_job_fail(job, XM_E_BUG,
			    "the sum of bytes left, in flight, quarantined and done is "
			    "not the total: a bug of xmover, please report it");
	if (now - job->progress.moved_at > job->opt.stall_ns && !job->ending)
		xm_job_fail(job, XM_E_TEMPORARY, "stalled: no byte was moved for %llu s, with %u "
			    "commands out; look at the disks and paths, and run again",
			    (unsigned long long)(job->opt.stall_ns / XM_NS_PER_S), job->nflying);
	if (now >= job->next_report)
		report(job);
}

static void turn(struct xm_job *job)
{
	heed_others(job);
	xm_job_reap(job);
	xm_job_fence_turn(job);
	xm_job_trial_turn(job);
	xm_job_check_turn(job);
	xm_job_state_turn(job);
	xm_job_resend(job);
	xm_job_fill(job);
	watch_bounds(job);
}

static void job_wait(struct xm_job *job)
{
	struct xm_waiter *w = &job->waiter;

	xm_waiter_reset(w);
	xm_waiter_rare_fd(w, job->wake_fd);
	for (unsigned i = 0; i < job->pick.n; i++) {
		if (job->pick.at[i].m)
			xm_method_wait(job->pick.at[i].m, w);
	}
	xm_io_wait(job->pair.src_io, w);
	if (job->pair.dst_io != job->pair.src_io)
		xm_io_wait(job->pair.dst_io, w);
	xm_fence_wait(&job->fence, job->nflying, w);
	xm_job_fill_wait(job, w);
	xm_job_check_wait(job, w);
	xm_job_state_wait(job, w);
	xm_waiter_until(w, job->ending ? job->drain_until :
					 job->progress.moved_at + job->opt.stall_ns + 1);
	if (job->progress_fn && job->progress_interval)
		xm_waiter_until(w, job->next_report);
	job->ctx->clock->wait(job->ctx->clock, w);
}

/* ---- phases ------------------------------------------------------------------------ */

static bool work_out(const struct xm_job *job)
{
	return job->nflying > 0 || job->flushing || job->drop.running || job->trial_chunk ||
	       job->verify.active;
}

static bool nothing_out(const struct xm_job *job)
{
	return !work_out(job) && xm_list_empty(&job->quarantined) && !xm_fence_active(&job->fence);
}

/*
 * An early end waits for what is out.  What does not come back in time is
 * UNKNOWN: the fences are called, and have their own bounds.
 */
static bool drained(struct xm_job *job)
{
	bool out = work_out(job);

	if (nothing_out(job) || (!out && job->fence_failed))
		return true;
	if (xm_job_now(job) < job->drain_until)
		return false;
	if (!job->forced_fence) {
		job->forced_fence = true;
		job->drain_until = xm_job_now(job) + XM_FENCE_BOUND_NS + XM_JOB_DRAIN_NS;
		if (out)
			xm_job_fence_all(job);
		return false;
	}
	job->left_behind = true;
	return true;
}

static bool copied(const struct xm_job *job)
{
	if (xm_remote_is_stream(job->src))
		return xm_job_stream_over(job) && nothing_out(job);
	return job->tally.done == job->tally.total && nothing_out(job);
}

/* Until everything is copied, or the job has failed and nothing of it is out. */
static void copy_all(struct xm_job *job)
{
	xm_job_phase(job, XM_PHASE_COPY);
	for (;;) {
		turn(job);
		if (job->ending ? drained(job) : copied(job))
			return;
		job_wait(job);
	}
}

/* Until flush or verify, begun by the caller, is over. */
static void check_all(struct xm_job *job)
{
	for (;;) {
		turn(job);
		if (job->ending ? drained(job) : xm_job_check_done(job))
			return;
		job_wait(job);
	}
}

static void flush_all(struct xm_job *job)
{
	xm_job_phase(job, XM_PHASE_FLUSH);
	job->flush_wanted = true;
	check_all(job);
}

/* After an early end: what was done should at least be durable.  The first error stays. */
static void flush_what_is_done(struct xm_job *job)
{
	if (job->left_behind || job->fence_failed || job->tally.done == 0)
		return;
	job->drain_until = xm_job_now(job) + XM_JOB_DRAIN_NS;
	flush_all(job);
}

static void verify_all(struct xm_job *job)
{
	struct xm_verify_range range = { .src_off = job->src_off, .dst_off = job->dst_off,
					 .len = job->len,
					 .dirty = job->has_dirty ? &job->dirty : NULL };

	if (job->opt.verify == XM_VERIFY_NONE || xm_remote_is_blind(job->dst) ||
	    (xm_remote_is_stream(job->src) && !xm_job_stream_samples(job, &range)))
		return;
	xm_job_phase(job, XM_PHASE_VERIFY);
	if (xm_verify_start(&job->verify, &job->pair, job->opt.verify, &range)) {
		job->verify.fn = job->difference_fn;
		job->verify.user = job->difference_user;
		job->verify.salvage = job->opt.salvage ? &job->salvage : NULL;
		check_all(job);
	} else {
		xm_job_fail(job, XM_E_TEMPORARY, "memory is short: nothing was verified");
	}
}

static void compare_all(struct xm_job *job)
{
	if (!job->opt.compare || job->ending)
		return;
	xm_job_phase(job, XM_PHASE_COMPARE);
	if (xm_job_compare_begin(job))
		check_all(job);
}

/* A copy with holes is no copy; last, so that all else was done. */
static void own_up(struct xm_job *job)
{
	const struct xm_salvage *s = &job->salvage;

	if (s->n && !job->err)
		xm_job_fail(job, XM_E_IO, "%llu bytes in %zu places of source %s could not be "
			    "read, the first at byte %llu (LBA %llu): zeros are in their place; "
			    "all else is copied", (unsigned long long)s->bytes, s->n,
			    job->src->name, (unsigned long long)s->at[0].off,
			    (unsigned long long)(s->at[0].off /
						 xm_max_u64(512, job->src->block_size)));
}

static void copy_and_check(struct xm_job *job)
{
	compare_all(job);
	do {
		copy_all(job);
		if (!job->ending)
			flush_all(job);
		/* a cache that was lost puts bytes back, and so does a mismatch */
		if (!job->ending && (job->tally.left.left == 0 || xm_remote_is_stream(job->src)))
			verify_all(job);
		if (!job->ending && xm_remote_is_stream(job->src))
			xm_job_stream_judge(job);
	} while (!job->ending && job->tally.left.left > 0);
	if (job->ending)
		flush_what_is_done(job);
	own_up(job);
	xm_job_state_end(job, !job->err, !job->fence_failed && !job->left_behind &&
			 job->tally.quarantined == 0);
}

/* ---- the end ------------------------------------------------------------------------- */

/* The code of a job with anything UNKNOWN is 75, whatever else happened; 70 and 74 are kept. */
static void judge_unknown(struct xm_job *job)
{
	uint64_t unknown = job->tally.quarantined + (job->left_behind ? job->tally.inflight : 0);
	enum xm_code code = job->err ? xm_error_code(job->err) : XM_OK;
	struct xm_error *old = job->err;

	if (unknown == 0 && !job->left_behind)
		return;
	if (code == XM_E_TEMPORARY || code == XM_E_BUG || code == XM_E_IO)
		return;
	job->err = NULL;
	xm_fail(&job->err, XM_E_TEMPORARY,
		"%s%sthe outcome of %llu bytes is not known and may still "
		"change; run again: the next run waits for them", old ? xm_error_text(old) : "",
		old ? "; " : "", (unsigned long long)unknown);
	xm_error_free(old);
}

static void tell_end(struct xm_job *job)
{
	struct xm_endpoint *end[] = { job->src, job->dst };

	for (unsigned i = 0; i < 2; i++) {
		const struct xm_remote_ops *remote = xm_remote_of(end[i]);

		if (remote && remote->ended)
			remote->ended(end[i], (enum xm_code)job->result,
				      job->err ? xm_error_text(job->err) : "", job->tally.done);
	}
}

/* Tokens that were sent are of use as long as the source is logged in. */
static void linger(struct xm_job *job)
{
	const struct xm_remote_ops *remote = xm_remote_of(job->dst);
	uint64_t until = xm_job_now(job) + XM_JOB_LINGER_NS;

	while (remote && remote->lingers && remote->lingers(job->dst) && !job->ending) {
		turn(job);
		job->progress.moved_at = xm_job_now(job);
		if (job->progress.moved_at > until)
			return;
		job_wait(job);
	}
}

static int finish(struct xm_job *job, struct xm_error **err)
{
	judge_unknown(job);
	if (!job->err && job->tally.done != job->tally.total && !job->opt.verify_only)
		xm_fail(&job->err, XM_E_BUG, "the loop ended with bytes left: a bug of xmover");
	job->result = job->err ? (int)xm_error_code(job->err) : XM_OK;
	job->ended = xm_job_now(job);
	xm_job_settle_reasons(job);
	xm_job_write_message(job);
	tell_end(job);
	if (job->err)
		xm_job_list_missing(job);
	else
		linger(job);
	job->result = job->err ? (int)xm_error_code(job->err) : XM_OK;
	xm_job_phase(job, XM_PHASE_END);
	if (!job->err)
		return 0;
	xm_fail(err, xm_error_code(job->err), "%s", xm_error_text(job->err));
	return -1;
}

int xm_job_run(struct xm_job *job, struct xm_error **err)
{
	if (job->phase == XM_PHASE_END)
		return xm_fail(err, XM_E_USAGE, "a job runs once");
	job->started = job->progress.moved_at = xm_job_now(job);
	xm_job_phase(job, XM_PHASE_OPEN);
	if (job->opened || xm_job_open(job) == 0) {
		if (job->opt.verify_only)
			verify_all(job);
		else
			copy_and_check(job);
	}
	return finish(job, err);
}

int xm_job_plan(struct xm_job *job, struct xm_error **err)
{
	if (!job->opened && xm_job_open(job) < 0)
		return finish(job, err);
	xm_job_write_message(job);
	return 0;
}
