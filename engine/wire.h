/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One end of a stream between two movers: descriptors, frames in, frames out.
 *
 * Nothing blocks: reads and writes are done as far as they go, in the turn.  The
 * first thing that is wrong with the stream ends it (`dead`, with words), and
 * nothing that comes after is looked at.  Frames carry tokens, so all that frames
 * are kept in is left out of core files and wiped.
 */
#ifndef XM_WIRE_H
#define XM_WIRE_H

#include <stdbool.h>
#include "clock.h"
#include "ctx.h"
#include "wire-format.h"
#include "xm/list.h"

#define XM_WIRE_OUT_SLOTS 96U
/* Silence of the other side, in timeouts of the context (30 s each): it may be opening a disk. */
#define XM_WIRE_SILENCE 10U
/* A reader that takes nothing, in the same: its storage may be away for a while. */
#define XM_WIRE_PATIENCE 60U

struct xm_wire_frame {
	struct xm_wire_header h;
	const uint8_t *payload;          /* until the next xm_wire_next() */
};

struct xm_wire;

/*
 * in or out may be -1.  The descriptors stay the caller's; they are made non-blocking, and put
 * back as they were by xm_wire_free.  NULL when memory is short.
 */
struct xm_wire *xm_wire_new(struct xm_ctx *ctx, int in, int out);
void xm_wire_free(struct xm_wire *w);

/* The next whole frame that has come, if there is one.  False, too, when the stream is dead. */
bool xm_wire_next(struct xm_wire *w, struct xm_wire_frame *f);
/* Ids that seed the hashes: of the stream that comes in, after its HELLO. */
void xm_wire_set_peer(struct xm_wire *w, uint64_t id);
uint64_t xm_wire_peer(const struct xm_wire *w);
uint64_t xm_wire_id(const struct xm_wire *w);

/* What became of the body of a frame: it was written, or never will be. */
typedef void xm_wire_sent_fn(void *user);
struct xm_wire_out {
	enum xm_wire_type type;
	uint16_t flags;
	const uint8_t *head;             /* copied; at most XM_WIRE_HEAD_MAX */
	size_t head_len;
	const uint8_t *body;             /* the caller's until sent() */
	size_t body_len;
	xm_wire_sent_fn *sent;           /* called from xm_wire_turn(); may be NULL */
	void *user;
};
#define XM_WIRE_HEAD_MAX 7168U
/* False: no room now, or the stream is dead. */
bool xm_wire_send(struct xm_wire *w, const struct xm_wire_out *o);
bool xm_wire_has_room(const struct xm_wire *w);
/* Nothing is waiting to be written. */
bool xm_wire_idle(const struct xm_wire *w);

/* Write what can be written; notice silence, and a reader that has gone. */
void xm_wire_turn(struct xm_wire *w);
void xm_wire_wait(struct xm_wire *w, struct xm_waiter *waiter);
/* From now on PING is sent when nothing else was for a while, and expected of the other side. */
void xm_wire_keep_alive(struct xm_wire *w);

/* NULL while the stream lives; else what happened, and the code it stands for. */
const char *xm_wire_dead(const struct xm_wire *w, enum xm_code *ret_code);
/* The other side is gone: its end of file came, or it reads no more. */
bool xm_wire_closed(const struct xm_wire *w);
/* What the other side sent cannot be: the stream is dead from now on. */
void xm_wire_fail(struct xm_wire *w, enum xm_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Of a stream that only goes out: somebody is there to read it.  False for a file. */
bool xm_wire_is_read(const struct xm_wire *w);
/* Wake up when the reader goes. */
void xm_wire_wait_reader(const struct xm_wire *w, struct xm_waiter *waiter);

/* Set-up only: turn until a frame is there, bounded.  False with the stream dead. */
bool xm_wire_await(struct xm_wire *w, struct xm_wire_frame *f);
/* Set-up and end only: until all is written, bounded. */
bool xm_wire_drain(struct xm_wire *w);

#endif
