/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Block I/O by io_uring: one ring for both ends, one enter a turn.
 *
 * The ring holds its files registered, so that the claim on the destination
 * (O_EXCL, flock) lives as long as any request of ours, also when the process
 * is killed: a successor that gets the claim knows that nothing writes any more.
 * Set-up flags are tried, best first, never guessed from a version.  A ring that
 * can be made but not entered (seccomp) is found at open.  The loop polls an
 * eventfd: with DEFER_TASKRUN the ring's own descriptor does not wake a poller
 * (seen on 6.18).
 */
#include "io-fd.h"

#include <assert.h>
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define DEPTH 256
#define FILES 16
#define NOT_REGISTERED (-1)

struct ring_file {
	const struct xm_endpoint *ep;
	int slot, slot_cached;           /* NOT_REGISTERED: by number */
};

struct uring {
	struct xm_fd_engine fd;
	struct io_uring ring;
	int event;
	bool enabled;
	bool look;                       /* a wait came since the last look */
	bool more;                       /* work that no event will tell of */
	int broken;                      /* errno of an enter that will never work */
	struct xm_pool_client *lent;     /* ops that a thread has */
	unsigned nlent;
	struct xm_nap nap;
	struct xm_list unsent;           /* ops in the queue that the kernel has not taken */
	unsigned sent;                   /* ops it has */
	bool files_registered;
	unsigned nslots, nfiles;
	struct ring_file files[FILES / 2];
	const struct xm_buffers *pool;   /* NULL: nothing of it can be registered */
	enum fixed { NOT_YET, FIXED, NEVER } *fixed;     /* of each slot of it */
};

static struct uring *uring_of(struct xm_io *io)
{
	return xm_container_of(io, struct uring, fd.io);
}

/* ---- endpoints and buffers ----------------------------------------------------- */

static int register_fd(struct uring *u, int fd)
{
	if (!u->files_registered || fd < 0 || u->nslots == FILES)
		return NOT_REGISTERED;
	if (io_uring_register_files_update(&u->ring, u->nslots, &fd, 1) != 1)
		return NOT_REGISTERED;
	return (int)u->nslots++;
}

static const struct ring_file *file_of(const struct uring *u, const struct xm_endpoint *ep)
{
	for (unsigned i = 0; i < u->nfiles; i++)
		if (u->files[i].ep == ep)
			return &u->files[i];
	return NULL;
}

static int uring_attach(struct xm_io *io, struct xm_endpoint *ep, struct xm_error **err)
{
	struct uring *u = uring_of(io);
	(void)err;
	/* Without a slot the descriptor itself is used: slower, not wrong. */
	if (file_of(u, ep) || u->nfiles == FILES / 2)
		return 0;
	u->files[u->nfiles++] = (struct ring_file){
		.ep = ep,
		.slot = register_fd(u, ep->fd),
		.slot_cached = register_fd(u, ep->fd_cached),
	};
	return 0;
}

/* Room for all slots; each is pinned when it is used first, so that few cost little. */
static void uring_buffers(struct xm_io *io, struct xm_buffers *b)
{
	struct uring *u = uring_of(io);
	enum fixed *fixed = calloc(b->slots, sizeof *fixed);
	int rc = fixed ? io_uring_register_buffers_sparse(&u->ring, b->slots) : -ENOMEM;
	if (rc < 0) {
		xm_log(u->fd.ctx, XM_LOG_DEBUG, "buffers_not_registered",
		       "io_uring takes the buffers unregistered (%d)", rc);
		free(fixed);
		return;
	}
	u->pool = b;
	u->fixed = fixed;
}

/* Not all may be had: RLIMIT_MEMLOCK. */
static enum fixed pin(struct uring *u, unsigned slot)
{
	struct iovec v = { .iov_base = xm_buffers_at(u->pool, (int)slot),
			   .iov_len = u->pool->slot_size };
	__u64 tag = 0;
	return io_uring_register_buffers_update_tag(&u->ring, slot, &v, &tag, 1) == 1 ? FIXED
										       : NEVER;
}

/* ---- submission -------------------------------------------------------------------- */

