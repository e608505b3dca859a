/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The copy manager of persona `ideal`: lists as golden bytes of
 * reference/scsi-offload.md 3 and 4.6, and what happened to the blocks.
 */
#include "copy-rig.h"

static struct rig r;

static int setup(void **state)
{
	static const char *const luns[] = { "0=64M", "1=64M", "2=64M,thin",
					    "4=64M,block=4096", NULL };

	(void)state;
	copy_open(&r, "ideal", luns);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rig_close(&r);
	return 0;
}

static struct copy_cmd c;

/* ---- golden lists -------------------------------------------------------------------- */

/*
 * ddpt's list of reference 4.6 (skip=1000 seek=2000 count=100), its LUN's
 * designators replaced by ours.
 */
static void golden_ddpt(void **state)
{
	(void)state;
	uint8_t naa[2][16];
	copy_naa(&r, 0, naa[0]);
	copy_naa(&r, 1, naa[1]);
	c.len = hex_bytes(c.list, sizeof c.list,
		"01 11 0040 00000000 0000001c 00000000"
		"e4 00 0000 01 03 00 10 00000000000000000000000000000000 00000000 00 000200"
		"e4 00 0000 01 03 00 10 00000000000000000000000000000000 00000000 00 000200"
		"02 00 0018 0000 0001 0000 0064 00000000000003e8 00000000000007d0");
	assert_int_equal(c.len, 108);
	memcpy(c.list + 24, naa[0], 16);
	memcpy(c.list + 56, naa[1], 16);
	fill(&r, 0, 1000, 101, 5);
	copy_again(&r, &c, 1);
	assert_good(&c.an);
	assert_true(holds(&r, 1, 2000, 100, 5, 1000));
	assert_true(is_zero(&r, 1, 1999, 1) && is_zero(&r, 1, 2100, 1));
}

static void push_pull_third(void **state)
{
	(void)state;
	struct copy k = { .usage = 3, .src = 0, .dst = 1, .src_lba = 8, .dst_lba = 64, .blocks = 16 };

	for (unsigned lun = 0; lun < 3; lun++) {
		fill(&r, 0, 8, 16, 100 + lun);
		copy_do(&r, &c, lun, &k);
		assert_good(&c.an);
		assert_true(holds(&r, 1, 64, 16, 100 + lun, 8));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(golden_ddpt, setup, teardown),
		cmocka_unit_test_setup_teardown(push_pull_third, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
