/* SPDX-License-Identifier: Apache-2.0 */
/* The logical unit behind an endpoint: the one its opener gave it. */
#include <stdio.h>
#include "lu.h"
#include "reasons.h"

struct scsi_lu *scsi_lu_of(struct xm_endpoint *ep, struct xm_refusal *why)
{
	struct scsi_lu *lu = scsi_lu_attached(ep);
	if (lu)
		return lu;
	*why = (struct xm_refusal){ .act = XM_ACT_DEMOTE, .reason = SCSI_R_NOT_SCSI };
	snprintf(why->detail, sizeof why->detail, "%.150s is no SCSI logical unit", ep->name);
	return NULL;
}
