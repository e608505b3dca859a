/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Task sets, task management, lost nexuses and LUN map changes of the array,
 * with the clock in the test's hand: the array's latency keeps commands in
 * flight.
 */
#include "array-rig.h"
#include "core.h"

#define MS 1000000u

static struct rig r;
static struct answer an[4];
static const uint8_t block[512] = { 0x42 };

static int set_up(void **state)
{
	static const char *const luns[] = { "0=1M", "1=1M", NULL };

	(void)state;
	rig_open(&r, luns);
	rig_clear_ua(&r, r.nx, 0);
	rig_clear_ua(&r, r.nx, 1);
	r.a->latency = 10 * MS;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++)
		answer_drop(&an[i]);
	rig_close(&r);
	return 0;
}

static void start_write(size_t i, uint8_t lba, unsigned attr)
{
	an[i].cmd.attr = attr;
	an[i].cmd.tag = 100 + (unsigned)i;
	rig_submit(&r, r.nx, 0, &an[i], CDB(0x2a, 0, 0, 0, 0, lba, 0, 0, 1, 0), block, 512);
}

static void step(uint64_t ms)
{
	r.now += ms * MS;
	for (unsigned i = 0; i < 100 && arr_step(r.a, r.now) == r.now; i++)
		;
}

static bool written(uint64_t lba)
{
	uint8_t got[512];

	assert_true(arr_lu_peek(arr_target_lu(r.t, 0), lba * 512, got, 512));
	return got[0] == 0x42;
}

static void test_latency(void **state)
{
	(void)state;
	start_write(0, 0, ARR_SIMPLE);
	assert_int_equal(an[0].done, 0);                /* never from inside submit */
	assert_int_equal(arr_step(r.a, r.now), r.now + 10 * MS);
	step(9);
	assert_int_equal(an[0].done, 0);
	assert_false(written(0));
	step(1);
	assert_int_equal(an[0].done, 1);
	assert_true(written(0));
	assert_int_equal(arr_step(r.a, r.now), ARR_NEVER);
}

static void test_ordered(void **state)
{
	(void)state;
	start_write(0, 0, ARR_SIMPLE);
	step(4);
	start_write(1, 1, ARR_ORDERED);
	start_write(2, 2, ARR_SIMPLE);
	start_write(3, 3, ARR_HEAD);
	step(6);
	assert_int_equal(an[0].done, 1);                /* at 10 ms */
	assert_int_equal(an[1].done, 0);
	step(4);
	assert_int_equal(an[1].done, 1);                /* at 14 ms, all four by then */
	assert_int_equal(an[2].done, 1);
	assert_int_equal(an[3].done, 1);
	r.a->latency = 0;
	start_write(0, 4, ARR_SIMPLE);
	r.a->latency = 10 * MS;
	step(1);
	assert_int_equal(an[0].done, 1);
	start_write(0, 5, ARR_ORDERED);                 /* slow, ordered */
	r.a->latency = 0;
	start_write(1, 6, ARR_SIMPLE);                  /* fast, but behind it */
	start_write(2, 7, ARR_HEAD);                    /* fast, and passes */
	step(1);
	assert_int_equal(an[2].done, 1);
	assert_int_equal(an[1].done, 0);
	step(9);
	assert_int_equal(an[0].done, 1);
	assert_int_equal(an[1].done, 1);
}

static void test_task_set_full(void **state)
{
	(void)state;
	r.a->queue_limit = 2;
	start_write(0, 0, ARR_SIMPLE);
	start_write(1, 1, ARR_SIMPLE);
	start_write(2, 2, ARR_SIMPLE);
	step(0);
	assert_int_equal(an[2].done, 1);
	assert_int_equal(an[2].cmd.status, 0x28);
	step(10);
	assert_good(&an[0]);
	assert_true(written(0) && written(1) && !written(2));
	start_write(2, 2, ARR_SIMPLE);
	step(10);
	assert_good(&an[2]);
}

