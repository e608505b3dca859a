/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Range lists: bytes from a file or pipe, and from ranges to runs.  The formats:
 * range-text.c, range-json.c, range-bmap.c.
 */
#include "range-reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dirty.h"
#include "error.h"
#include "xm/align.h"
#include "xm/checked.h"
#include "xm/list.h"

/* A producer that says nothing for so long is taken for dead. */
#define SILENCE_MS (600 * 1000)
#define SECTOR UINT64_C(512)

/* ---- bytes in -------------------------------------------------------------------- */

int xm_range_fail(struct xm_range_reader *r, uint64_t where, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return xm_fail(r->err, XM_E_CONFIG, "%s, %s %" PRIu64 ": %s; nothing was written",
		       r->in->name, r->by_line ? "line" : "byte", where, text);
}

static int fill(struct xm_range_reader *r)
{
	ssize_t n = r->in->read(r->in, r->buf, sizeof r->buf);

	if (n < 0) {
		xm_fail(r->err, n == -ETIMEDOUT ? XM_E_TEMPORARY : XM_E_CONFIG,
			"%s cannot be read: %s; nothing was written", r->in->name,
			strerror((int)-n));
		return XM_RANGE_FAILED;
	}
	r->pos = 0;
	r->end = (size_t)n;
	return n ? 0 : XM_RANGE_EOF;
}

int xm_range_peek(struct xm_range_reader *r)
{
	if (r->pos == r->end) {
		int e = fill(r);

		if (e)
			return e;
	}
	return r->buf[r->pos];
}

int xm_range_byte(struct xm_range_reader *r)
{
	int c = xm_range_peek(r);

	if (c < 0)
		return c;
	r->pos++;
	r->bytes++;
	if (c == '\n')
		r->line++;
	return c;
}

ssize_t xm_range_block(struct xm_range_reader *r, const uint8_t **ret)
{
	int c = xm_range_peek(r);
	size_t n = r->end - r->pos;

	if (c < 0)
		return c == XM_RANGE_EOF ? 0 : -1;
	*ret = r->buf + r->pos;
	r->pos = r->end;
	r->bytes += n;
	return (ssize_t)n;
}

/* ---- ranges out -------------------------------------------------------------------- */

static int no_memory(struct xm_range_reader *r)
{
	return xm_fail(r->err, XM_E_TEMPORARY, "memory for %s is short", r->in->name);
}

/* All but the last, which may grow yet. */
static int pass_on(struct xm_range_reader *r, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct xm_range *x = &r->range[i];

		if (!xm_runs_add(r->into, x->off, x->len, x->kind))
			return no_memory(r);
	}
	if (n == 0)
		return 0;
	memmove(r->range, r->range + n, (r->n - n) * sizeof *r->range);
	r->n -= n;
	return 0;
}

static int make_room(struct xm_range_reader *r, uint64_t where)
{
	size_t room = r->room ? r->room * 2 : 256;
	struct xm_range *range;

	if (r->n < r->room)
		return 0;
	if (r->n >= XM_RANGE_SORTED) {
		if (r->disordered)
			return xm_range_fail(r, where, "the list is not in order, and too long to "
					     "be sorted (more than %zu ranges)", XM_RANGE_SORTED);
		r->passed_on = true;
		return pass_on(r, r->n - 1);
	}
	range = reallocarray(r->range, room, sizeof *range);
	if (!range)
		return no_memory(r);
	r->range = range;
	r->room = room;
	return 0;
}

static int overlap(struct xm_range_reader *r, const struct xm_range *a, const struct xm_range *b)
{
	return xm_range_fail(r, xm_max_u64(a->where, b->where), "the range at %" PRIu64 ", %" PRIu64
			     " bytes, overlaps the one at %" PRIu64 ", %" PRIu64 " bytes", b->off,
			     b->len, a->off, a->len);
}

static int append(struct xm_range_reader *r, const struct xm_range *x)
{
	struct xm_range *last = r->n ? &r->range[r->n - 1] : NULL;
	uint64_t end = last ? last->off + last->len : 0;

	if (last && !r->disordered && x->off == end && x->kind == last->kind) {
		last->len += x->len;
		return 0;
	}
	if (last && x->off < end) {
		if (x->off + x->len > last->off)
			return overlap(r, last, x);
		if (r->passed_on)
			return xm_range_fail(r, x->where, "the list is not in order here, and too "
					     "long to be sorted");
		r->disordered = true;
	}
	if (make_room(r, x->where) < 0)
		return -1;
	r->range[r->n++] = *x;
	return 0;
}

