/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Method xcopy against a script: every command it sends, field by field, and
 * what it makes of the answers that need memory: direction, list identifiers,
 * what was proven, what was moved.
 */
#include <errno.h>
#include "map.h"
#include "plan.h"
#include "scsi-method-rig.h"

/* ---- the copy ------------------------------------------------------------------------- */

/* More than 65,535 blocks: each command goes on where the last one ended, on both sides. */
static void beyond_65535_blocks(void **state)
{
	struct rig *r = *state;
	static const struct { uint64_t n, src, dst; } want[] = {
		{ 65535, 1000, 2000 }, { 65535, 66535, 67535 }, { 65535, 132070, 133070 },
		{ 65535, 197605, 198605 }, { 4, 263140, 264140 },
	};
	open_ok(r, LIO);
	struct xm_map map;
	struct xm_extent_source *all;
	struct xm_error *err = NULL;
	assert_int_equal(xm_extent_all.open(r->ep[0], &all, &err), 0);
	/* 262,144 blocks as the source's LBA 1000 on, to the destination's 2000 on */
	xm_map_init(&map, 2000 * 512, (2000 + 262144) * 512, 512);
	assert_true(xm_map_alloc(&map));
	xm_map_set(&map, 2000 * 512, 262144 * 512, NULL);
	struct xm_plan plan = { .src_off = 1000 * 512, .dst_off = 2000 * 512, .extents = all };
	struct xm_plan_ask ask = { .limits = &r->m->limits, .align = 512, .bytes = UINT64_MAX,
		.from = 2000 * 512 };
	for (unsigned i = 0; i < sizeof want / sizeof want[0]; i++) {
		struct xm_task t;
		memset(&t, 0, sizeof t);
		assert_true(xm_plan_next(&plan, &map, &ask, &t));
		script_expect_copy(r->s, 1, &(struct script_copy){ .usage = 3, .block_length = 512,
			.src = SRC, .dst = DST, .nsegments = 1,
			.segments = { { want[i].n, want[i].src, want[i].dst } } });
		run(r, &t);
		assert_true(t.status.certainty == XM_DONE && t.moved == want[i].n * 512);
		xm_map_clear(&map, t.runs[0].dst, t.bytes, NULL);
		ask.from = t.runs[0].dst + t.bytes;
	}
	struct xm_task none;
	assert_false(xm_plan_next(&plan, &map, &ask, &none));
	xm_map_free(&map);
	all->ops->close(all);
}

static void many_segments(void **state)
{
	struct rig *r = *state;
	open_ok(r, CTL);
	assert_int_equal(r->m->limits.max_runs, 64);
	struct script_copy c = { .usage = 3, .block_length = 512, .src = SRC, .dst = DST,
		.nsegments = 33 };
	struct xm_task t = { .kind = XM_TASK_COPY, .nruns = 33 };
	for (unsigned i = 0; i < 33; i++) {
		uint64_t src = 4000000 - 100 * i, dst = 70000 * i, n = i == 7 ? 1 : 65535 - i;
		src -= n;
		c.segments[i].blocks = n;
		c.segments[i].src_lba = src;
		c.segments[i].dst_lba = dst;
		t.runs[i] = (struct xm_run){ src * 512, dst * 512, n * 512 };
		t.bytes += n * 512;
	}
	if (t.bytes > r->m->limits.max_bytes)
		fail_msg("%llu bytes", (unsigned long long)t.bytes);
	script_expect_copy(r->s, 1, &c);
	run(r, &t);
	assert_true(t.status.certainty == XM_DONE && t.moved == t.bytes);
}

static void partitions_start_later(void **state)
{
	struct rig *r = *state;
	expect_limits(r, LIO);
	r->ep[0] = script_endpoint(r->s, &r->lu[0]);
	r->ep[1] = script_endpoint(r->s, &r->lu[1]);
	r->ep[0]->base = 2048 * 512;
	r->ep[1]->base = 63 * 512;
	r->pair = (struct xm_pair){ .ctx = script_ctx(r->s), .src = r->ep[0], .dst = r->ep[1] };
	assert_int_equal(xm_method_open(&scsi_method_xcopy, &r->pair, &r->m, &r->why), 0);
	script_expect_copy(r->s, 1, &(struct script_copy){ .usage = 3, .block_length = 512,
		.src = SRC, .dst = DST, .nsegments = 1, .segments = { { 8, 2056, 79 } } });
	struct xm_task t;
	run_new(r, &t);
	assert_true(t.moved == t.bytes);
}

/* ---- list identifiers -------------------------------------------------------------------- */

