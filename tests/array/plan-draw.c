/* SPDX-License-Identifier: Apache-2.0 */
/* See plan-draw.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "plan-draw.h"

const struct plan_fault plan_faults[] = {
	{ "copy busy", "op=83 nth=%n action=status status=busy", PLAN_COPY, { 0 } },
	{ "copy busy for ever", "op=83 nth=%n- action=status status=busy", PLAN_COPY, { 0 } },
	{ "copy too many segments", "op=83 nth=%n action=sense k=5 asc=26 ascq=08", PLAN_COPY,
	  { 0 } },
	{ "copy not ready", "op=83 nth=%n action=sense k=2 asc=4 ascq=3", PLAN_COPY, { 74 } },
	{ "copy task set full", "op=83 nth=%n action=status status=task_set_full", PLAN_COPY,
	  { 0 } },
	{ "copy unit attention", "op=83 nth=%n action=sense k=6 asc=29 ascq=00", PLAN_COPY, { 0 } },
	{ "copy aborted", "op=83 nth=%n action=sense k=0a asc=0d ascq=01 when=after", PLAN_COPY,
	  { 0 } },
	{ "copy not reachable", "op=83 nth=%n action=sense k=0a asc=0d ascq=02", PLAN_COPY, { 0 } },
	{ "copy medium error", "op=83 nth=%n action=sense k=3 asc=11 ascq=00", PLAN_COPY, { 0 } },
	{ "copy refused", "op=83 nth=%n action=sense k=5 asc=26 ascq=00", PLAN_COPY, { 0 } },
	{ "copy unsupported", "op=83 nth=%n action=sense k=5 asc=20 ascq=00", PLAN_COPY, { 0 } },
	{ "copy without sense", "op=83 nth=%n action=sense len=0", PLAN_COPY, { 0 } },
	{ "copy segment told", "op=83 nth=%n action=sense k=0a asc=0d ascq=01 segment=0 "
	  "format=descriptor", PLAN_COPY, { 0 } },
	{ "copy pool full", "op=83 nth=%n action=sense k=7 asc=27 ascq=07", PLAN_COPY, { 75 } },
	{ "copy slow", "op=83 nth=%n action=delay ms=7000", PLAN_COPY, { 0 } },
	{ "copy cut before", "op=83 nth=%n action=drop", PLAN_COPY, { 0 } },
	{ "copy cut late", "op=83 nth=%n action=drop ms=30000", PLAN_COPY, { 0 } },
	{ "copy cut after", "op=83 nth=%n action=drop when=after", PLAN_COPY, { 0 } },
	{ "copy unanswered", "op=83 nth=%n action=never", PLAN_COPY, { 0 } },
	{ "copy unanswered after", "op=83 nth=%n action=never when=after", PLAN_COPY, { 0 } },
	{ "copy task aborted", "op=83 nth=%n action=status status=task_aborted when=after",
	  PLAN_COPY, { 0 } },
	{ "copy lie", "op=83 nth=%n action=lie", PLAN_COPY | PLAN_LIE, { 0 } },
	{ "copy short", "op=83 nth=%n action=short blocks=3", PLAN_COPY | PLAN_LIE, { 0 } },
	{ "copy misplaced", "op=83 nth=%n action=misplace by=2", PLAN_COPY | PLAN_LIE | PLAN_WHOLE,
	  { 0 } },
	{ "copy late", "op=83 nth=%n action=late ms=1500", PLAN_COPY | PLAN_LIE, { 0 } },
	{ "limits cut", "op=84/03 action=truncate len=20", 0, { 0 } },
	{ "limits absurd", "op=84/03 action=patch off=37 hex=ff", 0, { 0 } },
	{ "limits unsupported", "op=84/03 action=sense k=5 asc=20 ascq=00", 0, { 0 } },
	{ "read busy", "op=88 nth=%n action=status status=busy", 0, { 0 } },
	{ "read cut", "op=88 nth=%n action=drop", 0, { 0 } },
	{ "read unanswered", "op=88 nth=%n action=never", 0, { 0 } },
	{ "read medium error", "op=88 lun=0 nth=%n- action=sense k=3 asc=11 ascq=0", 0, { 74 } },
	{ "read truncated", "op=88 nth=%n action=truncate len=100", 0, { 0 } },
	{ "write busy", "op=8a nth=%n action=status status=busy", PLAN_HOST, { 0 } },
	{ "write cut", "op=8a nth=%n action=drop", PLAN_HOST, { 75 } },
	{ "write cut late", "op=8a nth=%n action=drop ms=9000", PLAN_HOST, { 75 } },
	{ "write cut after", "op=8a nth=%n action=drop when=after", PLAN_HOST, { 75 } },
	{ "write unanswered", "op=8a nth=%n action=never", PLAN_HOST, { 75 } },
	{ "write error", "op=8a nth=%n action=sense k=3 asc=0c ascq=02", PLAN_HOST, { 74 } },
	{ "write protected", "op=8a nth=%n action=sense k=7 asc=27 ascq=00", PLAN_HOST, { 73 } },
	{ "write lie", "op=8a nth=%n action=lie", PLAN_HOST | PLAN_LIE, { 65 } },
	{ "flush cut", "op=91 nth=1 action=drop", 0, { 0 } },
	{ "flush busy", "op=91 nth=1 action=status status=busy", 0, { 0 } },
	{ "flush unsupported", "op=91 action=sense k=5 asc=20 ascq=00", 0, { 0 } },
	{ "everything slow", "action=delay ms=40", 0, { 0 } },
};
const unsigned plan_nfaults = sizeof plan_faults / sizeof plan_faults[0];

static bool chance(struct test_random *x, unsigned percent)
{
	return test_below(x, 100) < percent;
}

/* ---- disks and range --------------------------------------------------------------- */

