/* SPDX-License-Identifier: Apache-2.0 */
/*
 * METHOD nvme_copy: runs are moved by the controller, told by NVMe Copy.
 *
 * One task is one command, one run one source range; the data land in list order
 * from the first destination LBA on.  What a status means stands in status-table.c; here
 * is only what needs memory: which size has succeeded, which list format is
 * taken, and whether the formats for two namespaces have to be enabled again.
 * What was written of a failed command is known up to dword0 at most.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "copy.h"
#include "ctx.h"
#include "reasons.h"
#include "verdict.h"
#include "xm/align.h"

#define SLOTS 32
#define REARMS_MAX 8
/* When it comes the kernel resets the controller under everyone: long, and never 0. */
#define TIMEOUT (600 * XM_NS_PER_S)

struct slot {
	struct nvme_cmd cmd;
	struct xm_task *task;            /* NULL: free */
	unsigned format, armed;          /* when it was sent */
	uint8_t list[NVME_LIST_MAX];
};

struct copy {
	struct xm_method method;
	struct nvme_look look;
	uint64_t src_base, dst_base;
	unsigned format;
	bool format_tried;               /* the other entry size was tried already */
	uint64_t best_run, best_bytes;   /* largest that has succeeded */

	struct nvme_cdfe cdfe;           /* of a pair of two namespaces */
	bool arming;
	unsigned armed;                  /* passes that enabled the formats */

	struct xm_list done;             /* of commands */
	struct xm_list stillborn;        /* of tasks that could not be encoded */
	struct slot slots[SLOTS];
};

static struct copy *of(struct xm_method *m)
{
	return xm_container_of(m, struct copy, method);
}

static struct nvme_transport *transport_of(const struct copy *c)
{
	return c->look.dst->io;
}

/* ---- two namespaces ------------------------------------------------------------ */

static uint16_t formats_wanted(const struct copy *c)
{
	return c->look.formats & 0x000c;
}

/* Set-up: the formats that name a source namespace, on every controller. */
static int enable(struct copy *c, struct xm_refusal *why)
{
	struct nvme_ns *ns = c->look.dst;

	if (ns->open_controllers(ns, &c->cdfe, why) < 0)
		return -1;
	nvme_cdfe_enable(&c->cdfe, formats_wanted(c));
	if (nvme_cdfe_finish(&c->cdfe) == NVME_CDFE_DONE) {
		c->armed = 1;
		xm_log(ns->io->ctx, XM_LOG_WARNING, "cross_namespace",
		       "copying between namespaces is enabled on %u controllers: who may write "
		       "one namespace may read all others until this copy ends", c->cdfe.n);
		return 0;
	}
	nvme_refuse(why, NVME_R_CDFE, "copying between namespaces cannot be enabled (Set Features, "
		    "Host Behavior Support): %.100s", c->cdfe.why);
	nvme_cdfe_restore(&c->cdfe);
	nvme_cdfe_finish(&c->cdfe);
	nvme_cdfe_close(&c->cdfe);
	return -1;
}

static void disable(struct copy *c)
{
	/* A pass under way ends first: its command names memory of ours. */
	bool over = !c->arming || nvme_cdfe_finish(&c->cdfe) == NVME_CDFE_DONE || !c->cdfe.sent;

	if (over)
		nvme_cdfe_restore(&c->cdfe);
	if (!over || nvme_cdfe_finish(&c->cdfe) != NVME_CDFE_DONE)
		xm_log(c->cdfe.ctx, XM_LOG_ERROR, "cross_namespace",
		       "copying between namespaces could not be disabled again: %s; a reset of "
		       "the controllers disables it", c->cdfe.why);
	nvme_cdfe_close(&c->cdfe);
}

/* ---- open, close ------------------------------------------------------------- */

static int copy_open(const struct xm_pair *pair, struct xm_method **ret_method,
		     struct xm_refusal *why)
{
	struct copy *c = calloc(1, sizeof *c);

