/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A destination that reads as zeros, on the simulated clock: zeros are left out there, but
 * never where something of this job may have been written: the stamp of a trial, a copy
 * that failed, what a lost cache gives back.
 */
#undef NDEBUG
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "error.h"
#include "sim-rig.h"
#include "xm/align.h"

#define MIB (UINT64_C(1) << 20)
#define EVER 1000000000U

static const struct sim_geometry usual = { .size = 16 * MIB, .seed = 7 };

/* ---- the source: zeros, and some data ---------------------------------------------------- */

static uint64_t data_from;           /* told as data from here on; zeros before */

static struct xm_extent query(struct xm_extent_source *s, uint64_t off, uint64_t len)
{
	bool zero = off < data_from;

	(void)s;
	if (zero)
		len = xm_min_u64(len, data_from - off);
	return (struct xm_extent){ off, len, zero ? XM_EXTENT_HOLE : XM_EXTENT_DATA };
}

static void close_source(struct xm_extent_source *s)
{
	(void)s;
}

static int open_source(struct xm_endpoint *ep, struct xm_extent_source **ret,
		       struct xm_error **err);

static const struct xm_extent_source_ops source_ops = {
	.name = "test", .open = open_source, .query = query, .close = close_source,
};

static int open_source(struct xm_endpoint *ep, struct xm_extent_source **ret, struct xm_error **err)
{
	static struct xm_extent_source source = { .ops = &source_ops };

	(void)ep;
	(void)err;
	*ret = &source;
	return 0;
}

/*
 * Zeros up to `told` by the extent source, and really up to `zeros`; the destination is
 * all zeros.
 */
static void open_sim(struct sim *s, uint64_t seed, uint64_t told, uint64_t zeros)
{
	struct sim_geometry g = usual;

	g.seed = seed;
	sim_init(s, &g);
	data_from = told;
	memset(s->src.bytes, 0, zeros);
	memset(s->dst.bytes, 0, g.size);
	memset(s->dst.before, 0, g.size);
	sim_job(s);
	s->job->opt.extents = &source_ops;
}

static void say_zero(struct sim *s)
{
	assert_int_equal(xm_job_set_u64(s->job, XM_OPT_TARGET_IS_ZERO, 1, NULL), 0);
}

static uint64_t get(const struct sim *s, enum xm_job_u64 key)
{
	return xm_job_u64(s->job, key);
}

/* ---- stamps -------------------------------------------------------------------------------- */

static const struct sim_rule trouble[] = {
	{ .what = SIM_GOOD },
	{ .what = SIM_STATUS, .count = 2, .part = 3, .status = { .err = EIO, .act = XM_ACT_RETRY,
		.certainty = XM_NOT_DONE, .reason = "scripted", .detail = "scripted trouble" } },
	{ .what = SIM_STATUS, .count = EVER, .status = { .err = EIO, .act = XM_ACT_DEMOTE,
		.certainty = XM_NOT_DONE, .reason = "scripted", .detail = "scripted trouble",
		.pair_wide = true } },
	{ .what = SIM_UNKNOWN_NOTHING, .count = 1 },
	{ .what = SIM_LOST, .count = 1 },
	{ .what = SIM_LIE_NOTHING, .count = 1 },
};

/*
 * All zeros on both sides: nothing but a stamp can prove a method.  Whether it makes zeros
 * itself or not, whether the zeros were told of or are found, and whatever becomes of
 * the trial: no stamp stays.
 */
static void no_stamp_stays(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof trouble / sizeof trouble[0] * 16; i++) {
		bool makes_zeros = i & 1, told = i & 2;
		struct sim s;

		open_sim(&s, 100 + i, told ? usual.size : 0, usual.size);
		say_zero(&s);
		if (makes_zeros)
			s.limits.kinds |= XM_TASK_ZERO;
		s.rules[0] = trouble[i / 16];
		assert_int_equal(xm_job_set_str(s.job, XM_OPT_VERIFY, "none", NULL), 0);
		assert_int_equal(sim_run(&s), XM_OK);
		if (!sim_right(&s))
			fail_msg("case %u: bytes that are not the source's stay", i);
		sim_free(&s);
	}
}

/* Zeros that need no writing are nobody's work, also not of a method that makes some. */
static void nothing_is_sent_for_them(void **state)
{
	struct sim s;

	(void)state;
	open_sim(&s, 1, usual.size, usual.size);
	say_zero(&s);
	s.limits.kinds |= XM_TASK_ZERO;
	assert_int_equal(sim_run(&s), XM_OK);
	assert_true(sim_right(&s));
	assert_int_equal(s.commands, 0);
	assert_int_equal(s.dst.writes, 0);
	assert_int_equal(get(&s, XM_JOB_BYTES_SKIPPED), usual.size);
	sim_free(&s);
}

