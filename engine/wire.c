/* SPDX-License-Identifier: Apache-2.0 */
/* Frames to a descriptor, and the life of a stream: see wire.h. */
#include "wire-priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include "secret.h"

#define PING_NS (3 * XM_NS_PER_S)
#define BATCH 16                         /* frames a writev */

struct out_slot {
	struct xm_list link;
	size_t head_len, body_len;
	const uint8_t *body;
	xm_wire_sent_fn *sent;
	void *user;
	uint8_t head[XM_WIRE_HEADER + XM_WIRE_HEAD_MAX];
};

static uint64_t now_of(const struct xm_wire *w)
{
	return w->ctx->clock->now(w->ctx->clock);
}

void xm_wire_fail(struct xm_wire *w, enum xm_code code, const char *fmt, ...)
{
	va_list ap;

	if (w->dead)
		return;
	va_start(ap, fmt);
	vsnprintf(w->text, sizeof w->text, fmt, ap);
	va_end(ap);
	w->dead = w->text;
	w->code = code;
}

const char *xm_wire_dead(const struct xm_wire *w, enum xm_code *ret_code)
{
	if (w->dead && ret_code)
		*ret_code = w->code;
	return w->dead;
}

bool xm_wire_closed(const struct xm_wire *w)
{
	return w->hung_up || (w->eof && w->begin == w->end);
}

/* ---- making and ending ------------------------------------------------------------- */

static int make_nonblocking(int fd)
{
	int flags = fd < 0 ? 0 : fcntl(fd, F_GETFL);

	if (fd >= 0 && flags >= 0)
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	return flags;
}

struct xm_wire *xm_wire_new(struct xm_ctx *ctx, int in, int out)
{
	struct xm_wire *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->ctx = ctx;
	w->in = in;
	w->out = out;
	xm_list_init(&w->idle);
	xm_list_init(&w->queue);
	w->buf = xm_secret_new(XM_WIRE_IN_SIZE);
	w->slots = xm_secret_new(XM_WIRE_OUT_SLOTS * sizeof *w->slots);
	if (!w->buf || !w->slots ||
	    getrandom(&w->id, sizeof w->id, 0) != (ssize_t)sizeof w->id) {
		w->in = w->out = -1;
		xm_wire_free(w);
		return NULL;
	}
	w->id |= 1;                              /* 0 is nobody */
	for (unsigned i = 0; i < XM_WIRE_OUT_SLOTS; i++)
		xm_list_add_tail(&w->idle, &w->slots[i].link);
	w->in_flags = make_nonblocking(in);
	w->out_flags = make_nonblocking(out);
	w->heard = w->spoke = now_of(w);
	return w;
}

/* The first of the queue is over. */
static void retire(struct xm_wire *w)
{
	struct out_slot *s = xm_container_of(xm_list_pop(&w->queue), struct out_slot, link);

	explicit_bzero(s->head, s->head_len);
	xm_list_add_tail(&w->idle, &s->link);
	w->written = 0;
	if (s->sent)
		s->sent(s->user);
}

void xm_wire_free(struct xm_wire *w)
{
	if (!w)
		return;
	while (!xm_list_empty(&w->queue))
		retire(w);
	if (w->in >= 0 && w->in_flags >= 0)
		fcntl(w->in, F_SETFL, w->in_flags);
	if (w->out >= 0 && w->out_flags >= 0)
		fcntl(w->out, F_SETFL, w->out_flags);
	xm_secret_free(w->buf, XM_WIRE_IN_SIZE);
	xm_secret_free(w->slots, XM_WIRE_OUT_SLOTS * sizeof *w->slots);
	free(w);
}

void xm_wire_set_peer(struct xm_wire *w, uint64_t id)
{
	w->peer = id;
}

uint64_t xm_wire_peer(const struct xm_wire *w)
{
	return w->peer;
}

uint64_t xm_wire_id(const struct xm_wire *w)
{
	return w->id;
}

