/* SPDX-License-Identifier: Apache-2.0 */
/* See fault-table.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "fault-table.h"

#define MIB (UINT64_C(1) << 20)

static struct job_rig r;

#define RULES_MAX 4

static unsigned add_rules(const char *words, unsigned ids[RULES_MAX])
{
	char *copy = strdup(words), *save = NULL;
	unsigned n = 0;

	assert_non_null(copy);
	for (char *w = strtok_r(copy, "|", &save); w; w = strtok_r(NULL, "|", &save))
		if (strncmp(w, "set ", 4) == 0)
			array_world_control(&r.w, w);
		else
			ids[n++] = job_rig_fault(&r, w);
	free(copy);
	return n;
}

static uint64_t offloaded(void)
{
	return r.job ? job_rig_u64(&r, XM_JOB_BYTES_XCOPY) + job_rig_u64(&r, XM_JOB_BYTES_ODX) : 0;
}

/* What is to be copied: zeros are made, by whatever way. */
static uint64_t size(void)
{
	return r.job ? r.len - job_rig_u64(&r, XM_JOB_BYTES_ZEROED) : r.len;
}

static bool way_is(enum way way)
{
	uint64_t x = offloaded();

	switch (way) {
	case ALL: return x == size();
	case SOME: return x > 0 && x < size();
	case NONE: return x == 0;
	default: return true;
	}
}

static bool as_stated(const struct fault *f, const unsigned *ids, unsigned n)
{
	bool ok = r.code == f->code && way_is(f->way);

	if (f->reason && job_rig_fallback(&r, f->reason) == UINT64_MAX)
		ok = false;
	for (unsigned i = 0; i < n; i++)
		ok &= job_rig_fired(&r, ids[i]) > 0;
	return ok;
}

static void tell(const struct fault *f, const unsigned *ids, unsigned n)
{
	const char *reason, *detail;

	print_error("%s: want exit %d way %d %s, got exit %d %s; by offload %llu of %llu MiB, "
		    "fired %u, fences %u\n", f->rules ? f->rules : "", f->code, (int)f->way,
		    f->reason ? f->reason : "", r.code, r.code ? r.text : "",
		    (unsigned long long)(offloaded() / MIB),
		    (unsigned long long)(size() / MIB), n ? job_rig_fired(&r, ids[0]) : 0,
		    array_path_fences(r.path));
	for (size_t i = 0; r.job && xm_job_fallback(r.job, i, &reason, &detail, NULL, NULL) == 0;
	     i++)
		print_error("    %s: %s\n", reason, detail);
}

bool fault_table_one(const struct fault_table *t, const struct fault *f,
		     const struct fault_setting *s, size_t seed)
{
	unsigned ids[RULES_MAX], n = 0;
	bool ok;

	job_rig_open(&r, seed, f->persona ? f->persona : t->persona, s->src ? s->src : "16M",
		     s->dst ? s->dst : "16M");
	if (t->registry)
		r.w.ctx->registry = t->registry;
	array_world_control(&r.w, "set copy_latency 300");
	if (f->rules)
		n = add_rules(f->rules, ids);
	r.live = s->live;
	if (s->prepare)
		s->prepare(&r);
	job_rig_set(&r, XM_OPT_VERIFY, f->verify ? f->verify : "sample");
	job_rig_run(&r);
	job_rig_check(&r);
	ok = as_stated(f, ids, n);
	if (!ok)
		tell(f, ids, n);
	job_rig_close(&r);
	return ok;
}

/* With disk before and behind the range, which nothing may touch. */
static void in_the_middle(struct job_rig *rig)
{
	job_rig_range(rig, 0, 4 * MIB, 16 * MIB);
}

void fault_table_run(const struct fault_table *t)
{
	static const struct fault_setting usual = { NULL, "24M", in_the_middle, false };
	const char *only = getenv("XM_FAULT");
	unsigned bad = 0, n = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (only && (size_t)atoi(only) != i)
			continue;
		n++;
		bad += !fault_table_one(t, &t->row[i], &usual, i + 1);
	}
	print_message("%u faults\n", n);
	if (bad)
		fail_msg("%u of %u not as stated", bad, n);
}
