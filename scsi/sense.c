/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sense data, fixed (70h, 71h) and descriptor format (72h, 73h), SPC-4 4.5.
 * Every byte comes from a device: absent, cut short, or with lengths that lie.
 * A field counts only where it lies inside both what came and what the
 * additional length covers.  Forwarded sense is read one level deep.
 */
#include <string.h>
#include "sense.h"
#include "xm/align.h"
#include "xm/endian.h"

static bool decode(const uint8_t *p, size_t len, bool inner, struct scsi_sense *s);

static bool is_response_code(uint8_t b)
{
	return (b & 0x7f) >= 0x70 && (b & 0x7f) <= 0x73;
}

/* What an end said: a status and perhaps sense.  The first that means something is kept. */
static void forwarded(const uint8_t *p, size_t len, uint8_t status, enum xm_side side,
		      struct scsi_sense *s)
{
	struct scsi_sense in;
	if (s->fwd.present)
		return;
	bool told = decode(p, len, true, &in);
	if (!told && (status == SCSI_GOOD || status == SCSI_CHECK_CONDITION))
		return;
	s->fwd = (struct scsi_forwarded){ .present = true, .side = side,
		.status = told ? SCSI_CHECK_CONDITION : status,
		.key = in.key, .asc = in.asc, .ascq = in.ascq,
		.has_info = in.has_info, .info = in.info };
}

/*
 * The area at an offset of fixed sense (SPC-3 6.3.3): a status byte and then
 * sense data.  SCST's offset points behind the status byte; take either.
 */
static void forwarded_at(const uint8_t *p, size_t len, uint8_t off, enum xm_side side,
			 struct scsi_sense *s)
{
	if (off < 17 || off >= len)
		return;
	if (is_response_code(p[off]))
		forwarded(p + off, len - off, p[off - 1], side, s);
	else
		forwarded(p + off + 1, len - off - 1, p[off], side, s);
}

static void field_pointer(const uint8_t *sks, struct scsi_sense *s)
{
	if (!(sks[0] & 0x80))
		return;
	s->has_field = s->key == SCSI_ILLEGAL_REQUEST || s->key == SCSI_COPY_ABORTED;
	s->field_in_segment = s->key == SCSI_COPY_ABORTED && (sks[0] & 0x20);
	s->field_in_cdb = s->key == SCSI_ILLEGAL_REQUEST && (sks[0] & 0x40);
	s->field = s->has_field ? xm_get_be16(sks + 1) : 0;
}

/* COMMAND-SPECIFIC INFORMATION of COPY ABORTED: two offsets and the segment number. */
static void fixed_copy_aborted(const uint8_t *p, size_t len, struct scsi_sense *s)
{
	forwarded_at(p, len, p[8], XM_SIDE_SRC, s);
	forwarded_at(p, len, p[9], XM_SIDE_DST, s);
	/* A bare zero field is how LIO says nothing: believe it only in company. */
	s->has_segment = p[8] || p[9] || s->field_in_segment;
	s->segment = s->has_segment ? xm_get_be16(p + 10) : 0;
}

static bool decode_fixed(const uint8_t *p, size_t len, bool inner, struct scsi_sense *s)
{
	if (len < 3)
		return false;
	s->key = p[2] & 0x0f;
	if (len < 8)
		return true;
	len = xm_min_u64(len, 8u + p[7]);
	if (p[0] & 0x80) {
		s->has_info = true;
		s->info = xm_get_be32(p + 3);
	}
	if (len > 12)
		s->asc = p[12];
	if (len > 13)
		s->ascq = p[13];
	if (len >= 18)
		field_pointer(p + 15, s);
	if (!inner && s->key == SCSI_COPY_ABORTED && len >= 12)
		fixed_copy_aborted(p, len, s);
	return true;
}

/*
 * The segment number within the 8-byte field: SCST has it at 2-3 (as in fixed
 * format), others may use the low end.  Anything else is not understood.
 */
static void descriptor_segment(const uint8_t *field, struct scsi_sense *s)
{
	uint32_t high = xm_get_be32(field), low = xm_get_be32(field + 4);
	s->has_segment = (high <= UINT16_MAX && low == 0) || (high == 0 && low <= UINT16_MAX);
	s->segment = s->has_segment ? (uint16_t)(high | low) : 0;
}

/* d points at a descriptor of 2 + n bytes, all there. */
static void one_descriptor(const uint8_t *d, size_t n, bool inner, struct scsi_sense *s)
{
	if (d[0] == 0x00 && n >= 10 && (d[2] & 0x80)) {         /* information */
		s->has_info = true;
		s->info = xm_get_be64(d + 4);
	} else if (d[0] == 0x01 && n >= 10 && s->key == SCSI_COPY_ABORTED) {
		descriptor_segment(d + 4, s);                   /* command-specific */
	} else if (d[0] == 0x02 && n >= 5) {
		field_pointer(d + 4, s);                        /* sense-key specific */
	} else if (d[0] == 0x0c && n >= 2 && !inner) {
		/* Its SOURCE field means different things to different targets: not used. */
		forwarded(d + 4, n - 2, d[3], XM_SIDE_NONE, s);
	}
}

static bool decode_descriptor(const uint8_t *p, size_t len, bool inner, struct scsi_sense *s)
{
	if (len < 2)
		return false;
	s->key = p[1] & 0x0f;
	if (len > 2)
		s->asc = p[2];
	if (len > 3)
		s->ascq = p[3];
	if (len < 8)
		return true;
	len = xm_min_u64(len, 8u + p[7]);
	for (size_t at = 8; at + 2 <= len && len - at - 2 >= p[at + 1]; at += 2u + p[at + 1])
		one_descriptor(p + at, p[at + 1], inner, s);
	return true;
}

static bool decode(const uint8_t *p, size_t len, bool inner, struct scsi_sense *s)
{
	memset(s, 0, sizeof *s);
	if (len == 0 || !is_response_code(p[0]))
		return false;
	s->deferred = p[0] & 1;
	s->present = (p[0] & 0x7f) <= 0x71 ? decode_fixed(p, len, inner, s)
					   : decode_descriptor(p, len, inner, s);
	return s->present;
}

void scsi_sense_decode(const uint8_t *p, size_t len, struct scsi_sense *s)
{
	decode(p, len, false, s);
}