void xm_wire_keep_alive(struct xm_wire *w)
{
	w->keep_alive = true;
	w->heard = now_of(w);
}

/* ---- out ---------------------------------------------------------------------------------- */

bool xm_wire_has_room(const struct xm_wire *w)
{
	return !w->dead && !xm_list_empty(&w->idle);
}

bool xm_wire_idle(const struct xm_wire *w)
{
	return xm_list_empty(&w->queue);
}

bool xm_wire_send(struct xm_wire *w, const struct xm_wire_out *o)
{
	struct xm_wire_header h = { .type = (uint16_t)o->type, .flags = o->flags,
				    .number = w->next_out };
	struct xm_list *l;
	struct out_slot *s;

	if (w->dead || w->out < 0 || o->head_len > XM_WIRE_HEAD_MAX)
		return false;
	l = xm_list_pop(&w->idle);
	if (!l)
		return false;
	s = xm_container_of(l, struct out_slot, link);
	if (o->head_len)
		memcpy(s->head + XM_WIRE_HEADER, o->head, o->head_len);
	xm_wire_seal(s->head, &h, w->next_out ? w->id : 0, s->head + XM_WIRE_HEADER, o->head_len,
		     o->body, o->body_len);
	s->head_len = XM_WIRE_HEADER + o->head_len;
	s->body = o->body;
	s->body_len = o->body_len;
	s->sent = o->sent;
	s->user = o->user;
	xm_list_add_tail(&w->queue, &s->link);
	w->next_out++;
	return true;
}

static unsigned gather(const struct xm_wire *w, struct iovec *iov)
{
	size_t skip = w->written;
	unsigned n = 0;

	xm_list_for_each(l, &w->queue) {
		struct out_slot *s = xm_container_of(l, struct out_slot, link);
		struct iovec part[2] = { { s->head, s->head_len },
					 { (uint8_t *)(uintptr_t)s->body, s->body_len } };

		for (unsigned i = 0; i < 2; i++) {
			size_t gone = skip < part[i].iov_len ? skip : part[i].iov_len;

			skip -= gone;
			if (part[i].iov_len > gone)
				iov[n++] = (struct iovec){ (char *)part[i].iov_base + gone,
							   part[i].iov_len - gone };
		}
		if (n + 2 > 2 * BATCH)
			break;
	}
	return n;
}

static void account(struct xm_wire *w, size_t n)
{
	w->written += n;
	w->spoke = now_of(w);
	while (!xm_list_empty(&w->queue)) {
		struct out_slot *s = xm_container_of(w->queue.next, struct out_slot, link);
		size_t left = w->written, all = s->head_len + s->body_len;

		if (left < all)
			return;
		retire(w);
		w->written = left - all;
	}
}

