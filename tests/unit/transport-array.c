/* SPDX-License-Identifier: Apache-2.0 */
/* See transport-array.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>
#include "error.h"
#include "io-scsi.h"
#include "lu-open.h"
#include "transport-array.h"

#define INITIATOR "iqn.2026-01.test:mover"
#define PATH_LUS 8

struct array_path {
	struct scsi_transport t;
	struct array_world *w;
	struct arr_target *target;
	struct arr_nexus *nx;            /* NULL while it is cut */
	uint64_t isid;
	bool cut;                        /* a rule asked for it */
	struct xm_list flights;          /* commands somebody waits for */
	struct scsi_lu *lus[PATH_LUS];
	unsigned nlus;
	/* the fence */
	unsigned fences, asked;          /* asked: LUs identified again */
	struct scsi_identify id;
	struct scsi_lu now;
	struct scsi_cmd *asking;
	struct xm_list answered;
};

/* One command on its way: the array's until done(), whoever still waits. */
struct flight {
	struct xm_list world, link;
	struct arr_cmd a;
	struct array_path *path;         /* NULL: nobody waits any more */
	struct scsi_cmd *cmd;
	bool gone;                       /* the array gave it back without an answer */
	uint64_t due;
	uint8_t out[];
};

static uint64_t now_of(const struct array_world *w)
{
	return w->ctx->clock->now(w->ctx->clock);
}

/* ---- commands ------------------------------------------------------------------------ */

static void flight_free(struct flight *f)
{
	xm_list_del(&f->world);
	xm_list_del(&f->link);
	free(f->a.in);
	free(f);
}

static void finish(struct flight *f, enum scsi_outcome outcome, int err)
{
	struct scsi_cmd *cmd = f->cmd;
	struct array_path *p = f->path;

	cmd->outcome = outcome;
	cmd->err = err;
	f->path = NULL;
	xm_list_del(&f->link);
	scsi_finish(&p->t, cmd);
}

static void give(const struct arr_cmd *a, struct scsi_cmd *cmd)
{
	cmd->status = a->status;
	cmd->sense_len = a->sense_len < SCSI_SENSE_MAX ? a->sense_len : SCSI_SENSE_MAX;
	memcpy(cmd->sense, a->sense, cmd->sense_len);
	if (cmd->dir == SCSI_DATA_IN) {
		cmd->got = a->in_len < cmd->len ? a->in_len : cmd->len;
		cmd->overflow = a->in_len > cmd->len;
		if (cmd->got)
			memcpy(cmd->data, a->in, cmd->got);
	} else if (cmd->dir == SCSI_DATA_OUT) {
		cmd->got = a->out_wanted < cmd->len ? a->out_wanted : cmd->len;
		cmd->overflow = a->out_wanted > cmd->len;
	}
}

static void done(struct arr_cmd *a)
{
	struct flight *f = a->front;

	if (f->path && a->drop_connection)
		f->path->cut = true;
	if (f->path && !a->no_answer && !a->drop_connection) {
		give(a, f->cmd);
		finish(f, SCSI_ANSWERED, 0);
	}
	if (f->path)
		f->gone = true;
	else
		flight_free(f);
}

static enum xm_queued path_submit(struct scsi_transport *t, struct scsi_cmd *cmd)
{
	struct array_path *p = xm_container_of(t, struct array_path, t);
	size_t out_len = cmd->dir == SCSI_DATA_OUT ? cmd->len : 0;
	struct flight *f = calloc(1, sizeof *f + out_len);

	if (!f || !p->nx) {
		free(f);
		return XM_FULL;
	}
	if (out_len)
		memcpy(f->out, cmd->data, out_len);
	f->path = p;
	f->cmd = cmd;
	f->due = now_of(p->w) + cmd->timeout_ns;
	f->a = (struct arr_cmd){ .nexus = p->nx, .lun = cmd->lun, .cdb_len = cmd->cdb_len,
		.out = f->out, .out_len = out_len, .out_wanted = out_len,
		.expected_in = cmd->dir == SCSI_DATA_IN ? cmd->len : 0, .done = done, .front = f };
	memcpy(f->a.cdb, cmd->cdb, cmd->cdb_len);
	xm_list_add_tail(&p->w->flights, &f->world);
	xm_list_add_tail(&p->flights, &f->link);
	arr_submit(p->w->a, &f->a, now_of(p->w));
	p->w->next = now_of(p->w);
	return XM_QUEUED;
}

