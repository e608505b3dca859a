/* SPDX-License-Identifier: Apache-2.0 */
/* What a job copies, and how: its extent source. */
#include "job.h"

#include "error.h"

int xm_job_extents_open(struct xm_job *job)
{
	int r = job->opt.extents ? job->opt.extents->open(job->src, &job->extents, &job->err) :
				   xm_extent_open(job->src, &job->extents, &job->err);

	return r < 0 ? xm_job_fail(job, XM_E_CONFIG, "no extent source") : 0;
}

uint64_t xm_job_extents_grain(const struct xm_job *job)
{
	uint64_t grain = job->extents->grain;

	return grain && grain < XM_MAP_GRANULE ? grain : XM_MAP_GRANULE;
}

void xm_job_extents_close(struct xm_job *job)
{
	if (job->extents)
		job->extents->ops->close(job->extents);
	job->extents = NULL;
}
