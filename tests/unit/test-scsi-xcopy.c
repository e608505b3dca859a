/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EXTENDED COPY's parameter list against ddpt's bytes, answers against LIO's
 * (reference/scsi-offload.md 4.6 and 2.1), the choice of a name, and limits,
 * stated well and badly.
 */
#include <stdbool.h>
#include <stdlib.h>
#include "scsi-hex.h"
#include "xcopy.h"
#include "xm/endian.h"

#define MIB (UINT64_C(1) << 20)

static struct scsi_designator designator(uint8_t code_set, uint8_t association, uint8_t type,
					 const char *bytes)
{
	struct scsi_designator d = { .code_set = code_set, .association = association,
				     .type = type };
	d.len = (uint8_t)hex(d.bytes, sizeof d.bytes, bytes);
	return d;
}

/* ---- the list --------------------------------------------------------------------- */

static void as_ddpt(void **state)
{
	(void)state;
	uint8_t buf[XCOPY_LIST_MAX];
	struct scsi_designator src = designator(1, 0, 3, "6001405aaaaaaa000000000000000001"),
			       dst = designator(1, 0, 3, "6001405aaaaaaab00000000000000001");
	src.bytes[7] = 0xa0;
	struct xcopy_segment seg = { 1000, 2000, 100 };
	struct xcopy_list l = { .id = 1, .usage = XCOPY_ID_DISCARD, .src = &src, .dst = &dst,
		.block_size = 512, .nsegments = 1, .segments = &seg };
	size_t n = xcopy_encode(&l, buf, sizeof buf);
	assert_hex(buf, n,
		"01 11 0040 00000000 0000001c 00000000"
		"| e4 00 0000 01 03 00 10 6001405aaaaaaaa0 0000000000000001 00000000 00 000200"
		"| e4 00 0000 01 03 00 10 6001405aaaaaaab0 0000000000000001 00000000 00 000200"
		"| 02 00 0018 0000 0001 0000 0064 00000000000003e8 00000000000007d0");
}

static void wide(void **state)
{
	(void)state;
	uint8_t buf[XCOPY_LIST_MAX];
	struct scsi_designator src = designator(2, 0, 1,
						"4142434445464748494a4b4c4d4e4f5051525354"),
			       dst = designator(1, 0, 2, "0002c90300000001");
	struct xcopy_segment seg[2] = { { 0xfedcba9876543210, 0x0123456789abcdef, 65535 },
					{ 1, 2, 1 } };
	struct xcopy_list l = { .usage = XCOPY_ID_NONE, .src = &src, .dst = &dst,
		.block_size = 4096, .nsegments = 2, .segments = seg };
	size_t n = xcopy_encode(&l, buf, sizeof buf);
	assert_hex(buf, n,
		"00 19 0040 00000000 00000038 00000000"
		"| e4 00 0000 02 01 00 14 4142434445464748494a4b4c4d4e4f5051525354 00 001000"
		"| e4 00 0000 01 02 00 08 0002c90300000001 000000000000000000000000 00 001000"
		"| 02 00 0018 0000 0001 0000 ffff fedcba9876543210 0123456789abcdef"
		"| 02 00 0018 0000 0001 0000 0001 0000000000000001 0000000000000002");
	/* a buffer one byte short is not touched */
	memset(buf, 0xee, sizeof buf);
	assert_int_equal(xcopy_encode(&l, buf, n - 1), 0);
	assert_int_equal(buf[0], 0xee);
}

/* The 48-byte header of reference/scsi-offload.md 3.3, field by field. */
static void lid4(void **state)
{
	(void)state;
	uint8_t buf[XCOPY_LIST_MAX];
	struct scsi_designator src = designator(1, 0, 3, "6001405aaaaaaaa00000000000000001"),
			       dst = designator(1, 0, 3, "6001405bbbbbbbb00000000000000002");
	struct xcopy_segment seg = { 1000, 2000, 100 };
	struct xcopy_list l = { .lid4 = true, .id = 0x01020304, .usage = XCOPY_ID_DISCARD,
		.src = &src, .dst = &dst, .block_size = 512, .nsegments = 1, .segments = &seg };
	size_t n = xcopy_encode(&l, buf, sizeof buf);
	assert_hex(buf, n,
		"01 11 0020 0000000000000000000000 00 ff 000000 01020304"
		"000000000000000000000000000000000000 0040 001c 0000"
		"| e4 00 0000 01 03 00 10 6001405aaaaaaaa00000000000000001 00000000 00 000200"
		"| e4 00 0000 01 03 00 10 6001405bbbbbbbb00000000000000002 00000000 00 000200"
		"| 02 00 0018 0000 0001 0000 0064 00000000000003e8 00000000000007d0");
	/* LID1 has one byte for it */
	l.lid4 = false;
	assert_int_equal(xcopy_encode(&l, buf, sizeof buf), 0);
}

