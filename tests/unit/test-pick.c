/* SPDX-License-Identifier: Apache-2.0 */
/* Which methods are asked and what becomes of refusals; sizes and depths learnt from answers. */
#include "unit.h"
#include <string.h>
#include "pick.h"

#define MIB (UINT64_C(1) << 20)

static struct xm_method_limits limits;
static const char *refuse;
static enum xm_act refuse_act;
static struct xm_method first, last;

static int open_first(const struct xm_pair *pair, struct xm_method **ret, struct xm_refusal *why)
{
	(void)pair;
	if (refuse) {
		*why = (struct xm_refusal){ .act = refuse_act, .reason = refuse, .code = XM_E_IO,
					    .detail = "in words" };
		return -1;
	}
	first.limits = limits;
	*ret = &first;
	return 0;
}

static int open_last(const struct xm_pair *pair, struct xm_method **ret, struct xm_refusal *why)
{
	(void)pair;
	(void)why;
	last.limits = (struct xm_method_limits){ .kinds = XM_TASK_COPY, .align = 512, .max_runs = 1,
		.max_run = MIB, .max_bytes = MIB, .max_inflight = 8 };
	*ret = &last;
	return 0;
}

static void close_it(struct xm_method *m)
{
	(void)m;
}

static const struct xm_method_ops fast = { .name = "fast", .title = "FAST COPY",
	.way = XM_WAY_XCOPY, .needs_trial = true, .open = open_first, .close = close_it };
static const struct xm_method_ops host = { .name = "host", .title = "host copy", .way = XM_WAY_HOST,
	.open = open_last, .close = close_it };
static const struct xm_method_ops *const methods[] = { &fast, &host, NULL };

static struct xm_pick pick;
static struct xm_fallbacks rows;
static struct xm_ctx ctx;
static const struct xm_endpoint_ops disk_ops;
static struct xm_endpoint src = { .ops = &disk_ops }, dst = { .ops = &disk_ops };
static const struct xm_pair pair = { .ctx = &ctx, .src = &src, .dst = &dst };

static int open_with(enum xm_offload offload, const char *list, unsigned depth)
{
	struct xm_pick_rules rules = { offload, list, depth };
	struct xm_error *err = NULL;
	int code = 0;

	memset(&rows, 0, sizeof rows);
	if (xm_pick_open(&pick, methods, &pair, &rules, &rows, &err) < 0)
		code = (int)xm_error_code(err);
	xm_error_free(err);
	return code;
}

static int reset(void **state)
{
	(void)state;
	refuse = NULL;
	refuse_act = XM_ACT_DEMOTE;
	limits = (struct xm_method_limits){ .kinds = XM_TASK_COPY, .align = 512, .max_runs = 4,
		.max_run = 4 * MIB, .max_bytes = 16 * MIB, .first_bytes = MIB, .max_inflight = 16 };
	return 0;
}

static void who_is_asked(void **state)
{
	(void)state;
	assert_int_equal(open_with(XM_OFFLOAD_AUTO, NULL, 0), 0);
	assert_true(xm_entry_usable(&pick.at[0]) && xm_entry_usable(&pick.at[1]));
	assert_int_equal(rows.n, 0);
	assert_int_equal(open_with(XM_OFFLOAD_NEVER, NULL, 0), 0);
	assert_false(xm_entry_usable(&pick.at[0]));
	assert_string_equal(rows.row[0].reason, "not_wanted");
	assert_int_equal(open_with(XM_OFFLOAD_REQUIRE, NULL, 0), 0);
	assert_int_equal(pick.at[1].m->limits.kinds, XM_TASK_ZERO);      /* no data by host */
	assert_int_equal(open_with(XM_OFFLOAD_AUTO, "host", 0), 0);
	assert_false(xm_entry_usable(&pick.at[0]));
	assert_int_equal(open_with(XM_OFFLOAD_AUTO, "host,fast", 0), 0);
	assert_true(xm_entry_usable(&pick.at[0]) && xm_entry_usable(&pick.at[1]));
	/* contradictions and unknown words */
	assert_int_equal(open_with(XM_OFFLOAD_NEVER, "fast", 0), XM_E_USAGE);
	assert_int_equal(open_with(XM_OFFLOAD_REQUIRE, "host", 0), XM_E_NOOFFLOAD);
	assert_int_equal(open_with(XM_OFFLOAD_AUTO, "fas", 0), XM_E_USAGE);
	assert_int_equal(open_with(XM_OFFLOAD_AUTO, "fast,", 0), XM_E_USAGE);
	assert_int_equal(open_with(XM_OFFLOAD_AUTO, "", 0), XM_E_USAGE);
}

