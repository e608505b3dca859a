/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For `probe`: what copies by token and 32-bit list identifiers would find, end by
 * end: whether the array has them, its limits, the types of its tokens, how long they
 * live, and why not.
 */
#include <stdio.h>
#include <string.h>
#include "cdb.h"
#include "odx.h"
#include "reasons.h"

struct side {
	const char *name, *lid4, *tokens, *types, *limits;
	enum xm_role role;
};
static const struct side sides[] = {
	{ "source", "source.lid4", "source.odx", "source.odx_types",
	  "source.odx_limits", XM_ROLE_SRC },
	{ "destination", "destination.lid4", "destination.odx", "destination.odx_types",
	  "destination.odx_limits", XM_ROLE_DST },
};

static const char *type_name(uint32_t type)
{
	switch (type) {
	case TPC_ROD_BY_REFERENCE: return "access upon reference";
	case TPC_ROD_POINT_IN_TIME: return "point in time";
	case TPC_ROD_VULNERABLE: return "point in time, ended by writes";
	case TPC_ROD_PERSISTENT: return "point in time, persistent";
	case TPC_ROD_COPY_ON_WRITE: return "point in time, copy on write";
	case TPC_ROD_ANY_POINT_IN_TIME: return "any point in time";
	case (uint32_t)TPC_ROD_ZERO: return "zeros";
	default: return "of the vendor";
	}
}

static void explain_lid4(const struct scsi_tpc *t, const struct side *s, struct xm_findings *f)
{
	bool has = tpc_has_83(t, SCSI_EXTENDED_COPY_LID4);

	xm_finding(f, XM_INFO, s->lid4, "", "the %s %s EXTENDED COPY(LID4)%s%s", s->name,
		   has ? "takes" : t->known ? "does not list" : "has no VPD page 8F, so no",
		   has && tpc_has_84(t, SCSI_COPY_STATUS_LID4) ? ", tells how far a copy is" : "",
		   has && tpc_has_83(t, SCSI_COPY_OPERATION_ABORT) ? ", aborts copies" : "");
}

static void explain_types(const struct scsi_tpc *t, const struct side *s, struct xm_findings *f)
{
	char text[400];
	size_t n = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < t->nrods && n < sizeof text - 60; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%08xh %s (%s%s%s)",
				      i ? "; " : "", t->rods[i].type, type_name(t->rods[i].type),
				      t->rods[i].made ? "made" : "",
				      t->rods[i].made && t->rods[i].used ? ", " : "",
				      t->rods[i].used ? "used" : "");
	xm_finding(f, XM_INFO, s->types, "", "types of token: %s", t->nrods ? text : "not told");
}

static void explain_limits(const struct odx_look *k, const struct side *s, struct xm_findings *f)
{
	const struct scsi_tpc *t = &k->tpc;
	const struct xm_token_limits *l = &k->limits;

	xm_finding(f, XM_INFO, s->limits, "", "states at most %u ranges, %llu blocks a token (0: "
		   "not told), %llu at best; used: %u ranges, %llu bytes; a token lives %u s "
		   "unused, at most %u s; tokens of other copy managers: %s", t->max_ranges,
		   (unsigned long long)t->max_token_blocks, (unsigned long long)t->opt_token_blocks,
		   l->max_runs, (unsigned long long)l->max_bytes, t->default_inactivity,
		   t->max_inactivity, l->remote ? "may be taken" : "not taken");
}

/* False: no tokens on this end. */
static bool explain_end(struct xm_endpoint *ep, const struct side *s, struct odx_look *k,
			struct xm_refusal *why, struct xm_findings *f)
{
	bool usable = odx_look(ep, s->role, k, why) == 0;

	if (!k->lu)
		return false;
	explain_lid4(&k->tpc, s, f);
	if (usable)
		xm_finding(f, XM_PASS, s->tokens, "", "tokens can be %s",
			   s->role == XM_ROLE_SRC ? "made here" : "used here");
	else
		xm_finding(f, XM_INFO, s->tokens, "", "no tokens: %s (%s)", why->detail,
			   why->reason);
	if (k->tpc.rod_known) {
		explain_types(&k->tpc, s, f);
		explain_limits(k, s, f);
	}
	if (usable && s->role == XM_ROLE_SRC && k->limits.moving)
		xm_finding(f, XM_WARN, "source.odx_moving", "copy from a snapshot, or stop who "
			   "writes; --verify finds what changed",
			   "tokens made here read the source when they are used: a copy is "
			   "right only while nobody writes to the source");
	return usable;
}

void odx_explain(const struct xm_pair *pair, struct xm_findings *f)
{
	struct xm_refusal why = { .act = XM_ACT_DEMOTE }, why_dst = why;
	struct odx_look src, dst;
	bool a = explain_end(pair->src, &sides[0], &src, &why, f);
	bool b = pair->dst && explain_end(pair->dst, &sides[1], &dst, &why_dst, f);

	if (!pair->dst)
		return;
	if (!a || !b)
		xm_finding(f, XM_INFO, "pair.odx", "",
			   "SCSI tokens (ODX) would not be used: %s (%s)",
			   a ? why_dst.detail : why.detail, a ? why_dst.reason : why.reason);
	else if (src.lu->block_size != dst.lu->block_size)
		xm_finding(f, XM_INFO, "pair.odx", "", "SCSI tokens (ODX) would not be used: the "
			   "ends have blocks of different sizes (%s)", SCSI_R_BLOCK_SIZE);
	else
		xm_finding(f, XM_PASS, "pair.odx", "",
			   "SCSI tokens (ODX) can be tried; the first chunk is read back");
}
