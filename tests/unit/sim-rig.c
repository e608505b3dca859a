/* SPDX-License-Identifier: Apache-2.0 */
/* Disks, method and nexus on the simulated clock: see sim-rig.h. */
#undef NDEBUG
#include "sim-rig.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "gate.h"
#include "xm/align.h"

static uint64_t now(const struct sim *s)
{
	return s->ctx->clock->now(s->ctx->clock);
}

/* ---- zombies: commands whose outcome nobody knows -------------------------------------- */

struct zombie {
	struct xm_list link;
	struct xm_task task;         /* a copy */
	bool late;                   /* will be applied */
	struct xm_task *silent;      /* not given back yet */
};

static void assert_no_zombie(const struct sim *s, uint64_t off, uint64_t len)
{
	xm_list_for_each(l, &s->zombies) {
		const struct zombie *z = xm_container_of(l, struct zombie, link);

		for (unsigned i = 0; i < z->task.nruns; i++)
			assert(off + len <= z->task.runs[i].dst ||
			       z->task.runs[i].dst + z->task.runs[i].len <= off);
	}
}

static void apply(struct sim *s, const struct xm_task *t, uint64_t bytes, uint64_t shift)
{
	for (unsigned i = 0; i < t->nruns && bytes > 0; i++) {
		uint64_t n = xm_min_u64(t->runs[i].len, bytes);
		uint64_t at = t->runs[i].dst + shift;

		if (shift && at + n > s->range_dst + s->range_len)
			at = s->range_dst;
		if (t->kind == XM_TASK_ZERO)
			memset(s->dst.bytes + at, 0, n);
		else
			memmove(s->dst.bytes + at, s->src.bytes + t->runs[i].src, n);
		bytes -= n;
	}
}

/* ---- nexus ------------------------------------------------------------------------------ */

static struct sim_nexus *nexus_of(struct xm_nexus *nx)
{
	return xm_container_of(nx, struct sim_nexus, nx);
}

static void nexus_start(struct xm_nexus *nx)
{
	struct sim_nexus *n = nexus_of(nx);

	n->fences++;
	n->due = now(n->sim) + (n->takes ? n->takes : XM_NS_PER_S);
	/* closing the path gives everything that is out back */
	xm_list_for_each(l, &n->sim->zombies) {
		struct zombie *z = xm_container_of(l, struct zombie, link);

		if (z->silent) {
			z->silent->status = (struct xm_status){ .err = ETIMEDOUT,
				.act = XM_ACT_RETRY, .certainty = XM_UNKNOWN,
				.reason = "no_answer", .detail = "cut" };
			z->silent->nexus = &n->nx;
			xm_list_add_tail(&n->sim->queue, &z->silent->link);
			z->silent = NULL;
		}
	}
}

static void nexus_wait(struct xm_nexus *nx, struct xm_waiter *w)
{
	xm_waiter_until(w, nexus_of(nx)->due);
}

static enum xm_fence_result nexus_poll(struct xm_nexus *nx, struct xm_status *why)
{
	struct sim_nexus *n = nexus_of(nx);
	struct xm_list *l;

	if (now(n->sim) < n->due)
		return XM_FENCE_PENDING;
	if (n->fails) {
		*why = (struct xm_status){ .act = XM_ACT_FATAL, .code = XM_E_TEMPORARY,
					   .reason = "portal_down", .detail = "nobody answers" };
		return XM_FENCE_FAILED;
	}
	if (n != &n->sim->src.nexus && n->sim->dst.durable)
		memcpy(n->sim->dst.bytes, n->sim->dst.durable, n->sim->dst.ep->size);
	while ((l = xm_list_pop(&n->sim->zombies))) {
		struct zombie *z = xm_container_of(l, struct zombie, link);

		if (z->late)
			apply(n->sim, &z->task, z->task.bytes, 0);
		free(z);
	}
	return XM_FENCE_FENCED;
}

