/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New work.  Methods are asked in order; a method that has work it could take
 * but no room for it now keeps later ones from taking it.  So the host copies
 * only what no better method can: heads and tails below an alignment, chunks
 * that were refused, and everything once the better ones are over.
 */
#include "job.h"

#include <stdlib.h>
#include "error.h"
#include "job-claim.h"
#include "remote.h"
#include "xm/align.h"

/* A method that is full says so without anything of ours in flight: look again soon. */
#define FULL_NS (10 * XM_NS_PER_MS)

enum filled { NOTHING, SOME, BUSY };

/* False: the method is full.  The chunk is in no list before; afterwards flying, or as it was. */
bool xm_job_send(struct xm_job *job, struct xm_chunk *c)
{
	if (xm_method_submit(c->entry->m, &c->task) == XM_FULL)
		return false;
	c->sent_at = xm_job_now(job);
	c->era = job->era;
	xm_list_add_tail(&job->flying, &c->link);
	c->entry->inflight++;
	if (++job->nflying > job->depth_peak)
		job->depth_peak = job->nflying;
	return true;
}

static struct xm_chunk *claim(struct xm_job *job, struct xm_entry *e, struct xm_plan_ask *ask)
{
	struct xm_chunk *c = calloc(1, sizeof *c);

	if (!c) {
		xm_job_fail(job, XM_E_TEMPORARY, "memory is short");
		return NULL;
	}
	c->entry = e;
	c->era = job->era;
	xm_list_init(&c->link);
	if (!xm_plan_next(&job->plan, &job->tally.left, ask, &c->task)) {
		free(c);
		return NULL;
	}
	c->task.claimed_at = xm_job_now(job);
	xm_job_zero_claimed(job, c);
	xm_task_claim(&job->tally, &c->task);
	return c;
}

struct xm_chunk *xm_job_claim(struct xm_job *job, struct xm_entry *e, uint64_t bytes, uint64_t from,
			      uint64_t align)
{
	struct xm_method_limits limits = e->m->limits;
	struct xm_plan_ask ask = { .limits = &limits, .align = align, .bytes = bytes,
				   .barred = &e->barred, .from = from, .zero_as_data = true };

	limits.kinds = xm_job_zero_kinds(job, e);
	for (unsigned i = 0; i < job->pick.n; i++) {
		if (xm_entry_usable(&job->pick.at[i]) &&
		    job->pick.at[i].m->limits.kinds & XM_TASK_ZERO)
			ask.zero_as_data = false;
	}
	return claim(job, e, &ask);
}

bool xm_job_room(struct xm_job *job, const struct xm_entry *e)
{
	return xm_job_now(job) >= e->pause_until && e->inflight < e->depth &&
	       e->inflight < e->m->limits.max_inflight &&
	       job->tally.inflight < XM_JOB_INFLIGHT_MAX && xm_job_state_room(job) &&
	       xm_job_rate_when(job, e) == 0;
}

static bool send_new(struct xm_job *job, struct xm_chunk *c)
{
	const struct xm_run *last = &c->task.runs[c->task.nruns - 1];
	uint64_t end = last->dst + last->len, bytes = c->task.bytes;

	if (!xm_job_send(job, c)) {
		xm_job_drop(job, c);
		return false;
	}
	xm_job_rate_spend(job, c->entry, bytes);
	job->cursor = end == job->tally.left.hi ? job->tally.left.lo : end;
	xm_job_state_ahead(job, end);
	return true;
}

/* As many chunks as there is room for.  `align` is the method's, or less for a required tail. */
static enum filled fill_entry(struct xm_job *job, struct xm_entry *e, uint64_t align)
{
	uint64_t bytes = xm_min_u64(xm_min_u64(e->chunk, xm_job_rate_chunk(job, e)),
				    xm_job_state_chunk(job));
	enum filled r = NOTHING;

	while (xm_job_room(job, e)) {
		struct xm_chunk *c = xm_job_claim(job, e, bytes, job->cursor, align);

		if (!c)
			return r;
		r = SOME;
		if (!xm_job_state_admits(job, &c->task)) {
			xm_job_drop(job, c);
			return BUSY;
		}
		if (!send_new(job, c))
			return BUSY;
	}
	return BUSY;
}

/* A method must be proven before it is used, and again at each larger size. */
static enum filled prove(struct xm_job *job, struct xm_entry *e)
{
	if (job->trial_chunk)
		return e->proven ? NOTHING : BUSY;
	if (xm_job_now(job) < e->hold_until || !xm_job_state_room(job))
		return e->proven ? NOTHING : BUSY;
	if (xm_job_rate_when(job, e) != 0)
		return BUSY;
	if (e->proven == 0)
		return xm_job_trial_begin(job, e, e->chunk, e->m->limits.align) ? BUSY : NOTHING;
	if (e->grow) {
		uint64_t bytes = e->grow;

		e->grow = 0;
		xm_job_trial_begin(job, e, bytes, e->m->limits.align);
	}
	return NOTHING;
}

static enum filled fill_or_prove(struct xm_job *job, struct xm_entry *e)
{
	enum filled r = prove(job, e);

	if (e->proven == 0)
		return r;
	return fill_entry(job, e, e->m->limits.align);
}

static bool idle(const struct xm_job *job)
{
	return job->nflying == 0 && xm_list_empty(&job->parked) && !job->trial_chunk;
}

