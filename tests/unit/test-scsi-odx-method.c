/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Method odx on a script: which commands a task becomes, byte by byte, and what it
 * makes of the counts, refusals and delays it is answered.
 */
#include <stdbool.h>
#include <stdarg.h>
#include "scsi-method-rig.h"
#include "list-id.h"
#include "token.h"

/* Ranges 64, a minute, 8 MiB at most and 1 MiB at best; PT, WUT, COA, RRTI; zeros. */
#define Z48 "00000000000000000000000000000000 00000000000000000000000000000000" \
	"00000000000000000000000000000000"
#define PAGE "00 8f 00bc" \
	"| 0000 0020 000000000000 0040 00000258 0000003c 0000000000004000 0000000000000800" \
	"| 0001 000c 08 83 03 10 11 1c 84 01 07 000000" \
	"| 0108 0084 0000 0080 00800000 03 000000 0000000000000000" Z48 \
	"  ffff0001 02 000000 0000000000000000" Z48
#define A64 "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5" \
	"a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5"
/* ROD type, length 01f8h, the rest */
#define TOKEN "00800000 0000 01f8 a5a5a5a5a5a5a5a5 a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5" \
	"a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5" \
	A64 A64 A64 A64 A64 A64 A64

static struct rig *r;
static uint32_t id;              /* of the command expected last */
static char text[8192];

static const char *say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static const char *say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return text;
}

static int setup_odx(void **state)
{
	setup(state);
	r = *state;
	r->lu[0].has_vpd_8f = r->lu[1].has_vpd_8f = true;
	for (unsigned lun = 0; lun < 2; lun++) {
		script_expect(r->s, lun, "12 01 8f 1000 00");
		script_good(r->s, PAGE);
	}
	r->ep[0] = script_endpoint(r->s, &r->lu[0]);
	r->ep[1] = script_endpoint(r->s, &r->lu[1]);
	r->pair = (struct xm_pair){ .ctx = script_ctx(r->s), .src = r->ep[0], .dst = r->ep[1] };
	if (xm_method_open(&scsi_method_odx, &r->pair, &r->m, &r->why) < 0)
		fail_msg("%s: %s", r->why.reason, r->why.detail);
	id = scsi_next_list_id(script_ctx(r->s));
	return 0;
}

/* ---- what is expected ------------------------------------------------------------------ */

static void expect_pt(unsigned lba, unsigned blocks, unsigned flags)
{
	char cdb[100];

	snprintf(cdb, sizeof cdb, "83 10 00000000 %08x 00000020 00 00", ++id);
	script_expect_out(r->s, 0, cdb, say("001e %02x 00 00000000 00000000 0000 0010 "
					    "%016x %08x 00000000", flags, lba, blocks));
}

static void expect_wut(const char *token, unsigned lba, unsigned blocks, unsigned flags)
{
	char cdb[100];

	snprintf(cdb, sizeof cdb, "83 11 00000000 %08x 00000228 00 00", ++id);
	script_expect_out(r->s, 1, cdb, say("0226 %02x 0000000000 0000000000000000 %s "
					    "000000000000 0010 %016x %08x 00000000",
					    flags, token, lba, blocks));
}

static void expect_rrti(unsigned lun)
{
	script_expect(r->s, lun, say("84 07 %08x 00000000 00000400 00 00", id));
}

static void token_of(unsigned status, unsigned blocks)
{
	expect_rrti(0);
	script_good(r->s, say("00000222 10 %02x 0001 fffffffe 00 00 00 f1 %016x 0000 000000000000 "
			      "00000202 0000 %s", status, blocks, TOKEN));
}

static void result_of(unsigned status, unsigned blocks)
{
	expect_rrti(1);
	script_good(r->s, say("00000020 11 %02x 0001 fffffffe 00 00 00 f1 %016x 0000 000000000000 "
			      "00000000", status, blocks));
}

