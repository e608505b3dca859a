/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole jobs against scripted trouble on the simulated clock: every act once and
 * for ever, every kind of UNKNOWN, every lie.  A job that could hang aborts the
 * test (a wait without a deadline).  The destination is right, or the job failed
 * with the code stated here; never anything else.
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

#define MIB (UINT64_C(1) << 20)
#define EVER 1000000000U

static const struct sim_geometry usual = { .size = 16 * MIB, .seed = 7 };

static void set(struct sim *s, enum xm_job_option opt, const char *value)
{
	assert_int_equal(xm_job_set_str(s->job, opt, value, NULL), 0);
}

static uint64_t get(const struct sim *s, enum xm_job_u64 key)
{
	return xm_job_u64(s->job, key);
}

static uint64_t row_bytes(const struct sim *s, const char *reason)
{
	const char *r;
	uint64_t bytes;

	for (size_t i = 0; xm_job_fallback(s->job, i, &r, NULL, NULL, &bytes) == 0; i++) {
		if (strcmp(r, reason) == 0)
			return bytes;
	}
	return UINT64_MAX;
}

static void all_by_offload(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, &usual);
	assert_int_equal(sim_run(&s), XM_OK);
	assert_true(sim_right(&s));
	assert_int_equal(get(&s, XM_JOB_BYTES_XCOPY), usual.size);
	assert_int_equal(get(&s, XM_JOB_BYTES_HOST), 0);
	assert_true(get(&s, XM_JOB_OFFLOAD_USED));
	assert_string_equal(xm_job_str(s.job, XM_JOB_MESSAGE),
			    "Storage offload used during migration: "
			    "16.0 MiB of 16.0 MiB (100 %) by SIM COPY");
	assert_string_equal(xm_job_str(s.job, XM_JOB_RESULT), "done");
	assert_true(s.peak >= 2);
	assert_true(s.dst.flushes >= 1);
	/* trials and 64 places */
	assert_true(get(&s, XM_JOB_BYTES_VERIFIED) >= 64 * 65536);
	assert_int_equal(s.dst.writes, 0);
	sim_free(&s);
}

static void refused_goes_by_host(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, &usual);
	s.refuse = "unsupported_opcode";
	assert_int_equal(sim_run(&s), XM_OK);
	assert_true(sim_right(&s));
	assert_int_equal(get(&s, XM_JOB_BYTES_HOST), usual.size);
	assert_int_equal(row_bytes(&s, "unsupported_opcode"), usual.size);
	assert_string_equal(xm_job_str(s.job, XM_JOB_MESSAGE), "Storage offload not used during "
			    "migration: 0 of 16.0 MiB by offload, because the sim says no "
			    "(unsupported_opcode)");
	sim_free(&s);
}

static void required_and_refused(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, &usual);
	s.refuse = "unsupported_opcode";
	sim_job(&s);
	set(&s, XM_OPT_OFFLOAD, "require");
	assert_int_equal(sim_run(&s), XM_E_NOOFFLOAD);
	assert_int_equal(s.dst.writes + s.commands, 0);
	assert_memory_equal(s.dst.bytes, s.dst.before, usual.size);
	sim_free(&s);
}

static void offload_never(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, &usual);
	sim_job(&s);
	set(&s, XM_OPT_OFFLOAD, "never");
	assert_int_equal(sim_run(&s), XM_OK);
	assert_true(sim_right(&s));
	assert_int_equal(s.commands, 0);
	assert_int_equal(row_bytes(&s, "not_wanted"), usual.size);
	sim_free(&s);
}

/* ---- every act ------------------------------------------------------------------------ */

struct act_case {
	const char *name;
	struct xm_status status;
	unsigned part, first, count;
	int code, code_required;
	int host;                    /* 0 none of it by host, 1 some, 2 all but what was
					moved before */
};

#define ST(a, ...) { .err = EIO, .act = a, .certainty = XM_NOT_DONE, .reason = "scripted", \
		     .detail = "scripted trouble", __VA_ARGS__ }

