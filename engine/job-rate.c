/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rates a job keeps to: one for all bytes, and one each for what the storage
 * moves and for what goes through this host.  They bound different things (an array's
 * back end, a host's network), so a method must be within both of its own.
 */
#include "job.h"

#include "xm/align.h"

static struct xm_budget *own(struct xm_job *job, const struct xm_entry *e)
{
	return &job->budget[xm_entry_offloads(e) ? XM_RATE_OFFLOAD : XM_RATE_HOST];
}

void xm_job_rate_open(struct xm_job *job)
{
	for (unsigned i = 0; i < XM_RATES; i++)
		xm_budget_init(&job->budget[i], atomic_load(&job->rate[i]), xm_job_now(job));
}

void xm_job_rate_heed(struct xm_job *job)
{
	for (unsigned i = 0; i < XM_RATES; i++) {
		uint64_t rate = atomic_load(&job->rate[i]);

		if (rate != job->budget[i].rate)
			xm_budget_set_rate(&job->budget[i], rate, xm_job_now(job));
	}
}

uint64_t xm_job_rate_when(struct xm_job *job, const struct xm_entry *e)
{
	uint64_t now = xm_job_now(job);
	uint64_t when = xm_max_u64(xm_budget_when(&job->budget[XM_RATE_ALL], now),
				   xm_budget_when(own(job, e), now));

	if (when)
		job->rate_due = xm_min_u64(job->rate_due, when);
	return when;
}

void xm_job_rate_spend(struct xm_job *job, const struct xm_entry *e, uint64_t bytes)
{
	xm_budget_spend(&job->budget[XM_RATE_ALL], bytes);
	xm_budget_spend(own(job, e), bytes);
}

uint64_t xm_job_rate_chunk(struct xm_job *job, const struct xm_entry *e)
{
	return xm_min_u64(xm_budget_chunk(&job->budget[XM_RATE_ALL]),
			  xm_budget_chunk(own(job, e)));
}
