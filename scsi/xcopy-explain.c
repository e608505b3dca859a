/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For `probe`: what EXTENDED COPY would find for a pair, fact by fact, whether
 * both ends look like one array (evidence, never proof: only copying and
 * reading back proves it), and what could be done about a refusal.
 */
#include <stdio.h>
#include <string.h>
#include "cdb.h"
#include "ctx.h"
#include "reasons.h"
#include "xcopy.h"
#include "xm/align.h"

static const struct {
	const char *reason, *fix;
} fixes[] = {
	{ SCSI_R_NOT_SCSI, "give both ends as SCSI disks or iscsi:// URLs" },
	{ SCSI_R_MAPPED, "name the SCSI disk itself, where nothing but this mapping uses it" },
	{ SCSI_R_NO_PATH, "bring a path up (multipath -ll), and its sd node into the container" },
	{ SCSI_R_NO_CAP, "run with CAP_SYS_RAWIO, or open the ends as iscsi:// URLs" },
	{ SCSI_R_NO_3PC, "turn on third party copy in the array (LIO: attrib/emulate_3pc)" },
	{ SCSI_R_OPCODE, "nothing: this array cannot copy; the host will" },
	{ SCSI_R_BLOCK_SIZE, "use a destination with the source's block size" },
	{ SCSI_R_PROTECTION, "format both ends with or without protection information" },
	{ SCSI_R_NO_DESIGNATOR, "give the LUNs serial numbers, so that they have an NAA name" },
	{ SCSI_R_EQUAL_DESIGNATORS,
	  "give each LUN a serial number that differs in its first 25 hex digits" },
	{ SCSI_R_BAD_LIMITS, "report the stated limits to the array's vendor" },
};

static const char *fix_for(const char *reason)
{
	for (size_t i = 0; i < sizeof fixes / sizeof fixes[0]; i++)
		if (reason && strcmp(fixes[i].reason, reason) == 0)
			return fixes[i].fix;
	return "";
}

/* ---- each end ------------------------------------------------------------------ */

struct words {
	const char *side, *third_party_copy, *limits, *designator;
};
static const struct words words[] = {
	{ "source", "source.third_party_copy", "source.copy_limits", "source.copy_designator" },
	{ "destination", "destination.third_party_copy", "destination.copy_limits",
	  "destination.copy_designator" },
};

static void explain_limits(const struct scsi_copy_limits *c, const char *check,
			   struct xm_findings *f)
{
	xm_finding(f, XM_INFO, check, "", "states at most %u CSCDs, %u segments, %u bytes of "
		   "descriptors, %u bytes a segment, %u copies at a time of %u in all, granularity "
		   "%llu bytes, list identifiers %s; segment types%s%s%s",
		   c->max_cscd, c->max_segments, c->max_list, c->max_segment_bytes,
		   c->max_concurrent, c->total_concurrent,
		   c->granularity_log2 < 64 ? 1ull << c->granularity_log2 : 0,
		   c->snlid ? "not needed" : "needed", c->seg_02 ? " 02h" : "",
		   c->seg_0a ? " 0Ah" : "", c->seg_02 || c->seg_0a ? "" : " none");
}

static void explain_end(const struct scsi_lu *lu, const struct scsi_designator *name,
			const struct xcopy_asked *a, const struct words *w, struct xm_findings *f)
{
	char text[80];
	xm_finding(f, lu->third_party_copy ? XM_PASS : XM_INFO, w->third_party_copy, "",
		   "the %s %s third party copy (INQUIRY 3PC), VPD page 8F is %s", w->side,
		   lu->third_party_copy ? "claims" : "does not claim",
		   lu->has_vpd_8f ? "there" : "absent");
	if (name)
		xm_finding(f, XM_INFO, w->designator, "", "the array knows the %s as %s", w->side,
			   xcopy_designator_text(name, text, sizeof text));
	if (a && a->limits.known)
		explain_limits(&a->limits, w->limits, f);
	else if (a)
		xm_finding(f, XM_INFO, w->limits, "", "the %s states no limits: %s", w->side,
			   a->said);
}

/* ---- one array? ------------------------------------------------------------------ */

#define PAGE_LEN 4096

static bool copy_group(struct scsi_lu *lu, uint8_t uuid[16])
{
	uint8_t page[PAGE_LEN] = { 0 };
	struct scsi_cmd cmd = { .lun = lu->lun, .dir = SCSI_DATA_IN, .data = page,
		.len = sizeof page, .timeout_ns = lu->transport->ctx->timeout_ns };
	if (!lu->has_vpd_8f)
		return false;
	cmd.cdb_len = scsi_cdb_inquiry_vpd(cmd.cdb, 0x8f, sizeof page);
	return scsi_exec(lu->transport, &cmd) == 0 && cmd.status == 0 &&
	       xcopy_decode_copy_group(page, xm_min_u64(cmd.got, sizeof page), uuid);
}

