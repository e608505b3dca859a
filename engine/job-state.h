/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of a job's state file share: job-state-open.c and job-state.c. */
#ifndef XM_JOB_STATE_H
#define XM_JOB_STATE_H

#include "job.h"
#include "state.h"

/* What a line of the file's list of intents stands for. */
#define XM_KEEP_WINDOW (UINT64_C(64) << 20)

struct xm_keep {
	struct xm_state *st;         /* the context's; NULL: given up */
	struct xm_pool_client *client;
	struct xm_work work;
	struct xm_state_write write;
	bool writing;
	uint64_t epoch;              /* of what is being written */
	struct xm_map open;          /* windows the file names */
	struct xm_map opening;       /* that the write under way names */
	struct xm_map wanted;        /* that somebody waits for */
	bool resetting;              /* the file says more than is true: nothing may be sent */
	uint64_t unsaved, saving;    /* bytes durable on the disk, and not in the file yet */
	bool ending, ended;
	uint32_t end_flags;
};

#endif
