/* SPDX-License-Identifier: Apache-2.0 */
/* How large and how many at a time, learnt from what the commands took: see pick.h. */
#include "pick.h"

#include "xm/align.h"

#define SIZE_SAMPLES 4U              /* commands at a size before it is changed */
#define GROWTH_MAX 8U                /* times larger at once: each step costs a trial */
#define SIZE_ROUNDS 8U               /* rounds that the depth waits for a size still growing */
#define ROUND_NS (20 * XM_NS_PER_MS)     /* a rate over less is mostly noise */
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

static uint64_t slow_ns(const struct xm_entry *e)
{
	return e->m->limits.long_ns ? e->m->limits.long_ns : XM_PICK_SLOW_NS;
}

static bool is_fast(const struct xm_entry *e)
{
	return e->smooth_ns < slow_ns(e) / 10;
}

/*
 * Below a tenth of the longest time always; up to half of it to see whether a command of
 * any size takes as long: an array that answers late is fast with large ones.
 */
static bool may_grow(const struct xm_entry *e)
{
	if (e->sized == 0 || e->chunk >= largest(e))
		return false;
	return is_fast(e) || (!e->settled && e->smooth_ns * 2 < slow_ns(e));
}

/* As much larger as would take half the longest time, if time went with size. */
static uint64_t grown(const struct xm_entry *e)
{
	uint64_t times = 2, most = largest(e);

	while (times < GROWTH_MAX && times * 2 * e->smooth_ns < slow_ns(e) / 2)
		times *= 2;
	return e->chunk > most / times ? most : e->chunk * times;
}

/* Bytes a (binary) microsecond of one command. */
static uint64_t rate_of(const struct xm_entry *e)
{
	return e->chunk / (e->smooth_ns / 1024 + 1);
}

/* Whether the last growth was worth it is seen once, at the size it led to. */
static void judge_growth(struct xm_entry *e)
{
	if (!e->before || e->before >= e->chunk)
		return;
	e->settled |= rate_of(e) < e->before_rate + e->before_rate / 4;
	e->before = 0;
}

static void grow(struct xm_entry *e)
{
	e->before = e->chunk;
	e->before_rate = rate_of(e);
	if (e->proven == UINT64_MAX)
		set_chunk(e, grown(e));
	else
		e->grow = grown(e);
}

static void tune_size(struct xm_entry *e, uint64_t bytes, uint64_t ns)
{
	if (bytes < e->chunk / 2)
		return;
	e->smooth_ns = e->sized ? e->smooth_ns - e->smooth_ns / 4 + ns / 4 : ns;
	if (++e->sized < SIZE_SAMPLES)
		return;
	judge_growth(e);
	if (e->smooth_ns > slow_ns(e) && e->chunk / 2 >= e->step) {
		e->settled = true;
		set_chunk(e, e->chunk / 2);
	} else if (may_grow(e)) {
		grow(e);
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

/* By a quarter, since one more among many cannot be told from noise. */
static void raise_depth(struct xm_entry *e, uint64_t rate)
{
	unsigned step = e->depth < 8 ? 1 : e->depth / 4;

	e->best = rate;
	e->raised = (unsigned)xm_min_u64(step, e->max_depth - e->depth);
	e->depth += e->raised;
}

static void change_depth(struct xm_entry *e, uint64_t rate)
{
	uint64_t gain = e->best / (e->raised > 1 ? 10 : 20);

	if (rate > e->best + gain) {
		/* it gained (or is the first figure): go on */
		raise_depth(e, rate);
	} else if (e->raised) {
		/* more did not help: take them back and leave it for a while */
		e->depth -= e->raised;
		e->raised = 0;
		e->hold = HOLD_ROUNDS;
	} else if (e->hold > 0) {
		e->hold--;
	} else if (e->depth < e->max_depth) {
		raise_depth(e, rate);
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
	if (++e->round_n < e->depth * 2 || now - e->round_start < ROUND_NS)
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
	e->pause_until = 0;
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
	e->raised = 0;
	e->best = 0;
	start_round(e, now);
}
