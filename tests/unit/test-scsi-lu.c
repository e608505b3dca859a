/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identifying a logical unit, command by command, on disks as targets are
 * (LIO, an old one, one without VPD pages) and as they should not be.  And
 * sending one command during set-up.
 */
#include <errno.h>
#include <stdlib.h>
#include "scsi-hex.h"
#include "error.h"
#include "transport-script.h"

static struct script *s;
static struct scsi_lu lu;

static int setup(void **state)
{
	(void)state;
	s = script_open(NULL);
	memset(&lu, 0xee, sizeof lu);
	lu.transport = script_transport(s);
	lu.lun = 1;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	script_close(s);
	return 0;
}

static void identify_ok(void)
{
	struct xm_error *err = NULL;
	if (scsi_lu_identify(script_ctx(s), &lu, &err) < 0)
		fail_msg("%s", xm_error_text(err));
}

static void identify_fails(enum xm_code code, const char *words)
{
	struct xm_error *err = NULL;
	assert_int_equal(scsi_lu_identify(script_ctx(s), &lu, &err), -1);
	assert_int_equal(xm_error_code(err), code);
	if (!strstr(xm_error_text(err), words))
		fail_msg("\"%s\" is not in \"%s\"", words, xm_error_text(err));
	xm_error_free(err);
}

#define INQUIRY "12 00 00 0060 00"
#define VPD(page) "12 01 " page " 00ff 00"
#define VPD_83 "12 01 83 1000 00"
#define CAPACITY_16 "9e10 0000000000000000 00000020 0000"
#define CAPACITY_10 "25 00 00000000 00 0000 00"
#define MODE_SENSE "1a 08 08 00 c0 00"
#define LIO_INQUIRY "00 00 06 02 1f 08 10 02 4c494f2d4f524720 " \
	"4c554e30202020202020202020202020 342e3020"

static void lio(void **state)
{
	(void)state;
	script_expect(s, 1, INQUIRY);
	script_good(s, LIO_INQUIRY);
	script_expect(s, 1, VPD("00"));
	script_good(s, "00 00 0008 00 80 83 86 b0 b1 b2 b3");
	script_expect(s, 1, VPD("80"));
	script_good(s, "00 80 0004 61626364");
	script_expect(s, 1, VPD_83);
	script_good(s, "00 83 0014 01 03 00 10 6001405aaaaaaaa00000000000000001");
	script_expect(s, 1, VPD("b0"));
	script_good(s, "00 b0 000c 00 00 0001 00004000 00004000");
	script_expect(s, 1, VPD("b2"));
	script_good(s, "00 b2 0004 00 00 02 00");
	/* the unit attentions of a new session come with the first command that is not INQUIRY */
	script_expect(s, 1, CAPACITY_16);
	script_sense(s, "062907");
	script_expect(s, 1, CAPACITY_16);
	script_sense(s, "063f0e");
	script_expect(s, 1, CAPACITY_16);
	script_good(s, "000000000003ffff 00000200 00 00 0000 00000000000000000000000000000000");
	script_expect(s, 1, MODE_SENSE);
	script_good(s, "17 00 10 00 08 12 00 00ffff0000ffffffff80140000000000");
	identify_ok();
	assert_string_equal(lu.vendor, "LIO-ORG");
	assert_string_equal(lu.serial, "abcd");
	assert_int_equal(lu.ndesignators, 1);
	assert_true(lu.third_party_copy && !lu.has_vpd_8f && !lu.write_cache &&
		    !lu.write_protected);
	assert_true(lu.blocks == 262144 && lu.block_size == 512);
	assert_int_equal(lu.max_transfer, 0x4000);
	assert_ptr_equal(lu.transport, script_transport(s));
	assert_int_equal(lu.lun, 1);
}

/* No VPD page 00: pages are tried; nothing of it is required. */
static void bare(void **state)
{
	(void)state;
	script_expect(s, 1, INQUIRY);
	script_good(s, "00 00 02 02 1f 00 00 00 2020202020202020 "
		       "20202020202020202020202020202020 20202020");
	const char *pages[] = { VPD("00"), VPD("80"), VPD_83, VPD("b0"), VPD("b2") };
	for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
		script_expect(s, 1, pages[i]);
		script_sense(s, "052400");
	}
	script_expect(s, 1, CAPACITY_16);
	script_sense(s, "052000");
	script_expect(s, 1, CAPACITY_10);
	script_good(s, "0000ffff 00000200");
	script_expect(s, 1, MODE_SENSE);
	script_sense(s, "");
	identify_ok();
	assert_true(lu.blocks == 65536);
	assert_int_equal(lu.ndesignators, 0);
	/* not told: assume that it has one, and flush */
	assert_true(lu.write_cache);
}

/* INQUIRY and no VPD pages, then what matters to the test. */
static void short_cut(void)
{
	script_expect(s, 1, INQUIRY);
	script_good(s, LIO_INQUIRY);
	script_expect(s, 1, VPD("00"));
	script_good(s, "00 00 0001 00");
}

static void hostile_capacity(const char *answer, const char *words)
{
	short_cut();
	script_expect(s, 1, CAPACITY_16);
	script_good(s, answer);
	identify_fails(XM_E_IO, words);
}

