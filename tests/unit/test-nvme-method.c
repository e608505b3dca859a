/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Method nvme_copy on the fake controller: the commands it sends, the bytes that
 * arrive, and what it makes of the answers that need memory.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "nvme-fake.h"
#include "xmover.h"

struct rig {
	struct fake *f;
	struct xm_endpoint *ep[2];
	struct xm_pair pair;
	struct xm_method *m;
	struct xm_refusal why;
};

static int setup(void **state)
{
	struct rig *r = calloc(1, sizeof *r);

	assert_non_null(r);
	r->f = fake_new();
	*state = r;
	return 0;
}

static void close_pair(struct rig *r)
{
	xm_method_close(r->m);
	r->m = NULL;
	xm_endpoint_close(r->ep[0]);
	xm_endpoint_close(r->ep[1]);
	r->ep[0] = r->ep[1] = NULL;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	close_pair(r);
	fake_free(r->f);
	free(r);
	return 0;
}

/* Source: partition at block 64 of namespace 1.  Destination: at block 2048 of namespace `dst`. */
static int open_pair(struct rig *r, uint32_t dst, bool allow)
{
	r->ep[0] = fake_endpoint(r->f, 1, 64, 1024);
	r->ep[1] = fake_endpoint(r->f, dst, 2048, 1024);
	r->pair = (struct xm_pair){ .ctx = r->f->ctx, .src = r->ep[0], .dst = r->ep[1],
				    .allow_cross_namespace = allow };
	fake_stamp(r->f, 1, 64, 1024, 3);
	return xm_method_open(&nvme_method_copy, &r->pair, &r->m, &r->why);
}

static void open_ok(struct rig *r, uint32_t dst, bool allow)
{
	if (open_pair(r, dst, allow) < 0)
		fail_msg("%s: %s", r->why.reason, r->why.detail);
}

static void open_refused(struct rig *r, uint32_t dst, bool allow, const char *reason)
{
	assert_int_equal(open_pair(r, dst, allow), -1);
	assert_string_equal(r->why.reason, reason);
	assert_int_equal(r->why.act, XM_ACT_DEMOTE);
	assert_true(r->why.detail[0] != '\0');
	r->m = NULL;
	close_pair(r);
}

/* nruns runs of `each` blocks, contiguous on both sides. */
static void set_task(struct xm_task *t, uint64_t src, uint64_t dst, unsigned nruns, uint64_t each)
{
	memset(t, 0, sizeof *t);
	t->kind = XM_TASK_COPY;
	t->nruns = nruns;
	for (unsigned i = 0; i < nruns; i++)
		t->runs[i] = (struct xm_run){ (src + i * each) * FAKE_BLOCK,
					      (dst + i * each) * FAKE_BLOCK, each * FAKE_BLOCK };
	t->bytes = nruns * each * FAKE_BLOCK;
}

static unsigned reap(struct rig *r, struct xm_task **out, unsigned cap)
{
	struct xm_list done = XM_LIST_INIT(done), *l;
	unsigned n = 0;

	xm_method_reap(r->m, &done);
	while ((l = xm_list_pop(&done))) {
		assert_true(n < cap);
		out[n++] = xm_container_of(l, struct xm_task, link);
	}
	return n;
}

static void run(struct rig *r, struct xm_task *t)
{
	struct xm_task *got;

	assert_int_equal(xm_method_submit(r->m, t), XM_QUEUED);
	assert_int_equal(reap(r, &got, 1), 1);
	assert_ptr_equal(got, t);
}

static void answers(struct rig *r, uint16_t status, uint32_t dword0, unsigned times)
{
	r->f->status = status;
	r->f->dword0 = dword0;
	r->f->times = times;
	r->f->outcome = NVME_ANSWERED;
}

static void assert_act(const struct xm_task *t, enum xm_act act, bool pair_wide, const char *reason)
{
	if (t->status.act != act || t->status.pair_wide != pair_wide ||
	    strcmp(t->status.reason ? t->status.reason : "", reason) != 0)
		fail_msg("act %d pair %d reason %s: %s", (int)t->status.act,
			 (int)t->status.pair_wide, t->status.reason, t->status.detail);
}