	if (!c)
		return nvme_refuse(why, NVME_R_NOT_SENT, "memory is short");
	if (nvme_look(pair, &c->look, why) < 0 || (c->look.cross && enable(c, why) < 0)) {
		free(c);
		return -1;
	}
	c->method.ops = &nvme_method_copy;
	c->method.limits = c->look.limits;
	c->method.limits.max_inflight = (unsigned)xm_min_u64(c->look.limits.max_inflight,
							     transport_of(c)->max_inflight);
	c->src_base = pair->src->base;
	c->dst_base = pair->dst->base;
	c->format = c->look.format;
	xm_list_init(&c->done);
	xm_list_init(&c->stillborn);
	*ret_method = &c->method;
	return 0;
}

static void copy_close(struct xm_method *m)
{
	struct copy *c = of(m);

	if (c->look.cross)
		disable(c);
	free(c);
}

/* ---- submit -------------------------------------------------------------------- */

static struct slot *free_slot(struct copy *c)
{
	for (unsigned i = 0; i < SLOTS; i++)
		if (!c->slots[i].task)
			return &c->slots[i];
	return NULL;
}

/* False: not to be said by a Copy. */
static bool build(const struct copy *c, struct slot *s, const struct xm_task *task)
{
	struct nvme_range ranges[XM_TASK_RUNS_MAX];
	uint32_t bs = c->look.dst->id.block_size;
	size_t len;

	for (unsigned i = 0; i < task->nruns; i++) {
		const struct xm_run *r = &task->runs[i];

		if (i > 0 && r->dst != r[-1].dst + r[-1].len)
			return false;
		ranges[i] = (struct nvme_range){
			.snsid = c->look.src->nsid,
			.slba = (r->src + c->src_base) / bs,
			.blocks = (uint32_t)xm_min_u64(r->len / bs, UINT32_MAX),
		};
	}
	len = nvme_copy_list(c->format, ranges, task->nruns, s->list, sizeof s->list);
	if (!len)
		return false;
	nvme_cmd_copy(&s->cmd, c->look.dst->nsid, (task->runs[0].dst + c->dst_base) / bs,
		      c->format, task->nruns, s->list, (uint32_t)len);
	s->cmd.timeout_ns = TIMEOUT;
	s->cmd.user = s;
	xm_list_init(&s->cmd.link);
	return true;
}

static enum xm_queued copy_submit(struct xm_method *m, struct xm_task *task)
{
	struct copy *c = of(m);
	struct slot *s = free_slot(c);

	if (!s || c->arming)
		return XM_FULL;
	if (!build(c, s, task)) {
		task->status = (struct xm_status){ .err = EINVAL, .act = XM_ACT_FATAL,
			.certainty = XM_NOT_DONE, .code = XM_E_BUG, .reason = "bug",
			.detail = "a task that NVMe Copy cannot say" };
		xm_list_add_tail(&c->stillborn, &task->link);
		return XM_QUEUED;
	}
	s->cmd.done = &c->done;
	s->format = c->format;
	s->armed = c->armed;
	if (nvme_submit(transport_of(c), &s->cmd) != XM_QUEUED)
		return XM_FULL;
	s->task = task;
	return XM_QUEUED;
}

/* ---- reap ------------------------------------------------------------------------ */

/* The bytes of the ranges before dword0; what cannot be is taken for nothing known. */
static uint64_t bytes_before(const struct xm_task *task, uint32_t dword0)
{
	uint64_t bytes = 0;

	if (dword0 >= task->nruns)
		return 0;
	for (unsigned i = 0; i < dword0; i++)
		bytes += task->runs[i].len;
	return bytes;
}

static uint64_t longest_run(const struct xm_task *task)
{
	uint64_t longest = 0;

	for (unsigned i = 0; i < task->nruns; i++)
		longest = xm_max_u64(longest, task->runs[i].len);
	return longest;
}

static void again(struct xm_status *st)
{
	st->act = XM_ACT_RETRY;
	st->pair_wide = false;
}

/* The formats may be gone since this was sent: look, and enable them, a bounded number of times. */
static bool rearm(struct copy *c, const struct slot *s)
{
	if (!c->look.cross)
		return false;
	/* another command's answer has seen to it already */
	if (s->armed != c->armed || c->arming)
		return true;
	if (c->armed > REARMS_MAX)
		return false;
	c->arming = true;
	nvme_cdfe_enable(&c->cdfe, formats_wanted(c));
	return true;
}

