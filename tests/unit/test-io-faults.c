/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Engines when things go wrong: requests that break the contract, disks that
 * end early or fill up, a kernel that refuses io_uring, paths that are closed.
 * What a call answers that no real disk does on demand (short, interrupted) is
 * given to the step machine by hand.
 */
#include "unit.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "disk-rig.h"
#include "io-fd.h"
#include "xm/align.h"

#define SIZE (256 * 1024)

static const char *const engines[] = { "uring", "threads" };

/* All engines this machine has; threads are always there. */
static unsigned first_engine(void)
{
	return rig_uring() ? 0 : 1;
}

static struct xm_io *engine(struct xm_ctx *ctx, const char *name)
{
	const char *why;
	struct xm_io *io = xm_io_open(ctx, name, &why, NULL);
	assert_non_null(io);
	return io;
}

static const char *filled(const char *name, uint64_t size)
{
	uint8_t *data = malloc(size);
	rig_fill(data, size, 5);
	const char *path = rig_file(name, data, size);
	free(data);
	return path;
}

/* ---- the contract ------------------------------------------------------------------ */

static void test_contract(void **state)
{
	static const struct {
		enum xm_io_op op;
		uint64_t off, len;
		unsigned skew;
		const char *words;
	} rows[] = {
		{ XM_IO_READ, SIZE - 512, 1024, 0, "outside the disk" },
		{ XM_IO_READ, 0, 0, 0, "outside the disk" },
		{ XM_IO_READ, UINT64_MAX - 511, 512, 0, "outside the disk" },
		{ XM_IO_READ, 256, 512, 0, "whole blocks" },
		{ XM_IO_READ, 0, 100, 0, "whole blocks" },
		{ XM_IO_READ, 0, 512, 8, "buffer" },
		{ XM_IO_WRITE, 0, 4096, 0, "job's range" },
		{ XM_IO_WRITE, 4096, SIZE - 4096, 0, "job's range" },
		{ XM_IO_ZERO, 0, 8192, 0, "job's range" },
	};
	struct xm_ctx *ctx = xm_ctx_new();
	const char *path = filled("contract", SIZE);
	uint8_t *before = rig_read(path, SIZE), *buf = rig_buffer(SIZE);
	struct rig_loop loop;
	(void)state;
	if (!rig_loop(path, 512, 0, false, &loop))
		skip();
	for (unsigned e = first_engine(); e < 2; e++) {
		struct xm_io *io = engine(ctx, engines[e]);
		struct xm_endpoint *ep = rig_open(ctx, loop.path, XM_ROLE_DST);
		ep->gate_lo = 4096;
		ep->gate_hi = SIZE - 4096;
		for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
			struct xm_status st = rig_do(ctx, io, rows[i].op, ep, rows[i].off,
						     rows[i].len, buf + rows[i].skew);
			assert_int_equal(st.certainty, XM_NOT_DONE);
			assert_int_equal(st.code, XM_E_BUG);
			assert_int_equal(st.act, XM_ACT_FATAL);
			assert_non_null(strstr(st.detail, rows[i].words));
		}
		xm_io_close(io);
		xm_endpoint_close(ep);
	}
	/* A source takes no writes, whatever its gate. */
	struct xm_io *io = engine(ctx, "threads");
	struct xm_endpoint *src = rig_open(ctx, loop.path, XM_ROLE_SRC);
	src->gate_hi = SIZE;
	assert_int_equal(rig_do(ctx, io, XM_IO_WRITE, src, 0, 512, buf).code, XM_E_BUG);
	xm_io_close(io);
	xm_endpoint_close(src);
	rig_loop_free(&loop);
	uint8_t *after = rig_read(path, SIZE);
	assert_memory_equal(before, after, SIZE);
	free(before);
	free(after);
	free(buf);
	xm_ctx_free(ctx);
}

