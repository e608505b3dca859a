/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A piece of work between claim and completion, and the three ways to touch
 * the map during a job: claim, done, release.
 *
 * A task claims its range by clearing bits; what was not moved goes back by
 * setting them.  `moved` is a confirmed prefix in run order.  A task whose
 * outcome is UNKNOWN keeps its range in quarantine until its nexus is fenced.
 * At each claim and completion: left + in flight + quarantined + done = total.
 */
#ifndef XM_TASK_H
#define XM_TASK_H

#include <stdint.h>
#include "nexus.h"
#include "status.h"
#include "xm/list.h"

struct xm_map;
struct xm_method;

enum xm_task_kind { XM_TASK_COPY = 1, XM_TASK_ZERO = 2 };

/* Bytes.  dst ascending and disjoint within a task. */
struct xm_run {
	uint64_t src, dst, len;
};

#define XM_TASK_RUNS_MAX 64

struct xm_task {
	struct xm_list link;         /* the method's while in flight, then the reaper's */
	/* Set at claim, never changed. */
	enum xm_task_kind kind;
	struct xm_method *method;
	uint64_t bytes;              /* sum of runs */
	unsigned nruns;
	struct xm_run runs[XM_TASK_RUNS_MAX];
	uint64_t claimed_at;
	/* Set by the method before it gives the task back. */
	uint64_t moved;
	struct xm_status status;
	struct xm_nexus *nexus;      /* which one UNKNOWN belongs to; NULL otherwise */
	void *priv;                  /* the method's */
};

#endif
