/* SPDX-License-Identifier: Apache-2.0 */
/*
 * INQUIRY, VPD pages, READ CAPACITY and MODE SENSE data: SPC-4 6.4 and 7.8,
 * SBC-3 5.15, 5.16 and 6.6.  Nothing in them is believed about its own length.
 */
#include <string.h>
#include "vpd.h"
#include "xm/align.h"
#include "xm/endian.h"

/* Text out of a fixed field: blanks trimmed, what is not printable ASCII shown as '.'. */
static void text(char *dst, size_t size, const uint8_t *p, size_t len)
{
	while (len && (p[len - 1] == ' ' || p[len - 1] == 0))
		len--;
	while (len && *p == ' ')
		p++, len--;
	len = xm_min_u64(len, size - 1);
	for (size_t i = 0; i < len; i++)
		dst[i] = p[i] > 0x20 && p[i] < 0x7f ? (char)p[i] : p[i] == ' ' ? ' ' : '.';
	dst[len] = '\0';
}

bool scsi_decode_inquiry(struct scsi_lu *lu, const uint8_t *p, size_t len)
{
	if (len < 5)
		return false;
	len = xm_min_u64(len, 5u + p[4]);
	if (len < 36)
		return false;
	lu->qualifier = p[0] >> 5;
	lu->type = p[0] & 0x1f;
	lu->version = p[2];
	lu->third_party_copy = p[5] & 0x08;
	text(lu->vendor, sizeof lu->vendor, p + 8, 8);
	text(lu->product, sizeof lu->product, p + 16, 16);
	text(lu->revision, sizeof lu->revision, p + 32, 4);
	return true;
}

/* The body of a VPD page, cut to what came; NULL when it is not that page. */
static const uint8_t *page_body(const uint8_t *p, size_t len, uint8_t page, size_t *ret_len)
{
	if (len < 4 || p[1] != page)
		return NULL;
	*ret_len = xm_min_u64(len - 4, xm_get_be16(p + 2));
	return p + 4;
}

bool scsi_decode_vpd_00(struct scsi_lu *lu, const uint8_t *p, size_t len)
{
	size_t n;
	const uint8_t *body = page_body(p, len, 0x00, &n);
	if (!body)
		return false;
	memset(lu->vpd_pages, 0, sizeof lu->vpd_pages);
	for (size_t i = 0; i < n; i++)
		lu->vpd_pages[body[i] / 8] |= (uint8_t)(1u << body[i] % 8);
	lu->has_vpd_00 = true;
	lu->has_vpd_8f = scsi_lu_has_vpd(lu, 0x8f);
	return true;
}

bool scsi_lu_has_vpd(const struct scsi_lu *lu, uint8_t page)
{
	return lu->vpd_pages[page / 8] & 1u << page % 8;
}

bool scsi_decode_vpd_80(struct scsi_lu *lu, const uint8_t *p, size_t len)
{
	size_t n;
	const uint8_t *body = page_body(p, len, 0x80, &n);
	if (!body)
		return false;
	text(lu->serial, sizeof lu->serial, body, n);
	return true;
}

static void one_designator(struct scsi_lu *lu, const uint8_t *d)
{
	if (lu->ndesignators == SCSI_DESIGNATORS || d[3] == 0)
		return;
	struct scsi_designator *g = &lu->designators[lu->ndesignators++];
	*g = (struct scsi_designator){ .code_set = d[0] & 0x0f, .association = d[1] >> 4 & 0x3,
		.type = d[1] & 0x0f, .len = d[3] };
	memcpy(g->bytes, d + 4, d[3]);
}

bool scsi_decode_vpd_83(struct scsi_lu *lu, const uint8_t *p, size_t len)
{
	size_t n;
	const uint8_t *body = page_body(p, len, 0x83, &n);
	if (!body)
		return false;
	lu->ndesignators = 0;
	for (size_t at = 0; n - at >= 4 && n - at - 4 >= body[at + 3]; at += 4u + body[at + 3])
		one_designator(lu, body + at);
	return true;
}

bool scsi_decode_vpd_b0(struct scsi_lu *lu, const uint8_t *p, size_t len)
{
	size_t n;
	const uint8_t *body = page_body(p, len, 0xb0, &n);
	if (!body || n < 12)
		return false;
	/* Offsets of the standard count from the page's start, 4 before the body. */
	lu->opt_granularity = xm_get_be16(body + 2);
	lu->max_transfer = xm_get_be32(body + 4);
	lu->opt_transfer = xm_get_be32(body + 8);
	if (n >= 32) {
		lu->max_unmap_blocks = xm_get_be32(body + 16);
		lu->max_unmap_descriptors = xm_get_be32(body + 20);
		lu->unmap_granularity = xm_get_be32(body + 24);
		uint32_t a = xm_get_be32(body + 28);
		lu->unmap_alignment = a & 0x80000000u ? a & 0x7fffffffu : 0;
	}
	if (n >= 40)
		lu->max_write_same = xm_get_be64(body + 32);
	return true;
}

bool scsi_decode_vpd_b2(struct scsi_lu *lu, const uint8_t *p, size_t len)
{
	size_t n;
	const uint8_t *body = page_body(p, len, 0xb2, &n);
	if (!body || n < 2)
		return false;
	lu->lbpu = body[1] & 0x80;
	lu->lbpws = body[1] & 0x40;
	/* LBPRZ of this page, bits 4 to 2, which older pages leave 0 */
	lu->lbp_pattern = (body[1] >> 2 & 0x07) == 2;
	return true;
}

bool scsi_decode_read_capacity_10(struct scsi_lu *lu, const uint8_t *p, size_t len)
{
	if (len < 8 || xm_get_be32(p) == UINT32_MAX)
		return false;
	lu->blocks = (uint64_t)xm_get_be32(p) + 1;
	lu->block_size = xm_get_be32(p + 4);
	return true;
}

bool scsi_decode_read_capacity_16(struct scsi_lu *lu, const uint8_t *p, size_t len)
{
	if (len < 12 || xm_get_be64(p) == UINT64_MAX)
		return false;
	lu->blocks = xm_get_be64(p) + 1;
	lu->block_size = xm_get_be32(p + 8);
	lu->protection = len > 12 && (p[12] & 0x01);
	lu->lbpme = len > 14 && (p[14] & 0x80);
	lu->lbprz = len > 14 && (p[14] & 0x40);
	return true;
}

bool scsi_decode_mode_sense_6(struct scsi_lu *lu, const uint8_t *p, size_t len)
{
	if (len < 4)
		return false;
	len = xm_min_u64(len, 1u + p[0]);
	if (len < 3)
		return false;
	lu->write_protected = p[2] & 0x80;
	size_t at = 4u + (len > 3 ? p[3] : 0);          /* behind the block descriptors */
	if (len >= at + 3 && (p[at] & 0x3f) == 0x08)
		lu->write_cache = p[at + 2] & 0x04;
	return true;
}
