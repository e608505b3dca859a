/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The planner and the claims against a byte model, with random limits, ranges,
 * extents and barred places.  For each geometry a picky method takes what suits
 * it and a second one, that takes anything, the rest.  Shown: every byte is
 * planned exactly once, zero areas never as data from elsewhere, no run breaks a
 * limit, the tally holds at every step.
 */
#undef NDEBUG
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "plan.h"
#include "seed.h"
#include "xm/align.h"

enum { NEITHER, DATA, ZERO };

/* An extent source over an array of kinds, one a 512-byte sector of the source. */
struct extents {
	struct xm_extent_source s;
	uint8_t *zero;               /* by sector */
	uint64_t size;
};

static struct xm_extent query(struct xm_extent_source *s, uint64_t off, uint64_t len)
{
	struct extents *x = (struct extents *)s;
	uint64_t end = off;
	uint8_t kind = x->zero[off / 512];

	while (end < off + len && x->zero[end / 512] == kind)
		end = xm_min_u64(off + len, end / 512 * 512 + 512);
	return (struct xm_extent){ off, end - off, kind ? XM_EXTENT_ZERO : XM_EXTENT_DATA };
}
static const struct xm_extent_source_ops ops = { .name = "test", .query = query };

struct model {
	struct test_random r;
	struct extents x;
	struct xm_plan plan;
	struct xm_tally tally;
	struct xm_map barred;
	struct xm_method_limits picky;
	uint8_t *bytes;              /* NEITHER, DATA, ZERO; by sector of the range */
	uint64_t lo, hi;
	uint64_t tasks, runs, zeros, steps;
};

static uint64_t seen_picky, seen_any, seen_zero, seen_multi, seen_barred, seen_skew;

static void check_task(struct model *m, const struct xm_task *t, const struct xm_method_limits *l)
{
	uint64_t end = 0, sum = 0;

	assert_true(t->nruns >= 1 && t->nruns <= l->max_runs);
	assert_true(l->kinds & t->kind);
	for (unsigned i = 0; i < t->nruns; i++) {
		const struct xm_run *r = &t->runs[i];

		assert_true(r->len > 0 && r->len <= l->max_run);
		assert_true(r->dst >= m->lo && r->dst + r->len <= m->hi);
		assert_int_equal(r->src - m->plan.src_off, r->dst - m->plan.dst_off);
		assert_true(i == 0 || r->dst >= end);
		assert_true(r->dst % l->align == 0 && r->src % l->align == 0 &&
			    r->len % l->align == 0);
		for (uint64_t o = 0; o < r->len; o += 512) {
			assert_int_equal(m->bytes[(r->dst + o - m->lo) / 512], NEITHER);
			m->bytes[(r->dst + o - m->lo) / 512] =
				t->kind == XM_TASK_ZERO ? ZERO : DATA;
			if (t->kind == XM_TASK_ZERO)
				assert_true(m->x.zero[(r->src + o) / 512]);
		}
		end = r->dst + r->len;
		sum += r->len;
	}
	assert_int_equal(sum, t->bytes);
	assert_true(sum <= l->max_bytes);
}

/* Plan until nothing suits; each task is claimed, and then done, released or quarantined. */
static uint64_t exhaust(struct model *m, const struct xm_method_limits *l, const struct xm_map *not)
{
	struct xm_plan_ask ask = { .limits = l, .align = l->align, .barred = not };
	struct xm_task t = { 0 };
	uint64_t moved = 0;

	for (;;) {
		ask.bytes = 1 + test_below(&m->r, 2 * l->max_bytes);
		ask.from = xm_map_cut_before(&m->tally.left,
					     m->lo + test_below(&m->r, m->hi - m->lo));
		if (!xm_plan_next(&m->plan, &m->tally.left, &ask, &t))
			return moved;
		check_task(m, &t, l);
		xm_task_claim(&m->tally, &t);
		assert_false(m->tally.broken);
		if (test_below(&m->r, 4) == 0) {
			xm_task_quarantine(&m->tally, &t);
			xm_task_unquarantine(&m->tally, &t);
		}
		seen_multi += t.nruns > 1;
		seen_zero += t.kind == XM_TASK_ZERO;
		t.moved = t.bytes;
		moved += xm_task_settle(&m->tally, &t, NULL);
		assert_false(m->tally.broken);
		assert_int_equal(t.bytes, 0);
		m->tasks++;
	}
}

static void bar_some(struct model *m)
{
	const struct xm_map *map = &m->tally.left;
	uint64_t a = xm_map_cut_before(map, m->lo + test_below(&m->r, m->hi - m->lo));
	uint64_t b = xm_map_cut_after(map, a + test_below(&m->r, m->hi - a) + (a == m->hi ? 0 : 1));

	assert_true(xm_map_set(&m->barred, a, b - a, NULL));
}

