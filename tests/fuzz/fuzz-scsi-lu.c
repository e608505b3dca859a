/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a logical unit says of itself: INQUIRY, VPD pages, READ CAPACITY, MODE
 * SENSE.  The input is a row of answers, each {which, length (16 bits), bytes},
 * all to one LU, which is then named, compared and looked at as an end of a copy.
 */
#undef NDEBUG
#include <assert.h>
#include <string.h>
#include "vpd.h"
#include "xcopy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static scsi_decode_fn *const decoders[] = {
	scsi_decode_inquiry, scsi_decode_vpd_00, scsi_decode_vpd_80, scsi_decode_vpd_83,
	scsi_decode_vpd_b0, scsi_decode_vpd_b2, scsi_decode_read_capacity_10,
	scsi_decode_read_capacity_16, scsi_decode_mode_sense_6,
};
#define DECODERS (sizeof decoders / sizeof decoders[0])

static void look(const struct scsi_lu *lu)
{
	const struct scsi_designator *d = xcopy_designator(lu);
	struct xm_identity id = { 0 };
	char text[32];
	const char *why;

	assert(memchr(lu->vendor, 0, sizeof lu->vendor) &&
	       memchr(lu->serial, 0, sizeof lu->serial));
	assert(lu->ndesignators <= SCSI_DESIGNATORS);
	assert(scsi_lu_same(lu, lu, &why) || strcmp(why, "its designators are others") != 0);
	scsi_lu_identity(lu, &id);
	xm_identity_free(&id);
	if (!d)
		return;
	assert(d->len > 0 && d->len <= XCOPY_DESIGNATOR_MAX && d->association == 0);
	xcopy_designator_text(d, text, sizeof text);
	assert(memchr(text, 0, sizeof text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scsi_lu lu = { .write_cache = true };
	uint8_t group[16];

	while (size >= 3) {
		size_t n = (size_t)data[1] << 8 | data[2];
		unsigned which = data[0] % (DECODERS + 1);

		data += 3;
		size -= 3;
		n = n < size ? n : size;
		if (which < DECODERS)
			decoders[which](&lu, data, n);
		else
			xcopy_decode_copy_group(data, n, group);
		data += n;
		size -= n;
	}
	look(&lu);
	return 0;
}
