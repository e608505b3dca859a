/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lists and answers of copies by token, byte by byte from the tables of
 * reference/scsi-offload.md 3.6, 3.7 and 3.10, and VPD page 8F.
 */
#include <stdbool.h>
#include <stdlib.h>
#include "scsi-hex.h"
#include "odx.h"

#define Z4 "00000000"
#define Z16 Z4 Z4 Z4 Z4
#define Z64 Z16 Z16 Z16 Z16
#define A64 "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5" \
	"a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5"
#define A512 A64 A64 A64 A64 A64 A64 A64 A64

/* ---- lists -------------------------------------------------------------------------- */

static void populate(void **state)
{
	uint8_t buf[ODX_LIST_MAX];
	static const struct odx_range r[2] = { { 0x1234, 1000 },
					       { 0xfedcba9876543210, 0xffffffff } };

	(void)state;
	struct odx_populate l = { .nranges = 1, .ranges = r };
	assert_hex(buf, odx_encode_populate(&l, buf, sizeof buf),
		   "001e 00 00 00000000 00000000 0000 0010 | 0000000000001234 000003e8 00000000");
	l = (struct odx_populate){ .immed = true, .rtv = true, .type = 0x00800000,
				   .inactivity = 300, .nranges = 2, .ranges = r };
	assert_hex(buf, odx_encode_populate(&l, buf, sizeof buf),
		   "002e 03 00 0000012c 00800000 0000 0020 | 0000000000001234 000003e8 00000000"
		   "| fedcba9876543210 ffffffff 00000000");
	/* without RTV a type means nothing */
	l.rtv = false;
	l.nranges = 1;
	assert_hex(buf, odx_encode_populate(&l, buf, sizeof buf),
		   "001e 01 00 0000012c 00000000 0000 0010 | 0000000000001234 000003e8 00000000");
}

static void write_token(void **state)
{
	uint8_t buf[ODX_LIST_MAX], token[XM_TOKEN_LEN];
	static const struct odx_range r[2] = { { 0x1234, 1000 }, { 0x5678, 1 } };

	(void)state;
	memset(token, 0xa5, sizeof token);
	struct odx_write l = { .token = token, .nranges = 1, .ranges = r };
	assert_hex(buf, odx_encode_write(&l, buf, sizeof buf),
		   "0226 00 0000000000 0000000000000000 |" A512 "| 000000000000 0010"
		   "| 0000000000001234 000003e8 00000000");
	l.del_tkn = true;
	l.offset = 0x0102030405060708;
	l.nranges = 2;
	assert_hex(buf, odx_encode_write(&l, buf, sizeof buf),
		   "0236 02 0000000000 0102030405060708 |" A512 "| 000000000000 0020"
		   "| 0000000000001234 000003e8 00000000 | 0000000000005678 00000001 00000000");
	odx_put_zero_token(token);
	l = (struct odx_write){ .token = token, .nranges = 1, .ranges = r };
	assert_hex(buf, odx_encode_write(&l, buf, sizeof buf),
		   "0226 00 0000000000 0000000000000000 | ffff0001 0000 01f8"
		   Z4 Z4 Z16 Z16 Z16 Z64 Z64 Z64 Z64 Z64 Z64 Z64 "| 000000000000 0010"
		   "| 0000000000001234 000003e8 00000000");
}

static void cannot_be_said(void **state)
{
	uint8_t buf[ODX_LIST_MAX], token[XM_TOKEN_LEN] = { 0 };
	static struct odx_range r[XM_TOKEN_RUNS_MAX + 1];

	(void)state;
	for (unsigned i = 0; i <= XM_TOKEN_RUNS_MAX; i++)
		r[i].blocks = 1;
	struct odx_populate p = { .nranges = XM_TOKEN_RUNS_MAX, .ranges = r };
	struct odx_write w = { .token = token, .nranges = XM_TOKEN_RUNS_MAX, .ranges = r };
	assert_int_equal(odx_encode_populate(&p, buf, sizeof buf), 16 + 64 * 16);
	assert_int_equal(odx_encode_write(&w, buf, sizeof buf), 536 + 64 * 16);
	assert_int_equal(odx_encode_populate(&p, buf, 16 + 64 * 16 - 1), 0);
	assert_int_equal(odx_encode_write(&w, buf, 536 + 64 * 16 - 1), 0);
	p.nranges = w.nranges = XM_TOKEN_RUNS_MAX + 1;
	assert_int_equal(odx_encode_populate(&p, buf, sizeof buf), 0);
	assert_int_equal(odx_encode_write(&w, buf, sizeof buf), 0);
	p.nranges = w.nranges = 0;
	assert_int_equal(odx_encode_populate(&p, buf, sizeof buf), 0);
	assert_int_equal(odx_encode_write(&w, buf, sizeof buf), 0);
	p.nranges = 2;
	r[1].blocks = 0;                /* CTL takes it for the whole LUN's worth of nothing */
	assert_int_equal(odx_encode_populate(&p, buf, sizeof buf), 0);
}

