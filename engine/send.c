/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serving a disk to a receiver: the public functions, the turn, the end.  The only wait is
 * here; every one is bounded, by the silence of the receiver or the bounds of the fence.
 */
#include "send.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "error.h"
#include "xm/align.h"

static uint64_t now_of(const struct xm_send *s)
{
	return s->ctx->clock->now(s->ctx->clock);
}

int xm_send_new(struct xm_ctx *ctx, struct xm_endpoint *src, int in_fd, int out_fd,
		struct xm_send **ret_send, struct xm_error **err)
{
	struct xm_send *s = calloc(1, sizeof *s);

	if (!s)
		return xm_fail(err, XM_E_TEMPORARY, "memory is short");
	s->ctx = ctx;
	s->src = src;
	s->io_kind = "auto";
	s->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	xm_send_answer_init(s);
	xm_fence_init(&s->fence);
	s->wire = s->wake_fd < 0 ? NULL : xm_wire_new(ctx, in_fd, out_fd);
	if (!s->wire) {
		xm_send_free(s);
		return xm_fail(err, XM_E_TEMPORARY, "no memory or descriptor for a sender");
	}
	*ret_send = s;
	return 0;
}

int xm_send_set_str(struct xm_send *s, enum xm_job_option opt, const char *value,
		    struct xm_error **err)
{
	static const char *const ios[] = { "auto", "uring", "threads" };

	if (opt == XM_OPT_OFFLOAD && (!strcmp(value, "auto") || !strcmp(value, "never"))) {
		s->no_tokens = *value == 'n';
		return 0;
	}
	for (unsigned i = 0; opt == XM_OPT_IO && i < 3; i++) {
		if (strcmp(ios[i], value) == 0) {
			s->io_kind = ios[i];
			return 0;
		}
	}
	return xm_fail(err, XM_E_USAGE, "\"%s\" is no value of an option of a sender: the "
		       "receiver has the others", value);
}

void xm_send_stop(struct xm_send *s)
{
	uint64_t one = 1;
	ssize_t n;

	atomic_store(&s->stop, true);
	n = write(s->wake_fd, &one, sizeof one);
	(void)n;             /* full: it is awake already */
}

uint64_t xm_send_u64(const struct xm_send *s, enum xm_send_u64 key)
{
	switch (key) {
	case XM_SEND_BYTES_SENT:
		return s->sent;
	case XM_SEND_BYTES_DURABLE:
		return s->durable;
	case XM_SEND_TOKENS_MADE:
		return s->made;
	}
	return 0;
}

/* ---- opening ---------------------------------------------------------------------------- */

static int open_io(struct xm_send *s, struct xm_error **err)
{
	uint64_t most = s->src->max_io ? xm_min_u64(s->src->max_io, XM_WIRE_DATA_MAX) :
					 XM_WIRE_DATA_MAX;
	const char *why;

	s->max_io = xm_max_u64(xm_round_down(most, s->src->block_size), s->src->block_size);
	if (s->src->ops->io)
		s->io = s->src->ops->io(s->src, err);
	else
		s->io = s->own_io = xm_io_open(s->ctx, s->io_kind, &why, err);
	if (!s->io || (s->own_io && s->io->ops->attach &&
		       s->io->ops->attach(s->io, s->src, err) < 0))
		return -1;
	if (xm_buffers_init(&s->buffers, xm_round_up(s->max_io, 4096), XM_SEND_READS) < 0)
		return xm_fail(err, XM_E_TEMPORARY, "memory for %d buffers is short",
			       XM_SEND_READS);
	if (s->io->ops->buffers)
		s->io->ops->buffers(s->io, &s->buffers);
	xm_fence_watch(&s->fence, s->src->nexus);
	return 0;
}

static void open_tokens(struct xm_send *s)
{
	struct xm_refusal why;

	if (s->no_tokens || xm_token_open(s->ctx, s->src, XM_ROLE_SRC, &s->port, &why) == 0)
		return;
	s->port = NULL;
	xm_log(s->ctx, XM_LOG_INFO, "no_tokens", "data will travel: %s (%s)", why.detail,
	       why.reason ? why.reason : "unspecified");
}

static int greet(struct xm_send *s, struct xm_error **err)
{
	struct xm_wire_hello h;

	if (xm_wire_hear_hello(s->wire, false, &h, err) < 0)
		return -1;
	xm_identity_free(&h.disk);
	if (!xm_wire_say_hello(s->wire, XM_WIRE_TWO_WAY, s->src, s->src->block_size,
			       s->port ? XM_WIRE_TOKENS : 0) || !xm_send_map(s))
		return xm_wire_error(s->wire, err);
	xm_wire_keep_alive(s->wire);
	return 0;
}

