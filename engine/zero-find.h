/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding zeros in what was read, so that they can be made at the destination
 * instead of sent.  By the widest registers the processor has, chosen when it
 * runs; at the speed of memory, so next to any I/O it costs nothing.
 */
#ifndef XM_ZERO_FIND_H
#define XM_ZERO_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool xm_is_zero(const void *p, size_t len);

/*
 * Cells of `size` bytes, one of which begins at byte `align` of the disk.
 * Only whole cells count.
 */
struct xm_zero_grain {
	uint64_t size, align;
};

/* Bytes from off to the next edge of a cell; all of one when off is an edge. */
uint64_t xm_zero_to_edge(uint64_t off, const struct xm_zero_grain *grain);

struct xm_zero_span {
	uint64_t len;
	bool zero;
};
/* How far from `off` of the disk, whose `len` bytes (not 0) are at p, it goes on in one kind. */
struct xm_zero_span xm_zero_span(const uint8_t *p, uint64_t off, uint64_t len,
				 const struct xm_zero_grain *grain);

/* One way to look; for tests and the microbenchmark. */
struct xm_zero_finder {
	const char *name;                /* "avx512" */
	bool (*usable)(void);            /* by this processor */
	bool (*is_zero)(const uint8_t *p, size_t len);
};
/* Best first, NULL at the end; the last one works everywhere. */
extern const struct xm_zero_finder *const xm_zero_finders[];
extern const struct xm_zero_finder xm_zero_finder_portable;

#endif
