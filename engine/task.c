/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ways a task touches the map, and the tally that shows that no byte was
 * lost on the way: see task.h.
 *
 * Runs may split a granule (a device's limit on a segment can be smaller than a
 * granule); the spans they form where they touch may not.  So all work on bits
 * goes span by span.  A broken sum is noted, never repaired: the job then ends
 * with XM_E_BUG.
 */
#include "task.h"

#include "xm/align.h"

static void check(struct xm_tally *t)
{
	if (t->left.left + t->inflight + t->quarantined + t->done != t->total)
		t->broken = true;
}

bool xm_tally_init(struct xm_tally *t, uint64_t lo, uint64_t hi, uint64_t granule)
{
	*t = (struct xm_tally){ .total = hi - lo };
	xm_map_init(&t->left, lo, hi, granule);
	return xm_map_alloc(&t->left) && xm_map_set(&t->left, lo, hi - lo, NULL);
}

void xm_tally_free(struct xm_tally *t)
{
	xm_map_free(&t->left);
}

/* ---- spans ------------------------------------------------------------------- */

struct span {
	unsigned next;               /* run to look at next */
	uint64_t off, len;
};

/* The next span of runs that touch on the destination; s starts zeroed. */
static bool next_span(const struct xm_task *task, struct span *s)
{
	if (s->next >= task->nruns)
		return false;
	s->off = task->runs[s->next].dst;
	s->len = 0;
	while (s->next < task->nruns && task->runs[s->next].dst == s->off + s->len)
		s->len += task->runs[s->next++].len;
	return true;
}

static bool whole(const struct xm_map *map, const struct span *s)
{
	return xm_map_is_cut(map, s->off) && xm_map_is_cut(map, s->off + s->len);
}

static uint64_t sum_runs(const struct xm_task *task)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < task->nruns; i++)
		sum += task->runs[i].len;
	return sum;
}

void xm_task_tell_zeros(struct xm_task *task, uint64_t off, uint64_t len)
{
	struct xm_task_zeros *z = &task->zeros;
	unsigned i = 0;

	while (i < z->n && z->at[i].off + z->at[i].len != off)
		i++;
	if (i == XM_TASK_ZEROS_MAX)
		return;
	if (i == z->n) {
		z->at[z->n].off = off;
		z->at[z->n++].len = 0;
	}
	z->at[i].len += len;
}

void xm_task_cut(struct xm_task *task, uint64_t bytes)
{
	unsigned i;

	for (i = 0; i < task->nruns && bytes > 0; i++) {
		task->runs[i].len = xm_min_u64(task->runs[i].len, bytes);
		bytes -= task->runs[i].len;
	}
	task->nruns = i;
	task->bytes = sum_runs(task);
}

/* Drop the first `bytes` of the runs. */
static void drop_head(struct xm_task *task, uint64_t bytes)
{
	unsigned i = 0, n = 0;

	for (; i < task->nruns && bytes >= task->runs[i].len; i++)
		bytes -= task->runs[i].len;
	for (; i < task->nruns; i++) {
		struct xm_run r = task->runs[i];

		task->runs[n++] = (struct xm_run){ r.src + bytes, r.dst + bytes, r.len - bytes };
		bytes = 0;
	}
	task->nruns = n;
	task->bytes = sum_runs(task);
}

/* ---- map, in flight, quarantined, done -------------------------------------------- */

void xm_task_claim(struct xm_tally *t, struct xm_task *task)
{
	struct span s = { 0 };
	uint64_t cleared;

	while (next_span(task, &s)) {
		if (!whole(&t->left, &s)) {
			t->broken = true;
			continue;
		}
		xm_map_clear(&t->left, s.off, s.len, &cleared);
		if (cleared != s.len)
			t->broken = true;
	}
	task->bytes = sum_runs(task);
	task->moved = 0;
	t->inflight += task->bytes;
	check(t);
}

/* How much of the confirmed prefix is whole granules, in bytes of the task. */
static uint64_t settled(const struct xm_tally *t, const struct xm_task *task, struct xm_map *into,
			bool *ok)
{
	struct span s = { 0 };
	uint64_t moved = xm_min_u64(task->moved, task->bytes), sum = 0;

	while (moved > 0 && next_span(task, &s)) {
		uint64_t part = xm_min_u64(moved, s.len);
		uint64_t end = xm_map_cut_before(&t->left, s.off + part);
		uint64_t good = end > s.off ? end - s.off : 0;

		if (into && good && !xm_map_set(into, s.off, good, NULL))
			*ok = false;
		sum += good;
		if (good < s.len)
			break;
		moved -= part;
	}
	return sum;
}

uint64_t xm_task_settle(struct xm_tally *t, struct xm_task *task, struct xm_map *into)
{
	bool ok = true;
	uint64_t good = settled(t, task, into, &ok);

	if (!ok)
		t->broken = true;
	drop_head(task, good);
	task->moved = 0;
	t->inflight -= good;
	t->done += good;
	check(t);
	return good;
}

uint64_t xm_tally_skip(struct xm_tally *t, uint64_t off, uint64_t len, struct xm_map *into)
{
	uint64_t end = off + len, a, n, sum = 0;

	while (off < end && xm_map_next(&t->left, off, end - off, &a, &n) && a < end) {
		n = xm_min_u64(n, end - a);
		if (!xm_map_set(into, a, n, NULL)) {
			t->broken = true;
			return sum;
		}
		xm_map_clear(&t->left, a, n, NULL);
		sum += n;
		off = a + n;
	}
	t->done += sum;
	check(t);
	return sum;
}

void xm_task_release(struct xm_tally *t, struct xm_task *task)
{
	struct span s = { 0 };
	uint64_t set;

	while (next_span(task, &s)) {
		if (!xm_map_set(&t->left, s.off, s.len, &set) || set != s.len)
			t->broken = true;
	}
	t->inflight -= task->bytes;
	task->nruns = 0;
	task->bytes = 0;
	check(t);
}

void xm_task_quarantine(struct xm_tally *t, struct xm_task *task)
{
	t->inflight -= task->bytes;
	t->quarantined += task->bytes;
	check(t);
}

void xm_task_unquarantine(struct xm_tally *t, struct xm_task *task)
{
	t->quarantined -= task->bytes;
	t->inflight += task->bytes;
	check(t);
}

uint64_t xm_tally_undo(struct xm_tally *t, struct xm_map *which)
{
	uint64_t off, len, set, sum = 0;

	while (xm_map_next(which, which->lo, UINT64_MAX, &off, &len)) {
		xm_map_clear(which, off, len, NULL);
		if (!xm_map_set(&t->left, off, len, &set) || set != len)
			t->broken = true;
		sum += len;
	}
	t->done -= sum;
	check(t);
	return sum;
}

bool xm_task_mark(const struct xm_task *task, struct xm_map *map)
{
	struct span s = { 0 };

	while (next_span(task, &s)) {
		if (!xm_map_set(map, s.off, s.len, NULL))
			return false;
	}
	return true;
}

void xm_task_unmark(const struct xm_task *task, struct xm_map *map)
{
	struct span s = { 0 };

	while (next_span(task, &s))
		xm_map_clear(map, s.off, s.len, NULL);
}

uint64_t xm_task_count(const struct xm_task *task, const struct xm_map *map)
{
	struct span s = { 0 };
	uint64_t sum = 0;

	while (next_span(task, &s))
		sum += xm_map_count(map, s.off, s.len);
	return sum;
}