static struct xm_task *go(struct xm_task *t)
{
	struct xm_task *back = NULL;

	assert_int_equal(xm_method_submit(r->m, t), XM_QUEUED);
	for (unsigned i = 0; i < 80000 && !(back = reap_one(r)); i++)
		script_advance(r->s, 10 * XM_NS_PER_MS);
	assert_ptr_equal(back, t);
	script_drained(r->s);
	return t;
}

/* Eight blocks from LBA 8 to LBA 16. */
static struct xm_task *copy_eight(void)
{
	static struct xm_task t;

	set_task(&t, 8, 16, 8);
	return go(&t);
}

static void assert_moved(const struct xm_task *t, uint64_t blocks)
{
	if (t->status.act != XM_ACT_NONE || t->status.certainty != XM_DONE)
		fail_msg("%s: %s", t->status.reason, t->status.detail);
	assert_int_equal(t->moved, blocks * 512);
	assert_ptr_equal(t->nexus, &script_transport(r->s)->nexus);
}

/* ---- the ordinary way ---------------------------------------------------------------------- */

static void one_task(void **state)
{
	(void)state;
	assert_int_equal(r->m->limits.max_bytes, MIB);
	assert_int_equal(r->m->limits.max_runs, 64);
	assert_int_equal(r->m->limits.kinds, XM_TASK_COPY | XM_TASK_ZERO);
	expect_pt(8, 8, 1);
	token_of(1, 8);
	expect_wut(TOKEN, 16, 8, 2);
	result_of(1, 8);
	assert_moved(copy_eight(), 8);
}

static void several_runs(void **state)
{
	struct xm_task t;
	char cdb[100];

	(void)state;
	set_task(&t, 8, 16, 8);
	t.nruns = 2;
	t.runs[1] = (struct xm_run){ 100 * 512, 200 * 512, 4 * 512 };
	t.bytes = 12 * 512;
	snprintf(cdb, sizeof cdb, "83 10 00000000 %08x 00000030 00 00", ++id);
	script_expect_out(r->s, 0, cdb, "002e 01 00 00000000 00000000 0000 0020 "
			  "0000000000000008 00000008 00000000 0000000000000064 00000004 00000000");
	token_of(1, 12);
	snprintf(cdb, sizeof cdb, "83 11 00000000 %08x 00000238 00 00", ++id);
	script_expect_out(r->s, 1, cdb, say("0236 02 0000000000 0000000000000000 %s "
			  "000000000000 0020 0000000000000010 00000008 00000000 "
			  "00000000000000c8 00000004 00000000", TOKEN));
	result_of(1, 12);
	assert_moved(go(&t), 12);
}

/*
 * The token stands for less than was asked: written is what it stands for, the rest gets
 * its own.
 */
static void short_token(void **state)
{
	(void)state;
	expect_pt(8, 8, 1);
	token_of(3, 6);
	expect_wut(TOKEN, 16, 6, 2);
	result_of(1, 6);
	expect_pt(14, 2, 1);
	token_of(1, 2);
	expect_wut(TOKEN, 22, 2, 2);
	result_of(1, 2);
	assert_moved(copy_eight(), 8);
}

static void short_write(void **state)
{
	(void)state;
	expect_pt(8, 8, 1);
	token_of(1, 8);
	expect_wut(TOKEN, 16, 8, 2);
	result_of(4, 5);
	expect_pt(13, 3, 1);
	token_of(1, 3);
	expect_wut(TOKEN, 21, 3, 2);
	result_of(1, 3);
	assert_moved(copy_eight(), 8);
}

static void zeros(void **state)
{
	struct xm_task t;
	char token[XM_TOKEN_LEN * 2 + 1];

	(void)state;
	memset(token, '0', sizeof token - 1);
	token[sizeof token - 1] = '\0';
	memcpy(token, "ffff0001000001f8", 16);
	set_task(&t, 8, 16, 8);
	t.kind = XM_TASK_ZERO;
	expect_wut(token, 16, 8, 0);
	result_of(1, 8);
	assert_moved(go(&t), 8);
}

