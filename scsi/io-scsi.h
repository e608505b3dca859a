/* SPDX-License-Identifier: Apache-2.0 */
/* Block I/O of an endpoint that is a SCSI logical unit, down any transport. */
#ifndef SCSI_IO_SCSI_H
#define SCSI_IO_SCSI_H

#include "io.h"

/* The slot `io` of such endpoints: made at first need, carried by the endpoint. */
struct xm_io *scsi_io_of(struct xm_endpoint *ep, struct xm_error **err);

#endif
