/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ends uncertainty about commands sent to an NVMe controller.
 *
 * First the kernel has to come back with every command it was given.  One that
 * it came back with and no answer (EINTR, EIO, 370h, 371h) was cancelled after the
 * controller was reset, which ends it on a controller that keeps to the standard
 * (Base 3.7.2); over fabrics a controller that lost its host goes on until its keep
 * alive timer is over.  So a drain time is waited for, and said.  Then the
 * namespace is asked who it is.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctx.h"
#include "namespace.h"
#include "verdict.h"

#define CALLS_BOUND (780 * XM_NS_PER_S)  /* the timeout of a copy, its abort, a controller reset */
#define DRAIN (120 * XM_NS_PER_S)        /* the kernel's keep alive timeout is 5 s,
					    a controller's seldom over 60 */
#define ASK_TRIES 10
#define ASK_PAUSE XM_NS_PER_S

struct nvme_fence {
	uint64_t calls_by;               /* no later than this the kernel has answered */
	uint64_t drained_at;             /* 0: not known yet */
	uint64_t ask_at;
	unsigned tries;
	bool asking;
	struct nvme_cmd cmd;
	struct xm_list done;
	uint8_t data[NVME_IDENTIFY_LEN];
};

static struct nvme_transport *transport_of(struct xm_nexus *nx)
{
	return xm_container_of(nx, struct nvme_transport, nexus);
}

static uint64_t now_of(const struct nvme_transport *t)
{
	return t->ctx->clock->now(t->ctx->clock);
}

static void fence_start(struct xm_nexus *nx)
{
	struct nvme_transport *t = transport_of(nx);

	if (t->fence && t->fence->asking)
		return;                      /* its command is out still; it goes on from there */
	free(t->fence);
	t->fence = calloc(1, sizeof *t->fence);
	if (!t->fence)
		return;
	xm_list_init(&t->fence->done);
	t->fence->calls_by = now_of(t) + CALLS_BOUND;
}

static void fence_wait(struct xm_nexus *nx, struct xm_waiter *w)
{
	struct nvme_transport *t = transport_of(nx);
	const struct nvme_fence *f = t->fence;

	t->ops->wait(t, w);
	if (f && t->ns && t->ns->admin != t)
		t->ns->admin->ops->wait(t->ns->admin, w);
	if (!f || f->drained_at == 0)
		xm_waiter_until(w, f ? f->calls_by : 0);
	else if (!f->asking)
		xm_waiter_until(w, f->drained_at > f->ask_at ? f->drained_at : f->ask_at);
}

static enum xm_fence_result failed(struct nvme_transport *t, enum xm_code code, const char *reason,
				   const char *detail, struct xm_status *why)
{
	*why = (struct xm_status){ .err = EIO, .act = XM_ACT_FATAL, .certainty = XM_UNKNOWN,
				   .code = code, .reason = reason };
	snprintf(why->detail, sizeof why->detail, "%.40s: %.80s", t->name, detail);
	xm_log(t->ctx, XM_LOG_ERROR, "fence_failed", "%s", why->detail);
	return XM_FENCE_FAILED;
}

/* All calls are back: from now on the drain time runs, when there is something to drain. */
static void begin_drain(struct nvme_transport *t, struct nvme_fence *f)
{
	f->drained_at = now_of(t);
	if (!t->unanswered_at)
		return;
	f->drained_at = t->unanswered_at + DRAIN;
	xm_log(t->ctx, XM_LOG_WARNING, "drain", "%s: commands ended without an answer; waiting %d "
	       "seconds for the controller to end them", t->name, (int)(DRAIN / XM_NS_PER_S));
}

static bool same_namespace(const struct nvme_ns *ns, const uint8_t *data)
{
	struct nvme_id_ns now;

	return nvme_decode_ns(data, &now) && now.nsze == ns->id.nsze &&
	       now.block_size == ns->id.block_size &&
	       now.metadata_size == ns->id.metadata_size &&
	       memcmp(now.nguid, ns->id.nguid, sizeof now.nguid) == 0 &&
	       memcmp(now.eui64, ns->id.eui64, sizeof now.eui64) == 0;
}

static void send_identify(struct nvme_transport *t, struct nvme_fence *f)
{
	nvme_cmd_identify(&f->cmd, NVME_CNS_NAMESPACE, t->ns->nsid, f->data);
	f->cmd.timeout_ns = t->ctx->timeout_ns;
	f->cmd.done = &f->done;
	xm_list_init(&f->cmd.link);
	f->asking = nvme_submit_fenced(t->ns->admin, &f->cmd) == XM_QUEUED;
	f->ask_at = now_of(t) + ASK_PAUSE;
}

static enum xm_fence_result ask(struct nvme_transport *t, struct nvme_fence *f,
				struct xm_status *why)
{
	char said[80], text[140];

	if (!f->asking) {
		if (now_of(t) >= f->ask_at)
			send_identify(t, f);
		return XM_FENCE_PENDING;
	}
	t->ns->admin->ops->service(t->ns->admin);
	if (!xm_list_pop(&f->done))
		return XM_FENCE_PENDING;
	f->asking = false;
	if (f->cmd.outcome == NVME_ANSWERED && f->cmd.status == 0)
		return same_namespace(t->ns, f->data) ? XM_FENCE_FENCED :
		       failed(t, XM_E_IO, "other_disk", "the namespace is another one now", why);
	if (++f->tries < ASK_TRIES)
		return XM_FENCE_PENDING;
	snprintf(text, sizeof text, "run the same command again when it is back: %.80s",
		 nvme_answer_text(&f->cmd, said, sizeof said));
	return failed(t, XM_E_TEMPORARY, "fence_failed", text, why);
}

static enum xm_fence_result fence_poll(struct xm_nexus *nx, struct xm_status *why)
{
	struct nvme_transport *t = transport_of(nx);
	struct nvme_fence *f = t->fence;

	if (!f)
		return failed(t, XM_E_TEMPORARY, "fence_failed", "out of memory", why);
	t->ops->service(t);
	if (t->calls && f->drained_at == 0) {
		if (now_of(t) < f->calls_by)
			return XM_FENCE_PENDING;
		return failed(t, XM_E_TEMPORARY, "fence_failed",
			      "the kernel does not come back with commands it was given", why);
	}
	if (f->drained_at == 0)
		begin_drain(t, f);
	if (now_of(t) < f->drained_at)
		return XM_FENCE_PENDING;
	t->unanswered_at = 0;
	return t->ns ? ask(t, f, why) : XM_FENCE_FENCED;
}

const struct xm_nexus_ops nvme_nexus_ops = {
	.name = "nvme",
	.start = fence_start,
	.wait = fence_wait,
	.poll = fence_poll,
};
