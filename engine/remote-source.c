/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source at the other end of a two-way stream: reads and tokens are asked for, and
 * answered in any order.  Whatever becomes of the stream, a read changes no byte: what was
 * not answered is NOT DONE.  The sender keeps nothing, so the job decides all.
 */
#include "remote.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "error.h"
#include "wire-status.h"
#include "xm/checked.h"
#include "xm/vec.h"

#define READS 64
#define POPULATES 16
#define ACKS_A_FRAME (XM_WIRE_HEAD_MAX / 16)

struct remote {
	struct xm_io io;
	struct xm_ctx *ctx;
	struct xm_wire *wire;
	bool tokens;
	uint32_t block_size;
	uint64_t next_id;
	struct xm_list reads, ended_reads;
	struct xm_list populates, ended_populates;
	unsigned npopulates;
	XM_VEC(struct xm_wire_range) zeros, acks;
	size_t acked;                    /* of acks, already sent */
	struct xm_reasons reasons;
};

static const char key;
static const struct xm_endpoint_ops ops;

static struct remote *remote_of(const struct xm_endpoint *ep)
{
	return xm_attached(&ep->attached, &key);
}

/* ---- what comes ------------------------------------------------------------------ */

static void end_read(struct remote *r, struct xm_io_req *req, const struct xm_status *s)
{
	req->status = *s;
	xm_list_del(&req->link);
	xm_list_add_tail(&r->ended_reads, &req->link);
}

static void end_populate(struct remote *r, struct xm_token_req *req, const struct xm_status *s)
{
	req->status = *s;
	xm_list_del(&req->link);
	xm_list_add_tail(&r->ended_populates, &req->link);
	r->npopulates--;
}

static uint64_t id_of(const void *priv)
{
	return (uint64_t)(uintptr_t)priv;
}

static struct xm_io_req *find_read(const struct remote *r, uint64_t id)
{
	xm_list_for_each(l, &r->reads) {
		struct xm_io_req *req = xm_container_of(l, struct xm_io_req, link);

		if (id_of(req->priv) == id)
			return req;
	}
	return NULL;
}

static struct xm_token_req *find_populate(const struct remote *r, uint64_t id)
{
	xm_list_for_each(l, &r->populates) {
		struct xm_token_req *req = xm_container_of(l, struct xm_token_req, link);

		if (id_of(req->priv) == id)
			return req;
	}
	return NULL;
}

static bool take_data(struct remote *r, const struct xm_wire_frame *f)
{
	struct xm_wire_io io;
	struct xm_io_req *req;

	if (!xm_wire_get_io(&f->h, f->payload, &io))
		return false;
	req = find_read(r, io.id);
	if (!req || req->off != io.off || req->len != io.len)
		return false;
	if (io.bytes)
		memcpy(req->buf, io.bytes, io.len);
	else
		memset(req->buf, 0, io.len);
	end_read(r, req, &XM_STATUS_DONE);
	return true;
}

static bool same_runs(const struct xm_token_req *req, const struct xm_wire_runs *runs)
{
	if (req->nruns != runs->n || runs->covered > req->bytes)
		return false;
	for (unsigned i = 0; i < req->nruns; i++) {
		if (req->runs[i].off != runs->run[i].off || req->runs[i].len != runs->run[i].len)
			return false;
	}
	return true;
}

static bool take_token(struct remote *r, const struct xm_wire_frame *f)
{
	struct xm_wire_runs runs;
	struct xm_token_req *req;

	if (!xm_wire_get_runs(&f->h, f->payload, &runs))
		return false;
	req = find_populate(r, runs.id);
	if (!req || !same_runs(req, &runs))
		return false;
	xm_wire_fill_token(req->token, &runs, f->h.flags, r->block_size);
	req->moved = runs.covered;
	end_populate(r, req, &XM_STATUS_DONE);
	return true;
}

