/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random plans against a byte model: 500, or 10,000 with XM_LONG.  Whatever is
 * drawn (sizes, offsets, limits, extents, block sizes, personas, faults), the
 * destination is what the model says or the job failed with a code its faults
 * allow; nothing outside the range is written.  XM_SEED replays a run, XM_PLAN
 * one plan.  How often each class came up is printed; an empty one fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "job-rig.h"
#include "job.h"
#include "plan-draw.h"
#include "xm/align.h"

/* ---- extents: the truth about the source, cut at random, and sometimes less than it -------- */

static struct {
	struct xm_extent_source source;
	const struct job_rig *rig;
	struct test_random random;
} told;

static bool all_zero(uint64_t off, uint64_t len)
{
	for (uint64_t i = 0; i < len; i++)
		if (told.rig->before[0][off + i])
			return false;
	return true;
}

static struct xm_extent told_query(struct xm_extent_source *s, uint64_t off, uint64_t len)
{
	static const enum xm_extent_kind zero[] = { XM_EXTENT_ZERO, XM_EXTENT_HOLE },
					 data[] = { XM_EXTENT_DATA, XM_EXTENT_UNKNOWN };
	uint64_t n = 1 + test_below(&told.random, 300000);
	unsigned pick = (unsigned)test_below(&told.random, 2);

	(void)s;
	n = xm_min_u64(xm_min_u64(n, len), told.rig->sizes[0] - off);
	if (test_below(&told.random, 10) && all_zero(off, n))
		return (struct xm_extent){ .off = off, .len = n, .kind = zero[pick] };
	return (struct xm_extent){ .off = off, .len = n, .kind = data[pick] };
}

static int told_open(struct xm_endpoint *ep, struct xm_extent_source **ret, struct xm_error **err)
{
	(void)ep;
	(void)err;
	*ret = &told.source;
	return 0;
}

static void told_close(struct xm_extent_source *s)
{
	(void)s;
}

static const struct xm_extent_source_ops told_ops = {
	.name = "told", .open = told_open, .query = told_query, .close = told_close,
};

/* ---- classes ------------------------------------------------------------------------------- */

enum class { ALL_OFFLOAD, SOME_OFFLOAD, ALL_HOST, ZEROED, BEYOND_16_BITS, BLOCK_512, BLOCK_4096,
	     BLOCKS_DIFFER, UNALIGNED_ENDS, SHIFTED, SUB_RANGE, MANY_SEGMENTS, SMALL_SEGMENTS,
	     TWO_SESSIONS, SAME_BEFORE, RATED, FENCED, IN_PARALLEL, REQUIRED, REQUIRED_REFUSED,
	     FAILED, VERIFIED_FULL,
	     IDEAL, LIO, SCST, CTL, TCMU, NONE, CLASSES };

static const char *const class_names[CLASSES] = {
	"all by offload", "some by offload", "all by host", "zeroed",
	"over 65,535 blocks by offload", "blocks of 512", "blocks of 4096", "unequal blocks",
	"unaligned ends", "source and destination offsets differ", "part of the disk",
	"several segments a command", "segments limited in bytes", "two sessions",
	"same bytes before", "held to a rate", "fenced", "copies in parallel", "offload required",
	"required and refused", "failed as stated", "verified in full", "persona ideal",
	"persona lio", "persona scst", "persona ctl", "persona tcmu", "persona none",
};
static unsigned long class_count[CLASSES], *fault_count;

static void count(enum class c, bool is)
{
	class_count[c] += is;
}

static unsigned fences(const struct job_rig *r)
{
	return array_path_fences(r->path) + (r->path2 ? array_path_fences(r->path2) : 0);
}

