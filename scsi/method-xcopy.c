/* SPDX-License-Identifier: Apache-2.0 */
/*
 * METHOD xcopy: runs are moved by the array, told by EXTENDED COPY.
 *
 * One task is one command, one run one segment.  Where VPD page 8F lists it the
 * command is that with 32-bit list identifiers (LID4), in the foreground all the
 * same: so it can be watched (copy-watch.h), and a fence still ends it.  The first
 * one that is refused makes the method go back to LID1.  The command goes to the
 * destination (pull); where that is not understood for the pair it goes to the
 * source (push), tried once and remembered.  What an answer means stands in
 * sense-table.c; here is only what needs memory: direction, list identifiers,
 * and whether this pair has ever been copied.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cdb.h"
#include "copy-watch.h"
#include "ctx.h"
#include "list-id.h"
#include "reasons.h"
#include "sense.h"
#include "xcopy.h"
#include "xmover.h"

#define SLOTS 32
#define ID_REFUSALS_MAX 8
/* A copy may take long, and a timeout costs a fence: 10 minutes and a second a MiB by default. */
#define TIMEOUT_LEAST 20u                /* times what an ordinary command may take */
#define TIMEOUT_BYTES (UINT64_C(30) << 20)       /* and once more for each of these */

struct slot {
	struct scsi_cmd cmd;
	struct xm_task *task;                /* NULL: free */
	enum xcopy_direction direction;
	bool lid4;
	bool answered;                       /* the command; w is waited for */
	uint32_t id;
	struct copy_watch w;                 /* with lid4 */
	uint8_t list[XCOPY_LIST_MAX];
};

struct xcopy {
	struct xm_method method;
	struct xcopy_look look;
	struct scsi_designator src_name, dst_name;   /* copies: a fence re-reads the LU */
	uint64_t src_base, dst_base;
	uint64_t timeout_ns;

	enum xcopy_direction direction;
	bool swapped;                        /* the other direction was tried already */
	bool proven;                         /* a copy was answered well */
	bool no_lid4;                        /* it was refused, although it is listed */
	enum xcopy_id_usage usage;
	uint8_t last_id;
	unsigned id_refusals;                /* in a row */

	struct xm_list done;                 /* of commands */
	struct xm_list stillborn;            /* of tasks that could not be encoded */
	struct slot slots[SLOTS];
};

static struct xcopy *of(struct xm_method *m)
{
	return xm_container_of(m, struct xcopy, method);
}

/* ---- open, close ------------------------------------------------------------- */

static int xcopy_open(const struct xm_pair *pair, struct xm_method **ret_method,
		      struct xm_refusal *why)
{
	struct xcopy *x = calloc(1, sizeof *x);
	if (!x) {
		*why = (struct xm_refusal){ .act = XM_ACT_DEMOTE, .reason = SCSI_R_NOT_SENT,
					    .detail = "memory is short" };
		return -1;
	}
	if (xcopy_look(pair, &x->look, why) < 0) {
		free(x);
		return -1;
	}
	x->method.ops = &scsi_method_xcopy;
	x->method.limits = x->look.limits;
	x->src_name = *x->look.src_name;
	x->dst_name = *x->look.dst_name;
	x->src_base = pair->src->base;
	x->dst_base = pair->dst->base;
	x->timeout_ns = pair->ctx->timeout_ns;
	x->direction = x->look.can[XCOPY_PULL] ? XCOPY_PULL : XCOPY_PUSH;
	x->swapped = !x->look.can[XCOPY_PULL] || !x->look.can[XCOPY_PUSH];
	x->usage = x->look.stated.snlid ? XCOPY_ID_NONE : XCOPY_ID_DISCARD;
	xm_list_init(&x->done);
	xm_list_init(&x->stillborn);
	*ret_method = &x->method;
	return 0;
}

static void xcopy_close(struct xm_method *m)
{
	free(of(m));
}

