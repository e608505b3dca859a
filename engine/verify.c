/* SPDX-License-Identifier: Apache-2.0 */
/* Reading both sides and comparing: see verify.h. */
#include "verify.h"

#include <stdlib.h>
#include <string.h>
#include "dirty.h"
#include "xm/align.h"

#define DIFF_UNIT 512U               /* differences are told in whole sectors */

/* ---- where ------------------------------------------------------------------- */

static int by_offset(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static bool is_dirty(struct xm_verify *v, uint64_t off, uint64_t len, uint64_t *ret_len)
{
	*ret_len = len;
	return !v->range.dirty ||
	       (xm_runs_at(v->range.dirty, v->range.src_off + off, len, ret_len) & XM_DIRTY);
}

/* Bytes of [off, off+len) that the job answers for. */
static uint64_t dirty_bytes(struct xm_verify *v, uint64_t off, uint64_t len)
{
	uint64_t sum = 0, n;

	for (uint64_t end = off + len; off < end; off += n)
		sum += is_dirty(v, off, end - off, &n) ? n : 0;
	return sum;
}

/* The next dirty byte at or after off; the end when there is none. */
static uint64_t next_dirty(struct xm_verify *v, uint64_t off)
{
	uint64_t n;

	while (off < v->range.len && !is_dirty(v, off, v->range.len - off, &n))
		off += n;
	return off;
}

/* Places where nothing is dirty make way for the next one that is. */
static void move_to_dirty(struct xm_verify *v)
{
	unsigned n = 0;

	for (unsigned i = 0; i < v->nplaces; i++) {
		uint64_t at = next_dirty(v, v->place[i]);

		if (at < v->range.len)
			v->place[n++] = xm_round_down(at, v->block);
	}
	v->nplaces = n;
}

static void choose_places(struct xm_verify *v)
{
	uint64_t n = xm_min_u64(XM_VERIFY_PLACES, v->range.len / v->block + 1);
	uint64_t last = xm_round_down(v->range.len - 1, v->block), room = v->range.len / n;

	v->nplaces = (unsigned)n;
	for (uint64_t i = 0; i < n; i++) {
		uint64_t at = i * room + xm_ctx_random(v->pair->ctx) % room;

		v->place[i] = xm_round_down(at, v->block);
	}
	v->place[0] = 0;
	v->place[n - 1] = last;
	move_to_dirty(v);
	qsort(v->place, v->nplaces, sizeof *v->place, by_offset);
}

static bool next_place(struct xm_verify *v, uint64_t *ret_off)
{
	if (v->mode == XM_VERIFY_FULL) {
		*ret_off = v->next;
		v->next += v->block;
		return *ret_off < v->range.len;
	}
	/* small disks: the same place may have been drawn twice */
	while (v->next + 1 < v->nplaces && v->place[v->next] == v->place[v->next + 1])
		v->next++;
	if (v->next >= v->nplaces)
		return false;
	*ret_off = v->place[v->next++];
	return true;
}

/* ---- start and end -------------------------------------------------------------- */

static uint64_t block_size(const struct xm_pair *pair, enum xm_verify_mode mode)
{
	uint64_t least = xm_max_u64(xm_max_u64(pair->src->block_size, pair->dst->block_size),
				    xm_max_u64(pair->src->dio_align, pair->dst->dio_align));
	uint64_t size = mode == XM_VERIFY_FULL ? XM_VERIFY_BLOCK : XM_VERIFY_SAMPLE;

	if (pair->src->max_io)
		size = xm_min_u64(size, pair->src->max_io);
	if (pair->dst->max_io)
		size = xm_min_u64(size, pair->dst->max_io);
	return xm_max_u64(xm_round_down(size, least), least);
}

/* Where reads of it begin and end. */
static uint64_t edge(const struct xm_endpoint *ep)
{
	return xm_max_u64(ep->block_size, ep->dio_align);
}

bool xm_verify_start(struct xm_verify *v, const struct xm_pair *pair, enum xm_verify_mode mode,
		     const struct xm_verify_range *range)
{
	*v = (struct xm_verify){ .pair = pair, .mode = mode, .range = *range, .active = true,
				 .status = XM_STATUS_DONE, .block = block_size(pair, mode) };
	xm_list_init(&v->done);
	if (range->digests)
		v->block = xm_round_up(XM_WIRE_DIGEST_MAX + 2 * edge(pair->dst), 4096);
	v->memory = xm_io_memory_new(v->block * 2 * XM_VERIFY_SLOTS);
	if (!v->memory)
		return false;
	for (unsigned i = 0; i < XM_VERIFY_SLOTS; i++) {
		v->slot[i].buf[0] = v->memory + v->block * 2 * i;
		v->slot[i].buf[1] = v->slot[i].buf[0] + v->block;
	}
	if (mode == XM_VERIFY_SAMPLED && !range->digests)
		choose_places(v);
	else
		v->range.dirty = NULL;
	return true;
}

void xm_verify_stop(struct xm_verify *v)
{
	v->stopping = true;
}

void xm_verify_free(struct xm_verify *v)
{
	xm_io_memory_free(v->memory, v->block * 2 * XM_VERIFY_SLOTS);
	v->memory = NULL;
	v->active = false;
}

/* ---- a slot ------------------------------------------------------------------- */

/* The place of a digest knows no edges of this disk. */
static void ask_around(struct xm_verify *v, struct xm_verify_slot *s)
{
	struct xm_io_req *req = &s->req[1];
	uint64_t e = edge(v->pair->dst), end = xm_round_up(req->off + req->len, e);

	req->off = xm_round_down(req->off, e);
	req->len = xm_min_u64(end, v->pair->dst->size) - req->off;
	s->to_send = 2;
}

static void ask(struct xm_verify *v, struct xm_verify_slot *s)
{
	const struct xm_pair *p = v->pair;

	for (unsigned i = 0; i < 2; i++)
		s->req[i] = (struct xm_io_req){
			.done = &v->done, .op = XM_IO_READ, .ep = i ? p->dst : p->src,
			.off = s->off + (i ? v->range.dst_off : v->range.src_off),
			.len = s->len,
			.buf = s->buf[i], .buf_index = -1, .user = s, .status = XM_STATUS_DONE,
		};
	s->to_send = 3;
	s->status = XM_STATUS_DONE;
	if (s->digest)
		ask_around(v, s);
}

static bool begin_digest(struct xm_verify *v, struct xm_verify_slot *s)
{
	if (v->stopping || v->next == v->range.ndigests)
		return false;
	s->digest = &v->range.digests[v->next++];
	s->off = s->digest->off - v->range.src_off;
	s->len = s->digest->len;
	s->tries = 0;
	s->due = 0;
	s->used = true;
	ask(v, s);
	return true;
}

static bool begin(struct xm_verify *v, struct xm_verify_slot *s)
{
	uint64_t off;

	if (v->range.digests)
		return begin_digest(v, s);
	do {
		if (v->stopping || !next_place(v, &off))
			return false;
	} while (v->salvage && xm_salvage_hits(v->salvage, v->range.src_off + off,
					       xm_min_u64(v->block, v->range.len - off)));
	s->off = off;
	s->len = xm_min_u64(v->block, v->range.len - off);
	s->tries = 0;
	s->due = 0;
	s->used = true;
	ask(v, s);
	return true;
}

static void send_some(struct xm_verify *v, struct xm_verify_slot *s)
{
	for (unsigned i = 0; i < 2; i++) {
		struct xm_io *io = i ? v->pair->dst_io : v->pair->src_io;

		if ((s->to_send & 1U << i) && xm_io_submit(io, &s->req[i]) == XM_QUEUED) {
			s->to_send &= ~(1U << i);
			s->out++;
		}
	}
}

static void tell(struct xm_verify *v, uint64_t off, uint64_t len)
{
	if (v->differences++ == 0)
		v->first = off;
	if (!v->fn) {
		v->stopping = true;
	} else if (!v->asked_to_stop && v->fn(v->user, off, len) != 0) {
		v->asked_to_stop = true;
		v->stopping = true;
	}
}

static bool unit_differs(struct xm_verify *v, const struct xm_verify_slot *s, uint64_t o)
{
	uint64_t n = xm_min_u64(DIFF_UNIT, s->len - o);

	return memcmp(s->buf[0] + o, s->buf[1] + o, n) != 0 && dirty_bytes(v, s->off + o, n) > 0;
}

static void compare(struct xm_verify *v, const struct xm_verify_slot *s)
{
	v->bytes += dirty_bytes(v, s->off, s->len);
	if (memcmp(s->buf[0], s->buf[1], s->len) == 0)
		return;
	for (uint64_t o = 0; o < s->len; o += DIFF_UNIT) {
		uint64_t from = o;

		while (o < s->len && unit_differs(v, s, o))
			o += DIFF_UNIT;
		if (o > from)
			tell(v, s->off + from, xm_min_u64(o, s->len) - from);
	}
}

static void compare_digest(struct xm_verify *v, const struct xm_verify_slot *s)
{
	uint64_t before = v->range.dst_off + s->off - s->req[1].off;

	v->bytes += s->len;
	if (xm_digest_of(s->buf[1] + before, s->len) != s->digest->hash)
		tell(v, s->off, s->len);
}

/* The source cannot be read there, and need not: to compare with a view to copying it differs. */
static bool unreadable(struct xm_verify *v, const struct xm_verify_slot *s)
{
	const struct xm_status *src = &s->req[0].status;

	if (!v->unread_differs || src->certainty != XM_NOT_DONE || src->act != XM_ACT_FATAL ||
	    s->req[1].status.certainty != XM_DONE)
		return false;
	if (v->fn)
		v->fn(v->user, s->off, s->len);
	return true;
}

/* Both reads are back. */
static void ended(struct xm_verify *v, struct xm_verify_slot *s, struct xm_retry *retry,
		  uint64_t now)
{
	if (s->status.certainty == XM_DONE) {
		if (s->digest)
			compare_digest(v, s);
		else
			compare(v, s);
		s->used = false;
		xm_retry_earn(retry);
	} else if (s->status.act == XM_ACT_RETRY && !v->stopping &&
		   xm_retry_take(retry, &s->status, s->tries + 1)) {
		s->due = now + xm_retry_delay(&s->status, ++s->tries,
					      xm_ctx_random(v->pair->ctx));
		ask(v, s);
	} else if (unreadable(v, s)) {
		s->used = false;
	} else {
		if (v->status.certainty == XM_DONE)
			v->status = s->status;
		v->stopping = true;
		s->used = false;
	}
}

static void take(struct xm_verify *v, struct xm_retry *retry, uint64_t now)
{
	struct xm_list *l;

	while ((l = xm_list_pop(&v->done))) {
		struct xm_io_req *req = xm_container_of(l, struct xm_io_req, link);
		struct xm_verify_slot *s = req->user;

		s->out--;
		if (req->status.certainty != XM_DONE && s->status.certainty == XM_DONE)
			s->status = req->status;
		if (s->out == 0 && s->to_send == 0)
			ended(v, s, retry, now);
	}
}

bool xm_verify_step(struct xm_verify *v, struct xm_retry *retry, uint64_t now)
{
	bool busy = false;

	take(v, retry, now);
	for (unsigned i = 0; i < XM_VERIFY_SLOTS; i++) {
		struct xm_verify_slot *s = &v->slot[i];

		if (s->used && v->stopping) {
			/* an unsent half is never sent; the slot is over when the other is back */
			s->to_send = 0;
			s->used = s->out > 0;
		}
		if (!s->used && !begin(v, s))
			continue;
		busy = true;
		if (now >= s->due)
			send_some(v, s);
	}
	return !busy;
}

void xm_verify_wait(const struct xm_verify *v, uint64_t now, struct xm_waiter *w)
{
	for (unsigned i = 0; v->active && i < XM_VERIFY_SLOTS; i++) {
		/* one that is due and could not be sent: the I/O engine is full for the moment */
		if (v->slot[i].used && v->slot[i].to_send && !v->slot[i].out && v->slot[i].due)
			xm_waiter_until(w, xm_max_u64(v->slot[i].due, now + XM_NS_PER_MS));
	}
}