static void test_abort(void **state)
{
	(void)state;
	start_write(0, 0, ARR_SIMPLE);
	start_write(1, 1, ARR_SIMPLE);
	assert_int_equal(arr_task_management(r.nx, ARR_ABORT_TASK, 0, 101), ARR_TMF_DONE);
	assert_int_equal(arr_task_management(r.nx, ARR_ABORT_TASK, 0, 101), ARR_TMF_NO_TASK);
	assert_int_equal(arr_task_management(r.nx, ARR_ABORT_TASK, 9, 101), ARR_TMF_NO_LUN);
	assert_int_equal(an[1].done, 0);
	step(0);
	assert_int_equal(an[1].done, 1);
	assert_true(an[1].cmd.no_answer);
	step(10);
	assert_true(written(0) && !written(1));
	assert_false(an[0].cmd.no_answer);
	start_write(0, 2, ARR_SIMPLE);
	assert_int_equal(arr_task_management(r.nx, ARR_ABORT_TASK_SET, 0, 0), ARR_TMF_DONE);
	step(10);
	assert_true(an[0].cmd.no_answer && !written(2));
}

static void test_reset(void **state)
{
	struct arr_nexus *other = arr_nexus_open(r.a, r.t, "iqn.2026-01.test:two", 1);

	(void)state;
	r.a->latency = 0;
	rig_clear_ua(&r, other, 0);
	rig_run(&r, other, 0, &an[1], CDB(0x16), NULL, 0);
	assert_good(&an[1]);
	r.a->latency = 10 * MS;
	rig_submit(&r, other, 0, &an[2], CDB(0x2a, 0, 0, 0, 0, 5, 0, 0, 1, 0), block, 512);
	assert_int_equal(arr_task_management(r.nx, ARR_LUN_RESET, 0, 0), ARR_TMF_DONE);
	step(20);
	assert_true(an[2].cmd.no_answer && !written(5));
	rig_run(&r, r.nx, 0, &an[1], CDB(0x00), NULL, 0);
	assert_sense(&an[1], 0x62903);
	rig_run(&r, r.nx, 0, &an[1], CDB(0x00), NULL, 0);
	assert_good(&an[1]);                            /* the reservation went with it */
	rig_run(&r, r.nx, 1, &an[1], CDB(0x00), NULL, 0);
	assert_good(&an[1]);                            /* the other LU was left alone */
	arr_nexus_close(other);
}

static void test_clear_task_set(void **state)
{
	struct arr_nexus *other = arr_nexus_open(r.a, r.t, "iqn.2026-01.test:two", 1);

	(void)state;
	rig_clear_ua(&r, other, 0);
	rig_submit(&r, other, 0, &an[0], CDB(0x2a, 0, 0, 0, 0, 5, 0, 0, 1, 0), block, 512);
	assert_int_equal(arr_task_management(r.nx, ARR_CLEAR_TASK_SET, 0, 0), ARR_TMF_DONE);
	step(10);
	assert_true(an[0].cmd.no_answer && !written(5));
	rig_run(&r, other, 0, &an[0], CDB(0x00), NULL, 0);
	assert_sense(&an[0], 0x62f00);                  /* COMMANDS CLEARED BY ANOTHER INITIATOR */
	arr_nexus_close(other);
}

/* A write that may start outlives its session; what waits behind it, or only reads, does not. */
static void test_lost_nexus(void **state)
{
	(void)state;
	struct arr_nexus *nx = r.nx;

	start_write(0, 0, ARR_SIMPLE);
	an[1].cmd.attr = ARR_SIMPLE;
	rig_submit(&r, nx, 0, &an[1], CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), NULL, 0);
	step(0);
	start_write(2, 2, ARR_ORDERED);
	step(0);
	r.nx = NULL;
	arr_nexus_close(nx);
	assert_int_equal(arr_nexus_busy(r.a, r.t, "iqn.2026-01.test:host", 1), 1);
	assert_int_equal(arr_nexus_busy(r.a, r.t, "iqn.2026-01.test:host", 2), 0);
	assert_int_equal(an[1].done, 0);
	step(0);
	assert_true(an[1].done && an[1].cmd.no_answer);
	assert_true(an[2].done && an[2].cmd.no_answer);
	assert_int_equal(an[0].done, 0);
	step(10);
	assert_true(an[0].done && an[0].cmd.no_answer);
	assert_int_equal(arr_nexus_busy(r.a, r.t, "iqn.2026-01.test:host", 1), 0);
	assert_true(written(0) && !written(2));
}

