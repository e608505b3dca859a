/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source at the other end of a two-way stream: reads and tokens are asked for, and
 * answered in any order.  Whatever becomes of the stream, a read changes no byte: what was
 * not answered is NOT DONE.  The sender keeps nothing, so the job decides all.
 */
#include "remote-source.h"

#include <stdio.h>
#include <stdlib.h>
#include "error.h"

#define READS 64
#define POPULATES 16

static const char key;

struct xm_remote *xm_remote_at(const struct xm_endpoint *ep)
{
	return xm_attached(&ep->attached, &key);
}

/* ---- reads --------------------------------------------------------------------------- */

static enum xm_queued remote_submit(struct xm_io *io, struct xm_io_req *req)
{
	struct xm_remote *r = xm_container_of(io, struct xm_remote, io);
	struct xm_wire_io ask = { .id = ++r->next_id, .off = req->off, .len = (uint32_t)req->len };
	uint8_t head[XM_WIRE_IO];
	struct xm_status gone;

	if (req->op == XM_IO_FLUSH) {
		xm_list_add_tail(&r->reads, &req->link);
		xm_remote_end_read(r, req, &XM_STATUS_DONE);
		return XM_QUEUED;
	}
	if (xm_wire_dead(r->wire, NULL) || xm_wire_closed(r->wire) || req->op != XM_IO_READ ||
	    req->len > XM_WIRE_DATA_MAX) {
		gone = xm_remote_gone(r->wire, XM_SIDE_SRC);
		xm_list_add_tail(&r->reads, &req->link);
		xm_remote_end_read(r, req, &gone);
		return XM_QUEUED;
	}
	xm_wire_put_io(head, &ask);
	if (!xm_wire_send(r->wire, &(struct xm_wire_out){ .type = XM_WIRE_READ, .head = head,
							  .head_len = sizeof head }))
		return XM_FULL;
	req->priv = (void *)(uintptr_t)ask.id;
	xm_list_add_tail(&r->reads, &req->link);
	return XM_QUEUED;
}

static void remote_wait(struct xm_io *io, struct xm_waiter *w)
{
	struct xm_remote *r = xm_container_of(io, struct xm_remote, io);

	if (!xm_list_empty(&r->ended_reads) || !xm_list_empty(&r->ended_populates))
		xm_waiter_until(w, 0);
	xm_wire_turn(r->wire);
	xm_wire_wait(r->wire, w);
}

static void remote_reap(struct xm_io *io, struct xm_list *done)
{
	struct xm_remote *r = xm_container_of(io, struct xm_remote, io);
	struct xm_list *l;

	xm_remote_pump(r);
	while ((l = xm_list_pop(&r->ended_reads)))
		xm_list_add_tail(done, l);
}

static const struct xm_io_ops io_ops = {
	.name = "remote",
	.submit = remote_submit,
	.wait = remote_wait,
	.reap = remote_reap,
	.close = xm_remote_io_close,
};

static struct xm_io *remote_io(struct xm_endpoint *ep, struct xm_error **err)
{
	(void)err;
	return &xm_remote_at(ep)->io;
}

/* ---- tokens ------------------------------------------------------------------------------ */

static int tokens_open(struct xm_ctx *ctx, struct xm_endpoint *ep, enum xm_role role,
		       struct xm_token_port **ret_port, struct xm_refusal *why)
{
	(void)ctx;
	if (role == XM_ROLE_SRC && xm_remote_at(ep)->tokens)
		return xm_remote_port_new(ep, XM_TOKEN_POPULATE, POPULATES, ret_port, why);
	return xm_remote_no_port(why, "the sender's storage makes no tokens that it could send");
}

static enum xm_queued tokens_submit(struct xm_token_port *p, struct xm_token_req *req)
{
	struct xm_remote *r = xm_remote_at(p->ep);
	struct xm_wire_runs runs = { .id = ++r->next_id, .n = req->nruns };
	uint8_t head[XM_WIRE_RUNS_BYTES];

