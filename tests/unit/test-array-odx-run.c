/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations with a 32-bit list identifier as they run: in the background, with
 * EXTENDED COPY(LID4), aborted, bent by fault rules, counted (reference/
 * scsi-offload.md 3.1, 3.3, 3.7).
 */
#include "rod-rig.h"

static struct rig r;
static struct rod_cmd c;
static struct copy_cmd x;
static struct answer an;
static uint8_t token[TOKEN_LEN];

static const char *const luns[] = { "0=64M", "1=64M", "2=64M,thin", NULL };

static int setup_as(const char *persona)
{
	copy_open(&r, persona, luns);
	fill(&r, 0, 0, 16384, 3);
	return 0;
}

static int setup(void **state) { (void)state; return setup_as("ideal"); }
static int setup_ctl(void **state) { (void)state; return setup_as("ctl"); }

static int teardown(void **state)
{
	(void)state;
	answer_drop(&c.an);
	answer_drop(&x.an);
	answer_drop(&an);
	rig_close(&r);
	return 0;
}

/* 16384 blocks to LUN 1, 20 ms, in the background. */
static void write_behind(uint32_t id)
{
	make_token(&r, 0, 1, RANGES({ 0, 16384 }), token);
	control_ok(&r, "set copy_latency 20");
	wut_list(&c, id, token, 0, RANGES({ 0, 16384 }));
	c.list[2] |= 1;
	rod_send(&r, r.nx, &c, 1);
	while (!c.an.done)
		arr_step(r.a, r.now);
	assert_good(&c.an);
}

static void assert_operation(uint32_t id, unsigned lun, unsigned status)
{
	rrti(&r, r.nx, &an, lun, id);
	assert_good(&an);
	assert_int_equal(OPERATION(&an), status);
}

static unsigned running(void)
{
	char *n = control(&r, "running");
	unsigned v = (unsigned)atoi(n);

	free(n);
	return v;
}

/* ---- in the background --------------------------------------------------- */

static void behind(void **state)
{
	uint64_t last = 0;

	(void)state;
	write_behind(2);
	assert_int_equal(running(), 1);
	for (unsigned ms = 1; ms < 20; ms++) {
		rig_advance(&r, MS);
		assert_operation(2, 1, 0x12);
		assert_true(COUNT(&an) >= last && COUNT(&an) < 16384);
		last = COUNT(&an);
	}
	assert_true(last > 8192);
	rig_advance(&r, 2 * MS);
	assert_operation(2, 1, 0x01);
	assert_int_equal(COUNT(&an), 16384);
	assert_int_equal(running(), 0);
	assert_true(holds(&r, 1, 0, 16384, 3, 0));
	char *stats = control(&r, "stats");
	assert_non_null(strstr(stats, "\"copies\":{\"commands\":1,\"bytes\":8388608,\"running\":0,"
			       "\"peak\":1,\"token_bytes\":8388608},\"tokens\":1"));
	free(stats);
}

static void populate_behind(void **state)
{
	(void)state;
	control_ok(&r, "set token_latency 10");
	pt_list(&c, 1, RANGES({ 0, 8 }));
	c.list[2] = 1;
	rod_send(&r, r.nx, &c, 0);
	while (!c.an.done)
		arr_step(r.a, r.now);
	assert_good(&c.an);
	assert_operation(1, 0, 0x12);
	assert_int_equal(an.in_len, 36);
	rig_advance(&r, 10 * MS);
	assert_operation(1, 0, 0x01);
	assert_int_equal(an.in_len, 550);
}

static void refused_immed(void **state)
{
	(void)state;
	control_ok(&r, "set immed refused");
	pt_list(&c, 1, RANGES({ 0, 8 }));
	c.list[2] = 1;
	rod_again(&r, &c, 0);
	assert_hex(c.an.cmd.sense, c.an.cmd.sense_len,
		   "70 00 05 00000000 0a 00000000 26 00 00 80 0002");
}

