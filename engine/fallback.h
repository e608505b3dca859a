/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why bytes were not offloaded: rows of {reason, count, bytes, detail}, the
 * report's `fallbacks`.  count is how often the reason came up, bytes how many
 * went another way because of it.
 */
#ifndef XM_FALLBACK_H
#define XM_FALLBACK_H

#include <stddef.h>
#include <stdint.h>

#define XM_FALLBACK_ROWS 16
#define XM_REASON_ALIGNMENT "alignment"

struct xm_fallback {
	const char *reason;          /* static */
	char detail[192];            /* of the first time */
	uint64_t count, bytes;
};

struct xm_fallbacks {
	struct xm_fallback row[XM_FALLBACK_ROWS];
	unsigned n;
};

/* Once more, for `bytes`.  When all rows are taken the last one, "other", counts the rest. */
void xm_fallback_count(struct xm_fallbacks *f, const char *reason, const char *detail,
		       uint64_t bytes);
/* Bytes for a row that exists (or is made with count 1). */
void xm_fallback_bytes(struct xm_fallbacks *f, const char *reason, const char *detail,
		       uint64_t bytes);
/* Bytes that are to be moved again: off that row.  Returns those it had not. */
uint64_t xm_fallback_take_back(struct xm_fallbacks *f, const char *reason, uint64_t bytes);
/* All of them; how often each reason came up stays. */
void xm_fallback_forget_bytes(struct xm_fallbacks *f);

#endif
