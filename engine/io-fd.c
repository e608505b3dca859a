/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests on descriptors, step by step.
 *
 * Direct I/O wants offset, length and memory aligned; what is not goes through
 * a second descriptor of the same file without O_DIRECT.  Zeros are made by
 * the cheapest way the file has not refused yet; the last way is to write them.
 */
#include "io-fd.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "xm/align.h"

#define ZEROS_SIZE (1024 * 1024)
/* The kernel transfers no more in one call (MAX_RW_COUNT), less a page. */
#define CALL_MAX UINT64_C(0x7fff0000)
/* A call interrupted or put off this often without a byte gets a back-off. */
#define TRIES_MAX 64

/* ---- what an errno means ------------------------------------------------------- */

static const struct meaning {
	int err;
	enum xm_act act;
	int code;
	const char *reason;
} meanings[] = {
	{ EINTR, XM_ACT_RETRY, XM_E_TEMPORARY, "interrupted" },
	{ EAGAIN, XM_ACT_RETRY, XM_E_TEMPORARY, "busy" },
	{ EBUSY, XM_ACT_RETRY, XM_E_TEMPORARY, "busy" },
	{ ECANCELED, XM_ACT_RETRY, XM_E_TEMPORARY, "cancelled" },
	{ ENOMEM, XM_ACT_RETRY, XM_E_TEMPORARY, "no_memory" },
	{ ENOBUFS, XM_ACT_RETRY, XM_E_TEMPORARY, "no_memory" },
	{ ETIMEDOUT, XM_ACT_RETRY, XM_E_IO, "timeout" },
	{ ENOLINK, XM_ACT_RETRY, XM_E_IO, "path_lost" },
	{ ENOSPC, XM_ACT_FATAL, XM_E_TEMPORARY, "no_space" },
	{ EDQUOT, XM_ACT_FATAL, XM_E_TEMPORARY, "no_space" },
	{ EBADE, XM_ACT_FATAL, XM_E_DESTINATION, "reservation_conflict" },
	{ EROFS, XM_ACT_FATAL, XM_E_DESTINATION, "read_only" },
	{ ETXTBSY, XM_ACT_FATAL, XM_E_DESTINATION, "busy" },
	{ EPERM, XM_ACT_FATAL, XM_E_PERMISSION, "permission" },
	{ EACCES, XM_ACT_FATAL, XM_E_PERMISSION, "permission" },
	{ EFBIG, XM_ACT_FATAL, XM_E_IO, "file_size_limit" },
	{ ENXIO, XM_ACT_FATAL, XM_E_IO, "device_gone" },
	{ ENODEV, XM_ACT_FATAL, XM_E_IO, "device_gone" },
	{ ENODATA, XM_ACT_FATAL, XM_E_IO, "medium_error" },
	{ EILSEQ, XM_ACT_FATAL, XM_E_IO, "protection_error" },
	{ 0, XM_ACT_FATAL, XM_E_IO, "io_error" },
};

static const struct meaning *meaning_of(int err)
{
	const struct meaning *m = meanings;
	while (m->err && m->err != err)
		m++;
	return m;
}

static const char *const verbs[] = {
	[XM_IO_READ] = "read", [XM_IO_WRITE] = "write", [XM_IO_ZERO] = "write of zeros",
	[XM_IO_FLUSH] = "flush",
};

static void set_failure(struct xm_fd_op *op, int err, const char *what)
{
	struct xm_io_req *req = op->req;
	const struct meaning *m = meaning_of(err);
	struct xm_status *st = &req->status;
	uint64_t at = req->off + op->pos;
	uint32_t block = req->ep->block_size > 1 ? req->ep->block_size : 512;
	*st = (struct xm_status){ .err = err, .act = m->act, .code = m->code, .reason = m->reason,
				  .side = req->ep->writable ? XM_SIDE_DST : XM_SIDE_SRC,
				  .certainty = XM_NOT_DONE };
	/* The kernel reports a lost write-back once: asked again, a flush would say all is well. */
	if (req->op == XM_IO_FLUSH)
		st->act = XM_ACT_FATAL;
	if (req->op == XM_IO_FLUSH)
		snprintf(st->detail, sizeof st->detail, "flush: %s: %s", what, req->ep->name);
	else
		snprintf(st->detail, sizeof st->detail,
			 "%s of %llu bytes at %llu (LBA %llu): %s: %s", verbs[req->op],
			 (unsigned long long)(req->len - op->pos), (unsigned long long)at,
			 (unsigned long long)(at / block), what, req->ep->name);
}

/* ---- steps ------------------------------------------------------------------------ */

/* The longest piece from here on that one descriptor can take. */
static void set_piece(struct xm_fd_op *op, enum xm_fd_call call, void *buf, uint64_t len)
{
	const struct xm_endpoint *ep = op->req->ep;
	uint64_t align = ep->dio_align, ahead = op->off % align;
	op->call = call;
	op->buf = buf;
	op->cached = false;
	len = xm_min_u64(len, CALL_MAX);
	if (ep->fd_cached >= 0) {
		op->cached = ahead || len < align || !xm_is_aligned((uintptr_t)buf, align);
		if (ahead && xm_is_aligned((uintptr_t)buf + align - ahead, align))
			len = xm_min_u64(len, align - ahead);
		if (!op->cached)
			len = xm_round_down(len, align);
	}
	op->len = len;
}

