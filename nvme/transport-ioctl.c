/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NVMe commands by ioctl: blocking calls, made by threads of the context's pool.
 * For set-up everywhere, and for copies where io_uring passthrough is not to be had
 * (kernels before 5.19, seccomp, no ngXnY node).
 *
 * When the kernel's timeout comes it aborts the command, then resets the
 * controller under everyone who uses it; so that timeout is long and never 0
 * (0 is the kernel's default, 30 seconds).  Our own deadline comes after it; a
 * call that hangs even then keeps its thread and its own buffer.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "error.h"
#include "pool.h"
#include "transport.h"
#include "xm/align.h"

#define GRACE (60 * XM_NS_PER_S)
#define CALLS_MAX 16                     /* each holds a thread */

struct by_ioctl {
	struct nvme_transport t;         /* first */
	int fd;
	nvme_call_fn *fn;
	struct xm_pool_client *client;
	struct xm_list calls;
};

struct running {
	struct xm_work work;             /* first */
	struct xm_list link;             /* s->calls */
	struct by_ioctl *s;
	struct nvme_cmd *cmd;            /* NULL: given up */
	uint64_t deadline;
	struct nvme_call call;
	uint8_t data[NVME_DATA_MAX] __attribute__((aligned(NVME_DATA_MAX)));
};

static struct by_ioctl *of(const struct nvme_transport *t)
{
	return (struct by_ioctl *)(void *)t;
}

static uint64_t now_of(const struct by_ioctl *s)
{
	return s->t.ctx->clock->now(s->t.ctx->clock);
}

/* ---- the call ------------------------------------------------------------------- */

static int do_admin(struct nvme_call *c)
{
	struct nvme_passthru_cmd p = { .opcode = c->cmd.opcode, .nsid = c->cmd.nsid,
		.cdw2 = c->cmd.cdw2, .cdw3 = c->cmd.cdw3, .addr = (uintptr_t)c->cmd.data,
		.data_len = c->cmd.len, .cdw10 = c->cmd.cdw10, .cdw11 = c->cmd.cdw11,
		.cdw12 = c->cmd.cdw12, .cdw13 = c->cmd.cdw13, .cdw14 = c->cmd.cdw14,
		.cdw15 = c->cmd.cdw15, .timeout_ms = c->timeout_ms };
	int rc = ioctl(c->fd, NVME_IOCTL_ADMIN_CMD, &p);

	c->result = p.result;
	return rc;
}

static int do_io(struct nvme_call *c)
{
	struct nvme_passthru_cmd64 p = { .opcode = c->cmd.opcode, .nsid = c->cmd.nsid,
		.cdw2 = c->cmd.cdw2, .cdw3 = c->cmd.cdw3, .addr = (uintptr_t)c->cmd.data,
		.data_len = c->cmd.len, .cdw10 = c->cmd.cdw10, .cdw11 = c->cmd.cdw11,
		.cdw12 = c->cmd.cdw12, .cdw13 = c->cmd.cdw13, .cdw14 = c->cmd.cdw14,
		.cdw15 = c->cmd.cdw15, .timeout_ms = c->timeout_ms };
	int rc = ioctl(c->fd, NVME_IOCTL_IO64_CMD, &p);

	c->result = p.result;
	return rc;
}

void nvme_do_ioctl(struct nvme_call *c)
{
	int rc = c->cmd.admin ? do_admin(c) : do_io(c);

	c->rc = rc < 0 ? -errno : rc;
}

uint32_t nvme_node_nsid(int fd)
{
	int nsid = ioctl(fd, NVME_IOCTL_ID);

	return nsid > 0 ? (uint32_t)nsid : 0;
}

static void run(struct xm_work *work)
{
	struct running *r = xm_container_of(work, struct running, work);

	r->s->fn(&r->call);
}

/* ---- the transport ---------------------------------------------------------------- */

static void came_back(struct running *r)
{
	struct by_ioctl *s = r->s;
	struct nvme_cmd *cmd = r->cmd;

	xm_list_del(&r->link);
	s->t.calls--;
	if (cmd && r->call.rc == 0 && cmd->len && nvme_data_in(cmd))
		memcpy(cmd->data, r->data, cmd->len);
	if (cmd)
		nvme_finish_call(&s->t, cmd, r->call.rc, r->call.result);
	free(r);
}

static void give_up(struct running *r)
{
	struct nvme_cmd *cmd = r->cmd;

	r->cmd = NULL;
	xm_log(r->s->t.ctx, XM_LOG_WARNING, "no_answer", "%s: the kernel has not come back with a "
	       "command; it is given up", r->s->t.name);
	nvme_finish(&r->s->t, cmd, NVME_NO_ANSWER, ETIMEDOUT);
}

static struct running *make(struct by_ioctl *s, struct nvme_cmd *cmd)
{
	struct running *r = aligned_alloc(NVME_DATA_MAX, xm_round_up(sizeof *r, NVME_DATA_MAX));

	if (!r)
		return NULL;
	memset(r, 0, sizeof *r);
	r->work.run = run;
	r->s = s;
	r->cmd = cmd;
	r->deadline = now_of(s) + cmd->timeout_ns + GRACE;
	r->call = (struct nvme_call){ .fd = s->fd, .cmd = *cmd,
		.timeout_ms = (uint32_t)xm_max_u64(cmd->timeout_ns / XM_NS_PER_MS, 1) };
	r->call.cmd.data = cmd->len ? r->data : NULL;
	if (cmd->len && !nvme_data_in(cmd))
		memcpy(r->data, cmd->data, cmd->len);
	return r;
}

static enum xm_queued ioctl_submit(struct nvme_transport *t, struct nvme_cmd *cmd)
{
	struct by_ioctl *s = of(t);
	struct running *r = make(s, cmd);

	if (!r)
		return XM_FULL;
	if (!xm_pool_submit(s->client, &r->work)) {
		free(r);
		return XM_FULL;
	}
	xm_list_add_tail(&s->calls, &r->link);
	t->calls++;
	return XM_QUEUED;
}

static void ioctl_wait(struct nvme_transport *t, struct xm_waiter *w)
{
	struct by_ioctl *s = of(t);

	xm_pool_wait(s->client, w);
	xm_list_for_each(l, &s->calls) {
		struct running *r = xm_container_of(l, struct running, link);

		if (r->cmd)
			xm_waiter_until(w, r->deadline);
	}
}

static void ioctl_service(struct nvme_transport *t)
{
	struct by_ioctl *s = of(t);
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
static void ioctl_close(struct nvme_transport *t)
{
	struct by_ioctl *s = of(t);
	struct xm_list done = XM_LIST_INIT(done), *l;

	xm_pool_reap(s->client, &done);
	while ((l = xm_list_pop(&done))) {
		struct running *r = xm_container_of(l, struct running, work.link);

		xm_list_del(&r->link);
		free(r);
	}
	free(t->fence);
	if (!xm_pool_client_free(s->client))
		return;
	close(s->fd);
	free(s);
}

static const struct nvme_transport_ops ioctl_ops = {
	.name = "ioctl",
	.submit = ioctl_submit,
	.wait = ioctl_wait,
	.service = ioctl_service,
	.close = ioctl_close,
};

struct nvme_transport *nvme_ioctl_open(struct xm_ctx *ctx, int fd, const char *name,
				       nvme_call_fn *fn, struct xm_error **err)
{
	struct xm_pool *pool = xm_ctx_pool(ctx);
	struct by_ioctl *s = calloc(1, sizeof *s);

	if (!s || !pool)
		goto fail;
	s->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	s->client = xm_pool_client_new(pool);
	if (s->fd < 0 || !s->client)
		goto fail_fd;
	s->fn = fn;
	xm_list_init(&s->calls);
	s->t = (struct nvme_transport){
		.ops = &ioctl_ops,
		.ctx = ctx,
		.name = name,
		.nexus = { .ops = &nvme_nexus_ops, .name = name },
		.max_inflight = CALLS_MAX,
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
