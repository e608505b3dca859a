/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words for people and for JSON: sizes, times, text from outside.
 *
 * Knows nothing of jobs or options.
 */
#ifndef TOOLS_TEXT_H
#define TOOLS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

/* "512 B", "1.0 KiB", "64.0 GiB": `buf` of TEXT_SIZE_MAX bytes is always enough; returns buf. */
#define TEXT_SIZE_MAX 24
char *text_size(uint64_t bytes, char buf[TEXT_SIZE_MAX]);

/* "0:07", "2:05", "1:02:03" from nanoseconds. */
#define TEXT_TIME_MAX 24
char *text_time(uint64_t ns, char buf[TEXT_TIME_MAX]);

/* Now in UTC, "2026-11-22T20:01:02.345Z". */
#define TEXT_NOW_MAX 40
char *text_now(char buf[TEXT_NOW_MAX]);

/* part * 100 / whole, rounded down to two digits, so that 100 means all of it; 100 of nothing. */
double text_percent(uint64_t part, uint64_t whole);

/*
 * A number with an optional suffix K M G T (powers of 1024), nothing before,
 * between or after; false when it is anything else or does not fit.
 */
bool text_parse_size(const char *s, uint64_t *ret);
/* Decimal digits alone. */
bool text_parse_number(const char *s, uint64_t *ret);

/*
 * What came from a device or a user, safe for a terminal: control characters
 * and broken UTF-8 become '?'.
 */
void text_printable(const char *s, char *buf, size_t size);

/*
 * A JSON string of at most `max` bytes (before escapes), cut between
 * characters and then ended by "...".  Broken UTF-8 and control characters
 * become '?'.  NULL when memory is short.
 */
json_t *text_json(const char *s, size_t max);

/*
 * The spec of a disk without what follows the user's name in it: someone may
 * have put a secret there.
 */
void text_redact(const char *spec, char *buf, size_t size);

#endif
