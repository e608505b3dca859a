/* SPDX-License-Identifier: Apache-2.0 */
/* See iscsi-cuts.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include "iscsi-cuts.h"

enum { WRITES = 24, LEN = 96 * 1024 };

struct cuts {
	struct xm_endpoint *ep;
	uint8_t *model, *data, *back;
	unsigned unknown, done;
};

static void submit_all(struct cuts *c, struct xm_io_req *reqs, struct xm_list *done)
{
	for (unsigned i = 0; i < WRITES; i++) {
		uint8_t *data = c->data + i * LEN;

		memset(data, (int)(xm_ctx_random(c->ep->ctx) & 0xff), LEN);
		reqs[i] = (struct xm_io_req){ .op = XM_IO_WRITE, .off = i * LEN, .buf = data,
					      .len = LEN };
		rig_submit(c->ep, &reqs[i], done);
	}
}

static void count(struct cuts *c, const struct xm_io_req *reqs)
{
	for (unsigned i = 0; i < WRITES; i++) {
		c->done += reqs[i].status.certainty == XM_DONE;
		c->unknown += reqs[i].status.certainty == XM_UNKNOWN;
	}
}

/* After the fence nothing is in doubt: what is written now is what stays. */
static void write_again(struct cuts *c, const struct xm_io_req *reqs)
{
	for (unsigned i = 0; i < WRITES; i++) {
		if (reqs[i].status.certainty != XM_DONE)
			assert_int_equal(rig_io(c->ep, XM_IO_WRITE, i * LEN, reqs[i].buf,
						LEN).certainty, XM_DONE);
		memcpy(c->model + i * LEN, reqs[i].buf, LEN);
	}
}

static void one_round(struct cuts *c, struct proxy *p)
{
	struct xm_io_req reqs[WRITES] = { 0 };
	struct xm_list done = XM_LIST_INIT(done);
	struct xm_status why;

	submit_all(c, reqs, &done);
	p->cut_after = (long)(xm_ctx_random(c->ep->ctx) % (WRITES * LEN));
	rig_turn_until(c->ep, &done, WRITES);
	p->cut_after = -1;
	count(c, reqs);
	if (c->ep->nexus->lost)
		assert_int_equal(rig_fence(c->ep, &why), XM_FENCE_FENCED);
	write_again(c, reqs);
	assert_int_equal(rig_io(c->ep, XM_IO_READ, 0, c->back, WRITES * LEN).certainty, XM_DONE);
	assert_memory_equal(c->back, c->model, WRITES * LEN);
}

void cut_at_random(struct xm_endpoint *ep, struct proxy *p, unsigned rounds)
{
	const char *given = getenv("XM_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
	struct cuts c = { .ep = ep, .model = calloc(WRITES, LEN), .data = malloc(WRITES * LEN),
			  .back = malloc(WRITES * LEN) };

	printf("# seed %llu (XM_SEED)\n", (unsigned long long)seed);
	xm_ctx_seed(ep->ctx, seed);
	for (unsigned i = 0; i < rounds; i++)
		one_round(&c, p);
	printf("# %u writes were DONE, %u UNKNOWN\n", c.done, c.unknown);
	assert_true(c.unknown > 0 && c.done > 0);
	free(c.model);
	free(c.data);
	free(c.back);
}
