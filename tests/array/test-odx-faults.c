/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole jobs by token against an array that misbehaves: fault-table.h.  Every row of
 * the sense table for 00/16, 23/xx and 55/xx, and what a hostile array may say of
 * tokens and of progress.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "fault-table.h"
#include "lu.h"
#include "registry.h"

#define PT "op=83/10 "
#define WUT "op=83/11 "
#define RRTI "op=84/07 "
#define COA "op=83/1c "
#define SLOW "set copy_latency 9000|"

static const struct fault faults[] = {
	/* ---- list identifiers ---- */
	{ PT "nth=6 " SENSE(5, 00, 16), 0, ALL, NULL, NULL, NULL },
	{ WUT "nth=6-9 " SENSE(5, 00, 16), 0, ALL, NULL, NULL, NULL },
	{ WUT "nth=6 action=sense raw=700005000000000a00000000260000800000", 0, ALL, NULL, "ctl",
	  NULL },
	{ WUT "nth=6- " SENSE(5, 00, 16), 0, SOME, "list_id_busy", NULL, NULL },

	/* ---- tokens ---- */
	{ WUT "nth=6 " SENSE(5, 23, 00), 0, ALL, NULL, NULL, NULL },
	{ WUT "nth=6 " SENSE(5, 23, 01), 0, SOME, "token_refused", NULL, NULL },
	{ WUT SENSE(5, 23, 01), 0, NONE, "token_refused", NULL, NULL },
	{ WUT SENSE(5, 23, 02), 0, NONE, "not_same_array", NULL, NULL },
	{ PT SENSE(5, 23, 03), 0, NONE, "not_same_array", NULL, NULL },
	{ WUT SENSE(5, 23, 04), 0, NONE, "not_same_array", NULL, NULL },
	{ WUT "nth=6 " SENSE(5, 23, 04), 0, ALL, NULL, NULL, NULL },
	{ WUT "nth=6- " SENSE(5, 23, 04), 0, SOME, "token_gone", NULL, NULL },
	{ WUT "nth=6-8 " SENSE(5, 23, 05), 0, ALL, NULL, NULL, NULL },
	{ WUT "nth=6 " SENSE(5, 23, 06), 0, ALL, NULL, NULL, NULL },
	{ WUT "nth=6- " SENSE(5, 23, 06), 0, SOME, "token_revoked", NULL, NULL },
	{ WUT "nth=6 " SENSE(5, 23, 07), 0, ALL, NULL, NULL, NULL },
	{ WUT "nth=6- " SENSE(5, 23, 07), 0, SOME, "token_expired", NULL, NULL },
	{ WUT "nth=6 " SENSE(5, 23, 08), 0, ALL, NULL, NULL, NULL },
	{ WUT "nth=6 " SENSE(5, 23, 09), 0, ALL, NULL, NULL, NULL },
	{ WUT "nth=6 " SENSE(5, 23, 0a), 0, SOME, "token_refused", NULL, NULL },

	/* ---- resources ---- */
	{ PT "nth=6-8 " SENSE(5, 55, 0c), 0, ALL, NULL, NULL, NULL },
	{ PT "nth=6-8 " SENSE(5, 55, 0d), 0, ALL, NULL, NULL, NULL },
	{ PT "nth=6 " SENSE(5, 55, 03), 0, ALL, NULL, NULL, NULL },
	{ PT "nth=6- " SENSE(5, 55, 0d), 0, SOME, "token_resources", NULL, NULL },
	{ WUT "nth=6 action=status status=busy", 0, ALL, NULL, NULL, NULL },
	{ RRTI "nth=6-9 action=status status=busy", 0, ALL, NULL, NULL, NULL },
	{ RRTI "nth=6-9 " SENSE(6, 29, 00), 0, ALL, NULL, NULL, NULL },

	/* ---- refused ---- */
	{ PT SENSE(5, 20, 00), 0, NONE, "unsupported_opcode", NULL, NULL },
	{ PT SENSE(5, 24, 00), 0, NONE, "command_refused", NULL, NULL },
	{ WUT "action=sense len=0", 0, NONE, "no_sense", NULL, NULL },
	{ WUT "nth=6 " SENSE(5, 21, 00), 0, SOME, "lba_out_of_range", NULL, NULL },
	{ WUT "nth=6 " SENSE(5, 26, 00), 0, ALL, NULL, NULL, NULL },
	{ WUT "nth=6 " SENSE(3, 11, 00), 0, SOME, "medium_error", NULL, NULL },
	{ WUT "nth=6 " SENSE(0a, 0d, 01) " when=after", 0, SOME, "copy_aborted", NULL, NULL },
	{ WUT "nth=6 " SENSE(7, 27, 07), 75, ANY, NULL, NULL, NULL },
	{ WUT "nth=6 " SENSE(6, 29, 00), 0, ALL, NULL, NULL, NULL },
	/* what is asked for beyond the plain command */
	{ "set immed refused|" PT "nth=3 action=delay ms=1", 0, ALL, NULL, NULL, NULL },
	{ "set immed ignored|" PT "nth=3 action=delay ms=1", 0, ALL, NULL, NULL, NULL },
	{ PT "nth=1 action=sense raw=700005000000000a00000000260000800008", 0, ALL, NULL, NULL,
	  NULL },

	/* ---- nobody answers ---- */
	{ PT "nth=6 action=drop", 0, ALL, NULL, NULL, NULL },
	{ PT "nth=6 action=never", 0, ALL, NULL, NULL, NULL },
	{ WUT "nth=6 action=drop", 0, ALL, NULL, NULL, NULL },
	{ WUT "nth=6 action=drop when=after", 0, ALL, NULL, NULL, NULL },
	{ WUT "nth=6 action=never", 0, ALL, NULL, NULL, NULL },
	{ WUT "nth=6 action=never when=after", 0, ALL, NULL, NULL, NULL },
	{ WUT "nth=6 action=drop ms=40000", 0, ALL, NULL, NULL, NULL },
	{ RRTI "nth=6 action=drop", 0, ALL, NULL, NULL, NULL },
	{ RRTI "nth=6 action=never", 0, ALL, NULL, NULL, NULL },
	{ RRTI "nth=7 action=drop when=after", 0, ALL, NULL, NULL, NULL },

	/* ---- it stands still: COPY OPERATION ABORT ends that, or the fence, or nothing ---- */
	{ WUT "nth=6 action=stall blocks=0|" COA "action=delay ms=1", 0, SOME, "stalled", NULL,
	  NULL },
	{ WUT "nth=6 action=stall blocks=100|" COA "action=delay ms=1", 0, SOME, "stalled", "ctl",
	  NULL },
	{ PT "nth=6 action=stall blocks=0|" COA "action=delay ms=1", 0, SOME, "stalled", NULL,
	  NULL },
	{ "set immed ignored|" PT "nth=6 action=stall blocks=0|" COA "action=delay ms=1", 0, SOME,
	  "stalled", NULL, NULL },
	{ WUT "nth=6 action=stall blocks=0|" COA SENSE(5, 24, 00), 75, ANY, NULL, NULL, NULL },

	/* ---- it lies ---- */
	{ WUT "nth=1 action=lie", 0, NONE, "integrity", NULL, NULL },
	{ WUT "nth=1 action=short blocks=2047", 0, NONE, "integrity", NULL, NULL },
	{ WUT "nth=1 action=misplace by=1", 0, NONE, "integrity", NULL, NULL },
	{ WUT "nth=6 action=lie", 0, NONE, "integrity", NULL, "full" },
	{ WUT "nth=6 action=flip off=70000", 0, NONE, "integrity", NULL, "full" },
	{ WUT "nth=6 action=late ms=1000", 0, ANY, NULL, NULL, "full" },

	/* ---- it owns up, by the residual, to not having taken the list ---- */
	{ PT "nth=3 action=residual len=16", 0, SOME, "short_transfer", NULL, NULL },
	{ WUT "nth=6 action=residual len=16", 0, SOME, "short_transfer", NULL, NULL },
	{ WUT "action=residual len=552", 0, NONE, "short_transfer", NULL, NULL },

	/* ---- answers that cannot be ---- */
	/* another length: of the whole, of the sense, of the token descriptor, of the token */
	{ RRTI "nth=6 action=truncate len=20", 0, SOME, "bad_answer", NULL, NULL },
	{ RRTI "nth=1 action=truncate len=100", 0, NONE, "bad_answer", NULL, NULL },
	{ RRTI "nth=6 action=patch off=0 hex=ffffffff", 0, SOME, "bad_answer", NULL, NULL },
	{ RRTI "nth=6 action=patch off=0 hex=00000000", 0, SOME, "bad_answer", NULL, NULL },
	{ RRTI "nth=6 action=patch off=13 hex=ff", 0, SOME, "bad_answer", NULL, NULL },
	{ RRTI "nth=1 action=patch off=32 hex=00000201", 0, NONE, "bad_answer", NULL, NULL },
	{ RRTI "nth=1 action=patch off=32 hex=00000000", 0, NONE, "bad_answer", NULL, NULL },
	{ RRTI "nth=1 action=patch off=32 hex=ffffffff", 0, NONE, "bad_answer", NULL, NULL },
	{ RRTI "nth=1 action=patch off=44 hex=ffff", 0, NONE, "bad_answer", NULL, NULL },
	/* of another command, of no known status, in no known units */
	{ RRTI "nth=6 action=patch off=4 hex=1f", 0, SOME, "bad_answer", NULL, NULL },
	{ RRTI "nth=6 action=patch off=5 hex=7f", 0, SOME, "bad_answer", NULL, NULL },
	{ RRTI "nth=6 action=patch off=15 hex=77", 0, SOME, "bad_answer", NULL, NULL },
	/* more than was asked, by one block and by all there are; none */
	{ RRTI "nth=1 action=patch off=16 hex=0000000000000801", 0, NONE, "bad_answer", NULL,
	  NULL },
	{ RRTI "nth=2 action=patch off=16 hex=0000000000000801", 0, NONE, "bad_answer", NULL,
	  NULL },
	{ RRTI "nth=6 action=patch off=16 hex=ffffffffffffffff", 0, SOME, "bad_answer", NULL,
	  NULL },
	{ RRTI "nth=2 action=patch off=15 hex=060000000000000001", 0, NONE, "bad_answer", NULL,
	  NULL },
	{ RRTI "nth=6 action=patch off=16 hex=0000000000000000", 0, SOME, "no_result", NULL, NULL },
	/* progress that never ends: of tokens, and of writes that were answered */
	{ RRTI "nth=6- action=patch off=5 hex=12", 0, SOME, "no_result", NULL, NULL },
	{ RRTI "action=patch off=5 hex=10", 0, NONE, "no_result", NULL, NULL },
	{ RRTI SENSE(5, 24, 00), 0, NONE, "no_result", NULL, NULL },
	{ RRTI "nth=6 " SENSE(5, 24, 00), 0, ALL, NULL, NULL, NULL },
	/* progress that runs backwards, or beyond what was asked: of a token, and of a write */
	{ "set token_latency 9000|" RRTI "nth=1 action=patch off=16 hex=0000000000000100|"
	  RRTI "nth=2 action=patch off=16 hex=0000000000000050", 0, NONE, "bad_answer", NULL,
	  NULL },
	{ "set token_latency 9000|" RRTI "nth=1 action=patch off=16 hex=0000000000000801", 0, NONE,
	  "bad_answer", NULL, NULL },
	{ SLOW RRTI "lun=1 nth=1 action=patch off=16 hex=0000000000000100|"
	  RRTI "lun=1 nth=2 action=patch off=16 hex=00000000000000ff", 0, NONE, "bad_answer", NULL,
	  NULL },
	{ SLOW RRTI "lun=1 nth=2 action=patch off=16 hex=0000000000000801", 0, NONE, "bad_answer",
	  NULL, NULL },
	{ SLOW RRTI "lun=1 nth=2 action=patch off=16 hex=ffffffffffffffff", 0, ALL, NULL, NULL,
	  NULL },
	{ SLOW RRTI "lun=1 nth=2 action=truncate len=31", 0, NONE, "bad_answer", NULL, NULL },
	{ SLOW RRTI "lun=1 nth=2 action=patch off=4 hex=10", 0, NONE, "bad_answer", NULL, NULL },
	{ SLOW RRTI "lun=1 nth=2 " SENSE(5, 24, 00), 0, ALL, NULL, NULL, NULL },
	/* progress that would take days */
	{ "set copy_latency 86400000|" COA "action=delay ms=1", 0, NONE, "stalled", NULL, NULL },
	{ "set token_latency 86400000|" COA "action=delay ms=1", 0, NONE, "stalled", NULL, NULL },
	/* a token that is another one */
	{ RRTI "nth=1 action=patch off=80 hex=0123456789abcdef", 0, ALL, NULL, NULL, NULL },
	{ RRTI "action=patch off=80 hex=0123456789abcdef", 0, NONE, "not_same_array", NULL, NULL },

	/* ---- what it says of itself ---- */
	{ "page=8f " SENSE(5, 24, 00), 0, NONE, "no_vpd_8f", NULL, NULL },
	{ "page=8f action=truncate len=3", 0, NONE, "no_vpd_8f", NULL, NULL },
	{ "page=8f action=truncate len=100", 0, NONE, "no_vpd_8f", NULL, NULL },
	{ "page=8f action=patch off=2 hex=ffff", 0, NONE, "no_vpd_8f", NULL, NULL },
	{ "page=8f action=patch off=6 hex=ffff", 0, NONE, "no_vpd_8f", NULL, NULL },
	/* no ranges; a token of 8 KiB; an optimum of all there is */
	{ "page=8f action=patch off=14 hex=0000", 0, NONE, "bad_limits", NULL, NULL },
	{ "page=8f action=patch off=24 hex=0000000000000010", 0, ALL, NULL, NULL, NULL },
	{ "page=8f action=patch off=24 hex=ffffffffffffffffffffffffffffffff", 0, ALL, NULL, NULL,
	  NULL },
};

static const struct xm_opener *const no_openers[] = { NULL };
static const struct xm_method_ops *const methods[] = { &scsi_method_odx, &xm_method_host, NULL };
static const struct xm_registry registry = { .openers = no_openers, .methods = methods };

static void every_fault(void **state)
{
	(void)state;
	fault_table_run(&(struct fault_table){ faults, sizeof faults / sizeof faults[0], "ideal",
					       &registry });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fault),
	};
	return cmocka_run_group_tests_name("odx faults", tests, NULL, NULL);
}
