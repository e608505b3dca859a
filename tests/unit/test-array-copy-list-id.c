/* SPDX-License-Identifier: Apache-2.0 */
/*
 * List identifiers: whose they are, when they are busy, what is held of a copy
 * and until when (reference/scsi-offload.md 2.2, 2.3, 3.2, 3.8).
 */
#include "copy-rig.h"

static struct rig r;
static struct copy_cmd c, d;

static int setup_as(const char *persona)
{
	static const char *const luns[] = { "0=64M", "1=64M", "2=64M,thin", NULL };

	copy_open(&r, persona, luns);
	return 0;
}

static int setup(void **state) { (void)state; return setup_as("ideal"); }
static int setup_scst(void **state) { (void)state; return setup_as("scst"); }
static int setup_ctl(void **state) { (void)state; return setup_as("ctl"); }
static int setup_tcmu(void **state) { (void)state; return setup_as("tcmu"); }

static int teardown(void **state)
{
	(void)state;
	answer_drop(&c.an);
	answer_drop(&d.an);
	rig_close(&r);
	return 0;
}

#define STATUS_OF(id) "84 00 " id " 00000000000000 00000100 00 00"
#define DETAILS_OF(id) "84 04 " id " 00000000000000 00000100 00 00"

static const struct copy mib8 = { .id = 7, .usage = 0, .src = 0, .dst = 1, .blocks = 16384 };

static void usages(void **state)
{
	struct copy k = { .src = 0, .dst = 1, .blocks = 1 };

	(void)state;
	for (unsigned usage = 0; usage < 4; usage++) {
		k.usage = (uint8_t)usage;
		k.id = 0;
		copy_do(&r, &c, 0, &k);
		if (usage == 1)
			assert_int_equal(sense_of(&c.an), 0x052600);
		else
			assert_good(&c.an);
	}
	/* Usage 3 has no identifier. */
	k.id = 9;
	copy_do(&r, &c, 0, &k);
	assert_int_equal(sense_of(&c.an), 0x052600);
	ask(&r, &c.an, 0, STATUS_OF("09"));
	assert_int_equal(sense_of(&c.an), 0x052400);
}

static void tcmu_wants_usage_3(void **state)
{
	struct copy k = { .src = 0, .dst = 1, .blocks = 1 };

	(void)state;
	for (unsigned usage = 0; usage < 3; usage++) {
		k.usage = (uint8_t)usage;
		copy_do(&r, &c, 0, &k);
		assert_int_equal(sense_of(&c.an), 0x052600);
	}
	k.usage = 3;
	copy_do(&r, &c, 0, &k);
	assert_good(&c.an);
}

/* The second copy of the same identifier is refused, the first one is unharmed. */
static void busy(void **state)
{
	(void)state;
	control_ok(&r, "set copy_latency 20");
	fill(&r, 0, 0, 16384, 3);
	copy_list(&r, &c, &mib8);
	copy_send(&r, r.nx, &c, 1);
	rig_advance(&r, 10 * MS);
	copy_do(&r, &d, 0, &(struct copy){ .id = 7, .usage = 2, .src = 0, .dst = 2, .blocks = 1 });
	assert_int_equal(sense_of(&d.an), 0x050016);
	/* Another identifier, and none. */
	copy_list(&r, &d, &(struct copy){ .id = 8, .usage = 2, .src = 0, .dst = 2, .blocks = 1 });
	copy_send(&r, r.nx, &d, 0);
	rig_advance(&r, 5 * MS);
	assert_int_equal(d.an.done, 0);
	rig_until(&r, &c.an);
	rig_until(&r, &d.an);
	assert_good(&c.an);
	assert_good(&d.an);
	assert_true(holds(&r, 1, 0, 16384, 3, 0));
}

/* CTL: identifiers are a LU's, and a busy one is 26/00 at byte 0 of the list. */
static void busy_ctl(void **state)
{
	(void)state;
	control_ok(&r, "set copy_latency 20");
	copy_list(&r, &c, &mib8);
	copy_send(&r, r.nx, &c, 1);
	rig_advance(&r, 5 * MS);
	copy_do(&r, &d, 1, &(struct copy){ .id = 7, .usage = 2, .src = 0, .dst = 2, .blocks = 1 });
	assert_int_equal(sense_of(&d.an), 0x052600);
	assert_int_equal(d.an.cmd.sense[15], 0x80);
	assert_int_equal(xm_get_be16(d.an.cmd.sense + 16), 0);
	copy_do(&r, &d, 0, &(struct copy){ .id = 7, .usage = 2, .src = 0, .dst = 2, .blocks = 1 });
	assert_good(&d.an);
	rig_until(&r, &c.an);
	assert_good(&c.an);
}

