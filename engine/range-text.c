/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain text: "offset length [type]" a line, as nbdkit's extentlist.  Sizes with
 * suffixes (powers of 1024; s: 512); type is 0 to 3 or words.  A last line without
 * its newline is a list that was cut off, perhaps inside a number.
 */
#include "range-reader.h"

#include <ctype.h>
#include <string.h>
#include "dirty.h"
#include "xm/checked.h"

#define LINE 256
#define FIELDS 3

/* The line without its newline; its length, XM_RANGE_EOF or XM_RANGE_FAILED. */
static int read_line(struct xm_range_reader *r, char line[LINE], uint64_t where)
{
	int c, n = 0;

	while ((c = xm_range_byte(r)) >= 0 && c != '\n') {
		if (n == LINE - 1) {
			xm_range_fail(r, where, "a line of more than %d bytes", LINE - 1);
			return XM_RANGE_FAILED;
		}
		if (c != '\t' && c != '\r' && (c < ' ' || c == 0x7f)) {
			xm_range_fail(r, where, "unknown format: byte %02xh in a text",
				      (unsigned)c);
			return XM_RANGE_FAILED;
		}
		line[n++] = (char)c;
	}
	line[n] = '\0';
	if (c == XM_RANGE_EOF && n > 0) {
		xm_range_fail(r, where, "the last line has no end: the list is cut off");
		return XM_RANGE_FAILED;
	}
	return c < 0 ? c : n;
}

static unsigned split(char *line, char *field[FIELDS + 1])
{
	unsigned n = 0;
	char *save = NULL;

	for (char *f = strtok_r(line, " \t\r", &save); f && n <= FIELDS;
	     f = strtok_r(NULL, " \t\r", &save)) {
		if (*f == '#')
			break;
		field[n++] = f;
	}
	return n;
}

/* The factor of a suffix: "", "K", "KiB", "s", ...; 0: none. */
static uint64_t suffix(const char *s)
{
	static const char letters[] = "KMGTPE";
	const char *l;

	if (!*s || strcasecmp(s, "b") == 0)
		return 1;
	if (strcmp(s, "s") == 0)
		return 512;
	l = strchr(letters, toupper((unsigned char)*s));
	if (!l || (s[1] && strcasecmp(s + 1, "ib") != 0))
		return 0;
	return UINT64_C(1) << 10 * (l - letters + 1);
}

static bool parse_size(const char *s, uint64_t *ret)
{
	uint64_t value = 0;

	if (!isdigit((unsigned char)*s))
		return false;
	for (; isdigit((unsigned char)*s); s++) {
		if (!xm_checked_mul(value, UINT64_C(10), &value) ||
		    !xm_checked_add(value, (uint64_t)(*s - '0'), &value))
			return false;
	}
	return suffix(s) && xm_checked_mul(value, suffix(s), ret);
}

static int kind_of(struct xm_range_reader *r, uint64_t where, const char *type)
{
	bool number = type && type[0] >= '0' && type[0] <= '9' && !type[1];

	if (!type)
		return r->use == XM_RANGE_DIRTY ? (int)XM_DIRTY : (int)XM_EXTENT_DATA;
	return xm_range_kind(r, where, number ? "" : type, number,
			     number ? (uint64_t)(type[0] - '0') : 0);
}

static int take(struct xm_range_reader *r, uint64_t where, char *line)
{
	char *field[FIELDS + 1] = { NULL };
	unsigned n = split(line, field);
	uint64_t off, len;
	int kind;

	if (n == 0)
		return 0;
	if (n < 2 || n > FIELDS)
		return xm_range_fail(r, where, "%s fields, where \"offset length [type]\" is "
				     "expected", n < 2 ? "too few" : "too many");
	if (!parse_size(field[0], &off) || !parse_size(field[1], &len))
		return xm_range_fail(r, where, "\"%.40s %.40s\": no offset and length", field[0],
				     field[1]);
	kind = kind_of(r, where, n == FIELDS ? field[2] : NULL);
	return kind < 0 ? -1 : xm_range_add(r, where, off, len, (unsigned)kind);
}

int xm_range_text(struct xm_range_reader *r)
{
	char line[LINE];
	uint64_t where;
	int n;

	do {
		where = r->line;
		n = read_line(r, line, where);
		if (n >= 0 && take(r, where, line) < 0)
			return -1;
	} while (n >= 0);
	return n == XM_RANGE_EOF ? 0 : -1;
}
