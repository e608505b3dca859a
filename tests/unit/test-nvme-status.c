/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table from a status to an action, case by case, written from
 * reference/nvme-copy.md 1.  Every row must decide at least one case.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "verdict.h"
#include "xmover.h"

enum { NONE = XM_ACT_NONE, RETRY = XM_ACT_RETRY, SHRINK = XM_ACT_SHRINK, DEMOTE = XM_ACT_DEMOTE,
       FATAL = XM_ACT_FATAL };
enum { CHUNK, PAIR };
#define ND XM_NOT_DONE
#define DW0 NVME_F_DWORD0

static const struct row {
	unsigned status;
	int act, scope, code;
	const char *reason;
	enum xm_certainty certainty;
	unsigned flags;                  /* exactly these, but for PAIR */
} rows[] = {
	{ 0x0000, NONE, 0, 0, NULL, XM_DONE, 0 },
	{ 0x6001, DEMOTE, PAIR, 0, "unsupported_opcode", ND, 0 },   /* nvmet */
	{ 0x4002, DEMOTE, PAIR, 0, "invalid_field", ND, NVME_F_REARM },
	{ 0x0003, RETRY, 0, 0, "aborted_command", ND, 0 },
	{ 0x0004, RETRY, 0, 0, "internal_error", ND, DW0 },
	{ 0x0005, RETRY, 0, 0, "aborted_command", ND, 0 },
	{ 0x0006, RETRY, 0, 0, "internal_error", ND, DW0 | NVME_F_LIMITS },
	{ 0x4006, DEMOTE, CHUNK, 0, "internal_error", ND, DW0 },
	{ 0x0007, RETRY, 0, 0, "aborted_command", ND, 0 },
	{ 0x0008, RETRY, 0, 0, "aborted_command", ND, 0 },
	{ 0x400b, DEMOTE, PAIR, 0, "bad_namespace", ND, 0 },
	{ 0x400f, DEMOTE, PAIR, 0, "list_refused", ND, 0 },
	{ 0x001d, RETRY, 0, 0, "not_ready", ND, 0 },
	{ 0x4020, FATAL, 0, XM_E_DESTINATION, "write_protected", ND, 0 },
	{ 0x0021, RETRY, 0, 0, "aborted_command", ND, DW0 },
	{ 0x0022, RETRY, 0, 0, "path_error", ND, 0 },
	{ 0x4080, DEMOTE, CHUNK, 0, "lba_out_of_range", ND, DW0 },
	{ 0x4081, FATAL, 0, XM_E_TEMPORARY, "destination_full", ND, 0 },
	{ 0x0082, RETRY, 0, 0, "not_ready", ND, 0 },
	{ 0x4083, DEMOTE, PAIR, 0, "reservation_conflict", ND, 0 },
	{ 0x0084, RETRY, 0, 0, "not_ready", ND, 0 },
	{ 0x410a, DEMOTE, PAIR, 0, "descriptor_format", ND, NVME_F_OTHER_FORMAT },
	{ 0x4180, DEMOTE, PAIR, 0, "invalid_field", ND, 0 },
	{ 0x4181, DEMOTE, PAIR, 0, "protection_check", ND, 0 },
	{ 0x4182, FATAL, 0, XM_E_DESTINATION, "write_protected", ND, 0 },
	{ 0x4183, SHRINK, 0, 0, "size_limit", ND, DW0 },
	{ 0x4185, DEMOTE, PAIR, 0, "descriptor_format", ND, 0 },
	{ 0x0186, DEMOTE, PAIR, 0, "fast_copy_not_possible", ND, 0 },
	{ 0x4186, DEMOTE, PAIR, 0, "fast_copy_not_possible", ND, 0 },
	{ 0x4187, DEMOTE, PAIR, 0, "overlap", ND, 0 },
	{ 0x4188, DEMOTE, PAIR, 0, "not_reachable", ND, 0 },
	{ 0x0189, RETRY, 0, 0, "no_resources", ND, DW0 },
	{ 0x4280, DEMOTE, CHUNK, 0, "write_error", ND, DW0 },
	{ 0x4281, DEMOTE, CHUNK, 0, "medium_error", ND, DW0 },
	{ 0x4282, DEMOTE, CHUNK, 0, "protection_check", ND, DW0 },
	{ 0x4283, DEMOTE, CHUNK, 0, "protection_check", ND, DW0 },
	{ 0x4284, DEMOTE, CHUNK, 0, "protection_check", ND, DW0 },
	{ 0x4286, DEMOTE, PAIR, 0, "access_denied", ND, 0 },
	{ 0x4287, DEMOTE, CHUNK, 0, "deallocated", ND, DW0 },
	{ 0x0300, RETRY, 0, 0, "path_error", ND, 0 },
	{ 0x0301, RETRY, 0, 0, "path_error", ND, 0 },
	{ 0x0302, RETRY, 0, 0, "path_error", ND, 0 },
	{ 0x0303, RETRY, 0, 0, "path_error", ND, 0 },
	{ 0x0360, RETRY, 0, 0, "path_error", ND, 0 },
	{ 0x0370, RETRY, 0, 0, "no_answer", XM_UNKNOWN, 0 },
	{ 0x0371, RETRY, 0, 0, "no_answer", XM_UNKNOWN, 0 },
	/* in no row: asked again, never slow in silence */
	{ 0x40c3, RETRY, 0, 0, "unlisted_answer", ND, 0 },
	{ 0x0799, RETRY, 0, 0, "unlisted_answer", ND, 0 },
};
#define ROWS (sizeof rows / sizeof rows[0])

