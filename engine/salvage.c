/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges that could not be read: see salvage.h. */
#include "salvage.h"

#include <stdlib.h>
#include <string.h>

#include "xm/align.h"
#include "xm/vec.h"

/* A disk that is bad in more places is not worth reading block by block. */
#define RANGES_MAX ((size_t)1 << 20)

static uint64_t end_of(const struct xm_salvage_range *r)
{
	return r->off + r->len;
}

/* Number of the first range that ends after off, or at it. */
static size_t find(const struct xm_salvage *s, uint64_t off)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (end_of(&s->at[mid]) < off)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool xm_salvage_add(struct xm_salvage *s, uint64_t off, uint64_t len)
{
	uint64_t end = off + len;
	size_t i = find(s, off), j = i;

	/* those that touch are one */
	for (; j < s->n && s->at[j].off <= end; j++) {
		off = xm_min_u64(off, s->at[j].off);
		end = xm_max_u64(end, end_of(&s->at[j]));
		s->bytes -= s->at[j].len;
	}
	if (i == j) {
		if (s->n >= RANGES_MAX ||
		    !xm_vec_grow((void **)&s->at, s->n + 1, &s->cap, sizeof *s->at))
			return false;
		memmove(&s->at[i + 1], &s->at[i], (s->n - i) * sizeof *s->at);
		s->n++;
	} else {
		memmove(&s->at[i + 1], &s->at[j], (s->n - j) * sizeof *s->at);
		s->n -= j - i - 1;
	}
	s->at[i] = (struct xm_salvage_range){ off, end - off };
	s->bytes += end - off;
	return true;
}

const struct xm_salvage_range *xm_salvage_after(const struct xm_salvage *s, uint64_t off)
{
	size_t i = find(s, off);

	if (i < s->n && end_of(&s->at[i]) == off)
		i++;
	return i < s->n ? &s->at[i] : NULL;
}

bool xm_salvage_hits(const struct xm_salvage *s, uint64_t off, uint64_t len)
{
	const struct xm_salvage_range *r = xm_salvage_after(s, off);

	return r && r->off < off + len;
}

void xm_salvage_free(struct xm_salvage *s)
{
	free(s->at);
	*s = (struct xm_salvage){ 0 };
}
