/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xmover bench [SRC DST]: one pair, every way, side by side.
 *
 * The ways, sizes and depths take turns in every round, so that what the machine
 * does besides is spread over all of them; one round before the first warms up.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "bench/bench.h"
#include "cmd.h"
#include "console.h"
#include "signals.h"
#include "text.h"

#define SIZE_PRESET (UINT64_C(1) << 30)
#define ROUNDS_PRESET 5

static int usage(const char *text)
{
	console_say(XM_LOG_ERROR, "usage", "%s", text);
	return XM_E_USAGE;
}

/* ---- what is compared ------------------------------------------------------------- */

struct axes {
	uint64_t size[32], depth[32];
	unsigned sizes, depths;
};

/* "256K,1M"; without a list one 0: adaptive. */
static bool read_list(const char *list, uint64_t *at, unsigned *ret_n)
{
	char item[32];

	*ret_n = 0;
	at[0] = 0;
	for (const char *p = list; p && *p; p += strcspn(p, ","), p += *p == ',') {
		snprintf(item, sizeof item, "%.*s", (int)strcspn(p, ","), p);
		if (*ret_n == 32 || !text_parse_size(item, &at[*ret_n]))
			return false;
		(*ret_n)++;
	}
	*ret_n += *ret_n == 0;
	return true;
}

static bool add(struct bench *b, const struct bench_way *way, uint64_t size, uint64_t depth)
{
	struct bench_config *c = &b->at[b->n];

	if (b->n == BENCH_CONFIGS_MAX || depth > 65535)
		return false;
	*c = (struct bench_config){ .way = way, .size = size, .depth = (unsigned)depth,
				    .calls = -1 };
	b->n++;
	return true;
}

/* The request size is the host's alone. */
static bool add_way(struct bench *b, const struct bench_way *way, const struct axes *x)
{
	bool host = strcmp(way->name, "uring") == 0 || strcmp(way->name, "threads") == 0;

	for (unsigned d = 0; d < x->depths; d++) {
		for (unsigned s = 0; s < (host ? x->sizes : 1); s++) {
			if (!add(b, way, host ? x->size[s] : 0, x->depth[d]))
				return false;
		}
	}
	return true;
}

static int choose(struct bench *b, const struct opts *o)
{
	const char *ways = opt_text(o, OPT_WAYS);
	struct axes x;

	if (!read_list(opt_text(o, OPT_REQUESTS), x.size, &x.sizes) ||
	    !read_list(opt_text(o, OPT_DEPTHS), x.depth, &x.depths))
		return usage("--requests and --depths take lists like 256K,1M and 4,16");
	for (unsigned i = 0; i < bench_ways_count; i++) {
		if (ways && !opt_list_has(ways, ',', bench_ways[i].name))
			continue;
		if (!add_way(b, &bench_ways[i], &x))
			return usage("more sizes and depths than can be compared at once");
	}
	return b->n ? XM_OK : usage("--ways takes a list of offload, clone, uring, threads");
}

/* ---- the rounds ------------------------------------------------------------------------ */