static void capacities_not_to_be_believed(void **state)
{
	(void)state;
	hostile_capacity("000000000003ffff 00000000", "block of 0 bytes");
	hostile_capacity("000000000003ffff 00000208", "block of 520 bytes");
	hostile_capacity("000000000003ffff 00000100", "block of 256 bytes");
	hostile_capacity("000000000003ffff 00020000", "block of 131072 bytes");
	hostile_capacity("fffffffffffffffe 00000200", "capacity of 18446744073709551615 blocks");
	hostile_capacity("0040000000000000 00000200", "capacity of");
	hostile_capacity("ffffffffffffffff 00000200", "12 bytes that make no sense");
	hostile_capacity("0000", "2 bytes that make no sense");
	/* (16) refused, nothing usable from (10) */
	short_cut();
	script_expect(s, 1, CAPACITY_16);
	script_sense(s, "052000");
	script_expect(s, 1, CAPACITY_10);
	script_good(s, "ffffffff 00000200");
	identify_fails(XM_E_IO, "8 bytes that make no sense");
}

static void no_disk(void **state)
{
	(void)state;
	script_expect(s, 1, INQUIRY);
	script_good(s, "7f 00 06 02 1f 00 00 02 2020202020202020 "
		       "20202020202020202020202020202020 20202020");
	identify_fails(XM_E_NOSOURCE, "script LUN 1: there is no disk here");
	script_expect(s, 1, INQUIRY);
	script_sense(s, "052500");
	identify_fails(XM_E_NOSOURCE, "there is no disk here");
	script_expect(s, 1, INQUIRY);
	script_good(s, "0c 00 06 02 1f 00 00 02 2020202020202020 "
		       "20202020202020202020202020202020 20202020");
	identify_fails(XM_E_NOSOURCE, "type 0ch");
	script_expect(s, 1, INQUIRY);
	script_good(s, "00");
	identify_fails(XM_E_IO, "make no sense");
}

static void never_ready(void **state)
{
	(void)state;
	short_cut();
	for (unsigned i = 0; i < 21; i++) {
		script_expect(s, 1, CAPACITY_16);
		script_sense(s, "020401");
	}
	for (unsigned i = 0; i < 21; i++) {
		script_expect(s, 1, CAPACITY_10);
		script_sense(s, "020401");
	}
	identify_fails(XM_E_TEMPORARY, "does not become ready");
}

static void paths(void **state)
{
	(void)state;
	script_expect(s, 1, INQUIRY);
	script_no_answer(s, ECONNRESET);
	identify_fails(XM_E_TEMPORARY, "Connection reset");
	script_expect(s, 1, INQUIRY);
	script_not_sent(s, EPERM);
	identify_fails(XM_E_PERMISSION, "not sent");
	script_expect(s, 1, INQUIRY);
	script_status(s, 0x08);
	script_expect(s, 1, INQUIRY);
	script_sense(s, "044400");
	identify_fails(XM_E_IO, "INQUIRY fails");
}

/* ---- exec ---------------------------------------------------------------------------- */

static int exec(struct scsi_cmd *cmd, uint8_t *data, size_t len)
{
	*cmd = (struct scsi_cmd){ .lun = 1, .cdb = { 0x12, 0, 0, 0, 8, 0 }, .cdb_len = 6,
		.dir = SCSI_DATA_IN, .data = data, .len = len, .timeout_ns = XM_NS_PER_S };
	return scsi_exec(script_transport(s), cmd);
}

static void exec_asks_again(void **state)
{
	(void)state;
	struct scsi_cmd cmd;
	uint8_t data[8];
	script_expect(s, 1, "120000000800");
	script_sense(s, "062900");
	script_expect(s, 1, "120000000800");
	script_status(s, 0x28);
	script_expect(s, 1, "120000000800");
	script_good(s, "0102030405");
	uint64_t t0 = script_ctx(s)->clock->now(script_ctx(s)->clock);
	assert_int_equal(exec(&cmd, data, sizeof data), 0);
	assert_int_equal(cmd.got, 5);
	assert_hex(data, 5, "0102030405");
	assert_true(script_ctx(s)->clock->now(script_ctx(s)->clock) > t0);
	/* not for ever */
	for (unsigned i = 0; i < 11; i++) {
		script_expect(s, 1, "120000000800");
		script_sense(s, "062900");
	}
	assert_int_equal(exec(&cmd, data, sizeof data), 0);
	assert_int_equal(cmd.status, 2);
	assert_int_equal(cmd.sense_len, 18);
}

static void exec_gives_up(void **state)
{
	(void)state;
	struct scsi_cmd cmd;
	uint8_t data[8];
	script_expect(s, 1, "120000000800");
	script_no_answer(s, ETIMEDOUT);
	assert_int_equal(exec(&cmd, data, sizeof data), -1);
	assert_int_equal(cmd.outcome, SCSI_NO_ANSWER);
	/* a nexus that takes no commands, and that nobody mends, is not waited for */
	uint64_t t0 = script_ctx(s)->clock->now(script_ctx(s)->clock);
	script_transport(s)->nexus.lost = true;
	assert_int_equal(exec(&cmd, data, sizeof data), -1);
	assert_int_equal(cmd.outcome, SCSI_NOT_SENT);
	assert_true(script_ctx(s)->clock->now(script_ctx(s)->clock) == t0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(lio), T(bare), T(capacities_not_to_be_believed), T(no_disk), T(never_ready),
		T(paths), T(exec_asks_again), T(exec_gives_up),
	};
	return cmocka_run_group_tests_name("scsi-lu", tests, NULL, NULL);
}
