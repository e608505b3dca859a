/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fault rules: their words, which commands they take, and each action by what
 * the initiator sees and by what is on the LUN afterwards.
 */
#include "copy-rig.h"

static struct rig r;
static struct copy_cmd c;

static int setup(void **state)
{
	static const char *const luns[] = { "0=64M", "1=64M", NULL };

	(void)state;
	copy_open(&r, "ideal", luns);
	fill(&r, 0, 0, 4096, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	answer_drop(&c.an);
	rig_close(&r);
	return 0;
}

static unsigned rule(const char *words)
{
	unsigned id = arr_fault_add(r.a, words);

	if (!id)
		fail_msg("%s: %s", words, arr_error(r.a));
	return id;
}

/* The one rule's counts. */
static void assert_counts(unsigned matched, unsigned fired)
{
	char *text = control(&r, "faults"), want[64];

	snprintf(want, sizeof want, "\"matched\":%u,\"fired\":%u}", matched, fired);
	if (!strstr(text, want))
		fail_msg("wanted %s in %s", want, text);
	free(text);
}

static void read_16(unsigned lun, uint64_t lba, unsigned blocks)
{
	char cdb[64];

	snprintf(cdb, sizeof cdb, "88 00 %016llx %08x 00 00", (unsigned long long)lba, blocks);
	ask(&r, &c.an, lun, cdb);
}

static uint8_t data[16 * 512];

/* WRITE(16) of up to 16 blocks that hold what block 0 on of LUN 0 holds. */
static void submit_write(struct answer *an, unsigned lun, uint64_t lba, unsigned blocks)
{
	uint8_t cdb[16] = { 0x8a };

	xm_put_be64(cdb + 2, lba);
	xm_put_be32(cdb + 10, blocks);
	assert_true(arr_lu_peek(arr_target_lu(r.t, 0), 0, data, sizeof data));
	answer_drop(an);
	rig_submit(&r, r.nx, lun, an, cdb, sizeof cdb, data, blocks * 512);
}

static void write_16(unsigned lun, uint64_t lba, unsigned blocks)
{
	submit_write(&c.an, lun, lba, blocks);
	rig_until(&r, &c.an);
}

static const struct copy k64 = { .usage = 3, .src = 0, .dst = 1, .blocks = 64 };

static void copy_64(void) { copy_do(&r, &c, 0, &k64); }

static size_t writes(const struct arr_write **ret)
{
	return arr_write_log(r.a, ret);
}

/* ---- words --------------------------------------------------------------- */

static void bad_words(void **state)
{
	static const struct { const char *words, *says; } rows[] = {
		{ "", "needs action" },
		{ "op=83/00", "needs action" },
		{ "action", "'action' is not WORD=VALUE" },
		{ "action=explode", "one of the actions" },
		{ "frob=1 action=lie", "no word of a fault rule is named 'frob'" },
		{ "action=lie action=lie", "'action' is given twice" },
		{ "op=1ff action=lie", "an opcode in hex" },
		{ "op= action=lie", "an opcode in hex" },
		{ "op=83/20 action=lie", "an opcode in hex" },
		{ "op=83/ action=lie", "an opcode in hex" },
		{ "op=/00 action=lie", "an opcode in hex" },
		{ "op=0x action=lie", "an opcode in hex" },
		{ "op=-1 action=lie", "an opcode in hex" },
		{ "lun=x action=lie", "a LUN" },
		{ "lun=-1 action=lie", "a LUN" },
		{ "lun=18446744073709551616 action=lie", "a LUN" },
		{ "lba=9-8 action=lie", "an LBA" },
		{ "lba=-8 action=lie", "an LBA" },
		{ "lba=1-2-3 action=lie", "an LBA" },
		{ "nth=0 action=lie", "a number from 1" },
		{ "nth=2-1 action=lie", "a number from 1" },
		{ "every=0 action=lie", "a number from 1" },
		{ "times=0 action=lie", "a number from 1" },
		{ "initiator= action=lie", "an initiator name" },
		{ "action=lie ms=-5", "milliseconds" },
		{ "action=delay", "action=delay needs ms" },
		{ "action=late", "action=late needs ms" },
		{ "action=short", "needs blocks" },
		{ "action=misplace by=0", "not 0" },
		{ "action=misplace", "needs by" },
		{ "action=lie by=8", "action=lie takes no by" },
		{ "action=delay ms=1 k=5", "action=delay takes no k" },
		{ "action=sense", "needs k=" },
		{ "action=sense k=1f", "a sense key" },
		{ "action=sense k=5 raw=70", "raw=... is all" },
		{ "action=sense raw=7", "sense bytes in hex" },
		{ "action=sense raw=zz", "sense bytes in hex" },
		{ "action=status", "needs status" },
		{ "action=status status=tired", "a SAM status" },
		{ "action=drop when=later", "before or after" },
		{ "action=patch off=3", "needs hex" },
		{ "action=patch off=3 hex=abc", "bytes in hex" },
		{ "action=truncate", "needs len" },
		{ "action=flip", "needs off" },
		{ "action=stall", "needs blocks" },
		{ "action=lie initiator=\xff", "plain ASCII" },
		{ "action=lie\n", "plain ASCII" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (arr_fault_add(r.a, rows[i].words))
			fail_msg("'%s' was taken", rows[i].words);
		if (!strstr(arr_error(r.a), rows[i].says))
			fail_msg("'%s': wanted '%s', got '%s'", rows[i].words, rows[i].says,
				 arr_error(r.a));
	}
}

static void ids_and_removal(void **state)
{
	(void)state;
	assert_int_equal(rule("op=83/00 action=lie"), 1);
	assert_int_equal(rule("op=84/03 action=lie"), 2);
	assert_true(arr_fault_remove(r.a, 1));
	assert_false(arr_fault_remove(r.a, 1));
	assert_int_equal(rule("op=00 action=lie"), 3);
	assert_true(arr_fault_remove(r.a, 0));
	assert_false(arr_fault_remove(r.a, 3));
	assert_true(arr_fault_remove(r.a, 0));
}

/* ---- which commands ------------------------------------------------------ */

/* By what a rule with action=status status=busy says BUSY to: a letter for each command, - or B. */
static void matching(void **state)
{
	static const struct { const char *words, *hits; } rows[] = {
		/*
		 * TUR 0, READ 0 at 0+8, READ 1 at 100+8, WRITE 1 at 50+4, copy 0:0-63 to
		 * 1:0-63 at LUN 0, INQUIRY 83, INQUIRY 80, 84/03, 9e/10
		 */
		{ "", "BBBBBBBBB" },
		{ "op=00", "B--------" },
		{ "op=88", "-BB------" },
		{ "op=reads", "-BB------" },
		{ "op=writes", "---B-----" },
		{ "op=83", "----B----" },
		{ "op=83/00", "----B----" },
		{ "op=83/01", "---------" },
		{ "op=84/03", "-------B-" },
		{ "op=9e/10", "--------B" },
		{ "lun=1", "--BB-----" },
		{ "op=88 lun=1", "--B------" },
		{ "lun=7", "---------" },
		{ "page=83", "-----B---" },
		{ "lba=0", "-B--B----" },
		{ "lba=7", "-B--B----" },
		{ "lba=8", "----B----" },
		{ "lba=53-99", "---BB----" },
		{ "lba=64-99", "---------" },
		{ "lba=107-", "--B------" },
		{ "lba=108-", "---------" },
		{ "lba=0x64-0x65", "--B------" },
		{ "initiator=iqn.2026-01.test:host", "BBBBBBBBB" },
		{ "initiator=iqn.2026-01.test:hos", "---------" },
		{ "target=iqn.2026-01.test:one", "BBBBBBBBB" },
		{ "target=iqn.2026-01.test:two", "---------" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char words[128], hits[10] = "";
		unsigned n = 0;

		snprintf(words, sizeof words, "%s action=status status=busy", rows[i].words);
		rule(words);
#define NOTE() (assert_true(c.an.cmd.status == 0 || c.an.cmd.status == 8), \
		hits[n++] = c.an.cmd.status ? 'B' : '-')
		ask(&r, &c.an, 0, "00 0000000000");
		NOTE();
		read_16(0, 0, 8);
		NOTE();
		read_16(1, 100, 8);
		NOTE();
		write_16(1, 50, 4);
		NOTE();
		/* The list needs INQUIRY for its designators: rules are in the way. */
		assert_true(arr_fault_remove(r.a, 0));
		copy_list(&r, &c, &k64);
		rule(words);
		copy_again(&r, &c, 0);
		NOTE();
		ask(&r, &c.an, 0, "12 01 83 00ff 00");
		NOTE();
		ask(&r, &c.an, 0, "12 01 80 00ff 00");
		NOTE();
		ask(&r, &c.an, 0, "84 03 00 00000000000000 00000100 00 00");
		NOTE();
		ask(&r, &c.an, 0, "9e 10 0000000000000000 00000020 00 00");
		NOTE();
		if (strcmp(hits, rows[i].hits) != 0)
			fail_msg("'%s' hit %s, not %s", rows[i].words, hits, rows[i].hits);
		assert_true(arr_fault_remove(r.a, 0));
	}
}

static void counting(void **state)
{
	static const struct { const char *words, *hits; unsigned fired; } rows[] = {
		{ "nth=3", "--B---------", 1 },
		{ "nth=3-", "--BBBBBBBBBB", 10 },
		{ "nth=3-5", "--BBB-------", 3 },
		{ "every=4", "B---B---B---", 3 },
		{ "nth=2- every=3", "-B--B--B--B-", 4 },
		{ "times=2", "BB----------", 2 },
		{ "nth=4- every=2 times=3", "---B-B-B----", 3 },
		{ "nth=0xc", "-----------B", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char words[128], hits[13] = "";

		snprintf(words, sizeof words, "op=00 %s action=status status=busy", rows[i].words);
		rule(words);
		for (unsigned n = 0; n < 12; n++) {
			ask(&r, &c.an, 0, "00 0000000000");
			hits[n] = c.an.cmd.status ? 'B' : '-';
			/* Another command in between is no match. */
			read_16(0, 0, 1);
			assert_good(&c.an);
		}
		if (strcmp(hits, rows[i].hits) != 0)
			fail_msg("'%s' hit %s, not %s", rows[i].words, hits, rows[i].hits);
		assert_counts(12, rows[i].fired);
		assert_true(arr_fault_remove(r.a, 0));
	}
}

/* Both count the command, the first whose turn it is takes it. */
static void two_rules(void **state)
{
	(void)state;
	rule("op=00 nth=2 action=status status=busy");
	rule("op=00 nth=2- action=status status=task_set_full");
	ask(&r, &c.an, 0, "00 0000000000");
	assert_good(&c.an);
	ask(&r, &c.an, 0, "00 0000000000");
	assert_int_equal(c.an.cmd.status, 0x08);
	ask(&r, &c.an, 0, "00 0000000000");
	assert_int_equal(c.an.cmd.status, 0x28);
}

/* ---- sense and status ---------------------------------------------------- */

static void sense_forms(void **state)
{
	static const struct { const char *words, *sense; } rows[] = {
		{ "k=0a asc=0d ascq=02", "70 00 0a 00000000 0a 00000000 0d 02 00 000000" },
		{ "k=3 asc=11", "70 00 03 00000000 0a 00000000 11 00 00 000000" },
		{ "k=3 asc=11 info=0x1234", "f0 00 03 00001234 0a 00000000 11 00 00 000000" },
		{ "k=0a asc=0d ascq=01 segment=3",
		  "70 00 0a 00000000 0a 00000003 0d 01 00 000000" },
		{ "k=0a asc=0d ascq=02 format=descriptor", "72 0a 0d 02 000000 00" },
		{ "k=3 asc=11 info=0x123456789 format=descriptor",
		  "72 03 11 00 000000 0c 00 0a 80 00 0000000123456789" },
		{ "k=0a asc=0d ascq=01 segment=3 format=descriptor",
		  "72 0a 0d 01 000000 0c 01 0a 00 00 0000 0003 00000000" },
		{ "k=5 asc=20 len=0", "" },
		{ "len=0", "" },
		{ "k=5 asc=20 len=3", "70 00 05" },
		{ "raw=72050a00ffff", "72 05 0a 00 ff ff" },
		{ "raw=7f len=1", "7f" },
	};

	(void)state;
	copy_list(&r, &c, &k64);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char words[128];

		snprintf(words, sizeof words, "op=83/00 action=sense %s", rows[i].words);
		rule(words);
		copy_again(&r, &c, 0);
		assert_int_equal(c.an.cmd.status, 0x02);
		assert_hex(c.an.cmd.sense, c.an.cmd.sense_len, rows[i].sense);
		assert_true(arr_fault_remove(r.a, 0));
	}
	assert_true(is_zero(&r, 1, 0, 64));
}

/* Done, and then refused. */
static void sense_after(void **state)
{
	(void)state;
	rule("op=83/00 action=sense k=0a asc=0d ascq=01 when=after");
	copy_64();
	assert_int_equal(sense_of(&c.an), 0x0a0d01);
	assert_true(holds(&r, 1, 0, 64, 1, 0));
	assert_counts(1, 1);
}

static void statuses(void **state)
{
	static const struct { const char *name; unsigned status; } rows[] = {
		{ "good", 0 }, { "condition_met", 4 }, { "busy", 8 },
		{ "reservation_conflict", 0x18 }, { "task_set_full", 0x28 },
		{ "aca_active", 0x30 }, { "task_aborted", 0x40 }, { "7e", 0x7e },
	};

	(void)state;
	copy_list(&r, &c, &k64);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char words[128];

		snprintf(words, sizeof words, "op=83/00 action=status status=%s", rows[i].name);
		rule(words);
		copy_again(&r, &c, 0);
		assert_int_equal(c.an.cmd.status, rows[i].status);
		assert_int_equal(c.an.cmd.sense_len, 0);
		assert_true(arr_fault_remove(r.a, 0));
	}
	assert_true(is_zero(&r, 1, 0, 64));
	rule("op=83/00 action=status status=busy when=after");
	copy_again(&r, &c, 0);
	assert_int_equal(c.an.cmd.status, 8);
	assert_true(holds(&r, 1, 0, 64, 1, 0));
}

/* ---- time ---------------------------------------------------------------- */

static void delay(void **state)
{
	uint64_t began;

	(void)state;
	rule("op=83/00 action=delay ms=1500");
	copy_list(&r, &c, &k64);
	began = r.now;
	copy_send(&r, r.nx, &c, 0);
	rig_advance(&r, 1499 * MS);
	assert_int_equal(c.an.done, 0);
	assert_true(is_zero(&r, 1, 0, 64));
	rig_until(&r, &c.an);
	assert_true(r.now - began == 1500 * MS);
	assert_good(&c.an);
	assert_true(holds(&r, 1, 0, 64, 1, 0));
}

/* It starts late, and goes on when its session is gone. */
static void delay_outlives_the_session(void **state)
{
	struct arr_nexus *mover = copy_nexus(&r, "iqn.2026-01.test:mover", 9);

	(void)state;
	rule("op=83/00 action=delay ms=1500");
	copy_list(&r, &c, &k64);
	copy_send(&r, mover, &c, 0);
	rig_advance(&r, 100 * MS);
	arr_nexus_close(mover);
	assert_int_equal(arr_nexus_busy(r.a, r.t, "iqn.2026-01.test:mover", 9), 1);
	fill(&r, 1, 0, 64, 77);
	rig_advance(&r, 1399 * MS);
	assert_true(holds(&r, 1, 0, 64, 77, 0));
	assert_int_equal(arr_nexus_busy(r.a, r.t, "iqn.2026-01.test:mover", 9), 1);
	rig_advance(&r, 2 * MS);
	assert_true(holds(&r, 1, 0, 64, 1, 0));
	assert_int_equal(arr_nexus_busy(r.a, r.t, "iqn.2026-01.test:mover", 9), 0);
	assert_true(c.an.cmd.no_answer);
}

static void any_action_may_wait(void **state)
{
	uint64_t began;

	(void)state;
	rule("op=83/00 action=status status=busy ms=20");
	copy_list(&r, &c, &k64);
	began = r.now;
	copy_again(&r, &c, 0);
	assert_int_equal(c.an.cmd.status, 8);
	assert_true(r.now - began == 20 * MS);
}

/* GOOD at once, the blocks 30 ms later, the counts tell of one command. */
static void late(void **state)
{
	uint64_t began;

	(void)state;
	rule("op=83/00 times=1 action=late ms=30");
	copy_list(&r, &c, &k64);
	began = r.now;
	copy_again(&r, &c, 0);
	assert_good(&c.an);
	assert_true(r.now == began);
	memset(c.list, 0xff, sizeof c.list);
	assert_true(is_zero(&r, 1, 0, 64));
	rig_advance(&r, 29 * MS);
	assert_true(is_zero(&r, 1, 0, 64));
	rig_advance(&r, 2 * MS);
	assert_true(holds(&r, 1, 0, 64, 1, 0));
	assert_counts(1, 1);
	char *stats = control(&r, "stats");
	assert_non_null(strstr(stats, "\"copies\":{\"commands\":1,\"bytes\":32768,"));
	free(stats);
}

static void late_write(void **state)
{
	(void)state;
	rule("op=writes action=late ms=30");
	write_16(1, 8, 4);
	assert_good(&c.an);
	memset(data, 0xff, sizeof data);
	rig_advance(&r, 29 * MS);
	assert_true(is_zero(&r, 1, 8, 4));
	rig_advance(&r, 2 * MS);
	assert_true(holds(&r, 1, 8, 4, 1, 0));
}

/* ---- no answer ----------------------------------------------------------- */

static void drop(void **state)
{
	(void)state;
	rule("op=83/00 action=drop");
	copy_64();
	assert_true(c.an.cmd.drop_connection && c.an.cmd.no_answer);
	assert_true(is_zero(&r, 1, 0, 64));
	assert_true(arr_fault_remove(r.a, 0));
	rule("op=83/00 action=drop when=after");
	copy_64();
	assert_true(c.an.cmd.drop_connection && c.an.cmd.no_answer);
	assert_true(holds(&r, 1, 0, 64, 1, 0));
}

static void never(void **state)
{
	(void)state;
	rule("op=83/00 action=never");
	copy_list(&r, &c, &k64);
	copy_send(&r, r.nx, &c, 0);
	rig_advance(&r, 3600 * 1000 * MS);
	assert_int_equal(c.an.done, 0);
	assert_true(is_zero(&r, 1, 0, 64));
	/* It can still be aborted. */
	assert_int_equal(arr_task_management(r.nx, ARR_ABORT_TASK_SET, 0, 0), ARR_TMF_DONE);
	rig_now(&r);
	assert_int_equal(c.an.done, 1);
	assert_true(c.an.cmd.no_answer);
	assert_true(arr_fault_remove(r.a, 0));
	rule("op=83/00 action=never when=after");
	copy_64();
	assert_true(c.an.cmd.no_answer && !c.an.cmd.drop_connection);
	assert_true(holds(&r, 1, 0, 64, 1, 0));
}

/* A session that ends takes the hanging command with it: no ghost is left. */
static void never_ends_with_the_session(void **state)
{
	struct arr_nexus *mover = copy_nexus(&r, "iqn.2026-01.test:mover", 9);

	(void)state;
	rule("op=83/00 action=never");
	copy_list(&r, &c, &k64);
	copy_send(&r, mover, &c, 0);
	rig_advance(&r, MS);
	arr_nexus_close(mover);
	assert_int_equal(arr_nexus_busy(r.a, r.t, "iqn.2026-01.test:mover", 9), 0);
	rig_now(&r);
	assert_int_equal(c.an.done, 1);
	assert_true(is_zero(&r, 1, 0, 64));
}

/* ---- lies ---------------------------------------------------------------- */

static void lie(void **state)
{
	const struct arr_write *log;

	(void)state;
	rule("op=83/00 action=lie");
	copy_64();
	assert_good(&c.an);
	assert_true(is_zero(&r, 1, 0, 64));
	assert_int_equal(writes(&log), 0);
	rule("op=writes action=lie");
	write_16(1, 0, 4);
	assert_good(&c.an);
	assert_true(is_zero(&r, 1, 0, 64));
	assert_int_equal(writes(&log), 0);
}

/* 3000 blocks are more than one chunk; the first 2500 arrive. */
static void cut_short(void **state)
{
	const struct arr_write *log;

	(void)state;
	rule("op=83/00 action=short blocks=2500");
	copy_do(&r, &c, 0, &(struct copy){ .usage = 3, .src = 0, .dst = 1, .dst_lba = 8,
					   .blocks = 3000 });
	assert_good(&c.an);
	assert_true(holds(&r, 1, 8, 2500, 1, 0));
	assert_true(is_zero(&r, 1, 2508, 500));
	assert_int_equal(writes(&log), 1);
	assert_int_equal(log[0].lba, 8);
	assert_int_equal(log[0].blocks, 2500);
	rule("op=writes action=short blocks=3");
	write_16(1, 10000, 4);
	assert_good(&c.an);
	assert_true(holds(&r, 1, 10000, 3, 1, 0));
	assert_true(is_zero(&r, 1, 10003, 1));
}

static void misplace(void **state)
{
	const struct arr_write *log;

	(void)state;
	rule("op=83/00 nth=1 action=misplace by=100");
	rule("op=83/00 nth=2 action=misplace by=-30");
	rule("op=83/00 nth=3- action=misplace by=-200");
	copy_do(&r, &c, 0, &(struct copy){ .usage = 3, .src = 0, .dst = 1, .dst_lba = 100,
					   .blocks = 64 });
	assert_good(&c.an);
	assert_true(holds(&r, 1, 200, 64, 1, 0));
	assert_true(is_zero(&r, 1, 0, 200));
	copy_do(&r, &c, 0, &(struct copy){ .usage = 3, .src = 0, .dst = 1, .dst_lba = 100,
					   .blocks = 10 });
	assert_good(&c.an);
	assert_true(holds(&r, 1, 70, 10, 1, 0));
	assert_int_equal(writes(&log), 2);
	assert_int_equal(log[0].lba, 200);
	assert_int_equal(log[1].lba, 70);
	/* Off the LUN: GOOD, and nothing is written. */
	copy_do(&r, &c, 0, &(struct copy){ .usage = 3, .src = 0, .dst = 1, .dst_lba = 100,
					   .blocks = 10 });
	assert_good(&c.an);
	assert_int_equal(writes(&log), 2);
}

static void misplace_past_the_end(void **state)
{
	const struct arr_write *log;

	(void)state;
	rule("op=83/00 action=misplace by=0x7fffffffffffffff");
	copy_64();
	assert_good(&c.an);
	assert_true(arr_fault_remove(r.a, 0));
	rule("op=83/00 action=misplace by=131072");
	copy_64();
	assert_good(&c.an);
	assert_int_equal(writes(&log), 0);
}

/* Byte 1.5 MiB on is in the second chunk. */
static void flip(void **state)
{
	uint8_t want, got;

	(void)state;
	rule("op=83/00 action=flip off=1500000");
	copy_do(&r, &c, 0, &(struct copy){ .usage = 3, .src = 0, .dst = 1, .dst_lba = 8,
					   .blocks = 4000 });
	assert_good(&c.an);
	assert_true(arr_lu_peek(arr_target_lu(r.t, 0), 1500000, &want, 1));
	assert_true(arr_lu_peek(arr_target_lu(r.t, 1), 8 * 512 + 1500000, &got, 1));
	assert_int_equal(got, want ^ 0xff);
	assert_true(arr_lu_poke(arr_target_lu(r.t, 1), 8 * 512 + 1500000, &want, 1));
	assert_true(holds(&r, 1, 8, 4000, 1, 0));
	rule("op=writes action=flip off=513");
	write_16(1, 0, 2);
	assert_good(&c.an);
	assert_true(holds(&r, 1, 0, 1, 1, 0));
	assert_false(holds(&r, 1, 1, 1, 1, 1));
}

/* ---- hostile answers ----------------------------------------------------- */

#define CAPACITY "9e 10 0000000000000000 00000020 00 00"

static void patch(void **state)
{
	(void)state;
	rule("op=9e/10 action=patch off=8 hex=ffffffff");
	ask(&r, &c.an, 0, CAPACITY);
	assert_good(&c.an);
	assert_int_equal(xm_get_be64(c.an.in), 131071);
	assert_int_equal(xm_get_be32(c.an.in + 8), 0xffffffff);
	assert_true(arr_fault_remove(r.a, 0));
	/* Past the end of the answer there is nothing to change. */
	rule("op=9e/10 action=patch off=30 hex=aabbccdd");
	ask(&r, &c.an, 0, CAPACITY);
	assert_int_equal(c.an.in_len, 32);
	assert_int_equal(xm_get_be16(c.an.in + 30), 0xaabb);
	assert_true(arr_fault_remove(r.a, 0));
	rule("op=9e/10 action=patch off=4000000000 hex=aa");
	ask(&r, &c.an, 0, CAPACITY);
	assert_good(&c.an);
	/* One VPD page of all INQUIRY answers. */
	rule("page=8f action=patch off=2 hex=ffff");
	ask(&r, &c.an, 0, "12 01 8f 00ff 00");
	assert_int_equal(xm_get_be16(c.an.in + 2), 0xffff);
	ask(&r, &c.an, 0, "12 01 83 00ff 00");
	assert_true(xm_get_be16(c.an.in + 2) < 0x100);
}

static void truncate_answer(void **state)
{
	(void)state;
	rule("op=84/03 action=truncate len=7");
	ask(&r, &c.an, 0, "84 03 00 00000000000000 00000100 00 00");
	assert_good(&c.an);
	assert_hex(c.an.in, c.an.in_len, "0000002b 010000");
	assert_true(arr_fault_remove(r.a, 0));
	rule("op=84/03 action=truncate len=0");
	ask(&r, &c.an, 0, "84 03 00 00000000000000 00000100 00 00");
	assert_good(&c.an);
	assert_int_equal(c.an.in_len, 0);
}

/* Also for a command that this persona does not have. */
static void answer(void **state)
{
	(void)state;
	control_ok(&r, "set persona lio");
	rig_clear_ua(&r, r.nx, 0);
	ask(&r, &c.an, 0, "12 01 8f 00ff 00");
	assert_int_equal(sense_of(&c.an), 0x052400);
	rule("page=8f action=answer hex=008f0004deadbeef");
	ask(&r, &c.an, 0, "12 01 8f 00ff 00");
	assert_good(&c.an);
	assert_hex(c.an.in, c.an.in_len, "008f0004deadbeef");
}

/* ---- removal under a command that a rule has taken ----------------------- */

static void removed_meanwhile(void **state)
{
	(void)state;
	rule("op=83/00 action=lie ms=10");
	copy_list(&r, &c, &k64);
	copy_send(&r, r.nx, &c, 0);
	rig_advance(&r, MS);
	assert_true(arr_fault_remove(r.a, 0));
	rig_until(&r, &c.an);
	assert_good(&c.an);
	assert_true(holds(&r, 1, 0, 64, 1, 0));
}

/* A command to a LUN that is not there can be taken too, and its rule removed. */
static void no_lun(void **state)
{
	(void)state;
	rule("lun=9 action=never");
	rig_submit(&r, r.nx, 9, &c.an, CDB(0x12, 0, 0, 0, 36), NULL, 0);
	rig_advance(&r, MS);
	assert_int_equal(c.an.done, 0);
	assert_counts(1, 1);
	assert_true(arr_fault_remove(r.a, 0));
	arr_nexus_close(r.nx);
	r.nx = NULL;
	rig_now(&r);
	assert_int_equal(c.an.done, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bad_words),
		TEST(ids_and_removal),
		TEST(matching),
		TEST(counting),
		TEST(two_rules),
		TEST(sense_forms),
		TEST(sense_after),
		TEST(statuses),
		TEST(delay),
		TEST(delay_outlives_the_session),
		TEST(any_action_may_wait),
		TEST(late),
		TEST(late_write),
		TEST(drop),
		TEST(never),
		TEST(never_ends_with_the_session),
		TEST(lie),
		TEST(cut_short),
		TEST(misplace),
		TEST(misplace_past_the_end),
		TEST(flip),
		TEST(patch),
		TEST(truncate_answer),
		TEST(answer),
		TEST(removed_meanwhile),
		TEST(no_lun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