static void other_nexus_other_ids(void **state)
{
	struct arr_nexus *other = copy_nexus(&r, "iqn.2026-01.test:other", 2);
	struct answer an = { 0 };

	(void)state;
	control_ok(&r, "set copy_latency 20");
	copy_list(&r, &c, &mib8);
	copy_send(&r, r.nx, &c, 1);
	rig_advance(&r, 5 * MS);
	tell(&r, other, &an, 0, STATUS_OF("07"), "");
	assert_int_equal(sense_of(&an), 0x052400);
	copy_list(&r, &d, &(struct copy){ .id = 7, .usage = 0, .src = 0, .dst = 2, .blocks = 1 });
	copy_send(&r, other, &d, 1);
	rig_until(&r, &d.an);
	assert_good(&d.an);
	rig_until(&r, &c.an);
	assert_good(&c.an);
	answer_drop(&an);
	arr_nexus_close(other);
}

/* In progress, counts that do not fall, then done; the answer frees it. */
static void progress(void **state)
{
	uint32_t last = 0;

	(void)state;
	control_ok(&r, "set copy_latency 20");
	fill(&r, 0, 0, 16384, 3);
	copy_list(&r, &c, &mib8);
	copy_send(&r, r.nx, &c, 1);
	for (unsigned ms = 1; ms < 20; ms++) {
		rig_advance(&r, MS);
		ask(&r, &d.an, 1, STATUS_OF("07"));
		assert_good(&d.an);
		assert_int_equal(d.an.in_len, 12);
		assert_int_equal(d.an.in[4], 0);
		assert_int_equal(d.an.in[7], 1);
		assert_true(xm_get_be32(d.an.in + 8) >= last);
		last = xm_get_be32(d.an.in + 8);
		assert_true(last < 8192);
	}
	assert_true(last > 0);
	rig_until(&r, &c.an);
	assert_good(&c.an);
	ask(&r, &d.an, 0, STATUS_OF("07"));
	/* Available 8, HDD 0 and status 1, one segment, KiB, 8192. */
	assert_hex(d.an.in, d.an.in_len, "00000008 01 0001 01 00002000");
	ask(&r, &d.an, 0, STATUS_OF("07"));
	assert_int_equal(sense_of(&d.an), 0x052400);
	assert_int_equal(d.an.cmd.sense[15], 0xcf);
	assert_int_equal(xm_get_be16(d.an.cmd.sense + 16), 2);
}

/* CTL counts bytes (unit 0). */
static void progress_ctl(void **state)
{
	(void)state;
	fill(&r, 0, 0, 16384, 3);
	copy_do(&r, &c, 1, &mib8);
	assert_good(&c.an);
	ask(&r, &d.an, 0, STATUS_OF("07"));
	assert_int_equal(sense_of(&d.an), 0x052400);
	ask(&r, &d.an, 1, STATUS_OF("07"));
	assert_hex(d.an.in, d.an.in_len, "00000008 01 0001 00 00800000");
}

static const struct copy past_end = {
	.id = 5, .usage = 2, .src = 0, .dst = 1, .src_lba = 131071, .blocks = 2,
};

/* 84/04 has the sense the command had.  The status can be asked before it, not behind it. */
static void failure(void **state)
{
	(void)state;
	copy_do(&r, &c, 1, &past_end);
	assert_int_equal(sense_of(&c.an), 0x0a0000);
	ask(&r, &d.an, 1, STATUS_OF("05"));
	assert_hex(d.an.in, d.an.in_len, "00000008 02 0000 01 00000000");
	ask(&r, &d.an, 1, DETAILS_OF("05"));
	assert_good(&d.an);
	assert_int_equal(d.an.in_len, 60 + c.an.cmd.sense_len);
	assert_int_equal(xm_get_be32(d.an.in), d.an.in_len - 4);
	assert_int_equal(d.an.in[56], 0x02);
	assert_int_equal(xm_get_be16(d.an.in + 58), c.an.cmd.sense_len);
	assert_memory_equal(d.an.in + 60, c.an.cmd.sense, c.an.cmd.sense_len);
	ask(&r, &d.an, 1, DETAILS_OF("05"));
	assert_int_equal(sense_of(&d.an), 0x052400);
}

/* SCST's AVAILABLE DATA is one too large. */
static void failure_scst(void **state)
{
	(void)state;
	copy_do(&r, &c, 1, &past_end);
	assert_int_equal(sense_of(&c.an), 0x0a0d01);
	ask(&r, &d.an, 1, DETAILS_OF("05"));
	assert_good(&d.an);
	assert_int_equal(xm_get_be32(d.an.in), d.an.in_len - 3);
}