static uint64_t now_of(const struct xcopy *x)
{
	struct xm_clock *c = x->method.pair->ctx->clock;

	return c->now(c);
}

static struct scsi_lu *lu_to_ask(const struct xcopy *x, enum xcopy_direction d)
{
	return d == XCOPY_PULL ? x->look.dst : x->look.src;
}

/* ---- submit -------------------------------------------------------------------- */

static struct slot *free_slot(struct xcopy *x)
{
	for (unsigned i = 0; i < SLOTS; i++)
		if (!x->slots[i].task)
			return &x->slots[i];
	return NULL;
}

static bool id_in_flight(const struct xcopy *x, uint8_t id)
{
	for (unsigned i = 0; i < SLOTS; i++)
		if (x->slots[i].task && !x->slots[i].lid4 && x->slots[i].id == id)
			return true;
	return false;
}

/* Never the same twice in flight, and as long as possible before one comes again. */
static uint8_t next_id(struct xcopy *x)
{
	if (x->usage == XCOPY_ID_NONE)
		return 0;
	do
		x->last_id = (uint8_t)(x->last_id % 255 + 1);
	while (id_in_flight(x, x->last_id));
	return x->last_id;
}

static size_t encode(struct xcopy *x, const struct xm_task *task, struct slot *s)
{
	struct xcopy_segment segments[XM_TASK_RUNS_MAX];
	uint32_t bs = x->look.dst->block_size;

	for (unsigned i = 0; i < task->nruns; i++) {
		const struct xm_run *r = &task->runs[i];
		segments[i] = (struct xcopy_segment){
			.src_lba = (r->src + x->src_base) / bs,
			.dst_lba = (r->dst + x->dst_base) / bs,
			.blocks = r->len / bs > UINT32_MAX ? 0 : (uint32_t)(r->len / bs),
		};
	}
	s->lid4 = x->look.lid4[x->direction] && !x->no_lid4;
	s->id = s->lid4 ? scsi_next_list_id(x->method.pair->ctx) : next_id(x);
	struct xcopy_list l = { .lid4 = s->lid4, .id = s->id,
		.usage = s->lid4 ? XCOPY_ID_DISCARD : x->usage, .src = &x->src_name,
		.dst = &x->dst_name, .block_size = bs, .nsegments = task->nruns,
		.segments = segments };
	return xcopy_encode(&l, s->list, sizeof s->list);
}

static void build(struct xcopy *x, struct slot *s, const struct xm_task *task, size_t len)
{
	s->direction = x->direction;
	s->cmd = (struct scsi_cmd){ .lun = lu_to_ask(x, s->direction)->lun, .dir = SCSI_DATA_OUT,
		.data = s->list, .len = len, .done = &x->done, .user = s };
	xm_list_init(&s->cmd.link);
	s->cmd.cdb_len = (s->lid4 ? scsi_cdb_extended_copy_lid4 : scsi_cdb_extended_copy)
			 (s->cmd.cdb, (uint32_t)len);
	s->cmd.timeout_ns = x->timeout_ns * (TIMEOUT_LEAST + task->bytes / TIMEOUT_BYTES);
}

static enum xm_queued xcopy_submit(struct xm_method *m, struct xm_task *task)
{
	struct xcopy *x = of(m);
	struct slot *s = free_slot(x);
	if (!s)
		return XM_FULL;
	size_t len = encode(x, task, s);
	if (!len) {
		task->status = (struct xm_status){ .err = EINVAL, .act = XM_ACT_FATAL,
			.certainty = XM_NOT_DONE, .code = XM_E_BUG, .reason = "bug",
			.detail = "a task that EXTENDED COPY cannot say" };
		xm_list_add_tail(&x->stillborn, &task->link);
		return XM_QUEUED;
	}
	build(x, s, task, len);
	if (scsi_submit(lu_to_ask(x, s->direction)->transport, &s->cmd) != XM_QUEUED)
		return XM_FULL;
	s->task = task;
	s->answered = false;
	if (s->lid4)
		copy_watch_start(&s->w, lu_to_ask(x, s->direction)->transport, s->cmd.lun, s->id,
				 now_of(x));
	return XM_QUEUED;
}

