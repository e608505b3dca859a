/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SEAM: extent sources say how to copy a range: data, zero, hole, unknown.
 *
 * Opening may fail (a user's list is read whole, before anything is written);
 * after that a query never does: what is not known is data.  A source asks the
 * disk while it is opened, where waiting is allowed and bounded by
 * XM_EXTENT_BOUND_NS, and keeps the answers in runs (extent-runs.h); a query
 * comes from the loop and must not wait.
 */
#ifndef XM_EXTENT_H
#define XM_EXTENT_H

#include "endpoint.h"

/* The grain of a source that knows nothing better: blocks of file systems. */
#define XM_EXTENT_GRAIN UINT64_C(4096)
/* Most time a source may take to ask its disk; what was not told by then is data. */
#define XM_EXTENT_BOUND_NS (60 * XM_NS_PER_S)

struct xm_extent {
	uint64_t off, len;
	enum xm_extent_kind kind;    /* xmover.h */
};

struct xm_extent_source;
struct xm_extent_source_ops {
	const char *name;
	/* 0 with *ret NULL: it knows nothing about this disk.  -1: it should, and that failed. */
	int (*open)(struct xm_endpoint *ep, struct xm_extent_source **ret, struct xm_error **err);
	/* The extent at off, clipped to off+len, never empty. */
	struct xm_extent (*query)(struct xm_extent_source *s, uint64_t off, uint64_t len);
	void (*close)(struct xm_extent_source *s);
	/*
	 * Of a destination that nobody else writes any more: does every byte of [off, off+len)
	 * read as zeros, by what the disk says and promises?  Blocking and bounded; false where
	 * in doubt.  NULL slot: there is no proof to be had.
	 */
	bool (*proves_zero)(struct xm_endpoint *ep, uint64_t off, uint64_t len);
};
struct xm_extent_source {
	const struct xm_extent_source_ops *ops;
	/*
	 * A power of two that its edges are usually multiples of; 0: it has none.  The same for a
	 * disk each time, as the map's granule, and so the state file, depends on it.
	 */
	uint64_t grain;
};

extern const struct xm_extent_source_ops xm_extent_all;   /* everything is data */
extern const struct xm_extent_source_ops xm_extent_seek;  /* files: SEEK_DATA and SEEK_HOLE */

/* The first of the registry's sources that knows the disk, else xm_extent_all. */
int xm_extent_open(struct xm_endpoint *ep, struct xm_extent_source **ret, struct xm_error **err);
/* The name of the registry's source that proves the range to read as zeros; NULL: none does. */
const char *xm_extent_proves_zero(struct xm_endpoint *ep, uint64_t off, uint64_t len);

#endif
