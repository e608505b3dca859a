/* SPDX-License-Identifier: Apache-2.0 */
/* Method xcopy on a script: a pair of LUs, limits to answer, one task at a time. */
#ifndef TEST_SCSI_METHOD_RIG_H
#define TEST_SCSI_METHOD_RIG_H

#include <stdlib.h>
#include "scsi-hex.h"
#include "method.h"
#include "transport-script.h"

#define MIB (UINT64_C(1) << 20)
#define SRC "0103 6001405aaaaaaaa00000000000000001"
#define DST "0103 6001405bbbbbbbb00000000000000002"
#define RCOP "84 03 00 00000000000000 00000200 00 00"
/* LIO's limits; the same without SNLID; FreeBSD CTL's (64 segments, no segment length). */
#define LIO "0000002a 01000000 0002 0001 00000400 10000000 00000000 00000000 00000000" \
	"0000 0001 01 09 09 09 000000 02 02 e4"
#define NO_SNLID "0000002a 00000000 0002 0001 00000400 10000000 00000000 00000000 00000000" \
	"0000 0001 01 09 09 09 000000 02 02 e4"
#define CTL "0000002c 01000000 0040 0040 00002000 00000000 00000000 00000000 00000000" \
	"0000 00ff ff 00 00 00 000000 04 02 07 14 e4"
#define SEGS3 "0000002a 01000000 0002 0003 00000400 10000000 00000000 00000000 00000000" \
	"0000 0001 01 09 09 09 000000 02 02 e4"

struct rig {
	struct script *s, *s2;           /* s2: the source's, when it is in another session */
	struct scsi_lu lu[2];            /* source, destination */
	struct xm_endpoint *ep[2];
	struct xm_pair pair;
	struct xm_method *m;
	struct xm_refusal why;
};

static inline void set_lu(struct scsi_lu *lu, uint64_t lun, const char *name)
{
	uint8_t d[22];
	size_t n = hex(d, sizeof d, name);
	*lu = (struct scsi_lu){ .lun = lun, .blocks = 1 << 22, .block_size = 512,
		.third_party_copy = true, .ndesignators = 1 };
	lu->designators[0] = (struct scsi_designator){ .code_set = d[0], .type = d[1],
		.len = (uint8_t)(n - 2) };
	memcpy(lu->designators[0].bytes, d + 2, n - 2);
}

static inline int setup(void **state)
{
	struct rig *r = calloc(1, sizeof *r);
	assert_non_null(r);
	*state = r;
	r->s = script_open(NULL);
	set_lu(&r->lu[0], 0, SRC);
	set_lu(&r->lu[1], 1, DST);
	return 0;
}

static inline int teardown(void **state)
{
	struct rig *r = *state;
	xm_method_close(r->m);
	xm_endpoint_close(r->ep[0]);
	xm_endpoint_close(r->ep[1]);
	if (r->s2)
		script_close(r->s2);
	script_close(r->s);
	free(r);
	return 0;
}

static inline void expect_limits(struct rig *r, const char *answer)
{
	script_expect(r->s, 1, RCOP);
	script_good(r->s, answer);
	script_expect(r->s2 ? r->s2 : r->s, 0, RCOP);
	script_good(r->s2 ? r->s2 : r->s, answer);
}

static inline int open_pair(struct rig *r)
{
	r->ep[0] = script_endpoint(r->s2 ? r->s2 : r->s, &r->lu[0]);
	r->ep[1] = script_endpoint(r->s, &r->lu[1]);
	r->pair = (struct xm_pair){ .ctx = script_ctx(r->s), .src = r->ep[0], .dst = r->ep[1] };
	return xm_method_open(&scsi_method_xcopy, &r->pair, &r->m, &r->why);
}

static inline void open_ok(struct rig *r, const char *limits)
{
	expect_limits(r, limits);
	if (open_pair(r) < 0)
		fail_msg("%s: %s", r->why.reason, r->why.detail);
}

static inline void open_refused(struct rig *r, const char *reason)
{
	assert_int_equal(open_pair(r), -1);
	assert_string_equal(r->why.reason, reason);
	assert_int_equal(r->why.act, XM_ACT_DEMOTE);
	assert_true(r->why.detail[0] != '\0');
	script_drained(r->s);
}

/* One run of blocks. */
static inline void set_task(struct xm_task *t, uint64_t src, uint64_t dst, uint64_t blocks)
{
	memset(t, 0, sizeof *t);
	t->kind = XM_TASK_COPY;
	t->nruns = 1;
	t->runs[0] = (struct xm_run){ src * 512, dst * 512, blocks * 512 };
	t->bytes = blocks * 512;
}

static inline struct xm_task *reap_one(struct rig *r)
{
	struct xm_list done;
	xm_list_init(&done);
	xm_method_reap(r->m, &done);
	struct xm_list *l = xm_list_pop(&done);
	assert_true(xm_list_empty(&done));
	return l ? xm_container_of(l, struct xm_task, link) : NULL;
}

static inline void run(struct rig *r, struct xm_task *t)
{
	assert_int_equal(xm_method_submit(r->m, t), XM_QUEUED);
	assert_ptr_equal(reap_one(r), t);
}

static inline void run_new(struct rig *r, struct xm_task *t)
{
	set_task(t, 8, 16, 8);
	run(r, t);
}

/* The copy run_new() asks for. */
static inline void expect_new(struct rig *r, uint64_t lun, unsigned usage, unsigned id)
{
	script_expect_copy(r->s, lun, &(struct script_copy){ .list_id = id, .usage = usage,
		.block_length = 512, .src = SRC, .dst = DST, .nsegments = 1,
		.segments = { { 8, 8, 16 } } });
}

static inline void assert_act(const struct xm_task *t, enum xm_act act, bool pair_wide,
			      const char *reason)
{
	if (t->status.act != act || t->status.pair_wide != pair_wide ||
	    strcmp(t->status.reason ? t->status.reason : "", reason) != 0)
		fail_msg("act %d pair %d reason %s: %s", (int)t->status.act,
			 (int)t->status.pair_wide, t->status.reason, t->status.detail);
}

#endif
