/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A state file's slots, intents and pages, whatever is in them.  First byte: what
 * the rest is taken for; its high bit asks for a right hash to be put in, so that what
 * lies behind the hash is reached too.
 */
#undef NDEBUG
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include "map.h"
#include "state-format.h"
#include "xm/endian.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void slot(const uint8_t *buf, size_t len)
{
	struct xm_state_slot s, again;
	uint8_t out[XM_STATE_SLOT];

	memset(&s, 0, sizeof s);
	if (xm_state_slot_decode(buf, len, &s) != XM_STATE_GOOD) {
		assert(s.generation == 0);
		return;
	}
	assert(s.is.len <= s.is.dst_size && s.nintents <= XM_STATE_INTENTS);
	assert(memchr(s.is.job, 0, sizeof s.is.job));
	xm_state_differs(&s.is, &s.is, false);
	/* what it means comes back whole */
	xm_state_slot_encode(&s, out);
	assert(xm_state_slot_decode(out, sizeof out, &again) == XM_STATE_GOOD);
	assert(again.generation == s.generation && again.is.scope == s.is.scope);
	assert(strcmp(again.is.dst_names, s.is.dst_names) == 0);
}

static void intent(const uint8_t *buf, size_t len)
{
	struct xm_state_intent in;

	if (xm_state_intent_decode(buf, len, 7, 9, &in))
		assert(in.len <= UINT64_MAX - in.off);
}

static void page(const uint8_t *buf, size_t len)
{
	uint64_t words[XM_STATE_PAGE_WORDS];
	struct xm_map m;

	/* 100 bits, the last granule a partial one */
	xm_map_init(&m, 0, 100 * 65536 - 512, 65536);
	assert(xm_map_alloc(&m));
	if (xm_state_page_decode(buf, len, 7, 0, words, XM_STATE_PAGE_WORDS) == XM_STATE_GOOD)
		xm_map_load(&m, 0, words, XM_STATE_PAGE_WORDS);
	assert(m.left <= m.hi - m.lo);
	assert(m.left == xm_map_count(&m, m.lo, m.hi - m.lo));
	xm_map_free(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *buf;
	size_t len = size - 1;

	if (size == 0)
		return 0;
	buf = malloc(len ? len : 1);
	assert(buf);
	memcpy(buf, data + 1, len);
	if (data[0] & 0x80) {
		if (data[0] % 3 == 0 && len >= XM_STATE_SLOT)
			xm_put_le64(buf + XM_STATE_SLOT - 8, XXH3_64bits(buf, XM_STATE_SLOT - 8));
		if (data[0] % 3 == 1 && len >= XM_STATE_INTENT)
			xm_put_le64(buf, XXH3_64bits_withSeed(buf + 8, XM_STATE_INTENT - 8, 7));
		if (data[0] % 3 == 2 && len >= XM_STATE_PAGE)
			xm_put_le64(buf, XXH3_64bits(buf + 8, XM_STATE_PAGE - 8));
	}
	if (data[0] % 3 == 0)
		slot(buf, len);
	else if (data[0] % 3 == 1)
		intent(buf, len);
	else
		page(buf, len);
	free(buf);
	return 0;
}
