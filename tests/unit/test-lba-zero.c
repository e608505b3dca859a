/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a thin logical unit proves that it reads as zeros, against a script: what is asked
 * (SBC-3 5.10, READ(16)), and every answer that proves nothing.
 */
#include <errno.h>
#include "extent.h"
#include "scsi-method-rig.h"

extern const struct xm_extent_source_ops scsi_extent_lba;

#define LISTED "a3 0c 02 9e 0012 00000040 00 00"
#define ASK(lba) "9e 12 " lba " 0000fff8 00 00"
#define AT "0000000000001000"
#define READ "88 00 " AT " 00000001 00 00"
#define ONE(lba, blocks, status) "00000014 00000000 " lba blocks status "000000"

static struct scsi_lu thin;

static struct script *open_thin(void)
{
	struct script *s = script_open(NULL);

	set_lu(&thin, 1, DST);
	thin.lbpme = thin.lbprz = true;
	return s;
}

static bool proves(struct script *s, uint64_t lba, uint64_t blocks)
{
	struct xm_endpoint *ep = script_endpoint(s, &thin);
	bool yes = scsi_extent_lba.proves_zero(ep, lba * 512, blocks * 512);

	script_drained(s);
	xm_endpoint_close(ep);
	script_close(s);
	return yes;
}

static void expect_listed(struct script *s)
{
	script_expect(s, 1, LISTED);
	script_good(s, "0003 0010");
}

static void expect_answer(struct script *s, const char *cdb, const char *data)
{
	script_expect(s, 1, cdb);
	script_good(s, data);
}

/* A block, as hex, whose last byte is told. */
static const char *block(const char *last)
{
	static char text[1025];

	memset(text, '0', 1022);
	strcpy(text + 1022, last);
	return text;
}

static void proven(void **state)
{
	struct script *s = open_thin();

	(void)state;
	expect_listed(s);
	/* more than was asked for is deallocated */
	expect_answer(s, ASK(AT), ONE(AT, "00000100", "01"));
	for (unsigned i = 0; i < 8; i++)
		expect_answer(s, READ, block("00"));
	assert_true(proves(s, 0x1000, 1));
}

/* Not asked at all: nothing it could answer would be a promise. */
static void not_promised(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct script *s = open_thin();

		thin.lbprz = i != 0;
		thin.lbpme = i != 1;
		thin.lbp_pattern = i == 2;
		/* nobody has ended there what a predecessor sent */
		script_transport(s)->is_session = i != 3;
		assert_false(proves(s, 0x1000, 1));
	}
}

static void answers_that_prove_nothing(void **state)
{
	static const struct { const char *answer; uint64_t blocks; } no[] = {
		{ ONE(AT, "00000008", "00"), 8 },                        /* mapped, or not known */
		{ ONE(AT, "00000008", "02"), 8 },                        /* anchored */
		{ ONE(AT, "00000008", "03"), 8 },                        /* whatever that is */
		{ ONE("0000000000000fff", "00000100", "01"), 8 },        /* begins before */
		{ ONE("0000000000001001", "00000100", "01"), 8 },        /* begins behind */
		{ ONE(AT, "00000000", "01"), 8 },                        /* of no blocks */
		{ ONE("fffffffffffffff0", "00000100", "01"), 8 },
		{ "00000004 00000000", 8 },                              /* no descriptor */
		{ "00000014 00000000 " AT "00000008", 8 },               /* cut */
		{ "", 8 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
		struct script *s = open_thin();

		expect_listed(s);
		expect_answer(s, ASK(AT), no[i].answer);
		if (proves(s, 0x1000, no[i].blocks))
			fail_msg("answer %zu was believed", i);
	}
}

static void all_of_it(void **state)
{
	struct script *s = open_thin();

	(void)state;
	/* half is told; the other half is asked for, and its last block is mapped */
	expect_listed(s);
	expect_answer(s, ASK(AT), ONE(AT, "00000004", "01"));
	expect_answer(s, ASK("0000000000001004"),
		      "00000024 00000000 0000000000001004 00000003 01000000"
		      "0000000000001007 00000001 00000000");
	expect_answer(s, ASK("0000000000001007"), ONE("0000000000001007", "00000001", "00"));
	assert_false(proves(s, 0x1000, 8));
}

static void refusals(void **state)
{
	struct script *s = open_thin();

	(void)state;
	script_expect(s, 1, LISTED);
	script_good(s, "0001 0000");
	assert_false(proves(s, 0x1000, 1));
	s = open_thin();
	expect_listed(s);
	script_expect(s, 1, ASK(AT));
	script_sense(s, "052000");
	assert_false(proves(s, 0x1000, 1));
	s = open_thin();
	expect_listed(s);
	script_expect(s, 1, ASK(AT));
	script_no_answer(s, ETIMEDOUT);
	assert_false(proves(s, 0x1000, 1));
}

/* It says so, and reads as something else; or cannot be read. */
static void read_back(void **state)
{
	struct script *s = open_thin();

	(void)state;
	expect_listed(s);
	expect_answer(s, ASK(AT), ONE(AT, "00000001", "01"));
	expect_answer(s, READ, block("00"));
	expect_answer(s, READ, block("01"));
	assert_false(proves(s, 0x1000, 1));
	s = open_thin();
	expect_listed(s);
	expect_answer(s, ASK(AT), ONE(AT, "00000001", "01"));
	script_expect(s, 1, READ);
	script_sense(s, "031100");
	assert_false(proves(s, 0x1000, 1));
	s = open_thin();
	expect_listed(s);
	expect_answer(s, ASK(AT), ONE(AT, "00000001", "01"));
	expect_answer(s, READ, "0000");
	assert_false(proves(s, 0x1000, 1));
}

/* A block at a time, for ever: it is left. */
static void bounded(void **state)
{
	struct script *s = open_thin();

	(void)state;
	expect_listed(s);
	for (unsigned i = 0; i < 256; i++) {
		char cdb[64], data[96];

		snprintf(cdb, sizeof cdb, "9e 12 %016x 0000fff8 00 00", i);
		snprintf(data, sizeof data, "00000014 00000000 %016x 00000001 01000000", i);
		expect_answer(s, cdb, data);
	}
	assert_false(proves(s, 0, 1 << 20));
	/* and so is one that takes its time */
	s = open_thin();
	expect_listed(s);
	for (unsigned i = 0; i < 4; i++) {
		char cdb[64], data[96];

		snprintf(cdb, sizeof cdb, "9e 12 %016x 0000fff8 00 00", i);
		snprintf(data, sizeof data, "00000014 00000000 %016x 00000001 01000000", i);
		expect_answer(s, cdb, data);
		script_later(s, 16 * XM_NS_PER_S);
	}
	assert_false(proves(s, 0, 1 << 20));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proven), cmocka_unit_test(not_promised),
		cmocka_unit_test(answers_that_prove_nothing), cmocka_unit_test(all_of_it),
		cmocka_unit_test(refusals), cmocka_unit_test(read_back), cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests_name("lba zero", tests, NULL, NULL);
}
