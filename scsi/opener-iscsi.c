/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iscsi://[user@]host[:port]/target/lun as an endpoint: a logical unit of a
 * session, identified, with block I/O by READ(16) and WRITE(16).
 */
#include <inttypes.h>
#include <stdlib.h>
#include "error.h"
#include "io-scsi.h"
#include "iscsi-session.h"
#include "lu-open.h"

/* What the endpoint carries: its place among the session's units, and the session. */
struct unit {
	struct iscsi_lu at;
	struct iscsi_session *session;
};

static const char unit_key;

static void unit_free(void *o)
{
	struct unit *u = o;

	xm_list_del(&u->at.link);
	iscsi_session_put(u->session);
	free(u);
}

static void explain(struct xm_endpoint *ep, const char *side, struct xm_findings *f)
{
	const struct unit *u = xm_attached(&ep->attached, &unit_key);

	xm_finding(f, XM_INFO, "iscsi.session", "", "%s: %s, as %s, ISID 80%010" PRIx64, side,
		   u->session->name, ep->ctx->initiator_name, u->session->isid);
}

static const struct xm_endpoint_ops endpoint_ops = {
	.kind = "iscsi",
	.io = scsi_io_of,
	.explain = explain,
};

/* The session is the endpoint's from here on. */
static int hold_session(struct xm_endpoint *ep, struct iscsi_session *s, struct unit **ret,
			struct xm_error **err)
{
	struct unit *u = calloc(1, sizeof *u);

	if (u) {
		u->session = s;
		xm_list_init(&u->at.link);
		if (xm_attach(&ep->attached, &unit_key, u, unit_free)) {
			*ret = u;
			return 0;
		}
		free(u);
	}
	iscsi_session_put(s);
	return xm_fail(err, XM_E_TEMPORARY, "out of memory");
}

static int identify(struct xm_endpoint *ep, struct unit *u, uint32_t lun, bool is_dst,
		    struct xm_error **err)
{
	struct scsi_lu *lu = scsi_lu_open(ep, &u->session->t, lun, is_dst, err);

	if (!lu)
		return -1;
	u->at.lu = lu;
	xm_list_add_tail(&u->session->lus, &u->at.link);
	return 0;
}

static int iscsi_open(struct xm_ctx *ctx, const struct xm_open_args *args,
		      struct xm_endpoint **ret_ep, struct xm_error **err)
{
	bool is_dst = args->role == XM_ROLE_DST;
	struct iscsi_address addr;
	struct iscsi_session *s;
	struct xm_endpoint *ep;
	struct unit *u = NULL;

	if (iscsi_url_parse(args->spec, &addr, err) < 0)
		return -1;
	ep = xm_endpoint_alloc(ctx, &endpoint_ops, addr.name);
	if (!ep)
		return xm_fail(err, XM_E_TEMPORARY, "out of memory");
	if (iscsi_session_get(ctx, &addr, is_dst, &s, err) == 0 &&
	    hold_session(ep, s, &u, err) == 0 &&
	    identify(ep, u, addr.lun, is_dst, err) == 0) {
		*ret_ep = ep;
		return 0;
	}
	xm_endpoint_close(ep);
	return -1;
}

const struct xm_opener scsi_opener_iscsi = {
	.name = "iscsi",
	.claims = iscsi_url_claims,
	.open = iscsi_open,
};
