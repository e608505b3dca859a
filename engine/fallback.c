/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of reasons: see fallback.h. */
#include "fallback.h"

#include <stdio.h>
#include <string.h>
#include "xm/align.h"

static struct xm_fallback *find(struct xm_fallbacks *f, const char *reason)
{
	for (unsigned i = 0; i < f->n; i++) {
		if (strcmp(f->row[i].reason, reason) == 0)
			return &f->row[i];
	}
	return NULL;
}

static struct xm_fallback *row(struct xm_fallbacks *f, const char *reason, const char *detail)
{
	struct xm_fallback *r = find(f, reason);

	if (r)
		return r;
	if (f->n == XM_FALLBACK_ROWS)
		return &f->row[XM_FALLBACK_ROWS - 1];
	if (f->n == XM_FALLBACK_ROWS - 1) {
		reason = "other";
		detail = "reasons beyond those listed";
	}
	f->row[f->n] = (struct xm_fallback){ .reason = reason };
	snprintf(f->row[f->n].detail, sizeof f->row[f->n].detail, "%s", detail);
	return &f->row[f->n++];
}

void xm_fallback_count(struct xm_fallbacks *f, const char *reason, const char *detail,
		       uint64_t bytes)
{
	struct xm_fallback *r = row(f, reason, detail);

	r->count++;
	r->bytes += bytes;
}

void xm_fallback_bytes(struct xm_fallbacks *f, const char *reason, const char *detail,
		       uint64_t bytes)
{
	struct xm_fallback *r = row(f, reason, detail);

	if (r->count == 0)
		r->count = 1;
	r->bytes += bytes;
}

uint64_t xm_fallback_take_back(struct xm_fallbacks *f, const char *reason, uint64_t bytes)
{
	struct xm_fallback *r = find(f, reason);
	uint64_t n = r ? xm_min_u64(bytes, r->bytes) : 0;

	if (r)
		r->bytes -= n;
	return bytes - n;
}

void xm_fallback_forget_bytes(struct xm_fallbacks *f)
{
	for (unsigned i = 0; i < f->n; i++)
		f->row[i].bytes = 0;
}
