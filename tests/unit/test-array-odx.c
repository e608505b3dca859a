/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ROD tokens between LUNs: POPULATE TOKEN, RECEIVE ROD TOKEN INFORMATION, WRITE
 * USING TOKEN.  Bytes by hand from reference/scsi-offload.md 3.1, 3.6, 3.7, 3.9;
 * rules by number from reference/reliability-and-qualification.md 2.3.
 */
#include "rod-rig.h"

static struct rig r;
static struct rod_cmd c, d;
static uint8_t token[TOKEN_LEN], other[TOKEN_LEN];

static const char *const luns[] = { "0=64M", "1=64M", "2=64M,thin", "3=64M,block=4096",
				    "4=64M,ro", NULL };

static int setup(void **state)
{
	(void)state;
	copy_open(&r, "ideal", luns);
	return 0;
}

static int setup_ctl(void **state)
{
	(void)state;
	copy_open(&r, "ctl", luns);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	answer_drop(&c.an);
	answer_drop(&d.an);
	rig_close(&r);
	return 0;
}

static void write_blocks(unsigned lun, uint64_t lba, unsigned blocks, uint8_t byte)
{
	static uint8_t data[256 * 512];
	uint8_t cdb[16] = { 0x8a };

	assert_true(blocks <= 256);
	memset(data, byte, sizeof data);
	xm_put_be64(cdb + 2, lba);
	xm_put_be32(cdb + 10, blocks);
	rig_run(&r, r.nx, lun, &d.an, cdb, sizeof cdb, data, blocks * 512);
	assert_good(&d.an);
}

/* ---- bytes --------------------------------------------------------------- */

/* OD-01: the whole exchange, as it goes over the wire. */
static void golden(void **state)
{
	static const uint8_t zeros[32];
	uint8_t naa[16];

	(void)state;
	fill(&r, 0, 0x1234, 1000, 7);
	copy_naa(&r, 0, naa);
	/* One range: 32 bytes, DATA LENGTH 30; the identifier at 6. */
	tell(&r, r.nx, &c.an, 0, "8310 00000000 00000101 00000020 00 00",
	     "001e 00 00 00000000 00000000 0000 0010"
	     "0000000000001234 000003e8 00000000");
	assert_good(&c.an);
	/* And at 2 here. */
	ask(&r, &c.an, 0, "8407 00000101 00000000 00000400 00 00");
	assert_good(&c.an);
	assert_int_equal(c.an.in_len, 550);
	assert_hex(c.an.in, 38, "00000222 10 01 0001 fffffffe 00 00 00 f1 00000000000003e8 0000"
		   "000000000000 00000202 0000");
	memcpy(token, c.an.in + 38, TOKEN_LEN);
	assert_hex(token, 8, "00800000 0000 01f8");
	assert_hex(token + 16, 8, "e4 00 0000 01 03 00 10");
	assert_memory_equal(token + 24, naa, 16);
	assert_hex(token + 40, 56, "0000000000 000200"
		   "0000000000000000 000000000007d000"
		   "0000000000000000000000000000000000000000000000000000000000000000");
	assert_hex(token + 96, 8, "00000200 00 00 0000");
	assert_memory_not_equal(token + 480, zeros, 32);

	wut_list(&c, 0x102, token, 0, RANGES({ 0x2345, 1000 }));
	assert_int_equal(c.len, 552);
	assert_hex(c.list, 16, "0226 00 00 00000000 0000000000000000");
	assert_hex(c.list + 528, 24, "000000000000 0010 0000000000002345 000003e8 00000000");
	rod_again(&r, &c, 1);
	assert_good(&c.an);
	assert_true(holds(&r, 1, 0x2345, 1000, 7, 0x1234));
	assert_true(is_zero(&r, 1, 0x2345 - 1, 1));
	assert_true(is_zero(&r, 1, 0x2345 + 1000, 1));
	rrti(&r, r.nx, &c.an, 1, 0x102);
	assert_hex(c.an.in, c.an.in_len, "00000020 11 01 0001 fffffffe 00 00 00 f1"
		   "00000000000003e8 0000 000000000000 00000000");
	/* By RECEIVE COPY STATUS(LID4) the same, in bytes and without the token. */
	ask(&r, &c.an, 1, "8405 00000102 00000000 00000400 00 00");
	assert_hex(c.an.in, c.an.in_len, "0000001c 11 01 0001 fffffffe 00 00 00 00"
		   "000000000007d000 0000 000000000000");
}

