/* SPDX-License-Identifier: Apache-2.0 */
/* xm_verify(): a job without the copy, so that fences, retries and bounds are the same. */
#include "job-verify.h"

#include <string.h>
#include "error.h"

int xm_verify(struct xm_ctx *ctx, struct xm_endpoint *src, struct xm_endpoint *dst,
	      const char *what, xm_difference_fn *fn, void *user, uint64_t *ret_bytes,
	      struct xm_error **err)
{
	bool full = strcmp(what, "full") == 0;
	struct xm_job *job;
	int r;

	if (ret_bytes)
		*ret_bytes = 0;
	if (!full && strcmp(what, "sample") != 0)
		return xm_fail(err, XM_E_USAGE, "\"%s\": full or sample can be compared", what);
	if (dst->size < src->size)
		return xm_fail(err, XM_E_MISMATCH,
			       "%s is smaller (%llu bytes) than %s (%llu bytes)",
			       dst->name, (unsigned long long)dst->size, src->name,
			       (unsigned long long)src->size);
	job = xm_job_new_verify(ctx, src, dst);
	if (!job)
		return xm_fail(err, XM_E_TEMPORARY, "memory is short");
	job->opt.verify = full ? XM_VERIFY_FULL : XM_VERIFY_SAMPLED;
	job->difference_fn = fn;
	job->difference_user = user;
	r = xm_job_run(job, err);
	if (ret_bytes)
		*ret_bytes = xm_job_u64(job, XM_JOB_BYTES_VERIFIED);
	xm_job_free(job);
	return r;
}
