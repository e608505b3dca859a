/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SCSI commands through the kernel.
 *
 * A command is answered when the call succeeded with host and driver byte 0: then
 * status and sense are the device's.  An errno that the kernel gives before it
 * sends anything is NOT_SENT.  All else is no answer: the kernel's error handler
 * may have aborted the command, or not.
 *
 * The kernel's timeout is never under ten minutes: when it comes, the kernel
 * resets the logical unit under everyone who uses it.  Our own deadline comes
 * after that, for multipath that queues without a path.
 */
#include <errno.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include "calls.h"
#include "error.h"
#include "secret.h"
#include "sgpt.h"
#include "xm/align.h"

#define KERNEL_TIMEOUT_MIN (600 * XM_NS_PER_S)
#define GRACE (60 * XM_NS_PER_S)
#define SG_QUEUE 16                      /* requests an sg descriptor takes (SG_MAX_QUEUE) */
#define XFER_MIN (64 * 1024)
#define XFER_MAX (512 * 1024)
#define PATHS 8

struct sgpt {
	struct scsi_transport t;         /* first */
	sgpt_fn *fn;
	struct xm_calls *calls;          /* down the path in use, one of these */
	struct xm_calls *paths[PATHS];
	unsigned npaths;
	uint64_t unanswered_at;
	const struct scsi_lu *lu;
	struct sgpt_fence *fence;
};

struct running {
	struct xm_call base;             /* first */
	struct scsi_cmd *cmd;
	sgpt_fn *fn;
	struct sgpt_call call;
	bool secret;
};

static struct sgpt *sgpt_of(const struct scsi_transport *t)
{
	return (struct sgpt *)(void *)t;
}

static struct running *running_of(struct xm_call *call)
{
	return xm_container_of(call, struct running, base);
}

static void run(struct xm_call *call)
{
	struct running *r = running_of(call);

	r->fn(&r->call);
}

static void finish(struct sgpt *s, struct scsi_cmd *cmd, enum scsi_outcome outcome, int err)
{
	cmd->outcome = outcome;
	cmd->err = err;
	if (outcome == SCSI_NO_ANSWER) {
		s->unanswered_at = s->t.ctx->clock->now(s->t.ctx->clock);
		s->t.nexus.lost = true;
	}
	scsi_finish(&s->t, cmd);
}

static void take_answer(struct sgpt *s, struct running *r)
{
	struct sgpt_call *c = &r->call;
	struct scsi_cmd *cmd = r->cmd;

	if (c->err) {
		finish(s, cmd, xm_call_never_left(c->err) ? SCSI_NOT_SENT : SCSI_NO_ANSWER, c->err);
		return;
	}
	if (c->host || c->driver) {
		finish(s, cmd, SCSI_NO_ANSWER, EIO);
		return;
	}
	cmd->status = c->status;
	cmd->sense_len = c->sense_len;
	memcpy(cmd->sense, c->sense, c->sense_len);
	cmd->got = cmd->len - (c->resid < cmd->len ? c->resid : cmd->len);
	if (cmd->dir == SCSI_DATA_IN)
		memcpy(cmd->data, c->data, cmd->got);
	finish(s, cmd, SCSI_ANSWERED, 0);
}

static void came_back(void *user, struct xm_call *call)
{
	take_answer(user, running_of(call));
}

static void give_up(void *user, struct xm_call *call)
{
	struct sgpt *s = user;

	xm_log(s->t.ctx, XM_LOG_WARNING, "no_answer", "%s: the kernel has not come back with a "
	       "command; it is given up", s->t.name);
	finish(s, running_of(call)->cmd, SCSI_NO_ANSWER, ETIMEDOUT);
}

static void drop(struct xm_call *call)
{
	struct running *r = running_of(call);

	if (r->secret)
		xm_secret_free(r->call.data, r->call.len);
	else
		free(r->call.data);
	free(r);
}

static const struct xm_calls_ops calls_ops = { .back = came_back, .give_up = give_up,
					       .drop = drop };

/* ---- the transport ------------------------------------------------------------- */

/* A copy: a call that hangs keeps it.  False when memory is short. */
static bool take_data(struct running *r, const struct scsi_cmd *cmd)
{
	if (cmd->len == 0)
		return true;
	r->secret = cmd->secret;
	r->call.len = cmd->len;
	r->call.data = r->secret ? xm_secret_new(cmd->len) : calloc(1, cmd->len);
	if (r->call.data && cmd->dir == SCSI_DATA_OUT)
		memcpy(r->call.data, cmd->data, cmd->len);
	return r->call.data != NULL;
}

static enum xm_queued sgpt_submit(struct scsi_transport *t, struct scsi_cmd *cmd)
{
	struct sgpt *s = sgpt_of(t);
	uint64_t timeout = xm_max_u64(cmd->timeout_ns, KERNEL_TIMEOUT_MIN);
	struct running *r;

