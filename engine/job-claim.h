/* SPDX-License-Identifier: Apache-2.0 */
/* Claiming a chunk for a method: shared by new work and trials. */
#ifndef XM_JOB_CLAIM_H
#define XM_JOB_CLAIM_H

#include "job.h"

/*
 * A chunk of about `bytes`, looked for from `from` on; in flight by the tally, in no list.
 * NULL: none.
 */
struct xm_chunk *xm_job_claim(struct xm_job *job, struct xm_entry *e, uint64_t bytes, uint64_t from,
			      uint64_t align);

/* There is room for another chunk of e's: in depth, in bytes, and in the budget. */
bool xm_job_room(struct xm_job *job, const struct xm_entry *e);

#endif
