/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NVMe I/O commands by io_uring passthrough (IORING_OP_URING_CMD) on an ngXnY
 * node: many in flight from one thread, no thread each.
 *
 * The ring has entries of 128 bytes and completions of 32 bytes, the files
 * registered and one registered buffer cut into a 4 KiB slot for each command, so
 * that a range list is never more than two PRPs.  What cannot be registered (memory
 * lock limit) goes unregistered.  A command whose answer does not come keeps its
 * slot until the kernel gives it back.
 */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/nvme_ioctl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>
#include "ctx.h"
#include "transport.h"
#include "xm/align.h"

#define DEPTH 32
#define GRACE (60 * XM_NS_PER_S)

struct slot {
	struct nvme_cmd *cmd;            /* NULL: given up, or free */
	bool taken;
	uint64_t deadline;
};

struct by_uring {
	struct nvme_transport t;         /* first */
	struct io_uring ring;
	int fd, event;
	bool fixed_file, fixed_buffer;
	unsigned unsent;
	uint8_t *data;                   /* DEPTH slots of NVME_DATA_MAX */
	struct slot slots[DEPTH];
};

static struct by_uring *of(const struct nvme_transport *t)
{
	return (struct by_uring *)(void *)t;
}

static uint64_t now_of(const struct by_uring *u)
{
	return u->t.ctx->clock->now(u->t.ctx->clock);
}

static uint8_t *data_of(const struct by_uring *u, unsigned slot)
{
	return u->data + (size_t)slot * NVME_DATA_MAX;
}

/* ---- submission ------------------------------------------------------------------- */

static void fill(struct by_uring *u, struct io_uring_sqe *sqe, const struct nvme_cmd *cmd,
		 unsigned slot)
{
	struct nvme_uring_cmd *c = (struct nvme_uring_cmd *)(void *)sqe->cmd;

	memset(sqe, 0, 2 * sizeof *sqe);
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->cmd_op = NVME_URING_CMD_IO;
	sqe->fd = u->fixed_file ? 0 : u->fd;
	sqe->flags = u->fixed_file ? IOSQE_FIXED_FILE : 0;
	sqe->uring_cmd_flags = u->fixed_buffer && cmd->len ? IORING_URING_CMD_FIXED : 0;
	sqe->user_data = slot;
	c->opcode = cmd->opcode;
	c->nsid = cmd->nsid;
	c->cdw2 = cmd->cdw2;
	c->cdw3 = cmd->cdw3;
	c->addr = cmd->len ? (uintptr_t)data_of(u, slot) : 0;
	c->data_len = cmd->len;
	c->cdw10 = cmd->cdw10;
	c->cdw11 = cmd->cdw11;
	c->cdw12 = cmd->cdw12;
	c->cdw13 = cmd->cdw13;
	c->cdw14 = cmd->cdw14;
	c->cdw15 = cmd->cdw15;
	c->timeout_ms = (uint32_t)xm_max_u64(cmd->timeout_ns / XM_NS_PER_MS, 1);
}

static int free_slot(const struct by_uring *u)
{
	for (unsigned i = 0; i < DEPTH; i++)
		if (!u->slots[i].taken)
			return (int)i;
	return -1;
}

static enum xm_queued uring_submit(struct nvme_transport *t, struct nvme_cmd *cmd)
{
	struct by_uring *u = of(t);
	int slot = cmd->admin ? -1 : free_slot(u);
	struct io_uring_sqe *sqe = slot < 0 ? NULL : io_uring_get_sqe(&u->ring);

	if (!sqe)
		return XM_FULL;
	if (cmd->len && !nvme_data_in(cmd))
		memcpy(data_of(u, (unsigned)slot), cmd->data, cmd->len);
	fill(u, sqe, cmd, (unsigned)slot);
	u->slots[slot] = (struct slot){ .cmd = cmd, .taken = true,
					.deadline = now_of(u) + cmd->timeout_ns + GRACE };
	u->unsent++;
	t->calls++;
	return XM_QUEUED;
}

/* The one enter of a turn.  What is not taken now is offered again by the next. */
static void enter(struct by_uring *u)
{
	int rc = io_uring_submit(&u->ring);

	if (rc > 0)
		u->unsent -= (unsigned)rc < u->unsent ? (unsigned)rc : u->unsent;
}

static void uring_wait(struct nvme_transport *t, struct xm_waiter *w)
{
	struct by_uring *u = of(t);

	if (u->unsent)
		enter(u);
	if (u->unsent)
		xm_waiter_until(w, now_of(u) + XM_NS_PER_MS);
	if (t->calls)
		xm_waiter_fd(w, u->event, POLLIN);
	if (io_uring_cq_ready(&u->ring))
		xm_waiter_until(w, 0);
	for (unsigned i = 0; i < DEPTH; i++)
		if (u->slots[i].cmd)
			xm_waiter_until(w, u->slots[i].deadline);
}

/* ---- completion ----------------------------------------------------------------------- */

