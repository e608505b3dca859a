/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What io-uring and io-threads share: a request as a series of steps, each one
 * call on a descriptor, and what an errno means.  An engine only runs a step and
 * says how it ended; so both give the same results.
 */
#ifndef XM_IO_FD_H
#define XM_IO_FD_H

#include "io.h"
#include "pool.h"
#include "zero.h"

enum xm_fd_call { XM_FD_READ, XM_FD_WRITE, XM_FD_FALLOCATE, XM_FD_ZEROOUT,
		  XM_FD_FSYNC };

struct xm_fd_op {
	struct xm_list link;         /* the engine's */
	struct xm_work work;         /* io-threads */
	struct xm_io_req *req;
	uint64_t pos;                /* bytes of the request that are through */
	unsigned tries;              /* of this step, by EINTR and EAGAIN */
	/* The step. */
	enum xm_fd_call call;
	bool cached;                 /* on ep->fd_cached, not ep->fd */
	enum xm_zero_way way;        /* of a step of ZERO */
	int mode;                    /* of fallocate */
	uint64_t off;
	size_t len;
	void *buf;
	int res;                     /* as io_uring has it: bytes, or -errno */
};

/* The base of both engines; `ops` are as many as max_inflight. */
struct xm_fd_engine {
	struct xm_io io;
	struct xm_ctx *ctx;
	struct xm_fd_op *ops;
	struct xm_list idle;
	void *zeros;
};

/* 0 or an errno; everything released again on failure. */
int xm_fd_engine_init(struct xm_fd_engine *e, struct xm_ctx *ctx, const struct xm_io_ops *ops,
		      unsigned depth);
void xm_fd_engine_release(struct xm_fd_engine *e);

/* An op for the request with its first step set; never NULL below max_inflight. */
struct xm_fd_op *xm_fd_op_begin(struct xm_fd_engine *e, struct xm_io_req *req);
/*
 * The step has ended with op->res.  True: the request is finished, its status
 * set, and the op idle again.  False: the next step is set.
 */
bool xm_fd_op_step_done(struct xm_fd_engine *e, struct xm_fd_op *op);
/* The step by a blocking call, for pool threads; sets op->res. */
void xm_fd_op_run(struct xm_fd_op *op);
/* End the request without (another) call: nothing of this step was sent. */
void xm_fd_op_fail(struct xm_fd_engine *e, struct xm_fd_op *op, int err);

#endif
