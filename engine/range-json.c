/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON of qemu-img map, nbdinfo --map and KubeVirt's map.
 *
 * A dense map of a large disk is tens of MB, and jansson builds trees of whole
 * documents only.  So the outer array is walked here, byte by byte, and each of
 * its objects, bounded in size, is given to jansson.
 */
#include "range-reader.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include "dirty.h"

#define VALUE_MAX 4096

enum format { UNTOLD, QEMU, NBD };

struct parser {
	struct xm_range_reader *r;
	enum format format;
	size_t n;                    /* bytes of value */
	char value[VALUE_MAX];
};

static bool is_space(int c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int peek_word(struct xm_range_reader *r)
{
	int c;

	while (is_space(c = xm_range_peek(r)))
		xm_range_byte(r);
	return c;
}

static int unexpected(struct xm_range_reader *r, int c, const char *wanted)
{
	if (c == XM_RANGE_FAILED)
		return -1;
	if (c == XM_RANGE_EOF)
		return xm_range_fail(r, r->bytes, "the list is cut off: %s is expected", wanted);
	return xm_range_fail(r, r->bytes, "%s is expected", wanted);
}

static int expect(struct xm_range_reader *r, int wanted, const char *what)
{
	int c = peek_word(r);

	if (c != wanted)
		return unexpected(r, c, what);
	xm_range_byte(r);
	return 0;
}

/* ---- one value -------------------------------------------------------------------- */

static int put(struct parser *p, int c, uint64_t where)
{
	if (p->n == VALUE_MAX)
		return xm_range_fail(p->r, where, "a value of more than %d bytes", VALUE_MAX);
	p->value[p->n++] = (char)c;
	return 0;
}

/* The rest of a string whose quote was taken. */
static int collect_string(struct parser *p, uint64_t where)
{
	int c, last = 0;

	do {
		bool escaped = last == '\\';

		c = xm_range_byte(p->r);
		if (c < 0)
			return unexpected(p->r, c, "the end of a string");
		if (put(p, c, where) < 0)
			return -1;
		last = escaped ? 0 : c;
		if (escaped)
			c = 0;
	} while (c != '"');
	return 0;
}

static bool ends_scalar(int c)
{
	return c < 0 || is_space(c) || c == ',' || c == ']' || c == '}';
}

/* The text of the value that begins here; jansson says whether it is one. */
static int collect(struct parser *p, uint64_t *ret_where)
{
	unsigned depth = 0;
	int c = peek_word(p->r);

	*ret_where = p->r->bytes;
	p->n = 0;
	if (ends_scalar(c))
		return unexpected(p->r, c, "a value");
	do {
		c = xm_range_byte(p->r);
		if (c < 0)
			return unexpected(p->r, c, "the end of a value");
		if (put(p, c, *ret_where) < 0 ||
		    (c == '"' && collect_string(p, *ret_where) < 0))
			return -1;
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && depth > 0)
			depth--;
	} while (depth > 0 || (c != '"' && c != '}' && c != ']' &&
			       !ends_scalar(xm_range_peek(p->r))));
	return 0;
}

static json_t *parse_value(struct parser *p, uint64_t *ret_where)
{
	json_error_t e;
	json_t *v;

	if (collect(p, ret_where) < 0)
		return NULL;
	v = json_loadb(p->value, p->n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
	if (!v)
		xm_range_fail(p->r, *ret_where, "no JSON: %.100s", e.text);
	return v;
}

/* ---- one range ------------------------------------------------------------------------ */

static int number(struct parser *p, uint64_t where, const json_t *o, const char *key, uint64_t *ret)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return xm_range_fail(p->r, where, "\"%s\" is not a number of bytes", key);
	*ret = (uint64_t)json_integer_value(v);
	return 0;
}

static int flag(struct parser *p, uint64_t where, const json_t *o, const char *key, bool *ret)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_boolean(v))
		return xm_range_fail(p->r, where, "\"%s\" is neither true nor false", key);
	*ret = json_is_true(v);
	return 0;
}

/* "data": allocated; "zero": reads as zero */
static unsigned qemu_extent(bool zero, bool data)
{
	if (zero)
		return data ? XM_EXTENT_ZERO : XM_EXTENT_HOLE;
	return data ? XM_EXTENT_DATA : XM_EXTENT_UNKNOWN;
}

/* Layers below the top one are what the destination has already. */
static unsigned qemu_dirty(const json_t *o, bool zero)
{
	const json_t *depth = json_object_get(o, "depth");
	bool below = json_is_integer(depth) && json_integer_value(depth) > 0 &&
		     !json_is_false(json_object_get(o, "present"));

	if (below)
		return XM_CLEAN;
	return zero ? XM_DIRTY_ZERO : XM_DIRTY;
}

static int qemu_range(struct parser *p, uint64_t where, const json_t *o)
{
	uint64_t off = 0, len = 0;
	bool zero = false, data = false;

	if (number(p, where, o, "start", &off) < 0 || number(p, where, o, "length", &len) < 0 ||
	    flag(p, where, o, "zero", &zero) < 0 || flag(p, where, o, "data", &data) < 0)
		return -1;
	return xm_range_add(p->r, where, off, len, p->r->use == XM_RANGE_DIRTY ?
			    qemu_dirty(o, zero) : qemu_extent(zero, data));
}

