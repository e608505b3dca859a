/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole jobs by token, in-process: every persona that has tokens, the limits and
 * short answers an array may have, tokens that die on the way, and arrays that
 * answer what cannot be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "job-rig.h"
#include "lu.h"
#include "registry.h"

#define MIB (UINT64_C(1) << 20)

static const struct xm_opener *const no_openers[] = { NULL };
static const struct xm_method_ops *const methods[] = { &scsi_method_odx, &xm_method_host, NULL };
static const struct xm_registry registry = { .openers = no_openers, .methods = methods };

static struct job_rig r;

static int teardown(void **state)
{
	(void)state;
	job_rig_close(&r);
	return 0;
}

static void open_rig(const char *persona, const char *src, const char *dst)
{
	job_rig_open(&r, 1, persona, src, dst);
	r.w.ctx->registry = &registry;
}

static void run_ok(void)
{
	if (job_rig_run(&r) != XM_OK)
		fail_msg("exit %d: %s", r.code, r.text);
	job_rig_check(&r);
}

static void all_by_token(uint64_t len)
{
	run_ok();
	assert_int_equal(job_rig_u64(&r, XM_JOB_BYTES_ODX), len);
	assert_int_equal(job_rig_u64(&r, XM_JOB_BYTES_HOST), 0);
}

/* ---- by the array ------------------------------------------------------------------ */

static void ideal(void **state)
{
	(void)state;
	open_rig("ideal", "256M", "256M");
	array_world_control(&r.w, "set copy_latency 50");
	all_by_token(256 * MIB);
	assert_true(job_rig_copies(&r, "bytes") >= 256 * MIB);
	assert_true(job_rig_copies(&r, "peak") >= 2);
	assert_non_null(strstr(xm_job_str(r.job, XM_JOB_MESSAGE),
			       "256.0 MiB of 256.0 MiB (100 %) by SCSI tokens (ODX)"));
}

static void ctl(void **state)
{
	(void)state;
	open_rig("ctl", "64M", "64M");
	all_by_token(64 * MIB);
}

static void large_blocks(void **state)
{
	(void)state;
	open_rig("ideal", "64M,block=4096", "64M,block=4096");
	all_by_token(64 * MIB);
}

/* ---- limits and short answers --------------------------------------------------------- */

static const char *const settings[][4] = {
	{ "set pt_short 1000" },                     /* a token stands for less than was asked */
	{ "set wut_short 1000" },                    /* a write writes less than was asked */
	{ "set pt_short 3000", "set wut_short 700" },
	{ "set max_ranges 1" },
	{ "set max_ranges 4094" },
	{ "set max_token_bytes 1048576", "set optimal_token_bytes 0" },
	{ "set max_token_bytes 65536", "set optimal_token_bytes 0" },
	{ "set optimal_token_bytes 2097152" },
	{ "set max_tokens 1" },                      /* 55/0D: one at a time */
	{ "set rod_space 1" },                       /* 55/0C beyond 1 MiB */
	{ "set immed ignored" },
	{ "set immed refused" },
	{ "set status_delay 0" },
	{ "set status_delay 60000" },
	{ "set token_latency 3000" },
	{ "set rod_types aur" },
	{ "set rod_types vulnerable" },
	{ "set rod_types pit" },
	{ "set token_scope nexus" },
	{ "set remote_tokens 6" },
	{ "set token_timeout 1", "set max_token_timeout 1" },
};

static void every_setting(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
		uint64_t mib = strstr(settings[i][0], "_short") ? 8 : 16;

		print_message("%s\n", settings[i][0]);
		open_rig("ideal", mib == 8 ? "8M" : "16M", "16M");
		for (size_t k = 0; k < 4 && settings[i][k]; k++)
			array_world_control(&r.w, settings[i][k]);
		all_by_token(mib * MIB);
		if (i + 1 < sizeof settings / sizeof settings[0])
			job_rig_close(&r);
	}
}

/* ---- two sessions, two targets ----------------------------------------------------------- */

static void two_sessions(const char *scope)
{
	char line[64];

	open_rig("ideal", "16M", "16M");
	snprintf(line, sizeof line, "set token_scope %s", scope);
	array_world_control(&r.w, line);
	r.path = array_path_open(&r.w, NULL, 1);
	r.path2 = array_path_open(&r.w, NULL, 2);
}

static void a_session_each(void **state)
{
	(void)state;
	two_sessions("initiator");
	all_by_token(16 * MIB);
}

/* The destination's session may not use the token, and is told no more than that. */
static void a_session_too_many(void **state)
{
	(void)state;
	two_sessions("nexus");
	run_ok();
	assert_int_equal(job_rig_u64(&r, XM_JOB_BYTES_ODX), 0);
	assert_int_equal(job_rig_fallback(&r, "not_same_session"), 16 * MIB);
}

/* ---- a source that is written meanwhile ----------------------------------------------------- */

static unsigned warned;

static void on_log(void *user, enum xm_log_level level, const char *event, const char *text)
{
	(void)user;
	(void)text;
	warned += level == XM_LOG_WARNING && strcmp(event, "source_may_change") == 0;
}

static void scribble(void *user, const struct xm_job *job)
{
	static uint8_t block[4096];
	struct arr_lu *src = user;

	(void)job;
	block[0]++;
	for (unsigned i = 0; i < 4; i++)
		assert_true(arr_lu_poke(src, i * 4 * MIB + MIB / 2, block, sizeof block));
}

static void written_meanwhile(const char *types, unsigned warnings)
{
	char line[64];

	open_rig("ideal", "16M", "16M");
	warned = 0;
	xm_ctx_set_log(r.w.ctx, on_log, NULL);
	snprintf(line, sizeof line, "set rod_types %s", types);
	array_world_control(&r.w, line);
	array_world_control(&r.w, "set copy_latency 300");
	job_rig_set(&r, XM_OPT_VERIFY, "full");
	xm_job_set_progress(r.job, scribble, arr_target_lu(r.w.t, 0), 100000000);
	assert_int_equal(job_rig_run(&r), XM_E_MISMATCH);
	assert_int_equal(warned, warnings);
	assert_string_equal(xm_job_str(r.job, XM_JOB_CAUTION), warnings ? "source_may_change" : "");
}

/* Said once, and found. */
static void by_reference(void **state)
{
	(void)state;
	written_meanwhile("aur", 1);
}

static void point_in_time(void **state)
{
	(void)state;
	written_meanwhile("pit", 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_teardown(f, teardown)
	const struct CMUnitTest tests[] = {
		T(ideal), T(ctl), T(large_blocks), T(every_setting), T(a_session_each),
		T(a_session_too_many), T(by_reference), T(point_in_time),
	};
	return cmocka_run_group_tests_name("odx jobs", tests, NULL, NULL);
}