static void unique_ids(void **state)
{
	struct rig *r = *state;
	struct xm_task t[8];
	open_ok(r, NO_SNLID);
	/* eight in flight, answered last to first: eight identifiers */
	for (unsigned i = 0; i < 8; i++) {
		set_task(&t[i], i * 8, i * 8, 8);
		script_expect_copy(r->s, 1, &(struct script_copy){ .list_id = i + 1, .usage = 2,
			.block_length = 512, .src = SRC, .dst = DST, .nsegments = 1,
			.segments = { { 8, i * 8, i * 8 } } });
		script_later(r->s, (8 - i) * XM_NS_PER_S);
		assert_int_equal(xm_method_submit(r->m, &t[i]), XM_QUEUED);
	}
	for (unsigned i = 8; i-- > 0;) {
		assert_null(reap_one(r));
		script_advance(r->s, XM_NS_PER_S);
		assert_ptr_equal(reap_one(r), &t[i]);
	}
	/* one that stays in flight is passed over when the numbers come round again */
	struct xm_task stays, other;
	set_task(&stays, 8, 16, 8);
	expect_new(r, 1, 2, 9);
	script_later(r->s, 1000 * XM_NS_PER_S);
	assert_int_equal(xm_method_submit(r->m, &stays), XM_QUEUED);
	for (unsigned n = 0, id = 10; n < 260; n++, id = id % 255 + 1) {
		id += id == 9;
		expect_new(r, 1, 2, id);
		run_new(r, &other);
	}
	script_advance(r->s, 1000 * XM_NS_PER_S);
	assert_ptr_equal(reap_one(r), &stays);
}

static void id_in_use(void **state)
{
	struct rig *r = *state;
	struct xm_task t;
	open_ok(r, NO_SNLID);
	expect_new(r, 1, 2, 1);
	script_sense(r->s, "050016");
	run_new(r, &t);
	assert_act(&t, XM_ACT_RETRY, false, "list_id_busy");
	expect_new(r, 1, 2, 2);
	run_new(r, &t);
	assert_true(t.moved == t.bytes);
	/* an array that takes none is given up in bounded time */
	for (unsigned i = 0; i < 9; i++) {
		expect_new(r, 1, 2, 3 + i);
		script_sense(r->s, "050016");
		run_new(r, &t);
		if (i < 8)
			assert_act(&t, XM_ACT_RETRY, false, "list_id_busy");
	}
	assert_act(&t, XM_ACT_DEMOTE, true, "list_id_busy");
}

static void id_wanted_after_all(void **state)
{
	struct rig *r = *state;
	struct xm_task t;
	/* it says that none is needed, and then points at byte 0 of the list */
	open_ok(r, LIO);
	expect_new(r, 1, 3, 0);
	script_sense(r->s, "70 00 05 00000000 0a 00000000 26 00 00 800000");
	run_new(r, &t);
	assert_act(&t, XM_ACT_RETRY, false, "list_id_busy");
	expect_new(r, 1, 2, 1);
	run_new(r, &t);
	assert_true(t.moved == t.bytes);
}

/* ---- pull and push ------------------------------------------------------------------------ */

static void pull_then_push(void **state)
{
	struct rig *r = *state;
	struct xm_task t;
	open_ok(r, LIO);
	expect_new(r, 1, 3, 0);
	script_sense(r->s, "0a0d02");
	run_new(r, &t);
	assert_act(&t, XM_ACT_RETRY, false, "not_same_array");
	expect_new(r, 0, 3, 0);
	run_new(r, &t);
	assert_true(t.moved == t.bytes);
	/*
	 * remembered; and once a copy has worked, LIO's one code for everything
	 * is about the chunk
	 */
	expect_new(r, 0, 3, 0);
	script_sense(r->s, "0a0d02");
	run_new(r, &t);
	assert_act(&t, XM_ACT_DEMOTE, false, "copy_aborted");
	assert_true(t.moved == 0 && t.status.certainty == XM_NOT_DONE);
	expect_new(r, 0, 3, 0);
	run_new(r, &t);
	assert_true(t.moved == t.bytes);
}

static void proven_is_not_turned(void **state)
{
	struct rig *r = *state;
	struct xm_task t;
	open_ok(r, LIO);
	expect_new(r, 1, 3, 0);
	run_new(r, &t);
	expect_new(r, 1, 3, 0);
	script_sense(r->s, "0a0d02");
	run_new(r, &t);
	assert_act(&t, XM_ACT_DEMOTE, false, "copy_aborted");
	expect_new(r, 1, 3, 0);
	run_new(r, &t);
	assert_true(t.moved == t.bytes);
}

static void neither_way(void **state)
{
	struct rig *r = *state;
	struct xm_task t;
	open_ok(r, LIO);
	expect_new(r, 1, 3, 0);
	script_sense(r->s, "0a0804");
	run_new(r, &t);
	assert_act(&t, XM_ACT_RETRY, false, "not_same_array");
	expect_new(r, 0, 3, 0);
	script_sense(r->s, "0a0d02");
	run_new(r, &t);
	assert_act(&t, XM_ACT_DEMOTE, true, "not_same_array");
}

