/* SPDX-License-Identifier: Apache-2.0 */
/* Where a trial looks: all of a small chunk, else the places where copies go wrong. */
#include "trial-places.h"

#include <stdlib.h>
#include "xm/align.h"

#define RANDOM_PIECES 48

struct places {
	struct xm_trial *t;
	const struct xm_task *task;
	uint64_t unit;               /* size and alignment of a piece */
	uint64_t most;               /* bytes */
};

static bool taken(const struct xm_trial *t, uint64_t dst)
{
	for (unsigned i = 0; i < t->n; i++) {
		if (dst - t->piece[i].dst < t->piece[i].len)
			return true;
	}
	return false;
}

/* The unit of run `r` that holds `off` bytes of it. */
static void add(struct places *p, const struct xm_run *r, uint64_t off)
{
	struct xm_trial *t = p->t;
	uint64_t at = xm_round_down(off, p->unit), len = xm_min_u64(p->unit, r->len - at);

	if (t->n == XM_TRIAL_PIECES || t->bytes + p->unit > p->most || taken(t, r->dst + at))
		return;
	t->piece[t->n++] = (struct xm_trial_piece){ .src = r->src + at, .dst = r->dst + at,
						    .len = len };
	/* whole units in the buffers, so that each piece is aligned there */
	t->bytes += p->unit;
}

static int by_place(const void *a, const void *b)
{
	const struct xm_trial_piece *x = a, *y = b;

	return x->dst < y->dst ? -1 : x->dst > y->dst;
}

/* In order, so that pieces side by side on the disk are so in the buffers. */
static void lay_out(struct places *p)
{
	struct xm_trial *t = p->t;

	qsort(t->piece, t->n, sizeof t->piece[0], by_place);
	for (unsigned i = 0; i < t->n; i++)
		t->piece[i].at = i * p->unit;
}

static void add_ends(struct places *p)
{
	const struct xm_run *runs = p->task->runs;
	unsigned last = p->task->nruns - 1;

	add(p, &runs[0], 0);
	add(p, &runs[last], runs[last].len - 1);
	/* which segments an array forgets is not known, so begin with the far ones too */
	for (unsigned i = 0; i <= last; i++) {
		unsigned r = i % 2 ? last - i / 2 : i / 2;

		add(p, &runs[r], 0);
		add(p, &runs[r], runs[r].len - 1);
	}
}

static void add_all(struct places *p)
{
	for (unsigned i = 0; i < p->task->nruns; i++) {
		for (uint64_t o = 0; o < p->task->runs[i].len; o += p->unit)
			add(p, &p->task->runs[i], o);
	}
}

static void add_random(struct places *p)
{
	struct xm_ctx *ctx = p->t->pair->ctx;

	for (unsigned i = 0; i < RANDOM_PIECES; i++) {
		const struct xm_run *r = &p->task->runs[xm_ctx_random(ctx) % p->task->nruns];

		add(p, r, xm_ctx_random(ctx) % r->len);
	}
}

void xm_trial_places(struct xm_trial *t, const struct xm_task *task)
{
	const struct xm_endpoint *s = t->pair->src, *d = t->pair->dst;
	uint64_t unit = xm_max_u64(4096, xm_max_u64(s->block_size, d->block_size));
	struct places p = { .t = t, .task = task, .most = XM_TRIAL_BYTES };

	unit = xm_max_u64(unit, xm_max_u64(s->dio_align, d->dio_align));
	p.unit = xm_min_u64(unit, XM_TRIAL_BYTES);
	t->n = 0;
	t->bytes = 0;
	add_ends(&p);
	if (task->bytes <= XM_TRIAL_BYTES)
		add_all(&p);
	else
		add_random(&p);
	lay_out(&p);
}
