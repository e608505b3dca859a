/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SEAM: tokens, the rights to read data that cross sessions and hosts.
 *
 * A source port makes a token that stands for runs of its disk; a destination
 * port has the storage write what a token stands for.  No data byte passes the
 * host.  Method odx is the two put together; `send` and `receive` put a pipe in
 * between.  What is inside a token is the storage's affair: to everyone else it is
 * XM_TOKEN_LEN opaque bytes that must never be logged, printed or dumped.
 *
 * One port is one endpoint in one role, on the thread of the endpoint's context:
 *
 *     xm_token_open(ctx, ep, XM_ROLE_SRC, &port, &why)      usable, or why not
 *     xm_token_submit(port, req)                            QUEUED or FULL
 *     xm_token_wait(port, w)                                what to wake up for
 *     xm_token_reap(port)                                   finished: on req->done
 *     xm_token_close(port)                                  nothing in flight
 *
 * Submit sends at most one request's first command and never waits; completion
 * comes exactly once, from reap.  In between the request, its runs and its token
 * belong to the port.  A port retries nothing (beyond bookkeeping commands, and a
 * list identifier that is in use), never falls back, and bounds every wait.
 *
 * How a request ends (req->status, req->moved):
 *  - act NONE, certainty DONE: `moved` bytes, a prefix in run order, not 0, but
 *    perhaps fewer than asked.  POPULATE: the token stands for these and no more, so
 *    offsets into it and writes from it end there; what is left needs a token of its
 *    own.  WRITE, ZERO: the rest is not written; submit it again.
 *  - NOT_DONE: act as everywhere (status.h); `moved` is a confirmed prefix, mostly 0.
 *    `stale`: the token is of no use any more (expired, revoked, altered, not known): make a
 *    new one, a bounded number of times; with act RETRY anything but the token is fine.
 *  - UNKNOWN, WRITE and ZERO only: it may still happen.  Nobody may write these runs
 *    until req->nexus was fenced: xm_fence_need(), then xm_fence_step() until FENCED, just
 *    as a job does (fence.h, job-fence.c).  Watch ep->nexus of every port's endpoint from the start
 *    (xm_fence_watch): a path that breaks is `lost`, and only its fence brings it back.
 *    Copies run in the foreground, so that this fence covers them.
 *  - POPULATE is never UNKNOWN: it changes no byte.
 *
 * The write gate (gate.h) holds: WRITE and ZERO outside [ep->gate_lo, gate_hi) come
 * back with XM_E_BUG, unsent.  Whoever writes without a job opens the gate himself.
 *
 * Order is the caller's: requests in flight on one port run side by side.  Writes by
 * token do not pass the host's caches: flush the destination for durability
 * (XM_IO_FLUSH), and drop the host's cached pages (ops->drop_cache) as a job does.
 *
 * A token is used on the storage that made it.  Elsewhere the answer is NOT_DONE,
 * DEMOTE, pair_wide (it cannot work) or `stale` (the storage does not tell).
 * Whether a source that changes meanwhile changes the data of a token: see `moving`.
 */
#ifndef XM_TOKEN_H
#define XM_TOKEN_H

#include "endpoint.h"
#include "io.h"
#include "method.h"
#include "status.h"

#define XM_TOKEN_LEN 512
#define XM_TOKEN_RUNS_MAX XM_TASK_RUNS_MAX

/* Made by xm_token_new; bytes alone are what travels (with the other fields beside them). */
struct xm_token {
	uint8_t bytes[XM_TOKEN_LEN];
	uint64_t covers;             /* bytes it stands for; WRITE beyond is refused, unsent */
	uint64_t life_ns;            /* without being used, from the moment
					it was made; 0 not known */
	uint32_t block_size;         /* of the source */
	bool moving;                 /* reads the source when it is used, not as it was when it was
					made: right only for a source that nobody writes */
};

/* In memory that no core file shows, zeroed; NULL when memory is short. */
struct xm_token *xm_token_new(void);
/* Overwrites, then frees.  NULL is fine. */
void xm_token_free(struct xm_token *t);

enum xm_token_op { XM_TOKEN_POPULATE, XM_TOKEN_WRITE, XM_TOKEN_ZERO };