static const struct act_case acts[] = {
	{ "retry once", ST(XM_ACT_RETRY), 0, 3, 1, 0, 0, 0 },
	{ "retry the trial", ST(XM_ACT_RETRY), 0, 0, 1, 0, 0, 0 },
	{ "retry after a part", ST(XM_ACT_RETRY), 3, 3, 5, 0, 0, 0 },
	{ "retry for ever", ST(XM_ACT_RETRY), 0, 5, EVER, 0, XM_E_TEMPORARY, 2 },
	{ "retry for ever from the start", ST(XM_ACT_RETRY), 0, 0, EVER, 0, XM_E_TEMPORARY, 2 },
	{ "shrink once", ST(XM_ACT_SHRINK), 0, 4, 1, 0, 0, 0 },
	{ "shrink the trial", ST(XM_ACT_SHRINK), 0, 0, 1, 0, 0, 0 },
	{ "shrink for ever", ST(XM_ACT_SHRINK), 0, 4, EVER, 0, XM_E_NOOFFLOAD, 2 },
	{ "demote once", ST(XM_ACT_DEMOTE), 0, 4, 1, 0, XM_E_NOOFFLOAD, 1 },
	{ "demote for ever", ST(XM_ACT_DEMOTE), 0, 4, EVER, 0, XM_E_NOOFFLOAD, 2 },
	{ "demote the trial", ST(XM_ACT_DEMOTE), 0, 0, 1, 0, XM_E_NOOFFLOAD, 1 },
	{ "demote the pair", ST(XM_ACT_DEMOTE, .pair_wide = true), 0, 4, 1, 0, XM_E_NOOFFLOAD, 2 },
	{ "demote the pair at once", ST(XM_ACT_DEMOTE, .pair_wide = true), 0, 0, EVER, 0,
	  XM_E_NOOFFLOAD, 2 },
	{ "fatal", ST(XM_ACT_FATAL), 0, 4, 1, XM_E_IO, XM_E_IO, 1 },
	{ "fatal, full", ST(XM_ACT_FATAL, .code = XM_E_TEMPORARY), 2, 4, 1, XM_E_TEMPORARY,
	  XM_E_TEMPORARY, 1 },
	{ "done but short", { .certainty = XM_DONE }, 5, 4, 4, 0, 0, 0 },
	{ "done of nothing, for ever", { .certainty = XM_DONE }, 0, 4, EVER, 0, XM_E_NOOFFLOAD, 2 },
};

static void run_act(const struct act_case *c, bool require)
{
	int want = require ? c->code_required : c->code;
	struct sim s;
	int code;

	sim_init(&s, &usual);
	s.rules[0] = (struct sim_rule){ .what = SIM_STATUS, .first = c->first, .count = c->count,
					.status = c->status, .part = c->part };
	sim_job(&s);
	if (require)
		set(&s, XM_OPT_OFFLOAD, "require");
	code = sim_run(&s);
	if (code != want || !s.rules[0].fired)
		print_message("%s, %s\n", c->name, require ? "require" : "auto");
	assert_int_equal(code, want);
	assert_true(s.rules[0].fired > 0);
	assert_true(sim_untouched_outside(&s));
	if (code == XM_OK)
		assert_true(sim_right(&s));
	if (code == XM_OK && c->host == 0)
		assert_int_equal(get(&s, XM_JOB_BYTES_HOST), 0);
	if (code == XM_OK && c->host > 0)
		assert_true(row_bytes(&s, "scripted") != UINT64_MAX || !c->status.reason);
	if (require)
		assert_int_equal(get(&s, XM_JOB_BYTES_HOST), 0);
	if (code == XM_OK && c->host == 1)
		assert_true(get(&s, XM_JOB_BYTES_HOST) < get(&s, XM_JOB_BYTES_XCOPY));
	sim_free(&s);
}

static void every_act(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof acts / sizeof *acts; i++) {
		run_act(&acts[i], false);
		run_act(&acts[i], true);
	}
}

/* Refused chunks that the host did not come to move: the reason stays, without their bytes. */
static void refused_and_not_moved(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, &usual);
	s.rules[0] = (struct sim_rule){ .what = SIM_STATUS, .first = 4, .count = EVER,
					.status = ST(XM_ACT_DEMOTE) };
	s.dst.fail_status = (struct xm_status)ST(XM_ACT_FATAL);
	s.dst.fail_writes = EVER;
	assert_int_equal(sim_run(&s), XM_E_IO);
	assert_int_equal(get(&s, XM_JOB_BYTES_HOST), 0);
	assert_int_equal(row_bytes(&s, "scripted"), 0);
	sim_free(&s);
}