static void one_round(struct bench *b, bool counts)
{
	for (unsigned i = 0; i < b->n && !b->stop; i++) {
		struct bench_config *c = &b->at[i];
		double rate, cpu;

		if (c->error[0] || !bench_run(b, c, &rate, &cpu) || !counts)
			continue;
		c->rate[c->rounds] = rate;
		c->cpu[c->rounds++] = cpu;
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void measure(struct bench *b)
{
	for (unsigned round = 0; round <= b->rounds && !b->stop; round++) {
		console_say(XM_LOG_INFO, "bench", "round %u of %u%s", round, b->rounds,
			    round ? "" : ", to warm up");
		one_round(b, round > 0);
	}
	if (!b->stop)
		console_say(XM_LOG_INFO, "bench", "system calls are counted");
	for (unsigned i = 0; i < b->n && !b->stop; i++) {
		struct bench_config *c = &b->at[i];

		if (c->error[0])
			continue;
		bench_run(b, c, NULL, NULL);
		qsort(c->rate, c->rounds, sizeof c->rate[0], by_value);
		qsort(c->cpu, c->rounds, sizeof c->cpu[0], by_value);
	}
}

/* ---- results ------------------------------------------------------------------------------ */

static int write_svg(const struct bench *b, const char *path)
{
	FILE *f = path ? fopen(path, "we") : NULL;
	bool ok;

	if (!path)
		return XM_OK;
	if (f)
		bench_svg(b, f);
	ok = f && !ferror(f);
	if (f && fclose(f) != 0)
		ok = false;
	if (!ok)
		console_say(XM_LOG_ERROR, "svg", "%s: %s", path, strerror(errno));
	return ok ? XM_OK : XM_E_CONFIG;
}

static int show(const struct bench *b, const struct opts *o)
{
	int code = write_svg(b, opt_text(o, OPT_SVG));
	unsigned measured = 0;

	if (opt_flag(o, OPT_JSON))
		bench_json(b, stdout);
	else
		bench_table(b, stdout);
	for (unsigned i = 0; i < b->n; i++)
		measured += b->at[i].rounds > 0;
	if (!cmd_flush())
		return XM_E_IO;
	return code ? code : measured ? XM_OK : XM_E_IO;
}

static int make_pair(struct bench_pair *p, const struct opts *o)
{
	const char *kind = opt_text(o, OPT_MAKE), *dir = opt_text(o, OPT_DIR);
	char error[BENCH_ERROR];

	if (o->operands == 1)
		return usage("bench takes SRC and DST, or neither");
	if (o->operands == 2 && kind)
		return usage("--make contradicts SRC and DST");
	if (o->operands == 2) {
		snprintf(p->src, sizeof p->src, "%s", o->operand[0]);
		snprintf(p->dst, sizeof p->dst, "%s", o->operand[1]);
		return XM_OK;
	}
	if (bench_pair_make(p, kind ? kind : "files", dir ? dir : ".",
			    opt_number(o, OPT_PAIR_SIZE, SIZE_PRESET), error, sizeof error))
		return XM_OK;
	if (!*p->stop)
		console_say(XM_LOG_ERROR, "pair", "%s", error);
	return XM_E_CONFIG;
}

/* What each run needs to reach the disks too.  The environment goes to them by itself. */
static bool pass_on(struct bench *b, const struct opts *o)
{
	static const enum opt_id ids[BENCH_PASSED] = { OPT_CHAP_FILE, OPT_INITIATOR_NAME,
							OPT_TIMEOUT, OPT_DST_ID };

	for (unsigned i = 0; i < BENCH_PASSED; i++) {
		if (!o->given[ids[i]])
			continue;
		if (asprintf(&b->passed[b->npassed], "--%s=%s", opt_table[ids[i]].name,
			     o->text[ids[i]]) < 0)
			return false;
		b->npassed++;
	}
	return true;
}

static void stop(void *what)
{
	bench_stop(what);
}

static int run(struct bench *b, const struct opts *o)
{
	struct bench_pair pair = { .loops = { -1, -1 }, .stop = &b->stop };
	int code;

	b->pair = &pair;
	signals_run_begins(stop, b);
	code = make_pair(&pair, o);
	if (code == XM_OK) {
		measure(b);
		code = b->stop ? XM_OK : show(b, o);
	}
	bench_pair_drop(&pair);
	signals_run_ended();
	return b->stop ? XM_E_STOPPED : code;
}

int cmd_bench(const struct opts *o)
{
	struct bench *b = calloc(1, sizeof *b);
	int code;

	if (!b)
		return XM_E_TEMPORARY;
	b->rounds = (unsigned)opt_number(o, OPT_ROUNDS, ROUNDS_PRESET);
	if (b->rounds == 0 || b->rounds > BENCH_ROUNDS_MAX)
		code = usage("--rounds takes 1 to 64");
	else
		code = choose(b, o);
	if (code == XM_OK)
		code = pass_on(b, o) ? run(b, o) : XM_E_TEMPORARY;
	for (unsigned i = 0; i < b->npassed; i++)
		free(b->passed[i]);
	free(b);
	return code;
}
