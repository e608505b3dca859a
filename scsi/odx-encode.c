/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parameter lists of POPULATE TOKEN and WRITE USING TOKEN.  Bytes only;
 * nothing is sent from here.
 */
#include <string.h>
#include "odx.h"
#include "xm/endian.h"

static bool can_be_said(unsigned n, const struct odx_range *ranges)
{
	if (n == 0 || n > XM_TOKEN_RUNS_MAX)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (ranges[i].blocks == 0)
			return false;
	return true;
}

/* The list's own lengths, and the ranges behind its header, which ends with their length. */
static size_t put_ranges(uint8_t *buf, size_t header, unsigned n, const struct odx_range *ranges)
{
	size_t len = header + n * ODX_RANGE_LEN;

	xm_put_be16(buf, (uint16_t)(len - 2));
	xm_put_be16(buf + header - 2, (uint16_t)(n * ODX_RANGE_LEN));
	for (unsigned i = 0; i < n; i++) {
		uint8_t *p = buf + header + i * ODX_RANGE_LEN;

		xm_put_be64(p, ranges[i].lba);
		xm_put_be32(p + 8, ranges[i].blocks);
	}
	return len;
}

size_t odx_encode_populate(const struct odx_populate *l, uint8_t *buf, size_t cap)
{
	if (!can_be_said(l->nranges, l->ranges) ||
	    ODX_POPULATE_HEADER + l->nranges * ODX_RANGE_LEN > cap)
		return 0;
	memset(buf, 0, ODX_POPULATE_HEADER + l->nranges * ODX_RANGE_LEN);
	buf[2] = (uint8_t)((l->rtv ? 0x02 : 0) | (l->immed ? 0x01 : 0));
	xm_put_be32(buf + 4, l->inactivity);
	if (l->rtv)
		xm_put_be32(buf + 8, l->type);
	return put_ranges(buf, ODX_POPULATE_HEADER, l->nranges, l->ranges);
}

size_t odx_encode_write(const struct odx_write *l, uint8_t *buf, size_t cap)
{
	if (!can_be_said(l->nranges, l->ranges) ||
	    ODX_WRITE_HEADER + l->nranges * ODX_RANGE_LEN > cap)
		return 0;
	memset(buf, 0, ODX_WRITE_HEADER + l->nranges * ODX_RANGE_LEN);
	buf[2] = l->del_tkn ? 0x02 : 0;
	xm_put_be64(buf + 8, l->offset);
	memcpy(buf + 16, l->token, XM_TOKEN_LEN);
	return put_ranges(buf, ODX_WRITE_HEADER, l->nranges, l->ranges);
}

void odx_put_zero_token(uint8_t token[XM_TOKEN_LEN])
{
	memset(token, 0, XM_TOKEN_LEN);
	xm_put_be32(token, (uint32_t)TPC_ROD_ZERO);
	xm_put_be16(token + 6, XM_TOKEN_LEN - 8);
}