/* ---- UNKNOWN -------------------------------------------------------------------------- */

static void every_unknown(void **state)
{
	static const enum sim_what whats[] = { SIM_UNKNOWN_NOTHING, SIM_UNKNOWN_LATE, SIM_LOST,
					       SIM_SILENT };
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		for (unsigned first = 0; first < 8; first += 1 + first) {
			struct sim s;

			sim_init(&s, &usual);
			s.rules[0] = (struct sim_rule){ .what = whats[i], .first = first,
							.count = 1 };
			/*
			 * a command that never answers is the transport's to time out; here a
			 * stop finds it
			 */
			if (whats[i] == SIM_SILENT)
				s.rules[1] = (struct sim_rule){ .what = SIM_LOST,
								.first = first + 3, .count = 1 };
			if (whats[i] == SIM_SILENT && first == 0) {
				sim_free(&s);
				continue;
			}
			assert_int_equal(sim_run(&s), XM_OK);
			assert_true(sim_right(&s));
			assert_true(s.dst.nexus.fences >= 1);
			assert_int_equal(get(&s, XM_JOB_BYTES_HOST), 0);
			sim_free(&s);
		}
	}
}

static void fence_that_fails(void **state)
{
	(void)state;
	for (unsigned first = 0; first < 6; first += 5) {
		struct sim s;

		sim_init(&s, &usual);
		s.dst.nexus.fails = true;
		s.rules[0] = (struct sim_rule){ .what = SIM_UNKNOWN_LATE, .first = first,
						.count = 1 };
		assert_int_equal(sim_run(&s), XM_E_TEMPORARY);
		assert_true(get(&s, XM_JOB_BYTES_UNKNOWN) > 0);
		assert_string_equal(xm_job_str(s.job, XM_JOB_RESULT), "failed");
		sim_free(&s);
	}
}

static void unknown_without_nexus(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, &usual);
	s.dst.ep->nexus = NULL;
	s.src.ep->nexus = NULL;
	s.dst.fail_writes = 1;
	s.dst.fail_status = (struct xm_status){ .err = EIO, .act = XM_ACT_RETRY,
						.certainty = XM_UNKNOWN, .detail = "no answer" };
	sim_job(&s);
	set(&s, XM_OPT_METHOD, "host");
	assert_int_equal(sim_run(&s), XM_E_TEMPORARY);
	assert_true(get(&s, XM_JOB_BYTES_UNKNOWN) > 0);
	sim_free(&s);
}

/* Lost again and again: the job gives up in bounded time. */
static void unknown_for_ever(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, &usual);
	s.rules[0] = (struct sim_rule){ .what = SIM_UNKNOWN_NOTHING, .first = 2, .count = EVER };
	assert_int_equal(sim_run(&s), XM_OK);
	assert_true(sim_right(&s));
	assert_true(get(&s, XM_JOB_BYTES_HOST) > 0);
	sim_free(&s);

	sim_init(&s, &usual);
	s.rules[0] = (struct sim_rule){ .what = SIM_UNKNOWN_NOTHING, .first = 2, .count = EVER };
	sim_job(&s);
	set(&s, XM_OPT_OFFLOAD, "require");
	assert_int_equal(sim_run(&s), XM_E_TEMPORARY);
	sim_free(&s);
}

/* ---- lies ----------------------------------------------------------------------------- */

static void run_lie(enum sim_what what, unsigned first, bool same, bool require, const char *verify)
{
	struct sim_geometry g = usual;
	struct sim s;
	int code;

	g.same_before = same;
	g.seed = 100 + first;
	sim_init(&s, &g);
	s.rules[0] = (struct sim_rule){ .what = what, .first = first, .count = EVER };
	sim_job(&s);
	set(&s, XM_OPT_VERIFY, verify);
	if (require)
		set(&s, XM_OPT_OFFLOAD, "require");
	code = sim_run(&s);
	assert_int_equal(code, require ? XM_E_MISMATCH : XM_OK);
	assert_true(s.rules[0].fired > 0);
	if (!require) {
		assert_true(sim_right(&s));
		assert_int_equal(get(&s, XM_JOB_BYTES_HOST), g.size);
		assert_int_equal(row_bytes(&s, "integrity"), g.size);
	}
	sim_free(&s);
}

