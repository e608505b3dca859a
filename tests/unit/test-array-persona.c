/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Personas: what each target calls itself, offers and refuses, and every row of
 * its senses, as reference/scsi-offload.md 2.1 to 2.6 has them.
 */
#include "copy-rig.h"

static struct rig r;
static struct copy_cmd c;

static const char *const luns[] = { "0=64M", "1=64M", "2=64M", "4=64M,block=4096", "5=64M,ro",
				    NULL };

enum { IDEAL, LIO, SCST, CTL, TCMU, NONE, PERSONAS };
static const char *const names[] = { "ideal", "lio", "scst", "ctl", "tcmu", "none" };

static void open_as(unsigned persona)
{
	copy_open(&r, names[persona], luns);
}

static void close_it(void)
{
	answer_drop(&c.an);
	rig_close(&r);
}

/* ---- how it looks -------------------------------------------------------- */

static void inquiry(void **state)
{
	static const struct { const char *text; bool third_party; } want[] = {
		{ "XMOVER  ARRAY           0001", true },
		{ "LIO-ORG FILEIO          4.0 ", true },
		{ "SCST_FIOdisk            370 ", true },
		{ "FREEBSD CTLDISK         0001", true },
		{ "LIO-ORG TCMU device     0002", true },
		{ "IET     VIRTUAL-DISK    0001", false },
	};

	(void)state;
	for (unsigned p = 0; p < PERSONAS; p++) {
		open_as(p);
		ask(&r, &c.an, 0, "12 00 00 00ff 00");
		assert_good(&c.an);
		assert_true(c.an.in_len >= 36);
		assert_memory_equal(c.an.in + 8, want[p].text, 28);
		assert_int_equal(c.an.in[5] >> 3 & 1, want[p].third_party);
		close_it();
	}
}

static void vpd_pages(void **state)
{
	static const char *const want[] = {
		"00 00 0008 00 80 83 86 8f b0 b1 b2", "00 00 0008 00 80 83 86 b0 b1 b2 b3",
		"00 00 0007 00 80 83 86 b0 b1 b2", "00 00 0008 00 80 83 86 8f b0 b1 b2",
		"00 00 0006 00 80 83 b0 b1 b2", "00 00 0006 00 80 83 b0 b1 b2",
	};

	(void)state;
	for (unsigned p = 0; p < PERSONAS; p++) {
		open_as(p);
		ask(&r, &c.an, 0, "12 01 00 00ff 00");
		assert_hex(c.an.in, c.an.in_len, want[p]);
		ask(&r, &c.an, 0, "12 01 8f 00ff 00");
		if (p == IDEAL || p == CTL)
			assert_good(&c.an);
		else
			assert_int_equal(sense_of(&c.an), 0x052400);
		close_it();
	}
}

/* Reference 2.1: LIO's bytes as they came off the wire; the others' values are in 2.2 to 2.4. */
static void operating_parameters(void **state)
{
	static const char *const want[] = {
		"0000002b 01000000 0010 0010 00001000 10000000 00000000 00000000 00000000"
		"0000 0040 20 00 00 00 000000 03 02 0a e4",
		"0000002a 01000000 0002 0001 00000400 10000000 00000000 00000000 00000000"
		"0000 0001 01 09 09 09 000000 02 02 e4",
		"0000002a 01000000 0005 0124 0000ffff 10000000 00000000 00000000 00000000"
		"0000 ffff ff 10 00 00 000000 02 02 e4",
		"0000002c 01000000 0040 0040 00002000 00000000 00000000 00000000 00000000"
		"0000 00ff ff 00 00 00 000000 04 02 07 14 e4",
		"0000002a 01000000 0002 0001 00000400 01000000 00000000 00000000 00000000"
		"0000 0001 01 09 09 09 000000 02 02 e4",
	};

	(void)state;
	for (unsigned p = 0; p < NONE; p++) {
		open_as(p);
		ask(&r, &c.an, 0, "84 03 00 00000000000000 00000100 00 00");
		assert_good(&c.an);
		assert_hex(c.an.in, c.an.in_len, want[p]);
		close_it();
	}
}

