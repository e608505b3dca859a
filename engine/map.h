/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is left to do: one bit a granule of the destination range, and a summary
 * bit for each word of bits, so that the next run is found in a nearly empty map
 * of 2^28 bits without reading it all.
 *
 * Offsets are bytes on the destination.  Granule edges are multiples of the
 * granule there, so the first and the last granule of a range may be partial.
 * A place where a range may begin or end is a cut: a granule edge, or an end of
 * the map.  The map holds no locks; during a job only task.c changes it.
 */
#ifndef XM_MAP_H
#define XM_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XM_MAP_GRANULE UINT64_C(65536)
/* Bits and summary: 64 TiB in granules of 512 KiB.  A job may have a dozen maps. */
#define XM_MAP_MAX_BYTES (UINT64_C(17) << 20)

struct xm_map {
	/* Set by xm_map_init, never changed. */
	uint64_t lo, hi;             /* [lo, hi) on the destination */
	uint64_t granule;            /* power of two */
	uint64_t nbits;
	size_t nwords, nsummary;
	/* Owned by the loop. */
	uint64_t *words, *summary;   /* NULL while nothing was ever set */
	uint64_t left;               /* bytes whose bit is set */
};

/* The granule for a range of `len` bytes: at least `least`, a power of two, few enough bits. */
uint64_t xm_map_granule_for(uint64_t len, uint64_t least);
/* An empty map of [lo, hi).  Allocates nothing. */
void xm_map_init(struct xm_map *m, uint64_t lo, uint64_t hi, uint64_t granule);
/* Make room for bits.  False when memory is short.  Called by xm_map_set too. */
bool xm_map_alloc(struct xm_map *m);
void xm_map_free(struct xm_map *m);

bool xm_map_is_cut(const struct xm_map *m, uint64_t off);
/* The last cut not after off, the first not before it.  off is in [lo, hi]. */
uint64_t xm_map_cut_before(const struct xm_map *m, uint64_t off);
uint64_t xm_map_cut_after(const struct xm_map *m, uint64_t off);

/*
 * Set or clear [off, off+len), both ends cuts.  *ret_bytes (may be NULL) gets how many bytes
 * changed.  set is false when memory is short (never once xm_map_alloc was true).
 */
bool xm_map_set(struct xm_map *m, uint64_t off, uint64_t len, uint64_t *ret_bytes);
void xm_map_clear(struct xm_map *m, uint64_t off, uint64_t len, uint64_t *ret_bytes);
/* Bytes set in [off, off+len), both ends cuts. */
uint64_t xm_map_count(const struct xm_map *m, uint64_t off, uint64_t len);

/*
 * The next run of set bits at or after `from` (a cut), at most `max` bytes but
 * at least a granule.  False when there is none.
 */
bool xm_map_next(const struct xm_map *m, uint64_t from, uint64_t max, uint64_t *ret_off,
		 uint64_t *ret_len);
/* As xm_map_next, of places set in m and clear in `not` (same geometry; may be NULL). */
bool xm_map_next_without(const struct xm_map *m, const struct xm_map *not, uint64_t from,
			 uint64_t max, uint64_t *ret_off, uint64_t *ret_len);

/* For what stores a map elsewhere: the number of the bit that holds `off`, in [lo, hi). */
uint64_t xm_map_bit(const struct xm_map *m, uint64_t off);
/* Set what is set in words[0..n), which stand for the map's from `first` on.  Others stay. */
void xm_map_load(struct xm_map *m, size_t first, const uint64_t *words, size_t n);

#endif
