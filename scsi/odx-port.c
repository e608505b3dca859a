/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests for tokens under way (engine/token.h): each is a command, and questions
 * about it by RECEIVE ROD TOKEN INFORMATION, down the same nexus.
 *
 * WRITE USING TOKEN runs in the foreground: a background copy outlives its session
 * (SPC-4 5.17.4.3), and no fence we have would end it.  POPULATE TOKEN changes no
 * byte, so it may go on in the background.  What is asked of a running command shows
 * whether it still moves; one that stands still is aborted.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "cdb.h"
#include "ctx.h"
#include "list-id.h"
#include "odx-priv.h"
#include "reasons.h"
#include "secret.h"
#include "xmover.h"

/* As for EXTENDED COPY: a timeout costs a fence. */
#define TIMEOUT_LEAST 20u
#define TIMEOUT_BYTES (UINT64_C(30) << 20)
#define FIRST_ASK_NS XM_NS_PER_S             /* of a command that still runs */
#define STALL_TIMEOUTS 10u                   /* without progress, in times of an ordinary command */

static struct odx_port *of(struct xm_token_port *p)
{
	return xm_container_of(p, struct odx_port, port);
}

static uint64_t now_of(const struct odx_port *p)
{
	return p->port.ep->ctx->clock->now(p->port.ep->ctx->clock);
}

/* ---- open, close -------------------------------------------------------------------- */

static int odx_open(struct xm_ctx *ctx, struct xm_endpoint *ep, enum xm_role role,
		    struct xm_token_port **ret_port, struct xm_refusal *why)
{
	struct odx_look look;
	struct odx_port *p;

	if (odx_look(ep, role, &look, why) < 0)
		return -1;
	p = xm_secret_new(sizeof *p);
	if (!p) {
		*why = (struct xm_refusal){ .act = XM_ACT_DEMOTE, .reason = SCSI_R_NOT_SENT,
					    .detail = "memory is short" };
		return -1;
	}
	p->port.limits = look.limits;
	p->lu = look.lu;
	p->base = ep->base;
	p->timeout_ns = ctx->timeout_ns;
	p->type = look.type;
	p->max_inactivity = look.tpc.max_inactivity;
	p->immed = true;
	xm_list_init(&p->done);
	xm_list_init(&p->ended);
	for (unsigned i = 0; i < ODX_SLOTS; i++)
		p->slots[i].port = p;
	*ret_port = &p->port;
	return 0;
}

static void odx_close(struct xm_token_port *port)
{
	xm_secret_free(of(port), sizeof(struct odx_port));
}

/* ---- commands -------------------------------------------------------------------------- */

static unsigned ranges_of(const struct odx_slot *s, struct odx_range *r)
{
	const struct xm_token_req *req = s->req;
	uint32_t bs = s->port->lu->block_size;

	for (unsigned i = 0; i < req->nruns; i++)
		r[i] = (struct odx_range){ (req->runs[i].off + s->port->base) / bs,
					   (uint32_t)(req->runs[i].len / bs) };
	return req->nruns;
}

static uint32_t inactivity(const struct odx_slot *s)
{
	uint64_t wish = s->req->life_s;

	if (s->port->max_inactivity && wish > s->port->max_inactivity)
		wish = s->port->max_inactivity;
	return wish > UINT32_MAX ? UINT32_MAX : (uint32_t)wish;
}

static size_t encode_populate(struct odx_slot *s)
{
	struct odx_range ranges[XM_TOKEN_RUNS_MAX];
	struct odx_populate l = { .immed = s->immed, .rtv = s->port->type != 0,
		.type = s->port->type, .inactivity = inactivity(s),
		.nranges = ranges_of(s, ranges), .ranges = ranges };

	return odx_encode_populate(&l, s->list, sizeof s->list);
}

static size_t encode_write(struct odx_slot *s)
{
	const struct xm_token_req *req = s->req;
	uint8_t zeros[XM_TOKEN_LEN];
	struct odx_range ranges[XM_TOKEN_RUNS_MAX];
	struct odx_write l = { .nranges = ranges_of(s, ranges), .ranges = ranges };

	if (req->op == XM_TOKEN_WRITE) {
		l.token = req->token->bytes;
		l.del_tkn = req->last_use;
		l.offset = req->token_off / s->port->lu->block_size;
	} else {
		odx_put_zero_token(zeros);
		l.token = zeros;
	}
	return odx_encode_write(&l, s->list, sizeof s->list);
}