static void came_back(struct by_uring *u, const struct io_uring_cqe *cqe)
{
	unsigned i = (unsigned)cqe->user_data;
	struct nvme_cmd *cmd = u->slots[i].cmd;
	int rc = cqe->res;
	uint64_t result = cqe->big_cqe[0];

	u->t.calls--;
	if (cmd && rc == 0 && cmd->len && nvme_data_in(cmd))
		memcpy(cmd->data, data_of(u, i), cmd->len);
	u->slots[i] = (struct slot){ .taken = false };
	if (cmd)
		nvme_finish_call(&u->t, cmd, rc, result);
}

static void give_up(struct by_uring *u, struct slot *s)
{
	struct nvme_cmd *cmd = s->cmd;

	s->cmd = NULL;                   /* the slot stays taken */
	xm_log(u->t.ctx, XM_LOG_WARNING, "no_answer", "%s: the kernel has not come back with a "
	       "command; it is given up", u->t.name);
	nvme_finish(&u->t, cmd, NVME_NO_ANSWER, ETIMEDOUT);
}

static void uring_service(struct nvme_transport *t)
{
	struct by_uring *u = of(t);
	struct io_uring_cqe *cqe;
	uint64_t count, now = now_of(u);
	/* Emptied before the look at the queue, so that what comes after it wakes the next poll. */
	ssize_t got = read(u->event, &count, sizeof count);

	(void)got;
	for (unsigned n = io_uring_cq_ready(&u->ring); n && !io_uring_peek_cqe(&u->ring, &cqe);
	     n--) {
		came_back(u, cqe);
		io_uring_cqe_seen(&u->ring, cqe);
	}
	for (unsigned i = 0; i < DEPTH; i++)
		if (u->slots[i].cmd && now >= u->slots[i].deadline)
			give_up(u, &u->slots[i]);
}

/* ---- opening and closing ---------------------------------------------------------------- */

static void release(struct by_uring *u)
{
	io_uring_queue_exit(&u->ring);
	if (u->event >= 0)
		close(u->event);
	if (u->data)
		munmap(u->data, (size_t)DEPTH * NVME_DATA_MAX);
	if (u->fd >= 0)
		close(u->fd);
	free(u);
}

/* The kernel may still read a list of a command it has not come back with: that memory stays. */
static void uring_close(struct nvme_transport *t)
{
	struct by_uring *u = of(t);

	free(t->fence);
	if (t->calls)
		return;
	/* The ring itself ends later, in the kernel; the claim on the destination ends here. */
	if (u->fixed_file)
		io_uring_unregister_files(&u->ring);
	release(u);
}

static const struct nvme_transport_ops uring_ops = {
	.name = "uring",
	.submit = uring_submit,
	.wait = uring_wait,
	.service = uring_service,
	.close = uring_close,
};

static int map_data(struct by_uring *u)
{
	void *p = mmap(NULL, (size_t)DEPTH * NVME_DATA_MAX, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return errno;
	u->data = p;
	return 0;
}

static void register_all(struct by_uring *u, int claim)
{
	int files[2] = { u->fd, claim };
	struct iovec all = { .iov_base = u->data, .iov_len = (size_t)DEPTH * NVME_DATA_MAX };

	u->fixed_file = io_uring_register_files(&u->ring, files, 2) == 0;
	u->fixed_buffer = io_uring_register_buffers(&u->ring, &all, 1) == 0;
	if (!u->fixed_file)
		xm_log(u->t.ctx, XM_LOG_WARNING, "files_not_registered", "%s: io_uring does not "
		       "register files: a killed copy would not hold its claim", u->t.name);
}

/* A ring that can be made may still not be entered (seccomp). */
static int try_enter(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;
	int rc;

	io_uring_prep_nop(io_uring_get_sqe(ring));
	rc = io_uring_submit(ring);
	if (rc == 1)
		rc = io_uring_wait_cqe(ring, &cqe);
	if (rc < 0)
		return -rc;
	io_uring_cqe_seen(ring, cqe);
	return 0;
}

static int set_up(struct by_uring *u, int fd, int claim)
{
	int rc = map_data(u);

	u->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	u->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (rc == 0 && (u->fd < 0 || u->event < 0))
		rc = errno;
	if (rc == 0)
		rc = try_enter(&u->ring);
	if (rc == 0)
		rc = -io_uring_register_eventfd(&u->ring, u->event);
	if (rc == 0)
		register_all(u, claim);
	return rc;
}

struct nvme_transport *nvme_uring_open(struct xm_ctx *ctx, int fd, int claim, const char *name,
				       int *ret_errno)
{
	struct by_uring *u = calloc(1, sizeof *u);
	int rc = u ? io_uring_queue_init(DEPTH, &u->ring, IORING_SETUP_SQE128 |
					 IORING_SETUP_CQE32) : -ENOMEM;

	*ret_errno = -rc;
	if (rc < 0) {
		free(u);
		return NULL;
	}
	u->fd = u->event = -1;
	u->t = (struct nvme_transport){
		.ops = &uring_ops,
		.ctx = ctx,
		.name = name,
		.nexus = { .ops = &nvme_nexus_ops, .name = name },
		.max_inflight = DEPTH,
	};
	*ret_errno = set_up(u, fd, claim);
	if (*ret_errno == 0)
		return &u->t;
	release(u);
	return NULL;
}
