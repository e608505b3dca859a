/* SPDX-License-Identifier: Apache-2.0 */
/* Encoding and decoding of the state file: see state-format.h. */
#include "state-format.h"

#include <string.h>
#include <xxhash.h>

#include "xm/align.h"
#include "xm/checked.h"
#include "xm/endian.h"

static const uint8_t magic[8] = { 'x', 'm', 's', 't', 'a', 't', 'e', '\n' };

enum slot_at {
	AT_MAGIC = 0, AT_VERSION = 8, AT_FLAGS = 12, AT_GENERATION = 16, AT_EPOCH = 24,
	AT_SRC_SIZE = 32, AT_DST_SIZE = 40, AT_SRC_BLOCK = 48, AT_DST_BLOCK = 52, AT_SRC_OFF = 56,
	AT_DST_OFF = 64, AT_LEN = 72, AT_GRANULE = 80, AT_SCOPE = 88, AT_SRC_BIRTH = 96,
	AT_DST_BIRTH = 104, AT_BOOT = 112, AT_NINTENTS = 128, AT_INTENTS_HASH = 136,
	AT_DURABLE = 144, AT_JOB = 160, AT_SRC_NAMES = AT_JOB + XM_STATE_JOB,
	AT_DST_NAMES = AT_SRC_NAMES + XM_STATE_NAMES, AT_HASH = XM_STATE_SLOT - 8
};
_Static_assert(AT_DST_NAMES + XM_STATE_NAMES <= AT_HASH, "a slot holds its texts");

#define INTENTS_SIZE ((uint64_t)XM_STATE_INTENTS * XM_STATE_INTENT)
#define PAGE_HEAD (XM_STATE_PAGE - XM_STATE_PAGE_WORDS * 8)

uint64_t xm_state_slot_at(unsigned which)
{
	return (uint64_t)which * XM_STATE_SLOT;
}

uint64_t xm_state_intents_at(unsigned which)
{
	return 2 * XM_STATE_SLOT + which * INTENTS_SIZE;
}

uint64_t xm_state_page_at(uint64_t index)
{
	return 2 * XM_STATE_SLOT + 2 * INTENTS_SIZE + index * XM_STATE_PAGE;
}

/* ---- slots ------------------------------------------------------------------------- */

/* The 64-bit numbers of a slot, and where they are. */
#define SLOT_NUMBERS(F) \
	F(AT_GENERATION, generation) F(AT_EPOCH, epoch) F(AT_SRC_SIZE, is.src_size) \
	F(AT_DST_SIZE, is.dst_size) F(AT_SRC_OFF, is.src_off) F(AT_DST_OFF, is.dst_off) \
	F(AT_LEN, is.len) F(AT_GRANULE, granule) F(AT_SCOPE, is.scope) \
	F(AT_SRC_BIRTH, is.src_birth) F(AT_DST_BIRTH, is.dst_birth) \
	F(AT_INTENTS_HASH, intents_hash) F(AT_DURABLE, durable)

static void put_text(uint8_t *at, const char *text, size_t size)
{
	memcpy(at, text, strnlen(text, size - 1));
}

void xm_state_slot_encode(const struct xm_state_slot *s, uint8_t buf[XM_STATE_SLOT])
{
	memset(buf, 0, XM_STATE_SLOT);
	memcpy(buf + AT_MAGIC, magic, sizeof magic);
	xm_put_le32(buf + AT_VERSION, XM_STATE_VERSION);
	xm_put_le32(buf + AT_FLAGS, s->flags);
	xm_put_le32(buf + AT_SRC_BLOCK, s->is.src_block);
	xm_put_le32(buf + AT_DST_BLOCK, s->is.dst_block);
	xm_put_le32(buf + AT_NINTENTS, s->nintents);
#define PUT(at, field) xm_put_le64(buf + (at), s->field);
	SLOT_NUMBERS(PUT)
#undef PUT
	memcpy(buf + AT_BOOT, s->boot, sizeof s->boot);
	put_text(buf + AT_JOB, s->is.job, sizeof s->is.job);
	put_text(buf + AT_SRC_NAMES, s->is.src_names, sizeof s->is.src_names);
	put_text(buf + AT_DST_NAMES, s->is.dst_names, sizeof s->is.dst_names);
	xm_put_le64(buf + AT_HASH, XXH3_64bits(buf, AT_HASH));
}

static bool get_text(char *text, const uint8_t *at, size_t size)
{
	memcpy(text, at, size);
	return memchr(text, 0, size) != NULL;
}

static bool all_zero(const uint8_t *buf, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (buf[i])
			return false;
	}
	return true;
}

static bool sane(const struct xm_state_slot *s)
{
	return s->generation > 0 && s->is.len > 0 && s->granule > 0 && xm_is_pow2(s->granule) &&
	       xm_range_fits(s->is.src_off, s->is.len, s->is.src_size) &&
	       xm_range_fits(s->is.dst_off, s->is.len, s->is.dst_size) &&
	       s->nintents <= XM_STATE_INTENTS;
}

enum xm_state_verdict xm_state_slot_decode(const uint8_t *buf, size_t len, struct xm_state_slot *s)
{
	struct xm_state_slot got = { .generation = 0 };