/* Nobody waits for it any more; what the array still does about it, it does. */
static void abandon(struct flight *f, int err)
{
	bool gone = f->gone;

	finish(f, SCSI_NO_ANSWER, err);
	if (gone)
		flight_free(f);
}

static void cut(struct array_path *p, int err)
{
	p->cut = false;
	p->t.nexus.lost = true;
	xm_list_for_each(l, &p->flights)
		abandon(xm_container_of(l, struct flight, link), err);
	if (p->nx)
		arr_nexus_close(p->nx);
	p->nx = NULL;
	p->w->next = now_of(p->w);
}

/* A command that is not answered in time means that the path cannot be relied on. */
static bool overdue(const struct array_path *p)
{
	xm_list_for_each(l, &p->flights)
		if (xm_container_of(l, struct flight, link)->due <= now_of(p->w))
			return true;
	return false;
}

static void path_service(struct scsi_transport *t)
{
	struct array_path *p = xm_container_of(t, struct array_path, t);

	p->w->next = arr_step(p->w->a, now_of(p->w));
	if (p->cut)
		cut(p, ECONNRESET);
	else if (overdue(p))
		cut(p, ETIMEDOUT);
}

static void path_wait(struct scsi_transport *t, struct xm_waiter *w)
{
	struct array_path *p = xm_container_of(t, struct array_path, t);

	xm_waiter_until(w, p->w->next);
	xm_list_for_each(l, &p->flights)
		xm_waiter_until(w, xm_container_of(l, struct flight, link)->due);
}

static const struct scsi_transport_ops path_ops = {
	.name = "array", .submit = path_submit, .wait = path_wait, .service = path_service,
};

/* ---- the fence: what the iSCSI one does ---------------------------------------------- */

static struct array_path *path_of(struct xm_nexus *nx)
{
	return xm_container_of(nx, struct array_path, t.nexus);
}

static void fence_start(struct xm_nexus *nx)
{
	struct array_path *p = path_of(nx);

	p->fences++;
	cut(p, ECONNABORTED);
}

static void fence_wait(struct xm_nexus *nx, struct xm_waiter *w)
{
	path_wait(&path_of(nx)->t, w);
}

static enum xm_fence_result other_disk(struct xm_status *why, const char *text)
{
	*why = (struct xm_status){ .err = ENXIO, .act = XM_ACT_FATAL, .certainty = XM_UNKNOWN,
		.code = XM_E_IO, .reason = "other_disk" };
	snprintf(why->detail, sizeof why->detail, "%s", text);
	return XM_FENCE_FAILED;
}

static void ask_next(struct array_path *p)
{
	p->asking = scsi_identify_next(&p->id);
	if (!p->asking)
		return;
	p->asking->done = &p->answered;
	assert_int_equal(scsi_submit_fenced(&p->t, p->asking), XM_QUEUED);
}

static void ask_lu(struct array_path *p)
{
	p->asking = NULL;
	xm_list_init(&p->answered);
	if (p->asked == p->nlus)
		return;
	p->now.transport = &p->t;
	p->now.lun = p->lus[p->asked]->lun;
	scsi_identify_start(&p->id, &p->now);
	ask_next(p);
}

static enum xm_fence_result fence_poll(struct xm_nexus *nx, struct xm_status *why)
{
	struct array_path *p = path_of(nx);
	struct xm_error *err = NULL;
	const char *how;

	path_service(&p->t);
	if (arr_nexus_busy(p->w->a, p->target, INITIATOR, p->isid))
		return XM_FENCE_PENDING;
	if (!p->nx) {
		p->nx = arr_nexus_open(p->w->a, p->target, INITIATOR, p->isid);
		p->asked = 0;
		ask_lu(p);
	}
	while (p->asked < p->nlus) {
		if (!xm_list_pop(&p->answered))
			return XM_FENCE_PENDING;
		if (scsi_identify_answer(&p->id, &err) < 0) {
			other_disk(why, xm_error_text(err));
			xm_error_free(err);
			return XM_FENCE_FAILED;
		}
		ask_next(p);
		if (p->asking)
			return XM_FENCE_PENDING;
		if (!scsi_lu_same(p->lus[p->asked], &p->now, &how))
			return other_disk(why, how);
		p->asked++;
		ask_lu(p);
	}
	return XM_FENCE_FENCED;
}