/* ---- answers ---------------------------------------------------------------------------- */

static uint8_t *held;

/* Off the heap, so that a byte too far is seen. */
static bool decode(const char *text, bool token, struct odx_status *s)
{
	static uint8_t buf[ODX_ANSWER_MAX];
	size_t n = hex(buf, sizeof buf, text);

	free(held);
	held = malloc(n ? n : 1);
	assert_non_null(held);
	memcpy(held, buf, n);
	return odx_decode_status(held, n, token, s);
}

static void token_made(void **state)
{
	struct odx_status s;
	uint64_t bytes;

	(void)state;
	/* 550 bytes: 32, no sense, the length of the descriptors, two bytes, the token */
	assert_true(decode("00000222 10 01 0007 fffffffe 00 00 00 f1 0000000000000800 0000 "
			   "000000000000" "| 00000202 0000" A512, true, &s));
	assert_int_equal(s.action, 0x10);
	assert_int_equal(s.state, ODX_DONE);
	assert_int_equal(s.counter, 7);
	assert_int_equal(s.delay_ms, 0);
	assert_true(odx_count_bytes(&s, 4096, &bytes));
	assert_int_equal(bytes, 2048 * 4096);
	assert_ptr_equal(s.token, held + 38);
	assert_false(s.token_odd);
	/* asked as RECEIVE COPY STATUS there is none */
	assert_true(decode("0000001c 10 12 0001 000000fa 00 00 00 02 0000000000000003 0000 "
			   "000000000000", false, &s));
	assert_int_equal(s.state, ODX_RUNNING);
	assert_true(s.background);
	assert_int_equal(s.delay_ms, 250);
	assert_true(odx_count_bytes(&s, 512, &bytes));
	assert_int_equal(bytes, 3 << 20);
	assert_null(s.token);
}

static void failed(void **state)
{
	struct odx_status s;

	(void)state;
	/* 18 bytes of sense in a field of 20, then no token */
	assert_true(decode("00000034 11 02 0000 ffffffff 02 14 12 f1 0000000000000010 0001 "
			   "000000000000" "| 70000300000000 0a 00000000 1100 00000000 0000 "
			   "| 00000000", true, &s));
	assert_int_equal(s.state, ODX_FAILED);
	assert_int_equal(s.status, 2);
	assert_int_equal(s.sense_len, 18);
	assert_int_equal(s.sense[2], 3);
	assert_null(s.token);
	assert_false(s.token_odd);
}

#define HEAD(code) "10 " code " 0007 fffffffe 00 00 00 f1 0000000000000800 0000 000000000000 "

static void every_status(void **state)
{
	static const struct {
		const char *text;
		int state;               /* -1: not one */
	} cases[] = {
		{ "0000001c" HEAD("01"), ODX_DONE }, { "0000001c" HEAD("02"), ODX_FAILED },
		{ "0000001c" HEAD("03"), ODX_PARTIAL }, { "0000001c" HEAD("04"), ODX_RESIDUAL },
		{ "0000001c" HEAD("10"), ODX_RUNNING }, { "0000001c" HEAD("11"), ODX_RUNNING },
		{ "0000001c" HEAD("12"), ODX_RUNNING }, { "0000001c" HEAD("60"), ODX_TERMINATED },
		{ "0000001c" HEAD("e0"), ODX_TERMINATED },       /* bit 7 is reserved */
		{ "0000001c" HEAD("00"), -1 }, { "0000001c" HEAD("05"), -1 },
		{ "0000001c" HEAD("13"), -1 }, { "0000001c" HEAD("7f"), -1 },
		/* too short, by its own word and in fact; longer than what came */
		{ "", -1 }, { "0000001c 10 01", -1 }, { "0000001b" HEAD("01"), -1 },
		{ "0000001d" HEAD("01"), -1 }, { "ffffffff" HEAD("01"), -1 },
		/* sense longer than the answer, sense longer than its field */
		{ "0000001c 10 01 0000 00000000 00 01 00 f1 0000000000000800 0000 000000000000",
		  -1 },
		{ "0000001d 10 01 0000 00000000 00 01 02 f1 0000000000000800 0000 000000000000 00",
		  -1 },
	};
	struct odx_status s;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		bool ok = decode(cases[i].text, true, &s);

		if (ok != (cases[i].state >= 0) || (ok && (int)s.state != cases[i].state))
			fail_msg("case %zu", i);
	}
}

static void odd_tokens(void **state)
{
	static const char *const odd[] = {
		"00000222" HEAD("01") "00000201 0000" A512,       /* a byte less */
		"00000222" HEAD("01") "00000203 0000" A512,
		"00000222" HEAD("01") "ffffffff 0000" A512,
		"00000221" HEAD("01") "00000202 0000" A512,       /* cut */
		"00000022" HEAD("01") "00000202 0000",
	};
	struct odx_status s;

	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		assert_true(decode(odd[i], true, &s));
		assert_true(s.token_odd);
		assert_null(s.token);
	}
}

