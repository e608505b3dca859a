/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The job's state file while it runs (state.h): how far a killed job can be gone
 * on with.
 *
 * Nothing is sent into a window before the file names it, and nothing is called
 * durable before a flush that began after it was done has ended, in the same era.
 * The file is written by a thread of the pool, one write at a time.  So that a
 * kill costs little, not much may be done and not yet be durable in the file: a
 * second of work, or what the user said.  A file that can no longer be written is
 * given up, and said; the copy goes on.
 */
#include "job-state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "error.h"
#include "xm/align.h"

#define EVERY_NS XM_NS_PER_S
#define END_NS (20 * XM_NS_PER_S)

/* ---- what may be sent --------------------------------------------------------------------- */

static struct xm_keep *keeper(const struct xm_job *job)
{
	return job->keep && job->keep->st ? job->keep : NULL;
}

/* Windows that hold [off, off+len).  True when all are open; else they are wanted. */
static bool want(struct xm_keep *k, uint64_t off, uint64_t len)
{
	uint64_t a = xm_map_cut_before(&k->open, off), b = xm_map_cut_after(&k->open, off + len);

	if (xm_map_count(&k->open, a, b - a) == b - a)
		return true;
	xm_map_set(&k->wanted, a, b - a, NULL);
	return false;
}

bool xm_job_state_admits(struct xm_job *job, const struct xm_task *task)
{
	struct xm_keep *k = keeper(job);
	bool ok = true;

	if (!k)
		return true;
	if (k->resetting)
		return false;
	for (unsigned i = 0; i < task->nruns; i++)
		ok = want(k, task->runs[i].dst, task->runs[i].len) && ok;
	return ok;
}

/* What may be done and not be durable in the file. */
static uint64_t most_at_risk(const struct xm_job *job)
{
	if (job->opt.state_window)
		return job->opt.state_window;
	return xm_max_u64(XM_KEEP_WINDOW,
			  xm_progress_rate(&job->progress, xm_job_now(job), job->tally.done));
}

void xm_job_state_ahead(struct xm_job *job, uint64_t end)
{
	struct xm_keep *k = keeper(job);

	if (k && end < k->open.hi)
		want(k, end, xm_min_u64(most_at_risk(job) / 2, k->open.hi - end));
}

bool xm_job_state_room(const struct xm_job *job)
{
	const struct xm_keep *k = keeper(job);
	uint64_t risk;

	if (!k)
		return true;
	risk = job->unsynced.left + job->syncing.left + k->unsaved + k->saving;
	if (!job->opt.state_window)
		return risk < most_at_risk(job);
	/* what the user said holds to the byte, with the chunk that is sent next */
	risk += job->tally.inflight;
	return risk == 0 || risk + xm_job_state_chunk(job) <= job->opt.state_window;
}

uint64_t xm_job_state_chunk(const struct xm_job *job)
{
	return keeper(job) && job->opt.state_window ? job->opt.state_window / 4 : UINT64_MAX;
}

/* ---- what is durable ------------------------------------------------------------------------ */

uint64_t xm_job_state_flush_due(const struct xm_job *job)
{
	if (!keeper(job) || job->unsynced.left == 0)
		return XM_NEVER;
	if (job->unsynced.left >= most_at_risk(job) / 2)
		return 0;
	return job->flushed_at + EVERY_NS;
}

/* What was salvaged is tried again by the next run: it must not be found done. */
static void mark_good(struct xm_job *job, uint64_t off, uint64_t end)
{
	const struct xm_map *m = &job->tally.left;
	uint64_t shift = job->src_off - job->dst_off;      /* modulo 2^64 */

	while (off < end) {
		const struct xm_salvage_range *bad = xm_salvage_after(&job->salvage, off + shift);
		uint64_t stop = end, next = end;

		if (bad && bad->off - shift < end) {
			stop = xm_max_u64(off, xm_map_cut_before(m, bad->off - shift));
			next = xm_map_cut_after(m, xm_min_u64(end, bad->off + bad->len - shift));
		}
		xm_state_mark(job->keep->st, off, stop - off);
		off = next;
	}
}