#define UNIT_MAX(a, b) ((a) > (b) ? (a) : (b))

static uint64_t draw_blocks(struct test_random *x, uint32_t block)
{
	unsigned kind = (unsigned)test_below(x, 100);

	if (kind < 20)
		return 1 + test_below(x, 64);
	if (kind < 60)
		return 1 + test_below(x, (1 << 20) / block);
	if (kind < 93 || block > 512)
		return 1 + test_below(x, (6 << 20) / block);
	return 66000 + test_below(x, 10000);            /* beyond 16 bits */
}

static void draw_disks(struct plan *p, unsigned wants, struct test_random *x)
{
	p->src_block = chance(x, 70) ? 512 : 4096;
	p->dst_block = (wants & PLAN_COPY) || chance(x, 85) ? p->src_block : 4608 - p->src_block;
	uint32_t unit = UNIT_MAX(p->src_block, p->dst_block);
	p->src_size = draw_blocks(x, unit) * unit;
	p->dst_size = p->src_size + (chance(x, 50) ? test_below(x, 4096) * unit : 0);
	p->zeros = chance(x, 60) ? (unsigned)test_below(x, 6) : 0;
	p->extents = chance(x, 50);
}

static void draw_range(struct plan *p, unsigned wants, struct test_random *x)
{
	uint32_t unit = UNIT_MAX(p->src_block, p->dst_block);
	uint64_t blocks = p->src_size / unit, n;

	p->whole = (wants & PLAN_WHOLE) || chance(x, 40);
	p->len = p->src_size;
	if (p->whole) {
		p->dst_size = p->src_size;
		return;
	}
	n = chance(x, 40) ? blocks : 1 + test_below(x, blocks);
	p->len = n * unit;
	p->src_off = test_below(x, blocks - n + 1) * unit;
	p->dst_off = test_below(x, p->dst_size / unit - n + 1) * unit;
	/* many arrays want both sides aligned alike */
	if (chance(x, 40) && p->src_off + p->len <= p->dst_size)
		p->dst_off = p->src_off;
}

/* ---- array, options, faults ---------------------------------------------------------- */

static void draw_array(struct plan *p, unsigned wants, struct test_random *x)
{
	static const char *const personas[] = { "ideal", "ideal", "ideal", "ctl", "ctl",
						"lio", "lio", "scst", "tcmu", "none" };
	unsigned n = sizeof personas / sizeof personas[0] - (wants & PLAN_COPY ? 1 : 0);
	static const unsigned granularities[] = { 9, 12, 12, 16 };

	p->persona = personas[test_below(x, n)];
	if ((wants & PLAN_HOST) && chance(x, 80))
		p->persona = "none";
	p->copy_latency = chance(x, 50) ? (unsigned)test_below(x, 700) : 0;
	p->queue_limit = chance(x, 15) ? 1 + (unsigned)test_below(x, 6) : 0;
	p->two_sessions = chance(x, 10);
	if (strcmp(p->persona, "ideal") != 0)
		return;
	p->max_segments = chance(x, 60) ? 1 + (unsigned)test_below(x, 64) : 0;
	p->max_segment_bytes = chance(x, 50) ? (1 + test_below(x, 64)) * 16384 : 0;
	p->granularity = chance(x, 50) ? granularities[test_below(x, 4)] : 0;
}

