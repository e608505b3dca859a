/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of ROD tokens: what they stand for when the source is written, when
 * they end, who may use them, and what those learn who may not (OD-12 to OD-22,
 * OD-28 to OD-31 of reference/reliability-and-qualification.md 2.3).
 */
#include "rod-rig.h"
#include "seed.h"

static struct rig r;
static struct rod_cmd c, d;
static struct answer an;
static uint8_t token[TOKEN_LEN], other[TOKEN_LEN];

#define S (1000 * MS)

static int setup_as(const char *persona)
{
	static const char *const luns[] = { "0=64M", "1=64M", "2=64M,thin", NULL };

	copy_open(&r, persona, luns);
	return 0;
}

static int setup(void **state) { (void)state; return setup_as("ideal"); }
static int setup_ctl(void **state) { (void)state; return setup_as("ctl"); }

static int teardown(void **state)
{
	(void)state;
	answer_drop(&c.an);
	answer_drop(&d.an);
	answer_drop(&an);
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
	answer_drop(&an);
	rig_submit(&r, r.nx, lun, &an, cdb, sizeof cdb, data, blocks * 512);
	/* The clock stands: a copy under way does not get on. */
	while (!an.done)
		arr_step(r.a, r.now);
	assert_good(&an);
}

static unsigned use(uint64_t blocks)
{
	return use_token(&r, r.nx, 1, 50, token, 0, RANGES({ 0, (uint32_t)blocks }));
}

/* ---- what they stand for ------------------------------------------------- */

/* OD-16: old data, however the source is changed, as often as one likes. */
static void point_in_time(void **state)
{
	static struct copy_cmd copy;

	(void)state;
	fill(&r, 0, 0, 2048, 3);
	make_token(&r, 0, 1, RANGES({ 100, 500 }, { 1000, 500 }, { 0, 60 }), token);
	write_blocks(0, 90, 20, 0xaa);
	write_blocks(0, 1400, 200, 0xbb);
	write_blocks(0, 90, 200, 0xcc);
	/* WRITE SAME(16) with NDOB of 0-29: zeros. */
	ask(&r, &an, 0, "9301 0000000000000000 0000001e 00 00");
	assert_good(&an);
	/* A copy over it, and one of the ROD onto its own source. */
	fill(&r, 1, 0, 2048, 8);
	copy_do(&r, &copy, 0, &(struct copy){ .usage = 3, .src = 1, .dst = 0, .blocks = 8 });
	assert_good(&copy.an);
	answer_drop(&copy.an);
	assert_int_equal(use_token(&r, r.nx, 0, 2, token, 560, RANGES({ 100, 500 })), 0);
	assert_true(holds(&r, 0, 100, 440, 3, 1060));
	assert_true(holds(&r, 0, 540, 60, 3, 0));
	assert_int_equal(use(1060), 0);
	assert_true(holds(&r, 1, 0, 500, 3, 100));
	assert_true(holds(&r, 1, 500, 500, 3, 1000));
	assert_true(holds(&r, 1, 1000, 60, 3, 0));
}

/* As it was at each of many points in time, against a model; the seed is said. */
static void truth(void **state)
{
	enum { BLOCKS = 1024, TOKENS = 6 };
	static uint8_t model[BLOCKS], then[TOKENS][BLOCKS], tokens[TOKENS][TOKEN_LEN];
	uint8_t block[512];
	struct test_random rng = { test_seed("truth") };

	(void)state;
	memset(model, 0, sizeof model);
	for (unsigned t = 0; t < TOKENS; t++) {
		make_token(&r, 0, t, RANGES({ 512, 512 }, { 0, 512 }), tokens[t]);
		memcpy(then[t], model, BLOCKS);
		for (unsigned i = 0; i < 20; i++) {
			unsigned n = 1 + (unsigned)test_random(&rng) % 200;
			unsigned lba = (unsigned)test_random(&rng) % (BLOCKS - n);
			uint8_t byte = (uint8_t)(test_random(&rng) | 1);

			write_blocks(0, lba, n, byte);
			memset(model + lba, byte, n);
		}
	}
	for (unsigned t = 0; t < TOKENS; t++) {
		assert_int_equal(use_token(&r, r.nx, 1, 90, tokens[t], 0,
					   RANGES({ 0, BLOCKS })), 0);
		for (unsigned i = 0; i < BLOCKS; i++) {
			assert_true(arr_lu_peek(arr_target_lu(r.t, 1), i * 512, block, 512));
			if (block[0] != then[t][(i + 512) % BLOCKS] ||
			    block[511] != then[t][(i + 512) % BLOCKS])
				fail_msg("token %u, block %u: %02x", t, i, block[0]);
		}
	}
}