static void cannot_be_said(void **state)
{
	(void)state;
	uint8_t buf[XCOPY_LIST_MAX];
	struct scsi_designator d = designator(1, 0, 3, "6001405aaaaaaaa00000000000000001");
	struct scsi_designator d_long = designator(2, 0, 1,
						   "4142434445464748494a4b4c4d4e4f505152535455");
	struct xcopy_segment seg = { 0, 0, 65535 };
	struct xcopy_list good = { .id = 0, .usage = XCOPY_ID_NONE, .src = &d, .dst = &d,
		.block_size = 512, .nsegments = 1, .segments = &seg }, l = good;
	assert_int_equal(xcopy_encode(&l, buf, sizeof buf), 108);
	seg.blocks = 65536;             /* the trap of 16 bits: would become 0 */
	assert_int_equal(xcopy_encode(&l, buf, sizeof buf), 0);
	seg.blocks = 0;
	assert_int_equal(xcopy_encode(&l, buf, sizeof buf), 0);
	seg.blocks = 1;
	l.nsegments = 0;
	assert_int_equal(xcopy_encode(&l, buf, sizeof buf), 0);
	l = good;
	l.dst = &d_long;
	assert_int_equal(xcopy_encode(&l, buf, sizeof buf), 0);
	l = good;
	l.id = 1;
	assert_int_equal(xcopy_encode(&l, buf, sizeof buf), 0);
	l = good;
	l.block_size = 1u << 24;
	assert_int_equal(xcopy_encode(&l, buf, sizeof buf), 0);
}

/* ---- answers -------------------------------------------------------------------------- */

#define LIO_PARAMETERS "0000002a 01000000 0002 0001 00000400 10000000 00000000 00000000 00000000" \
	"0000 0001 01 09 09 09 000000 02 02 e4"

static bool parameters(const char *text, struct scsi_copy_limits *c)
{
	uint8_t buf[512];
	size_t n = hex(buf, sizeof buf, text);
	uint8_t *p = malloc(n ? n : 1);
	assert_non_null(p);
	memcpy(p, buf, n);
	memset(c, 0, sizeof *c);
	bool ok = xcopy_decode_operating_parameters(p, n, c);
	free(p);
	return ok;
}

static void operating_parameters(void **state)
{
	(void)state;
	struct scsi_copy_limits c;
	assert_true(parameters(LIO_PARAMETERS, &c));
	assert_true(c.known && c.snlid && c.seg_02 && c.cscd_e4 && !c.seg_0a);
	assert_int_equal(c.max_cscd, 2);
	assert_int_equal(c.max_segments, 1);
	assert_int_equal(c.max_list, 1024);
	assert_int_equal(c.max_segment_bytes, 268435456);
	assert_int_equal(c.total_concurrent, 1);
	assert_int_equal(c.max_concurrent, 1);
	assert_int_equal(c.granularity_log2, 9);
	/* a list of types longer than what came, and one cut by AVAILABLE DATA */
	assert_true(parameters("0000002a 00000000 0002 0001 00000400 10000000 00000000 00000000 "
			       "00000000" "0000 0001 01 09 09 09 000000 ff 02 e4", &c));
	assert_true(c.seg_02 && c.cscd_e4 && !c.snlid);
	assert_true(parameters("00000028 01000000 0002 0001 00000400 10000000 00000000 00000000 "
			       "00000000" "0000 0001 01 09 09 09 000000 02 02 e4", &c));
	assert_false(c.seg_02 || c.cscd_e4);
	/* too short, by what came or by what it says */
	assert_false(parameters("", &c));
	assert_false(parameters("0000002a 01000000", &c));
	assert_false(parameters("00000000 01000000 0002 0001 00000400 10000000 00000000 00000000 "
				"00000000" "0000 0001 01 09 09 09 000000 02 02 e4", &c));
	assert_false(c.known);
	assert_true(parameters("ffffffff 01000000 0002 0001 00000400 10000000 00000000 00000000 "
			       "00000000" "0000 0001 01 09 09 09 000000 02 02 e4", &c));
}

