/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions that break: what becomes of commands in flight, how a dead peer is
 * found, and that the fence waits for what was sent, finds the same disk, and
 * takes no other.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "cdb.h"
#include "iscsi-rig.h"
#include "xm/endian.h"

#define MIB (1024u * 1024u)
#define KIB 1024u

static const char *const two_luns[] = { "--target", RIG_IQN, "--lun", "0=16M", "--lun", "1=16M",
					NULL };

struct pair {
	struct rig r;
	struct proxy p;
	struct xm_ctx *ctx;
	struct xm_endpoint *src, *dst;
};

static void pair_open(struct pair *x, const char *job)
{
	rig_start(&x->r, two_luns);
	proxy_start(&x->p, x->r.port);
	x->ctx = rig_ctx(job);
	x->src = rig_open(x->ctx, x->p.port, 0, XM_ROLE_SRC, NULL);
	x->dst = rig_open(x->ctx, x->p.port, 1, XM_ROLE_DST, NULL);
	assert_non_null(x->src);
	assert_non_null(x->dst);
}

static void pair_close(struct pair *x)
{
	xm_endpoint_close(x->src);
	xm_endpoint_close(x->dst);
	xm_ctx_free(x->ctx);
	proxy_stop(&x->p);
	rig_stop(&x->r);
}

static void await_sent(struct pair *x, const char *op, long n);

/* ---- EXTENDED COPY by hand, from LUN 0 to LUN 1 ------------------------------------ */

static void put_cscd(uint8_t *d, struct xm_endpoint *ep)
{
	const struct scsi_lu *lu = scsi_lu_attached(ep);

	d[0] = 0xe4;
	for (unsigned i = 0; i < lu->ndesignators; i++) {
		const struct scsi_designator *g = &lu->designators[i];

		if (g->type != 3 || g->association != 0)
			continue;
		d[4] = g->code_set;
		d[5] = g->type;
		d[7] = g->len;
		memcpy(d + 8, g->bytes, g->len);
	}
	xm_put_be24(d + 29, lu->block_size);
}

/* The layout of reference/scsi-offload.md 4.6. */
static void copy_command(struct scsi_cmd *cmd, uint8_t list[108], struct pair *x, uint64_t lba,
			 uint16_t blocks, struct xm_list *done)
{
	memset(list, 0, 108);
	list[1] = 0x18;
	xm_put_be16(list + 2, 64);
	xm_put_be32(list + 8, 28);
	put_cscd(list + 16, x->src);
	put_cscd(list + 48, x->dst);
	list[80] = 0x02;
	xm_put_be16(list + 82, 0x18);
	xm_put_be16(list + 86, 1);
	xm_put_be16(list + 90, blocks);
	xm_put_be64(list + 92, lba);
	xm_put_be64(list + 100, lba);
	memset(cmd, 0, sizeof *cmd);
	cmd->lun = 1;
	cmd->cdb_len = scsi_cdb_extended_copy(cmd->cdb, 108);
	cmd->dir = SCSI_DATA_OUT;
	cmd->data = list;
	cmd->len = 108;
	cmd->timeout_ns = 3000 * XM_NS_PER_S;
	cmd->done = done;
	xm_list_init(&cmd->link);
}

static struct scsi_transport *transport_of(struct pair *x)
{
	return scsi_lu_attached(x->dst)->transport;
}

/* How often the array saw an operation. */
static long seen(struct rig *r, const char *op)
{
	char *answer = rig_ctl(r, "stats"), word[32], *at = answer, *count;
	long n = 0;

	snprintf(word, sizeof word, "\"op\":\"%s\"", op);
	while ((at = strstr(at, word))) {
		count = strstr(at, "\"count\":");
		n += strtol(count + strlen("\"count\":"), NULL, 10);
		at++;
	}
	free(answer);
	return n;
}

struct awaited {
	struct pair *x;
	const char *op;
	long n;
};

static void awaited_wait(void *o, struct xm_waiter *w)
{
	struct awaited *a = o;
	struct xm_clock *c = a->x->ctx->clock;

	transport_of(a->x)->ops->wait(transport_of(a->x), w);
	xm_waiter_until(w, c->now(c) + 10 * XM_NS_PER_MS);
}

static int awaited_step(void *o)
{
	struct awaited *a = o;

	transport_of(a->x)->ops->service(transport_of(a->x));
	return seen(&a->x->r, a->op) >= a->n;
}

/* Until the array has got n commands of the kind. */
static void await_sent(struct pair *x, const char *op, long n)
{
	struct awaited a = { x, op, n };
	struct xm_clock *c = x->ctx->clock;

	assert_int_equal(xm_ctx_wait_for(x->ctx, c->now(c) + 3600 * XM_NS_PER_S, awaited_wait,
					 awaited_step, &a), 1);
}

