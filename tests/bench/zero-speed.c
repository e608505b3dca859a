/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast zeros are found, by every way this processor has, in each cache and
 * in memory, beside what reading memory and doing nothing with it takes.  The ways
 * are interleaved round by round; the median and the spread of the rounds count.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include "zero-find.h"

#define ROUNDS 15
#define WAYS 8
#define CELL 4096                        /* as the host method asks: cell by cell */
#define ROUND_BYTES (UINT64_C(1) << 30)

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* The ceiling: every cache line loaded once, in order, by registers of the same width. */
typedef uint64_t wide __attribute__((vector_size(64), aligned(8)));
#if defined(__x86_64__)
__attribute__((target_clones("avx512f", "avx2", "default")))
#endif
static bool sum_only(const uint8_t *p, size_t len)
{
	wide a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 };

	for (size_t i = 0; i + 256 <= len; i += 256) {
		a += *(const wide *)(p + i);
		b += *(const wide *)(p + i + 64);
		c += *(const wide *)(p + i + 128);
		d += *(const wide *)(p + i + 192);
	}
	a = (a + b) + (c + d);
	return a[0] + a[1] + a[2] + a[3] + a[4] + a[5] + a[6] + a[7] == 0;
}

static bool always(void)
{
	return true;
}

static const struct xm_zero_finder ceiling = { "(reading alone)", always, sum_only };

static double one_round(const struct xm_zero_finder *f, const uint8_t *p, size_t size)
{
	uint64_t turns = ROUND_BYTES / size ? ROUND_BYTES / size : 1;
	uint64_t found = 0;
	double t = now();

	for (uint64_t i = 0; i < turns; i++) {
		for (size_t at = 0; at < size; at += CELL)
			found += f->is_zero(p + at, CELL);
	}
	t = now() - t;
	if (found != turns * (size / CELL))
		abort();
	return (double)(turns * size) / t / (double)(1 << 30);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void measure(const struct xm_zero_finder **ways, unsigned n, const uint8_t *p, size_t size)
{
	static double got[WAYS][ROUNDS];
	double base;

	for (unsigned i = 0; i < n; i++)
		one_round(ways[i], p, size);
	for (unsigned r = 0; r < ROUNDS; r++) {
		for (unsigned i = 0; i < n; i++)
			got[i][r] = one_round(ways[i], p, size);
	}
	for (unsigned i = 0; i < n; i++)
		qsort(got[i], ROUNDS, sizeof(double), by_value);
	base = got[0][ROUNDS / 2];
	for (unsigned i = 0; i < n; i++)
		printf("%10zu KiB  %-16s %7.1f GiB/s  (%.1f to %.1f)  %.2f of reading\n",
		       size >> 10, ways[i]->name, got[i][ROUNDS / 2], got[i][0],
		       got[i][ROUNDS - 1], got[i][ROUNDS / 2] / base);
}

int main(void)
{
	static const size_t sizes[] = { 32u << 10, 1u << 20, 32u << 20, 1u << 30 };
	const struct xm_zero_finder *ways[WAYS] = { &ceiling };
	size_t most = sizes[sizeof sizes / sizeof sizes[0] - 1];
	uint8_t *p = mmap(NULL, most, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned n = 1;

	if (p == MAP_FAILED)
		return 1;
	madvise(p, most, MADV_HUGEPAGE);
	/* touched with ones first: pages never written are all the one zero page */
	memset(p, 1, most);
	memset(p, 0, most);
	for (const struct xm_zero_finder *const *f = xm_zero_finders; *f && n < WAYS; f++) {
		if ((*f)->usable())
			ways[n++] = *f;
	}
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		measure(ways, n, p, sizes[i]);
	munmap(p, most);
	return 0;
}
