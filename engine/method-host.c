/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The copy through this host: read from one engine, write to the other, any mix.
 *
 * A task is cut into pieces of a buffer each, in order; pieces run side by side
 * and end in any order.  What is confirmed is everything before the first piece
 * that failed.  A read the device refuses is asked again in halves, so that
 * all before the bad block is copied and the error names that block.  Zeros that were
 * read are made at the destination, not sent.  While a nexus is closed, what was
 * not sent goes back at once: the fence waits for it.
 */
#include "method.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "salvage.h"
#include "xm/align.h"
#include "zero.h"

#define TASKS 256
/* Of zeros; a copy is a buffer's worth, so that its depth is counted in requests. */
#define TASK_BYTES (UINT64_C(8) << 20)
/* In flight to begin with: what caches hold between the read and the write of it. */
#define FIRST_BYTES (UINT64_C(8) << 20)
/* Where all disks are aligned, so that a whole buffer may begin there. */
#define ALIGNED (UINT64_C(64) << 10)
#define SMALLEST_GRAIN 512
/* Pieces without a buffer (zeros) that may be out beside those with one. */
#define ZERO_PIECES 16

struct job_task {
	struct xm_list link;
	struct xm_task *task;
	uint64_t cut;                /* bytes of the task that pieces were made of */
	unsigned run;                /* where `cut` is */
	uint64_t run_off;
	unsigned pieces;             /* out */
	bool failed;
	uint64_t failed_at;          /* nothing from here on is confirmed */
};

struct piece {
	struct xm_list link;         /* in idle, or in stalled */
	struct xm_io_req req;
	struct job_task *jt;
	int slot;                    /* buffer, -1 for zeros */
	uint64_t pos;                /* in the task */
	uint64_t src, dst, len;
	uint64_t done;               /* written */
	uint64_t have;               /* read */
	uint64_t step;               /* what is read at a time */
};

struct host {
	struct xm_method m;
	struct xm_pair pair;
	uint64_t grain;              /* a read is not halved below */
	struct xm_list idle_tasks, tasks, finished;
	struct xm_list idle_pieces, stalled;
	struct xm_list ended;        /* requests, as the engines give them back */
	struct job_task all_tasks[TASKS];
	struct piece pieces[];
};

static struct host *host_of(struct xm_method *m)
{
	return xm_container_of(m, struct host, m);
}

/* ---- tasks: how they end -------------------------------------------------------- */

static void end_if_over(struct host *h, struct job_task *jt)
{
	struct xm_task *task = jt->task;
	if (jt->pieces || (!jt->failed && jt->cut < task->bytes))
		return;
	task->moved = jt->failed ? jt->failed_at : task->bytes;
	if (!jt->failed)
		task->status = XM_STATUS_DONE;
	xm_list_add_tail(&h->finished, &task->link);
	xm_list_del(&jt->link);
	xm_list_add_tail(&h->idle_tasks, &jt->link);
}

/* The first failure in the order of bytes speaks for the task, but UNKNOWN before all others. */
static void task_failed(struct host *h, struct job_task *jt, uint64_t at,
			const struct xm_status *st)
{
	struct xm_task *task = jt->task;
	bool unknown = st->certainty == XM_UNKNOWN;
	bool was_unknown = jt->failed && task->status.certainty == XM_UNKNOWN;
	bool first = !jt->failed || at < jt->failed_at;
	if (!jt->failed || (unknown && !was_unknown) || (first && unknown == was_unknown))
		task->status = *st;
	if (unknown)
		task->nexus = h->pair.dst->nexus;
	if (first)
		jt->failed_at = at;
	jt->failed = true;
}

static void piece_over(struct host *h, struct piece *p)
{
	struct job_task *jt = p->jt;
	if (p->slot >= 0)
		xm_buffers_put(h->pair.buffers, p->slot);
	xm_list_add_tail(&h->idle_pieces, &p->link);
	jt->pieces--;
	end_if_over(h, jt);
}

/* ---- pieces: read, write, on -------------------------------------------------------- */

static void send(struct host *h, struct piece *p)
{
	struct xm_io *io = p->req.op == XM_IO_READ ? h->pair.src_io : h->pair.dst_io;
	if (xm_io_submit(io, &p->req) == XM_FULL)
		xm_list_add_tail(&h->stalled, &p->link);
}