static bool other_format(struct copy *c, const struct slot *s)
{
	unsigned other = s->format ^ 1;

	if (s->format != c->format)
		return true;
	if (c->format_tried || !(c->look.formats & 1u << other))
		return false;
	c->format_tried = true;
	c->format = other;
	return true;
}

static void learn(struct copy *c, const struct slot *s, unsigned flags, struct xm_status *st)
{
	if (st->certainty == XM_DONE) {
		c->best_run = xm_max_u64(c->best_run, longest_run(s->task));
		c->best_bytes = xm_max_u64(c->best_bytes, s->task->bytes);
		return;
	}
	if ((flags & NVME_F_LIMITS) && (longest_run(s->task) > c->best_run ||
					s->task->bytes > c->best_bytes))
		st->act = XM_ACT_SHRINK;
	if ((flags & NVME_F_REARM) && rearm(c, s))
		again(st);
	if ((flags & NVME_F_OTHER_FORMAT) && other_format(c, s))
		again(st);
}

static void finish(struct copy *c, struct slot *s, struct xm_list *done)
{
	struct xm_task *task = s->task;
	struct nvme_verdict v;
	char where[64];
	uint32_t bs = c->look.dst->id.block_size;

	snprintf(where, sizeof where, "to NSID %u LBA %llu, %llu blocks, %u ranges", s->cmd.nsid,
		 (unsigned long long)((task->runs[0].dst + c->dst_base) / bs),
		 (unsigned long long)(task->bytes / bs), task->nruns);
	nvme_judge(&s->cmd, where, &v);
	task->status = v.status;
	learn(c, s, v.rule->flags, &task->status);
	if (task->status.certainty == XM_DONE)
		task->moved = task->bytes;
	else if (v.rule->flags & NVME_F_DWORD0)
		task->moved = bytes_before(task, s->cmd.dword0);
	if (task->status.certainty == XM_UNKNOWN)
		task->nexus = &transport_of(c)->nexus;
	s->task = NULL;
	xm_list_add_tail(done, &task->link);
}

static void continue_arming(struct copy *c)
{
	enum nvme_cdfe_result r = nvme_cdfe_step(&c->cdfe);

	if (r == NVME_CDFE_PENDING)
		return;
	c->arming = false;
	c->armed++;
	if (r == NVME_CDFE_FAILED) {
		/* What is sent next is refused, and that demotes. */
		c->armed = REARMS_MAX + 1;
		xm_log(c->cdfe.ctx, XM_LOG_WARNING, "cross_namespace", "copying between namespaces "
		       "could not be enabled again: %s", c->cdfe.why);
	}
}

static void copy_reap(struct xm_method *m, struct xm_list *done)
{
	struct copy *c = of(m);
	struct nvme_transport *t = transport_of(c);
	struct xm_list *l;

	t->ops->service(t);
	while ((l = xm_list_pop(&c->done)))
		finish(c, xm_container_of(l, struct nvme_cmd, link)->user, done);
	while ((l = xm_list_pop(&c->stillborn)))
		xm_list_add_tail(done, l);
	if (c->arming)
		continue_arming(c);
}

static void copy_wait(struct xm_method *m, struct xm_waiter *w)
{
	struct copy *c = of(m);

	if (!xm_list_empty(&c->done) || !xm_list_empty(&c->stillborn))
		xm_waiter_until(w, 0);
	transport_of(c)->ops->wait(transport_of(c), w);
	if (c->arming)
		nvme_cdfe_wait(&c->cdfe, w);
}

const struct xm_method_ops nvme_method_copy = {
	.name = "nvme_copy",
	.title = "NVMe Copy",
	.way = XM_WAY_NVME_COPY,
	.needs_trial = true,
	.open = copy_open,
	.explain = nvme_explain,
	.submit = copy_submit,
	.wait = copy_wait,
	.reap = copy_reap,
	.close = copy_close,
};
