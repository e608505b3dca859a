/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The map against a shadow: one byte a granule in a plain array.  Each operation
 * is done on both and everything is compared.  Sizes sit at the edges of words
 * and of summary words, and both ends of the range may be partial granules.
 */
#undef NDEBUG
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "map.h"
#include "seed.h"

struct shadow {
	struct xm_map map;
	uint64_t n;
	uint8_t *set;
};

static uint64_t edge(const struct shadow *s, uint64_t bit)
{
	uint64_t off = (s->map.lo / s->map.granule + bit) * s->map.granule;

	if (bit == 0)
		return s->map.lo;
	return bit >= s->n ? s->map.hi : off;
}

static uint64_t shadow_bytes(const struct shadow *s, uint64_t a, uint64_t b)
{
	uint64_t sum = 0;

	for (uint64_t i = a; i < b; i++)
		sum += s->set[i] ? edge(s, i + 1) - edge(s, i) : 0;
	return sum;
}

static void compare(struct shadow *s)
{
	uint64_t off, len, from = s->map.lo, i = 0;

	assert_int_equal(s->map.left, shadow_bytes(s, 0, s->n));
	for (;;) {
		bool more = xm_map_next(&s->map, from, UINT64_MAX, &off, &len);

		while (i < s->n && !s->set[i])
			i++;
		assert_int_equal(more, i < s->n);
		if (!more)
			return;
		assert_int_equal(off, edge(s, i));
		while (i < s->n && s->set[i])
			i++;
		assert_int_equal(off + len, edge(s, i));
		from = off + len;
	}
}

static void change(struct shadow *s, struct test_random *r)
{
	uint64_t a = test_below(r, s->n), b = a + 1 + test_below(r, s->n - a), bytes, want;
	bool set = test_below(r, 2);

	if (test_below(r, 3) == 0)
		b = a + 1;
	want = shadow_bytes(s, a, b);
	assert_int_equal(xm_map_count(&s->map, edge(s, a), edge(s, b) - edge(s, a)), want);
	if (set) {
		want = edge(s, b) - edge(s, a) - want;
		assert_true(xm_map_set(&s->map, edge(s, a), edge(s, b) - edge(s, a), &bytes));
	} else {
		xm_map_clear(&s->map, edge(s, a), edge(s, b) - edge(s, a), &bytes);
	}
	assert_int_equal(bytes, want);
	memset(s->set + a, set, b - a);
}

static void run_size(uint64_t lo, uint64_t hi, uint64_t granule, struct test_random *r)
{
	struct shadow s;

	xm_map_init(&s.map, lo, hi, granule);
	s.n = s.map.nbits;
	s.set = calloc(s.n + 1, 1);
	assert_non_null(s.set);
	compare(&s);
	for (unsigned i = 0; i < 60; i++) {
		change(&s, r);
		compare(&s);
	}
	xm_map_free(&s.map);
	free(s.set);
}

static void shadow_at_edges(void **state)
{
	static const uint64_t bits[] = { 1, 2, 63, 64, 65, 127, 128, 129, 4095, 4096, 4097, 8191,
					 8192, 8193, 20000 };
	struct test_random r = { test_seed("map") };

	(void)state;
	for (unsigned i = 0; i < sizeof bits / sizeof *bits; i++) {
		uint64_t g = UINT64_C(1) << (9 + test_below(&r, 8)), n = bits[i] * g;

		run_size(0, n, g, &r);
		run_size(0, n - 1 - test_below(&r, g - 1), g, &r);
		run_size(7 * g, 7 * g + n, g, &r);
		run_size(test_below(&r, g), n, g, &r);
		run_size(3 * g + test_below(&r, g), 4 * g + n, g, &r);
		run_size(5 * g + 17, 5 * g + 18, g, &r);
	}
}

