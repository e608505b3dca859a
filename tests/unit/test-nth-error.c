/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job of some 500 requests in which the Nth goes wrong, for every N: an I/O
 * error, half of the bytes, EAGAIN; once, and from then on for ever; by io_uring and by
 * threads.  Each ends in the stated way, and 0 means equal.
 *
 * XM_LONG=1: every N; else the first and the last ones and some between.
 *
 * The answer is changed where both engines hand it over (the linker's --wrap),
 * so the calls themselves are real.
 */
#include "unit.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "disk-rig.h"
#include "io-fd.h"
#include "registry.h"

#define PIECE 8192u
#define PIECES 250u
#define SIZE (PIECE * PIECES)
#define STRIDE 23
#define REQUESTS (2 * PIECES + 1)                /* reads, writes, the flush */

/* ---- the fault ------------------------------------------------------------------ */

enum wrong { AN_ERROR, SHORT, AGAIN };
static const char *const names[] = { [AN_ERROR] = "EIO", [SHORT] = "short", [AGAIN] = "EAGAIN" };

static struct {
	enum wrong wrong;
	unsigned at;
	bool for_ever;
	/* What happened. */
	unsigned steps, hits;
	enum xm_fd_call first;           /* the call that was hit first */
} fault;

bool __real_xm_fd_op_step_done(struct xm_fd_engine *e, struct xm_fd_op *op);
bool __wrap_xm_fd_op_step_done(struct xm_fd_engine *e, struct xm_fd_op *op);

static void spoil(struct xm_fd_op *op)
{
	switch (fault.wrong) {
	case AN_ERROR:
		op->res = -EIO;
		break;
	case SHORT:
		if (op->res > 1)
			op->res /= 2;
		break;
	case AGAIN:
		op->res = -EAGAIN;
		break;
	}
}

bool __wrap_xm_fd_op_step_done(struct xm_fd_engine *e, struct xm_fd_op *op)
{
	unsigned n = ++fault.steps;
	if (n == fault.at || (fault.for_ever && n > fault.at)) {
		if (fault.hits++ == 0)
			fault.first = op->call;
		spoil(op);
	}
	return __real_xm_fd_op_step_done(e, op);
}

/* ---- a clock that waits for disks and for nothing else ----------------------------- */

static uint64_t skipped;

static uint64_t skip_now(struct xm_clock *c)
{
	(void)c;
	return xm_clock_real.now(&xm_clock_real) + skipped;
}

/* Back-off is not waited for; a request under way is, longer than any takes. */
static void skip_wait(struct xm_clock *c, struct xm_waiter *w)
{
	uint64_t now = skip_now(c);
	if (w->deadline <= now)
		return;
	int ready = poll(w->fds, w->n, w->deadline - now > 30 * XM_NS_PER_S ? 10000 : 1);
	if (ready == 0 && w->deadline > skip_now(c))
		skipped += w->deadline - skip_now(c);
}

static struct xm_clock skip_clock = { skip_now, skip_wait };

/* ---- a job ---------------------------------------------------------------------------- */

static const struct xm_opener *const openers[] = { &xm_opener_file, NULL };
static const struct xm_method_ops *const methods[] = { &xm_method_host, NULL };
static const struct xm_registry registry = { .openers = openers, .methods = methods };

struct world {
	struct xm_ctx *ctx;
	struct xm_endpoint *src, *dst;
	char dst_path[192];
	uint8_t *data, *blank;
};

static void open_world(struct world *w)
{
	w->data = malloc(SIZE);
	w->blank = calloc(1, SIZE);
	rig_fill(w->data, SIZE, 11);
	w->ctx = xm_ctx_new();
	w->ctx->clock = &skip_clock;
	w->ctx->registry = &registry;
	w->src = rig_open(w->ctx, rig_file("nth-src", w->data, SIZE), XM_ROLE_SRC);
	snprintf(w->dst_path, sizeof w->dst_path, "%s", rig_file("nth-dst", w->blank, SIZE));
	w->dst = rig_open(w->ctx, w->dst_path, XM_ROLE_DST);
}

static void close_world(struct world *w)
{
	xm_endpoint_close(w->src);
	xm_endpoint_close(w->dst);
	xm_ctx_free(w->ctx);
	free(w->data);
	free(w->blank);
}

static void blank_dst(struct world *w)
{
	assert_int_equal(pwrite(w->dst->fd_cached >= 0 ? w->dst->fd_cached : w->dst->fd, w->blank,
				SIZE, 0), SIZE);
}

static enum xm_code run(struct world *w, const char *io, char *text, size_t text_size)
{
	struct xm_error *err = NULL;
	struct xm_job *job;
	fault.steps = fault.hits = 0;
	assert_int_equal(xm_job_new(w->ctx, w->src, w->dst, &job, NULL), 0);
	assert_int_equal(xm_job_set_str(job, XM_OPT_IO, io, NULL), 0);
	assert_int_equal(xm_job_set_str(job, XM_OPT_VERIFY, "none", NULL), 0);
	/* so that there are many requests */
	assert_int_equal(xm_job_set_u64(job, XM_OPT_REQUEST, PIECE, NULL), 0);
	int r = xm_job_run(job, &err);
	enum xm_code code = r < 0 ? xm_error_code(err) : XM_OK;
	snprintf(text, text_size, "%s", xm_error_text(err));
	if (code == XM_OK)
		assert_int_equal(xm_job_u64(job, XM_JOB_BYTES_DONE), SIZE);
	assert_int_equal(xm_job_u64(job, XM_JOB_BYTES_UNKNOWN), 0);
	xm_error_free(err);
	xm_job_free(job);
	return code;
}

/*
 * A short answer and a passing EAGAIN are made good.  A read that failed once is
 * asked again in smaller parts; a write or a flush that failed ends the job.
 */
static enum xm_code expected(void)
{
	if (fault.hits == 0 || fault.wrong == SHORT)
		return XM_OK;
	if (fault.wrong == AGAIN)
		return fault.for_ever ? XM_E_TEMPORARY : XM_OK;
	return fault.first == XM_FD_READ && !fault.for_ever ? XM_OK : XM_E_IO;
}

static bool is_equal(struct world *w)
{
	uint8_t *got = rig_read(w->dst_path, SIZE);
	bool equal = memcmp(got, w->data, SIZE) == 0;
	free(got);
	return equal;
}

static void try_at(struct world *w, const char *io, unsigned n)
{
	char text[512];
	fault.at = n;
	blank_dst(w);
	enum xm_code code = run(w, io, text, sizeof text), want = expected();
	/* flushes are never asked again: whatever goes wrong with one ends the job */
	if (fault.first == XM_FD_FSYNC && fault.hits && fault.wrong == AN_ERROR)
		want = XM_E_IO;
	if (code != want)
		fail_msg("%s, request %u %s %s: %d, want %d: %s", io, n, names[fault.wrong],
			 fault.for_ever ? "for ever" : "once", code, want, text);
	if (code == XM_OK ? !is_equal(w) : !text[0])
		fail_msg("%s, request %u %s: ended with %d, %s", io, n, names[fault.wrong], code,
			 code ? "without words" : "and is not equal");
	if (code == XM_E_IO && !strstr(text, "flush") && !strstr(text, "LBA"))
		fail_msg("where is not said: %s", text);
}

static void every(const char *io, enum wrong wrong, bool for_ever)
{
	struct world w;
	fault.wrong = wrong;
	fault.for_ever = for_ever;
	open_world(&w);
	const char *words = getenv("XM_LONG");
	bool each = words && strcmp(words, "1") == 0;
	for (unsigned n = 1; n <= REQUESTS; n += each || n < 4 || n + 4 > REQUESTS ? 1 : STRIDE) {
		try_at(&w, io, n);
		/* what a job of so many requests must have had */
		assert_true(fault.hits > 0);
	}
	close_world(&w);
}

static void all(const char *io)
{
	for (enum wrong wrong = AN_ERROR; wrong <= AGAIN; wrong++) {
		every(io, wrong, false);
		every(io, wrong, true);
	}
}

static void test_uring(void **state)
{
	(void)state;
	if (!rig_uring())
		skip();
	all("uring");
}

static void test_threads(void **state)
{
	(void)state;
	all("threads");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uring),
		cmocka_unit_test(test_threads),
	};
	return cmocka_run_group_tests(tests, rig_make_memory_dir, rig_drop_dir);
}
