/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The array's SBC commands, good and bad cases.  CDB bytes, layouts and sense
 * are from SBC-3 and SPC-4, by hand.
 */
#include "array-rig.h"
#include "core.h"

#define THICK 0
#define THIN 1
#define BIG_BLOCKS 2
#define READ_ONLY 3
#define CACHED 4

/* LUN 0 has 2,048 blocks. */
static const char *const luns[] = { "0=1M", "1=64M,thin", "2=4M,thin,block=4096", "3=1M,ro",
				    "4=1M,cache=volatile", NULL };

static struct rig r;
static struct answer an;
static uint8_t data[64 * 512], expect[64 * 512];

static int set_up(void **state)
{
	(void)state;
	rig_open(&r, luns);
	for (uint64_t l = 0; l < 5; l++)
		rig_clear_ua(&r, r.nx, l);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	answer_drop(&an);
	rig_close(&r);
	return 0;
}

#define SEND(lun, out, len, ...) rig_run(&r, r.nx, lun, &an, CDB(__VA_ARGS__), out, len)
#define ASK(lun, ...) SEND(lun, NULL, 0, __VA_ARGS__)

static void fill(uint8_t *p, size_t len, uint8_t first)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(first + i / 512 * 7 + i % 251);
}

static void peek(uint64_t lun, uint64_t block, uint32_t bs, const void *bytes, size_t len)
{
	uint8_t *got = malloc(len);

	assert_true(arr_lu_peek(arr_target_lu(r.t, lun), block * bs, got, len));
	assert_memory_equal(got, bytes, len);
	free(got);
}

static void poke(uint64_t lun, uint64_t block, uint32_t bs, const void *bytes, size_t len)
{
	assert_true(arr_lu_poke(arr_target_lu(r.t, lun), block * bs, bytes, len));
}

/* ---- READ, WRITE ---------------------------------------------------------------- */

static void test_write_sizes(void **state)
{
	(void)state;
	fill(data, 8 * 512, 1);
	SEND(THICK, data, 2 * 512, 0x0a, 0, 1, 0, 2, 0);                /* LBA 256 */
	assert_good(&an);
	peek(THICK, 256, 512, data, 1024);
	SEND(THICK, data, 1024, 0x2a, 0, 0, 0, 2, 0, 0, 0, 2, 0);       /* LBA 512 */
	assert_good(&an);
	peek(THICK, 512, 512, data, 1024);
	SEND(THICK, data, 1024, 0xaa, 0, 0, 0, 3, 0, 0, 0, 0, 2, 0, 0); /* LBA 768 */
	assert_good(&an);
	peek(THICK, 768, 512, data, 1024);
	SEND(THICK, data, 1024, 0x8a, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 2, 0, 0);
	assert_good(&an);                                               /* LBA 1024 */
	peek(THICK, 1024, 512, data, 1024);
	SEND(BIG_BLOCKS, data, 4096, 0x8a, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0);
	assert_good(&an);
	peek(BIG_BLOCKS, 5, 4096, data, 4096);
}

static void test_read_sizes(void **state)
{
	(void)state;
	fill(data, 8 * 512, 9);
	poke(THICK, 0x102, 512, data, 8 * 512);
	ASK(THICK, 0x08, 0, 1, 2, 2, 0);
	assert_good(&an);
	assert_int_equal(an.in_len, 1024);
	assert_memory_equal(an.in, data, 1024);
	ASK(THICK, 0x28, 0, 0, 0, 1, 2, 0, 0, 3, 0);
	assert_int_equal(an.in_len, 1536);
	assert_memory_equal(an.in, data, 1536);
	ASK(THICK, 0xa8, 0, 0, 0, 1, 2, 0, 0, 0, 4, 0, 0);
	assert_int_equal(an.in_len, 2048);
	assert_memory_equal(an.in, data, 2048);
	ASK(THICK, 0x88, 0x18, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 5, 0, 0);
	assert_int_equal(an.in_len, 2560);
	assert_memory_equal(an.in, data, 2560);
	ASK(THICK, 0x08, 0, 1, 2, 0, 0);                /* READ(6): 0 is 256 blocks */
	assert_int_equal(an.in_len, 256 * 512);
	ASK(THICK, 0x28, 0, 0, 0, 1, 2, 0, 0, 0, 0);    /* READ(10): 0 is none */
	assert_good(&an);
	assert_int_equal(an.in_len, 0);
}