static void every_lie(void **state)
{
	static const enum sim_what lies[] = { SIM_LIE_NOTHING, SIM_LIE_SHORT, SIM_LIE_PLACE };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		/* caught by the trial, whatever the destination held */
		run_lie(lies[i], 0, false, false, "none");
		run_lie(lies[i], 0, true, false, "none");
		run_lie(lies[i], 0, false, true, "sample");
		run_lie(lies[i], 0, true, true, "none");
		/* honest at first: caught by a later trial or by verify */
		run_lie(lies[i], 1, false, false, "full");
		run_lie(lies[i], 6, false, false, "full");
		run_lie(lies[i], 6, false, true, "full");
		run_lie(lies[i], 2, false, false, "sample");
	}
}

static void host_mismatch_is_65(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, &usual);
	s.refuse = "unsupported_opcode";
	sim_job(&s);
	set(&s, XM_OPT_VERIFY, "full");
	s.dst.fail_writes = 1;       /* a disk that says it wrote and did not */
	s.dst.fail_status = XM_STATUS_DONE;
	assert_int_equal(sim_run(&s), XM_E_MISMATCH);
	sim_free(&s);
}

/* ---- pace ----------------------------------------------------------------------------- */

static void depth_and_size_adapt(void **state)
{
	struct sim_geometry g = { .size = 96 * MIB, .seed = 9 };
	struct sim s;

	(void)state;
	sim_init(&s, &g);
	s.max_parallel = 5;
	assert_int_equal(sim_run(&s), XM_OK);
	assert_true(sim_right(&s));
	assert_true(s.peak >= 3);
	assert_int_equal(get(&s, XM_JOB_BYTES_HOST), 0);
	assert_true(s.job->pick.at[0].chunk > s.limits.first_bytes);
	sim_free(&s);

	sim_init(&s, &g);
	s.largest_ok = 300000;
	s.limits.first_bytes = 2 << 20;
	assert_int_equal(sim_run(&s), XM_OK);
	assert_true(sim_right(&s));
	assert_int_equal(get(&s, XM_JOB_BYTES_HOST), 0);
	assert_true(s.job->pick.at[0].chunk <= 300000);
	sim_free(&s);
}

static void rate_holds(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, &usual);
	sim_job(&s);
	assert_int_equal(xm_job_set_u64(s.job, XM_OPT_RATE, MIB, NULL), 0);
	assert_int_equal(sim_run(&s), XM_OK);
	assert_true(sim_right(&s));
	/* 16 MiB at 1 MiB/s: 16 s; a second may be saved up or owed */
	assert_in_range(get(&s, XM_JOB_DURATION_NS), 14 * XM_NS_PER_S, 18 * XM_NS_PER_S);
	sim_free(&s);
}

static void stop_at_half(void *user, const struct xm_job *job)
{
	struct sim *s = user;

	if (xm_job_u64(job, XM_JOB_BYTES_DONE) > s->src.ep->size / 2)
		xm_job_stop(s->job);
}

static void stops(void **state)
{
	/* more than is in flight at half of it */
	static const struct sim_geometry large = { .size = 64 * MIB, .seed = 7 };
	struct sim s;

	(void)state;
	for (unsigned silent = 0; silent < 2; silent++) {
		sim_init(&s, &large);
		sim_job(&s);
		if (silent)
			s.rules[0] = (struct sim_rule){ .what = SIM_SILENT, .first = 3,
							.count = 1 };
		xm_job_set_progress(s.job, stop_at_half, &s, XM_NS_PER_MS);
		assert_int_equal(sim_run(&s), XM_E_STOPPED);
		assert_string_equal(xm_job_str(s.job, XM_JOB_RESULT), "stopped");
		assert_true(get(&s, XM_JOB_BYTES_DONE) < large.size);
		assert_int_equal(get(&s, XM_JOB_BYTES_UNKNOWN), 0);
		assert_true(s.dst.flushes >= 1);
		assert_int_equal(s.dst.nexus.fences, silent);
		sim_free(&s);
	}
}