static long running(struct rig *r)
{
	char *answer = rig_ctl(r, "running");
	long n = strtol(answer, NULL, 10);

	free(answer);
	return n;
}

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
		copy_command(&cmds[i], lists[i], &x, i * 1024, 1024, &done);
		assert_int_equal(scsi_submit(transport_of(&x), &cmds[i]), XM_QUEUED);
	}
	await_sent(&x, "83/00", N);
	rig_do(&x.r, "cut " RIG_IQN);
	rig_turn_until(x.dst, &done, N);
	for (unsigned i = 0; i < N; i++) {
		assert_int_equal(cmds[i].outcome, SCSI_NO_ANSWER);
		assert_int_equal(cmds[i].err, ECONNRESET);
	}
	assert_true(x.dst->nexus->lost);
	assert_int_equal(transport_of(&x)->inflight, 0);
	/* They run on: what is written now would be undone. */
	assert_int_equal(running(&x.r), N);
	assert_int_equal(rig_fence(x.dst, &why), XM_FENCE_FENCED);
	assert_int_equal(running(&x.r), 0);
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
	copy_command(&cmd, list, &x, 0, 1024, &done);
	assert_int_equal(scsi_submit(transport_of(&x), &cmd), XM_QUEUED);
	await_sent(&x, "83/00", 1);
	rig_do(&x.r, "cut " RIG_IQN);

	next = rig_ctx("job two");
	ep = rig_open(next, x.r.port, 0, XM_ROLE_SRC, NULL);
	assert_non_null(ep);
	assert_int_equal(running(&x.r), 1);
	assert_int_equal(rig_stat(&x.r, "logins_held"), 0);
	xm_endpoint_close(ep);
	xm_ctx_free(next);

	next = rig_ctx("job one");
	ep = rig_open(next, x.r.port, 0, XM_ROLE_SRC, NULL);
	assert_non_null(ep);
	assert_int_equal(running(&x.r), 0);
	assert_int_equal(rig_stat(&x.r, "logins_held"), 1);
	assert_true(rig_logged("login_held"));
	xm_endpoint_close(ep);
	xm_ctx_free(next);

	rig_turn_until(x.dst, &done, 1);
	assert_int_equal(cmd.outcome, SCSI_NO_ANSWER);
	pair_close(&x);
}

/* ---- the connection cut at any byte, with writes in flight ------------------------------ */

static uint64_t seed_of_run(void)
{
	const char *s = getenv("XM_SEED");
	uint64_t seed = s ? strtoull(s, NULL, 0) : (uint64_t)time(NULL);

	printf("# seed %llu (XM_SEED)\n", (unsigned long long)seed);
	return seed;
}

enum { WRITES = 24, LEN = 96 * KIB };

static void random_writes(struct pair *x, uint8_t *model, uint8_t *data, uint64_t *unknown)
{
	struct xm_io_req reqs[WRITES] = { 0 };
	struct xm_list done = XM_LIST_INIT(done);
	struct xm_status why;

	for (unsigned i = 0; i < WRITES; i++) {
		memset(data + i * LEN, (int)(xm_ctx_random(x->ctx) & 0xff), LEN);
		reqs[i] = (struct xm_io_req){ .op = XM_IO_WRITE, .off = i * LEN,
					      .buf = data + i * LEN, .len = LEN };
		rig_submit(x->dst, &reqs[i], &done);
	}
	x->p.cut_after = (long)(xm_ctx_random(x->ctx) % (WRITES * LEN));
	rig_turn_until(x->dst, &done, WRITES);
	for (unsigned i = 0; i < WRITES; i++) {
		if (reqs[i].status.certainty == XM_DONE)
			memcpy(model + i * LEN, reqs[i].buf, LEN);
		*unknown += reqs[i].status.certainty == XM_UNKNOWN;
	}
	x->p.cut_after = -1;
	if (x->dst->nexus->lost)
		assert_int_equal(rig_fence(x->dst, &why), XM_FENCE_FENCED);
	/* After the fence nothing is in doubt: what was UNKNOWN is written once more. */
	for (unsigned i = 0; i < WRITES; i++) {
		if (reqs[i].status.certainty == XM_DONE)
			continue;
		assert_int_equal(rig_io(x->dst, XM_IO_WRITE, i * LEN, reqs[i].buf, LEN).certainty,
				 XM_DONE);
		memcpy(model + i * LEN, reqs[i].buf, LEN);
	}
}

