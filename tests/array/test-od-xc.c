/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OD-01 to OD-34 and XC-01 to XC-34 of reference/reliability-and-qualification.md 2.3,
 * an entry each: where the array is tested for it, and what the mover makes of an
 * array that breaks it, each as a whole job under a rule or setting that does.  An
 * entry without such a job says why there can be none.  An id without an entry, or
 * one whose test of the array is not there, fails.
 *
 * What must hold of every job is in job-rig.h: right, or failed with the code that
 * is stated; nothing written outside the range.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "fault-table.h"
#include "lu.h"
#include "registry.h"

#define MIB (UINT64_C(1) << 20)
#define PT "op=83/10 "
#define WUT "op=83/11 "
#define RRTI "op=84/07 "
#define COPY "op=83/00 "
#define COPY4 "op=83/01 "
#define Z8 "0000000000000000"
#define Z64 Z8 Z8 Z8 Z8 Z8 Z8 Z8 Z8
#define F8 "ffffffffffffffff"
#define F64 F8 F8 F8 F8 F8 F8 F8 F8
/* 26/00, pointing into the parameter list; in fixed format */
#define POINTS_AT(byte) "action=sense raw=700005000000000a00000000260000" "80" byte
/* COPY ABORTED with what an end said: 21/00; in descriptor format */
#define FORWARDED "action=sense raw=720a0d0100000016" "0c140002" \
	"700005000000000a00000000210000000000"

/* ---- other disks, other jobs ------------------------------------------------------------- */

static void same_disk(struct job_rig *r)
{
	r->dst_lun = 0;
}

static void overlap(struct job_rig *r, uint64_t src, uint64_t dst)
{
	same_disk(r);
	job_rig_range(r, src, dst, 8 * MIB);
}

static void overlap_forward(struct job_rig *r) { overlap(r, 0, MIB); }
static void overlap_backward(struct job_rig *r) { overlap(r, MIB, 0); }
static void overlap_whole(struct job_rig *r) { overlap(r, MIB, MIB); }

/* One block off every alignment. */
static void odd(struct job_rig *r)
{
	job_rig_range(r, 512, 3 * 512, 12 * MIB + 512);
}

static void two_sessions(struct job_rig *r)
{
	r->path = array_path_open(&r->w, NULL, 1);
	r->path2 = array_path_open(&r->w, NULL, 2);
}

/* The destination through another target, in a session that does not see the source. */
static void two_targets(struct job_rig *r)
{
	struct arr_target *two = arr_target_new(r->w.a, "iqn.2026-01.test:two");

	assert_non_null(two);
	assert_true(arr_target_lun(two, "1=@iqn.2026-01.test:one/1"));
	r->path = array_path_open(&r->w, two, 1);
	r->path2 = array_path_open(&r->w, NULL, 1);
}

static char list[] = "/tmp/xmover-od-xc.XXXXXX";

/* Data and zeros by turns, and the mover told so. */
static void by_turns(struct job_rig *r, uint64_t data, uint64_t zeros)
{
	uint8_t *zero = calloc(1, zeros);
	FILE *f;

	strcpy(strrchr(list, '.'), ".XXXXXX");
	f = fdopen(mkstemp(list), "w");
	assert_non_null(f);
	assert_non_null(zero);
	for (uint64_t at = 0; at < 16 * MIB; at += data + zeros) {
		fprintf(f, "%llu %llu data\n", (unsigned long long)at, (unsigned long long)data);
		fprintf(f, "%llu %llu zero\n", (unsigned long long)(at + data),
			(unsigned long long)zeros);
		assert_true(arr_lu_poke(arr_target_lu(r->w.t, 0), at + data, zero, zeros));
	}
	fclose(f);
	free(zero);
	job_rig_set(r, XM_OPT_EXTENTS, list);
}

static void holes(struct job_rig *r) { by_turns(r, 4 * MIB, 4 * MIB); }
static void fragments(struct job_rig *r) { by_turns(r, MIB / 8, MIB / 8); }