static void two_sessions(void **state)
{
	struct rig *r = *state;
	struct xm_task t;
	r->s2 = script_open(script_ctx(r->s));
	open_ok(r, LIO);
	expect_new(r, 1, 3, 0);
	script_sense(r->s, "0a0d02");
	run_new(r, &t);
	assert_act(&t, XM_ACT_RETRY, false, "not_same_array");
	/* push goes down the source's session, and there UNKNOWN belongs */
	script_expect_copy(r->s2, 0, &(struct script_copy){ .usage = 3, .block_length = 512,
		.src = SRC, .dst = DST, .nsegments = 1, .segments = { { 8, 8, 16 } } });
	script_sense(r->s2, "0a0d02");
	run_new(r, &t);
	assert_act(&t, XM_ACT_DEMOTE, true, "not_same_session");
}

/* Two device nodes may well be one nexus: the kernel's. */
static void two_nodes(void **state)
{
	struct rig *r = *state;
	struct xm_task t;
	r->s2 = script_open(script_ctx(r->s));
	script_transport(r->s)->is_session = script_transport(r->s2)->is_session = false;
	open_ok(r, LIO);
	expect_new(r, 1, 3, 0);
	script_sense(r->s, "0a0d02");
	run_new(r, &t);
	script_expect_copy(r->s2, 0, &(struct script_copy){ .usage = 3, .block_length = 512,
		.src = SRC, .dst = DST, .nsegments = 1, .segments = { { 8, 8, 16 } } });
	script_no_answer(r->s2, ETIMEDOUT);
	set_task(&t, 8, 16, 8);
	assert_int_equal(xm_method_submit(r->m, &t), XM_QUEUED);
	script_advance(r->s, 3600 * XM_NS_PER_S);
	assert_ptr_equal(reap_one(r), &t);
	/* the nexus that is not known about is the one it went down */
	assert_ptr_equal(t.nexus, &script_transport(r->s2)->nexus);
}

static void only_the_source_can(void **state)
{
	struct rig *r = *state;
	struct xm_task t;
	r->lu[1].third_party_copy = false;
	script_expect(r->s, 1, RCOP);
	script_sense(r->s, "052000");
	script_expect(r->s, 0, RCOP);
	script_good(r->s, LIO);
	assert_int_equal(open_pair(r), 0);
	expect_new(r, 0, 3, 0);
	script_sense(r->s, "0a0d02");
	run_new(r, &t);
	assert_act(&t, XM_ACT_DEMOTE, true, "not_same_array");
}

/* Several fail at once: the direction is turned once, not back and forth. */
static void turned_once(void **state)
{
	struct rig *r = *state;
	struct xm_task t[3], again;
	open_ok(r, LIO);
	for (unsigned i = 0; i < 3; i++) {
		set_task(&t[i], 8, 16, 8);
		expect_new(r, 1, 3, 0);
		script_sense(r->s, "0a0d02");
		script_later(r->s, (i + 1) * XM_NS_PER_S);
		assert_int_equal(xm_method_submit(r->m, &t[i]), XM_QUEUED);
	}
	for (unsigned i = 0; i < 3; i++) {
		script_advance(r->s, XM_NS_PER_S);
		assert_ptr_equal(reap_one(r), &t[i]);
		assert_act(&t[i], XM_ACT_RETRY, false, "not_same_array");
	}
	expect_new(r, 0, 3, 0);
	run_new(r, &again);
	assert_true(again.moved == again.bytes);
}

/* ---- endings ------------------------------------------------------------------------------- */

static void no_answer(void **state)
{
	struct rig *r = *state;
	struct xm_task t;
	open_ok(r, LIO);
	script_ctx(r->s)->timeout_ns = 30 * XM_NS_PER_S;
	expect_new(r, 1, 3, 0);
	script_no_answer(r->s, ETIMEDOUT);
	set_task(&t, 8, 16, 8);
	assert_int_equal(xm_method_submit(r->m, &t), XM_QUEUED);
	/* ten minutes: nobody may call a copy lost sooner */
	script_advance(r->s, 600 * XM_NS_PER_S - 1);
	assert_null(reap_one(r));
	script_advance(r->s, 1);
	assert_ptr_equal(reap_one(r), &t);
	assert_act(&t, XM_ACT_RETRY, false, "no_answer");
	assert_int_equal(t.status.certainty, XM_UNKNOWN);
	assert_true(t.moved == 0);
	assert_ptr_equal(t.nexus, &script_transport(r->s)->nexus);
}