static void judge(const struct row *r, uint16_t status, struct nvme_verdict *v)
{
	struct nvme_cmd c = { .outcome = NVME_ANSWERED, .status = status };
	const struct xm_status *s = &v->status;

	nvme_judge(&c, "to NSID 1", v);
	if ((int)s->act != r->act || s->certainty != r->certainty ||
	    strcmp(s->reason ? s->reason : "", r->reason ? r->reason : "") != 0 ||
	    s->pair_wide != (r->scope == PAIR) || s->code != r->code ||
	    (v->rule->flags & ~(unsigned)NVME_F_PAIR) != r->flags)
		fail_msg("%04x: act %d certainty %d reason %s pair %d code %d flags %x: %s", status,
			 (int)s->act, (int)s->certainty, s->reason, (int)s->pair_wide, s->code,
			 v->rule->flags, s->detail);
	if (r->certainty != XM_DONE && (!strstr(s->detail, "to NSID 1") || s->err == 0))
		fail_msg("%04x: detail \"%s\" err %d", status, s->detail, s->err);
}

static void cases(void **state)
{
	bool *hit = calloc(nvme_nrules, sizeof *hit);
	struct nvme_verdict v;

	(void)state;
	assert_non_null(hit);
	for (size_t i = 0; i < ROWS; i++) {
		judge(&rows[i], (uint16_t)rows[i].status, &v);
		if (v.rule >= nvme_rules && v.rule < nvme_rules + nvme_nrules)
			hit[v.rule - nvme_rules] = true;
		/* CRD and MORE change nothing */
		judge(&rows[i], (uint16_t)(rows[i].status | 0x3800), &v);
	}
	for (unsigned i = 0; i < nvme_nrules; i++)
		if (!hit[i])
			fail_msg("row %u (%03xh) decides no case", i, nvme_rules[i].code);
	free(hit);
}

static void unanswered(void **state)
{
	struct nvme_cmd c = { .outcome = NVME_NO_ANSWER, .err = EINTR };
	struct nvme_verdict v;

	(void)state;
	nvme_judge(&c, "x", &v);
	assert_int_equal(v.status.certainty, XM_UNKNOWN);
	assert_int_equal(v.rule->flags & NVME_F_DWORD0, 0);
	c = (struct nvme_cmd){ .outcome = NVME_NOT_SENT, .err = EACCES };
	nvme_judge(&c, "x", &v);
	assert_int_equal(v.status.act, XM_ACT_DEMOTE);
	assert_true(v.status.pair_wide);
	assert_string_equal(v.status.reason, "no_permission");
	assert_non_null(strstr(v.status.detail, "does not let this user"));
	c.err = EAGAIN;
	nvme_judge(&c, "x", &v);
	assert_int_equal(v.status.act, XM_ACT_RETRY);
	assert_int_equal(v.status.certainty, XM_NOT_DONE);
	assert_string_equal(v.status.reason, "not_sent");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases),
		cmocka_unit_test(unanswered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
