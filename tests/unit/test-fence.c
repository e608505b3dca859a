/* SPDX-License-Identifier: Apache-2.0 */
/* Fences step by step on a clock of the test's own: order, bounds, and when nothing may start. */
#include "unit.h"
#include <string.h>
#include "fence.h"

struct fake {
	struct xm_nexus nx;
	unsigned starts, polls, fenced_at;   /* the fenced_at-th poll answers */
	bool fails;
};

static void start(struct xm_nexus *nx)
{
	struct fake *f = (struct fake *)nx;

	assert_int_equal(nx->state, XM_NEXUS_FENCING);
	f->starts++;
	f->polls = 0;
}

static void wait_for(struct xm_nexus *nx, struct xm_waiter *w)
{
	(void)nx;
	xm_waiter_until(w, 77);
}

static enum xm_fence_result poll_it(struct xm_nexus *nx, struct xm_status *why)
{
	struct fake *f = (struct fake *)nx;

	if (f->fails) {
		*why = (struct xm_status){ .code = XM_E_IO, .detail = "another disk" };
		return XM_FENCE_FAILED;
	}
	return ++f->polls >= f->fenced_at ? XM_FENCE_FENCED : XM_FENCE_PENDING;
}

static const struct xm_nexus_ops ops = { .name = "fake", .start = start, .wait = wait_for,
					  .poll = poll_it };

static struct xm_ctx ctx;
static struct xm_status why;
static struct xm_nexus *got;

static enum xm_fence_result step(struct xm_fence *f, uint64_t now, unsigned inflight)
{
	return xm_fence_step(f, &ctx, now, inflight, &got, &why);
}

static uint64_t deadline(struct xm_fence *f, unsigned inflight)
{
	struct xm_waiter w = { .deadline = XM_NEVER };

	xm_fence_wait(f, inflight, &w);
	return w.deadline;
}

static void answers_are_waited_for(void **state)
{
	struct fake a = { .nx = { .ops = &ops, .name = "a" }, .fenced_at = 3 };
	struct xm_fence f;

	(void)state;
	xm_fence_init(&f);
	xm_fence_watch(&f, &a.nx);
	xm_fence_watch(&f, NULL);
	assert_false(xm_fence_active(&f));
	assert_int_equal(step(&f, 0, 5), XM_FENCE_PENDING);
	assert_true(deadline(&f, 5) == XM_NEVER);
	assert_true(xm_fence_need(&f, &a.nx, 100));
	assert_true(xm_fence_need(&f, &a.nx, 200));
	assert_false(xm_nexus_takes_commands(&a.nx));
	assert_true(xm_fence_active(&f));
	assert_int_equal(step(&f, 100, 5), XM_FENCE_PENDING);
	assert_int_equal(a.starts, 0);
	assert_int_equal(deadline(&f, 5), 100 + XM_FENCE_DRAIN_NS);
	assert_int_equal(deadline(&f, 0), 0);
	assert_int_equal(step(&f, 200, 0), XM_FENCE_PENDING);
	assert_int_equal(a.starts, 1);
	assert_int_equal(deadline(&f, 0), 77);
	assert_int_equal(step(&f, 300, 0), XM_FENCE_PENDING);
	assert_int_equal(step(&f, 300, 0), XM_FENCE_PENDING);
	assert_int_equal(step(&f, 300, 0), XM_FENCE_FENCED);
	assert_ptr_equal(got, &a.nx);
	assert_int_equal(a.starts, 1);
	assert_true(xm_nexus_takes_commands(&a.nx));
	assert_false(xm_fence_active(&f));
}

static void drain_is_bounded(void **state)
{
	struct fake a = { .nx = { .ops = &ops }, .fenced_at = 1 };
	struct xm_fence f;

	(void)state;
	xm_fence_init(&f);
	xm_fence_need(&f, &a.nx, 0);
	assert_int_equal(step(&f, XM_FENCE_DRAIN_NS - 1, 3), XM_FENCE_PENDING);
	assert_int_equal(a.starts, 0);
	assert_int_equal(step(&f, XM_FENCE_DRAIN_NS, 3), XM_FENCE_PENDING);
	assert_int_equal(a.starts, 1);
	assert_int_equal(step(&f, XM_FENCE_DRAIN_NS, 3), XM_FENCE_FENCED);
}

