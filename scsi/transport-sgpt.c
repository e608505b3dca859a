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
 * after that; a call that hangs even then (multipath that queues without a path)
 * keeps its thread and its own buffer, and the command is given up.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "error.h"
#include "pool.h"
#include "sgpt.h"
#include "xm/align.h"

#define KERNEL_TIMEOUT_MIN (600 * XM_NS_PER_S)
#define GRACE (60 * XM_NS_PER_S)
#define SG_QUEUE 16                      /* requests an sg descriptor takes (SG_MAX_QUEUE) */
#define XFER_MIN (64 * 1024)
#define XFER_MAX (512 * 1024)

struct sgpt {
	struct scsi_transport t;         /* first */
	int fd;
	sgpt_fn *fn;
	struct xm_pool_client *client;
	struct xm_list calls;
	unsigned ncalls;
	uint64_t unanswered_at;
	const struct scsi_lu *lu;
	struct sgpt_fence *fence;
};

struct running {
	struct xm_work work;             /* first */
	struct xm_list link;             /* s->calls */
	struct sgpt *s;
	struct scsi_cmd *cmd;            /* NULL: given up */
	uint64_t deadline;
	struct sgpt_call call;
	uint8_t data[];
};

static struct sgpt *sgpt_of(const struct scsi_transport *t)
{
	return (struct sgpt *)(void *)t;
}

static void run(struct xm_work *work)
{
	struct running *r = xm_container_of(work, struct running, work);

	r->s->fn(&r->call);
}

/* What the kernel answers only before the command is sent. */
static bool never_left(int err)
{
	static const int before[] = { EPERM, EACCES, EINVAL, ENOTTY, ENOMEM, EAGAIN, EFAULT, EBADF,
				      EOPNOTSUPP };

	for (size_t i = 0; i < sizeof before / sizeof before[0]; i++)
		if (before[i] == err)
			return true;
	return false;
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

static void take_answer(struct running *r)
{
	struct sgpt_call *c = &r->call;
	struct scsi_cmd *cmd = r->cmd;

	if (c->err) {
		finish(r->s, cmd, never_left(c->err) ? SCSI_NOT_SENT : SCSI_NO_ANSWER, c->err);
		return;
	}
	if (c->host || c->driver) {
		finish(r->s, cmd, SCSI_NO_ANSWER, EIO);
		return;
	}
	cmd->status = c->status;
	cmd->sense_len = c->sense_len;
	memcpy(cmd->sense, c->sense, c->sense_len);
	cmd->got = cmd->len - (c->resid < cmd->len ? c->resid : cmd->len);
	if (cmd->dir == SCSI_DATA_IN)
		memcpy(cmd->data, r->data, cmd->got);
	finish(r->s, cmd, SCSI_ANSWERED, 0);
}

static void came_back(struct running *r)
{
	struct sgpt *s = r->s;

	xm_list_del(&r->link);
	s->ncalls--;
	if (r->cmd)
		take_answer(r);
	free(r);
}

static void give_up(struct running *r)
{
	struct scsi_cmd *cmd = r->cmd;

	r->cmd = NULL;
	xm_log(r->s->t.ctx, XM_LOG_WARNING, "no_answer", "%s: the kernel has not come back with a "
	       "command; it is given up", r->s->t.name);
	finish(r->s, cmd, SCSI_NO_ANSWER, ETIMEDOUT);
}

/* ---- the transport ------------------------------------------------------------- */

static uint64_t now_of(const struct sgpt *s)
{
	return s->t.ctx->clock->now(s->t.ctx->clock);
}

static enum xm_queued sgpt_submit(struct scsi_transport *t, struct scsi_cmd *cmd)
{
	struct sgpt *s = sgpt_of(t);
	uint64_t timeout = xm_max_u64(cmd->timeout_ns, KERNEL_TIMEOUT_MIN);
	struct running *r;

	if (cmd->len > t->max_xfer || cmd->cdb_len > sizeof cmd->cdb)
		return XM_FULL;
	r = calloc(1, sizeof *r + cmd->len);
	if (!r)
		return XM_FULL;
	r->work.run = run;
	r->s = s;
	r->cmd = cmd;
	r->deadline = now_of(s) + timeout + GRACE;
	r->call = (struct sgpt_call){ .fd = s->fd, .cdb_len = cmd->cdb_len, .dir = cmd->dir,
				      .data = r->data, .len = cmd->len,
				      .timeout_s = (int)(timeout / XM_NS_PER_S) };
	memcpy(r->call.cdb, cmd->cdb, sizeof cmd->cdb);
	if (cmd->dir == SCSI_DATA_OUT && cmd->len)
		memcpy(r->data, cmd->data, cmd->len);
	if (!xm_pool_submit(s->client, &r->work)) {
		free(r);
		return XM_FULL;
	}
	xm_list_add_tail(&s->calls, &r->link);
	s->ncalls++;
	return XM_QUEUED;
}

static void sgpt_wait(struct scsi_transport *t, struct xm_waiter *w)
{
	struct sgpt *s = sgpt_of(t);

	xm_pool_wait(s->client, w);
	xm_list_for_each(l, &s->calls) {
		struct running *r = xm_container_of(l, struct running, link);

		if (r->cmd)
			xm_waiter_until(w, r->deadline);
	}
}

static void sgpt_service(struct scsi_transport *t)
{
	struct sgpt *s = sgpt_of(t);
	struct xm_list done = XM_LIST_INIT(done), *l;
	uint64_t now = now_of(s);

	xm_pool_reap(s->client, &done);
	while ((l = xm_list_pop(&done)))
		came_back(xm_container_of(l, struct running, work.link));
	xm_list_for_each(c, &s->calls) {
		struct running *r = xm_container_of(c, struct running, link);

		if (r->cmd && now >= r->deadline)
			give_up(r);
	}
}

/* With calls hanging in the kernel, all they may touch stays: descriptor, buffers, us. */
static void sgpt_close(struct scsi_transport *t)
{
	struct sgpt *s = sgpt_of(t);
	struct xm_list done = XM_LIST_INIT(done), *l;

	xm_pool_reap(s->client, &done);
	while ((l = xm_list_pop(&done))) {
		struct running *r = xm_container_of(l, struct running, work.link);

		xm_list_del(&r->link);
		free(r);
	}
	free(s->fence);
	if (!xm_pool_client_free(s->client))
		return;
	close(s->fd);
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
	struct xm_pool *pool = xm_ctx_pool(ctx);
	struct sgpt *s = calloc(1, sizeof *s);

	if (!s || !pool)
		goto fail;
	s->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	s->client = xm_pool_client_new(pool);
	if (s->fd < 0 || !s->client)
		goto fail_fd;
	s->fn = fn;
	xm_list_init(&s->calls);
	s->t = (struct scsi_transport){
		.ops = &sgpt_ops,
		.ctx = ctx,
		.name = name,
		.nexus = { .ops = &sgpt_nexus_ops, .name = name },
		.max_xfer = max_xfer(fd),
		.max_inflight = SG_QUEUE,
	};
	return &s->t;
fail_fd:
	if (s->fd >= 0)
		close(s->fd);
	if (s->client)
		xm_pool_client_free(s->client);
fail:
	free(s);
	xm_fail(err, XM_E_TEMPORARY, "%s: out of memory, threads or descriptors", name);
	return NULL;
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

unsigned sgpt_calls(const struct scsi_transport *t)
{
	return sgpt_of(t)->ncalls;
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
