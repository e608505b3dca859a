/* SPDX-License-Identifier: Apache-2.0 */
/* Whole jobs by EXTENDED COPY against an array that misbehaves: fault-table.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "fault-table.h"

#define COPY "op=83/00 "
#define SLOW "set copy_latency 5000|"

static const struct fault faults[] = {
	/* ---- the array refuses ---- */
	{ COPY SENSE(5, 20, 00), 0, NONE, "unsupported_opcode", NULL, NULL },
	{ COPY "nth=6- " SENSE(5, 20, 00), 0, SOME, "unsupported_opcode", NULL, NULL },
	{ COPY SENSE(0a, 0d, 02), 0, NONE, "not_same_array", NULL, NULL },
	{ COPY "nth=1 " SENSE(0a, 0d, 02), 0, ALL, NULL, NULL, NULL },
	{ COPY "nth=6 " SENSE(0a, 0d, 02), 0, SOME, "copy_aborted", NULL, NULL },
	{ COPY SENSE(0a, 08, 04), 0, NONE, "not_same_array", NULL, NULL },
	{ COPY SENSE(2, 08, 00), 0, NONE, "block_size", NULL, NULL },
	{ COPY SENSE(5, 24, 00), 0, NONE, "command_refused", NULL, NULL },
	{ COPY SENSE(5, 26, 00), 0, NONE, "parameter_refused", NULL, NULL },
	{ COPY "nth=4-5 " SENSE(5, 26, 08), 0, ALL, NULL, NULL, NULL },
	{ COPY SENSE(5, 26, 09), 0, NONE, "unsupported_descriptor", NULL, NULL },
	{ COPY SENSE(5, 26, 15), 0, NONE, "not_authorized", NULL, NULL },
	{ COPY "nth=6 " SENSE(5, 1a, 00), 0, ALL, NULL, NULL, NULL },
	{ COPY "nth=6 " SENSE(5, 21, 00), 0, SOME, "lba_out_of_range", NULL, NULL },
	{ COPY "nth=6 " SENSE(5, 26, 0d), 0, SOME, "granularity", NULL, NULL },
	{ COPY "nth=6 " SENSE(0a, 2e, 02), 0, ALL, NULL, NULL, NULL },
	{ COPY "action=sense len=0", 0, NONE, "no_sense", NULL, NULL },
	{ COPY "nth=6- action=sense len=0", 0, SOME, "no_sense", NULL, NULL },
	{ COPY "nth=6 action=sense raw=70", 0, SOME, "no_sense", NULL, NULL },
	{ COPY "nth=6 action=sense raw=700005000000000a00000000200000ffffff", 0, SOME,
	  "unsupported_opcode", NULL, NULL },
	{ COPY "nth=6 action=sense raw=ffffffffffffffffffffffffffffffffffff", 0, SOME, "no_sense",
	  NULL, NULL },
	{ COPY "nth=6 action=sense raw=720a0d02000000ff0c00", 0, SOME, "copy_aborted", NULL, NULL },
	{ COPY "nth=1- action=status status=reservation_conflict", 0, NONE, "reservation_conflict",
	  NULL, NULL },

	/* ---- it is busy, or something passes ---- */
	{ COPY "nth=1-5 action=status status=busy", 0, ALL, NULL, NULL, NULL },
	{ COPY "nth=6-9 action=status status=busy", 0, ALL, NULL, NULL, NULL },
	{ COPY "nth=4- every=3 times=8 action=status status=task_set_full", 0, ALL, NULL, NULL,
	  NULL },
	{ COPY "nth=6 " SENSE(5, 55, 03), 0, ALL, NULL, NULL, NULL },
	{ COPY "nth=6- action=status status=busy", 0, SOME, "array_busy", NULL, NULL },
	{ COPY "nth=6 action=status status=aca_active", 0, ALL, NULL, NULL, NULL },
	{ COPY "nth=6 action=status status=task_aborted", 0, ALL, NULL, NULL, NULL },
	{ COPY "nth=6 action=status status=task_aborted when=after", 0, ALL, NULL, NULL, NULL },
	{ COPY "nth=6 action=status status=condition_met", 0, ALL, NULL, NULL, NULL },
	{ COPY "nth=6 " SENSE(6, 29, 00), 0, ALL, NULL, NULL, NULL },
	{ COPY "nth=1 " SENSE(6, 29, 07), 0, ALL, NULL, NULL, NULL },
	{ COPY "nth=6 " SENSE(6, 3f, 0e), 0, ALL, NULL, NULL, NULL },
	{ COPY "nth=6 " SENSE(6, 2a, 09), 0, ALL, NULL, NULL, NULL },
	{ COPY "nth=6 " SENSE(6, 38, 07), 0, ALL, NULL, NULL, NULL },
	{ COPY "nth=6-8 " SENSE(2, 04, 01), 0, ALL, NULL, NULL, NULL },
	{ COPY "nth=6-8 " SENSE(0b, 47, 00), 0, ALL, NULL, NULL, NULL },
	{ COPY "nth=6-8 " SENSE(9, 80, 01), 0, ALL, NULL, NULL, NULL },
	{ COPY "nth=6 action=delay ms=30000", 0, ALL, NULL, NULL, NULL },
	{ COPY "nth=6 " SENSE(1, 17, 00) " when=after", 0, ALL, NULL, NULL, NULL },
	{ COPY "nth=6 " SENSE(5, 00, 16), 0, ALL, NULL, NULL, NULL },

	/* ---- disks ---- */
	{ COPY "nth=6 " SENSE(3, 11, 00), 0, SOME, "medium_error", NULL, NULL },
	{ COPY "nth=6 " SENSE(0a, 0c, 00), 0, SOME, "write_error", NULL, NULL },
	{ COPY "nth=6 " SENSE(4, 44, 00), 0, SOME, "hardware_error", NULL, NULL },
	{ COPY "nth=6 " SENSE(0a, 0d, 01) " when=after", 0, SOME, "copy_aborted", NULL, NULL },
	{ "op=83/01 nth=6 " SENSE(0a, 0d, 01) " segment=2 format=descriptor", 0, SOME,
	  "copy_aborted", "ctl", NULL },
	{ COPY "nth=6 " SENSE(2, 04, 03), 74, ANY, NULL, NULL, NULL },
	{ COPY "nth=6 " SENSE(2, 04, 0b), 75, ANY, NULL, NULL, NULL },
	{ COPY "nth=6 " SENSE(5, 25, 00), 74, ANY, NULL, NULL, NULL },
	{ COPY "nth=6 " SENSE(7, 27, 07), 75, ANY, NULL, NULL, NULL },
	{ COPY "nth=6 " SENSE(7, 27, 00), 73, ANY, NULL, NULL, NULL },
	{ COPY "nth=6 action=sense raw=710003000000000a000000000c00000000000000", 74, ANY, NULL,
	  NULL, NULL },

	/* ---- nobody answers ---- */
	{ COPY "nth=6 action=drop", 0, ALL, NULL, NULL, NULL },
	{ COPY "nth=6 action=drop when=after", 0, ALL, NULL, NULL, NULL },
	{ COPY "nth=1 action=drop", 0, ALL, NULL, NULL, NULL },
	{ COPY "nth=6 action=never", 0, ALL, NULL, NULL, NULL },
	{ COPY "nth=6 action=never when=after", 0, ALL, NULL, NULL, NULL },
	{ COPY "nth=6 action=drop ms=40000", 0, ALL, NULL, NULL, NULL },

	/* ---- it stands still: it is aborted where it can be watched, which LID1 cannot ---- */
	{ "op=83/01 nth=6 action=stall blocks=0|op=83/1c action=delay ms=1", 0, SOME, "stalled",
	  "ideal", NULL },
	{ "op=83/01 nth=6 action=stall blocks=0|op=83/1c " SENSE(5, 24, 00), 75, ANY, NULL, "ideal",
	  NULL },
	{ COPY "nth=6 action=stall blocks=0", 75, ANY, NULL, NULL, NULL },

	/* ---- it lies ---- */
	{ COPY "nth=1 action=lie", 0, NONE, "integrity", NULL, NULL },
	{ COPY "nth=1 action=short blocks=2047", 0, NONE, "integrity", NULL, NULL },
	{ COPY "nth=1 action=misplace by=1", 0, NONE, "integrity", NULL, NULL },
	{ COPY "nth=6- action=lie", 0, NONE, "integrity", NULL, "full" },
	{ COPY "nth=6 action=lie", 0, NONE, "integrity", NULL, "full" },
	{ COPY "nth=6 action=short blocks=8", 0, NONE, "integrity", NULL, "full" },
	{ COPY "nth=6 action=misplace by=8", 0, NONE, "integrity", NULL, "full" },
	{ COPY "nth=1 action=late ms=2000", 0, ANY, NULL, NULL, "full" },
	{ COPY "nth=6 action=late ms=1000", 0, ANY, NULL, NULL, "full" },

	/* ---- it owns up, by the residual, to not having taken the list ---- */
	{ COPY "nth=6 action=residual len=28", 0, SOME, "short_transfer", NULL, NULL },
	{ COPY "nth=6 action=residual len=4096", 0, SOME, "short_transfer", NULL, NULL },
	{ COPY "action=residual len=1", 0, NONE, "short_transfer", NULL, NULL },

	/* ---- what it says of itself ---- */
	{ "op=84/03 " SENSE(5, 20, 00), 0, ALL, NULL, NULL, NULL },
	{ "op=84/03 action=sense len=0", 0, ALL, NULL, NULL, NULL },
	{ "op=84/03 action=patch off=10 hex=0000", 0, NONE, "bad_limits", NULL, NULL },
	{ "op=84/03 action=patch off=8 hex=0001", 0, NONE, "bad_limits", NULL, NULL },
	{ "op=84/03 action=patch off=12 hex=00000001", 0, NONE, "bad_limits", NULL, NULL },
	{ "op=84/03 action=patch off=16 hex=00000001", 0, NONE, "bad_limits", NULL, NULL },
	{ "op=84/03 action=patch off=37 hex=ff", 0, NONE, "bad_limits", NULL, NULL },
	{ "op=84/03 action=patch off=44 hex=0000", 0, NONE, "unsupported_descriptor", NULL, NULL },
	{ "op=84/03 action=patch off=16 hex=00010000", 0, ALL, NULL, NULL, NULL },
	{ "op=84/03 action=patch off=37 hex=10", 0, ALL, NULL, NULL, NULL },
	{ "op=84/03 action=patch off=0 hex=ffffffff", 0, ALL, NULL, NULL, NULL },
	{ "op=84/03 action=patch off=0 hex=00000000", 0, ALL, NULL, NULL, NULL },
	{ "op=84/03 action=truncate len=20", 0, ALL, NULL, NULL, NULL },
	{ "op=84/03 action=answer hex=00", 0, ALL, NULL, NULL, NULL },
	/* asked again after a lost connection, twice */
	{ "op=84/03 nth=1 action=drop", 0, ALL, NULL, NULL, NULL },
	{ "op=84/03 nth=1-2 action=drop", 0, ALL, NULL, NULL, NULL },
	{ "op=84/03 nth=1-3 action=drop", 0, NONE, "no_answer", NULL, NULL },
	{ "op=84/03 action=never", 0, NONE, "no_answer", NULL, NULL },
	/* this makes another type of the designators, too */
	{ "op=12 action=patch off=5 hex=00", 0, ANY, NULL, NULL, NULL },
	{ "page=83 " SENSE(5, 24, 00), 0, NONE, "no_designator", NULL, NULL },
	{ "page=83 action=truncate len=10", 0, NONE, "no_designator", NULL, NULL },
	{ "page=83 action=patch off=2 hex=ffff", 0, ALL, NULL, NULL, NULL },
	{ "page=83 action=patch off=8 hex=60000000000000000000000000000001", 73, ANY, NULL, NULL,
	  NULL },
	{ "op=9e/10 action=patch off=8 hex=00000000", 74, ANY, NULL, NULL, NULL },
	{ "op=9e/10 action=patch off=0 hex=ffffffffffffffff", 74, ANY, NULL, NULL, NULL },
	{ "op=9e/10 action=sense k=5 asc=20 ascq=0|op=25 action=patch off=0 hex=ffffffff", 74, ANY,
	  NULL, NULL, NULL },
	{ "op=9e/10 lun=1 action=patch off=0 hex=00000000000000ff", 73, ANY, NULL, NULL, NULL },
	{ "op=12 lun=1 nth=1 action=drop", 75, ANY, NULL, NULL, NULL },

	/* ---- what it says of a copy that runs, which is believed to live and no more ---- */
	{ SLOW "op=84/05 action=delay ms=1", 0, ALL, NULL, "ideal", NULL },
	{ SLOW "op=84/05 " SENSE(5, 24, 00), 0, ALL, NULL, "ideal", NULL },
	{ SLOW "op=84/05 action=status status=busy", 0, ALL, NULL, "ideal", NULL },
	{ SLOW "op=84/05 action=truncate len=20", 0, ALL, NULL, "ideal", NULL },
	{ SLOW "op=84/05 action=patch off=0 hex=ffffffff", 0, ALL, NULL, "ideal", NULL },
	{ SLOW "op=84/05 action=patch off=0 hex=00000000", 0, ALL, NULL, "ideal", NULL },
	{ SLOW "op=84/05 action=patch off=5 hex=7f", 0, ALL, NULL, "ideal", NULL },
	{ SLOW "op=84/05 action=patch off=5 hex=01", 0, ALL, NULL, "ideal", NULL },
	{ SLOW "op=84/05 action=patch off=13 hex=ffff", 0, ALL, NULL, "ideal", NULL },
	{ SLOW "op=84/05 action=patch off=15 hex=77", 0, ALL, NULL, "ideal", NULL },
	{ SLOW "op=84/05 action=patch off=16 hex=ffffffffffffffff", 0, ALL, NULL, "ideal", NULL },
	{ SLOW "op=84/05 every=2 action=patch off=16 hex=0000000000000000", 0, ALL, NULL, "ideal",
	  NULL },
	{ SLOW "op=84/05 nth=3 action=drop", 0, ALL, NULL, "ideal", NULL },
	{ SLOW "op=84/05 nth=3 action=never", 0, ALL, NULL, "ideal", NULL },
	{ "set copy_latency 86400000|op=83/1c action=delay ms=1", 0, NONE, "stalled", "ideal",
	  NULL },

	/* ---- block I/O, of the trial and of the host copy ---- */
	{ "op=88 lun=0 nth=1 action=status status=busy", 0, ALL, NULL, NULL, NULL },
	{ "op=88 lun=1 nth=1 " SENSE(6, 29, 00), 0, ALL, NULL, NULL, NULL },
	{ "op=88 lun=0 nth=3 action=drop", 0, ALL, NULL, NULL, NULL },
	{ "op=8a nth=6 action=status status=task_set_full", 0, NONE, "unsupported_opcode", "none",
	  NULL },
	{ "op=8a nth=6 action=drop", 0, NONE, "unsupported_opcode", "none", NULL },
	{ "op=8a nth=6 action=drop when=after", 0, NONE, "unsupported_opcode", "none", NULL },
	{ "op=8a nth=6 action=never", 0, NONE, "unsupported_opcode", "none", NULL },
	{ "op=8a nth=6 action=drop ms=20000", 0, NONE, "unsupported_opcode", "none", NULL },
	{ "op=8a nth=6 " SENSE(3, 0c, 02), 74, ANY, NULL, "none", NULL },
	{ "op=8a nth=6 " SENSE(7, 27, 07), 75, ANY, NULL, "none", NULL },
	{ "op=8a nth=6 " SENSE(7, 27, 00), 73, ANY, NULL, "none", NULL },
	{ "op=8a nth=6 action=status status=reservation_conflict", 73, ANY, NULL, "none", NULL },
	{ "op=88 lun=0 lba=5000 " SENSE(3, 11, 00), 74, ANY, NULL, "none", NULL },
	{ "op=88 lun=0 nth=6 " SENSE(3, 11, 00), 0, NONE, "unsupported_opcode", "none", NULL },
	{ "op=88 lun=0 nth=6 action=truncate len=512", 0, NONE, "unsupported_opcode", "none",
	  NULL },
	/* cut while verifying, and slow to log in again */
	{ "op=88 nth=20-21 action=drop|action=delay ms=40", 0, NONE, "unsupported_opcode", "none",
	  NULL },
	{ "op=8a nth=6 action=lie", 65, ANY, NULL, "none", "full" },
	{ "op=8a nth=6 action=short blocks=8", 65, ANY, NULL, "none", "full" },

	/* ---- the flush ---- */
	{ "op=91 " SENSE(5, 20, 00), 0, ALL, NULL, NULL, NULL },
	{ "op=91 nth=1 action=status status=busy", 0, ALL, NULL, NULL, NULL },
	{ "op=91 nth=1 action=drop", 0, ALL, NULL, NULL, NULL },
	{ "op=91 " SENSE(3, 0c, 00), 74, ANY, NULL, NULL, NULL },
};

static void every_fault(void **state)
{
	(void)state;
	fault_table_run(&(struct fault_table){ faults, sizeof faults / sizeof faults[0], "lio",
					       NULL });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fault),
	};
	return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
