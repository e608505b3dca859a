/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random host jobs, each done by io_uring and by threads: both must end alike,
 * with the same bytes at the destination, and these are what a model of a copy
 * says.  Files of odd length, sparse ones and loop devices with blocks of 512
 * and 4096 bytes; ranges; zeros.
 *
 * 500 jobs; XM_LONG=1: 2,000.
 */
#include "unit.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/fs.h>
#include <unistd.h>
#include "disk-rig.h"
#include "registry.h"
#include "seed.h"
#include "xm/align.h"

#define MOST (UINT64_C(3) << 20)
#define LOOP_SIZE (UINT64_C(4) << 20)

static const struct xm_opener *const openers[] = { &xm_opener_file, NULL };
static const struct xm_method_ops *const methods[] = { &xm_method_host, NULL };
static const struct xm_extent_source_ops *const extents[] = { &xm_extent_seek, NULL };
static const struct xm_registry registry = { openers, methods, .extents = extents };

struct disk {
	char path[192];
	uint64_t size, block;
	struct rig_loop *loop;
};

struct plan {
	struct disk src, dst;
	uint64_t src_off, dst_off, len;  /* len 0: all of it */
	uint64_t depth;
	const char *verify;
	uint8_t *src_bytes, *dst_bytes, *want;
};

static struct rig_loop loops[4];                 /* 512 and 4096, for source and destination */
static bool have_loops;

/* Runs of noise and of zeros, which are holes in files: write_all(). */
static void draw_bytes(struct test_random *r, uint8_t *buf, uint64_t size)
{
	for (uint64_t at = 0, n; at < size; at += n) {
		n = xm_min_u64(size - at, 1 + test_below(r, 300000));
		if (test_below(r, 2))
			n = xm_min_u64(size - at, xm_round_up(n, 4096));
		if (test_below(r, 3))
			rig_fill(buf + at, n, test_random(r));
		else
			memset(buf + at, 0, n);
	}
}

static void write_all(const char *path, const uint8_t *buf, uint64_t size, bool sparse)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	for (uint64_t at = 0, n; at < size; at += n) {
		static const uint8_t none[4096];
		n = xm_min_u64(size - at, 4096);
		if (sparse && memcmp(buf + at, none, n) == 0)
			continue;
		assert_int_equal(pwrite(fd, buf + at, n, (off_t)at), n);
	}
	assert_int_equal(fsync(fd), 0);
	close(fd);
}

static void draw_disk(struct test_random *r, struct disk *d, const char *name, unsigned side)
{
	*d = (struct disk){ .block = 1, .size = 1 + test_below(r, MOST) };
	if (have_loops && test_below(r, 3) == 0) {
		unsigned k = (unsigned)test_below(r, 2);
		d->loop = &loops[side * 2 + k];
		d->block = k ? 4096 : 512;
		d->size = LOOP_SIZE;
		snprintf(d->path, sizeof d->path, "%s", d->loop->path);
	} else {
		snprintf(d->path, sizeof d->path, "%s", rig_path(name));
	}
}

static void draw_range(struct test_random *r, struct plan *p)
{
	uint64_t block = xm_max_u64(p->src.block, p->dst.block), room;
	uint64_t most = xm_round_down(xm_min_u64(p->src.size, p->dst.size), block);
	p->len = 0;
	bool fits = p->src.size <= p->dst.size && p->src.size % p->dst.block == 0;
	if (most == 0 || (fits && test_below(r, 2)))
		return;
	p->len = xm_max_u64(block, xm_round_down(1 + test_below(r, most), block));
	room = p->src.size - p->len;
	p->src_off = xm_round_down(test_below(r, room + 1), block);
	room = p->dst.size - p->len;
	p->dst_off = xm_round_down(test_below(r, room + 1), block);
}

/* Most pairs are such that the source fits. */
static void suit(struct test_random *r, struct plan *p)
{
	if (!p->src.loop)
		p->src.size = xm_round_up(p->src.size, p->dst.block);
	if (!p->dst.loop)
		p->dst.size = p->src.size + (test_below(r, 2) ? 0 : test_below(r, MOST));
}

static void draw(struct test_random *r, struct plan *p)
{
	static const char *const verify[] = { "none", "sample", "full" };
	*p = (struct plan){ .depth = test_below(r, 2) ? 0 : 1 + test_below(r, 8),
			    .verify = verify[test_below(r, 3)] };
	draw_disk(r, &p->src, "same-src", 0);
	draw_disk(r, &p->dst, "same-dst", 1);
	if (test_below(r, 8))
		suit(r, p);
	draw_range(r, p);
	p->src_bytes = calloc(1, p->src.size);
	p->dst_bytes = calloc(1, p->dst.size);
	p->want = malloc(p->dst.size);
	draw_bytes(r, p->src_bytes, p->src.size);
	if (test_below(r, 4))
		draw_bytes(r, p->dst_bytes, p->dst.size);
	memcpy(p->want, p->dst_bytes, p->dst.size);
	uint64_t n = p->len ? p->len : p->src.size;
	if (p->len || (p->src.size <= p->dst.size && p->src.size % p->dst.block == 0))
		memcpy(p->want + p->dst_off, p->src_bytes + p->src_off, n);
	if (!p->src.loop)
		rig_file("same-src", NULL, p->src.size);
	write_all(p->src.path, p->src_bytes, p->src.size, !p->src.loop);
}