static void assert_equal_blocks(struct rig *r, uint32_t dst_nsid, uint64_t src, uint64_t dst,
				uint64_t n)
{
	assert_memory_equal(fake_block(r->f, 1, 64 + src), fake_block(r->f, dst_nsid, 2048 + dst),
			    n * FAKE_BLOCK);
}

/* ---- open -------------------------------------------------------------------------- */

static void limits(void **state)
{
	struct rig *r = *state;

	open_ok(r, 1, false);
	assert_int_equal(r->m->limits.align, 512);
	assert_int_equal(r->m->limits.max_runs, 16);
	assert_int_equal(r->m->limits.max_run, 128 * 512);
	assert_int_equal(r->m->limits.max_bytes, 1024 * 512);
	assert_int_equal(r->m->limits.max_inflight, 32);
	assert_true(r->m->limits.gather);
	close_pair(r);
	/* 0 is not told: one range, and sizes that are tried */
	r->f->mssrl = r->f->mcl = r->f->msrc = 0;
	open_ok(r, 1, false);
	assert_int_equal(r->m->limits.max_runs, 1);
	assert_int_equal(r->m->limits.max_run, 1 << 20);
	assert_int_equal(r->m->limits.max_bytes, 1 << 20);
}

static void stricter_of_both_ends(void **state)
{
	struct nvme_id_ns a = { .block_size = 512, .mssrl = 65535, .mcl = 100000, .msrc = 3 };
	struct nvme_id_ns b = { .block_size = 512, .mcl = 80000, .msrc = 127 };
	struct xm_method_limits l;

	(void)state;
	nvme_limits(&a, &b, &l);
	assert_int_equal(l.max_runs, 4);
	assert_int_equal(l.max_run, 65528 * 512);        /* whole 4 KiB */
	assert_int_equal(l.max_bytes, 80000 * 512);
	nvme_limits(&b, &a, &l);
	assert_int_equal(l.max_run, 65528 * 512);
	assert_int_equal(l.max_bytes, 80000 * 512);
}

static void refused(void **state)
{
	struct rig *r = *state;

	r->f->ocfs = 0x8;
	open_refused(r, 1, false, "descriptor_format");
	r->f->ocfs = 0x3;
	open_refused(r, 2, true, "descriptor_format");
	r->f->ocfs = 0xf;
	open_refused(r, 2, false, "cross_namespace");
	assert_int_equal(r->f->nsets, 0);
	assert_int_equal(r->f->ncopies, 0);
}

static void not_nvme(void **state)
{
	static const struct xm_endpoint_ops file = { .kind = "file" };
	struct rig *r = *state;

	r->ep[0] = xm_endpoint_alloc(r->f->ctx, &file, "/tmp/x");
	r->ep[1] = fake_endpoint(r->f, 1, 0, 8);
	r->pair = (struct xm_pair){ .ctx = r->f->ctx, .src = r->ep[0], .dst = r->ep[1] };
	assert_int_equal(xm_method_open(&nvme_method_copy, &r->pair, &r->m, &r->why), -1);
	assert_string_equal(r->why.reason, "not_nvme");
	assert_true(r->why.foreign);
	assert_non_null(strstr(r->why.detail, "/tmp/x"));
	r->m = NULL;
}

/* ---- copying ------------------------------------------------------------------------ */

static void one_command(void **state)
{
	struct rig *r = *state;
	const struct fake_copy *k = &r->f->copies[0];
	struct xm_task t;

	open_ok(r, 1, false);
	set_task(&t, 8, 16, 3, 100);
	run(r, &t);
	assert_int_equal(t.status.certainty, XM_DONE);
	assert_true(t.moved == t.bytes);
	assert_int_equal(k->nsid, 1);
	assert_int_equal(k->format, 0);
	assert_true(k->sdlba == 2048 + 16);              /* the partition's start is added */
	assert_int_equal(k->nranges, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(k->range[i].slba == 64 + 8 + i * 100);
		assert_int_equal(k->range[i].blocks, 100);
	}
	assert_true(k->timeout_ns >= 120 * XM_NS_PER_S); /* never 0, never the kernel's 30 s */
	assert_equal_blocks(r, 1, 8, 16, 300);
}

static void a_gap_is_not_sent(void **state)
{
	struct rig *r = *state;
	struct xm_task t;

	open_ok(r, 1, false);
	set_task(&t, 8, 16, 2, 8);
	t.runs[1].dst += FAKE_BLOCK;
	run(r, &t);
	assert_int_equal(t.status.act, XM_ACT_FATAL);
	assert_int_equal(t.status.code, XM_E_BUG);
	assert_int_equal(r->f->ncopies, 0);
}

