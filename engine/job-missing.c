/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is not known to be at the destination when a job has failed: so that a caller can
 * name it, and have it sent again.
 */
#include "job.h"

#include "error.h"

static void copy_bits(struct xm_map *into, const struct xm_map *of, bool set)
{
	uint64_t off, len, from = of->lo;

	for (; xm_map_next(of, from, UINT64_MAX, &off, &len); from = off + len) {
		if (set)
			xm_map_set(into, off, len, NULL);
		else
			xm_map_clear(into, off, len, NULL);
	}
}

void xm_job_list_missing(struct xm_job *job)
{
	struct xm_map *m = &job->missing;

	if (!job->tally.left.words)
		return;
	xm_map_init(m, job->tally.left.lo, job->tally.left.hi, job->tally.left.granule);
	if (!xm_map_alloc(m) || !xm_map_set(m, m->lo, m->hi - m->lo, NULL) ||
	    xm_error_code(job->err) == XM_E_MISMATCH)
		return;
	for (unsigned i = 0; i < XM_WAYS; i++)
		copy_bits(m, &job->ways[i], false);
	copy_bits(m, &job->unsynced, true);
	copy_bits(m, &job->syncing, true);
}

int xm_job_missing(const struct xm_job *job, uint64_t from, uint64_t *ret_off, uint64_t *ret_len)
{
	const struct xm_map *map = &job->missing;
	uint64_t at = from < job->src_off ? job->dst_off : from - job->src_off + job->dst_off;
	uint64_t off, len;

	if (!map->words || at >= map->hi ||
	    !xm_map_next(map, xm_map_cut_before(map, at), UINT64_MAX, &off, &len))
		return -1;
	*ret_off = off - job->dst_off + job->src_off;
	*ret_len = len;
	return 0;
}
