/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host method on real files and loop devices: random tasks in random order,
 * every pair of block sizes and engines, odd ends, bytes around the range
 * untouched.  Between it and the engines stands a layer that gives answers out of
 * order, is full at times, and can fail or lose a chosen request.
 */
#include "unit.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "disk-rig.h"
#include "method.h"
#include "seed.h"
#include "xm/align.h"

#define SLOT 65536
#define SLOTS 6

/* ---- the layer ------------------------------------------------------------------------ */

struct layer {
	struct xm_io io;
	struct xm_io *below;
	struct test_random *rnd;
	struct xm_list held;             /* finished below, not told yet */
	bool shuffle;
	/* The nth request of this op, from 1, ends so; its bytes do or do not arrive. */
	enum xm_io_op op;
	unsigned nth, seen;
	struct xm_status end;
	struct xm_io_req *lost;          /* never sent below */
	const struct layer *after;       /* told only when this one has had its own */
	unsigned fulls;
};

static struct layer *layer_of(struct xm_io *io)
{
	return xm_container_of(io, struct layer, io);
}

static enum xm_queued layer_submit(struct xm_io *io, struct xm_io_req *req)
{
	struct layer *l = layer_of(io);
	if (l->shuffle && test_below(l->rnd, 5) == 0 && io->inflight) {
		l->fulls++;
		return XM_FULL;
	}
	if (l->nth && req->op == l->op && ++l->seen == l->nth) {
		req->status = l->end;
		l->lost = req;
		return XM_QUEUED;
	}
	return l->below->ops->submit(l->below, req);
}

static void layer_wait(struct xm_io *io, struct xm_waiter *w)
{
	struct layer *l = layer_of(io);
	l->below->ops->wait(l->below, w);
	if (l->lost || !xm_list_empty(&l->held))
		xm_waiter_until(w, 0);
}

static void layer_reap(struct xm_io *io, struct xm_list *done)
{
	struct layer *l = layer_of(io);
	struct xm_list ended = XM_LIST_INIT(ended), *m;
	l->below->ops->reap(l->below, &ended);
	while ((m = xm_list_pop(&ended))) {
		if (l->shuffle && test_below(l->rnd, 2))
			xm_list_add_head(&l->held, m);
		else
			xm_list_add_tail(&l->held, m);
	}
	while (!xm_list_empty(&l->held) && !(l->shuffle && test_below(l->rnd, 3) == 0))
		xm_list_add_tail(done, xm_list_pop(&l->held));
	if (l->lost && (!l->after || l->after->seen >= l->after->nth)) {
		xm_list_add_tail(done, &l->lost->link);
		l->lost = NULL;
	}
}

static void layer_close(struct xm_io *io)
{
	struct layer *l = layer_of(io);
	xm_io_close(l->below);
	free(l);
}

static const struct xm_io_ops layer_ops = {
	.name = "layer", .submit = layer_submit, .wait = layer_wait, .reap = layer_reap,
	.close = layer_close,
};

/* ---- a pair ----------------------------------------------------------------------------- */

struct rig {
	struct xm_pair pair;
	struct xm_buffers buffers;
	struct xm_method *m;
	struct test_random rnd;
	struct xm_list done;
	uint8_t *src, *dst;              /* what the disks held, then what dst must hold */
	uint64_t lo, hi;                 /* the range on dst */
	const char *dst_plain;
};

static struct xm_io *layered(struct rig *r, const char *engine, struct xm_endpoint *ep)
{
	const char *why;
	bool threads = !strcmp(engine, "threads") || !rig_uring();
	struct layer *l = calloc(1, sizeof *l);
	l->below = xm_io_open(r->pair.ctx, threads ? "threads" : "uring", &why, NULL);
	assert_non_null(l->below);
	xm_io_init(&l->io, &layer_ops, l->below->max_inflight);
	xm_list_init(&l->held);
	l->rnd = &r->rnd;
	l->below->ops->attach(l->below, ep, NULL);
	l->below->ops->buffers(l->below, &r->buffers);
	return &l->io;
}

struct ends {
	const char *src_plain, *dst_plain;   /* the files */
	const char *src, *dst;               /* what is opened: these, or loop devices */
	const char *src_engine, *dst_engine;
};

