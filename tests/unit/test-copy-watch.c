/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watch over a copy with a 32-bit list identifier, on a script: when it asks, what it
 * makes of counts that stand, run backwards, leap or cannot be read, of answers of wrong
 * lengths, and that it aborts once.  Nothing it is told may make it ask for ever.
 */
#include <stdbool.h>
#include <stdarg.h>
#include <stdlib.h>
#include "scsi-hex.h"
#include "copy-watch.h"
#include "transport-script.h"

#define S XM_NS_PER_S
#define ID 0x01020304u
/*
 * Byte for byte from reference/scsi-offload.md 3.1: the identifier at 2,
 * ALLOCATION LENGTH at 10.
 */
#define RCS "84 05 01020304 00000000 00000400 00 00"
#define COA "83 1c 01020304 00000000 00000000 00 00"

static struct script *s;
static struct copy_watch w;
static struct xm_list done;
static unsigned took;

static uint64_t now(void)
{
	return script_ctx(s)->clock->now(script_ctx(s)->clock);
}

static int setup(void **state)
{
	(void)state;
	s = script_open(NULL);
	xm_list_init(&done);
	took = 0;
	copy_watch_start(&w, script_transport(s), 7, ID, now());
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	script_close(s);
	return 0;
}

/* Turns of 0.1 s. */
static void pass(unsigned seconds)
{
	struct scsi_transport *t = script_transport(s);

	for (unsigned i = 0; i < 10 * seconds; i++) {
		copy_watch_step(&w, &done, NULL, now());
		t->ops->service(t);
		while (xm_list_pop(&done)) {
			copy_watch_took(&w, now());
			took++;
		}
		script_advance(s, S / 10);
	}
}

static void expect(const char *answer)
{
	script_expect(s, 7, RCS);
	script_good(s, answer);
}

/* 32 bytes: said to run; counter, delay in ms, units, count. */
static void expect_running(unsigned counter, unsigned delay, const char *units, uint64_t count)
{
	char text[200];

	snprintf(text, sizeof text,
		 "0000001c 01 11 %04x %08x 00 00 00 %s %016llx 0000 000000000000",
		 counter, delay, units, (unsigned long long)count);
	expect(text);
}

static void quiet_from_here(void)
{
	script_drained(s);
	pass(3600);
	assert_int_equal(w.at, XM_NEVER);
	assert_false(w.out);
}

/* ---- when it asks --------------------------------------------------------------------- */

/* Not before a second; then as the array wishes, but seldom, and at least every 5 s. */
static void seldom(void **state)
{
	(void)state;
	pass(1);
	assert_int_equal(took, 0);
	expect_running(1, 10, "00", 100);
	pass(1);
	assert_int_equal(took, 1);
	expect_running(2, 2000, "00", 200);
	pass(1);
	assert_int_equal(took, 2);
	pass(1);
	expect_running(3, 3600000, "00", 300);
	pass(1);
	assert_int_equal(took, 3);
	pass(4);
	assert_int_equal(took, 3);
	expect("0000001c 01 01 0004 00000000 00 00 00 00 0000000000000190 0001 000000000000");
	pass(2);
	quiet_from_here();
}

/* The command was answered while a question is out: its answer wakes nothing up. */
static void over(void **state)
{
	struct xm_waiter waiter = { .deadline = XM_NEVER };

	(void)state;
	expect_running(1, 1000, "00", 100);
	script_later(s, 10 * S);
	pass(2);
	assert_true(w.out);
	copy_watch_stop(&w);
	pass(10);
	assert_int_equal(took, 1);
	quiet_from_here();
	copy_watch_wait(&w, now(), &waiter);
	assert_int_equal(waiter.deadline, XM_NEVER);
}

/* What finds no room is tried again, a question as an abort, and soon. */
static void no_room(void **state)
{
	struct xm_waiter waiter = { .deadline = XM_NEVER };

	(void)state;
	script_transport(s)->max_inflight = 0;
	pass(5);
	assert_int_equal(took, 0);
	copy_watch_wait(&w, now(), &waiter);
	assert_in_range(waiter.deadline, now(), now() + S / 10);
	script_transport(s)->max_inflight = 1;
	expect_running(1, 5000, "00", 100);
	pass(1);
	assert_int_equal(took, 1);
	script_transport(s)->max_inflight = 0;
	pass(600);
	assert_false(w.aborted);
	script_transport(s)->max_inflight = 1;
	script_expect(s, 7, COA);
	pass(1);
	assert_true(w.aborted);
	quiet_from_here();
}

