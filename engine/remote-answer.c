/* SPDX-License-Identifier: Apache-2.0 */
/* What a sender answers, taken for what was asked: see remote-source.h. */
#include "remote-source.h"

#include <stdlib.h>
#include <string.h>

#define ACKS_A_FRAME (XM_WIRE_HEAD_MAX / 16)

void xm_remote_end_read(struct xm_remote *r, struct xm_io_req *req, const struct xm_status *s)
{
	req->status = *s;
	xm_list_del(&req->link);
	xm_list_add_tail(&r->ended_reads, &req->link);
}

void xm_remote_end_populate(struct xm_remote *r, struct xm_token_req *req,
			    const struct xm_status *s)
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

static struct xm_io_req *find_read(const struct xm_remote *r, uint64_t id)
{
	xm_list_for_each(l, &r->reads) {
		struct xm_io_req *req = xm_container_of(l, struct xm_io_req, link);

		if (id_of(req->priv) == id)
			return req;
	}
	return NULL;
}

static struct xm_token_req *find_populate(const struct xm_remote *r, uint64_t id)
{
	xm_list_for_each(l, &r->populates) {
		struct xm_token_req *req = xm_container_of(l, struct xm_token_req, link);

		if (id_of(req->priv) == id)
			return req;
	}
	return NULL;
}

static bool take_data(struct xm_remote *r, const struct xm_wire_frame *f)
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
	xm_remote_end_read(r, req, &XM_STATUS_DONE);
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

static bool take_token(struct xm_remote *r, const struct xm_wire_frame *f)
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
	xm_remote_end_populate(r, req, &XM_STATUS_DONE);
	return true;
}

static bool take_fail(struct xm_remote *r, const struct xm_wire_frame *f)
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
		xm_remote_end_read(r, read, &s);
	else if (token)
		xm_remote_end_populate(r, token, &s);
	return read || token;
}

static void take_end(struct xm_remote *r, const struct xm_wire_frame *f)
{
	struct xm_wire_end end;

	if (!xm_wire_get_end(f->payload, f->h.len, &end))
		xm_wire_fail(r->wire, XM_E_TEMPORARY, "the sender's last frame cannot be read");
	xm_wire_fail(r->wire, end.code ? xm_wire_code(end.code) : XM_E_TEMPORARY,
		     "the sender ended: %s", end.text);
}

static void give_up(struct xm_remote *r)
{
	struct xm_status s = xm_remote_gone(r->wire, XM_SIDE_SRC);

	xm_list_for_each(l, &r->reads)
		xm_remote_end_read(r, xm_container_of(l, struct xm_io_req, link), &s);
	xm_list_for_each(t, &r->populates)
		xm_remote_end_populate(r, xm_container_of(t, struct xm_token_req, link), &s);
}

void xm_remote_send_acks(struct xm_remote *r)
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

void xm_remote_pump(struct xm_remote *r)
{
	struct xm_wire_frame f;
	bool ok = true;

	xm_remote_send_acks(r);
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