static void test_transfer_bounds(void **state)
{
	static const uint8_t opcodes10[] = { 0x28, 0x2a, 0x2e, 0x2f, 0x34, 0x35 };
	uint8_t cdb[16];

	(void)state;
	for (size_t i = 0; i < sizeof opcodes10; i++) {
		memset(cdb, 0, sizeof cdb);
		cdb[0] = opcodes10[i];
		xm_put_be32(cdb + 2, 2047);
		xm_put_be16(cdb + 7, 2);
		rig_run(&r, r.nx, THICK, &an, cdb, 10, data, 1024);
		assert_sense(&an, 0x52100);
		xm_put_be32(cdb + 2, 2048);
		xm_put_be16(cdb + 7, 0);                /* none, but past the end */
		rig_run(&r, r.nx, THICK, &an, cdb, 10, data, 0);
		assert_sense(&an, 0x52100);
		xm_put_be32(cdb + 2, 0);
		xm_put_be16(cdb + 7, 1);
		rig_run(&r, r.nx, THICK, &an, cdb, 10, data, 512);
		assert_good(&an);
		cdb[1] = 0x20;                          /* RDPROTECT, WRPROTECT, reserved */
		rig_run(&r, r.nx, THICK, &an, cdb, 10, data, 512);
		assert_sense(&an, 0x52400);
	}
	/* LBA + length wraps 64 bits */
	ASK(THICK, 0x88, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 2, 0, 0);
	assert_sense(&an, 0x52100);
	/* above MAXIMUM TRANSFER LENGTH */
	ASK(THIN, 0x88, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0);
	assert_sense(&an, 0x52400);
}

static void test_field_pointer(void **state)
{
	(void)state;
	ASK(THICK, 0x88, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0);
	assert_sense(&an, 0x52400);
	assert_int_equal(an.cmd.sense[15], 0xce);       /* SKSV, C/D, BPV, bit 6 */
	assert_int_equal(xm_get_be16(an.cmd.sense + 16), 1);
	ASK(THICK, 0x88, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 4);
	assert_sense(&an, 0x52400);                     /* NACA */
	assert_int_equal(xm_get_be16(an.cmd.sense + 16), 15);
	ASK(THICK, 0xc1);
	assert_sense(&an, 0x52000);
	ASK(THICK, 0x9e, 0x1f);
	assert_sense(&an, 0x52400);                     /* known opcode, unknown service action */
}

static void test_short_data_out(void **state)
{
	(void)state;
	fill(data, 2048, 3);
	memset(expect, 0xee, 2048);
	poke(THICK, 0, 512, expect, 2048);
	SEND(THICK, data, 1024 + 100, 0x2a, 0, 0, 0, 0, 0, 0, 0, 4, 0);
	assert_good(&an);
	assert_int_equal(an.cmd.out_wanted, 2048);      /* the front end's residual */
	memcpy(expect, data, 1024);
	peek(THICK, 0, 512, expect, 2048);              /* whole blocks that came, no more */
}

static void test_read_only(void **state)
{
	(void)state;
	fill(data, 512, 3);
	SEND(READ_ONLY, data, 512, 0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0);
	assert_sense(&an, 0x72700);
	SEND(READ_ONLY, data, 512, 0x93, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0);
	assert_sense(&an, 0x72700);
	ASK(READ_ONLY, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);
	assert_good(&an);
	ASK(READ_ONLY, 0x1a, 0, 0x3f, 0, 4, 0);
	assert_int_equal(an.in[2], 0x90);               /* WP, DPOFUA */
}

