/* SPDX-License-Identifier: Apache-2.0 */
/* VPD page 8F (SPC-4 7.8.17): a row of {type, length, ...}, no length of which is trusted. */
#include <string.h>
#include "cdb.h"
#include "ctx.h"
#include "sense.h"
#include "tpc.h"
#include "xm/align.h"
#include "xm/endian.h"

#define PAGE_LEN 4096                /* CTL's is 380 bytes, ours 1024 */

/* ---- descriptors: (p, n) begins with type and length ---------------------------- */

static void rod_limits(struct scsi_tpc *t, const uint8_t *p, size_t n)
{
	if (n < 36)
		return;
	t->rod_known = true;
	t->max_ranges = xm_get_be16(p + 10);
	t->max_inactivity = xm_get_be32(p + 12);
	t->default_inactivity = xm_get_be32(p + 16);
	t->max_token_blocks = xm_get_be64(p + 20);
	t->opt_token_blocks = xm_get_be64(p + 28);
}

static uint32_t service_actions(const uint8_t *p, size_t n)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < n; i++)
		if (p[i] < 32)
			bits |= UINT32_C(1) << p[i];
	return bits;
}

static void commands(struct scsi_tpc *t, const uint8_t *p, size_t n)
{
	size_t end = n < 5 ? 0 : xm_min_u64(n, 5u + p[4]);

	for (size_t at = 5; at + 2 <= end; at += 2u + p[at + 1]) {
		size_t count = xm_min_u64(p[at + 1], end - at - 2);

		if (p[at] == SCSI_EXTENDED_COPY)
			t->sa_83 |= service_actions(p + at + 2, count);
		else if (p[at] == SCSI_RECEIVE_COPY)
			t->sa_84 |= service_actions(p + at + 2, count);
	}
}

static void rod_features(struct scsi_tpc *t, const uint8_t *p, size_t n)
{
	if (n < 48)
		return;
	t->features_known = true;
	t->remote_tokens = p[4] & 0x0f;
	t->max_token_inactivity = xm_get_be32(p + 24);
	/* the first device type specific block is that of block devices */
	if (n < 96 || xm_get_be16(p + 46) < 48 || (p[48] & 0x1f) != 0)
		return;
	t->opt_granularity = xm_get_be16(p + 54);
	t->max_rod_bytes = xm_get_be64(p + 56);
	t->opt_rod_bytes = xm_get_be64(p + 64);
}

static void rod_types(struct scsi_tpc *t, const uint8_t *p, size_t n)
{
	size_t end = n < 8 ? 0 : xm_min_u64(n, 8u + xm_get_be16(p + 6));

	for (size_t at = 8; at + 64 <= end && t->nrods < TPC_ROD_TYPES; at += 64)
		t->rods[t->nrods++] = (struct tpc_rod){ .type = xm_get_be32(p + at),
			.made = p[at + 4] & 0x01, .used = p[at + 4] & 0x02 };
}

static void general(struct scsi_tpc *t, const uint8_t *p, size_t n)
{
	if (n < 12)
		return;
	t->total_concurrent = xm_get_be32(p + 4);
	t->max_identified = xm_get_be32(p + 8);
}

static const struct {
	uint16_t type;
	void (*decode)(struct scsi_tpc *t, const uint8_t *p, size_t n);
} descriptors[] = {
	{ 0x0000, rod_limits },
	{ 0x0001, commands },
	{ 0x0106, rod_features },
	{ 0x0108, rod_types },
	{ 0x8001, general },
};

static void descriptor(struct scsi_tpc *t, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < sizeof descriptors / sizeof descriptors[0]; i++)
		if (descriptors[i].type == xm_get_be16(p))
			descriptors[i].decode(t, p, n);
}

/* ---- the page --------------------------------------------------------------------- */

bool tpc_decode(const uint8_t *p, size_t len, struct scsi_tpc *t)
{
	memset(t, 0, sizeof *t);
	if (len < 4 || p[1] != 0x8f)
		return false;
	size_t end = xm_get_be16(p + 2) + 4u;
	if (end > len)
		return false;
	for (size_t at = 4, n; at < end; at += n) {
		n = end - at < 4 ? SIZE_MAX : xm_get_be16(p + at + 2) + 4u;
		if (n > end - at) {
			memset(t, 0, sizeof *t);
			return false;
		}
		descriptor(t, p + at, n);
	}
	t->known = true;
	return true;
}

void tpc_ask(struct scsi_lu *lu, struct scsi_tpc *t)
{
	uint8_t page[PAGE_LEN] = { 0 };
	struct scsi_cmd cmd = { .lun = lu->lun, .dir = SCSI_DATA_IN, .data = page,
		.len = sizeof page, .timeout_ns = lu->transport->ctx->timeout_ns };

	memset(t, 0, sizeof *t);
	if (!lu->has_vpd_8f)
		return;
	cmd.cdb_len = scsi_cdb_inquiry_vpd(cmd.cdb, 0x8f, sizeof page);
	if (scsi_exec(lu->transport, &cmd) == 0 && cmd.status == SCSI_GOOD)
		tpc_decode(page, xm_min_u64(cmd.got, sizeof page), t);
}
