/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A destination that is the reader of a one-way stream, or a token file: what a job
 * writes, zeros or moves by token becomes a frame.  Done means that it was written to
 * the stream, not that it arrived: the receiver decides that.
 *
 * A token is of use only as long as its storage keeps it, so the end is put off
 * (`lingers`) until the reader has closed.
 */
#include "remote.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "digest.h"
#include "error.h"
#include "wire-status.h"

#define REQS 64
#define TOKENS 8
#define FREE_GRAIN (UINT64_C(64) << 10)

struct sink {
	struct xm_io io;
	struct xm_endpoint *ep;
	struct xm_endpoint *src;
	enum xm_wire_kind kind;
	struct xm_wire *wire;
	struct xm_digester *digester;    /* of samples of what was sent;
					    NULL before there is a map */
	bool ended;
	struct xm_list out, ended_io;    /* requests whose frames are on their way; and after it */
	struct xm_list tokens_out, ended_tokens;
	struct xm_list flushes;          /* wait for the samples */
	unsigned ntokens;
};

static const char key;

static struct sink *sink_of(const struct xm_endpoint *ep)
{
	return xm_attached(&ep->attached, &key);
}

/* ---- writes -------------------------------------------------------------------------- */

static struct xm_status outcome(struct sink *k)
{
	return xm_wire_dead(k->wire, NULL) ? xm_remote_gone(k->wire, XM_SIDE_DST) : XM_STATUS_DONE;
}

static void io_sent(void *user)
{
	struct xm_io_req *req = user;
	struct sink *k = sink_of(req->ep);

	req->status = outcome(k);
	xm_list_del(&req->link);
	xm_list_add_tail(&k->ended_io, &req->link);
}

static bool send_write(struct sink *k, struct xm_io_req *req)
{
	struct xm_wire_io io = { .off = req->off, .len = (uint32_t)req->len };
	uint8_t head[XM_WIRE_IO];

	xm_wire_put_io(head, &io);
	return xm_wire_send(k->wire, &(struct xm_wire_out){
		.type = XM_WIRE_DATA, .head = head, .head_len = sizeof head, .body = req->buf,
		.body_len = req->len, .sent = io_sent, .user = req });
}

static bool send_range(struct sink *k, enum xm_wire_type type, uint64_t off, uint64_t len,
		       struct xm_io_req *req)
{
	uint8_t head[16];

	xm_wire_put_range(head, &(struct xm_wire_range){ off, len });
	return xm_wire_send(k->wire, &(struct xm_wire_out){
		.type = type, .head = head, .head_len = sizeof head,
		.sent = req ? io_sent : NULL, .user = req });
}

static void end_now(struct sink *k, struct xm_io_req *req, const struct xm_status *s)
{
	req->status = *s;
	xm_list_add_tail(&k->ended_io, &req->link);
}

/* What was sent is all sent when its samples are. */
static void end_flushes(struct sink *k)
{
	struct xm_status s = outcome(k);
	struct xm_list *l;

	if (xm_list_empty(&k->flushes) ||
	    (s.certainty == XM_DONE && !xm_digester_over(k->digester, &s)))
		return;
	while ((l = xm_list_pop(&k->flushes)))
		end_now(k, xm_container_of(l, struct xm_io_req, link), &s);
}

static enum xm_queued sink_submit(struct xm_io *io, struct xm_io_req *req)
{
	struct sink *k = xm_container_of(io, struct sink, io);
	struct xm_status s = outcome(k);
	bool ok;

	if (s.certainty != XM_DONE) {
		end_now(k, req, &s);
		return XM_QUEUED;
	}
	if (req->op == XM_IO_FLUSH) {
		xm_list_add_tail(&k->flushes, &req->link);
		end_flushes(k);
		return XM_QUEUED;
	}
	if (req->op == XM_IO_READ || (req->op == XM_IO_WRITE && req->len > XM_WIRE_DATA_MAX) ||
	    (req->op == XM_IO_WRITE && k->kind == XM_WIRE_TOKEN_FILE)) {
		s = (struct xm_status){ .err = EOPNOTSUPP, .act = XM_ACT_FATAL, .side = XM_SIDE_DST,
					.certainty = XM_NOT_DONE, .code = XM_E_BUG,
					.reason = "bug" };
		snprintf(s.detail, sizeof s.detail, "a stream takes no such request");
		end_now(k, req, &s);
		return XM_QUEUED;
	}
	ok = req->op == XM_IO_WRITE ? send_write(k, req) :
				      send_range(k, XM_WIRE_ZERO, req->off, req->len, req);
	if (!ok)
		return XM_FULL;
	xm_list_add_tail(&k->out, &req->link);
	xm_digester_sent(k->digester, &(struct xm_token_run){ req->off, req->len }, 1, false);
	return XM_QUEUED;
}

