/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EXTENDED COPY of persona `ideal`: lists as golden bytes of
 * reference/scsi-offload.md 3 and 4.6, and what happened to the blocks.
 */
#include "copy-rig.h"

static struct rig r;
static struct copy_cmd c;

static int setup(void **state)
{
	static const char *const luns[] = { "0=64M", "1=64M", "2=64M,thin", "3=64M,thin",
					    "4=64M,block=4096", NULL };

	(void)state;
	copy_open(&r, "ideal", luns);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	answer_drop(&c.an);
	rig_close(&r);
	return 0;
}

static size_t n_writes(void)
{
	const struct arr_write *log;

	return arr_write_log(r.a, &log);
}

/* ---- golden lists -------------------------------------------------------- */

/* ddpt's list of reference 4.6 (skip=1000 seek=2000 count=100), with our designators. */
static void golden_ddpt(void **state)
{
	const struct arr_write *log;
	uint8_t naa[2][16];

	(void)state;
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
	assert_int_equal(arr_write_log(r.a, &log), 1);
	assert_true(log[0].by_copy && log[0].lba == 2000 && log[0].blocks == 100);
	assert_ptr_equal(log[0].lu, arr_target_lu(r.t, 1));
}

/* Segment type 0Ah (reference 3.5): bytes 1000 of block 10 on, to byte 24 of block 20. */
static void golden_byte_offsets(void **state)
{
	uint8_t got[3000], want[3000];

	(void)state;
	copy_list(&r, &c, &(struct copy){ .usage = 3, .src = 0, .dst = 1 });
	c.len = 80 + hex_bytes(c.list + 80, 64,
		"0a 00 001c 0000 0001 00000bb8 000000000000000a 0000000000000014 01f4 0018");
	xm_put_be32(c.list + 8, 32);
	fill(&r, 0, 10, 10, 6);
	fill(&r, 1, 20, 10, 7);
	copy_again(&r, &c, 0);
	assert_good(&c.an);
	assert_true(arr_lu_peek(arr_target_lu(r.t, 0), 10 * 512 + 500, want, 3000));
	assert_true(arr_lu_peek(arr_target_lu(r.t, 1), 20 * 512 + 24, got, 3000));
	assert_memory_equal(got, want, 3000);
	/* What lies before and behind is as it was. */
	fill(&r, 0, 20, 10, 7);
	assert_true(arr_lu_peek(arr_target_lu(r.t, 0), 20 * 512, want, 24));
	assert_true(arr_lu_peek(arr_target_lu(r.t, 1), 20 * 512, got, 24));
	assert_memory_equal(got, want, 24);
	assert_true(arr_lu_peek(arr_target_lu(r.t, 0), 20 * 512 + 3024, want, 512));
	assert_true(arr_lu_peek(arr_target_lu(r.t, 1), 20 * 512 + 3024, got, 512));
	assert_memory_equal(got, want, 512);
}

/* A byte offset of a block or more is no byte offset. */
static void byte_offset_past_block(void **state)
{
	(void)state;
	copy_list(&r, &c, &(struct copy){ .usage = 3, .src = 0, .dst = 1 });
	c.len = 80 + hex_bytes(c.list + 80, 64,
		"0a 00 001c 0000 0001 00000200 0000000000000000 0000000000000000 0200 0000");
	xm_put_be32(c.list + 8, 32);
	copy_again(&r, &c, 0);
	assert_int_equal(sense_of(&c.an), 0x052600);
}

/* ---- where it is sent, what it moves ------------------------------------- */

static void push_pull_third(void **state)
{
	struct copy k = { .usage = 3, .src = 0, .dst = 1, .src_lba = 8, .dst_lba = 64,
			  .blocks = 16 };

	(void)state;
	for (unsigned lun = 0; lun < 3; lun++) {
		fill(&r, 0, 8, 16, 100 + lun);
		copy_do(&r, &c, lun, &k);
		assert_good(&c.an);
		assert_true(holds(&r, 1, 64, 16, 100 + lun, 8));
	}
}