static void lost_is_fenced_at_once(void **state)
{
	struct fake a = { .nx = { .ops = &ops }, .fenced_at = 1 };
	struct xm_fence f;

	(void)state;
	xm_fence_init(&f);
	xm_fence_watch(&f, &a.nx);
	a.nx.lost = true;
	assert_true(xm_fence_active(&f));
	assert_int_equal(deadline(&f, 3), 0);
	assert_int_equal(step(&f, 5, 3), XM_FENCE_PENDING);
	assert_int_equal(a.starts, 1);
	assert_int_equal(step(&f, 5, 3), XM_FENCE_FENCED);
	assert_false(a.nx.lost);
	assert_false(xm_fence_active(&f));
}

static void failures_end(void **state)
{
	struct fake a = { .nx = { .ops = &ops, .name = "a" }, .fails = true };
	struct fake b = { .nx = { .ops = &ops, .name = "b" }, .fenced_at = 1000000 };
	struct xm_fence f;

	(void)state;
	xm_fence_init(&f);
	xm_fence_need(&f, &a.nx, 0);
	step(&f, 0, 0);
	assert_int_equal(step(&f, 0, 0), XM_FENCE_FAILED);
	assert_int_equal(why.code, XM_E_IO);
	assert_string_equal(why.detail, "another disk");
	assert_int_equal(a.nx.state, XM_NEXUS_DEAD);
	assert_true(xm_fence_active(&f));
	/* and it stays so */
	assert_int_equal(step(&f, 1, 0), XM_FENCE_FAILED);

	xm_fence_init(&f);
	xm_fence_need(&f, &b.nx, 0);
	step(&f, 0, 0);
	assert_int_equal(step(&f, XM_FENCE_BOUND_NS - 1, 0), XM_FENCE_PENDING);
	assert_int_equal(step(&f, XM_FENCE_BOUND_NS, 0), XM_FENCE_FAILED);
	assert_int_equal(why.code, XM_E_TEMPORARY);
	assert_int_equal(why.certainty, XM_UNKNOWN);
}

static void not_for_ever(void **state)
{
	struct fake a = { .nx = { .ops = &ops, .name = "a" }, .fenced_at = 1 };
	struct xm_fence f;
	unsigned n = 0;

	(void)state;
	xm_fence_init(&f);
	do {
		xm_fence_need(&f, &a.nx, n);
		if (step(&f, n, 0) == XM_FENCE_FAILED)
			break;
		assert_int_equal(step(&f, n, 0), XM_FENCE_FENCED);
	} while (++n < 1000);
	assert_int_equal(n, XM_FENCE_MOST);
	assert_int_equal(a.nx.state, XM_NEXUS_DEAD);
}

/* A job of days may lose its path every quarter of an hour. */
static void seldom_is_not_in_a_row(void **state)
{
	struct fake a = { .nx = { .ops = &ops, .name = "a" }, .fenced_at = 1 };
	struct xm_fence f;

	(void)state;
	xm_fence_init(&f);
	for (uint64_t n = 1; n < 200; n++) {
		uint64_t now = n * XM_FENCE_CALM_NS;

		xm_fence_need(&f, &a.nx, now);
		assert_int_equal(step(&f, now, 0), XM_FENCE_PENDING);
		assert_int_equal(step(&f, now, 0), XM_FENCE_FENCED);
	}
	assert_int_equal(a.starts, 199);
}

static void no_nexus_no_fence(void **state)
{
	struct fake many[XM_FENCE_NEXUSES + 1];
	struct xm_fence f;

	(void)state;
	xm_fence_init(&f);
	assert_false(xm_fence_need(&f, NULL, 0));
	for (unsigned i = 0; i <= XM_FENCE_NEXUSES; i++) {
		many[i] = (struct fake){ .nx = { .ops = &ops } };
		assert_int_equal(xm_fence_need(&f, &many[i].nx, 0), i < XM_FENCE_NEXUSES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_waited_for), cmocka_unit_test(drain_is_bounded),
		cmocka_unit_test(lost_is_fenced_at_once), cmocka_unit_test(failures_end),
		cmocka_unit_test(not_for_ever),
		cmocka_unit_test(seldom_is_not_in_a_row), cmocka_unit_test(no_nexus_no_fence),
	};

	return cmocka_run_group_tests_name("fence", tests, NULL, NULL);
}