static void test_full(void **state)
{
	struct xm_ctx *ctx = xm_ctx_new();
	struct xm_endpoint *ep = rig_open(ctx, filled("full", SIZE), XM_ROLE_DST);
	uint8_t *buf = rig_buffer(SIZE);
	(void)state;
	for (unsigned e = first_engine(); e < 2; e++) {
		struct xm_io *io = engine(ctx, engines[e]);
		unsigned n = io->max_inflight;
		struct xm_list done = XM_LIST_INIT(done);
		struct xm_io_req *reqs = calloc(n + 1, sizeof *reqs);
		for (unsigned i = 0; i <= n; i++) {
			reqs[i] = (struct xm_io_req){ .op = XM_IO_READ, .ep = ep, .len = 512,
						      .buf = buf, .buf_index = -1, .done = &done };
			assert_int_equal(xm_io_submit(io, &reqs[i]), i < n ? XM_QUEUED : XM_FULL);
		}
		assert_int_equal(io->inflight, n);
		assert_int_equal(ep->io_inflight, n);
		rig_collect(ctx, io, &done, n);
		assert_int_equal(ep->io_inflight, 0);
		assert_int_equal(xm_io_submit(io, &reqs[n]), XM_QUEUED);
		/* Closing waits for it. */
		assert_true(xm_io_close(io));
		assert_int_equal(reqs[n].status.certainty, XM_DONE);
		free(reqs);
	}
	free(buf);
	xm_endpoint_close(ep);
	xm_ctx_free(ctx);
}

/* Two writes that share a page of the cache are never under way together; others are. */
static void test_ragged_writes(void **state)
{
	struct xm_ctx *ctx = xm_ctx_new();
	struct xm_endpoint *ep = rig_open(ctx, filled("ragged", SIZE), XM_ROLE_DST);
	struct xm_io *io = engine(ctx, "threads");
	uint8_t *buf = rig_buffer(SIZE);
	struct xm_list done = XM_LIST_INIT(done);
	static const struct {
		enum xm_io_op op;
		uint64_t off, len;
		enum xm_queued alone, beside;
	} rows[] = {
		{ XM_IO_WRITE, 65536 + 1000, 100, XM_QUEUED, XM_QUEUED }, /* stays out */
		{ XM_IO_WRITE, 65536 + 2000, 100, XM_QUEUED, XM_FULL },
		{ XM_IO_WRITE, 65536 + 4096, 4096, XM_QUEUED, XM_FULL },
		{ XM_IO_ZERO, 0, 65537, XM_QUEUED, XM_FULL },
		{ XM_IO_READ, 65536 + 4096, 4096, XM_QUEUED, XM_QUEUED },
		{ XM_IO_WRITE, 131072, 777, XM_QUEUED, XM_QUEUED },
	};
	struct xm_io_req reqs[ARRAY_LEN(rows)];
	unsigned queued = 0;
	(void)state;
	if (ep->fd_cached < 0)
		skip();
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		reqs[i] = (struct xm_io_req){ .op = rows[i].op, .ep = ep, .off = rows[i].off,
					      .len = rows[i].len, .buf = buf, .buf_index = -1,
					      .done = &done };
		if (xm_io_submit(io, &reqs[i]) != rows[i].beside)
			fail_msg("row %u", i);
		queued += rows[i].beside == XM_QUEUED;
	}
	rig_collect(ctx, io, &done, queued);
	assert_int_equal(io->ragged, 0);
	while (xm_list_pop(&done))
		;
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(rig_do(ctx, io, rows[i].op, ep, rows[i].off, rows[i].len, buf)
					 .certainty, XM_DONE);
	xm_io_close(io);
	free(buf);
	xm_endpoint_close(ep);
	xm_ctx_free(ctx);
}