static void copy_status(void **state)
{
	(void)state;
	uint8_t p[12];
	struct xcopy_status s;
	size_t n = hex(p, sizeof p, "00000008 01 0003 01 00000400");
	assert_true(xcopy_decode_status(p, n, &s));
	assert_int_equal(s.status, XCOPY_COMPLETED);
	assert_int_equal(s.segments, 3);
	assert_true(s.bytes_known && s.bytes == MIB && !s.held);
	n = hex(p, sizeof p, "00000008 80 0000 02 00000010");
	assert_true(xcopy_decode_status(p, n, &s));
	assert_true(s.held && s.status == XCOPY_IN_PROGRESS && s.bytes == 16 * MIB);
	n = hex(p, sizeof p, "00000008 02 0000 06 ffffffff");       /* more than 64 bits can hold */
	assert_true(xcopy_decode_status(p, n, &s));
	assert_true(s.status == XCOPY_FAILED && !s.bytes_known);
	n = hex(p, sizeof p, "00000008 7f 0000 f1 00000001");
	assert_true(xcopy_decode_status(p, n, &s));
	assert_true(s.status == XCOPY_STATUS_ODD && !s.bytes_known);
	assert_false(xcopy_decode_status(p, 11, &s));
	p[3] = 7;
	assert_false(xcopy_decode_status(p, 12, &s));
}

static void failure_details(void **state)
{
	(void)state;
	uint8_t p[78] = { 0 };
	struct xcopy_failure f;
	assert_true(xcopy_decode_failure_details(p, sizeof p, &f));
	assert_false(f.present);
	/* SCST: AVAILABLE DATA is size - 3, one short */
	p[3] = sizeof p - 3;
	p[56] = 2;
	p[59] = 18;
	hex(p + 60, 18, "70 00 0a 00000000 0a 00000000 0d 01 00 000000");
	assert_true(xcopy_decode_failure_details(p, sizeof p, &f));
	assert_true(f.present);
	assert_int_equal(f.status, 2);
	assert_int_equal(f.sense_len, 18);
	assert_ptr_equal(f.sense, p + 60);
	p[58] = 0xff;
	assert_true(xcopy_decode_failure_details(p, sizeof p, &f));
	assert_int_equal(f.sense_len, 18);
	assert_false(xcopy_decode_failure_details(p, 59, &f));
	assert_false(xcopy_decode_failure_details(p, 3, &f));
}

/* ---- names ------------------------------------------------------------------------------ */

static void best_name(void **state)
{
	(void)state;
	static struct scsi_lu lu;
	memset(&lu, 0, sizeof lu);
	assert_null(xcopy_designator(&lu));
	/* of a port; too long; of nothing but zeros; an NAA that is not binary; a SCSI name */
	lu.designators[lu.ndesignators++] = designator(1, 1, 3, "5001405aaaaaaaa0");
	lu.designators[lu.ndesignators++] =
		designator(2, 0, 1, "4142434445464748494a4b4c4d4e4f505152535455");
	lu.designators[lu.ndesignators++] = designator(1, 0, 3, "00000000000000000000000000000000");
	lu.designators[lu.ndesignators++] = designator(2, 0, 3, "6001405aaaaaaaa00000000000000001");
	lu.designators[lu.ndesignators++] = designator(3, 0, 8, "69716e2e");
	assert_null(xcopy_designator(&lu));
	/* vendor < T10 < EUI < NAA 5 < NAA 6, in whichever order they stand */
	static const struct { uint8_t code_set, type; const char *bytes; } better[] = {
		{ 1, 0, "0102030405060708090a0b0c0d0e0f1011121314" },
		{ 2, 1, "41424344" },
		{ 1, 2, "0002c90300000001" },
		{ 1, 2, "0002c903000000010002c90300000001" },
		{ 1, 3, "5001405aaaaaaaa0" },
		{ 1, 3, "6001405aaaaaaaa00000000000000001" },
	};
	for (size_t i = 0; i < sizeof better / sizeof better[0]; i++) {
		lu.designators[lu.ndesignators++] =
			designator(better[i].code_set, 0, better[i].type, better[i].bytes);
		assert_ptr_equal(xcopy_designator(&lu), &lu.designators[lu.ndesignators - 1]);
	}
	lu.designators[lu.ndesignators++] = designator(1, 0, 3, "5001405aaaaaaaa1");
	assert_ptr_equal(xcopy_designator(&lu), &lu.designators[lu.ndesignators - 2]);
	char text[80];
	assert_string_equal(xcopy_designator_text(xcopy_designator(&lu), text, sizeof text),
			    "naa.6001405aaaaaaaa00000000000000001");
}

