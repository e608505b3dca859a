/* SPDX-License-Identifier: Apache-2.0 */
/* From a block device to the SCSI disk whose node takes pass-through commands for it. */
#ifndef SCSI_BLOCK_PATH_H
#define SCSI_BLOCK_PATH_H

#include <stdbool.h>
#include <sys/types.h>
#include "method.h"

struct scsi_block_roots {
	const char *sysfs, *dev;         /* "/sys", "/dev"; a test gives trees of its own */
};
extern const struct scsi_block_roots scsi_block_roots_real;

struct scsi_block_path {
	bool own;                        /* the device's own descriptor will do */
	dev_t dev;                       /* else the path's */
	char name[32];                   /* "sda" */
};

/*
 * Paths of the device, best first, at most max.  How many, or 0 and *why: it is no
 * SCSI disk, or a mapping stands between it and one.
 */
unsigned scsi_block_paths(const struct scsi_block_roots *r, dev_t dev, const char *name,
			  struct scsi_block_path *ret, unsigned max, struct xm_refusal *why);

#endif
