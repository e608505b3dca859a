/* SPDX-License-Identifier: Apache-2.0 */
/*
 * May tokens be made, or used, on this disk?  By VPD page 8F alone: an array that
 * does not list the commands and the limits is not asked.
 *
 * Whether a destination takes a source's token cannot be known before it is tried.
 */
#include <stdio.h>
#include <string.h>
#include "cdb.h"
#include "odx.h"
#include "reasons.h"
#include "xm/align.h"
#include "xm/checked.h"

/* Where the array states no optimum, as Windows has it. */
#define USUAL_BYTES (UINT64_C(64) << 20)
#define BYTES_MAX (UINT64_C(256) << 20)
#define ALIGN_MAX (UINT64_C(1) << 20)
/* Even where the array says fewer: it tells when it is too many. */
#define INFLIGHT_LEAST 4u
#define INFLIGHT_MOST 16u

static int refuse(struct xm_refusal *why, const char *reason, const char *detail)
{
	*why = (struct xm_refusal){ .act = XM_ACT_DEMOTE, .reason = reason };
	snprintf(why->detail, sizeof why->detail, "%s", detail);
	return -1;
}

static int no_candidate(struct xm_refusal *why, const char *reason, const char *detail)
{
	refuse(why, reason, detail);
	why->foreign = true;
	return -1;
}

/* ---- what the array must list --------------------------------------------------------- */

static int check_commands(const struct scsi_tpc *t, enum xm_role role, struct xm_refusal *why)
{
	unsigned sa = role == XM_ROLE_SRC ? SCSI_POPULATE_TOKEN : SCSI_WRITE_USING_TOKEN;

	/* a disk without tokens is no candidate, and worth no word where another method copies */
	if (!t->known)
		return no_candidate(why, SCSI_R_NO_VPD_8F, "it has no VPD page 8F (third party "
				    "copy), so it makes and takes no tokens");
	if (!tpc_has_83(t, sa) || !tpc_has_84(t, SCSI_ROD_TOKEN_INFORMATION))
		return no_candidate(why, SCSI_R_NO_TOKENS, role == XM_ROLE_SRC ?
			      "VPD page 8F lists no POPULATE TOKEN" :
			      "VPD page 8F lists no WRITE USING TOKEN");
	if (!t->rod_known)
		return no_candidate(why, SCSI_R_NO_TOKENS,
				    "VPD page 8F states no limits for tokens (descriptor 0000h)");
	return 0;
}

/* Asked for in this order: data as they were when the token was made. */
static const uint32_t wanted_types[] = {
	TPC_ROD_COPY_ON_WRITE, TPC_ROD_POINT_IN_TIME, TPC_ROD_ANY_POINT_IN_TIME,
	TPC_ROD_PERSISTENT, TPC_ROD_VULNERABLE,
};

static bool makes(const struct scsi_tpc *t, uint32_t type)
{
	for (unsigned i = 0; i < t->nrods; i++)
		if (t->rods[i].made && t->rods[i].type == type)
			return true;
	return false;
}

/*
 * A type is asked for only where the array would make another one, too: what it
 * makes by itself is what it has been tested with.
 */
static int choose_type(struct odx_look *k, struct xm_refusal *why)
{
	const struct scsi_tpc *t = &k->tpc;
	bool any = false, point_in_time = false;

	for (unsigned i = 0; i < t->nrods; i++) {
		any |= t->rods[i].made;
		point_in_time |= t->rods[i].made && tpc_is_point_in_time(t->rods[i].type);
	}
	if (t->nrods && !any)
		return refuse(why, SCSI_R_TOKEN_REFUSED, "VPD page 8F lists no type of token that "
			      "can be made");
	k->limits.moving = any && !point_in_time;
	for (size_t i = 0; i < sizeof wanted_types / sizeof wanted_types[0] && !k->type; i++)
		if (makes(t, TPC_ROD_BY_REFERENCE) && makes(t, wanted_types[i]))
			k->type = wanted_types[i];
	return 0;
}