/* OD-32: its first 96 bytes. */
static void report(void **state)
{
	(void)state;
	ask(&r, &c.an, 0, "8408 0000000000000000 00000400 00 00");
	assert_hex(c.an.in, c.an.in_len, "00000004 00000000");
	make_token(&r, 0, 1, RANGES({ 0, 8 }), token);
	make_token(&r, 1, 2, RANGES({ 0, 8 }), other);
	ask(&r, &c.an, 0, "8408 0000000000000000 00000400 00 00");
	assert_int_equal(c.an.in_len, 8 + 2 * 96);
	assert_hex(c.an.in, 8, "000000c4 00000000");
	assert_memory_equal(c.an.in + 8, token, 96);
	assert_memory_equal(c.an.in + 104, other, 96);
	/* Cut to the allocation length, the length says all. */
	ask(&r, &c.an, 0, "8408 0000000000000000 00000006 00 00");
	assert_hex(c.an.in, c.an.in_len, "000000c4 0000");
}

/* OD-34: nothing of one tells of another. */
static void not_guessable(void **state)
{
	uint8_t all[TOKEN_LEN] = { 0 };
	unsigned differ = 0;

	(void)state;
	make_token(&r, 0, 1, RANGES({ 0, 8 }), token);
	for (unsigned i = 0; i < 64; i++) {
		make_token(&r, 0, 2, RANGES({ 0, 8 }), other);
		for (unsigned k = 0; k < TOKEN_LEN; k++)
			all[k] |= (uint8_t)(token[k] ^ other[k]);
	}
	for (unsigned k = 0; k < TOKEN_LEN; k++)
		differ += (unsigned)__builtin_popcount(all[k]);
	/* 320 random bits: of each, 64 others all equal has odds of 2^-64. */
	assert_int_equal(differ, 320);
}

/* ---- ranges -------------------------------------------------------------- */

/* OD-02, 03, 04: gathered, scattered, in part. */
static void ranges(void **state)
{
	(void)state;
	fill(&r, 0, 0, 4096, 3);
	make_token(&r, 0, 1, RANGES({ 1000, 100 }, { 0, 50 }, { 3000, 10 }), token);
	assert_int_equal(use_token(&r, r.nx, 1, 2, token, 0, RANGES({ 500, 120 }, { 100, 40 })), 0);
	assert_true(holds(&r, 1, 500, 100, 3, 1000));
	assert_true(holds(&r, 1, 600, 20, 3, 0));
	assert_true(holds(&r, 1, 100, 30, 3, 20));
	assert_true(holds(&r, 1, 130, 10, 3, 3000));
	assert_int_equal(use_token(&r, r.nx, 1, 2, token, 95, RANGES({ 9000, 10 })), 0);
	assert_true(holds(&r, 1, 9000, 5, 3, 1095));
	assert_true(holds(&r, 1, 9005, 5, 3, 0));
	assert_true(is_zero(&r, 1, 9010, 1));
	assert_true(is_zero(&r, 1, 8999, 1));
}

