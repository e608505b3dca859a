/* SPDX-License-Identifier: Apache-2.0 */
/* For openers: an endpoint's logical unit, identified, believed, and carried by the endpoint. */
#ifndef SCSI_LU_OPEN_H
#define SCSI_LU_OPEN_H

#include "lu.h"

/*
 * Identify it and fill in what the endpoint says of itself.  NULL and *err when it
 * is no disk, cannot be believed, or may not be written.
 */
struct scsi_lu *scsi_lu_open(struct xm_endpoint *ep, struct scsi_transport *t, uint64_t lun,
			     bool is_dst, struct xm_error **err);
/* Identify it, no more; free() frees it. */
struct scsi_lu *scsi_lu_new(struct scsi_transport *t, uint64_t lun, struct xm_error **err);

#endif