	if (cmd->len > t->max_xfer || cmd->cdb_len > sizeof cmd->cdb)
		return XM_FULL;
	r = calloc(1, sizeof *r);
	if (!r)
		return XM_FULL;
	r->base.run = run;
	r->fn = s->fn;
	r->cmd = cmd;
	r->call = (struct sgpt_call){ .fd = xm_calls_fd(s->calls), .cdb_len = cmd->cdb_len,
				      .dir = cmd->dir, .timeout_s = (int)(timeout / XM_NS_PER_S) };
	memcpy(r->call.cdb, cmd->cdb, sizeof cmd->cdb);
	if (!take_data(r, cmd) || !xm_calls_submit(s->calls, &r->base, timeout + GRACE)) {
		drop(&r->base);
		return XM_FULL;
	}
	return XM_QUEUED;
}

static void sgpt_wait(struct scsi_transport *t, struct xm_waiter *w)
{
	xm_calls_wait(sgpt_of(t)->calls, w);
}

static void sgpt_service(struct scsi_transport *t)
{
	xm_calls_service(sgpt_of(t)->calls);
}

static void sgpt_close(struct scsi_transport *t)
{
	struct sgpt *s = sgpt_of(t);

	for (unsigned i = 0; i < s->npaths; i++)
		xm_calls_free(s->paths[i]);
	free(s->fence);
	free(s);
}

static const struct scsi_transport_ops sgpt_ops = {
	.name = "sg",
	.submit = sgpt_submit,
	.wait = sgpt_wait,
	.service = sgpt_service,
	.close = sgpt_close,
};

/* The kernel refuses larger ones with EINVAL.  An sd node tells sectors, an sg node bytes. */
static size_t max_xfer(int fd)
{
	unsigned value = 0;
	uint64_t bytes;

	if (ioctl(fd, BLKSECTGET, &value) != 0 || value == 0)
		return XFER_MIN;
	bytes = value < XFER_MIN ? (uint64_t)(value & 0xffff) * 512 : value;
	return xm_max_u64(xm_min_u64(xm_round_down(bytes, 4096), XFER_MAX), 4096);
}

struct scsi_transport *sgpt_open(struct xm_ctx *ctx, int fd, const char *name, sgpt_fn *fn,
				 struct xm_error **err)
{
	struct sgpt *s = calloc(1, sizeof *s);

	if (s)
		s->calls = xm_calls_new(ctx, fd, &calls_ops, s);
	if (!s || !s->calls) {
		free(s);
		xm_fail(err, XM_E_TEMPORARY, "%s: out of memory, threads or descriptors", name);
		return NULL;
	}
	s->paths[s->npaths++] = s->calls;
	s->fn = fn;
	s->t = (struct scsi_transport){
		.ops = &sgpt_ops,
		.ctx = ctx,
		.name = name,
		.nexus = { .ops = &sgpt_nexus_ops, .name = name },
		.max_xfer = max_xfer(fd),
		.max_inflight = SG_QUEUE,
	};
	return &s->t;
}

static const char sgpt_key;

static void close_attached(void *o)
{
	struct scsi_transport *t = o;

	t->ops->close(t);
}

struct scsi_transport *sgpt_attach(struct xm_endpoint *ep, int fd, struct xm_error **err)
{
	struct scsi_transport *t = sgpt_open(ep->ctx, fd, ep->name, sgpt_do_pt, err);

	if (!t || xm_attach(&ep->attached, &sgpt_key, t, close_attached))
		return t;
	t->ops->close(t);
	xm_fail(err, XM_E_TEMPORARY, "%s: out of memory", ep->name);
	return NULL;
}

void sgpt_set_lu(struct scsi_transport *t, const struct scsi_lu *lu)
{
	sgpt_of(t)->lu = lu;
}

/* ---- paths ---------------------------------------------------------------------- */

void sgpt_add_path(struct scsi_transport *t, int fd)
{
	struct sgpt *s = sgpt_of(t);

	if (s->npaths == PATHS)
		return;
	s->paths[s->npaths] = xm_calls_new(t->ctx, fd, &calls_ops, s);
	s->npaths += s->paths[s->npaths] != NULL;
}

unsigned sgpt_paths(const struct scsi_transport *t)
{
	return sgpt_of(t)->npaths;
}

bool sgpt_next_path(struct scsi_transport *t)
{
	struct sgpt *s = sgpt_of(t);
	unsigned i = 0;

	if (s->npaths < 2 || xm_calls_running(s->calls))
		return false;
	while (s->paths[i] != s->calls)
		i++;
	s->calls = s->paths[(i + 1) % s->npaths];
	return true;
}

/* ---- for the fence ---------------------------------------------------------------- */

unsigned sgpt_calls(const struct scsi_transport *t)
{
	return xm_calls_running(sgpt_of(t)->calls);
}

uint64_t sgpt_unanswered_at(const struct scsi_transport *t)
{
	return sgpt_of(t)->unanswered_at;
}

void sgpt_unanswered_over(struct scsi_transport *t)
{
	sgpt_of(t)->unanswered_at = 0;
}

const struct scsi_lu *sgpt_lu(const struct scsi_transport *t)
{
	return sgpt_of(t)->lu;
}

struct sgpt_fence **sgpt_fence_slot(struct scsi_transport *t)
{
	return &sgpt_of(t)->fence;
}
