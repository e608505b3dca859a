/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New work where the source is a one-way stream: not what the map says is left, but what
 * has come.  A piece becomes chunks of its ranges that are left still (a second run is sent what
 * is durable, too, and does not write it again).  A chunk holds its piece, so that it is sent
 * again like any other; what is given up goes back into the map, and is missing at the end.
 */
#include "job.h"

#include <stdio.h>
#include <stdlib.h>
#include "error.h"
#include "job-claim.h"
#include "remote.h"
#include "xm/align.h"
#include "xm/checked.h"

bool xm_job_stream_over(const struct xm_job *job)
{
	return job->stream_over && !job->piece && xm_list_empty(&job->parked);
}

static struct xm_entry *entry_for(struct xm_job *job, const struct xm_piece *p)
{
	for (unsigned i = 0; i < job->pick.n; i++) {
		struct xm_entry *e = &job->pick.at[i];
		enum xm_way way = p->kind == XM_PIECE_TOKEN ? XM_WAY_ODX : XM_WAY_HOST;

		if (xm_entry_usable(e) && e->ops->way == way)
			return e;
	}
	return NULL;
}

static void piece_over(struct xm_job *job)
{
	xm_piece_put(job->piece);
	job->piece = NULL;
	job->piece_run = 0;
	job->piece_at = 0;
}

/* Sends the claimed task, or puts it back.  False: no room now. */
static bool send(struct xm_job *job, struct xm_entry *e, const struct xm_task *task)
{
	const struct xm_run *last = &task->runs[task->nruns - 1];
	uint64_t end = last->dst + last->len;
	struct xm_chunk *c = calloc(1, sizeof *c);

	if (!c) {
		xm_job_fail(job, XM_E_TEMPORARY, "memory is short");
		return false;
	}
	c->task = *task;
	c->entry = e;
	c->era = job->era;
	xm_list_init(&c->link);
	xm_list_init(&c->task.link);
	c->task.claimed_at = xm_job_now(job);
	xm_task_claim(&job->tally, &c->task);
	c->piece = job->piece;
	c->piece->users++;
	if (xm_job_state_admits(job, &c->task) && xm_job_send(job, c)) {
		xm_job_rate_spend(job, e, last->len);
		xm_job_state_ahead(job, end);
		return true;
	}
	xm_job_drop(job, c);
	return false;
}

static uint64_t dst_of(const struct xm_job *job, uint64_t src)
{
	return src - job->src_off + job->dst_off;
}

/* Is [off, off+len) of the destination inside the map, at its cuts? */
static bool suits(const struct xm_map *map, uint64_t off, uint64_t len)
{
	return off >= map->lo && off <= map->hi && len <= map->hi - off &&
	       xm_map_is_cut(map, off) && xm_map_is_cut(map, off + len);
}

/* A token goes whole, or not at all: it cannot be cut here. */
static bool send_token(struct xm_job *job, struct xm_entry *e)
{
	const struct xm_method_limits *l = &e->m->limits;
	const struct xm_piece *p = job->piece;
	struct xm_task t = { .kind = XM_TASK_COPY, .nruns = p->nruns };
	bool ok = p->nruns <= l->max_runs && p->bytes <= l->max_bytes;

	for (unsigned i = 0; i < p->nruns && ok; i++) {
		uint64_t off = dst_of(job, p->runs[i].off), len = p->runs[i].len;

		t.runs[i] = (struct xm_run){ p->runs[i].off, off, len };
		ok = len <= l->max_run && suits(&job->tally.left, off, len) &&
		     xm_map_count(&job->tally.left, off, len) == len;
	}
	if (ok && !send(job, e, &t))
		return false;
	piece_over(job);
	return true;
}

/* The next range of the piece that is left, from where it was made work of. */
static bool next_range(struct xm_job *job, uint64_t *ret_off, uint64_t *ret_len)
{
	const struct xm_token_run *r = &job->piece->runs[0];
	uint64_t begin = dst_of(job, r->off), end = begin + r->len, off, len;

	if (!suits(&job->tally.left, begin, r->len) ||
	    !xm_map_next(&job->tally.left, begin + job->piece_at, UINT64_MAX, &off, &len) ||
	    off >= end)
		return false;
	*ret_off = off;
	*ret_len = xm_min_u64(len, end - off);
	return true;
}

