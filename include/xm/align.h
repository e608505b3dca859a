/* SPDX-License-Identifier: Apache-2.0 */
/* Rounding of unsigned 64-bit sizes.  The alignment is any positive number. */
#ifndef XM_ALIGN_H
#define XM_ALIGN_H

#include <stdbool.h>
#include <stdint.h>

static inline uint64_t xm_round_down(uint64_t v, uint64_t align)
{
	return v - v % align;
}

/* The caller knows that v + align - 1 fits 64 bits. */
static inline uint64_t xm_round_up(uint64_t v, uint64_t align)
{
	return xm_round_down(v + align - 1, align);
}

static inline uint64_t xm_div_up(uint64_t v, uint64_t by)
{
	return v / by + (v % by != 0);
}

static inline bool xm_is_aligned(uint64_t v, uint64_t align)
{
	return v % align == 0;
}

static inline bool xm_is_pow2(uint64_t v)
{
	return v != 0 && (v & (v - 1)) == 0;
}

static inline uint64_t xm_min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t xm_max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

#endif
