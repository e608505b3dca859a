/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SEAM: block I/O engines.  io-uring and io-threads take endpoints with a
 * descriptor; an iSCSI session or an sg node brings its own.
 *
 * Submit answers QUEUED or FULL and may hold back until the next wait (one
 * io_uring_enter a turn).  Completion comes exactly once, from reap, never from
 * inside submit.  The request and its buffer belong to the engine in between.
 * Short transfers are finished by the engine; what it gives back is whole or failed.
 * A read that fails is NOT_DONE.  A write whose fate is not known is UNKNOWN.
 */
#ifndef XM_IO_H
#define XM_IO_H

#include <stdbool.h>
#include <stdint.h>
#include "clock.h"
#include "endpoint.h"
#include "status.h"
#include "xm/list.h"

enum xm_io_op { XM_IO_READ, XM_IO_WRITE, XM_IO_ZERO, XM_IO_FLUSH };
enum xm_queued { XM_QUEUED, XM_FULL };

struct xm_io_req {
	struct xm_list link;         /* the engine's, then on *done */
	struct xm_list *done;        /* where it goes when finished: an engine has several users */
	enum xm_io_op op;
	struct xm_endpoint *ep;
	uint64_t off, len;           /* bytes; multiples of ep's block size
					(of 1 for files' tails) */
	void *buf;                   /* as dio_align of the pair wants; NULL for ZERO, FLUSH */
	int buf_index;               /* slot in the registered pool, -1 when not from it */
	void *user;                  /* the submitter's */
	struct xm_status status;     /* valid after reap */
	void *priv;                  /* the engine's */
	/* Kept by xm_io_submit/xm_io_reap; zero at first. */
	struct xm_list active;
	bool busy, ragged;
};

struct xm_io;
struct xm_buffers;

struct xm_io_ops {
	const char *name;
	uint64_t request;        /* bytes that suit it best; 0: what suits most */
	/*
	 * The engine learns of endpoints (registers files) and the pool,
	 * before the first submit.
	 */
	int (*attach)(struct xm_io *io, struct xm_endpoint *ep, struct xm_error **err);
	void (*buffers)(struct xm_io *io, struct xm_buffers *b);
	enum xm_queued (*submit)(struct xm_io *io, struct xm_io_req *req);
	void (*wait)(struct xm_io *io, struct xm_waiter *w);
	void (*reap)(struct xm_io *io, struct xm_list *done);
	/* Called with nothing under way. */
	void (*close)(struct xm_io *io);
};

struct xm_io {
	const struct xm_io_ops *ops;
	unsigned max_inflight;
	/* Kept by xm_io_submit/xm_io_reap. */
	unsigned inflight;           /* what the engine has */
	unsigned ragged;             /* of these, writes that pass the page cache at an edge */
	struct xm_list active;       /* these requests */
	struct xm_list refused;      /* broke the contract; not sent, given back by the next reap */
};

/* For engines, when they are opened. */
void xm_io_init(struct xm_io *io, const struct xm_io_ops *ops, unsigned max_inflight);

/*
 * The only callers of the vtable.  They check the contract both ways: range
 * inside the endpoint, alignment, the write gate, completion exactly once.
 * A request that breaks it comes back from reap with XM_E_BUG, unsent.
 *
 * Host method, trials and verify share one engine, so xm_io_reap puts each
 * finished request on the list its submitter named; any of them may call it.
 */
enum xm_queued xm_io_submit(struct xm_io *io, struct xm_io_req *req);
void xm_io_wait(struct xm_io *io, struct xm_waiter *w);
void xm_io_reap(struct xm_io *io);
/*
 * Waits for what is under way, up to the context's timeout.  False when that
 * did not end: the engine, its requests, their buffers and endpoints must then
 * be left as they are until the process ends.
 */
bool xm_io_close(struct xm_io *io);

/*
 * An engine for endpoints with descriptors.  `which`: "auto" (uring, else
 * threads, with *ret_why set to a sentence), "uring", "threads".
 */
struct xm_io *xm_io_open(struct xm_ctx *ctx, const char *which, const char **ret_why,
			 struct xm_error **err);
/* NULL and an errno. */
struct xm_io *xm_io_uring_open(struct xm_ctx *ctx, int *ret_errno);
struct xm_io *xm_io_threads_open(struct xm_ctx *ctx, int *ret_errno);

/* ---- memory for I/O ------------------------------------------------------- */

/*
 * Zeros, aligned for any direct I/O, kept out of core files; NULL when memory is short.
 * A page that is never touched costs none.  Freed with the size it was asked for; NULL
 * is nothing to free.
 */
void *xm_io_memory_new(size_t size);
void xm_io_memory_free(void *p, size_t size);

/* ---- the job's buffers --------------------------------------------------- */

/* One mapping, cut into equal slots; shared by both ends, registered with the ring. */
struct xm_buffers {
	uint8_t *base;
	uint64_t slot_size;          /* multiple of 4096 */
	unsigned slots, free;
	unsigned *stack;             /* free slot numbers */
};
/* 0, or -1 when memory is short. */
int xm_buffers_init(struct xm_buffers *b, uint64_t slot_size, unsigned slots);
/* Slot number, or -1 when all are taken. */
int xm_buffers_get(struct xm_buffers *b);
void xm_buffers_put(struct xm_buffers *b, int slot);
static inline void *xm_buffers_at(const struct xm_buffers *b, int slot)
{
	return b->base + (uint64_t)(unsigned)slot * b->slot_size;
}
void xm_buffers_free(struct xm_buffers *b);

#endif