static void lio_is_picky_about_parameters(void **state)
{
	(void)state;
	open_as(LIO);
	ask(&r, &c.an, 0, "84 03 00 00000000000000 00000034 00 00");
	assert_int_equal(sense_of(&c.an), 0x052400);
	ask(&r, &c.an, 0, "84 03 00 00000000000000 00000036 00 00");
	assert_good(&c.an);
	ask(&r, &c.an, 0, "84 03 01 00000000000000 00000100 00 00");
	assert_int_equal(sense_of(&c.an), 0x052400);
	close_it();
}

/* ---- what it refuses ----------------------------------------------------- */

static void refusals(void **state)
{
	/* 0: GOOD; an identifier nobody used is 24/00 where the command is done. */
	static const struct { const char *cdb; unsigned sense[PERSONAS]; } rows[] = {
		{ "83 01 0000000000000000 00000000 00 00",
		  { 0, 0x052000, 0x052400, 0, 0x052000, 0x052000 } },
		{ "83 10 0000000000000000 00000000 00 00",
		  { 0, 0x052000, 0x052400, 0, 0x052000, 0x052000 } },
		{ "83 11 0000000000000000 00000000 00 00",
		  { 0, 0x052000, 0x052400, 0, 0x052000, 0x052000 } },
		{ "83 1c 0000000000000000 00000000 00 00",
		  { 0x052400, 0x052000, 0x052400, 0x052400, 0x052000, 0x052000 } },
		{ "83 00 0000000000000000 00000000 00 00", { 0, 0, 0, 0, 0, 0x052000 } },
		{ "84 00 05 00000000000000 00000100 00 00",
		  { 0x052400, 0x052400, 0x052400, 0x052400, 0x052000, 0x052000 } },
		{ "84 03 00 00000000000000 00000100 00 00", { 0, 0, 0, 0, 0, 0x052000 } },
		{ "84 04 05 00000000000000 00000100 00 00",
		  { 0x052400, 0x052400, 0x052400, 0x052400, 0x052000, 0x052000 } },
		{ "84 05 00000000 0000000000 00000100 00 00",
		  { 0x052400, 0x052400, 0x052400, 0x052400, 0x052000, 0x052000 } },
		{ "84 07 00000000 0000000000 00000100 00 00",
		  { 0x052400, 0x052400, 0x052400, 0x052400, 0x052000, 0x052000 } },
		{ "84 08 00000000 0000000000 00000100 00 00",
		  { 0, 0x052400, 0x052400, 0, 0x052000, 0x052000 } },
		{ "9e 12 0000000000000000 00000100 00 00",
		  { 0, 0x052400, 0x052000, 0, 0x052000, 0 } },
		{ "a3 0c 00 00 0000 00000400 00 00", { 0, 0x052000, 0, 0, 0x052000, 0 } },
	};

	(void)state;
	for (unsigned p = 0; p < PERSONAS; p++) {
		open_as(p);
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
			unsigned got;

			ask(&r, &c.an, 0, rows[i].cdb);
			got = c.an.cmd.status ? sense_of(&c.an) : 0;
			if (got != rows[i].sense[p])
				fail_msg("%s, %s: %06x instead of %06x", names[p], rows[i].cdb, got,
					 rows[i].sense[p]);
		}
		close_it();
	}
}

/* ---- what is wrong with a list, and what each says to it ----------------- */

static void shift_cscds(unsigned n)
{
	uint8_t segment[28];

	memcpy(segment, c.list + 80, 28);
	for (unsigned i = 2; i < n; i++)
		put_cscd(&r, c.list + 16 + 32 * i, i % 2);
	memcpy(c.list + 16 + 32 * n, segment, 28);
	xm_put_be16(c.list + 2, (uint16_t)(32 * n));
	c.len = 16 + 32 * n + 28;
}

static void repeat_segment(unsigned n)
{
	for (unsigned i = 1; i < n; i++)
		memcpy(c.list + 80 + 28 * i, c.list + 80, 28);
	xm_put_be32(c.list + 8, 28 * n);
	c.len = 80 + 28 * n;
}