static void rig_begin(struct rig *r, const struct ends *e, uint64_t lo, uint64_t hi, uint64_t seed)
{
	*r = (struct rig){ .rnd = { seed }, .lo = lo, .hi = hi, .dst_plain = e->dst_plain };
	struct xm_refusal why;
	xm_list_init(&r->done);
	r->pair.ctx = xm_ctx_new();
	r->pair.src = rig_open(r->pair.ctx, e->src, XM_ROLE_SRC);
	r->pair.dst = rig_open(r->pair.ctx, e->dst, XM_ROLE_DST);
	r->pair.dst->gate_lo = lo;
	r->pair.dst->gate_hi = hi;
	assert_int_equal(xm_buffers_init(&r->buffers, SLOT, SLOTS), 0);
	r->pair.buffers = &r->buffers;
	r->pair.src_io = layered(r, e->src_engine, r->pair.src);
	r->pair.dst_io = layered(r, e->dst_engine, r->pair.dst);
	r->src = rig_read(e->src_plain, r->pair.src->size);
	r->dst = rig_read(e->dst_plain, r->pair.dst->size);
	assert_int_equal(xm_method_open(&xm_method_host, &r->pair, &r->m, &why), 0);
}

static void rig_end(struct rig *r)
{
	uint64_t size = r->pair.dst->size;
	struct xm_status st = rig_do(r->pair.ctx, r->pair.dst_io, XM_IO_FLUSH, r->pair.dst, 0, 0,
				     NULL);
	assert_int_equal(st.certainty, XM_DONE);
	assert_int_equal(r->buffers.free, SLOTS);
	assert_int_equal(r->pair.src->io_inflight + r->pair.dst->io_inflight, 0);
	xm_method_close(r->m);
	assert_true(xm_io_close(r->pair.src_io));
	assert_true(xm_io_close(r->pair.dst_io));
	xm_endpoint_close(r->pair.src);
	xm_endpoint_close(r->pair.dst);
	uint8_t *now = rig_read(r->dst_plain, size);
	assert_memory_equal(now, r->dst, size);
	free(now);
	free(r->src);
	free(r->dst);
	xm_buffers_free(&r->buffers);
	xm_ctx_free(r->pair.ctx);
}

static struct xm_task *collect_one(struct rig *r)
{
	struct xm_waiter w = { 0 };
	struct xm_ctx *ctx = r->pair.ctx;
	uint64_t until = ctx->clock->now(ctx->clock) + 60 * XM_NS_PER_S;
	while (xm_list_empty(&r->done)) {
		if (ctx->clock->now(ctx->clock) > until)
			fail_msg("no task ended in a minute");
		xm_waiter_reset(&w);
		xm_waiter_until(&w, until);
		xm_method_wait(r->m, &w);
		ctx->clock->wait(ctx->clock, &w);
		xm_method_reap(r->m, &r->done);
	}
	xm_waiter_free(&w);
	return xm_container_of(xm_list_pop(&r->done), struct xm_task, link);
}

/* The first `bytes` of the task, in the model. */
static void model(struct rig *r, const struct xm_task *t, uint64_t bytes)
{
	for (unsigned i = 0; i < t->nruns && bytes; i++) {
		uint64_t n = xm_min_u64(bytes, t->runs[i].len);
		if (t->kind == XM_TASK_ZERO)
			memset(r->dst + t->runs[i].dst, 0, n);
		else
			memcpy(r->dst + t->runs[i].dst, r->src + t->runs[i].src, n);
		bytes -= n;
	}
}

/* ---- random tasks -------------------------------------------------------------------------- */

#define MOST_TASKS 400

/* [lo, hi) cut into tasks of up to 4 neighbouring or spaced runs; gaps stay as they were. */
static unsigned make_tasks(struct rig *r, uint64_t src_shift, struct xm_task *tasks)
{
	uint64_t unit = r->m->limits.align, at = r->lo;
	unsigned n = 0;
	while (at < r->hi && n < MOST_TASKS) {
		struct xm_task *t = &tasks[n++];
		unsigned runs = 1 + (unsigned)test_below(&r->rnd, 4);
		*t = (struct xm_task){
			.kind = test_below(&r->rnd, 5) ? XM_TASK_COPY : XM_TASK_ZERO };
		while (t->nruns < runs && at < r->hi) {
			uint64_t most = test_below(&r->rnd, 3) ? 20000 : 400000;
			uint64_t len = (1 + test_below(&r->rnd, most / unit + 1)) * unit;
			len = xm_min_u64(len, r->hi - at);
			t->runs[t->nruns++] = (struct xm_run){ at + src_shift - r->lo, at, len };
			t->bytes += len;
			at += len + test_below(&r->rnd, 3) * unit * test_below(&r->rnd, 9);
		}
	}
	return n;
}