/* Somebody writes the source while it is copied. */
static void scribble(void *user, const struct xm_job *job)
{
	static uint8_t block[4096];

	(void)job;
	block[0]++;
	for (unsigned i = 0; i < 4; i++)
		assert_true(arr_lu_poke(user, i * 4 * MIB + MIB / 2, block, sizeof block));
}

static void written(struct job_rig *r)
{
	if (job_rig_job(r) == XM_OK)
		xm_job_set_progress(r->job, scribble, arr_target_lu(r->w.t, 0), 100000000);
}

/* The source becomes smaller when a part of it is copied. */
static void shrink(void *user, const struct xm_job *job)
{
	if (xm_job_u64(job, XM_JOB_BYTES_DONE) >= 2 * MIB)
		array_world_control(user, "lun resize 0 8M");
}

static void resized(struct job_rig *r)
{
	if (job_rig_job(r) == XM_OK)
		xm_job_set_progress(r->job, shrink, &r->w, 100000000);
}

/* ---- where the array is tested for it ------------------------------------------------------ */

#define ODX "unit/test-array-odx.c"
#define LIFE "unit/test-array-odx-life.c"
#define XCT "array/test-xc.c"
#define XCU "unit/test-array-copy.c"
#define LISTS "unit/test-array-copy-list-id.c"

