/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs between real files through the real I/O engines: copy, ranges, refusals,
 * stop from another thread, compare.
 */
#undef NDEBUG
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ctx.h"
#include "registry.h"
#include "seed.h"

#define MIB (UINT64_C(1) << 20)

static const struct xm_method_ops *const methods[] = { &xm_method_host, NULL };
static const struct xm_registry registry = { .methods = methods };

static char dir[] = "/tmp/xm-test-job.XXXXXX";

struct pair {
	struct xm_ctx *ctx;
	struct xm_endpoint *src, *dst;
	char src_path[64], dst_path[64];
};

static void fill(const char *path, uint64_t size, uint64_t seed)
{
	struct test_random r = { seed };
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	for (uint64_t left = size; left > 0;) {
		uint64_t v = test_random(&r);
		size_t n = left < 8 ? (size_t)left : 8;

		assert_int_equal(fwrite(&v, 1, n, f), n);
		left -= n;
	}
	assert_int_equal(fclose(f), 0);
}

static uint8_t *load(const char *path, uint64_t size)
{
	uint8_t *p = malloc(size);
	FILE *f = fopen(path, "r");

	assert_true(p && f);
	assert_int_equal(fread(p, 1, size, f), size);
	fclose(f);
	return p;
}

static int open_file(struct xm_ctx *ctx, const char *path, enum xm_role role,
		     struct xm_endpoint **ret, struct xm_error **err)
{
	struct xm_open_args args = { .spec = path, .role = role };

	return xm_opener_file.open(ctx, &args, ret, err);
}

static void open_pair(struct pair *p, uint64_t src_size, uint64_t dst_size)
{
	snprintf(p->src_path, sizeof p->src_path, "%s/src", dir);
	snprintf(p->dst_path, sizeof p->dst_path, "%s/dst", dir);
	fill(p->src_path, src_size, 1);
	fill(p->dst_path, dst_size, 2);
	p->ctx = xm_ctx_new();
	assert_non_null(p->ctx);
	p->ctx->registry = &registry;
	assert_int_equal(open_file(p->ctx, p->src_path, XM_ROLE_SRC, &p->src, NULL), 0);
	assert_int_equal(open_file(p->ctx, p->dst_path, XM_ROLE_DST, &p->dst, NULL), 0);
}

static void close_pair(struct pair *p)
{
	xm_endpoint_close(p->dst);
	xm_endpoint_close(p->src);
	xm_ctx_free(p->ctx);
}

static void copy_with(const char *io, uint64_t size, uint64_t dst_size)
{
	struct xm_error *err = NULL;
	struct xm_job *job;
	struct pair p;
	uint8_t *a, *b;

	open_pair(&p, size, dst_size);
	assert_int_equal(xm_job_new(p.ctx, p.src, p.dst, &job, &err), 0);
	assert_int_equal(xm_job_set_str(job, XM_OPT_IO, io, &err), 0);
	assert_int_equal(xm_job_set_str(job, XM_OPT_VERIFY, "full", &err), 0);
	if (xm_job_run(job, &err) != 0)
		fail_msg("%s", xm_error_text(err));
	assert_int_equal(xm_job_u64(job, XM_JOB_BYTES_HOST), size);
	assert_int_equal(xm_job_u64(job, XM_JOB_BYTES_VERIFIED), size);
	assert_string_equal(xm_job_str(job, XM_JOB_PHASE), "end");
	xm_job_free(job);
	close_pair(&p);
	a = load(p.src_path, size);
	b = load(p.dst_path, dst_size);
	assert_memory_equal(a, b, size);
	free(a);
	/* what lies behind the source's length is as it was */
	fill(p.src_path, dst_size, 2);
	a = load(p.src_path, dst_size);
	assert_memory_equal(a + size, b + size, dst_size - size);
	free(a);
	free(b);
}

static void copies_files(void **state)
{
	static const uint64_t sizes[] = { 1, 511, 4096, 65536, 65537, 8 * MIB - 1,
					  33 * MIB + 12345 };

	(void)state;
	for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		copy_with("threads", sizes[i], sizes[i]);
		copy_with("auto", sizes[i], sizes[i] + 5000);
	}
}