static void sink_wait(struct xm_io *io, struct xm_waiter *w)
{
	struct sink *k = xm_container_of(io, struct sink, io);

	xm_wire_turn(k->wire);
	if (!xm_list_empty(&k->ended_io) || !xm_list_empty(&k->ended_tokens))
		xm_waiter_until(w, 0);
	if (k->digester)
		xm_digester_wait(k->digester, w);
	xm_wire_wait(k->wire, w);
	if (k->ended && xm_wire_is_read(k->wire))
		xm_wire_wait_reader(k->wire, w);
}

static void sink_reap(struct xm_io *io, struct xm_list *done)
{
	struct sink *k = xm_container_of(io, struct sink, io);
	struct xm_list *l;

	if (k->digester)
		xm_digester_turn(k->digester);
	xm_wire_turn(k->wire);
	end_flushes(k);
	while ((l = xm_list_pop(&k->ended_io)))
		xm_list_add_tail(done, l);
}

static const struct xm_io_ops io_ops = {
	.name = "stream",
	.submit = sink_submit,
	.wait = sink_wait,
	.reap = sink_reap,
	.close = xm_remote_io_close,
};

static struct xm_io *sink_io(struct xm_endpoint *ep, struct xm_error **err)
{
	(void)err;
	return &sink_of(ep)->io;
}

/* ---- tokens ------------------------------------------------------------------------------ */

static int tokens_open(struct xm_ctx *ctx, struct xm_endpoint *ep, enum xm_role role,
		       struct xm_token_port **ret_port, struct xm_refusal *why)
{
	(void)ctx;
	if (role == XM_ROLE_DST)
		return xm_remote_port_new(ep, XM_TOKEN_WRITE, TOKENS, ret_port, why);
	return xm_remote_no_port(why, "a stream makes no tokens");
}

static void token_sent(void *user)
{
	struct xm_token_req *req = user;
	struct sink *k = req->priv;

	req->status = outcome(k);
	req->moved = req->status.certainty == XM_DONE ? req->bytes : 0;
	xm_list_del(&req->link);
	xm_list_add_tail(&k->ended_tokens, &req->link);
	k->ntokens--;
}

static enum xm_queued tokens_submit(struct xm_token_port *p, struct xm_token_req *req)
{
	struct sink *k = sink_of(p->ep);
	struct xm_wire_runs runs = { .n = req->nruns, .covered = req->bytes,
				     .life = xm_wire_life(req->token), .token = req->token->bytes };
	uint8_t head[XM_WIRE_RUNS_BYTES];
	bool ok;

	req->priv = k;
	if (k->ntokens >= TOKENS)
		return XM_FULL;
	if (xm_wire_dead(k->wire, NULL)) {
		xm_list_init(&req->link);
		k->ntokens++;
		token_sent(req);
		return XM_QUEUED;
	}
	for (unsigned i = 0; i < req->nruns; i++)
		runs.run[i] = (struct xm_wire_range){ req->runs[i].off, req->runs[i].len };
	ok = xm_wire_send(k->wire, &(struct xm_wire_out){
		.type = XM_WIRE_TOKEN, .flags = req->token->moving ? XM_WIRE_MOVING : 0,
		.head = head, .head_len = xm_wire_put_runs(head, &runs), .sent = token_sent,
		.user = req });
	explicit_bzero(head, sizeof head);
	if (!ok)
		return XM_FULL;
	xm_list_add_tail(&k->tokens_out, &req->link);
	k->ntokens++;
	/* of the source: what is written here is where it was read there */
	xm_digester_sent(k->digester, req->runs, req->nruns, true);
	return XM_QUEUED;
}

static void tokens_wait(struct xm_token_port *p, struct xm_waiter *w)
{
	sink_wait(&sink_of(p->ep)->io, w);
}

static void tokens_reap(struct xm_token_port *p, struct xm_list *ended)
{
	struct sink *k = sink_of(p->ep);
	struct xm_list *l;

	xm_wire_turn(k->wire);
	while ((l = xm_list_pop(&k->ended_tokens)))
		xm_list_add_tail(ended, l);
}

