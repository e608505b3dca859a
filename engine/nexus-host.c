/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own kernel as a nexus.  It answers every request it was given, sooner or
 * later, and an answered one is over; so the fence is to wait for the answers.
 */
#include "endpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* The kernel's error handlers take minutes (10 and more with SCSI): longer than a command may. */
#define BOUND_TIMEOUTS 20

struct host_nexus {
	struct xm_nexus nexus;
	struct xm_endpoint *ep;
	uint64_t until;
};

static struct host_nexus *host_of(struct xm_nexus *nx)
{
	return xm_container_of(nx, struct host_nexus, nexus);
}

static void host_start(struct xm_nexus *nx)
{
	struct host_nexus *h = host_of(nx);
	struct xm_ctx *ctx = h->ep->ctx;
	h->until = ctx->clock->now(ctx->clock) + BOUND_TIMEOUTS * ctx->timeout_ns;
}

static void host_wait(struct xm_nexus *nx, struct xm_waiter *w)
{
	struct host_nexus *h = host_of(nx);
	xm_waiter_until(w, h->ep->io_inflight ? h->until : 0);
}

static enum xm_fence_result host_poll(struct xm_nexus *nx, struct xm_status *why)
{
	struct host_nexus *h = host_of(nx);
	struct xm_ctx *ctx = h->ep->ctx;
	if (h->ep->io_inflight == 0)
		return XM_FENCE_FENCED;
	if (ctx->clock->now(ctx->clock) < h->until)
		return XM_FENCE_PENDING;
	*why = (struct xm_status){ .err = ETIMEDOUT, .act = XM_ACT_FATAL, .side = XM_SIDE_DST,
				   .certainty = XM_UNKNOWN, .code = XM_E_TEMPORARY,
				   .reason = "no_answer" };
	snprintf(why->detail, sizeof why->detail, "the kernel has not answered %u requests to %s",
		 h->ep->io_inflight, h->ep->name);
	return XM_FENCE_FAILED;
}

static const struct xm_nexus_ops host_nexus_ops = {
	.name = "host",
	.start = host_start,
	.wait = host_wait,
	.poll = host_poll,
};

struct xm_nexus *xm_nexus_host_new(struct xm_endpoint *ep)
{
	struct host_nexus *h = calloc(1, sizeof *h);
	if (!h)
		return NULL;
	h->ep = ep;
	h->nexus = (struct xm_nexus){ .ops = &host_nexus_ops, .name = ep->name };
	return &h->nexus;
}