static void good(void) { }
static void under_header(void) { c.len = 15; }
static void truncated(void) { c.len = 107; }
static void extra(void) { c.len = 109; }
static void over_1024(void) { xm_put_be32(c.list + 8, 1024 - 64 + 1); c.len = 2048; }
static void inline_data(void) { xm_put_be32(c.list + 12, 4); c.len = 112; }
static void no_segment(void) { xm_put_be32(c.list + 8, 0); c.len = 80; }
static void cscd_list(void) { xm_put_be16(c.list + 2, 63); c.len = 107; }
static void three_cscds(void) { shift_cscds(3); }
static void six_cscds(void) { shift_cscds(6); }
static void most_cscds(void) { shift_cscds(65); }
static void cscd_type(void) { c.list[48] = 0xe5; }
static void cscd_pdt(void) { c.list[17] = 0x01; }
static void cscd_lu_id_type(void) { c.list[17] = 0xc0; }
static void cscd_nul(void) { c.list[49] = 0x20; }
static void code_set(void) { c.list[20] = 2; }
static void naa_5(void) { c.list[24] = 0x50; }
static void designator_len(void) { c.list[23] = 21; }
static void unknown(void) { memset(c.list + 57, 0xee, 15); }
static void block_length(void) { xm_put_be24(c.list + 77, 4096); }
static void segment_list(void) { xm_put_be32(c.list + 8, 27); c.len = 107; }
static void two_segments(void) { repeat_segment(2); }
static void most_segments(void) { repeat_segment(65); }
static void segment_type(void) { c.list[80] = 0x05; }
static void segment_length(void) { c.list[83] = 0x1c; }
static void id_f800(void) { xm_put_be16(c.list + 84, 0xf800); }
static void id_this_lu(void) { xm_put_be16(c.list + 84, 0xffff); }
static void id_index(void) { xm_put_be16(c.list + 86, 2); }
static void usage_1(void) { c.list[1] = 1 << 3; }
static void usage_3_id(void) { c.list[0] = 4; }
static void usage_0(void) { c.list[1] = 0; }
static void sizes_exact(void) { put_cscd(&r, c.list + 48, 4); }
static void sizes_inexact(void) { put_cscd(&r, c.list + 48, 4); xm_put_be16(c.list + 90, 7); }
static void src_past_end(void) { xm_put_be64(c.list + 92, 131072 - 7); }
static void dst_past_end(void) { xm_put_be64(c.list + 100, 131072 - 7); }
static void lba_wraps(void) { xm_put_be64(c.list + 92, UINT64_MAX); }
static void read_only(void) { put_cscd(&r, c.list + 48, 5); }

