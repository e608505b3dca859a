/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copy and Identify to the byte.  Expected bytes are written by hand from the tables of
 * the NVM Command Set Specification 1.2 (reference/nvme-copy.md 1), not by any encoder.
 */
#include <stdlib.h>
#include "scsi-hex.h"
#include "cmd.h"

static const struct nvme_range two[] = {
	{ .snsid = 0x0a0b0c0d, .slba = UINT64_C(0x1122334455667788), .blocks = 65536 },
	{ .snsid = 1, .slba = 9, .blocks = 1 },
};

static void list_is(unsigned format, size_t len, const char *want)
{
	uint8_t out[128];

	memset(out, 0xee, sizeof out);
	assert_int_equal(nvme_copy_list(format, two, 2, out, sizeof out), len);
	assert_hex(out, len, want);
	assert_int_equal(out[len], 0xee);
}

static void source_ranges(void **state)
{
	(void)state;
	list_is(0, 64, "00000000 00000000 8877665544332211 ffff 0000 0000 0000 00000000 0000 0000"
		       "00000000 00000000 0900000000000000 0000 0000 0000 0000 00000000 0000 0000");
	list_is(1, 80, "00000000 00000000 8877665544332211 ffff 0000 0000 0000 0000"
		       "00000000000000000000 0000 0000"
		       "00000000 00000000 0900000000000000 0000 0000 0000 0000 0000"
		       "00000000000000000000 0000 0000");
	list_is(2, 64, "0d0c0b0a 00000000 8877665544332211 ffff 0000 0000 0000 00000000 0000 0000"
		       "01000000 00000000 0900000000000000 0000 0000 0000 0000 00000000 0000 0000");
	list_is(3, 80, "0d0c0b0a 00000000 8877665544332211 ffff 0000 0000 0000 0000"
		       "00000000000000000000 0000 0000"
		       "01000000 00000000 0900000000000000 0000 0000 0000 0000 0000"
		       "00000000000000000000 0000 0000");
}

static void what_cannot_be_said(void **state)
{
	struct nvme_range r = { .snsid = 1, .slba = 0, .blocks = 1 };
	uint8_t out[NVME_RANGES_MAX * 40];
	struct nvme_range *many = calloc(NVME_RANGES_MAX + 1, sizeof *many);

	(void)state;
	assert_non_null(many);
	for (unsigned i = 0; i <= NVME_RANGES_MAX; i++)
		many[i] = r;
	assert_int_equal(nvme_copy_list(0, many, NVME_RANGES_MAX, out, sizeof out), 8192);
	assert_int_equal(nvme_copy_list(3, many, NVME_RANGES_MAX, out, sizeof out), 10240);
	assert_int_equal(nvme_copy_list(0, many, NVME_RANGES_MAX + 1, out, sizeof out), 0);
	free(many);
	assert_int_equal(nvme_copy_list(4, &r, 1, out, sizeof out), 0);
	assert_int_equal(nvme_copy_list(0, &r, 0, out, sizeof out), 0);
	assert_int_equal(nvme_copy_list(0, &r, 1, out, 31), 0);
	assert_int_equal(nvme_copy_list(1, &r, 1, out, 39), 0);
	r.blocks = 0;
	assert_int_equal(nvme_copy_list(0, &r, 1, out, sizeof out), 0);
	r.blocks = 65537;
	assert_int_equal(nvme_copy_list(0, &r, 1, out, sizeof out), 0);
	r.blocks = 1;
	r.snsid = 0;
	assert_int_equal(nvme_copy_list(0, &r, 1, out, sizeof out), 32);
	assert_int_equal(nvme_copy_list(2, &r, 1, out, sizeof out), 0);
	r.snsid = UINT32_MAX;
	assert_int_equal(nvme_copy_list(3, &r, 1, out, sizeof out), 0);
}

static void copy_command(void **state)
{
	uint8_t list[64];
	struct nvme_cmd c;

	(void)state;
	nvme_cmd_copy(&c, 7, UINT64_C(0x8877665544332211), 2, 64, list, 2048);
	assert_false(c.admin);
	assert_int_equal(c.opcode, 0x19);
	assert_int_equal(c.nsid, 7);
	assert_int_equal(c.cdw10, 0x44332211);
	assert_int_equal(c.cdw11, 0x88776655);
	assert_int_equal(c.cdw12, 0x0000023f);   /* DESFMT 2h, NR 63 */
	assert_int_equal(c.cdw2 | c.cdw3 | c.cdw13 | c.cdw14 | c.cdw15, 0);
	assert_ptr_equal(c.data, list);
	assert_int_equal(c.len, 2048);
	assert_false(nvme_data_in(&c));
}

