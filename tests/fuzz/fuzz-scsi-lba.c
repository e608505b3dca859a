/* SPDX-License-Identifier: Apache-2.0 */
/* GET LBA STATUS answers: whatever came, runs are in order, without gaps, inside the disk. */
#undef NDEBUG
#include <assert.h>
#include "lba-status.h"
#include "xm/endian.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
	uint64_t at, capacity;
};

static bool take(void *user, const struct scsi_lba_run *run)
{
	struct world *w = user;

	assert(run->lba == w->at && run->blocks > 0 && run->status < 16);
	assert(run->blocks <= w->capacity - run->lba);
	w->at += run->blocks;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w;
	uint64_t end;

	scsi_supported_decode(data, size);
	if (size < 16)
		return 0;
	w.at = xm_get_be64(data);
	w.capacity = xm_get_be64(data + 8);
	if (w.at > w.capacity)
		w.at = 0;
	end = scsi_lba_status_decode(data + 16, size - 16, w.at, w.capacity, take, &w);
	assert(end == w.at && end <= w.capacity);
	return 0;
}
