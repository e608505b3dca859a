/* SPDX-License-Identifier: Apache-2.0 */
/* Whole jobs in-process: every persona, and by which way its bytes went. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "job-rig.h"

#define MIB (UINT64_C(1) << 20)

static struct job_rig r;

static int teardown(void **state)
{
	(void)state;
	job_rig_close(&r);
	return 0;
}

static void run_ok(void)
{
	if (job_rig_run(&r) != XM_OK)
		fail_msg("exit %d: %s", r.code, r.text);
	job_rig_check(&r);
}

static void all_by_the_array(void **state)
{
	(void)state;
	job_rig_open(&r, 1, "ideal", "256M", "256M");
	array_world_control(&r.w, "set copy_latency 50");
	run_ok();
	assert_int_equal(job_rig_u64(&r, XM_JOB_BYTES_XCOPY), 256 * MIB);
	assert_int_equal(job_rig_u64(&r, XM_JOB_BYTES_HOST), 0);
	/* the array's own count, and its peak */
	assert_true(job_rig_copies(&r, "bytes") >= 256 * MIB);
	assert_true(job_rig_copies(&r, "peak") >= 2);
	assert_non_null(strstr(xm_job_str(r.job, XM_JOB_MESSAGE),
			       "256.0 MiB of 256.0 MiB (100 %) by SCSI EXTENDED COPY"));
}

struct persona_case {
	const char *persona, *sizes;
	uint64_t len;
	const char *reason;              /* NULL: all by offload; else why it was not */
};

static const struct persona_case personas[] = {
	{ "ideal", "64M", 64 * MIB, NULL },
	{ "lio", "64M", 64 * MIB, NULL },
	{ "scst", "64M", 64 * MIB, NULL },
	{ "ctl", "64M", 64 * MIB, NULL },
	{ "tcmu", "64M", 64 * MIB, NULL },
	{ "none", "16M", 16 * MIB, "unsupported_opcode" },
	{ "ideal", "64M,block=4096", 64 * MIB, NULL },
	{ "lio", "64M,block=4096", 64 * MIB, NULL },
	{ "scst", "64M,block=4096", 64 * MIB, NULL },
	{ "ctl", "64M,block=4096", 64 * MIB, NULL },
	{ "tcmu", "64M,block=4096", 64 * MIB, NULL },
	{ "none", "16M,block=4096", 16 * MIB, "unsupported_opcode" },
};

static void every_persona(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof personas / sizeof personas[0]; i++) {
		const struct persona_case *p = &personas[i];
		print_message("%s %s\n", p->persona, p->sizes);
		job_rig_open(&r, i + 1, p->persona, p->sizes, p->sizes);
		run_ok();
		assert_int_equal(job_rig_u64(&r, XM_JOB_BYTES_XCOPY), p->reason ? 0 : p->len);
		assert_int_equal(job_rig_u64(&r, XM_JOB_BYTES_HOST), p->reason ? p->len : 0);
		if (p->reason)
			assert_int_equal(job_rig_fallback(&r, p->reason), p->len);
		if (i + 1 < sizeof personas / sizeof personas[0])
			job_rig_close(&r);
	}
}

static void unequal_blocks(void **state)
{
	(void)state;
	job_rig_open(&r, 1, "ideal", "16M", "16M,block=4096");
	run_ok();
	assert_int_equal(job_rig_fallback(&r, "block_size"), 16 * MIB);
}

static void refused_now_and_then(const char *persona, const char *words, enum xm_job_u64 way,
				 uint64_t least_ms, uint64_t most_ms)
{
	unsigned rule, fired;
	uint64_t ms;

	job_rig_open(&r, 1, persona, "128M", "128M");
	array_world_control(&r.w, "set copy_latency 3");
	rule = job_rig_fault(&r, words);
	run_ok();
	fired = job_rig_fired(&r, rule);
	assert_true(fired >= 10);
	assert_int_equal(job_rig_u64(&r, XM_JOB_RETRIES), fired);
	assert_int_equal(job_rig_u64(&r, way), 128 * MIB);
	ms = job_rig_u64(&r, XM_JOB_DURATION_NS) / XM_NS_PER_MS;
	if (ms < least_ms || ms > most_ms)
		fail_msg("%s: %u refused, %llu ms", words, fired, (unsigned long long)ms);
}

/* Simulated time.  A refusal by a full task set costs milliseconds, not a back-off. */
static void full_task_sets(void **state)
{
	(void)state;
	refused_now_and_then("lio", "op=83 every=2 action=status status=task_set_full",
			     XM_JOB_BYTES_XCOPY, 1, 1000);
	job_rig_close(&r);
	refused_now_and_then("lio", "op=83 nth=2- every=3 action=status status=task_set_full",
			     XM_JOB_BYTES_XCOPY, 1, 1000);
	job_rig_close(&r);
	refused_now_and_then("none", "op=8a every=2 action=status status=task_set_full",
			     XM_JOB_BYTES_HOST, 1, 2000);
}

/*
 * All is refused for a while: one chunk after the other must not spend the job's budget
 * in no time.
 */
static void pushed_back(void **state)
{
	(void)state;
	refused_now_and_then("lio", "op=83 nth=8- times=30 action=status status=busy",
			     XM_JOB_BYTES_XCOPY, 1000, 60000);
	job_rig_close(&r);
	refused_now_and_then("lio", "op=83 nth=8- times=50 action=status status=task_set_full",
			     XM_JOB_BYTES_XCOPY, 100, 60000);
	job_rig_close(&r);
	refused_now_and_then("none", "op=8a nth=8- times=30 action=status status=busy",
			     XM_JOB_BYTES_HOST, 1000, 60000);
}

int main(void)
{
#define T(f) cmocka_unit_test_teardown(f, teardown)
	const struct CMUnitTest tests[] = {
		T(all_by_the_array), T(every_persona), T(unequal_blocks), T(full_task_sets),
		T(pushed_back),
	};
	return cmocka_run_group_tests_name("jobs", tests, NULL, NULL);
}
