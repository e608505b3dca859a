/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words for people and for JSON.  See text.h.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include "xm/checked.h"
#include "text.h"

static const char size_units[][4] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };

char *text_size(uint64_t bytes, char buf[TEXT_SIZE_MAX])
{
	unsigned u = 0;

	while (u < 6 && (bytes >> (10 * u)) >= 1024)
		u++;
	if (u == 0) {
		snprintf(buf, TEXT_SIZE_MAX, "%u B", (unsigned)bytes);
		return buf;
	}
	/* Rounded down: never shows more than there is. */
	uint64_t whole = bytes >> (10 * u);
	uint64_t tenth = ((bytes >> (10 * (u - 1))) & 1023) * 10 / 1024;

	snprintf(buf, TEXT_SIZE_MAX, "%llu.%llu %s", (unsigned long long)whole,
		 (unsigned long long)tenth, size_units[u]);
	return buf;
}

char *text_time(uint64_t ns, char buf[TEXT_TIME_MAX])
{
	uint64_t s = ns / 1000000000u;
	unsigned long long h = s / 3600;
	unsigned m = (unsigned)(s / 60 % 60);

	if (h)
		snprintf(buf, TEXT_TIME_MAX, "%llu:%02u:%02u", h, m, (unsigned)(s % 60));
	else
		snprintf(buf, TEXT_TIME_MAX, "%u:%02u", m, (unsigned)(s % 60));
	return buf;
}

char *text_now(char buf[TEXT_NOW_MAX])
{
	struct timespec ts;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	n = strftime(buf, TEXT_NOW_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + n, TEXT_NOW_MAX - n, ".%03uZ", (unsigned)(ts.tv_nsec / 1000000) % 1000);
	return buf;
}

double text_percent(uint64_t part, uint64_t whole)
{
	if (part >= whole)
		return 100;
	uint64_t hundredths = (uint64_t)((double)part / (double)whole * 10000);

	return (double)(hundredths > 9999 ? 9999 : hundredths) / 100;
}

bool text_parse_number(const char *s, uint64_t *ret)
{
	uint64_t v = 0;

	if (*s == '\0')
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		if (!xm_checked_mul(v, (uint64_t)10, &v) ||
		    !xm_checked_add(v, (uint64_t)(*s - '0'), &v))
			return false;
	}
	*ret = v;
	return true;
}

bool text_parse_size(const char *s, uint64_t *ret)
{
	static const char suffixes[] = "KMGT";
	char digits[24];
	size_t n = strlen(s);
	uint64_t unit = 1, v;
	const char *suffix;

	if (n == 0 || n >= sizeof digits)
		return false;
	memcpy(digits, s, n + 1);
	suffix = strchr(suffixes, s[n - 1]);
	if (suffix) {
		unit = (uint64_t)1 << (10 * (suffix - suffixes + 1));
		digits[n - 1] = '\0';
	}
	return text_parse_number(digits, &v) && xm_checked_mul(v, unit, ret);
}

/*
 * Length of the well-formed UTF-8 character at s (a NUL ends it at the
 * latest), 0 when there is none.  Overlong forms, surrogates and numbers past
 * U+10FFFF are not well formed: jansson refuses them too.
 */
static size_t utf8_length(const unsigned char *s)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = *s < 0x80 ? 1 : *s >= 0xf0 ? 4 : *s >= 0xe0 ? 3 : *s >= 0xc2 ? 2 : 0;
	uint32_t c;

	if (n <= 1)
		return n;
	c = *s & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3fu);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return n;
}

/* Copies whole, printable characters while they fit; returns where it stopped in s. */
static const char *copy_printable(const char *s, char *buf, size_t size)
{
	size_t used = 0;

	while (*s) {
		const unsigned char *u = (const unsigned char *)s;
		size_t n = utf8_length(u);
		bool bad = n == 0 || *u < 0x20 || *u == 0x7f ||
			   (*u == 0xc2 && u[1] < 0xa0); /* C1 controls */

		if (used + (bad ? 1 : n) >= size)
			break;
		if (bad)
			buf[used] = '?';
		else
			memcpy(buf + used, s, n);
		used += bad ? 1 : n;
		s += n ? n : 1;
	}
	buf[used] = '\0';
	return s;
}

void text_printable(const char *s, char *buf, size_t size)
{
	copy_printable(s, buf, size);
}

json_t *text_json(const char *s, size_t max)
{
	size_t size = strnlen(s, max) + 1;
	char *buf = malloc(size + 3);
	json_t *j;

	if (!buf)
		return NULL;
	/* Cut: give up three bytes of the limit for the dots, where it has them. */
	if (*copy_printable(s, buf, size) != '\0' && size > 4) {
		copy_printable(s, buf, size - 3);
		strcat(buf, "...");
	}
	j = json_string(buf);
	free(buf);
	return j;
}

/* NBD has the path of its socket there; what others may have put there is not shown. */
static void drop_query(char *url)
{
	char *query = strstr(url, "://") ? strchr(url, '?') : NULL;

	if (query && query[1] && strncasecmp(url, "nbd", 3) != 0)
		memcpy(query, "?", 2);
}

static void redact_user(const char *spec, char *buf, size_t size)
{
	const char *host = strstr(spec, "://");
	const char *at, *end;

	host = host ? host + 3 : NULL;
	/* The last '@' before the path: a secret may hold one itself. */
	end = host ? host + strcspn(host, "/") : NULL;
	at = host ? memrchr(host, '@', (size_t)(end - host)) : NULL;
	if (!at && host) {
		/* A secret with a '/' in it hides its '@' behind that. */
		at = strrchr(host, '@');
		if (at && strcspn(host, "%:") >= (size_t)(end - host))
			at = NULL;
	}
	if (!at) {
		snprintf(buf, size, "%s", spec);
		return;
	}
	size_t user = strcspn(host, "%:@");

	snprintf(buf, size, "%.*s%s%s", (int)((size_t)(host - spec) + user), spec,
		 host + user < at ? "%..." : "", at);
}

void text_redact(const char *spec, char *buf, size_t size)
{
	redact_user(spec, buf, size);
	drop_query(buf);
}
