/* SPDX-License-Identifier: Apache-2.0 */
/*
 * METHOD odx: runs are moved by tokens: one is made of the source's runs, and
 * written to the destination's.
 *
 * A task goes step by step: a token of what is left; writes from it, cut to what the
 * token stands for, each going on where the one before says it ended; another
 * token for what is left then.  A token that died is made again a few times.  Zeros
 * are written from the token that stands for them.  What answers mean stands in
 * odx-result.c and sense-table.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctx.h"
#include "odx.h"
#include "reasons.h"
#include "remote.h"
#include "xm/align.h"
#include "xmover.h"

#define FLIGHTS 16
#define FIRST_BYTES (UINT64_C(1) << 20)
#define REMADE_MAX 3                 /* tokens that died, a task */
#define STEPS_MAX 64                 /* requests a task: what is left then is a new task */

struct flight {
	struct odx *odx;
	struct xm_task *task;                /* NULL: free */
	struct xm_token *token;              /* made at first use, then kept */
	uint64_t at;                         /* bytes of the task that are moved */
	uint64_t token_at;                   /* what of the task the token begins with */
	unsigned remade, steps;
	bool pending;                        /* req waits for room */
	struct xm_token_port *to;            /* where req goes */
	struct xm_token_req req;
};

struct odx {
	struct xm_method method;
	struct xm_token_port *src, *dst;
	bool two_sessions;
	bool proven;                         /* something was moved */
	bool said_moving;
	struct xm_list done;                 /* of requests */
	struct xm_list over;                 /* of tasks */
	struct flight flights[FLIGHTS];
};

static struct odx *of(struct xm_method *m)
{
	return xm_container_of(m, struct odx, method);
}

/* ---- open, close ------------------------------------------------------------------- */

static void odx_close(struct xm_method *m)
{
	struct odx *x = of(m);

	for (unsigned i = 0; i < FLIGHTS; i++)
		xm_token_free(x->flights[i].token);
	xm_token_close(x->src);
	xm_token_close(x->dst);
	free(x);
}

static void whose(struct xm_refusal *why, const char *side)
{
	char text[sizeof why->detail];

	snprintf(text, sizeof text, "%s: %.160s", side, why->detail);
	memcpy(why->detail, text, sizeof text);
}

static int check_blocks(const struct xm_pair *pair, struct xm_refusal *why)
{
	if (pair->src->block_size == pair->dst->block_size)
		return 0;
	*why = (struct xm_refusal){ .act = XM_ACT_DEMOTE, .reason = SCSI_R_BLOCK_SIZE };
	snprintf(why->detail, sizeof why->detail, "the source has blocks of %u bytes, the "
		 "destination of %u", pair->src->block_size, pair->dst->block_size);
	return -1;
}

/* An end on another host makes or takes tokens through a stream. */
static const struct xm_token_ops *kind_of(const struct xm_endpoint *ep)
{
	return xm_remote_of(ep) ? &xm_token_remote : &scsi_tokens;
}

static bool two_sessions(const struct xm_pair *pair)
{
	const struct scsi_lu *s = scsi_lu_attached(pair->src), *d = scsi_lu_attached(pair->dst);

	if (!s || !d)
		return true;
	return s->transport != d->transport && s->transport->is_session &&
	       d->transport->is_session;
}

static int open_ports(struct odx *x, const struct xm_pair *pair, struct xm_refusal *why)
{
	if (xm_token_open_kind(kind_of(pair->src), pair->ctx, pair->src, XM_ROLE_SRC, &x->src,
			       why) < 0) {
		whose(why, "the source");
		return -1;
	}
	if (xm_token_open_kind(kind_of(pair->dst), pair->ctx, pair->dst, XM_ROLE_DST, &x->dst,
			       why) < 0) {
		whose(why, "the destination");
		return -1;
	}
	return check_blocks(pair, why);
}

static void set_limits(struct odx *x)
{
	const struct xm_token_limits *s = &x->src->limits, *d = &x->dst->limits;
	struct xm_method_limits *l = &x->method.limits;
	uint64_t bytes = xm_min_u64(s->max_bytes, d->max_bytes);

	l->kinds = XM_TASK_COPY | (d->ops & 1u << XM_TOKEN_ZERO ? XM_TASK_ZERO : 0);
	l->align = xm_max_u64(s->align, d->align);
	l->max_runs = s->max_runs < d->max_runs ? s->max_runs : d->max_runs;
	l->max_bytes = bytes >= l->align ? xm_round_down(bytes, l->align) : bytes;
	l->max_run = xm_min_u64(xm_min_u64(s->max_run, d->max_run), l->max_bytes);
	l->first_bytes = xm_min_u64(l->max_bytes, xm_round_up(FIRST_BYTES, l->align));
	l->opt_bytes = l->max_bytes;
	l->max_inflight = s->max_inflight < d->max_inflight ? s->max_inflight : d->max_inflight;
}