static const struct entry {
	const char *id;
	const char *file, *text;         /* of the test: it says so there */
	const char *why;                 /* the mover cannot come to it, or see it broken */
} entries[] = {
	{ "OD-01", ODX, "TEST(golden)", NULL },
	{ "OD-02", ODX, "TEST(ranges)", NULL },
	{ "OD-03", ODX, "TEST(ranges)", "each write by token begins at the token's first block "
	  "(test-scsi-odx-method pins OFFSET INTO ROD 0): what is left gets a token of its own" },
	{ "OD-04", ODX, "TEST(ranges)", NULL },
	{ "OD-05", ODX, "TEST(most_ranges)", NULL },
	{ "OD-06", ODX, "TEST(most_ranges)", NULL },
	{ "OD-07", ODX, "TEST(bad_ranges)", NULL },
	{ "OD-08", ODX, "TEST(bad_ranges)", NULL },
	{ "OD-09", ODX, "TEST(too_large)", NULL },
	{ "OD-10", ODX, "TEST(beyond)", NULL },
	{ "OD-11", ODX, "TEST(lists)", NULL },
	{ "OD-12", LIFE, "TEST(expires)", NULL },
	{ "OD-13", LIFE, "TEST(expires)", NULL },
	{ "OD-14", LIFE, "TEST(expires)", NULL },
	{ "OD-15", LIFE, "TEST(deleted)", NULL },
	{ "OD-16", LIFE, "TEST(point_in_time)", NULL },
	{ "OD-17", LIFE, "TEST(altered)", NULL },
	{ "OD-18", LIFE, "TEST(guessed)", NULL },
	{ "OD-19", LIFE, "TEST(scopes)", NULL },
	{ "OD-20", LIFE, "TEST(scopes)", NULL },
	{ "OD-21", LIFE, "TEST(scopes)", NULL },
	{ "OD-22", LIFE, "TEST(other_array)", NULL },
	{ "OD-23", ODX, "TEST(zero_token)", NULL },
	{ "OD-24", ODX, "TEST(list_ids)", NULL },
	{ "OD-25", ODX, "TEST(list_ids)", NULL },
	{ "OD-26", ODX, "TEST(lists)", NULL },
	{ "OD-27", ODX, "TEST(lists)", NULL },
	{ "OD-28", LIFE, "TEST(exhaustion)", NULL },
	{ "OD-29", LIFE, "TEST(source_changes)", NULL },
	{ "OD-30", LIFE, "TEST(other_array)", NULL },
	{ "OD-31", LIFE, "TEST(source_changes)", NULL },
	{ "OD-32", ODX, "TEST(report)", "the mover never sends REPORT ALL ROD TOKENS: it remembers "
	  "its own tokens, and others' are none of its business" },
	{ "OD-33", ODX, "TEST(odd_sizes)", NULL },
	{ "OD-34", ODX, "TEST(not_guessable)", "what is in a token is opaque to the mover, and one "
	  "that can be guessed copies as well; it is a question to the array" },
	{ "XC-01", XCT, "\"XC-01\"", NULL },
	{ "XC-02", XCT, "\"XC-02\"", NULL },
	{ "XC-03", XCT, "\"XC-03\"", NULL },
	{ "XC-04", XCT, "\"XC-04\"", "the mover sends to one end or the other, never to a third" },
	{ "XC-05", XCT, "\"XC-05 source\"", NULL },
	{ "XC-06", XCU, "TEST(nothing_to_do)", "the mover sends no command without a list" },
	{ "XC-07", XCT, "\"XC-07\"", NULL },
	{ "XC-08", XCT, "\"XC-08\"", NULL },
	{ "XC-09", XCT, "\"XC-09\"", NULL },
	{ "XC-10", XCT, "\"XC-10\"", NULL },
	{ "XC-11", XCT, "\"XC-11\"", NULL },
	{ "XC-12", XCT, "\"XC-12 beyond\"", NULL },
	{ "XC-13", XCT, "\"XC-13\"", NULL },
	{ "XC-14", XCT, "\"XC-14\"", NULL },
	{ "XC-15", XCT, "\"XC-15\"", NULL },
	{ "XC-16", XCT, "\"XC-16\"", NULL },
	{ "XC-17", XCT, "\"XC-17\"", "the mover names both ends by their designators" },
	{ "XC-18", XCT, "\"XC-18\"", NULL },
	{ "XC-19", XCT, "\"XC-19\"", "the mover's runs have blocks" },
	{ "XC-20", XCT, "\"XC-20\"", NULL },
	{ "XC-21", XCT, "\"XC-21\"", NULL },
	{ "XC-22", XCT, "\"XC-22 source\"", NULL },
	{ "XC-23", XCT, "\"XC-23\"", NULL },
	{ "XC-24", XCT, "\"XC-24\"", NULL },
	{ "XC-25", XCT, "\"XC-25\"", NULL },
	{ "XC-26", XCT, "\"XC-26\"", NULL },
	{ "XC-27", XCT, "\"XC-27 inexact\"", NULL },
	{ "XC-28", XCT, "\"XC-28\"", "the mover never sets DC: where block sizes differ it copies "
	  "by host (XC-27)" },
	{ "XC-29", XCU, "TEST(segments_in_order)", NULL },
	{ "XC-30", LISTS, "TEST(busy, setup)", NULL },
	{ "XC-31", LISTS, "TEST(other_nexus_other_ids, setup)", NULL },
	{ "XC-32", LISTS, "TEST(usages, setup)", NULL },
	{ "XC-33", XCT, "\"XC-33 reserved\"", "the mover's reserved bits are 0 and its two CSCDs "
	  "differ; an array that minds them refuses, as any other refusal (XC-08)" },
	{ "XC-34", XCT, "\"XC-34 0Ah\"", NULL },
};

/* ---- and what breaks it --------------------------------------------------------------------- */

#define S0 { NULL, NULL, NULL, false }
#define WITH(f) { NULL, NULL, f, false }
#define LIVE(f) { NULL, NULL, f, true }
#define F(rules, code, way, reason) { rules, code, way, reason, NULL, NULL }
#define FP(rules, code, way, reason, persona) { rules, code, way, reason, persona, NULL }
#define FULL(rules, code, way, reason) { rules, code, way, reason, NULL, "full" }