	if (r->npopulates >= POPULATES)
		return XM_FULL;
	if (xm_wire_dead(r->wire, NULL) || xm_wire_closed(r->wire)) {
		struct xm_status gone = xm_remote_gone(r->wire, XM_SIDE_SRC);

		xm_list_add_tail(&r->populates, &req->link);
		r->npopulates++;
		xm_remote_end_populate(r, req, &gone);
		return XM_QUEUED;
	}
	for (unsigned i = 0; i < req->nruns; i++)
		runs.run[i] = (struct xm_wire_range){ req->runs[i].off, req->runs[i].len };
	if (!xm_wire_send(r->wire, &(struct xm_wire_out){ .type = XM_WIRE_POPULATE, .head = head,
					.head_len = xm_wire_put_runs(head, &runs) }))
		return XM_FULL;
	req->priv = (void *)(uintptr_t)runs.id;
	xm_list_add_tail(&r->populates, &req->link);
	r->npopulates++;
	return XM_QUEUED;
}

static void tokens_wait(struct xm_token_port *p, struct xm_waiter *w)
{
	remote_wait(&xm_remote_at(p->ep)->io, w);
}

static void tokens_reap(struct xm_token_port *p, struct xm_list *ended)
{
	struct xm_remote *r = xm_remote_at(p->ep);
	struct xm_list *l;

	xm_remote_pump(r);
	while ((l = xm_list_pop(&r->ended_populates)))
		xm_list_add_tail(ended, l);
}

static const struct xm_token_ops token_ops = {
	.name = "remote",
	.open = tokens_open,
	.submit = tokens_submit,
	.wait = tokens_wait,
	.reap = tokens_reap,
	.close = xm_remote_port_free,
};

/* ---- the endpoint ------------------------------------------------------------------------ */

static void remote_durable(struct xm_endpoint *ep, uint64_t off, uint64_t len)
{
	struct xm_remote *r = xm_remote_at(ep);
	struct xm_wire_range *last = r->acks.n > r->acked ? &r->acks.at[r->acks.n - 1] : NULL;

	if (last && last->off + last->len == off)
		last->len += len;
	else
		/* memory is short: the sender's figures lag, nothing else */
		(void)!xm_vec_push(&r->acks, (struct xm_wire_range){ off, len });
}

static void remote_ended(struct xm_endpoint *ep, enum xm_code code, const char *text,
			 uint64_t bytes)
{
	struct xm_remote *r = xm_remote_at(ep);
	struct xm_wire_end end = { .code = (uint32_t)code, .bytes = bytes };
	uint8_t head[XM_WIRE_END_BYTES];

	snprintf(end.text, sizeof end.text, "%s", text);
	xm_remote_send_acks(r);
	xm_wire_drain(r->wire);
	xm_remote_send_acks(r);
	xm_wire_send(r->wire, &(struct xm_wire_out){ .type = XM_WIRE_END, .head = head,
						     .head_len = xm_wire_put_end(head, &end) });
	xm_wire_drain(r->wire);
}

static const struct xm_remote_ops remote_ops = {
	.durable = remote_durable,
	.ended = remote_ended,
	.tokens = &token_ops,
};

static const struct xm_endpoint_ops ops = {
	.kind = "remote",
	.io = remote_io,
	.remote = &remote_ops,
};

static void destroy(void *object)
{
	struct xm_remote *r = object;

	xm_wire_free(r->wire);
	xm_vec_free(&r->zeros);
	xm_vec_free(&r->acks);
	free(r);
}

int xm_remote_source_new(struct xm_ctx *ctx, struct xm_wire *w, struct xm_wire_hello *h,
			 struct xm_endpoint **ret_ep, struct xm_error **err)
{
	struct xm_endpoint *ep = xm_remote_endpoint(ctx, &ops, "the sender's disk", h);
	struct xm_remote *r = calloc(1, sizeof *r);

	if (!ep || !r || !xm_attach(&ep->attached, &key, r, destroy)) {
		free(r);
		xm_wire_free(w);
		xm_endpoint_close(ep);
		return xm_fail(err, XM_E_TEMPORARY, "memory is short");
	}
	r->wire = w;
	r->tokens = h->flags & XM_WIRE_TOKENS;
	r->block_size = h->block_size;
	xm_list_init(&r->reads);
	xm_list_init(&r->ended_reads);
	xm_list_init(&r->populates);
	xm_list_init(&r->ended_populates);
	xm_io_init(&r->io, &io_ops, READS);
	if (xm_remote_hear_zeros(r, ep->size, err) < 0) {
		xm_endpoint_close(ep);
		return -1;
	}
	*ret_ep = ep;
	return 0;
}
