/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random jobs against a byte model: sizes, offsets, block sizes, limits, extents,
 * options, personas and faults by the seed.  Whatever happens: no byte outside the
 * range is written (by the array's write log and by comparing), the source stays,
 * the figures add up, and exit 0 means that every byte is right.  Without a
 * fault the job must succeed.
 *
 * XM_PLANS and XM_SEED replay: the seed of a plan that fails is printed.  500
 * plans, 10,000 with XM_LONG.  A class of plans that never came up fails.
 */
#undef NDEBUG
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
#include "seed.h"
#include "xm/align.h"

#define KIB UINT64_C(1024)
#define ZEROS 16

/* ---- faults ---------------------------------------------------------------------------- */

enum harm {
	PASSES,                      /* the job must succeed (69 or 75 where offload is required) */
	MAY_FAIL,                    /* any stated failure is right */
	LIES                         /* right in the end, or 65 where offload is required */
};

struct fault_class {
	const char *name, *op, *from, *action;   /* from "-": every one from the nth on */
	enum harm harm;
	unsigned plans, fired;
};

static struct fault_class faults[] = {
	{ "busy", "op=83/00", "", "times=5 action=status status=busy", PASSES, 0, 0 },
	{ "busy for ever", "op=83/00", "-", "action=status status=busy", PASSES, 0, 0 },
	{ "task set full", "op=83/00", "", "action=status status=task_set_full", PASSES, 0, 0 },
	{ "unsupported", "op=83/00", "-", "action=sense k=05 asc=20 ascq=00", PASSES, 0, 0 },
	{ "copy aborted", "op=83/00", "", "action=sense k=0a asc=0d ascq=02", PASSES, 0, 0 },
	{ "copy aborted after", "op=83/00", "", "action=sense k=0a asc=0d ascq=01 when=after", PASSES, 0, 0 },
	{ "too many segments", "op=83/00", "", "action=sense k=05 asc=26 ascq=08", PASSES, 0, 0 },
	{ "unit attention", "op=83/00", "", "action=sense k=06 asc=29 ascq=00", PASSES, 0, 0 },
	{ "no sense", "op=83/00", "", "action=sense len=0", PASSES, 0, 0 },
	{ "delay", "op=83/00", "", "action=delay ms=3000", PASSES, 0, 0 },
	{ "drop", "op=83/00", "", "action=drop", PASSES, 0, 0 },
	{ "drop after", "op=83/00", "", "action=drop when=after", PASSES, 0, 0 },
	{ "drop, orphan runs on", "op=83/00", "", "action=drop ms=5000", PASSES, 0, 0 },
	{ "never", "op=83/00", "", "action=never", PASSES, 0, 0 },
	{ "read drops", "op=88", "", "action=drop", PASSES, 0, 0 },
	{ "write drops", "op=8a", "", "action=drop when=after", PASSES, 0, 0 },
	{ "write busy", "op=8a", "", "action=status status=task_set_full", PASSES, 0, 0 },
	{ "flush busy", "op=91", "-", "times=3 action=status status=busy", PASSES, 0, 0 },
	{ "medium error", "op=88 lun=0", "-", "action=sense k=03 asc=11 ascq=00", MAY_FAIL, 0, 0 },
	{ "write error", "op=8a", "-", "action=sense k=03 asc=0c ascq=00", MAY_FAIL, 0, 0 },
	{ "pool full", "op=83/00", "", "action=sense k=07 asc=27 ascq=07", MAY_FAIL, 0, 0 },
	{ "not ready", "op=83/00", "", "action=sense k=02 asc=04 ascq=03", MAY_FAIL, 0, 0 },
	{ "lie", "op=83/00", "", "action=lie", LIES, 0, 0 },
	{ "short", "op=83/00", "", "action=short blocks=3", LIES, 0, 0 },
	{ "misplaced", "op=83/00", "", "action=misplace by=8", MAY_FAIL, 0, 0 },
	{ "late", "op=83/00", "", "action=late ms=1500", LIES, 0, 0 },
};
#define FAULTS (sizeof faults / sizeof *faults)

/* Limits the array states: RECEIVE COPY OPERATING PARAMETERS, patched. */
static const char *const limits[] = {
	"op=84/03 action=patch off=10 hex=0001",         /* one segment */
	"op=84/03 action=patch off=10 hex=0003",
	"op=84/03 action=patch off=16 hex=00001000",     /* 4 KiB a segment */
	"op=84/03 action=patch off=16 hex=00003000",
	"op=84/03 action=patch off=37 hex=0d",           /* granularity 8 KiB */
	"op=84/03 action=patch off=37 hex=10",           /* 64 KiB */
	"op=84/03 action=patch off=36 hex=01",           /* one at a time */
};
#define LIMITS (sizeof limits / sizeof *limits)

/* ---- what came up -------------------------------------------------------------------------- */

enum class { BY_XCOPY, BY_HOST, BY_ZERO, MIXED, OVER_65535, BLOCKS_512, BLOCKS_4096, UNEQUAL,
	     UNALIGNED, SHIFTED, REQUIRED, NEVER, LIMITED, EXTENTS, SAME_BEFORE, FAILED, CLASSES };
static const char *const class_names[CLASSES] = {
	"moved by xcopy", "by host", "as zeros", "by xcopy and host", "over 65,535 blocks",
	"512-byte blocks", "4096-byte blocks", "unequal blocks", "ends off the granule", "range shifted",
	"offload required", "offload never", "limits patched", "extents", "same bytes before",
	"stated failure",
};
static unsigned seen[CLASSES];
static unsigned by_code[256];

/* ---- extents -------------------------------------------------------------------------------- */

static struct zeros {
	struct xm_extent_source s;
	struct { uint64_t off, len; } at[ZEROS];
	unsigned n;
} zeros;

static struct xm_extent query(struct xm_extent_source *s, uint64_t off, uint64_t len)
{
	uint64_t end = off + len;

	(void)s;
	for (unsigned i = 0; i < zeros.n; i++) {
		uint64_t a = zeros.at[i].off, b = a + zeros.at[i].len;

		if (off >= a && off < b)
			return (struct xm_extent){ off, xm_min_u64(end, b) - off, XM_EXTENT_ZERO };
		if (a > off)
			end = xm_min_u64(end, a);
	}
	return (struct xm_extent){ off, end - off, XM_EXTENT_DATA };
}

static int extents_open(struct xm_endpoint *ep, struct xm_extent_source **ret, struct xm_error **err)
{
	(void)ep;
	(void)err;
	*ret = &zeros.s;
	return 0;
}

static void extents_close(struct xm_extent_source *s)
{
	(void)s;
}
static const struct xm_extent_source_ops extents_ops = { "zeros", extents_open, query,
							 extents_close };

/* ---- a plan ---------------------------------------------------------------------------------- */

struct plan {
	struct test_random r;
	struct job_rig rig;
	uint64_t size, block;
	uint8_t *src, *dst;          /* before */
	struct fault_class *fault;
	unsigned rule;
	bool of_copy, of_host, require, never;
};

static uint64_t below(struct plan *p, uint64_t n)
{
	return test_below(&p->r, n);
}

static bool chance(struct plan *p, unsigned percent)
{
	return below(p, 100) < percent;
}

static uint8_t *peek_all(struct arr_lu *lu, uint64_t size)
{
	uint8_t *b = malloc(size);

	assert_true(b && arr_lu_peek(lu, 0, b, size));
	return b;
}

/* Each fault in turn, and none in 8 of 34 plans. */
static void choose_fault(struct plan *p, unsigned i)
{
	if (i < FAULTS)
		p->fault = &faults[i];
	p->of_copy = p->fault && strncmp(p->fault->op, "op=83", 5) == 0;
	p->of_host = p->fault && strncmp(p->fault->op, "op=8a", 5) == 0;
}

/* A fault of copies needs copies, one of host writes host writes. */
static const char *persona(struct plan *p)
{
	static const char *const personas[] = { "none", "ideal", "ideal", "lio", "scst", "ctl",
						"tcmu" };

	return p->of_host ? "none" : personas[p->of_copy ? 1 + below(p, 6) : below(p, 7)];
}

static void choose_disks(struct plan *p)
{
	uint64_t src_block = chance(p, 30) ? 4096 : 512, dst_block = src_block;
	char src[64], dst[64];

	if (!p->of_copy && chance(p, 16))
		dst_block = src_block == 512 ? 4096 : 512;
	p->block = xm_max_u64(src_block, dst_block);
	p->size = (chance(p, 8) ? 36 * KIB * KIB : 0) + 4096 * (1 + below(p, chance(p, 50) ? 64 : 1024));
	snprintf(src, sizeof src, "%lluK,block=%u", (unsigned long long)(p->size / KIB),
		 (unsigned)src_block);
	snprintf(dst, sizeof dst, "%lluK,block=%u", (unsigned long long)(p->size / KIB),
		 (unsigned)dst_block);
	job_rig_open(&p->rig, test_random(&p->r), persona(p), src, dst);
	seen[BLOCKS_512] += src_block == 512;
	seen[BLOCKS_4096] += src_block == 4096;
	seen[UNEQUAL] += src_block != dst_block;
}

/* Ascending areas of zeros on the source, which the extent source tells of. */
static void choose_extents(struct plan *p)
{
	static const uint8_t none[4096];
	struct arr_lu *lu = arr_target_lu(p->rig.w.t, 0);
	uint64_t off = 0;

	zeros.n = 0;
	zeros.s.ops = &extents_ops;
	while (chance(p, 60) && zeros.n < ZEROS) {
		uint64_t len;

		off += 512 * below(p, p->size / 512 / 4 + 1);
		len = 512 * (1 + below(p, p->size / 512 / 3 + 1));
		if (off + len > p->size)
			break;
		for (uint64_t o = 0; o < len; o += 512)
			assert_true(arr_lu_poke(lu, off + o, none, 512));
		zeros.at[zeros.n].off = off;
		zeros.at[zeros.n++].len = len;
		off += len + 512;
	}
}

static void same_before(struct plan *p)
{
	struct arr_lu *dst = arr_target_lu(p->rig.w.t, 1);
	uint8_t *b = peek_all(arr_target_lu(p->rig.w.t, 0), p->size);

	assert_true(arr_lu_poke(dst, 0, b, p->size));
	free(b);
	seen[SAME_BEFORE]++;
}

static void choose_range(struct plan *p)
{
	uint64_t blocks = p->size / p->block, a, b, n;

	if (!chance(p, 60))
		return;
	n = 1 + below(p, blocks);
	a = p->block * below(p, blocks - n + 1);
	b = chance(p, 50) ? a : p->block * below(p, blocks - n + 1);
	assert_int_equal(xm_job_set_range(p->rig.job, a, b, n * p->block, NULL), 0);
	p->rig.src_off = a;
	p->rig.dst_off = b;
	p->rig.len = n * p->block;
	seen[SHIFTED] += a != b;
}

static void choose_options(struct plan *p)
{
	static const char *const verifies[] = { "none", "sample", "sample", "full" };
	struct job_rig *r = &p->rig;
	bool lies = p->fault && p->fault->harm != PASSES;

	p->require = !p->of_host && chance(p, 20);
	p->never = !p->require && !p->of_copy && chance(p, 16);
	job_rig_set(r, XM_OPT_OFFLOAD, p->require ? "require" : p->never ? "never" : "auto");
	job_rig_set(r, XM_OPT_VERIFY, lies ? "full" : verifies[below(p, 4)]);
	if (chance(p, 20))
		assert_int_equal(xm_job_set_u64(r->job, XM_OPT_DEPTH, 1 + below(p, 20), NULL), 0);
	if (chance(p, 40))
		assert_int_equal(xm_job_set_u64(r->job, XM_OPT_RATE, 60000 + below(p, 1 << 20), NULL),
				 0);
	seen[REQUIRED] += p->require;
	seen[NEVER] += p->never;
}

static void choose_faults(struct plan *p)
{
	char rule[128];

	if (chance(p, 30)) {
		job_rig_fault(&p->rig, limits[below(p, LIMITS)]);
		seen[LIMITED]++;
	}
	if (!p->fault)
		return;
	p->fault->plans++;
	snprintf(rule, sizeof rule, "%s nth=%u%s %s", p->fault->op,
		 chance(p, 60) ? 1 : 2 + (unsigned)below(p, 4),
		 p->fault->from, p->fault->action);
	p->rule = job_rig_fault(&p->rig, rule);
}

/* ---- what must hold ----------------------------------------------------------------------------- */

static bool code_right(const struct plan *p, bool fired)
{
	int code = p->rig.code;

	if (code == XM_OK)
		return true;
	if (!fired)
		return p->require && code == XM_E_NOOFFLOAD;
	switch (p->fault->harm) {
	case PASSES:
		return p->require && (code == XM_E_NOOFFLOAD || code == XM_E_TEMPORARY);
	case LIES:
		return p->require && (code == XM_E_MISMATCH || code == XM_E_NOOFFLOAD);
	case MAY_FAIL:
		return code == XM_E_IO || code == XM_E_TEMPORARY || code == XM_E_MISMATCH ||
		       code == XM_E_DESTINATION || (p->require && code == XM_E_NOOFFLOAD);
	}
	return false;
}

static void check_bytes(struct plan *p, bool misplaced)
{
	const struct job_rig *r = &p->rig;
	uint8_t *src = peek_all(arr_target_lu(r->w.t, 0), p->size);
	uint8_t *dst = peek_all(arr_target_lu(r->w.t, 1), p->size);
	uint64_t end = r->dst_off + r->len;

	assert_memory_equal(src, p->src, p->size);
	if (!misplaced) {
		assert_memory_equal(dst, p->dst, r->dst_off);
		assert_memory_equal(dst + end, p->dst + end, p->size - end);
	}
	if (r->code == XM_OK)
		assert_memory_equal(dst + r->dst_off, src + r->src_off, r->len);
	free(src);
	free(dst);
}

static void check_writes(const struct plan *p)
{
	const struct job_rig *r = &p->rig;
	struct arr_lu *dst = arr_target_lu(r->w.t, 1);
	uint64_t block = arr_lu_block_size(dst);
	const struct arr_write *log;
	size_t n = arr_write_log(r->w.a, &log);

	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(log[i].lu, dst);
		assert_true(log[i].lba * block >= r->dst_off);
		assert_true((log[i].lba + log[i].blocks) * block <= r->dst_off + r->len);
	}
}