static void test_closed_nexus(void **state)
{
	struct xm_ctx *ctx = xm_ctx_new();
	struct xm_clock_sim sim;
	struct xm_endpoint *ep = rig_open(ctx, filled("nexus", SIZE), XM_ROLE_DST);
	struct xm_io *io = engine(ctx, "threads");
	uint8_t *buf = rig_buffer(SIZE);
	struct xm_list done = XM_LIST_INIT(done);
	struct xm_io_req req = { .op = XM_IO_READ, .ep = ep, .len = 4096, .buf = buf,
				 .buf_index = -1, .done = &done }, late = req;
	struct xm_status why;
	(void)state;
	assert_int_equal(xm_io_submit(io, &req), XM_QUEUED);
	ep->nexus->state = XM_NEXUS_FENCING;
	assert_int_equal(xm_io_submit(io, &late), XM_FULL);
	/* The fence is over when the kernel has answered, and is given up in the end. */
	xm_clock_sim_init(&sim);
	ctx->clock = &sim.clock;
	ep->nexus->ops->start(ep->nexus);
	assert_int_equal(ep->nexus->ops->poll(ep->nexus, &why), XM_FENCE_PENDING);
	sim.time += 3600 * XM_NS_PER_S;
	assert_int_equal(ep->nexus->ops->poll(ep->nexus, &why), XM_FENCE_FAILED);
	assert_int_equal(why.code, XM_E_TEMPORARY);
	assert_non_null(strstr(why.detail, "1 requests"));
	ctx->clock = &xm_clock_real;
	rig_collect(ctx, io, &done, 1);
	assert_int_equal(ep->nexus->ops->poll(ep->nexus, &why), XM_FENCE_FENCED);
	ep->nexus->state = XM_NEXUS_OPEN;
	assert_int_equal(xm_io_submit(io, &late), XM_QUEUED);
	rig_collect(ctx, io, &done, 2);
	xm_io_close(io);
	free(buf);
	xm_endpoint_close(ep);
	xm_ctx_free(ctx);
}

static enum xm_queued keep(struct xm_io *io, struct xm_io_req *req)
{
	(void)io;
	(void)req;
	return XM_QUEUED;
}

static void nothing_comes(struct xm_io *io, struct xm_waiter *w)
{
	(void)io;
	(void)w;
}

static void nothing_came(struct xm_io *io, struct xm_list *done)
{
	(void)io;
	(void)done;
}

static void never_closed(struct xm_io *io)
{
	(void)io;
	fail();
}

/* A request that does not end keeps its engine: closing gives up after a bound and says so. */
static void test_close_is_bounded(void **state)
{
	static const struct xm_io_ops ops = { .name = "stuck", .submit = keep,
					      .wait = nothing_comes, .reap = nothing_came,
					      .close = never_closed };
	struct xm_ctx *ctx = xm_ctx_new();
	struct xm_clock_sim sim;
	struct xm_endpoint *ep = rig_open(ctx, filled("stuck", SIZE), XM_ROLE_DST);
	struct xm_list done = XM_LIST_INIT(done);
	struct xm_io_req req = { .op = XM_IO_FLUSH, .ep = ep, .done = &done };
	struct xm_io io;
	(void)state;
	xm_clock_sim_init(&sim);
	ctx->clock = &sim.clock;
	xm_io_init(&io, &ops, 4);
	assert_int_equal(xm_io_submit(&io, &req), XM_QUEUED);
	uint64_t began = sim.time;
	assert_false(xm_io_close(&io));
	assert_true(sim.time - began == ctx->timeout_ns);
	assert_true(xm_list_empty(&done));
	xm_endpoint_close(ep);
	xm_ctx_free(ctx);
}

/* The ring keeps the claim: whoever gets it next knows that no request of ours is left. */
static void test_ring_holds_claim(void **state)
{
	struct xm_ctx *ctx = xm_ctx_new();
	const char *path = filled("claim", SIZE);
	struct rig_loop loop;
	(void)state;
	if (!rig_uring() || !rig_loop(path, 512, 0, false, &loop))
		skip();
	struct xm_endpoint *ep = rig_open(ctx, loop.path, XM_ROLE_DST);
	struct xm_io *io = engine(ctx, "uring");
	assert_int_equal(io->ops->attach(io, ep, NULL), 0);
	assert_int_equal(io->ops->attach(io, ep, NULL), 0);
	xm_endpoint_close(ep);
	int fd = open(loop.path, O_RDWR | O_EXCL | O_CLOEXEC);
	assert_int_equal(fd, -1);
	assert_int_equal(errno, EBUSY);
	assert_true(xm_io_close(io));
	fd = open(loop.path, O_RDWR | O_EXCL | O_CLOEXEC);
	assert_true(fd >= 0);
	close(fd);
	rig_loop_free(&loop);
	xm_ctx_free(ctx);
}