/* ---- the turn ------------------------------------------------------------------------------ */

/* For a reason of ours; the receiver should hear of it. */
static void say_end(struct xm_send *s, enum xm_code code, const char *text)
{
	struct xm_wire_end end = { .code = (uint32_t)code };
	uint8_t head[XM_WIRE_END_BYTES];

	snprintf(end.text, sizeof end.text, "%s", text);
	s->ended = s->ended_here = true;
	s->code = code;
	snprintf(s->text, sizeof s->text, "%s", text);
	xm_wire_send(s->wire, &(struct xm_wire_out){ .type = XM_WIRE_END, .head = head,
						     .head_len = xm_wire_put_end(head, &end) });
	xm_wire_drain(s->wire);
}

/* A path that broke is opened again; nothing that was read can be unknown. */
static void mend(struct xm_send *s)
{
	enum xm_fence_result r = XM_FENCE_FENCED;
	struct xm_nexus *nx;
	struct xm_status why;

	while (r == XM_FENCE_FENCED)
		r = xm_fence_step(&s->fence, s->ctx, now_of(s), s->out, &nx, &why);
	if (r == XM_FENCE_FAILED && !s->ended)
		say_end(s, why.code ? (enum xm_code)why.code : XM_E_TEMPORARY, why.detail);
}

static void turn(struct xm_send *s)
{
	uint64_t bytes;

	while (read(s->wake_fd, &bytes, sizeof bytes) > 0)
		;
	if (atomic_load(&s->stop) && !s->ended)
		say_end(s, XM_E_STOPPED, "the sender was stopped on request");
	xm_send_reap(s);
	mend(s);
	xm_send_take(s);
	xm_wire_turn(s->wire);
}

static void send_wait(struct xm_send *s)
{
	struct xm_waiter *w = &s->waiter;

	xm_waiter_reset(w);
	xm_waiter_fd(w, s->wake_fd, POLLIN);
	xm_io_wait(s->io, w);
	if (s->port)
		xm_token_wait(s->port, w);
	xm_fence_wait(&s->fence, s->out, w);
	xm_wire_wait(s->wire, w);
	/* what was refused by a full disk is offered again */
	if (!xm_list_empty(&s->stalled_reads) || !xm_list_empty(&s->stalled_tokens))
		xm_waiter_until(w, now_of(s) + 10 * XM_NS_PER_MS);
	s->ctx->clock->wait(s->ctx->clock, w);
}

static bool over(const struct xm_send *s)
{
	return s->ended || xm_wire_dead(s->wire, NULL) || xm_wire_closed(s->wire);
}

static int verdict(struct xm_send *s, struct xm_error **err)
{
	if (s->ended && s->code == XM_OK)
		return 0;
	if (s->ended)
		return xm_fail(err, s->code, "%s%s", s->ended_here ? "" : "the receiver ended: ",
			       s->text);
	if (!xm_wire_dead(s->wire, NULL))
		return xm_fail(err, XM_E_TEMPORARY, "the receiver has gone before its end; run "
			       "both again: what is durable there is not sent again");
	return xm_wire_error(s->wire, err);
}

int xm_send_run(struct xm_send *s, struct xm_error **err)
{
	uint64_t until;

	if (open_io(s, err) < 0)
		return -1;
	open_tokens(s);
	if (greet(s, err) < 0)
		return -1;
	for (turn(s); !over(s); turn(s))
		send_wait(s);
	/* reads that are still out use buffers of ours */
	until = now_of(s) + s->ctx->timeout_ns;
	for (turn(s); s->out && now_of(s) < until; turn(s)) {
		send_wait(s);
		xm_waiter_until(&s->waiter, until);
	}
	return verdict(s, err);
}

void xm_send_free(struct xm_send *s)
{
	if (!s)
		return;
	if (s->out)
		return;      /* what is still out may come back into it */
	xm_wire_free(s->wire);
	xm_token_close(s->port);
	if (s->own_io && !xm_io_close(s->own_io))
		return;
	xm_buffers_free(&s->buffers);
	xm_waiter_free(&s->waiter);
	if (s->wake_fd >= 0)
		close(s->wake_fd);
	free(s);
}