static void count(struct plan *p)
{
	const struct job_rig *r = &p->rig;
	uint64_t x = job_rig_u64(r, XM_JOB_BYTES_XCOPY), h = job_rig_u64(r, XM_JOB_BYTES_HOST);
	uint64_t z = job_rig_u64(r, XM_JOB_BYTES_ZEROED);

	assert_int_equal(x + h + z, job_rig_u64(r, XM_JOB_BYTES_DONE));
	assert_false(p->require && h + z > 0);
	assert_false(p->never && x > 0);
	if (r->code == XM_OK) {
		assert_int_equal(x + h + z, r->len);
		assert_int_equal(job_rig_u64(r, XM_JOB_BYTES_UNKNOWN), 0);
	}
	seen[BY_XCOPY] += x > 0;
	seen[BY_HOST] += h > 0;
	seen[BY_ZERO] += z > 0;
	seen[MIXED] += x > 0 && h > 0;
	seen[OVER_65535] += r->code == XM_OK && r->len / p->block > 65535;
	seen[UNALIGNED] += (r->dst_off | r->len) % 65536 != 0;
	seen[EXTENTS] += zeros.n > 0;
	seen[FAILED] += r->code != XM_OK;
	by_code[r->code]++;
}

static void run_plan(uint64_t seed)
{
	struct plan p = { .r = { seed } };
	bool fired, misplaced;

	choose_fault(&p, (unsigned)(seed % (FAULTS + 8)));
	choose_disks(&p);
	choose_extents(&p);
	if (chance(&p, 20))
		same_before(&p);
	choose_faults(&p);
	p.src = peek_all(arr_target_lu(p.rig.w.t, 0), p.size);
	p.dst = peek_all(arr_target_lu(p.rig.w.t, 1), p.size);
	assert_int_equal(job_rig_job(&p.rig), XM_OK);
	choose_range(&p);
	choose_options(&p);
	p.rig.job->opt.extents = &extents_ops;
	job_rig_run(&p.rig);
	array_world_settle(&p.rig.w);
	fired = p.fault && job_rig_fired(&p.rig, p.rule) > 0;
	if (fired)
		p.fault->fired++;
	/* an array that writes to a place it was not told is outside anybody's reach */
	misplaced = fired && strstr(p.fault->action, "misplace");
	if (!code_right(&p, fired))
		fail_msg("exit %d: %s; fault %s, %s", p.rig.code, p.rig.text,
			 fired ? p.fault->name : "none", p.require ? "required" : "auto");
	if (!misplaced)
		check_writes(&p);
	check_bytes(&p, misplaced);
	count(&p);
	job_rig_close(&p.rig);
	free(p.src);
	free(p.dst);
}