static const struct xm_nexus_ops nexus_ops = { .name = "sim", .start = nexus_start,
						.wait = nexus_wait, .poll = nexus_poll };

/* ---- block I/O ----------------------------------------------------------------------------- */

static struct sim_disk *disk_of(struct xm_io *io)
{
	return xm_container_of(io, struct sim_disk, io);
}

static enum xm_queued io_submit(struct xm_io *io, struct xm_io_req *req)
{
	struct sim_disk *d = disk_of(io);

	uint64_t ns = d->jitter ? d->latency * (1 + test_below(&d->sim->r, 8)) : d->latency;

	req->priv = (void *)(uintptr_t)(now(d->sim) + ns);
	xm_list_add_tail(&d->queue, &req->link);
	return XM_QUEUED;
}

static void io_wait(struct xm_io *io, struct xm_waiter *w)
{
	xm_list_for_each(l, &disk_of(io)->queue)
		xm_waiter_until(w, (uint64_t)(uintptr_t)
				xm_container_of(l, struct xm_io_req, link)->priv);
}

static bool fails(struct sim_disk *d, struct xm_io_req *req, unsigned *left)
{
	if (*left == 0)
		return false;
	(*left)--;
	req->status = d->fail_status;
	return true;
}

/* What goes down a lost path is not answered. */
static bool is_lost(struct sim_disk *d, struct xm_io_req *req)
{
	if (req->op == XM_IO_WRITE && d->lose_at && d->writes + 1 == d->lose_at)
		d->nexus.nx.lost = true;
	if (!d->nexus.nx.lost)
		return false;
	d->writes += req->op == XM_IO_WRITE;
	req->status = (struct xm_status){ .err = ETIMEDOUT, .act = XM_ACT_RETRY,
		.certainty = req->op == XM_IO_READ ? XM_NOT_DONE : XM_UNKNOWN,
		.reason = "no_answer", .detail = "no answer" };
	return true;
}

static void io_do(struct sim_disk *d, struct xm_io_req *req)
{
	if (is_lost(d, req))
		return;
	req->status = XM_STATUS_DONE;
	switch (req->op) {
	case XM_IO_READ:
		d->reads++;
		if (!fails(d, req, &d->fail_reads))
			memcpy(req->buf, d->bytes + req->off, req->len);
		break;
	case XM_IO_WRITE:
	case XM_IO_ZERO:
		d->writes++;
		assert_no_zombie(d->sim, req->off, req->len);
		if (fails(d, req, &d->fail_writes))
			break;
		if (req->op == XM_IO_WRITE)
			memcpy(d->bytes + req->off, req->buf, req->len);
		else
			memset(d->bytes + req->off, 0, req->len);
		break;
	case XM_IO_FLUSH:
		d->flushes++;
		if (!fails(d, req, &d->fail_flushes) && d->durable)
			memcpy(d->durable, d->bytes, d->ep->size);
		break;
	}
}

static void io_reap(struct xm_io *io, struct xm_list *done)
{
	struct sim_disk *d = disk_of(io);

	xm_list_for_each(l, &d->queue) {
		struct xm_io_req *req = xm_container_of(l, struct xm_io_req, link);

		if ((uint64_t)(uintptr_t)req->priv > now(d->sim) && !d->nexus.nx.lost)
			continue;
		xm_list_del(l);
		io_do(d, req);
		xm_list_add_tail(done, l);
	}
}

static void io_close(struct xm_io *io)
{
	(void)io;
}

static const struct xm_io_ops io_ops = { .name = "sim", .submit = io_submit, .wait = io_wait,
					 .reap = io_reap, .close = io_close };

static struct xm_io *disk_io(struct xm_endpoint *ep, struct xm_error **err)
{
	(void)err;
	return &((struct sim_disk *)xm_attached(&ep->attached, &io_ops))->io;
}

