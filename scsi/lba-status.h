/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET LBA STATUS (SBC-4 5.10): what a thin logical unit says it holds.
 *
 * The answer is hostile until checked: descriptors beyond the capacity have overrun
 * other initiators' memory.  Every one is held against where the one before
 * ended and against the capacity; the first that does not fit ends the answer.
 */
#ifndef SCSI_LBA_STATUS_H
#define SCSI_LBA_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Header and 4095 descriptors. */
#define SCSI_LBA_STATUS_BYTES 65528u

enum scsi_provisioning { SCSI_LBA_MAPPED_OR_UNKNOWN = 0, SCSI_LBA_DEALLOCATED = 1,
			 SCSI_LBA_ANCHORED = 2 };     /* all others: mapped, or unknown */

struct scsi_lba_run {
	uint64_t lba, blocks;
	uint8_t status;              /* provisioning status, 4 bits */
	bool early;                  /* as told it begins before what was asked for */
};
/* Return false to stop. */
typedef bool scsi_lba_run_fn(void *user, const struct scsi_lba_run *run);

/*
 * The runs from `from` on, in order and without gaps, clipped to [from, capacity).
 * Returns where they end: `from` when the answer says nothing that can be used.
 */
uint64_t scsi_lba_status_decode(const uint8_t *p, size_t len, uint64_t from, uint64_t capacity,
				scsi_lba_run_fn *fn, void *user);

/* REPORT SUPPORTED OPERATION CODES for one command: 1 supported, 0 not, -1 not told. */
int scsi_supported_decode(const uint8_t *p, size_t len);

#endif
