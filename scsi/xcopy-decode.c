/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a copy manager answers: RECEIVE COPY RESULTS, and the one field of VPD
 * page 8F that LID1 copies have a use for.  No length in it is trusted.
 */
#include <string.h>
#include "xcopy.h"
#include "xm/align.h"
#include "xm/checked.h"
#include "xm/endian.h"

/* How much of an answer that begins with AVAILABLE DATA (which counts what follows it) there is. */
static size_t available(const uint8_t *p, size_t len)
{
	return len < 4 ? 0 : xm_min_u64(len, xm_get_be32(p) + UINT64_C(4));
}

#define PARAMETERS_LEN 44

bool xcopy_decode_operating_parameters(const uint8_t *p, size_t len, struct scsi_copy_limits *c)
{
	len = available(p, len);
	if (len < PARAMETERS_LEN)
		return false;
	*c = (struct scsi_copy_limits){ .known = true,
		.snlid = p[4] & 0x01,
		.max_cscd = xm_get_be16(p + 8),
		.max_segments = xm_get_be16(p + 10),
		.max_list = xm_get_be32(p + 12),
		.max_segment_bytes = xm_get_be32(p + 16),
		.max_inline = xm_get_be32(p + 20),
		.held_data = xm_get_be32(p + 24),
		.total_concurrent = xm_get_be16(p + 34),
		.max_concurrent = p[36],
		.granularity_log2 = p[37],
	};
	size_t end = xm_min_u64(len, PARAMETERS_LEN + p[43]);
	for (size_t i = PARAMETERS_LEN; i < end; i++) {
		c->seg_02 |= p[i] == 0x02;
		c->seg_0a |= p[i] == 0x0a;
		c->cscd_e4 |= p[i] == 0xe4;
	}
	return true;
}

bool xcopy_decode_status(const uint8_t *p, size_t len, struct xcopy_status *s)
{
	len = available(p, len);
	if (len < 12)
		return false;
	uint8_t status = p[4] & 0x7f, units = p[7];
	s->held = p[4] & 0x80;
	s->status = status <= XCOPY_FAILED ? status : XCOPY_STATUS_ODD;
	s->segments = xm_get_be16(p + 5);
	/* Units 0 to 6 are bytes, KiB .. EiB. */
	s->bytes_known = units <= 6 &&
		xm_checked_mul((uint64_t)xm_get_be32(p + 8), UINT64_C(1) << 10 * units, &s->bytes);
	if (!s->bytes_known)
		s->bytes = 0;
	return true;
}

#define FAILURE_SENSE 60

bool xcopy_decode_failure_details(const uint8_t *p, size_t len, struct xcopy_failure *f)
{
	if (len < 4)
		return false;
	*f = (struct xcopy_failure){ .present = false };
	if (xm_get_be32(p) == 0)
		return true;
	/* SCST's AVAILABLE DATA is one short: go by what came, and by the sense length. */
	if (len < FAILURE_SENSE)
		return false;
	f->present = true;
	f->status = p[56];
	f->sense = p + FAILURE_SENSE;
	f->sense_len = xm_min_u64(len - FAILURE_SENSE, xm_get_be16(p + 58));
	return true;
}

bool xcopy_decode_copy_group(const uint8_t *p, size_t len, uint8_t uuid[16])
{
	if (len < 4 || p[1] != 0x8f)
		return false;
	len = xm_min_u64(len, xm_get_be16(p + 2) + 4u);
	for (size_t at = 4; at + 4 <= len; at += 4u + xm_get_be16(p + at + 2)) {
		size_t n = xm_get_be16(p + at + 2);
		if (n > len - at - 4)
			return false;
		if (xm_get_be16(p + at) != 0x000d || n < 19 || p[at + 4] < 18 || p[at + 5] != 0x10)
			continue;
		memcpy(uuid, p + at + 7, 16);
		return true;
	}
	return false;
}
