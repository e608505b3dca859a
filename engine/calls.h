/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocking calls on one descriptor (SG_IO, NVMe ioctls), each made by a thread
 * of the context's pool, each with a deadline of ours.
 *
 * The kernel has a timeout of its own for every command, and what it does then
 * (abort, reset) hits everyone who uses the device; so that one is long, and
 * ours comes after it.  A call that hangs even then keeps its thread, its buffer
 * and the descriptor, and its command is given up.
 */
#ifndef XM_CALLS_H
#define XM_CALLS_H

#include <stdbool.h>
#include <stdint.h>
#include "ctx.h"
#include "pool.h"
#include "xm/list.h"

struct xm_calls;

/*
 * The first member of a caller's, from malloc or as its drop() frees it,
 * with all that the call touches.
 */
struct xm_call {
	struct xm_work work;
	struct xm_list link;
	void (*run)(struct xm_call *call);   /* on a pool thread */
	uint64_t deadline;
	bool given_up;
};

/* What becomes of calls, on the thread that services them. */
struct xm_calls_ops {
	/* It returned; freed afterwards. */
	void (*back)(void *user, struct xm_call *call);
	/* Past its deadline: back does not follow. */
	void (*give_up)(void *user, struct xm_call *call);
	/* Frees one that no thread has; NULL: free(). */
	void (*drop)(struct xm_call *call);
};

/* fd is duplicated.  NULL without memory, threads or descriptors. */
struct xm_calls *xm_calls_new(struct xm_ctx *ctx, int fd, const struct xm_calls_ops *ops,
			      void *user);
/* Waits for nothing; ops are not called any more.  What hangs in the kernel is left behind. */
void xm_calls_free(struct xm_calls *calls);
int xm_calls_fd(const struct xm_calls *calls);
/* Given up timeout_ns from now.  False: there is no thread, and the call stays the caller's. */
bool xm_calls_submit(struct xm_calls *calls, struct xm_call *call, uint64_t timeout_ns);
void xm_calls_wait(struct xm_calls *calls, struct xm_waiter *w);
void xm_calls_service(struct xm_calls *calls);
/* Calls the kernel has not come back with, given up or not. */
unsigned xm_calls_running(const struct xm_calls *calls);

/* Whether the kernel answers a pass-through call so only before it sends the command. */
bool xm_call_never_left(int err);

#endif
