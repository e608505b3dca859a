/* SPDX-License-Identifier: Apache-2.0 */
/* Between method-copy.c, look.c (is there a way to copy this pair) and explain.c (for probe). */
#ifndef NVME_COPY_H
#define NVME_COPY_H

#include "cdfe.h"
#include "method.h"
#include "namespace.h"

#define NVME_LIST_MAX (XM_TASK_RUNS_MAX * 40)

/* What is found out about a pair; also what stood in the way. */
struct nvme_look {
	struct nvme_ns *src, *dst;       /* NULL: not that far */
	bool cross;                      /* two namespaces of one subsystem */
	bool limits_told;
	unsigned format;
	uint16_t formats;                /* bit n: format nh, that both controllers have */
	struct xm_method_limits limits;
};

/* 0, or -1 and *why; *look is filled as far as it came.  Waits for Identify. */
int nvme_look(const struct xm_pair *pair, struct nvme_look *look, struct xm_refusal *why);
/* Limits for a pair, as both ends state them, 0 unknown. */
void nvme_limits(const struct nvme_id_ns *src, const struct nvme_id_ns *dst,
		 struct xm_method_limits *limits);
/* One transport for each controller of the destination's subsystem.  0, or -1 and *why. */
int nvme_cdfe_open(const struct nvme_ns *ns, struct nvme_cdfe *c, struct xm_refusal *why);
void nvme_explain(const struct xm_pair *pair, struct xm_findings *f);

extern const struct xm_method_ops nvme_method_copy;

#endif
