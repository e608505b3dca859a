/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The next piece of work for a method: from the map (what is left) and the
 * extent source (data or zero), clipped and aligned to what the method takes.
 *
 * Planning claims nothing and knows nothing of time.  What a method cannot take
 * (a head below its alignment, a kind it does not do, a chunk it is barred from)
 * is passed over and stays in the map for another method.
 */
#ifndef XM_PLAN_H
#define XM_PLAN_H

#include "extent.h"
#include "method.h"
#include "task.h"

struct xm_plan {
	/* Set once. */
	uint64_t src_off, dst_off;           /* where the job's first byte is on each side */
	struct xm_extent_source *extents;
};

struct xm_plan_ask {
	const struct xm_method_limits *limits;
	uint64_t align;                      /* limits->align, or less for a tail
						under --offload=require */
	uint64_t bytes;                      /* wanted: the chunk size of the moment */
	const struct xm_map *barred;         /* not from here; may be NULL */
	uint64_t from;                       /* destination offset to start looking at */
	bool zero_as_data;                   /* no method makes zeros: copy them */
};

/*
 * Fills kind, runs, nruns and bytes of the task.  Looks from ask->from to the
 * end of the map, then from its start.  False: nothing in the map suits.
 */
bool xm_plan_next(const struct xm_plan *p, const struct xm_map *map, const struct xm_plan_ask *ask,
		  struct xm_task *task);

/*
 * The step at which a run on this pair can begin or end: a granule that is also
 * aligned on both sides.  0: no place is aligned on both, or a task of these
 * limits cannot hold a step.
 */
uint64_t xm_plan_step(const struct xm_plan *p, const struct xm_map *map,
		      const struct xm_method_limits *limits, uint64_t align);

#endif