/* ---- comparing -------------------------------------------------------------------- */

static void test_verify(void **state)
{
	(void)state;
	fill(data, 2048, 5);
	poke(THICK, 16, 512, data, 2048);
	SEND(THICK, data, 2048, 0x2f, 0x02, 0, 0, 0, 16, 0, 0, 4, 0);
	assert_good(&an);
	SEND(THICK, data, 2048, 0xaf, 0x02, 0, 0, 0, 16, 0, 0, 0, 4, 0, 0);
	assert_good(&an);
	SEND(THICK, data, 2048, 0x8f, 0x02, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 4, 0, 0);
	assert_good(&an);
	data[700] ^= 1;
	SEND(THICK, data, 2048, 0x2f, 0x02, 0, 0, 0, 16, 0, 0, 4, 0);
	assert_sense(&an, 0xe1d00);
	ASK(THICK, 0x2f, 0, 0, 0, 0, 16, 0, 0, 4, 0);   /* BYTCHK 0: the medium alone */
	assert_good(&an);
	SEND(THICK, data, 2048, 0x2f, 0x04, 0, 0, 0, 16, 0, 0, 4, 0);
	assert_sense(&an, 0x52400);                     /* BYTCHK 2 is reserved */
	SEND(THICK, data, 1000, 0x2f, 0x02, 0, 0, 0, 16, 0, 0, 4, 0);
	assert_sense(&an, 0x51a00);                     /* less than it wants */
}

static void test_verify_one_block(void **state)
{
	(void)state;
	memset(data, 0x5a, 2048);
	poke(THICK, 0, 512, data, 2048);
	SEND(THICK, data, 512, 0x2f, 0x06, 0, 0, 0, 0, 0, 0, 4, 0);
	assert_good(&an);
	data[3] = 0;
	poke(THICK, 3, 512, data, 512);
	SEND(THICK, data + 512, 512, 0x2f, 0x06, 0, 0, 0, 0, 0, 0, 4, 0);
	assert_sense(&an, 0xe1d00);
	SEND(THICK, data + 512, 512, 0x2f, 0x06, 0, 0, 0, 0, 0, 0, 3, 0);
	assert_good(&an);
}

static void test_compare_and_write(void **state)
{
	(void)state;
	fill(data, 2 * 1024, 7);
	poke(THICK, 40, 512, data, 1024);
	SEND(THICK, data, 2048, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 2, 0, 0);
	assert_good(&an);
	peek(THICK, 40, 512, data + 1024, 1024);
	SEND(THICK, data, 2048, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 2, 0, 0);
	assert_sense(&an, 0xe1d00);
	assert_int_equal(an.cmd.sense[0], 0xf0);        /* VALID: where they differ */
	assert_int_equal(xm_get_be32(an.cmd.sense + 3), 0);
	peek(THICK, 40, 512, data + 1024, 1024);
	memcpy(expect, data + 1024, 1024);
	expect[517] ^= 0x10;
	SEND(THICK, expect, 2048, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 2, 0, 0);
	assert_sense(&an, 0xe1d00);
	assert_int_equal(xm_get_be32(an.cmd.sense + 3), 517);
	SEND(THICK, data, 1024, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 2, 0, 0);
	assert_sense(&an, 0x51a00);
	SEND(THICK, data, 0, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 65, 0, 0);
	assert_sense(&an, 0x52400);                     /* MAXIMUM COMPARE AND WRITE LENGTH 64 */
	ASK(THICK, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 0, 0, 0);
	assert_good(&an);
	SEND(THICK, data, 1024, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 0, 0, 0);
	assert_sense(&an, 0x52400);                     /* data for no blocks */
}

static void test_orwrite(void **state)
{
	(void)state;
	memset(data, 0x0f, 1024);
	poke(THICK, 8, 512, data, 1024);
	memset(data, 0x50, 1024);
	SEND(THICK, data, 1024, 0x8b, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 2, 0, 0);
	assert_good(&an);
	memset(expect, 0x5f, 1024);
	peek(THICK, 8, 512, expect, 1024);
}