static void copies_a_range(void **state)
{
	const uint64_t size = 5 * MIB, from = 777777, to = 1234567, len = 2 * MIB + 99;
	struct xm_error *err = NULL;
	struct xm_job *job;
	struct pair p;
	uint8_t *src, *before, *after;

	(void)state;
	open_pair(&p, size, size);
	src = load(p.src_path, size);
	before = load(p.dst_path, size);
	assert_int_equal(xm_job_new(p.ctx, p.src, p.dst, &job, &err), 0);
	assert_int_equal(xm_job_set_range(job, size, 0, 1, NULL), -1);
	assert_int_equal(xm_job_set_range(job, 0, 0, 0, NULL), -1);
	assert_int_equal(xm_job_set_range(job, UINT64_MAX, 0, 2, NULL), -1);
	assert_int_equal(xm_job_set_range(job, from, to, len, &err), 0);
	assert_int_equal(xm_job_run(job, &err), 0);
	xm_job_free(job);
	close_pair(&p);
	after = load(p.dst_path, size);
	assert_memory_equal(after, before, to);
	assert_memory_equal(after + to, src + from, len);
	assert_memory_equal(after + to + len, before + to + len, size - to - len);
	free(src);
	free(before);
	free(after);
}

/* ---- somebody else copies ------------------------------------------------------------ */

/* An array of a kind: copies between the files through descriptors of its own. */
static struct {
	struct xm_method m;
	struct xm_list queue;
	int src, dst;
	unsigned commands, drops;
} copier;

static int copier_open(const struct xm_pair *pair, struct xm_method **ret, struct xm_refusal *why)
{
	(void)why;
	xm_list_init(&copier.queue);
	copier.src = open(pair->src->name, O_RDONLY);
	copier.dst = open(pair->dst->name, O_WRONLY);
	assert_true(copier.src >= 0 && copier.dst >= 0);
	copier.m.limits = (struct xm_method_limits){ .kinds = XM_TASK_COPY, .align = 1,
		.max_runs = 4, .max_run = MIB, .max_bytes = 4 * MIB, .first_bytes = MIB,
		.max_inflight = 4 };
	*ret = &copier.m;
	return 0;
}

static enum xm_queued copier_submit(struct xm_method *m, struct xm_task *task)
{
	(void)m;
	xm_list_add_tail(&copier.queue, &task->link);
	return XM_QUEUED;
}

static void copier_wait(struct xm_method *m, struct xm_waiter *w)
{
	(void)m;
	if (!xm_list_empty(&copier.queue))
		xm_waiter_until(w, 0);
}

static void copier_reap(struct xm_method *m, struct xm_list *done)
{
	struct xm_list *l;

	(void)m;
	while ((l = xm_list_pop(&copier.queue))) {
		struct xm_task *t = xm_container_of(l, struct xm_task, link);

		for (unsigned i = 0; i < t->nruns; i++) {
			loff_t from = (loff_t)t->runs[i].src, to = (loff_t)t->runs[i].dst;
			size_t n = t->runs[i].len;

			while (n > 0) {
				ssize_t k = copy_file_range(copier.src, &from, copier.dst, &to,
							    n, 0);

				assert_true(k > 0);
				n -= (size_t)k;
			}
		}
		t->moved = t->bytes;
		t->status = XM_STATUS_DONE;
		copier.commands++;
		xm_list_add_tail(done, &t->link);
	}
}

static void copier_close(struct xm_method *m)
{
	(void)m;
	close(copier.src);
	close(copier.dst);
}

static const struct xm_method_ops copier_ops = {
	.name = "copier", .title = "COPIER", .way = XM_WAY_XCOPY, .needs_trial = true,
	.open = copier_open, .submit = copier_submit, .wait = copier_wait, .reap = copier_reap,
	.close = copier_close,
};

static int count_drop(struct xm_endpoint *ep)
{
	(void)ep;
	copier.drops++;
	return -EPERM;               /* told, and no failure */
}

static void cache_is_dropped_after_offload(void **state)
{
	static const struct xm_method_ops *const both[] = { &copier_ops, &xm_method_host, NULL };
	static const struct xm_registry with_copier = { .methods = both };
	const uint64_t size = 20 * MIB + 4096;
	struct xm_endpoint_ops ops;
	struct xm_error *err = NULL;
	struct xm_job *job;
	struct pair p;

	(void)state;
	open_pair(&p, size, size);
	p.ctx->registry = &with_copier;
	ops = *p.dst->ops;
	ops.drop_cache = count_drop;
	p.dst->ops = &ops;
	assert_int_equal(xm_job_new(p.ctx, p.src, p.dst, &job, &err), 0);
	assert_int_equal(xm_job_set_str(job, XM_OPT_VERIFY, "full", &err), 0);
	if (xm_job_run(job, &err) != 0)
		fail_msg("%s", xm_error_text(err));
	assert_int_equal(xm_job_u64(job, XM_JOB_BYTES_XCOPY), size);
	assert_int_equal(copier.drops, 1);
	assert_true(copier.commands > 5);
	/* the trials' bytes, and everything */
	assert_true(xm_job_u64(job, XM_JOB_BYTES_VERIFIED) > size);
	xm_job_free(job);
	close_pair(&p);
}