/* ---- all of them ---------------------------------------------------------------------------------- */

static void tell_classes(unsigned *ret_empty)
{
	for (unsigned i = 0; i < CLASSES; i++) {
		printf("# %-22s %u\n", class_names[i], seen[i]);
		*ret_empty += seen[i] == 0;
	}
	for (unsigned i = 0; i < FAULTS; i++) {
		printf("# fault: %-15s in %u plans, fired in %u\n", faults[i].name, faults[i].plans,
		       faults[i].fired);
		*ret_empty += faults[i].fired == 0;
	}
	for (unsigned i = 0; i < 256; i++) {
		if (by_code[i])
			printf("# exit %u: %u\n", i, by_code[i]);
	}
}

static uint64_t current;

static void random_plans(void **state)
{
	const char *n_text = getenv("XM_PLANS");
	uint64_t seed = test_seed("random-plans");
	unsigned n = n_text ? (unsigned)atoi(n_text) : getenv("XM_LONG") ? 10000 : 500, empty = 0;

	(void)state;
	for (unsigned i = 0; i < n; i++) {
		current = seed + i;
		run_plan(current);
	}
	tell_classes(&empty);
	if (n >= 500)
		assert_int_equal(empty, 0);
}

/* Also when an assertion has left run_plan(). */
static int tell_seed(void **state)
{
	(void)state;
	printf("# last plan: XM_SEED=%llu XM_PLANS=1\n", (unsigned long long)current);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(random_plans, tell_seed),
	};

	return cmocka_run_group_tests_name("random-plans", tests, NULL, NULL);
}
