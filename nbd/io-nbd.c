/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Block I/O over NBD: READ, WRITE, FLUSH, and WRITE_ZEROES where the server has
 * it, else zeros are sent.
 *
 * A request larger than the server takes goes in steps, one after the other.
 * What a read brings is counted: a server that answers GOOD and left a gap has not
 * read.  Whole steps of space are zeroed without NBD_CMD_FLAG_NO_HOLE, so that thin
 * stays thin, and edges with it; never by TRIM, which promises no zeros.  A server
 * with FUA and no FLUSH gets FUA on each write; one with neither says that it has no
 * cache.
 */
#include "disk.h"

#include <errno.h>
#include <stdlib.h>
#include "error.h"
#include "xm/align.h"

#define ZEROS_SIZE (UINT64_C(1) << 20)
/* WRITE_ZEROES has no payload; 32 bits of length, and a bound on what one may take. */
#define ZERO_MOST (UINT64_C(256) << 20)

static struct nbd_disk *disk_of(struct xm_io *io)
{
	return xm_container_of(io, struct nbd_disk, io);
}

/* ---- steps ----------------------------------------------------------------------- */

/* libnbd calls this from within its pump: nothing of libnbd's may be called here. */
static int answered(void *user, int *error)
{
	struct nbd_op *op = user;
	struct nbd_conn *c = op->conn;

	op->err = *error;
	if (op->err == NBD_LOST)
		return 1;                /* it is in c->ops until the connection is cut */
	c->inflight--;
	c->answers++;
	c->heard_at = nbd_now(op->disk);
	xm_list_del(&op->link);
	xm_list_add_tail(&op->disk->ended, &op->link);
	return 1;
}

static int got_chunk(void *user, const void *at, size_t count, uint64_t offset, unsigned status,
		     int *error)
{
	struct nbd_op *op = user;

	(void)at;
	(void)offset;
	(void)error;
	if (status != LIBNBD_READ_ERROR)
		op->got += count;
	return 0;
}

static void set_len(struct nbd_op *op)
{
	const struct xm_io_req *req = op->req;
	uint64_t left = req->op == XM_IO_FLUSH ? 0 : req->len - op->pos;
	struct xm_zero_step zero = { .way = XM_ZERO_WRITE, .len = left };

	if (req->op == XM_IO_ZERO)
		zero = xm_zero_step(req->ep, req->off + op->pos, left);
	op->way = zero.way;
	if (op->way != XM_ZERO_WRITE)
		op->len = xm_min_u64(zero.len, ZERO_MOST);
	else
		op->len = xm_min_u64(left, op->disk->facts.max_io);
	if (req->op == XM_IO_ZERO && op->way == XM_ZERO_WRITE)
		op->len = xm_min_u64(op->len, ZEROS_SIZE);
	op->got = 0;
	op->fragile = req->op == XM_IO_WRITE || req->op == XM_IO_ZERO;
}

static int64_t issue(struct nbd_op *op)
{
	const struct xm_io_req *req = op->req;
	const struct nbd_facts *f = &op->disk->facts;
	struct nbd_handle *h = op->conn->h;
	nbd_completion_callback end = { .callback = answered, .user_data = op };
	nbd_chunk_callback chunk = { .callback = got_chunk, .user_data = op };
	uint32_t flags = f->fua && !f->flush ? LIBNBD_CMD_FLAG_FUA : 0;
	uint64_t off = req->off + op->pos;

	switch (req->op) {
	case XM_IO_READ:
		return nbd_aio_pread_structured(h, (uint8_t *)req->buf + op->pos, op->len, off,
						chunk, end, 0);
	case XM_IO_WRITE:
		return nbd_aio_pwrite(h, (const uint8_t *)req->buf + op->pos, op->len, off, end,
				      flags);
	case XM_IO_ZERO:
		if (op->way == XM_ZERO_WRITE)
			return nbd_aio_pwrite(h, op->disk->zeros, op->len, off, end, flags);
		if (op->way != XM_ZERO_PUNCH)
			flags |= LIBNBD_CMD_FLAG_NO_HOLE;
		return nbd_aio_zero(h, op->len, off, end, flags);
	case XM_IO_FLUSH:
		return nbd_aio_flush(h, end, 0);
	}
	return -1;
}

/* What cannot be sent ends in the next reap. */
static void start_step(struct nbd_op *op)
{
	struct nbd_conn *c = op->conn;

	set_len(op);
	if (c->inflight++ == 0)
		c->heard_at = nbd_now(op->disk);
	xm_list_add_tail(&c->ops, &op->link);
	if (issue(op) >= 0)
		return;
	op->err = nbd_get_errno() ? nbd_get_errno() : EIO;
	if (nbd_conn_over(c))
		op->err = EAGAIN;
	c->inflight--;
	xm_list_del(&op->link);
	xm_list_add_tail(&op->disk->ended, &op->link);
}

/* ---- the end of a step, and of a request -------------------------------------------- */

static void finish(struct nbd_op *op, struct xm_list *done)
{
	xm_list_add_tail(done, &op->req->link);
	xm_list_add_tail(&op->disk->idle, &op->link);
}