static void stop_in_fence(void *user, const struct xm_job *job)
{
	struct sim *s = user;

	if (strcmp(xm_job_str(job, XM_JOB_PHASE), "fence") == 0)
		xm_job_stop(s->job);
}

/* A fence that outlasts the time an early end gives to work in flight. */
static void stops_while_fencing(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, &usual);
	sim_job(&s);
	s.dst.nexus.takes = 200 * XM_NS_PER_S;
	s.rules[0] = (struct sim_rule){ .what = SIM_UNKNOWN_LATE, .first = 6, .count = 1 };
	xm_job_set_progress(s.job, stop_in_fence, &s, XM_NS_PER_MS);
	assert_int_equal(sim_run(&s), XM_E_STOPPED);
	assert_int_equal(get(&s, XM_JOB_BYTES_UNKNOWN), 0);
	assert_int_equal(s.dst.nexus.fences, 1);
	sim_free(&s);
}

/* ---- places that prove little, places that do not suit -------------------------------- */

static void zeros_on_zeros(void **state)
{
	(void)state;
	for (unsigned lie = 0; lie < 2; lie++) {
		struct sim s;

		sim_init(&s, &usual);
		memset(s.src.bytes, 0, usual.size);
		memset(s.dst.bytes, 0, usual.size);
		memset(s.dst.before, 0, usual.size);
		if (lie)
			s.rules[0] = (struct sim_rule){ .what = SIM_LIE_NOTHING, .count = EVER };
		assert_int_equal(sim_run(&s), XM_OK);
		assert_true(sim_right(&s));
		assert_int_equal(get(&s, lie ? XM_JOB_BYTES_ZEROED : XM_JOB_BYTES_XCOPY),
				 usual.size);
		/* stamped, or nothing could have been seen */
		assert_true(s.dst.writes > 0);
		sim_free(&s);
	}
}

static void tails(void **state)
{
	static const uint64_t sizes[] = { 5 * MIB + 3 * 512, MIB - 512, 512 };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct sim_geometry g = { .size = sizes[i], .seed = 3 };
		uint64_t whole = sizes[i] / MIB * MIB;
		struct sim s;

		sim_init(&s, &g);
		s.limits.align = MIB;
		assert_int_equal(sim_run(&s), XM_OK);
		assert_true(sim_right(&s));
		assert_int_equal(get(&s, XM_JOB_BYTES_XCOPY), whole);
		assert_int_equal(row_bytes(&s, "alignment"), sizes[i] - whole);
		sim_free(&s);

		sim_init(&s, &g);
		s.limits.align = MIB;
		sim_job(&s);
		set(&s, XM_OPT_OFFLOAD, "require");
		assert_int_equal(sim_run(&s), XM_OK);
		assert_true(sim_right(&s));
		assert_int_equal(get(&s, XM_JOB_BYTES_XCOPY), sizes[i]);
		sim_free(&s);
	}
}

static void volatile_cache(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, &usual);
	sim_volatile(&s);
	/* slow enough for flushes on the way: what they covered is not moved again */
	s.base_ns = 3 * XM_NS_PER_S / 2;
	s.rules[0] = (struct sim_rule){ .what = SIM_LOST, .first = 4, .count = 1 };
	s.rules[1] = (struct sim_rule){ .what = SIM_LOST, .first = 40, .count = 1 };
	sim_job(&s);
	set(&s, XM_OPT_VERIFY, "none");
	assert_int_equal(sim_run(&s), XM_OK);
	assert_true(sim_right(&s));
	assert_true(s.rules[1].fired && s.dst.flushes >= 3);
	assert_true(s.commands < 2 * 64);
	sim_free(&s);
}