/* The source is written while WRITE USING TOKEN reads it, and the token deleted. */
static void written_under_a_copy(void **state)
{
	(void)state;
	fill(&r, 0, 0, 16384, 3);
	make_token(&r, 0, 1, RANGES({ 0, 16384 }), token);
	control_ok(&r, "set copy_latency 20");
	wut_list(&c, 2, token, 0, RANGES({ 0, 16384 }));
	rod_send(&r, r.nx, &c, 1);
	rig_advance(&r, 4 * MS);
	control_ok(&r, "set copy_latency 0");
	wut_list(&d, 3, token, 0, RANGES({ 0, 8 }));
	d.list[2] = 2;
	rod_send(&r, r.nx, &d, 2);
	while (!d.an.done)
		arr_step(r.a, r.now);
	assert_int_equal(c.an.done, 0);
	assert_int_equal(use_token(&r, r.nx, 2, 4, token, 0, RANGES({ 0, 8 })), 0x052309);
	for (unsigned i = 0; i < 16384; i += 256)
		write_blocks(0, i, 256, 0xee);
	assert_int_equal(c.an.done, 0);
	rig_until(&r, &c.an);
	assert_good(&c.an);
	assert_true(holds(&r, 1, 0, 16384, 3, 0));
}

/* Asked for by type, or by setting: new data.  CTL knows nothing else. */
static void access_upon_reference(void **state)
{
	(void)state;
	fill(&r, 0, 0, 8, 3);
	pt_list(&c, 1, RANGES({ 0, 8 }));
	hex_bytes(c.list + 2, 10, "02 00 00000000 00010000");
	rod_again(&r, &c, 0);
	rrti(&r, r.nx, &an, 0, 1);
	memcpy(token, an.in + 38, TOKEN_LEN);
	assert_int_equal(xm_get_be32(token), 0x00010000);
	write_blocks(0, 0, 4, 0xaa);
	assert_int_equal(use(8), 0);
	assert_false(holds(&r, 1, 0, 1, 3, 0));
	assert_true(holds(&r, 1, 4, 4, 3, 4));
	control_ok(&r, "set rod_types aur");
	make_token(&r, 0, 2, RANGES({ 0, 8 }), token);
	assert_int_equal(xm_get_be32(token), 0x00010000);
	hex_bytes(c.list + 2, 10, "02 00 00000000 00800000");
	rod_again(&r, &c, 0);
	assert_int_equal(sense_of(&c.an), 0x052600);
}

static void access_upon_reference_ctl(void **state)
{
	(void)state;
	fill(&r, 0, 0, 8, 3);
	make_token(&r, 0, 1, RANGES({ 0, 8 }), token);
	write_blocks(0, 0, 8, 0xaa);
	assert_int_equal(use(8), 0);
	assert_false(holds(&r, 1, 7, 1, 3, 7));
}

/* Revoked by a write inside it, not by one beside it. */
static void vulnerable(void **state)
{
	(void)state;
	control_ok(&r, "set rod_types vulnerable");
	fill(&r, 0, 0, 100, 3);
	make_token(&r, 0, 1, RANGES({ 10, 10 }), token);
	assert_int_equal(xm_get_be32(token), 0x00800001);
	write_blocks(0, 0, 10, 0xaa);
	write_blocks(0, 20, 10, 0xaa);
	assert_int_equal(use(10), 0);
	write_blocks(0, 19, 1, 0xaa);
	assert_int_equal(use(10), 0x052306);
}