static void out_of_order(void **state)
{
	struct rig *r = *state;
	struct xm_task t[8], *got[8];

	open_ok(r, 1, false);
	r->f->reversed = true;
	for (unsigned i = 0; i < 8; i++) {
		set_task(&t[i], i * 64, i * 64, 2, 32);
		assert_int_equal(xm_method_submit(r->m, &t[i]), XM_QUEUED);
	}
	assert_int_equal(reap(r, got, 8), 8);
	for (unsigned i = 0; i < 8; i++) {
		assert_ptr_equal(got[i], &t[7 - i]);
		assert_true(got[i]->moved == got[i]->bytes);
	}
	assert_equal_blocks(r, 1, 0, 0, 512);
}

static void many_in_flight(void **state)
{
	struct rig *r = *state;
	struct xm_task t[33], *got[33];

	open_ok(r, 1, false);
	for (unsigned i = 0; i < 33; i++)
		set_task(&t[i], i * 8, i * 8, 1, 8);
	for (unsigned i = 0; i < 32; i++)
		assert_int_equal(xm_method_submit(r->m, &t[i]), XM_QUEUED);
	assert_int_equal(xm_method_submit(r->m, &t[32]), XM_FULL);
	assert_int_equal(reap(r, got, 33), 32);
	run(r, &t[32]);
}

/* Range 2 of 6 fails; 0, 1, 3 and 4 were written: only 0 and 1 count. */
static void redo_from_dword0(void **state)
{
	struct rig *r = *state;
	struct xm_task t;

	open_ok(r, 1, false);
	answers(r, 0x4281, 2, 1);
	r->f->fail_at = 2;
	set_task(&t, 0, 0, 6, 10);
	run(r, &t);
	assert_act(&t, XM_ACT_DEMOTE, false, "medium_error");
	assert_int_equal(t.status.certainty, XM_NOT_DONE);
	assert_true(t.moved == 2 * 10 * FAKE_BLOCK);
	assert_equal_blocks(r, 1, 0, 0, 20);
	assert_equal_blocks(r, 1, 30, 30, 20);
	assert_memory_not_equal(fake_block(r->f, 1, 64 + 20), fake_block(r->f, 1, 2048 + 20),
				FAKE_BLOCK);
}

static void dword0_that_means_nothing(void **state)
{
	static const struct { uint16_t status; uint32_t dword0; } cases[] = {
		{ 0x0007, 3 }, { 0x0008, 3 },            /* aborted: redo all */
		{ 0x0006, 6 }, { 0x4281, 6 }, { 0x4281, 0xffffffff },   /* past the list */
		{ 0x4002, 3 },
	};
	struct rig *r = *state;
	struct xm_task t;

	open_ok(r, 1, false);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		answers(r, cases[i].status, cases[i].dword0, 1);
		set_task(&t, 0, 0, 6, 10);
		run(r, &t);
		assert_int_equal(t.status.certainty, XM_NOT_DONE);
		assert_true(t.moved == 0);
	}
}

/* Whatever it says: the task comes back once, nothing is called moved but what dword0 says. */
static void every_status(void **state)
{
	struct rig *r = *state;
	struct xm_task t;

	open_ok(r, 1, false);
	for (unsigned status = 1; status < 0x800; status++) {
		answers(r, (uint16_t)(status | (status & 1 ? 0x4000 : 0)), 1, 1);
		set_task(&t, 0, 0, 2, 10);
		run(r, &t);
		assert_int_not_equal(t.status.certainty, XM_DONE);
		assert_int_not_equal(t.status.act, XM_ACT_NONE);
		assert_non_null(t.status.reason);
		assert_true(t.moved == 0 || t.moved == 10 * FAKE_BLOCK);
		if (t.status.certainty == XM_UNKNOWN) {
			assert_ptr_equal(t.nexus, &r->f->t.nexus);
			assert_true(t.moved == 0);
		}
	}
	answers(r, 0, 0, 0);
	set_task(&t, 0, 0, 2, 10);
	run(r, &t);
	assert_int_equal(t.status.certainty, XM_DONE);
}