/* The session goes, the copy does not; the login that follows is told so. */
static void outlives_the_session(void **state)
{
	(void)state;
	write_behind(2);
	rig_advance(&r, 5 * MS);
	arr_nexus_close(r.nx);
	assert_int_equal(arr_nexus_busy(r.a, r.t, "iqn.2026-01.test:host", 1), 1);
	rig_advance(&r, 14 * MS);
	assert_int_equal(arr_nexus_busy(r.a, r.t, "iqn.2026-01.test:host", 1), 1);
	rig_advance(&r, 2 * MS);
	assert_int_equal(arr_nexus_busy(r.a, r.t, "iqn.2026-01.test:host", 1), 0);
	assert_true(holds(&r, 1, 0, 16384, 3, 0));
	r.nx = copy_nexus(&r, "iqn.2026-01.test:host", 1);
	rrti(&r, r.nx, &an, 1, 2);
	assert_int_equal(sense_of(&an), 0x052400);
}

/* ABORT TASK SET is about commands; a reset of the LU ends it: 60h, and the count says where. */
static void resets(void **state)
{
	(void)state;
	write_behind(2);
	rig_advance(&r, 5 * MS);
	assert_int_equal(arr_task_management(r.nx, ARR_ABORT_TASK_SET, 1, 0), ARR_TMF_DONE);
	assert_int_equal(arr_task_management(r.nx, ARR_CLEAR_TASK_SET, 1, 0), ARR_TMF_DONE);
	assert_operation(2, 1, 0x12);
	assert_int_equal(arr_task_management(r.nx, ARR_LUN_RESET, 1, 0), ARR_TMF_DONE);
	assert_operation(2, 1, 0x60);
	assert_int_equal(running(), 0);
	assert_in_range(COUNT(&an), 1, 16383);
	assert_true(holds(&r, 1, 0, (unsigned)COUNT(&an), 3, 0));
	assert_true(is_zero(&r, 1, COUNT(&an), 1));
}

/* An ORDERED command does not wait for what goes on behind an answer. */
static void no_barrier(void **state)
{
	static const uint8_t tur[6];

	(void)state;
	write_behind(2);
	answer_drop(&an);
	an.cmd.attr = ARR_ORDERED;
	rig_submit(&r, r.nx, 1, &an, tur, sizeof tur, NULL, 0);
	arr_step(r.a, r.now);
	arr_step(r.a, r.now);
	assert_int_equal(an.done, 1);
	assert_int_equal(running(), 1);
}

/* ---- COPY OPERATION ABORT ------------------------------------------------ */

static void abort_behind(void **state)
{
	uint64_t count;

	(void)state;
	write_behind(0x01020304);
	rig_advance(&r, 5 * MS);
	ask(&r, &an, 1, "831c 01020304 00000000 00000000 00 00");
	assert_good(&an);
	assert_operation(0x01020304, 1, 0x60);
	count = COUNT(&an);
	assert_in_range(count, 1, 16383);
	rig_advance(&r, 100 * MS);
	assert_true(is_zero(&r, 1, count, 1));
	assert_true(holds(&r, 1, 0, (unsigned)count, 3, 0));
	/* It is over: nothing to abort, and the identifier is free. */
	coa(&r, r.nx, &an, 1, 0x01020304);
	assert_int_equal(sense_of(&an), 0x052400);
	assert_hex(an.cmd.sense + 15, 3, "cf 0002");
	assert_int_equal(use_token(&r, r.nx, 1, 0x01020304, token, 0, RANGES({ 0, 8 })), 0);
}

/* From the same session, in the foreground: the command ends with COPY ABORTED. */
static void abort_in_front(void **state)
{
	(void)state;
	make_token(&r, 0, 1, RANGES({ 0, 16384 }), token);
	control_ok(&r, "set copy_latency 20");
	control_ok(&r, "set token_latency 20");
	wut_list(&c, 2, token, 0, RANGES({ 0, 16384 }));
	rod_send(&r, r.nx, &c, 1);
	rig_advance(&r, 5 * MS);
	/* Through another LUN too. */
	coa(&r, r.nx, &an, 0, 2);
	assert_good(&an);
	assert_int_equal(c.an.done, 1);
	assert_int_equal(sense_of(&c.an), 0x0a0000);
	assert_operation(2, 1, 0x60);
	/* A POPULATE TOKEN: nobody gets a token. */
	pt_list(&c, 3, RANGES({ 0, 8 }));
	rod_send(&r, r.nx, &c, 0);
	rig_advance(&r, 5 * MS);
	coa(&r, r.nx, &an, 0, 3);
	assert_good(&an);
	assert_int_equal(sense_of(&c.an), 0x0a0000);
	assert_operation(3, 0, 0x60);
	assert_int_equal(xm_get_be32(an.in + 32 + an.in[13]), 0);
	ask(&r, &an, 0, "8408 0000000000000000 00000400 00 00");
	assert_int_equal(an.in_len, 8 + 96);
}