/* ---- disks that fail ------------------------------------------------------------------ */

static void test_disk_ends_early(void **state)
{
	struct xm_ctx *ctx = xm_ctx_new();
	uint8_t *buf = rig_buffer(SIZE);
	(void)state;
	for (unsigned e = first_engine(); e < 2; e++) {
		struct xm_io *io = engine(ctx, engines[e]);
		const char *path = filled("early", SIZE);
		struct xm_endpoint *ep = rig_open(ctx, path, XM_ROLE_SRC);
		assert_int_equal(truncate(path, 8192), 0);
		struct xm_status st = rig_do(ctx, io, XM_IO_READ, ep, 4096, 8192, buf);
		assert_int_equal(st.certainty, XM_NOT_DONE);
		assert_int_equal(st.err, EIO);
		assert_int_equal(st.side, XM_SIDE_SRC);
		assert_int_equal(st.act, XM_ACT_FATAL);
		assert_int_equal(st.code, XM_E_IO);
		/* 4096 bytes were there: the place is where they end. */
		assert_non_null(strstr(st.detail,
				       "read of 4096 bytes at 8192 (LBA 16): it ends here"));
		xm_io_close(io);
		xm_endpoint_close(ep);
	}
	free(buf);
	xm_ctx_free(ctx);
}

/* The blocks behind a loop device are gone: the kernel answers EIO. */
static void test_io_error(void **state)
{
	struct xm_ctx *ctx = xm_ctx_new();
	uint8_t *buf = rig_buffer(SIZE);
	(void)state;
	for (unsigned e = first_engine(); e < 2; e++) {
		struct rig_loop loop;
		const char *path = filled("eio", SIZE);
		if (!rig_loop(path, 512, 0, false, &loop))
			skip();
		struct xm_io *io = engine(ctx, engines[e]);
		struct xm_endpoint *ep = rig_open(ctx, loop.path, XM_ROLE_SRC);
		assert_int_equal(truncate(path, SIZE / 2), 0);
		struct xm_status st = rig_do(ctx, io, XM_IO_READ, ep, SIZE / 2, 4096, buf);
		assert_int_equal(st.certainty, XM_NOT_DONE);
		assert_int_equal(st.err, EIO);
		assert_string_equal(st.reason, "io_error");
		assert_non_null(strstr(st.detail, "(LBA 256)"));
		assert_int_equal(rig_do(ctx, io, XM_IO_READ, ep, 0, 4096, buf).certainty, XM_DONE);
		xm_io_close(io);
		xm_endpoint_close(ep);
		rig_loop_free(&loop);
	}
	free(buf);
	xm_ctx_free(ctx);
}

/* What a child says by its exit status; 77 is a skip. */
static void in_child(int (*body)(const char *engine), const char *name)
{
	int status;
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0)
		_exit(body(name));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	if (WEXITSTATUS(status))
		fail_msg("%s: check %d", name, WEXITSTATUS(status));
}

#define CHECK(what)                                                            \
	do {                                                                   \
		if (!(what))                                                   \
			return __LINE__ % 250 + 1;                             \
	} while (0)

