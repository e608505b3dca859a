/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xmover verify SRC DST: compare every byte, show the first differences.
 */
#include <inttypes.h>
#include <stdio.h>
#include "cmd.h"
#include "text.h"

/* More than these say nothing new, and a disk of another content would print millions. */
#define DIFFERENCES_SHOWN 10

struct differences {
	unsigned shown;
};

static int show_difference(void *user, uint64_t off, uint64_t len)
{
	struct differences *d = user;

	printf("differs at byte %" PRIu64 ", %" PRIu64 " bytes\n", off, len);
	return ++d->shown == DIFFERENCES_SHOWN;
}

static int compare(struct xm_ctx *ctx, struct xm_endpoint *src, struct xm_endpoint *dst)
{
	struct differences d = { 0 };
	struct xm_error *err = NULL;
	char size[TEXT_SIZE_MAX];
	uint64_t bytes = 0;

	if (xm_verify(ctx, src, dst, "full", show_difference, &d, &bytes, &err) == 0) {
		printf("Equal: %s compared.\n", text_size(bytes, size));
		return XM_OK;
	}
	if (!d.shown)
		return cmd_fail(err);
	printf("Different%s: %s compared.\n",
	       d.shown == DIFFERENCES_SHOWN ? ", the rest was not looked at" : "",
	       text_size(bytes, size));
	/* Stopped after enough differences, or at the end: both are a mismatch. */
	if (err && xm_error_code(err) != XM_E_STOPPED && xm_error_code(err) != XM_E_MISMATCH)
		return cmd_fail(err);
	xm_error_free(err);
	return XM_E_MISMATCH;
}

int cmd_verify(const struct opts *o)
{
	struct xm_endpoint *src = NULL, *dst = NULL;
	struct xm_error *err = NULL;
	struct xm_ctx *ctx = cmd_context(o, "inspect", &err);
	int code;

	if (!ctx || xm_endpoint_open(ctx, o->operand[0], 0, 0, &src, &err) != 0 ||
	    xm_endpoint_open(ctx, o->operand[1], 0, 0, &dst, &err) != 0)
		code = cmd_fail(err);
	else
		code = compare(ctx, src, dst);
	if (!cmd_flush() && code == XM_OK)
		code = XM_E_IO;
	xm_endpoint_close(dst);
	xm_endpoint_close(src);
	xm_ctx_free(ctx);
	return code;
}