static void counts(void **state)
{
	static const struct {
		const char *units;
		bool known;
		uint64_t bytes;
	} cases[] = {
		{ "00 0000000000000003", true, 3 }, { "01 0000000000000003", true, 3 << 10 },
		{ "03 0000000000000003", true, UINT64_C(3) << 30 },
		{ "05 0000000000000003", true, UINT64_C(3) << 50 },
		{ "06 000000000000000f", true, UINT64_C(15) << 60 },
		{ "06 0000000000000010", false, 0 }, { "07 0000000000000003", false, 0 },
		{ "f0 0000000000000003", false, 0 }, { "f1 0000000000000003", true, 3 * 512 },
		{ "f1 ffffffffffffffff", false, 0 },
	};
	struct odx_status s;
	char text[200];
	uint64_t bytes;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		snprintf(text, sizeof text,
			 "0000001c 11 04 0000 00000000 00 00 00 %s 0000 000000000000",
			 cases[i].units);
		assert_true(decode(text, true, &s));
		assert_int_equal(odx_count_bytes(&s, 512, &bytes), cases[i].known);
		if (cases[i].known)
			assert_int_equal(bytes, cases[i].bytes);
	}
}

/* ---- VPD page 8F ---------------------------------------------------------------------------- */

/* FreeBSD CTL's, as 2.3 and 3.10 have it. */
#define ROD_TYPE(type, use) type use "000000" Z4 Z4 Z16 Z16 Z16
static const char ctl_page[] =
	"00 8f 0154"
	"| 0000 0020 000000000000 0040 00000258 0000003c 0000000000000000 0000000000000000"
	"| 0001 0010 0f 83 05 00 01 10 11 1c 84 06 00 04 05 03 07 08"
	"| 0004 001c 00000000 0040 0040 00002000 00000000 00000000 00000000 00000000"
	"| 0008 0008 04 02 07 14 e4 000000"
	"| 000c 0004 0002 ffff"
	"| 0106 005c 00 000000 00000000 00000000 00000001 ffffffff 00000258" Z16 "0000 0030"
	"  00 00 002c 0000 0000 0000000000000000 0000000000000000 ffffffffffffffff "
	"0000000001000000" Z4 Z4
	"| 0108 0084 0000 0080" ROD_TYPE("00010000", "03") ROD_TYPE("ffff0001", "02");

static bool page(const char *text, struct scsi_tpc *t)
{
	static uint8_t buf[1024];
	size_t n = hex(buf, sizeof buf, text);

	free(held);
	held = malloc(n ? n : 1);
	assert_non_null(held);
	memcpy(held, buf, n);
	return tpc_decode(held, n, t);
}

static void third_party_copy(void **state)
{
	struct scsi_tpc t;

	(void)state;
	assert_true(page(ctl_page, &t));
	assert_int_equal(t.sa_83, 1u << 0 | 1u << 1 | 1u << 0x10 | 1u << 0x11 | 1u << 0x1c);
	assert_int_equal(t.sa_84, 1u << 0 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 7 | 1u << 8);
	assert_true(t.rod_known);
	assert_int_equal(t.max_ranges, 64);
	assert_int_equal(t.max_inactivity, 600);
	assert_int_equal(t.default_inactivity, 60);
	assert_int_equal(t.max_token_blocks, 0);
	assert_true(t.features_known);
	assert_int_equal(t.remote_tokens, 0);
	assert_int_equal(t.nrods, 2);
	assert_int_equal(t.rods[0].type, 0x00010000);
	assert_true(t.rods[0].made && t.rods[0].used);
	assert_true(!t.rods[1].made && t.rods[1].used);
}

static void bad_pages(void **state)
{
	static const char *const bad[] = {
		"", "00 8f 00", "00 83 0000", "00 8f 0001", "00 8f 0003 000000",
		"00 8f 0004 0000 0001", "00 8f 0008 0000 ffff 00000000",
	};
	struct scsi_tpc t;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_false(page(bad[i], &t));
		assert_false(t.known);
	}
	/* descriptors cut short say nothing; lists end where they say or where they end */
	assert_true(page("00 8f 0010 0000 0004 ffffffff 0001 0004 ff 83 ff 01", &t));
	assert_false(t.rod_known);
	assert_int_equal(t.sa_83, 1u << 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(populate),
		cmocka_unit_test(write_token),
		cmocka_unit_test(cannot_be_said),
		cmocka_unit_test(token_made),
		cmocka_unit_test(failed),
		cmocka_unit_test(every_status),
		cmocka_unit_test(odd_tokens),
		cmocka_unit_test(counts),
		cmocka_unit_test(third_party_copy),
		cmocka_unit_test(bad_pages),
	};
	int bad = cmocka_run_group_tests_name("scsi-odx", tests, NULL, NULL);

	free(held);
	return bad;
}