static const struct xm_nexus_ops nexus_ops = {
	.name = "array", .start = fence_start, .wait = fence_wait, .poll = fence_poll,
};

/* ---- paths and their ends ------------------------------------------------------------- */

struct array_path *array_path_open(struct array_world *w, struct arr_target *t, uint64_t isid)
{
	struct array_path *p = calloc(1, sizeof *p);

	assert_non_null(p);
	p->w = w;
	p->target = t ? t : w->t;
	p->isid = isid;
	p->nx = arr_nexus_open(w->a, p->target, INITIATOR, isid);
	assert_non_null(p->nx);
	xm_list_init(&p->flights);
	xm_list_init(&p->answered);
	p->t = (struct scsi_transport){ .ops = &path_ops, .ctx = w->ctx, .name = "array",
		.nexus = { .ops = &nexus_ops, .name = "array path" },
		.is_session = true, .max_xfer = 1 << 20, .max_inflight = 64 };
	return p;
}

struct scsi_transport *array_path_transport(struct array_path *p)
{
	return &p->t;
}

unsigned array_path_fences(const struct array_path *p)
{
	return p->fences;
}

struct xm_endpoint *array_path_endpoint(struct array_path *p, uint64_t lun, bool is_dst,
					struct xm_error **err)
{
	static const struct xm_endpoint_ops ops = { .kind = "array", .io = scsi_io_of };
	char name[64];
	struct xm_endpoint *ep;
	struct scsi_lu *lu;

	snprintf(name, sizeof name, "array:%" PRIu64, lun);
	ep = xm_endpoint_alloc(p->w->ctx, &ops, name);
	assert_non_null(ep);
	lu = scsi_lu_open(ep, &p->t, lun, is_dst, err);
	if (!lu) {
		xm_endpoint_close(ep);
		return NULL;
	}
	assert_true(p->nlus < PATH_LUS);
	p->lus[p->nlus++] = lu;
	return ep;
}

void array_path_close(struct array_path *p)
{
	xm_list_for_each(l, &p->flights) {
		struct flight *f = xm_container_of(l, struct flight, link);

		xm_list_del(&f->link);
		f->path = NULL;
		if (f->gone)
			flight_free(f);
	}
	if (p->nx)
		arr_nexus_close(p->nx);
	free(p);
}

/* ---- the world ------------------------------------------------------------------------- */

void array_world_open(struct array_world *w, uint64_t seed, const char *persona)
{
	memset(w, 0, sizeof *w);
	xm_list_init(&w->flights);
	w->a = arr_new(seed);
	assert_non_null(w->a);
	w->t = arr_target_new(w->a, "iqn.2026-01.test:one");
	assert_non_null(w->t);
	if (!arr_set_persona(w->a, persona))
		fail_msg("%s", arr_error(w->a));
	w->ctx = xm_ctx_new();
	assert_non_null(w->ctx);
	xm_clock_sim_init(&w->sim);
	w->ctx->clock = &w->sim.clock;
	xm_ctx_seed(w->ctx, seed);
}

void array_world_lun(struct array_world *w, const char *spec)
{
	if (!arr_target_lun(w->t, spec))
		fail_msg("%s: %s", spec, arr_error(w->a));
}

void array_world_control(struct array_world *w, const char *line)
{
	char *answer = arr_control(w->a, line, now_of(w));

	assert_non_null(answer);
	if (strncmp(answer, "error", 5) == 0)
		fail_msg("%s: %s", line, answer);
	free(answer);
}

void array_world_settle(struct array_world *w)
{
	uint64_t next;

	while ((next = arr_step(w->a, now_of(w))) != ARR_NEVER)
		if (next > w->sim.time)
			w->sim.time = next;
}

void array_world_close(struct array_world *w)
{
	array_world_settle(w);
	xm_ctx_free(w->ctx);
	arr_free(w->a);
	/* what the array never gave back */
	xm_list_for_each(l, &w->flights)
		flight_free(xm_container_of(l, struct flight, world));
}