/* ---- EXTENDED COPY(LID4) ------------------------------------------------- */

/* Reference 3.3: 48 bytes, then CSCDs and segments as ever. */
static void lid4_list(const struct copy *k)
{
	copy_list(&r, &x, k);
	memmove(x.list + 48, x.list + 16, 92);
	memset(x.list, 0, 48);
	hex_bytes(x.list, 4, "01 00 0020");
	x.list[1] = (uint8_t)(k->usage << 3);
	x.list[16] = 0xff;
	x.list[23] = k->id;
	hex_bytes(x.list + 42, 6, "0040 001c 0000");
	x.len = 140;
}

static void lid4_send(unsigned lun)
{
	uint8_t cdb[16] = { 0x83, 0x01 };

	xm_put_be32(cdb + 10, (uint32_t)x.len);
	answer_drop(&x.an);
	rig_submit(&r, r.nx, lun, &x.an, cdb, sizeof cdb, x.list, x.len);
}

static const struct copy mib8 = { .id = 9, .usage = 2, .src = 0, .dst = 1, .blocks = 16384 };

static void lid4(void **state)
{
	uint64_t last = 0;

	(void)state;
	control_ok(&r, "set copy_latency 20");
	lid4_list(&mib8);
	hex_bytes(x.list + 20, 4, "80000009");
	lid4_send(0);
	for (unsigned ms = 1; ms < 20; ms++) {
		rig_advance(&r, MS);
		rcs4(&r, r.nx, &an, 0, 0x80000009);
		assert_int_equal(an.in_len, 32);
		assert_hex(an.in + 4, 2, "01 11");
		assert_int_equal(an.in[15], 0x00);
		assert_true(COUNT(&an) >= last && COUNT(&an) < 16384 * 512);
		last = COUNT(&an);
	}
	assert_true(last > 0);
	rig_until(&r, &x.an);
	assert_good(&x.an);
	assert_true(holds(&r, 1, 0, 16384, 3, 0));
	rcs4(&r, r.nx, &an, 0, 0x80000009);
	assert_hex(an.in + 4, 2, "01 01");
	assert_hex(an.in + 12, 14, "00 00 00 00 0000000000800000 0001");
}

static void lid4_behind(void **state)
{
	(void)state;
	control_ok(&r, "set copy_latency 20");
	lid4_list(&mib8);
	x.list[15] = 1;
	lid4_send(0);
	while (!x.an.done)
		arr_step(r.a, r.now);
	assert_good(&x.an);
	rig_advance(&r, 10 * MS);
	assert_false(holds(&r, 1, 16383, 1, 3, 16383));
	rcs4(&r, r.nx, &an, 0, 9);
	assert_int_equal(OPERATION(&an), 0x12);
	rig_advance(&r, 11 * MS);
	rcs4(&r, r.nx, &an, 0, 9);
	assert_int_equal(OPERATION(&an), 0x01);
	assert_true(holds(&r, 1, 0, 16384, 3, 0));
}

/* A segment that fails behind the answer: its sense is in the status. */
static void lid4_fails_behind(void **state)
{
	(void)state;
	lid4_list(&(struct copy){ .id = 9, .usage = 2, .src = 0, .dst = 1, .src_lba = 131071,
				  .blocks = 2 });
	x.list[15] = 1;
	lid4_send(0);
	rig_until(&r, &x.an);
	assert_good(&x.an);
	rcs4(&r, r.nx, &an, 0, 9);
	assert_int_equal(OPERATION(&an), 0x02);
	assert_int_equal(an.in[12], 0x02);
	assert_int_equal(an.in[13], an.in[14]);
	assert_int_equal(an.in_len, 32 + an.in[14]);
	assert_hex(an.in + 32, 3, "70 00 0a");
}