static int nbd_range(struct parser *p, uint64_t where, const json_t *o)
{
	const json_t *words = json_object_get(o, "description");
	bool has_type = json_object_get(o, "type") != NULL;
	uint64_t off = 0, len = 0, type = 0;
	int kind;

	if (number(p, where, o, "offset", &off) < 0 || number(p, where, o, "length", &len) < 0 ||
	    (has_type && number(p, where, o, "type", &type) < 0))
		return -1;
	if (!has_type && !json_is_string(words))
		return xm_range_fail(p->r, where, "a range with neither type nor description");
	kind = xm_range_kind(p->r, where, json_is_string(words) ? json_string_value(words) : "",
			     has_type, type);
	return kind < 0 ? -1 : xm_range_add(p->r, where, off, len, (unsigned)kind);
}

static int take_range(struct parser *p, uint64_t where, const json_t *o)
{
	enum format f = json_object_get(o, "start") ? QEMU : json_object_get(o, "offset") ? NBD :
										    UNTOLD;

	if (f == UNTOLD || (p->format != UNTOLD && f != p->format))
		return xm_range_fail(p->r, where, "unknown format: no range of qemu-img, nbdinfo "
				     "or KubeVirt, or a mixture");
	p->format = f;
	return f == QEMU ? qemu_range(p, where, o) : nbd_range(p, where, o);
}

/* ---- documents ---------------------------------------------------------------------------- */

static int one_range(struct parser *p)
{
	uint64_t where;
	json_t *o = parse_value(p, &where);
	int e;

	if (!o)
		return -1;
	e = json_is_object(o) ? take_range(p, where, o) :
				xm_range_fail(p->r, where, "an object is expected");
	json_decref(o);
	return e;
}

/* What follows an item: 1 another, 0 the end, -1 failed. */
static int next_item(struct parser *p, int end)
{
	int c = peek_word(p->r);

	if (c != ',' && c != end)
		return unexpected(p->r, c, end == ']' ? "a comma or ]" : "a comma or }");
	xm_range_byte(p->r);
	return c == ',';
}

static int ranges(struct parser *p)
{
	int more;

	if (expect(p->r, '[', "[") < 0)
		return -1;
	if (peek_word(p->r) == ']') {
		xm_range_byte(p->r);
		return 0;
	}
	do {
		if (one_range(p) < 0)
			return -1;
		more = next_item(p, ']');
	} while (more > 0);
	return more;
}

/* Members of a page beside its ranges: only where the next one begins matters. */
static int other_member(struct parser *p, bool is_next, uint64_t *next)
{
	uint64_t where;
	json_t *v = parse_value(p, &where);
	int e = 0;

	if (!v)
		return -1;
	if (is_next && json_is_integer(v) && json_integer_value(v) >= 0)
		*next = (uint64_t)json_integer_value(v);
	else if (is_next && !json_is_null(v))
		e = xm_range_fail(p->r, where, "\"next_offset\" is not a number of bytes");
	json_decref(v);
	return e;
}

static bool key_is(const struct parser *p, const char *key)
{
	size_t n = strlen(key);

	return p->n == n + 2 && p->value[0] == '"' && memcmp(p->value + 1, key, n) == 0;
}

static int page(struct parser *p, uint64_t *next)
{
	bool seen = false;
	uint64_t where;
	int more = 1;

	*next = 0;
	if (expect(p->r, '{', "{") < 0)
		return -1;
	while (more > 0) {
		bool is_ranges, is_next;

		if (peek_word(p->r) != '"')
			return unexpected(p->r, xm_range_peek(p->r), "the name of a member");
		if (collect(p, &where) < 0)
			return -1;
		is_ranges = key_is(p, "extents") && !seen;
		is_next = key_is(p, "next_offset");
		if (expect(p->r, ':', "a colon") < 0)
			return -1;
		/* a page without ranges may be null */
		if (is_ranges && peek_word(p->r) == '[' ? ranges(p) < 0 :
							  other_member(p, is_next, next) < 0)
			return -1;
		seen |= is_ranges;
		more = next_item(p, '}');
	}
	if (more == 0 && !seen)
		return xm_range_fail(p->r, p->r->bytes, "unknown format: an object without "
				     "\"extents\"");
	return more;
}

/* As many pages as there are; the last must say that there are no more. */
static int pages(struct parser *p)
{
	uint64_t next;
	int c;

	do {
		if (page(p, &next) < 0)
			return -1;
		c = peek_word(p->r);
	} while (c == '{');
	if (c == XM_RANGE_EOF && next && next < p->r->size)
		return xm_range_fail(p->r, p->r->bytes, "the list is cut off: the page that begins "
				     "at %" PRIu64 " is missing", next);
	return 0;
}

int xm_range_json(struct xm_range_reader *r)
{
	struct parser p = { .r = r };
	int c;

	if ((peek_word(r) == '{' ? pages(&p) : ranges(&p)) < 0)
		return -1;
	c = peek_word(r);
	return c == XM_RANGE_EOF ? 0 : unexpected(r, c, "the end of the list");
}