static void disk_close(struct xm_endpoint *ep)
{
	(void)ep;
}
static const struct xm_endpoint_ops disk_ops = { .kind = "sim", .io = disk_io,
						 .close = disk_close };

static void nothing(void *o)
{
	(void)o;
}

static void disk_init(struct sim *s, struct sim_disk *d, const char *name, uint64_t size,
		      uint32_t block)
{
	d->sim = s;
	d->latency = XM_NS_PER_MS / 2;
	d->bytes = malloc(size);
	d->before = malloc(size);
	assert(d->bytes && d->before);
	xm_list_init(&d->queue);
	xm_io_init(&d->io, &io_ops, 64);
	d->ep = xm_endpoint_alloc(s->ctx, &disk_ops, name);
	assert(d->ep && xm_attach(&d->ep->attached, &io_ops, d, nothing));
	d->ep->size = size;
	d->ep->block_size = block;
	d->ep->dio_align = block;
	d->ep->writable = true;
	d->nexus.sim = s;
	d->nexus.nx = (struct xm_nexus){ .ops = &nexus_ops, .name = name };
	d->ep->nexus = &d->nexus.nx;
	for (uint64_t i = 0; i < size; i += 8) {
		uint64_t v = test_random(&s->r);

		memcpy(d->bytes + i, &v, xm_min_u64(8, size - i));
	}
}

/* ---- the method ------------------------------------------------------------------------------ */

static struct sim *current;

static int method_open(const struct xm_pair *pair, struct xm_method **ret, struct xm_refusal *why)
{
	(void)pair;
	if (current->refuse) {
		*why = (struct xm_refusal){ .act = XM_ACT_DEMOTE, .reason = current->refuse,
					    .detail = "the sim says no" };
		return -1;
	}
	current->m.limits = current->limits;
	*ret = &current->m;
	return 0;
}

static unsigned length(const struct xm_list *head)
{
	unsigned n = 0;

	xm_list_for_each(l, head)
		n++;
	return n;
}

static struct xm_nexus *path_of(struct sim *s)
{
	return s->own_path ? &s->path.nx : s->dst.ep->nexus;
}

static enum xm_queued method_submit(struct xm_method *m, struct xm_task *t)
{
	struct sim *s = xm_container_of(m, struct sim, m);

	if (!xm_nexus_takes_commands(path_of(s)))
		return XM_FULL;
	for (unsigned i = 0; i < t->nruns; i++)
		assert_no_zombie(s, t->runs[i].dst, t->runs[i].len);
	t->priv = (void *)(uintptr_t)(now(s) + s->base_ns +
				      t->bytes / 4096 * s->ns_per_mib / 256);
	xm_list_add_tail(&s->queue, &t->link);
	if (length(&s->queue) > s->peak)
		s->peak = length(&s->queue);
	return XM_QUEUED;
}

static void method_wait(struct xm_method *m, struct xm_waiter *w)
{
	struct sim *s = xm_container_of(m, struct sim, m);

	xm_list_for_each(l, &s->queue)
		xm_waiter_until(w, (uint64_t)(uintptr_t)
				xm_container_of(l, struct xm_task, link)->priv);
}

static struct sim_rule *rule_for(struct sim *s, unsigned nth)
{
	for (unsigned i = 0; i < SIM_RULES; i++) {
		struct sim_rule *r = &s->rules[i];

		if (r->count && nth >= r->first && nth - r->first < r->count) {
			r->fired++;
			return r;
		}
	}
	return NULL;
}

static struct zombie *bury(struct sim *s, const struct xm_task *t, bool late)
{
	struct zombie *z = calloc(1, sizeof *z);

	assert(z);
	z->task = *t;
	z->late = late;
	xm_list_add_tail(&s->zombies, &z->link);
	return z;
}