/* By persona ideal, lio, scst, ctl, tcmu; 0 is GOOD. */
static const struct {
	const char *what;
	void (*spoil)(void);
	unsigned sense[NONE];
} faults[] = {
	{ "good", good, { 0, 0, 0, 0, 0 } },
	{ "under header", under_header, { 0x051a00, 0x051a00, 0x051a00, 0x052400, 0x051a00 } },
	{ "truncated", truncated, { 0x051a00, 0x051a00, 0x051a00, 0x051a00, 0x051a00 } },
	{ "extra", extra, { 0x051a00, 0, 0x05260b, 0, 0 } },
	{ "over 1024", over_1024, { 0x051a00, 0x051a00, 0x05260b, 0x052609, 0x051a00 } },
	{ "inline", inline_data, { 0x05260b, 0x052600, 0x05260b, 0x05260b, 0x052600 } },
	{ "no segment", no_segment, { 0, 0x052600, 0, 0, 0x052600 } },
	{ "CSCD list", cscd_list, { 0x052600, 0x052609, 0x052607, 0x052600, 0x052607 } },
	{ "3 CSCDs", three_cscds, { 0, 0x052606, 0, 0, 0x052606 } },
	{ "6 CSCDs", six_cscds, { 0, 0x052606, 0x052606, 0, 0x052606 } },
	{ "65 CSCDs", most_cscds, { 0x052606, 0x051a00, 0x052606, 0x052606, 0x051a00 } },
	{ "CSCD type", cscd_type, { 0x052607, 0x052607, 0x052607, 0x052607, 0x052607 } },
	{ "PDT", cscd_pdt, { 0x052600, 0, 0x052600, 0x052600, 0 } },
	{ "LU ID TYPE", cscd_lu_id_type, { 0, 0, 0x052600, 0, 0 } },
	{ "NUL", cscd_nul, { 0x0a0804, 0, 0x0a0d02, 0x0a0804, 0 } },
	{ "code set", code_set, { 0x0a0d02, 0x052600, 0x052600, 0x0a0804, 0x052600 } },
	{ "NAA 5", naa_5, { 0x0a0d02, 0x052600, 0x052600, 0x0a0804, 0x052600 } },
	{ "21 bytes", designator_len, { 0x052600, 0x052600, 0x052600, 0x052600, 0x052600 } },
	{ "unknown CSCD", unknown, { 0x0a0d02, 0x0a0d02, 0x052600, 0x0a0804, 0x0a0d02 } },
	{ "segment list", segment_list, { 0x052600, 0x052609, 0x052609, 0x052600, 0x052600 } },
	{ "2 segments", two_segments, { 0, 0x052608, 0, 0, 0x052600 } },
	{ "65 segments", most_segments, { 0x052608, 0x051a00, 0, 0x052608, 0x051a00 } },
	{ "segment type", segment_type, { 0x052609, 0x052609, 0x052609, 0x052609, 0x052609 } },
	{ "segment length", segment_length, { 0x052600, 0x052600, 0x0a0000, 0x052600, 0x052600 } },
	{ "id F800", id_f800, { 0x0a0804, 0x052600, 0x0a0000, 0x0a0804, 0x052600 } },
	{ "id FFFF", id_this_lu, { 0, 0x052600, 0x0a0000, 0, 0x052600 } },
	{ "id 2 of 2", id_index, { 0x0a0804, 0x0a0d02, 0x0a0000, 0x0a0804, 0x0a0d02 } },
	{ "usage 0", usage_0, { 0, 0, 0, 0, 0x052600 } },
	{ "usage 1", usage_1, { 0x052600, 0, 0x052600, 0, 0x052600 } },
	{ "usage 3 with id", usage_3_id, { 0x052600, 0, 0x052600, 0, 0x052600 } },
	{ "CSCD block length", block_length, { 0x052600, 0, 0x052600, 0, 0 } },
	{ "512 to 4096", sizes_exact, { 0, 0x020800, 0, 0, 0x0a0d03 } },
	{ "512 to 4096, inexact", sizes_inexact,
	  { 0x0a260a, 0x020800, 0x0a260a, 0x0a260a, 0x0a0d03 } },
	{ "source past end", src_past_end, { 0x0a0000, 0x0a0d02, 0x0a0d01, 0x0a0d01, 0x052100 } },
	{ "destination past end", dst_past_end,
	  { 0x0a0000, 0x0a0d02, 0x0a0d01, 0x0a0d01, 0x052100 } },
	{ "LBA wraps", lba_wraps, { 0x0a0000, 0x0a0d02, 0x0a0d01, 0x0a0d01, 0x052100 } },
	{ "read-only", read_only, { 0x0a0d01, 0x0a0d02, 0x0a0000, 0x0a0d01, 0x072700 } },
};

static void senses(void **state)
{
	static const struct copy k = { .usage = 3, .src = 0, .dst = 1, .blocks = 8 };
	const struct arr_write *log;

	(void)state;
	for (unsigned p = 0; p < NONE; p++) {
		open_as(p);
		fill(&r, 0, 0, 8, 1);
		for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
			unsigned want = faults[i].sense[p], got;

			control_ok(&r, "writes clear");
			memset(c.list, 0, sizeof c.list);
			copy_list(&r, &c, &k);
			faults[i].spoil();
			copy_again(&r, &c, 0);
			got = c.an.cmd.status ? sense_of(&c.an) : 0;
			if (got != want)
				fail_msg("%s, %s: %06x instead of %06x", names[p], faults[i].what,
					 got, want);
			if (got && arr_write_log(r.a, &log))
				fail_msg("%s, %s: refused, and written", names[p], faults[i].what);
		}
		close_it();
	}
}

