/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why the host copies although offload was wished: every such byte is counted under
 * one reason, once.  A chunk that every offload refused counts when the last one
 * refuses it; all else when the host has moved it.  What was refused and came to be
 * zeros, or was not moved before the end, is taken back at the end.
 */
#include "job.h"

#include "xm/align.h"

/* An offload that could take the task and has not refused it. */
static bool offload_left(const struct xm_pick *p, const struct xm_task *task)
{
	for (unsigned i = 0; i < p->n; i++) {
		const struct xm_entry *e = &p->at[i];

		if (xm_entry_offloads(e) && xm_entry_usable(e) &&
		    e->m->limits.kinds & task->kind && xm_task_count(task, &e->barred) == 0)
			return true;
	}
	return false;
}

void xm_job_count_refused(struct xm_job *job, const struct xm_task *task, const char *reason,
			  const char *detail)
{
	bool by_host = !offload_left(&job->pick, task) && xm_task_mark(task, &job->refused);

	xm_fallback_count(&job->fallbacks, reason, detail, by_host ? task->bytes : 0);
}

/* The offload that is over; NULL when none is that could have done it. */
static const struct xm_entry *blamed(const struct xm_pick *p)
{
	const struct xm_entry *wished = xm_pick_wished(p);

	for (unsigned i = 0; wished && !wished->reason && i < p->n; i++) {
		const struct xm_entry *e = &p->at[i];

		if (xm_entry_offloads(e) && e->m && e->reason)
			return e;
	}
	return wished && wished->reason ? wished : NULL;
}

void xm_job_count_host(struct xm_job *job, const struct xm_chunk *c)
{
	const struct xm_entry *e = blamed(&job->pick);
	uint64_t bytes = xm_task_count(&c->task, &job->ways[XM_WAY_HOST]);

	if (!xm_pick_wished(&job->pick))
		return;
	bytes -= xm_min_u64(bytes, xm_task_count(&c->task, &job->refused));
	if (bytes == 0)
		return;
	if (e)
		xm_fallback_bytes(&job->fallbacks, e->reason, e->detail, bytes);
	else
		xm_fallback_bytes(&job->fallbacks, XM_REASON_ALIGNMENT,
				  "heads and tails smaller than "
				  "what the method can address", bytes);
}

void xm_job_uncount_host(struct xm_job *job, uint64_t off, uint64_t len)
{
	uint64_t bytes = xm_map_count(&job->ways[XM_WAY_HOST], off, len);

	/* what was refused was counted then, and stays so */
	bytes -= xm_min_u64(bytes, xm_map_count(&job->refused, off, len));
	for (unsigned i = 0; i < job->pick.n && bytes > 0; i++) {
		const struct xm_entry *e = &job->pick.at[i];

		if (xm_entry_offloads(e) && e->reason)
			bytes = xm_fallback_take_back(&job->fallbacks, e->reason, bytes);
	}
	xm_fallback_take_back(&job->fallbacks, XM_REASON_ALIGNMENT, bytes);
}

void xm_job_settle_reasons(struct xm_job *job)
{
	struct xm_fallbacks *f = &job->fallbacks;
	uint64_t excess = 0;

	for (unsigned i = 0; i < f->n; i++)
		excess += f->row[i].bytes;
	excess -= xm_min_u64(excess, job->ways[XM_WAY_HOST].left);
	/* what was refused last is what was not moved any more */
	for (unsigned i = f->n; i > 0 && excess > 0; i--)
		excess = xm_fallback_take_back(f, f->row[i - 1].reason, excess);
}