static void limits_are_learnt(void **state)
{
	struct rig *r = *state;
	struct xm_task t;

	r->f->mssrl = r->f->mcl = r->f->msrc = 0;
	open_ok(r, 1, false);
	r->f->mssrl = 64;                                /* has one, does not tell */
	set_task(&t, 0, 0, 1, 65);
	run(r, &t);
	assert_act(&t, XM_ACT_SHRINK, false, "size_limit");
	assert_true(t.moved == 0);
	set_task(&t, 0, 0, 1, 64);
	run(r, &t);
	assert_int_equal(t.status.certainty, XM_DONE);
	/* QEMU 7.2's word for the same; what has succeeded before is no matter of limits */
	answers(r, 0x0006, 0, 2);
	set_task(&t, 0, 0, 1, 65);
	run(r, &t);
	assert_act(&t, XM_ACT_SHRINK, false, "internal_error");
	set_task(&t, 0, 0, 1, 64);
	run(r, &t);
	assert_act(&t, XM_ACT_RETRY, false, "internal_error");
}

static void other_format(void **state)
{
	struct rig *r = *state;
	struct xm_task t;

	open_ok(r, 1, false);
	answers(r, 0x410a, 0, 1);
	set_task(&t, 0, 0, 2, 8);
	run(r, &t);
	assert_act(&t, XM_ACT_RETRY, false, "descriptor_format");
	run(r, &t);
	assert_int_equal(t.status.certainty, XM_DONE);
	assert_int_equal(r->f->copies[0].format, 0);
	assert_int_equal(r->f->copies[1].format, 1);
	assert_equal_blocks(r, 1, 0, 0, 16);
	answers(r, 0x410a, 0, 1);
	run(r, &t);
	assert_act(&t, XM_ACT_DEMOTE, true, "descriptor_format");
}

static void not_permitted(void **state)
{
	struct rig *r = *state;
	struct xm_task t;

	open_ok(r, 1, false);
	answers(r, 0, 0, 1);
	r->f->outcome = NVME_NOT_SENT;
	r->f->err = EACCES;
	set_task(&t, 0, 0, 1, 8);
	run(r, &t);
	assert_act(&t, XM_ACT_DEMOTE, true, "no_permission");
}

/* ---- two namespaces ----------------------------------------------------------------- */

static void cross(void **state)
{
	struct rig *r = *state;
	const struct fake_copy *k = &r->f->copies[0];
	struct xm_task t;

	r->f->host_behavior[5] = 0x80;                   /* somebody else's bit */
	open_ok(r, 2, true);
	assert_int_equal(r->f->host_behavior[4], 0x0c);
	assert_int_equal(r->f->host_behavior[5], 0x80);
	assert_int_equal(r->f->host_behavior[2], 1);
	set_task(&t, 4, 4, 2, 50);
	run(r, &t);
	assert_int_equal(t.status.certainty, XM_DONE);
	assert_int_equal(k->nsid, 2);
	assert_int_equal(k->format, 2);
	assert_int_equal(k->range[0].snsid, 1);
	assert_int_equal(k->range[1].snsid, 1);
	assert_equal_blocks(r, 2, 4, 4, 100);
	close_pair(r);
	assert_int_equal(r->f->host_behavior[4], 0);
	assert_int_equal(r->f->host_behavior[5], 0x80);
	assert_int_equal(r->f->host_behavior[2], 1);
}

static void cross_was_enabled(void **state)
{
	struct rig *r = *state;

	r->f->host_behavior[4] = 0x04;
	open_ok(r, 2, true);
	assert_int_equal(r->f->host_behavior[4], 0x0c);
	close_pair(r);
	assert_int_equal(r->f->host_behavior[4], 0x04);
}

static void cross_denied(void **state)
{
	struct rig *r = *state;

	r->f->set_features_denied = true;
	open_refused(r, 2, true, "cdfe_refused");
	assert_non_null(strstr(r->why.detail, "does not let this user"));
}