static const struct xm_token_ops token_ops = {
	.name = "stream",
	.open = tokens_open,
	.submit = tokens_submit,
	.wait = tokens_wait,
	.reap = tokens_reap,
	.close = xm_remote_port_free,
};

/* ---- the endpoint ---------------------------------------------------------------------------- */

static bool sink_begin(struct xm_endpoint *ep, struct xm_io *src_io, uint64_t granule,
		       const struct xm_map *skip)
{
	struct sink *k = sink_of(ep);
	uint64_t off, len, from = skip->lo;
	bool ok = xm_wire_say_hello(k->wire, k->kind, k->src, granule, 0);

	for (; ok && xm_map_next(skip, from, UINT64_MAX, &off, &len); from = off + len) {
		while (!xm_wire_has_room(k->wire) && xm_wire_drain(k->wire))
			;
		ok = send_range(k, XM_WIRE_SKIP, off, len, NULL);
	}
	/*
	 * where zeros are found in data,
	 * they become frames in steps that the receiver's map knows
	 */
	ep->free_grain = granule > FREE_GRAIN ? granule : FREE_GRAIN;
	xm_wire_keep_alive(k->wire);
	k->digester = ok ? xm_digester_new(k->src, src_io, k->wire, ep->size - skip->left) : NULL;
	return k->digester;
}

static void sink_ended(struct xm_endpoint *ep, enum xm_code code, const char *text,
		       uint64_t bytes)
{
	struct sink *k = sink_of(ep);
	struct xm_wire_end end = { .code = (uint32_t)code, .bytes = bytes };
	uint8_t head[XM_WIRE_END_BYTES];

	if (k->ended)
		return;
	k->ended = true;
	if (k->digester)
		xm_digester_stop(k->digester);
	snprintf(end.text, sizeof end.text, "%s", text);
	xm_wire_drain(k->wire);
	xm_wire_send(k->wire, &(struct xm_wire_out){ .type = XM_WIRE_END, .head = head,
						     .head_len = xm_wire_put_end(head, &end) });
	if (!xm_wire_drain(k->wire))
		xm_wire_fail(k->wire, XM_E_TEMPORARY, "the end of the stream could not be written");
}

static bool sink_lingers(struct xm_endpoint *ep)
{
	struct sink *k = sink_of(ep);

	return k->kind == XM_WIRE_ONE_WAY && xm_wire_is_read(k->wire);
}

static const struct xm_remote_ops remote_ops = {
	.blind = true,
	.begin = sink_begin,
	.lingers = sink_lingers,
	.ended = sink_ended,
	.tokens = &token_ops,
};

static const struct xm_endpoint_ops ops = {
	.kind = "stream",
	.io = sink_io,
	.remote = &remote_ops,
};

static void destroy(void *object)
{
	struct sink *k = object;

	if (!xm_digester_free(k->digester))
		return;      /* what is still out may come back into it */
	xm_wire_free(k->wire);
	free(k);
}

int xm_endpoint_stream(struct xm_ctx *ctx, struct xm_endpoint *src, int out_fd,
		       enum xm_stream_kind kind, struct xm_endpoint **ret_ep, struct xm_error **err)
{
	struct xm_endpoint *ep = xm_endpoint_alloc(ctx, &ops, "the stream");
	struct sink *k = calloc(1, sizeof *k);

	if (!ep || !k || !(k->wire = xm_wire_new(ctx, -1, out_fd)) ||
	    !xm_attach(&ep->attached, &key, k, destroy)) {
		xm_wire_free(k ? k->wire : NULL);
		free(k);
		xm_endpoint_close(ep);
		return xm_fail(err, XM_E_TEMPORARY, "memory is short");
	}
	ep->size = src->size;
	ep->block_size = src->block_size;
	ep->dio_align = 1;
	ep->max_io = XM_WIRE_DATA_MAX;
	ep->writable = true;
	k->ep = ep;
	k->src = src;
	k->kind = kind == XM_STREAM_TOKENS ? XM_WIRE_TOKEN_FILE : XM_WIRE_ONE_WAY;
	xm_list_init(&k->out);
	xm_list_init(&k->ended_io);
	xm_list_init(&k->tokens_out);
	xm_list_init(&k->ended_tokens);
	xm_list_init(&k->flushes);
	xm_io_init(&k->io, &io_ops, REQS);
	*ret_ep = ep;
	return 0;
}
