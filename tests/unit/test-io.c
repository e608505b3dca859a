/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both engines against a model: the same random requests, side by side, on real
 * files and loop devices, each read compared when it ends, and the disk compared
 * at the end without the engine.  Only [gate_lo, gate_hi) may change.
 */
#include "unit.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "disk-rig.h"
#include "seed.h"
#include "zero.h"
#include "xm/align.h"

#define WIDTH 12
#define LONGEST (300 * 1024)

struct bench {
	struct xm_ctx *ctx;
	struct xm_io *io;
	struct xm_endpoint *ep;
	struct xm_buffers buffers;
	struct test_random rnd;
	uint8_t *model;
	struct xm_list done;
	struct xm_io_req reqs[WIDTH];
	bool out[WIDTH];
	unsigned ops[4], cached_edges;
};

static bool overlaps_other(const struct bench *b, uint64_t off, uint64_t len)
{
	for (unsigned i = 0; i < WIDTH; i++)
		if (b->out[i] && off < b->reqs[i].off + b->reqs[i].len &&
		    b->reqs[i].off < off + len)
			return true;
	return false;
}

/* Anywhere inside the gate in whole blocks; often short, often at an edge. */
static bool choose(struct bench *b, uint64_t *off, uint64_t *len)
{
	const struct xm_endpoint *ep = b->ep;
	uint64_t unit = ep->block_size, span = (ep->gate_hi - ep->gate_lo) / unit;
	uint64_t most = (test_below(&b->rnd, 3) ? 9000 : LONGEST) / unit;
	uint64_t n = 1 + test_below(&b->rnd, xm_min_u64(most ? most : 1, span));
	uint64_t at = test_below(&b->rnd, span - n + 1);
	if (test_below(&b->rnd, 8) == 0)
		at = span - n;
	if (unit == 1 && test_below(&b->rnd, 2))
		at = xm_round_down(at, 4096);
	*off = ep->gate_lo + at * unit;
	*len = n * unit;
	return *off >= ep->gate_lo && !overlaps_other(b, *off, *len);
}

static void start(struct bench *b, unsigned i)
{
	struct xm_io_req *r = &b->reqs[i];
	uint64_t off, len;
	if (!choose(b, &off, &len))
		return;
	int slot = xm_buffers_get(&b->buffers);
	*r = (struct xm_io_req){ .op = (enum xm_io_op)test_below(&b->rnd, 3), .ep = b->ep,
				 .off = off, .len = len, .buf_index = slot, .done = &b->done };
	r->buf = xm_buffers_at(&b->buffers, slot);
	if (r->op == XM_IO_WRITE)
		rig_fill(r->buf, len, test_random(&b->rnd));
	if (xm_io_submit(b->io, r) == XM_FULL) {
		xm_buffers_put(&b->buffers, slot);
		return;
	}
	b->out[i] = true;
	b->ops[r->op]++;
	b->cached_edges += r->ragged;
}

static void finish_one(struct bench *b)
{
	rig_collect(b->ctx, b->io, &b->done, 1);
	struct xm_list *l = xm_list_pop(&b->done);
	struct xm_io_req *r = xm_container_of(l, struct xm_io_req, link);
	if (r->status.certainty != XM_DONE)
		fail_msg("%s", r->status.detail);
	if (r->op == XM_IO_READ && memcmp(r->buf, b->model + r->off, r->len) != 0)
		fail_msg("read of %llu at %llu differs", (unsigned long long)r->len,
			 (unsigned long long)r->off);
	if (r->op == XM_IO_WRITE)
		memcpy(b->model + r->off, r->buf, r->len);
	if (r->op == XM_IO_ZERO)
		memset(b->model + r->off, 0, r->len);
	xm_buffers_put(&b->buffers, r->buf_index);
	b->out[r - b->reqs] = false;
}

static unsigned under_way(const struct bench *b)
{
	unsigned n = 0;
	for (unsigned i = 0; i < WIDTH; i++)
		n += b->out[i];
	return n;
}

static void play(struct bench *b, unsigned rounds)
{
	for (unsigned round = 0; round < rounds; round++) {
		unsigned i = (unsigned)test_below(&b->rnd, WIDTH);
		if (!b->out[i])
			start(b, i);
		if (under_way(b) > test_below(&b->rnd, WIDTH))
			finish_one(b);
	}
	while (under_way(b))
		finish_one(b);
	assert_int_equal(rig_do(b->ctx, b->io, XM_IO_FLUSH, b->ep, 0, 0, NULL).certainty, XM_DONE);
}