/* The registered slot that holds the step's bytes, or NOT_REGISTERED. */
static int fixed_slot(struct uring *u, const struct xm_fd_op *op)
{
	const uint8_t *buf = op->buf;
	if (!u->pool || buf < u->pool->base || op->len > u->pool->slot_size)
		return NOT_REGISTERED;
	uint64_t at = (uint64_t)(buf - u->pool->base), slot = at / u->pool->slot_size;
	if (slot >= u->pool->slots || at % u->pool->slot_size > u->pool->slot_size - op->len)
		return NOT_REGISTERED;
	if (u->fixed[slot] == NOT_YET)
		u->fixed[slot] = pin(u, (unsigned)slot);
	return u->fixed[slot] == FIXED ? (int)slot : NOT_REGISTERED;
}

static void prepare_transfer(struct uring *u, struct io_uring_sqe *sqe, const struct xm_fd_op *op,
			     int fd)
{
	unsigned len = (unsigned)op->len;
	int slot = fixed_slot(u, op);
	bool read = op->call == XM_FD_READ;
	if (slot != NOT_REGISTERED && read)
		io_uring_prep_read_fixed(sqe, fd, op->buf, len, op->off, slot);
	else if (slot != NOT_REGISTERED)
		io_uring_prep_write_fixed(sqe, fd, op->buf, len, op->off, slot);
	else if (read)
		io_uring_prep_read(sqe, fd, op->buf, len, op->off);
	else
		io_uring_prep_write(sqe, fd, op->buf, len, op->off);
}

static void prepare(struct uring *u, struct io_uring_sqe *sqe, const struct xm_fd_op *op)
{
	const struct xm_endpoint *ep = op->req->ep;
	const struct ring_file *f = file_of(u, ep);
	int slot = !f ? NOT_REGISTERED : op->cached ? f->slot_cached : f->slot;
	int fd = slot != NOT_REGISTERED ? slot : op->cached ? ep->fd_cached : ep->fd;
	switch (op->call) {
	case XM_FD_READ:
	case XM_FD_WRITE:
		prepare_transfer(u, sqe, op, fd);
		break;
	case XM_FD_FALLOCATE:
		io_uring_prep_fallocate(sqe, fd, op->mode, (off_t)op->off, (off_t)op->len);
		break;
	case XM_FD_ZEROOUT:      /* lent to a thread */
	case XM_FD_FSYNC:
		io_uring_prep_fsync(sqe, fd, 0);
		break;
	}
	if (slot != NOT_REGISTERED)
		sqe->flags |= IOSQE_FIXED_FILE;
}

static void run_lent(struct xm_work *work)
{
	xm_fd_op_run(xm_container_of(work, struct xm_fd_op, work));
}

/*
 * An ioctl is nothing for the ring.  Where no thread can be had there are other ways to
 * zeros: false, and op is the next of them; true, and there is nothing to send.
 */
static bool lend(struct uring *u, struct xm_fd_op *op)
{
	op->work.run = run_lent;
	if (xm_pool_submit(u->lent, &op->work)) {
		u->nlent++;
		return true;
	}
	op->res = -EOPNOTSUPP;
	return xm_fd_op_step_done(&u->fd, op);
}

/* Each op has one entry at most, and the queue has an entry for each op. */
static void start_step(struct uring *u, struct xm_fd_op *op)
{
	if (op->call == XM_FD_ZEROOUT && lend(u, op))
		return;
	if (!u->broken) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);
		assert(sqe);
		prepare(u, sqe, op);
		io_uring_sqe_set_data(sqe, op);
	}
	xm_list_add_tail(&u->unsent, &op->link);
}

static enum xm_queued uring_submit(struct xm_io *io, struct xm_io_req *req)
{
	struct uring *u = uring_of(io);
	start_step(u, xm_fd_op_begin(&u->fd, req));
	return XM_QUEUED;
}

static void took(struct uring *u, unsigned n)
{
	for (; n && !xm_list_empty(&u->unsent); n--) {
		xm_list_pop(&u->unsent);
		u->sent++;
	}
}

