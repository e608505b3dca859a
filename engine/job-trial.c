/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chunk that proves a method: chosen, claimed, handed to trial.c, copied by
 * the method, and then done, or taken back.
 *
 * Chosen so that a wrong copy cannot look right: at a random place, and not at
 * source LBA 0, where a method that forgets the source address would be right
 * by chance.
 */
#include "job.h"

#include <stdio.h>
#include <string.h>
#include "error.h"
#include "job-claim.h"
#include "xm/align.h"

/* A place from which `bytes` fit, not the start of the source. */
static uint64_t random_place(struct xm_job *job, const struct xm_entry *e, uint64_t bytes)
{
	const struct xm_map *map = &job->tally.left;
	uint64_t lo = map->lo, room = map->hi - map->lo;

	if (room <= e->step)
		return lo;
	room = room > bytes + e->step ? room - bytes - e->step : 1;
	return xm_map_cut_before(map, lo + e->step + xm_ctx_random(job->ctx) % room);
}

/* The largest size that leaves a place beside source LBA 0. */
static uint64_t fitting(const struct xm_job *job, const struct xm_entry *e, uint64_t bytes)
{
	uint64_t len = job->tally.left.hi - job->tally.left.lo;

	if (len > e->step && bytes > len - e->step)
		bytes = len - e->step;
	return bytes;
}

static struct xm_chunk *choose(struct xm_job *job, struct xm_entry *e, uint64_t bytes,
			       uint64_t align)
{
	struct xm_chunk *c = NULL;

	bytes = xm_min_u64(fitting(job, e, bytes), xm_job_rate_chunk(job, e));
	bytes = xm_min_u64(bytes, xm_job_state_chunk(job));
	for (unsigned i = 0; i < 4; i++) {
		if (c)
			xm_job_drop(job, c);
		c = xm_job_claim(job, e, bytes, random_place(job, e, bytes), align);
		if (!c || c->task.runs[0].src != 0)
			break;
	}
	return c;
}

static void leave(struct xm_job *job)
{
	job->trial_chunk = NULL;
	xm_trial_free(&job->trial);
	if (job->phase == XM_PHASE_TRIAL)
		xm_job_phase(job, XM_PHASE_COPY);
}

bool xm_job_trial_begin(struct xm_job *job, struct xm_entry *e, uint64_t bytes, uint64_t align)
{
	bool insist = job->trial_chunks + 1 >= XM_JOB_TRIALS;
	struct xm_chunk *c = choose(job, e, bytes, align);

	if (!c)
		return false;
	/* a larger size needs a chunk that is larger */
	if (e->proven && c->task.bytes < e->chunk + e->chunk / 2) {
		xm_job_drop(job, c);
		return false;
	}
	if (!xm_trial_start(&job->trial, &job->pair, &c->task, insist)) {
		xm_job_drop(job, c);
		xm_job_fail(job, XM_E_TEMPORARY, "memory is short");
		return false;
	}
	xm_job_rate_spend(job, e, c->task.bytes);
	job->trial_chunk = c;
	xm_trial_step(&job->trial);
	return true;
}

bool xm_job_trial_cancel(struct xm_job *job)
{
	if (!job->trial_chunk)
		return true;
	if (!xm_trial_cancel(&job->trial))
		return false;
	leave(job);
	return true;
}

/* ---- verdicts --------------------------------------------------------------------------- */

static void proven(struct xm_job *job, struct xm_chunk *c)
{
	struct xm_entry *e = c->entry;
	uint64_t bytes = c->task.bytes;

	job->verified += job->trial.bytes;
	job->trial_chunks = 0;
	xm_log(job->ctx, XM_LOG_INFO, "proven", "%s moved %llu bytes at a time, read back equal",
	       e->ops->title, (unsigned long long)bytes);
	leave(job);
	c->task.moved = bytes;
	xm_job_handle(job, c);
	xm_entry_proven(e, bytes);
}

static void another(struct xm_job *job, struct xm_chunk *c, const char *reason, const char *text)
{
	struct xm_entry *e = c->entry;

	leave(job);
	xm_job_drop(job, c);
	if (++job->trial_chunks < XM_JOB_TRIALS)
		return;
	job->trial_chunks = 0;
	if (e->proven)
		e->ceiling = e->chunk;       /* it works as it is; larger could not be shown */
	else
		xm_job_method_over(job, e, reason, text);
}