/* OD-05, 06. */
static void most_ranges(void **state)
{
	struct ranges many[TOKEN_RANGES] = { { 0, 0 } };

	(void)state;
	fill(&r, 0, 0, 1024, 3);
	for (unsigned i = 0; i < 64; i++)
		many[i] = (struct ranges){ i * 16, 1 + i % 3 };
	make_token(&r, 0, 1, many, token);
	assert_int_equal(use_token(&r, r.nx, 1, 2, token, 0, many), 0);
	for (unsigned i = 0; i < 64; i++)
		assert_true(holds(&r, 1, i * 16, 1 + i % 3, 3, i * 16));
	many[64] = (struct ranges){ 64 * 16, 1 };
	pt_list(&c, 3, many);
	rod_again(&r, &c, 0);
	assert_int_equal(sense_of(&c.an), 0x052600);
	assert_int_equal(use_token(&r, r.nx, 1, 2, token, 0, many), 0x052600);
}

/* Senses of both commands for one set of ranges. */
static void refused(const struct ranges *bad, unsigned sense)
{
	pt_list(&c, 3, bad);
	rod_again(&r, &c, 0);
	assert_int_equal(sense_of(&c.an), sense);
	assert_int_equal(use_token(&r, r.nx, 1, 4, token, 0, bad), sense);
	rrti(&r, r.nx, &c.an, 0, 3);
	assert_int_equal(sense_of(&c.an), 0x052400);
}

/* OD-07, 08: nothing is written, no identifier is kept. */
static void bad_ranges(void **state)
{
	const struct arr_write *log;

	(void)state;
	make_token(&r, 0, 1, RANGES({ 0, 4096 }), token);
	refused(RANGES({ 0, 10 }, { 9, 1 }), 0x052600);
	refused(RANGES({ 9, 1 }, { 0, 10 }), 0x052600);
	refused(RANGES({ 5, 5 }, { 20, 1 }, { 5, 5 }), 0x052600);
	refused(RANGES({ 131071, 2 }), 0x052100);
	refused(RANGES({ 131072, 1 }), 0x052100);
	refused(RANGES({ UINT64_MAX, 2 }), 0x052100);
	assert_int_equal(arr_write_log(r.a, &log), 0);
	/* Side by side is no overlap. */
	pt_list(&c, 3, RANGES({ 10, 10 }, { 0, 10 }, { 20, 1 }));
	rod_again(&r, &c, 0);
	assert_good(&c.an);
}

/* OD-09: 256 MiB are 524,288 blocks, asked for twice. */
static void too_large(void **state)
{
	(void)state;
	control_ok(&r, "set max_token_bytes 4194304");
	pt_list(&c, 1, RANGES({ 0, 8192 }));
	rod_again(&r, &c, 0);
	assert_good(&c.an);
	pt_list(&c, 1, RANGES({ 0, 8192 }, { 10000, 1 }));
	rod_again(&r, &c, 0);
	assert_int_equal(sense_of(&c.an), 0x052600);
	assert_hex(c.an.cmd.sense + 15, 3, "80 0010");
}

/* OD-10: also by the offset, and where adding it wraps. */
static void beyond(void **state)
{
	static const struct { uint64_t offset; uint32_t blocks; unsigned sense; } rows[] = {
		{ 0, 100, 0 }, { 0, 101, 0x052600 }, { 1, 99, 0 }, { 1, 100, 0x052600 },
		{ 99, 1, 0 }, { 100, 1, 0x052600 }, { UINT64_MAX, 1, 0x052600 },
		{ UINT64_MAX / 512, 1, 0x052600 }, { 1ull << 55, 1, 0x052600 },
	};

	(void)state;
	fill(&r, 0, 0, 200, 3);
	make_token(&r, 0, 1, RANGES({ 0, 100 }), token);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		control_ok(&r, "writes clear");
		assert_int_equal(use_token(&r, r.nx, 1, 2, token, rows[i].offset,
					   RANGES({ 0, rows[i].blocks })), rows[i].sense);
		const struct arr_write *log;
		assert_int_equal(arr_write_log(r.a, &log) == 0, rows[i].sense != 0);
	}
}