static void refusals(void **state)
{
	(void)state;
	refuse = "unsupported_opcode";
	assert_int_equal(open_with(XM_OFFLOAD_AUTO, NULL, 0), 0);
	assert_null(xm_pick_offload(&pick));
	assert_string_equal(xm_pick_wished(&pick)->reason, "unsupported_opcode");
	assert_int_equal(rows.n, 1);
	assert_string_equal(rows.row[0].detail, "in words");
	assert_int_equal(open_with(XM_OFFLOAD_REQUIRE, NULL, 0), XM_E_NOOFFLOAD);
	assert_int_equal(open_with(XM_OFFLOAD_AUTO, "fast", 0), XM_E_NOOFFLOAD);
	refuse_act = XM_ACT_FATAL;
	assert_int_equal(open_with(XM_OFFLOAD_AUTO, NULL, 0), XM_E_IO);
}

static void impossible_limits(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		reset(NULL);
		*(i == 0 ? &limits.max_run : i == 1 ? &limits.max_bytes : &limits.align) = i < 2;
		if (i == 3)
			limits.align = 512, limits.max_runs = 0;
		if (i == 4)
			limits.align = 512, limits.max_inflight = 0;
		if (i == 5)
			limits.align = 512, limits.kinds = 0;
		assert_int_equal(open_with(XM_OFFLOAD_AUTO, NULL, 0), 0);
		assert_string_equal(pick.at[0].reason, "limits");
	}
	reset(NULL);
	limits.max_runs = 100000;
	assert_int_equal(open_with(XM_OFFLOAD_AUTO, NULL, 0), 0);
	assert_int_equal(first.limits.max_runs, XM_TASK_RUNS_MAX);
}

static struct xm_map map;
static struct xm_plan plan;

static struct xm_entry *fitted(unsigned depth)
{
	plan = (struct xm_plan){ 0 };
	assert_int_equal(open_with(XM_OFFLOAD_AUTO, NULL, depth), 0);
	xm_map_init(&map, 0, 1000 * MIB, 65536);
	assert_int_equal(xm_pick_fit(&pick, &plan, &map, &rows, NULL), 0);
	return &pick.at[0];
}

static void places_that_do_not_fit(void **state)
{
	(void)state;
	limits.align = MIB;
	assert_int_equal(open_with(XM_OFFLOAD_AUTO, NULL, 0), 0);
	xm_map_init(&map, 0, 1000 * MIB, 65536);
	plan = (struct xm_plan){ .src_off = 512 };
	assert_int_equal(xm_pick_fit(&pick, &plan, &map, &rows, NULL), 0);
	assert_string_equal(pick.at[0].reason, "alignment");
	assert_true(xm_entry_usable(&pick.at[1]));
	/* a granule no larger than the smallest command */
	reset(NULL);
	limits.max_bytes = limits.max_run = 5000;
	assert_int_equal(open_with(XM_OFFLOAD_AUTO, NULL, 0), 0);
	assert_int_equal(xm_pick_granule(&pick, MIB, 512, XM_MAP_GRANULE), 4096);
	assert_int_equal(xm_pick_granule(&pick, MIB, 8192, XM_MAP_GRANULE), 8192);
}