/* What is wrong with a header; CTL looks at its lengths alone. */
static void lid4_header(bool ctl)
{
	static const struct { unsigned at; const char *hex; unsigned ideal, ctl; int point; }
	rows[] = {
		{ 0, "01", 0, 0, -1 },
		{ 0, "00", 0x052600, 0, 0 },
		{ 2, "0021", 0x052600, 0, 2 },
		{ 15, "02", 0x052600, 0, 15 },
		{ 16, "00", 0x052600, 0, 16 },
		{ 1, "08", 0x052600, 0, 1 },
		{ 1, "18", 0x052600, 0, 20 },
		{ 42, "005f", 0x051a00, 0x051a00, -1 },
		{ 44, "001d", 0x051a00, 0x051a00, -1 },
		{ 46, "0001", 0x05260b, 0x05260b, 46 },
	};
	uint8_t whole[140];

	lid4_list(&(struct copy){ .id = 9, .usage = 2, .src = 0, .dst = 1, .blocks = 8 });
	memcpy(whole, x.list, sizeof whole);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unsigned want = ctl ? rows[i].ctl : rows[i].ideal, got;

		memcpy(x.list, whole, sizeof whole);
		hex_bytes(x.list + rows[i].at, 8, rows[i].hex);
		lid4_send(0);
		rig_until(&r, &x.an);
		got = x.an.cmd.status ? sense_of(&x.an) : 0;
		if (got != want)
			fail_msg("row %zu: %06x", i, got);
		if (want && !ctl && rows[i].point >= 0)
			assert_int_equal(xm_get_be24(x.an.cmd.sense + 15),
					 0x800000 + (unsigned)rows[i].point);
	}
	x.len = 47;
	lid4_send(0);
	rig_until(&r, &x.an);
	assert_int_equal(sense_of(&x.an), ctl ? 0x052400 : 0x051a00);
}

static void lid4_header_ideal(void **state)
{
	(void)state;
	lid4_header(false);
}

static void lid4_header_ctl(void **state)
{
	(void)state;
	lid4_header(true);
}

/* ---- fault rules --------------------------------------------------------- */

static void fault(const char *words)
{
	if (!arr_fault_add(r.a, words))
		fail_msg("%s: %s", words, arr_error(r.a));
}

static void senses_by_rule(void **state)
{
	static const char *const codes[] = {
		"230000", "230100", "230200", "230300", "230400", "230500", "230600", "230700",
		"230800", "230900", "230a00", "550c00", "550d00", "001600",
	};
	char words[128];

	(void)state;
	make_token(&r, 0, 1, RANGES({ 0, 8 }), token);
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		snprintf(words, sizeof words,
			 "op=83/11 times=1 action=sense k=5 asc=%.2s ascq=%.2s", codes[i],
			 codes[i] + 2);
		fault(words);
		assert_int_equal(use_token(&r, r.nx, 1, 2, token, 0, RANGES({ 0, 8 })),
				 0x050000 | (unsigned)strtoul(codes[i], NULL, 16) >> 8);
	}
	fault("op=83/10 lba=100-199 action=sense k=5 asc=55 ascq=0d");
	pt_list(&c, 5, RANGES({ 0, 8 }, { 199, 1 }));
	rod_again(&r, &c, 0);
	assert_int_equal(sense_of(&c.an), 0x05550d);
	pt_list(&c, 5, RANGES({ 0, 8 }, { 200, 1 }));
	rod_again(&r, &c, 0);
	assert_good(&c.an);
	fault("op=83/11 lba=77 action=status status=busy");
	wut_list(&c, 5, token, 0, RANGES({ 70, 8 }));
	rod_again(&r, &c, 1);
	assert_int_equal(c.an.cmd.status, 0x08);
}

/* Answers are patched; op=writes leaves third party copy alone. */
static void answers_by_rule(void **state)
{
	(void)state;
	make_token(&r, 0, 1, RANGES({ 0, 8 }), token);
	fault("op=84/07 times=1 action=patch off=5 hex=03");
	assert_operation(1, 0, 0x03);
	assert_operation(1, 0, 0x01);
	fault("op=84/07 times=1 action=truncate len=40");
	rrti(&r, r.nx, &an, 0, 1);
	assert_int_equal(an.in_len, 40);
	fault("op=writes action=status status=busy");
	assert_int_equal(use_token(&r, r.nx, 1, 2, token, 0, RANGES({ 0, 8 })), 0);
}

