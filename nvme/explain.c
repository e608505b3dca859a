/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For `probe`: what NVMe Copy would find for a pair, fact by fact, and what could be
 * done about a refusal.  Sends Identify and Get Features alone.
 */
#include <stdio.h>
#include <string.h>
#include "copy.h"
#include "ctx.h"
#include "reasons.h"
#include "verdict.h"
#include "xm/endian.h"

static const struct {
	const char *reason, *fix;
} fixes[] = {
	{ NVME_R_NOT_NVME, "give both ends as NVMe namespaces" },
	{ NVME_R_PERMISSION, "run as root (CAP_SYS_ADMIN)" },
	{ NVME_R_NO_COPY, "nothing: this controller cannot copy; the host will" },
	{ NVME_R_BLOCK_SIZE, "use a destination with the source's LBA format" },
	{ NVME_R_METADATA, "format both ends without metadata" },
	{ NVME_R_CROSS_NAMESPACE, "give --allow-cross-namespace, when that may be" },
	{ NVME_R_NOT_SAME_SUBSYSTEM, "use a destination in the source's NVM subsystem" },
};

static const char *fix_for(const char *reason)
{
	for (size_t i = 0; i < sizeof fixes / sizeof fixes[0]; i++)
		if (reason && strcmp(fixes[i].reason, reason) == 0)
			return fixes[i].fix;
	return "";
}

static const char *said(uint64_t limit, char *buf, size_t size)
{
	if (limit)
		snprintf(buf, size, "%llu", (unsigned long long)limit);
	else
		snprintf(buf, size, "not told");
	return buf;
}

/* Formats enabled on the controller a command goes down now; -1: not to be had. */
static int enabled_formats(const struct nvme_ns *ns)
{
	uint8_t data[NVME_HOST_BEHAVIOR_LEN];
	struct nvme_cmd cmd;

	nvme_cmd_host_behavior(&cmd, false, data);
	cmd.timeout_ns = ns->admin->ctx->timeout_ns;
	if (nvme_exec(ns->admin, &cmd) < 0 || cmd.status)
		return -1;
	return xm_get_le16(data + NVME_HOST_BEHAVIOR_CDFE);
}

static void explain_formats(const struct nvme_ns *ns, const char *check, struct xm_findings *f)
{
	int enabled = enabled_formats(ns);
	unsigned formats = ns->ctrl.ocfs;

	xm_finding(f, XM_INFO, check, "", "source range formats:%s%s%s%s%s (OCFS %04xh); enabled "
		   "by the host: %s (CDFE %04xh)",
		   formats & 1 ? " 0h" : "", formats & 2 ? " 1h" : "",
		   formats & 4 ? " 2h" : "", formats & 8 ? " 3h" : "", formats ? "" : " not told",
		   formats, enabled < 0 ? "not told" : enabled ? "some" : "none",
		   enabled < 0 ? 0u : (unsigned)enabled);
}

static void explain_end(const struct nvme_ns *ns, const char *side, struct xm_findings *f)
{
	char check[64], a[24], b[24];
	const struct nvme_id_ns *id = &ns->id;

	snprintf(check, sizeof check, "%s.namespace", side);
	xm_finding(f, XM_INFO, check, "", "NSID %u of %.120s, %llu blocks of %u bytes, "
		   "metadata %u, protection type %u, %s, %u controllers", ns->nsid,
		   *ns->topology.subnqn ? ns->topology.subnqn : ns->ctrl.subnqn,
		   (unsigned long long)id->nsze, id->block_size, id->metadata_size, id->protection,
		   id->shared ? "shared" : "private", ns->topology.ncontrollers);
	snprintf(check, sizeof check, "%s.copy_command", side);
	xm_finding(f, ns->ctrl.oncs & NVME_ONCS_COPY ? XM_PASS : XM_INFO, check, "",
		   "the controller %s the Copy command (ONCS %04xh)",
		   ns->ctrl.oncs & NVME_ONCS_COPY ? "has" : "does not have", ns->ctrl.oncs);
	snprintf(check, sizeof check, "%s.copy_formats", side);
	explain_formats(ns, check, f);
	snprintf(check, sizeof check, "%s.copy_limits", side);
	xm_finding(f, XM_INFO, check, "", "blocks a range (MSSRL): %s, blocks a command (MCL): %s, "
		   "ranges a command (MSRC): %u", said(id->mssrl, a, sizeof a),
		   said(id->mcl, b, sizeof b), id->msrc + 1u);
	if (*ns->io_why)
		xm_finding(f, XM_INFO, "destination.passthrough", "", "copies would be sent by "
			   "ioctl: %s", ns->io_why);
}

static void explain_used(const struct nvme_look *k, struct xm_findings *f)
{
	const struct xm_method_limits *l = &k->limits;

	xm_finding(f, XM_INFO, "pair.nvme_copy_limits_used", "", "%s: format %uh, up to %u ranges "
		   "of %llu bytes, %llu bytes a command, up to %u commands at a time",
		   k->limits_told ? "as both namespaces state" : "careful, as not all is told",
		   k->format, l->max_runs, (unsigned long long)l->max_run,
		   (unsigned long long)l->max_bytes, l->max_inflight);
	xm_finding(f, XM_PASS, "pair.nvme_copy", "",
		   "NVMe Copy can be tried; the first chunk is read back");
}

static void explain_alone(struct xm_endpoint *ep, struct xm_findings *f)
{
	struct xm_refusal why = { .act = XM_ACT_DEMOTE };
	struct nvme_ns *ns = nvme_ns_of(ep, &why);

	if (ns)
		explain_end(ns, "source", f);
	else
		xm_finding(f, XM_INFO, "source.nvme_copy", fix_for(why.reason), "%s (%s)",
			   why.detail, why.reason);
}

void nvme_explain(const struct xm_pair *pair, struct xm_findings *f)
{
	struct xm_refusal why = { .act = XM_ACT_DEMOTE };
	struct nvme_look k;

	if (!pair->dst) {
		explain_alone(pair->src, f);
		return;
	}
	bool usable = nvme_look(pair, &k, &why) == 0;

	if (k.src)
		explain_end(k.src, "source", f);
	if (k.dst)
		explain_end(k.dst, "destination", f);
	if (usable)
		explain_used(&k, f);
	else
		xm_finding(f, k.src && k.dst ? XM_WARN : XM_INFO, "pair.nvme_copy",
			   fix_for(why.reason), "NVMe Copy would not be used: %s (%s)", why.detail,
			   why.reason);
}
