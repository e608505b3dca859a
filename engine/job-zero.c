/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zeros.  Where the destination is known to read as zeros they need no writing:
 * by what the user says, or what it proves itself: a file that is one hole, a thin
 * LUN of which nothing is allocated.  That holds for a place until a copy of this job
 * was given it, whatever became of that copy: a source that is written may turn to
 * zeros in between, and a trial may have stamped.
 */
#include "job.h"

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

void xm_job_zero_doubted(struct xm_job *job)
{
	if (job->dst_is_zero && !job->opt.target_is_zero)
		xm_log(job->ctx, XM_LOG_INFO, "target_not_zero", "the destination has lost its cache, "
		       "and may hold what was there before: zeros are written");
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