static void unknown(struct sim *s, struct xm_task *t, bool late)
{
	bury(s, t, late);
	t->moved = 0;
	t->status = (struct xm_status){ .err = ETIMEDOUT, .act = XM_ACT_RETRY,
					.certainty = XM_UNKNOWN, .reason = "no_answer",
					.detail = "no answer" };
	t->nexus = path_of(s);
}

static void lose(struct sim *s)
{
	path_of(s)->lost = true;
	xm_list_for_each(l, &s->queue) {
		struct xm_task *t = xm_container_of(l, struct xm_task, link);

		unknown(s, t, test_below(&s->r, 2));
		t->priv = NULL;
	}
}

static void answer(struct xm_task *t, const struct xm_status *st, uint64_t moved)
{
	t->status = *st;
	t->moved = moved;
}

static const struct xm_status attention = {
	.err = EAGAIN, .act = XM_ACT_RETRY, .certainty = XM_NOT_DONE, .reason = "unit_attention",
	.detail = "power on or reset",
};

/* False: it is not given back. */
static bool carry_out(struct sim *s, struct xm_task *t, const struct sim_rule *r)
{
	uint64_t part = r ? xm_round_down(t->bytes * r->part / 8, 512) : 0;
	struct zombie *z;

	switch (r ? r->what : SIM_GOOD) {
	case SIM_GOOD:
		apply(s, t, t->bytes, 0);
		answer(t, &XM_STATUS_DONE, t->bytes);
		return true;
	case SIM_STATUS:
		apply(s, t, part, 0);
		answer(t, &r->status, part);
		return true;
	case SIM_UNKNOWN_NOTHING:
	case SIM_UNKNOWN_LATE:
		unknown(s, t, r->what == SIM_UNKNOWN_LATE);
		return true;
	case SIM_LOST:
		unknown(s, t, true);
		lose(s);
		return true;
	case SIM_ATTENTION:
		answer(t, &attention, 0);
		t->nexus = path_of(s);
		t->nexus->lost = true;
		return true;
	case SIM_SILENT:
		z = bury(s, t, true);
		z->silent = t;
		t->priv = NULL;
		return false;
	case SIM_LIE_NOTHING:
		break;
	case SIM_LIE_SHORT:
		apply(s, t, t->bytes / 2, 0);
		break;
	case SIM_LIE_PLACE:
		apply(s, t, t->bytes, 8192);
		break;
	}
	answer(t, &XM_STATUS_DONE, t->bytes);
	return true;
}

static bool pushed_back(struct sim *s, struct xm_task *t)
{
	struct xm_status st = { .err = EBUSY, .act = XM_ACT_RETRY, .certainty = XM_NOT_DONE,
				.reason = "array_busy", .detail = "TASK SET FULL" };

	if (s->max_parallel && length(&s->queue) >= s->max_parallel) {
		answer(t, &st, 0);
		return true;
	}
	st.act = XM_ACT_SHRINK;
	st.reason = "parameter_refused";
	if (s->largest_ok && t->bytes > s->largest_ok) {
		answer(t, &st, 0);
		return true;
	}
	return false;
}

static void method_reap(struct xm_method *m, struct xm_list *done)
{
	struct sim *s = xm_container_of(m, struct sim, m);

	for (struct xm_list *l = s->queue.next, *next; l != &s->queue; l = next) {
		struct xm_task *t = xm_container_of(l, struct xm_task, link);

		next = l->next;
		if ((uint64_t)(uintptr_t)t->priv > now(s))
			continue;
		xm_list_del(l);
		if (t->status.certainty == XM_UNKNOWN ||     /* by lose() */
		    pushed_back(s, t) || carry_out(s, t, rule_for(s, s->commands++)))
			xm_list_add_tail(done, &t->link);
		next = s->queue.next;
	}
}

static void method_close(struct xm_method *m)
{
	(void)m;
}