/* ---- limits ------------------------------------------------------------------------------ */

static struct scsi_copy_limits lio(void)
{
	struct scsi_copy_limits c;
	assert_true(parameters(LIO_PARAMETERS, &c));
	return c;
}

static void limits_of_arrays(void **state)
{
	(void)state;
	struct xm_method_limits l;
	struct xm_refusal why;
	/* LIO: the 16-bit block count is the real limit; its "1 copy at a time" is a placeholder */
	struct scsi_copy_limits c = lio();
	assert_int_equal(xcopy_method_limits(&c, 512, &l, &why), 0);
	assert_int_equal(l.kinds, XM_TASK_COPY);
	assert_int_equal(l.align, 512);
	assert_int_equal(l.max_runs, 1);
	assert_true(l.max_run == 65535 * 512 && l.max_bytes == 65535 * 512);
	assert_true(l.first_bytes == MIB);
	assert_int_equal(l.max_inflight, 8);
	assert_int_equal(xcopy_method_limits(&c, 4096, &l, &why), 0);
	assert_true(l.max_run == 65535ull * 4096 && l.align == 4096);
	/* FreeBSD CTL: 64 segments, list 8192, segments without limit, 255 at a time */
	c = (struct scsi_copy_limits){ .known = true, .snlid = true, .max_cscd = 64,
		.max_segments = 64, .max_list = 8192, .max_concurrent = 255, .seg_02 = true,
		.cscd_e4 = true };
	assert_int_equal(xcopy_method_limits(&c, 512, &l, &why), 0);
	assert_int_equal(l.max_runs, 64);
	assert_true(l.max_bytes == 1024 * MIB);
	assert_int_equal(l.max_inflight, 32);
	/* SCST: granularity 64 KiB */
	c.granularity_log2 = 16;
	c.max_segment_bytes = 256u << 20;
	assert_int_equal(xcopy_method_limits(&c, 512, &l, &why), 0);
	assert_true(l.align == 65536 && l.max_run == 32 * MIB - 65536);
	/* a real array (sg3_utils' man page): list 92 = two CSCDs and a segment, no header */
	c = (struct scsi_copy_limits){ .known = true, .max_cscd = 2, .max_segments = 1,
		.max_list = 92, .max_segment_bytes = 33553920, .max_concurrent = 255,
		.granularity_log2 = 9, .seg_02 = true, .cscd_e4 = true };
	assert_int_equal(xcopy_method_limits(&c, 512, &l, &why), 0);
	assert_true(l.max_runs == 1 && l.max_bytes == 33553920);
	/* segments beyond what the list can hold */
	c.max_segments = 512;
	c.max_list = 64 + 3 * 28 + 27;
	assert_int_equal(xcopy_method_limits(&c, 512, &l, &why), 0);
	assert_int_equal(l.max_runs, 3);
	/* nothing stated: careful */
	memset(&c, 0, sizeof c);
	assert_int_equal(xcopy_method_limits(&c, 512, &l, &why), 0);
	assert_true(l.max_runs == 1 && l.max_run == 4 * MIB);
}

#define BASE .known = true, .max_cscd = 2, .max_segments = 1, .seg_02 = true, .cscd_e4 = true
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"

