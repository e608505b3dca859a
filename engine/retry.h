/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When to try again, and when that is over: exponential back-off with jitter,
 * from 0.1 s to 5 s, a budget for each chunk and one for the job.
 *
 * A full queue is another matter than a device that is busy: it has room as soon as
 * one command ends.  So that is asked again after 2 ms, a few times, doubled each time, before
 * the above begins; the depth goes down meanwhile.
 *
 * A chunk that has used up its budget goes to the next method; where there is
 * none the job ends.  The job's budget is earned back by work that gets done,
 * so that a long job does not die of rare hiccups and a job that gets nothing
 * done ends soon.
 */
#ifndef XM_RETRY_H
#define XM_RETRY_H

#include <stdbool.h>
#include <stdint.h>
#include "status.h"

#define XM_RETRY_FIRST_NS UINT64_C(100000000)
#define XM_RETRY_MAX_NS UINT64_C(5000000000)
#define XM_RETRY_TRIES 12            /* a chunk: about 35 s of waiting */
#define XM_RETRY_JOB 1000
#define XM_RETRY_FULL_NS UINT64_C(2000000)
#define XM_RETRY_FULL 6              /* tries, of no budget */

struct xm_retry {
	unsigned left;               /* of the job's budget */
	uint64_t count;              /* retries in all, for the report */
};

void xm_retry_init(struct xm_retry *r);
/* After `tries` failures (1 for the first), the last one by s; `random` gives +-25 % of jitter. */
uint64_t xm_retry_delay(const struct xm_status *s, unsigned tries, uint64_t random);
/* Take one try.  False: the chunk's or the job's budget is used up. */
bool xm_retry_take(struct xm_retry *r, const struct xm_status *s, unsigned tries);
/* Something got done. */
void xm_retry_earn(struct xm_retry *r);

#endif
