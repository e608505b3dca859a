/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source that is a one-way stream or a token file: its bytes cannot be asked for, they
 * come.  Each frame is held as a piece; the job makes work of it, and only that work
 * reads it, so that retries and fences find the bytes still there.  What was let go
 * is gone: then it is missing, and the job says so.
 */
#include "remote.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "error.h"
#include "wire-status.h"
#include "xm/vec.h"

#define PIECES 48
#define READS 64

struct source {
	struct xm_io io;
	struct xm_wire *wire;
	struct xm_wire_hello hello;      /* less its disk's names */
	bool over, whole, hungry;
	struct xm_list held;
	unsigned nheld;
	struct xm_list ended_reads, ended_tokens;
	XM_VEC(struct xm_wire_digest) digests;
};

static const char key;

static struct source *source_of(const struct xm_endpoint *ep)
{
	return xm_attached(&ep->attached, &key);
}

/* ---- what comes -------------------------------------------------------------------------- */

/* Pieces that nobody but the source holds any more. */
static void sweep(struct source *s)
{
	xm_list_for_each(l, &s->held) {
		struct xm_piece *p = xm_container_of(l, struct xm_piece, link);

		if (p->users > 1)
			continue;
		xm_list_del(l);
		s->nheld--;
		xm_piece_put(p);
	}
}

/* True: the stream is over, and came whole. */
static bool take_end(struct source *s, const struct xm_wire_frame *f)
{
	struct xm_wire_end end;

	if (!xm_wire_get_end(f->payload, f->h.len, &end))
		xm_wire_fail(s->wire, XM_E_TEMPORARY, "the stream's last frame cannot be read");
	else if (end.code)
		xm_wire_fail(s->wire, xm_wire_code(end.code), "the sender could not send all: %s",
			     end.text);
	return !xm_wire_dead(s->wire, NULL);
}

static struct xm_piece *take_piece(struct source *s, const struct xm_wire_frame *f)
{
	struct xm_piece *p = xm_piece_of(&s->hello, f);

	if (!p)
		xm_wire_fail(s->wire, XM_E_TEMPORARY,
			     "frame %llu of the stream holds what cannot be",
			     (unsigned long long)f->h.number);
	return p;
}

static void take_digest(struct source *s, const struct xm_wire_frame *f)
{
	struct xm_wire_digest d;

	if (!xm_piece_digest(&s->hello, f, &d) ||
	    s->digests.n == XM_WIRE_DIGESTS_MAX || !xm_vec_push(&s->digests, d))
		xm_wire_fail(s->wire, XM_E_TEMPORARY, "frame %llu of the stream is no digest that "
			     "could be", (unsigned long long)f->h.number);
}

/* The next frame that is a piece. */
static struct xm_piece *take_frames(struct source *s)
{
	struct xm_piece *p = NULL;
	struct xm_wire_frame f;

	while (!p && !s->over && xm_wire_next(s->wire, &f)) {
		if (f.h.type == XM_WIRE_END)
			s->over = s->whole = take_end(s, &f);
		else if (f.h.type == XM_WIRE_DIGEST)
			take_digest(s, &f);
		else
			p = take_piece(s, &f);
	}
	return p;
}

static struct xm_piece *source_next(struct xm_endpoint *ep, bool *ret_over)
{
	struct source *s = source_of(ep);
	struct xm_piece *p;

	sweep(s);
	p = s->nheld < PIECES ? take_frames(s) : NULL;
	s->hungry = !p && s->nheld < PIECES;
	if (!s->over)
		xm_wire_turn(s->wire);
	if (xm_wire_dead(s->wire, NULL) || (!p && xm_wire_closed(s->wire)))
		s->over = true;
	*ret_over = s->over;
	if (p) {
		p->users = 2;
		xm_list_add_tail(&s->held, &p->link);
		s->nheld++;
	}
	return p;
}

static const char *source_wrong(struct xm_endpoint *ep, enum xm_code *ret_code)
{
	struct source *s = source_of(ep);

	if (s->whole)
		return NULL;
	*ret_code = XM_E_TEMPORARY;
	if (xm_wire_dead(s->wire, ret_code))
		return xm_wire_dead(s->wire, ret_code);
	return "the stream ended without its last frame: it was cut";
}

/* ---- reads and tokens: of what is held ----------------------------------------------------- */

static struct xm_status not_held(void)
{
	struct xm_status st = { .err = ENODATA, .act = XM_ACT_DEMOTE, .side = XM_SIDE_SRC,
				.certainty = XM_NOT_DONE, .reason = "not_in_stream" };

	snprintf(st.detail, sizeof st.detail,
		 "it came, was used, and cannot be asked for a second time");
	return st;
}

static enum xm_queued source_submit(struct xm_io *io, struct xm_io_req *req)
{
	struct source *s = xm_container_of(io, struct source, io);

