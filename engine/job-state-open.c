/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The job's state file when the job is opened: bound to this pair, range and job, and what
 * an earlier run left in it counted as done; and when the job is closed.  What becomes of it
 * while the job runs is in job-state.c.
 */
#include "job-state.h"

#include <stdlib.h>
#include <string.h>
#include "error.h"
#include "xm/align.h"

#define WINDOWS_MAX (UINT64_C(1) << 22)

static uint64_t window_size(const struct xm_job *job)
{
	uint64_t size = XM_KEEP_WINDOW;

	while (job->opt.state_window && size > job->tally.left.granule &&
	       size > job->opt.state_window / 4)
		size >>= 1;
	while (job->len / size > WINDOWS_MAX || size < job->tally.left.granule)
		size <<= 1;
	return size;
}

static void binding_of(const struct xm_job *job, struct xm_state_binding *b)
{
	const struct xm_endpoint *src = job->src, *dst = job->dst;

	*b = (struct xm_state_binding){
		.src_size = src->size, .dst_size = dst->size,
		.src_birth = src->birth, .dst_birth = dst->birth,
		.src_block = src->block_size, .dst_block = dst->block_size,
		.src_off = job->src_off, .dst_off = job->dst_off, .len = job->len,
		.scope = xm_state_scope(&job->tally.left),
	};
	strncpy(b->job, job->ctx->job_id ? job->ctx->job_id : "", sizeof b->job - 1);
	xm_state_names(&src->id, b->src_names);
	xm_state_names(&dst->id, b->dst_names);
}

static void not_zero(struct xm_job *job)
{
	if (job->dst_is_zero)
		xm_log(job->ctx, XM_LOG_INFO, "target_not_zero",
		       "the destination holds what an earlier run wrote: zeros are written");
	job->dst_is_zero = false;
}

static void go_on(struct xm_job *job, const struct xm_state *st)
{
	const struct xm_map *d = &st->durable;
	uint64_t sum = 0;

	for (uint64_t off, len, from = d->lo; xm_map_next(d, from, UINT64_MAX, &off, &len);
	     from = off + len)
		sum += xm_tally_skip(&job->tally, off, len, &job->ways[XM_WAY_RESUMED]);
	xm_log(job->ctx, XM_LOG_INFO, "resumed",
	       "going on where an earlier run ended: %llu of %llu bytes are copied already; up to "
	       "%llu were in flight and are copied again", (unsigned long long)sum,
	       (unsigned long long)job->len, (unsigned long long)st->in_flight);
	if (st->in_flight && job->dst->nexus && job->dst->nexus->ops->inherit)
		job->dst->nexus->ops->inherit(job->dst->nexus);
	if (st->other_boot && st->in_flight)
		xm_log(job->ctx, XM_LOG_WARNING, "other_boot",
		       "the earlier run was on another machine, or before this one was started "
		       "anew: make sure that it is gone, this kernel cannot tell");
	if (st->bad_pages)
		xm_log(job->ctx, XM_LOG_WARNING, "state_damaged",
		       "%llu pages of state %s are damaged: what they stood for is copied again",
		       (unsigned long long)st->bad_pages, st->path);
}

static void tell(struct xm_job *job, const struct xm_state *st)
{
	/* whatever became of its state: an earlier run wrote */
	if (st->use != XM_STATE_FRESH)
		not_zero(job);
	switch (st->use) {
	case XM_STATE_RESUMED:
		go_on(job, st);
		break;
	case XM_STATE_OVER:
		xm_log(job->ctx, XM_LOG_WARNING, "state_over", "state %s is of a copy that was "
		       "finished: copying everything anew", st->path);
		break;
	case XM_STATE_DAMAGED:
		xm_log(job->ctx, XM_LOG_WARNING, "state_damaged", "state %s is damaged, and not "
		       "believed: copying everything anew", st->path);
		break;
	case XM_STATE_FRESH:
		break;
	}
}

/* They stay open until they are copied, so a kill before that finds them named again. */
static void keep_inherited(struct xm_keep *k, const struct xm_state *st)
{
	uint64_t a = xm_max_u64(st->inherited.off, k->open.lo);
	uint64_t b = xm_min_u64(st->inherited.off + st->inherited.len, k->open.hi);

	if (st->use != XM_STATE_RESUMED || st->in_flight == 0 || a >= b)
		return;
	a = xm_map_cut_before(&k->open, a);
	xm_map_set(&k->open, a, xm_map_cut_after(&k->open, b) - a, NULL);
}

int xm_job_state_open(struct xm_job *job)
{
	struct xm_state *st = job->ctx->state;
	struct xm_pool *pool = st ? xm_ctx_pool(job->ctx) : NULL;
	uint64_t lo = job->tally.left.lo, hi = job->tally.left.hi, window;
	struct xm_state_binding is;
	struct xm_keep *k;

	if (!st)
		return 0;
	k = calloc(1, sizeof *k);
	if (!k || !pool || !(k->client = xm_pool_client_new(pool))) {
		free(k);
		return xm_job_fail(job, XM_E_TEMPORARY, "no memory or thread to keep the state");
	}
	job->keep = k;
	window = window_size(job);
	xm_map_init(&k->open, lo, hi, window);
	xm_map_init(&k->opening, lo, hi, window);
	xm_map_init(&k->wanted, lo, hi, window);
	binding_of(job, &is);
	if (xm_state_bind(st, &is, &job->tally.left, &job->err) < 0)
		return xm_job_fail(job, XM_E_CONFIG, "no state");
	k->st = st;
	keep_inherited(k, st);
	tell(job, st);
	return 0;
}

void xm_job_state_close(struct xm_job *job)
{
	struct xm_keep *k = job->keep;

	if (!k)
		return;
	job->keep = NULL;
	/* a thread that is stuck in the kernel still has it */
	if (k->writing || !xm_pool_client_free(k->client))
		return;
	xm_map_free(&k->open);
	xm_map_free(&k->opening);
	xm_map_free(&k->wanted);
	free(k);
}