static void test_unlun(void **state)
{
	(void)state;
	start_write(0, 0, ARR_SIMPLE);
	assert_true(arr_target_unlun(r.t, 0));
	assert_false(arr_target_unlun(r.t, 0));
	step(10);
	assert_true(an[0].done && an[0].cmd.no_answer);
	r.a->latency = 0;
	rig_run(&r, r.nx, 0, &an[0], CDB(0x00), NULL, 0);
	assert_sense(&an[0], 0x52500);
	rig_run(&r, r.nx, 1, &an[0], CDB(0x00), NULL, 0);
	assert_sense(&an[0], 0x63f0e);                  /* REPORTED LUNS DATA HAS CHANGED */
	assert_true(arr_target_lun(r.t, "0=2M"));
	rig_clear_ua(&r, r.nx, 0);
	rig_run(&r, r.nx, 0, &an[0], CDB(0x25), NULL, 0);
	assert_good(&an[0]);
	assert_int_equal(xm_get_be32(an[0].in), 4095);
}

static void test_rights(void **state)
{
	struct arr_target *t = arr_target_new(r.a, "iqn.2026-01.test:shut");
	bool ro;

	(void)state;
	assert_null(arr_target_new(r.a, "iqn.2026-01.test:shut"));
	assert_true(arr_target_allow(t, "iqn.2026-01.test:w"));
	assert_true(arr_target_allow(t, "iqn.2026-01.test:r,ro"));
	assert_false(arr_target_allow(t, "iqn.2026-01.test:r,rw"));
	assert_false(arr_target_admits(t, "iqn.2026-01.test:x", &ro));
	assert_true(arr_target_admits(t, "iqn.2026-01.test:w", &ro) && !ro);
	assert_true(arr_target_admits(t, "iqn.2026-01.test:r", &ro) && ro);
	assert_true(arr_target_lun(t, "4=@iqn.2026-01.test:one/0"));
	assert_true(arr_target_lun(t, "5=@iqn.2026-01.test:one/0,ro"));
	r.a->latency = 0;
	struct arr_nexus *w = arr_nexus_open(r.a, t, "iqn.2026-01.test:w", 1);
	struct arr_nexus *rd = arr_nexus_open(r.a, t, "iqn.2026-01.test:r", 1);
	rig_clear_ua(&r, w, 4);
	rig_clear_ua(&r, rd, 4);
	rig_run(&r, w, 4, &an[0], CDB(0x2a, 0, 0, 0, 0, 9, 0, 0, 1, 0), block, 512);
	assert_good(&an[0]);
	assert_true(written(9));                        /* the same LU under another name */
	rig_run(&r, w, 5, &an[0], CDB(0x2a, 0, 0, 0, 0, 10, 0, 0, 1, 0), block, 512);
	assert_sense(&an[0], 0x72700);
	rig_run(&r, rd, 4, &an[0], CDB(0x2a, 0, 0, 0, 0, 10, 0, 0, 1, 0), block, 512);
	assert_sense(&an[0], 0x72700);
	assert_false(written(10));
	arr_nexus_close(w);
	arr_nexus_close(rd);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_latency), TEST(test_ordered), TEST(test_task_set_full), TEST(test_abort),
		TEST(test_reset), TEST(test_clear_task_set), TEST(test_lost_nexus),
		TEST(test_unlun), TEST(test_rights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