static void hostile_limits(void **state)
{
	(void)state;
	struct xm_method_limits l;
	struct xm_refusal why;
	static const struct {
		const char *reason;
		struct scsi_copy_limits c;
	} bad[] = {
		{ "unsupported_descriptor", { BASE, .seg_02 = false, .seg_0a = true } },
		{ "unsupported_descriptor", { BASE, .cscd_e4 = false } },
		{ "bad_limits", { BASE, .max_cscd = 0 } },
		{ "bad_limits", { BASE, .max_cscd = 1 } },
		{ "bad_limits", { BASE, .max_segments = 0 } },
		{ "bad_limits", { BASE, .max_list = 91 } },
		{ "bad_limits", { BASE, .max_list = 1 } },
		{ "bad_limits", { BASE, .granularity_log2 = 31 } },
		{ "bad_limits", { BASE, .granularity_log2 = 255 } },
		{ "bad_limits", { BASE, .max_segment_bytes = 511 } },
		{ "bad_limits", { BASE, .max_segment_bytes = 1 } },
		{ "bad_limits", { BASE, .max_segment_bytes = 4096, .granularity_log2 = 16 } },
		{ "bad_limits", { BASE, .granularity_log2 = 30 } },
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		memset(&why, 0, sizeof why);
		assert_int_equal(xcopy_method_limits(&bad[i].c, 512, &l, &why), -1);
		assert_string_equal(why.reason, bad[i].reason);
		assert_int_equal(why.act, XM_ACT_DEMOTE);
		assert_true(why.detail[0] != '\0');
	}
}

#pragma GCC diagnostic pop

/* Whatever is stated, what comes out can be kept: every value of every byte, some at a time. */
static void any_limits(void **state)
{
	(void)state;
	srandom(7);
	unsigned usable = 0;
	for (unsigned i = 0; i < 200000; i++) {
		uint8_t p[64];
		struct scsi_copy_limits c = { 0 };
		struct xm_method_limits l;
		struct xm_refusal why;
		for (size_t k = 0; k < sizeof p; k++)
			p[k] = random() % 3 ? 0 : (uint8_t)random();
		xm_put_be32(p, 60);
		memcpy(p + 43, (uint8_t[]){ 2, 2, 0xe4 }, 3);
		assert_true(xcopy_decode_operating_parameters(p, sizeof p, &c));
		if (xcopy_method_limits(&c, 512, &l, &why) < 0)
			continue;
		usable++;
		assert_true(l.align >= 512 && l.max_run >= l.align && l.max_run % l.align == 0);
		assert_true(l.max_run <= 65535 * 512 && l.max_bytes >= l.align);
		assert_true(l.max_runs >= 1 && l.max_runs <= XM_TASK_RUNS_MAX);
		assert_true(l.first_bytes > 0 && l.first_bytes <= l.max_bytes);
		assert_true(l.max_inflight >= 1 && l.max_inflight <= 32);
		assert_true(!c.max_list || 64 + 28 * l.max_runs <= c.max_list);
		assert_true(!c.max_segment_bytes || l.max_run <= c.max_segment_bytes);
	}
	assert_true(usable > 1000);
}

static void stricter(void **state)
{
	(void)state;
	struct scsi_copy_limits a = lio(), b = lio(), none = { 0 }, c;
	b.max_list = 0;
	b.max_segment_bytes = 1 << 20;
	b.granularity_log2 = 16;
	b.snlid = false;
	c = xcopy_stricter(&a, &b);
	assert_int_equal(c.max_list, 1024);
	assert_int_equal(c.max_segment_bytes, 1 << 20);
	assert_int_equal(c.granularity_log2, 16);
	assert_false(c.snlid);
	c = xcopy_stricter(&none, &b);
	assert_true(c.known && c.granularity_log2 == 16);
	c = xcopy_stricter(&a, &none);
	assert_true(c.known && c.granularity_log2 == 9);
	assert_false(xcopy_stricter(&none, &none).known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_ddpt),
		cmocka_unit_test(wide),
		cmocka_unit_test(lid4),
		cmocka_unit_test(cannot_be_said),
		cmocka_unit_test(operating_parameters),
		cmocka_unit_test(copy_status),
		cmocka_unit_test(failure_details),
		cmocka_unit_test(best_name),
		cmocka_unit_test(limits_of_arrays),
		cmocka_unit_test(hostile_limits),
		cmocka_unit_test(any_limits),
		cmocka_unit_test(stricter),
	};
	return cmocka_run_group_tests_name("scsi-xcopy", tests, NULL, NULL);
}
