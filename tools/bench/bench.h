/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xmover bench, inside: the same pair copied by each way, run by run in turns,
 * by this program itself as a child, so that what is measured is what is used.
 *
 *   pair.c     the pair: given, or files, loop devices, a started array
 *   run.c      one run: its time, processor time and bytes by way
 *   count.c    system calls of one run that is not timed
 *   table.c    for people, and JSON
 *   plot.c     an SVG
 */
#ifndef TOOLS_BENCH_H
#define TOOLS_BENCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* ---- the pair ------------------------------------------------------------------ */

struct bench_pair {
	char src[320], dst[320];
	char dir[256];               /* of what was made, "" nothing */
	char made[128];              /* what it is, for people */
	uint64_t bytes;              /* 0: not told, the given pair */
	int loops[2];                /* descriptors that keep them, -1 */
	pid_t array;                 /* 0: none */
	const atomic_bool *stop;     /* set: give up making it */
};
/* Makes a pair of `kind` ("files", "loop", "array") below dir.  False with `error` filled. */
bool bench_pair_make(struct bench_pair *p, const char *kind, const char *dir, uint64_t size,
		     char *error, size_t error_size);
void bench_pair_drop(struct bench_pair *p);

/* ---- what is compared -------------------------------------------------------------- */

#define BENCH_ROUNDS_MAX 64
#define BENCH_CONFIGS_MAX 256
#define BENCH_ERROR 256

struct bench_way {
	const char *name, *title;
	const char *const *args;     /* of xmover copy; NULL at the end */
	const char *counter;         /* of the report's bytes: only runs that moved
					all by these count; NULL any */
};
extern const struct bench_way bench_ways[];
extern const unsigned bench_ways_count;

/* One way, request size and depth; 0: adaptive. */
struct bench_config {
	const struct bench_way *way;
	uint64_t size;
	unsigned depth;
	unsigned rounds;             /* good ones */
	double rate[BENCH_ROUNDS_MAX];       /* GiB/s, in the order of the rounds;
						sorted at the end */
	double cpu[BENCH_ROUNDS_MAX];        /* seconds a GiB */
	double calls;                /* system calls a GiB; negative: not known */
	char error[BENCH_ERROR];     /* "" or why it was given up */
};
static inline double bench_median(const double *sorted, unsigned n)
{
	return n == 0 ? 0 : n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

static inline double bench_highest(const struct bench_config *c)
{
	return c->rounds ? c->rate[c->rounds - 1] : 0;
}

#define BENCH_PASSED 4

struct bench {
	const struct bench_pair *pair;
	char *passed[BENCH_PASSED];  /* options that every run takes too */
	unsigned npassed;
	atomic_bool stop;            /* by another thread: the run under way is the last */
	_Atomic pid_t child;         /* 0: none */
	uint64_t bytes;              /* of a run */
	unsigned rounds;
	unsigned n;
	struct bench_config at[BENCH_CONFIGS_MAX];
};

/* From any thread: the run under way is asked to end, and no other is begun. */
void bench_stop(struct bench *b);
/*
 * One run.  False: c->error is filled.
 * Where ret_rate is NULL its system calls are counted instead.
 */
bool bench_run(struct bench *b, struct bench_config *c, double *ret_rate, double *ret_cpu);
/* Waits for the child and counts; negative where that is not allowed.  *ret_status as wait(2). */
double bench_count_calls(pid_t child, int *ret_status);

/* ---- what is shown ------------------------------------------------------------------- */

void bench_table(const struct bench *b, FILE *f);
bool bench_json(const struct bench *b, FILE *f);
void bench_svg(const struct bench *b, FILE *f);

#endif
