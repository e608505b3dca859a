/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one way to an I/O engine: what goes in is checked, what comes out is
 * checked, and every write asks the gate.
 *
 * Ragged writes, those whose edges are off the direct I/O alignment, pass the
 * page cache; a direct write to the same page, under way at the same time,
 * could be undone when the page is written back.  So two writes that share
 * such a page are not let in together.
 */
#include "io.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "gate.h"
#include "xm/align.h"

/* No page, and no block of a file system, is larger. */
#define LARGEST_PAGE UINT64_C(65536)
/* Disks with larger blocks want no more of memory than a page. */
#define MEMORY_ALIGN_MAX 4096

void xm_io_init(struct xm_io *io, const struct xm_io_ops *ops, unsigned max_inflight)
{
	*io = (struct xm_io){ .ops = ops, .max_inflight = max_inflight };
	xm_list_init(&io->active);
	xm_list_init(&io->refused);
}

static bool writes(const struct xm_io_req *req)
{
	return req->op == XM_IO_WRITE || req->op == XM_IO_ZERO;
}

static const char *broken_rule(const struct xm_io_req *req)
{
	const struct xm_endpoint *ep = req->ep;
	if (req->op == XM_IO_FLUSH)
		return NULL;
	if (req->len == 0 || !xm_range_fits(req->off, req->len, ep->size))
		return "range outside the disk";
	if (!xm_is_aligned(req->off | req->len, ep->block_size))
		return "range not in whole blocks";
	if (req->op != XM_IO_ZERO &&
	    !xm_is_aligned((uintptr_t)req->buf, xm_min_u64(ep->dio_align, MEMORY_ALIGN_MAX)))
		return "buffer not aligned";
	if (writes(req) && !xm_gate_allows(ep, req->off, req->len))
		return "write outside the job's range";
	return NULL;
}

static void refuse(struct xm_io *io, struct xm_io_req *req, const char *why)
{
	req->status = (struct xm_status){ .err = EINVAL, .act = XM_ACT_FATAL,
					  .side = req->ep->writable ? XM_SIDE_DST : XM_SIDE_SRC,
					  .certainty = XM_NOT_DONE, .code = XM_E_BUG,
					  .reason = "bug" };
	snprintf(req->status.detail, sizeof req->status.detail, "%s: %llu bytes at %llu of %s", why,
		 (unsigned long long)req->len, (unsigned long long)req->off, req->ep->name);
	xm_list_add_tail(&io->refused, &req->link);
}

static bool share_page(const struct xm_io_req *a, const struct xm_io_req *b)
{
	uint64_t a_last = (a->off + a->len - 1) / LARGEST_PAGE;
	uint64_t b_last = (b->off + b->len - 1) / LARGEST_PAGE;
	return a->ep == b->ep && a->off / LARGEST_PAGE <= b_last && b->off / LARGEST_PAGE <= a_last;
}

static bool must_wait(const struct xm_io *io, const struct xm_io_req *req)
{
	if (!writes(req) || (!req->ragged && !io->ragged))
		return false;
	xm_list_for_each(l, &io->active) {
		const struct xm_io_req *other = xm_container_of(l, struct xm_io_req, active);
		if (writes(other) && (req->ragged || other->ragged) && share_page(req, other))
			return true;
	}
	return false;
}

static bool is_ragged(const struct xm_io_req *req)
{
	return writes(req) && req->ep->fd_cached >= 0 &&
	       !xm_is_aligned(req->off | req->len, req->ep->dio_align);
}

enum xm_queued xm_io_submit(struct xm_io *io, struct xm_io_req *req)
{
	const char *why = broken_rule(req);
	assert(!req->busy && req->done);
	if (why) {
		refuse(io, req, why);
		return XM_QUEUED;
	}
	req->ragged = is_ragged(req);
	if (io->inflight >= io->max_inflight || must_wait(io, req) ||
	    (req->ep->nexus && !xm_nexus_takes_commands(req->ep->nexus)))
		return XM_FULL;
	if (io->ops->submit(io, req) == XM_FULL)
		return XM_FULL;
	req->busy = true;
	xm_list_add_tail(&io->active, &req->active);
	io->inflight++;
	io->ragged += req->ragged;
	req->ep->io_inflight++;
	return XM_QUEUED;
}

void xm_io_wait(struct xm_io *io, struct xm_waiter *w)
{
	if (!xm_list_empty(&io->refused))
		xm_waiter_until(w, 0);
	io->ops->wait(io, w);
}

static void finished(struct xm_io *io, struct xm_io_req *req)
{
	assert(req->busy);
	req->busy = false;
	xm_list_del(&req->active);
	io->inflight--;
	io->ragged -= req->ragged;
	req->ep->io_inflight--;
	xm_list_add_tail(req->done, &req->link);
}

void xm_io_reap(struct xm_io *io)
{
	struct xm_list done = XM_LIST_INIT(done), *l;
	io->ops->reap(io, &done);
	while ((l = xm_list_pop(&done)))
		finished(io, xm_container_of(l, struct xm_io_req, link));
	while ((l = xm_list_pop(&io->refused)))
		xm_list_add_tail(xm_container_of(l, struct xm_io_req, link)->done, l);
}

static void drain_wait(void *o, struct xm_waiter *w)
{
	xm_io_wait(o, w);
}

static int drain_step(void *o)
{
	struct xm_io *io = o;
	xm_io_reap(io);
	return io->inflight == 0;
}

bool xm_io_close(struct xm_io *io)
{
	if (!io)
		return true;
	if (io->inflight) {
		struct xm_list *first = io->active.next;
		struct xm_ctx *ctx = xm_container_of(first, struct xm_io_req, active)->ep->ctx;
		uint64_t until = ctx->clock->now(ctx->clock) + ctx->timeout_ns;
		if (!xm_ctx_wait_for(ctx, until, drain_wait, drain_step, io))
			return false;
	}
	io->ops->close(io);
	return true;
}

static const char *why_not_uring(int e)
{
	switch (e) {
	case ENOSYS:
		return "io_uring is not there (kernel, build or seccomp profile): threads are used";
	case EPERM:
	case EACCES:
		return "io_uring is refused (seccomp profile or kernel.io_uring_disabled): "
		       "threads are used";
	case ENOMEM:
		return "memory for io_uring is short (RLIMIT_MEMLOCK): threads are used";
	default:
		return "io_uring could not be set up: threads are used";
	}
}

struct xm_io *xm_io_open(struct xm_ctx *ctx, const char *which, const char **ret_why,
			 struct xm_error **err)
{
	bool any = strcmp(which, "auto") == 0;
	struct xm_io *io = NULL;
	int e = EINVAL;
	*ret_why = NULL;
	if (any || strcmp(which, "uring") == 0)
		io = xm_io_uring_open(ctx, &e);
	if (!io && any) {
		*ret_why = why_not_uring(e);
		xm_log(ctx, XM_LOG_WARNING, "io_uring_unavailable", "%s (%s)", *ret_why,
		       strerror(e));
	}
	if (!io && (any || strcmp(which, "threads") == 0))
		io = xm_io_threads_open(ctx, &e);
	if (!io)
		xm_fail(err, xm_code_of_errno(e, 1), "I/O engine '%s' cannot be had: %s", which,
			strerror(e));
	return io;
}
