/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What RECEIVE COPY STATUS(LID4) and RECEIVE ROD TOKEN INFORMATION answer.  No
 * length in it is trusted, and a status that is not known is not guessed at.
 */
#include <string.h>
#include "odx.h"
#include "xm/align.h"
#include "xm/checked.h"
#include "xm/endian.h"

#define STATUS_LEN 32
#define DELAY_UNKNOWN 0xfffffffeu    /* or the one above */
#define UNITS_BLOCKS 0xf1
#define TOKEN_DESCRIPTOR (2 + XM_TOKEN_LEN)

static const struct {
	uint8_t code;
	enum odx_state state;
} states[] = {
	{ 0x01, ODX_DONE }, { 0x02, ODX_FAILED }, { 0x03, ODX_PARTIAL }, { 0x04, ODX_RESIDUAL },
	{ 0x10, ODX_RUNNING }, { 0x11, ODX_RUNNING }, { 0x12, ODX_RUNNING },
	{ 0x60, ODX_TERMINATED },
};

static bool decode_state(uint8_t code, struct odx_status *s)
{
	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
		if (states[i].code != code)
			continue;
		s->state = states[i].state;
		s->background = code == 0x12;
		return true;
	}
	return false;
}

static void decode_count(const uint8_t *p, struct odx_status *s)
{
	uint8_t units = p[15];
	uint64_t count = xm_get_be64(p + 16);

	s->in_blocks = units == UNITS_BLOCKS;
	if (s->in_blocks) {
		s->count_known = true;
		s->count = count;
	} else if (units <= 6) {
		/* bytes, KiB .. EiB */
		s->count_known = xm_checked_mul(count, UINT64_C(1) << 10 * units, &s->count);
	}
}

/* (p, n) is what follows the sense data. */
static void decode_token(const uint8_t *p, size_t n, struct odx_status *s)
{
	uint32_t len = n < 4 ? 0 : xm_get_be32(p);

	if (len == 0)
		return;
	if (len != TOKEN_DESCRIPTOR || n - 4 < TOKEN_DESCRIPTOR)
		s->token_odd = true;
	else
		s->token = p + 6;
}

bool odx_decode_status(const uint8_t *p, size_t len, bool token, struct odx_status *s)
{
	memset(s, 0, sizeof *s);
	if (len < STATUS_LEN)
		return false;
	uint64_t available = xm_get_be32(p) + UINT64_C(4);
	/* what is cut off cannot be told from what was never there */
	if (available < STATUS_LEN || available > len)
		return false;
	len = available;
	if (!decode_state(p[5] & 0x7f, s))
		return false;
	s->action = p[4] & 0x1f;
	s->counter = xm_get_be16(p + 6);
	s->delay_ms = xm_get_be32(p + 8);
	if (s->delay_ms >= DELAY_UNKNOWN)
		s->delay_ms = 0;
	s->status = p[12];
	decode_count(p, s);
	if (p[13] > len - STATUS_LEN || p[14] > p[13])
		return false;
	s->sense = p + STATUS_LEN;
	s->sense_len = p[14];
	if (token)
		decode_token(p + STATUS_LEN + p[13], len - STATUS_LEN - p[13], s);
	return true;
}

bool odx_count_bytes(const struct odx_status *s, uint32_t block_size, uint64_t *ret)
{
	*ret = s->count;
	return s->count_known &&
	       (!s->in_blocks || xm_checked_mul(s->count, (uint64_t)block_size, ret));
}