/* Which command or write meets the broken path, and in what order answers come, must not matter. */
static void volatile_cache_anywhere(void **state)
{
	unsigned fences = 0;

	(void)state;
	for (unsigned i = 0; i < 120; i++) {
		struct sim_geometry g = usual;
		bool by_host = i % 2;
		struct sim s;

		g.seed = 100 + i;
		sim_init(&s, &g);
		sim_volatile(&s);
		s.src.jitter = s.dst.jitter = true;
		s.src.latency = i % 3 ? XM_NS_PER_S : XM_NS_PER_MS;
		if (by_host) {
			s.refuse = "unsupported_opcode";
			s.dst.lose_at = 1 + i / 2 % 20;
		} else {
			s.rules[0] = (struct sim_rule){ .what = SIM_LOST, .first = i / 2 % 20,
							.count = 1 };
		}
		assert_int_equal(sim_run(&s), XM_OK);
		fences += s.dst.nexus.fences > 0;
		if (!sim_right(&s))
			fail_msg("seed %llu: lost bytes", (unsigned long long)g.seed);
		/* a cache that was lost is no lie */
		assert_int_equal(get(&s, by_host ? XM_JOB_BYTES_HOST : XM_JOB_BYTES_XCOPY),
				 usual.size);
		sim_free(&s);
	}
	assert_true(fences > 80);
}

/* A reset told on the path of the method alone: it is fenced, and the cache counts as lost. */
static void reset_on_own_path(void **state)
{
	(void)state;
	for (unsigned first = 0; first < 12; first++) {
		struct sim s;

		sim_init(&s, &usual);
		sim_volatile(&s);
		s.own_path = true;
		s.rules[0] = (struct sim_rule){ .what = SIM_ATTENTION, .first = first, .count = 1 };
		assert_int_equal(sim_run(&s), XM_OK);
		assert_true(sim_right(&s));
		assert_int_equal(s.path.fences, 1);
		assert_int_equal(get(&s, XM_JOB_BYTES_XCOPY), usual.size);
		sim_free(&s);
	}
}

/* ---- trouble with the host's I/O ------------------------------------------------------ */

static void host_trouble(void **state)
{
	static const struct { enum xm_act act; unsigned times; int code; } cases[] = {
		{ XM_ACT_RETRY, 3, XM_OK }, { XM_ACT_RETRY, EVER, XM_E_TEMPORARY },
		{ XM_ACT_FATAL, EVER, XM_E_IO }, { XM_ACT_DEMOTE, EVER, XM_E_IO },
		{ XM_ACT_SHRINK, EVER, XM_E_IO },
	};

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		for (unsigned where = 0; where < 3; where++) {
			struct sim s;

			sim_init(&s, &usual);
			s.refuse = "unsupported_opcode";
			s.src.fail_status = s.dst.fail_status = (struct xm_status)ST(cases[i].act);
			*(where == 0 ? &s.src.fail_reads : where == 1 ? &s.dst.fail_writes :
			  &s.dst.fail_flushes) = cases[i].times;
			if (where == 2 && cases[i].act != XM_ACT_RETRY &&
			    cases[i].act != XM_ACT_FATAL) {
				sim_free(&s);
				continue;
			}
			assert_int_equal(sim_run(&s), cases[i].code);
			if (cases[i].code == XM_OK)
				assert_true(sim_right(&s));
			sim_free(&s);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_by_offload), cmocka_unit_test(refused_goes_by_host),
		cmocka_unit_test(required_and_refused), cmocka_unit_test(offload_never),
		cmocka_unit_test(every_act), cmocka_unit_test(refused_and_not_moved),
		cmocka_unit_test(every_unknown),
		cmocka_unit_test(fence_that_fails), cmocka_unit_test(unknown_without_nexus),
		cmocka_unit_test(unknown_for_ever), cmocka_unit_test(every_lie),
		cmocka_unit_test(host_mismatch_is_65), cmocka_unit_test(depth_and_size_adapt),
		cmocka_unit_test(rate_holds), cmocka_unit_test(stops),
		cmocka_unit_test(stops_while_fencing), cmocka_unit_test(zeros_on_zeros),
		cmocka_unit_test(tails),
		cmocka_unit_test(volatile_cache), cmocka_unit_test(volatile_cache_anywhere),
		cmocka_unit_test(reset_on_own_path), cmocka_unit_test(host_trouble),
	};

	return cmocka_run_group_tests_name("sim", tests, NULL, NULL);
}
