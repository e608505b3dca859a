/* SPDX-License-Identifier: Apache-2.0 */
/* How large and how many at a time, learnt from what the commands took: see pick.h. */
#include "pick.h"

#include "xm/align.h"

#define SIZE_SAMPLES 4U              /* commands at a size before it is changed */
#define GROWTH_MAX 8U                /* times larger at once: each step costs a trial */
#define SIZE_ROUNDS 8U               /* rounds that the depth waits for a size still growing */
#define HOLD_ROUNDS 16U              /* rounds after which a refused depth is tried again */

/* ---- size ------------------------------------------------------------------- */

static void set_chunk(struct xm_entry *e, uint64_t bytes)
{
	const struct xm_method_limits *l = &e->m->limits;

	bytes = xm_min_u64(bytes, xm_min_u64(e->ceiling, l->max_bytes));
	/* whole multiples of what the array likes best, where that leaves anything */
	if (l->opt_bytes && bytes > l->opt_bytes)
		bytes = xm_round_down(bytes, l->opt_bytes);
	e->chunk = xm_max_u64(bytes, e->step);
	e->sized = 0;
	e->smooth_ns = 0;
	e->best = 0;
	e->round_n = 0;
	e->waited = 0;
	e->grow = 0;
}

static uint64_t largest(const struct xm_entry *e)
{
	return xm_min_u64(e->ceiling, e->m->limits.max_bytes);
}

static bool may_grow(const struct xm_entry *e)
{
	return e->sized > 0 && e->smooth_ns < XM_PICK_FAST_NS && e->chunk < largest(e);
}

/* As much larger as would take as long as a command may, by what one took at this size. */
static uint64_t grown(const struct xm_entry *e)
{
	uint64_t times = 2, most = largest(e);

	while (times < GROWTH_MAX && times * 2 * e->smooth_ns < XM_PICK_FAST_NS)
		times *= 2;
	return e->chunk > most / times ? most : e->chunk * times;
}

static void tune_size(struct xm_entry *e, uint64_t bytes, uint64_t ns)
{
	if (bytes < e->chunk / 2)
		return;
	e->smooth_ns = e->sized ? e->smooth_ns - e->smooth_ns / 4 + ns / 4 : ns;
	if (++e->sized < SIZE_SAMPLES)
		return;
	if (e->smooth_ns > XM_PICK_SLOW_NS && e->chunk / 2 >= e->step) {
		set_chunk(e, e->chunk / 2);
	} else if (may_grow(e)) {
		if (e->proven == UINT64_MAX)
			set_chunk(e, grown(e));
		else
			e->grow = grown(e);
	}
}

void xm_entry_proven(struct xm_entry *e, uint64_t bytes)
{
	bool first = e->proven == 0;

	e->trial_tries = 0;
	if (e->proven == UINT64_MAX)
		return;
	e->proven = xm_max_u64(e->proven, bytes);
	if (first || bytes > e->chunk)
		set_chunk(e, bytes);
}

bool xm_entry_shrink(struct xm_entry *e, uint64_t bytes)
{
	uint64_t half = xm_max_u64(bytes / 2, e->step);

	e->ceiling = xm_min_u64(e->ceiling, xm_max_u64(bytes / 2, e->step));
	if (bytes > e->step) {
		set_chunk(e, xm_min_u64(half, e->chunk));
		return true;
	}
	if (e->depth > 1) {
		e->depth /= 2;
		e->max_depth = e->depth;
		return true;
	}
	return false;
}

/* ---- depth ------------------------------------------------------------------- */

static void start_round(struct xm_entry *e, uint64_t now)
{
	e->round_start = now;
	e->round_bytes = 0;
	e->round_n = 0;
}

static void change_depth(struct xm_entry *e, uint64_t rate)
{
	if (rate > e->best + e->best / 20) {
		/* it gained (or is the first figure): go on */
		e->best = rate;
		e->raised = e->depth < e->max_depth;
		e->depth += e->raised;
	} else if (e->raised) {
		/* one more did not help: take it back and leave it for a while */
		e->depth--;
		e->raised = false;
		e->hold = HOLD_ROUNDS;
	} else if (e->hold > 0) {
		e->hold--;
	} else if (e->depth < e->max_depth) {
		e->best = rate;
		e->raised = true;
		e->depth++;
	}
}

static void tune_depth(struct xm_entry *e, uint64_t bytes, uint64_t now)
{
	uint64_t ns;

	if (e->fixed_depth)
		return;
	if (e->round_n == 0 && e->round_bytes == 0)
		start_round(e, e->round_start ? e->round_start : now);
	e->round_bytes += bytes;
	if (++e->round_n < e->depth * 2)
		return;
	/* more at a time make each take longer, and the size stay small: the size comes first */
	if (may_grow(e) && e->waited < SIZE_ROUNDS) {
		e->waited++;
		start_round(e, now);
		return;
	}
	ns = xm_max_u64(now - e->round_start, 1);
	/* bytes a second, in whole KiB so that it cannot overflow */
	change_depth(e, e->round_bytes / 1024 * 1000000 / xm_max_u64(ns / 1000, 1));
	start_round(e, now);
}

void xm_entry_done(struct xm_entry *e, uint64_t bytes, uint64_t ns, uint64_t now)
{
	e->strikes = 0;
	tune_size(e, bytes, ns);
	tune_depth(e, bytes, now);
}

void xm_entry_busy(struct xm_entry *e, uint64_t now)
{
	/* one push back from many commands at once is one sign */
	if (e->cut_at && now - e->cut_at < XM_NS_PER_S / 10)
		return;
	e->cut_at = now;
	if (e->depth > 1)
		e->depth /= 2;
	e->raised = false;
	e->best = 0;
	start_round(e, now);
}
