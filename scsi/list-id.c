/* SPDX-License-Identifier: Apache-2.0 */
/* See list-id.h: begun at random, so that a killed predecessor's are not met. */
#include <stdlib.h>
#include "list-id.h"

static const char key;

uint32_t scsi_next_list_id(struct xm_ctx *ctx)
{
	uint32_t *last = xm_attached(&ctx->attached, &key);

	if (!last) {
		last = malloc(sizeof *last);
		if (last && xm_attach(&ctx->attached, &key, last, free))
			*last = (uint32_t)xm_ctx_random(ctx);
		else
			free(last), last = NULL;
	}
	if (!last)
		return (uint32_t)xm_ctx_random(ctx) | 1;
	if (++*last == 0)
		++*last;
	return *last;
}