void xm_job_state_durable(struct xm_job *job, const struct xm_map *which)
{
	struct xm_keep *k = keeper(job);

	if (!k)
		return;
	for (uint64_t off, len, from = which->lo; xm_map_next(which, from, UINT64_MAX, &off, &len);
	     from = off + len)
		mark_good(job, off, off + len);
	k->unsaved += which->left;
}

void xm_job_state_forget(struct xm_job *job)
{
	struct xm_keep *k = keeper(job);

	if (!k)
		return;
	xm_state_forget(k->st);
	k->unsaved = 0;
	k->resetting = true;
}

/* ---- writing ----------------------------------------------------------------------------- */

static void give_up(struct xm_job *job, int error)
{
	struct xm_keep *k = job->keep;

	if (k->resetting)
		xm_job_fail(job, XM_E_IO, "state %s says that bytes are copied which are not, and "
			    "cannot be written: %s; remove it", k->st->path, strerror(error));
	else
		xm_log(job->ctx, XM_LOG_WARNING, "state_lost",
		       "state %s cannot be written: %s; the copy goes on without, and would be "
		       "gone on with from where the file was last right", k->st->path,
		       strerror(error));
	k->st = NULL;
	k->ended = true;
}

static void run(struct xm_work *work)
{
	xm_state_write(&xm_container_of(work, struct xm_keep, work)->write);
}

static void submit(struct xm_job *job)
{
	struct xm_keep *k = job->keep;

	k->epoch = k->write.slot.epoch;
	k->work = (struct xm_work){ .run = run };
	k->writing = xm_pool_submit(k->client, &k->work);
	if (k->writing)
		return;
	k->write.result = -ENOMEM;
	xm_state_written(k->st, &k->write);
	give_up(job, ENOMEM);
}

static void mark_windows(struct xm_map *to, uint64_t off, uint64_t len)
{
	uint64_t a = xm_map_cut_before(to, off), b = xm_map_cut_after(to, off + len);

	xm_map_set(to, a, b - a, NULL);
}

static void mark_chunks(struct xm_map *to, struct xm_list *chunks)
{
	xm_list_for_each(l, chunks) {
		const struct xm_task *t = &xm_container_of(l, struct xm_chunk, link)->task;

		for (unsigned i = 0; i < t->nruns; i++)
			mark_windows(to, t->runs[i].dst, t->runs[i].len);
	}
}

/* Windows in which nothing is left, out, or done and not durable are named no more. */
static void close_windows(struct xm_job *job)
{
	struct xm_keep *k = job->keep;
	struct xm_map busy;

	xm_map_init(&busy, k->open.lo, k->open.hi, k->open.granule);
	if (!xm_map_alloc(&busy))
		return;
	mark_chunks(&busy, &job->flying);
	mark_chunks(&busy, &job->parked);
	mark_chunks(&busy, &job->quarantined);
	if (job->trial_chunk)
		for (unsigned i = 0; i < job->trial_chunk->task.nruns; i++)
			mark_windows(&busy, job->trial_chunk->task.runs[i].dst,
				     job->trial_chunk->task.runs[i].len);
	for (uint64_t off, len, from = k->open.lo;
	     xm_map_next(&k->open, from, k->open.granule, &off, &len); from = off + len) {
		uint64_t a = xm_map_cut_before(&job->unsynced, off);
		uint64_t b = xm_map_cut_after(&job->unsynced, off + len);

		if (xm_map_count(&busy, off, len) + xm_map_count(&job->tally.left, a, b - a) +
		    xm_map_count(&job->unsynced, a, b - a) +
		    xm_map_count(&job->syncing, a, b - a) == 0)
			xm_map_clear(&k->open, off, len, NULL);
	}
	xm_map_free(&busy);
}

/* The runs of a map; where they are too many the last covers the rest. */
static unsigned ranges_of(const struct xm_map *m, struct xm_state_intent range[XM_STATE_RANGES])
{
	unsigned n = 0;

	for (uint64_t off, len, from = m->lo; xm_map_next(m, from, UINT64_MAX, &off, &len);
	     from = off + len) {
		if (n < XM_STATE_RANGES)
			range[n++] = (struct xm_state_intent){ off, len };
		else
			range[n - 1].len = off + len - range[n - 1].off;
	}
	return n;
}