static const struct xm_method_ops method_ops = {
	.name = "sim", .title = "SIM COPY", .way = XM_WAY_XCOPY, .needs_trial = true,
	.open = method_open, .submit = method_submit, .wait = method_wait, .reap = method_reap,
	.close = method_close,
};
/* ---- the other method ------------------------------------------------------------------------ */

static int other_open(const struct xm_pair *pair, struct xm_method **ret, struct xm_refusal *why)
{
	(void)pair;
	if (!current->has_other) {
		*why = (struct xm_refusal){ .act = XM_ACT_DEMOTE, .reason = "foreign",
					    .foreign = true };
		return -1;
	}
	current->other.limits = current->limits;
	*ret = &current->other;
	return 0;
}

static enum xm_queued other_submit(struct xm_method *m, struct xm_task *t)
{
	struct sim *s = xm_container_of(m, struct sim, other);

	for (unsigned i = 0; i < t->nruns; i++)
		assert_no_zombie(s, t->runs[i].dst, t->runs[i].len);
	t->priv = (void *)(uintptr_t)(now(s) + s->other_base_ns +
				      t->bytes / 4096 * s->other_ns_per_mib / 256);
	xm_list_add_tail(&s->other_queue, &t->link);
	return XM_QUEUED;
}

static void other_wait(struct xm_method *m, struct xm_waiter *w)
{
	xm_list_for_each(l, &xm_container_of(m, struct sim, other)->other_queue)
		xm_waiter_until(w, (uint64_t)(uintptr_t)
				xm_container_of(l, struct xm_task, link)->priv);
}

static void other_reap(struct xm_method *m, struct xm_list *done)
{
	struct sim *s = xm_container_of(m, struct sim, other);
	struct sim_rule *r = &s->other_rule;

	xm_list_for_each(l, &s->other_queue) {
		struct xm_task *t = xm_container_of(l, struct xm_task, link);
		unsigned nth = s->other_commands;
		bool bad = nth >= r->first && nth - r->first < r->count;

		if ((uint64_t)(uintptr_t)t->priv > now(s))
			continue;
		xm_list_del(l);
		s->other_commands++;
		r->fired += bad;
		carry_out(s, t, bad ? r : NULL);
		xm_list_add_tail(done, l);
	}
}

static const struct xm_method_ops other_ops = {
	.name = "other", .title = "OTHER COPY", .way = XM_WAY_ODX, .needs_trial = true,
	.open = other_open, .submit = other_submit, .wait = other_wait, .reap = other_reap,
	.close = method_close,
};
static const struct xm_method_ops *const methods[] = { &method_ops, &other_ops, &xm_method_host,
						       NULL };

/* ---- the whole ------------------------------------------------------------------------ */

void sim_init(struct sim *s, const struct sim_geometry *g)
{
	*s = (struct sim){ .r = { g->seed }, .base_ns = 5 * XM_NS_PER_MS,
			   .ns_per_mib = XM_NS_PER_MS };
	current = s;
	xm_clock_sim_init(&s->clock);
	s->ctx = xm_ctx_new();
	assert(s->ctx);
	s->ctx->clock = &s->clock.clock;
	s->registry = (struct xm_registry){ .methods = methods };
	s->ctx->registry = &s->registry;
	xm_ctx_seed(s->ctx, g->seed);
	xm_list_init(&s->queue);
	xm_list_init(&s->other_queue);
	xm_list_init(&s->zombies);
	disk_init(s, &s->src, "sim:src", g->size, g->src_block ? g->src_block : 512);
	disk_init(s, &s->dst, "sim:dst", g->size, g->dst_block ? g->dst_block : 512);
	if (g->same_before)
		memcpy(s->dst.bytes, s->src.bytes, g->size);
	memcpy(s->dst.before, s->dst.bytes, g->size);
	s->path = (struct sim_nexus){ .sim = s, .nx = { .ops = &nexus_ops, .name = "sim:path" } };
	s->m.ops = &method_ops;
	s->other.ops = &other_ops;
	s->limits = (struct xm_method_limits){
		.kinds = XM_TASK_COPY, .align = 512, .max_runs = 8, .max_run = 1 << 20,
		.max_bytes = 4 << 20, .first_bytes = 256 << 10, .max_inflight = 16,
	};
	s->range_len = g->size;
}

