/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --resume-by-compare: where no state survived, both sides are read, and what is
 * equal is done.  It counts like what an earlier run did, but it may lie in a cache
 * that nobody has flushed since: so it is durable only after this job's flush.
 */
#include "job.h"

#include "error.h"
#include "xm/align.h"

static int differs(void *user, uint64_t off, uint64_t len)
{
	struct xm_job *job = user;
	struct xm_map *m = &job->differing;
	uint64_t a = xm_map_cut_before(m, job->dst_off + off);
	uint64_t b = xm_map_cut_after(m, job->dst_off + off + len);

	xm_map_set(m, a, b - a, NULL);
	return 0;
}

bool xm_job_compare_begin(struct xm_job *job)
{
	const struct xm_map *left = &job->tally.left;
	struct xm_verify_range all = { .src_off = job->src_off, .dst_off = job->dst_off,
				       .len = job->len };

	xm_map_init(&job->differing, left->lo, left->hi, left->granule);
	if (!xm_map_alloc(&job->differing) || !xm_map_alloc(&job->unsynced) ||
	    !xm_map_alloc(&job->ways[XM_WAY_RESUMED]) ||
	    !xm_verify_start(&job->verify, &job->pair, XM_VERIFY_FULL, &all)) {
		xm_map_free(&job->differing);
		xm_job_fail(job, XM_E_TEMPORARY, "memory to compare is short");
		return false;
	}
	job->verify.fn = differs;
	job->verify.user = job;
	job->verify.unread_differs = job->opt.salvage;
	return true;
}

static uint64_t equal(struct xm_job *job, uint64_t off, uint64_t end)
{
	uint64_t sum = off < end ? xm_tally_skip(&job->tally, off, end - off,
						 &job->ways[XM_WAY_RESUMED]) : 0;

	if (sum)
		xm_map_set(&job->unsynced, off, end - off, NULL);
	return sum;
}

void xm_job_compare_end(struct xm_job *job)
{
	struct xm_map *m = &job->differing;
	uint64_t from = m->lo, off, len, sum = 0;
	bool whole = job->verify.status.certainty == XM_DONE && !job->ending;

	for (; whole && xm_map_next(m, from, UINT64_MAX, &off, &len); from = off + len)
		sum += equal(job, from, off);
	if (whole) {
		sum += equal(job, from, m->hi);
		xm_progress_begin(&job->progress, job->tally.done);
		xm_log(job->ctx, XM_LOG_INFO, "compared", "%llu of %llu bytes are equal already; "
		       "the rest is copied", (unsigned long long)sum, (unsigned long long)job->len);
	}
	xm_map_free(m);
}