	if (all_zero(buf, len))
		return XM_STATE_BLANK;
	if (len < sizeof magic || memcmp(buf, magic, sizeof magic) != 0)
		return XM_STATE_FOREIGN;
	if (len < XM_STATE_SLOT || XXH3_64bits(buf, AT_HASH) != xm_get_le64(buf + AT_HASH))
		return XM_STATE_BAD;
	if (xm_get_le32(buf + AT_VERSION) != XM_STATE_VERSION)
		return XM_STATE_NEWER;
	got.flags = xm_get_le32(buf + AT_FLAGS);
	got.is.src_block = xm_get_le32(buf + AT_SRC_BLOCK);
	got.is.dst_block = xm_get_le32(buf + AT_DST_BLOCK);
	got.nintents = xm_get_le32(buf + AT_NINTENTS);
#define GET(at, field) got.field = xm_get_le64(buf + (at));
	SLOT_NUMBERS(GET)
#undef GET
	memcpy(got.boot, buf + AT_BOOT, sizeof got.boot);
	if (!get_text(got.is.job, buf + AT_JOB, sizeof got.is.job) ||
	    !get_text(got.is.src_names, buf + AT_SRC_NAMES, sizeof got.is.src_names) ||
	    !get_text(got.is.dst_names, buf + AT_DST_NAMES, sizeof got.is.dst_names) || !sane(&got))
		return XM_STATE_BAD;
	*s = got;
	return XM_STATE_GOOD;
}

/* ---- intents ------------------------------------------------------------------------ */

void xm_state_intent_encode(const struct xm_state_intent *in, uint64_t epoch, uint64_t generation,
			    uint8_t buf[XM_STATE_INTENT])
{
	xm_put_le64(buf + 8, generation);
	xm_put_le64(buf + 16, in->off);
	xm_put_le64(buf + 24, in->len);
	xm_put_le64(buf, XXH3_64bits_withSeed(buf + 8, XM_STATE_INTENT - 8, epoch));
}

bool xm_state_intent_decode(const uint8_t *buf, size_t len, uint64_t epoch, uint64_t generation,
			    struct xm_state_intent *in)
{
	uint64_t end;

	if (len < XM_STATE_INTENT || xm_get_le64(buf + 8) != generation ||
	    xm_get_le64(buf) != XXH3_64bits_withSeed(buf + 8, XM_STATE_INTENT - 8, epoch) ||
	    !xm_checked_add(xm_get_le64(buf + 16), xm_get_le64(buf + 24), &end))
		return false;
	*in = (struct xm_state_intent){ xm_get_le64(buf + 16), xm_get_le64(buf + 24) };
	return true;
}

uint64_t xm_state_intents_hash(const uint8_t *buf, size_t len)
{
	return XXH3_64bits(buf, len);
}

/* ---- pages --------------------------------------------------------------------------- */

void xm_state_page_encode(const uint64_t *words, size_t n, uint64_t epoch, uint64_t index,
			  uint8_t buf[XM_STATE_PAGE])
{
	memset(buf, 0, XM_STATE_PAGE);
	xm_put_le64(buf + 8, epoch);
	xm_put_le64(buf + 16, index);
	for (size_t i = 0; i < n; i++)
		xm_put_le64(buf + PAGE_HEAD + 8 * i, words[i]);
	xm_put_le64(buf, XXH3_64bits(buf + 8, XM_STATE_PAGE - 8));
}

enum xm_state_verdict xm_state_page_decode(const uint8_t *buf, size_t len, uint64_t epoch,
					   uint64_t index, uint64_t *words, size_t n)
{
	if (all_zero(buf, len))
		return XM_STATE_BLANK;
	if (len < XM_STATE_PAGE || n > XM_STATE_PAGE_WORDS ||
	    xm_get_le64(buf) != XXH3_64bits(buf + 8, XM_STATE_PAGE - 8))
		return XM_STATE_BAD;
	if (xm_get_le64(buf + 8) != epoch)
		return XM_STATE_BLANK;
	if (xm_get_le64(buf + 16) != index)
		return XM_STATE_BAD;
	for (size_t i = 0; i < n; i++)
		words[i] = xm_get_le64(buf + PAGE_HEAD + 8 * i);
	return XM_STATE_GOOD;
}

/* ---- is it of this job ----------------------------------------------------------------- */

static bool has_line(const char *text, const char *line, size_t n)
{
	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		if (strcspn(p, "\n") == n && memcmp(p, line, n) == 0)
			return true;
	}
	return false;
}

/* The best name of either is one of the other's. */
static bool same_disk(const char *a, const char *b)
{
	size_t na = strcspn(a, "\n"), nb = strcspn(b, "\n");

	return na && nb && (has_line(b, a, na) || has_line(a, b, nb));
}

/* A name that another disk may have after a reboot. */
static bool lasts(const char *names, uint64_t birth)
{
	return strncmp(names, "blk.", 4) != 0 && (strncmp(names, "file.", 5) != 0 || birth != 0);
}

const char *xm_state_differs(const struct xm_state_binding *was, const struct xm_state_binding *now,
			     bool same_boot)
{
	if (strcmp(was->job, now->job) != 0)
		return "its job has another name (--job)";
	if (!same_disk(was->src_names, now->src_names) || was->src_birth != now->src_birth)
		return "its source is another disk";
	if (!same_disk(was->dst_names, now->dst_names) || was->dst_birth != now->dst_birth)
		return "its destination is another disk";
	if (!same_boot && (!lasts(now->src_names, now->src_birth) ||
			   !lasts(now->dst_names, now->dst_birth)))
		return "the machine was started anew, and the disks have no names of their own by "
		       "which they could be known again";
	if (was->src_size != now->src_size || was->dst_size != now->dst_size)
		return "the size of a disk has changed";
	if (was->src_block != now->src_block || was->dst_block != now->dst_block)
		return "the block size of a disk has changed";
	if (was->src_off != now->src_off || was->dst_off != now->dst_off || was->len != now->len)
		return "its range is another one";
	if (was->scope != now->scope)
		return "what it was to copy is something else (another list of dirty ranges)";
	return NULL;
}