int xm_range_add(struct xm_range_reader *r, uint64_t where, uint64_t off, uint64_t len,
		 unsigned kind)
{
	struct xm_range x = { .off = off, .where = where, .kind = kind };
	uint64_t end;

	if (!xm_checked_add(off, len, &end) || end > r->most)
		return xm_range_fail(r, where, "the range at %" PRIu64 ", %" PRIu64 " bytes, is "
				     "not inside the source, which has %" PRIu64 " bytes", off, len,
				     r->size);
	if (off >= r->size || len == 0)
		return 0;
	x.len = xm_min_u64(end, r->size) - off;
	return append(r, &x);
}

static int by_offset(const void *a, const void *b)
{
	const struct xm_range *x = a, *y = b;

	return x->off < y->off ? -1 : x->off > y->off;
}

static int finish(struct xm_range_reader *r)
{
	if (r->disordered) {
		qsort(r->range, r->n, sizeof *r->range, by_offset);
		for (size_t i = 1; i < r->n; i++) {
			if (r->range[i].off < r->range[i - 1].off + r->range[i - 1].len)
				return overlap(r, &r->range[i - 1], &r->range[i]);
		}
	}
	return pass_on(r, r->n);
}

/* ---- types -------------------------------------------------------------------------- */

static const struct {
	const char *word;
	unsigned bits;
	bool extents, dirty;         /* in which kind of list it may stand */
} words[] = {
	{ "data", 0, true, false },
	{ "hole", XM_RANGE_BIT0, true, false },
	{ "zero", XM_RANGE_ZERO, true, true },
	{ "clean", 0, true, true },
	{ "dirty", XM_RANGE_BIT0, true, true },
};
#define NWORDS (sizeof words / sizeof words[0])

struct meaning {
	unsigned bits;
	bool dirty_map;              /* bit 0 says dirty, not hole */
};

static int read_word(struct xm_range_reader *r, uint64_t where, const char *w, size_t n,
		     struct meaning *m)
{
	for (size_t i = 0; i < NWORDS; i++) {
		if (strlen(words[i].word) != n || memcmp(words[i].word, w, n) != 0)
			continue;
		if (r->use == XM_RANGE_DIRTY && !words[i].dirty)
			return xm_range_fail(r, where, "\"%s\": this is a map of what is "
					     "allocated, not of what has changed", words[i].word);
		m->bits |= words[i].bits;
		m->dirty_map |= !words[i].extents || strcmp(words[i].word, "dirty") == 0 ||
				strcmp(words[i].word, "clean") == 0;
		return 0;
	}
	return xm_range_fail(r, where, "\"%.*s\" is no type of a range", (int)xm_min_u64(n, 40), w);
}

static int read_words(struct xm_range_reader *r, uint64_t where, const char *w, struct meaning *m)
{
	while (*w) {
		size_t n = strcspn(w, ", ");

		if (n && read_word(r, where, w, n, m) < 0)
			return -1;
		w += n + (w[n] != '\0');
	}
	return 0;
}

static unsigned kind_of(const struct xm_range_reader *r, const struct meaning *m)
{
	static const unsigned allocation[] = { XM_EXTENT_DATA, XM_EXTENT_UNKNOWN, XM_EXTENT_ZERO,
					       XM_EXTENT_HOLE };
	static const unsigned merged[] = { XM_EXTENT_DATA, XM_EXTENT_DATA, XM_EXTENT_ZERO,
					   XM_EXTENT_ZERO };

	if (r->use == XM_RANGE_DIRTY)
		return m->bits;      /* the bits are those of enum xm_dirty_kind */
	return m->dirty_map ? merged[m->bits] : allocation[m->bits];
}

int xm_range_kind(struct xm_range_reader *r, uint64_t where, const char *text, bool has_type,
		  uint64_t type)
{
	struct meaning m = { .bits = 0 };

	if (read_words(r, where, text, &m) < 0)
		return -1;
	/*
	 * the word alone is one of an allocation map;
	 * taken for "clean, and zero" it would be left out
	 */
	if (r->use == XM_RANGE_DIRTY && !has_type && m.bits && !m.dirty_map)
		return xm_range_fail(r, where, "\"%.40s\" does not say whether it has changed: "
				     "\"dirty,zero\" or \"clean,zero\"", text);
	if (has_type && type > 3)
		return xm_range_fail(r, where, "%" PRIu64 " is no type of a range (0 to 3)", type);
	if (has_type && *text && type != m.bits)
		return xm_range_fail(r, where, "type %" PRIu64 " and \"%.40s\" contradict each "
				     "other", type, text);
	if (has_type)
		m.bits = (unsigned)type;
	return (int)kind_of(r, &m);
}