static void moved_by_segment(void **state)
{
	struct rig *r = *state;
	open_ok(r, SEGS3);
	assert_int_equal(r->m->limits.max_runs, 3);
	static const struct { const char *sense; uint64_t blocks; } cases[] = {
		/* LIO's way of saying nothing; a number in no company */
		{ "70 00 0a 00000000 0a 00 00 0000 0d 01 00 000000", 0 },
		{ "70 00 0a 00000000 0a 00 00 0002 0d 01 00 000000", 0 },
		/* a pointer into segment 2; the first; one that was not sent */
		{ "70 00 0a 00000000 0a 00 00 0002 0d 01 00 a0000a", 30 },
		{ "70 00 0a 00000000 0a 00 00 0000 0d 01 00 a0000a", 0 },
		{ "70 00 0a 00000000 0a 00 00 0003 0d 01 00 a0000a", 0 },
		{ "70 00 0a 00000000 0a 00 00 ffff 0d 01 00 a0000a", 0 },
		{ "72 0a 0d 01 000000 0c | 01 0a 0000 0000 0001 00000000", 10 },
		/* another key: nothing was done, whatever else is said */
		{ "72 05 21 00 000000 0c | 01 0a 0000 0000 0001 00000000", 0 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct xm_task t = { .kind = XM_TASK_COPY, .nruns = 3, .bytes = 60 * 512 };
		struct script_copy c = { .usage = 3, .block_length = 512, .src = SRC, .dst = DST,
			.nsegments = 3 };
		for (unsigned k = 0; k < 3; k++) {
			t.runs[k] = (struct xm_run){ k * 51200, k * 51200, (k + 1) * 10 * 512 };
			c.segments[k].blocks = (k + 1) * 10;
			c.segments[k].src_lba = c.segments[k].dst_lba = k * 100;
		}
		script_expect_copy(r->s, 1, &c);
		script_sense(r->s, cases[i].sense);
		run(r, &t);
		assert_int_equal(t.moved, cases[i].blocks * 512);
		assert_int_equal(t.status.certainty, XM_NOT_DONE);
		assert_int_equal(t.status.act, XM_ACT_DEMOTE);
	}
}

static void a_reset_asks_for_a_fence(void **state)
{
	struct rig *r = *state;
	struct xm_task t;
	open_ok(r, LIO);
	expect_new(r, 1, 3, 0);
	script_sense(r->s, "062900");
	run_new(r, &t);
	assert_act(&t, XM_ACT_RETRY, false, "unit_attention");
	assert_true(script_transport(r->s)->nexus.lost);
	assert_ptr_equal(t.nexus, &script_transport(r->s)->nexus);
	/* and until then nothing more goes down there */
	set_task(&t, 8, 16, 8);
	assert_int_equal(xm_method_submit(r->m, &t), XM_FULL);
	assert_int_equal(r->m->inflight, 0);
}

static void busy(void **state)
{
	struct rig *r = *state;
	struct xm_task t;
	static const uint8_t statuses[] = { 0x08, 0x28 };
	open_ok(r, LIO);
	for (unsigned i = 0; i < 20; i++) {
		expect_new(r, 1, 3, 0);
		script_status(r->s, statuses[i % 2]);
		run_new(r, &t);
		assert_act(&t, XM_ACT_RETRY, false, "array_busy");
	}
}

static void full_when_all_slots_are_taken(void **state)
{
	struct rig *r = *state;
	static struct xm_task t[33];
	open_ok(r, LIO);
	for (unsigned i = 0; i < 32; i++) {
		set_task(&t[i], 8, 16, 8);
		expect_new(r, 1, 3, 0);
		script_later(r->s, XM_NS_PER_S);
		assert_int_equal(xm_method_submit(r->m, &t[i]), XM_QUEUED);
	}
	set_task(&t[32], 8, 16, 8);
	assert_int_equal(xm_method_submit(r->m, &t[32]), XM_FULL);
	script_advance(r->s, XM_NS_PER_S);
	struct xm_list done;
	xm_list_init(&done);
	xm_method_reap(r->m, &done);
	unsigned n = 0;
	while (xm_list_pop(&done))
		n++;
	assert_int_equal(n, 32);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(beyond_65535_blocks), T(many_segments), T(partitions_start_later),
		T(unique_ids), T(id_in_use), T(id_wanted_after_all),
		T(pull_then_push), T(proven_is_not_turned), T(neither_way), T(two_sessions),
		T(two_nodes), T(only_the_source_can), T(turned_once),
		T(no_answer), T(moved_by_segment), T(a_reset_asks_for_a_fence), T(busy),
		T(full_when_all_slots_are_taken),
	};
	return cmocka_run_group_tests_name("scsi-method", tests, NULL, NULL);
}