static int no_space(const char *name)
{
	struct xm_ctx *ctx = xm_ctx_new();
	uint8_t *buf = rig_buffer(SIZE);
	const char *dir = rig_path("small");
	char path[256];
	mkdir(dir, 0700);
	if (unshare(CLONE_NEWNS) || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) ||
	    mount("small", dir, "tmpfs", 0, "size=64k"))
		return 77;
	snprintf(path, sizeof path, "%s/disk", dir);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && ftruncate(fd, SIZE) == 0);
	close(fd);
	struct xm_io *io = engine(ctx, name);
	struct xm_endpoint *ep = rig_open(ctx, path, XM_ROLE_DST);
	memset(buf, 1, SIZE);
	struct xm_status st = rig_do(ctx, io, XM_IO_WRITE, ep, 0, SIZE, buf);
	CHECK(st.certainty == XM_NOT_DONE && st.err == ENOSPC);
	CHECK(st.code == XM_E_TEMPORARY && st.act == XM_ACT_FATAL);
	CHECK(strcmp(st.reason, "no_space") == 0 && st.side == XM_SIDE_DST);
	xm_io_close(io);
	xm_endpoint_close(ep);
	xm_ctx_free(ctx);
	free(buf);
	return 0;
}

static void test_no_space(void **state)
{
	(void)state;
	for (unsigned e = first_engine(); e < 2; e++)
		in_child(no_space, engines[e]);
}

static int size_limit(const char *name)
{
	struct rlimit limit = { .rlim_cur = 8192, .rlim_max = RLIM_INFINITY };
	struct xm_ctx *ctx = xm_ctx_new();
	uint8_t *buf = rig_buffer(SIZE);
	struct xm_endpoint *ep = rig_open(ctx, rig_file("limit", NULL, SIZE), XM_ROLE_DST);
	struct xm_io *io = engine(ctx, name);
	memset(buf, 1, SIZE);
	signal(SIGXFSZ, SIG_IGN);
	CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	struct xm_status st = rig_do(ctx, io, XM_IO_WRITE, ep, 4096, 8192, buf);
	/* The first half was taken: a short write, gone on with where it stopped. */
	CHECK(st.certainty == XM_NOT_DONE && st.err == EFBIG && st.code == XM_E_IO);
	CHECK(strstr(st.detail, "of 4096 bytes at 8192"));
	xm_io_close(io);
	xm_endpoint_close(ep);
	xm_ctx_free(ctx);
	free(buf);
	return 0;
}

static void test_size_limit(void **state)
{
	(void)state;
	in_child(size_limit, "threads");
}

/* ---- no io_uring ------------------------------------------------------------------------ */

/* The call answers with the errno from here on. */
static int deny(unsigned call, unsigned with)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | with),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = ARRAY_LEN(code), .filter = code };
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
}

static int denied(unsigned call, unsigned with, const char *words)
{
	struct xm_ctx *ctx = xm_ctx_new();
	uint8_t *buf = rig_buffer(SIZE);
	struct xm_error *err = NULL;
	const char *why = NULL;
	CHECK(deny(call, with) == 0);
	CHECK(!xm_io_open(ctx, "uring", &why, &err) && err && !why);
	struct xm_io *io = xm_io_open(ctx, "auto", &why, NULL);
	CHECK(io && strcmp(io->ops->name, "threads") == 0);
	CHECK(why && strstr(why, words) && strstr(why, "threads"));
	struct xm_endpoint *ep = rig_open(ctx, rig_file("denied", NULL, SIZE), XM_ROLE_DST);
	CHECK(rig_do(ctx, io, XM_IO_WRITE, ep, 0, SIZE, buf).certainty == XM_DONE);
	CHECK(rig_do(ctx, io, XM_IO_READ, ep, 0, SIZE, buf).certainty == XM_DONE);
	CHECK(rig_do(ctx, io, XM_IO_FLUSH, ep, 0, 0, NULL).certainty == XM_DONE);
	xm_io_close(io);
	xm_endpoint_close(ep);
	xm_error_free(err);
	xm_ctx_free(ctx);
	free(buf);
	return 0;
}

static int setup_enosys(const char *name)
{
	(void)name;
	return denied(SYS_io_uring_setup, ENOSYS, "not there");
}

static int setup_eperm(const char *name)
{
	(void)name;
	return denied(SYS_io_uring_setup, EPERM, "refused");
}