/* What bends writes goes on behind the answer. */
static void bent_behind(void **state)
{
	(void)state;
	fault("op=83/11 times=1 action=lie");
	write_behind(2);
	rig_advance(&r, 30 * MS);
	assert_operation(2, 1, 0x01);
	assert_true(is_zero(&r, 1, 0, 16384));
	fault("op=83/11 times=1 action=flip off=512");
	write_behind(2);
	rig_advance(&r, 30 * MS);
	assert_true(holds(&r, 1, 0, 1, 3, 0) && holds(&r, 1, 2, 16382, 3, 2));
	assert_false(holds(&r, 1, 1, 1, 3, 1));
	/* And one about the answer does not. */
	fault("op=83/11 times=1 action=sense when=after k=b asc=47 ascq=0");
	wut_list(&c, 3, token, 0, RANGES({ 20000, 8 }));
	c.list[2] = 1;
	rod_again(&r, &c, 1);
	assert_int_equal(sense_of(&c.an), 0x0b4700);
	rig_advance(&r, 30 * MS);
	assert_operation(3, 1, 0x01);
}

/* Copies and tokens that stand still until they are aborted, in front and behind. */
static void stands_still(void **state)
{
	(void)state;
	fault("op=83/11 times=1 action=stall blocks=4096");
	make_token(&r, 0, 1, RANGES({ 0, 16384 }), token);
	wut_list(&c, 2, token, 0, RANGES({ 0, 16384 }));
	rod_send(&r, r.nx, &c, 1);
	rig_advance(&r, 3600 * 1000 * MS);
	assert_operation(2, 1, 0x11);
	assert_int_equal(c.an.done, 0);
	assert_int_equal(COUNT(&an), 4096);
	coa(&r, r.nx, &an, 1, 2);
	assert_good(&an);
	assert_int_equal(sense_of(&c.an), 0x0a0000);
	assert_true(holds(&r, 1, 0, 4096, 3, 0) && is_zero(&r, 1, 4096, 1));
	fault("op=83/10 times=1 action=stall blocks=0");
	pt_list(&c, 3, RANGES({ 0, 8 }));
	c.list[2] = 1;
	rod_again(&r, &c, 0);
	assert_good(&c.an);
	rig_advance(&r, 3600 * 1000 * MS);
	assert_operation(3, 0, 0x12);
	coa(&r, r.nx, &an, 0, 3);
	assert_good(&an);
	assert_operation(3, 0, 0x60);
	fault("op=83/01 times=1 action=stall blocks=0");
	lid4_list(&mib8);
	lid4_send(0);
	rig_advance(&r, 3600 * 1000 * MS);
	assert_int_equal(x.an.done, 0);
	coa(&r, r.nx, &an, 0, 9);
	assert_int_equal(sense_of(&x.an), 0x0a0000);
}

/* Reserved and write protected LUs. */
static void forbidden(void **state)
{
	struct arr_nexus *holder = copy_nexus(&r, "iqn.2026-01.test:other", 2);

	(void)state;
	make_token(&r, 0, 1, RANGES({ 0, 8 }), token);
	for (unsigned lun = 0; lun < 2; lun++) {
		tell(&r, holder, &an, lun, "16 00 00 00 00 00", "");
		assert_good(&an);
	}
	pt_list(&c, 2, RANGES({ 0, 8 }));
	rod_again(&r, &c, 0);
	assert_int_equal(c.an.cmd.status, 0x18);
	wut_list(&c, 2, token, 0, RANGES({ 0, 8 }));
	rod_again(&r, &c, 1);
	assert_int_equal(c.an.cmd.status, 0x18);
	arr_nexus_close(holder);
	control_ok(&r, "lun ro 1 on");
	rig_clear_ua(&r, r.nx, 1);
	rod_again(&r, &c, 1);
	assert_int_equal(sense_of(&c.an), 0x072700);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define TEST_CTL(f) cmocka_unit_test_setup_teardown(f, setup_ctl, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(behind),
		TEST(populate_behind),
		TEST(refused_immed),
		TEST(outlives_the_session),
		TEST(resets),
		TEST(no_barrier),
		TEST(abort_behind),
		TEST(abort_in_front),
		TEST(lid4),
		TEST(lid4_behind),
		TEST(lid4_fails_behind),
		TEST(lid4_header_ideal),
		TEST_CTL(lid4_header_ctl),
		TEST(senses_by_rule),
		TEST(answers_by_rule),
		TEST(bent_behind),
		TEST(stands_still),
		TEST(forbidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
