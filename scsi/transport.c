/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all transports have in common: the gate to submit, the way back, and sending one command
 * while setting up.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctx.h"
#include "fence.h"
#include "sense.h"
#include "transport.h"

enum xm_queued scsi_submit(struct scsi_transport *t, struct scsi_cmd *cmd)
{
	if (!xm_nexus_takes_commands(&t->nexus))
		return XM_FULL;
	return scsi_submit_fenced(t, cmd);
}

enum xm_queued scsi_submit_fenced(struct scsi_transport *t, struct scsi_cmd *cmd)
{
	if (t->inflight >= t->max_inflight)
		return XM_FULL;
	cmd->outcome = SCSI_NOT_SENT;
	cmd->err = 0;
	cmd->status = 0;
	cmd->sense_len = 0;
	cmd->got = 0;
	cmd->overflow = false;
	t->inflight++;
	enum xm_queued q = t->ops->submit(t, cmd);
	if (q != XM_QUEUED)
		t->inflight--;
	return q;
}

void scsi_finish(struct scsi_transport *t, struct scsi_cmd *cmd)
{
	t->inflight--;
	xm_list_add_tail(cmd->done, &cmd->link);
}

/* ---- set-up ------------------------------------------------------------------- */

/*
 * The command is sent as a copy on the heap: should a transport not give it
 * back in time, both stay behind with it, and nothing points at a dead stack.
 */
struct exec {
	struct scsi_transport *t;
	struct scsi_cmd cmd;
	struct xm_list done;
	bool sent;
	uint8_t data[];
};

static void exec_wait(void *o, struct xm_waiter *w)
{
	struct exec *x = o;
	x->t->ops->wait(x->t, w);
}

static int exec_step(void *o)
{
	struct exec *x = o;
	/* while setting up nobody mends it */
	if (!x->sent && x->t->nexus.lost)
		return -1;
	if (!x->sent)
		x->sent = scsi_submit(x->t, &x->cmd) == XM_QUEUED;
	x->t->ops->service(x->t);
	return !xm_list_empty(&x->done);
}

static int failed(struct scsi_cmd *cmd, enum scsi_outcome outcome, int err)
{
	cmd->outcome = outcome;
	cmd->err = err;
	cmd->sense_len = 0;
	cmd->got = 0;
	return -1;
}

static void take_answer(struct scsi_cmd *cmd, const struct exec *x)
{
	cmd->outcome = x->cmd.outcome;
	cmd->err = x->cmd.err;
	cmd->status = x->cmd.status;
	cmd->sense_len = x->cmd.sense_len;
	memcpy(cmd->sense, x->cmd.sense, sizeof cmd->sense);
	cmd->got = x->cmd.got;
	cmd->overflow = x->cmd.overflow;
	if (cmd->dir == SCSI_DATA_IN && cmd->len)
		memcpy(cmd->data, x->data, cmd->len);
}

/* How much longer than its timeout a command may take to come back from the transport. */
#define GRACE_NS (10 * XM_NS_PER_S)

int scsi_exec_once(struct scsi_transport *t, struct scsi_cmd *cmd)
{
	struct exec *x = calloc(1, sizeof *x + cmd->len);
	if (!x)
		return failed(cmd, SCSI_NOT_SENT, ENOMEM);
	if (cmd->len && cmd->dir == SCSI_DATA_OUT)
		memcpy(x->data, cmd->data, cmd->len);
	x->t = t;
	x->cmd = *cmd;
	x->cmd.data = x->data;
	x->cmd.done = &x->done;
	xm_list_init(&x->cmd.link);
	xm_list_init(&x->done);

	uint64_t deadline = t->ctx->clock->now(t->ctx->clock) + cmd->timeout_ns + GRACE_NS;
	if (xm_ctx_wait_for(t->ctx, deadline, exec_wait, exec_step, x) <= 0) {
		t->nexus.lost = true;
		if (x->sent)            /* x is the transport's now, for good */
			return failed(cmd, SCSI_NO_ANSWER, ETIMEDOUT);
		free(x);
		return failed(cmd, SCSI_NOT_SENT, EBUSY);
	}
	take_answer(cmd, x);
	free(x);
	return cmd->outcome == SCSI_ANSWERED ? 0 : -1;
}

/* ---- a path that broke ---------------------------------------------------------------- */

#define REPAIR_NS (60 * XM_NS_PER_S)

struct repair {
	struct scsi_transport *t;
	struct xm_fence fence;
	struct xm_status *why;
};

static uint64_t now_of(const struct scsi_transport *t)
{
	return t->ctx->clock->now(t->ctx->clock);
}

static int repair_step(void *o)
{
	struct repair *r = o;
	struct xm_nexus *nx;

	switch (xm_fence_step(&r->fence, r->t->ctx, now_of(r->t), 0, &nx, r->why)) {
	case XM_FENCE_FENCED:
		return 1;
	case XM_FENCE_FAILED:
		return -1;
	default:
		return 0;
	}
}

static void repair_wait(void *o, struct xm_waiter *w)
{
	struct repair *r = o;

	xm_fence_wait(&r->fence, 0, w);
}

bool scsi_repair(struct scsi_transport *t, struct xm_status *why)
{
	struct repair r = { .t = t, .why = why };

	*why = (struct xm_status){ 0 };
	if (!t->nexus.lost || t->nexus.state != XM_NEXUS_OPEN)
		return false;
	xm_fence_init(&r.fence);
	xm_fence_watch(&r.fence, &t->nexus);
	/* what takes longer is left to the job: it fences from the start, and can be stopped */
	return xm_ctx_wait_for(t->ctx, now_of(t) + REPAIR_NS, repair_wait, repair_step, &r) > 0;
}

static int never(void *o)
{
	(void)o;
	return 0;
}

static void no_wait(void *o, struct xm_waiter *w)
{
	(void)o;
	(void)w;
}

void scsi_pause(struct xm_ctx *ctx, uint64_t ns)
{
	if (ns)
		xm_ctx_wait_for(ctx, ctx->clock->now(ctx->clock) + ns, no_wait, never, NULL);
}

#define EXEC_TRIES 10
#define EXEC_PAUSE_NS (100 * XM_NS_PER_MS)

static bool passes(const struct scsi_cmd *cmd, uint64_t *pause_ns)
{
	struct scsi_sense s;
	*pause_ns = EXEC_PAUSE_NS;
	if (cmd->status == SCSI_BUSY || cmd->status == SCSI_TASK_SET_FULL)
		return true;
	if (cmd->status != SCSI_CHECK_CONDITION)
		return false;
	*pause_ns = 0;
	scsi_sense_decode(cmd->sense, cmd->sense_len, &s);
	return s.present && s.key == SCSI_UNIT_ATTENTION;
}

int scsi_exec(struct scsi_transport *t, struct scsi_cmd *cmd)
{
	for (unsigned tries = 0;; tries++) {
		uint64_t pause_ns;
		if (scsi_exec_once(t, cmd) < 0)
			return -1;
		if (!passes(cmd, &pause_ns) || tries == EXEC_TRIES)
			return 0;
		scsi_pause(t->ctx, pause_ns);
	}
}