static void run_tasks(struct rig *r, struct xm_task *tasks, unsigned n)
{
	unsigned sent = 0, ended = 0;
	for (unsigned i = n; i > 1; i--) {
		unsigned k = (unsigned)test_below(&r->rnd, i);
		struct xm_task swap = tasks[i - 1];
		tasks[i - 1] = tasks[k];
		tasks[k] = swap;
	}
	while (ended < n) {
		while (sent < n && xm_method_submit(r->m, &tasks[sent]) == XM_QUEUED)
			sent++;
		struct xm_task *t = collect_one(r);
		if (t->status.certainty != XM_DONE)
			fail_msg("%s", t->status.detail);
		assert_true(t->moved == t->bytes);
		assert_null(t->nexus);
		model(r, t, t->bytes);
		ended++;
	}
}

static const char *filled(const char *name, uint64_t size, uint64_t seed)
{
	uint8_t *data = malloc(size);
	rig_fill(data, size, seed);
	const char *path = rig_file(name, data, size);
	free(data);
	return path;
}

/* src_shift: where the range starts on the source. */
static void whole(const struct ends *e, uint64_t lo, uint64_t hi, uint64_t src_shift)
{
	static struct xm_task tasks[MOST_TASKS];
	struct rig r;
	rig_begin(&r, e, lo, hi, test_seed("host"));
	layer_of(r.pair.src_io)->shuffle = layer_of(r.pair.dst_io)->shuffle = true;
	unsigned n;
	/* few by chance are no test of many */
	do {
		n = make_tasks(&r, src_shift, tasks);
	} while (n <= 5);
	run_tasks(&r, tasks, n);
	assert_true(layer_of(r.pair.src_io)->fulls > 0 || layer_of(r.pair.dst_io)->fulls > 0);
	rig_end(&r);
}

static void test_files(void **state)
{
	static const char *const engines[] = { "uring", "threads" };
	const uint64_t size = 3 * 1000 * 1000 + 333;
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		const char *src = filled("src", size, 1), *dst = filled("dst", size + 12345, 2);
		const struct ends e = { src, dst, src, dst, engines[i & 1], engines[i >> 1] };
		/* From the start to an odd end; then anywhere to anywhere. */
		whole(&e, 0, size, 0);
		whole(&e, 777, 777 + size - 4321, 4321);
		whole(&e, 4096 + 1000, 4096 + 1000 + 2500000, 1000);
	}
}

static void test_loops(void **state)
{
	static const unsigned blocks[] = { 512, 4096 };
	const uint64_t size = 4 * 1024 * 1024;
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		const char *src = filled("src", size, 3), *dst = filled("dst", size, 4);
		struct rig_loop a, b;
		if (!rig_loop(src, blocks[i & 1], 0, false, &a) ||
		    !rig_loop(dst, blocks[i >> 1], 0, false, &b))
			skip();
		const struct ends e = { src, dst, a.path, b.path, "uring", "threads" };
		whole(&e, 0, size, 0);
		whole(&e, 40960, size - 81920, 8192);
		rig_loop_free(&a);
		rig_loop_free(&b);
	}
}

static void test_file_and_loop(void **state)
{
	const uint64_t size = 4 * 1024 * 1024;
	const char *src = filled("src", size, 5), *dst = filled("dst", size, 6);
	struct rig_loop loop;
	(void)state;
	if (!rig_loop(dst, 512, 0, false, &loop))
		skip();
	const struct ends to = { src, dst, src, loop.path, "uring", "uring" };
	whole(&to, 512, size - 1024, 0);
	rig_loop_free(&loop);
	if (!rig_loop(src, 4096, 0, false, &loop))
		skip();
	const struct ends from = { src, dst, loop.path, dst, "threads", "uring" };
	whole(&from, 0, size, 0);
	rig_loop_free(&loop);
}

/* ---- failures -------------------------------------------------------------------- */

static struct xm_task one_task(uint64_t off, uint64_t len)
{
	return (struct xm_task){ .kind = XM_TASK_COPY, .bytes = len, .nruns = 1,
				 .runs = { { off, off, len } } };
}

static void files(struct rig *r, uint64_t size)
{
	const char *src = filled("src", size, 7), *dst = filled("dst", size, 8);
	const struct ends e = { src, dst, src, dst, "threads", "threads" };
	rig_begin(r, &e, 0, size, 1);
}

