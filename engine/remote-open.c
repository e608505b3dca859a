/* SPDX-License-Identifier: Apache-2.0 */
/* The receiver's side of a stream, made an endpoint: which kind it is, HELLO says. */
#include "remote.h"

#include <unistd.h>
#include "error.h"

static int hello(struct xm_wire *w, bool two_way, struct xm_wire_hello *h, struct xm_error **err)
{
	if (two_way && !xm_wire_say_hello(w, XM_WIRE_TWO_WAY, NULL, 0, 0))
		return xm_wire_error(w, err);
	if (xm_wire_hear_hello(w, true, h, err) < 0)
		return -1;
	if (two_way == (h->kind == XM_WIRE_TWO_WAY))
		return 0;
	xm_identity_free(&h->disk);
	return xm_fail(err, XM_E_CONFIG, two_way ?
		       "the sender does not listen: its stream is one-way; pipe it into the "
		       "receiver's standard input" :
		       "the sender waits for answers: use --exec, --listen or --connect "
		       "on both sides");
}

/* Checks the file, and begins it anew. */
static int open_file(struct xm_ctx *ctx, struct xm_wire **w, int fd, struct xm_wire_hello *h,
		     struct xm_error **err)
{
	int r = xm_token_file_check(*w, h, err);

	xm_wire_free(*w);
	*w = NULL;
	xm_identity_free(&h->disk);
	if (r < 0)
		return -1;
	if (lseek(fd, 0, SEEK_SET) != 0)
		return xm_fail(err, XM_E_CONFIG, "a token file cannot come through a pipe: use "
			       "xmover token import FILE DST");
	*w = xm_wire_new(ctx, fd, -1);
	if (!*w)
		return xm_fail(err, XM_E_TEMPORARY, "memory is short");
	return hello(*w, false, h, err);
}

int xm_endpoint_receive(struct xm_ctx *ctx, int in_fd, int out_fd, struct xm_endpoint **ret_ep,
			struct xm_error **err)
{
	struct xm_wire *w = xm_wire_new(ctx, in_fd, out_fd);
	struct xm_wire_hello h;

	if (!w)
		return xm_fail(err, XM_E_TEMPORARY, "memory is short");
	if (hello(w, out_fd >= 0, &h, err) < 0) {
		xm_wire_free(w);
		return -1;
	}
	if (h.kind == XM_WIRE_TOKEN_FILE && open_file(ctx, &w, in_fd, &h, err) < 0) {
		xm_wire_free(w);
		return -1;
	}
	return out_fd >= 0 ? xm_remote_source_new(ctx, w, &h, ret_ep, err) :
			     xm_stream_source_new(ctx, w, &h, ret_ep, err);
}

void xm_endpoint_refuse(struct xm_endpoint *ep, enum xm_code code, const char *why)
{
	if (ep->ops->remote && ep->ops->remote->ended)
		ep->ops->remote->ended(ep, code, why, 0);
}