static bool take_fail(struct remote *r, const struct xm_wire_frame *f)
{
	struct xm_wire_fail fail;
	struct xm_token_req *token;
	struct xm_io_req *read;
	struct xm_status s;

	if (!xm_wire_get_fail(f->payload, f->h.len, &fail) ||
	    !xm_wire_to_status(&fail, &r->reasons, &s))
		return false;
	s.side = XM_SIDE_SRC;
	read = find_read(r, fail.id);
	token = find_populate(r, fail.id);
	if (read)
		end_read(r, read, &s);
	else if (token)
		end_populate(r, token, &s);
	return read || token;
}

static void take_end(struct remote *r, const struct xm_wire_frame *f)
{
	struct xm_wire_end end;

	if (!xm_wire_get_end(f->payload, f->h.len, &end))
		xm_wire_fail(r->wire, XM_E_TEMPORARY, "the sender's last frame cannot be read");
	xm_wire_fail(r->wire, end.code ? xm_wire_code(end.code) : XM_E_TEMPORARY,
		     "the sender ended: %s", end.text);
}

static void give_up(struct remote *r)
{
	struct xm_status s = xm_remote_gone(r->wire, XM_SIDE_SRC);

	xm_list_for_each(l, &r->reads)
		end_read(r, xm_container_of(l, struct xm_io_req, link), &s);
	xm_list_for_each(t, &r->populates)
		end_populate(r, xm_container_of(t, struct xm_token_req, link), &s);
}

static void send_acks(struct remote *r)
{
	uint8_t head[ACKS_A_FRAME * 16];

	while (r->acked < r->acks.n && xm_wire_has_room(r->wire)) {
		size_t n = 0, len = 0;

		while (n < ACKS_A_FRAME && r->acked + n < r->acks.n)
			len += xm_wire_put_range(head + len, &r->acks.at[r->acked + n++]);
		if (!xm_wire_send(r->wire, &(struct xm_wire_out){ .type = XM_WIRE_ACK, .head = head,
								  .head_len = len }))
			return;
		r->acked += n;
	}
	if (r->acked == r->acks.n)
		r->acked = r->acks.n = 0;
}

static void pump(struct remote *r)
{
	struct xm_wire_frame f;
	bool ok = true;

	send_acks(r);
	xm_wire_turn(r->wire);
	while (ok && xm_wire_next(r->wire, &f)) {
		if (f.h.type == XM_WIRE_DATA)
			ok = take_data(r, &f);
		else if (f.h.type == XM_WIRE_TOKEN)
			ok = take_token(r, &f);
		else if (f.h.type == XM_WIRE_FAIL)
			ok = take_fail(r, &f);
		else if (f.h.type == XM_WIRE_END)
			take_end(r, &f);
		else
			ok = false;
	}
	if (!ok)
		xm_wire_fail(r->wire, XM_E_TEMPORARY, "the sender answered what was not asked "
			     "(frame %llu)", (unsigned long long)f.h.number);
	if (xm_wire_dead(r->wire, NULL) || xm_wire_closed(r->wire))
		give_up(r);
}

/* ---- reads --------------------------------------------------------------------------- */

static enum xm_queued remote_submit(struct xm_io *io, struct xm_io_req *req)
{
	struct remote *r = xm_container_of(io, struct remote, io);
	struct xm_wire_io ask = { .id = ++r->next_id, .off = req->off, .len = (uint32_t)req->len };
	uint8_t head[XM_WIRE_IO];
	struct xm_status gone;

