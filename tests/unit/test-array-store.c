/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The array's stores against a plain model of bytes, of what is mapped and of
 * what was synced, by random operations.  The seed is printed; XM_SEED or the
 * first argument replays it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "store.h"

/* Larger than a leaf of the memory store; work happens around chunk and leaf ends. */
#define SIZE ((64u << 20) + (1u << 20))
#define WINDOW (384u << 10)
#define SECTOR 512u

static uint64_t seed;

struct model {
	struct arr_store *store;
	uint8_t *bytes, *synced;
	bool *mapped, *synced_mapped;   /* per sector */
	bool exact;                     /* the store keeps mapping per sector */
	uint64_t rng;
};

static uint64_t draw(struct model *m, uint64_t n)
{
	m->rng ^= m->rng << 13;
	m->rng ^= m->rng >> 7;
	m->rng ^= m->rng << 17;
	return m->rng % n;
}

/* A sector-aligned range near the start, a leaf's end, or the store's end. */
static void draw_range(struct model *m, uint64_t *off, size_t *len)
{
	static const uint64_t windows[] = { 0, (64u << 20) - WINDOW / 2, SIZE - WINDOW };

	*off = windows[draw(m, 3)] + draw(m, WINDOW / SECTOR - 1) * SECTOR;
	*len = (size_t)(1 + draw(m, draw(m, 4) ? 20 : 400)) * SECTOR;
	if (*off + *len > SIZE)
		*len = (size_t)(SIZE - *off);
}

static void do_write(struct model *m, uint64_t off, size_t len)
{
	for (size_t i = 0; i < len; i++)
		m->bytes[off + i] = (uint8_t)draw(m, 256);
	memset(m->mapped + off / SECTOR, true, len / SECTOR);
	assert_int_equal(m->store->ops->write(m->store, off, m->bytes + off, len), 0);
}

static void do_unmap(struct model *m, uint64_t off, size_t len)
{
	memset(m->bytes + off, 0, len);
	memset(m->mapped + off / SECTOR, false, len / SECTOR);
	assert_int_equal(m->store->ops->unmap(m->store, off, len), 0);
}

static void do_read(struct model *m, uint64_t off, size_t len)
{
	uint8_t *buf = malloc(len);

	assert_int_equal(m->store->ops->read(m->store, off, buf, len), 0);
	assert_memory_equal(buf, m->bytes + off, len);
	free(buf);
}

static void do_extent(struct model *m, uint64_t off, size_t len)
{
	bool mapped;
	uint64_t n = m->store->ops->extent(m->store, off, len, &mapped);

	assert_in_range(n, 1, len);
	for (uint64_t at = off; at < off + n; at += SECTOR) {
		if (m->exact)
			assert_int_equal(m->mapped[at / SECTOR], mapped);
		else if (!mapped)
			assert_false(m->mapped[at / SECTOR]);
	}
	if (m->exact && n < len)
		assert_int_not_equal(m->mapped[(off + n) / SECTOR], mapped);
}

static void do_flush(struct model *m, uint64_t off, size_t len)
{
	memcpy(m->synced + off, m->bytes + off, len);
	memcpy(m->synced_mapped + off / SECTOR, m->mapped + off / SECTOR, len / SECTOR);
	assert_int_equal(m->store->ops->flush(m->store, off, len), 0);
}

static void do_crash(struct model *m)
{
	memcpy(m->bytes, m->synced, SIZE);
	memcpy(m->mapped, m->synced_mapped, SIZE / SECTOR);
	assert_int_equal(m->store->ops->crash(m->store), 0);
}

static void exercise(struct arr_store *store, bool exact, unsigned steps)
{
	struct model m = { .store = store, .exact = exact, .rng = seed | 1 };
	unsigned counts[6] = { 0 };

	m.bytes = calloc(1, SIZE);
	m.synced = calloc(1, SIZE);
	m.mapped = calloc(1, SIZE / SECTOR);
	m.synced_mapped = calloc(1, SIZE / SECTOR);
	for (unsigned i = 0; i < steps; i++) {
		uint64_t off, kind = draw(&m, 64);
		size_t len;

		draw_range(&m, &off, &len);
		if (kind < 20) {
			do_write(&m, off, len), counts[0]++;
		} else if (kind < 32) {
			do_unmap(&m, off, len), counts[1]++;
		} else if (kind < 44) {
			do_read(&m, off, len), counts[2]++;
		} else if (kind < 56) {
			do_extent(&m, off, len), counts[3]++;
		} else if (kind < 63 || !store->ops->crash) {
			do_flush(&m, off, len), counts[4]++;
		} else {
			do_crash(&m), counts[5]++;
		}
	}
	do_read(&m, 0, SIZE);
	for (unsigned i = 0; i < 6; i++)
		assert_true(counts[i] > 0 || (i == 5 && !store->ops->crash));
	free(m.bytes);
	free(m.synced);
	free(m.mapped);
	free(m.synced_mapped);
	store->ops->free(store);
}

static struct arr_store *open_temporary(void)
{
	char path[] = "/tmp/xm-store-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, SIZE), 0);
	close(fd);
	struct arr_store *s = arr_store_file(path, false);
	assert_non_null(s);
	unlink(path);
	return s;
}

static void test_memory(void **state)
{
	(void)state;
	exercise(arr_store_memory(SIZE), true, 4000);
}

static void test_file(void **state)
{
	(void)state;
	exercise(open_temporary(), false, 1500);
}

static void test_volatile(void **state)
{
	(void)state;
	exercise(arr_store_volatile(arr_store_memory(SIZE)), true, 2000);
}

static void test_volatile_file(void **state)
{
	(void)state;
	exercise(arr_store_volatile(open_temporary()), false, 600);
}

/* 8 GiB with nothing in it costs next to nothing, and its emptiness is one run. */
static void test_sparse(void **state)
{
	struct arr_store *s = arr_store_memory((uint64_t)8 << 30);
	bool mapped = true;

	(void)state;
	assert_non_null(s);
	assert_int_equal(s->ops->extent(s, 0, s->size, &mapped), (uint64_t)8 << 30);
	assert_false(mapped);
	assert_int_equal(s->ops->write(s, (uint64_t)5 << 30, "x", 1), 0);
	assert_int_equal(s->ops->extent(s, 0, s->size, &mapped), (uint64_t)5 << 30);
	assert_int_equal(s->ops->extent(s, (uint64_t)5 << 30, 4096, &mapped), 512);
	assert_true(mapped);
	assert_int_equal(s->ops->unmap(s, 0, s->size), 0);
	assert_int_equal(s->ops->extent(s, 0, s->size, &mapped), (uint64_t)8 << 30);
	s->ops->free(s);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_volatile),
		cmocka_unit_test(test_volatile_file),
		cmocka_unit_test(test_sparse),
	};
	const char *text = argc > 1 ? argv[1] : getenv("XM_SEED");

	seed = text ? strtoull(text, NULL, 0) : (uint64_t)time(NULL) * 2654435761u;
	printf("# seed %llu\n", (unsigned long long)seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