/* No room for old data: the write goes on, the token is gone. */
static void no_room_to_keep(void **state)
{
	(void)state;
	control_ok(&r, "set cow_space 1");
	fill(&r, 0, 0, 8192, 3);
	make_token(&r, 0, 1, RANGES({ 0, 8192 }), token);
	make_token(&r, 0, 2, RANGES({ 8000, 10 }), other);
	for (unsigned i = 0; i < 2048; i += 256)
		write_blocks(0, i, 256, 0xaa);
	assert_int_equal(use(8192), 0);
	assert_true(holds(&r, 1, 0, 8192, 3, 0));
	write_blocks(0, 4096, 1, 0xaa);
	assert_int_equal(use(8192), 0x052306);
	assert_int_equal(use_token(&r, r.nx, 1, 50, other, 0, RANGES({ 0, 10 })), 0);
}

/* ---- the end ------------------------------------------------------------- */

/* OD-11, 12, 13, 14: a minute by default; use begins it anew. */
static void expires(void **state)
{
	(void)state;
	make_token(&r, 0, 1, RANGES({ 0, 8 }), token);
	for (unsigned i = 0; i < 5; i++) {
		rig_advance(&r, 59 * S);
		assert_int_equal(use(8), 0);
	}
	rig_advance(&r, 60 * S - 1);
	assert_int_equal(use(8), 0);
	rig_advance(&r, 60 * S);
	assert_int_equal(use(8), 0x052307);
	assert_int_equal(use(8), 0x052307);
	/* As long as was asked for. */
	pt_list(&c, 1, RANGES({ 0, 8 }));
	xm_put_be32(c.list + 4, 300);
	rod_again(&r, &c, 0);
	rrti(&r, r.nx, &an, 0, 1);
	memcpy(token, an.in + 38, TOKEN_LEN);
	rig_advance(&r, 299 * S);
	assert_int_equal(use(8), 0);
	rig_advance(&r, 300 * S);
	assert_int_equal(use(8), 0x052307);
	ask(&r, &an, 0, "8408 0000000000000000 00000400 00 00");
	assert_int_equal(an.in_len, 8);
}

/* CTL: a second more, and then it never was; 601 s is too long. */
static void expires_ctl(void **state)
{
	(void)state;
	make_token(&r, 0, 1, RANGES({ 0, 8 }), token);
	rig_advance(&r, 61 * S - 1);
	assert_int_equal(use(8), 0);
	rig_advance(&r, 61 * S);
	assert_int_equal(use(8), 0x052304);
	pt_list(&c, 1, RANGES({ 0, 8 }));
	xm_put_be32(c.list + 4, 601);
	rod_again(&r, &c, 0);
	assert_int_equal(sense_of(&c.an), 0x052600);
	/* A list of 15 bytes, and 65 ranges: byte 9 of the CDB. */
	c.len = 15;
	rod_again(&r, &c, 0);
	assert_hex(c.an.cmd.sense, c.an.cmd.sense_len,
		   "70 00 05 00000000 0a 00000000 24 00 00 c0 0009");
}

/* A copy that takes longer than the token's life keeps it. */
static void does_not_expire_in_use(void **state)
{
	(void)state;
	fill(&r, 0, 0, 8192, 3);
	make_token(&r, 0, 1, RANGES({ 0, 8192 }), token);
	control_ok(&r, "set copy_latency 90000");
	wut_list(&c, 2, token, 0, RANGES({ 0, 8192 }));
	rod_again(&r, &c, 1);
	assert_good(&c.an);
	assert_true(holds(&r, 1, 0, 8192, 3, 0));
	control_ok(&r, "set copy_latency 0");
	assert_int_equal(use(8), 0);
}

/* OD-15: done, then deleted; a refused WRITE USING TOKEN deletes nothing. */
static void deleted(void **state)
{
	(void)state;
	fill(&r, 0, 0, 8, 3);
	make_token(&r, 0, 1, RANGES({ 0, 8 }), token);
	wut_list(&c, 2, token, 0, RANGES({ 0, 9 }));
	c.list[2] = 2;
	rod_again(&r, &c, 1);
	assert_int_equal(sense_of(&c.an), 0x052600);
	wut_list(&c, 2, token, 0, RANGES({ 0, 8 }));
	c.list[2] = 2;
	rod_again(&r, &c, 1);
	assert_good(&c.an);
	assert_true(holds(&r, 1, 0, 8, 3, 0));
	assert_int_equal(use(8), 0x052309);
}