static void start(struct host *h, struct piece *p, enum xm_io_op op, uint64_t len)
{
	bool read = op == XM_IO_READ;
	p->req.op = op;
	p->req.ep = read ? h->pair.src : h->pair.dst;
	p->req.off = (read ? p->src : p->dst) + p->done;
	p->req.len = len;
	p->req.buf = NULL;
	if (p->slot >= 0)
		p->req.buf = (uint8_t *)xm_buffers_at(h->pair.buffers, p->slot) + p->done;
	p->req.buf_index = p->slot;
	send(h, p);
}

static void start_read(struct host *h, struct piece *p)
{
	start(h, p, XM_IO_READ, xm_min_u64(p->step, p->len - p->done));
}

/* Between two spans the buffer must be as aligned as the disk: not so in the ragged first piece. */
static struct xm_zero_span look(const struct host *h, const struct piece *p)
{
	const uint8_t *buf = xm_buffers_at(h->pair.buffers, p->slot);
	struct xm_zero_grain grain = xm_zero_grain(h->pair.dst, h->pair.buffers->slot_size);
	if (!xm_is_aligned(p->dst, h->pair.dst->dio_align))
		return (struct xm_zero_span){ .len = p->have - p->done };
	return xm_zero_span(buf + p->done, p->dst + p->done, p->have - p->done, &grain);
}

/* The next of what was read, as far as it is of one kind.  False: nothing (more) of it to write. */
static bool start_write(struct host *h, struct piece *p)
{
	while (p->done < p->have) {
		struct xm_zero_span s = look(h, p);
		if (s.zero)
			xm_task_tell_zeros(p->jt->task, p->dst + p->done, s.len);
		if (!s.zero || !p->jt->task->dst_is_zero) {
			start(h, p, s.zero ? XM_IO_ZERO : XM_IO_WRITE, s.len);
			return true;
		}
		p->done += s.len;
	}
	return false;
}

/* The device has refused these bytes; another method would hear the same. */
static bool is_bad_block(const struct xm_status *st)
{
	static const int bad[] = { EIO, ENODATA, EREMOTEIO, EILSEQ };
	if (st->act != XM_ACT_FATAL || st->certainty != XM_NOT_DONE || st->pair_wide)
		return false;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (st->err == bad[i])
			return true;
	return false;
}

static bool halve(struct host *h, struct piece *p)
{
	if (p->req.op != XM_IO_READ || !is_bad_block(&p->req.status) || p->req.len <= h->grain)
		return false;
	p->step = xm_max_u64(h->grain, xm_round_down(p->req.len / 2, h->grain));
	start_read(h, p);
	return true;
}

/* Behind a failure nothing counts: do not write what is not needed. */
static void go_on(struct host *h, struct piece *p)
{
	bool idle = p->jt->failed && p->jt->failed_at <= p->pos + p->done;
	if (!idle && start_write(h, p))
		return;
	if (p->done == p->len || idle)
		piece_over(h, p);
	else
		start_read(h, p);
}

/* Zeros for a block that cannot be had, where the user wants the rest. */
static bool salvage(struct host *h, struct piece *p)
{
	if (p->req.op != XM_IO_READ || !h->pair.salvage || !is_bad_block(&p->req.status) ||
	    !xm_salvage_add(h->pair.salvage, p->req.off, p->req.len))
		return false;
	memset(p->req.buf, 0, p->req.len);
	p->have = p->done + p->req.len;
	go_on(h, p);
	return true;
}

static void step_failed(struct host *h, struct piece *p)
{
	struct xm_status st = p->req.status;
	if (halve(h, p) || salvage(h, p))
		return;
	st.side = p->req.op == XM_IO_READ ? XM_SIDE_SRC : XM_SIDE_DST;
	task_failed(h, p->jt, p->pos + p->done, &st);
	piece_over(h, p);
}

static void step_ended(struct host *h, struct piece *p)
{
	if (p->req.status.certainty != XM_DONE) {
		step_failed(h, p);
		return;
	}
	if (p->req.op == XM_IO_READ) {
		/* behind a bad block reads grow again */
		p->step = xm_min_u64(p->step * 2, p->len);
		p->have = p->done + p->req.len;
	} else {
		p->done += p->req.len;
	}
	go_on(h, p);
}