	req->status = not_held();
	xm_list_for_each(l, &s->held) {
		struct xm_piece *p = xm_container_of(l, struct xm_piece, link);
		uint64_t off = p->runs[0].off;

		if (p->kind != XM_PIECE_DATA || req->off < off ||
		    req->off + req->len > off + p->bytes)
			continue;
		memcpy(req->buf, p->data + (req->off - off), req->len);
		req->status = XM_STATUS_DONE;
		break;
	}
	xm_list_add_tail(&s->ended_reads, &req->link);
	return XM_QUEUED;
}

static void source_wait(struct xm_io *io, struct xm_waiter *w)
{
	struct source *s = xm_container_of(io, struct source, io);

	if (!xm_list_empty(&s->ended_reads) || !xm_list_empty(&s->ended_tokens))
		xm_waiter_until(w, 0);
	if (s->hungry && !s->over)
		xm_wire_wait(s->wire, w);
}

static void source_reap(struct xm_io *io, struct xm_list *done)
{
	struct source *s = xm_container_of(io, struct source, io);
	struct xm_list *l;

	while ((l = xm_list_pop(&s->ended_reads)))
		xm_list_add_tail(done, l);
}

static const struct xm_io_ops io_ops = {
	.name = "stream",
	.submit = source_submit,
	.wait = source_wait,
	.reap = source_reap,
	.close = xm_remote_io_close,
};

static struct xm_io *source_io(struct xm_endpoint *ep, struct xm_error **err)
{
	(void)err;
	return &source_of(ep)->io;
}

static int tokens_open(struct xm_ctx *ctx, struct xm_endpoint *ep, enum xm_role role,
		       struct xm_token_port **ret_port, struct xm_refusal *why)
{
	(void)ctx;
	if (role == XM_ROLE_SRC)
		return xm_remote_port_new(ep, XM_TOKEN_POPULATE, PIECES, ret_port, why);
	return xm_remote_no_port(why, "a stream takes no tokens here");
}

static bool is_of(const struct xm_piece *p, const struct xm_token_req *req)
{
	return p->kind == XM_PIECE_TOKEN && p->nruns == req->nruns &&
	       memcmp(p->runs, req->runs, p->nruns * sizeof p->runs[0]) == 0;
}

static enum xm_queued tokens_submit(struct xm_token_port *port, struct xm_token_req *req)
{
	struct source *s = source_of(port->ep);

	req->status = not_held();
	xm_list_for_each(l, &s->held) {
		struct xm_piece *p = xm_container_of(l, struct xm_piece, link);

		if (!is_of(p, req))
			continue;
		*req->token = *p->token;
		req->moved = p->bytes;
		req->status = XM_STATUS_DONE;
		break;
	}
	xm_list_add_tail(&s->ended_tokens, &req->link);
	return XM_QUEUED;
}

static void tokens_wait(struct xm_token_port *p, struct xm_waiter *w)
{
	source_wait(&source_of(p->ep)->io, w);
}

static void tokens_reap(struct xm_token_port *p, struct xm_list *ended)
{
	struct xm_list *l;

	while ((l = xm_list_pop(&source_of(p->ep)->ended_tokens)))
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

/* ---- the endpoint --------------------------------------------------------------------------- */

static uint64_t source_granule(const struct xm_endpoint *ep)
{
	return source_of(ep)->hello.granule;
}

static size_t source_digests(struct xm_endpoint *ep, struct xm_wire_digest **ret)
{
	struct source *s = source_of(ep);

	*ret = s->digests.at;
	return s->digests.n;
}

static const struct xm_remote_ops remote_ops = {
	.blind = true,
	.digests = source_digests,
	.granule = source_granule,
	.next = source_next,
	.wrong = source_wrong,
	.tokens = &token_ops,
};

static const struct xm_endpoint_ops ops = {
	.kind = "stream",
	.io = source_io,
	.remote = &remote_ops,
};

static void destroy(void *object)
{
	struct source *s = object;
	struct xm_list *l;

	while ((l = xm_list_pop(&s->held)))
		xm_piece_free(xm_container_of(l, struct xm_piece, link));
	xm_wire_free(s->wire);
	xm_vec_free(&s->digests);
	free(s);
}

int xm_stream_source_new(struct xm_ctx *ctx, struct xm_wire *w, struct xm_wire_hello *h,
			 struct xm_endpoint **ret_ep, struct xm_error **err)
{
	bool file = h->kind == XM_WIRE_TOKEN_FILE;
	struct xm_endpoint *ep = xm_remote_endpoint(ctx, &ops, "the sender's disk", h);
	struct source *s = calloc(1, sizeof *s);

	if (!ep || !s || !xm_attach(&ep->attached, &key, s, destroy)) {
		free(s);
		xm_wire_free(w);
		xm_endpoint_close(ep);
		return xm_fail(err, XM_E_TEMPORARY, "memory is short");
	}
	s->hello = *h;
	s->hello.disk = (struct xm_identity){ 0 };
	s->wire = w;
	xm_list_init(&s->held);
	xm_list_init(&s->ended_reads);
	xm_list_init(&s->ended_tokens);
	xm_io_init(&s->io, &io_ops, READS);
	if (!file)
		xm_wire_keep_alive(w);
	*ret_ep = ep;
	return 0;
}