static bool build(struct odx_slot *s)
{
	struct odx_port *p = s->port;
	bool populate = s->req->op == XM_TOKEN_POPULATE;

	s->id = scsi_next_list_id(p->port.ep->ctx);
	s->immed = populate && p->immed;
	size_t len = populate ? encode_populate(s) : encode_write(s);
	s->main = (struct scsi_cmd){ .lun = p->lu->lun, .dir = SCSI_DATA_OUT, .data = s->list,
		.len = len, .secret = !populate, .done = &p->done, .user = s };
	xm_list_init(&s->main.link);
	s->main.cdb_len = populate ?
		scsi_cdb_populate_token(s->main.cdb, s->id, (uint32_t)len) :
		scsi_cdb_write_using_token(s->main.cdb, s->id, (uint32_t)len);
	s->main.timeout_ns = p->timeout_ns * (TIMEOUT_LEAST + s->req->bytes / TIMEOUT_BYTES);
	return len > 0;
}

static bool send_main(struct odx_slot *s)
{
	uint64_t now = now_of(s->port);

	if (scsi_submit(s->port->lu->transport, &s->main) != XM_QUEUED)
		return false;
	s->to_send = false;
	s->main_out = true;
	s->ask_at = now + FIRST_ASK_NS;
	s->progress_at = now;
	return true;
}

static void send_ask(struct odx_slot *s, enum odx_asking what)
{
	struct odx_port *p = s->port;

	s->ask = (struct scsi_cmd){ .lun = p->lu->lun, .done = &p->done, .user = s,
		.timeout_ns = p->timeout_ns * 2 };
	xm_list_init(&s->ask.link);
	if (what == ODX_ASK_RESULT) {
		s->ask.dir = SCSI_DATA_IN;
		s->ask.data = s->answer;
		s->ask.len = sizeof s->answer;
		s->ask.secret = true;
		s->ask.cdb_len = scsi_cdb_receive_copy_lid4(s->ask.cdb, SCSI_ROD_TOKEN_INFORMATION,
							    s->id, sizeof s->answer);
	} else {
		s->ask.cdb_len = scsi_cdb_copy_operation_abort(s->ask.cdb, s->id);
	}
	s->asking = what;
	s->ask_out = scsi_submit(p->lu->transport, &s->ask) == XM_QUEUED;
	s->aborted |= s->ask_out && what == ODX_ASK_ABORT;
}

/* ---- submit ------------------------------------------------------------------------------ */

static struct odx_slot *free_slot(struct odx_port *p)
{
	for (unsigned i = 0; i < ODX_SLOTS; i++)
		if (!p->slots[i].req)
			return &p->slots[i];
	return NULL;
}

static void reset(struct odx_slot *s, struct xm_token_req *req)
{
	struct odx_port *p = s->port;

	explicit_bzero(s, sizeof *s);
	s->port = p;
	s->req = req;
	s->ask_at = XM_NEVER;
	s->give_up = XM_NEVER;
}

/* OFFSET INTO ROD counts blocks, and of which end is in dispute: not where it would matter. */
static bool offset_disputed(const struct odx_port *p, const struct xm_token_req *req)
{
	return req->op == XM_TOKEN_WRITE && req->token_off &&
	       (req->token->block_size != p->lu->block_size ||
		req->token_off % p->lu->block_size != 0);
}

static enum xm_queued odx_submit(struct xm_token_port *port, struct xm_token_req *req)
{
	struct odx_port *p = of(port);
	struct odx_slot *s = free_slot(p);

	if (!s)
		return XM_FULL;
	reset(s, req);
	req->nexus = &p->lu->transport->nexus;
	if (offset_disputed(p, req) || !build(s)) {
		struct xm_status st = { .err = EINVAL, .act = XM_ACT_DEMOTE,
			.certainty = XM_NOT_DONE, .reason = SCSI_R_BLOCK_SIZE,
			.detail = "blocks of the token and of the destination differ in size" };
		odx_end(s, &st);
		return XM_QUEUED;
	}
	if (send_main(s))
		return XM_QUEUED;
	s->req = NULL;
	return XM_FULL;
}

/* ---- the end ------------------------------------------------------------------------------- */

void odx_where(const struct odx_slot *s, char *buf, size_t size)
{
	uint32_t bs = s->port->lu->block_size;

	snprintf(buf, size, "LUN %llu LBA %llu, %llu blocks", (unsigned long long)s->port->lu->lun,
		 (unsigned long long)((s->req->runs[0].off + s->port->base) / bs),
		 (unsigned long long)(s->req->bytes / bs));
}

