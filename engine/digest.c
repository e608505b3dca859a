/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of what was sent: chosen, read, sent as digests.  See digest.h. */
#include "digest.h"

#include <errno.h>
#include <stdlib.h>
#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>
#include "retry.h"
#include "wire.h"
#include "xm/align.h"

#define SLOTS 4
#define MEMORY (SLOTS * (size_t)XM_WIRE_DIGEST_MAX)
#define A_RANGE 2                        /* samples of one range, at most */
#define GRAIN 4096U                      /* where samples begin, if they can; at least */
#define AGAIN_NS (10 * XM_NS_PER_MS)     /* for a disk that is full for the moment */

struct sample {
	uint64_t off, len;
};

enum slot_state { SLOT_FREE, SLOT_TO_READ, SLOT_OUT, SLOT_READY };

struct slot {
	enum slot_state state;
	struct xm_io_req req;
	struct sample what;
	uint8_t *buf;
	unsigned tries;
	uint64_t due, hash;
};

struct xm_digester {
	struct xm_endpoint *src;
	struct xm_io *io;
	struct xm_wire *wire;
	uint64_t grain;
	uint64_t left;                   /* bytes that may still be sent */
	uint8_t *memory;
	struct xm_list done;
	struct sample sample[XM_DIGESTS];
	unsigned n, next, out;
	struct slot slot[SLOTS];
	struct xm_retry retry;
	struct xm_status status;         /* the first read that could not be had */
	bool stopped;
};

uint64_t xm_digest_of(const void *bytes, size_t len)
{
	return XXH3_64bits(bytes, len);
}

static uint64_t now_of(const struct xm_digester *d)
{
	return d->src->ctx->clock->now(d->src->ctx->clock);
}

struct xm_digester *xm_digester_new(struct xm_endpoint *src, struct xm_io *io,
				    struct xm_wire *wire, uint64_t bytes)
{
	struct xm_digester *d = calloc(1, sizeof *d);

	if (!d)
		return NULL;
	d->memory = xm_io_memory_new(MEMORY);
	if (!d->memory) {
		free(d);
		return NULL;
	}
	d->src = src;
	d->io = io;
	d->wire = wire;
	d->left = bytes;
	d->grain = xm_max_u64(GRAIN, xm_max_u64(src->block_size, src->dio_align));
	/* of such blocks not one fits */
	d->stopped = d->grain + XM_DIGEST_SAMPLE > XM_WIRE_DIGEST_MAX;
	d->status = XM_STATUS_DONE;
	xm_list_init(&d->done);
	xm_retry_init(&d->retry);
	for (unsigned i = 0; i < SLOTS; i++)
		d->slot[i].buf = d->memory + i * (size_t)XM_WIRE_DIGEST_MAX;
	return d;
}

bool xm_digester_free(struct xm_digester *d)
{
	if (!d)
		return true;
	if (d->out)
		return false;
	xm_io_memory_free(d->memory, MEMORY);
	free(d);
	return true;
}

/* ---- where ---------------------------------------------------------------------------- */

/* The sample that holds, or begins at, byte `at` of the runs taken together. */
static void choose(struct xm_digester *d, const struct xm_token_run *runs, unsigned nruns,
		   uint64_t at)
{
	uint64_t off, last;
	unsigned i = 0;

	while (i + 1 < nruns && at >= runs[i].len)
		at -= runs[i++].len;
	last = runs[i].len - xm_min_u64(runs[i].len, XM_DIGEST_SAMPLE);
	off = xm_round_down(runs[i].off + xm_min_u64(at, last), d->grain);
	off = xm_max_u64(off, runs[i].off);
	d->sample[d->n++] = (struct sample){
		off, xm_min_u64(runs[i].off + runs[i].len - off, XM_DIGEST_SAMPLE + d->grain) };
}

/*
 * How many of a range: its part of what may be sent,
 * and of tokens one at least while there are many.
 */
static unsigned share(struct xm_digester *d, uint64_t bytes, bool token)
{
	uint64_t budget = XM_DIGESTS - d->n, random = xm_ctx_random(d->src->ctx) >> 11;
	double part = (double)budget * (double)bytes / (double)xm_max_u64(d->left, bytes);
	unsigned n = (unsigned)(part + (double)random / (double)(UINT64_C(1) << 53));

	if (token && n == 0 && budget > XM_DIGESTS / 2)
		n = 1;
	return n > A_RANGE ? A_RANGE : n;
}

void xm_digester_sent(struct xm_digester *d, const struct xm_token_run *runs, unsigned nruns,
		      bool token)
{
	uint64_t bytes = 0;
	unsigned n;

	for (unsigned i = 0; i < nruns; i++)
		bytes += runs[i].len;
	if (d->stopped || bytes == 0)
		return;
	n = share(d, bytes, token);
	if (n > 0 && d->n < XM_DIGESTS)
		choose(d, runs, nruns, xm_ctx_random(d->src->ctx) % bytes);
	/* the end, too: a copy that fell short lacks it */
	if (n > 1 && d->n < XM_DIGESTS)
		choose(d, runs, nruns, bytes - 1);
	d->left -= xm_min_u64(bytes, d->left);
}

