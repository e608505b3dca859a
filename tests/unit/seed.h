/* SPDX-License-Identifier: Apache-2.0 */
/* Random tests: the seed is printed, and replayed from XM_SEED. */
#ifndef TEST_SEED_H
#define TEST_SEED_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct test_random {
	uint64_t state;
};

static inline uint64_t test_random(struct test_random *r)
{
	uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* 0 .. n-1 */
static inline uint64_t test_below(struct test_random *r, uint64_t n)
{
	return test_random(r) % n;
}

static inline uint64_t test_seed(const char *name)
{
	const char *text = getenv("XM_SEED");
	struct timespec ts;
	uint64_t seed;

	clock_gettime(CLOCK_REALTIME, &ts);
	seed = text ? strtoull(text, NULL, 0) :
		      (uint64_t)ts.tv_sec * 1000003 + (uint64_t)ts.tv_nsec;
	printf("# %s: seed %llu (replay with XM_SEED)\n", name, (unsigned long long)seed);
	fflush(stdout);
	return seed;
}

#endif
