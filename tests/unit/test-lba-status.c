/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET LBA STATUS: the CDB and an answer as sg_get_lba_status -v and tgt give them
 * (reference/extents-and-dirty.md 1.2), and answers that lie.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include "cdb.h"
#include "lba-status.h"

struct seen {
	unsigned n, stop_at;
	struct scsi_lba_run run[16];
};

static bool take(void *user, const struct scsi_lba_run *run)
{
	struct seen *s = user;

	assert_true(s->n < 16);
	s->run[s->n++] = *run;
	return s->n != s->stop_at;
}

static uint64_t decode(const char *bytes, size_t len, uint64_t from, uint64_t capacity,
		       struct seen *s)
{
	memset(s, 0, sizeof *s);
	return scsi_lba_status_decode((const uint8_t *)bytes, len, from, capacity, take, s);
}

#define RUN(lba, blocks, status) "\0\0\0\0\0\0" lba "\0\0" blocks status "\0\0\0"

/* Two descriptors, [0, 100h) mapped and [100h, 200h) deallocated. */
#define TWO RUN("\0\0", "\1\0", "\0") RUN("\1\0", "\1\0", "\1")

static void cdbs(void **state)
{
	uint8_t cdb[16];

	(void)state;
	assert_int_equal(scsi_cdb_get_lba_status(cdb, 0x123456789a, 0xfff8), 16);
	assert_memory_equal(cdb, "\x9e\x12\0\0\0\x12\x34\x56\x78\x9a\0\0\xff\xf8\0\0", 16);
	assert_string_equal(scsi_cdb_name(cdb), "GET LBA STATUS");
	assert_int_equal(scsi_cdb_report_opcode(cdb, 0x9e, 0x12, 64), 12);
	assert_memory_equal(cdb, "\xa3\x0c\x02\x9e\0\x12\0\0\0\x40\0\0", 12);
	/* SPC-4 6.35.3: SUPPORT 1 not, 3 as the standard, 5 by a vendor, 0 not known now */
	assert_int_equal(scsi_supported_decode((const uint8_t *)"\0\1\0\0", 4), 0);
	assert_int_equal(scsi_supported_decode((const uint8_t *)"\0\3\0\x10", 4), 1);
	assert_int_equal(scsi_supported_decode((const uint8_t *)"\0\0\0\0", 4), -1);
	assert_int_equal(scsi_supported_decode((const uint8_t *)"\0\1\0", 3), -1);
}

static void both_lengths(void **state)
{
	struct seen s;

	(void)state;
	/* from byte 4 (SBC-3 r25), from byte 8 (before), more told than came (tgt) */
	assert_int_equal(decode("\0\0\0\x24\0\0\0\0" TWO, 40, 0, 0x1000, &s), 0x200);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.run[1].lba, 0x100);
	assert_int_equal(s.run[1].blocks, 0x100);
	assert_int_equal(s.run[1].status, SCSI_LBA_DEALLOCATED);
	assert_int_equal(decode("\0\0\0\x20\0\0\0\0" TWO, 40, 0, 0x1000, &s), 0x200);
	assert_int_equal(decode("\0\0\0\x44\0\0\0\0" TWO, 24, 0, 0x1000, &s), 0x100);
	/* less told than came */
	assert_int_equal(decode("\0\0\0\x14\0\0\0\0" TWO, 40, 0, 0x1000, &s), 0x100);
}

static void clipped(void **state)
{
	struct seen s;

	(void)state;
	/* the first may begin before what was asked for */
	assert_int_equal(decode("\0\0\0\x24\0\0\0\0" TWO, 40, 0x80, 0x1000, &s), 0x200);
	assert_int_equal(s.run[0].lba, 0x80);
	assert_int_equal(s.run[0].blocks, 0x80);
	/* nothing beyond the capacity (CVE-2020-1711) */
	assert_int_equal(decode("\0\0\0\x24\0\0\0\0" TWO, 40, 0, 0x180, &s), 0x180);
	assert_int_equal(s.run[1].blocks, 0x80);
	assert_int_equal(decode("\0\0\0\x24\0\0\0\0" TWO, 40, 0, 0x100, &s), 0x100);
	assert_int_equal(s.n, 1);
}

static void lies(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		uint64_t from, end;
	} lie[] = {
		{ "", 0, 7, 7 },
		{ "\0\0\0\x24\0\0\0", 7, 7, 7 },
		{ "\0\0\0\x24\0\0\0\0" TWO, 23, 0, 0 },                  /* half a descriptor */
		{ "\0\0\0\x14\0\0\0\0" RUN("\0\0", "\0\0", "\1"), 24, 0, 0 },     /* no progress */
		{ "\0\0\0\x14\0\0\0\0" RUN("\2\0", "\1\0", "\1"), 24, 0, 0 },     /* begins later */
		/* ends before */
		{ "\0\0\0\x14\0\0\0\0" RUN("\0\0", "\1\0", "\1"), 24, 0x100, 0x100 },
		/* a gap, an overlap: the first stands, the second does not */
		{ "\0\0\0\x24\0\0\0\0" RUN("\0\0", "\1\0", "\1") RUN("\2\0", "\1\0", "\1"),
		  40, 0, 0x100 },
		{ "\0\0\0\x24\0\0\0\0" RUN("\0\0", "\1\0", "\1") RUN("\0\x80", "\1\0", "\1"),
		  40, 0, 0x100 },
		/* the sum wraps */
		{ "\0\0\0\x14\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\0\0\0",
		  24, 0, 0 },
	};
	struct seen s;

	(void)state;
	for (size_t i = 0; i < sizeof lie / sizeof lie[0]; i++)
		assert_int_equal(decode(lie[i].bytes, lie[i].len, lie[i].from, 0x1000, &s),
				 lie[i].end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cdbs),
		cmocka_unit_test(both_lengths),
		cmocka_unit_test(clipped),
		cmocka_unit_test(lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