/* ---- reap ------------------------------------------------------------------------ */

/* The bytes of the segments before the one that failed, where the array named it. */
static uint64_t bytes_before_segment(const struct xm_task *task, const struct scsi_sense *s)
{
	uint64_t bytes = 0;
	if (!s->present || s->key != SCSI_COPY_ABORTED || !s->has_segment ||
	    s->segment >= task->nruns)
		return 0;
	for (unsigned i = 0; i < s->segment; i++)
		bytes += task->runs[i].len;
	return bytes;
}

/* Refused in one direction, with nothing copied yet: is it worth trying the other way? */
static bool try_other_way(struct xcopy *x, const struct slot *s)
{
	if (x->proven)
		return false;
	if (x->direction != s->direction)       /* another command's answer has turned it already */
		return true;
	if (x->swapped)
		return false;
	x->swapped = true;
	x->direction = s->direction == XCOPY_PULL ? XCOPY_PUSH : XCOPY_PULL;
	return true;
}

static void refused_for_pair(struct xcopy *x, const struct slot *s, unsigned flags,
			     struct xm_status *st)
{
	if ((flags & SCSI_F_SWAP) && try_other_way(x, s)) {
		st->act = XM_ACT_RETRY;
		st->pair_wide = false;
	} else if ((flags & SCSI_F_UNPROVEN) && x->proven) {
		/* LIO says so for any failure: the pair can be copied, this chunk could not. */
		st->pair_wide = false;
		st->reason = SCSI_R_COPY_ABORTED;
	} else if ((flags & SCSI_F_SWAP) && x->look.two_sessions) {
		st->reason = SCSI_R_NOT_SAME_SESSION;
	}
}

static void id_refused(struct xcopy *x, struct xm_status *st)
{
	/* It took "no identifier" for one in use: give it real ones. */
	x->usage = XCOPY_ID_DISCARD;
	if (++x->id_refusals <= ID_REFUSALS_MAX)
		return;
	st->act = XM_ACT_DEMOTE;
	st->pair_wide = true;
}

/* It is listed, and was not taken: LID1 may be. */
static bool without_lid4(struct xcopy *x, const struct slot *s, struct xm_status *st)
{
	static const char *const refusals[] = { SCSI_R_OPCODE, SCSI_R_REFUSED, SCSI_R_PARAMETER,
						SCSI_R_DESCRIPTOR, SCSI_R_NO_SENSE };
	bool refused = false;

	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
		refused |= st->reason && strcmp(st->reason, refusals[i]) == 0;
	if (!s->lid4 || x->proven || !refused)
		return false;
	if (!x->no_lid4)
		xm_log(x->method.pair->ctx, XM_LOG_INFO, "lid4_refused", "EXTENDED COPY with "
		       "32-bit list identifiers is listed and was not taken; with 8-bit ones from "
		       "now on: %s (%s)", st->detail, st->reason);
	x->no_lid4 = true;
	st->act = XM_ACT_RETRY;
	st->pair_wide = false;
	return true;
}

/* What we aborted because it stood still was no refusal. */
static void aborted(struct xm_status *st)
{
	if (st->certainty == XM_DONE)
		return;
	st->act = XM_ACT_DEMOTE;
	st->pair_wide = false;
	st->code = 0;
	st->reason = SCSI_R_STALLED;
}

static void learn(struct xcopy *x, const struct slot *s, const struct scsi_verdict *v,
		  struct xm_status *st)
{
	struct scsi_transport *t = lu_to_ask(x, s->direction)->transport;
	unsigned flags = v->rule->flags;