/* WRITE_ZEROES is announced and refused: from now on the next way is taken. */
static bool other_way(const struct nbd_op *op)
{
	if (op->way == XM_ZERO_WRITE || (op->err != EOPNOTSUPP && op->err != EINVAL))
		return false;
	xm_zero_refused(op->req->ep, op->way);
	return true;
}

static bool goes_on(struct nbd_op *op)
{
	if (op->conn->link != NBD_UP || !xm_nexus_takes_commands(&op->disk->nexus)) {
		op->err = EAGAIN;
		return false;
	}
	start_step(op);
	return true;
}

static void step_ended(struct nbd_op *op, struct xm_list *done)
{
	struct xm_io_req *req = op->req;

	if (req->op == XM_IO_READ && op->err == 0 && op->got != op->len)
		op->err = EBADMSG;
	if (op->err == 0)
		op->pos += op->len;
	if (op->err == 0 && (req->op == XM_IO_FLUSH || op->pos == req->len)) {
		req->status = XM_STATUS_DONE;
		finish(op, done);
		return;
	}
	if ((op->err == 0 || other_way(op)) && goes_on(op))
		return;
	nbd_status(op, &req->status);
	if (op->err == ESHUTDOWN)
		op->disk->nexus.lost = true;
	finish(op, done);
}

/* ---- the seam ---------------------------------------------------------------------- */

static int nbd_attach(struct xm_io *io, struct xm_endpoint *ep, struct xm_error **err)
{
	if (disk_of(io)->ep == ep)
		return 0;
	return xm_fail(err, XM_E_BUG, "%s brings its own I/O engine", ep->name);
}

static void nbd_buffers(struct xm_io *io, struct xm_buffers *b)
{
	(void)io;
	(void)b;
}

static struct nbd_conn *idlest(struct nbd_disk *d)
{
	struct nbd_conn *best = NULL;

	for (unsigned i = 0; i < d->wanted; i++) {
		struct nbd_conn *c = &d->conn[i];

		if (c->link == NBD_UP && c->inflight < NBD_DEPTH &&
		    (!best || c->inflight < best->inflight))
			best = c;
	}
	return best;
}

static enum xm_queued nbd_submit(struct xm_io *io, struct xm_io_req *req)
{
	struct nbd_disk *d = disk_of(io);
	struct nbd_conn *c = idlest(d);
	struct nbd_op *op;

	if (!c || xm_list_empty(&d->idle))
		return XM_FULL;
	op = xm_container_of(xm_list_pop(&d->idle), struct nbd_op, link);
	*op = (struct nbd_op){ .disk = d, .conn = c, .req = req };
	xm_list_init(&op->link);
	/* nothing to flush, as the server says: it keeps nothing back, or all had FUA */
	if (req->op == XM_IO_FLUSH && !d->facts.flush)
		xm_list_add_tail(&d->ended, &op->link);
	else
		start_step(op);
	return XM_QUEUED;
}

static void nbd_wait(struct xm_io *io, struct xm_waiter *w)
{
	struct nbd_disk *d = disk_of(io);

	if (!xm_list_empty(&d->ended))
		xm_waiter_until(w, 0);
	for (unsigned i = 0; i < NBD_CONNECTIONS; i++) {
		if (d->conn[i].link == NBD_UP)
			nbd_conn_wait(&d->conn[i], w);
	}
}

static void nbd_reap(struct xm_io *io, struct xm_list *done)
{
	struct nbd_disk *d = disk_of(io);
	struct xm_list ended = XM_LIST_INIT(ended), *l;

	for (unsigned i = 0; i < NBD_CONNECTIONS; i++) {
		if (d->conn[i].link == NBD_UP)
			nbd_conn_pump(&d->conn[i]);
	}
	/* what ends while these are looked at is for the next turn */
	while ((l = xm_list_pop(&d->ended)))
		xm_list_add_tail(&ended, l);
	while ((l = xm_list_pop(&ended)))
		step_ended(xm_container_of(l, struct nbd_op, link), done);
}

/* The engine is the endpoint's, and ends with it. */
static void nbd_io_close(struct xm_io *io)
{
	(void)io;
}

static const struct xm_io_ops io_ops = {
	.name = "nbd",
	.attach = nbd_attach,
	.buffers = nbd_buffers,
	.submit = nbd_submit,
	.wait = nbd_wait,
	.reap = nbd_reap,
	.close = nbd_io_close,
};

int nbd_io_init(struct nbd_disk *d)
{
	unsigned n = sizeof d->ops / sizeof d->ops[0];

	d->zeros = calloc(1, ZEROS_SIZE);
	for (unsigned i = 0; i < n; i++)
		xm_list_add_tail(&d->idle, &d->ops[i].link);
	xm_io_init(&d->io, &io_ops, n);
	return d->zeros ? 0 : -1;
}

struct xm_io *nbd_io_of(struct xm_endpoint *ep, struct xm_error **err)
{
	(void)err;
	return &nbd_disk_of(ep)->io;
}