static void most_blocks(void **state)
{
	(void)state;
	fill(&r, 0, 0, 65536, 1);
	copy_do(&r, &c, 0, &(struct copy){ .usage = 3, .src = 0, .dst = 1, .blocks = 65535 });
	assert_good(&c.an);
	assert_true(holds(&r, 1, 0, 65535, 1, 0));
	assert_true(is_zero(&r, 1, 65535, 1));
}

static void nothing_to_do(void **state)
{
	(void)state;
	ask(&r, &c.an, 0, "83 00 0000000000000000 00000000 00 00");
	assert_good(&c.an);
	copy_do(&r, &c, 0, &(struct copy){ .usage = 3, .src = 0, .dst = 1, .blocks = 0 });
	assert_good(&c.an);
	/* Also where the LBAs are past the end: nothing is read there. */
	copy_do(&r, &c, 0, &(struct copy){ .usage = 3, .src = 0, .dst = 1,
					   .src_lba = 1ull << 60, .dst_lba = UINT64_MAX });
	assert_good(&c.an);
	assert_int_equal(n_writes(), 0);
}

/* Data shorter than PARAMETER LIST LENGTH. */
static void less_data_than_said(void **state)
{
	uint8_t cdb[16] = { 0x83 };

	(void)state;
	copy_list(&r, &c, &(struct copy){ .usage = 3, .src = 0, .dst = 1, .blocks = 1 });
	xm_put_be32(cdb + 10, 108);
	rig_run(&r, r.nx, 0, &c.an, cdb, sizeof cdb, c.list, 100);
	assert_int_equal(sense_of(&c.an), 0x051a00);
}

/* A to B, then B to C, then C to A elsewhere: C has what A had. */
static void segments_in_order(void **state)
{
	static const struct copy seg[] = {
		{ .src_lba = 0, .dst_lba = 100, .blocks = 50 },
		{ .src_lba = 100, .dst_lba = 200, .blocks = 50 },
		{ .src_lba = 200, .dst_lba = 300, .blocks = 50 },
	};

	(void)state;
	fill(&r, 0, 0, 50, 9);
	memset(c.list, 0, 16);
	c.list[1] = 3 << 3;
	xm_put_be16(c.list + 2, 96);
	xm_put_be32(c.list + 8, 84);
	for (unsigned i = 0; i < 3; i++) {
		put_cscd(&r, c.list + 16 + 32 * i, i);
		put_b2b(c.list + 112 + 28 * i, i, (i + 1) % 3, &seg[i]);
	}
	c.len = 196;
	copy_again(&r, &c, 0);
	assert_good(&c.an);
	assert_true(holds(&r, 1, 100, 50, 9, 0));
	assert_true(holds(&r, 2, 200, 50, 9, 0));
	assert_true(holds(&r, 0, 300, 50, 9, 0));
}

/* The second segment fails: the first one is done, and the answer says which. */
static void second_segment_fails(void **state)
{
	static const struct copy seg[] = {
		{ .blocks = 8 },
		{ .src_lba = 131072 - 4, .blocks = 8 },
	};

	(void)state;
	fill(&r, 0, 0, 8, 3);
	copy_list(&r, &c, &(struct copy){ .usage = 3, .src = 0, .dst = 1 });
	xm_put_be32(c.list + 8, 56);
	put_b2b(c.list + 80, 0, 1, &seg[0]);
	put_b2b(c.list + 108, 0, 1, &seg[1]);
	c.len = 136;
	copy_again(&r, &c, 0);
	assert_true(holds(&r, 1, 0, 8, 3, 0));
	/*
	 * Reference 3.12: fixed format, COPY ABORTED, source area at 18, segment 1,
	 * there the status and the end's own sense, ILLEGAL REQUEST 21/00.
	 */
	assert_hex(c.an.cmd.sense, c.an.cmd.sense_len,
		   "70 00 0a 00000000 1d 12 00 0001 00 00 00 000000"
		   "02 70 00 05 00000000 0a 00000000 21 00 00 000000");
}