struct xm_token_run {
	uint64_t off, len;           /* bytes of the port's endpoint; multiples of its block size */
};

struct xm_token_req {
	struct xm_list link;         /* the port's, then on *done */
	/* Set by the submitter. */
	struct xm_list *done;
	enum xm_token_op op;
	struct xm_token *token;      /* POPULATE: filled.  WRITE: used, unchanged.  ZERO: NULL */
	uint64_t token_off;          /* WRITE: bytes into what the token stands for */
	bool last_use;               /* WRITE: the storage may forget the token
					when this is written */
	uint64_t life_s;             /* POPULATE: wished, 0 the storage's default;
					cut to its maximum */
	unsigned nruns;
	struct xm_token_run runs[XM_TOKEN_RUNS_MAX];   /* ascending, disjoint */
	void *user;
	/* The answer. */
	uint64_t bytes;              /* asked: sum of the runs (set by xm_token_submit) */
	uint64_t moved;
	struct xm_status status;
	bool stale;
	struct xm_nexus *nexus;      /* the one it went down */
	void *priv;                  /* the port's */
};

struct xm_token_limits {
	unsigned ops;                /* 1 << enum xm_token_op, or-ed */
	uint64_t align;              /* best for off and len of runs;
					only the block size is a must */
	unsigned max_runs;           /* 1 .. XM_TOKEN_RUNS_MAX */
	uint64_t max_run;            /* bytes a run */
	uint64_t max_bytes;          /* bytes a request: a token, or a write from one */
	uint64_t opt_bytes;          /* the storage's wish a request, cut to max_bytes; never 0 */
	unsigned max_inflight;       /* requests */
	uint64_t life_s, max_life_s; /* of a token that is not used:
					by default, at most; 0 not told */
	bool remote;                 /* the storage says tokens of other
					copy managers may be usable */
	bool moving;                 /* tokens made here read the source when they are used */
};

struct xm_token_port;
struct xm_token_ops {
	const char *name;            /* "odx" */
	/*
	 * 0 and *ret_port, or -1 and *why.  Set-up only: may wait.  XM_ROLE_SRC makes
	 * tokens (POPULATE), XM_ROLE_DST uses them (WRITE, and ZERO where it can).
	 */
	int (*open)(struct xm_ctx *ctx, struct xm_endpoint *ep, enum xm_role role,
		    struct xm_token_port **ret_port, struct xm_refusal *why);
	enum xm_queued (*submit)(struct xm_token_port *p, struct xm_token_req *req);
	void (*wait)(struct xm_token_port *p, struct xm_waiter *w);
	void (*reap)(struct xm_token_port *p, struct xm_list *ended);
	void (*close)(struct xm_token_port *p);
};

struct xm_token_port {
	const struct xm_token_ops *ops;
	struct xm_endpoint *ep;
	enum xm_role role;
	struct xm_token_limits limits;   /* the port may lower them as it learns */
	unsigned inflight;               /* kept by xm_token_submit/xm_token_reap */
	struct xm_list broken;           /* requests that broke the contract, unsent */
};

/* The first kind of token in the context's registry that is usable there. */
int xm_token_open(struct xm_ctx *ctx, struct xm_endpoint *ep, enum xm_role role,
		  struct xm_token_port **ret_port, struct xm_refusal *why);
/* That kind. */
int xm_token_open_kind(const struct xm_token_ops *ops, struct xm_ctx *ctx, struct xm_endpoint *ep,
		       enum xm_role role, struct xm_token_port **ret_port, struct xm_refusal *why);

/*
 * The only callers of the vtable: runs inside limits and the endpoint, ascending
 * and disjoint, block aligned, inside the token, write gate asked.  A request that
 * breaks this comes back from reap with XM_E_BUG, unsent.
 */
enum xm_queued xm_token_submit(struct xm_token_port *p, struct xm_token_req *req);
void xm_token_wait(struct xm_token_port *p, struct xm_waiter *w);
/* Puts each finished request on its `done`. */
void xm_token_reap(struct xm_token_port *p);
/* False when requests are still out: the port, they and the endpoint must then stay as they are. */
bool xm_token_close(struct xm_token_port *p);

#endif