static int setup_enomem(const char *name)
{
	(void)name;
	return denied(SYS_io_uring_setup, ENOMEM, "memory");
}

static int enter_eperm(const char *name)
{
	(void)name;
	return denied(SYS_io_uring_enter, EPERM, "refused");
}

static void test_uring_denied(void **state)
{
	(void)state;
	if (!rig_uring())
		skip();
	in_child(setup_enosys, "setup ENOSYS");
	in_child(setup_eperm, "setup EPERM");
	in_child(setup_enomem, "setup ENOMEM");
	in_child(enter_eperm, "enter EPERM");
}

/* Registration alone refused: slower, not wrong. */
static int no_register(const char *name)
{
	struct xm_ctx *ctx = xm_ctx_new();
	struct xm_buffers b;
	const char *why;
	CHECK(xm_buffers_init(&b, 65536, 4) == 0);
	struct xm_io *io = xm_io_open(ctx, name, &why, NULL);
	CHECK(deny(SYS_io_uring_register, EPERM) == 0);
	struct xm_endpoint *ep = rig_open(ctx, filled("register", SIZE), XM_ROLE_DST);
	CHECK(io->ops->attach(io, ep, NULL) == 0);
	io->ops->buffers(io, &b);
	/*
	 * The ring was made disabled and cannot be enabled now: each request says so,
	 * none hangs.
	 */
	struct xm_status st = rig_do(ctx, io, XM_IO_READ, ep, 0, 65536, b.base);
	CHECK(st.certainty == XM_NOT_DONE && st.err == EPERM);
	xm_io_close(io);
	xm_endpoint_close(ep);
	xm_buffers_free(&b);
	xm_ctx_free(ctx);
	return 0;
}

static void test_broken_ring(void **state)
{
	(void)state;
	if (!rig_uring())
		skip();
	in_child(no_register, "uring");
}

static void test_unknown_engine(void **state)
{
	struct xm_ctx *ctx = xm_ctx_new();
	struct xm_error *err = NULL;
	const char *why;
	(void)state;
	assert_null(xm_io_open(ctx, "aio", &why, &err));
	assert_non_null(strstr(xm_error_text(err), "aio"));
	xm_error_free(err);
	struct xm_io *io = xm_io_open(ctx, "auto", &why, NULL);
	assert_string_equal(io->ops->name, rig_uring() ? "uring" : "threads");
	assert_int_equal(why == NULL, rig_uring());
	assert_true(xm_io_close(io));
	assert_true(xm_io_close(NULL));
	xm_ctx_free(ctx);
}

/* ---- the step machine, by hand ------------------------------------------------------------ */

static void nothing_close(struct xm_endpoint *ep)
{
	(void)ep;
}

struct machine {
	struct xm_fd_engine e;
	struct xm_endpoint *ep;
	struct xm_io_req req;
	struct xm_fd_op *op;
};

static void machine(struct machine *m, enum xm_io_op op, uint64_t off, uint64_t len)
{
	static const struct xm_endpoint_ops ep_ops = { .kind = "file", .close = nothing_close };
	static const struct xm_io_ops io_ops = { .name = "hand" };
	static uint8_t buf[65536] __attribute__((aligned(4096)));
	assert_int_equal(xm_fd_engine_init(&m->e, NULL, &io_ops, 1), 0);
	m->ep = xm_endpoint_alloc(NULL, &ep_ops, "disk");
	m->ep->size = 1 << 20;
	m->ep->block_size = 1;
	m->ep->dio_align = 512;
	m->ep->fd_cached = 1000000;
	m->ep->writable = true;
	m->req = (struct xm_io_req){ .op = op, .ep = m->ep, .off = off, .len = len, .buf = buf };
	m->op = xm_fd_op_begin(&m->e, &m->req);
}

static void machine_end(struct machine *m)
{
	m->ep->fd_cached = -1;
	xm_endpoint_close(m->ep);
	xm_fd_engine_release(&m->e);
}

