/* SPDX-License-Identifier: Apache-2.0 */
/* The figures and texts a caller reads while a job runs and after. */
#include "job.h"

#include "remote.h"

static uint64_t now_or_end(const struct xm_job *job)
{
	return job->phase == XM_PHASE_END ? job->ended : xm_job_now(job);
}

static uint64_t by_way(const struct xm_job *job, enum xm_job_u64 key)
{
	static const enum xm_way way[] = {
		[XM_JOB_BYTES_XCOPY] = XM_WAY_XCOPY, [XM_JOB_BYTES_ODX] = XM_WAY_ODX,
		[XM_JOB_BYTES_NVME_COPY] = XM_WAY_NVME_COPY, [XM_JOB_BYTES_CLONE] = XM_WAY_CLONE,
		[XM_JOB_BYTES_HOST] = XM_WAY_HOST, [XM_JOB_BYTES_ZEROED] = XM_WAY_ZERO,
		[XM_JOB_BYTES_SKIPPED] = XM_WAY_SKIP,
		[XM_JOB_BYTES_RESUMED] = XM_WAY_RESUMED,
	};

	return job->ways[way[key]].left;
}

/* Who sends tokens into a stream lets another use them. */
static bool is_sender(const struct xm_job *job)
{
	return xm_remote_is_blind(job->dst);
}

static uint64_t offload_used(const struct xm_job *job)
{
	if (is_sender(job))
		return 0;
	return job->ways[XM_WAY_XCOPY].left || job->ways[XM_WAY_ODX].left ||
	       job->ways[XM_WAY_NVME_COPY].left;
}

static uint64_t unknown(const struct xm_job *job)
{
	return job->tally.quarantined + (job->left_behind ? job->tally.inflight : 0);
}

static uint64_t pace(const struct xm_job *job, enum xm_job_u64 key)
{
	uint64_t now = now_or_end(job), done = job->tally.done;

	if (!job->opened)
		return key == XM_JOB_ETA_NS ? UINT64_MAX : 0;
	if (key == XM_JOB_STALL_NS)
		return now > job->progress.moved_at ? now - job->progress.moved_at : 0;
	return key == XM_JOB_RATE ? xm_progress_rate(&job->progress, now, done) :
				    xm_progress_eta(&job->progress, now, done, job->len);
}

uint64_t xm_job_u64(const struct xm_job *job, enum xm_job_u64 key)
{
	switch (key) {
	case XM_JOB_BYTES_TOTAL:
		return job->len;
	case XM_JOB_BYTES_DONE:
		return job->tally.done;
	case XM_JOB_BYTES_XCOPY ... XM_JOB_BYTES_RESUMED:
		return by_way(job, key);
	case XM_JOB_BYTES_VERIFIED:
		return job->verified + (job->verify.active ? job->verify.bytes : 0);
	case XM_JOB_BYTES_UNKNOWN:
		return unknown(job);
	case XM_JOB_RETRIES:
		return job->retry.count;
	case XM_JOB_DURATION_NS:
		return job->started ? now_or_end(job) - job->started : 0;
	case XM_JOB_INFLIGHT:
		return job->nflying;
	case XM_JOB_DEPTH_PEAK:
		return job->depth_peak;
	case XM_JOB_RATE:
	case XM_JOB_ETA_NS:
	case XM_JOB_STALL_NS:
		return pace(job, key);
	case XM_JOB_OFFLOAD_USED:
		return offload_used(job);
	case XM_JOB_FALLBACKS:
		return job->fallbacks.n;
	}
	return 0;
}

static const char *result(const struct xm_job *job)
{
	if (job->phase == XM_PHASE_NEW)
		return "new";
	if (job->result < 0)
		return "running";
	if (job->result == XM_OK)
		return is_sender(job) ? "sent" : "done";
	return job->result == XM_E_STOPPED ? "stopped" : "failed";
}

static const char *phase(const struct xm_job *job)
{
	static const char *const words[] = {
		[XM_PHASE_NEW] = "open", [XM_PHASE_OPEN] = "open", [XM_PHASE_FENCE] = "fence",
		[XM_PHASE_COMPARE] = "compare",
		[XM_PHASE_TRIAL] = "trial", [XM_PHASE_COPY] = "copy", [XM_PHASE_FLUSH] = "flush",
		[XM_PHASE_VERIFY] = "verify", [XM_PHASE_END] = "end",
	};

	if (job->phase < XM_PHASE_END && xm_fence_active(&job->fence))
		return "fence";
	return words[job->phase];
}

static const char *method(const struct xm_job *job)
{
	const struct xm_pick *p = &job->pick;

	for (unsigned i = 0; i < p->n; i++) {
		if (xm_entry_usable(&p->at[i]))
			return (p->lead && xm_entry_usable(p->lead) ? p->lead :
				&p->at[i])->ops->name;
	}
	return "";
}

const char *xm_job_str(const struct xm_job *job, enum xm_job_str key)
{
	switch (key) {
	case XM_JOB_MESSAGE:
		return job->message;
	case XM_JOB_RESULT:
		return result(job);
	case XM_JOB_PHASE:
		return phase(job);
	case XM_JOB_CAUTION:
		return job->caution ? job->caution : "";
	case XM_JOB_METHOD:
		return method(job);
	}
	return "";
}

int xm_job_fallback(const struct xm_job *job, size_t i, const char **ret_reason,
			   const char **ret_detail, uint64_t *ret_count, uint64_t *ret_bytes)
{
	const struct xm_fallback *f;

	if (i >= job->fallbacks.n)
		return -1;
	f = &job->fallbacks.row[i];
	if (ret_reason)
		*ret_reason = f->reason;
	if (ret_detail)
		*ret_detail = f->detail;
	if (ret_count)
		*ret_count = f->count;
	if (ret_bytes)
		*ret_bytes = f->bytes;
	return 0;
}

int xm_job_bad(const struct xm_job *job, size_t i, uint64_t *ret_off, uint64_t *ret_len)
{
	if (i >= job->salvage.n)
		return -1;
	if (ret_off)
		*ret_off = job->salvage.at[i].off;
	if (ret_len)
		*ret_len = job->salvage.at[i].len;
	return 0;
}
