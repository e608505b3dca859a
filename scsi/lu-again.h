/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the disk behind a logical unit still the one that was opened?  Asked by
 * fences, without blocking, while the nexus is closed to everyone else.
 */
#ifndef SCSI_LU_AGAIN_H
#define SCSI_LU_AGAIN_H

#include "lu.h"

enum scsi_again { SCSI_AGAIN_PENDING, SCSI_AGAIN_SAME, SCSI_AGAIN_OTHER, SCSI_AGAIN_NO_ANSWER };

struct scsi_lu_again {
	const struct scsi_lu *before;
	struct scsi_lu now;
	struct scsi_identify id;
	struct scsi_cmd *cmd;            /* to be sent, or on its way */
	bool sent;
	uint64_t not_before, give_up;
	struct xm_list done;
	char why[128];                   /* OTHER, NO_ANSWER: in words */
};

void scsi_lu_again_start(struct scsi_lu_again *a, const struct scsi_lu *lu);
/* Call the transport's service first. */
enum scsi_again scsi_lu_again_step(struct scsi_lu_again *a);
void scsi_lu_again_wait(const struct scsi_lu_again *a, struct xm_waiter *w);
/* What a fence answers with: 74 for another disk, else 75. */
void scsi_fence_failed(struct xm_status *why, enum xm_code code, const char *reason,
		       const char *detail);

#endif
