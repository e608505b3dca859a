/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Block status in 64 bits, of libnbd 1.18: the whole disk in one question, where the
 * server has extended headers; else what fits into 32.
 */
#include "ask.h"

const uint64_t NBD_STATUS_MOST = UINT64_C(1) << 62;

static int extents(void *user, const char *context, uint64_t offset, nbd_extent *entries, size_t n,
		   int *error)
{
	(void)error;
	if (!nbd_tells(user, context, offset))
		return 0;
	for (size_t i = 0; i < n && nbd_told(user, entries[i].length, entries[i].flags); i++)
		;
	return 0;
}

int64_t nbd_send_status(struct nbd_ask *a, uint64_t len, nbd_completion_callback end)
{
	nbd_extent64_callback each = { .callback = extents, .user_data = a };
	uint64_t block = a->d->facts.block;

	if (nbd_get_extended_headers_negotiated(a->conn->h) != 1 && len > UINT32_MAX)
		len = UINT32_MAX - UINT32_MAX % block;
	return nbd_aio_block_status_64(a->conn->h, len, a->pos, each, end, 0);
}
