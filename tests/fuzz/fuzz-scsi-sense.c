/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sense data, whatever a device sends: decoded, judged for every use, put into
 * words.  First byte: the SAM status; the rest is the sense data.
 */
#undef NDEBUG
#include <assert.h>
#include <string.h>
#include "cdb.h"
#include "sense.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct scsi_cmd *cmd, enum scsi_use use)
{
	struct scsi_verdict v;

	scsi_judge(cmd, use, XM_SIDE_DST, "LUN 1 to LBA 0, 8 blocks", &v);
	const struct xm_status *s = &v.status;
	assert(v.rule);
	assert(s->certainty == XM_DONE || s->reason);
	assert((s->act == XM_ACT_NONE) == (s->certainty == XM_DONE));
	assert((s->err == 0) == (s->certainty == XM_DONE));
	assert(memchr(s->detail, 0, sizeof s->detail));
	assert(s->act == XM_ACT_DEMOTE || !s->pair_wide);
	/* an answer is an answer: only TASK ABORTED leaves it open what was done */
	assert(s->certainty != XM_UNKNOWN || cmd->status == SCSI_TASK_ABORTED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scsi_cmd cmd = { .outcome = SCSI_ANSWERED };
	struct scsi_sense s;
	char text[64];

	if (size == 0)
		return 0;
	/* decoded where it lies, so that a byte too far is seen */
	scsi_sense_decode(data + 1, size - 1, &s);
	assert(!s.has_segment || s.key == SCSI_COPY_ABORTED);
	assert(s.present || (!s.key && !s.asc && !s.fwd.present));
	scsi_sense_text(&s, text, sizeof text);
	assert(memchr(text, 0, sizeof text));

	cmd.status = data[0];
	cmd.sense_len = (unsigned)(size - 1 < SCSI_SENSE_MAX ? size - 1 : SCSI_SENSE_MAX);
	memcpy(cmd.sense, data + 1, cmd.sense_len);
	scsi_cdb_extended_copy(cmd.cdb, 108);
	for (unsigned use = SCSI_USE_READ; use <= SCSI_USE_COPY; use <<= 1)
		judge(&cmd, use);
	return 0;
}
