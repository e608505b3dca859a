/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two offloads on the simulated clock.
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

/* One offload's refusal is no byte by host where the next one takes it (sim-rig checks the sums). */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