/* ---- what it is told -------------------------------------------------------------------- */

/* Ten times 30 s without a change: aborted, once, and never asked again. */
static void stands_still(void **state)
{
	(void)state;
	for (unsigned at = 1; at < 301; at += 5)
		expect_running(9, 5000, "00", 4096);
	pass(300);
	assert_false(w.aborted);
	script_expect(s, 7, COA);
	pass(8);
	assert_true(w.aborted);
	quiet_from_here();
}

/* Backwards, or a counter alone: it lives, and that is all that is believed. */
static void backwards(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 120; i++)
		expect_running(i / 60, 5000, "00", 1000000 - i % 60);
	pass(598);
	assert_false(w.aborted);
	copy_watch_stop(&w);
}

/* Counts that leap, in units that overflow or are none, stand still where they say nothing else. */
static void unreadable(void **state)
{
	static const char *const units[] = { "06", "77", "ff" };

	(void)state;
	for (unsigned i = 0; i < 60; i++)
		expect_running(1, 5000, units[i % 3], UINT64_MAX - i);
	script_expect(s, 7, COA);
	pass(310);
	assert_true(w.aborted);
	quiet_from_here();
}

/* Refused, odd or of a wrong length: never asked again, and nothing is aborted. */
static void nonsense(void **state)
{
	static const char *const answers[] = {
		"",
		"0000001c 01 11",
		/* AVAILABLE DATA beyond what came, of nothing, of all there is */
		"0000001d 01 11 0001 00001388 00 00 00 00 0000000000000000 0000 000000000000",
		"0000001b 01 11 0001 00001388 00 00 00 00 0000000000000000 0000 000000000000",
		"00000000 01 11 0001 00001388 00 00 00 00 0000000000000000 0000 000000000000",
		"ffffffff 01 11 0001 00001388 00 00 00 00 0000000000000000 0000 000000000000",
		/* sense of 255 bytes that are not there; more sense than its field */
		"0000001c 01 11 0001 00001388 00 ff 00 00 0000000000000000 0000 000000000000",
		"0000001c 01 11 0001 00001388 00 00 01 00 0000000000000000 0000 000000000000",
		/* a status nobody knows */
		"0000001c 01 7f 0001 00001388 00 00 00 00 0000000000000000 0000 000000000000",
	};

	(void)state;
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		copy_watch_start(&w, script_transport(s), 7, ID, now());
		expect(answers[i]);
		pass(2);
		quiet_from_here();
		assert_false(w.aborted);
	}
}

static void refused(void **state)
{
	(void)state;
	script_expect(s, 7, RCS);
	script_sense(s, "052400");
	pass(2);
	quiet_from_here();
	copy_watch_start(&w, script_transport(s), 7, ID, now());
	script_expect(s, 7, RCS);
	script_no_answer(s, 110);
	pass(62);
	quiet_from_here();
	assert_false(w.aborted);
}

/* What passes is asked again: a unit attention must not cost the watch. */
static void passes(void **state)
{
	(void)state;
	script_expect(s, 7, RCS);
	script_status(s, 0x08);
	script_expect(s, 7, RCS);
	script_sense(s, "062a03");
	pass(3);
	assert_int_equal(took, 2);
	assert_false(script_transport(s)->nexus.lost);
	for (unsigned at = 0; at < 300; at += 5)
		expect_running(9, 5000, "00", 4096);
	script_expect(s, 7, COA);
	pass(310);
	assert_true(w.aborted);
	quiet_from_here();
}

/* Told once, to whatever comes first; also when nobody waits for that answer any more. */
static void a_reset(void **state)
{
	(void)state;
	script_expect(s, 7, RCS);
	script_sense(s, "062900");
	script_later(s, S);
	pass(2);
	assert_int_equal(took, 0);
	copy_watch_stop(&w);
	pass(1);
	assert_int_equal(took, 1);
	assert_true(script_transport(s)->nexus.lost);
}

/* Busy for ever: it is given up, as one that answers nothing is. */
static void busy_for_ever(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		script_expect(s, 7, RCS);
		script_status(s, 0x08);
	}
	pass(60);
	quiet_from_here();
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(seldom), T(over), T(no_room), T(stands_still), T(backwards), T(unreadable),
		T(nonsense), T(refused), T(passes), T(a_reset),
		T(busy_for_ever),
	};

	return cmocka_run_group_tests_name("copy-watch", tests, NULL, NULL);
}
