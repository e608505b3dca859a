/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zeros.  Where the destination is known to read as zeros they need no writing:
 * by what the user says, or what it proves itself: a file that is one hole, a thin
 * LUN of which nothing is allocated.  That holds for a place until a copy of this job
 * was given it, whatever became of that copy: a source that is written may turn to
 * zeros in between, and a trial may have stamped.
 */
#include "job.h"

#include "remote.h"
#include "xm/align.h"

void xm_job_zero_open(struct xm_job *job)
{
	const char *why = "--target-is-zero";

	if (!job->opt.target_is_zero)
		why = xm_extent_proves_zero(job->dst, job->dst_off, job->len);
	job->dst_is_zero = why;
	if (why)
		xm_log(job->ctx, XM_LOG_INFO, "target_is_zero",
		       "the destination reads as zeros, says %s; zeros are not written", why);
}

/*
 * Whole granules; they are as done as what is written:
 * until a flush, a lost cache takes them back.
 */
static void leave_out(struct xm_job *job, uint64_t from, uint64_t to)
{
	struct xm_map *map = &job->tally.left;
	uint64_t off, len;

	from = xm_map_cut_after(map, from);
	to = xm_map_cut_before(map, to);
	while (from < to && xm_map_next(map, from, to - from, &off, &len) && off < to) {
		len = xm_min_u64(len, to - off);
		if (!xm_map_set(&job->unsynced, off, len, NULL))
			return;
		xm_tally_skip(&job->tally, off, len, &job->ways[XM_WAY_SKIP]);
		from = off + len;
	}
}

void xm_job_zero_leave_out(struct xm_job *job)
{
	uint64_t n;

	if (!job->dst_is_zero || job->opt.compare || xm_remote_is_stream(job->src))
		return;
	for (uint64_t off = 0; off < job->len; off += n) {
		struct xm_extent e = job->extents->ops->query(job->extents, job->src_off + off,
							      job->len - off);
		bool sane = e.off == job->src_off + off && e.len > 0 && e.len <= job->len - off;

		n = sane ? e.len : job->len - off;
		if (sane && (e.kind == XM_EXTENT_ZERO || e.kind == XM_EXTENT_HOLE))
			leave_out(job, job->dst_off + off, job->dst_off + off + n);
	}
}

void xm_job_zero_doubted(struct xm_job *job)
{
	if (job->dst_is_zero && !job->opt.target_is_zero)
		xm_log(job->ctx, XM_LOG_INFO, "target_not_zero", "the destination has lost its "
		       "cache, and may hold what was there before: zeros are written");
	job->dst_is_zero = job->opt.target_is_zero && job->dst_is_zero;
}

/* Zeros that need no writing are the host's, which leaves them out; where it is allowed to. */
unsigned xm_job_zero_kinds(const struct xm_job *job, const struct xm_entry *e)
{
	unsigned kinds = e->m->limits.kinds;

	if (!job->dst_is_zero || !xm_entry_offloads(e))
		return kinds;
	for (unsigned i = 0; i < job->pick.n; i++) {
		const struct xm_entry *host = &job->pick.at[i];

		if (host->ops->way == XM_WAY_HOST && xm_entry_usable(host) &&
		    host->m->limits.kinds & XM_TASK_ZERO)
			return kinds & ~(unsigned)XM_TASK_ZERO;
	}
	return kinds;
}

void xm_job_zero_claimed(struct xm_job *job, struct xm_chunk *c)
{
	c->task.dst_is_zero = job->dst_is_zero && xm_task_count(&c->task, &job->touched) == 0;
	/* also a method that makes zeros is tried, and a trial may stamp */
	if (!job->dst_is_zero || (c->task.kind == XM_TASK_ZERO && !xm_entry_offloads(c->entry)))
		return;
	/* without memory to remember it, nothing is known to be zero any more */
	if (!xm_task_mark(&c->task, &job->touched))
		job->dst_is_zero = false;
}

static struct xm_map *zeros_of(struct xm_job *job, const struct xm_chunk *c)
{
	return &job->ways[c->task.dst_is_zero ? XM_WAY_SKIP : XM_WAY_ZERO];
}

bool xm_job_zero_alloc(struct xm_job *job, const struct xm_chunk *c)
{
	return c->task.zeros.n == 0 || xm_map_alloc(zeros_of(job, c));
}

/* Whole granules only; those that were not moved are not set in the way of the method. */
void xm_job_zero_settled(struct xm_job *job, const struct xm_chunk *c)
{
	struct xm_map *from = &job->ways[xm_job_way(c)], *to = zeros_of(job, c);

	for (unsigned i = 0; i < c->task.zeros.n; i++) {
		uint64_t off = xm_map_cut_after(from, c->task.zeros.at[i].off);
		uint64_t end = xm_map_cut_before(from, c->task.zeros.at[i].off +
						       c->task.zeros.at[i].len);

		if (off >= end || xm_map_count(from, off, end - off) != end - off)
			continue;
		xm_map_clear(from, off, end - off, NULL);
		xm_map_set(to, off, end - off, NULL);
	}
}
