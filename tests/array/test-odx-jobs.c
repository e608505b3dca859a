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

int main(void)
{
#define T(f) cmocka_unit_test_teardown(f, teardown)
	const struct CMUnitTest tests[] = {
		T(ideal), T(ctl), T(large_blocks),
	};
	return cmocka_run_group_tests_name("odx jobs", tests, NULL, NULL);
}
