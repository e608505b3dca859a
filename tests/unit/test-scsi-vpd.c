/* SPDX-License-Identifier: Apache-2.0 */
/*
 * INQUIRY, VPD, READ CAPACITY and MODE SENSE: data as LIO, tgt and FreeBSD give
 * them (laid out by hand from the standards), then the same cut at every length
 * and with lengths that lie.
 */
#include <stdbool.h>
#include <stdlib.h>
#include "scsi-hex.h"
#include "vpd.h"
#include "xcopy.h"

static struct scsi_lu lu;

static bool decode(scsi_decode_fn *fn, const char *text)
{
	uint8_t buf[4096];
	size_t n = hex(buf, sizeof buf, text);
	uint8_t *p = malloc(n ? n : 1);
	assert_non_null(p);
	memcpy(p, buf, n);
	bool ok = fn(&lu, p, n);
	free(p);
	return ok;
}

static int fresh(void **state)
{
	(void)state;
	memset(&lu, 0, sizeof lu);
	return 0;
}

#define LIO_INQUIRY "00 00 06 02 5b 08 10 02 4c494f2d4f524720 " \
	"4c554e30202020202020202020202020 342e3020"

static void inquiry(void **state)
{
	(void)state;
	assert_true(decode(scsi_decode_inquiry, LIO_INQUIRY));
	assert_string_equal(lu.vendor, "LIO-ORG");
	assert_string_equal(lu.product, "LUN0");
	assert_string_equal(lu.revision, "4.0");
	assert_true(lu.third_party_copy);
	assert_int_equal(lu.version, 6);
	assert_int_equal(lu.type, 0);
	assert_int_equal(lu.qualifier, 0);
	/* no LU there; an array controller; 3PC not set */
	assert_true(decode(scsi_decode_inquiry, "7f 00 06 02 1f 00 00 02" "2020202020202020"
			   "20202020202020202020202020202020 20202020"));
	assert_int_equal(lu.qualifier, 3);
	assert_int_equal(lu.type, 0x1f);
	assert_false(lu.third_party_copy);
	/* too short, and a length that makes it too short */
	assert_false(decode(scsi_decode_inquiry, "00 00 06 02 5b 08"));
	assert_false(decode(scsi_decode_inquiry, "00 00 06 02 04 08 10 02 4c494f2d4f524720"
			    "4c554e30202020202020202020202020 342e3020"));
	/* bytes that are no text */
	assert_true(decode(scsi_decode_inquiry, "00 00 06 02 1f 00 00 02 41001b42ff202020"
			   "0a202020202020202020202020202020 00000000"));
	assert_string_equal(lu.vendor, "A..B.");
	assert_string_equal(lu.product, ".");
	assert_string_equal(lu.revision, "");
}

static void page_00(void **state)
{
	(void)state;
	/* LIO: no 8F */
	assert_true(decode(scsi_decode_vpd_00, "00 00 0008 00 80 83 86 b0 b1 b2 b3"));
	assert_true(scsi_lu_has_vpd(&lu, 0x83) && scsi_lu_has_vpd(&lu, 0xb3));
	assert_false(scsi_lu_has_vpd(&lu, 0x8f) || lu.has_vpd_8f);
	/* FreeBSD CTL: with it */
	assert_true(decode(scsi_decode_vpd_00, "00 00 0009 00 80 83 86 87 88 8f b0 b2"));
	assert_true(lu.has_vpd_8f);
	assert_false(scsi_lu_has_vpd(&lu, 0xb1));
	/* the length lies */
	assert_true(decode(scsi_decode_vpd_00, "00 00 ffff 00 83"));
	assert_true(scsi_lu_has_vpd(&lu, 0x83));
	assert_false(decode(scsi_decode_vpd_00, "00 83 0001 00"));
	assert_false(decode(scsi_decode_vpd_00, "00 00 00"));
}

static void page_80(void **state)
{
	(void)state;
	assert_true(decode(scsi_decode_vpd_80, "00 80 0008 2020616263312020"));
	assert_string_equal(lu.serial, "abc1");
	assert_true(decode(scsi_decode_vpd_80, "00 80 00ff 61"));
	assert_string_equal(lu.serial, "a");
	char big[2 * 259 + 1] = "008000ff";
	for (unsigned i = 8; i < 2 * 259; i++)
		big[i] = '4';
	assert_true(decode(scsi_decode_vpd_80, big));
	assert_int_equal(strlen(lu.serial), sizeof lu.serial - 1);
}

/* LIO: NAA 6, T10, and designators of the port and the target. */
#define LIO_83 "00 83 0054" \
	"01 03 00 10 6001405aaaaaaaa00000000000000001" \
	"02 01 00 0c 4c494f2d4f5247204c554e30" \
	"51 94 00 04 00000001" \
	"53 a8 00 1c 69716e2e323032342d30312e6c61623a74312c742c307830303031 0000"