static int odx_open(const struct xm_pair *pair, struct xm_method **ret_method,
		    struct xm_refusal *why)
{
	struct odx *x = calloc(1, sizeof *x);

	if (!x) {
		*why = (struct xm_refusal){ .act = XM_ACT_DEMOTE, .reason = SCSI_R_NOT_SENT,
					    .detail = "memory is short" };
		return -1;
	}
	x->method.ops = &scsi_method_odx;
	for (unsigned i = 0; i < FLIGHTS; i++)
		x->flights[i].odx = x;
	xm_list_init(&x->done);
	xm_list_init(&x->over);
	if (open_ports(x, pair, why) < 0) {
		odx_close(&x->method);
		return -1;
	}
	x->two_sessions = two_sessions(pair);
	set_limits(x);
	*ret_method = &x->method;
	return 0;
}

/* ---- steps --------------------------------------------------------------------------- */

/* Runs of the task from `at` for `bytes`, of its source or its destination. */
static void put_runs(struct flight *f, uint64_t bytes, bool src)
{
	struct xm_token_req *req = &f->req;
	uint64_t skip = f->at;

	req->nruns = 0;
	for (unsigned i = 0; i < f->task->nruns && bytes; i++) {
		const struct xm_run *r = &f->task->runs[i];
		uint64_t off = xm_min_u64(skip, r->len);
		uint64_t len = xm_min_u64(r->len - off, bytes);

		skip -= off;
		if (len == 0)
			continue;
		req->runs[req->nruns++] =
			(struct xm_token_run){ (src ? r->src : r->dst) + off, len };
		bytes -= len;
	}
}

static void ask(struct flight *f, enum xm_token_op op, uint64_t bytes)
{
	struct odx *x = f->odx;

	f->req.op = op;
	f->req.done = &x->done;
	f->req.user = f;
	f->req.token = op == XM_TOKEN_ZERO ? NULL : f->token;
	f->req.token_off = op == XM_TOKEN_WRITE ? f->at - f->token_at : 0;
	f->req.last_use = op == XM_TOKEN_WRITE;
	put_runs(f, bytes, op == XM_TOKEN_POPULATE);
	f->to = op == XM_TOKEN_POPULATE ? x->src : x->dst;
	f->pending = xm_token_submit(f->to, &f->req) != XM_QUEUED;
	f->steps++;
}

static void end(struct flight *f, const struct xm_status *st)
{
	struct xm_task *task = f->task;

	task->moved = f->at;
	task->status = *st;
	task->nexus = f->req.nexus ? f->req.nexus : f->to->ep->nexus;
	f->task = NULL;
	xm_list_add_tail(&f->odx->over, &task->link);
}

/* What comes next for what is left. */
static void begin(struct flight *f)
{
	uint64_t left = f->task->bytes - f->at;

	if (left == 0 || f->steps >= STEPS_MAX) {
		end(f, &XM_STATUS_DONE);
		return;
	}
	ask(f, f->task->kind == XM_TASK_ZERO ? XM_TOKEN_ZERO : XM_TOKEN_POPULATE, left);
}

/* ---- what became of a step --------------------------------------------------------------- */

static void say_moving(struct flight *f)
{
	struct odx *x = f->odx;

	if (!f->token->moving || x->said_moving)
		return;
	x->said_moving = true;
	x->method.caution = "source_may_change";
	xm_log(x->method.pair->ctx, XM_LOG_WARNING, "source_may_change", "the array's tokens read "
	       "the source when they are used, not as it was when they were made: the copy is "
	       "right only while nobody writes to the source");
}

static void populated(struct flight *f)
{
	f->token_at = f->at;
	say_moving(f);
	ask(f, XM_TOKEN_WRITE, f->req.moved);
}

/*
 * The token may have gone with its last use, even where that fell short: what is
 * left gets one of its own.
 */
static void written(struct flight *f)
{
	f->at += f->req.moved;
	f->odx->proven = true;
	begin(f);
}

static bool remake(struct flight *f)
{
	return f->req.stale && ++f->remade <= REMADE_MAX;
}