/*
 * Nothing suits and nothing is out, but bytes are left.  Where offload is
 * required the array is offered the tail below its granularity as it is.
 */
static void leftovers(struct xm_job *job)
{
	uint64_t block = xm_max_u64(job->src->block_size, job->dst->block_size);
	struct xm_entry *e = xm_pick_offload(&job->pick);
	const struct xm_entry *wished = xm_pick_wished(&job->pick);
	/* chunks that each method refused, while it goes on with others */
	const struct xm_fallback *refused = job->fallbacks.n ? &job->fallbacks.row[0] : NULL;
	const char *reason = wished && wished->reason ? wished->reason :
			     refused ? refused->reason : XM_REASON_ALIGNMENT;
	const char *detail = wished && wished->reason ? wished->detail :
			     refused ? refused->detail : "their places or sizes do not suit";

	if (e && e->proven == 0 && xm_job_trial_begin(job, e, e->chunk, block))
		return;
	if (e && e->proven && fill_entry(job, e, block) != NOTHING)
		return;
	if (job->ending)
		return;
	xm_job_fail(job, XM_E_NOOFFLOAD,
		    "%llu bytes cannot be moved by the methods allowed: %s (%s)",
		    (unsigned long long)job->tally.left.left, detail, reason);
}

/* Does a method that lied still have commands out?  Then nobody may begin to repair. */
static bool in_doubt(struct xm_job *job)
{
	for (unsigned i = 0; i < job->pick.n && job->doubt; i++) {
		if (job->pick.at[i].distrusted && job->pick.at[i].inflight > 0)
			return true;
	}
	job->doubt = false;
	return false;
}

/* An offload that may be the better one is proven beside the work of the one that leads. */
static void choose_lead(struct xm_job *job)
{
	struct xm_pick *p = &job->pick;
	const struct xm_entry *lead = p->lead, *e = xm_pick_turn(p, job->tally.left.left,
								 xm_job_now(job));

	if (lead && e)
		xm_log(job->ctx, XM_LOG_INFO, "lead", "%s %s %s", e->ops->title,
		       p->before ? "is probed in place of" : "goes before", lead->ops->title);
	if (p->candidate && !p->candidate->proven)
		prove(job, p->candidate);
}

void xm_job_fill(struct xm_job *job)
{
	enum filled r = NOTHING;

	job->filled_at = xm_job_now(job);
	job->rate_due = XM_NEVER;
	if (job->ending || xm_fence_active(&job->fence) ||
	    (job->phase != XM_PHASE_COPY && job->phase != XM_PHASE_TRIAL) || in_doubt(job))
		return;
	if (xm_remote_is_stream(job->src)) {
		xm_job_fill_stream(job);
		return;
	}
	choose_lead(job);
	for (unsigned i = 0; i < job->pick.n && job->tally.left.left > 0; i++) {
		struct xm_entry *e = xm_pick_nth(&job->pick, i);

		if (!xm_entry_usable(e))
			continue;
		r = fill_or_prove(job, e);
		if (r == BUSY || job->ending)
			return;
	}
	if (job->tally.left.left > 0 && r == NOTHING && idle(job))
		leftovers(job);
}

/* ---- parked ------------------------------------------------------------------------- */

void xm_job_resend(struct xm_job *job)
{
	uint64_t now = xm_job_now(job);

	xm_list_for_each(l, &job->parked) {
		struct xm_chunk *c = xm_container_of(l, struct xm_chunk, link);

		if (job->ending || !xm_entry_usable(c->entry) ||
		    !(c->entry->m->limits.kinds & c->task.kind)) {
			xm_job_drop(job, c);
			continue;
		}
		if (now < c->due || xm_fence_active(&job->fence))
			continue;
		xm_list_del(&c->link);
		if (!xm_job_send(job, c)) {
			c->due = now + FULL_NS;
			xm_list_add_tail(&job->parked, &c->link);
		}
	}
}

/*
 * What had not come when xm_job_fill() looked may have by now: then there is no sleep.  Only
 * what it had seen come is over.
 */
void xm_job_fill_wait(struct xm_job *job, struct xm_waiter *w)
{
	uint64_t now = xm_job_now(job);

	if (job->ending || xm_fence_active(&job->fence))
		return;
	xm_list_for_each(l, &job->parked)
		xm_waiter_until(w, xm_container_of(l, struct xm_chunk, link)->due);
	if (job->phase != XM_PHASE_COPY && job->phase != XM_PHASE_TRIAL)
		return;
	if (job->pick.probe_until)
		xm_waiter_until(w, job->pick.probe_until);
	for (unsigned i = 0; i < job->pick.n; i++) {
		const struct xm_entry *e = &job->pick.at[i];

		if (!xm_entry_usable(e))
			continue;
		if (e->hold_until > job->filled_at)
			xm_waiter_until(w, e->hold_until);
		if (e->pause_until > job->filled_at)
			xm_waiter_until(w, e->pause_until);
	}
	xm_waiter_until(w, job->rate_due);
	if (job->rate_due != XM_NEVER)
		job->progress.moved_at = now;        /* held back by a rate is not stalled */
	if ((idle(job) && job->rate_due == XM_NEVER && !xm_remote_is_stream(job->src)) ||
	    job->trial.state == XM_TRIAL_COPY)
		xm_waiter_until(w, now + FULL_NS);
}