/* Later, at another place; a bounded number of times. */
void xm_job_trial_later(struct xm_job *job, struct xm_chunk *c)
{
	const struct xm_status *s = &c->task.status;
	struct xm_entry *e = c->entry;

	if (s->act == XM_ACT_FATAL && xm_job_salvages(job, s)) {
		/* the host can tell which block it is */
		c->task.moved = 0;
		xm_job_handle(job, c);
		return;
	}
	if (s->act == XM_ACT_FATAL) {
		xm_job_fail_status(job, s);
	} else if (!xm_retry_take(&job->retry, s, ++e->trial_tries)) {
		if (s->act == XM_ACT_RETRY && job->pick.offload == XM_OFFLOAD_REQUIRE)
			xm_job_fail(job, XM_E_TEMPORARY, "%s could not be tried: %s (%s)",
				    e->ops->title, s->detail, s->reason ? s->reason : "busy");
		xm_job_method_over(job, e, s->reason ? s->reason : "trial_failed", s->detail);
	} else {
		e->hold_until = xm_job_now(job) +
				xm_retry_delay(s, e->trial_tries, xm_ctx_random(job->ctx));
		xm_entry_busy(e, xm_job_now(job));
	}
	xm_job_drop(job, c);
}

static void later(struct xm_job *job, struct xm_chunk *c, struct xm_status s)
{
	leave(job);
	c->task.status = s;
	xm_job_trial_later(job, c);
}

/* The stamp may still land: the chunk waits for the fence of the host's path. */
static void stamp_unknown(struct xm_job *job, struct xm_chunk *c, struct xm_status s)
{
	s.act = XM_ACT_RETRY;
	c->task.moved = 0;
	c->task.status = s;
	c->task.nexus = job->dst->nexus;
	xm_job_unknown(job, c);
}

static void broken(struct xm_job *job, struct xm_chunk *c)
{
	struct xm_status s = job->trial.status;

	if (s.certainty != XM_UNKNOWN) {
		later(job, c, s);
		return;
	}
	leave(job);
	stamp_unknown(job, c, s);
}

static void lie(struct xm_job *job, struct xm_chunk *c)
{
	struct xm_entry *e = c->entry;
	char text[160];

	snprintf(text, sizeof text, "%s", job->trial.text);
	leave(job);
	xm_job_drop(job, c);
	xm_job_lied(job, e, text);
}

static void judge(struct xm_job *job, struct xm_chunk *c, enum xm_trial_state state)
{
	switch (state) {
	case XM_TRIAL_PROVEN:
		proven(job, c);
		break;
	case XM_TRIAL_LIE:
		lie(job, c);
		break;
	case XM_TRIAL_EQUAL:
		another(job, c,
			    "unprovable", "no chunk was found on which the method could be proven");
		break;
	case XM_TRIAL_MOVING:
		another(job, c, "source_changing", "the source changes while it is read, so the "
			"method could not be proven");
		break;
	case XM_TRIAL_BROKEN:
		broken(job, c);
		break;
	default:
		break;
	}
}

/* ---- the turn ---------------------------------------------------------------------------- */

void xm_job_trial_copied(struct xm_job *job)
{
	struct xm_chunk *c = job->trial_chunk;
	struct xm_status s = c->task.status;

	if (s.certainty == XM_DONE && s.act == XM_ACT_NONE && c->task.moved == c->task.bytes) {
		xm_trial_copied(&job->trial);
		return;
	}
	/* what it says it moved is not proven: it counts as not moved */
	c->task.moved = 0;
	if (job->ending || s.act == XM_ACT_RETRY || s.act == XM_ACT_NONE) {
		later(job, c, s);
		return;
	}
	leave(job);
	xm_job_handle(job, c);
}

static void send_trial(struct xm_job *job, struct xm_chunk *c)
{
	if (c->entry->inflight > 0 && !xm_list_empty(&c->link))
		return;                      /* under way */
	if (!xm_fence_active(&job->fence) && xm_job_send(job, c))
		xm_job_phase(job, c->entry->proven ? XM_PHASE_COPY : XM_PHASE_TRIAL);
}

/* Without a verdict.  A stamp whose outcome is not known keeps its chunk from others. */
static void give_up(struct xm_job *job, struct xm_chunk *c)
{
	struct xm_status s;

	if (!xm_trial_cancel(&job->trial))
		return;
	s = job->trial.batch.status;
	leave(job);
	if (s.certainty == XM_UNKNOWN)
		stamp_unknown(job, c, s);
	else
		xm_job_drop(job, c);
}

void xm_job_trial_turn(struct xm_job *job)
{
	struct xm_chunk *c = job->trial_chunk;
	enum xm_trial_state state;

	if (!c)
		return;
	/* what was read before a cache was lost says nothing about what came after */
	if ((job->ending || !xm_entry_usable(c->entry) || c->era != job->era) &&
	    xm_list_empty(&c->link)) {
		give_up(job, c);
		return;
	}
	/* it may stamp */
	if (!xm_job_state_admits(job, &c->task))
		return;
	state = xm_trial_step(&job->trial);
	if (state == XM_TRIAL_COPY)
		send_trial(job, c);
	else
		judge(job, c, state);
}
