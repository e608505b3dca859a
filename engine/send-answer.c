/* SPDX-License-Identifier: Apache-2.0 */
/* What a sender answers: see send.h. */
#include "send.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "extent.h"
#include "wire-status.h"
#include "xm/align.h"
#include "xm/checked.h"
#include "zero-find.h"

#define RANGES_A_FRAME (XM_WIRE_HEAD_MAX / 16)

void xm_send_answer_init(struct xm_send *s)
{
	struct xm_list *lists[] = { &s->idle_reads, &s->idle_tokens, &s->stalled_reads,
				    &s->stalled_tokens, &s->ended_reads, &s->ended_tokens };

	for (unsigned i = 0; i < sizeof lists / sizeof lists[0]; i++)
		xm_list_init(lists[i]);
	for (unsigned i = 0; i < XM_SEND_READS; i++) {
		s->reads[i].send = s;
		xm_list_add_tail(&s->idle_reads, &s->reads[i].link);
	}
	for (unsigned i = 0; i < XM_SEND_TOKENS; i++)
		xm_list_add_tail(&s->idle_tokens, &s->tokens[i].link);
}

static void fail(struct xm_send *s, uint64_t id, const struct xm_status *status)
{
	uint8_t head[XM_WIRE_FAIL_BYTES];
	struct xm_wire_fail f;

	xm_wire_from_status(status, id, &f);
	xm_wire_send(s->wire, &(struct xm_wire_out){ .type = XM_WIRE_FAIL, .head = head,
						     .head_len = xm_wire_put_fail(head, &f) });
}

/* ---- reads -------------------------------------------------------------------------- */

static void read_over(void *user)
{
	struct xm_send_read *r = user;

	xm_buffers_put(&r->send->buffers, r->slot);
	xm_list_add_tail(&r->send->idle_reads, &r->link);
}

static void submit_read(struct xm_send *s, struct xm_send_read *r)
{
	if (xm_io_submit(s->io, &r->req) == XM_FULL)
		xm_list_add_tail(&s->stalled_reads, &r->link);
	else
		s->out++;
}

static bool take_read(struct xm_send *s, const struct xm_wire_frame *f)
{
	struct xm_wire_io ask;
	struct xm_send_read *r;

	if (!xm_wire_get_io(&f->h, f->payload, &ask) || ask.len > s->max_io ||
	    !xm_range_fits(ask.off, (uint64_t)ask.len, s->src->size) ||
	    !xm_is_aligned(ask.off | ask.len, s->src->block_size))
		return false;
	r = xm_container_of(xm_list_pop(&s->idle_reads), struct xm_send_read, link);
	r->id = ask.id;
	r->slot = xm_buffers_get(&s->buffers);
	r->req = (struct xm_io_req){ .done = &s->ended_reads, .op = XM_IO_READ, .ep = s->src,
				     .off = ask.off, .len = ask.len, .user = r,
				     .buf = xm_buffers_at(&s->buffers, r->slot),
				     .buf_index = r->slot };
	submit_read(s, r);
	return true;
}

static void answer_read(struct xm_send *s, struct xm_send_read *r)
{
	struct xm_wire_io io = { .id = r->id, .off = r->req.off, .len = (uint32_t)r->req.len };
	uint8_t head[XM_WIRE_IO];
	bool zero;

	if (r->req.status.certainty != XM_DONE) {
		fail(s, r->id, &r->req.status);
		read_over(r);
		return;
	}
	zero = xm_is_zero(r->req.buf, r->req.len);
	xm_wire_put_io(head, &io);
	if (!xm_wire_send(s->wire, &(struct xm_wire_out){
			.type = XM_WIRE_DATA, .flags = zero ? XM_WIRE_ZEROS : 0, .head = head,
			.head_len = sizeof head, .body = r->req.buf,
			.body_len = zero ? 0 : r->req.len, .sent = read_over, .user = r }))
		read_over(r);
	else if (!zero)
		s->sent += r->req.len;
}

