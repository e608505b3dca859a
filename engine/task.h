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
#include "map.h"
#include "nexus.h"
#include "status.h"
#include "xm/list.h"

struct xm_method;

enum xm_task_kind { XM_TASK_COPY = 1, XM_TASK_ZERO = 2 };

/* Bytes.  dst ascending and disjoint within a task. */
struct xm_run {
	uint64_t src, dst, len;
};

#define XM_TASK_RUNS_MAX 64
#define XM_TASK_ZEROS_MAX 64

/* What a copy found to be zeros, as ranges of the destination; more than it holds is not told. */
struct xm_task_zeros {
	unsigned n;
	struct { uint64_t off, len; } at[XM_TASK_ZEROS_MAX];
};

struct xm_task {
	struct xm_list link;         /* the method's while in flight, then the reaper's */
	/* Set at claim; changed only by xm_task_settle while nobody works on it. */
	enum xm_task_kind kind;
	struct xm_method *method;
	uint64_t bytes;              /* sum of runs */
	unsigned nruns;
	struct xm_run runs[XM_TASK_RUNS_MAX];
	uint64_t claimed_at;
	bool dst_is_zero;            /* all of the destination's runs read as zeros:
					those need no write */
	/* Set by the method before it gives the task back. */
	uint64_t moved;
	struct xm_status status;
	struct xm_task_zeros zeros;  /* not sent, but made there or left out:
					within what was moved they count as such */
	struct xm_nexus *nexus;      /* the one it went down; an UNKNOWN outcome belongs to it */
	void *priv;                  /* the method's */
};

/* Where every byte of a job is.  left.left + inflight + quarantined + done = total, always. */
struct xm_tally {
	struct xm_map left;
	uint64_t total, inflight, quarantined, done;
	bool broken;                 /* the sum did not hold, or a task was not of whole granules */
};

/* All of [lo, hi) is left.  False when memory is short. */
bool xm_tally_init(struct xm_tally *t, uint64_t lo, uint64_t hi, uint64_t granule);
void xm_tally_free(struct xm_tally *t);

/* For a method: [off, off+len) of the destination is zeros. */
void xm_task_tell_zeros(struct xm_task *task, uint64_t off, uint64_t len);

/* Drop the runs after `bytes` of them. */
void xm_task_cut(struct xm_task *task, uint64_t bytes);

/*
 * map -> in flight.  The runs, merged where they touch, begin and end at cuts and
 * are wholly in the map.
 */
void xm_task_claim(struct xm_tally *t, struct xm_task *task);
/*
 * in flight -> done, for the whole granules of the confirmed prefix.  The task
 * keeps the rest, still in flight (bytes 0: it is over).  Returns the bytes
 * done; into, unless NULL, gets their bits.
 */
uint64_t xm_task_settle(struct xm_tally *t, struct xm_task *task, struct xm_map *into);
/*
 * map -> done without being moved, for what is left of [off, off+len), both ends cuts: it was
 * found to be right already.  into gets the bits.  Returns how many bytes.
 */
uint64_t xm_tally_skip(struct xm_tally *t, uint64_t off, uint64_t len, struct xm_map *into);

/* in flight -> map */
void xm_task_release(struct xm_tally *t, struct xm_task *task);
/* in flight -> quarantined, and back */
void xm_task_quarantine(struct xm_tally *t, struct xm_task *task);
void xm_task_unquarantine(struct xm_tally *t, struct xm_task *task);
/*
 * done -> map, for all that is set in `which`, which is emptied: bytes that
 * are no longer believed.  Returns how many.
 */
uint64_t xm_tally_undo(struct xm_tally *t, struct xm_map *which);

/* Set, or clear, the task's granules in a map that is not the tally's. */
bool xm_task_mark(const struct xm_task *task, struct xm_map *map);
void xm_task_unmark(const struct xm_task *task, struct xm_map *map);
/* Bytes of the task that are set there. */
uint64_t xm_task_count(const struct xm_task *task, const struct xm_map *map);

#endif
