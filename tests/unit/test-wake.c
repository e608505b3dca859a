/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A time that comes between looking for work and going to sleep ends the sleep: it was not
 * there when the turn looked, and nothing else would wake the job.  Once seen it wakes nobody.
 */
#undef NDEBUG
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "sim-rig.h"

#define MIB (UINT64_C(1) << 20)

static const struct sim_geometry usual = { .size = 16 * MIB, .seed = 3 };

/* A job that has just looked, and has something out. */
static void begin(struct sim *s, const char *refuse, uint64_t rate)
{
	sim_init(s, &usual);
	s->refuse = refuse;
	sim_job(s);
	assert_int_equal(xm_job_set_u64(s->job, XM_OPT_RATE, rate, NULL), 0);
	assert_int_equal(xm_job_plan(s->job, NULL), 0);
	s->job->phase = XM_PHASE_COPY;
	xm_job_fill(s->job);
	assert_true(s->job->trial_chunk || s->job->nflying > 0);
}

static uint64_t wakes_at(struct sim *s)
{
	struct xm_waiter w = { 0 };
	uint64_t deadline;

	xm_waiter_reset(&w);
	xm_job_fill_wait(s->job, &w);
	deadline = w.deadline;
	xm_waiter_free(&w);
	return deadline;
}

static void end(struct sim *s)
{
	assert_int_equal(sim_run(s), XM_OK);
	assert_true(sim_right(s));
	sim_free(s);
}

/* Of the offload: no trial before, nothing new before. */
static void entry_times(void **state)
{
	(void)state;
	for (unsigned which = 0; which < 2; which++) {
		struct sim s;
		struct xm_entry *e;
		uint64_t *when;

		begin(&s, NULL, 0);
		e = xm_pick_offload(&s.job->pick);
		assert_non_null(e);
		when = which ? &e->pause_until : &e->hold_until;
		*when = s.clock.time + 20;
		assert_true(wakes_at(&s) == s.clock.time + 20);
		s.clock.time += 21;
		assert_true(wakes_at(&s) <= s.clock.time);
		xm_job_fill(s.job);
		assert_true(wakes_at(&s) > s.clock.time);
		end(&s);
	}
}

/* What a rate held back goes on when its time has come, though it came before the sleep. */
static void rate_time(void **state)
{
	struct sim s;
	uint64_t due;

	(void)state;
	begin(&s, "unsupported_opcode", MIB);
	due = wakes_at(&s);
	assert_true(due > s.clock.time && due < s.clock.time + 60 * XM_NS_PER_S);
	s.clock.time = due + 1;
	assert_true(wakes_at(&s) <= s.clock.time);
	xm_job_fill(s.job);
	assert_true(wakes_at(&s) > s.clock.time);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entry_times), cmocka_unit_test(rate_time),
	};

	return cmocka_run_group_tests_name("wake", tests, NULL, NULL);
}