/* ---- cutting ---------------------------------------------------------------------------- */

/*
 * From an odd place up to a multiple of `most` on the destination:
 * all but the first are aligned.
 */
static uint64_t piece_len(const struct xm_run *r, uint64_t off, uint64_t most)
{
	uint64_t at = r->dst + off;
	if (!xm_is_aligned(at, ALIGNED))
		most -= at % most;
	return xm_min_u64(r->len - off, most);
}

static bool cut_piece(struct host *h, struct job_task *jt)
{
	bool zero = jt->task->kind == XM_TASK_ZERO;
	const struct xm_run *r = &jt->task->runs[jt->run];
	int slot = zero ? -1 : xm_buffers_get(h->pair.buffers);
	struct xm_list *l = !zero && slot < 0 ? NULL : xm_list_pop(&h->idle_pieces);
	if (!l) {
		if (slot >= 0)
			xm_buffers_put(h->pair.buffers, slot);
		return false;
	}
	struct piece *p = xm_container_of(l, struct piece, link);
	*p = (struct piece){ .jt = jt, .slot = slot, .pos = jt->cut, .src = r->src + jt->run_off,
			     .dst = r->dst + jt->run_off };
	xm_list_init(&p->link);
	p->req.done = &h->ended;
	p->req.user = p;
	uint64_t most = zero ? TASK_BYTES : h->pair.buffers->slot_size;
	p->len = p->step = piece_len(r, jt->run_off, most);
	jt->pieces++;
	jt->cut += p->len;
	jt->run_off += p->len;
	if (jt->run_off == r->len) {
		jt->run++;
		jt->run_off = 0;
	}
	if (zero)
		start(h, p, XM_IO_ZERO, p->len);
	else
		start_read(h, p);
	return true;
}

static void retry_stalled(struct host *h)
{
	struct xm_list again = XM_LIST_INIT(again), *l;
	while ((l = xm_list_pop(&h->stalled)))
		xm_list_add_tail(&again, l);
	while ((l = xm_list_pop(&again)))
		send(h, xm_container_of(l, struct piece, link));
}

static bool is_open(const struct xm_endpoint *ep)
{
	return !ep->nexus || xm_nexus_takes_commands(ep->nexus);
}

/* What was not sent yet is NOT_DONE; it comes again after the fence. */
static void give_back(struct host *h)
{
	struct xm_status st = { .err = EAGAIN, .act = XM_ACT_RETRY, .certainty = XM_NOT_DONE,
				.side = is_open(h->pair.src) ? XM_SIDE_DST : XM_SIDE_SRC,
				.code = XM_E_TEMPORARY, .reason = "path_closed" };
	struct xm_list *l;
	snprintf(st.detail, sizeof st.detail, "not sent: the path is closed until it is fenced");
	while ((l = xm_list_pop(&h->stalled))) {
		struct piece *p = xm_container_of(l, struct piece, link);
		task_failed(h, p->jt, p->pos + p->done, &st);
		piece_over(h, p);
	}
	xm_list_for_each(t, &h->tasks) {
		struct job_task *jt = xm_container_of(t, struct job_task, link);
		if (jt->cut < jt->task->bytes)
			task_failed(h, jt, jt->cut, &st);
		end_if_over(h, jt);
	}
}

static void pump(struct host *h)
{
	if (!is_open(h->pair.src) || !is_open(h->pair.dst)) {
		give_back(h);
		return;
	}
	retry_stalled(h);
	xm_list_for_each(l, &h->tasks) {
		struct job_task *jt = xm_container_of(l, struct job_task, link);
		while (!jt->failed && jt->cut < jt->task->bytes && xm_list_empty(&h->stalled))
			if (!cut_piece(h, jt))
				return;
	}
}

/* ---- the method --------------------------------------------------------------------------- */

static enum xm_queued host_submit(struct xm_method *m, struct xm_task *task)
{
	struct host *h = host_of(m);
	struct xm_list *l = xm_list_pop(&h->idle_tasks);
	if (!l)
		return XM_FULL;
	struct job_task *jt = xm_container_of(l, struct job_task, link);
	*jt = (struct job_task){ .task = task };
	/* zeros that are there already */
	if (task->kind == XM_TASK_ZERO && task->dst_is_zero)
		jt->cut = task->bytes;
	xm_list_add_tail(&h->tasks, &jt->link);
	end_if_over(h, jt);
	return XM_QUEUED;
}

