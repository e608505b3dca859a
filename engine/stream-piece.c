/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames of a one-way stream as pieces of the source: bytes, zeros, what is left out, tokens.
 * A decoder: what a frame says is checked against the disk that HELLO described.
 */
#include "remote.h"

#include <stdlib.h>
#include <string.h>
#include "wire-status.h"
#include "xm/align.h"
#include "xm/checked.h"

void xm_piece_free(struct xm_piece *p)
{
	xm_token_free(p->token);
	free(p->data);
	free(p);
}

void xm_piece_put(struct xm_piece *p)
{
	if (p && --p->users == 0)
		xm_piece_free(p);
}

static bool add_run(const struct xm_wire_hello *h, struct xm_piece *p, uint64_t off, uint64_t len)
{
	if (!xm_range_fits(off, len, h->size) || len == 0 ||
	    !xm_is_aligned(off | len, h->block_size))
		return false;
	p->runs[p->nruns++] = (struct xm_token_run){ off, len };
	p->bytes += len;
	return true;
}

static bool of_data(const struct xm_wire_hello *h, const struct xm_wire_frame *f,
		    struct xm_piece *p)
{
	struct xm_wire_io io;

	if (!xm_wire_get_io(&f->h, f->payload, &io) || !add_run(h, p, io.off, io.len))
		return false;
	p->kind = io.bytes ? XM_PIECE_DATA : XM_PIECE_ZERO;
	p->data = io.bytes ? malloc(io.len) : NULL;
	if (p->data)
		memcpy(p->data, io.bytes, io.len);
	return !io.bytes || p->data;
}

static bool of_range(const struct xm_wire_hello *h, const struct xm_wire_frame *f,
		     struct xm_piece *p)
{
	struct xm_wire_range r;

	p->kind = f->h.type == XM_WIRE_ZERO ? XM_PIECE_ZERO : XM_PIECE_SKIP;
	return f->h.len == 16 && xm_wire_get_range(f->payload, f->h.len, 0, &r) &&
	       add_run(h, p, r.off, r.len);
}

static bool of_token(const struct xm_wire_hello *h, const struct xm_wire_frame *f,
		     struct xm_piece *p)
{
	struct xm_wire_runs runs;
	uint64_t end = 0;

	if (!xm_wire_get_runs(&f->h, f->payload, &runs))
		return false;
	p->kind = XM_PIECE_TOKEN;
	for (uint32_t i = 0; i < runs.n; i++) {
		if (runs.run[i].off < end || !add_run(h, p, runs.run[i].off, runs.run[i].len))
			return false;
		end = runs.run[i].off + runs.run[i].len;
	}
	p->token = p->bytes == runs.covered ? xm_token_new() : NULL;
	if (p->token)
		xm_wire_fill_token(p->token, &runs, f->h.flags, h->block_size);
	return p->token;
}

struct xm_piece *xm_piece_of(const struct xm_wire_hello *h, const struct xm_wire_frame *f)
{
	struct xm_piece *p = calloc(1, sizeof *p);
	bool ok = p;

	if (ok && f->h.type == XM_WIRE_DATA)
		ok = of_data(h, f, p);
	else if (ok && (f->h.type == XM_WIRE_ZERO || f->h.type == XM_WIRE_SKIP))
		ok = of_range(h, f, p);
	else
		ok = ok && f->h.type == XM_WIRE_TOKEN && of_token(h, f, p);
	if (ok)
		return p;
	if (p)
		xm_piece_free(p);
	return NULL;
}

bool xm_piece_digest(const struct xm_wire_hello *h, const struct xm_wire_frame *f,
		     struct xm_wire_digest *d)
{
	return xm_wire_get_digest(f->payload, f->h.len, d) &&
	       xm_range_fits(d->off, (uint64_t)d->len, h->size);
}