/* ---- refusals ---------------------------------------------------------------------- */

static enum xm_code refusal(struct pair *p)
{
	struct xm_error *err = NULL;
	struct xm_job *job;
	enum xm_code code;

	assert_int_equal(xm_job_new(p->ctx, p->src, p->dst, &job, &err), -1);
	code = xm_error_code(err);
	assert_true(strlen(xm_error_text(err)) > 20);
	xm_error_free(err);
	return code;
}

static void refuses(void **state)
{
	struct xm_error *err = NULL;
	struct pair p;
	char link_path[80];

	(void)state;
	open_pair(&p, MIB, MIB - 1);
	assert_int_equal(refusal(&p), XM_E_DESTINATION);
	/* opened as a source, so not for writing */
	xm_endpoint_close(p.dst);
	assert_int_equal(open_file(p.ctx, p.dst_path, XM_ROLE_SRC, &p.dst, NULL), 0);
	assert_int_equal(refusal(&p), XM_E_DESTINATION);
	/* the same file by another name */
	xm_endpoint_close(p.dst);
	snprintf(link_path, sizeof link_path, "%s/link", dir);
	unlink(link_path);
	assert_int_equal(link(p.src_path, link_path), 0);
	assert_int_equal(open_file(p.ctx, link_path, XM_ROLE_DST, &p.dst, &err), 0);
	assert_int_equal(refusal(&p), XM_E_DESTINATION);
	close_pair(&p);
	unlink(link_path);
}

static void bad_options(void **state)
{
	struct xm_job *job;
	struct pair p;
	struct xm_error *err = NULL;

	(void)state;
	open_pair(&p, MIB, MIB);
	assert_int_equal(xm_job_new(p.ctx, p.src, p.dst, &job, NULL), 0);
	assert_int_equal(xm_job_set_str(job, XM_OPT_OFFLOAD, "maybe", NULL), -1);
	assert_int_equal(xm_job_set_str(job, XM_OPT_RATE, "5", NULL), -1);
	assert_int_equal(xm_job_set_u64(job, XM_OPT_VERIFY, 1, NULL), -1);
	assert_int_equal(xm_job_set_str(job, XM_OPT_METHOD, "host,teleport", NULL), 0);
	assert_int_equal(xm_job_run(job, &err), -1);
	assert_int_equal(xm_error_code(err), XM_E_USAGE);
	assert_non_null(strstr(xm_error_text(err), "teleport"));
	xm_error_free(err);
	xm_job_free(job);
	close_pair(&p);
}

static void plans_without_writing(void **state)
{
	struct xm_job *job;
	struct pair p;
	uint8_t *before, *after;

	(void)state;
	open_pair(&p, MIB, MIB);
	before = load(p.dst_path, MIB);
	assert_int_equal(xm_job_new(p.ctx, p.src, p.dst, &job, NULL), 0);
	assert_int_equal(xm_job_plan(job, NULL), 0);
	assert_string_equal(xm_job_str(job, XM_JOB_METHOD), "host");
	xm_job_free(job);
	close_pair(&p);
	after = load(p.dst_path, MIB);
	assert_memory_equal(before, after, MIB);
	free(before);
	free(after);
}

/* ---- from another thread ------------------------------------------------------------- */

static sem_t copying;

static void tell_when_copying(void *user, const struct xm_job *job)
{
	bool *told = user;

	if (!*told && strcmp(xm_job_str(job, XM_JOB_PHASE), "copy") == 0)
		*told = sem_post(&copying) == 0;
}

static void *stopper(void *job)
{
	assert_int_equal(sem_wait(&copying), 0);
	xm_job_stop(job);
	return NULL;
}

