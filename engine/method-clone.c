/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files on one file system: it is told to share or to copy the bytes itself.
 *
 * Counted as a way of its own: no byte passes this host, and no storage was told
 * to copy either.  The calls block, so pool threads make them.  Holes are
 * cloned as holes.  The descriptors with O_DIRECT do: a clone passes no cache,
 * and the kernel drops what was cached of the destination.
 */
#include "method.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clone.h"
#include "pool.h"

#define TASKS 4
#define SHARE_BYTES (UINT64_C(1) << 30)
#define SERVER_BYTES (UINT64_C(256) << 20)
#define FIRST_BYTES (UINT64_C(64) << 20)

struct clone_task {
	struct xm_work work;
	struct xm_list link;         /* in idle */
	struct xm_task *task;
	const struct xm_pair *pair;
	enum xm_clone_way way;
	uint64_t moved;
	int err;
};

struct clone {
	struct xm_method m;
	struct xm_pair pair;
	struct xm_pool_client *client;
	struct xm_list idle;
	struct clone_task tasks[TASKS];
};

static struct clone *clone_of(struct xm_method *m)
{
	return xm_container_of(m, struct clone, m);
}

/* ---- what an errno means --------------------------------------------------------- */

static const struct {
	int err;
	enum xm_act act;
	bool pair_wide;
	int code;
	const char *reason;
} meanings[] = {
	{ EINTR, XM_ACT_RETRY, false, XM_E_TEMPORARY, "interrupted" },
	{ EAGAIN, XM_ACT_RETRY, false, XM_E_TEMPORARY, "busy" },
	{ ENOMEM, XM_ACT_RETRY, false, XM_E_TEMPORARY, "no_memory" },
	{ ENOSPC, XM_ACT_FATAL, false, XM_E_TEMPORARY, "no_space" },
	{ EDQUOT, XM_ACT_FATAL, false, XM_E_TEMPORARY, "no_space" },
	{ EROFS, XM_ACT_FATAL, false, XM_E_DESTINATION, "read_only" },
	/* the host's copy says which block it is */
	{ EIO, XM_ACT_DEMOTE, false, 0, "io_error" },
	{ 0, XM_ACT_DEMOTE, true, 0, "clone_refused" },
};

static void set_status(struct xm_task *task, const struct clone_task *ct)
{
	size_t i = 0;

	while (meanings[i].err && meanings[i].err != ct->err)
		i++;
	task->status = (struct xm_status){ .err = ct->err, .act = meanings[i].act,
					   .pair_wide = meanings[i].pair_wide,
					   .code = meanings[i].code, .reason = meanings[i].reason,
					   .side = XM_SIDE_DST, .certainty = XM_NOT_DONE };
	snprintf(task->status.detail, sizeof task->status.detail,
		 "clone of %llu bytes at byte %llu of the task: %s",
		 (unsigned long long)(task->bytes - ct->moved), (unsigned long long)ct->moved,
		 strerror(ct->err));
}

/* ---- the work ------------------------------------------------------------------------ */

/* On a pool thread. */
static void run_task(struct xm_work *work)
{
	struct clone_task *ct = xm_container_of(work, struct clone_task, work);

	ct->moved = 0;
	ct->err = 0;
	for (unsigned i = 0; i < ct->task->nruns && !ct->err; i++) {
		const struct xm_run *r = &ct->task->runs[i];

		ct->moved += xm_clone_range(ct->way, ct->pair->src->fd, r->src, ct->pair->dst->fd,
					    r->dst, r->len, &ct->err);
	}
}

static enum xm_queued clone_submit(struct xm_method *m, struct xm_task *task)
{
	struct clone *c = clone_of(m);
	struct xm_list *l = xm_list_pop(&c->idle);
	struct clone_task *ct;

	if (!l)
		return XM_FULL;
	ct = xm_container_of(l, struct clone_task, link);
	ct->task = task;
	ct->pair = &c->pair;
	ct->work.run = run_task;
	task->nexus = c->pair.dst->nexus;
	/* the host's nexus is over when nothing of it is with the kernel */
	c->pair.dst->io_inflight++;
	if (xm_pool_submit(c->client, &ct->work))
		return XM_QUEUED;
	c->pair.dst->io_inflight--;
	xm_list_add_tail(&c->idle, &ct->link);
	return XM_FULL;
}

