/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a copy manager answers: operating parameters (and the limits made of
 * them), copy status, failure details.  Limits that are taken can be kept: the
 * largest command they allow is encoded.
 */
#undef NDEBUG
#include <assert.h>
#include <string.h>
#include "sense.h"
#include "xcopy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void largest(const struct scsi_copy_limits *c, const struct xm_method_limits *l, uint32_t bs)
{
	struct scsi_designator d = { .code_set = 1, .type = 3, .len = 16, .bytes = { 0x60 } };
	struct xcopy_segment segments[XM_TASK_RUNS_MAX];
	uint8_t buf[XCOPY_LIST_MAX];
	size_t n;

	assert(l->max_runs >= 1 && l->max_runs <= XM_TASK_RUNS_MAX);
	assert(l->align >= bs && l->max_run >= l->align && l->max_run % l->align == 0);
	assert(l->max_bytes >= l->align && l->first_bytes >= 1 && l->first_bytes <= l->max_bytes);
	assert(l->max_inflight >= 1 && l->max_inflight <= 32);
	for (unsigned i = 0; i < l->max_runs; i++)
		segments[i] = (struct xcopy_segment){ i, i, (uint32_t)(l->max_run / bs) };
	n = xcopy_encode(&(struct xcopy_list){ .usage = XCOPY_ID_NONE, .src = &d, .dst = &d,
		.block_size = bs, .nsegments = l->max_runs, .segments = segments },
		buf, sizeof buf);
	assert(n == 16 + 64 + 28 * (size_t)l->max_runs);
	assert(!c->known || !c->max_list || n - 16 <= c->max_list);
	assert(!c->known || !c->max_segment_bytes || l->max_run <= c->max_segment_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scsi_copy_limits c = { 0 }, both;
	struct xm_method_limits l;
	struct xm_refusal why = { 0 };
	struct xcopy_status st;
	struct xcopy_failure f;
	struct scsi_sense s;

	xcopy_decode_operating_parameters(data, size, &c);
	both = xcopy_stricter(&c, &c);
	for (uint32_t bs = 512; bs <= 65536; bs *= 8) {
		if (xcopy_method_limits(&both, bs, &l, &why) == 0)
			largest(&both, &l, bs);
		else
			assert(why.reason && why.act == XM_ACT_DEMOTE);
	}
	if (xcopy_decode_status(data, size, &st))
		assert(st.bytes_known || st.bytes == 0);
	if (xcopy_decode_failure_details(data, size, &f) && f.present) {
		assert(f.sense >= data && f.sense + f.sense_len <= data + size);
		scsi_sense_decode(f.sense, f.sense_len, &s);
	}
	return 0;
}
