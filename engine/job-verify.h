/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job that only compares, or only looks: nothing of it writes, no rule about destinations
 * holds.
 */
#ifndef XM_JOB_VERIFY_H
#define XM_JOB_VERIFY_H

#include "job.h"

/* NULL when memory is short. */
struct xm_job *xm_job_new_verify(struct xm_ctx *ctx, struct xm_endpoint *src,
				 struct xm_endpoint *dst);

#endif