void sim_volatile(struct sim *s)
{
	uint64_t size = s->dst.ep->size;

	s->dst.ep->can_lose_cache = true;
	s->dst.durable = malloc(size);
	assert(s->dst.durable);
	memcpy(s->dst.durable, s->dst.bytes, size);
}

struct xm_job *sim_job(struct sim *s)
{
	struct xm_error *err = NULL;

	current = s;
	if (xm_job_new(s->ctx, s->src.ep, s->dst.ep, &s->job, &err) < 0) {
		fprintf(stderr, "%s\n", xm_error_text(err));
		abort();
	}
	return s->job;
}

static void check_figures(const struct xm_job *j, int code)
{
	uint64_t sum = 0, by_host = 0, reasons = 0;

	for (int k = XM_JOB_BYTES_XCOPY; k <= XM_JOB_BYTES_SKIPPED; k++)
		sum += xm_job_u64(j, (enum xm_job_u64)k);
	assert(sum == xm_job_u64(j, XM_JOB_BYTES_DONE));
	assert(xm_job_u64(j, XM_JOB_INFLIGHT) == 0 || code == XM_E_TEMPORARY);
	assert(!j->tally.broken);
	if (code == XM_OK) {
		assert(sum == xm_job_u64(j, XM_JOB_BYTES_TOTAL));
		assert(xm_job_u64(j, XM_JOB_BYTES_UNKNOWN) == 0);
	}
	/* every byte by host has its reason */
	by_host = xm_job_u64(j, XM_JOB_BYTES_HOST);
	for (size_t i = 0; i < xm_job_u64(j, XM_JOB_FALLBACKS); i++) {
		uint64_t bytes;

		assert(xm_job_fallback(j, i, NULL, NULL, NULL, &bytes) == 0);
		reasons += bytes;
	}
	assert(reasons == by_host);
	assert(xm_job_str(j, XM_JOB_MESSAGE)[0]);
}

int sim_run(struct sim *s)
{
	struct xm_error *err = NULL;
	int code = XM_OK;

	if (!s->job)
		sim_job(s);
	s->range_src = s->job->src_off;
	s->range_dst = s->job->dst_off;
	s->range_len = s->job->len;
	if (xm_job_run(s->job, &err) < 0)
		code = (int)xm_error_code(err);
	if (getenv("SIM_SHOW"))
		printf("# %d: %s: %s\n", code, xm_job_str(s->job, XM_JOB_MESSAGE),
		       err ? xm_error_text(err) : "");
	xm_error_free(err);
	check_figures(s->job, code);
	return code;
}

bool sim_untouched_outside(const struct sim *s)
{
	uint64_t end = s->range_dst + s->range_len;

	return memcmp(s->dst.bytes, s->dst.before, s->range_dst) == 0 &&
	       memcmp(s->dst.bytes + end, s->dst.before + end, s->dst.ep->size - end) == 0;
}

bool sim_right(const struct sim *s)
{
	return sim_untouched_outside(s) &&
	       memcmp(s->dst.bytes + s->range_dst, s->src.bytes + s->range_src,
		      s->range_len) == 0;
}

static void disk_free(struct sim_disk *d)
{
	xm_endpoint_close(d->ep);
	free(d->bytes);
	free(d->before);
	free(d->durable);
}

void sim_free(struct sim *s)
{
	struct xm_list *l;

	xm_job_free(s->job);
	while ((l = xm_list_pop(&s->zombies)))
		free(xm_container_of(l, struct zombie, link));
	disk_free(&s->src);
	disk_free(&s->dst);
	xm_ctx_free(s->ctx);
}
