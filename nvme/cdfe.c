/* SPDX-License-Identifier: Apache-2.0 */
#include "cdfe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "ctx.h"
#include "verdict.h"
#include "xm/endian.h"

#define PASS_BOUND (120 * XM_NS_PER_S)

void nvme_cdfe_init(struct nvme_cdfe *c, struct xm_ctx *ctx)
{
	memset(c, 0, sizeof *c);
	c->ctx = ctx;
	xm_list_init(&c->done);
}

bool nvme_cdfe_add(struct nvme_cdfe *c, struct nvme_transport *t)
{
	if (c->n == NVME_CONTROLLERS_MAX)
		return false;
	c->at[c->n++] = (struct nvme_cdfe_controller){ .t = t };
	return true;
}

static void begin(struct nvme_cdfe *c, uint16_t want, bool restoring)
{
	if (c->sent)
		return;                      /* what is out comes back first */
	c->want = want;
	c->restoring = restoring;
	c->current = 0;
	c->stage = NVME_CDFE_GET;
	c->denied = false;
	c->why[0] = '\0';
}

void nvme_cdfe_enable(struct nvme_cdfe *c, uint16_t want)
{
	begin(c, want, false);
}

void nvme_cdfe_restore(struct nvme_cdfe *c)
{
	begin(c, c->want, true);
}

static void send(struct nvme_cdfe *c)
{
	struct nvme_transport *t = c->at[c->current].t;

	nvme_cmd_host_behavior(&c->cmd, c->stage == NVME_CDFE_SET, c->data);
	c->cmd.timeout_ns = c->ctx->timeout_ns;
	c->cmd.done = &c->done;
	xm_list_init(&c->cmd.link);
	c->sent = nvme_submit_fenced(t, &c->cmd) == XM_QUEUED;
}

static void next_controller(struct nvme_cdfe *c)
{
	c->stage = ++c->current < c->n ? NVME_CDFE_GET : NVME_CDFE_IDLE;
}

static enum nvme_cdfe_result fail_pass(struct nvme_cdfe *c, const char *what)
{
	c->stage = NVME_CDFE_IDLE;
	c->denied = c->cmd.outcome == NVME_NOT_SENT &&
		    (c->cmd.err == EACCES || c->cmd.err == EPERM);
	snprintf(c->why, sizeof c->why, "%.60s: %.90s", c->at[c->current].t->name, what);
	return NVME_CDFE_FAILED;
}

/* What the field is to be, from what it is. */
static uint16_t target(const struct nvme_cdfe *c, uint16_t now)
{
	uint16_t old = c->at[c->current].old;

	return c->restoring ? (uint16_t)((now & ~c->want) | (old & c->want)) :
			      (uint16_t)(now | c->want);
}

static void got(struct nvme_cdfe *c)
{
	struct nvme_cdfe_controller *k = &c->at[c->current];
	uint16_t now = xm_get_le16(c->data + NVME_HOST_BEHAVIOR_CDFE);

	if (!k->known && !c->restoring) {
		k->known = true;
		k->old = now;
	}
	if (!k->known || target(c, now) == now) {
		next_controller(c);
		return;
	}
	xm_put_le16(c->data + NVME_HOST_BEHAVIOR_CDFE, target(c, now));
	c->stage = NVME_CDFE_SET;
}

static enum nvme_cdfe_result answered(struct nvme_cdfe *c)
{
	char said[100];
	uint16_t now;

	if (c->cmd.outcome != NVME_ANSWERED || c->cmd.status)
		return fail_pass(c, nvme_answer_text(&c->cmd, said, sizeof said));
	switch (c->stage) {
	case NVME_CDFE_GET:
		got(c);
		break;
	case NVME_CDFE_SET:
		c->stage = NVME_CDFE_CHECK;
		break;
	default:
		now = xm_get_le16(c->data + NVME_HOST_BEHAVIOR_CDFE);
		if (target(c, now) != now)
			return fail_pass(c, "the formats do not stay as they were set");
		next_controller(c);
	}
	return NVME_CDFE_PENDING;
}

enum nvme_cdfe_result nvme_cdfe_step(struct nvme_cdfe *c)
{
	while (c->stage != NVME_CDFE_IDLE) {
		struct nvme_transport *t = c->at[c->current].t;

		if (!c->sent)
			send(c);
		t->ops->service(t);
		if (!c->sent || !xm_list_pop(&c->done))
			return NVME_CDFE_PENDING;
		c->sent = false;
		if (answered(c) == NVME_CDFE_FAILED)
			return NVME_CDFE_FAILED;
	}
	return NVME_CDFE_DONE;
}

void nvme_cdfe_wait(struct nvme_cdfe *c, struct xm_waiter *w)
{
	if (c->stage == NVME_CDFE_IDLE)
		return;
	c->at[c->current].t->ops->wait(c->at[c->current].t, w);
	if (!c->sent)
		xm_waiter_until(w, c->ctx->clock->now(c->ctx->clock) + XM_NS_PER_MS);
}

/* ---- to the end --------------------------------------------------------------------- */

static int pass_step(void *o)
{
	enum nvme_cdfe_result r = nvme_cdfe_step(o);

	return r == NVME_CDFE_PENDING ? 0 : r == NVME_CDFE_DONE ? 1 : 2;
}

static void pass_wait(void *o, struct xm_waiter *w)
{
	nvme_cdfe_wait(o, w);
}

enum nvme_cdfe_result nvme_cdfe_finish(struct nvme_cdfe *c)
{
	uint64_t deadline = c->ctx->clock->now(c->ctx->clock) + PASS_BOUND;
	int r = xm_ctx_wait_for(c->ctx, deadline, pass_wait, pass_step, c);

	if (r == 0)
		snprintf(c->why, sizeof c->why, "the controller does not answer");
	return r == 1 ? NVME_CDFE_DONE : NVME_CDFE_FAILED;
}

void nvme_cdfe_close(struct nvme_cdfe *c)
{
	for (unsigned i = 0; i < c->n; i++)
		c->at[i].t->ops->close(c->at[i].t);
	c->n = 0;
}
