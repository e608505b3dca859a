/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges that could not be read, against a plain array of blocks: merged, sorted, found. */
#include "unit.h"
#include <stdlib.h>
#include <string.h>
#include "salvage.h"
#include "seed.h"

#define BLOCKS 300U
#define BLOCK 512U

static void compare(const struct xm_salvage *s, const bool *bad)
{
	uint64_t bytes = 0;
	size_t n = 0;

	for (unsigned i = 0; i < BLOCKS; i++) {
		const struct xm_salvage_range *r = xm_salvage_after(s, (uint64_t)i * BLOCK);
		unsigned next = i;

		while (next < BLOCKS && !bad[next])
			next++;
		assert_int_equal(xm_salvage_hits(s, (uint64_t)i * BLOCK, BLOCK), bad[i]);
		if (next == BLOCKS)
			assert_null(r);
		else
			assert_int_equal(r->off > (uint64_t)i * BLOCK ? r->off / BLOCK : i, next);
		if (bad[i]) {
			bytes += BLOCK;
			n += i == 0 || !bad[i - 1];
		}
	}
	assert_int_equal(s->bytes, bytes);
	assert_int_equal(s->n, n);
	for (size_t i = 1; i < s->n; i++)
		assert_true(s->at[i - 1].off + s->at[i - 1].len < s->at[i].off);
}

static void any_order(void **state)
{
	struct test_random r = { .state = test_seed("salvage") };

	(void)state;
	for (unsigned round = 0; round < 200; round++) {
		struct xm_salvage s = { 0 };
		bool bad[BLOCKS] = { false };

		for (unsigned i = 0; i < 60; i++) {
			unsigned at = (unsigned)test_below(&r, BLOCKS - 8);
			unsigned n = 1 + (unsigned)test_below(&r, 8);

			assert_true(xm_salvage_add(&s, (uint64_t)at * BLOCK, (uint64_t)n * BLOCK));
			for (unsigned b = at; b < at + n; b++)
				bad[b] = true;
			compare(&s, bad);
		}
		xm_salvage_free(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(any_order) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
