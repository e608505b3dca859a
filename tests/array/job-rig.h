/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole jobs against the software array in-process: stamped disks, a job on the
 * simulated clock, and what must hold of every job whatever happened to it.
 */
#ifndef TEST_JOB_RIG_H
#define TEST_JOB_RIG_H

#include "transport-array.h"
#include "xmover.h"

struct job_rig {
	struct array_world w;
	struct array_path *path, *path2;     /* path2: the source's, when it is in a session
						of its own */
	uint64_t src_lun, dst_lun;
	struct xm_endpoint *src, *dst;
	struct xm_job *job;
	uint64_t src_off, dst_off, len;      /* of the job; all of the source by default */
	uint8_t *before[2];                  /* what was on source and destination when it began */
	uint64_t sizes[2];
	int code;                            /* of the run */
	bool live;                           /* somebody else writes the source, or resizes it,
						meanwhile */
	char text[1024];                     /* of its error */
};

/* LUN 0 is the source, 1 the destination ("64M", "64M,block=4096"), stamped differently. */
void job_rig_open(struct job_rig *r, uint64_t seed, const char *persona, const char *src_size,
		  const char *dst_size);
/*
 * Log in, open both ends, and make the job of all of the source; then options may be set.
 * The exit code.
 */
int job_rig_job(struct job_rig *r);
void job_rig_set(struct job_rig *r, enum xm_job_option opt, const char *value);
void job_rig_range(struct job_rig *r, uint64_t src_off, uint64_t dst_off, uint64_t len);
/* Runs it, after what was left out of the above.  The exit code. */
int job_rig_run(struct job_rig *r);
/*
 * What always holds: nothing outside the range was written, on no disk; a job
 * that says 0 left the right bytes there; the bytes by way sum to what was done.
 */
void job_rig_check(struct job_rig *r);
void job_rig_close(struct job_rig *r);

uint64_t job_rig_u64(const struct job_rig *r, enum xm_job_u64 key);
/* Bytes of the fallback row of that reason; UINT64_MAX: there is no such row. */
uint64_t job_rig_fallback(const struct job_rig *r, const char *reason);
/* A count out of the array's stats: "copies.bytes", "copies.peak". */
uint64_t job_rig_copies(struct job_rig *r, const char *key);
/* How often the fault rule took a command. */
unsigned job_rig_fired(struct job_rig *r, unsigned rule);
unsigned job_rig_fault(struct job_rig *r, const char *words);

#endif