static void size_grows_through_trials(void **state)
{
	struct xm_entry *e = fitted(0);
	uint64_t now = XM_NS_PER_S;

	(void)state;
	assert_int_equal(e->chunk, MIB);
	assert_int_equal(e->proven, 0);
	xm_entry_proven(e, MIB);
	/* 10 ms for 1 MiB: eight times as much at once, and no depth meanwhile */
	for (unsigned i = 0; i < 4; i++)
		xm_entry_done(e, MIB, XM_NS_PER_S / 100, now += XM_NS_PER_S / 100);
	assert_int_equal(e->grow, 8 * MIB);
	assert_int_equal(e->chunk, MIB);
	assert_int_equal(e->depth, 4);
	xm_entry_proven(e, 8 * MIB);
	assert_int_equal(e->chunk, 8 * MIB);
	assert_int_equal(e->grow, 0);
	/* as far as the method goes */
	for (unsigned i = 0; i < 4; i++)
		xm_entry_done(e, 8 * MIB, XM_NS_PER_S / 50, now += XM_NS_PER_S / 50);
	assert_int_equal(e->grow, 16 * MIB);
	/* 150 ms: four times fits into half of 2 s, eight times would not */
	e = fitted(0);
	xm_entry_proven(e, MIB);
	for (unsigned i = 0; i < 4; i++)
		xm_entry_done(e, MIB, 150 * XM_NS_PER_MS, now += XM_NS_PER_S);
	assert_int_equal(e->grow, 4 * MIB);
	e = fitted(0);
	xm_entry_proven(e, 2 * MIB);
	/* 0.2 to 2 s is what is wanted */
	for (unsigned i = 0; i < 20; i++)
		xm_entry_done(e, 2 * MIB, XM_NS_PER_S, now += XM_NS_PER_S);
	assert_int_equal(e->grow, 0);
	for (unsigned i = 0; i < 4; i++)
		xm_entry_done(e, 2 * MIB, 9 * XM_NS_PER_S, now += XM_NS_PER_S);
	assert_int_equal(e->chunk, MIB);
	/* never beyond what the method takes */
	xm_entry_proven(e, 16 * MIB);
	assert_int_equal(e->chunk, 16 * MIB);
	for (unsigned i = 0; i < 20; i++)
		xm_entry_done(e, 16 * MIB, 1000, now += 1000);
	assert_int_equal(e->grow, 0);
}

/* Late answers: as long for any size.  Then more in one is all that helps. */
static void size_grows_while_it_gains(void **state)
{
	struct xm_entry *e = fitted(0);
	uint64_t now = XM_NS_PER_S;

	(void)state;
	xm_entry_proven(e, MIB);
	for (unsigned i = 0; i < 4; i++)
		xm_entry_done(e, MIB, XM_NS_PER_S / 4, now += XM_NS_PER_S / 4);
	assert_int_equal(e->grow, 2 * MIB);
	xm_entry_proven(e, 2 * MIB);
	for (unsigned i = 0; i < 4; i++)
		xm_entry_done(e, 2 * MIB, XM_NS_PER_S / 4, now += XM_NS_PER_S / 4);
	assert_int_equal(e->grow, 4 * MIB);
	/* no gain any more: it stays there */
	xm_entry_proven(e, 4 * MIB);
	for (unsigned i = 0; i < 20; i++)
		xm_entry_done(e, 4 * MIB, XM_NS_PER_S / 2, now += XM_NS_PER_S / 2);
	assert_int_equal(e->grow, 0);
	assert_int_equal(e->chunk, 4 * MIB);
}

/* What a method calls long. */
static void shorter_tasks(void **state)
{
	struct xm_entry *e;
	uint64_t now = XM_NS_PER_S;

	(void)state;
	limits.long_ns = XM_NS_PER_S / 5;
	e = fitted(0);
	xm_entry_proven(e, MIB);
	for (unsigned i = 0; i < 4; i++)
		xm_entry_done(e, MIB, 10 * XM_NS_PER_MS, now += XM_NS_PER_MS);
	assert_int_equal(e->grow, 8 * MIB);
	xm_entry_proven(e, 8 * MIB);
	for (unsigned i = 0; i < 4; i++)
		xm_entry_done(e, 8 * MIB, 300 * XM_NS_PER_MS, now += XM_NS_PER_MS);
	assert_int_equal(e->chunk, 4 * MIB);
}

