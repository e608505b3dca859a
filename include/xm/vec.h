/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growable array: struct { T *at; size_t n, cap; }.
 *
 * XM_VEC(int) v = { 0 };  if (!xm_vec_push(&v, 3)) out of memory;
 * xm_vec_free(&v).  Members move when the array grows: keep indices, not
 * pointers.
 */
#ifndef XM_VEC_H
#define XM_VEC_H

#include <stdbool.h>
#include <stdlib.h>

#define XM_VEC(type) struct { type *at; size_t n, cap; }

static inline bool xm_vec_grow(void **at, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return true;
	size_t want = *cap ? *cap * 2 : 8;
	void *p = reallocarray(*at, want, size);
	if (!p)
		return false;
	*at = p;
	*cap = want;
	return true;
}

#define xm_vec_push(v, ...)                                                    \
	(xm_vec_grow((void **)&(v)->at, (v)->n, &(v)->cap, sizeof *(v)->at) && \
	 ((v)->at[(v)->n++] = (__VA_ARGS__), true))

#define xm_vec_free(v) (free((v)->at), (v)->at = NULL, (v)->n = (v)->cap = 0)

#endif