/* ---- tokens ---------------------------------------------------------------------------- */

static void submit_token(struct xm_send *s, struct xm_send_token *t)
{
	if (xm_token_submit(s->port, &t->req) == XM_FULL)
		xm_list_add_tail(&s->stalled_tokens, &t->link);
	else
		s->out++;
}

static void token_over(struct xm_send *s, struct xm_send_token *t)
{
	xm_token_free(t->token);
	t->token = NULL;
	xm_list_add_tail(&s->idle_tokens, &t->link);
}

/* As much of what is asked for as this storage puts into one token. */
static void cut(const struct xm_token_limits *l, struct xm_token_req *req)
{
	uint64_t left = l->max_bytes;
	unsigned n = 0;

	while (n < req->nruns && n < l->max_runs && left > 0) {
		uint64_t len = xm_min_u64(req->runs[n].len, xm_min_u64(l->max_run, left));
		bool whole = len == req->runs[n].len;

		req->runs[n].len = len;
		left -= len;
		n++;
		if (!whole)
			break;
	}
	req->nruns = n;
}

static void no_token(struct xm_send *s, uint64_t id, const char *detail)
{
	struct xm_status st = { .err = EOPNOTSUPP, .act = XM_ACT_DEMOTE, .side = XM_SIDE_SRC,
				.certainty = XM_NOT_DONE, .reason = "no_tokens" };

	snprintf(st.detail, sizeof st.detail, "%s", detail);
	fail(s, id, &st);
}

static bool take_populate(struct xm_send *s, const struct xm_wire_frame *f)
{
	struct xm_wire_runs ask;
	struct xm_send_token *t;

	if (!s->port || !xm_wire_get_runs(&f->h, f->payload, &ask))
		return false;
	t = xm_container_of(xm_list_pop(&s->idle_tokens), struct xm_send_token, link);
	t->ask = ask;
	t->req = (struct xm_token_req){ .done = &s->ended_tokens, .op = XM_TOKEN_POPULATE,
					.nruns = ask.n, .user = t, .token = xm_token_new() };
	t->token = t->req.token;
	for (unsigned i = 0; i < ask.n; i++)
		t->req.runs[i] = (struct xm_token_run){ ask.run[i].off, ask.run[i].len };
	cut(&s->port->limits, &t->req);
	if (t->token) {
		submit_token(s, t);
	} else {
		no_token(s, t->ask.id, "memory is short");
		token_over(s, t);
	}
	return true;
}

static void answer_token(struct xm_send *s, struct xm_send_token *t)
{
	struct xm_wire_runs runs = t->ask;
	uint8_t head[XM_WIRE_RUNS_BYTES];

	if (t->req.status.certainty != XM_DONE || t->req.status.act != XM_ACT_NONE) {
		fail(s, t->ask.id, &t->req.status);
	} else {
		runs.covered = t->req.moved;
		runs.life = xm_wire_life(t->token);
		runs.token = t->token->bytes;
		xm_wire_send(s->wire, &(struct xm_wire_out){
			.type = XM_WIRE_TOKEN, .flags = t->token->moving ? XM_WIRE_MOVING : 0,
			.head = head, .head_len = xm_wire_put_runs(head, &runs) });
		explicit_bzero(head, sizeof head);
		s->made++;
	}
	token_over(s, t);
}

/* ---- frames in ------------------------------------------------------------------------------ */

static bool take_acks(struct xm_send *s, const struct xm_wire_frame *f)
{
	struct xm_wire_range r;

	if (f->h.len % 16)
		return false;
	for (size_t i = 0; i < f->h.len / 16; i++) {
		if (!xm_wire_get_range(f->payload, f->h.len, i, &r) ||
		    !xm_range_fits(r.off, r.len, s->src->size))
			return false;
		s->durable += r.len;
	}
	return true;
}