/* OD-27 and the pointers: what is wrong at which byte of which list. */
static void lists(void **state)
{
	static const struct { size_t at; const char *hex; size_t len; unsigned sense; int point; }
	rows[] = {
		{ 0, "001e", 32, 0, -1 },
		{ 0, "001f", 32, 0x052600, 0 },
		{ 0, "0000", 32, 0x052600, 0 },
		{ 14, "0020", 32, 0x051a00, -1 },
		{ 14, "000f", 32, 0x052600, 14 },
		{ 14, "0000", 32, 0x052600, 14 },
		{ 14, "0011", 32, 0x052600, 14 },
		{ 0, "001e", 31, 0x051a00, -1 },
		{ 0, "001e", 15, 0x051a00, -1 },
		{ 0, "001e", 33, 0x051a00, -1 },
		/* OD-11: 3600 s is the most, OD-26: a type nobody has. */
		{ 4, "00000e10", 32, 0, -1 },
		{ 4, "00000e11", 32, 0x052600, 4 },
		{ 4, "ffffffff", 32, 0x052600, 4 },
		{ 2, "02 00 00000000 00800002", 32, 0x052600, 8 },
		{ 2, "02 00 00000000 ffff0001", 32, 0x052600, 8 },
		{ 2, "02 00 00000000 00800003", 32, 0, -1 },
		/* Without RTV it is not looked at. */
		{ 2, "00 00 00000000 00800002", 32, 0, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		pt_list(&c, 1, RANGES({ 0, 8 }));
		hex_bytes(c.list + rows[i].at, 16, rows[i].hex);
		c.list[32] = 0;
		c.len = rows[i].len;
		rod_again(&r, &c, 0);
		if ((c.an.cmd.status ? sense_of(&c.an) : 0) != rows[i].sense)
			fail_msg("row %zu", i);
		if (rows[i].point >= 0)
			assert_int_equal(xm_get_be24(c.an.cmd.sense + 15),
					 0x800000 + (unsigned)rows[i].point);
	}
	/* Less came than the CDB says; none is no list. */
	pt_list(&c, 1, RANGES({ 0, 8 }));
	xm_put_be32(c.cdb + 10, 48);
	rig_run(&r, r.nx, 0, &c.an, c.cdb, 16, c.list, 32);
	assert_int_equal(sense_of(&c.an), 0x051a00);
	ask(&r, &c.an, 0, "8310 00000000 00000101 00000000 00 00");
	assert_good(&c.an);
}

/* 4096 to 512 and back, where the bytes divide. */
static void block_sizes(void **state)
{
	(void)state;
	fill(&r, 0, 0, 64, 3);
	fill(&r, 3, 100, 4, 5);
	make_token(&r, 0, 1, RANGES({ 0, 64 }), token);
	assert_int_equal(use_token(&r, r.nx, 3, 2, token, 0, RANGES({ 8, 8 })), 0);
	assert_int_equal(use_token(&r, r.nx, 3, 2, token, 8, RANGES({ 20, 7 })), 0);
	assert_int_equal(use_token(&r, r.nx, 3, 2, token, 1, RANGES({ 8, 1 })), 0x052600);
	assert_int_equal(use_token(&r, r.nx, 3, 2, token, 0, RANGES({ 8, 9 })), 0x052600);
	make_token(&r, 3, 1, RANGES({ 100, 4 }), other);
	assert_int_equal(use_token(&r, r.nx, 1, 2, other, 1, RANGES({ 16, 8 })), 0);
	assert_int_equal(use_token(&r, r.nx, 1, 2, other, 1, RANGES({ 16, 7 })), 0x052600);
	/* Back to a third one, blocks of 4096 again: the second of them. */
	make_token(&r, 1, 1, RANGES({ 16, 8 }), other);
	assert_int_equal(use_token(&r, r.nx, 3, 2, other, 0, RANGES({ 0, 1 })), 0);
	assert_true(holds(&r, 3, 0, 1, 5, 101));
}

/* ---- what is told of an operation ---------------------------------------- */

/* OD-24, 25. */
static void list_ids(void **state)
{
	(void)state;
	rrti(&r, r.nx, &c.an, 0, 9);
	assert_int_equal(sense_of(&c.an), 0x052400);
	assert_hex(c.an.cmd.sense + 15, 3, "cf 0002");
	make_token(&r, 0, 1, RANGES({ 0, 2048 }), token);
	/* Held, and told again; another nexus has none such. */
	rrti(&r, r.nx, &c.an, 0, 1);
	assert_int_equal(c.an.in_len, 550);
	assert_memory_equal(c.an.in + 38, token, TOKEN_LEN);
	struct arr_nexus *stranger = copy_nexus(&r, "iqn.2026-01.test:other", 2);
	rrti(&r, stranger, &c.an, 0, 1);
	assert_int_equal(sense_of(&c.an), 0x052400);
	arr_nexus_close(stranger);
	/* 32 bits of it count. */
	rrti(&r, r.nx, &c.an, 0, 0x01000001);
	assert_int_equal(sense_of(&c.an), 0x052400);

	control_ok(&r, "set copy_latency 20");
	wut_list(&c, 0x80000001, token, 0, RANGES({ 0, 2048 }));
	rod_send(&r, r.nx, &c, 1);
	rig_advance(&r, 5 * MS);
	assert_int_equal(use_token(&r, r.nx, 1, 0x80000001, token, 0, RANGES({ 0, 1 })), 0x050016);
	pt_list(&d, 0x80000001, RANGES({ 0, 1 }));
	rod_again(&r, &d, 0);
	assert_int_equal(sense_of(&d.an), 0x050016);
	rig_until(&r, &c.an);
	assert_good(&c.an);
}

/* CTL: busy is 26/00, one answer is all there is, units and delay as 2.3 says. */
static void list_ids_ctl(void **state)
{
	(void)state;
	fill(&r, 0, 0, 4096, 3);
	pt_list(&c, 5, RANGES({ 0, 4096 }));
	rod_again(&r, &c, 0);
	assert_good(&c.an);
	rrti(&r, r.nx, &c.an, 0, 5);
	assert_hex(c.an.in, 38, "00000222 10 01 0001 ffffffff 00 00 00 f1 0000000000001000 0000"
		   "000000000000 00000202 0000");
	memcpy(token, c.an.in + 38, TOKEN_LEN);
	assert_hex(token, 8, "00010000 0000 01f8");
	rrti(&r, r.nx, &c.an, 0, 5);
	assert_int_equal(sense_of(&c.an), 0x052400);
	assert_hex(c.an.cmd.sense + 15, 3, "cf 0002");
	control_ok(&r, "set copy_latency 20");
	wut_list(&c, 5, token, 0, RANGES({ 0, 4096 }));
	/* IMMED is ignored: the answer comes when it is over. */
	c.list[2] = 1;
	rod_send(&r, r.nx, &c, 1);
	rig_advance(&r, 10 * MS);
	assert_int_equal(c.an.done, 0);
	rrti(&r, r.nx, &d.an, 1, 5);
	assert_int_equal(OPERATION(&d.an), 0x11);
	assert_in_range(COUNT(&d.an), 1, 4095);
	assert_int_equal(use_token(&r, r.nx, 1, 5, token, 0, RANGES({ 0, 1 })), 0x052600);
	rig_until(&r, &c.an);
	assert_good(&c.an);
	rcs4(&r, r.nx, &d.an, 1, 5);
	assert_hex(d.an.in + 12, 12, "00 00 00 00 0000000000200000");
}

/* 11h, counts and a counter that grow, in the end 01h. */
static void progress(void **state)
{
	uint64_t last = 0;
	unsigned counter = 0;

	(void)state;
	fill(&r, 0, 0, 16384, 3);
	make_token(&r, 0, 1, RANGES({ 0, 16384 }), token);
	control_ok(&r, "set copy_latency 20");
	wut_list(&c, 2, token, 0, RANGES({ 0, 8192 }, { 100000, 8192 }));
	rod_send(&r, r.nx, &c, 1);
	for (unsigned ms = 1; ms < 20; ms++) {
		rig_advance(&r, MS);
		rrti(&r, r.nx, &d.an, 1, 2);
		assert_good(&d.an);
		assert_int_equal(d.an.in_len, 36);
		assert_int_equal(OPERATION(&d.an), 0x11);
		assert_int_equal(xm_get_be32(d.an.in + 8), 50);
		assert_true(COUNT(&d.an) >= last && COUNT(&d.an) < 16384);
		assert_true(xm_get_be16(d.an.in + 6) >= counter);
		last = COUNT(&d.an);
		counter = xm_get_be16(d.an.in + 6);
	}
	assert_true(last > 8192 && counter > 4);
	rig_until(&r, &c.an);
	assert_good(&c.an);
	rrti(&r, r.nx, &d.an, 1, 2);
	assert_int_equal(OPERATION(&d.an), 0x01);
	assert_int_equal(COUNT(&d.an), 16384);
	assert_true(holds(&r, 1, 0, 8192, 3, 0));
	assert_true(holds(&r, 1, 100000, 8192, 3, 8192));
}

/* PT in the foreground takes its time; its point in time is its beginning. */
static void populate_takes_time(void **state)
{
	(void)state;
	fill(&r, 0, 0, 8, 3);
	control_ok(&r, "set token_latency 10");
	pt_list(&c, 1, RANGES({ 0, 8 }));
	rod_send(&r, r.nx, &c, 0);
	rig_advance(&r, 5 * MS);
	rrti(&r, r.nx, &d.an, 0, 1);
	assert_int_equal(OPERATION(&d.an), 0x11);
	assert_int_equal(d.an.in_len, 36);
	write_blocks(0, 0, 8, 0xee);
	rig_until(&r, &c.an);
	rrti(&r, r.nx, &c.an, 0, 1);
	assert_int_equal(OPERATION(&c.an), 0x01);
	memcpy(token, c.an.in + 38, TOKEN_LEN);
	assert_int_equal(use_token(&r, r.nx, 1, 2, token, 0, RANGES({ 0, 8 })), 0);
	assert_true(holds(&r, 1, 0, 8, 3, 0));
}

/* ---- short --------------------------------------------------------------- */

static void short_counts(void **state)
{
	(void)state;
	fill(&r, 0, 0, 8192, 3);
	control_ok(&r, "set pt_short 5000");
	pt_list(&c, 1, RANGES({ 0, 4096 }, { 5000, 2000 }));
	rod_again(&r, &c, 0);
	assert_good(&c.an);
	rrti(&r, r.nx, &c.an, 0, 1);
	assert_int_equal(OPERATION(&c.an), 0x03);
	assert_int_equal(COUNT(&c.an), 5000);
	memcpy(token, c.an.in + 38, TOKEN_LEN);
	assert_int_equal(use_token(&r, r.nx, 1, 2, token, 0, RANGES({ 0, 5001 })), 0x052600);
	control_ok(&r, "set wut_short 4100");
	wut_list(&c, 2, token, 0, RANGES({ 0, 5000 }));
	rod_again(&r, &c, 1);
	assert_good(&c.an);
	rrti(&r, r.nx, &c.an, 1, 2);
	assert_int_equal(OPERATION(&c.an), 0x04);
	assert_int_equal(COUNT(&c.an), 4100);
	assert_true(holds(&r, 1, 0, 4096, 3, 0));
	assert_true(holds(&r, 1, 4096, 4, 3, 5000));
	assert_true(is_zero(&r, 1, 4100, 900));
	/* And on from there. */
	assert_int_equal(use_token(&r, r.nx, 1, 2, token, 4100, RANGES({ 4100, 900 })), 0);
	assert_true(holds(&r, 1, 4100, 900, 3, 5004));
}

/* OD-33: one block off every alignment. */
static void odd_sizes(void **state)
{
	(void)state;
	fill(&r, 0, 1, 4097, 3);
	make_token(&r, 0, 1, RANGES({ 1, 4097 }), token);
	assert_int_equal(use_token(&r, r.nx, 1, 2, token, 0, RANGES({ 3, 4097 })), 0);
	assert_true(holds(&r, 1, 3, 4097, 3, 1));
	assert_true(is_zero(&r, 1, 2, 1) && is_zero(&r, 1, 4100, 1));
}

/* ---- zeros and holes ----------------------------------------------------- */

/* OD-23: bytes 0-3 FFFF0001h, 6-7 01F8h. */
static void zero_token(void **state)
{
	static const uint8_t zero[TOKEN_LEN] = { 0xff, 0xff, 0x00, 0x01, 0, 0, 0x01, 0xf8 };

	(void)state;
	memcpy(token, zero, TOKEN_LEN);
	for (unsigned lun = 1; lun < 3; lun++) {
		fill(&r, lun, 0, 100, 9);
		assert_int_equal(use_token(&r, r.nx, lun, 1, token, 0,
					   RANGES({ 10, 20 }, { 50, 5 })), 0);
		assert_true(is_zero(&r, lun, 10, 20) && is_zero(&r, lun, 50, 5));
		assert_true(holds(&r, lun, 0, 10, 9, 0) && holds(&r, lun, 30, 20, 9, 30) &&
			    holds(&r, lun, 55, 45, 9, 55));
	}
	/* On thin LUN 2 they are deallocated: GET LBA STATUS from 10 on, 20 blocks of status 1. */
	ask(&r, &c.an, 2, "9e12 000000000000000a 00000018 00 00");
	assert_hex(c.an.in + 8, 16, "000000000000000a 00000014 01 000000");
	rrti(&r, r.nx, &c.an, 2, 1);
	assert_int_equal(COUNT(&c.an), 25);
	/* Anything else in it is not the zero token. */
	token[511] = 1;
	assert_int_equal(use_token(&r, r.nx, 1, 1, token, 0, RANGES({ 0, 1 })), 0x052304);
}

/* CTL looks at the type alone. */
static void zero_token_ctl(void **state)
{
	(void)state;
	memset(token, 0xab, TOKEN_LEN);
	xm_put_be32(token, 0xffff0001);
	fill(&r, 1, 0, 10, 9);
	assert_int_equal(use_token(&r, r.nx, 1, 1, token, 0, RANGES({ 2, 3 })), 0);
	assert_true(is_zero(&r, 1, 2, 3));
	assert_true(holds(&r, 1, 0, 2, 9, 0) && holds(&r, 1, 5, 5, 9, 5));
}

/* Holes stay holes, also those kept aside by copy on write. */
static void holes(void **state)
{
	(void)state;
	fill(&r, 0, 8, 8, 3);
	fill(&r, 2, 0, 4096, 9);
	make_token(&r, 0, 1, RANGES({ 0, 4096 }), token);
	write_blocks(0, 0, 200, 0xee);
	assert_int_equal(use_token(&r, r.nx, 2, 2, token, 0, RANGES({ 0, 4096 })), 0);
	assert_true(holds(&r, 2, 8, 8, 3, 8));
	assert_true(is_zero(&r, 2, 0, 8) && is_zero(&r, 2, 16, 4080));
	ask(&r, &c.an, 2, "9e12 0000000000000010 00000018 00 00");
	assert_hex(c.an.in + 8, 13, "0000000000000010 0001fff0 01");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define TEST_CTL(f) cmocka_unit_test_setup_teardown(f, setup_ctl, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(golden),
		TEST(report),
		TEST(not_guessable),
		TEST(ranges),
		TEST(most_ranges),
		TEST(bad_ranges),
		TEST(too_large),
		TEST(beyond),
		TEST(lists),
		TEST(block_sizes),
		TEST(list_ids),
		TEST_CTL(list_ids_ctl),
		TEST(progress),
		TEST(populate_takes_time),
		TEST(short_counts),
		TEST(odd_sizes),
		TEST(zero_token),
		TEST_CTL(zero_token_ctl),
		TEST(holes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
