/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fence of an iSCSI session: it waits for what was sent, finds the same disk and
 * takes no other, and a login does the same for a predecessor.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "iscsi-pair.h"

/* ---- a cut with copies in flight ------------------------------------------------------ */

static void test_fence_waits_for_copies(void **state)
{
	enum { N = 4 };
	struct scsi_cmd cmds[N];
	uint8_t lists[N][108], buf[512];
	struct xm_list done = XM_LIST_INIT(done);
	struct xm_status why;
	struct pair x;

	(void)state;
	pair_open(&x, "fence");
	memset(buf, 0xcc, sizeof buf);
	rig_do(&x.r, "fault add op=83/00 action=delay ms=1500");
	for (unsigned i = 0; i < N; i++) {
		pair_copy(&cmds[i], lists[i], &x, i * 1024, 1024, &done);
		assert_int_equal(scsi_submit(pair_transport(&x), &cmds[i]), XM_QUEUED);
	}
	pair_await_sent(&x, "83/00", N);
	rig_do(&x.r, "cut " RIG_IQN);
	rig_turn_until(x.dst, &done, N);
	for (unsigned i = 0; i < N; i++) {
		assert_int_equal(cmds[i].outcome, SCSI_NO_ANSWER);
		assert_int_equal(cmds[i].err, ECONNRESET);
	}
	assert_true(x.dst->nexus->lost);
	assert_int_equal(pair_transport(&x)->inflight, 0);
	/* They run on: what is written now would be undone. */
	assert_int_equal(pair_running(&x.r), N);
	assert_int_equal(rig_fence(x.dst, &why), XM_FENCE_FENCED);
	assert_int_equal(pair_running(&x.r), 0);
	assert_int_equal(rig_stat(&x.r, "logins_held"), 1);
	assert_int_equal(rig_stat(&x.r, "bytes"), N * 1024 * 512);
	assert_int_equal(rig_io(x.dst, XM_IO_WRITE, 0, buf, 512).certainty, XM_DONE);
	pair_close(&x);
}

/* A mover that was killed: the next of the same job waits in its login, another job does not. */
static void test_login_waits_for_predecessor(void **state)
{
	struct scsi_cmd cmd;
	uint8_t list[108];
	struct xm_list done = XM_LIST_INIT(done);
	struct xm_endpoint *ep;
	struct xm_ctx *next;
	struct pair x;

	(void)state;
	pair_open(&x, "job one");
	rig_do(&x.r, "fault add op=83/00 action=delay ms=4000");
	pair_copy(&cmd, list, &x, 0, 1024, &done);
	assert_int_equal(scsi_submit(pair_transport(&x), &cmd), XM_QUEUED);
	pair_await_sent(&x, "83/00", 1);
	rig_do(&x.r, "cut " RIG_IQN);

	next = rig_ctx("job two");
	ep = rig_open(next, x.r.port, 0, XM_ROLE_SRC, NULL);
	assert_non_null(ep);
	assert_int_equal(pair_running(&x.r), 1);
	assert_int_equal(rig_stat(&x.r, "logins_held"), 0);
	xm_endpoint_close(ep);
	xm_ctx_free(next);

	next = rig_ctx("job one");
	ep = rig_open(next, x.r.port, 0, XM_ROLE_SRC, NULL);
	assert_non_null(ep);
	assert_int_equal(pair_running(&x.r), 0);
	assert_int_equal(rig_stat(&x.r, "logins_held"), 1);
	assert_true(rig_logged("login_held"));
	xm_endpoint_close(ep);
	xm_ctx_free(next);

	rig_turn_until(x.dst, &done, 1);
	assert_int_equal(cmd.outcome, SCSI_NO_ANSWER);
	pair_close(&x);
}

/* ---- fences that must fail ---------------------------------------------------------------- */

