/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The block map of bmaptool, XML: ranges of blocks that are mapped, both ends
 * included; all others hold nothing.  The file says how many are mapped, so that
 * a shortened one shows.  Checksums of contents are not looked at: what is copied is
 * verified by reading both sides.
 */
#include "range-reader.h"

#include <expat.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "dirty.h"
#include "xm/align.h"
#include "xm/checked.h"

#define TEXT 128
/* Elements in elements: a bmap has three. */
#define DEPTH 16

struct bmap {
	struct xm_range_reader *r;
	XML_Parser xml;
	unsigned depth;
	char text[TEXT];             /* of the innermost element */
	size_t n;
	bool failed, root;
	bool has_image, has_block, has_mapped;
	uint64_t image, block, mapped;       /* bytes, bytes, blocks */
	uint64_t sum;                /* blocks of ranges so far */
};

static void fail(struct bmap *b, const char *what)
{
	if (!b->failed)
		xm_range_fail(b->r, XML_GetCurrentLineNumber(b->xml), "%s", what);
	b->failed = true;
	XML_StopParser(b->xml, XML_FALSE);
}

static void on_start(void *user, const XML_Char *name, const XML_Char **attributes)
{
	struct bmap *b = user;

	(void)attributes;
	if (!b->root && strcmp(name, "bmap") != 0)
		fail(b, "unknown format: XML, but no bmap");
	else if (++b->depth > DEPTH)
		fail(b, "elements within elements, deeper than in any bmap");
	b->root = true;
	b->n = 0;
}

static void on_text(void *user, const XML_Char *s, int len)
{
	struct bmap *b = user;
	size_t n = xm_min_u64((uint64_t)len, TEXT - 1 - b->n);

	/* longer texts are of elements that do not matter; a number of that length fails anyway */
	memcpy(b->text + b->n, s, n);
	b->n += n;
}

/* Digits and spaces around them; where it ended. */
static bool digits(const char **s, uint64_t *ret)
{
	uint64_t value = 0;
	const char *p = *s + strspn(*s, " \t\r\n"), *from = p;

	for (; *p >= '0' && *p <= '9'; p++) {
		if (!xm_checked_mul(value, UINT64_C(10), &value) ||
		    !xm_checked_add(value, (uint64_t)(*p - '0'), &value))
			return false;
	}
	*s = p + strspn(p, " \t\r\n");
	*ret = value;
	return p > from;
}

static void take_number(struct bmap *b, bool *has, uint64_t *ret)
{
	const char *s = b->text;

	if (*has || !digits(&s, ret) || *s)
		fail(b, "this is no number, or it is there twice");
	*has = true;
}

static void add_blocks(struct bmap *b, uint64_t first, uint64_t last)
{
	uint64_t off, end, count = last - first + 1;

	if (!xm_checked_mul(first, b->block, &off) || !xm_checked_add(last, UINT64_C(1), &end) ||
	    !xm_checked_mul(end, b->block, &end) || !xm_checked_add(b->sum, count, &b->sum)) {
		fail(b, "a range beyond all disks");
		return;
	}
	/* the image's last block may be a part of one */
	if (off < b->image && end > b->image && end - b->image < b->block)
		end = b->image;
	if (xm_range_add(b->r, XML_GetCurrentLineNumber(b->xml), off, end - off,
			 b->r->use == XM_RANGE_DIRTY ? (unsigned)XM_DIRTY : XM_EXTENT_DATA) < 0) {
		b->failed = true;
		XML_StopParser(b->xml, XML_FALSE);
	}
}

static void take_range(struct bmap *b)
{
	const char *s = b->text;
	uint64_t first, last;

	if (!b->has_block || !b->has_image) {
		fail(b, "a range before BlockSize and ImageSize");
		return;
	}
	if (!digits(&s, &first)) {
		fail(b, "a range that is not \"first-last\"");
		return;
	}
	last = first;
	if (*s == '-') {
		s++;
		if (!digits(&s, &last))
			last = 0;
	}
	if (*s || last < first || last == UINT64_MAX)
		fail(b, "a range that is not \"first-last\"");
	else
		add_blocks(b, first, last);
}

static void on_end(void *user, const XML_Char *name)
{
	struct bmap *b = user;

	b->text[b->n] = '\0';
	b->depth--;
	if (strcmp(name, "ImageSize") == 0)
		take_number(b, &b->has_image, &b->image);
	else if (strcmp(name, "BlockSize") == 0)
		take_number(b, &b->has_block, &b->block);
	else if (strcmp(name, "MappedBlocksCount") == 0)
		take_number(b, &b->has_mapped, &b->mapped);
	else if (strcmp(name, "Range") == 0)
		take_range(b);
	if (b->has_block && (b->block == 0 || b->block > UINT64_C(1) << 30) && !b->failed)
		fail(b, "a block size that cannot be");
	if (b->has_image && b->image > b->r->most && !b->failed)
		fail(b, "an image that is larger than the source");
	b->n = 0;
}

static void on_doctype(void *user, const XML_Char *name, const XML_Char *sysid,
		       const XML_Char *pubid, int internal)
{
	(void)name;
	(void)sysid;
	(void)pubid;
	(void)internal;
	fail(user, "a DOCTYPE, which no bmap has");
}

static int parse(struct bmap *b)
{
	const uint8_t *p = NULL;
	ssize_t n;

	do {
		n = xm_range_block(b->r, &p);
		if (n < 0)
			return -1;
		if (XML_Parse(b->xml, (const char *)p, (int)n, n == 0) == XML_STATUS_OK)
			continue;
		if (!b->failed)
			xm_range_fail(b->r, XML_GetCurrentLineNumber(b->xml), "%s: %s",
				      n == 0 ? "the list is cut off" : "no XML",
				      XML_ErrorString(XML_GetErrorCode(b->xml)));
		return -1;
	} while (n > 0);
	return 0;
}

static int conclude(struct bmap *b)
{
	uint64_t line = XML_GetCurrentLineNumber(b->xml);

	if (!b->has_image || !b->has_block || !b->has_mapped)
		return xm_range_fail(b->r, line, "ImageSize, BlockSize or MappedBlocksCount "
				     "is missing");
	if (b->sum != b->mapped)
		return xm_range_fail(b->r, line, "%" PRIu64 " blocks are mapped, it says, but its "
				     "ranges have %" PRIu64, b->mapped, b->sum);
	return 0;
}

/* Behind the image nothing is known; inside it, what was not listed is a hole. */
static int add_rest(struct bmap *b)
{
	struct xm_range_reader *r = b->r;

	if (r->use == XM_RANGE_DIRTY)
		return 0;
	r->into->gap = XM_EXTENT_HOLE;
	if (b->image >= r->size)
		return 0;
	return xm_range_add(r, 0, b->image, r->size - b->image, XM_EXTENT_DATA);
}

int xm_range_bmap(struct xm_range_reader *r)
{
	struct bmap b = { .r = r, .xml = XML_ParserCreate(NULL) };
	uint64_t line = r->line;
	int e;

	if (!b.xml)
		return xm_range_fail(r, line, "memory is short");
	if (r->use == XM_RANGE_EXTENTS)
		r->into->gap = XM_EXTENT_HOLE;
	XML_SetUserData(b.xml, &b);
	XML_SetElementHandler(b.xml, on_start, on_end);
	XML_SetCharacterDataHandler(b.xml, on_text);
	XML_SetStartDoctypeDeclHandler(b.xml, on_doctype);
	e = parse(&b) < 0 || b.failed || conclude(&b) < 0 || add_rest(&b) < 0 ? -1 : 0;
	XML_ParserFree(b.xml);
	return e;
}
