/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of the source could not be read, for a job that goes on nevertheless: sorted
 * ranges, merged where they touch.
 */
#ifndef XM_SALVAGE_H
#define XM_SALVAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xm_salvage_range {
	uint64_t off, len;           /* on the source */
};

struct xm_salvage {
	struct xm_salvage_range *at;
	size_t n, cap;
	uint64_t bytes;
};

/* False when memory is short, or there are too many to go on with. */
bool xm_salvage_add(struct xm_salvage *s, uint64_t off, uint64_t len);
/* The first range that ends after `off`, or NULL. */
const struct xm_salvage_range *xm_salvage_after(const struct xm_salvage *s, uint64_t off);
bool xm_salvage_hits(const struct xm_salvage *s, uint64_t off, uint64_t len);
void xm_salvage_free(struct xm_salvage *s);

#endif
