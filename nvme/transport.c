/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all transports have in common: the gate to submit, the way back, and sending one command
 * while setting up.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "calls.h"
#include "ctx.h"
#include "transport.h"

enum xm_queued nvme_submit(struct nvme_transport *t, struct nvme_cmd *cmd)
{
	if (!xm_nexus_takes_commands(&t->nexus))
		return XM_FULL;
	return nvme_submit_fenced(t, cmd);
}

enum xm_queued nvme_submit_fenced(struct nvme_transport *t, struct nvme_cmd *cmd)
{
	if (t->inflight >= t->max_inflight || cmd->len > NVME_DATA_MAX)
		return XM_FULL;
	cmd->outcome = NVME_NOT_SENT;
	cmd->err = 0;
	cmd->status = 0;
	cmd->dword0 = 0;
	t->inflight++;
	enum xm_queued q = t->ops->submit(t, cmd);
	if (q != XM_QUEUED)
		t->inflight--;
	return q;
}

void nvme_finish(struct nvme_transport *t, struct nvme_cmd *cmd, enum nvme_outcome outcome,
		 int err)
{
	cmd->outcome = outcome;
	cmd->err = err;
	if (outcome == NVME_NO_ANSWER) {
		t->unanswered_at = t->ctx->clock->now(t->ctx->clock);
		t->nexus.lost = true;
	}
	t->inflight--;
	xm_list_add_tail(cmd->done, &cmd->link);
}

void nvme_finish_call(struct nvme_transport *t, struct nvme_cmd *cmd, int rc, uint64_t result)
{
	if (rc < 0) {
		nvme_finish(t, cmd, xm_call_never_left(-rc) ? NVME_NOT_SENT : NVME_NO_ANSWER, -rc);
		return;
	}
	cmd->status = (uint16_t)rc;
	cmd->dword0 = (uint32_t)result;
	nvme_finish(t, cmd, NVME_ANSWERED, 0);
}

/* ---- set-up ------------------------------------------------------------------- */

#define GRACE_NS (90 * XM_NS_PER_S)      /* beyond the transports' own */

/* On the heap, so that a command that is not given back in time points at no dead stack. */
struct exec {
	struct nvme_transport *t;
	struct nvme_cmd cmd;
	struct xm_list done;
	bool sent;
	uint8_t data[NVME_DATA_MAX];
};

static void exec_wait(void *o, struct xm_waiter *w)
{
	struct exec *x = o;

	x->t->ops->wait(x->t, w);
}

static int exec_step(void *o)
{
	struct exec *x = o;

	if (!x->sent)
		x->sent = nvme_submit(x->t, &x->cmd) == XM_QUEUED;
	x->t->ops->service(x->t);
	return !xm_list_empty(&x->done);
}

static int failed(struct nvme_cmd *cmd, enum nvme_outcome outcome, int err)
{
	cmd->outcome = outcome;
	cmd->err = err;
	return -1;
}

static void take_answer(struct nvme_cmd *cmd, const struct exec *x)
{
	cmd->outcome = x->cmd.outcome;
	cmd->err = x->cmd.err;
	cmd->status = x->cmd.status;
	cmd->dword0 = x->cmd.dword0;
	if (cmd->outcome == NVME_ANSWERED && nvme_data_in(cmd) && cmd->len)
		memcpy(cmd->data, x->data, cmd->len);
}

int nvme_exec(struct nvme_transport *t, struct nvme_cmd *cmd)
{
	struct exec *x = cmd->len > NVME_DATA_MAX ? NULL : calloc(1, sizeof *x);

	if (!x)
		return failed(cmd, NVME_NOT_SENT, ENOMEM);
	if (cmd->len && !nvme_data_in(cmd))
		memcpy(x->data, cmd->data, cmd->len);
	x->t = t;
	x->cmd = *cmd;
	x->cmd.data = x->data;
	x->cmd.done = &x->done;
	xm_list_init(&x->cmd.link);
	xm_list_init(&x->done);

	uint64_t deadline = t->ctx->clock->now(t->ctx->clock) + cmd->timeout_ns + GRACE_NS;
	if (!xm_ctx_wait_for(t->ctx, deadline, exec_wait, exec_step, x)) {
		t->nexus.lost = true;
		if (x->sent)            /* x is the transport's now, for good */
			return failed(cmd, NVME_NO_ANSWER, ETIMEDOUT);
		free(x);
		return failed(cmd, NVME_NOT_SENT, EBUSY);
	}
	take_answer(cmd, x);
	free(x);
	return cmd->outcome == NVME_ANSWERED ? 0 : -1;
}