static void test_random_cuts(void **state)
{
	uint8_t *model = calloc(WRITES, LEN), *data = malloc(WRITES * LEN);
	uint8_t *back = malloc(WRITES * LEN);
	uint64_t unknown = 0;
	unsigned rounds = getenv("XM_LONG") ? 400 : 25;
	struct pair x;

	(void)state;
	pair_open(&x, "cuts");
	xm_ctx_seed(x.ctx, seed_of_run());
	for (unsigned i = 0; i < rounds; i++) {
		random_writes(&x, model, data, &unknown);
		assert_int_equal(rig_io(x.dst, XM_IO_READ, 0, back, WRITES * LEN).certainty, XM_DONE);
		assert_memory_equal(back, model, WRITES * LEN);
	}
	printf("# %llu writes were UNKNOWN\n", (unsigned long long)unknown);
	assert_true(unknown > 0);
	pair_close(&x);
	free(model);
	free(data);
	free(back);
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
	copy_command(&cmd, list, &x, 0, 1024, &done);
	cmd.timeout_ns = 100000 * XM_NS_PER_S;      /* so that it is not what ends it */
	x.p.deaf = true;
	assert_int_equal(scsi_submit(transport_of(&x), &cmd), XM_QUEUED);
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
	copy_command(&cmd, list, &x, 0, 1024, &done);
	assert_int_equal(scsi_submit(transport_of(&x), &cmd), XM_QUEUED);
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

	transport_of(x)->ops->service(transport_of(x));
	answer = rig_ctl(&x->r, "sessions");
	r = strstr(answer, "\"ping_out\":true") == NULL;
	free(answer);
	return r;
}

static void service_wait(void *o, struct xm_waiter *w)
{
	struct pair *x = o;
	struct xm_clock *c = x->ctx->clock;

	transport_of(x)->ops->wait(transport_of(x), w);
	xm_waiter_until(w, c->now(c) + 10 * XM_NS_PER_MS);
}

static void test_target_pings(void **state)
{
	struct pair x;
	struct xm_clock *c = &xm_clock_real;

	(void)state;
	pair_open(&x, "ping");
	rig_do(&x.r, "ping " RIG_IQN);
	assert_int_equal(xm_ctx_wait_for(x.ctx, c->now(c) + 30 * XM_NS_PER_S, service_wait,
					 no_ping_out, &x), 1);
	assert_false(x.dst->nexus->lost);
	pair_close(&x);
}

static int is_lost(void *o)
{
	struct pair *x = o;

	transport_of(x)->ops->service(transport_of(x));
	return x->dst->nexus->lost;
}

static void await_lost(struct pair *x)
{
	struct xm_clock *c = x->ctx->clock;

	assert_int_equal(xm_ctx_wait_for(x->ctx, c->now(c) + 600 * XM_NS_PER_S, service_wait,
					 is_lost, x), 1);
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
		await_lost(&x);
		assert_int_equal(rig_fence(x.dst, &why), XM_FENCE_FENCED);
		assert_int_equal(rig_io(x.dst, XM_IO_WRITE, 0, buf, 512).certainty, XM_DONE);
	}
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
	await_lost(&x);
	rig_do(&x.r, "lun del 1");
	rig_do(&x.r, "lun add 1=16M,serial=ANOTHER");
	assert_int_equal(rig_fence(x.dst, &why), XM_FENCE_FAILED);
	assert_int_equal(why.code, XM_E_IO);
	assert_int_equal(why.act, XM_ACT_FATAL);
	assert_string_equal(why.reason, "other_disk");
	assert_int_equal(xm_io_submit(x.dst->ops->io(x.dst, NULL), &(struct xm_io_req){
		.op = XM_IO_WRITE, .ep = x.dst, .buf = buf, .len = 512, .done = &(struct xm_list){ 0 } }),
		XM_FULL);
	writes = rig_ctl(&x.r, "writes");
	assert_null(strstr(writes, "lba"));
	free(writes);
	pair_close(&x);
}

/* The unit attention of a LUN that was swapped under a living session leads to the same question. */
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
	await_lost(&x);
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
	await_lost(&x);
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
		cmocka_unit_test(test_random_cuts),
		cmocka_unit_test(test_deaf_target_is_found),
		cmocka_unit_test(test_slow_copy_is_waited_for),
		cmocka_unit_test(test_command_times_out),
		cmocka_unit_test(test_target_pings),
		cmocka_unit_test(test_async_messages),
		cmocka_unit_test(test_other_disk),
		cmocka_unit_test(test_swapped_under_us),
		cmocka_unit_test(test_portal_never_back),
		cmocka_unit_test(test_portal_comes_back),
	};

	return cmocka_run_group_tests_name("iscsi-loss", tests, NULL, NULL);
}