static void page_83(void **state)
{
	(void)state;
	assert_true(decode(scsi_decode_vpd_83, LIO_83));
	assert_int_equal(lu.ndesignators, 4);
	const struct scsi_designator *d = lu.designators;
	assert_int_equal(d[0].code_set, 1);
	assert_int_equal(d[0].association, 0);
	assert_int_equal(d[0].type, 3);
	assert_hex(d[0].bytes, d[0].len, "6001405aaaaaaaa00000000000000001");
	assert_int_equal(d[1].code_set, 2);
	assert_int_equal(d[1].type, 1);
	/* protocol identifier and PIV are masked away */
	assert_int_equal(d[2].code_set, 1);
	assert_int_equal(d[2].association, 1);
	assert_int_equal(d[2].type, 4);
	assert_int_equal(d[3].association, 2);
	assert_int_equal(d[3].type, 8);
	/* hostile: descriptor past the page, of no length, cut, more than there is room for */
	assert_true(decode(scsi_decode_vpd_83,
			   "00 83 0014 01 03 00 ff 6001405aaaaaaaa00000000000000001"));
	assert_int_equal(lu.ndesignators, 0);
	assert_true(decode(scsi_decode_vpd_83, "00 83 0008 01 03 00 00 01 03 00 00"));
	assert_int_equal(lu.ndesignators, 0);
	assert_true(decode(scsi_decode_vpd_83, "00 83 ffff 01 03 00 08 5001405aaaaaaaa0 01 03"));
	assert_int_equal(lu.ndesignators, 1);
	char many[8 + 40 * 10 + 1] = "008300c8";
	for (unsigned i = 0; i < 40; i++)
		memcpy(many + 8 + i * 10, "0103000161", 11);
	assert_true(decode(scsi_decode_vpd_83, many));
	assert_int_equal(lu.ndesignators, SCSI_DESIGNATORS);
}

static void limits_pages(void **state)
{
	(void)state;
	/* granularity 8, max 0x4000, optimal 0x800, unmap 8192 x 1, granularity 1, ws 0x1000 */
	assert_true(decode(scsi_decode_vpd_b0, "00 b0 003c 00 01 0008 00004000 00000800 00000000"
		"00002000 00000001 00000001 80000002 0000000000001000"
		"0000000000000000000000000000000000000000"));
	assert_int_equal(lu.opt_granularity, 8);
	assert_int_equal(lu.max_transfer, 0x4000);
	assert_int_equal(lu.opt_transfer, 0x800);
	assert_int_equal(lu.max_unmap_blocks, 0x2000);
	assert_int_equal(lu.max_unmap_descriptors, 1);
	assert_int_equal(lu.unmap_granularity, 1);
	assert_int_equal(lu.unmap_alignment, 2);
	assert_true(lu.max_write_same == 0x1000);
	fresh(NULL);
	/* the short form of SBC-2, and one too short */
	assert_true(decode(scsi_decode_vpd_b0, "00 b0 000c 00 00 0001 00000100 00000000"));
	assert_int_equal(lu.max_transfer, 0x100);
	assert_int_equal(lu.max_unmap_blocks, 0);
	assert_false(decode(scsi_decode_vpd_b0, "00 b0 0008 00 00 0001 00000100"));
	assert_true(decode(scsi_decode_vpd_b2, "00 b2 0004 00 e4 02 00"));
	assert_true(lu.lbpu && lu.lbpws);
	assert_false(lu.lbp_pattern);
	/* LBPRZ 010b: a pattern, no zeros */
	assert_true(decode(scsi_decode_vpd_b2, "00 b2 0004 00 e8 02 00"));
	assert_true(lu.lbp_pattern);
	assert_false(decode(scsi_decode_vpd_b2, "00 b2 0001 00"));
}

static void capacity(void **state)
{
	(void)state;
	assert_true(decode(scsi_decode_read_capacity_16, "000000000007ffff 00000200 01 00 c0 00"
			   "00000000000000000000000000000000"));
	assert_true(lu.blocks == 0x80000);
	assert_int_equal(lu.block_size, 512);
	assert_true(lu.lbpme && lu.lbprz && lu.protection);
	assert_true(decode(scsi_decode_read_capacity_16, "000000000007ffff 00001000"));
	assert_int_equal(lu.block_size, 4096);
	assert_false(lu.lbpme || lu.lbprz || lu.protection);
	assert_false(decode(scsi_decode_read_capacity_16, "000000000007ffff 000010"));
	assert_false(decode(scsi_decode_read_capacity_16, "ffffffffffffffff 00000200"));
	assert_true(decode(scsi_decode_read_capacity_10, "0003ffff 00000200"));
	assert_true(lu.blocks == 0x40000);
	/* FFFFFFFFh says: ask READ CAPACITY(16) */
	assert_false(decode(scsi_decode_read_capacity_10, "ffffffff 00000200"));
	assert_false(decode(scsi_decode_read_capacity_10, "0003ffff 000002"));
}