static void draw_options(struct plan *p, unsigned wants, struct test_random *x)
{
	static const char *const verifies[] = { "sample", "sample", "full", "none" };
	static const char *const depths[] = { "0", "0", "1", "3", "16" };

	p->offload = chance(x, 85) ? "auto" : chance(x, 60) ? "require" : "never";
	if ((wants & PLAN_HOST) || (wants & PLAN_COPY && !strcmp(p->offload, "never")))
		p->offload = "auto";
	p->verify = verifies[test_below(x, 4)];
	p->depth = depths[test_below(x, 5)];
	p->same_before = chance(x, 15);
	p->rate = chance(x, 15) ? 60000 + test_below(x, 1 << 20) : 0;
}

static void write_rule(struct plan *p, unsigned i, struct test_random *x)
{
	const char *rule = p->faults[i]->rule, *n = strstr(rule, "%n");
	char *to = p->rules[i];
	const size_t room = sizeof p->rules[i];
	unsigned first = 1 + (unsigned)(chance(x, 60) ? 0 : test_below(x, 6)),
		 more = (unsigned)test_below(x, 3);

	if (!n)
		snprintf(to, room, "%s", rule);
	else if (n[2] == '-')
		snprintf(to, room, "%.*s%u%s", (int)(n - rule), rule, first, n + 2);
	else
		snprintf(to, room, "%.*s%u-%u%s", (int)(n - rule), rule, first, first + more,
			 n + 2);
}

static void add_fault(struct plan *p, const struct plan_fault *f, struct test_random *x)
{
	if ((f->flags & PLAN_WHOLE) && !p->whole)
		return;
	if (f->flags & PLAN_LIE)
		p->verify = "full";
	p->faults[p->nfaults] = f;
	write_rule(p, p->nfaults++, x);
}

static void draw_faults(struct plan *p, const struct plan_fault *first, struct test_random *x)
{
	unsigned n = (unsigned)test_below(x, PLAN_FAULTS);

	if (first)
		add_fault(p, first, x);
	else if (chance(x, 60))
		return;
	while (n--)
		add_fault(p, &plan_faults[test_below(x, plan_nfaults)], x);
}

void plan_draw(struct plan *p, uint64_t seed)
{
	struct test_random x = { .state = seed };
	unsigned which = seed & 0xff;
	const struct plan_fault *first = which < plan_nfaults ? &plan_faults[which] : NULL;
	unsigned wants = first ? first->flags : 0;

	memset(p, 0, sizeof *p);
	p->seed = seed;
	draw_disks(p, wants, &x);
	draw_range(p, wants, &x);
	draw_array(p, wants, &x);
	draw_options(p, wants, &x);
	draw_faults(p, first, &x);
}

void plan_print(const struct plan *p)
{
	fprintf(stderr, "# plan XM_PLAN=%" PRIu64 ": %s, source %" PRIu64 " by %u, destination %"
		PRIu64 " by %u, %" PRIu64 " at %" PRIu64 " -> %" PRIu64 ", zeros %u%s%s",
		p->seed, p->persona, p->src_size, p->src_block, p->dst_size, p->dst_block, p->len,
		p->src_off, p->dst_off, p->zeros, p->extents ? " told" : "",
		p->same_before ? ", same before" : "");
	fprintf(stderr, ", offload %s, verify %s, depth %s, rate %" PRIu64 ", sessions %d, "
		"segments %u of %" PRIu64 ", granularity %u, queue %u, latency %u",
		p->offload, p->verify, p->depth, p->rate, 1 + p->two_sessions, p->max_segments,
		p->max_segment_bytes, p->granularity, p->queue_limit, p->copy_latency);
	for (unsigned i = 0; i < p->nfaults; i++)
		fprintf(stderr, "; %s", p->rules[i]);
	fprintf(stderr, "\n");
}
