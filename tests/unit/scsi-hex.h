/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as hex text: what the tests of scsi/ are written in. */
#ifndef TEST_SCSI_HEX_H
#define TEST_SCSI_HEX_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* Blanks and '|' are ignored; the number of bytes. */
static inline size_t hex(uint8_t *buf, size_t cap, const char *text)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;
	unsigned half = 0, v = 0;
	for (; *text; text++) {
		if (*text == ' ' || *text == '|')
			continue;
		const char *d = memchr(digits, *text | 0x20, 16);
		assert_non_null(d);
		v = v << 4 | (unsigned)(d - digits);
		if (half ^= 1)
			continue;
		assert_true(n < cap);
		buf[n++] = (uint8_t)v;
		v = 0;
	}
	assert_int_equal(half, 0);
	return n;
}

/* Fails showing both sides as hex. */
static inline void assert_hex(const void *bytes, size_t len, const char *text)
{
	uint8_t want[8192];
	size_t n = hex(want, sizeof want, text);
	if (n == len && memcmp(bytes, want, n) == 0)
		return;
	const uint8_t *p = bytes;
	print_error("want %s\ngot  ", text);
	for (size_t i = 0; i < len; i++)
		print_error("%02x%s", p[i], i % 4 == 3 ? " " : "");
	print_error("\n");
	fail();
}

#endif