	if (st->certainty == XM_DONE) {
		x->proven = true;
		x->id_refusals = 0;
	}
	if (flags & SCSI_F_RECHECK)
		t->nexus.lost = true;
	if (flags & SCSI_F_NEW_ID)
		id_refused(x, st);
	if (s->lid4 && s->w.aborted)
		aborted(st);
	else if (without_lid4(x, s, st))
		return;
	else if (flags & SCSI_F_PAIR)
		refused_for_pair(x, s, flags, st);
}

static void finish(struct xcopy *x, struct slot *s, struct xm_list *done)
{
	struct xm_task *task = s->task;
	struct scsi_verdict v;
	char where[64];
	uint32_t bs = x->look.dst->block_size;

	snprintf(where, sizeof where, "LUN %llu to LBA %llu, %llu blocks",
		 (unsigned long long)s->cmd.lun,
		 (unsigned long long)((task->runs[0].dst + x->dst_base) / bs),
		 (unsigned long long)(task->bytes / bs));
	scsi_judge(&s->cmd, SCSI_USE_COPY, XM_SIDE_NONE, where, &v);
	task->status = v.status;
	if (v.status.certainty == XM_DONE)
		scsi_took_all(&s->cmd, where, &task->status);
	learn(x, s, &v, &task->status);
	if (task->status.certainty == XM_DONE)
		task->moved = task->bytes;
	else if (task->status.certainty == XM_NOT_DONE)
		task->moved = bytes_before_segment(task, &v.sense);
	task->nexus = &lu_to_ask(x, s->direction)->transport->nexus;
	s->task = NULL;
	xm_list_add_tail(done, &task->link);
}

static void took(struct scsi_cmd *cmd, uint64_t now)
{
	struct slot *s = cmd->user;

	if (cmd == &s->w.cmd) {
		copy_watch_took(&s->w, now);
		return;
	}
	s->answered = true;
	if (s->lid4)
		copy_watch_stop(&s->w);
}

static void turn(struct xcopy *x, struct slot *s, struct xm_list *done)
{
	if (!s->task)
		return;
	if (s->lid4)
		copy_watch_step(&s->w, &x->done, s, now_of(x));
	if (s->answered && !(s->lid4 && s->w.out))
		finish(x, s, done);
}

static void xcopy_reap(struct xm_method *m, struct xm_list *done)
{
	struct xcopy *x = of(m);
	struct scsi_transport *dst = x->look.dst->transport, *src = x->look.src->transport;
	struct xm_list *l;

	dst->ops->service(dst);
	if (src != dst)
		src->ops->service(src);
	while ((l = xm_list_pop(&x->done)))
		took(xm_container_of(l, struct scsi_cmd, link), now_of(x));
	for (unsigned i = 0; i < SLOTS; i++)
		turn(x, &x->slots[i], done);
	while ((l = xm_list_pop(&x->stillborn)))
		xm_list_add_tail(done, l);
}

static void xcopy_wait(struct xm_method *m, struct xm_waiter *w)
{
	struct xcopy *x = of(m);
	struct scsi_transport *dst = x->look.dst->transport, *src = x->look.src->transport;

	if (!xm_list_empty(&x->done) || !xm_list_empty(&x->stillborn))
		xm_waiter_until(w, 0);
	for (unsigned i = 0; i < SLOTS; i++)
		if (x->slots[i].task && x->slots[i].lid4)
			copy_watch_wait(&x->slots[i].w, now_of(x), w);
	dst->ops->wait(dst, w);
	if (src != dst)
		src->ops->wait(src, w);
}

const struct xm_method_ops scsi_method_xcopy = {
	.name = "xcopy",
	.title = "SCSI EXTENDED COPY",
	.way = XM_WAY_XCOPY,
	.needs_trial = true,
	.open = xcopy_open,
	.explain = xcopy_explain,
	.submit = xcopy_submit,
	.wait = xcopy_wait,
	.reap = xcopy_reap,
	.close = xcopy_close,
};