static bool take_end(struct xm_send *s, const struct xm_wire_frame *f)
{
	struct xm_wire_end end;

	if (!xm_wire_get_end(f->payload, f->h.len, &end))
		return false;
	s->ended = true;
	s->code = end.code ? xm_wire_code(end.code) : XM_OK;
	snprintf(s->text, sizeof s->text, "%s", end.text);
	return true;
}

static bool take_frame(struct xm_send *s, const struct xm_wire_frame *f)
{
	switch (f->h.type) {
	case XM_WIRE_READ:
		return take_read(s, f);
	case XM_WIRE_POPULATE:
		return take_populate(s, f);
	case XM_WIRE_ACK:
		return take_acks(s, f);
	case XM_WIRE_END:
		return take_end(s, f);
	default:
		return false;
	}
}

static bool room(const struct xm_send *s)
{
	return !xm_list_empty(&s->idle_reads) && !xm_list_empty(&s->idle_tokens) &&
	       xm_list_empty(&s->stalled_reads) && xm_list_empty(&s->stalled_tokens);
}

void xm_send_take(struct xm_send *s)
{
	struct xm_wire_frame f;

	while (!s->ended && room(s) && xm_wire_next(s->wire, &f)) {
		if (!take_frame(s, &f))
			xm_wire_fail(s->wire, XM_E_TEMPORARY, "the receiver asked for what cannot "
				     "be (frame %llu)", (unsigned long long)f.h.number);
	}
}

void xm_send_reap(struct xm_send *s)
{
	struct xm_list again = XM_LIST_INIT(again), *l;

	xm_io_reap(s->io);
	if (s->port)
		xm_token_reap(s->port);
	while ((l = xm_list_pop(&s->ended_reads))) {
		s->out--;
		answer_read(s, xm_container_of(l, struct xm_io_req, link)->user);
	}
	while ((l = xm_list_pop(&s->ended_tokens))) {
		s->out--;
		answer_token(s, xm_container_of(l, struct xm_token_req, link)->user);
	}
	if (xm_fence_active(&s->fence))
		return;
	while ((l = xm_list_pop(&s->stalled_reads)))
		xm_list_add_tail(&again, l);
	while ((l = xm_list_pop(&again)))
		submit_read(s, xm_container_of(l, struct xm_send_read, link));
	while ((l = xm_list_pop(&s->stalled_tokens)))
		xm_list_add_tail(&again, l);
	while ((l = xm_list_pop(&again)))
		submit_token(s, xm_container_of(l, struct xm_send_token, link));
}

/* ---- the map --------------------------------------------------------------------------- */

struct map_out {
	struct xm_send *s;
	uint8_t head[RANGES_A_FRAME * 16];
	size_t n, sent;
};

static bool flush_map(struct map_out *m, bool last)
{
	bool ok = xm_wire_send(m->s->wire, &(struct xm_wire_out){
		.type = XM_WIRE_EXTENTS, .flags = last ? XM_WIRE_LAST : 0, .head = m->head,
		.head_len = m->n * 16 }) && (last || xm_wire_drain(m->s->wire));

	m->sent += m->n;
	m->n = 0;
	return ok;
}

static bool add_zero(struct map_out *m, uint64_t off, uint64_t len)
{
	xm_wire_put_range(m->head + m->n * 16, &(struct xm_wire_range){ off, len });
	return ++m->n < RANGES_A_FRAME || flush_map(m, false);
}

bool xm_send_map(struct xm_send *s)
{
	struct map_out m = { .s = s };
	struct xm_extent_source *x;
	bool ok = true;

	if (xm_extent_open(s->src, &x, NULL) == 0) {
		for (uint64_t off = 0;
		     ok && off < s->src->size && m.sent + m.n < XM_WIRE_MAP_MAX;) {
			struct xm_extent e = x->ops->query(x, off, s->src->size - off);

			if (e.kind == XM_EXTENT_ZERO || e.kind == XM_EXTENT_HOLE)
				ok = add_zero(&m, e.off, e.len);
			off = e.off + e.len;
		}
		x->ops->close(x);
	}
	return ok && flush_map(&m, true);
}