/* ---- limits ------------------------------------------------------------------------------ */

static uint64_t bytes_of(uint64_t blocks, uint32_t block_size)
{
	uint64_t bytes;

	return xm_checked_mul(blocks, (uint64_t)block_size, &bytes) ? bytes : UINT64_MAX;
}

/* The size of a token: what the array likes best, within what it takes. */
static uint64_t token_bytes(const struct scsi_tpc *t, uint32_t bs)
{
	uint64_t bytes = t->opt_token_blocks ? bytes_of(t->opt_token_blocks, bs) : USUAL_BYTES;

	bytes = xm_min_u64(bytes, BYTES_MAX);
	if (t->max_token_blocks)
		bytes = xm_min_u64(bytes, bytes_of(t->max_token_blocks, bs));
	if (t->max_rod_bytes)
		bytes = xm_min_u64(bytes, t->max_rod_bytes);
	return xm_round_down(bytes, bs);
}

static uint64_t align_of(const struct scsi_tpc *t, uint32_t bs)
{
	uint64_t align = (uint64_t)t->opt_granularity * bs;

	return align > bs && xm_is_pow2(align) && align <= ALIGN_MAX ? align : bs;
}

static bool takes_zeros(const struct scsi_tpc *t)
{
	for (unsigned i = 0; i < t->nrods; i++)
		if (t->rods[i].used && t->rods[i].type == (uint32_t)TPC_ROD_ZERO)
			return true;
	return false;
}

static int set_limits(struct odx_look *k, enum xm_role role, struct xm_refusal *why)
{
	const struct scsi_tpc *t = &k->tpc;
	struct xm_token_limits *l = &k->limits;
	uint32_t bs = k->lu->block_size;
	uint64_t bytes = token_bytes(t, bs);

	if (bytes == 0 || t->max_ranges == 0)
		return refuse(why, SCSI_R_BAD_LIMITS, "the limits for tokens in VPD page 8F leave "
			      "no room for a block");
	l->ops = 1u << (role == XM_ROLE_SRC ? XM_TOKEN_POPULATE : XM_TOKEN_WRITE);
	if (role == XM_ROLE_DST && takes_zeros(t))
		l->ops |= 1u << XM_TOKEN_ZERO;
	l->align = align_of(t, bs);
	l->max_runs = (unsigned)xm_min_u64(t->max_ranges, XM_TOKEN_RUNS_MAX);
	l->max_bytes = bytes >= l->align ? xm_round_down(bytes, l->align) : bytes;
	l->max_run = xm_min_u64(l->max_bytes, (uint64_t)UINT32_MAX * bs);
	l->opt_bytes = l->max_bytes;
	l->max_inflight = (unsigned)xm_min_u64(xm_max_u64(t->max_identified, INFLIGHT_LEAST),
					       INFLIGHT_MOST);
	l->life_s = t->default_inactivity;
	l->max_life_s = t->max_inactivity;
	l->remote = t->remote_tokens != 0;
	return 0;
}

int odx_look(struct xm_endpoint *ep, enum xm_role role, struct odx_look *look,
	     struct xm_refusal *why)
{
	memset(look, 0, sizeof *look);
	look->lu = scsi_lu_of(ep, why);
	if (!look->lu) {
		why->foreign = why->reason && strcmp(why->reason, SCSI_R_NOT_SCSI) == 0;
		return -1;
	}
	if (!xm_is_aligned(ep->base, look->lu->block_size))
		return refuse(why, SCSI_R_BLOCK_SIZE,
			      "a partition does not start at a block of its disk");
	tpc_ask(look->lu, &look->tpc);
	if (check_commands(&look->tpc, role, why) < 0 ||
	    (role == XM_ROLE_SRC && choose_type(look, why) < 0))
		return -1;
	return set_limits(look, role, why);
}