	if (req->op == XM_IO_FLUSH) {
		xm_list_add_tail(&r->reads, &req->link);
		end_read(r, req, &XM_STATUS_DONE);
		return XM_QUEUED;
	}
	if (xm_wire_dead(r->wire, NULL) || xm_wire_closed(r->wire) || req->op != XM_IO_READ ||
	    req->len > XM_WIRE_DATA_MAX) {
		gone = xm_remote_gone(r->wire, XM_SIDE_SRC);
		xm_list_add_tail(&r->reads, &req->link);
		end_read(r, req, &gone);
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
	struct remote *r = xm_container_of(io, struct remote, io);

	if (!xm_list_empty(&r->ended_reads) || !xm_list_empty(&r->ended_populates))
		xm_waiter_until(w, 0);
	xm_wire_turn(r->wire);
	xm_wire_wait(r->wire, w);
}

static void remote_reap(struct xm_io *io, struct xm_list *done)
{
	struct remote *r = xm_container_of(io, struct remote, io);
	struct xm_list *l;

	pump(r);
	while ((l = xm_list_pop(&r->ended_reads)))
		xm_list_add_tail(done, l);
}

static void remote_io_close(struct xm_io *io)
{
	(void)io;                                /* the endpoint's */
}

static const struct xm_io_ops io_ops = {
	.name = "remote",
	.submit = remote_submit,
	.wait = remote_wait,
	.reap = remote_reap,
	.close = remote_io_close,
};

static struct xm_io *remote_io(struct xm_endpoint *ep, struct xm_error **err)
{
	(void)err;
	return &remote_of(ep)->io;
}

/* ---- tokens ------------------------------------------------------------------------------ */

static int tokens_open(struct xm_ctx *ctx, struct xm_endpoint *ep, enum xm_role role,
		       struct xm_token_port **ret_port, struct xm_refusal *why)
{
	struct xm_token_port *p;

	(void)ctx;
	if (role != XM_ROLE_SRC || !remote_of(ep)->tokens) {
		why->reason = "no_tokens";
		snprintf(why->detail, sizeof why->detail,
			 "the sender's storage makes no tokens that it could send");
		return -1;
	}
	p = calloc(1, sizeof *p);
	if (!p) {
		*why = (struct xm_refusal){ .act = XM_ACT_FATAL, .code = XM_E_TEMPORARY,
					    .reason = "no_memory", .detail = "memory is short" };
		return -1;
	}
	xm_remote_token_limits(p, ep, 1U << XM_TOKEN_POPULATE, POPULATES);
	*ret_port = p;
	return 0;
}

static enum xm_queued tokens_submit(struct xm_token_port *p, struct xm_token_req *req)
{
	struct remote *r = remote_of(p->ep);
	struct xm_wire_runs runs = { .id = ++r->next_id, .n = req->nruns };
	uint8_t head[XM_WIRE_RUNS_BYTES];

	if (r->npopulates >= POPULATES)
		return XM_FULL;
	if (xm_wire_dead(r->wire, NULL) || xm_wire_closed(r->wire)) {
		struct xm_status gone = xm_remote_gone(r->wire, XM_SIDE_SRC);

		xm_list_add_tail(&r->populates, &req->link);
		r->npopulates++;
		end_populate(r, req, &gone);
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
	remote_wait(&remote_of(p->ep)->io, w);
}

static void tokens_reap(struct xm_token_port *p, struct xm_list *ended)
{
	struct remote *r = remote_of(p->ep);
	struct xm_list *l;

	pump(r);
	while ((l = xm_list_pop(&r->ended_populates)))
		xm_list_add_tail(ended, l);
}

static void tokens_close(struct xm_token_port *p)
{
	free(p);
}

static const struct xm_token_ops token_ops = {
	.name = "remote",
	.open = tokens_open,
	.submit = tokens_submit,
	.wait = tokens_wait,
	.reap = tokens_reap,
	.close = tokens_close,
};

/* ---- extents --------------------------------------------------------------------------------- */

struct zeros {
	struct xm_extent_source s;
	const struct remote *r;
};

static int zeros_open(struct xm_endpoint *ep, struct xm_extent_source **ret, struct xm_error **err)
{
	struct zeros *z;

	if (ep->ops != &ops)
		return 0;
	z = calloc(1, sizeof *z);
	if (!z)
		return xm_fail(err, XM_E_TEMPORARY, "memory is short");
	*z = (struct zeros){ .s = { .ops = &xm_extent_remote }, .r = remote_of(ep) };
	*ret = &z->s;
	return 0;
}

static struct xm_extent zeros_query(struct xm_extent_source *s, uint64_t off, uint64_t len)
{
	const struct remote *r = xm_container_of(s, struct zeros, s)->r;
	struct xm_extent e = { .off = off, .len = len, .kind = XM_EXTENT_DATA };
	size_t lo = 0, hi = r->zeros.n;