/* OD: by token, persona ideal.  XC: by EXTENDED COPY, persona lio. */
static const struct row {
	const char *id;
	struct fault f;
	struct fault_setting s;
} rows[] = {
	/*
	 * the token: longer, of another length within, of more than was asked,
	 * of no type there is
	 */
	{ "OD-01", F(RRTI "nth=1 action=patch off=32 hex=00000203", 0, NONE, "bad_answer"), S0 },
	{ "OD-01", F(RRTI "nth=1 action=patch off=44 hex=01f7", 0, NONE, "bad_answer"), S0 },
	{ "OD-01", F(RRTI "nth=1 action=patch off=16 hex=0000000000000801", 0, NONE, "bad_answer"),
	  S0 },
	{ "OD-01", F(RRTI "nth=1 action=patch off=38 hex=00000000", 0, ALL, NULL), S0 },
	{ "OD-02", F(WUT "nth=1 action=lie", 0, NONE, "integrity"), S0 },
	{ "OD-02", F(WUT "nth=1 action=misplace by=1", 0, NONE, "integrity"), S0 },
	{ "OD-04", F(WUT "nth=2 action=delay ms=1", 0, ALL, NULL), WITH(fragments) },
	{ "OD-04", FULL(WUT "nth=2 action=misplace by=8", 0, NONE, "integrity"), WITH(fragments) },
	{ "OD-05", F("set max_ranges 2|" WUT "nth=2 action=delay ms=1", 0, ALL, NULL),
	  WITH(fragments) },
	/* it says 64 ranges, and takes 2 */
	{ "OD-06", F("set max_ranges 2|page=8f action=patch off=14 hex=0040", 0, ALL, NULL),
	  WITH(fragments) },
	{ "OD-06", F(PT "nth=6 " SENSE(5, 24, 00), 0, SOME, "command_refused"), S0 },
	{ "OD-07", F(PT "nth=6 " POINTS_AT("0010"), 0, ALL, NULL), S0 },
	{ "OD-07", F(WUT "nth=6 " POINTS_AT("0218"), 0, ALL, NULL), S0 },
	{ "OD-08", F(PT "nth=6 " SENSE(5, 21, 00), 0, SOME, "lba_out_of_range"), S0 },
	{ "OD-08", F(WUT "nth=6 " SENSE(5, 21, 00), 0, SOME, "lba_out_of_range"), S0 },
	/*
	 * refused above 64 KiB where it says there is no such limit;
	 * a token for less than was asked
	 */
	{ "OD-09", F("set max_token_bytes 65536|page=8f action=patch off=24 hex=" F8 F8, 0, ALL,
		     NULL), S0 },
	{ "OD-09", F("set pt_short 1000|" PT "nth=6 action=delay ms=1", 0, ALL, NULL), S0 },
	/* written short, and said to be whole: at once, and later */
	{ "OD-10", F("set wut_short 1000|" RRTI "nth=2 action=patch off=16 hex=0000000000000800", 0,
		     NONE, "integrity"), S0 },
	{ "OD-10", FULL(WUT "nth=6 action=short blocks=1000", 0, NONE, "integrity"), S0 },
	{ "OD-10", F("set wut_short 1000|" WUT "nth=6 action=delay ms=1", 0, ALL, NULL), S0 },
	{ "OD-11", F(PT "nth=1 " POINTS_AT("0004"), 0, ALL, NULL), S0 },
	{ "OD-12", F(WUT "nth=6 action=delay ms=61000", 0, ALL, NULL), S0 },
	{ "OD-12", F(WUT "nth=6- action=delay ms=61000", 0, SOME, "token_expired"), S0 },
	{ "OD-12", FP(WUT "nth=6 action=delay ms=62000", 0, ALL, NULL, "ctl"), S0 },
	{ "OD-12", FP(WUT "nth=6- action=delay ms=62000", 0, SOME, "token_gone", "ctl"), S0 },
	/* it expires while it is used: what was written is written again */
	{ "OD-13", F(WUT "nth=6 " SENSE(5, 23, 07) " when=after", 0, ALL, NULL), S0 },
	{ "OD-14", F("set wut_short 1000|" WUT "nth=6 " SENSE(5, 23, 09), 0, ALL, NULL), S0 },
	{ "OD-15", F(WUT "nth=6 " SENSE(5, 23, 09), 0, ALL, NULL), S0 },
	{ "OD-15", F(WUT "nth=6- " SENSE(5, 23, 09), 0, SOME, "token_gone"), S0 },
	{ "OD-16", FULL("set rod_types aur", 65, ANY, NULL), LIVE(written) },
	{ "OD-16", FULL("set rod_types vulnerable", 65, ANY, NULL), LIVE(written) },
	{ "OD-16", F(WUT "nth=6 " SENSE(5, 23, 06), 0, ALL, NULL), S0 },
	{ "OD-16", F(WUT "nth=6 " SENSE(5, 23, 8), 0, ALL, NULL), S0 },
	{ "OD-17", F(RRTI "nth=1 action=patch off=549 hex=00", 0, ALL, NULL), S0 },
	{ "OD-17", F(RRTI "action=patch off=549 hex=00", 0, NONE, "not_same_array"), S0 },
	{ "OD-17", F(WUT "nth=6- " SENSE(5, 23, 05), 0, SOME, "token_gone"), S0 },
	{ "OD-18", F(RRTI "nth=1 action=patch off=38 hex=" Z64 Z64 Z64 Z64 Z64 Z64 Z64 Z64, 0, NONE,
		     "bad_answer"), S0 },
	{ "OD-18", F(RRTI "nth=1 action=patch off=38 hex=" F64 F64 F64 F64 F64 F64 F64 F64, 0, NONE,
		     "bad_answer"), S0 },
	{ "OD-18", F(WUT SENSE(5, 23, 01), 0, NONE, "token_refused"), S0 },
	{ "OD-19", F(WUT "lun=1 " SENSE(5, 23, 04), 0, NONE, "not_same_array"), S0 },
	{ "OD-19", F(WUT "lun=1 every=2 " SENSE(5, 23, 04), 0, ALL, NULL), S0 },
	{ "OD-20", F("set token_scope any|" WUT "nth=6 action=delay ms=1", 0, ALL, NULL),
	  WITH(two_targets) },
	{ "OD-20", F("set token_scope target", 0, NONE, "not_same_session"), WITH(two_targets) },
	{ "OD-21", F("set token_scope initiator|" WUT "nth=6 action=delay ms=1", 0, ALL, NULL),
	  WITH(two_sessions) },
	{ "OD-21", F("set token_scope nexus", 0, NONE, "not_same_session"), WITH(two_sessions) },
	{ "OD-22", F(WUT SENSE(5, 23, 02), 0, NONE, "not_same_array"), S0 },
	{ "OD-22", F(PT SENSE(5, 23, 03), 0, NONE, "not_same_array"), S0 },
	{ "OD-22", F(WUT SENSE(5, 23, 04), 0, NONE, "not_same_array"), S0 },
	{ "OD-23", F(WUT "lba=8192-16383 action=delay ms=1", 0, ALL, NULL), WITH(holes) },
	{ "OD-23", F(WUT "lba=8192-16383 " SENSE(5, 23, 01), 0, ALL, "token_refused"),
	  WITH(holes) },
	{ "OD-23", F(WUT "lba=8192-16383 " SENSE(5, 23, 04), 0, ALL, "token_refused"),
	  WITH(holes) },
	{ "OD-23", F(WUT "lba=8192-16383 " SENSE(5, 26, 00), 0, ALL, "parameter_refused"),
	  WITH(holes) },
	{ "OD-23", FULL(WUT "lba=8192-16383 action=lie", 0, NONE, "integrity"), WITH(holes) },
	{ "OD-24", F(RRTI SENSE(5, 24, 00), 0, NONE, "no_result"), S0 },
	{ "OD-24", F(RRTI "nth=6 " SENSE(5, 24, 00), 0, ALL, NULL), S0 },
	{ "OD-24", F(RRTI "nth=6 action=patch off=5 hex=11", 0, ALL, NULL), S0 },
	{ "OD-24", F(RRTI "nth=6- action=patch off=5 hex=11", 0, SOME, "no_result"), S0 },
	{ "OD-25", F(WUT "nth=6 " SENSE(5, 00, 16), 0, ALL, NULL), S0 },
	{ "OD-25", F(WUT "nth=6- " SENSE(5, 00, 16), 0, SOME, "list_id_busy"), S0 },
	{ "OD-25", FP(PT "nth=6- " POINTS_AT("0000"), 0, SOME, "list_id_busy", "ctl"), S0 },
	{ "OD-26", F(PT "nth=1 " POINTS_AT("0008"), 0, ALL, NULL), S0 },
	{ "OD-26", F(PT POINTS_AT("0008"), 0, NONE, "parameter_refused"), S0 },
	{ "OD-27", F(PT "nth=6 " SENSE(5, 1a, 00), 0, ALL, NULL), S0 },
	{ "OD-27", F(WUT SENSE(5, 1a, 00), 0, NONE, "parameter_refused"), S0 },
	{ "OD-28", F("set max_tokens 1|" PT "nth=6 action=delay ms=1", 0, ALL, NULL), S0 },
	{ "OD-28", F(PT "nth=6- " SENSE(5, 55, 0d), 0, SOME, "token_resources"), S0 },
	{ "OD-28", F(PT "nth=6- " SENSE(5, 55, 0c), 0, SOME, "token_resources"), S0 },
	{ "OD-29", F(WUT "nth=6 " SENSE(6, 29, 03) "|" WUT "nth=7 " SENSE(5, 23, 06), 0, ALL, NULL),
	  S0 },
	{ "OD-30", F(WUT "nth=6 action=drop|" WUT "nth=7-8 " SENSE(5, 23, 04), 0, ALL, NULL), S0 },
	{ "OD-31", F(NULL, 74, ANY, NULL), LIVE(resized) },
	{ "OD-31", F(WUT "nth=6- " SENSE(5, 23, 06), 0, SOME, "token_revoked"), S0 },
	{ "OD-33", F(PT "nth=6 action=delay ms=1", 0, ALL, NULL), WITH(odd) },
	{ "OD-33", F(PT "nth=6 " SENSE(5, 26, 0d), 0, SOME, "granularity"), WITH(odd) },

	{ "XC-01", F(NULL, 73, ANY, NULL), WITH(same_disk) },
	{ "XC-02", F(COPY "lun=1 " SENSE(0a, 0d, 02), 0, ALL, NULL), S0 },
	{ "XC-02", F(COPY "lun=1 " SENSE(0a, 0d, 02) "|" COPY "lun=0 nth=1 action=lie", 0, NONE,
		     "integrity"), S0 },
	/* pulled by a session that does not see the source, then pushed by one that sees both */
	{ "XC-02", F("op=83/00 lun=0 nth=3 action=delay ms=1", 0, ALL, NULL), WITH(two_targets) },
	{ "XC-03", F(COPY "lun=1 nth=1 action=lie", 0, NONE, "integrity"), S0 },
	{ "XC-03", F(COPY SENSE(0a, 0d, 02), 0, NONE, "not_same_array"), S0 },
	{ "XC-05", F(COPY SENSE(0a, 08, 04), 0, NONE, "not_same_array"), S0 },
	{ "XC-05", F(COPY SENSE(5, 26, 15), 0, NONE, "not_authorized"), S0 },
	{ "XC-05", F(COPY "nth=1 action=status status=good", 0, NONE, "integrity"), S0 },
	{ "XC-07", F(COPY SENSE(5, 1a, 00), 0, NONE, "parameter_refused"), S0 },
	{ "XC-07", F(COPY SENSE(5, 24, 00), 0, NONE, "command_refused"), S0 },
	{ "XC-08", F(COPY "nth=6 " SENSE(5, 1a, 00), 0, ALL, NULL), S0 },
	{ "XC-09", F(COPY "nth=6 " SENSE(5, 26, 00), 0, ALL, NULL), S0 },
	{ "XC-10", F(COPY SENSE(5, 26, 07), 0, NONE, "unsupported_descriptor"), S0 },
	{ "XC-11", F(COPY SENSE(5, 26, 00), 0, NONE, "parameter_refused"), S0 },
	{ "XC-12", F(COPY "nth=6 action=never", 0, ALL, NULL), S0 },
	{ "XC-12", F(COPY "nth=6- " SENSE(5, 26, 00), 0, SOME, "parameter_refused"), S0 },
	/* listed and not taken: the form with 8-bit identifiers is; or it is refused as well */
	{ "XC-13", FP(COPY4 SENSE(5, 26, 07), 0, ALL, NULL, "ideal"), S0 },
	{ "XC-13", FP(COPY4 SENSE(5, 26, 09), 0, ALL, NULL, "ideal"), S0 },
	{ "XC-13", FP(COPY4 SENSE(5, 20, 00), 0, ALL, NULL, "ideal"), S0 },
	{ "XC-13", FP("op=83 " SENSE(5, 26, 07), 0, NONE, "unsupported_descriptor", "ideal"), S0 },
	{ "XC-14", F(COPY SENSE(5, 26, 09), 0, NONE, "unsupported_descriptor"), S0 },
	{ "XC-15", F(COPY SENSE(0a, 00, 00), 0, NONE, "not_same_array"), S0 },
	{ "XC-16", F(COPY "nth=6 " SENSE(0a, 08, 04), 0, SOME, "copy_aborted"), S0 },
	{ "XC-18", F(COPY "nth=1 action=misplace by=8", 0, NONE, "integrity"), S0 },
	{ "XC-18", F(COPY POINTS_AT("002d"), 0, NONE, "block_size"), S0 },
	{ "XC-20", F(COPY "nth=6 " FORWARDED, 0, SOME, "lba_out_of_range"), S0 },
	{ "XC-21", F(COPY "nth=6 " SENSE(5, 21, 00), 0, SOME, "lba_out_of_range"), S0 },
	{ "XC-22", F(COPY SENSE(5, 21, 00), 0, NONE, "lba_out_of_range"), S0 },
	{ "XC-23", F(COPY "nth=6 " SENSE(0a, 0d, 01) " when=after", 0, SOME, "copy_aborted"), S0 },
	{ "XC-23", FULL(COPY "nth=6 action=short blocks=8", 0, NONE, "integrity"), S0 },
	{ "XC-24", F(NULL, 73, ANY, NULL), WITH(overlap_forward) },
	{ "XC-25", F(NULL, 73, ANY, NULL), WITH(overlap_backward) },
	{ "XC-26", F(NULL, 73, ANY, NULL), WITH(overlap_whole) },
	{ "XC-27", F(NULL, 0, NONE, "block_size"), { NULL, "16M,block=4096", NULL, false } },
	{ "XC-27", F(COPY SENSE(0a, 26, 0a), 0, NONE, "block_size"), S0 },
	/* several segments, of which the last is not where it belongs, or missing */
	{ "XC-29", FP(COPY4 "nth=2 action=delay ms=1", 0, ALL, NULL, "ideal"), WITH(fragments) },
	{ "XC-29", { COPY4 "nth=2 action=short blocks=256", 0, NONE, "integrity", "ideal", "full" },
	  WITH(fragments) },
	{ "XC-30", F(COPY "nth=6 " SENSE(5, 00, 16), 0, ALL, NULL), S0 },
	{ "XC-30", F(COPY "nth=6- " SENSE(5, 00, 16), 0, SOME, "list_id_busy"), S0 },
	{ "XC-30", FP(COPY4 "nth=6 " POINTS_AT("0000"), 0, ALL, NULL, "ctl"), S0 },
	{ "XC-31", FP(COPY4 "nth=6-9 " SENSE(5, 00, 16), 0, ALL, NULL, "ideal"), S0 },
	/*
	 * it takes "no identifier" for one in use; it does not know "no identifier";
	 * it knows nothing else
	 */
	{ "XC-32", F(COPY "nth=1 " POINTS_AT("0000"), 0, ALL, NULL), S0 },
	{ "XC-32", F("op=84/03 action=patch off=4 hex=00", 0, ALL, NULL), S0 },
	{ "XC-32", FP(COPY "nth=6 action=delay ms=1", 0, ALL, NULL, "tcmu"), S0 },
	{ "XC-34", FP(COPY4 SENSE(5, 20, 00), 0, ALL, NULL, "ideal"), S0 },
	{ "XC-34", FP(COPY4 "nth=6 action=lie", 0, ANY, NULL, "ctl"), S0 },
};

