/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes, times and hostile text: expected values worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "text.h"

static void test_size(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {
		{ 0, "0 B" }, { 1023, "1023 B" }, { 1024, "1.0 KiB" }, { 1536, "1.5 KiB" },
		{ 1048575, "1023.9 KiB" }, { 1048576, "1.0 MiB" },
		{ (uint64_t)64 << 30, "64.0 GiB" }, { ((uint64_t)64 << 30) - 1, "63.9 GiB" },
		{ UINT64_MAX, "15.9 EiB" },
	};
	char buf[TEXT_SIZE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(text_size(rows[i].bytes, buf), rows[i].text);
}

static void test_time(void **state)
{
	char buf[TEXT_TIME_MAX];

	(void)state;
	assert_string_equal(text_time(999999999, buf), "0:00");
	assert_string_equal(text_time(7000000000, buf), "0:07");
	assert_string_equal(text_time((uint64_t)125 * 1000000000, buf), "2:05");
	assert_string_equal(text_time((uint64_t)3723 * 1000000000, buf), "1:02:03");
	assert_string_equal(text_time(UINT64_MAX - 1, buf), "5124095:34:33");
}

/* 100 % is said of the whole alone. */
static void test_percent(void **state)
{
	(void)state;
	assert_true(text_percent(0, 0) == 100);
	assert_true(text_percent(0, 10) == 0);
	assert_true(text_percent(5, 10) == 50);
	assert_true(text_percent(UINT64_MAX - 1, UINT64_MAX) < 100);
	assert_true(text_percent(99999, 100000) == 99.99);
	assert_true(text_percent(10, 10) == 100);
}

static void test_parse_size(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{ "0", 0 }, { "512", 512 }, { "64K", 65536 }, { "1M", 1048576 },
		{ "8G", 8589934592 }, { "2T", 2199023255552 }, { "007", 7 },
		{ "18446744073709551615", UINT64_MAX },
	};
	static const char *const bad[] = {
		"", "K", "-1", "+1", " 1", "1 ", "1 K", "1k", "1KB", "1KiB", "1.5G", "0x10", "1e3",
		"18446744073709551616", "16777216T", "99999999999999999999999999", "1KK",
	};
	uint64_t v;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_true(text_parse_size(good[i].text, &v));
		assert_true(v == good[i].bytes);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		v = 42;
		assert_false(text_parse_size(bad[i], &v));
		assert_true(v == 42);
	}
	assert_false(text_parse_number("1K", &v));
}

static void test_printable(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "plain", "plain" },
		{ "a\033[31mb\nc\177", "a?[31mb?c?" },
		{ "\xc3\xa4\xe2\x82\xac", "\xc3\xa4\xe2\x82\xac" },
		{ "\xc3", "?" },                         /* cut off */
		{ "\xc0\xaf", "??" },                    /* overlong */
		{ "\xed\xa0\x80", "???" },               /* surrogate */
		{ "\xf5\x80\x80\x80", "????" },          /* past U+10FFFF */
		{ "\xc2\x9b" "2J", "?2J" },              /* C1: CSI */
	};
	char buf[64];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		text_printable(rows[i].in, buf, sizeof buf);
		assert_string_equal(buf, rows[i].out);
	}
	/* Never half a character. */
	text_printable("ab\xe2\x82\xac", buf, 5);
	assert_string_equal(buf, "ab");
	text_printable("ab\xe2\x82\xac", buf, 6);
	assert_string_equal(buf, "ab\xe2\x82\xac");
}

static void check_json(const char *in, size_t max, const char *out)
{
	json_t *j = text_json(in, max);

	assert_non_null(j);
	assert_string_equal(json_string_value(j), out);
	json_decref(j);
}

static void test_json(void **state)
{
	(void)state;
	check_json("short", 64, "short");
	check_json("exactly ten", 11, "exactly ten");
	check_json("one more than fits", 10, "one mor...");
	check_json("\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", 8, "\xe2\x82\xac...");
	check_json("bad \xff byte", 64, "bad ? byte");
	check_json("", 64, "");
}

static void test_redact(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "/dev/sda", "/dev/sda" },
		{ "iscsi://h/iqn.x:y/0", "iscsi://h/iqn.x:y/0" },
		{ "iscsi://h:3260/iqn.x:y/0", "iscsi://h:3260/iqn.x:y/0" },
		{ "iscsi://user@h:3260/iqn.x:y/0", "iscsi://user@h:3260/iqn.x:y/0" },
		{ "iscsi://user%hush@h/iqn.x:y/0", "iscsi://user%...@h/iqn.x:y/0" },
		{ "iscsi://user:hush@h/iqn.x:y/0", "iscsi://user%...@h/iqn.x:y/0" },
		{ "iscsi://user%hu@sh@h/iqn.x:y/0", "iscsi://user%...@h/iqn.x:y/0" },
		{ "iscsi://user%hu/sh@h/iqn.x:y/0", "iscsi://user%...@h/iqn.x:y/0" },
	};
	char buf[128];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		text_redact(rows[i].in, buf, sizeof buf);
		assert_string_equal(buf, rows[i].out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_size),       cmocka_unit_test(test_time),
		cmocka_unit_test(test_percent),    cmocka_unit_test(test_parse_size),
		cmocka_unit_test(test_printable),  cmocka_unit_test(test_json),
		cmocka_unit_test(test_redact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
