/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The EXTENDED COPY parameter list: header of LID1 or LID4, two CSCD descriptors
 * E4h, and block-to-block segments 02h.  Bytes only; nothing is sent from here.
 */
#include <string.h>
#include "xcopy.h"
#include "xm/align.h"
#include "xm/endian.h"

#define PRIORITY 1u

static bool can_be_said(const struct xcopy_list *l)
{
	if (l->nsegments == 0 || l->nsegments > UINT16_MAX || l->block_size >= 1u << 24)
		return false;
	if (l->src->len > XCOPY_DESIGNATOR_MAX || l->dst->len > XCOPY_DESIGNATOR_MAX)
		return false;
	if ((l->usage == XCOPY_ID_NONE && l->id != 0) || (!l->lid4 && l->id > UINT8_MAX))
		return false;
	for (unsigned i = 0; i < l->nsegments; i++)
		if (l->segments[i].blocks == 0 || l->segments[i].blocks > XCOPY_SEGMENT_BLOCKS)
			return false;
	return true;
}

static void put_cscd(uint8_t *p, const struct scsi_designator *d, uint32_t block_size)
{
	p[0] = 0xe4;                            /* identification descriptor */
	p[4] = d->code_set;
	p[5] = (uint8_t)(d->association << 4 | d->type);
	p[7] = d->len;
	memcpy(p + 8, d->bytes, d->len);
	xm_put_be24(p + 29, block_size);
}

static void put_segment(uint8_t *p, const struct xcopy_segment *s)
{
	p[0] = 0x02;
	xm_put_be16(p + 2, XCOPY_SEGMENT_LEN - 4);
	xm_put_be16(p + 4, 0);                  /* source CSCD */
	xm_put_be16(p + 6, 1);                  /* destination CSCD */
	xm_put_be16(p + 10, (uint16_t)s->blocks);
	xm_put_be64(p + 12, s->src_lba);
	xm_put_be64(p + 20, s->dst_lba);
}

static void put_header(uint8_t *p, const struct xcopy_list *l, uint32_t segments)
{
	p[0] = (uint8_t)l->id;
	p[1] = (uint8_t)(l->usage << 3 | PRIORITY);
	xm_put_be16(p + 2, XCOPY_CSCDS_LEN);
	xm_put_be32(p + 8, segments);
}

/* Its first 32 bytes after the fourth read as a CSCD descriptor (type FFh). */
static void put_lid4_header(uint8_t *p, const struct xcopy_list *l, uint32_t segments)
{
	p[0] = 0x01;                            /* LIST FORMAT */
	p[1] = (uint8_t)(l->usage << 3 | PRIORITY);
	xm_put_be16(p + 2, XCOPY_CSCD_LEN);
	p[16] = 0xff;
	xm_put_be32(p + 20, l->id);
	xm_put_be16(p + 42, XCOPY_CSCDS_LEN);
	xm_put_be16(p + 44, (uint16_t)segments);
}

size_t xcopy_encode(const struct xcopy_list *l, uint8_t *buf, size_t cap)
{
	if (!can_be_said(l))
		return 0;
	uint32_t segments = l->nsegments * XCOPY_SEGMENT_LEN;
	size_t header = l->lid4 ? XCOPY_LID4_HEADER_LEN : XCOPY_HEADER_LEN;
	size_t len = header + XCOPY_CSCDS_LEN + segments;
	if (len > cap || segments > UINT16_MAX)
		return 0;
	memset(buf, 0, len);
	(l->lid4 ? put_lid4_header : put_header)(buf, l, segments);

	uint8_t *p = buf + header;
	put_cscd(p, l->src, l->block_size);
	put_cscd(p + XCOPY_CSCD_LEN, l->dst, l->block_size);
	p += XCOPY_CSCDS_LEN;
	for (unsigned i = 0; i < l->nsegments; i++)
		put_segment(p + i * XCOPY_SEGMENT_LEN, &l->segments[i]);
	return len;
}