/* Halved down to the block: all before it is copied, and it is named. */
static void test_bad_block(void **state)
{
	const uint64_t size = 1024 * 1024, bad = 5 * SLOT + 20480;
	const char *src = filled("src", size, 9), *dst = filled("dst", size, 10);
	struct rig_loop loop;
	struct rig r;
	char lba[32];
	(void)state;
	if (!rig_loop(src, 512, 0, false, &loop))
		skip();
	const struct ends e = { src, dst, loop.path, dst, "uring", "threads" };
	rig_begin(&r, &e, 0, size, 1);
	assert_int_equal(truncate(src, (off_t)bad), 0);
	struct xm_task t = one_task(8192, size - 8192);
	assert_int_equal(xm_method_submit(r.m, &t), XM_QUEUED);
	assert_ptr_equal(collect_one(&r), &t);
	assert_int_equal(t.status.certainty, XM_NOT_DONE);
	assert_int_equal(t.status.side, XM_SIDE_SRC);
	assert_int_equal(t.status.act, XM_ACT_FATAL);
	assert_int_equal(t.status.err, EIO);
	assert_null(t.nexus);
	assert_true(t.moved == bad - 8192);
	snprintf(lba, sizeof lba, "(LBA %u)", (unsigned)(bad / 512));
	if (!strstr(t.status.detail, lba))
		fail_msg("%s", t.status.detail);
	model(&r, &t, t.moved);
	rig_end(&r);
	rig_loop_free(&loop);
}

/* One write of many fails: what lies before it is confirmed, no more. */
static void test_write_fails(void **state)
{
	(void)state;
	for (unsigned nth = 1; nth <= 9; nth++) {
		struct rig r;
		files(&r, 9 * SLOT);
		struct layer *l = layer_of(r.pair.dst_io);
		l->op = XM_IO_WRITE;
		l->nth = nth;
		l->end = (struct xm_status){ .err = ENOSPC, .act = XM_ACT_FATAL,
					     .code = XM_E_TEMPORARY, .certainty = XM_NOT_DONE,
					     .reason = "no_space" };
		struct xm_task t = one_task(0, 9 * SLOT);
		assert_int_equal(xm_method_submit(r.m, &t), XM_QUEUED);
		assert_ptr_equal(collect_one(&r), &t);
		assert_int_equal(t.status.certainty, XM_NOT_DONE);
		assert_int_equal(t.status.side, XM_SIDE_DST);
		assert_int_equal(t.status.code, XM_E_TEMPORARY);
		assert_true(t.moved < t.bytes && t.moved % SLOT == 0);
		/* What was moved is there; behind it either may be, so take what is. */
		uint8_t *now = rig_read(r.dst_plain, r.hi);
		assert_memory_equal(now, r.src, t.moved);
		memcpy(r.dst, now, r.hi);
		free(now);
		rig_end(&r);
	}
}

/* UNKNOWN speaks before a failure that lies before it, and names its nexus. */
static void test_write_unknown(void **state)
{
	struct rig r;
	(void)state;
	files(&r, 4 * SLOT);
	struct layer *read = layer_of(r.pair.src_io), *write = layer_of(r.pair.dst_io);
	read->op = XM_IO_READ;
	read->nth = 1;
	read->end = (struct xm_status){ .err = ENOMEM, .act = XM_ACT_RETRY,
					.certainty = XM_NOT_DONE };
	write->op = XM_IO_WRITE;
	write->nth = 1;
	write->end = (struct xm_status){ .err = ETIMEDOUT, .act = XM_ACT_RETRY,
					 .certainty = XM_UNKNOWN, .reason = "no_answer" };
	/* Two tasks: the read that fails is the first's, the write is the second's. */
	struct xm_task a = one_task(0, SLOT), b = one_task(SLOT, 3 * SLOT);
	assert_int_equal(xm_method_submit(r.m, &a), XM_QUEUED);
	assert_int_equal(xm_method_submit(r.m, &b), XM_QUEUED);
	collect_one(&r);
	collect_one(&r);
	assert_int_equal(a.status.certainty, XM_NOT_DONE);
	assert_int_equal(a.status.side, XM_SIDE_SRC);
	assert_int_equal(a.moved, 0);
	assert_null(a.nexus);
	assert_int_equal(b.status.certainty, XM_UNKNOWN);
	assert_int_equal(b.status.side, XM_SIDE_DST);
	assert_ptr_equal(b.nexus, r.pair.dst->nexus);
	assert_true(b.moved < b.bytes);
	uint8_t *now = rig_read(r.dst_plain, r.hi);
	assert_memory_equal(now + SLOT, r.src + SLOT, b.moved);
	memcpy(r.dst, now, r.hi);
	free(now);
	rig_end(&r);
	/* In one task, the read before it, told first. */
	files(&r, 4 * SLOT);
	read = layer_of(r.pair.src_io);
	write = layer_of(r.pair.dst_io);
	read->op = XM_IO_READ;
	read->nth = 1;
	read->after = write;
	read->end = (struct xm_status){ .err = ENOMEM, .act = XM_ACT_RETRY,
					.certainty = XM_NOT_DONE };
	write->op = XM_IO_WRITE;
	write->nth = 1;
	write->end = (struct xm_status){ .err = ETIMEDOUT, .certainty = XM_UNKNOWN };
	struct xm_task t = one_task(0, 4 * SLOT);
	assert_int_equal(xm_method_submit(r.m, &t), XM_QUEUED);
	collect_one(&r);
	assert_int_equal(t.status.certainty, XM_UNKNOWN);
	assert_ptr_equal(t.nexus, r.pair.dst->nexus);
	assert_int_equal(t.moved, 0);
	now = rig_read(r.dst_plain, r.hi);
	memcpy(r.dst, now, r.hi);
	free(now);
	rig_end(&r);
}

