/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SEAM: extent sources say how to copy a range: data, zero, hole, unknown.
 *
 * Opening may fail; after that a query never does: what is not known is data.
 */
#ifndef XM_EXTENT_H
#define XM_EXTENT_H

#include "endpoint.h"

enum xm_extent_kind { XM_EXTENT_DATA, XM_EXTENT_ZERO, XM_EXTENT_HOLE, XM_EXTENT_UNKNOWN };

struct xm_extent {
	uint64_t off, len;
	enum xm_extent_kind kind;
};

struct xm_extent_source;
struct xm_extent_source_ops {
	const char *name;
	int (*open)(struct xm_endpoint *ep, struct xm_extent_source **ret, struct xm_error **err);
	/* The extent at off, clipped to off+len, never empty. */
	struct xm_extent (*query)(struct xm_extent_source *s, uint64_t off, uint64_t len);
	void (*close)(struct xm_extent_source *s);
};
struct xm_extent_source {
	const struct xm_extent_source_ops *ops;
};

extern const struct xm_extent_source_ops xm_extent_all;   /* everything is data */

#endif
