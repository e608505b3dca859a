/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xmover send SRC, two-way: serve the disk to a receiver until that says that all
 * is durable.  The receiver decides everything, so it has the figures and the report.
 */
#include <stdio.h>
#include "cmd.h"
#include "console.h"
#include "link.h"
#include "outcome.h"
#include "signals.h"
#include "text.h"

struct serve {
	struct xm_ctx *ctx;
	struct xm_endpoint *src;
	struct xm_send *send;
};

static void stop_send(void *send)
{
	xm_send_stop(send);
}

static int set(struct serve *s, const struct opts *o, enum opt_id id, enum xm_job_option key,
	       struct xm_error **err)
{
	return o->given[id] ? xm_send_set_str(s->send, key, opt_text(o, id), err) : 0;
}

static int open_all(struct serve *s, const struct opts *o, const struct link *l,
		    struct xm_error **err)
{
	s->ctx = cmd_context(o, "copy", err);
	if (!s->ctx || xm_ctx_set(s->ctx, XM_CTX_JOB_FROM, o->operand[0], err) != 0 ||
	    xm_endpoint_open(s->ctx, o->operand[0], 0, 0, &s->src, err) != 0)
		return -1;
	outcome_source(s->src);
	if (xm_send_new(s->ctx, s->src, l->in, l->out, &s->send, err) != 0 ||
	    set(s, o, OPT_OFFLOAD, XM_OPT_OFFLOAD, err) != 0)
		return -1;
	return set(s, o, OPT_IO, XM_OPT_IO, err);
}

static void tell(const struct serve *s)
{
	char sent[TEXT_SIZE_MAX], durable[TEXT_SIZE_MAX];

	console_say(XM_LOG_INFO, "sent",
		    "%s sent as data, %llu tokens; durable at the receiver: %s",
		    text_size(xm_send_u64(s->send, XM_SEND_BYTES_SENT), sent),
		    (unsigned long long)xm_send_u64(s->send, XM_SEND_TOKENS_MADE),
		    text_size(xm_send_u64(s->send, XM_SEND_BYTES_DURABLE), durable));
}

static int serve(struct serve *s, const struct opts *o, const struct link *l)
{
	struct xm_error *err = NULL;
	int failed = open_all(s, o, l, &err), code = XM_OK;

	if (!failed) {
		signals_run_begins(stop_send, s->send);
		failed = xm_send_run(s->send, &err);
		signals_run_ended();
		tell(s);
	}
	if (failed)
		code = cmd_fail(err);
	return code;
}

/* The receiver's job decides these. */
static bool is_the_receivers(const struct opts *o)
{
	static const enum opt_id theirs[] = { OPT_EXTENTS, OPT_METHOD, OPT_RATE, OPT_DEPTH };

	for (size_t i = 0; i < sizeof theirs / sizeof theirs[0]; i++) {
		if (!o->given[theirs[i]])
			continue;
		console_say(XM_LOG_ERROR, "usage", "--%s is for a one-way stream; two-way the "
			    "receiver decides", opt_table[theirs[i]].name);
		return true;
	}
	return false;
}

int cmd_send(const struct opts *o)
{
	struct serve s = { 0 };
	struct link l;
	int code;

	if (!link_is_two_way(o))
		return cmd_send_stream(o);
	if (is_the_receivers(o))
		return XM_E_USAGE;
	code = link_open(&l, o, LINK_SENDER);
	if (code == XM_OK)
		code = serve(&s, o, &l);
	xm_send_free(s.send);
	xm_endpoint_close(s.src);
	xm_ctx_free(s.ctx);
	link_close(&l);
	return code;
}