/* Where no task is as large as it might be, depth is what is left. */
static void depth_does_not_wait_for_ever(void **state)
{
	struct xm_entry *e = fitted(0);
	uint64_t now = XM_NS_PER_S;

	(void)state;
	xm_entry_proven(e, MIB);
	xm_entry_done(e, MIB, XM_NS_PER_MS, now);
	for (unsigned i = 0; i < 1000; i++)
		xm_entry_done(e, MIB / 4, XM_NS_PER_MS, now += XM_NS_PER_MS / e->depth);
	assert_int_equal(e->grow, 0);
	assert_true(e->depth > 3);
}

static void shrinks(void **state)
{
	struct xm_entry *e = fitted(0);

	(void)state;
	xm_entry_proven(e, 8 * MIB);
	assert_true(xm_entry_shrink(e, 8 * MIB));
	assert_int_equal(e->chunk, 4 * MIB);
	assert_int_equal(e->ceiling, 4 * MIB);
	while (xm_entry_shrink(e, e->chunk))
		assert_true(e->chunk >= e->step);
	assert_int_equal(e->chunk, 65536);
	assert_int_equal(e->depth, 1);
}

static void depth_follows_throughput(void **state)
{
	struct xm_entry *e = fitted(0);
	uint64_t now = XM_NS_PER_S;
	unsigned most = 0;

	(void)state;
	xm_entry_proven(e, MIB);
	assert_int_equal(e->depth, 4);
	/* a device that works on up to 6 at once: a command takes 1 s, more than 6 queue */
	for (unsigned i = 0; i < 600; i++) {
		unsigned real = e->depth < 6 ? e->depth : 6;

		now += XM_NS_PER_S / real;
		xm_entry_done(e, MIB, XM_NS_PER_S, now);
		most = e->depth > most ? e->depth : most;
		assert_true(e->depth >= 1 && e->depth <= 16);
	}
	assert_in_range(e->depth, 5, 8);
	assert_in_range(most, 6, 9);
	/* push back halves, once for many at one moment */
	e->depth = 8;
	xm_entry_busy(e, now);
	xm_entry_busy(e, now + 1);
	assert_int_equal(e->depth, 4);
	xm_entry_busy(e, now + XM_NS_PER_S);
	xm_entry_busy(e, now + 2 * XM_NS_PER_S);
	xm_entry_busy(e, now + 3 * XM_NS_PER_S);
	assert_int_equal(e->depth, 1);
}

static void fixed_depth(void **state)
{
	struct xm_entry *e = fitted(5);
	uint64_t now = XM_NS_PER_S;

	(void)state;
	assert_int_equal(e->depth, 5);
	assert_int_equal(pick.at[1].depth, 5);
	for (unsigned i = 0; i < 100; i++)
		xm_entry_done(e, MIB, XM_NS_PER_S, now += XM_NS_PER_S / 5);
	assert_int_equal(e->depth, 5);
	assert_int_equal(fitted(1000)->depth, 16);
}

static void three_strikes_in_a_row(void **state)
{
	struct xm_entry *e = fitted(0);
	struct xm_task t = { .nruns = 1, .runs = { { 0, 0, 65536 } }, .bytes = 65536 };

	(void)state;
	assert_true(xm_entry_strike(e, &t));
	assert_int_equal(e->barred.left, 65536);
	assert_true(xm_entry_strike(e, &t));
	xm_entry_done(e, 65536, 1, 1);
	assert_true(xm_entry_strike(e, &t));
	assert_true(xm_entry_strike(e, &t));
	assert_false(xm_entry_strike(e, &t));
	xm_entry_over(e, "copy_aborted", "three in a row");
	xm_entry_over(e, "other", "the first stays");
	assert_string_equal(e->reason, "copy_aborted");
	assert_false(xm_entry_usable(e));
	assert_true(xm_pick_close(&pick));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, reset)
	const struct CMUnitTest tests[] = {
		T(who_is_asked), T(refusals), T(impossible_limits), T(places_that_do_not_fit),
		T(size_grows_through_trials), T(size_grows_while_it_gains), T(shorter_tasks),
		T(depth_does_not_wait_for_ever), T(shrinks),
		T(depth_follows_throughput), T(fixed_depth),
		T(three_strikes_in_a_row),
	};

	return cmocka_run_group_tests_name("pick", tests, NULL, NULL);
}
