/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads for calls that block: SG_IO, fsync, pread where io_uring is refused.
 *
 * Each client of the pool has its own completion queue and eventfd, so that
 * reaping is on the client's (the loop's) thread and no lock is held in a
 * callback.  A thread stuck in the kernel never blocks closing: xm_pool_free
 * waits for running work only until a bound, then leaves the threads behind
 * (detached) with what they hold; the work items must then never be freed.
 */
#ifndef XM_POOL_H
#define XM_POOL_H

#include <stdbool.h>
#include <stdint.h>
#include "clock.h"
#include "xm/list.h"

struct xm_pool;
struct xm_pool_client;

struct xm_work {
	struct xm_list link;
	void (*run)(struct xm_work *work);   /* on a pool thread */
	struct xm_pool_client *client;
};

struct xm_pool *xm_pool_new(unsigned max_threads);
/* True when all threads ended; false when some were left behind. */
bool xm_pool_free(struct xm_pool *pool, uint64_t bound_ns);

struct xm_pool_client *xm_pool_client_new(struct xm_pool *pool);
/*
 * False when work is still running:
 * the client then lives on, unreachable, until the process ends.
 */
bool xm_pool_client_free(struct xm_pool_client *client);
/* Never blocks.  False when a thread is needed and cannot be made. */
bool xm_pool_submit(struct xm_pool_client *client, struct xm_work *work);
void xm_pool_wait(struct xm_pool_client *client, struct xm_waiter *w);
/* The same with `out` things under way, so that the wait may be for many of them: struct xm_nap. */
void xm_pool_wait_many(struct xm_pool_client *client, struct xm_waiter *w, unsigned out);
/* Finished work, oldest first, appended to done; how much. */
unsigned xm_pool_reap(struct xm_pool_client *client, struct xm_list *done);

#endif
