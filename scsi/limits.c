/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much an EXTENDED COPY may ask for: RECEIVE COPY OPERATING PARAMETERS
 * (SPC-4 6.18.4) turned into the limits of the method.
 *
 * What an array states is often a placeholder: LIO says one copy at a time and
 * runs many.  Limits on what is *in* a command are held; limits on how many at
 * a time are a starting point for the engine, which backs off when told.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "cdb.h"
#include "ctx.h"
#include "reasons.h"
#include "sense.h"
#include "xcopy.h"
#include "xm/align.h"

#define ANSWER_LEN 512           /* 44 and up to 255 type codes; LIO refuses less than 54 */
#define ASK_AGAIN 2u             /* after as many lost connections */
#define FIRST_BYTES (UINT64_C(1) << 20)
#define TASK_BYTES_MAX (UINT64_C(1) << 30)
#define GRANULARITY_LOG2_MAX 30
#define INFLIGHT_LEAST 8u        /* even where the array says fewer */
#define INFLIGHT_MOST 32u
/* Where the array states nothing: what any implementation takes. */
#define CAREFUL_SEGMENT_BYTES (UINT32_C(4) << 20)

static bool says_unsupported(const struct scsi_cmd *cmd)
{
	struct scsi_sense s;
	if (cmd->status != SCSI_CHECK_CONDITION)
		return false;
	scsi_sense_decode(cmd->sense, cmd->sense_len, &s);
	return !s.present || (s.key == SCSI_ILLEGAL_REQUEST && s.asc == 0x20);
}

void xcopy_ask_limits(struct scsi_lu *lu, struct xcopy_asked *ret)
{
	uint8_t data[ANSWER_LEN] = { 0 };
	struct scsi_cmd cmd = { .lun = lu->lun, .dir = SCSI_DATA_IN, .data = data,
		.len = sizeof data, .timeout_ns = lu->transport->ctx->timeout_ns };

	int r;

	memset(ret, 0, sizeof *ret);
	cmd.cdb_len = scsi_cdb_receive_copy(cmd.cdb, SCSI_COPY_OPERATING_PARAMETERS, 0,
					    sizeof data);
	/*
	 * A connection that drops now must not cost the whole job its offload;
	 * silence is an answer.
	 */
	for (unsigned again = 0; (r = scsi_exec(lu->transport, &cmd)) < 0; again++) {
		if (again == ASK_AGAIN || cmd.err == ETIMEDOUT ||
		    !scsi_repair(lu->transport, &ret->dead))
			break;
	}
	if (r < 0) {
		ret->forbidden = cmd.err == EPERM || cmd.err == EACCES;
		ret->no_answer = !ret->forbidden;
	} else if (cmd.status != SCSI_GOOD) {
		ret->unsupported = says_unsupported(&cmd);
	} else if (xcopy_decode_operating_parameters(data, xm_min_u64(cmd.got, sizeof data),
						     &ret->limits)) {
		return;
	} else {
		snprintf(ret->said, sizeof ret->said, "%zu bytes that make no sense", cmd.got);
		return;
	}
	scsi_answer_text(&cmd, ret->said, sizeof ret->said);
}

/* The smaller of two limits of which 0 means none. */
static uint32_t lesser(uint32_t a, uint32_t b)
{
	if (!a || !b)
		return a | b;
	return a < b ? a : b;
}

struct scsi_copy_limits xcopy_stricter(const struct scsi_copy_limits *a,
				       const struct scsi_copy_limits *b)
{
	if (!a->known || !b->known)
		return a->known ? *a : *b;
	struct scsi_copy_limits c = *a;
	c.snlid &= b->snlid;
	c.max_cscd = (uint16_t)xm_min_u64(a->max_cscd, b->max_cscd);
	c.max_segments = (uint16_t)xm_min_u64(a->max_segments, b->max_segments);
	c.max_list = lesser(a->max_list, b->max_list);
	c.max_segment_bytes = lesser(a->max_segment_bytes, b->max_segment_bytes);
	c.total_concurrent = (uint16_t)lesser(a->total_concurrent, b->total_concurrent);
	c.max_concurrent = (uint8_t)lesser(a->max_concurrent, b->max_concurrent);
	c.granularity_log2 = (uint8_t)xm_max_u64(a->granularity_log2, b->granularity_log2);
	c.seg_02 &= b->seg_02;
	c.seg_0a &= b->seg_0a;
	c.cscd_e4 &= b->cscd_e4;
	return c;
}