/* False: nothing (more) can be written now. */
static bool push(struct xm_wire *w)
{
	struct iovec iov[2 * BATCH + 2];
	unsigned n = gather(w, iov);
	ssize_t done;

	if (n == 0 || w->hung_up)
		return false;
	done = writev(w->out, iov, (int)n);
	if (done > 0) {
		account(w, (size_t)done);
		return true;
	}
	if (done < 0 && errno == EINTR)
		return true;
	if (done < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return false;
	w->hung_up = true;
	/* what the other side said before it went may still be there to read */
	if (w->in < 0)
		xm_wire_fail(w, XM_E_TEMPORARY, errno == EPIPE ? "the reader of the stream has "
			     "gone before its end" : "writing the stream failed");
	return false;
}

static void watch(struct xm_wire *w)
{
	uint64_t now = now_of(w), timeout = w->ctx->timeout_ns;
	bool quiet = xm_wire_idle(w);

	if (w->keep_alive && quiet && now - w->spoke >= PING_NS && !w->hung_up)
		xm_wire_send(w, &(struct xm_wire_out){ .type = XM_WIRE_PING });
	if (w->keep_alive && w->in >= 0 && !w->eof && now - w->heard > XM_WIRE_SILENCE * timeout)
		xm_wire_fail(w, XM_E_TEMPORARY, "the other side has been silent for %llu s",
			     (unsigned long long)(XM_WIRE_SILENCE * timeout / XM_NS_PER_S));
	if (!quiet && now - w->spoke > XM_WIRE_PATIENCE * timeout)
		xm_wire_fail(w, XM_E_TEMPORARY, "the other side has read nothing for %llu s",
			     (unsigned long long)(XM_WIRE_PATIENCE * timeout / XM_NS_PER_S));
}

void xm_wire_turn(struct xm_wire *w)
{
	while (!w->dead && push(w))
		;
	if (!w->dead)
		watch(w);
	while (w->dead && !xm_list_empty(&w->queue))
		retire(w);
}

void xm_wire_wait(struct xm_wire *w, struct xm_waiter *waiter)
{
	uint64_t timeout = w->ctx->timeout_ns;

	if (w->dead)
		return;
	if (w->in >= 0 && !w->eof)
		xm_waiter_fd(waiter, w->in, POLLIN);
	if (w->out >= 0 && !w->hung_up && !xm_wire_idle(w)) {
		xm_waiter_fd(waiter, w->out, POLLOUT);
		xm_waiter_until(waiter, w->spoke + XM_WIRE_PATIENCE * timeout + 1);
	}
	if (!w->keep_alive)
		return;
	if (w->out >= 0 && !w->hung_up && xm_wire_idle(w))
		xm_waiter_until(waiter, w->spoke + PING_NS);
	if (w->in >= 0 && !w->eof)
		xm_waiter_until(waiter, w->heard + XM_WIRE_SILENCE * timeout + 1);
}

bool xm_wire_is_read(const struct xm_wire *w)
{
	struct pollfd p = { .fd = w->out };
	struct stat st;

	if (w->dead || w->hung_up || fstat(w->out, &st) < 0 ||
	    !(S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
		return false;
	return poll(&p, 1, 0) >= 0 && !(p.revents & (POLLERR | POLLHUP | POLLNVAL));
}

void xm_wire_wait_reader(const struct xm_wire *w, struct xm_waiter *waiter)
{
	xm_waiter_fd(waiter, w->out, 0);
}

/* ---- set-up and end ------------------------------------------------------------------------- */

struct awaited {
	struct xm_wire *w;
	struct xm_wire_frame *f;
};

static void await_wait(void *o, struct xm_waiter *waiter)
{
	xm_wire_wait(((struct awaited *)o)->w, waiter);
}

static int await_step(void *o)
{
	struct awaited *a = o;

	xm_wire_turn(a->w);
	if (xm_wire_next(a->w, a->f))
		return 1;
	return a->w->dead || xm_wire_closed(a->w) ? -1 : 0;
}

bool xm_wire_await(struct xm_wire *w, struct xm_wire_frame *f)
{
	struct awaited a = { w, f };
	uint64_t most = XM_WIRE_SILENCE * w->ctx->timeout_ns;
	int got = xm_ctx_wait_for(w->ctx, now_of(w) + most, await_wait, await_step, &a);

	if (got == 1)
		return true;
	if (got == 0)
		xm_wire_fail(w, XM_E_TEMPORARY, "the other side has said nothing for %llu s",
			     (unsigned long long)(most / XM_NS_PER_S));
	xm_wire_fail(w, XM_E_TEMPORARY, w->next_in ? "the other side has gone" :
		     "the other side has gone before it said anything");
	return false;
}

static int drain_step(void *o)
{
	struct awaited *a = o;

	xm_wire_turn(a->w);
	return xm_wire_idle(a->w) || a->w->dead || a->w->hung_up;
}

bool xm_wire_drain(struct xm_wire *w)
{
	struct awaited a = { w, NULL };

	xm_ctx_wait_for(w->ctx, now_of(w) + w->ctx->timeout_ns, await_wait, drain_step, &a);
	return !w->dead && xm_wire_idle(w);
}