/* Nothing waits inside the method for a path that is closed: the fence waits for the method. */
static void test_closed_path(void **state)
{
	struct rig r;
	(void)state;
	files(&r, 40 * SLOT);
	struct xm_task a = one_task(0, 30 * SLOT), b = one_task(30 * SLOT, 10 * SLOT);
	struct xm_waiter w = { 0 };
	assert_int_equal(xm_method_submit(r.m, &a), XM_QUEUED);
	assert_int_equal(xm_method_submit(r.m, &b), XM_QUEUED);
	xm_waiter_reset(&w);
	xm_method_wait(r.m, &w);
	xm_waiter_free(&w);
	assert_true(r.pair.src->io_inflight > 0);
	r.pair.dst->nexus->lost = true;
	collect_one(&r);
	collect_one(&r);
	assert_int_equal(a.status.certainty, XM_NOT_DONE);
	assert_int_equal(a.status.act, XM_ACT_RETRY);
	assert_int_equal(a.status.side, XM_SIDE_DST);
	assert_true(a.moved < a.bytes);
	assert_int_equal(b.status.act, XM_ACT_RETRY);
	assert_int_equal(b.moved, 0);
	r.pair.dst->nexus->lost = false;
	model(&r, &a, a.moved);
	/* The same again, now to its end. */
	a = one_task(0, 30 * SLOT);
	b = one_task(30 * SLOT, 10 * SLOT);
	assert_int_equal(xm_method_submit(r.m, &a), XM_QUEUED);
	assert_int_equal(xm_method_submit(r.m, &b), XM_QUEUED);
	collect_one(&r);
	collect_one(&r);
	assert_true(a.moved == a.bytes && b.moved == b.bytes);
	model(&r, &a, a.bytes);
	model(&r, &b, b.bytes);
	rig_end(&r);
}

static void test_full(void **state)
{
	static struct xm_task tasks[512];
	struct rig r;
	unsigned n = 0;
	(void)state;
	files(&r, 512 * 4096);
	for (unsigned i = 0; i < 512; i++)
		tasks[i] = one_task(i * 4096, 4096);
	while (xm_method_submit(r.m, &tasks[n]) == XM_QUEUED)
		n++;
	assert_true(n >= 8 && n < 512);
	for (unsigned i = 0; i < n; i++) {
		struct xm_task *t = collect_one(&r);
		model(&r, t, t->moved);
	}
	assert_int_equal(xm_method_submit(r.m, &tasks[n]), XM_QUEUED);
	model(&r, collect_one(&r), 4096);
	rig_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),	      cmocka_unit_test(test_loops),
		cmocka_unit_test(test_file_and_loop), cmocka_unit_test(test_bad_block),
		cmocka_unit_test(test_write_fails),   cmocka_unit_test(test_write_unknown),
		cmocka_unit_test(test_closed_path),   cmocka_unit_test(test_full),
	};
	return cmocka_run_group_tests(tests, rig_make_dir, rig_drop_dir);
}
