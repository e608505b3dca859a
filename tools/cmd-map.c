/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xmover map SRC: what a disk is made of: data, zero, holes.  The same source of
 * truth as copy's; nothing is read but the map.
 */
#include <string.h>
#include "cmd.h"
#include "extents-out.h"

#define SECTOR 512u

static int take(void *user, uint64_t off, uint64_t len, enum xm_extent_kind kind)
{
	extents_out_add(user, off, len, kind);
	return 0;
}

/* qemu-img counts a file in whole sectors, and what the last one lacks is a hole. */
static void fill_sector(struct extents_out *o, uint64_t size)
{
	if (o->json && !o->totals && size % SECTOR)
		extents_out_add(o, size, SECTOR - size % SECTOR, XM_EXTENT_HOLE);
}

static int map(const struct opts *o, struct xm_ctx *ctx, struct xm_endpoint *src)
{
	const char *output = opt_text(o, OPT_OUTPUT);
	struct extents_out out = { .to = stdout, .json = !output || strcmp(output, "json") == 0,
				   .totals = opt_flag(o, OPT_TOTALS) };
	struct xm_error *err = NULL;

	if (xm_extents(ctx, src, take, &out, &err) != 0)
		return cmd_fail(err);
	fill_sector(&out, xm_endpoint_size(src));
	extents_out_end(&out);
	return XM_OK;
}

int cmd_map(const struct opts *o)
{
	struct xm_endpoint *src = NULL;
	struct xm_error *err = NULL;
	struct xm_ctx *ctx = cmd_context(o, "inspect", &err);
	int code;

	if (!ctx || xm_endpoint_open(ctx, o->operand[0], 0, 0, &src, &err) != 0)
		code = cmd_fail(err);
	else
		code = map(o, ctx, src);
	if (!cmd_flush() && code == XM_OK)
		code = XM_E_IO;
	xm_endpoint_close(src);
	xm_ctx_free(ctx);
	return code;
}