/* The target device's own name (VPD 83, association 2). */
static const struct scsi_designator *device_name(const struct scsi_lu *lu)
{
	for (unsigned i = 0; i < lu->ndesignators; i++)
		if (lu->designators[i].association == 2)
			return &lu->designators[i];
	return NULL;
}

static bool same_company(const struct scsi_designator *a, const struct scsi_designator *b)
{
	/* NAA 6: 24 bits of company id behind the first nibble. */
	return a->type == 3 && b->type == 3 && a->len == 16 && b->len == 16 &&
	       a->bytes[0] >> 4 == 6 && b->bytes[0] >> 4 == 6 &&
	       memcmp(a->bytes, b->bytes, 3) == 0 && a->bytes[3] >> 4 == b->bytes[3] >> 4;
}

static const char *evidence(const struct xcopy_look *k)
{
	const struct scsi_designator *a = device_name(k->src), *b = device_name(k->dst);
	if (k->one_session)
		return "both are reached through one session";
	if (a && b && xcopy_same_designator(a, b))
		return "both name the same target device";
	if (k->src_name && k->dst_name && same_company(k->src_name, k->dst_name) &&
	    strcmp(k->src->product, k->dst->product) == 0)
		return "same maker and product";
	return NULL;
}

static void explain_same_array(const struct xcopy_look *k, struct xm_findings *f)
{
	static const char check[] = "pair.same_array";
	uint8_t a[16], b[16];
	if (copy_group(k->src, a) && copy_group(k->dst, b) && memcmp(a, b, 16) == 0) {
		xm_finding(f, XM_PASS, check, "", "one copy group: the array says it can copy "
			   "between them");
		return;
	}
	const char *e = evidence(k);
	if (e)
		xm_finding(f, XM_PASS, check, "", "likely one array: %s; proven only by a trial",
			   e);
	else
		xm_finding(f, XM_WARN, check,
			   "reach both through one iSCSI target or one array port",
			   "nothing says that both are on one array; a trial will tell");
	if (k->two_sessions)
		xm_finding(f, XM_WARN, "pair.one_session", "export both LUNs by one iSCSI target",
			   "the ends are in two sessions; many arrays copy only within one");
}

static void explain_limits_used(const struct xcopy_look *k, struct xm_findings *f)
{
	const struct xm_method_limits *l = &k->limits;
	xm_finding(f, XM_INFO, "pair.copy_limits_used", "", "%s: up to %u segments of %llu bytes, "
		   "%llu bytes a command, in steps of %llu bytes, up to %u commands at a time, "
		   "sent to the %s first",
		   k->stated.known ? "as the array states" : "careful, as the array states nothing",
		   l->max_runs, (unsigned long long)l->max_run, (unsigned long long)l->max_bytes,
		   (unsigned long long)l->align, l->max_inflight,
		   k->can[XCOPY_PULL] ? "destination" : "source");
}

static void explain_alone(struct xm_endpoint *ep, struct xm_findings *f)
{
	struct xm_refusal why = { .act = XM_ACT_DEMOTE };
	struct xcopy_asked asked;
	struct scsi_lu *lu = scsi_lu_of(ep, &why);
	if (!lu) {
		xm_finding(f, XM_WARN, "source.xcopy", fix_for(why.reason), "%s (%s)", why.detail,
			   why.reason);
		return;
	}
	xcopy_ask_limits(lu, &asked);
	explain_end(lu, xcopy_designator(lu), &asked, &words[0], f);
}

void xcopy_explain(const struct xm_pair *pair, struct xm_findings *f)
{
	struct xcopy_look k;
	struct xm_refusal why = { .act = XM_ACT_DEMOTE };
	if (!pair->dst) {
		explain_alone(pair->src, f);
		return;
	}
	bool usable = xcopy_look(pair, &k, &why) == 0;

	if (k.src)
		explain_end(k.src, k.src_name, k.asked ? &k.src_asked : NULL, &words[0], f);
	if (k.dst)
		explain_end(k.dst, k.dst_name, k.asked ? &k.dst_asked : NULL, &words[1], f);
	if (k.src && k.dst && usable) {
		explain_same_array(&k, f);
		explain_limits_used(&k, f);
		xm_finding(f, XM_PASS, "pair.xcopy", "",
			   "SCSI EXTENDED COPY can be tried; the first chunk is read back");
	} else {
		xm_finding(f, XM_WARN, "pair.xcopy", fix_for(why.reason),
			   "SCSI EXTENDED COPY would not be used: %s (%s)", why.detail, why.reason);
	}
}
