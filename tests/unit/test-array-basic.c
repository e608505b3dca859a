/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The array's SPC basics: identity, capacity, LUN map, unit attentions.
 * Expected bytes are from SPC-4 and SBC-3 layouts, by hand.
 */
#include "array-rig.h"

static const char *const two_luns[] = { "0=1M", "1=4M,thin,block=4096,serial=abc,naa="
					"6012345678901234567890123456789a", NULL };

static void test_inquiry(void **state)
{
	struct rig r;
	struct answer an = { 0 };

	(void)state;
	rig_open(&r, two_luns);
	rig_run(&r, r.nx, 0, &an, CDB(0x12, 0, 0, 0, 255, 0), NULL, 0);
	assert_good(&an);
	assert_int_equal(an.in_len, 96);
	assert_int_equal(an.in[0], 0x00);
	assert_int_equal(an.in[2], 0x06);
	assert_int_equal(an.in[3] & 0x0f, 2);
	assert_int_equal(an.in[4], 91);
	assert_int_equal(an.in[5] & 0x08, 0x08);        /* 3PC */
	assert_memory_equal(an.in + 8, "XMOVER  ARRAY           0001", 28);

	rig_run(&r, r.nx, 0, &an, CDB(0x12, 0, 0, 0, 5, 0), NULL, 0);
	assert_int_equal(an.in_len, 5);
	assert_int_equal(an.in[4], 91);                 /* not cut with the data */
	rig_run(&r, r.nx, 0, &an, CDB(0x12, 0, 0x83, 0, 255, 0), NULL, 0);
	assert_sense(&an, 0x52400);
	rig_run(&r, r.nx, 7, &an, CDB(0x12, 0, 0, 0, 255, 0), NULL, 0);
	assert_good(&an);
	assert_int_equal(an.in[0], 0x7f);
	answer_drop(&an);
	rig_close(&r);
}

static void test_identification(void **state)
{
	static const uint8_t naa[] = { 0x01, 0x03, 0x00, 0x10, 0x60, 0x12, 0x34, 0x56, 0x78, 0x90,
				       0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x34, 0x56, 0x78, 0x9a };
	struct rig r;
	struct answer an = { 0 }, other = { 0 };

	(void)state;
	rig_open(&r, two_luns);
	rig_run(&r, r.nx, 1, &an, CDB(0x12, 1, 0x83, 0x04, 0, 0), NULL, 0);
	assert_good(&an);
	assert_int_equal(an.in[1], 0x83);
	assert_int_equal(xm_get_be16(an.in + 2) + 4u, an.in_len);
	assert_memory_equal(an.in + 4, naa, sizeof naa);
	rig_run(&r, r.nx, 0, &other, CDB(0x12, 1, 0x83, 0x04, 0, 0), NULL, 0);
	assert_int_equal(other.in[8] >> 4, 6);
	assert_memory_not_equal(other.in + 8, an.in + 8, 16);
	rig_run(&r, r.nx, 1, &an, CDB(0x12, 1, 0x80, 0, 255, 0), NULL, 0);
	assert_int_equal(an.in_len, 7);
	assert_memory_equal(an.in, "\0\x80\0\3" "abc", 7);
	answer_drop(&an);
	answer_drop(&other);
	rig_close(&r);
}

static void test_capacity(void **state)
{
	static const uint8_t cap10[] = { 0, 0, 0x07, 0xff, 0, 0, 0x02, 0 };
	static const uint8_t cap16[] = { 0, 0, 0, 0, 0, 0, 0x03, 0xff, 0, 0, 0x10, 0,
					 0, 0, 0xc0, 0 };
	struct rig r;
	struct answer an = { 0 };

	(void)state;
	rig_open(&r, two_luns);
	rig_clear_ua(&r, r.nx, 0);
	rig_clear_ua(&r, r.nx, 1);
	rig_run(&r, r.nx, 0, &an, CDB(0x25), NULL, 0);
	assert_good(&an);
	assert_int_equal(an.in_len, 8);
	assert_memory_equal(an.in, cap10, 8);
	rig_run(&r, r.nx, 1, &an, CDB(0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32), NULL, 0);
	assert_good(&an);
	assert_int_equal(an.in_len, 32);
	assert_memory_equal(an.in, cap16, sizeof cap16);
	rig_run(&r, r.nx, 1, &an, CDB(0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12), NULL, 0);
	assert_int_equal(an.in_len, 12);
	answer_drop(&an);
	rig_close(&r);
}

