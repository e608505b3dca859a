/* SPDX-License-Identifier: Apache-2.0 */
/* The portable way to look for zeros, the choice among all ways, and cells. */
#include "zero-find.h"

#include <stdatomic.h>
#include <string.h>

#include "xm/align.h"

#define STRIDE 128
/* Cells whose first bytes are fetched before they are looked at. */
#define AHEAD 16

static bool always(void)
{
	return true;
}

/* Of the size of a register that nearly every processor has; elsewhere the compiler splits it. */
typedef uint64_t lane __attribute__((vector_size(16), aligned(1), may_alias));

static bool portable(const uint8_t *p, size_t len)
{
	uint8_t rest = 0;

	for (; len >= STRIDE; p += STRIDE, len -= STRIDE) {
		const lane *v = (const void *)p;
		lane all = ((v[0] | v[1]) | (v[2] | v[3])) | ((v[4] | v[5]) | (v[6] | v[7]));

		if (all[0] | all[1])
			return false;
	}
	while (len--)
		rest |= *p++;
	return rest == 0;
}

const struct xm_zero_finder xm_zero_finder_portable = { "portable", always, portable };

bool xm_is_zero(const void *p, size_t len)
{
	static _Atomic(const struct xm_zero_finder *) chosen;
	const struct xm_zero_finder *f = atomic_load_explicit(&chosen, memory_order_relaxed);

	if (!f) {
		const struct xm_zero_finder *const *at = xm_zero_finders;

		while (!(*at)->usable())
			at++;
		f = *at;
		atomic_store_explicit(&chosen, f, memory_order_relaxed);
	}
	return f->is_zero(p, len);
}

uint64_t xm_zero_to_edge(uint64_t off, const struct xm_zero_grain *g)
{
	uint64_t first = g->align % g->size;

	return g->size - (off % g->size + g->size - first) % g->size;
}

/*
 * Data mostly shows in its first bytes.  They were written by another processor
 * just now, and fetching them from its cache is what the look costs: one line of
 * them, and early.
 */
static bool is_zero_cell(const uint8_t *p, uint64_t len, uint64_t ahead)
{
	uint64_t first;

	__builtin_prefetch(p + ahead);
	memcpy(&first, p, sizeof first);
	return first == 0 && xm_is_zero(p, len);
}

struct xm_zero_span xm_zero_span(const uint8_t *p, uint64_t off, uint64_t len,
				 const struct xm_zero_grain *grain)
{
	struct xm_zero_span s = { 0 };

	while (s.len < len) {
		uint64_t n = xm_zero_to_edge(off + s.len, grain);
		bool whole = n == grain->size && n <= len - s.len;
		uint64_t ahead = xm_min_u64(AHEAD * grain->size, len - s.len - 1);
		bool zero = whole && is_zero_cell(p + s.len, n, ahead);

		if (s.len > 0 && zero != s.zero)
			break;
		s.zero = zero;
		s.len += n <= len - s.len ? n : len - s.len;
	}
	return s;
}