/* The step that is set must be this one; it then ends with res. */
static bool step(struct machine *m, bool cached, uint64_t off, uint64_t len, int res)
{
	const struct xm_fd_op *op = m->op;
	if (op->cached != cached || op->off != off || op->len != len)
		fail_msg("step is %llu+%zu cached %d", (unsigned long long)op->off, op->len,
			 op->cached);
	if (m->req.op == XM_IO_READ || m->req.op == XM_IO_WRITE)
		assert_ptr_equal(op->buf, (uint8_t *)m->req.buf + (off - m->req.off));
	m->op->res = res;
	return xm_fd_op_step_done(&m->e, m->op);
}

static void test_steps_cut_at_alignment(void **state)
{
	struct machine m;
	(void)state;
	/* An aligned start: direct as far as it goes, then the tail. */
	machine(&m, XM_IO_WRITE, 1024, 5000);
	assert_false(step(&m, false, 1024, 4608, 4608));
	assert_true(step(&m, true, 5632, 392, 392));
	assert_int_equal(m.req.status.certainty, XM_DONE);
	machine_end(&m);
	/* Off alignment the memory behind it is off too: all of it goes through the cache. */
	machine(&m, XM_IO_READ, 1000, 5000);
	assert_true(step(&m, true, 1000, 5000, 5000));
	machine_end(&m);
}

static void test_steps_short(void **state)
{
	struct machine m;
	(void)state;
	machine(&m, XM_IO_READ, 0, 8192);
	assert_false(step(&m, false, 0, 8192, 512));
	assert_false(step(&m, false, 512, 7680, 1));
	/* Back to the alignment by way of the cache, then direct again. */
	assert_false(step(&m, true, 513, 511, -EINTR));
	assert_false(step(&m, true, 513, 511, -EAGAIN));
	assert_false(step(&m, true, 513, 511, 511));
	assert_false(step(&m, false, 1024, 7168, 7000));
	assert_false(step(&m, true, 8024, 168, 100));
	assert_true(step(&m, true, 8124, 68, 68));
	assert_int_equal(m.req.status.certainty, XM_DONE);
	machine_end(&m);
}

static void test_steps_give_up(void **state)
{
	struct machine m;
	unsigned tries = 1;
	(void)state;
	machine(&m, XM_IO_WRITE, 0, 4096);
	while (!step(&m, false, 0, 4096, -EAGAIN))
		tries++;
	assert_true(tries > 10 && tries < 1000);
	assert_int_equal(m.req.status.act, XM_ACT_RETRY);
	assert_int_equal(m.req.status.certainty, XM_NOT_DONE);
	machine_end(&m);
	/* More than was asked for, or nothing, is no answer to believe. */
	machine(&m, XM_IO_READ, 0, 4096);
	assert_true(step(&m, false, 0, 4096, 4097));
	assert_int_equal(m.req.status.err, EIO);
	machine_end(&m);
	machine(&m, XM_IO_WRITE, 0, 4096);
	assert_true(step(&m, false, 0, 4096, 0));
	assert_int_equal(m.req.status.err, EIO);
	machine_end(&m);
}

static void test_steps_zero_ladder(void **state)
{
	struct machine m;
	(void)state;
	machine(&m, XM_IO_ZERO, 512, 3 << 19);
	assert_int_equal(m.op->call, XM_FD_FALLOCATE);
	assert_int_equal(m.op->mode, 0x03); /* KEEP_SIZE | PUNCH_HOLE */
	assert_false(step(&m, false, 512, 3 << 19, -EOPNOTSUPP));
	assert_int_equal(m.op->mode, 0x11); /* KEEP_SIZE | ZERO_RANGE */
	assert_false(step(&m, false, 512, 3 << 19, -EPERM));
	assert_int_equal(m.op->call, XM_FD_ZEROOUT);
	assert_false(step(&m, false, 512, 3 << 19, -ENOTTY));
	assert_int_equal(m.op->call, XM_FD_WRITE);
	assert_false(step(&m, false, 512, 1 << 20, 1 << 20));
	assert_true(step(&m, false, 512 + (1 << 20), 1 << 19, 1 << 19));
	assert_int_equal(m.req.status.certainty, XM_DONE);
	for (size_t i = 0; i < 1 << 20; i++)
		assert_int_equal(((uint8_t *)m.e.zeros)[i], 0);
	/* What was refused is not asked for again. */
	m.op = xm_fd_op_begin(&m.e, &m.req);
	assert_int_equal(m.op->call, XM_FD_WRITE);
	machine_end(&m);
}