static void classify(const struct plan *p, struct job_rig *r, const unsigned *ids)
{
	static const char *const personas[] = { "ideal", "lio", "scst", "ctl", "tcmu", "none" };
	uint64_t x = job_rig_u64(r, XM_JOB_BYTES_XCOPY), host = job_rig_u64(r, XM_JOB_BYTES_HOST);
	bool ok = r->code == XM_OK, required = !strcmp(p->offload, "require");

	count(ALL_OFFLOAD, ok && x == p->len);
	count(SOME_OFFLOAD, ok && x && host);
	count(ALL_HOST, ok && host == p->len);
	count(ZEROED, ok && job_rig_u64(r, XM_JOB_BYTES_ZEROED));
	count(BEYOND_16_BITS, x / p->src_block > 65535);
	count(BLOCK_512, p->src_block == 512 && p->dst_block == 512);
	count(BLOCK_4096, p->src_block == 4096 && p->dst_block == 4096);
	count(BLOCKS_DIFFER, p->src_block != p->dst_block);
	count(UNALIGNED_ENDS, (p->dst_off | p->len) % 65536);
	count(SHIFTED, p->src_off != p->dst_off);
	count(SUB_RANGE, !p->whole);
	count(MANY_SEGMENTS, x && p->max_segments > 1 && p->max_segment_bytes);
	count(SMALL_SEGMENTS, x && p->max_segment_bytes);
	count(TWO_SESSIONS, p->two_sessions && x);
	count(SAME_BEFORE, p->same_before && x);
	count(RATED, p->rate);
	count(FENCED, fences(r) > 0);
	count(IN_PARALLEL, job_rig_copies(r, "peak") > 1);
	count(REQUIRED, required && ok);
	count(REQUIRED_REFUSED, r->code == XM_E_NOOFFLOAD);
	count(FAILED, !ok && r->code != XM_E_NOOFFLOAD);
	count(VERIFIED_FULL, !strcmp(p->verify, "full"));
	for (unsigned i = 0; i < 6; i++)
		count(IDEAL + i, !strcmp(p->persona, personas[i]));
	for (unsigned i = 0; i < p->nfaults; i++)
		fault_count[p->faults[i] - plan_faults] += job_rig_fired(r, ids[i]) > 0;
}

/* ---- one plan ------------------------------------------------------------------------------ */

static void put_zeros(struct job_rig *r, const struct plan *p)
{
	struct test_random x = { .state = p->seed ^ 1 };
	struct arr_lu *lu = arr_target_lu(r->w.t, 0);

	for (unsigned i = 0; i < p->zeros; i++) {
		uint64_t off = test_below(&x, p->src_size), len = 1 + test_below(&x, 400000);
		len = xm_min_u64(len, p->src_size - off);
		void *z = calloc(1, len);
		assert_non_null(z);
		assert_true(arr_lu_poke(lu, off, z, len));
		free(z);
	}
}

static void copy_before(struct job_rig *r, const struct plan *p)
{
	uint8_t *b = malloc(p->src_size);

	assert_non_null(b);
	assert_true(arr_lu_peek(arr_target_lu(r->w.t, 0), 0, b, p->src_size));
	assert_true(arr_lu_poke(arr_target_lu(r->w.t, 1), 0, b, p->src_size));
	free(b);
}

static void set_up_array(struct job_rig *r, const struct plan *p)
{
	const struct { const char *name; uint64_t value; } settings[] = {
		{ "max_segments", p->max_segments }, { "max_segment_bytes", p->max_segment_bytes },
		{ "granularity", p->granularity }, { "queue_limit", p->queue_limit },
		{ "copy_latency", p->copy_latency },
	};
	char words[128], src[64], dst[64];

	snprintf(src, sizeof src, "%llu,block=%u", (unsigned long long)p->src_size, p->src_block);
	snprintf(dst, sizeof dst, "%llu,block=%u", (unsigned long long)p->dst_size, p->dst_block);
	job_rig_open(r, p->seed, p->persona, src, dst);
	/* copies wait 20 times as long: silence costs minutes, and a stall is half an hour */
	r->w.ctx->timeout_ns = 5 * XM_NS_PER_S;
	put_zeros(r, p);
	if (p->same_before)
		copy_before(r, p);
	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
		if (!settings[i].value)
			continue;
		snprintf(words, sizeof words, "set %s %llu", settings[i].name,
			 (unsigned long long)settings[i].value);
		array_world_control(&r->w, words);
	}
}

static void set_up_job(struct job_rig *r, const struct plan *p)
{
	if (p->two_sessions)
		r->path2 = array_path_open(&r->w, NULL, 2);
	assert_int_equal(job_rig_job(r), XM_OK);
	if (!p->whole)
		job_rig_range(r, p->src_off, p->dst_off, p->len);
	job_rig_set(r, XM_OPT_OFFLOAD, p->offload);
	job_rig_set(r, XM_OPT_VERIFY, p->verify);
	assert_int_equal(xm_job_set_u64(r->job, XM_OPT_DEPTH, strtoull(p->depth, NULL, 10), NULL),
			 0);
	assert_int_equal(xm_job_set_u64(r->job, XM_OPT_RATE, p->rate, NULL), 0);
	if (p->extents)
		r->job->opt.extents = &told_ops;
}

