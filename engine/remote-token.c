/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens of a disk at the other end of a stream: each kind of remote endpoint has its own
 * table, this one finds it.  What is common to them is here too.
 */
#include "remote.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct xm_endpoint *xm_remote_endpoint(struct xm_ctx *ctx, const struct xm_endpoint_ops *ops,
				       const char *name, struct xm_wire_hello *h)
{
	struct xm_endpoint *ep = xm_endpoint_alloc(ctx, ops, name);

	if (!ep) {
		xm_identity_free(&h->disk);
		return NULL;
	}
	ep->size = h->size;
	ep->block_size = h->block_size;
	ep->dio_align = 1;
	ep->max_io = h->max_io;
	ep->birth = h->birth;
	ep->id = h->disk;
	h->disk = (struct xm_identity){ 0 };
	return ep;
}

struct xm_status xm_remote_gone(struct xm_wire *w, enum xm_side side)
{
	enum xm_code code = XM_E_TEMPORARY;
	const char *text = xm_wire_dead(w, &code);
	struct xm_status s = { .err = EPIPE, .act = XM_ACT_FATAL, .side = side,
			       .certainty = XM_NOT_DONE, .code = (int)code,
			       .pair_wide = true, .reason = "stream_ended" };

	snprintf(s.detail, sizeof s.detail, "%s",
		 text ? text : "the other side has gone; run both again to go on");
	return s;
}

void xm_remote_io_close(struct xm_io *io)
{
	(void)io;                                /* the endpoint's */
}

/* As much as a frame takes: the other end's limits show in what comes back. */
int xm_remote_port_new(const struct xm_endpoint *ep, enum xm_token_op op, unsigned inflight,
		       struct xm_token_port **ret_port, struct xm_refusal *why)
{
	struct xm_token_port *p = calloc(1, sizeof *p);

	if (!p) {
		*why = (struct xm_refusal){ .act = XM_ACT_FATAL, .code = XM_E_TEMPORARY,
					    .reason = "no_memory", .detail = "memory is short" };
		return -1;
	}
	p->limits = (struct xm_token_limits){
		.ops = 1U << op,
		.align = ep->block_size,
		.max_runs = XM_TOKEN_RUNS_MAX,
		.max_run = UINT64_C(1) << 40,
		.max_bytes = UINT64_C(1) << 40,
		.opt_bytes = UINT64_C(64) << 20,
		.max_inflight = inflight,
	};
	*ret_port = p;
	return 0;
}

int xm_remote_no_port(struct xm_refusal *why, const char *detail)
{
	why->reason = "no_tokens";
	snprintf(why->detail, sizeof why->detail, "%s", detail);
	return -1;
}

void xm_remote_port_free(struct xm_token_port *p)
{
	free(p);
}

static const struct xm_token_ops *table_of(const struct xm_endpoint *ep)
{
	return ep->ops->remote ? ep->ops->remote->tokens : NULL;
}

static int open_port(struct xm_ctx *ctx, struct xm_endpoint *ep, enum xm_role role,
		     struct xm_token_port **ret_port, struct xm_refusal *why)
{
	const struct xm_token_ops *t = table_of(ep);

	if (t)
		return t->open(ctx, ep, role, ret_port, why);
	why->reason = "not_remote";
	why->foreign = true;
	snprintf(why->detail, sizeof why->detail, "%s is no disk at the other end of a stream",
		 ep->name);
	return -1;
}

static enum xm_queued submit(struct xm_token_port *p, struct xm_token_req *req)
{
	return table_of(p->ep)->submit(p, req);
}

static void wait_port(struct xm_token_port *p, struct xm_waiter *w)
{
	table_of(p->ep)->wait(p, w);
}

static void reap(struct xm_token_port *p, struct xm_list *ended)
{
	table_of(p->ep)->reap(p, ended);
}

static void close_port(struct xm_token_port *p)
{
	table_of(p->ep)->close(p);
}

const struct xm_token_ops xm_token_remote = {
	.name = "remote",
	.open = open_port,
	.submit = submit,
	.wait = wait_port,
	.reap = reap,
	.close = close_port,
};
