/* SPDX-License-Identifier: Apache-2.0 */
/* Claim, settle, release, quarantine: every byte in one place, and a broken sum is noticed. */
#include "unit.h"
#include "seed.h"
#include "task.h"
#include "xm/align.h"

#define G UINT64_C(4096)

static struct xm_task task_of(uint64_t a, uint64_t alen, uint64_t b, uint64_t blen)
{
	struct xm_task t = { .kind = XM_TASK_COPY, .nruns = blen ? 2 : 1 };

	t.runs[0] = (struct xm_run){ a, a, alen };
	t.runs[1] = (struct xm_run){ b, b, blen };
	return t;
}

static void sums(const struct xm_tally *t, uint64_t left, uint64_t inflight, uint64_t quarantined,
		 uint64_t done)
{
	assert_int_equal(t->left.left, left);
	assert_int_equal(t->inflight, inflight);
	assert_int_equal(t->quarantined, quarantined);
	assert_int_equal(t->done, done);
	assert_false(t->broken);
}

static void ways_of_a_task(void **state)
{
	struct xm_tally t;
	struct xm_map way;
	struct xm_task a = task_of(0, 2 * G, 3 * G, 2 * G);

	(void)state;
	assert_true(xm_tally_init(&t, 0, 10 * G, G));
	xm_map_init(&way, 0, 10 * G, G);
	sums(&t, 10 * G, 0, 0, 0);
	xm_task_claim(&t, &a);
	sums(&t, 6 * G, 4 * G, 0, 0);
	/* a prefix into the second run: whole granules only, across runs that do not touch */
	a.moved = 3 * G + 100;
	assert_int_equal(xm_task_settle(&t, &a, &way), 3 * G);
	sums(&t, 6 * G, G, 0, 3 * G);
	assert_int_equal(way.left, 3 * G);
	assert_int_equal(xm_map_count(&way, 2 * G, G), 0);
	assert_int_equal(a.nruns, 1);
	assert_int_equal(a.runs[0].dst, 4 * G);
	assert_int_equal(a.runs[0].src, 4 * G);
	xm_task_quarantine(&t, &a);
	sums(&t, 6 * G, 0, G, 3 * G);
	xm_task_unquarantine(&t, &a);
	xm_task_release(&t, &a);
	sums(&t, 7 * G, 0, 0, 3 * G);
	assert_int_equal(xm_tally_undo(&t, &way), 3 * G);
	sums(&t, 10 * G, 0, 0, 0);
	assert_int_equal(way.left, 0);
	xm_map_free(&way);
	xm_tally_free(&t);
}

static void runs_inside_a_granule(void **state)
{
	struct xm_tally t;
	struct xm_task a = { .kind = XM_TASK_COPY, .nruns = 4 };

	(void)state;
	/* the range begins and ends inside granules */
	assert_true(xm_tally_init(&t, 100, 2 * G + 50, G));
	a.runs[0] = (struct xm_run){ 0, 100, 1000 };
	a.runs[1] = (struct xm_run){ 1000, 1100, G - 1100 };
	a.runs[2] = (struct xm_run){ G - 100, G, G };
	a.runs[3] = (struct xm_run){ 2 * G - 100, 2 * G, 50 };
	xm_task_claim(&t, &a);
	sums(&t, 0, 2 * G - 50, 0, 0);
	a.moved = 1000;              /* a run, but no granule */
	assert_int_equal(xm_task_settle(&t, &a, NULL), 0);
	a.moved = G - 100 + G;
	assert_int_equal(xm_task_settle(&t, &a, NULL), 2 * G - 100);
	assert_int_equal(a.runs[0].dst, 2 * G);
	a.moved = 1000000;           /* more than there is counts as all */
	assert_int_equal(xm_task_settle(&t, &a, NULL), 50);
	sums(&t, 0, 0, 0, 2 * G - 50);
	assert_int_equal(a.nruns, 0);
	xm_tally_free(&t);
}

static void breaches_are_noticed(void **state)
{
	struct xm_task twice = task_of(G, G, 0, 0), half = task_of(10, 20, 0, 0);
	struct xm_tally t;

	(void)state;
	assert_true(xm_tally_init(&t, 0, 10 * G, G));
	xm_task_claim(&t, &twice);
	assert_false(t.broken);
	xm_task_claim(&t, &twice);   /* a claim of what is claimed */
	assert_true(t.broken);
	xm_tally_free(&t);

	assert_true(xm_tally_init(&t, 0, 10 * G, G));
	xm_task_claim(&t, &half);    /* no whole granule */
	assert_true(t.broken);
	xm_tally_free(&t);

	assert_true(xm_tally_init(&t, 0, 10 * G, G));
	twice = task_of(G, G, 0, 0);
	twice.bytes = G;
	xm_task_release(&t, &twice); /* what was never claimed */
	assert_true(t.broken);
	xm_tally_free(&t);
}

/* Random lives of random tasks: the sums never break, and in the end everything is done once. */
static void random_lives(void **state)
{
	struct test_random r = { test_seed("task") };
	uint64_t lo = test_below(&r, 5 * G), hi = lo + 1 + test_below(&r, 500 * G), off, len;
	struct xm_tally t;
	struct xm_map way;

	(void)state;
	assert_true(xm_tally_init(&t, lo, hi, G));
	xm_map_init(&way, lo, hi, G);
	while (xm_map_next(&t.left, lo, G * (1 + test_below(&r, 9)), &off, &len)) {
		struct xm_task a = task_of(off, len, 0, 0);
		uint64_t good;

		xm_task_claim(&t, &a);
		a.moved = test_below(&r, len + 1);
		if (test_below(&r, 2))
			a.moved = len;
		good = xm_task_settle(&t, &a, &way);
		assert_true(good <= len);
		if (test_below(&r, 3) == 0) {
			xm_task_quarantine(&t, &a);
			xm_task_unquarantine(&t, &a);
		}
		if (a.bytes)
			xm_task_release(&t, &a);
		assert_false(t.broken);
		assert_int_equal(way.left, t.done);
	}
	sums(&t, 0, 0, 0, hi - lo);
	xm_map_free(&way);
	xm_tally_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ways_of_a_task), cmocka_unit_test(runs_inside_a_granule),
		cmocka_unit_test(breaches_are_noticed), cmocka_unit_test(random_lives),
	};

	return cmocka_run_group_tests_name("task", tests, NULL, NULL);
}