static bool lied_to(const struct plan *p)
{
	for (unsigned i = 0; i < p->nfaults; i++)
		if (p->faults[i]->flags & PLAN_LIE)
			return true;
	return false;
}

static bool code_allowed(const struct plan *p, int code)
{
	if (code == XM_OK)
		return true;
	/* with no host copy to fall back on */
	if (!strcmp(p->offload, "require") && (code == XM_E_NOOFFLOAD || code == XM_E_TEMPORARY ||
					       (code == XM_E_MISMATCH && lied_to(p))))
		return true;
	for (unsigned i = 0; i < p->nfaults; i++)
		for (unsigned k = 0; k < 3; k++)
			if (p->faults[i]->codes[k] == code)
				return true;
	return false;
}

static void log_line(void *user, enum xm_log_level level, const char *event, const char *text)
{
	(void)user;
	(void)level;
	fprintf(stderr, "# %s: %s\n", event, text);
}

static void run_plan(uint64_t seed)
{
	static struct job_rig r;
	unsigned ids[PLAN_FAULTS];
	struct plan p;

	plan_draw(&p, seed);
	set_up_array(&r, &p);
	if (getenv("XM_PLAN")) {
		plan_print(&p);
		xm_ctx_set_log(r.w.ctx, log_line, NULL);
	}
	set_up_job(&r, &p);
	told.source.ops = &told_ops;
	told.rig = &r;
	told.random.state = seed ^ 2;
	/* faults from here on: opening has tests of its own */
	for (unsigned i = 0; i < p.nfaults; i++)
		ids[i] = job_rig_fault(&r, p.rules[i]);
	job_rig_run(&r);
	if (!code_allowed(&p, r.code))
		fail_msg("exit %d: %s", r.code, r.text);
	job_rig_check(&r);
	classify(&p, &r, ids);
	job_rig_close(&r);
}

/* ---- all of them --------------------------------------------------------------------------- */

static uint64_t plan_now;
static bool in_plan;

static void print_plan_at_fault(void)
{
	struct plan p;

	if (!in_plan)
		return;
	plan_draw(&p, plan_now);
	plan_print(&p);
}

static int at_fault(void **state)
{
	(void)state;
	print_plan_at_fault();
	return 0;
}

static void plans(void **state)
{
	struct test_random x = { .state = test_seed("random-plans") };
	unsigned long n = getenv("XM_LONG") ? 10000 : 500;

	(void)state;
	if (getenv("XM_PLAN")) {
		run_plan(strtoull(getenv("XM_PLAN"), NULL, 0));
		return;
	}
	if (getenv("XM_PLANS"))
		n = strtoul(getenv("XM_PLANS"), NULL, 0);
	in_plan = true;
	for (unsigned long i = 0; i < n; i++) {
		/* each fault in turn, then some plans that need not have one */
		plan_now = (test_random(&x) & ~UINT64_C(0xff)) | i % (plan_nfaults + 16);
		run_plan(plan_now);
		if ((i + 1) % 1000 == 0) {
			printf("# %lu plans\n", i + 1);
			fflush(stdout);
		}
	}
	in_plan = false;
}

static void no_class_is_empty(void **state)
{
	unsigned empty = 0;

	(void)state;
	if (getenv("XM_PLAN"))
		return;
	for (unsigned i = 0; i < CLASSES; i++) {
		printf("# %6lu %s\n", class_count[i], class_names[i]);
		empty += !class_count[i];
	}
	for (unsigned i = 0; i < plan_nfaults; i++) {
		printf("# %6lu fault fired: %s\n", fault_count[i], plan_faults[i].name);
		empty += !fault_count[i];
	}
	if (empty)
		fail_msg("%u classes never came up", empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(plans, at_fault),
		cmocka_unit_test(no_class_is_empty),
	};
	fault_count = calloc(plan_nfaults, sizeof *fault_count);
	if (!fault_count)
		return 1;
	int failed = cmocka_run_group_tests_name("random-plans", tests, NULL, NULL);
	free(fault_count);
	return failed;
}