/* ---- block sizes --------------------------------------------------------- */

static void unequal_blocks(void **state)
{
	uint8_t a[8192], b[8192];

	(void)state;
	fill(&r, 0, 0, 64, 2);
	copy_do(&r, &c, 0, &(struct copy){ .usage = 3, .src = 0, .dst = 4, .src_lba = 3,
					   .dst_lba = 5, .blocks = 16 });
	assert_good(&c.an);
	assert_true(arr_lu_peek(arr_target_lu(r.t, 0), 3 * 512, a, 8192));
	assert_true(arr_lu_peek(arr_target_lu(r.t, 4), 5 * 4096, b, 8192));
	assert_memory_equal(a, b, 8192);
	/* DC: the count is in blocks of the destination. */
	fill(&r, 4, 50, 2, 8);
	copy_do(&r, &c, 0, &(struct copy){ .usage = 3, .src = 0, .dst = 4, .dst_lba = 50,
					   .blocks = 2, .dc = true });
	assert_good(&c.an);
	assert_true(arr_lu_peek(arr_target_lu(r.t, 0), 0, a, 8192));
	assert_true(arr_lu_peek(arr_target_lu(r.t, 4), 50 * 4096, b, 8192));
	assert_memory_equal(a, b, 8192);
	/* And the other way round: 2 blocks of 4096 as 16 of 512. */
	copy_do(&r, &c, 0, &(struct copy){ .usage = 3, .src = 4, .dst = 1, .src_lba = 50,
					   .blocks = 16, .dc = true });
	assert_good(&c.an);
	assert_true(arr_lu_peek(arr_target_lu(r.t, 1), 0, a, 8192));
	assert_memory_equal(a, b, 8192);
}

static void inexact(void **state)
{
	(void)state;
	copy_do(&r, &c, 0, &(struct copy){ .usage = 3, .src = 0, .dst = 4, .blocks = 15 });
	assert_int_equal(sense_of(&c.an), 0x0a260a);
	copy_do(&r, &c, 0, &(struct copy){ .usage = 3, .src = 4, .dst = 0, .blocks = 15,
					   .dc = true });
	assert_int_equal(sense_of(&c.an), 0x0a260a);
	assert_int_equal(n_writes(), 0);
}

/* ---- limits -------------------------------------------------------------- */

static void put_many(unsigned cscds, unsigned segments)
{
	uint32_t at = 16 + 32 * cscds;

	memset(c.list, 0, sizeof c.list);
	c.list[1] = 3 << 3;
	xm_put_be16(c.list + 2, (uint16_t)(32 * cscds));
	xm_put_be32(c.list + 8, 28 * segments);
	for (unsigned i = 0; i < cscds; i++)
		put_cscd(&r, c.list + 16 + 32 * i, i % 2);
	for (unsigned i = 0; i < segments; i++)
		put_b2b(c.list + at + 28 * i, 0, cscds - 1,
			&(struct copy){ .src_lba = i, .dst_lba = 100 + 2 * i, .blocks = 1 });
	c.len = at + 28 * segments;
}

static void counts(void **state)
{
	(void)state;
	fill(&r, 0, 0, 32, 4);
	put_many(16, 16);
	copy_again(&r, &c, 0);
	assert_good(&c.an);
	for (unsigned i = 0; i < 16; i++)
		assert_true(holds(&r, 1, 100 + 2 * i, 1, 4, i) && is_zero(&r, 1, 101 + 2 * i, 1));
	put_many(17, 1);
	copy_again(&r, &c, 0);
	assert_int_equal(sense_of(&c.an), 0x052606);
	control_ok(&r, "writes clear");
	put_many(2, 17);
	copy_again(&r, &c, 0);
	assert_int_equal(sense_of(&c.an), 0x052608);
	assert_int_equal(n_writes(), 0);
	control_ok(&r, "set max_segments 40");
	control_ok(&r, "set max_cscd 2");
	put_many(2, 40);
	copy_again(&r, &c, 0);
	assert_good(&c.an);
	put_many(3, 1);
	copy_again(&r, &c, 0);
	assert_int_equal(sense_of(&c.an), 0x052606);
}