static void failure_ctl_once(void **state)
{
	(void)state;
	copy_do(&r, &c, 1, &past_end);
	assert_int_equal(sense_of(&c.an), 0x0a0d01);
	ask(&r, &d.an, 1, STATUS_OF("05"));
	assert_good(&d.an);
	ask(&r, &d.an, 1, DETAILS_OF("05"));
	assert_int_equal(sense_of(&d.an), 0x052400);
}

/* No failure: four bytes of nothing, and the status is still there. */
static void no_failure(void **state)
{
	(void)state;
	copy_do(&r, &c, 1, &mib8);
	assert_good(&c.an);
	ask(&r, &d.an, 1, DETAILS_OF("07"));
	assert_hex(d.an.in, d.an.in_len, "00000000");
	ask(&r, &d.an, 1, STATUS_OF("07"));
	assert_good(&d.an);
}

static void held_for_a_time(void **state)
{
	(void)state;
	copy_do(&r, &c, 1, &mib8);
	rig_advance(&r, 59999 * MS);
	ask(&r, &d.an, 1, DETAILS_OF("07"));
	assert_good(&d.an);
	rig_advance(&r, 2 * MS);
	ask(&r, &d.an, 1, STATUS_OF("07"));
	assert_int_equal(sense_of(&d.an), 0x052400);
}

static void held_for_5_s_by_scst(void **state)
{
	(void)state;
	copy_do(&r, &c, 1, &mib8);
	rig_advance(&r, 4999 * MS);
	ask(&r, &d.an, 1, DETAILS_OF("07"));
	assert_good(&d.an);
	rig_advance(&r, 2 * MS);
	ask(&r, &d.an, 1, STATUS_OF("07"));
	assert_int_equal(sense_of(&d.an), 0x052400);
}

/* A finished identifier may be used again without asking; then it is the new copy's. */
static void used_again(void **state)
{
	(void)state;
	copy_do(&r, &c, 1, &mib8);
	assert_good(&c.an);
	copy_do(&r, &c, 1, &(struct copy){ .id = 7, .usage = 2, .src = 0, .dst = 1, .blocks = 2 });
	assert_good(&c.an);
	ask(&r, &d.an, 1, STATUS_OF("07"));
	assert_hex(d.an.in, d.an.in_len, "00000008 01 0001 01 00000001");
}

static void gone_with_the_nexus(void **state)
{
	(void)state;
	copy_do(&r, &c, 1, &mib8);
	assert_good(&c.an);
	arr_nexus_close(r.nx);
	r.nx = copy_nexus(&r, "iqn.2026-01.test:host", 1);
	ask(&r, &d.an, 1, STATUS_OF("07"));
	assert_int_equal(sense_of(&d.an), 0x052400);
}

/* A list that was refused keeps no identifier; an aborted copy neither. */
static void refused_and_aborted(void **state)
{
	(void)state;
	copy_list(&r, &c, &mib8);
	c.list[80] = 0x05;
	copy_again(&r, &c, 1);
	assert_int_equal(sense_of(&c.an), 0x052609);
	ask(&r, &d.an, 1, STATUS_OF("07"));
	assert_int_equal(sense_of(&d.an), 0x052400);
	control_ok(&r, "set copy_latency 20");
	copy_list(&r, &c, &mib8);
	copy_send(&r, r.nx, &c, 1);
	rig_advance(&r, 5 * MS);
	assert_int_equal(arr_task_management(r.nx, ARR_ABORT_TASK_SET, 1, 0), ARR_TMF_DONE);
	rig_now(&r);
	assert_int_equal(c.an.done, 1);
	assert_true(c.an.cmd.no_answer);
	ask(&r, &d.an, 1, STATUS_OF("07"));
	assert_int_equal(sense_of(&d.an), 0x052400);
}

#define TEST(f, s) cmocka_unit_test_setup_teardown(f, s, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(usages, setup),
		TEST(tcmu_wants_usage_3, setup_tcmu),
		TEST(busy, setup),
		TEST(busy_ctl, setup_ctl),
		TEST(other_nexus_other_ids, setup),
		TEST(progress, setup),
		TEST(progress_ctl, setup_ctl),
		TEST(failure, setup),
		TEST(failure_scst, setup_scst),
		TEST(failure_ctl_once, setup_ctl),
		TEST(no_failure, setup),
		TEST(held_for_a_time, setup),
		TEST(held_for_5_s_by_scst, setup_scst),
		TEST(used_again, setup),
		TEST(gone_with_the_nexus, setup),
		TEST(refused_and_aborted, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