/* ---- the whole ------------------------------------------------------------------------- */

static int parse_any(struct xm_range_reader *r)
{
	int c;

	while ((c = xm_range_peek(r)) == ' ' || c == '\t' || c == '\n' || c == '\r')
		xm_range_byte(r);
	r->by_line = true;
	if (c == XM_RANGE_FAILED)
		return -1;
	if (c == XM_RANGE_EOF)
		return xm_range_fail(r, r->line, "the list is empty, which says nothing: a list "
				     "without ranges is [] or a line with a comment");
	if (c == '<')
		return xm_range_bmap(r);
	if ((c >= '0' && c <= '9') || c == '#')
		return xm_range_text(r);
	if (c != '[' && c != '{')
		return xm_range_fail(r, r->line, "unknown format: neither JSON of qemu-img, "
				     "nbdinfo or KubeVirt, nor lines of offset and length, "
				     "nor a bmap");
	r->by_line = false;
	return xm_range_json(r);
}

int xm_range_list_parse(struct xm_range_input *in, enum xm_range_use use, uint64_t size,
			struct xm_runs *into, struct xm_error **err)
{
	struct xm_range_reader *r = calloc(1, sizeof *r);
	bool dirty = use == XM_RANGE_DIRTY;
	int e;

	xm_runs_init(into, size, dirty ? (unsigned)XM_DIRTY : XM_EXTENT_DATA,
		     dirty ? (unsigned)XM_CLEAN : XM_EXTENT_DATA);
	if (!r)
		return xm_fail(err, XM_E_TEMPORARY, "memory is short");
	r->in = in;
	r->use = use;
	r->size = size;
	r->most = xm_div_up(size, SECTOR) * SECTOR;
	r->into = into;
	r->err = err;
	r->line = 1;
	e = parse_any(r) < 0 || finish(r) < 0 ? -1 : 0;
	if (e)
		xm_runs_free(into);
	free(r->range);
	free(r);
	return e;
}

struct file {
	struct xm_range_input in;
	int fd;
};

static ssize_t read_file(struct xm_range_input *in, void *buf, size_t len)
{
	struct file *f = xm_container_of(in, struct file, in);
	struct pollfd p = { .fd = f->fd, .events = POLLIN };
	ssize_t n;
	int ready;

	do
		ready = poll(&p, 1, SILENCE_MS);
	while (ready < 0 && errno == EINTR);
	if (ready <= 0)
		return ready < 0 ? -errno : -ETIMEDOUT;
	do
		n = read(f->fd, buf, len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int xm_range_list_read(const char *path, enum xm_range_use use, uint64_t size,
		       struct xm_runs *into, struct xm_error **err)
{
	bool standard = strcmp(path, "-") == 0;
	struct file f = { .in = { .name = standard ? "standard input" : path, .read = read_file } };
	int r;

	/* a pipe without a writer yet opens at once, and poll waits for it, in bounds */
	f.fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (f.fd < 0)
		return xm_fail(err, XM_E_CONFIG,
			       "%s cannot be opened: %s; nothing was written", path,
			       strerror(errno));
	r = xm_range_list_parse(&f.in, use, size, into, err);
	if (!standard)
		close(f.fd);
	return r;
}

/* ---- as sources -------------------------------------------------------------------------- */

int xm_extent_list_open(struct xm_endpoint *ep, const char *path, struct xm_extent_source **ret,
			struct xm_error **err)
{
	struct xm_runs r;

	if (xm_range_list_read(path, XM_RANGE_EXTENTS, ep->size, &r, err) < 0)
		return -1;
	*ret = xm_extent_source_of(&r);
	xm_runs_free(&r);
	return *ret ? 0 : xm_fail(err, XM_E_TEMPORARY, "memory is short");
}

static bool any_spec(const char *spec)
{
	(void)spec;
	return true;
}

static int dirty_open(struct xm_endpoint *src, const char *spec, struct xm_runs *into,
		      struct xm_error **err)
{
	return xm_range_list_read(spec, XM_RANGE_DIRTY, src->size, into, err);
}

const struct xm_dirty_source_ops xm_dirty_list = {
	.name = "list",
	.claims = any_spec,
	.open = dirty_open,
};
