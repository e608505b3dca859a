/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ends uncertainty about an NBD export whose connection was lost.
 *
 * NBD has no way to ask what became of a command, none to end it, and no
 * session that could be taken over; a server that has lost its client may finish
 * what it had received, and connecting again proves nothing about that (qemu-nbd
 * runs what is under way to its end in the background; nbdkit keeps the old
 * connection until its threads are done).  So, in this order:
 *
 * 1. answers of the other connections are awaited, then all are cut, by reset;
 * 2. if a write was under way on one that was lost, a stated drain time passes:
 *    twice the timeout (--timeout) from when it was cut.  The assumption is
 *    that a server which has not finished a write by then never will;
 * 3. the export is connected to again and must have the size, block size and
 *    flags it had.
 *
 * The same holds for the writes of a mover that was killed, where its state file
 * tells that there were some (nbd_nexus_ops.inherit).
 *
 * What was written and not flushed before is copied again (job-check.c): the
 * server may have been started anew.  A lost source needs 3 alone.
 */
#include "disk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "xm/align.h"

#define DRAIN_TIMEOUTS 2
#define PATIENCE_TIMEOUTS 2              /* for a server that is being started again */
#define RETRY_NS XM_NS_PER_S

static struct nbd_disk *disk_of(struct xm_nexus *nx)
{
	return xm_container_of(nx, struct nbd_disk, nexus);
}

static uint64_t timeout(const struct nbd_disk *d)
{
	return d->ep->ctx->timeout_ns;
}

static void fence_start(struct xm_nexus *nx)
{
	struct nbd_disk *d = disk_of(nx);

	d->fence = (struct nbd_fence){ .stage = NBD_SETTLE, .until = nbd_now(d) + timeout(d) };
}

static void fence_wait(struct xm_nexus *nx, struct xm_waiter *w)
{
	struct nbd_disk *d = disk_of(nx);
	const struct nbd_fence *f = &d->fence;

	xm_waiter_until(w, f->until);
	if (f->stage == NBD_RECONNECT) {
		if (d->conn[0].link == NBD_DOWN)
			xm_waiter_until(w, f->retry_at);
		nbd_up_wait(d, w);
	}
}

/* The server may be at a dead mover's writes until the drain time has passed, from now. */
static void fence_inherit(struct xm_nexus *nx)
{
	struct nbd_disk *d = disk_of(nx);

	d->ghosts = true;
	d->ghosts_since = nbd_now(d);
	nx->lost = true;
}

static enum xm_fence_result failed(struct nbd_disk *d, enum xm_code code, const char *reason,
				   const char *text, struct xm_status *why)
{
	*why = (struct xm_status){ .err = ETIMEDOUT, .act = XM_ACT_FATAL, .code = (int)code,
				   .side = d->ep->writable ? XM_SIDE_DST : XM_SIDE_SRC,
				   .certainty = d->ghosts ? XM_UNKNOWN : XM_NOT_DONE,
				   .reason = reason };
	snprintf(why->detail, sizeof why->detail, "%.60s: %.60s", d->ep->name, text);
	nbd_cut_all(d, ECONNABORTED, text);
	return XM_FENCE_FAILED;
}

/* ---- stages ------------------------------------------------------------------------ */

static void begin_drain(struct nbd_disk *d)
{
	uint64_t now = nbd_now(d), drain = DRAIN_TIMEOUTS * timeout(d);

	nbd_cut_all(d, ECONNABORTED, "fenced");
	d->fence = (struct nbd_fence){ .stage = NBD_DRAIN, .until = now };
	if (!d->ghosts)
		return;
	d->fence.until = d->ghosts_since + drain;
	xm_log(d->ep->ctx, XM_LOG_WARNING, "drain",
	       "%s: a write was under way when a connection was lost; NBD cannot tell what became "
	       "of it: waiting %llu s, after which the server is taken to have ended it",
	       d->ep->name, (unsigned long long)(drain / XM_NS_PER_S));
}

static void begin_reconnect(struct nbd_disk *d)
{
	for (unsigned i = 0; i < NBD_CONNECTIONS; i++)
		d->conn[i].err = 0;
	d->fence = (struct nbd_fence){ .stage = NBD_RECONNECT,
				       .until = nbd_now(d) + PATIENCE_TIMEOUTS * timeout(d) };
}

static enum xm_fence_result fenced(struct nbd_disk *d)
{
	d->ghosts = false;
	xm_log(d->ep->ctx, XM_LOG_INFO, "reconnected", "%s: connected again", d->ep->name);
	return XM_FENCE_FENCED;
}

static enum xm_fence_result reconnect(struct nbd_disk *d, struct xm_status *why)
{
	struct nbd_fence *f = &d->fence;
	uint64_t now = nbd_now(d);
	const char *words;

	if (now >= f->until)
		return d->conn[0].link == NBD_UP ? fenced(d) :
		       failed(d, XM_E_TEMPORARY, "fence_failed", d->conn[0].why, why);
	if (d->conn[0].link == NBD_DOWN && now < f->retry_at)
		return XM_FENCE_PENDING;
	switch (nbd_up_step(d, &words)) {
	case NBD_THERE:
		return fenced(d);
	case NBD_OTHER:
		return failed(d, XM_E_IO, "other_disk", words, why);
	case NBD_FAILED:
		f->retry_at = now + RETRY_NS;
		return XM_FENCE_PENDING;
	case NBD_PENDING:
		return XM_FENCE_PENDING;
	}
	return XM_FENCE_PENDING;
}

static enum xm_fence_result fence_poll(struct xm_nexus *nx, struct xm_status *why)
{
	struct nbd_disk *d = disk_of(nx);
	uint64_t now = nbd_now(d);

	if (d->fence.stage == NBD_SETTLE) {
		if (nbd_inflight(d) && now < d->fence.until)
			return XM_FENCE_PENDING;
		begin_drain(d);
	}
	if (d->fence.stage == NBD_DRAIN) {
		if (now < d->fence.until)
			return XM_FENCE_PENDING;
		begin_reconnect(d);
	}
	return reconnect(d, why);
}

const struct xm_nexus_ops nbd_nexus_ops = {
	.name = "nbd",
	.start = fence_start,
	.wait = fence_wait,
	.poll = fence_poll,
	.inherit = fence_inherit,
};
