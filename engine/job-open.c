/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a job: I/O engines for both ends, the buffer pool, the methods, the
 * map; and closing it again.  Setting up may wait (identify commands); nothing
 * is written here, so xm_job_plan() stops after it.
 */
#include "job.h"

#include <stdlib.h>
#include "error.h"
#include "registry.h"
#include "remote.h"
#include "xm/align.h"

/*
 * A request: 128 pages, which a queue takes whole also where they do not lie side by side;
 * what is cut io_uring hands to a worker.  All of them: what peak memory is about.
 */
#define SLOT (UINT64_C(512) << 10)
#define SLOTS_MAX 256
#define POOL (UINT64_C(64) << 20)
#define REQUEST_MAX (UINT64_C(4) << 20)

/* ---- engines and buffers ------------------------------------------------------------ */

static struct xm_io *engine_of(struct xm_job *job, struct xm_endpoint *ep)
{
	const char *why;

	if (ep->ops->io)
		return ep->ops->io(ep, &job->err);
	if (!job->own_io)
		job->own_io = xm_io_open(job->ctx, job->opt.io, &why, &job->err);
	if (job->own_io && job->own_io->ops->attach &&
	    job->own_io->ops->attach(job->own_io, ep, &job->err) < 0)
		return NULL;
	return job->own_io;
}

/* What is larger is cut on the way, which matters to an engine that has no size of its own. */
static uint64_t uncut(const struct xm_endpoint *ep, const struct xm_io *io, uint64_t size)
{
	return ep->max_io && !io->ops->request ? xm_min_u64(size, ep->max_io) : size;
}

static uint64_t slot_size(const struct xm_job *job)
{
	const struct xm_pair *p = &job->pair;
	uint64_t least = xm_max_u64(xm_max_u64(job->src->block_size, job->dst->block_size),
				    xm_max_u64(job->src->dio_align, job->dst->dio_align));
	uint64_t suits = xm_max_u64(p->src_io->ops->request, p->dst_io->ops->request);
	uint64_t size = suits ? suits : SLOT;

	if (job->opt.request)
		size = xm_min_u64(job->opt.request, REQUEST_MAX);
	size = uncut(job->src, p->src_io, uncut(job->dst, p->dst_io, size));
	least = xm_max_u64(least, 4096);
	return xm_max_u64(xm_round_down(size, least), least);
}

static unsigned slots(const struct xm_job *job, uint64_t size)
{
	uint64_t n = xm_min_u64(xm_max_u64(POOL / size, 2), SLOTS_MAX);

	return (unsigned)(job->opt.depth ? xm_min_u64(n, job->opt.depth) : n);
}

static void tell_buffers(struct xm_job *job, struct xm_io *io)
{
	if (io->ops->buffers)
		io->ops->buffers(io, &job->buffers);
}

static int open_pair(struct xm_job *job)
{
	struct xm_pair *p = &job->pair;

	*p = (struct xm_pair){ .ctx = job->ctx, .src = job->src, .dst = job->dst,
				.allow_cross_namespace = job->opt.cross_namespace,
				.salvage = job->opt.salvage ? &job->salvage : NULL };
	p->src_io = engine_of(job, job->src);
	p->dst_io = p->src_io ? engine_of(job, job->dst) : NULL;
	if (!p->src_io || !p->dst_io)
		return xm_job_fail(job, XM_E_TEMPORARY, "no I/O engine");
	uint64_t size = slot_size(job);
	if (xm_buffers_init(&job->buffers, size, slots(job, size)) < 0)
		return xm_job_fail(job, XM_E_TEMPORARY, "memory for buffers is short");
	p->buffers = &job->buffers;
	tell_buffers(job, p->src_io);
	if (p->dst_io != p->src_io)
		tell_buffers(job, p->dst_io);
	xm_fence_watch(&job->fence, job->src->nexus);
	xm_fence_watch(&job->fence, job->dst->nexus);
	return 0;
}

/* ---- methods and map ------------------------------------------------------------------- */

static int open_methods(struct xm_job *job)
{
	struct xm_pick_rules rules = {
		.offload = job->opt.offload,
		.methods = job->opt.methods,
		.depth = (unsigned)xm_min_u64(job->opt.depth, 65536),
	};

	if (xm_pick_open(&job->pick, job->ctx->registry->methods, &job->pair, &rules,
			 &job->fallbacks, &job->err) < 0)
		return xm_job_fail(job, XM_E_BUG, "no method");
	return 0;
}