static void admin_commands(void **state)
{
	uint8_t data[4096];
	struct nvme_cmd c;

	(void)state;
	nvme_cmd_identify(&c, 0, 5, data);
	assert_true(c.admin && nvme_data_in(&c));
	assert_int_equal(c.opcode, 0x06);
	assert_int_equal(c.nsid, 5);
	assert_int_equal(c.cdw10, 0);
	assert_int_equal(c.len, 4096);
	nvme_cmd_host_behavior(&c, false, data);
	assert_true(c.admin && nvme_data_in(&c));
	assert_int_equal(c.opcode, 0x0a);
	assert_int_equal(c.cdw10, 0x16);
	assert_int_equal(c.len, 512);
	nvme_cmd_host_behavior(&c, true, data);
	assert_true(c.admin && !nvme_data_in(&c));
	assert_int_equal(c.opcode, 0x09);
	assert_int_equal(c.cdw10, 0x16);        /* SV 0: until the next reset */
}

static void put(uint8_t *d, unsigned at, const char *text)
{
	hex(d + at, 64, text);
}

static void identify_namespace(void **state)
{
	uint8_t d[4096] = { 0 };
	struct nvme_id_ns ns;

	(void)state;
	put(d, 0, "0000100000000000");
	put(d, 25, "01 01");                     /* two formats, the second in use */
	put(d, 29, "0a");                        /* DPS: type 2, first bytes */
	put(d, 30, "01");
	put(d, 74, "0008 00400000 1f");
	put(d, 104, "00112233445566778899aabbccddeeff 0102030405060708");
	put(d, 128, "0000 09 00 0800 0c 00");
	assert_true(nvme_decode_ns(d, &ns));
	assert_true(ns.nsze == 0x100000);
	assert_int_equal(ns.block_size, 4096);
	assert_int_equal(ns.metadata_size, 8);
	assert_int_equal(ns.protection, 2);
	assert_true(ns.shared);
	assert_int_equal(ns.mssrl, 2048);
	assert_int_equal(ns.mcl, 16384);
	assert_int_equal(ns.msrc, 31);
	assert_hex(ns.nguid, 16, "00112233445566778899aabbccddeeff");
	assert_hex(ns.eui64, 8, "0102030405060708");
}

static void identify_nonsense(void **state)
{
	uint8_t d[4096] = { 0 };
	struct nvme_id_ns ns;

	(void)state;
	d[0] = 1;
	assert_false(nvme_decode_ns(d, &ns));    /* blocks of one byte */
	d[130] = 9;
	assert_true(nvme_decode_ns(d, &ns));
	d[130] = 17;
	assert_false(nvme_decode_ns(d, &ns));
	d[130] = 9;
	d[26] = 1;
	assert_false(nvme_decode_ns(d, &ns));    /* a format that is not there */
	d[26] = 0x20;
	assert_true(nvme_decode_ns(d, &ns));     /* upper bits mean nothing with one format */
	d[25] = 17;
	d[26] = 0x21;
	d[128 + 17 * 4 + 2] = 12;
	assert_true(nvme_decode_ns(d, &ns));     /* format 17 */
	assert_int_equal(ns.block_size, 4096);
	d[0] = 0;
	assert_false(nvme_decode_ns(d, &ns));    /* no blocks: inactive */
}

static void identify_controller(void **state)
{
	uint8_t d[4096];
	struct nvme_id_ctrl c;

	(void)state;
	memset(d, 'x', sizeof d);
	put(d, 76, "02");
	put(d, 78, "3412");
	put(d, 520, "5d01");
	put(d, 534, "0f00");
	nvme_decode_ctrl(d, &c);
	assert_true(c.shared);
	assert_int_equal(c.cntlid, 0x1234);
	assert_int_equal(c.oncs, 0x15d);
	assert_true(c.oncs & NVME_ONCS_COPY);
	assert_int_equal(c.ocfs, 0xf);
	assert_int_equal(strlen(c.subnqn), 256); /* not terminated by the controller */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(source_ranges),
		cmocka_unit_test(what_cannot_be_said),
		cmocka_unit_test(copy_command),
		cmocka_unit_test(admin_commands),
		cmocka_unit_test(identify_namespace),
		cmocka_unit_test(identify_nonsense),
		cmocka_unit_test(identify_controller),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