static void list_bytes(void **state)
{
	(void)state;
	control_ok(&r, "set max_list 92");
	copy_do(&r, &c, 0, &(struct copy){ .usage = 3, .src = 0, .dst = 1, .blocks = 1 });
	assert_good(&c.an);
	control_ok(&r, "set max_list 91");
	copy_again(&r, &c, 0);
	assert_int_equal(sense_of(&c.an), 0x051a00);
}

static void segment_bytes(void **state)
{
	(void)state;
	control_ok(&r, "set max_segment_bytes 8192");
	copy_do(&r, &c, 0, &(struct copy){ .usage = 3, .src = 0, .dst = 1, .blocks = 16 });
	assert_good(&c.an);
	copy_do(&r, &c, 0, &(struct copy){ .usage = 3, .src = 0, .dst = 1, .blocks = 17 });
	assert_int_equal(sense_of(&c.an), 0x052600);
	control_ok(&r, "set max_segment_bytes 0");
	copy_again(&r, &c, 0);
	assert_good(&c.an);
}

static void granularity(void **state)
{
	static const struct { uint64_t src, dst; unsigned blocks; unsigned sense; } rows[] = {
		{ 0, 0, 8, 0 }, { 8, 16, 128, 0 }, { 0, 0, 7, 0x0a260d },
		{ 1, 0, 8, 0x0a260d }, { 0, 12, 8, 0x0a260d },
	};

	(void)state;
	control_ok(&r, "set granularity 12");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		copy_do(&r, &c, 0, &(struct copy){ .usage = 3, .src = 0, .dst = 1,
						   .src_lba = rows[i].src, .dst_lba = rows[i].dst,
						   .blocks = rows[i].blocks });
		if (rows[i].sense)
			assert_int_equal(sense_of(&c.an), rows[i].sense);
		else
			assert_good(&c.an);
	}
}

/* ---- time ---------------------------------------------------------------- */

static unsigned running(void)
{
	char *text = control(&r, "running");
	unsigned n = (unsigned)strtoul(text, NULL, 10);

	free(text);
	return n;
}

/* 50 ms each, and all of them together: they run side by side. */
static void side_by_side(void **state)
{
	static struct copy_cmd many[8];
	uint64_t began = r.now;

	(void)state;
	control_ok(&r, "set copy_latency 50");
	fill(&r, 0, 0, 8 * 4096, 11);
	for (unsigned i = 0; i < 8; i++) {
		copy_list(&r, &many[i], &(struct copy){ .id = (uint8_t)i, .usage = 2, .src = 0,
							.dst = 1, .src_lba = 4096 * i,
							.dst_lba = 4096 * i, .blocks = 4096 });
	}
	began = r.now;
	for (unsigned i = 0; i < 8; i++)
		copy_send(&r, r.nx, &many[i], i % 3);
	rig_advance(&r, 49 * MS);
	assert_int_equal(running(), 8);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(many[i].an.done, 0);
	/* The first half is there, the last block is not. */
	assert_true(holds(&r, 1, 0, 2048, 11, 0));
	assert_true(is_zero(&r, 1, 4095, 1));
	for (unsigned i = 0; i < 8; i++)
		rig_until(&r, &many[i].an);
	assert_true(r.now - began == 50 * MS);
	for (unsigned i = 0; i < 8; i++) {
		assert_good(&many[i].an);
		answer_drop(&many[i].an);
	}
	assert_true(holds(&r, 1, 0, 8 * 4096, 11, 0));
	assert_int_equal(running(), 0);
	char *stats = control(&r, "stats");
	assert_non_null(strstr(stats, "\"copies\":{\"commands\":8,\"bytes\":16777216,"
				      "\"running\":0,\"peak\":8,\"token_bytes\":0}"));
	free(stats);
}

