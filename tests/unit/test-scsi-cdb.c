/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CDBs against bytes set by hand from SPC-4, SBC-3 and reference/scsi-offload.md
 * 3.1; INQUIRY, READ CAPACITY and READ as sg_inq, sg_readcap and sg_dd print
 * them with -vv.
 */
#include "scsi-hex.h"
#include "cdb.h"

static uint8_t cdb[SCSI_CDB_MAX];

#define CHECK(call, text)                                                      \
	do {                                                                   \
		memset(cdb, 0xee, sizeof cdb);                                 \
		assert_hex(cdb, call, text);                                   \
	} while (0)

static void golden(void **state)
{
	(void)state;
	CHECK(scsi_cdb_test_unit_ready(cdb), "00 00 00 00 00 00");
	CHECK(scsi_cdb_inquiry(cdb, 36), "12 00 00 00 24 00");
	CHECK(scsi_cdb_inquiry_vpd(cdb, 0x83, 0x1000), "12 01 83 10 00 00");
	CHECK(scsi_cdb_mode_sense_6(cdb, 0x08, 192), "1a 08 08 00 c0 00");
	CHECK(scsi_cdb_read_capacity_10(cdb), "25 00 00000000 00 0000 00");
	CHECK(scsi_cdb_read_capacity_16(cdb, 32), "9e 10 0000000000000000 00000020 00 00");
	CHECK(scsi_cdb_report_luns(cdb, 0x2000), "a0 00 00 000000 00002000 00 00");
	CHECK(scsi_cdb_read_16(cdb, 0x0102030405060708, 0x11223344),
	      "88 00 0102030405060708 11223344 00 00");
	CHECK(scsi_cdb_write_16(cdb, 0xfffffffffffffffe, 1),
	      "8a 00 fffffffffffffffe 00000001 00 00");
	CHECK(scsi_cdb_synchronize_cache_10(cdb, 0, 0), "35 00 00000000 00 0000 00");
	CHECK(scsi_cdb_synchronize_cache_16(cdb, 0, 0), "91 00 0000000000000000 00000000 00 00");
	CHECK(scsi_cdb_write_same_16(cdb, 4096, 8, false, false),
	      "93 00 0000000000001000 00000008 00 00");
	CHECK(scsi_cdb_write_same_16(cdb, 4096, 8, true, false),
	      "93 08 0000000000001000 00000008 00 00");
	CHECK(scsi_cdb_write_same_16(cdb, 4096, 8, true, true),
	      "93 09 0000000000001000 00000008 00 00");
	CHECK(scsi_cdb_unmap(cdb, 24), "42 00 00000000 00 0018 00");
}

static void copy(void **state)
{
	(void)state;
	CHECK(scsi_cdb_extended_copy(cdb, 108), "83 00 00000000 00000000 0000006c 00 00");
	CHECK(scsi_cdb_receive_copy(cdb, SCSI_COPY_OPERATING_PARAMETERS, 0, 512),
	      "84 03 00 00000000000000 00000200 00 00");
	CHECK(scsi_cdb_receive_copy(cdb, SCSI_COPY_STATUS_LID1, 7, 12),
	      "84 00 07 00000000000000 0000000c 00 00");
	CHECK(scsi_cdb_receive_copy(cdb, SCSI_COPY_FAILURE_DETAILS_LID1, 255, 314),
	      "84 04 ff 00000000000000 0000013a 00 00");
}

/* The list identifier is at bytes 6-9 of the two with tokens, at 2-5 of the others. */
static void copy_lid4(void **state)
{
	(void)state;
	CHECK(scsi_cdb_extended_copy_lid4(cdb, 140), "83 01 00000000 00000000 0000008c 00 00");
	CHECK(scsi_cdb_populate_token(cdb, 0x01020304, 32),
	      "83 10 00000000 01020304 00000020 00 00");
	CHECK(scsi_cdb_write_using_token(cdb, 0xfffefdfc, 552),
	      "83 11 00000000 fffefdfc 00000228 00 00");
	CHECK(scsi_cdb_copy_operation_abort(cdb, 0x01020304),
	      "83 1c 01020304 00000000 00000000 00 00");
	CHECK(scsi_cdb_receive_copy_lid4(cdb, SCSI_COPY_STATUS_LID4, 0x01020304, 1024),
	      "84 05 01020304 00000000 00000400 00 00");
	CHECK(scsi_cdb_receive_copy_lid4(cdb, SCSI_ROD_TOKEN_INFORMATION, 257, 1024),
	      "84 07 00000101 00000000 00000400 00 00");
	CHECK(scsi_cdb_report_all_rod_tokens(cdb, 65536), "84 08 00000000 00000000 00010000 00 00");
}

static void names(void **state)
{
	(void)state;
	scsi_cdb_extended_copy(cdb, 0);
	assert_string_equal(scsi_cdb_name(cdb), "EXTENDED COPY");
	scsi_cdb_receive_copy(cdb, SCSI_COPY_OPERATING_PARAMETERS, 0, 0);
	assert_string_equal(scsi_cdb_name(cdb), "RECEIVE COPY RESULTS");
	scsi_cdb_populate_token(cdb, 1, 32);
	assert_string_equal(scsi_cdb_name(cdb), "POPULATE TOKEN");
	scsi_cdb_receive_copy_lid4(cdb, SCSI_ROD_TOKEN_INFORMATION, 1, 32);
	assert_string_equal(scsi_cdb_name(cdb), "RECEIVE ROD TOKEN INFORMATION");
	cdb[0] = 0xff;
	assert_string_equal(scsi_cdb_name(cdb), "SCSI command");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden),
		cmocka_unit_test(copy),
		cmocka_unit_test(copy_lid4),
		cmocka_unit_test(names),
	};
	return cmocka_run_group_tests_name("scsi-cdb", tests, NULL, NULL);
}