/* Tokens that are not known, one after the other, where none was ever taken: another array's. */
static void failed(struct flight *f)
{
	struct xm_status st = f->req.status;
	struct odx *x = f->odx;

	if (f->req.op != XM_TOKEN_POPULATE && st.certainty != XM_UNKNOWN)
		f->at += f->req.moved;
	if (f->req.op == XM_TOKEN_ZERO && (f->req.stale || st.act == XM_ACT_SHRINK)) {
		/* there is but one such token, and other ways to zeros: not worth trying on */
		st.act = XM_ACT_DEMOTE;
		st.pair_wide = true;
		st.reason = f->req.stale ? SCSI_R_TOKEN_REFUSED : st.reason;
	} else if (remake(f)) {
		begin(f);
		return;
	} else if (f->req.stale) {
		st.act = XM_ACT_DEMOTE;
		st.pair_wide = !x->proven;
		if (!x->proven && !strcmp(st.reason, SCSI_R_TOKEN_GONE))
			st.reason = x->two_sessions ? SCSI_R_NOT_SAME_SESSION
						    : SCSI_R_NOT_SAME_ARRAY;
	}
	end(f, &st);
}

static void took(struct flight *f)
{
	if (f->req.status.act != XM_ACT_NONE)
		failed(f);
	else if (f->req.op == XM_TOKEN_POPULATE)
		populated(f);
	else
		written(f);
}

/* ---- the method ------------------------------------------------------------------------------ */

static struct flight *free_flight(struct odx *x)
{
	for (unsigned i = 0; i < FLIGHTS; i++) {
		struct flight *f = &x->flights[i];

		if (f->task)
			continue;
		if (!f->token)
			f->token = xm_token_new();
		return f->token ? f : NULL;
	}
	return NULL;
}

static enum xm_queued odx_submit(struct xm_method *m, struct xm_task *task)
{
	struct flight *f = free_flight(of(m));

	if (!f)
		return XM_FULL;
	f->task = task;
	f->at = 0;
	f->remade = f->steps = 0;
	begin(f);
	if (!f->pending)
		return XM_QUEUED;
	f->pending = false;
	f->task = NULL;
	return XM_FULL;
}

/* A step that finds no room is tried again; on a path that is shut the task goes back. */
static void push(struct flight *f)
{
	struct xm_status st = { .err = EAGAIN, .act = XM_ACT_RETRY, .certainty = XM_NOT_DONE,
		.reason = SCSI_R_NOT_SENT,
		.detail = "the path was shut between two steps of a copy by token" };
	const struct scsi_lu *lu;

	if (!f->task || !f->pending)
		return;
	f->pending = xm_token_submit(f->to, &f->req) != XM_QUEUED;
	lu = scsi_lu_attached(f->to->ep);
	if (!f->pending || !lu || xm_nexus_takes_commands(&lu->transport->nexus))
		return;
	f->pending = false;
	f->req.nexus = NULL;
	end(f, &st);
}

static void odx_reap(struct xm_method *m, struct xm_list *done)
{
	struct odx *x = of(m);
	struct xm_list *l;

	xm_token_reap(x->src);
	xm_token_reap(x->dst);
	while ((l = xm_list_pop(&x->done)))
		took(xm_container_of(l, struct xm_token_req, link)->user);
	for (unsigned i = 0; i < FLIGHTS; i++)
		push(&x->flights[i]);
	while ((l = xm_list_pop(&x->over)))
		xm_list_add_tail(done, l);
}

#define FULL_NS (10 * XM_NS_PER_MS)

static void odx_wait(struct xm_method *m, struct xm_waiter *w)
{
	struct odx *x = of(m);
	struct xm_clock *clock = m->pair->ctx->clock;

	if (!xm_list_empty(&x->over) || !xm_list_empty(&x->done))
		xm_waiter_until(w, 0);
	for (unsigned i = 0; i < FLIGHTS; i++)
		if (x->flights[i].task && x->flights[i].pending)
			xm_waiter_until(w, clock->now(clock) + FULL_NS);
	xm_token_wait(x->src, w);
	xm_token_wait(x->dst, w);
}

const struct xm_method_ops scsi_method_odx = {
	.name = "odx",
	.title = "SCSI tokens (ODX)",
	.way = XM_WAY_ODX,
	.needs_trial = true,
	.open = odx_open,
	.explain = odx_explain,
	.submit = odx_submit,
	.wait = odx_wait,
	.reap = odx_reap,
	.close = odx_close,
};