/* The one enter of a turn. */
static void enter(struct uring *u)
{
	int rc = 0;
	if (!u->enabled) {
		/* Not io_uring_enable_rings(): liburing 2.3 declares it and does not export it. */
		rc = io_uring_register((unsigned)u->ring.ring_fd, IORING_REGISTER_ENABLE_RINGS,
				       NULL, 0);
		u->enabled = rc >= 0;
	}
	if (rc >= 0)
		rc = io_uring_submit_and_get_events(&u->ring);
	if (rc >= 0)
		took(u, (unsigned)rc);
	else if (rc != -EAGAIN && rc != -EBUSY && rc != -EINTR)
		u->broken = -rc;
}

static unsigned nap(struct xm_nap *n, uint64_t ns)
{
	struct uring *u = xm_container_of(n, struct uring, nap);
	struct __kernel_timespec ts = { .tv_nsec = (long long)ns };
	struct io_uring_cqe *cqe;
	io_uring_wait_cqes(&u->ring, &cqe, n->want, &ts, NULL);
	return io_uring_cq_ready(&u->ring);
}

static void wait_for_event(struct uring *u, struct xm_waiter *w)
{
	/* without it liburing would send a timeout of its own */
	if (u->ring.features & IORING_FEAT_EXT_ARG)
		xm_waiter_nap(w, u->event, &u->nap, u->sent);
	else
		xm_waiter_fd(w, u->event, POLLIN);
}

static void uring_wait(struct xm_io *io, struct xm_waiter *w)
{
	struct uring *u = uring_of(io);
	struct xm_clock *clock = u->fd.ctx->clock;
	if (u->nlent)
		xm_pool_wait(u->lent, w);
	if (!xm_list_empty(&u->unsent) && !u->broken)
		enter(u);
	if (u->sent)
		wait_for_event(u, w);
	u->look = true;
	if (u->more || io_uring_cq_ready(&u->ring) || (u->broken && !xm_list_empty(&u->unsent)))
		xm_waiter_until(w, 0);
	else if (!xm_list_empty(&u->unsent))
		xm_waiter_until(w, clock->now(clock) + XM_NS_PER_MS);
}

/* ---- completion ---------------------------------------------------------------------- */

static void fail_unsent(struct uring *u, struct xm_list *done)
{
	struct xm_list *l;
	while ((l = xm_list_pop(&u->unsent))) {
		struct xm_fd_op *op = xm_container_of(l, struct xm_fd_op, link);
		struct xm_io_req *req = op->req;
		xm_fd_op_fail(&u->fd, op, u->broken);
		xm_list_add_tail(done, &req->link);
	}
}

static void step_ended(struct uring *u, struct xm_fd_op *op, struct xm_list *done)
{
	struct xm_io_req *req = op->req;
	if (xm_fd_op_step_done(&u->fd, op))
		xm_list_add_tail(done, &req->link);
	else
		start_step(u, op);
}

static void reap_lent(struct uring *u, struct xm_list *done)
{
	struct xm_list ended = XM_LIST_INIT(ended), *l;
	xm_pool_reap(u->lent, &ended);
	while ((l = xm_list_pop(&ended))) {
		u->nlent--;
		step_ended(u, xm_container_of(l, struct xm_fd_op, work.link), done);
	}
}

/* Is there something of which the event, emptied just now, will not tell again? */
static bool more_waits(struct uring *u)
{
	const unsigned waits = IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW;

	return io_uring_cq_ready(&u->ring) ||
	       (IO_URING_READ_ONCE(*u->ring.sq.kflags) & waits) != 0;
}

static void take_ready(struct uring *u, struct xm_list *done)
{
	struct io_uring_cqe *cqe;
	uint64_t count;
	if (!io_uring_cq_ready(&u->ring))
		io_uring_get_events(&u->ring);
	/* What is ready now, not what comes while reaping: the turn must end. */
	unsigned n = io_uring_cq_ready(&u->ring);
	for (; n && !io_uring_peek_cqe(&u->ring, &cqe); n--) {
		struct xm_fd_op *op = io_uring_cqe_get_data(cqe);
		op->res = cqe->res;
		io_uring_cqe_seen(&u->ring, cqe);
		u->sent--;
		step_ended(u, op, done);
	}
	/* Our own enters have set it too: emptied after them, or the next poll is for nothing. */
	if (read(u->event, &count, sizeof count) < 0 && errno != EAGAIN)
		u->broken = errno;
	u->more = more_waits(u);
}

