/* SPDX-License-Identifier: Apache-2.0 */
/* Block status in 32 bits: at most 4 GiB a question. */
#include "ask.h"

const uint64_t NBD_STATUS_MOST = UINT32_MAX;

static int extents(void *user, const char *context, uint64_t offset, uint32_t *entries, size_t n,
		   int *error)
{
	(void)error;
	if (!nbd_tells(user, context, offset))
		return 0;
	for (size_t i = 0; i + 1 < n && nbd_told(user, entries[i], entries[i + 1]); i += 2)
		;
	return 0;
}

int64_t nbd_send_status(struct nbd_ask *a, uint64_t len, nbd_completion_callback end)
{
	nbd_extent_callback each = { .callback = extents, .user_data = a };

	return nbd_aio_block_status(a->conn->h, len, a->pos, each, end, 0);
}