/* OD-29: a reset leaves them; OD-31: a source that is no longer the same does not. */
static void source_changes(void **state)
{
	static const char *const words[] = { "lun resize 0 32M", "lun del 0" };

	(void)state;
	fill(&r, 0, 0, 8, 3);
	make_token(&r, 0, 1, RANGES({ 0, 8 }), token);
	assert_int_equal(arr_task_management(r.nx, ARR_LUN_RESET, 0, 0), ARR_TMF_DONE);
	rig_clear_ua(&r, r.nx, 0);
	assert_int_equal(use(8), 0);
	for (unsigned i = 0; i < 2; i++) {
		make_token(&r, 0, 1, RANGES({ 0, 8 }), token);
		control_ok(&r, words[i]);
		rig_clear_ua(&r, r.nx, 1);
		assert_int_equal(use(8), 0x052306);
		if (i == 0)
			rig_clear_ua(&r, r.nx, 0);
	}
}

/* The LU goes under a copy: what was written counts, the rest is told. */
static void source_goes_under_a_copy(void **state)
{
	(void)state;
	fill(&r, 0, 0, 16384, 3);
	make_token(&r, 0, 1, RANGES({ 0, 16384 }), token);
	control_ok(&r, "set copy_latency 20");
	wut_list(&c, 2, token, 0, RANGES({ 0, 16384 }));
	rod_send(&r, r.nx, &c, 1);
	rig_advance(&r, 10 * MS);
	control_ok(&r, "lun resize 0 32M");
	rig_until(&r, &c.an);
	assert_int_equal(sense_of(&c.an), 0x0a0d01);
	rig_clear_ua(&r, r.nx, 1);
	rrti(&r, r.nx, &an, 1, 2);
	assert_int_equal(OPERATION(&an), 0x02);
	assert_int_equal(an.in[12], 0x02);
	assert_int_equal(an.in[14], c.an.cmd.sense_len);
	assert_memory_equal(an.in + 32, c.an.cmd.sense, c.an.cmd.sense_len);
	assert_in_range(COUNT(&an), 1, 16383);
	assert_true(holds(&r, 1, 0, (unsigned)COUNT(&an), 3, 0));
	assert_true(is_zero(&r, 1, COUNT(&an), 1));
}

/* OD-28: too many, too much; those that are there live, and an end makes room. */
static void exhaustion(void **state)
{
	(void)state;
	fill(&r, 0, 0, 8, 3);
	control_ok(&r, "set max_tokens 2");
	make_token(&r, 0, 1, RANGES({ 0, 8 }), token);
	make_token(&r, 0, 2, RANGES({ 0, 8 }), other);
	pt_list(&c, 3, RANGES({ 0, 8 }));
	rod_again(&r, &c, 0);
	assert_int_equal(sense_of(&c.an), 0x05550d);
	rrti(&r, r.nx, &an, 0, 3);
	assert_int_equal(sense_of(&an), 0x052400);
	assert_int_equal(use(8), 0);
	rig_advance(&r, 30 * S);
	assert_int_equal(use(8), 0);
	rig_advance(&r, 31 * S);
	rod_again(&r, &c, 0);
	assert_good(&c.an);
	control_ok(&r, "set max_tokens 0");
	control_ok(&r, "set rod_space 1");
	pt_list(&c, 4, RANGES({ 0, 2040 }));
	rod_again(&r, &c, 0);
	assert_int_equal(sense_of(&c.an), 0x05550c);
	c.list[16 + 8 + 2] = 0x07;
	c.list[16 + 8 + 3] = 0xf0;
	assert_int_equal(xm_get_be32(c.list + 24), 2032);
	rod_again(&r, &c, 0);
	assert_good(&c.an);
}

/* ---- others -------------------------------------------------------------- */