/* ---- reading ----------------------------------------------------------------------------- */

static void give_up(struct xm_digester *d, const struct xm_status *s)
{
	d->status = *s;
	if (s->act == XM_ACT_RETRY && s->code == 0)
		d->status.code = XM_E_TEMPORARY;
	d->status.act = XM_ACT_FATAL;
	d->status.certainty = XM_NOT_DONE;
	d->stopped = true;
}

static void came_back(struct xm_digester *d, struct slot *s)
{
	const struct xm_status *st = &s->req.status;

	d->out--;
	s->state = SLOT_FREE;
	if (st->certainty == XM_DONE) {
		s->hash = xm_digest_of(s->buf, s->what.len);
		s->state = SLOT_READY;
		xm_retry_earn(&d->retry);
	} else if (st->act == XM_ACT_RETRY && !d->stopped &&
		   xm_retry_take(&d->retry, st, s->tries + 1)) {
		s->due = now_of(d) + xm_retry_delay(st, ++s->tries, xm_ctx_random(d->src->ctx));
		s->state = SLOT_TO_READ;
	} else if (!d->stopped) {
		give_up(d, st);
	}
}

static void take_next(struct xm_digester *d, struct slot *s)
{
	if (d->next == d->n)
		return;
	s->what = d->sample[d->next++];
	s->tries = 0;
	s->due = 0;
	s->state = SLOT_TO_READ;
}

static void submit(struct xm_digester *d, struct slot *s)
{
	s->req = (struct xm_io_req){ .done = &d->done, .op = XM_IO_READ, .ep = d->src,
				     .off = s->what.off, .len = s->what.len, .buf = s->buf,
				     .buf_index = -1, .user = s, .status = XM_STATUS_DONE };
	if (now_of(d) < s->due || xm_io_submit(d->io, &s->req) != XM_QUEUED)
		return;
	s->state = SLOT_OUT;
	d->out++;
}

static void tell(struct xm_digester *d, struct slot *s)
{
	struct xm_wire_digest g = { s->what.off, (uint32_t)s->what.len, s->hash };
	uint8_t head[XM_WIRE_DIGEST_BYTES];

	if (xm_wire_send(d->wire, &(struct xm_wire_out){ .type = XM_WIRE_DIGEST, .head = head,
				.head_len = xm_wire_put_digest(head, &g) }))
		s->state = SLOT_FREE;
}

static void step(struct xm_digester *d, struct slot *s)
{
	if (d->stopped) {
		s->state = s->state == SLOT_OUT ? SLOT_OUT : SLOT_FREE;
		return;
	}
	if (s->state == SLOT_READY)
		tell(d, s);
	if (s->state == SLOT_FREE)
		take_next(d, s);
	if (s->state == SLOT_TO_READ)
		submit(d, s);
}

void xm_digester_turn(struct xm_digester *d)
{
	struct xm_list *l;

	while ((l = xm_list_pop(&d->done)))
		came_back(d, xm_container_of(l, struct xm_io_req, link)->user);
	for (unsigned i = 0; i < SLOTS; i++)
		step(d, &d->slot[i]);
}

void xm_digester_wait(const struct xm_digester *d, struct xm_waiter *w)
{
	if (!xm_list_empty(&d->done) || (d->next < d->n && !d->stopped && d->out < SLOTS))
		xm_waiter_until(w, xm_list_empty(&d->done) ? now_of(d) + AGAIN_NS : 0);
	for (unsigned i = 0; i < SLOTS; i++) {
		if (d->slot[i].state == SLOT_TO_READ)
			xm_waiter_until(w, xm_max_u64(d->slot[i].due, now_of(d) + AGAIN_NS));
		if (d->slot[i].state == SLOT_READY && xm_wire_has_room(d->wire))
			xm_waiter_until(w, 0);
	}
}

static bool is_idle(const struct xm_digester *d)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		if (d->slot[i].state != SLOT_FREE)
			return false;
	}
	return d->stopped || d->next == d->n;
}

bool xm_digester_over(const struct xm_digester *d, struct xm_status *ret)
{
	static const struct xm_status shut = { .err = EAGAIN, .act = XM_ACT_RETRY,
		.side = XM_SIDE_SRC, .certainty = XM_NOT_DONE, .reason = "path_shut",
		.detail = "the path to the source is shut, so its samples cannot be read" };
	const struct xm_nexus *nx = d->src->nexus;

	*ret = d->status;
	if (is_idle(d))
		return true;
	if (d->out || !nx || xm_nexus_takes_commands(nx))
		return false;
	*ret = shut;
	return true;
}

/* ---- the end ------------------------------------------------------------------------------- */

static void stop_wait(void *o, struct xm_waiter *w)
{
	xm_io_wait(((struct xm_digester *)o)->io, w);
}

static int stop_step(void *o)
{
	struct xm_digester *d = o;

	xm_io_reap(d->io);
	xm_digester_turn(d);
	return d->out == 0;
}

void xm_digester_stop(struct xm_digester *d)
{
	struct xm_ctx *ctx = d->src->ctx;

	d->stopped = true;
	xm_ctx_wait_for(ctx, now_of(d) + ctx->timeout_ns, stop_wait, stop_step, d);
}
