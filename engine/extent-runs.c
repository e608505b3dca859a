/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of kinds in bounded memory: see extent-runs.h. */
#include "extent-runs.h"

#include <stdlib.h>
#include "xm/align.h"
#include "xm/list.h"

#define FIRST_LEAST 8192
#define FIRST_ROOM 64
/* Starts beyond this do not fit beside a kind; no real disk has them. */
#define START_MAX (UINT64_MAX >> 2)

static uint64_t start_of(const struct xm_runs *r, size_t i)
{
	return r->run[i] >> 2;
}

static unsigned kind_of(const struct xm_runs *r, size_t i)
{
	return (unsigned)(r->run[i] & 3);
}

static uint64_t end_of(const struct xm_runs *r, size_t i)
{
	return i + 1 < r->n ? start_of(r, i + 1) : r->end;
}

void xm_runs_init(struct xm_runs *r, uint64_t size, unsigned safe, unsigned gap)
{
	*r = (struct xm_runs){ .size = size, .safe = safe, .gap = gap, .max = XM_RUNS_MAX };
}

void xm_runs_free(struct xm_runs *r)
{
	free(r->run);
	xm_runs_init(r, r->size, r->safe, r->gap);
}

/* ---- filling ------------------------------------------------------------------- */

/* One pass: what is shorter than least becomes safe, and joins its neighbours of that kind. */
static void merge_short(struct xm_runs *r)
{
	size_t m = 0;

	for (size_t i = 0; i < r->n; i++) {
		uint64_t start = start_of(r, i);
		unsigned kind = end_of(r, i) - start < r->least ? r->safe : kind_of(r, i);

		if (m && (r->run[m - 1] & 3) == kind)
			continue;
		r->run[m++] = start << 2 | kind;
	}
	r->n = m;
}

static void coarsen(struct xm_runs *r)
{
	while (r->n > r->max / 2) {
		r->least = r->least ? r->least * 2 : FIRST_LEAST;
		merge_short(r);
	}
	r->hint = 0;
}

static bool more_room(struct xm_runs *r)
{
	size_t room = r->room ? r->room * 2 : FIRST_ROOM;
	uint64_t *run = reallocarray(r->run, room, sizeof *run);

	if (!run)
		return false;
	r->run = run;
	r->room = room;
	return true;
}

static bool begin_run(struct xm_runs *r, uint64_t start, unsigned kind)
{
	if (r->n >= r->max)
		coarsen(r);
	if (r->n && kind_of(r, r->n - 1) == kind)
		return true;
	if (r->n == r->room && !more_room(r))
		return false;
	r->run[r->n++] = start << 2 | kind;
	return true;
}

bool xm_runs_add(struct xm_runs *r, uint64_t off, uint64_t len, unsigned kind)
{
	uint64_t end;

	if (off < r->end || r->size > START_MAX)
		return false;
	if (off >= r->size || len == 0)
		return true;
	end = off + xm_min_u64(len, r->size - off);
	if (off > r->end) {
		if (!begin_run(r, r->end, r->gap))
			return false;
		r->end = off;
	}
	if (!begin_run(r, off, kind))
		return false;
	r->end = end;
	return true;
}

/* ---- asking ---------------------------------------------------------------------- */

static size_t find(const struct xm_runs *r, uint64_t off)
{
	size_t lo = 0, hi = r->n;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (start_of(r, mid) <= off)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

static bool holds(const struct xm_runs *r, size_t i, uint64_t off)
{
	return i < r->n && start_of(r, i) <= off && off < end_of(r, i);
}

unsigned xm_runs_at(struct xm_runs *r, uint64_t off, uint64_t len, uint64_t *ret_len)
{
	if (off >= r->end) {
		*ret_len = len;
		return r->gap;
	}
	if (holds(r, r->hint + 1, off))
		r->hint++;
	else if (!holds(r, r->hint, off))
		r->hint = find(r, off);
	*ret_len = xm_min_u64(len, end_of(r, r->hint) - off);
	return kind_of(r, r->hint);
}

/* ---- as an extent source -------------------------------------------------------------- */

struct source {
	struct xm_extent_source base;
	struct xm_runs runs;
};

static struct xm_extent runs_query(struct xm_extent_source *base, uint64_t off, uint64_t len)
{
	struct source *s = xm_container_of(base, struct source, base);
	struct xm_extent e = { .off = off };

	e.kind = (enum xm_extent_kind)xm_runs_at(&s->runs, off, len, &e.len);
	return e;
}

static void runs_close(struct xm_extent_source *base)
{
	struct source *s = xm_container_of(base, struct source, base);

	xm_runs_free(&s->runs);
	free(s);
}

static const struct xm_extent_source_ops runs_ops = {
	.name = "runs",
	.query = runs_query,
	.close = runs_close,
};

struct xm_extent_source *xm_extent_source_of(struct xm_runs *r)
{
	struct source *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->base = (struct xm_extent_source){ .ops = &runs_ops, .grain = XM_EXTENT_GRAIN };
	s->runs = *r;
	xm_runs_init(r, r->size, r->safe, r->gap);
	return &s->base;
}
