/* SPDX-License-Identifier: Apache-2.0 */
/* Is there a way for a pair: what method xcopy asks before it says so, and each refusal. */
#include <errno.h>
#include "scsi-method-rig.h"

static void limits(void **state)
{
	struct rig *r = *state;
	open_ok(r, LIO);
	assert_int_equal(r->m->limits.max_runs, 1);
	assert_true(r->m->limits.max_bytes == 65535 * 512);
	assert_int_equal(r->m->limits.max_inflight, 8);
	assert_ptr_equal(r->m->ops, &scsi_method_xcopy);
}

static void refused_without_a_command(void **state)
{
	struct rig *r = *state;
	/* the script expects nothing: a single command would fail */
	r->lu[0].block_size = 4096;
	open_refused(r, "block_size");
	xm_endpoint_close(r->ep[0]);
	xm_endpoint_close(r->ep[1]);
	r->lu[0].block_size = 512;
	r->lu[0].protection = true;
	open_refused(r, "protection_type");
	xm_endpoint_close(r->ep[0]);
	xm_endpoint_close(r->ep[1]);
	r->lu[0].protection = false;
	r->lu[1].designators[0] = r->lu[0].designators[0];
	open_refused(r, "equal_designators");
	xm_endpoint_close(r->ep[0]);
	xm_endpoint_close(r->ep[1]);
	r->lu[1].ndesignators = 0;
	open_refused(r, "no_designator");
}

static void not_scsi(void **state)
{
	struct rig *r = *state;
	static const struct xm_endpoint_ops file = { .kind = "file" };
	r->ep[0] = xm_endpoint_alloc(script_ctx(r->s), &file, "/tmp/x");
	r->ep[1] = script_endpoint(r->s, &r->lu[1]);
	r->pair = (struct xm_pair){ .ctx = script_ctx(r->s), .src = r->ep[0], .dst = r->ep[1] };
	assert_int_equal(xm_method_open(&scsi_method_xcopy, &r->pair, &r->m, &r->why), -1);
	assert_string_equal(r->why.reason, "not_scsi");
	assert_non_null(strstr(r->why.detail, "/tmp/x"));
}

static void both_answer(struct rig *r, const char *sense)
{
	script_expect(r->s, 1, RCOP);
	script_sense(r->s, sense);
	script_expect(r->s, 0, RCOP);
	script_sense(r->s, sense);
}

static void no_copy_manager(void **state)
{
	struct rig *r = *state;
	/* tgt, scsi_debug, QEMU: 3PC 0, and 84/03 asked once anyway */
	r->lu[0].third_party_copy = r->lu[1].third_party_copy = false;
	both_answer(r, "052000");
	open_refused(r, "unsupported_opcode");
	xm_endpoint_close(r->ep[0]);
	xm_endpoint_close(r->ep[1]);
	/* istgt: no sense at all */
	both_answer(r, "");
	open_refused(r, "unsupported_opcode");
	xm_endpoint_close(r->ep[0]);
	xm_endpoint_close(r->ep[1]);
	both_answer(r, "052400");
	open_refused(r, "no_third_party_copy");
}

static void no_3pc_but_limits(void **state)
{
	struct rig *r = *state;
	/* LIO with emulate_3pc=0: 84/03 answers well; the copy then does not */
	r->lu[0].third_party_copy = r->lu[1].third_party_copy = false;
	open_ok(r, LIO);
	struct xm_task t;
	expect_new(r, 1, 3, 0);
	script_sense(r->s, "052000");
	run_new(r, &t);
	assert_act(&t, XM_ACT_DEMOTE, true, "unsupported_opcode");
	assert_true(t.moved == 0 && t.status.certainty == XM_NOT_DONE);
}

static void no_limits_but_3pc(void **state)
{
	struct rig *r = *state;
	both_answer(r, "052000");
	if (open_pair(r) < 0)
		fail_msg("%s", r->why.detail);
	assert_true(r->m->limits.max_bytes == 4 * MIB);
	/* and no word that a list identifier may be left out */
	struct xm_task t;
	expect_new(r, 1, 2, 1);
	run_new(r, &t);
	assert_true(t.moved == t.bytes);
}

static void hostile_limits(void **state)
{
	struct rig *r = *state;
	expect_limits(r, "0000002a 01000000 0002 0000 00000400 10000000 00000000 00000000 00000000"
		      "0000 0001 01 09 09 09 000000 02 02 e4");
	open_refused(r, "bad_limits");
	xm_endpoint_close(r->ep[0]);
	xm_endpoint_close(r->ep[1]);
	expect_limits(r, "0000002a 01000000 0002 0001 00000400 10000000 00000000 00000000 00000000"
		      "0000 0001 01 ff 09 09 000000 02 02 e4");
	open_refused(r, "bad_limits");
	xm_endpoint_close(r->ep[0]);
	xm_endpoint_close(r->ep[1]);
	/* cut short: as if nothing were stated */
	expect_limits(r, "0000002a 01");
	if (open_pair(r) < 0)
		fail_msg("%s", r->why.detail);
	assert_true(r->m->limits.max_bytes == 4 * MIB);
}

static void forbidden_and_silent(void **state)
{
	struct rig *r = *state;
	script_expect(r->s, 1, RCOP);
	script_not_sent(r->s, EPERM);
	script_expect(r->s, 0, RCOP);
	script_not_sent(r->s, EPERM);
	open_refused(r, "no_cap_sys_rawio");
	xm_endpoint_close(r->ep[0]);
	xm_endpoint_close(r->ep[1]);
	script_expect(r->s, 1, RCOP);
	script_no_answer(r->s, ETIMEDOUT);
	script_expect(r->s, 0, RCOP);
	script_no_answer(r->s, ETIMEDOUT);
	open_refused(r, "no_answer");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(limits), T(refused_without_a_command), T(not_scsi), T(no_copy_manager),
		T(no_3pc_but_limits), T(no_limits_but_3pc), T(hostile_limits),
		T(forbidden_and_silent),
	};
	return cmocka_run_group_tests_name("scsi-method-open", tests, NULL, NULL);
}