static void uring_reap(struct xm_io *io, struct xm_list *done)
{
	struct uring *u = uring_of(io);
	/* An engine has several users, who all reap; one look a turn is enough. */
	if (u->look && u->sent)
		take_ready(u, done);
	u->look = false;
	if (u->nlent)
		reap_lent(u, done);
	if (u->broken)
		fail_unsent(u, done);
}

/* ---- opening and closing ---------------------------------------------------------------- */

static void release(struct uring *u)
{
	io_uring_queue_exit(&u->ring);
	close(u->event);
}

static void uring_close(struct xm_io *io)
{
	struct uring *u = uring_of(io);
	/* The ring itself ends later, in the kernel; the claim on the destination ends here. */
	if (u->files_registered)
		io_uring_unregister_files(&u->ring);
	release(u);
	xm_pool_client_free(u->lent);
	xm_fd_engine_release(&u->fd);
	free(u->fixed);
	free(u);
}

static const struct xm_io_ops uring_ops = {
	.name = "uring",
	.attach = uring_attach,
	.buffers = uring_buffers,
	.submit = uring_submit,
	.wait = uring_wait,
	.reap = uring_reap,
	.close = uring_close,
};

/* A ring of one entry takes one no-op: is entering allowed?  0 or -errno. */
static int try_enter(void)
{
	struct io_uring ring;
	struct io_uring_cqe *cqe;
	int rc = io_uring_queue_init(1, &ring, 0);
	if (rc < 0)
		return rc;
	io_uring_prep_nop(io_uring_get_sqe(&ring));
	rc = io_uring_submit(&ring);
	if (rc == 1)
		rc = io_uring_wait_cqe(&ring, &cqe);
	io_uring_queue_exit(&ring);
	return rc < 0 ? rc : 0;
}

static int make_ring(struct io_uring *ring)
{
	/* Disabled at first: the one issuer is the thread that runs the job, not who opened. */
	static const unsigned flags[] = {
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
			IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_R_DISABLED,
		IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_R_DISABLED,
		IORING_SETUP_R_DISABLED,
	};
	int rc = try_enter();
	for (unsigned i = 0; rc == 0 && i < sizeof flags / sizeof flags[0]; i++) {
		struct io_uring_params p = { .flags = flags[i] | IORING_SETUP_CQSIZE,
					     .cq_entries = 2 * DEPTH };
		rc = io_uring_queue_init_params(DEPTH, ring, &p);
		if (rc == 0)
			return 0;
		if (rc == -EINVAL)
			rc = i + 1 < sizeof flags / sizeof flags[0] ? 0 : rc;
	}
	return rc;
}

static void register_table(struct uring *u)
{
	int none[FILES];
	for (unsigned i = 0; i < FILES; i++)
		none[i] = -1;
	u->files_registered = io_uring_register_files(&u->ring, none, FILES) == 0;
}

/* 0 or an errno. */
static int set_up(struct uring *u)
{
	u->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (u->event < 0)
		return errno;
	int rc = make_ring(&u->ring);
	if (rc < 0) {
		close(u->event);
		return -rc;
	}
	rc = io_uring_register_eventfd(&u->ring, u->event);
	if (rc < 0)
		release(u);
	else
		register_table(u);
	return -rc;
}

struct xm_io *xm_io_uring_open(struct xm_ctx *ctx, int *ret_errno)
{
	struct uring *u = calloc(1, sizeof *u);
	*ret_errno = ENOMEM;
	if (!u)
		return NULL;
	xm_list_init(&u->unsent);
	u->nap.sleep = nap;
	*ret_errno = set_up(u);
	if (*ret_errno) {
		free(u);
		return NULL;
	}
	u->lent = xm_ctx_pool(ctx) ? xm_pool_client_new(xm_ctx_pool(ctx)) : NULL;
	*ret_errno = u->lent ? xm_fd_engine_init(&u->fd, ctx, &uring_ops, DEPTH) : ENOMEM;
	if (*ret_errno == 0)
		return &u->fd.io;
	xm_pool_client_free(u->lent);
	release(u);
	free(u);
	return NULL;
}