static void free_plan(struct plan *p)
{
	free(p->src_bytes);
	free(p->dst_bytes);
	free(p->want);
}

struct outcome {
	int code;
	char text[256];
	uint64_t total, done, zeroed, skipped, host;
	uint8_t *bytes;
};

static void take(struct xm_job *job, struct outcome *o)
{
	o->total = xm_job_u64(job, XM_JOB_BYTES_TOTAL);
	o->done = xm_job_u64(job, XM_JOB_BYTES_DONE);
	o->zeroed = xm_job_u64(job, XM_JOB_BYTES_ZEROED);
	o->skipped = xm_job_u64(job, XM_JOB_BYTES_SKIPPED);
	o->host = xm_job_u64(job, XM_JOB_BYTES_HOST);
}

/* xm_job_new() takes the whole source; a pair that does not suit is refused the same for all. */
static int run_job(struct plan *p, const char *io, struct xm_ctx *ctx, struct xm_endpoint *src,
		   struct xm_endpoint *dst, struct outcome *o, struct xm_error **err)
{
	struct xm_job *job;
	if (xm_job_new(ctx, src, dst, &job, err) < 0)
		return -1;
	int r = p->len ? xm_job_set_range(job, p->src_off, p->dst_off, p->len, err) : 0;
	assert_int_equal(xm_job_set_str(job, XM_OPT_IO, io, NULL), 0);
	assert_int_equal(xm_job_set_str(job, XM_OPT_VERIFY, p->verify, NULL), 0);
	assert_int_equal(xm_job_set_u64(job, XM_OPT_DEPTH, p->depth, NULL), 0);
	assert_int_equal(xm_job_set_u64(job, XM_OPT_SEED, 7, NULL), 0);
	if (r == 0)
		r = xm_job_run(job, err);
	take(job, o);
	xm_job_free(job);
	return r;
}

static void run(struct plan *p, const char *io, struct outcome *o)
{
	struct xm_ctx *ctx = xm_ctx_new();
	struct xm_error *err = NULL;
	*o = (struct outcome){ .code = 0 };
	ctx->registry = &registry;
	if (!p->dst.loop)
		rig_file("same-dst", NULL, p->dst.size);
	write_all(p->dst.path, p->dst_bytes, p->dst.size, !p->dst.loop);
	struct xm_endpoint *src = rig_open(ctx, p->src.path, XM_ROLE_SRC);
	struct xm_endpoint *dst = rig_open(ctx, p->dst.path, XM_ROLE_DST);
	if (run_job(p, io, ctx, src, dst, o, &err) < 0)
		o->code = (int)xm_error_code(err);
	snprintf(o->text, sizeof o->text, "%s", xm_error_text(err));
	xm_error_free(err);
	xm_endpoint_close(src);
	xm_endpoint_close(dst);
	xm_ctx_free(ctx);
	o->bytes = rig_read(p->dst.path, p->dst.size);
}

static void compare(unsigned i, const struct plan *p, const struct outcome *a,
		    const struct outcome *b)
{
	if (a->code != b->code || strcmp(a->text, b->text) != 0)
		fail_msg("job %u: uring %d %s, threads %d %s", i, a->code, a->text,
			 b->code, b->text);
	if (memcmp(a->bytes, b->bytes, p->dst.size) != 0)
		fail_msg("job %u: not the same bytes", i);
	if (a->code == 0 && memcmp(a->bytes, p->want, p->dst.size) != 0)
		fail_msg("job %u: not the bytes of the source", i);
	if (a->code != 0 && memcmp(a->bytes, p->dst_bytes, p->dst.size) != 0)
		fail_msg("job %u: refused, and yet written", i);
	/*
	 * which zeros are seen while they pass depends on how pieces were cut:
	 * only the sum is told
	 */
	if (a->total != b->total || a->done != b->done ||
	    a->host + a->zeroed + a->skipped != b->host + b->zeroed + b->skipped)
		fail_msg("job %u: not counted the same: %llu and %llu done", i,
			 (unsigned long long)a->done, (unsigned long long)b->done);
}

static void open_loops(void)
{
	have_loops = true;
	for (unsigned i = 0; i < 4; i++) {
		char name[32];
		snprintf(name, sizeof name, "loop-%u", i);
		have_loops = have_loops && rig_loop(rig_file(name, NULL, LOOP_SIZE),
						    i % 2 ? 4096 : 512, 0, false, &loops[i]);
	}
}

static void test_same(void **state)
{
	const char *words = getenv("XM_LONG");
	unsigned jobs = words && strcmp(words, "1") == 0 ? 2000 : 500, copied = 0;
	struct test_random r = { .state = test_seed("engines-same") };
	(void)state;
	if (!rig_uring())
		skip();
	open_loops();
	for (unsigned i = 0; i < jobs; i++) {
		struct outcome a, b;
		struct plan p;
		draw(&r, &p);
		run(&p, "uring", &a);
		run(&p, "threads", &b);
		compare(i, &p, &a, &b);
		copied += a.code == 0;
		free(a.bytes);
		free(b.bytes);
		free_plan(&p);
	}
	/* most must have been jobs, not refusals */
	assert_true(copied > jobs / 2);
	for (unsigned i = 0; i < 4 && have_loops; i++)
		rig_loop_free(&loops[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_same) };
	return cmocka_run_group_tests(tests, rig_make_memory_dir, rig_drop_dir);
}
