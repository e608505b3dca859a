/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wrappers around a method: the only callers of its table.  They hold both
 * sides to the contract: limits that cannot be met are a refusal, a task beyond
 * what was promised never reaches the method, and a method cannot claim to have
 * moved more than it was given.
 */
#include "method.h"

#include <stdio.h>
#include <string.h>
#include "gate.h"
#include "xm/align.h"

static bool limits_ok(const struct xm_method_limits *l)
{
	return (l->kinds & (XM_TASK_COPY | XM_TASK_ZERO)) && l->align > 0 && l->max_runs > 0 &&
	       l->max_run >= l->align && l->max_bytes >= l->align && l->max_inflight > 0;
}

static int refuse_limits(struct xm_refusal *why, const char *name)
{
	*why = (struct xm_refusal){ .act = XM_ACT_DEMOTE, .reason = "limits" };
	snprintf(why->detail, sizeof why->detail,
		 "the limits the device states leave no room for a single %s command", name);
	return -1;
}

int xm_method_open(const struct xm_method_ops *ops, const struct xm_pair *pair,
		   struct xm_method **ret_method, struct xm_refusal *why)
{
	struct xm_method *m;

	*why = (struct xm_refusal){ .act = XM_ACT_DEMOTE };
	if (ops->open(pair, &m, why) < 0)
		return -1;
	if (!limits_ok(&m->limits)) {
		ops->close(m);
		return refuse_limits(why, ops->name);
	}
	if (m->limits.max_runs > XM_TASK_RUNS_MAX)
		m->limits.max_runs = XM_TASK_RUNS_MAX;
	m->ops = ops;
	m->pair = pair;
	m->caution = NULL;
	m->inflight = 0;
	xm_list_init(&m->broken);
	*ret_method = m;
	return 0;
}

/*
 * Alignment is held to the blocks of both ends, not to limits.align: under
 * --offload=require a tail below the array's granularity is offered as it is.
 */
static bool run_ok(const struct xm_method *m, const struct xm_run *r)
{
	const struct xm_endpoint *src = m->pair->src, *dst = m->pair->dst;

	return r->len > 0 && r->len <= m->limits.max_run &&
	       xm_range_fits(r->src, r->len, src->size) &&
	       (xm_is_aligned(r->src, src->block_size) && xm_is_aligned(r->dst, dst->block_size)) &&
	       xm_gate_allows(dst, r->dst, r->len);
}

static const char *broken_rule(const struct xm_method *m, const struct xm_task *task)
{
	uint64_t sum = 0, end = 0;

	if (!(m->limits.kinds & task->kind))
		return "is of a kind the method does not do";
	if (task->nruns == 0 || task->nruns > m->limits.max_runs)
		return "has too many or no runs";
	for (unsigned i = 0; i < task->nruns; i++) {
		if (!run_ok(m, &task->runs[i]))
			return "has a run outside what may be moved";
		if (i > 0 && task->runs[i].dst < end)
			return "has runs that overlap or go backwards";
		if (i > 0 && m->limits.gather && task->runs[i].dst != end)
			return "has a gap between runs";
		end = task->runs[i].dst + task->runs[i].len;
		sum += task->runs[i].len;
	}
	return sum == task->bytes && sum <= m->limits.max_bytes ? NULL : "is too large";
}

enum xm_queued xm_method_submit(struct xm_method *m, struct xm_task *task)
{
	const char *rule = broken_rule(m, task);
	enum xm_queued q;

	task->method = m;
	task->moved = 0;
	task->nexus = NULL;
	task->zeros.n = 0;
	task->status = XM_STATUS_DONE;
	if (rule) {
		task->status = (struct xm_status){ .act = XM_ACT_FATAL, .certainty = XM_NOT_DONE,
						   .code = XM_E_BUG, .reason = "bug" };
		snprintf(task->status.detail, sizeof task->status.detail, "a %s task %s",
			 m->ops->name, rule);
		xm_list_add_tail(&m->broken, &task->link);
		m->inflight++;
		return XM_QUEUED;
	}
	q = m->ops->submit(m, task);
	if (q == XM_QUEUED)
		m->inflight++;
	return q;
}

void xm_method_wait(struct xm_method *m, struct xm_waiter *w)
{
	if (!xm_list_empty(&m->broken))
		xm_waiter_until(w, 0);
	m->ops->wait(m, w);
}

static void check_answer(struct xm_method *m, struct xm_task *task)
{
	struct xm_status *s = &task->status;

	m->inflight--;
	if (task->moved <= task->bytes && (s->act != XM_ACT_NONE || s->certainty == XM_DONE))
		return;
	/* what it did is not known, so neither is whether it is over */
	task->moved = 0;
	*s = (struct xm_status){ .act = XM_ACT_FATAL, .certainty = XM_UNKNOWN, .code = XM_E_BUG,
				 .reason = "bug" };
	snprintf(s->detail, sizeof s->detail, "the method %s gave back an impossible answer",
		 m->ops->name);
}

void xm_method_reap(struct xm_method *m, struct xm_list *done)
{
	struct xm_list some, *l;

	xm_list_init(&some);
	while ((l = xm_list_pop(&m->broken)))
		xm_list_add_tail(&some, l);
	m->ops->reap(m, &some);
	while ((l = xm_list_pop(&some))) {
		check_answer(m, xm_container_of(l, struct xm_task, link));
		xm_list_add_tail(done, l);
	}
}

void xm_method_close(struct xm_method *m)
{
	if (m)
		m->ops->close(m);
}
