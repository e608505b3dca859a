/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking for zeros: every way this processor has, against a byte by byte look
 * of the test's own; every length around the strides, every place of one bit.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "seed.h"
#include "unit.h"
#include "zero-find.h"

#define LONGEST 2100

/* Memory that ends at a page nobody may read: a look beyond the end is a crash. */
static uint8_t *guarded(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = (size + page - 1) / page * page;
	uint8_t *p = mmap(NULL, whole + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	assert_true(p != MAP_FAILED);
	assert_int_equal(mprotect(p + whole, page, PROT_NONE), 0);
	return p + whole;
}

static void one_way(const struct xm_zero_finder *f)
{
	uint8_t *end = guarded(LONGEST);

	for (size_t len = 0; len <= LONGEST; len++) {
		uint8_t *p = end - len;

		assert_true(f->is_zero(p, len));
		if (len < LONGEST) {
			p[-1] = 0xff;    /* right before it, and none of its business */
			assert_true(f->is_zero(p, len));
			p[-1] = 0;
		}
		/* at short lengths every byte, else those around the strides */
		for (size_t at = 0; at < len; at += len < 600 || at > len - 70 ? 1 : 31) {
			p[at] = (uint8_t)(1u << (at + len) % 8);
			assert_false(f->is_zero(p, len));
			p[at] = 0;
		}
	}
}

static void test_every_way(void **state)
{
	unsigned n = 0;

	(void)state;
	for (const struct xm_zero_finder *const *f = xm_zero_finders; *f; f++) {
		if (!(*f)->usable()) {
			printf("# %s: not on this processor\n", (*f)->name);
			continue;
		}
		printf("# %s\n", (*f)->name);
		one_way(*f);
		n++;
	}
	assert_true(n >= 1);
}

/* What a span must be, cell by cell. */
static bool cell_is_zero(const uint8_t *disk, uint64_t cell, const struct xm_zero_grain *g,
			 uint64_t lo, uint64_t hi)
{
	uint64_t first = g->align % g->size, begin = first + (cell - 1) * g->size;

	/* cell 0 ends at the first edge; cells that are not wholly there are data */
	if ((cell == 0 && first > 0) || begin < lo || begin + g->size > hi)
		return false;
	for (uint64_t i = 0; i < g->size; i++) {
		if (disk[begin + i])
			return false;
	}
	return true;
}

static uint64_t cell_of(uint64_t off, const struct xm_zero_grain *g)
{
	uint64_t first = g->align % g->size;

	return off < first ? 0 : 1 + (off - first) / g->size;
}

static void check_spans(const uint8_t *disk, uint64_t lo, uint64_t hi,
			const struct xm_zero_grain *g)
{
	uint64_t off = lo;

	while (off < hi) {
		struct xm_zero_span s = xm_zero_span(disk + off, off, hi - off, g);

		assert_true(s.len > 0 && s.len <= hi - off);
		for (uint64_t i = off; i < off + s.len; i++)
			assert_int_equal(cell_is_zero(disk, cell_of(i, g), g, off, hi), s.zero);
		/* it goes on as far as it is of one kind */
		if (off + s.len < hi)
			assert_int_not_equal(cell_is_zero(disk, cell_of(off + s.len, g), g,
							  off + s.len, hi), s.zero);
		off += s.len;
	}
}

static void test_spans(void **state)
{
	static const struct xm_zero_grain grains[] = {
		{ 16, 0 }, { 16, 5 }, { 48, 0 }, { 48, 1000 }, { 512, 0 }, { 100, 99 }, { 4096, 0 },
	};
	static uint8_t disk[4096];
	struct test_random rng = { test_seed("spans") };

	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		const struct xm_zero_grain *g = &grains[test_random(&rng) % 7];
		uint64_t lo = test_random(&rng) % 4096,
			 hi = lo + 1 + test_random(&rng) % (4096 - lo);

		memset(disk, 0, sizeof disk);
		for (unsigned i = (unsigned)(test_random(&rng) % 12); i > 0; i--)
			disk[test_random(&rng) % 4096] = 1;
		check_spans(disk, lo, hi, g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_way),
		cmocka_unit_test(test_spans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
