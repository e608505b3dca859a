/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two offloads on the simulated clock: the one that moves more goes first, found by a
 * bounded probe; a tie, a list of the user and a job that is nearly over change nothing.
 */
#undef NDEBUG
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include "sim-rig.h"

#define MIB (UINT64_C(1) << 20)

static const struct sim_geometry usual = { .size = 64 * MIB, .seed = 11 };

static const struct xm_status refusal = { .err = EIO, .act = XM_ACT_DEMOTE, .reason = "scripted",
					  .certainty = XM_NOT_DONE, .detail = "scripted" };

/* Four at a time by the first, so many milliseconds a MiB each; about a minute at 4000. */
static void two(struct sim *s, uint64_t ms, uint64_t other_ms)
{
	sim_init(s, &usual);
	s->limits.max_inflight = 4;
	s->has_other = true;
	s->base_ns = s->other_base_ns = XM_NS_PER_MS;
	s->ns_per_mib = ms * XM_NS_PER_MS;
	s->other_ns_per_mib = other_ms * XM_NS_PER_MS;
	sim_job(s);
}

static void run(struct sim *s)
{
	assert_int_equal(sim_run(s), XM_OK);
	assert_true(sim_right(s));
	assert_int_equal(xm_job_u64(s->job, XM_JOB_BYTES_HOST), 0);
}

static uint64_t by_other(const struct sim *s)
{
	return xm_job_u64(s->job, XM_JOB_BYTES_ODX);
}

struct pair_case {
	const char *name;
	uint64_t ms, other_ms;
	const char *list;
	unsigned least, most;        /* MiB of 64 by the other */
};

static const struct pair_case pairs[] = {
	{ "the other is four times as fast", 4000, 1000, NULL, 40, 60 },
	{ "half as fast again", 4000, 2600, NULL, 40, 60 },
	{ "a tie keeps the order", 4000, 4000, NULL, 1, 12 },
	{ "so does a little more", 4000, 3600, NULL, 1, 12 },
	{ "the other is slow", 4000, 16000, NULL, 0, 6 },
	{ "soon over: no probe", 1500, 300, NULL, 0, 0 },
	{ "the list's order, the slow one first", 4000, 1000, "sim,other", 0, 0 },
	{ "the list's order, the other one first", 1000, 4000, "other,sim,host", 64, 64 },
	{ "the host's place in a list says nothing", 4000, 1000, "host,other,sim", 64, 64 },
};

static void who_goes_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		const struct pair_case *c = &pairs[i];
		struct sim s;

		two(&s, c->ms, c->other_ms);
		if (c->list)
			assert_int_equal(xm_job_set_str(s.job, XM_OPT_METHOD, c->list, NULL), 0);
		run(&s);
		if (by_other(&s) < c->least * MIB || by_other(&s) > c->most * MIB)
			fail_msg("%s: %llu KiB by the other", c->name,
				 (unsigned long long)(by_other(&s) >> 10));
		sim_free(&s);
	}
}

/* Its commands take a minute: the probe ends by the clock, and the first goes on. */
static void probe_is_bounded(void **state)
{
	struct sim s;

	(void)state;
	two(&s, 4000, 1000);
	s.other_base_ns = 60 * XM_NS_PER_S;
	run(&s);
	assert_true(by_other(&s) > 0 && by_other(&s) <= 2 * MIB);
	assert_true(s.job->ended - s.job->started < 140 * XM_NS_PER_S);
	sim_free(&s);
}

/* It went first, and fails: the other one is there. */
static void lead_fails(void **state)
{
	struct sim s;

	(void)state;
	two(&s, 4000, 1000);
	s.other_rule = (struct sim_rule){ .what = SIM_STATUS, .first = 20, .count = 1000000,
					  .status = refusal };
	run(&s);
	assert_true(s.other_rule.fired >= 3);
	assert_true(by_other(&s) >= 4 * MIB && by_other(&s) < 52 * MIB);
	assert_string_equal(s.job->pick.at[1].reason, "scripted");
	sim_free(&s);
}

/* What the one that goes first refuses is the other's, also where the host may copy nothing. */
static void one_chunk_refused(void **state)
{
	struct sim s;

	(void)state;
	two(&s, 4000, 1000);
	assert_int_equal(xm_job_set_str(s.job, XM_OPT_OFFLOAD, "require", NULL), 0);
	s.other_rule = (struct sim_rule){ .what = SIM_STATUS, .first = 20, .count = 1,
					  .status = refusal };
	run(&s);
	assert_int_equal(s.other_rule.fired, 1);
	assert_true(by_other(&s) > 40 * MIB);
	sim_free(&s);
}

/*
 * One offload's refusal is no byte by host where the next one takes it (sim-rig checks
 * the sums).
 */
static void refused_by_one(void **state)
{
	struct sim s;
	const char *reason;
	uint64_t n, bytes;

	(void)state;
	two(&s, 1, 1);
	s.rules[0] = (struct sim_rule){ .what = SIM_STATUS, .first = 8, .count = 1,
					.status = refusal };
	run(&s);
	assert_true(by_other(&s) > 0);
	assert_int_equal(xm_job_fallback(s.job, 0, &reason, NULL, &n, &bytes), 0);
	assert_string_equal(reason, "scripted");
	assert_int_equal(n, 1);
	assert_int_equal(bytes, 0);
	sim_free(&s);
}

static void liar(void **state)
{
	struct sim s;

	(void)state;
	two(&s, 4000, 1000);
	s.other_rule = (struct sim_rule){ .what = SIM_LIE_NOTHING, .count = 1000000 };
	run(&s);
	assert_int_equal(s.other_rule.fired, 1);
	assert_int_equal(by_other(&s), 0);
	sim_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_goes_first),
		cmocka_unit_test(probe_is_bounded),
		cmocka_unit_test(lead_fails),
		cmocka_unit_test(one_chunk_refused),
		cmocka_unit_test(refused_by_one),
		cmocka_unit_test(liar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