void odx_end(struct odx_slot *s, const struct xm_status *st)
{
	if (s->over)
		return;
	s->req->status = *st;
	/* A token that may still be made changes no byte. */
	if (s->req->op == XM_TOKEN_POPULATE && st->certainty == XM_UNKNOWN)
		s->req->status.certainty = XM_NOT_DONE;
	s->over = true;
	s->ask_at = XM_NEVER;
}

static void give_back(struct odx_slot *s)
{
	xm_list_add_tail(&s->port->ended, &s->req->link);
	explicit_bzero(s->list, sizeof s->list);
	explicit_bzero(s->answer, sizeof s->answer);
	s->req = NULL;
}

/* ---- the turn -------------------------------------------------------------------------------- */

/* Nothing of it is out and the path is shut: what is not known now stays so. */
static void shut_out(struct odx_slot *s)
{
	struct xm_status st = { .err = EAGAIN, .act = XM_ACT_RETRY, .reason = SCSI_R_NO_RESULT,
		.certainty = s->background ? XM_UNKNOWN : XM_NOT_DONE };

	if (s->failed) {
		odx_settle(s);
		return;
	}
	snprintf(st.detail, sizeof st.detail, "%s: the path was lost before the array said how it "
		 "ended", scsi_cdb_name(s->main.cdb));
	odx_end(s, &st);
}

static bool stalled(const struct odx_slot *s, uint64_t now)
{
	return !s->aborted && now - s->progress_at >= STALL_TIMEOUTS * s->port->timeout_ns;
}

static void go_on(struct odx_slot *s, uint64_t now)
{
	if (s->over || s->ask_out)
		return;
	if (!s->main_out && !xm_nexus_takes_commands(&s->port->lu->transport->nexus))
		shut_out(s);
	else if (s->to_send)
		send_main(s);
	else if (!s->main_out && now >= s->give_up && s->aborted)
		odx_settle(s);
	else if (!s->aborted &&
		 (now >= s->give_up || (s->main_out && s->watched && stalled(s, now))))
		send_ask(s, ODX_ASK_ABORT);
	else if (now >= s->ask_at)
		send_ask(s, ODX_ASK_RESULT);
}

static void take(struct scsi_cmd *cmd, uint64_t now)
{
	struct odx_slot *s = cmd->user;

	if (cmd == &s->ask) {
		s->ask_out = false;
		odx_asked(s, now);
		return;
	}
	s->main_out = false;
	if (odx_answered(s))
		return;
	if (s->result.have) {                /* told while it ran */
		odx_settle(s);
		return;
	}
	s->ask_at = now;
	s->give_up = now + STALL_TIMEOUTS * s->port->timeout_ns;
	s->progress_at = now;
}

static void odx_reap(struct xm_token_port *port, struct xm_list *ended)
{
	struct odx_port *p = of(port);
	struct scsi_transport *t = p->lu->transport;
	uint64_t now = now_of(p);
	struct xm_list *l;

	t->ops->service(t);
	while ((l = xm_list_pop(&p->done)))
		take(xm_container_of(l, struct scsi_cmd, link), now);
	for (unsigned i = 0; i < ODX_SLOTS; i++) {
		struct odx_slot *s = &p->slots[i];

		if (s->req)
			go_on(s, now);
		if (s->req && s->over && !s->main_out && !s->ask_out)
			give_back(s);
	}
	while ((l = xm_list_pop(&p->ended)))
		xm_list_add_tail(ended, l);
}

#define FULL_NS (10 * XM_NS_PER_MS)

static void odx_wait(struct xm_token_port *port, struct xm_waiter *w)
{
	struct odx_port *p = of(port);
	struct scsi_transport *t = p->lu->transport;
	uint64_t now = now_of(p);

	if (!xm_list_empty(&p->done) || !xm_list_empty(&p->ended))
		xm_waiter_until(w, 0);
	for (unsigned i = 0; i < ODX_SLOTS; i++) {
		const struct odx_slot *s = &p->slots[i];

		if (!s->req || s->ask_out)
			continue;
		if (s->over && !s->main_out)
			xm_waiter_until(w, 0);
		/* what is due and could not be sent is tried again soon */
		if (s->to_send || s->ask_at != XM_NEVER)
			xm_waiter_until(w, s->to_send || s->ask_at <= now ? now + FULL_NS :
							       s->ask_at);
		if (s->give_up != XM_NEVER)
			xm_waiter_until(w, s->give_up <= now ? now + FULL_NS : s->give_up);
	}
	t->ops->wait(t, w);
}

const struct xm_token_ops scsi_tokens = {
	.name = "odx",
	.open = odx_open,
	.submit = odx_submit,
	.wait = odx_wait,
	.reap = odx_reap,
	.close = odx_close,
};