static void too_many_at_once(void **state)
{
	static struct copy_cmd many[3];

	(void)state;
	control_ok(&r, "set max_concurrent 2");
	control_ok(&r, "set copy_latency 10");
	for (unsigned i = 0; i < 3; i++) {
		copy_list(&r, &many[i], &(struct copy){ .usage = 3, .src = 0, .dst = 1,
							.blocks = 8 });
		copy_send(&r, r.nx, &many[i], 0);
	}
	rig_now(&r);
	assert_int_equal(many[2].an.done, 1);
	assert_int_equal(many[2].an.cmd.status, 0x28);
	assert_int_equal(many[0].an.done + many[1].an.done, 0);
	rig_until(&r, &many[0].an);
	rig_until(&r, &many[1].an);
	copy_send(&r, r.nx, &many[2], 0);
	rig_until(&r, &many[2].an);
	assert_good(&many[2].an);
	for (unsigned i = 0; i < 3; i++)
		answer_drop(&many[i].an);
}

/* ---- holes --------------------------------------------------------------- */

/* Status of the first run GET LBA STATUS tells of, and its length. */
static unsigned lba_status(unsigned lun, uint64_t lba, uint32_t *ret_blocks)
{
	char cdb[64];

	snprintf(cdb, sizeof cdb, "9e 12 %016llx 00000100 00 00", (unsigned long long)lba);
	ask(&r, &c.an, lun, cdb);
	assert_good(&c.an);
	assert_true(c.an.in_len >= 24);
	*ret_blocks = xm_get_be32(c.an.in + 16);
	return c.an.in[20] & 15;
}

/* 64 blocks of data, a hole, data again: the destination had data everywhere. */
static void holes_stay_holes(void **state)
{
	uint32_t n;

	(void)state;
	fill(&r, 2, 0, 128, 1);
	fill(&r, 2, 4096, 128, 1);
	fill(&r, 3, 0, 8192, 2);
	copy_do(&r, &c, 2, &(struct copy){ .usage = 3, .src = 2, .dst = 3, .blocks = 8192 });
	assert_good(&c.an);
	assert_true(holds(&r, 3, 0, 128, 1, 0) && holds(&r, 3, 4096, 128, 1, 4096));
	assert_true(is_zero(&r, 3, 128, 4096 - 128) && is_zero(&r, 3, 4224, 8192 - 4224));
	assert_int_equal(lba_status(3, 0, &n), 0);
	assert_int_equal(lba_status(3, 128, &n), 1);
	assert_int_equal(n, 4096 - 128);
	assert_int_equal(lba_status(3, 4096, &n), 0);
	answer_drop(&c.an);
}

static void lio_fills_holes(void **state)
{
	uint32_t n;

	(void)state;
	control_ok(&r, "set persona lio");
	for (unsigned lun = 0; lun < 5; lun++)
		rig_clear_ua(&r, r.nx, lun);
	fill(&r, 2, 0, 128, 1);
	copy_do(&r, &c, 2, &(struct copy){ .src = 2, .dst = 3, .blocks = 8192 });
	assert_good(&c.an);
	control_ok(&r, "set persona ideal");
	for (unsigned lun = 0; lun < 5; lun++)
		rig_clear_ua(&r, r.nx, lun);
	assert_true(holds(&r, 3, 0, 128, 1, 0) && is_zero(&r, 3, 128, 8192 - 128));
	assert_int_equal(lba_status(3, 128, &n), 0);
	assert_int_equal(n, 8192 - 128);
	answer_drop(&c.an);
}