/* OD-17: every bit of it. */
static void altered(void **state)
{
	(void)state;
	fill(&r, 0, 0, 8, 3);
	make_token(&r, 0, 1, RANGES({ 0, 8 }), token);
	for (unsigned bit = 0; bit < 8 * TOKEN_LEN; bit++) {
		token[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (use(8) != 0x052304)
			fail_msg("bit %u", bit);
		token[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_true(is_zero(&r, 1, 0, 8));
	assert_int_equal(use(8), 0);
}

/* OD-18: also made of what REPORT ALL ROD TOKENS shows. */
static void guessed(void **state)
{
	struct test_random rng = { test_seed("guessed") };
	unsigned long n = getenv("XM_LONG") ? 1000000 : 2000;

	(void)state;
	fill(&r, 0, 0, 8, 3);
	make_token(&r, 0, 1, RANGES({ 0, 8 }), other);
	memset(token, 0, TOKEN_LEN);
	assert_int_equal(use(8), 0x052304);
	memset(token, 0xff, TOKEN_LEN);
	assert_int_equal(use(8), 0x052304);
	for (unsigned long i = 0; i < n; i++) {
		unsigned known = i % 3 == 0 ? 0 : i % 3 == 1 ? 96 : 480;

		for (unsigned k = 0; k < TOKEN_LEN; k += 8)
			xm_put_be64(token + k, test_random(&rng));
		memcpy(token, other, known);
		if (use(8) != 0x052304)
			fail_msg("try %lu", i);
	}
	assert_true(is_zero(&r, 1, 0, 8));
}

/* OD-19, 20, 21: by whom, through what, in which scope. */
static void scopes(void **state)
{
	static const char *const words[] = { "any", "target", "initiator", "nexus" };
	/* This session; the same names again; another ISID; another initiator; another target. */
	static const bool may[4][5] = {
		{ true, true, true, true, true }, { true, true, true, true, false },
		{ true, true, true, false, true }, { true, true, false, false, false },
	};
	struct arr_target *two = arr_target_new(r.a, "iqn.2026-01.test:two");
	struct arr_nexus *nx[5];
	char line[64];

	(void)state;
	assert_true(arr_target_lun(two, "1=@iqn.2026-01.test:one/1"));
	nx[0] = r.nx;
	nx[1] = copy_nexus(&r, "iqn.2026-01.test:host", 1);
	nx[2] = copy_nexus(&r, "iqn.2026-01.test:host", 9);
	nx[3] = copy_nexus(&r, "iqn.2026-01.test:other", 1);
	nx[4] = arr_nexus_open(r.a, two, "iqn.2026-01.test:host", 1);
	rig_clear_ua(&r, nx[4], 1);
	fill(&r, 0, 0, 8, 3);
	for (unsigned s = 0; s < 4; s++) {
		snprintf(line, sizeof line, "set token_scope %s", words[s]);
		control_ok(&r, line);
		make_token(&r, 0, 1, RANGES({ 0, 8 }), token);
		for (unsigned i = 0; i < 5; i++) {
			unsigned got = use_token(&r, nx[i], 1, 7, token, 0, RANGES({ 0, 8 }));

			if (got != (may[s][i] ? 0 : 0x052304))
				fail_msg("%s, nexus %u: %06x", words[s], i, got);
		}
	}
	for (unsigned i = 1; i < 5; i++)
		arr_nexus_close(nx[i]);
}

static void same_answer(struct arr_nexus *thief, const uint8_t *stolen, const char *what)
{
	uint8_t absent[TOKEN_LEN];

	memcpy(absent, stolen, TOKEN_LEN);
	absent[500] ^= 1;
	wut_list(&c, 7, absent, 0, RANGES({ 0, 8 }));
	rod_send(&r, thief, &c, 1);
	rig_until(&r, &c.an);
	wut_list(&d, 7, stolen, 0, RANGES({ 0, 8 }));
	rod_send(&r, thief, &d, 1);
	rig_until(&r, &d.an);
	if (sense_of(&c.an) != 0x052304 || c.an.cmd.sense_len != d.an.cmd.sense_len ||
	    memcmp(c.an.cmd.sense, d.an.cmd.sense, c.an.cmd.sense_len) != 0)
		fail_msg("a stolen token that is %s is told from one that never was", what);
}

/* A second tenant with a stolen token: living, deleted, expired, revoked, too short, all one. */
static void stolen(void **state)
{
	struct arr_target *two = arr_target_new(r.a, "iqn.2026-01.test:two");
	struct arr_nexus *thief;
	uint8_t cdb[16] = { 0x84, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4 };

	(void)state;
	assert_true(arr_target_lun(two, "1=64M"));
	thief = arr_nexus_open(r.a, two, "iqn.2026-01.test:thief", 1);
	rig_clear_ua(&r, thief, 1);
	control_ok(&r, "set token_scope initiator");
	fill(&r, 0, 0, 8, 3);
	make_token(&r, 0, 1, RANGES({ 0, 8 }), token);
	same_answer(thief, token, "alive");
	make_token(&r, 0, 1, RANGES({ 0, 4 }), other);
	same_answer(thief, other, "too short");
	rig_run(&r, thief, 1, &an, cdb, sizeof cdb, NULL, 0);
	assert_hex(an.in, an.in_len, "00000004 00000000");
	wut_list(&c, 2, token, 0, RANGES({ 0, 8 }));
	c.list[2] = 2;
	rod_again(&r, &c, 1);
	same_answer(thief, token, "deleted");
	rig_advance(&r, 61 * S);
	same_answer(thief, other, "expired");
	make_token(&r, 0, 1, RANGES({ 0, 8 }), token);
	control_ok(&r, "lun resize 0 32M");
	same_answer(thief, token, "revoked");
	assert_int_equal(use_token(&r, thief, 1, 7, token, 0, RANGES({ 0, 8 })), 0x052304);
	/* And the owner's identifiers are nothing to it. */
	for (uint32_t id = 0; id < 8; id++) {
		rrti(&r, thief, &an, 1, id);
		assert_int_equal(sense_of(&an), 0x052400);
		coa(&r, thief, &an, 1, id);
		assert_int_equal(sense_of(&an), 0x052400);
	}
	arr_nexus_close(thief);
}

/* Even with `any`, a session without the LUN does not hear of the token. */
static void not_listed(void **state)
{
	struct arr_target *two = arr_target_new(r.a, "iqn.2026-01.test:two");
	struct arr_nexus *nx;
	uint8_t cdb[16] = { 0x84, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4 };

	(void)state;
	assert_true(arr_target_lun(two, "1=64M"));
	nx = arr_nexus_open(r.a, two, "iqn.2026-01.test:host", 1);
	rig_clear_ua(&r, nx, 1);
	make_token(&r, 0, 1, RANGES({ 0, 8 }), token);
	rig_run(&r, nx, 1, &an, cdb, sizeof cdb, NULL, 0);
	assert_int_equal(an.in_len, 8);
	arr_nexus_close(nx);
}

/* OD-22, 30: another array, also one of the same seed; a restarted one is another. */
static void other_array(void **state)
{
	static const char *const luns[] = { "0=64M", "1=64M", NULL };
	struct rig b;

	(void)state;
	fill(&r, 0, 0, 8, 3);
	make_token(&r, 0, 1, RANGES({ 0, 8 }), token);
	copy_open(&b, "ideal", luns);
	make_token(&b, 0, 1, RANGES({ 0, 8 }), other);
	assert_int_equal(use_token(&b, b.nx, 1, 2, token, 0, RANGES({ 0, 8 })), 0x052304);
	assert_int_equal(use_token(&r, r.nx, 1, 2, other, 0, RANGES({ 0, 8 })), 0x052304);
	assert_int_equal(use_token(&b, b.nx, 1, 2, other, 0, RANGES({ 0, 8 })), 0);
	rig_close(&b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define TEST_CTL(f) cmocka_unit_test_setup_teardown(f, setup_ctl, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(point_in_time),
		TEST(truth),
		TEST(written_under_a_copy),
		TEST(access_upon_reference),
		TEST_CTL(access_upon_reference_ctl),
		TEST(vulnerable),
		TEST(no_room_to_keep),
		TEST(expires),
		TEST_CTL(expires_ctl),
		TEST(does_not_expire_in_use),
		TEST(deleted),
		TEST(source_changes),
		TEST(source_goes_under_a_copy),
		TEST(exhaustion),
		TEST(altered),
		TEST(guessed),
		TEST(scopes),
		TEST(stolen),
		TEST(not_listed),
		TEST(other_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
