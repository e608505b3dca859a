/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a trial: see trial.h. */
#include "trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "trial-places.h"
#include "xm/align.h"

bool xm_trial_start(struct xm_trial *t, const struct xm_pair *pair, const struct xm_task *task,
		    bool insist)
{
	xm_trial_free(t);
	*t = (struct xm_trial){ .pair = pair, .insist = insist, .status = XM_STATUS_DONE,
				.key = (uint8_t)(1 + xm_ctx_random(pair->ctx) % 255) };
	t->want = xm_io_memory_new(XM_TRIAL_BYTES);
	t->have = xm_io_memory_new(XM_TRIAL_BYTES);
	t->reqs = calloc(XM_TRIAL_PIECES, sizeof *t->reqs);
	if (!t->want || !t->have || !t->reqs) {
		xm_trial_free(t);
		return false;
	}
	xm_trial_places(t, task);
	return true;
}

void xm_trial_free(struct xm_trial *t)
{
	xm_io_memory_free(t->want, XM_TRIAL_BYTES);
	xm_io_memory_free(t->have, XM_TRIAL_BYTES);
	free(t->reqs);
	*t = (struct xm_trial){ .state = XM_TRIAL_IDLE };
}

static bool side_by_side(const struct xm_trial_piece *a, const struct xm_trial_piece *b)
{
	return a->src + a->len == b->src && a->dst + a->len == b->dst && a->at + a->len == b->at;
}

/* One request for all pieces side by side: a disk that answers late is asked seldom. */
static void start_io(struct xm_trial *t, enum xm_trial_state state, enum xm_io_op op, bool src,
		     uint8_t *buf)
{
	unsigned n = 0;

	for (unsigned i = 0; i < t->n; i++) {
		const struct xm_trial_piece *p = &t->piece[i];

		if (i > 0 && side_by_side(p - 1, p)) {
			t->reqs[n - 1].len += p->len;
			continue;
		}
		t->reqs[n++] = (struct xm_io_req){
			.op = op, .ep = src ? t->pair->src : t->pair->dst,
			.off = src ? p->src : p->dst, .len = p->len, .buf = buf + p->at,
		};
	}
	t->state = state;
	xm_batch_start(&t->batch, src ? t->pair->src_io : t->pair->dst_io, t->reqs, n);
}

static bool same(const struct xm_trial *t, const struct xm_trial_piece *p)
{
	return memcmp(t->want + p->at, t->have + p->at, p->len) == 0;
}

static bool any_same(const struct xm_trial *t)
{
	for (unsigned i = 0; i < t->n; i++) {
		if (same(t, &t->piece[i]))
			return true;
	}
	return false;
}

/* Would a copy from a wrong place, or zeros, look right?  Then the data proves little. */
static bool dull(const struct xm_trial *t)
{
	for (unsigned i = 0; i < t->n; i++) {
		const uint8_t *b = t->want + t->piece[i].at;

		if (t->piece[i].len > 1 && memcmp(b, b + 1, t->piece[i].len - 1) != 0)
			return false;
	}
	return true;
}

/* Bytes that differ from the source's at every place. */
static void start_stamp(struct xm_trial *t)
{
	for (unsigned i = 0; i < t->n; i++) {
		const struct xm_trial_piece *p = &t->piece[i];

		for (uint64_t o = 0; o < p->len; o++)
			t->have[p->at + o] = t->want[p->at + o] ^ t->key;
	}
	start_io(t, XM_TRIAL_STAMP, XM_IO_WRITE, false, t->have);
}

static void after_read_dst(struct xm_trial *t)
{
	if (!t->insist && dull(t))
		t->state = XM_TRIAL_EQUAL;
	else if (!any_same(t))
		t->state = XM_TRIAL_COPY;
	else if (!t->insist)
		t->state = XM_TRIAL_EQUAL;
	else
		start_stamp(t);
}

/*
 * The destination differs from what the source held: note where, then see whether the source
 * moved.
 */
static void after_check_dst(struct xm_trial *t)
{
	for (unsigned i = 0; i < t->n && !t->text[0]; i++) {
		if (!same(t, &t->piece[i]))
			snprintf(t->text, sizeof t->text, "the method answered that it was done, "
				 "but the destination at byte %llu is not what the source holds",
				 (unsigned long long)t->piece[i].dst);
	}
	start_io(t, XM_TRIAL_CHECK_SRC, XM_IO_READ, true, t->have);
}

static void after_check_src(struct xm_trial *t)
{
	for (unsigned i = 0; i < t->n; i++) {
		if (!same(t, &t->piece[i])) {
			t->state = XM_TRIAL_MOVING;
			return;
		}
	}
	t->state = t->text[0] ? XM_TRIAL_LIE : XM_TRIAL_PROVEN;
}

static void next(struct xm_trial *t)
{
	switch (t->state) {
	case XM_TRIAL_READ_SRC:
		start_io(t, XM_TRIAL_READ_DST, XM_IO_READ, false, t->have);
		break;
	case XM_TRIAL_READ_DST:
		after_read_dst(t);
		break;
	case XM_TRIAL_STAMP:
		t->state = XM_TRIAL_COPY;
		break;
	case XM_TRIAL_CHECK_DST:
		after_check_dst(t);
		break;
	case XM_TRIAL_CHECK_SRC:
		after_check_src(t);
		break;
	default:
		break;
	}
}

enum xm_trial_state xm_trial_step(struct xm_trial *t)
{
	if (t->state == XM_TRIAL_IDLE && t->want)
		start_io(t, XM_TRIAL_READ_SRC, XM_IO_READ, true, t->want);
	while (t->state >= XM_TRIAL_READ_SRC && t->state <= XM_TRIAL_CHECK_SRC &&
	       t->state != XM_TRIAL_COPY && xm_batch_step(&t->batch)) {
		if (t->batch.status.certainty != XM_DONE) {
			t->status = t->batch.status;
			t->state = XM_TRIAL_BROKEN;
		} else {
			next(t);
		}
	}
	return t->state;
}

void xm_trial_copied(struct xm_trial *t)
{
	start_io(t, XM_TRIAL_CHECK_DST, XM_IO_READ, false, t->have);
}

bool xm_trial_cancel(struct xm_trial *t)
{
	if (t->state < XM_TRIAL_READ_SRC || t->state > XM_TRIAL_CHECK_SRC ||
	    t->state == XM_TRIAL_COPY)
		return true;
	xm_batch_cancel(&t->batch);
	return xm_batch_step(&t->batch);
}