/* ---- refusals ------------------------------------------------------------------------------ */

static void identifier_in_use(void **state)
{
	(void)state;
	expect_pt(8, 8, 1);
	script_sense(r->s, "050016");
	expect_pt(8, 8, 1);
	token_of(1, 8);
	expect_wut(TOKEN, 16, 8, 2);
	/* FreeBSD's word for it */
	script_sense(r->s, "70 00 05 00000000 0a 00000000 26 00 00 800000");
	expect_wut(TOKEN, 16, 8, 2);
	result_of(1, 8);
	assert_moved(copy_eight(), 8);
}

/* IMMED is not taken: never asked for again. */
static void in_the_foreground(void **state)
{
	(void)state;
	expect_pt(8, 8, 1);
	script_sense(r->s, "70 00 05 00000000 0a 00000000 26 00 00 800002");
	id--;
	expect_pt(8, 8, 0);
	token_of(1, 8);
	expect_wut(TOKEN, 16, 8, 2);
	result_of(1, 8);
	assert_moved(copy_eight(), 8);
	expect_pt(8, 8, 0);
	script_sense(r->s, "052000");
	assert_act(copy_eight(), XM_ACT_DEMOTE, true, "unsupported_opcode");
}

static void token_expired(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		expect_pt(8, 8, 1);
		token_of(1, 8);
		expect_wut(TOKEN, 16, 8, 2);
		if (i == 0)
			script_sense(r->s, "052307");
	}
	result_of(1, 8);
	assert_moved(copy_eight(), 8);
}

/* A disk that never took a token knows none of ours: bounded, then it is another array's. */
static void another_array(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		expect_pt(8, 8, 1);
		token_of(1, 8);
		expect_wut(TOKEN, 16, 8, 2);
		script_sense(r->s, "052304");
	}
	assert_act(copy_eight(), XM_ACT_DEMOTE, true, "not_same_array");
}

/* It failed on its way: what the count confirms is moved, the rest is not this method's. */
static void part_way(void **state)
{
	struct xm_task *t;

	(void)state;
	expect_pt(8, 8, 1);
	token_of(1, 8);
	expect_wut(TOKEN, 16, 8, 2);
	script_sense(r->s, "031100");
	expect_rrti(1);
	script_good(r->s, "00000020 11 02 0001 fffffffe 02 00 00 f1 0000000000000003 0000 "
		    "000000000000 00000000");
	t = copy_eight();
	assert_act(t, XM_ACT_DEMOTE, false, "medium_error");
	assert_int_equal(t->moved, 3 * 512);
}

/* ---- time ---------------------------------------------------------------------------------- */

static void running(unsigned sa, unsigned counter, unsigned blocks)
{
	script_good(r->s, say("0000001c %02x 11 %04x 000003e8 00 00 00 f1 %016x 0000 "
			      "000000000000", sa, counter, blocks));
}

/* Asked about while it runs; the result that such a question finds is not asked for again. */
static void watched(void **state)
{
	(void)state;
	expect_pt(8, 8, 1);
	expect_rrti(0);
	running(0x10, 1, 0);
	token_of(1, 8);
	expect_wut(TOKEN, 16, 8, 2);
	script_later(r->s, 3500 * XM_NS_PER_MS);
	for (unsigned i = 1; i <= 3; i++) {
		expect_rrti(1);
		running(0x11, i, i);
	}
	result_of(1, 8);
	assert_moved(copy_eight(), 8);
}

/*
 * A reset is told once, to whatever comes first: what was written before may be gone
 * with a cache.
 */