static void set_zero_step(const struct xm_fd_engine *e, struct xm_fd_op *op, uint64_t left)
{
	static const int modes[] = {
		[XM_ZERO_PUNCH] = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		[XM_ZERO_RANGE] = FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE,
	};
	struct xm_zero_step step = xm_zero_step(op->req->ep, op->off, left);
	op->way = step.way;
	if (step.way == XM_ZERO_WRITE) {
		set_piece(op, XM_FD_WRITE, e->zeros, xm_min_u64(step.len, ZEROS_SIZE));
		return;
	}
	op->call = step.way == XM_ZERO_ZEROOUT ? XM_FD_ZEROOUT : XM_FD_FALLOCATE;
	op->cached = false;
	op->mode = op->call == XM_FD_FALLOCATE ? modes[step.way] : 0;
	op->buf = NULL;
	op->len = step.len;
}

static void set_step(const struct xm_fd_engine *e, struct xm_fd_op *op)
{
	const struct xm_io_req *req = op->req;
	uint64_t left = req->len - op->pos;
	op->off = req->off + op->pos;
	switch (req->op) {
	case XM_IO_READ:
		set_piece(op, XM_FD_READ, (uint8_t *)req->buf + op->pos, left);
		break;
	case XM_IO_WRITE:
		set_piece(op, XM_FD_WRITE, (uint8_t *)req->buf + op->pos, left);
		break;
	case XM_IO_ZERO:
		set_zero_step(e, op, left);
		break;
	case XM_IO_FLUSH:
		op->call = XM_FD_FSYNC;
		op->cached = false;
		op->len = 0;
		op->buf = NULL;
		break;
	}
}

struct xm_fd_op *xm_fd_op_begin(struct xm_fd_engine *e, struct xm_io_req *req)
{
	struct xm_list *l = xm_list_pop(&e->idle);
	assert(l);
	struct xm_fd_op *op = xm_container_of(l, struct xm_fd_op, link);
	op->req = req;
	op->pos = 0;
	op->tries = 0;
	set_step(e, op);
	return op;
}

static bool finish(struct xm_fd_engine *e, struct xm_fd_op *op)
{
	op->req = NULL;
	xm_list_add_tail(&e->idle, &op->link);
	return true;
}

void xm_fd_op_fail(struct xm_fd_engine *e, struct xm_fd_op *op, int err)
{
	set_failure(op, err, strerror(err));
	finish(e, op);
}

/* Not this way; what it is that is wrong, if anything, a write says better. */
static bool no_such_way(const struct xm_fd_op *op, int err)
{
	static const int refusals[] = { EOPNOTSUPP, ENOSYS, EINVAL, ENOTTY, EPERM, EACCES,
					EREMOTEIO };
	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
		if (err == refusals[i])
			return op->call == XM_FD_FALLOCATE || op->call == XM_FD_ZEROOUT;
	return false;
}

static bool step_failed(struct xm_fd_engine *e, struct xm_fd_op *op, int err)
{
	if ((err == EINTR || err == EAGAIN) && ++op->tries < TRIES_MAX)
		return false;
	if (no_such_way(op, err)) {
		xm_zero_refused(op->req->ep, op->way);
		set_step(e, op);
		return false;
	}
	xm_fd_op_fail(e, op, err);
	return true;
}

bool xm_fd_op_step_done(struct xm_fd_engine *e, struct xm_fd_op *op)
{
	uint64_t moved = op->len;
	if (op->res < 0)
		return step_failed(e, op, -op->res);
	if (op->call == XM_FD_READ || op->call == XM_FD_WRITE)
		moved = (uint64_t)op->res;
	if (moved > op->len || (moved == 0 && op->call != XM_FD_FSYNC)) {
		set_failure(op, EIO, op->call == XM_FD_READ ? "it ends here" : "nothing was taken");
		return finish(e, op);
	}
	op->pos += moved;
	op->tries = 0;
	if (op->req->op != XM_IO_FLUSH && op->pos < op->req->len) {
		set_step(e, op);
		return false;
	}
	op->req->status = XM_STATUS_DONE;
	return finish(e, op);
}

static ssize_t call(const struct xm_fd_op *op)
{
	const struct xm_endpoint *ep = op->req->ep;
	int fd = op->cached ? ep->fd_cached : ep->fd;
	uint64_t range[2] = { op->off, op->len };
	switch (op->call) {
	case XM_FD_READ:
		return pread(fd, op->buf, op->len, (off_t)op->off);
	case XM_FD_WRITE:
		return pwrite(fd, op->buf, op->len, (off_t)op->off);
	case XM_FD_FALLOCATE:
		return fallocate(fd, op->mode, (off_t)op->off, (off_t)op->len);
	case XM_FD_ZEROOUT:
		return ioctl(fd, BLKZEROOUT, range);
	case XM_FD_FSYNC:
		return fsync(fd);
	}
	errno = EINVAL;
	return -1;
}

void xm_fd_op_run(struct xm_fd_op *op)
{
	ssize_t n = call(op);
	op->res = n < 0 ? -errno : (int)n;
}

/* ---- engine ----------------------------------------------------------------------- */

int xm_fd_engine_init(struct xm_fd_engine *e, struct xm_ctx *ctx, const struct xm_io_ops *ops,
		      unsigned depth)
{
	xm_io_init(&e->io, ops, depth);
	e->ctx = ctx;
	xm_list_init(&e->idle);
	e->zeros = mmap(NULL, ZEROS_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (e->zeros == MAP_FAILED)
		return errno;
	e->ops = calloc(depth, sizeof *e->ops);
	if (!e->ops) {
		munmap(e->zeros, ZEROS_SIZE);
		return ENOMEM;
	}
	for (unsigned i = 0; i < depth; i++)
		xm_list_add_tail(&e->idle, &e->ops[i].link);
	return 0;
}

void xm_fd_engine_release(struct xm_fd_engine *e)
{
	munmap(e->zeros, ZEROS_SIZE);
	free(e->ops);
}
