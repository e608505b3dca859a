/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs of kinds: what was told is answered, gaps are the gap, memory is bounded and
 * what does not fit becomes safe, never the other way.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "extent-runs.h"
#include "seed.h"

static void told(void **state)
{
	struct xm_runs r;
	uint64_t len;

	(void)state;
	xm_runs_init(&r, 10000, 0, 3);
	assert_int_equal(xm_runs_at(&r, 0, 10000, &len), 3);
	assert_int_equal(len, 10000);
	assert_true(xm_runs_add(&r, 100, 50, 2));
	assert_true(xm_runs_add(&r, 150, 50, 2));
	assert_false(xm_runs_add(&r, 199, 10, 1));      /* out of order */
	assert_true(xm_runs_add(&r, 9000, 5000, 1));    /* cut at the end */
	assert_int_equal(xm_runs_at(&r, 0, 10000, &len), 3);
	assert_int_equal(len, 100);
	assert_int_equal(xm_runs_at(&r, 120, 10000, &len), 2);
	assert_int_equal(len, 80);
	assert_int_equal(xm_runs_at(&r, 9000, 10, &len), 1);
	assert_int_equal(len, 10);
	assert_int_equal(xm_runs_at(&r, 150, 9850, &len), 2);
	assert_int_equal(len, 50);
	xm_runs_free(&r);
	/* a disk whose offsets do not fit is not described at all */
	xm_runs_init(&r, UINT64_C(1) << 63, 0, 0);
	assert_false(xm_runs_add(&r, 0, 4096, 2));
	xm_runs_free(&r);
}

#define UNITS 40000
#define UNIT 4096

/* With room for few runs, against an array that has room for all. */
static void bounded(void **state)
{
	static uint8_t truth[UNITS];
	struct test_random x = { test_seed("bounded") };
	struct xm_runs r;
	uint64_t len;

	(void)state;
	xm_runs_init(&r, (uint64_t)UNITS * UNIT, 1, 0);
	r.max = 1024;
	for (size_t i = 0, n; i < UNITS; i += n) {
		unsigned kind = (unsigned)test_below(&x, 4);

		n = 1 + (size_t)test_below(&x, test_below(&x, 8) ? 4 : 200);
		n = n < UNITS - i ? n : UNITS - i;
		memset(truth + i, (int)kind, n);
		assert_true(xm_runs_add(&r, i * UNIT, n * UNIT, kind));
		assert_true(r.n <= r.max);
	}
	assert_true(r.least > 0);
	for (size_t i = 0, kept = 0; i < UNITS; i++) {
		unsigned kind = xm_runs_at(&r, (uint64_t)i * UNIT, UNIT, &len);

		assert_int_equal(len, UNIT);
		assert_true(kind == truth[i] || kind == r.safe);
		kept += kind == truth[i];
		/* it did not just give up */
		if (i == UNITS - 1)
			assert_true(kept > UNITS / 2);
	}
	xm_runs_free(&r);
}

static void as_source(void **state)
{
	struct xm_extent_source *s;
	struct xm_extent e;
	struct xm_runs r;

	(void)state;
	xm_runs_init(&r, 65536, XM_EXTENT_DATA, XM_EXTENT_DATA);
	assert_true(xm_runs_add(&r, 8192, 4096, XM_EXTENT_HOLE));
	s = xm_extent_source_of(&r);
	assert_non_null(s);
	assert_int_equal(r.n, 0);
	e = s->ops->query(s, 8192, 57344);
	assert_int_equal(e.off, 8192);
	assert_int_equal(e.len, 4096);
	assert_int_equal(e.kind, XM_EXTENT_HOLE);
	e = s->ops->query(s, 12288, 4096);
	assert_int_equal(e.kind, XM_EXTENT_DATA);
	s->ops->close(s);
	xm_runs_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(told),
		cmocka_unit_test(bounded),
		cmocka_unit_test(as_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