/* Where the host may not be asked for them they are the offload's. */
static void without_the_host(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		struct sim s;

		open_sim(&s, 200 + i, usual.size, usual.size);
		say_zero(&s);
		s.limits.kinds |= XM_TASK_ZERO;
		assert_int_equal(xm_job_set_str(s.job, XM_OPT_METHOD, "sim", NULL), 0);
		s.rules[0] = (struct sim_rule){ .what = SIM_UNKNOWN_NOTHING, .first = i,
						.count = 1 };
		assert_int_equal(sim_run(&s), XM_OK);
		assert_true(sim_right(&s));
		sim_free(&s);
	}
}

/* ---- what the destination proves itself --------------------------------------------------- */

static struct { bool answer; unsigned asked; uint64_t off, len; } proof;

static bool proves_zero(struct xm_endpoint *ep, uint64_t off, uint64_t len)
{
	assert_string_equal(ep->name, "sim:dst");
	proof.asked++;
	proof.off = off;
	proof.len = len;
	return proof.answer;
}

static const struct xm_extent_source_ops prover = {
	.name = "test", .open = open_source, .proves_zero = proves_zero,
};
static const struct xm_extent_source_ops *const provers[] = { &source_ops, &prover, NULL };

static void open_proven(struct sim *s, uint64_t seed, uint64_t told, uint64_t zeros, bool answer)
{
	open_sim(s, seed, told, zeros);
	s->registry.extents = provers;
	memset(&proof, 0, sizeof proof);
	proof.answer = answer;
}

static void proven_needs_no_zeros(void **state)
{
	(void)state;
	for (unsigned proven = 0; proven < 2; proven++) {
		struct sim s;

		open_proven(&s, 1, usual.size / 2, usual.size / 2, proven);
		assert_int_equal(sim_run(&s), XM_OK);
		assert_true(sim_right(&s));
		assert_int_equal(proof.asked, 1);
		assert_int_equal(proof.off, 0);
		assert_int_equal(proof.len, usual.size);
		assert_int_equal(get(&s, XM_JOB_BYTES_SKIPPED), proven ? usual.size / 2 : 0);
		assert_int_equal(get(&s, XM_JOB_BYTES_ZEROED), proven ? 0 : usual.size / 2);
		assert_int_equal(s.dst.writes == 0, proven);
		sim_free(&s);
	}
}

/* The range of the job, and no other. */
static void asked_for_its_range(void **state)
{
	struct sim s;

	(void)state;
	open_proven(&s, 1, usual.size, usual.size, true);
	assert_int_equal(xm_job_set_range(s.job, MIB, 3 * MIB, 5 * MIB, NULL), 0);
	assert_int_equal(sim_run(&s), XM_OK);
	assert_true(sim_right(&s));
	assert_int_equal(proof.off, 3 * MIB);
	assert_int_equal(proof.len, 5 * MIB);
	sim_free(&s);
}

/* Freed by somebody before us and not flushed: a lost cache gives back what was there. */
static void not_after_a_lost_cache(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 32; i++) {
		bool by_host = i % 2;
		struct sim s;

		open_proven(&s, 300 + i, by_host ? 0 : usual.size / 2, usual.size / 2, true);
		sim_volatile(&s);
		memset(s.dst.durable, 0xee, usual.size);
		s.refuse = by_host ? "unsupported_opcode" : NULL;
		s.dst.lose_at = by_host ? 1 + i / 2 : 0;
		s.rules[0] = (struct sim_rule){ .what = SIM_LOST, .first = i / 2, .count = 1 };
		assert_int_equal(xm_job_set_str(s.job, XM_OPT_VERIFY, "none", NULL), 0);
		assert_int_equal(sim_run(&s), XM_OK);
		assert_true(s.dst.nexus.fences >= 1);
		if (!sim_right(&s))
			fail_msg("case %u: old bytes stay", i);
		sim_free(&s);
	}
}

static void no_stamp_stays_there(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof trouble / sizeof trouble[0] * 16; i++) {
		struct sim s;

		open_proven(&s, 400 + i, i & 2 ? usual.size : 0, usual.size, true);
		if (i & 1)
			s.limits.kinds |= XM_TASK_ZERO;
		s.rules[0] = trouble[i / 16];
		assert_int_equal(xm_job_set_str(s.job, XM_OPT_VERIFY, "none", NULL), 0);
		assert_int_equal(sim_run(&s), XM_OK);
		if (!sim_right(&s))
			fail_msg("case %u: bytes that are not the source's stay", i);
		sim_free(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_stamp_stays),
		cmocka_unit_test(nothing_is_sent_for_them),
		cmocka_unit_test(without_the_host),
		cmocka_unit_test(proven_needs_no_zeros),
		cmocka_unit_test(asked_for_its_range),
		cmocka_unit_test(not_after_a_lost_cache),
		cmocka_unit_test(no_stamp_stays_there),
	};

	return cmocka_run_group_tests_name("target zero", tests, NULL, NULL);
}