static void stop_from_a_thread(void **state)
{
	struct xm_error *err = NULL;
	struct xm_job *job;
	bool told = false;
	struct pair p;
	pthread_t t;

	(void)state;
	open_pair(&p, 16 * MIB, 16 * MIB);
	assert_int_equal(xm_job_new(p.ctx, p.src, p.dst, &job, NULL), 0);
	/* slow enough that it cannot have ended by itself */
	assert_int_equal(xm_job_set_u64(job, XM_OPT_RATE, 1, NULL), 0);
	xm_job_set_progress(job, tell_when_copying, &told, XM_NS_PER_MS);
	assert_int_equal(sem_init(&copying, 0, 0), 0);
	assert_int_equal(pthread_create(&t, NULL, stopper, job), 0);
	assert_int_equal(xm_job_run(job, &err), -1);
	assert_int_equal(xm_error_code(err), XM_E_STOPPED);
	assert_int_equal(pthread_join(t, NULL), 0);
	assert_true(xm_job_u64(job, XM_JOB_BYTES_DONE) < 16 * MIB);
	assert_string_equal(xm_job_str(job, XM_JOB_RESULT), "stopped");
	xm_error_free(err);
	xm_job_free(job);
	close_pair(&p);
}

/* ---- compare --------------------------------------------------------------------------- */

struct differences {
	unsigned n, stop_after;
	uint64_t off[8], len[8];
};

static int difference(void *user, uint64_t off, uint64_t len)
{
	struct differences *d = user;

	assert_true(d->n < 8);
	d->off[d->n] = off;
	d->len[d->n++] = len;
	return d->n == d->stop_after;
}

static void poke(const char *path, uint64_t off, uint8_t flip)
{
	int fd = open(path, O_RDWR);
	uint8_t b;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &b, 1, (off_t)off), 1);
	b ^= flip;
	assert_int_equal(pwrite(fd, &b, 1, (off_t)off), 1);
	close(fd);
}

static int compare(const struct pair *p, const char *what, struct differences *d, uint64_t *bytes)
{
	struct xm_error *err = NULL;
	int code = XM_OK;

	if (xm_verify(p->ctx, p->src, p->dst, what, difference, d, bytes, &err) < 0)
		code = (int)xm_error_code(err);
	xm_error_free(err);
	return code;
}

static void verify_finds_differences(void **state)
{
	const uint64_t size = 9 * MIB + 777;
	struct differences d = { 0 };
	uint64_t bytes;
	struct pair p;

	(void)state;
	open_pair(&p, size, size + 10);
	fill(p.dst_path, size + 16, 1);
	assert_int_equal(compare(&p, "full", &d, &bytes), XM_OK);
	assert_int_equal(bytes, size);
	assert_int_equal(compare(&p, "sample", &d, &bytes), XM_OK);
	assert_in_range(bytes, 64 * 1024, size);
	assert_int_equal(d.n, 0);
	poke(p.dst_path, 0, 1);
	poke(p.dst_path, 5 * MIB + 1000, 0x80);
	poke(p.dst_path, 5 * MIB + 1024, 0x80);
	poke(p.dst_path, size - 1, 2);
	assert_int_equal(compare(&p, "full", &d, &bytes), XM_E_MISMATCH);
	assert_int_equal(bytes, size);
	assert_int_equal(d.n, 3);
	for (unsigned i = 0, seen = 0; i < 3; i++) {
		seen |= d.off[i] == 0 && d.len[i] == 512 ? 1 : 0;
		seen |= d.off[i] == 5 * MIB + 512 && d.len[i] == 1024 ? 2 : 0;
		seen |= d.off[i] == (size - 1) / 512 * 512 && d.off[i] + d.len[i] == size ? 4 : 0;
		assert_true(i < 2 || seen == 7);
	}
	/* first and last bytes are always in the sample */
	d = (struct differences){ 0 };
	assert_int_equal(compare(&p, "sample", &d, &bytes), XM_E_MISMATCH);
	assert_true(d.n >= 2);
	d = (struct differences){ .stop_after = 1 };
	assert_int_equal(compare(&p, "full", &d, &bytes), XM_E_MISMATCH);
	assert_int_equal(d.n, 1);
	assert_int_equal(compare(&p, "some", &d, &bytes), XM_E_USAGE);
	close_pair(&p);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof path, "%s/src", dir);
	unlink(path);
	snprintf(path, sizeof path, "%s/dst", dir);
	unlink(path);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_files), cmocka_unit_test(copies_a_range),
		cmocka_unit_test(cache_is_dropped_after_offload),
		cmocka_unit_test(refuses), cmocka_unit_test(bad_options),
		cmocka_unit_test(plans_without_writing), cmocka_unit_test(stop_from_a_thread),
		cmocka_unit_test(verify_finds_differences),
	};

	return cmocka_run_group_tests_name("job", tests, make_dir, remove_dir);
}