static void test_other_disk(void **state)
{
	uint8_t buf[512] = { 0 };
	struct xm_status why = { 0 };
	struct pair x;
	char *writes;

	(void)state;
	pair_open(&x, "other disk");
	rig_do(&x.r, "cut " RIG_IQN);
	pair_await_lost(&x);
	rig_do(&x.r, "lun del 1");
	rig_do(&x.r, "lun add 1=16M,serial=ANOTHER");
	assert_int_equal(rig_fence(x.dst, &why), XM_FENCE_FAILED);
	assert_int_equal(why.code, XM_E_IO);
	assert_int_equal(why.act, XM_ACT_FATAL);
	assert_string_equal(why.reason, "other_disk");
	assert_int_equal(xm_io_submit(x.dst->ops->io(x.dst, NULL), &(struct xm_io_req){
		.op = XM_IO_WRITE, .ep = x.dst, .buf = buf, .len = 512,
		.done = &(struct xm_list){ 0 } }), XM_FULL);
	writes = rig_ctl(&x.r, "writes");
	assert_null(strstr(writes, "lba"));
	free(writes);
	pair_close(&x);
}

/* The unit attention of a LUN swapped under a living session leads to the same question. */
static void test_swapped_under_us(void **state)
{
	uint8_t buf[512] = { 0 };
	struct xm_status s, why = { 0 };
	struct pair x;

	(void)state;
	pair_open(&x, "swapped");
	rig_do(&x.r, "lun del 1");
	rig_do(&x.r, "lun add 1=16M,serial=ANOTHER");
	s = rig_io(x.dst, XM_IO_WRITE, 0, buf, 512);
	assert_int_equal(s.certainty, XM_NOT_DONE);
	assert_true(x.dst->nexus->lost);
	assert_int_equal(rig_fence(x.dst, &why), XM_FENCE_FAILED);
	assert_int_equal(why.code, XM_E_IO);
	pair_close(&x);
}

static void test_portal_never_back(void **state)
{
	struct fast_clock fast;
	struct xm_status why = { 0 };
	struct pair x;

	(void)state;
	pair_open(&x, "gone");
	fast_clock_init(&fast, 100);
	x.ctx->clock = &fast.clock;
	x.p.refuse = true;
	rig_do(&x.r, "cut " RIG_IQN);
	pair_await_lost(&x);
	assert_int_equal(rig_fence(x.dst, &why), XM_FENCE_FAILED);
	assert_int_equal(why.code, XM_E_TEMPORARY);
	assert_int_equal(why.certainty, XM_UNKNOWN);
	pair_close(&x);
}

static int stop_refusing(void *o)
{
	struct pair *x = o;

	if (!rig_logged("fence"))
		return 0;
	x->p.refuse = false;
	return 1;
}

/* Away for a while, then back. */
static void test_portal_comes_back(void **state)
{
	struct fast_clock fast;
	struct xm_status why = { 0 };
	struct xm_nexus *nx;
	struct pair x;
	uint64_t until;
	enum xm_fence_result r = XM_FENCE_PENDING;
	struct xm_waiter w = { 0 };

	(void)state;
	pair_open(&x, "back");
	fast_clock_init(&fast, 20);
	x.ctx->clock = &fast.clock;
	x.p.refuse = true;
	rig_do(&x.r, "cut " RIG_IQN);
	pair_await_lost(&x);
	nx = x.dst->nexus;
	nx->state = XM_NEXUS_FENCING;
	nx->ops->start(nx);
	until = fast.clock.now(&fast.clock) + 30 * XM_NS_PER_S;
	while (r == XM_FENCE_PENDING) {
		if (fast.clock.now(&fast.clock) > until)
			stop_refusing(&x);
		xm_waiter_reset(&w);
		nx->ops->wait(nx, &w);
		xm_waiter_until(&w, fast.clock.now(&fast.clock) + XM_NS_PER_S);
		fast.clock.wait(&fast.clock, &w);
		r = nx->ops->poll(nx, &why);
	}
	xm_waiter_free(&w);
	assert_int_equal(r, XM_FENCE_FENCED);
	assert_false(x.p.refuse);
	pair_close(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fence_waits_for_copies),
		cmocka_unit_test(test_login_waits_for_predecessor),
		cmocka_unit_test(test_other_disk),
		cmocka_unit_test(test_swapped_under_us),
		cmocka_unit_test(test_portal_never_back),
		cmocka_unit_test(test_portal_comes_back),
	};

	return cmocka_run_group_tests_name("iscsi-fence", tests, NULL, NULL);
}