static int open_map(struct xm_job *job)
{
	uint64_t lo = job->dst_off, hi = job->dst_off + job->len;
	uint64_t least = xm_max_u64(job->src->block_size, job->dst->block_size);
	uint64_t granule;

	if (xm_job_extents_open(job) < 0)
		return -1;
	granule = xm_pick_granule(&job->pick, job->len, least, xm_job_extents_grain(job));
	if (!xm_tally_init(&job->tally, lo, hi, granule))
		return xm_job_fail(job, XM_E_TEMPORARY, "memory for the map is short");
	for (unsigned i = 0; i < XM_WAYS; i++)
		xm_map_init(&job->ways[i], lo, hi, granule);
	xm_map_init(&job->unsynced, lo, hi, granule);
	xm_map_init(&job->refused, lo, hi, granule);
	xm_map_init(&job->syncing, lo, hi, granule);
	job->plan = (struct xm_plan){ .src_off = job->src_off, .dst_off = job->dst_off,
				      .extents = job->extents };
	job->cursor = lo;
	xm_map_init(&job->touched, lo, hi, granule);
	xm_job_zero_open(job);
	xm_job_extents_skip(job);
	if (xm_pick_fit(&job->pick, &job->plan, &job->tally.left, &job->fallbacks, &job->err) < 0)
		return xm_job_fail(job, XM_E_BUG, "no method");
	return 0;
}

static int begin_stream(struct xm_job *job)
{
	const struct xm_remote_ops *remote = xm_remote_of(job->dst);

	if (!remote || !remote->begin ||
	    remote->begin(job->dst, job->pair.src_io, job->tally.left.granule,
			  &job->ways[XM_WAY_SKIP]))
		return 0;
	return xm_job_fail(job, XM_E_TEMPORARY, "the stream cannot be written: its reader "
			   "has gone, or memory is short");
}

int xm_job_open(struct xm_job *job)
{
	uint64_t now = xm_job_now(job);

	job->opened = true;
	xm_progress_init(&job->progress, now);
	xm_job_rate_open(job);
	job->flushed_at = now;
	if (open_pair(job) < 0)
		return -1;
	if (job->opt.verify_only)
		return 0;
	/* from here on, and only from here on, these bytes may be written */
	job->dst->gate_lo = job->dst_off;
	job->dst->gate_hi = job->dst_off + job->len;
	if (open_methods(job) < 0 || open_map(job) < 0 || xm_job_state_open(job) < 0)
		return -1;
	xm_job_zero_leave_out(job);
	if (begin_stream(job) < 0)
		return -1;
	xm_progress_begin(&job->progress, job->tally.done);
	return 0;
}

/* ---- closing ------------------------------------------------------------------------------ */

static void free_chunk(struct xm_chunk *c)
{
	xm_piece_put(c->piece);
	free(c);
}

static void free_chunks(struct xm_list *list)
{
	struct xm_list *l;

	while ((l = xm_list_pop(list)))
		free_chunk(xm_container_of(l, struct xm_chunk, link));
}

void xm_job_close(struct xm_job *job)
{
	if (job->opened && !xm_pick_close(&job->pick))
		job->left_behind = true;
	job->dst->gate_lo = job->dst->gate_hi = 0;
	if (job->own_io && !job->left_behind && !xm_io_close(job->own_io))
		job->left_behind = true;
	xm_job_state_close(job);
	if (job->drop.client && !xm_pool_client_free(job->drop.client))
		job->left_behind = true;
	if (job->left_behind)
		return;
	free_chunks(&job->parked);
	free_chunks(&job->quarantined);
	xm_piece_put(job->piece);
	xm_trial_free(&job->trial);
	xm_verify_free(&job->verify);
	xm_tally_free(&job->tally);
	for (unsigned i = 0; i < XM_WAYS; i++)
		xm_map_free(&job->ways[i]);
	xm_map_free(&job->unsynced);
	xm_map_free(&job->refused);
	xm_map_free(&job->syncing);
	xm_map_free(&job->missing);
	xm_map_free(&job->differing);
	xm_salvage_free(&job->salvage);
	xm_job_extents_close(job);
	xm_map_free(&job->touched);
	xm_buffers_free(&job->buffers);
	xm_waiter_free(&job->waiter);
}
