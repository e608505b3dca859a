/* SPDX-License-Identifier: Apache-2.0 */
/* A descriptor to frames: each is looked at whole, in its order, or not at all.  See wire.h. */
#include "wire-priv.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void compact(struct xm_wire *w)
{
	if (w->begin == 0)
		return;
	memmove(w->buf, w->buf + w->begin, w->end - w->begin);
	w->end -= w->begin;
	w->begin = 0;
}

/* False: nothing new has come. */
static bool pull(struct xm_wire *w)
{
	ssize_t n;

	if (w->eof || w->in < 0)
		return false;
	if (XM_WIRE_IN_SIZE - w->end < XM_WIRE_IN_SIZE / 4)
		compact(w);
	do
		n = read(w->in, w->buf + w->end, XM_WIRE_IN_SIZE - w->end);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return false;
	if (n < 0 && errno != ECONNRESET)
		xm_wire_fail(w, XM_E_TEMPORARY, "reading the stream: %s", strerror(errno));
	if (n <= 0) {
		w->eof = true;
		return false;
	}
	w->end += (size_t)n;
	w->heard = w->ctx->clock->now(w->ctx->clock);
	return true;
}

static void refuse(struct xm_wire *w, const char *what)
{
	xm_wire_fail(w, w->next_in ? XM_E_TEMPORARY : XM_E_CONFIG,
		     "frame %llu of the stream cannot be used: %s",
		     (unsigned long long)w->next_in, what);
}

static void check_order(struct xm_wire *w, const struct xm_wire_header *h)
{
	if (w->next_in == 0 && h->type != XM_WIRE_HELLO)
		refuse(w, "the stream does not begin with HELLO");
	else if (w->next_in > 0 && h->type == XM_WIRE_HELLO)
		refuse(w, "another stream begins in its middle");
	else if (h->number < w->next_in)
		refuse(w, "a frame came a second time");
	else if (h->number > w->next_in)
		refuse(w, "frames are missing before it");
}

/* The frame at the begin of the buffer, when it is there whole. */
static bool take(struct xm_wire *w, struct xm_wire_frame *f)
{
	const uint8_t *p = w->buf + w->begin;
	const char *wrong;

	if (w->end - w->begin < XM_WIRE_HEADER)
		return false;
	wrong = xm_wire_get_header(p, &f->h);
	if (wrong) {
		refuse(w, w->next_in ? wrong : "this is no stream of xmover");
		return false;
	}
	if (w->end - w->begin < XM_WIRE_HEADER + f->h.len)
		return false;
	f->payload = p + XM_WIRE_HEADER;
	if (!xm_wire_is_whole(p, &f->h, w->next_in ? w->peer : 0, f->payload))
		refuse(w, "its checksum is wrong: it was altered, or is of another stream");
	else
		check_order(w, &f->h);
	if (w->dead)
		return false;
	w->next_in++;
	w->begin += XM_WIRE_HEADER + f->h.len;
	return true;
}

bool xm_wire_next(struct xm_wire *w, struct xm_wire_frame *f)
{
	while (!w->dead) {
		if (take(w, f)) {
			if (f->h.type != XM_WIRE_PING)
				return true;
			continue;
		}
		if (!w->dead && !pull(w))
			break;
	}
	if (!w->dead && w->eof && w->end > w->begin)
		xm_wire_fail(w, XM_E_TEMPORARY, "the stream was cut inside frame %llu",
			     (unsigned long long)w->next_in);
	return false;
}