/*
 * A disk: its whole steps of 64 KiB, from 4 KiB on, are given back; the edges are zeroed
 * otherwise.
 */
static void test_steps_zero_aligned(void **state)
{
	const uint64_t first = 4096 + 65536, middle = 3 * 65536;
	struct machine m;
	(void)state;
	machine(&m, XM_IO_ZERO, 8192, first - 8192 + middle + 512);
	m.ep->block_size = 512;
	m.ep->free_grain = 65536;
	m.ep->free_align = 4096;
	xm_fd_op_run(m.op);          /* no such descriptor */
	assert_int_equal(m.op->res, -EBADF);
	xm_list_add_tail(&m.e.idle, &m.op->link);
	m.op = xm_fd_op_begin(&m.e, &m.req);
	assert_int_equal(m.op->mode, 0x11);
	assert_false(step(&m, false, 8192, first - 8192, 0));
	assert_int_equal(m.op->mode, 0x03);
	assert_false(step(&m, false, first, middle, 0));
	assert_int_equal(m.op->mode, 0x11);
	assert_true(step(&m, false, first + middle, 512, 0));
	assert_int_equal(m.req.status.certainty, XM_DONE);
	/* An error is an error, not a refusal. */
	m.op = xm_fd_op_begin(&m.e, &m.req);
	assert_true(step(&m, false, 8192, first - 8192, -EIO));
	assert_int_equal(m.req.status.err, EIO);
	assert_int_equal(m.ep->zero_refused, 0);
	machine_end(&m);
}

/* A flush that failed is over: asked again, the kernel would say all is well. */
static void test_steps_flush(void **state)
{
	static const int errs[] = { EIO, ENOSPC, ETIMEDOUT, ENOMEM };
	struct machine m;
	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(errs); i++) {
		machine(&m, XM_IO_FLUSH, 0, 0);
		assert_true(step(&m, false, 0, 0, -errs[i]));
		assert_int_equal(m.req.status.act, XM_ACT_FATAL);
		assert_int_equal(m.req.status.err, errs[i]);
		assert_int_equal(m.req.status.certainty, XM_NOT_DONE);
		machine_end(&m);
	}
	machine(&m, XM_IO_FLUSH, 0, 0);
	assert_true(step(&m, false, 0, 0, 0));
	assert_int_equal(m.req.status.certainty, XM_DONE);
	machine_end(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contract),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_ragged_writes),
		cmocka_unit_test(test_closed_nexus),
		cmocka_unit_test(test_close_is_bounded),
		cmocka_unit_test(test_ring_holds_claim),
		cmocka_unit_test(test_disk_ends_early),
		cmocka_unit_test(test_io_error),
		cmocka_unit_test(test_no_space),
		cmocka_unit_test(test_size_limit),
		cmocka_unit_test(test_uring_denied),
		cmocka_unit_test(test_broken_ring),
		cmocka_unit_test(test_unknown_engine),
		cmocka_unit_test(test_steps_cut_at_alignment),
		cmocka_unit_test(test_steps_short),
		cmocka_unit_test(test_steps_give_up),
		cmocka_unit_test(test_steps_zero_ladder),
		cmocka_unit_test(test_steps_zero_aligned),
		cmocka_unit_test(test_steps_flush),
	};
	return cmocka_run_group_tests(tests, rig_make_dir, rig_drop_dir);
}