static bool send_bytes(struct xm_job *job, struct xm_entry *e)
{
	bool zero = job->piece->kind == XM_PIECE_ZERO;
	uint64_t off, len, begin = dst_of(job, job->piece->runs[0].off);

	while (next_range(job, &off, &len)) {
		uint64_t most = xm_min_u64(e->m->limits.max_bytes, e->m->limits.max_run);
		uint64_t end = xm_map_cut_before(&job->tally.left, off + xm_min_u64(len, most));
		struct xm_task t = { .kind = zero ? XM_TASK_ZERO : XM_TASK_COPY, .nruns = 1 };

		if (!xm_job_room(job, e) || end <= off)
			return end > off ? false : (piece_over(job), true);
		t.runs[0] = (struct xm_run){ off - job->dst_off + job->src_off, off, end - off };
		if (!send(job, e, &t))
			return false;
		job->piece_at = end - begin;
	}
	piece_over(job);
	return true;
}

static void skip(struct xm_job *job)
{
	const struct xm_token_run *r = &job->piece->runs[0];
	uint64_t off = dst_of(job, r->off);

	/* what an earlier run did not get is still missing, whoever leaves it out */
	if (job->ways[XM_WAY_RESUMED].left == 0 && suits(&job->tally.left, off, r->len))
		job->left_out += xm_tally_skip(&job->tally, off, r->len, &job->ways[XM_WAY_SKIP]);
	piece_over(job);
}

/* False: no room now. */
static bool use_piece(struct xm_job *job)
{
	struct xm_entry *e = entry_for(job, job->piece);

	if (job->piece->kind == XM_PIECE_SKIP) {
		skip(job);
		return true;
	}
	if (!e) {
		piece_over(job);
		return true;
	}
	if (!xm_job_room(job, e))
		return false;
	return job->piece->kind == XM_PIECE_TOKEN ? send_token(job, e) : send_bytes(job, e);
}

void xm_job_fill_stream(struct xm_job *job)
{
	const struct xm_remote_ops *remote = xm_remote_of(job->src);

	while (!job->ending) {
		if (!job->piece)
			job->piece = remote->next(job->src, &job->stream_over);
		if (!job->piece || !use_piece(job))
			return;
	}
}

/* Did all of it come, inside the job's range?  What did not is missing, not different. */
static bool is_there(const struct xm_job *job, const struct xm_wire_digest *d)
{
	const struct xm_map *left = &job->tally.left;
	uint64_t off = dst_of(job, d->off), from;

	if (d->off < job->src_off ||
	    !xm_range_fits(d->off - job->src_off, (uint64_t)d->len, job->len))
		return false;
	from = xm_map_cut_before(left, off);
	return xm_map_count(left, from, xm_map_cut_after(left, off + d->len) - from) == 0;
}

bool xm_job_stream_samples(struct xm_job *job, struct xm_verify_range *range)
{
	struct xm_wire_digest *d;
	size_t n = xm_remote_of(job->src)->digests(job->src, &d);

	range->digests = d;
	for (size_t i = 0; i < n; i++) {
		if (is_there(job, &d[i]))
			d[range->ndigests++] = d[i];
	}
	if (range->ndigests == 0 && job->tally.done > 0)
		xm_log(job->ctx, XM_LOG_WARNING, "not_verified", "no digest of a sample came of "
		       "what is there now: nothing was read back and compared");
	return range->ndigests > 0;
}

void xm_job_stream_judge(struct xm_job *job)
{
	enum xm_code code = XM_E_TEMPORARY;
	const char *wrong = xm_remote_of(job->src)->wrong(job->src, &code);
	uint64_t left = job->tally.left.left;

	if (!wrong && left == 0)
		return;
	if (left == 0)
		xm_job_fail(job, code, "%s", wrong);
	else
		xm_job_fail(job, code, "%s%s%llu bytes of the source are not at the destination: "
			    "send them again (--missing lists them, send --extents takes the "
			    "list)", wrong ? wrong : "", wrong ? "; " : "",
			    (unsigned long long)left);
}