	/* the first range that ends after off */
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (r->zeros.at[mid].off + r->zeros.at[mid].len <= off)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == r->zeros.n || r->zeros.at[lo].off >= off + len)
		return e;
	if (r->zeros.at[lo].off > off) {
		e.len = r->zeros.at[lo].off - off;
		return e;
	}
	e.kind = XM_EXTENT_ZERO;
	if (r->zeros.at[lo].off + r->zeros.at[lo].len < off + len)
		e.len = r->zeros.at[lo].off + r->zeros.at[lo].len - off;
	return e;
}

static void zeros_close(struct xm_extent_source *s)
{
	free(xm_container_of(s, struct zeros, s));
}

const struct xm_extent_source_ops xm_extent_remote = {
	.name = "remote",
	.open = zeros_open,
	.query = zeros_query,
	.close = zeros_close,
};

static bool take_zeros(struct remote *r, const struct xm_wire_frame *f, uint64_t size)
{
	size_t n = f->h.len / 16;
	uint64_t end = r->zeros.n ? r->zeros.at[r->zeros.n - 1].off +
				    r->zeros.at[r->zeros.n - 1].len : 0;

	if (f->h.type != XM_WIRE_EXTENTS || f->h.len % 16 || r->zeros.n + n > XM_WIRE_MAP_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		struct xm_wire_range z;

		if (!xm_wire_get_range(f->payload, f->h.len, i, &z) || z.off < end ||
		    !xm_range_fits(z.off, z.len, size) || !xm_vec_push(&r->zeros, z))
			return false;
		end = z.off + z.len;
	}
	return true;
}

/* ---- the endpoint ------------------------------------------------------------------------------ */

static void remote_durable(struct xm_endpoint *ep, uint64_t off, uint64_t len)
{
	struct remote *r = remote_of(ep);
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
	struct remote *r = remote_of(ep);
	struct xm_wire_end end = { .code = (uint32_t)code, .bytes = bytes };
	uint8_t head[XM_WIRE_END_BYTES];

	snprintf(end.text, sizeof end.text, "%s", text);
	send_acks(r);
	xm_wire_drain(r->wire);
	send_acks(r);
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
	struct remote *r = object;

	xm_wire_free(r->wire);
	xm_vec_free(&r->zeros);
	xm_vec_free(&r->acks);
	free(r);
}

static int hear_zeros(struct remote *r, uint64_t size, struct xm_error **err)
{
	struct xm_wire_frame f;

	do {
		if (!xm_wire_await(r->wire, &f))
			return xm_wire_error(r->wire, err);
		if (!take_zeros(r, &f, size)) {
			xm_wire_fail(r->wire, XM_E_CONFIG,
				     "the sender's extent map holds what cannot be");
			return xm_wire_error(r->wire, err);
		}
	} while (!(f.h.flags & XM_WIRE_LAST));
	xm_wire_keep_alive(r->wire);
	return 0;
}

int xm_remote_source_new(struct xm_ctx *ctx, struct xm_wire *w, struct xm_wire_hello *h,
			 struct xm_endpoint **ret_ep, struct xm_error **err)
{
	struct xm_endpoint *ep = xm_remote_endpoint(ctx, &ops, "the sender's disk", h);
	struct remote *r = calloc(1, sizeof *r);

	if (!ep || !r || !xm_attach(&ep->attached, &key, r, destroy)) {
		free(r);
		xm_wire_free(w);
		xm_endpoint_close(ep);
		return xm_fail(err, XM_E_TEMPORARY, "memory is short");
	}
	r->ctx = ctx;
	r->wire = w;
	r->tokens = h->flags & XM_WIRE_TOKENS;
	r->block_size = h->block_size;
	xm_list_init(&r->reads);
	xm_list_init(&r->ended_reads);
	xm_list_init(&r->populates);
	xm_list_init(&r->ended_populates);
	xm_io_init(&r->io, &io_ops, READS);
	if (hear_zeros(r, ep->size, err) < 0) {
		xm_endpoint_close(ep);
		return -1;
	}
	*ret_ep = ep;
	return 0;
}
