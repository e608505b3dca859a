/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk at the other end of a stream, as an endpoint: so that a job moves from it,
 * or to it, as from any disk.
 *
 *   remote-source.c   two-way: reads, extents and tokens are asked of the sender
 *   stream-source.c   one-way: pieces (stream-piece.c) come as they come; the job takes
 *                     what is there
 *   stream-sink.c     one-way: writes, zeros and tokens become frames
 *   remote-token.c    tokens of all three, by the seam of token.h
 *
 * A job asks ep->ops->remote for what such a disk cannot do as others do.
 */
#ifndef XM_REMOTE_H
#define XM_REMOTE_H

#include "endpoint.h"
#include "extent.h"
#include "map.h"
#include "token.h"
#include "wire.h"
#include "wire-hello.h"

/* What came in one frame of a one-way stream. */
enum xm_piece_kind { XM_PIECE_DATA, XM_PIECE_ZERO, XM_PIECE_SKIP, XM_PIECE_TOKEN };
struct xm_piece {
	struct xm_list link;
	enum xm_piece_kind kind;
	unsigned users;                  /* chunks of the job made of it, who took it, the source */
	unsigned nruns;
	struct xm_token_run runs[XM_TOKEN_RUNS_MAX];   /* on the source */
	uint64_t bytes;
	uint8_t *data;                   /* DATA */
	struct xm_token *token;          /* TOKEN */
};

struct xm_remote_ops {
	/* Nothing can be read there again: no trial, no verify. */
	bool blind;
	/* Of a sink: the job has its map and reads the source by src_io; what it will not send
	   is `skip`.  Set-up. */
	bool (*begin)(struct xm_endpoint *ep, struct xm_io *src_io, uint64_t granule,
		      const struct xm_map *skip);
	/*
	 * Of a sink that has ended: somebody reads still,
	 * and wants the source to stay logged in.
	 */
	bool (*lingers)(struct xm_endpoint *ep);
	/* [off, off+len) of the source is durable at the destination. */
	void (*durable)(struct xm_endpoint *ep, uint64_t off, uint64_t len);
	/* The job is over.  Bounded. */
	void (*ended)(struct xm_endpoint *ep, enum xm_code code, const char *text, uint64_t bytes);
	/*
	 * Of a one-way source, whose bytes cannot be asked for: the next piece that came.  The
	 * caller is one of its users: xm_piece_put().  Else NULL; *ret_over: nothing will come
	 * any more.
	 */
	struct xm_piece *(*next)(struct xm_endpoint *ep, bool *ret_over);
	/* Of a one-way source: what its pieces are cut to. */
	uint64_t (*granule)(const struct xm_endpoint *ep);
	/*
	 * Of a one-way source: the digests that came,
	 * for the job to keep or leave out; how many.
	 */
	size_t (*digests)(struct xm_endpoint *ep, struct xm_wire_digest **ret);
	/* Of a one-way source: NULL when it came whole, else what is wrong with it. */
	const char *(*wrong)(struct xm_endpoint *ep, enum xm_code *ret_code);
	/* As token.h says. */
	const struct xm_token_ops *tokens;
};

/* What a frame of a one-way stream holds, without users; NULL: it cannot be, or memory is short. */
struct xm_piece *xm_piece_of(const struct xm_wire_hello *h, const struct xm_wire_frame *f);
/* False: it is no digest that could be. */
bool xm_piece_digest(const struct xm_wire_hello *h, const struct xm_wire_frame *f,
		     struct xm_wire_digest *d);
void xm_piece_free(struct xm_piece *p);
/* The piece is of no use to this user any more.  NULL is fine. */
void xm_piece_put(struct xm_piece *p);

static inline const struct xm_remote_ops *xm_remote_of(const struct xm_endpoint *ep)
{
	return ep->ops->remote;
}
static inline bool xm_remote_is_blind(const struct xm_endpoint *ep)
{
	return ep->ops->remote && ep->ops->remote->blind;
}
static inline bool xm_remote_is_stream(const struct xm_endpoint *ep)
{
	return ep->ops->remote && ep->ops->remote->next;
}

/* An endpoint with what HELLO says of it; takes the names. */
struct xm_endpoint *xm_remote_endpoint(struct xm_ctx *ctx, const struct xm_endpoint_ops *ops,
				       const char *name, struct xm_wire_hello *h);
/* After HELLO.  They take the wire, and on failure free it. */
int xm_remote_source_new(struct xm_ctx *ctx, struct xm_wire *w, struct xm_wire_hello *h,
			 struct xm_endpoint **ret_ep, struct xm_error **err);
int xm_stream_source_new(struct xm_ctx *ctx, struct xm_wire *w, struct xm_wire_hello *h,
			 struct xm_endpoint **ret_ep, struct xm_error **err);

/*
 * All of a token file, after its HELLO, is looked at before any of it is used.
 * 0, or -1 and why not.
 */
int xm_token_file_check(struct xm_wire *w, const struct xm_wire_hello *h, struct xm_error **err);

/* Tokens of endpoints at the other end of a stream. */
extern const struct xm_token_ops xm_token_remote;

/* What is zero there, as the sender said. */
extern const struct xm_extent_source_ops xm_extent_remote;
/* Their ports, and their I/O engine that the endpoint keeps. */
int xm_remote_port_new(const struct xm_endpoint *ep, enum xm_token_op op, unsigned inflight,
		       struct xm_token_port **ret_port, struct xm_refusal *why);
int xm_remote_no_port(struct xm_refusal *why, const char *detail);
void xm_remote_port_free(struct xm_token_port *p);
void xm_remote_io_close(struct xm_io *io);

/* What a request that cannot be answered any more ends with. */
struct xm_status xm_remote_gone(struct xm_wire *w, enum xm_side side);

#endif