/* ---- the forms of COPY ABORTED ------------------------------------------- */

/* Second of two segments, its source one block past the end. */
static void abort_second(unsigned persona)
{
	open_as(persona);
	copy_list(&r, &c, &(struct copy){ .usage = 3, .src = 0, .dst = 1, .blocks = 8 });
	put_b2b(c.list + 108, 0, 1, &(struct copy){ .src_lba = 131071, .blocks = 2 });
	xm_put_be32(c.list + 8, 56);
	c.len = 136;
	copy_again(&r, &c, 0);
}

/* Reference 2.2, 3.12: status at 17, sense at 18, and the offset says 18. */
static void form_scst(void **state)
{
	(void)state;
	abort_second(SCST);
	assert_hex(c.an.cmd.sense, c.an.cmd.sense_len,
		   "70 00 0a 00000000 1c 12 00 0001 0d 01 00 0000 02"
		   "70 00 05 00000000 0a 00000000 21 00 00 000000");
	close_it();
}

/* Reference 2.3, 3.12: descriptors, a 4-byte segment number, forwarded sense of the source (1). */
static void form_ctl(void **state)
{
	(void)state;
	abort_second(CTL);
	assert_hex(c.an.cmd.sense, c.an.cmd.sense_len,
		   "72 0a 0d 01 000000 18"
		   "01 0a 00 00 0000000000000001"
		   "0c 0a 01 02 72 05 21 00 00000000");
	close_it();
}

/* Reference 2.1: 18 bytes, no segment number, nothing forwarded. */
static void form_lio(void **state)
{
	(void)state;
	open_as(LIO);
	copy_list(&r, &c, &(struct copy){ .usage = 3, .src = 0, .dst = 1, .src_lba = 131071,
					  .blocks = 2 });
	copy_again(&r, &c, 0);
	assert_hex(c.an.cmd.sense, c.an.cmd.sense_len,
		   "70 00 0a 00000000 0a 00000000 0d 02 00 000000");
	close_it();
}

/* MODE SENSE(6) of the control mode page, and back with D_SENSE set. */
static void set_d_sense(void)
{
	static const uint8_t cdb[16] = { 0x15, 0x10, 0, 0, 16 };
	uint8_t page[16];

	ask(&r, &c.an, 0, "1a 08 0a 00 ff 00");
	assert_good(&c.an);
	assert_int_equal(c.an.in_len, 16);
	memcpy(page, c.an.in, 16);
	memset(page, 0, 4);
	page[4] &= 0x3f;
	page[6] |= 0x04;
	rig_run(&r, r.nx, 0, &c.an, cdb, sizeof cdb, page, sizeof page);
	assert_good(&c.an);
}

/* With D_SENSE the same comes as descriptors: the segment number at 6-7 of its descriptor. */
static void form_descriptor(void **state)
{
	(void)state;
	open_as(IDEAL);
	set_d_sense();
	copy_list(&r, &c, &(struct copy){ .usage = 3, .src = 0, .dst = 1, .blocks = 8 });
	put_b2b(c.list + 108, 0, 1, &(struct copy){ .dst_lba = 131071, .blocks = 2 });
	xm_put_be32(c.list + 8, 56);
	c.len = 136;
	copy_again(&r, &c, 0);
	assert_hex(c.an.cmd.sense, c.an.cmd.sense_len,
		   "72 0a 00 00 000000 18"
		   "01 0a 00 00 0000 0001 00000000"
		   "0c 0a 02 02 72 05 21 00 00000000");
	close_it();
}

