/* SPDX-License-Identifier: Apache-2.0 */
/* What a completion of Copy says, and what to do about it: one table (status-table.c). */
#ifndef NVME_VERDICT_H
#define NVME_VERDICT_H

#include <stdbool.h>
#include <stdint.h>
#include "status.h"
#include "transport.h"

#define NVME_DNR 0x4000
#define NVME_CODE(status) ((status) & 0x7ff)     /* SC and SCT */

/* What a row asks of the method beyond its act. */
enum nvme_rule_flags {
	NVME_F_PAIR = 1,         /* over for this pair, not for this chunk alone */
	NVME_F_DWORD0 = 2,       /* dword0 is the first range not copied;
				    without it all is copied again */
	NVME_F_LIMITS = 4,       /* try smaller, when no command of this size has succeeded */
	NVME_F_REARM = 8,        /* the formats may have been disabled by a reset:
				    enable them again, once more */
	NVME_F_OTHER_FORMAT = 16 /* first try once with the other entry size
				    (0h for 1h, 2h for 3h) */
};

struct nvme_rule {
	uint16_t code;
	enum { NVME_DNR_ANY, NVME_DNR_0, NVME_DNR_1 } dnr;
	enum xm_act act;
	enum xm_certainty certainty;
	unsigned flags;
	int err;
	int job_code;            /* with FATAL */
	enum xm_side side;
	const char *reason;
	const char *name;        /* the specification's name of the status */
};

struct nvme_verdict {
	const struct nvme_rule *rule;
	struct xm_status status;
};

/* The rule for what came back; `where` goes into the detail.  Changes nothing. */
void nvme_judge(const struct nvme_cmd *cmd, const char *where, struct nvme_verdict *v);
/* "Invalid Field in Command (4002h)", "not sent: Permission denied"; answers buf. */
const char *nvme_answer_text(const struct nvme_cmd *cmd, char *buf, size_t size);

/* The table, for its test. */
extern const struct nvme_rule nvme_rules[];
extern const unsigned nvme_nrules;

#endif