/* ---- all of it ------------------------------------------------------------------------------ */

#define N(a) (sizeof(a) / sizeof(a)[0])

static const struct xm_opener *const no_openers[] = { NULL };
static const struct xm_method_ops *const by_token[] = { &scsi_method_odx, &xm_method_host, NULL };
static const struct xm_method_ops *const by_copy[] = { &scsi_method_xcopy, &xm_method_host, NULL };
static const struct xm_registry tokens = { .openers = no_openers, .methods = by_token };
static const struct xm_registry copies = { .openers = no_openers, .methods = by_copy };

static void every_row(void **state)
{
	static const struct fault_table od = { .persona = "ideal", .registry = &tokens };
	static const struct fault_table xc = { .persona = "lio", .registry = &copies };
	const char *only = getenv("XM_FAULT");
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		const struct row *row = &rows[i];

		if (only && (size_t)atoi(only) != i && strcmp(only, row->id) != 0)
			continue;
		if (!fault_table_one(row->id[0] == 'O' ? &od : &xc, &row->f, &row->s, i + 1)) {
			print_error("    %s, row %zu\n", row->id, i);
			bad++;
		}
		unlink(list);
	}
	if (bad)
		fail_msg("%u not as stated", bad);
}

static const struct entry *entry_of(const char *id)
{
	const struct entry *found = NULL;

	for (size_t i = 0; i < N(entries); i++) {
		if (strcmp(entries[i].id, id) != 0)
			continue;
		if (found)
			fail_msg("%s has two entries", id);
		found = &entries[i];
	}
	if (!found)
		fail_msg("%s has no entry", id);
	return found;
}

