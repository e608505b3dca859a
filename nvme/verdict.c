/* SPDX-License-Identifier: Apache-2.0 */
/* Looks an answer up in the table, and says it in words. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "reasons.h"
#include "verdict.h"

/* ---- what has no status -------------------------------------------------- */

static const struct nvme_rule forbidden = {
	.act = XM_ACT_DEMOTE, .certainty = XM_NOT_DONE, .flags = NVME_F_PAIR,
	.err = EACCES, .reason = NVME_R_PERMISSION,
};
static const struct nvme_rule not_sent = {
	.act = XM_ACT_RETRY, .certainty = XM_NOT_DONE, .err = EAGAIN, .reason = NVME_R_NOT_SENT,
};
static const struct nvme_rule no_answer = {
	.act = XM_ACT_RETRY, .certainty = XM_UNKNOWN, .err = ETIMEDOUT, .reason = NVME_R_NO_ANSWER,
};
static const struct nvme_rule unlisted = {
	.act = XM_ACT_RETRY, .certainty = XM_NOT_DONE, .err = EIO, .reason = NVME_R_UNLISTED,
	.name = "a status that is not known",
};

static const struct nvme_rule *rule_of_status(uint16_t status)
{
	bool dnr = status & NVME_DNR;

	for (unsigned i = 0; i < nvme_nrules; i++) {
		const struct nvme_rule *r = &nvme_rules[i];

		if (r->code == NVME_CODE(status) &&
		    (r->dnr == NVME_DNR_ANY || (r->dnr == NVME_DNR_1) == dnr))
			return r;
	}
	return &unlisted;
}

static const struct nvme_rule *rule_of(const struct nvme_cmd *cmd)
{
	if (cmd->outcome == NVME_ANSWERED)
		return rule_of_status(cmd->status);
	if (cmd->outcome == NVME_NO_ANSWER)
		return &no_answer;
	return cmd->err == EACCES || cmd->err == EPERM ? &forbidden : &not_sent;
}

/* ---- words ------------------------------------------------------------------- */

const char *nvme_answer_text(const struct nvme_cmd *cmd, char *buf, size_t size)
{
	if (cmd->outcome == NVME_NOT_SENT && (cmd->err == EACCES || cmd->err == EPERM))
		snprintf(buf, size, "the kernel does not let this user send it (%s)",
			 strerror(cmd->err));
	else if (cmd->outcome == NVME_NOT_SENT)
		snprintf(buf, size, "not sent: %s", strerror(cmd->err));
	else if (cmd->outcome == NVME_NO_ANSWER)
		snprintf(buf, size, "no answer (%s)", strerror(cmd->err));
	else
		snprintf(buf, size, "%s (%03xh%s)", rule_of_status(cmd->status)->name,
			 NVME_CODE(cmd->status), cmd->status & NVME_DNR ? ", do not retry" : "");
	return buf;
}

void nvme_judge(const struct nvme_cmd *cmd, const char *where, struct nvme_verdict *v)
{
	const struct nvme_rule *r = rule_of(cmd);
	char said[80];

	memset(v, 0, sizeof *v);
	v->rule = r;
	v->status = (struct xm_status){ .err = r->err, .act = r->act, .certainty = r->certainty,
		.side = r->side, .code = r->job_code, .reason = r->reason,
		.pair_wide = r->act == XM_ACT_DEMOTE && (r->flags & NVME_F_PAIR) };
	if (r->certainty != XM_DONE)
		snprintf(v->status.detail, sizeof v->status.detail, "Copy %.60s: %.60s", where,
			 nvme_answer_text(cmd, said, sizeof said));
}