static void next_obeys_max(void **state)
{
	struct xm_map m;
	uint64_t off, len;

	(void)state;
	xm_map_init(&m, 100, 10 * 512 + 3, 512);
	assert_true(xm_map_set(&m, 100, 10 * 512 + 3 - 100, NULL));
	assert_true(xm_map_next(&m, 100, 1024, &off, &len));
	assert_int_equal(off, 100);
	assert_int_equal(len, 1024 - 100);
	assert_true(xm_map_next(&m, 512, 1, &off, &len));
	assert_int_equal(off, 512);
	assert_int_equal(len, 512);
	assert_true(xm_map_next(&m, 5120, UINT64_MAX, &off, &len));
	assert_int_equal(len, 3);
	assert_false(xm_map_next(&m, 5123, UINT64_MAX, &off, &len));
	xm_map_free(&m);
}

static void without_another(void **state)
{
	struct xm_map m, not;
	uint64_t off, len;

	(void)state;
	xm_map_init(&m, 0, 4096 * 10, 4096);
	xm_map_init(&not, 0, 4096 * 10, 4096);
	assert_true(xm_map_set(&m, 4096, 4096 * 6, NULL));
	assert_true(xm_map_next_without(&m, &not, 0, UINT64_MAX, &off, &len));
	assert_int_equal(len, 4096 * 6);
	assert_true(xm_map_set(&not, 0, 8192, NULL));
	assert_true(xm_map_set(&not, 4096 * 4, 4096, NULL));
	assert_true(xm_map_next_without(&m, &not, 0, UINT64_MAX, &off, &len));
	assert_int_equal(off, 8192);
	assert_int_equal(len, 8192);
	assert_true(xm_map_next_without(&m, &not, off + len, UINT64_MAX, &off, &len));
	assert_int_equal(off, 4096 * 5);
	assert_int_equal(len, 8192);
	assert_false(xm_map_next_without(&m, &not, off + len, UINT64_MAX, &off, &len));
	xm_map_free(&m);
	xm_map_free(&not);
}

static void granules(void **state)
{
	struct xm_map m;

	(void)state;
	assert_int_equal(xm_map_granule_for(UINT64_C(1) << 40, 65536), 65536);
	assert_int_equal(xm_map_granule_for(1, 1), 1);
	assert_int_equal(xm_map_granule_for(4096, 520), 1024);
	/* at most 17 MiB with the summary, which 33 TiB just keep in granules of 256 KiB */
	assert_int_equal(xm_map_granule_for(UINT64_C(33) << 40, 4096), 262144);
	assert_int_equal(xm_map_granule_for(UINT64_C(34) << 40, 4096), 524288);
	for (unsigned tib = 1; tib <= 64; tib++) {
		uint64_t len = (uint64_t)tib << 40;

		xm_map_init(&m, 0, len, xm_map_granule_for(len, 4096));
		assert_true((m.nwords + m.nsummary) * 8 <= 17 << 20);
	}
	assert_int_equal(m.granule, 524288);
	/* the largest ends do not wrap */
	xm_map_init(&m, UINT64_MAX - 70000, UINT64_MAX - 1, 65536);
	assert_true(xm_map_set(&m, UINT64_MAX - 70000, 69999, NULL));
	assert_int_equal(m.left, 69999);
	xm_map_free(&m);
}

static void cuts(void **state)
{
	struct xm_map m;

	(void)state;
	xm_map_init(&m, 1000, 9000, 4096);
	assert_true(xm_map_is_cut(&m, 1000) && xm_map_is_cut(&m, 9000));
	assert_true(xm_map_is_cut(&m, 4096) && xm_map_is_cut(&m, 8192));
	assert_false(xm_map_is_cut(&m, 0) || xm_map_is_cut(&m, 12288) || xm_map_is_cut(&m, 1024));
	assert_int_equal(xm_map_cut_before(&m, 4095), 1000);
	assert_int_equal(xm_map_cut_after(&m, 1001), 4096);
	assert_int_equal(xm_map_cut_before(&m, 8999), 8192);
	assert_int_equal(xm_map_cut_after(&m, 8193), 9000);
	assert_int_equal(xm_map_cut_after(&m, 1000), 1000);
	assert_int_equal(xm_map_cut_before(&m, 9000), 9000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shadow_at_edges), cmocka_unit_test(next_obeys_max),
		cmocka_unit_test(without_another), cmocka_unit_test(granules),
		cmocka_unit_test(cuts),
	};

	return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
