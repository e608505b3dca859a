/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NVMe commands by ioctl: blocking calls, made by threads of the context's pool.
 * For set-up everywhere, and for copies where io_uring passthrough is not to be had
 * (kernels before 5.19, seccomp, no ngXnY node).
 *
 * When the kernel's timeout comes it aborts the command, then resets the
 * controller under everyone who uses it; so that timeout is long and never 0
 * (0 is the kernel's default, 30 seconds).  Our own deadline comes after it.
 */
#include <errno.h>
#include <linux/nvme_ioctl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include "calls.h"
#include "error.h"
#include "transport.h"
#include "xm/align.h"

#define GRACE (60 * XM_NS_PER_S)
#define CALLS_MAX 16                     /* each holds a thread */

struct by_ioctl {
	struct nvme_transport t;         /* first */
	nvme_call_fn *fn;
	struct xm_calls *calls;
};

struct running {
	struct xm_call base;             /* first */
	struct nvme_cmd *cmd;
	nvme_call_fn *fn;
	struct nvme_call call;
	uint8_t data[NVME_DATA_MAX] __attribute__((aligned(NVME_DATA_MAX)));
};

static struct by_ioctl *of(const struct nvme_transport *t)
{
	return (struct by_ioctl *)(void *)t;
}

static struct running *running_of(struct xm_call *call)
{
	return xm_container_of(call, struct running, base);
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

static void run(struct xm_call *call)
{
	struct running *r = running_of(call);

	r->fn(&r->call);
}

/* ---- the transport ---------------------------------------------------------------- */

static void came_back(void *user, struct xm_call *call)
{
	struct by_ioctl *s = user;
	struct running *r = running_of(call);

	if (r->call.rc == 0 && r->cmd->len && nvme_data_in(r->cmd))
		memcpy(r->cmd->data, r->data, r->cmd->len);
	nvme_finish_call(&s->t, r->cmd, r->call.rc, r->call.result);
}

static void give_up(void *user, struct xm_call *call)
{
	struct by_ioctl *s = user;

	xm_log(s->t.ctx, XM_LOG_WARNING, "no_answer", "%s: the kernel has not come back with a "
	       "command; it is given up", s->t.name);
	nvme_finish(&s->t, running_of(call)->cmd, NVME_NO_ANSWER, ETIMEDOUT);
}

static const struct xm_calls_ops calls_ops = { .back = came_back, .give_up = give_up };

static struct running *make(struct by_ioctl *s, struct nvme_cmd *cmd)
{
	struct running *r = aligned_alloc(NVME_DATA_MAX, xm_round_up(sizeof *r, NVME_DATA_MAX));

	if (!r)
		return NULL;
	memset(r, 0, sizeof *r);
	r->base.run = run;
	r->fn = s->fn;
	r->cmd = cmd;
	r->call = (struct nvme_call){ .fd = xm_calls_fd(s->calls), .cmd = *cmd,
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
	if (!xm_calls_submit(s->calls, &r->base, cmd->timeout_ns + GRACE)) {
		free(r);
		return XM_FULL;
	}
	t->calls = xm_calls_running(s->calls);
	return XM_QUEUED;
}

static void ioctl_wait(struct nvme_transport *t, struct xm_waiter *w)
{
	xm_calls_wait(of(t)->calls, w);
}

static void ioctl_service(struct nvme_transport *t)
{
	struct by_ioctl *s = of(t);

	xm_calls_service(s->calls);
	t->calls = xm_calls_running(s->calls);
}

static void ioctl_close(struct nvme_transport *t)
{
	struct by_ioctl *s = of(t);

	xm_calls_free(s->calls);
	free(t->fence);
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
	struct by_ioctl *s = calloc(1, sizeof *s);

	if (s)
		s->calls = xm_calls_new(ctx, fd, &calls_ops, s);
	if (!s || !s->calls) {
		free(s);
		xm_fail(err, XM_E_TEMPORARY, "%s: out of memory, threads or descriptors", name);
		return NULL;
	}
	s->fn = fn;
	s->t = (struct nvme_transport){
		.ops = &ioctl_ops,
		.ctx = ctx,
		.name = name,
		.nexus = { .ops = &nvme_nexus_ops, .name = name },
		.max_inflight = CALLS_MAX,
	};
	return &s->t;
}
