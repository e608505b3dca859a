/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sender of a two-way stream, inside: it answers what the receiver's job asks, and
 * knows nothing of that job.
 *
 *   send.c         making it, its turn and its end
 *   send-answer.c  frames in, reads and tokens, frames out
 */
#ifndef XM_SEND_H
#define XM_SEND_H

#include <stdatomic.h>
#include "fence.h"
#include "io.h"
#include "token.h"
#include "wire.h"
#include "wire-hello.h"

#define XM_SEND_READS 32
#define XM_SEND_TOKENS 16

struct xm_send_read {
	struct xm_list link;         /* idle, or stalled */
	struct xm_send *send;
	struct xm_io_req req;
	uint64_t id;
	int slot;
};

struct xm_send_token {
	struct xm_list link;
	struct xm_token_req req;
	struct xm_wire_runs ask;     /* as it came: more, perhaps, than fits into a token here */
	struct xm_token *token;
};

struct xm_send {
	/* Set once. */
	struct xm_ctx *ctx;
	struct xm_endpoint *src;
	struct xm_wire *wire;
	const char *io_kind;
	bool no_tokens;
	int wake_fd;
	atomic_bool stop;
	uint64_t max_io;
	struct xm_io *io, *own_io;
	struct xm_buffers buffers;
	struct xm_token_port *port;  /* NULL: no tokens */
	/* The loop's. */
	struct xm_send_read reads[XM_SEND_READS];
	struct xm_send_token tokens[XM_SEND_TOKENS];
	struct xm_list idle_reads, idle_tokens, stalled_reads, stalled_tokens;
	struct xm_list ended_reads, ended_tokens;
	unsigned out;                /* reads and tokens that the disk has */
	struct xm_fence fence;
	struct xm_waiter waiter;
	bool ended, ended_here;      /* the receiver, or we, said so */
	enum xm_code code;
	char text[XM_WIRE_TEXT_MAX];
	uint64_t sent, durable, made;
};

/* send-answer.c */
void xm_send_answer_init(struct xm_send *s);
/* Frames in, as far as there is room to work on them. */
void xm_send_take(struct xm_send *s);
/* What the disk has answered, and what could not be sent to it before. */
void xm_send_reap(struct xm_send *s);
/* The map of what is zero.  Blocks, bounded: set-up. */
bool xm_send_map(struct xm_send *s);

#endif