static bool has_row(const char *id)
{
	for (size_t i = 0; i < N(rows); i++)
		if (strcmp(rows[i].id, id) == 0)
			return true;
	return false;
}

static bool says(const char *file, const char *text)
{
	char path[4096];
	char *all = NULL;
	size_t n = 0;
	bool found;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", TESTS_DIR, file);
	f = fopen(path, "r");
	if (!f || getdelim(&all, &n, '\0', f) < 0)
		fail_msg("%s cannot be read", path);
	fclose(f);
	found = strstr(all, text) != NULL;
	free(all);
	return found;
}

/* Each number of both series: tested in the array, and in the mover, or why it cannot be. */
static void every_id(void **state)
{
	char id[8];

	(void)state;
	for (unsigned i = 0; i < 68; i++) {
		const struct entry *e;

		snprintf(id, sizeof id, "%s-%02u", i < 34 ? "OD" : "XC", i % 34 + 1);
		e = entry_of(id);
		if (!says(e->file, e->text))
			fail_msg("%s: %s does not say %s", id, e->file, e->text);
		if (has_row(id) == (e->why != NULL))
			fail_msg("%s needs a row, or a reason why there is none", id);
	}
	for (size_t i = 0; i < N(rows); i++)
		entry_of(rows[i].id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_id),
		cmocka_unit_test(every_row),
	};

	return cmocka_run_group_tests_name("OD and XC", tests, NULL, NULL);
}
