/* SPDX-License-Identifier: Apache-2.0 */
/* GET LBA STATUS answers: see lba-status.h. */
#include "lba-status.h"

#include "xm/align.h"
#include "xm/checked.h"
#include "xm/endian.h"

#define HEADER 8u
#define DESCRIPTOR 16u

/*
 * The count comes from the bytes that arrived, and from the header where that says
 * less: it counts from byte 8 up to SBC-3 revision 24, from byte 4 since, and a sixteenth
 * of either, rounded down, is the number of descriptors.
 */
static size_t count_of(const uint8_t *p, size_t len)
{
	size_t arrived, told;

	if (len < HEADER)
		return 0;
	arrived = (len - HEADER) / DESCRIPTOR;
	told = xm_get_be32(p) / DESCRIPTOR;
	return arrived < told ? arrived : told;
}

static bool decode_one(const uint8_t *d, uint64_t from, uint64_t capacity, bool first,
		       struct scsi_lba_run *run)
{
	uint64_t lba = xm_get_be64(d), end;

	/* the first may begin before what was asked for, the others where the last one ended */
	if (!xm_checked_add(lba, (uint64_t)xm_get_be32(d + 8), &end) || end <= from || lba > from ||
	    (!first && lba != from))
		return false;
	run->lba = from;
	run->blocks = xm_min_u64(end, capacity) - from;
	run->status = d[12] & 0x0f;
	run->early = lba < from;
	return true;
}

uint64_t scsi_lba_status_decode(const uint8_t *p, size_t len, uint64_t from, uint64_t capacity,
				scsi_lba_run_fn *fn, void *user)
{
	size_t n = count_of(p, len);

	for (size_t i = 0; i < n && from < capacity; i++) {
		struct scsi_lba_run run;

		if (!decode_one(p + HEADER + i * DESCRIPTOR, from, capacity, i == 0, &run) ||
		    !fn(user, &run))
			break;
		from += run.blocks;
	}
	return from;
}

int scsi_supported_decode(const uint8_t *p, size_t len)
{
	if (len < 4)
		return -1;
	switch (p[1] & 0x07) {
	case 1:
		return 0;
	case 3:
	case 5:
		return 1;
	default:
		return -1;
	}
}