/* ---- WRITE SAME, UNMAP, GET LBA STATUS ----------------------------------------------- */

static void test_write_same(void **state)
{
	(void)state;
	fill(data, 512, 1);
	for (size_t i = 0; i < 10; i++)
		memcpy(expect + i * 512, data, 512);
	SEND(THICK, data, 512, 0x41, 0, 0, 0, 0, 100, 0, 0, 10, 0);
	assert_good(&an);
	peek(THICK, 100, 512, expect, 5120);
	SEND(THICK, data, 512, 0x93, 0, 0, 0, 0, 0, 0, 0, 0, 200, 0, 0, 0, 10, 0, 0);
	assert_good(&an);
	peek(THICK, 200, 512, expect, 5120);
	SEND(THICK, data, 512, 0x93, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	assert_sense(&an, 0x52400);                     /* WSNZ */
	SEND(THICK, data, 512, 0x93, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0);
	assert_sense(&an, 0x52400);                     /* UNMAP on a thick LU */
	SEND(THIN, data, 512, 0x93, 0x18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0);
	assert_sense(&an, 0x52400);                     /* ANCHOR */
	SEND(THICK, data, 512, 0x93, 0, 0, 0, 0, 0, 0, 0, 0x07, 0xff, 0, 0, 0, 2, 0, 0);
	assert_sense(&an, 0x52100);
	ASK(THICK, 0x93, 0x01, 0, 0, 0, 0, 0, 0, 0, 100, 0, 0, 0, 10, 0, 0);
	assert_good(&an);                               /* NDOB: zeros, no data-out */
	memset(expect, 0, 5120);
	peek(THICK, 100, 512, expect, 5120);
	SEND(THICK, data, 100, 0x93, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0);
	assert_sense(&an, 0x51a00);
}

/* The status descriptors from LBA 0 on, as {lba, blocks, status} by hand. */
static void assert_status(uint64_t lun, const uint32_t (*runs)[3], size_t n)
{
	ASK(lun, 0x9e, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0);
	assert_good(&an);
	assert_int_equal(an.in_len, 8 + 16 * n);
	assert_int_equal(xm_get_be32(an.in), 4 + 16 * n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(xm_get_be64(an.in + 8 + 16 * i), runs[i][0]);
		assert_int_equal(xm_get_be32(an.in + 16 + 16 * i), runs[i][1]);
		assert_int_equal(an.in[20 + 16 * i], runs[i][2]);
	}
}

#define STATUS(lun, ...)                                                       \
	assert_status(lun, (const uint32_t[][3]){ __VA_ARGS__ },               \
		      sizeof((const uint32_t[][3]){ __VA_ARGS__ }) / sizeof(uint32_t[3]))

static void test_thin(void **state)
{
	/* one descriptor: 3 blocks at LBA 9 */
	static const uint8_t list[24] = { 0, 22, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9,
					  0, 0, 0, 3 };

	(void)state;
	STATUS(THICK, { 0, 2048, 0 });
	STATUS(THIN, { 0, 131072, 1 });
	fill(data, 8 * 512, 1);
	SEND(THIN, data, 8 * 512, 0x2a, 0, 0, 0, 0, 8, 0, 0, 8, 0);
	assert_good(&an);
	STATUS(THIN, { 0, 8, 1 }, { 8, 8, 0 }, { 16, 131056, 1 });
	SEND(THIN, list, 24, 0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0);
	assert_good(&an);
	STATUS(THIN, { 0, 8, 1 }, { 8, 1, 0 }, { 9, 3, 1 }, { 12, 4, 0 }, { 16, 131056, 1 });
	memset(data + 512, 0, 3 * 512);
	peek(THIN, 8, 512, data, 8 * 512);
	ASK(THIN, 0x93, 0x09, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0, 2, 0, 0);
	assert_good(&an);                               /* UNMAP with NDOB */
	STATUS(THIN, { 0, 8, 1 }, { 8, 1, 0 }, { 9, 5, 1 }, { 14, 2, 0 }, { 16, 131056, 1 });
	memset(data, 0x11, 512);
	SEND(THIN, data, 512, 0x41, 0x08, 0, 0, 0, 14, 0, 0, 2, 0);
	assert_good(&an);                               /* UNMAP, but not zeros: written */
	peek(THIN, 15, 512, data, 512);
	ASK(THIN, 0x9e, 0x12, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 24, 0, 0);
	assert_int_equal(an.in_len, 24);                /* room for one */
	assert_int_equal(xm_get_be64(an.in + 8), 10);
	assert_int_equal(xm_get_be32(an.in + 16), 4);
	ASK(THIN, 0x9e, 0x12, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 24, 0, 0);
	assert_sense(&an, 0x52100);
}

static void test_unmap_bad(void **state)
{
	uint8_t list[40] = { 0, 38, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0,
			     0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0, 0, 0, 2 };

	(void)state;
	SEND(THICK, list, 40, 0x42, 0, 0, 0, 0, 0, 0, 0, 40, 0);
	assert_sense(&an, 0x52000);                     /* a thick LU does not know UNMAP */
	memset(data, 0x77, 512);
	poke(THIN, 0, 512, data, 512);
	SEND(THIN, list, 40, 0x42, 0, 0, 0, 0, 0, 0, 0, 40, 0);
	assert_sense(&an, 0x52100);                     /* the second one: nothing was done */
	peek(THIN, 0, 512, data, 512);
	SEND(THIN, list, 40, 0x42, 0x01, 0, 0, 0, 0, 0, 0, 40, 0);
	assert_sense(&an, 0x52400);                     /* ANCHOR */
	SEND(THIN, list, 4, 0x42, 0, 0, 0, 0, 0, 0, 0, 4, 0);
	assert_sense(&an, 0x51a00);
	SEND(THIN, list, 20, 0x42, 0, 0, 0, 0, 0, 0, 0, 40, 0);
	assert_sense(&an, 0x51a00);
	ASK(THIN, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	assert_good(&an);
	SEND(THIN, list, 24, 0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0);
	assert_good(&an);                               /* the list ends after the first */
	memset(data, 0, 512);
	peek(THIN, 0, 512, data, 512);
}

/* ---- cache, unit, limits ---------------------------------------------------------------- */

static void test_volatile_cache(void **state)
{
	struct arr_lu *lu = arr_target_lu(r.t, CACHED);

	(void)state;
	memset(data, 0x33, 2048);
	memset(expect, 0, 2048);
	SEND(CACHED, data, 2048, 0x2a, 0, 0, 0, 0, 0, 0, 0, 4, 0);
	SEND(CACHED, data, 512, 0x2a, 0x08, 0, 0, 0, 10, 0, 0, 1, 0);   /* FUA */
	peek(CACHED, 0, 512, data, 2048);
	ASK(CACHED, 0x35, 0, 0, 0, 0, 1, 0, 0, 2, 0);                   /* blocks 1 and 2 */
	assert_good(&an);
	assert_true(arr_lu_crash(lu));
	rig_clear_ua(&r, r.nx, CACHED);
	memcpy(expect + 512, data, 1024);
	peek(CACHED, 0, 512, expect, 2048);
	peek(CACHED, 10, 512, data, 512);
}

static void test_start_stop(void **state)
{
	(void)state;
	ASK(THICK, 0x1b, 0, 0, 0, 0, 0);
	assert_good(&an);
	ASK(THICK, 0x00);
	assert_sense(&an, 0x20402);
	ASK(THICK, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);
	assert_sense(&an, 0x20402);
	ASK(THICK, 0x12, 0, 0, 0, 96, 0);
	assert_good(&an);
	ASK(THICK, 0x1b, 0, 0, 0, 0x10, 0);     /* a power condition: START is not looked at */
	ASK(THICK, 0x00);
	assert_sense(&an, 0x20402);
	ASK(THICK, 0x1b, 0, 0, 0, 1, 0);
	assert_good(&an);
	ASK(THICK, 0x00);
	assert_good(&an);
}

static void test_block_limits(void **state)
{
	(void)state;
	ASK(THIN, 0x12, 1, 0xb0, 0, 255, 0);
	assert_good(&an);
	assert_int_equal(an.in_len, 64);
	assert_int_equal(an.in[3], 0x3c);
	assert_int_equal(an.in[4] & 1, 1);                      /* WSNZ */
	assert_int_equal(an.in[5], 64);                         /* COMPARE AND WRITE */
	assert_int_equal(xm_get_be32(an.in + 8), 65536);        /* 32 MiB */
	assert_int_equal(xm_get_be32(an.in + 20), 1048576);     /* UNMAP LBA count: 512 MiB */
	assert_int_equal(xm_get_be32(an.in + 24), 256);         /* UNMAP descriptors */
	assert_int_equal(xm_get_be32(an.in + 28), 1);           /* UNMAP granularity */
	assert_int_equal(xm_get_be64(an.in + 36), 524288);      /* WRITE SAME: 256 MiB */
	ASK(THICK, 0x12, 1, 0xb0, 0, 255, 0);
	assert_int_equal(xm_get_be32(an.in + 20), 0);
	ASK(THIN, 0x12, 1, 0xb2, 0, 255, 0);
	assert_memory_equal(an.in, "\0\xb2\0\4\0\xe4\2\0", 8);
	ASK(THICK, 0x12, 1, 0xb2, 0, 255, 0);
	assert_memory_equal(an.in, "\0\xb2\0\4\0\0\0\0", 8);
}

static void test_write_atomic(void **state)
{
	(void)state;
	fill(data, 1024, 4);
	SEND(THICK, data, 1024, 0x9c, 0, 0, 0, 0, 0, 0, 0, 0, 77, 0, 0, 0, 2, 0, 0);
	assert_good(&an);
	peek(THICK, 77, 512, data, 1024);
	SEND(BIG_BLOCKS, data, 0, 0x9c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0);
	assert_sense(&an, 0x52400);                     /* 257 blocks of 4 KiB: over 1 MiB */
	SEND(BIG_BLOCKS, data, 0, 0x9c, 0, 0, 0, 0, 0, 0, 0, 3, 0xff, 0, 0, 1, 1, 0, 0);
	assert_sense(&an, 0x52100);                     /* and past the end: that first */
	SEND(THICK, data, 1024, 0x9c, 0, 0, 0, 0, 0, 0, 0, 0, 77, 0, 1, 0, 2, 0, 0);
	assert_sense(&an, 0x52400);                     /* ATOMIC BOUNDARY */
}

static void test_defects(void **state)
{
	(void)state;
	ASK(THICK, 0x37, 0, 0x0d, 0, 0, 0, 0, 0, 255, 0);
	assert_good(&an);
	assert_int_equal(an.in_len, 4);
	assert_memory_equal(an.in, "\0\x0d\0\0", 4);
	ASK(THICK, 0xb7, 0x0d, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0);
	assert_int_equal(an.in_len, 8);
	assert_memory_equal(an.in, "\0\x0d\0\0\0\0\0\0", 8);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_write_sizes), TEST(test_read_sizes), TEST(test_transfer_bounds),
		TEST(test_field_pointer), TEST(test_short_data_out), TEST(test_read_only),
		TEST(test_verify), TEST(test_verify_one_block), TEST(test_compare_and_write),
		TEST(test_orwrite), TEST(test_write_same), TEST(test_thin), TEST(test_unmap_bad),
		TEST(test_volatile_cache), TEST(test_start_stop), TEST(test_block_limits),
		TEST(test_defects), TEST(test_write_atomic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