static void clone_wait(struct xm_method *m, struct xm_waiter *w)
{
	xm_pool_wait(clone_of(m)->client, w);
}

static void clone_reap(struct xm_method *m, struct xm_list *done)
{
	struct clone *c = clone_of(m);
	struct xm_list ended = XM_LIST_INIT(ended), *l;

	xm_pool_reap(c->client, &ended);
	while ((l = xm_list_pop(&ended))) {
		struct clone_task *ct = xm_container_of(l, struct clone_task, work.link);
		struct xm_task *task = ct->task;

		c->pair.dst->io_inflight--;
		task->moved = ct->moved;
		if (ct->err)
			set_status(task, ct);
		else
			task->status = XM_STATUS_DONE;
		xm_list_add_tail(&c->idle, &ct->link);
		xm_list_add_tail(done, &task->link);
	}
}

static void clone_close(struct xm_method *m)
{
	struct clone *c = clone_of(m);

	if (xm_pool_client_free(c->client))
		free(c);
}

/* ---- opening ---------------------------------------------------------------------------- */

static bool is_file(const struct xm_endpoint *ep)
{
	return ep->block_size == 1 && ep->fd >= 0;
}

static enum xm_clone_way way_of(const struct xm_pair *pair, const char **ret_why)
{
	*ret_why = "only files can be cloned";
	if (!is_file(pair->src) || !is_file(pair->dst))
		return XM_CLONE_NONE;
	return xm_clone_way(pair->src->fd, pair->dst->fd, ret_why);
}

static int refuse(struct xm_refusal *why, const char *reason, const char *detail)
{
	why->reason = reason;
	snprintf(why->detail, sizeof why->detail, "%s", detail);
	return -1;
}

static int clone_open(const struct xm_pair *pair, struct xm_method **ret_method,
		      struct xm_refusal *why)
{
	const char *detail;
	enum xm_clone_way way = way_of(pair, &detail);
	uint64_t bytes = way == XM_CLONE_SHARE ? SHARE_BYTES : SERVER_BYTES;
	struct xm_pool *pool = xm_ctx_pool(pair->ctx);
	struct clone *c;

	if (way == XM_CLONE_NONE) {
		why->foreign = true;
		return refuse(why, "no_clone", detail);
	}
	c = calloc(1, sizeof *c);
	if (!c || !pool || !(c->client = xm_pool_client_new(pool))) {
		free(c);
		return refuse(why, "no_memory", "memory is short");
	}
	c->pair = *pair;
	c->m.ops = &xm_method_clone;
	/* file systems share whole blocks; what is left of the last one goes by host */
	c->m.limits = (struct xm_method_limits){
		.kinds = XM_TASK_COPY | XM_TASK_ZERO,
		.align = pair->dst->free_grain > pair->src->free_grain ? pair->dst->free_grain
								       : pair->src->free_grain,
		.max_runs = XM_TASK_RUNS_MAX,
		.max_run = bytes,
		.max_bytes = bytes,
		.first_bytes = FIRST_BYTES,
		.max_inflight = TASKS,
	};
	xm_list_init(&c->idle);
	for (unsigned i = 0; i < TASKS; i++) {
		c->tasks[i].way = way;
		xm_list_add_tail(&c->idle, &c->tasks[i].link);
	}
	*ret_method = &c->m;
	return 0;
}

static void clone_explain(const struct xm_pair *pair, struct xm_findings *f)
{
	const char *why;
	enum xm_clone_way way;

	if (!pair->dst || !is_file(pair->src))
		return;
	way = way_of(pair, &why);
	xm_finding(f, way == XM_CLONE_NONE ? XM_INFO : XM_PASS, "method.clone", NULL, "%s",
		   way == XM_CLONE_SHARE ? "the file system can let both files share the bytes" :
		   way == XM_CLONE_SERVER ? "the file server can be asked to copy" : why);
}

const struct xm_method_ops xm_method_clone = {
	.name = "clone",
	.title = "clone by the file system",
	.way = XM_WAY_CLONE,
	.open = clone_open,
	.explain = clone_explain,
	.submit = clone_submit,
	.wait = clone_wait,
	.reap = clone_reap,
	.close = clone_close,
};