static void cross_is_lost(void **state)
{
	struct rig *r = *state;
	struct xm_task t;

	open_ok(r, 2, true);
	for (unsigned i = 0; i < 3; i++) {
		unsigned n = r->f->ncopies;

		r->f->lose_cdfe_after = 1;
		set_task(&t, 0, 0, 2, 50);
		run(r, &t);
		assert_act(&t, XM_ACT_RETRY, false, "invalid_field");
		assert_true(t.moved == 0);
		for (unsigned k = 0; k < 4 && xm_method_submit(r->m, &t) != XM_QUEUED; k++) {
			struct xm_task *none;

			assert_int_equal(reap(r, &none, 1), 0);
		}
		assert_int_equal(r->m->inflight, 1);
		struct xm_task *got;
		assert_int_equal(reap(r, &got, 1), 1);
		assert_int_equal(t.status.certainty, XM_DONE);
		assert_int_equal(r->f->ncopies, n + 2);
	}
	assert_equal_blocks(r, 2, 0, 0, 100);
}

static void cross_cannot_be_had_again(void **state)
{
	struct rig *r = *state;
	struct xm_task t;

	open_ok(r, 2, true);
	r->f->set_features_denied = true;
	r->f->lose_cdfe_after = 1;
	set_task(&t, 0, 0, 1, 8);
	run(r, &t);
	assert_act(&t, XM_ACT_RETRY, false, "invalid_field");
	run(r, &t);
	assert_act(&t, XM_ACT_DEMOTE, true, "invalid_field");
	r->f->set_features_denied = false;
}

/* ---- the fence ------------------------------------------------------------------------- */

static enum xm_fence_result poll_until(struct rig *r, struct xm_status *why)
{
	struct xm_nexus *nx = &r->f->t.nexus;
	enum xm_fence_result res = XM_FENCE_PENDING;

	for (unsigned i = 0; i < 50 && res == XM_FENCE_PENDING; i++) {
		r->f->sim.time += 20 * XM_NS_PER_S;
		res = nx->ops->poll(nx, why);
	}
	return res;
}

static void fenced(void **state)
{
	struct rig *r = *state;
	struct xm_nexus *nx = &r->f->t.nexus;
	uint64_t start;
	struct xm_status why;
	struct xm_task t;

	open_ok(r, 1, false);
	r->f->t.ns = fake_ns(r->f, 1);
	answers(r, 0, 0, 1);
	r->f->outcome = NVME_NO_ANSWER;
	r->f->err = EINTR;
	set_task(&t, 0, 0, 1, 8);
	run(r, &t);
	assert_int_equal(t.status.certainty, XM_UNKNOWN);
	assert_ptr_equal(t.nexus, nx);
	assert_true(nx->lost);
	assert_int_equal(xm_method_submit(r->m, &t), XM_FULL);
	nx->ops->start(nx);
	start = r->f->sim.time;
	assert_int_equal(poll_until(r, &why), XM_FENCE_FENCED);
	/* the controller had its time */
	assert_true(r->f->sim.time - start >= 120 * XM_NS_PER_S);

	nx->lost = false;
	r->f->t.ns->id.nsze++;                           /* it is another one now */
	nx->ops->start(nx);
	assert_int_equal(poll_until(r, &why), XM_FENCE_FAILED);
	assert_int_equal(why.code, XM_E_IO);
	assert_string_equal(why.reason, "other_disk");
	free(r->f->t.ns);
}

static void fence_waits_for_the_kernel(void **state)
{
	struct rig *r = *state;
	struct xm_nexus *nx = &r->f->t.nexus;
	struct xm_status why;

	r->f->t.calls = 1;                               /* a call that does not come back */
	nx->ops->start(nx);
	r->f->sim.time += 600 * XM_NS_PER_S;
	assert_int_equal(nx->ops->poll(nx, &why), XM_FENCE_PENDING);
	assert_int_equal(poll_until(r, &why), XM_FENCE_FAILED);
	assert_int_equal(why.code, XM_E_TEMPORARY);
	r->f->t.calls = 0;
	nx->ops->start(nx);
	assert_int_equal(poll_until(r, &why), XM_FENCE_FENCED);     /* nothing was unanswered */
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(limits), T(stricter_of_both_ends), T(refused), T(not_nvme), T(one_command),
		T(a_gap_is_not_sent), T(out_of_order), T(many_in_flight), T(redo_from_dword0),
		T(dword0_that_means_nothing), T(every_status), T(limits_are_learnt),
		T(other_format), T(not_permitted), T(cross), T(cross_was_enabled),
		T(cross_denied), T(cross_is_lost), T(cross_cannot_be_had_again), T(fenced),
		T(fence_waits_for_the_kernel),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
