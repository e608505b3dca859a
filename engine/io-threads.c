/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Block I/O by pread and pwrite in pool threads, where io_uring is refused.
 * A thread runs one call; what it means is decided on the loop's thread.
 */
#include "io-fd.h"

#include <errno.h>
#include <stdlib.h>

#define DEPTH 32
/* Two sleeps a call are what a thread costs: fewer and larger calls. */
#define REQUEST (UINT64_C(2) << 20)

struct threads {
	struct xm_fd_engine fd;
	struct xm_pool_client *client;
	unsigned out;                /* ops that threads have */
	struct xm_list failed;       /* ops that no thread could take, op->res set */
};

static struct threads *threads_of(struct xm_io *io)
{
	return xm_container_of(io, struct threads, fd.io);
}

static void run_step(struct xm_work *work)
{
	xm_fd_op_run(xm_container_of(work, struct xm_fd_op, work));
}

static void start_step(struct threads *t, struct xm_fd_op *op)
{
	op->work.run = run_step;
	if (xm_pool_submit(t->client, &op->work)) {
		t->out++;
		return;
	}
	op->res = -ENOMEM;
	xm_list_add_tail(&t->failed, &op->work.link);
}

static int threads_attach(struct xm_io *io, struct xm_endpoint *ep, struct xm_error **err)
{
	(void)io;
	(void)ep;
	(void)err;
	return 0;
}

static void threads_buffers(struct xm_io *io, struct xm_buffers *b)
{
	(void)io;
	(void)b;
}

static enum xm_queued threads_submit(struct xm_io *io, struct xm_io_req *req)
{
	struct threads *t = threads_of(io);
	start_step(t, xm_fd_op_begin(&t->fd, req));
	return XM_QUEUED;
}

static void threads_wait(struct xm_io *io, struct xm_waiter *w)
{
	struct threads *t = threads_of(io);
	xm_pool_wait_many(t->client, w, t->out);
	if (!xm_list_empty(&t->failed))
		xm_waiter_until(w, 0);
}

static void threads_reap(struct xm_io *io, struct xm_list *done)
{
	struct threads *t = threads_of(io);
	struct xm_list ended = XM_LIST_INIT(ended), *l;
	t->out -= xm_pool_reap(t->client, &ended);
	while ((l = xm_list_pop(&t->failed)))
		xm_list_add_tail(&ended, l);
	while ((l = xm_list_pop(&ended))) {
		struct xm_fd_op *op = xm_container_of(l, struct xm_fd_op, work.link);
		struct xm_io_req *req = op->req;
		if (xm_fd_op_step_done(&t->fd, op))
			xm_list_add_tail(done, &req->link);
		else
			start_step(t, op);
	}
}

static void threads_close(struct xm_io *io)
{
	struct threads *t = threads_of(io);
	xm_pool_client_free(t->client);
	xm_fd_engine_release(&t->fd);
	free(t);
}

static const struct xm_io_ops threads_ops = {
	.name = "threads",
	.request = REQUEST,
	.attach = threads_attach,
	.buffers = threads_buffers,
	.submit = threads_submit,
	.wait = threads_wait,
	.reap = threads_reap,
	.close = threads_close,
};

struct xm_io *xm_io_threads_open(struct xm_ctx *ctx, int *ret_errno)
{
	struct xm_pool *pool = xm_ctx_pool(ctx);
	struct threads *t = pool ? calloc(1, sizeof *t) : NULL;
	*ret_errno = ENOMEM;
	if (!t)
		return NULL;
	xm_list_init(&t->failed);
	t->client = xm_pool_client_new(pool);
	int e = t->client ? xm_fd_engine_init(&t->fd, ctx, &threads_ops, DEPTH) : ENOMEM;
	if (e == 0)
		return &t->fd.io;
	xm_pool_client_free(t->client);
	free(t);
	*ret_errno = e;
	return NULL;
}