static void a_reset_told_to_a_question(void **state)
{
	struct xm_task *t;

	(void)state;
	expect_pt(8, 8, 1);
	token_of(1, 8);
	expect_wut(TOKEN, 16, 8, 2);
	script_later(r->s, 1500 * XM_NS_PER_MS);
	expect_rrti(1);
	script_sense(r->s, "062900");
	t = copy_eight();
	assert_true(script_transport(r->s)->nexus.lost);
	assert_act(t, XM_ACT_RETRY, false, "no_result");
	assert_int_equal(t->moved, 0);
}

static void backwards(void **state)
{
	(void)state;
	expect_pt(8, 8, 1);
	token_of(1, 8);
	expect_wut(TOKEN, 16, 8, 2);
	script_later(r->s, 3500 * XM_NS_PER_MS);
	expect_rrti(1);
	running(0x11, 1, 5);
	expect_rrti(1);
	running(0x11, 2, 4);
	assert_act(copy_eight(), XM_ACT_DEMOTE, true, "bad_answer");
}

/*
 * It stands still: aborted after ten times 30 s, also where the path is full just
 * then; what its count confirms is moved, and the reason is ours, not the array's.
 */
static void stalled(void **state)
{
	struct xm_task t, *back = NULL;

	(void)state;
	expect_pt(8, 8, 1);
	token_of(1, 8);
	expect_wut(TOKEN, 16, 8, 2);
	script_later(r->s, 320 * XM_NS_PER_S);
	script_sense(r->s, "0a0000");
	for (unsigned at = 1; at < 301; at += 5) {
		expect_rrti(1);
		script_good(r->s, "0000001c 11 11 0001 00001388 00 00 00 f1 0000000000000003 0000 "
			    "000000000000");
	}
	script_expect(r->s, 1, say("83 1c %08x 00000000 00000000 00 00", id));
	result_of(0x60, 3);
	set_task(&t, 8, 16, 8);
	assert_int_equal(xm_method_submit(r->m, &t), XM_QUEUED);
	for (unsigned s = 0; s < 330 && !back; s++) {
		if (s == 298 || s == 310)
			script_transport(r->s)->max_inflight = s == 298 ? 1 : 64;
		for (unsigned i = 0; i < 100 && !back; i++) {
			back = reap_one(r);
			script_advance(r->s, 10 * XM_NS_PER_MS);
		}
	}
	assert_ptr_equal(back, &t);
	script_drained(r->s);
	assert_act(&t, XM_ACT_DEMOTE, false, "stalled");
	assert_int_equal(t.moved, 3 * 512);
}

static void lost(void **state)
{
	struct xm_task *t;

	(void)state;
	expect_pt(8, 8, 1);
	token_of(1, 8);
	expect_wut(TOKEN, 16, 8, 2);
	script_no_answer(r->s, 110);
	expect_rrti(1);
	script_sense(r->s, "052400");
	t = copy_eight();
	assert_int_equal(t->status.certainty, XM_UNKNOWN);
	assert_int_equal(t->moved, 0);
	assert_ptr_equal(t->nexus, &script_transport(r->s)->nexus);
}

/* ---- without tokens ------------------------------------------------------------------------ */

static void no_page(void **state)
{
	struct xm_method *m;
	struct xm_refusal why = { 0 };

	(void)state;
	r->lu[1].has_vpd_8f = false;
	script_expect(r->s, 0, "12 01 8f 1000 00");
	script_good(r->s, PAGE);
	assert_int_equal(xm_method_open(&scsi_method_odx, &r->pair, &m, &why), -1);
	assert_string_equal(why.reason, "no_vpd_8f");
	assert_non_null(strstr(why.detail, "the destination"));
	assert_true(why.foreign);
	script_drained(r->s);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup_odx, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(one_task), T(several_runs), T(short_token), T(short_write), T(zeros),
		T(identifier_in_use), T(in_the_foreground), T(token_expired), T(another_array),
		T(part_way), T(watched), T(a_reset_told_to_a_question), T(backwards), T(stalled),
		T(lost), T(no_page),
	};

	return cmocka_run_group_tests_name("scsi-odx-method", tests, NULL, NULL);
}
