/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a disk is made of, in ascending runs: how an extent source (and a dirty
 * source, see dirty.h) keeps what it was told.
 *
 * 8 bytes a run and a bounded number of them: where a disk has more, the short
 * runs become the kind that is safe (data, dirty), so that memory ends and truth
 * does not.  Filled once, in order, then only asked.
 */
#ifndef XM_EXTENT_RUNS_H
#define XM_EXTENT_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "extent.h"

#define XM_RUNS_MAX ((size_t)1 << 21)            /* 16 MiB */

struct xm_runs {
	/* Set by xm_runs_init. */
	uint64_t size;
	unsigned safe;               /* the kind that is right for every place */
	unsigned gap;                /* the kind of what nothing was said about */
	size_t max;
	/* Owned by xm_runs_add. */
	uint64_t *run;               /* start << 2 | kind; neighbours differ */
	size_t n, room;
	uint64_t end;                /* told up to here */
	uint64_t least;              /* runs shorter than this were made safe; 0: none */
	size_t hint;                 /* where the last answer was found */
};

/* Kinds are 0..3. */
void xm_runs_init(struct xm_runs *r, uint64_t size, unsigned safe, unsigned gap);
void xm_runs_free(struct xm_runs *r);
/*
 * [off, off+len), not before what was told already.  What reaches beyond the disk is cut.
 * False: out of order, or memory is short; what was added before stands.
 */
bool xm_runs_add(struct xm_runs *r, uint64_t off, uint64_t len, unsigned kind);
/* The kind at `off` and, in *ret_len, for how many bytes: at most len, never 0. */
unsigned xm_runs_at(struct xm_runs *r, uint64_t off, uint64_t len, uint64_t *ret_len);

/*
 * An extent source that answers from runs (kinds: enum xm_extent_kind), which become its
 * own: r is empty afterwards.  Its grain is XM_EXTENT_GRAIN.  NULL when memory is short.
 */
struct xm_extent_source *xm_extent_source_of(struct xm_runs *r);

#endif
