/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions that break: what becomes of commands in flight, how a dead peer is found,
 * and what a target may ask.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "iscsi-cuts.h"
#include "iscsi-pair.h"

/* ---- the connection cut at any byte, with writes in flight ------------------------------ */

static void test_random_cuts(void **state)
{
	struct pair x;

	(void)state;
	pair_open(&x, "cuts");
	cut_at_random(x.dst, &x.p, getenv("XM_LONG") ? 400 : 25);
	pair_close(&x);
}

/* ---- a peer that says nothing ----------------------------------------------------------- */

/* 20 times as fast: seconds for minutes; no time is asserted, only what is found. */
static void test_deaf_target_is_found(void **state)
{
	struct fast_clock fast;
	struct scsi_cmd cmd;
	uint8_t list[108], buf[512] = { 0 };
	struct xm_list done = XM_LIST_INIT(done);
	struct xm_status why;
	struct pair x;

	(void)state;
	pair_open(&x, "deaf");
	fast_clock_init(&fast, 20);
	x.ctx->clock = &fast.clock;
	pair_copy(&cmd, list, &x, 0, 1024, &done);
	cmd.timeout_ns = 100000 * XM_NS_PER_S;      /* so that it is not what ends it */
	x.p.deaf = true;
	assert_int_equal(scsi_submit(pair_transport(&x), &cmd), XM_QUEUED);
	rig_turn_until(x.dst, &done, 1);
	assert_int_equal(cmd.outcome, SCSI_NO_ANSWER);
	assert_int_equal(cmd.err, ETIMEDOUT);
	assert_true(x.dst->nexus->lost);
	x.p.deaf = false;
	assert_int_equal(rig_fence(x.dst, &why), XM_FENCE_FENCED);
	assert_int_equal(rig_io(x.dst, XM_IO_WRITE, 0, buf, 512).certainty, XM_DONE);
	pair_close(&x);
}

/* A copy that takes long is not a dead target: NOPs are answered meanwhile. */
static void test_slow_copy_is_waited_for(void **state)
{
	struct fast_clock fast;
	struct scsi_cmd cmd;
	uint8_t list[108];
	struct xm_list done = XM_LIST_INIT(done);
	struct pair x;

	(void)state;
	pair_open(&x, "slow");
	fast_clock_init(&fast, 20);
	x.ctx->clock = &fast.clock;
	rig_do(&x.r, "fault add op=83/00 action=delay ms=3000");
	pair_copy(&cmd, list, &x, 0, 1024, &done);
	assert_int_equal(scsi_submit(pair_transport(&x), &cmd), XM_QUEUED);
	rig_turn_until(x.dst, &done, 1);
	assert_int_equal(cmd.outcome, SCSI_ANSWERED);
	assert_int_equal(cmd.status, 0);
	assert_false(x.dst->nexus->lost);
	pair_close(&x);
}

/* One that answers NOPs and never the command: its own timeout ends it. */
static void test_command_times_out(void **state)
{
	struct fast_clock fast;
	uint8_t buf[512] = { 0 };
	struct xm_status s, why;
	struct pair x;

	(void)state;
	pair_open(&x, "timeout");
	fast_clock_init(&fast, 20);
	x.ctx->clock = &fast.clock;
	rig_do(&x.r, "fault add op=8a times=1 action=never");
	s = rig_io(x.dst, XM_IO_WRITE, 0, buf, 512);
	assert_int_equal(s.certainty, XM_UNKNOWN);
	assert_string_equal(s.reason, "no_answer");
	assert_true(x.dst->nexus->lost);
	assert_int_equal(rig_fence(x.dst, &why), XM_FENCE_FENCED);
	assert_int_equal(rig_io(x.dst, XM_IO_WRITE, 0, buf, 512).certainty, XM_DONE);
	/* A read in the same plight is not in doubt. */
	rig_do(&x.r, "fault add op=88 times=1 action=never");
	assert_int_equal(rig_io(x.src, XM_IO_READ, 0, buf, 512).certainty, XM_NOT_DONE);
	pair_close(&x);
}

/* ---- what the target may ask ---------------------------------------------------------- */

static int no_ping_out(void *o)
{
	struct pair *x = o;
	char *answer;
	int r;

	pair_transport(x)->ops->service(pair_transport(x));
	answer = rig_ctl(&x->r, "sessions");
	r = strstr(answer, "\"ping_out\":true") == NULL;
	free(answer);
	return r;
}

static void test_target_pings(void **state)
{
	struct pair x;
	struct xm_clock *c = &xm_clock_real;

	(void)state;
	pair_open(&x, "ping");
	rig_do(&x.r, "ping " RIG_IQN);
	assert_int_equal(xm_ctx_wait_for(x.ctx, c->now(c) + 30 * XM_NS_PER_S, pair_wait,
					 no_ping_out, &x), 1);
	assert_false(x.dst->nexus->lost);
	pair_close(&x);
}

static void test_async_messages(void **state)
{
	static const char *const words[] = { "logout", "drop-connection", "drop-session",
					     "renegotiate" };
	uint8_t buf[512] = { 0 };
	struct xm_status why;
	struct pair x;

	(void)state;
	pair_open(&x, "async");
	for (unsigned i = 0; i < 4; i++) {
		rig_do(&x.r, "async %s " RIG_IQN, words[i]);
		pair_await_lost(&x);
		assert_int_equal(rig_fence(x.dst, &why), XM_FENCE_FENCED);
		assert_int_equal(rig_io(x.dst, XM_IO_WRITE, 0, buf, 512).certainty, XM_DONE);
	}
	pair_close(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_cuts),
		cmocka_unit_test(test_deaf_target_is_found),
		cmocka_unit_test(test_slow_copy_is_waited_for),
		cmocka_unit_test(test_command_times_out),
		cmocka_unit_test(test_target_pings),
		cmocka_unit_test(test_async_messages),
	};

	return cmocka_run_group_tests_name("iscsi-loss", tests, NULL, NULL);
}