/* Pointers: into the segment descriptor (SD) for what is wrong there, else into the list. */
static void pointers(void **state)
{
	(void)state;
	open_as(IDEAL);
	copy_list(&r, &c, &(struct copy){ .usage = 3, .src = 0, .dst = 1, .blocks = 8 });
	id_index();
	copy_again(&r, &c, 0);
	assert_hex(c.an.cmd.sense, c.an.cmd.sense_len,
		   "70 00 0a 00000000 0a 00 00 0000 08 04 00 a0 0006");
	copy_list(&r, &c, &(struct copy){ .usage = 3, .src = 0, .dst = 1, .blocks = 8 });
	cscd_type();
	copy_again(&r, &c, 0);
	assert_hex(c.an.cmd.sense, c.an.cmd.sense_len,
		   "70 00 05 00000000 0a 00000000 26 07 00 80 0030");
	close_it();
	/* SCST points at +29 of the CSCD for its block length. */
	open_as(SCST);
	copy_list(&r, &c, &(struct copy){ .usage = 3, .src = 0, .dst = 1, .blocks = 8 });
	block_length();
	copy_again(&r, &c, 0);
	assert_hex(c.an.cmd.sense, c.an.cmd.sense_len,
		   "70 00 05 00000000 0a 00000000 26 00 00 80 004d");
	close_it();
}

/* ---- what they do -------------------------------------------------------- */

/* LIO: sent to a LUN that is neither end. */
static void third_lun(void **state)
{
	(void)state;
	for (unsigned p = 0; p < NONE; p++) {
		open_as(p);
		copy_do(&r, &c, 2, &(struct copy){ .usage = 3, .src = 0, .dst = 1, .blocks = 8 });
		if (p == LIO)
			assert_int_equal(sense_of(&c.an), 0x0a0d02);
		else
			assert_good(&c.an);
		close_it();
	}
}

/* LIO checks a chunk at a time: the 8 MiB before the end are written when the rest is refused. */
static void lio_writes_before_it_fails(void **state)
{
	(void)state;
	open_as(LIO);
	fill(&r, 0, 0, 20480, 1);
	copy_do(&r, &c, 0, &(struct copy){ .usage = 3, .src = 0, .dst = 1,
					   .dst_lba = 131072 - 20480, .blocks = 20481 });
	assert_int_equal(sense_of(&c.an), 0x0a0d02);
	assert_true(holds(&r, 1, 131072 - 20480, 16384, 1, 0));
	assert_true(is_zero(&r, 1, 131072 - 4096, 4096));
	close_it();
}

/* Reference 0.7: two LUNs of one NAA; the copy succeeds and nothing arrives. */
static void lio_same_naa(void **state)
{
	static const char *const twins[] = {
		"0=64M,naa=60014050000000000000000000000001",
		"1=64M,naa=60014050000000000000000000000001", NULL,
	};

	(void)state;
	copy_open(&r, "lio", twins);
	fill(&r, 0, 0, 8, 1);
	copy_do(&r, &c, 0, &(struct copy){ .usage = 3, .src = 0, .dst = 1, .blocks = 8 });
	assert_good(&c.an);
	assert_true(is_zero(&r, 1, 0, 8));
	close_it();
}

/* CTL takes the CSCD's block length for the LU's: 8 x 4096 bytes of a 512-byte LU. */
static void ctl_block_length_rules(void **state)
{
	(void)state;
	open_as(CTL);
	fill(&r, 0, 0, 128, 1);
	copy_list(&r, &c, &(struct copy){ .usage = 3, .src = 0, .dst = 1, .blocks = 8 });
	xm_put_be24(c.list + 45, 4096);
	copy_again(&r, &c, 0);
	assert_good(&c.an);
	assert_true(holds(&r, 1, 0, 64, 1, 0));
	assert_true(is_zero(&r, 1, 64, 64));
	close_it();
}