static void host_wait(struct xm_method *m, struct xm_waiter *w)
{
	struct host *h = host_of(m);
	pump(h);
	/* Another user of the engine may have reaped for us. */
	if (!xm_list_empty(&h->finished) || !xm_list_empty(&h->ended))
		xm_waiter_until(w, 0);
	xm_io_wait(h->pair.src_io, w);
	if (h->pair.dst_io != h->pair.src_io)
		xm_io_wait(h->pair.dst_io, w);
}

static void host_reap(struct xm_method *m, struct xm_list *done)
{
	struct host *h = host_of(m);
	struct xm_list *l;
	xm_io_reap(h->pair.src_io);
	if (h->pair.dst_io != h->pair.src_io)
		xm_io_reap(h->pair.dst_io);
	while ((l = xm_list_pop(&h->ended)))
		step_ended(h, xm_container_of(l, struct xm_io_req, link)->user);
	while ((l = xm_list_pop(&h->finished)))
		xm_list_add_tail(done, l);
}

static void host_close(struct xm_method *m)
{
	struct host *h = host_of(m);
	/* Pieces under way belong to an engine still, which may write into them. */
	if (xm_list_empty(&h->tasks))
		free(h);
}

static void set_limits(struct host *h)
{
	const struct xm_endpoint *src = h->pair.src, *dst = h->pair.dst;
	uint64_t align = xm_max_u64(src->block_size, dst->block_size);
	uint64_t slot = h->pair.buffers->slot_size;
	h->m.limits = (struct xm_method_limits){
		.kinds = XM_TASK_COPY | XM_TASK_ZERO,
		.align = align,
		.max_runs = XM_TASK_RUNS_MAX,
		.max_run = TASK_BYTES,
		.max_bytes = TASK_BYTES,
		.first_bytes = slot,
		.steady = true,
		.max_inflight = TASKS,
		.first_inflight = (unsigned)xm_max_u64(FIRST_BYTES / slot, 2),
	};
	h->grain = xm_max_u64(xm_max_u64(align, SMALLEST_GRAIN),
			      xm_max_u64(src->dio_align, dst->dio_align));
}

static int host_open(const struct xm_pair *pair, struct xm_method **ret_method,
		     struct xm_refusal *why)
{
	unsigned n = pair->buffers->slots + ZERO_PIECES;
	struct host *h = calloc(1, sizeof *h + n * sizeof h->pieces[0]);
	if (!h) {
		*why = (struct xm_refusal){ .act = XM_ACT_FATAL, .code = XM_E_TEMPORARY,
					    .reason = "no_memory" };
		snprintf(why->detail, sizeof why->detail, "memory is short");
		return -1;
	}
	h->m.ops = &xm_method_host;
	h->pair = *pair;
	xm_list_init(&h->idle_tasks);
	xm_list_init(&h->tasks);
	xm_list_init(&h->finished);
	xm_list_init(&h->idle_pieces);
	xm_list_init(&h->stalled);
	xm_list_init(&h->ended);
	for (unsigned i = 0; i < TASKS; i++)
		xm_list_add_tail(&h->idle_tasks, &h->all_tasks[i].link);
	for (unsigned i = 0; i < n; i++)
		xm_list_add_tail(&h->idle_pieces, &h->pieces[i].link);
	set_limits(h);
	*ret_method = &h->m;
	return 0;
}

static void host_explain(const struct xm_pair *pair, struct xm_findings *f)
{
	xm_finding(f, XM_PASS, "method.host", NULL,
		   "copying through this host works for every pair%s",
		   pair->dst && pair->src->block_size != pair->dst->block_size ?
		   ", also with unequal block sizes" : "");
}

const struct xm_method_ops xm_method_host = {
	.name = "host",
	.title = "host copy",
	.way = XM_WAY_HOST,
	.open = host_open,
	.explain = host_explain,
	.submit = host_submit,
	.wait = host_wait,
	.reap = host_reap,
	.close = host_close,
};