static void test_report_luns(void **state)
{
	static const char *const luns[] = { "0=1M", "3=1M", "300=1M", NULL };
	static const uint8_t list[] = { 0, 0, 0, 24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
					0, 3, 0, 0, 0, 0, 0, 0, 0x41, 0x2c, 0, 0, 0, 0, 0, 0 };
	struct rig r;
	struct answer an = { 0 };

	(void)state;
	rig_open(&r, luns);
	rig_run(&r, r.nx, 9, &an, CDB(0xa0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0), NULL, 0);
	assert_good(&an);
	assert_int_equal(an.in_len, sizeof list);
	assert_memory_equal(an.in, list, sizeof list);
	rig_run(&r, r.nx, 0, &an, CDB(0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 15, 0, 0), NULL, 0);
	assert_sense(&an, 0x52400);
	answer_drop(&an);
	rig_close(&r);
}

static void test_unit_attention(void **state)
{
	struct rig r;
	struct answer an = { 0 };

	(void)state;
	rig_open(&r, two_luns);
	rig_run(&r, r.nx, 0, &an, CDB(0x12, 0, 0, 0, 255, 0), NULL, 0);
	assert_good(&an);                               /* does not report it */
	rig_run(&r, r.nx, 0, &an, CDB(0x00), NULL, 0);
	assert_sense(&an, 0x62900);
	rig_run(&r, r.nx, 0, &an, CDB(0x00), NULL, 0);
	assert_good(&an);
	assert_true(arr_target_lun(r.t, "2=1M"));
	rig_run(&r, r.nx, 0, &an, CDB(0x03, 0, 0, 0, 18, 0), NULL, 0);
	assert_good(&an);                               /* REQUEST SENSE hands it out as data */
	assert_int_equal(an.in[2], 0x06);
	assert_int_equal(an.in[12], 0x3f);
	assert_int_equal(an.in[13], 0x0e);
	rig_run(&r, r.nx, 0, &an, CDB(0x00), NULL, 0);
	assert_good(&an);
	rig_run(&r, r.nx, 9, &an, CDB(0x00), NULL, 0);
	assert_sense(&an, 0x52500);
	rig_clear_ua(&r, r.nx, 1);
	assert_true(arr_target_lun(r.t, "3=1M"));
	rig_run(&r, r.nx, 0, &an, CDB(0xa0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0), NULL, 0);
	rig_run(&r, r.nx, 1, &an, CDB(0x00), NULL, 0);
	assert_good(&an);                               /* REPORT LUNS has told of the change */
	answer_drop(&an);
	rig_close(&r);
}

static void test_lun_words(void **state)
{
	static const char *const bad[] = {
		"", "x", "0", "0:1M", "16384=1M", "1=", "1=,thin", "1=1M,thick", "1=1M,block=520",
		"1=100", "1=/nonexistent", "1=@iqn.2026-01.test:one", "1=@iqn.2026-01.test:one/9",
		"1=@no/0", "1=@iqn.2026-01.test:one/0,thin", "1=1M,naa=12", "1=1M,serial=",
		"1=1M,naa=601234567890123456789012345678zz", "1=1M,naa=6012345678901234", "0=1M",
		"1=20000000P",
	};
	static const char *const one[] = { "0=1M", NULL };
	struct rig r;

	(void)state;
	rig_open(&r, one);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (arr_target_lun(r.t, bad[i]))
			fail_msg("'%s' was taken", bad[i]);
		assert_true(strlen(arr_error(r.a)) > 10);
	}
	assert_true(arr_target_lun(r.t, "1=@iqn.2026-01.test:one/0,ro"));
	assert_ptr_equal(arr_target_lu(r.t, 1), arr_target_lu(r.t, 0));
	assert_true(arr_target_lun(r.t, "2=1T,thin"));
	assert_int_equal(arr_lu_blocks(arr_target_lu(r.t, 2)), (uint64_t)1 << 31);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inquiry),
		cmocka_unit_test(test_identification),
		cmocka_unit_test(test_capacity),
		cmocka_unit_test(test_report_luns),
		cmocka_unit_test(test_unit_attention),
		cmocka_unit_test(test_lun_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
