/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is there a way to copy this pair by EXTENDED COPY?  Everything that can be
 * known without copying: what both ends are, what their copy managers state.
 *
 * Whether one copy manager reaches both ends cannot be known: the ends may be
 * in different sessions of one array, or look alike on two.  So nothing is
 * refused for its looks; the array is asked to copy, and what it answers, and
 * the trial that reads the bytes back, decide.
 */
#include <stdio.h>
#include <string.h>
#include "cdb.h"
#include "reasons.h"
#include "xcopy.h"
#include "xm/align.h"

static int refuse(struct xm_refusal *why, const char *reason)
{
	why->act = XM_ACT_DEMOTE;
	why->reason = reason;
	return -1;
}

static int look_at_disks(const struct xm_pair *pair, struct xcopy_look *k, struct xm_refusal *why)
{
	k->src = scsi_lu_of(pair->src, why);
	k->dst = k->src ? scsi_lu_of(pair->dst, why) : NULL;
	if (!k->dst) {
		why->foreign = strcmp(why->reason, SCSI_R_NOT_SCSI) == 0;
		return -1;
	}
	k->one_session = k->src->transport == k->dst->transport;
	k->two_sessions = !k->one_session && k->src->transport->is_session &&
			  k->dst->transport->is_session;
	if (k->src->block_size != k->dst->block_size) {
		snprintf(why->detail, sizeof why->detail, "the source has blocks of %u bytes, the "
			 "destination of %u", k->src->block_size, k->dst->block_size);
		return refuse(why, SCSI_R_BLOCK_SIZE);
	}
	if (!xm_is_aligned(pair->src->base, k->src->block_size) ||
	    !xm_is_aligned(pair->dst->base, k->dst->block_size)) {
		snprintf(why->detail, sizeof why->detail,
			 "a partition does not start at a block of its disk");
		return refuse(why, SCSI_R_BLOCK_SIZE);
	}
	if (k->src->protection != k->dst->protection) {
		snprintf(why->detail, sizeof why->detail,
			 "only the %s carries protection information",
			 k->src->protection ? "source" : "destination");
		return refuse(why, SCSI_R_PROTECTION);
	}
	return 0;
}

static int look_at_names(struct xcopy_look *k, struct xm_refusal *why)
{
	char name[80];
	k->src_name = xcopy_designator(k->src);
	k->dst_name = xcopy_designator(k->dst);
	if (!k->src_name || !k->dst_name) {
		snprintf(why->detail, sizeof why->detail, "the %s has no designator (NAA, EUI-64, "
			 "T10 or vendor, of at most %u bytes) in VPD page 83",
			 k->src_name ? "destination" : "source", XCOPY_DESIGNATOR_MAX);
		return refuse(why, SCSI_R_NO_DESIGNATOR);
	}
	if (xcopy_same_designator(k->src_name, k->dst_name)) {
		snprintf(why->detail, sizeof why->detail, "both ends are called %s: a copy would "
			 "go nowhere, or anywhere; give the LUNs serial numbers of their own",
			 xcopy_designator_text(k->src_name, name, sizeof name));
		return refuse(why, SCSI_R_EQUAL_DESIGNATORS);
	}
	return 0;
}

static int no_copy_manager(const struct xcopy_asked *a, const char *side, struct xm_refusal *why)
{
	snprintf(why->detail, sizeof why->detail,
		 "RECEIVE COPY OPERATING PARAMETERS to the %s: %.110s", side, a->said);
	if (a->forbidden)
		return refuse(why, SCSI_R_NO_CAP);
	if (a->dead.act == XM_ACT_FATAL) {
		*why = (struct xm_refusal){ .act = XM_ACT_FATAL, .code = a->dead.code,
					    .reason = a->dead.reason };
		snprintf(why->detail, sizeof why->detail, "%.180s", a->dead.detail);
		return -1;
	}
	if (a->no_answer)
		return refuse(why, SCSI_R_NO_ANSWER);
	return refuse(why, a->unsupported ? SCSI_R_OPCODE : SCSI_R_NO_3PC);
}

/* 3PC may be 0 on an array that copies, and 84/03 may be missing on another: either will do. */
static bool may_copy(const struct scsi_lu *lu, const struct xcopy_asked *a)
{
	return lu->third_party_copy || a->limits.known;
}

/* Not without a way to see how far a copy is, and to end it: that is what they are for. */
static bool has_lid4(struct scsi_lu *lu)
{
	struct scsi_tpc t;

	tpc_ask(lu, &t);
	return tpc_has_83(&t, SCSI_EXTENDED_COPY_LID4) &&
	       tpc_has_83(&t, SCSI_COPY_OPERATION_ABORT) && tpc_has_84(&t, SCSI_COPY_STATUS_LID4);
}

static int look_at_copy_managers(struct xcopy_look *k, struct xm_refusal *why)
{
	xcopy_ask_limits(k->dst, &k->dst_asked);
	xcopy_ask_limits(k->src, &k->src_asked);
	k->asked = true;
	if (k->dst_asked.forbidden || k->dst_asked.no_answer)
		return no_copy_manager(&k->dst_asked, "destination", why);
	if (k->src_asked.forbidden || k->src_asked.no_answer)
		return no_copy_manager(&k->src_asked, "source", why);
	k->can[XCOPY_PULL] = may_copy(k->dst, &k->dst_asked);
	k->can[XCOPY_PUSH] = may_copy(k->src, &k->src_asked);
	if (!k->can[XCOPY_PULL] && !k->can[XCOPY_PUSH])
		return no_copy_manager(&k->dst_asked, "destination", why);
	k->lid4[XCOPY_PULL] = k->can[XCOPY_PULL] && has_lid4(k->dst);
	k->lid4[XCOPY_PUSH] = k->can[XCOPY_PUSH] && has_lid4(k->src);
	k->stated = xcopy_stricter(&k->dst_asked.limits, &k->src_asked.limits);
	return xcopy_method_limits(&k->stated, k->dst->block_size, &k->limits, why);
}

int xcopy_look(const struct xm_pair *pair, struct xcopy_look *look, struct xm_refusal *why)
{
	memset(look, 0, sizeof *look);
	if (look_at_disks(pair, look, why) < 0 || look_at_names(look, why) < 0)
		return -1;
	return look_at_copy_managers(look, why);
}