/* ---- 84/03 and 8Fh ------------------------------------------------------- */

static void parameters_follow_settings(void **state)
{
	(void)state;
	control_ok(&r, "set max_cscd 3");
	control_ok(&r, "set max_segments 5");
	control_ok(&r, "set max_list 0x400");
	control_ok(&r, "set max_segment_bytes 16M");
	control_ok(&r, "set total_concurrent 0x1234");
	control_ok(&r, "set listed_concurrent 7");
	control_ok(&r, "set granularity 16");
	ask(&r, &c.an, 0, "84 03 00 00000000000000 00000040 00 00");
	assert_good(&c.an);
	assert_hex(c.an.in, c.an.in_len,
		   "0000002b 01000000 0003 0005 00000400 01000000 00000000 00000000 00000000"
		   "0000 1234 07 10 00 00 000000 03 02 0a e4");
	/* Cut to the ALLOCATION LENGTH. */
	ask(&r, &c.an, 0, "84 03 00 00000000000000 00000004 00 00");
	assert_hex(c.an.in, c.an.in_len, "0000002b");
	ask(&r, &c.an, 0, "84 03 00 00000000000000 00000000 00 00");
	assert_good(&c.an);
	assert_int_equal(c.an.in_len, 0);
	answer_drop(&c.an);
}

/* 59 zeros behind the type and its uses. */
#define ROD_TYPE_END "00000000000000000000000000000000000000000000000000000000000000" \
	"00000000000000000000000000000000000000000000000000000000"

/* Reference 3.10, every descriptor; of seed 1 the copy group identifier. */
static void vpd_8f(void **state)
{
	(void)state;
	ask(&r, &c.an, 0, "12 01 8f 0400 00");
	assert_good(&c.an);
	assert_hex(c.an.in, c.an.in_len,
		   "00 8f 027c"
		   "0000 0020 000000000000 0040 00000e10 0000003c 0000000000080000"
		   "0000000000020000"
		   "0001 0010 0f 83 05 00 01 10 11 1c 84 06 00 03 04 05 07 08"
		   "0004 001c 00000000 0010 0010 00001000 00000000 000000000000000000000000"
		   "0008 0004 03 02 0a e4"
		   "000c 0004 0002 ffff"
		   "000d 0014 12 1000 9e3779b97f4a8c15814f7125c636348e 00"
		   "0106 005c 00 0000000000000000000000 00000001 ffffffff 00000e10"
		   "000000000000000000000000000000000000 0030"
		   "0000 002c 00000000 0000000010000000 0000000004000000 ffffffffffffffff"
		   "0000000001000000 0000000000000000"
		   "0108 0144 0000 0140"
		   "00010000 03" ROD_TYPE_END "00800000 03" ROD_TYPE_END "00800003 03" ROD_TYPE_END
		   "0080ffff 01" ROD_TYPE_END "ffff0001 02" ROD_TYPE_END
		   "8001 0020 00000040 00000020 10000000 00 00"
		   "000000000000000000000000000000000000"
		   "9101 000c 000000000000000000000000"
		   "c001 001c 00000000 00 0000000000000000000000000000000000000000000000");
	answer_drop(&c.an);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(golden_ddpt),
		TEST(golden_byte_offsets),
		TEST(byte_offset_past_block),
		TEST(push_pull_third),
		TEST(most_blocks),
		TEST(nothing_to_do),
		TEST(less_data_than_said),
		TEST(segments_in_order),
		TEST(second_segment_fails),
		TEST(unequal_blocks),
		TEST(inexact),
		TEST(counts),
		TEST(list_bytes),
		TEST(segment_bytes),
		TEST(granularity),
		TEST(side_by_side),
		TEST(too_many_at_once),
		TEST(holes_stay_holes),
		TEST(lio_fills_holes),
		TEST(parameters_follow_settings),
		TEST(vpd_8f),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