/* `path` is opened, `plain` is where its bytes are seen afterwards. */
static void against_model(const char *engine, const char *path, const char *plain, uint64_t size,
			  uint64_t seed)
{
	const char *why;
	if (strcmp(engine, "uring") == 0 && !rig_uring())
		skip();
	struct bench b = { .ctx = xm_ctx_new(), .rnd = { seed } };
	xm_list_init(&b.done);
	b.io = xm_io_open(b.ctx, engine, &why, NULL);
	assert_non_null(b.io);
	assert_string_equal(b.io->ops->name, engine);
	b.ep = rig_open(b.ctx, path, XM_ROLE_DST);
	assert_true(b.ep->size == size);
	b.ep->gate_lo = xm_round_down(size / 10 + 100, b.ep->block_size);
	b.ep->gate_hi = size - b.ep->gate_lo / 2;
	assert_int_equal(xm_buffers_init(&b.buffers, xm_round_up(LONGEST, 4096), WIDTH), 0);
	assert_int_equal(b.io->ops->attach(b.io, b.ep, NULL), 0);
	b.io->ops->buffers(b.io, &b.buffers);
	b.model = rig_read(plain, size);
	play(&b, 1500);
	assert_true(b.ops[XM_IO_READ] > 50 && b.ops[XM_IO_WRITE] > 50 && b.ops[XM_IO_ZERO] > 50);
	if (b.ep->fd_cached >= 0)
		assert_true(b.cached_edges > 50);
	printf("# %s on %s: %u reads, %u writes, %u zeros, %u off the alignment of %u\n", engine,
	       path, b.ops[0], b.ops[1], b.ops[2], b.cached_edges, b.ep->dio_align);
	assert_true(xm_io_close(b.io));
	xm_endpoint_close(b.ep);
	uint8_t *now = rig_read(plain, size);
	assert_memory_equal(now, b.model, size);
	free(now);
	free(b.model);
	xm_buffers_free(&b.buffers);
	xm_ctx_free(b.ctx);
}

static const char *filled(const char *name, uint64_t size)
{
	uint8_t *data = malloc(size);
	rig_fill(data, size, size);
	const char *path = rig_file(name, data, size);
	free(data);
	return path;
}

static void on_file(const char *engine)
{
	const uint64_t size = 3 * 1024 * 1024 + 777;
	const char *path = filled("model", size);
	against_model(engine, path, path, size, test_seed(engine));
}

static void test_file_uring(void **state)
{
	(void)state;
	on_file("uring");
}

static void test_file_threads(void **state)
{
	(void)state;
	on_file("threads");
}

static void on_loop(const char *engine, unsigned block_size)
{
	const uint64_t size = 4 * 1024 * 1024;
	const char *path = filled("loop", size);
	struct rig_loop loop;
	if (!rig_loop(path, block_size, 0, false, &loop))
		skip();
	against_model(engine, loop.path, path, size, test_seed(engine));
	rig_loop_free(&loop);
}

static void test_loop_uring(void **state)
{
	(void)state;
	on_loop("uring", 512);
	on_loop("uring", 4096);
}

static void test_loop_threads(void **state)
{
	(void)state;
	on_loop("threads", 512);
	on_loop("threads", 4096);
}

/* A file system in memory: no direct I/O on older kernels, other ways of making zeros. */
static void test_tmpfs(void **state)
{
	const uint64_t size = 1024 * 1024 + 5;
	char path[64];
	uint8_t *data = malloc(size);
	(void)state;
	snprintf(path, sizeof path, "/dev/shm/xm-test-io-%d", (int)getpid());
	rig_fill(data, size, 1);
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	close(fd);
	free(data);
	against_model("threads", path, path, size, test_seed("tmpfs"));
	if (rig_uring())
		against_model("uring", path, path, size, test_seed("tmpfs"));
	unlink(path);
}

/* Zeros by each way: what a file system refuses is learned once, the bytes are the same. */
static void test_zero_ways(void **state)
{
	(void)state;
	for (unsigned way = XM_ZERO_PUNCH; way <= XM_ZERO_WRITE; way++) {
		struct xm_ctx *ctx = xm_ctx_new();
		const char *why, *path = filled("zeros", 3000001);
		bool threads = way % 2 || !rig_uring();
		struct xm_io *io = xm_io_open(ctx, threads ? "threads" : "uring", &why, NULL);
		struct xm_endpoint *ep = rig_open(ctx, path, XM_ROLE_DST);
		uint8_t *model = rig_read(path, ep->size);
		ep->zero_refused = (1u << way) - 1;
		struct xm_status st = rig_do(ctx, io, XM_IO_ZERO, ep, 333, 2900001, NULL);
		assert_int_equal(st.certainty, XM_DONE);
		assert_true(xm_io_close(io));
		uint8_t *now = rig_read(path, ep->size);
		memset(model + 333, 0, 2900001);
		assert_memory_equal(now, model, ep->size);
		free(now);
		free(model);
		xm_endpoint_close(ep);
		xm_ctx_free(ctx);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_uring), cmocka_unit_test(test_file_threads),
		cmocka_unit_test(test_loop_uring), cmocka_unit_test(test_loop_threads),
		cmocka_unit_test(test_tmpfs),	   cmocka_unit_test(test_zero_ways),
	};
	return cmocka_run_group_tests(tests, rig_make_dir, rig_drop_dir);
}