static void make(struct model *m)
{
	uint64_t align = 512 * (test_below(&m->r, 3) ? UINT64_C(1) << test_below(&m->r, 8) :
				1 + test_below(&m->r, 24));
	uint64_t sectors = 1 + test_below(&m->r, 4000), skew = test_below(&m->r, 600) * 512;
	uint64_t granule = UINT64_C(512) << test_below(&m->r, 8);

	if (test_below(&m->r, 2))
		skew = xm_round_down(skew, align);
	m->lo = test_below(&m->r, 300) * 512;
	m->hi = m->lo + sectors * 512;
	m->plan = (struct xm_plan){ .src_off = m->lo + skew, .dst_off = m->lo, .extents = &m->x.s };
	m->x.s.ops = &ops;
	m->x.size = m->hi + skew;
	m->x.zero = calloc(m->x.size / 512 + 1, 1);
	m->bytes = calloc(sectors + 1, 1);
	assert_true(m->x.zero && m->bytes);
	for (uint64_t i = 0; test_below(&m->r, 2) && i < 20; i++) {
		uint64_t at = test_below(&m->r, m->x.size / 512);

		memset(m->x.zero + at, (int)test_below(&m->r, 2),
		       test_below(&m->r, m->x.size / 512 - at));
	}
	assert_true(xm_tally_init(&m->tally, m->lo, m->hi, granule));
	xm_map_init(&m->barred, m->lo, m->hi, granule);
	m->picky = (struct xm_method_limits){
		.kinds = test_below(&m->r, 2) ? XM_TASK_COPY : XM_TASK_COPY | XM_TASK_ZERO,
		.align = align,
		.max_runs = 1 + (unsigned)test_below(&m->r, XM_TASK_RUNS_MAX),
		.max_run = align * (1 + test_below(&m->r, 64)) + test_below(&m->r, 2) * 511,
		.max_bytes = align * (1 + test_below(&m->r, 300)),
		.max_inflight = 1,
	};
	seen_skew += skew != 0;
}

static void one_geometry(struct test_random *r)
{
	static const struct xm_method_limits any = {
		.kinds = XM_TASK_COPY | XM_TASK_ZERO, .align = 512, .max_runs = 3,
		.max_run = UINT64_C(1) << 20, .max_bytes = UINT64_C(1) << 20, .max_inflight = 1,
	};
	struct model m = { .r = { test_random(r) } };
	uint64_t picky;

	make(&m);
	if (test_below(&m.r, 3) == 0) {
		bar_some(&m);
		seen_barred++;
	}
	picky = exhaust(&m, &m.picky, &m.barred);
	for (uint64_t o = m.lo; o < m.hi; o += 512) {
		if (m.bytes[(o - m.lo) / 512] != NEITHER)
			assert_int_equal(xm_map_count(&m.barred, xm_map_cut_before(&m.barred, o),
				xm_map_cut_after(&m.barred, o + 1) -
				xm_map_cut_before(&m.barred, o)), 0);
	}
	seen_picky += picky > 0;
	seen_any += exhaust(&m, &any, NULL) > 0;
	assert_int_equal(m.tally.done, m.hi - m.lo);
	assert_int_equal(m.tally.left.left, 0);
	for (uint64_t o = 0; o < m.hi - m.lo; o += 512)
		assert_int_not_equal(m.bytes[o / 512], NEITHER);
	xm_tally_free(&m.tally);
	xm_map_free(&m.barred);
	free(m.x.zero);
	free(m.bytes);
}

static void covers_exactly(void **state)
{
	struct test_random r = { test_seed("plan") };

	(void)state;
	for (unsigned i = 0; i < 1500; i++)
		one_geometry(&r);
	printf("# geometries with: picky method %llu, rest %llu, zero %llu, many runs %llu, "
	       "barred %llu, shifted %llu\n", (unsigned long long)seen_picky,
	       (unsigned long long)seen_any, (unsigned long long)seen_zero,
	       (unsigned long long)seen_multi, (unsigned long long)seen_barred,
	       (unsigned long long)seen_skew);
	assert_true(seen_picky && seen_any && seen_zero && seen_multi && seen_barred && seen_skew);
}

/*
 * An aligned whole range is taken by the picky method alone: nothing is left by being too
 * careful.
 */
static void takes_all_it_can(void **state)
{
	struct model m = { .r = { 1 }, .lo = 0, .hi = UINT64_C(100) << 20 };
	struct xm_method_limits l = { .kinds = XM_TASK_COPY, .align = 1 << 20, .max_runs = 4,
				      .max_run = 3 << 20, .max_bytes = 10 << 20 };
	struct xm_plan_ask ask = { .limits = &l, .align = l.align, .bytes = 8 << 20 };
	struct xm_task t;

	(void)state;
	m.x.s.ops = &ops;
	m.x.zero = calloc(m.hi / 512 + 1, 1);
	m.plan = (struct xm_plan){ .extents = &m.x.s };
	assert_true(xm_tally_init(&m.tally, m.lo, m.hi, 65536));
	assert_true(xm_plan_next(&m.plan, &m.tally.left, &ask, &t));
	assert_int_equal(t.nruns, 3);
	assert_int_equal(t.runs[0].len, 3 << 20);
	assert_int_equal(t.runs[2].dst, 6 << 20);
	assert_int_equal(t.runs[2].len, 2 << 20);
	/* not of places that are aligned on one side only */
	m.plan.src_off = 4096;
	assert_false(xm_plan_next(&m.plan, &m.tally.left, &ask, &t));
	xm_tally_free(&m.tally);
	free(m.x.zero);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(covers_exactly), cmocka_unit_test(takes_all_it_can),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
