/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wrappers around a port for tokens: they hold both sides to the contract,
 * as method.c does for methods; and the memory that tokens live in.
 */
#include "token.h"

#include <stdio.h>
#include <string.h>
#include "gate.h"
#include "registry.h"
#include "secret.h"
#include "xm/align.h"

/* ---- memory ----------------------------------------------------------------------- */

struct xm_token *xm_token_new(void)
{
	return xm_secret_new(sizeof(struct xm_token));
}

void xm_token_free(struct xm_token *t)
{
	xm_secret_free(t, sizeof *t);
}

/* ---- opening ---------------------------------------------------------------------- */

static bool limits_ok(const struct xm_token_port *p)
{
	const struct xm_token_limits *l = &p->limits;
	unsigned op = p->role == XM_ROLE_SRC ? XM_TOKEN_POPULATE : XM_TOKEN_WRITE;
	uint32_t bs = p->ep->block_size;

	return (l->ops & 1u << op) && l->align > 0 && l->max_runs > 0 && l->max_run >= bs &&
	       l->max_bytes >= bs && l->opt_bytes > 0 && l->max_inflight > 0;
}

int xm_token_open_kind(const struct xm_token_ops *ops, struct xm_ctx *ctx, struct xm_endpoint *ep,
		       enum xm_role role, struct xm_token_port **ret_port, struct xm_refusal *why)
{
	struct xm_token_port *p;

	*why = (struct xm_refusal){ .act = XM_ACT_DEMOTE };
	if (ops->open(ctx, ep, role, &p, why) < 0)
		return -1;
	p->ops = ops;
	p->ep = ep;
	p->role = role;
	p->inflight = 0;
	xm_list_init(&p->broken);
	if (p->limits.max_runs > XM_TOKEN_RUNS_MAX)
		p->limits.max_runs = XM_TOKEN_RUNS_MAX;
	if (p->limits.opt_bytes > p->limits.max_bytes)
		p->limits.opt_bytes = p->limits.max_bytes;
	if (!limits_ok(p)) {
		ops->close(p);
		*why = (struct xm_refusal){ .act = XM_ACT_DEMOTE, .reason = "limits" };
		snprintf(why->detail, sizeof why->detail,
			 "the limits the device states leave no room for a single token");
		return -1;
	}
	*ret_port = p;
	return 0;
}

int xm_token_open(struct xm_ctx *ctx, struct xm_endpoint *ep, enum xm_role role,
		  struct xm_token_port **ret_port, struct xm_refusal *why)
{
	const struct xm_token_ops *const *ops = ctx->registry ? ctx->registry->tokens : NULL;

	*why = (struct xm_refusal){ .act = XM_ACT_DEMOTE, .reason = "no_tokens",
				    .detail = "this build knows no tokens" };
	for (; ops && *ops; ops++)
		if (xm_token_open_kind(*ops, ctx, ep, role, ret_port, why) == 0)
			return 0;
	return -1;
}

/* ---- submit ----------------------------------------------------------------------- */

static bool run_ok(const struct xm_token_port *p, const struct xm_token_req *req,
		   const struct xm_token_run *r)
{
	const struct xm_endpoint *ep = p->ep;

	return r->len > 0 && r->len <= p->limits.max_run &&
	       xm_range_fits(r->off, r->len, ep->size) &&
	       xm_is_aligned(r->off, ep->block_size) && xm_is_aligned(r->len, ep->block_size) &&
	       (req->op == XM_TOKEN_POPULATE || xm_gate_allows(ep, r->off, r->len));
}

static const char *broken_token(const struct xm_token_req *req)
{
	if (req->op == XM_TOKEN_ZERO)
		return NULL;
	if (!req->token)
		return "without a token";
	if (req->op == XM_TOKEN_WRITE &&
	    !xm_range_fits(req->token_off, req->bytes, req->token->covers))
		return "of more than its token stands for";
	return NULL;
}

static const char *broken_rule(const struct xm_token_port *p, struct xm_token_req *req)
{
	uint64_t end = 0;

	req->bytes = 0;
	if (!(p->limits.ops & 1u << req->op))
		return "of a kind the port does not do";
	if (req->nruns == 0 || req->nruns > p->limits.max_runs)
		return "with too many or no runs";
	for (unsigned i = 0; i < req->nruns; i++) {
		const struct xm_token_run *r = &req->runs[i];

		if (!run_ok(p, req, r))
			return "with a run outside what may be moved";
		if (r->off < end)
			return "with runs that overlap or go backwards";
		end = r->off + r->len;
		req->bytes += r->len;
	}
	return req->bytes > p->limits.max_bytes ? "that is too large" : broken_token(req);
}

enum xm_queued xm_token_submit(struct xm_token_port *p, struct xm_token_req *req)
{
	const char *rule = broken_rule(p, req);
	enum xm_queued q;

	req->moved = 0;
	req->stale = false;
	req->nexus = NULL;
	req->status = XM_STATUS_DONE;
	if (rule) {
		req->status = (struct xm_status){ .act = XM_ACT_FATAL, .certainty = XM_NOT_DONE,
						  .code = XM_E_BUG, .reason = "bug" };
		snprintf(req->status.detail, sizeof req->status.detail, "a request for a token %s",
			 rule);
		xm_list_add_tail(&p->broken, &req->link);
		p->inflight++;
		return XM_QUEUED;
	}
	q = p->ops->submit(p, req);
	if (q == XM_QUEUED)
		p->inflight++;
	return q;
}

/* ---- the way back ----------------------------------------------------------------- */

void xm_token_wait(struct xm_token_port *p, struct xm_waiter *w)
{
	if (!xm_list_empty(&p->broken))
		xm_waiter_until(w, 0);
	p->ops->wait(p, w);
}

static bool possible(const struct xm_token_req *req)
{
	const struct xm_status *s = &req->status;

	if (req->moved > req->bytes)
		return false;
	if (s->act == XM_ACT_NONE)
		return s->certainty == XM_DONE && req->moved > 0;
	return s->certainty != XM_UNKNOWN || req->op != XM_TOKEN_POPULATE;
}

static void check_answer(struct xm_token_port *p, struct xm_token_req *req)
{
	p->inflight--;
	if (possible(req))
		return;
	req->moved = 0;
	req->status = (struct xm_status){ .act = XM_ACT_FATAL, .code = XM_E_BUG, .reason = "bug",
		.certainty = req->op == XM_TOKEN_POPULATE ? XM_NOT_DONE : XM_UNKNOWN,
		.detail = "a request for a token came back with an impossible answer" };
}

void xm_token_reap(struct xm_token_port *p)
{
	struct xm_list ended, *l;

	xm_list_init(&ended);
	while ((l = xm_list_pop(&p->broken)))
		xm_list_add_tail(&ended, l);
	p->ops->reap(p, &ended);
	while ((l = xm_list_pop(&ended))) {
		struct xm_token_req *req = xm_container_of(l, struct xm_token_req, link);

		if (req->status.code != XM_E_BUG)
			check_answer(p, req);
		else
			p->inflight--;
		xm_list_add_tail(req->done, l);
	}
}

bool xm_token_close(struct xm_token_port *p)
{
	if (!p)
		return true;
	if (p->inflight)
		return false;
	p->ops->close(p);
	return true;
}