static void move_all(struct xm_map *from, struct xm_map *to)
{
	for (uint64_t off, len, at = from->lo; xm_map_next(from, at, UINT64_MAX, &off, &len);
	     at = off + len)
		xm_map_set(to, off, len, NULL);
	xm_map_clear(from, from->lo, from->hi - from->lo, NULL);
}

static void begin_checkpoint(struct xm_job *job)
{
	struct xm_keep *k = job->keep;
	struct xm_state_intent range[XM_STATE_RANGES];
	unsigned n = 0;
	int r;

	close_windows(job);
	/* the new list names all: those that are open stay so while it is written */
	move_all(&k->wanted, &k->opening);
	if (!k->ending) {
		struct xm_map *all = &k->wanted;     /* empty now: borrowed */

		for (uint64_t off, len, from = k->open.lo;
		     xm_map_next(&k->open, from, UINT64_MAX, &off, &len); from = off + len)
			xm_map_set(all, off, len, NULL);
		for (uint64_t off, len, from = k->opening.lo;
		     xm_map_next(&k->opening, from, UINT64_MAX, &off, &len); from = off + len)
			xm_map_set(all, off, len, NULL);
		n = ranges_of(all, range);
		xm_map_clear(all, all->lo, all->hi - all->lo, NULL);
	}
	r = xm_state_prepare(k->st, &k->write, k->ending ? k->end_flags : 0, range, n);
	if (r < 0) {
		give_up(job, -r);
		return;
	}
	k->saving = k->unsaved;
	k->unsaved = 0;
	submit(job);
}

static void begin_intents(struct xm_job *job)
{
	struct xm_keep *k = job->keep;
	struct xm_state_intent range[XM_STATE_RANGES];
	unsigned n = ranges_of(&k->wanted, range);

	if (!xm_state_prepare_intents(k->st, &k->write, range, n)) {
		begin_checkpoint(job);
		return;
	}
	move_all(&k->wanted, &k->opening);
	submit(job);
}

static void take_write(struct xm_job *job)
{
	struct xm_list done = XM_LIST_INIT(done);
	struct xm_keep *k = job->keep;
	bool last;
	int r;

	if (!k->writing)
		return;
	xm_pool_reap(k->client, &done);
	if (xm_list_empty(&done))
		return;
	k->writing = false;
	last = k->write.checkpoint && k->ending && k->write.slot.flags == k->end_flags;
	r = xm_state_written(k->st, &k->write);
	if (r < 0) {
		give_up(job, -r);
		return;
	}
	move_all(&k->opening, &k->open);
	if (k->write.checkpoint) {
		k->saving = 0;
		if (k->epoch == k->st->slot.epoch)
			k->resetting = false;
		k->ended = last && !xm_state_is_stale(k->st);
	}
}

void xm_job_state_turn(struct xm_job *job)
{
	struct xm_keep *k = keeper(job);

	if (!k)
		return;
	take_write(job);
	if (k->writing || !k->st)
		return;
	if (k->resetting || k->unsaved || (k->ending && !k->ended) || xm_state_is_stale(k->st))
		begin_checkpoint(job);
	else if (k->wanted.left > 0 && !k->ending)
		begin_intents(job);
}

void xm_job_state_wait(const struct xm_job *job, struct xm_waiter *w)
{
	if (keeper(job) && job->keep->writing)
		xm_pool_wait(job->keep->client, w);
}

/* ---- the end ----------------------------------------------------------------------------- */

/* The last word: waits for it, for a bounded time. */
void xm_job_state_end(struct xm_job *job, bool finished, bool clean)
{
	struct xm_keep *k = keeper(job);
	uint64_t until = xm_job_now(job) + END_NS;

	if (!k)
		return;
	k->ending = true;
	k->end_flags = (finished ? XM_STATE_FINISHED : 0) | (clean ? XM_STATE_CLEAN : 0);
	for (;;) {
		xm_job_state_turn(job);
		if (k->ended || xm_job_now(job) >= until)
			break;
		xm_waiter_reset(&job->waiter);
		xm_job_state_wait(job, &job->waiter);
		xm_waiter_until(&job->waiter, until);
		job->ctx->clock->wait(job->ctx->clock, &job->waiter);
	}
	if (!k->ended)
		xm_log(job->ctx, XM_LOG_WARNING, "state_lost", "state %s does not tell the end of "
		       "this run: its disk does not answer", k->st->path);
}