static int refuse(struct xm_refusal *why, const char *reason, const char *what, uint64_t value)
{
	*why = (struct xm_refusal){ .act = XM_ACT_DEMOTE, .reason = reason };
	snprintf(why->detail, sizeof why->detail, "the array's copy manager %s (%llu)", what,
		 (unsigned long long)value);
	return -1;
}

static unsigned segments_of(const struct scsi_copy_limits *c)
{
	uint64_t n = c->max_segments;
	if (c->max_list)
		n = xm_min_u64(n, (c->max_list - XCOPY_CSCDS_LEN) / XCOPY_SEGMENT_LEN);
	return (unsigned)xm_min_u64(n, XM_TASK_RUNS_MAX);
}

static int check(const struct scsi_copy_limits *c, uint32_t block_size, struct xm_refusal *why)
{
	if (!c->seg_02 || !c->cscd_e4)
		return refuse(why, SCSI_R_DESCRIPTOR,
			      "does not list segment type 02h and CSCD type E4h",
			      (unsigned)c->seg_02 + c->cscd_e4);
	if (c->max_cscd < 2)
		return refuse(why, SCSI_R_BAD_LIMITS, "states fewer than two CSCD descriptors",
			      c->max_cscd);
	if (c->max_segments == 0)
		return refuse(why, SCSI_R_BAD_LIMITS, "states no segment descriptors", 0);
	if (c->max_list && c->max_list < XCOPY_CSCDS_LEN + XCOPY_SEGMENT_LEN)
		return refuse(why, SCSI_R_BAD_LIMITS,
			      "states descriptor lists too short for any copy", c->max_list);
	if (c->granularity_log2 > GRANULARITY_LOG2_MAX)
		return refuse(why, SCSI_R_BAD_LIMITS, "states a granularity that cannot be "
			      "believed, as a power of two", c->granularity_log2);
	if (c->max_segment_bytes && c->max_segment_bytes < block_size)
		return refuse(why, SCSI_R_BAD_LIMITS, "states segments shorter than a block",
			      c->max_segment_bytes);
	return 0;
}

static unsigned inflight_of(const struct scsi_copy_limits *c)
{
	unsigned n = c->max_concurrent;
	if (n == 0)
		n = c->total_concurrent;
	return (unsigned)xm_min_u64(xm_max_u64(n, INFLIGHT_LEAST), INFLIGHT_MOST);
}

int xcopy_method_limits(const struct scsi_copy_limits *c, uint32_t block_size,
			struct xm_method_limits *ret, struct xm_refusal *why)
{
	static const struct scsi_copy_limits careful = { .max_cscd = 2, .max_segments = 1,
		.max_segment_bytes = CAREFUL_SEGMENT_BYTES, .seg_02 = true, .cscd_e4 = true };
	if (!c->known)
		c = &careful;
	if (check(c, block_size, why) < 0)
		return -1;

	/* Both are powers of two. */
	uint64_t align = xm_max_u64(block_size, UINT64_C(1) << c->granularity_log2);
	uint64_t run = (uint64_t)XCOPY_SEGMENT_BLOCKS * block_size;
	if (c->max_segment_bytes)
		run = xm_min_u64(run, c->max_segment_bytes);
	run = xm_round_down(run, align);
	if (run == 0)
		return refuse(why, SCSI_R_BAD_LIMITS, "states a granularity larger than a segment",
			      align);
	unsigned segments = segments_of(c);
	uint64_t bytes = xm_round_down(xm_min_u64(run * segments, TASK_BYTES_MAX), align);
	*ret = (struct xm_method_limits){
		.kinds = XM_TASK_COPY,
		.align = align,
		.max_runs = segments,
		.max_run = run,
		.max_bytes = bytes,
		.first_bytes = xm_min_u64(bytes, xm_round_up(FIRST_BYTES, align)),
		.max_inflight = inflight_of(c),
	};
	return 0;
}