/* CTL's segments that move nothing (reference 3.5): register key on LUN 1, verify LUN 0 ready. */
static void ctl_device_segments(void **state)
{
	(void)state;
	open_as(CTL);
	copy_list(&r, &c, &(struct copy){ .usage = 3, .src = 0, .dst = 1, .blocks = 8 });
	c.len = 80 + hex_bytes(c.list + 80, 128,
		"14 00 0018 0000 0001 0000000000000000 00000000deadbeef 00000000"
		"07 00 0008 0000 0000 01 000000");
	xm_put_be32(c.list + 8, 40);
	copy_again(&r, &c, 0);
	assert_good(&c.an);
	/* PERSISTENT RESERVE IN, READ KEYS: generation 1, one key. */
	ask(&r, &c.an, 1, "5e 00 00 00 00 00 00 0040 00");
	assert_hex(c.an.in, c.an.in_len, "00000001 00000008 00000000deadbeef");
	/* The wrong key: RESERVATION CONFLICT of the LU, forwarded. */
	c.len = 120;
	copy_again(&r, &c, 0);
	assert_hex(c.an.cmd.sense, c.an.cmd.sense_len,
		   "72 0a 0d 01 000000 10 01 0a 00 00 0000000000000000 0c 02 02 18");
	/* START STOP UNIT with START 0: LUN 0 is no longer ready; the key is right this time. */
	ask(&r, &c.an, 0, "1b 00 00 00 00 00");
	assert_good(&c.an);
	hex_bytes(c.list + 88, 8, "00000000deadbeef");
	copy_again(&r, &c, 1);
	assert_hex(c.an.cmd.sense, c.an.cmd.sense_len,
		   "72 0a 0d 01 000000 18 01 0a 00 00 0000000000000001"
		   "0c 0a 01 02 72 02 04 02 00000000");
	/* Without TUR nobody asks. */
	c.list[116] = 0;
	copy_again(&r, &c, 1);
	assert_good(&c.an);
	close_it();
}

static void full(void **state)
{
	static const unsigned want[] = { 0x28, 0x28, 0x08, 0x28, 0x28 };
	static struct copy_cmd first;

	(void)state;
	for (unsigned p = 0; p < NONE; p++) {
		open_as(p);
		control_ok(&r, "set max_concurrent 1");
		control_ok(&r, "set copy_latency 10");
		copy_list(&r, &first, &(struct copy){ .usage = 3, .src = 0, .dst = 1,
						      .blocks = 8 });
		copy_send(&r, r.nx, &first, 0);
		copy_do(&r, &c, 0, &(struct copy){ .usage = 3, .src = 0, .dst = 1, .blocks = 8 });
		assert_int_equal(c.an.cmd.status, want[p]);
		rig_until(&r, &first.an);
		assert_good(&first.an);
		answer_drop(&first.an);
		close_it();
	}
}

/* Copies that run when the persona changes end well. */
static void persona_changes_under_a_copy(void **state)
{
	(void)state;
	open_as(IDEAL);
	control_ok(&r, "set copy_latency 10");
	fill(&r, 0, 0, 8192, 1);
	copy_list(&r, &c, &(struct copy){ .id = 1, .usage = 2, .src = 0, .dst = 1,
					  .blocks = 8192 });
	copy_send(&r, r.nx, &c, 0);
	rig_advance(&r, 5 * MS);
	control_ok(&r, "set persona none");
	rig_until(&r, &c.an);
	assert_good(&c.an);
	assert_true(holds(&r, 1, 0, 8192, 1, 0));
	close_it();
}

static void unknown_persona(void **state)
{
	(void)state;
	open_as(IDEAL);
	assert_false(arr_set_persona(r.a, "emc"));
	assert_non_null(strstr(arr_error(r.a), "'emc'"));
	close_it();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inquiry),
		cmocka_unit_test(vpd_pages),
		cmocka_unit_test(operating_parameters),
		cmocka_unit_test(lio_is_picky_about_parameters),
		cmocka_unit_test(refusals),
		cmocka_unit_test(senses),
		cmocka_unit_test(form_scst),
		cmocka_unit_test(form_ctl),
		cmocka_unit_test(form_lio),
		cmocka_unit_test(form_descriptor),
		cmocka_unit_test(pointers),
		cmocka_unit_test(third_lun),
		cmocka_unit_test(lio_writes_before_it_fails),
		cmocka_unit_test(lio_same_naa),
		cmocka_unit_test(ctl_block_length_rules),
		cmocka_unit_test(ctl_device_segments),
		cmocka_unit_test(full),
		cmocka_unit_test(persona_changes_under_a_copy),
		cmocka_unit_test(unknown_persona),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
