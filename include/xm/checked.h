/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums and products of sizes that say when they do not fit.
 *
 * Each returns true on success and stores the result; false on overflow, the
 * result then being untouched.  Unsigned only: a signed operand is refused at
 * compile time.
 */
#ifndef XM_CHECKED_H
#define XM_CHECKED_H

#include <stdbool.h>
#include <stdint.h>

#define XM_IS_UNSIGNED(x) ((__typeof__(x))0 < (__typeof__(x))-1)

#define XM_CHECKED_OP(builtin, a, b, ret)                                      \
	({                                                                     \
		_Static_assert(XM_IS_UNSIGNED(a) && XM_IS_UNSIGNED(b) &&       \
			       XM_IS_UNSIGNED(*(ret)), "unsigned only");       \
		__typeof__(*(ret)) xm_op_tmp;                                  \
		bool xm_op_ok = !builtin((a), (b), &xm_op_tmp);                \
		if (xm_op_ok)                                                  \
			*(ret) = xm_op_tmp;                                    \
		xm_op_ok;                                                      \
	})

#define xm_checked_add(a, b, ret) XM_CHECKED_OP(__builtin_add_overflow, a, b, ret)
#define xm_checked_sub(a, b, ret) XM_CHECKED_OP(__builtin_sub_overflow, a, b, ret)
#define xm_checked_mul(a, b, ret) XM_CHECKED_OP(__builtin_mul_overflow, a, b, ret)

/* True when [off, off+len) lies inside [0, size) without wrapping. */
static inline bool xm_range_fits(uint64_t off, uint64_t len, uint64_t size)
{
	return off <= size && len <= size - off;
}

#endif