static void mode_sense(void **state)
{
	(void)state;
	lu.write_cache = true;
	assert_true(decode(scsi_decode_mode_sense_6,
			   "17 00 90 00 88 12 00 00ffff0000ffffffff80140000000000"));
	assert_true(lu.write_protected);
	assert_false(lu.write_cache);
	assert_true(decode(scsi_decode_mode_sense_6,
			   "17 00 10 00 08 12 04 00ffff0000ffffffff80140000000000"));
	assert_false(lu.write_protected);
	assert_true(lu.write_cache);
	/*
	 * a block descriptor in spite of DBD; a page that is cut; another page: the cache
	 * is as before
	 */
	assert_true(decode(scsi_decode_mode_sense_6, "0f 00 00 08 0000000000000200 08 12 00 00"));
	assert_false(lu.write_cache);
	lu.write_cache = true;
	assert_true(decode(scsi_decode_mode_sense_6, "05 00 00 00 08 12"));
	assert_true(decode(scsi_decode_mode_sense_6, "17 00 00 00 0a 12 00 00"));
	assert_true(decode(scsi_decode_mode_sense_6, "03 00 00 ff"));
	assert_true(lu.write_cache);
	assert_false(decode(scsi_decode_mode_sense_6, "00 00 00"));
}

static void copy_group(void **state)
{
	(void)state;
	uint8_t page[64], uuid[16];
	size_t n = hex(page, sizeof page, "00 8f 0020 8001 0004 00000000"
		       "000d 0014 12 10 00 000102030405060708090a0b0c0d0e0f 00");
	assert_true(xcopy_decode_copy_group(page, n, uuid));
	assert_hex(uuid, 16, "000102030405060708090a0b0c0d0e0f");
	assert_false(xcopy_decode_copy_group(page, n - 1, uuid));
	page[1] = 0x83;
	assert_false(xcopy_decode_copy_group(page, n, uuid));
}

static void names(void **state)
{
	(void)state;
	struct xm_identity id = { 0 };
	decode(scsi_decode_inquiry, LIO_INQUIRY);
	decode(scsi_decode_vpd_83, LIO_83);
	scsi_lu_identity(&lu, &id);
	/* the T10 name is only for those who have no better: some give all their disks the same */
	assert_int_equal(id.n, 1);
	assert_string_equal(id.names[0], "naa.6001405aaaaaaaa00000000000000001");
	assert_string_equal(id.vendor, "LIO-ORG");
	xm_identity_free(&id);

	memset(&id, 0, sizeof id);
	decode(scsi_decode_vpd_83, "00 83 0024 02 01 00 08 41424320202020 20"
	       "01 02 00 08 0002c90300000001 01 03 00 08 0000000000000000");
	scsi_lu_identity(&lu, &id);
	assert_int_equal(id.n, 1);
	assert_string_equal(id.names[0], "eui.0002c90300000001");
	xm_identity_free(&id);

	memset(&id, 0, sizeof id);
	decode(scsi_decode_vpd_83, "00 83 000c 02 01 00 08 4142432020202020");
	scsi_lu_identity(&lu, &id);
	assert_string_equal(id.names[0], "t10.ABC");
	xm_identity_free(&id);

	memset(&id, 0, sizeof id);
	lu.ndesignators = 0;
	decode(scsi_decode_vpd_80, "00 80 0002 5338");
	scsi_lu_identity(&lu, &id);
	assert_string_equal(id.names[0], "serial.LIO-ORG.LUN0.S8");
	xm_identity_free(&id);
}

static void same_disk(void **state)
{
	(void)state;
	const char *why;
	decode(scsi_decode_inquiry, LIO_INQUIRY);
	decode(scsi_decode_vpd_83, LIO_83);
	decode(scsi_decode_read_capacity_16, "000000000007ffff 00000200");
	struct scsi_lu now = lu;
	assert_true(scsi_lu_same(&lu, &now, &why));
	now.blocks += 8;
	assert_true(scsi_lu_same(&lu, &now, &why));
	now.blocks = lu.blocks - 1;
	assert_false(scsi_lu_same(&lu, &now, &why));
	assert_string_equal(why, "it became smaller");
	now = lu;
	now.designators[0].bytes[15]++;
	assert_false(scsi_lu_same(&lu, &now, &why));
	/* the port's name may change: that is another path */
	now = lu;
	now.designators[2].bytes[3]++;
	assert_true(scsi_lu_same(&lu, &now, &why));
	now = lu;
	now.block_size = 4096;
	assert_false(scsi_lu_same(&lu, &now, &why));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, fresh)
	const struct CMUnitTest tests[] = {
		T(inquiry), T(page_00), T(page_80), T(page_83), T(limits_pages), T(capacity),
		T(mode_sense), T(copy_group), T(names), T(same_disk),
	};
	return cmocka_run_group_tests_name("scsi-vpd", tests, NULL, NULL);
}
