/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job's figures as plain values.  See figures.h.
 */
#include <stdio.h>
#include "figures.h"

static const struct {
	size_t at;
	enum xm_job_u64 key;
} numbers[] = {
	{ offsetof(struct figures, total), XM_JOB_BYTES_TOTAL },
	{ offsetof(struct figures, done), XM_JOB_BYTES_DONE },
	{ offsetof(struct figures, xcopy), XM_JOB_BYTES_XCOPY },
	{ offsetof(struct figures, odx), XM_JOB_BYTES_ODX },
	{ offsetof(struct figures, nvme_copy), XM_JOB_BYTES_NVME_COPY },
	{ offsetof(struct figures, clone), XM_JOB_BYTES_CLONE },
	{ offsetof(struct figures, host), XM_JOB_BYTES_HOST },
	{ offsetof(struct figures, zeroed), XM_JOB_BYTES_ZEROED },
	{ offsetof(struct figures, skipped), XM_JOB_BYTES_SKIPPED },
	{ offsetof(struct figures, resumed), XM_JOB_BYTES_RESUMED },
	{ offsetof(struct figures, verified), XM_JOB_BYTES_VERIFIED },
	{ offsetof(struct figures, unknown), XM_JOB_BYTES_UNKNOWN },
	{ offsetof(struct figures, retries), XM_JOB_RETRIES },
	{ offsetof(struct figures, duration_ns), XM_JOB_DURATION_NS },
	{ offsetof(struct figures, inflight), XM_JOB_INFLIGHT },
	{ offsetof(struct figures, rate), XM_JOB_RATE },
	{ offsetof(struct figures, eta_ns), XM_JOB_ETA_NS },
	{ offsetof(struct figures, stall_ns), XM_JOB_STALL_NS },
};

static void copy_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

void figures_read_short(struct figures *f, const struct xm_job *job)
{
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		*(uint64_t *)((char *)f + numbers[i].at) = xm_job_u64(job, numbers[i].key);
	f->offload_used = xm_job_u64(job, XM_JOB_OFFLOAD_USED) != 0;
	copy_text(f->phase, sizeof f->phase, xm_job_str(job, XM_JOB_PHASE));
	copy_text(f->method, sizeof f->method, xm_job_str(job, XM_JOB_METHOD));
	copy_text(f->caution, sizeof f->caution, xm_job_str(job, XM_JOB_CAUTION));
	copy_text(f->result, sizeof f->result, xm_job_str(job, XM_JOB_RESULT));
}

void figures_read(struct figures *f, const struct xm_job *job)
{
	const char *reason, *detail;

	figures_read_short(f, job);
	copy_text(f->message, sizeof f->message, xm_job_str(job, XM_JOB_MESSAGE));
	f->fallbacks = (size_t)xm_job_u64(job, XM_JOB_FALLBACKS);
	for (size_t i = 0; i < f->fallbacks && i < FIGURES_FALLBACKS; i++) {
		struct figures_fallback *row = &f->fallback[i];

		if (xm_job_fallback(job, i, &reason, &detail, &row->count, &row->bytes) != 0)
			continue;
		copy_text(row->reason, sizeof row->reason, reason);
		copy_text(row->detail, sizeof row->detail, detail);
	}
}
