/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state file against a shadow of what was marked before each checkpoint:
 * opened again it says the same; cut off, torn or flipped anywhere it never says that
 * a byte is durable which was not; about anything else it is refused.
 */
#include "unit.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#include "error.h"
#include "seed.h"
#include "state.h"
#include "xm/endian.h"

#define MIB (UINT64_C(1) << 20)
#define GRANULE UINT64_C(65536)

static char path[] = "/tmp/xmover-state.XXXXXX";
static struct xm_ctx *ctx;
static struct test_random rnd;

static int setup(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	close(fd);
	ctx = xm_ctx_new();
	rnd.state = test_seed("state");
	return ctx && fd >= 0 ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	xm_ctx_free(ctx);
	return 0;
}

static struct xm_state_binding binding(uint64_t len)
{
	return (struct xm_state_binding){
		.job = "a job", .src_names = "naa.600a\neui.1\n", .dst_names = "naa.600b\n",
		.src_size = len, .dst_size = len + MIB, .src_block = 512, .dst_block = 4096,
		.dst_off = 4096, .len = len - 4096, .scope = 77,
	};
}

static struct xm_map geometry(const struct xm_state_binding *b)
{
	struct xm_map m;

	xm_map_init(&m, b->dst_off, b->dst_off + b->len, GRANULE);
	return m;
}

static struct xm_state *opened(void)
{
	struct xm_state *st = NULL;
	struct xm_error *err = NULL;

	if (xm_state_open(ctx, path, &st, &err) < 0)
		fail_msg("%s", xm_error_text(err));
	return st;
}

static int bind_code(struct xm_state *st, const struct xm_state_binding *b)
{
	struct xm_error *err = NULL;
	struct xm_map g = geometry(b);
	int code = XM_OK;

	if (xm_state_bind(st, b, &g, &err) < 0)
		code = (int)xm_error_code(err);
	xm_error_free(err);
	return code;
}

static void checkpoint(struct xm_state *st, uint32_t flags)
{
	struct xm_state_write *w = calloc(1, sizeof *w);
	struct xm_state_intent in = { 4096, MIB };

	assert_int_equal(xm_state_prepare(st, w, flags, &in, 1), 0);
	xm_state_write(w);
	assert_int_equal(xm_state_written(st, w), 0);
	free(w);
}

static void fresh(void)
{
	assert_int_equal(truncate(path, 0), 0);
}

static void mark_some(struct xm_state *st, unsigned n)
{
	const struct xm_map *m = &st->durable;

	while (n--) {
		uint64_t at = xm_map_cut_before(m, m->lo + test_below(&rnd, m->hi - m->lo));
		uint64_t end = xm_map_cut_after(m, at + 1 + test_below(&rnd, m->hi - at));

		xm_state_mark(st, at, end - at);
	}
}

/* A copy of the map's words, to compare with later. */
static uint64_t *words_of(const struct xm_state *st)
{
	uint64_t *w = malloc(st->durable.nwords * sizeof *w);

	memcpy(w, st->durable.words, st->durable.nwords * sizeof *w);
	return w;
}

static void comes_again(void **state)
{
	/* one page, and several with a partial one at the end */
	static const uint64_t lens[] = { 3 * MIB + 4096, 2100 * MIB, 9000 * MIB + 512 * 8 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(lens); i++) {
		struct xm_state_binding b = binding(lens[i]);
		struct xm_state *st;
		uint64_t *words, left;

		fresh();
		st = opened();
		assert_int_equal(bind_code(st, &b), XM_OK);
		assert_int_equal(st->use, XM_STATE_FRESH);
		assert_int_equal(st->durable.left, 0);
		for (unsigned n = 0; n < 5; n++) {
			mark_some(st, 3);
			checkpoint(st, 0);
		}
		assert_false(xm_state_is_stale(st));
		words = words_of(st);
		left = st->durable.left;
		/* what was marked after the last checkpoint is not in the file */
		mark_some(st, 2);
		xm_state_close(st);
		st = opened();
		assert_int_equal(bind_code(st, &b), XM_OK);
		assert_int_equal(st->use, XM_STATE_RESUMED);
		assert_false(st->other_boot);
		assert_int_equal(st->durable.left, left);
		assert_memory_equal(st->durable.words, words, st->durable.nwords * sizeof *words);
		assert_int_equal(st->in_flight, MIB);
		assert_int_equal(st->bad_pages, 0);
		free(words);
		xm_state_close(st);
	}
}

static void another_granule(void **state)
{
	struct xm_state_binding b = binding(2200 * MIB);
	struct xm_state *st;
	struct xm_map g;

	(void)state;
	fresh();
	st = opened();
	assert_int_equal(bind_code(st, &b), XM_OK);
	xm_state_mark(st, 3 * GRANULE, 5 * GRANULE);         /* in granules of 4: one whole */
	xm_state_mark(st, b.dst_off, GRANULE - b.dst_off);
	checkpoint(st, 0);
	for (unsigned i = 0; i < 2; i++) {
		static const uint64_t granule[] = { 4 * GRANULE, GRANULE / 16 };

		xm_state_close(st);
		st = opened();
		xm_map_init(&g, b.dst_off, b.dst_off + b.len, granule[i]);
		assert_int_equal(xm_state_bind(st, &b, &g, NULL), 0);
		assert_int_equal(st->use, XM_STATE_RESUMED);
		assert_int_equal(st->durable.left, 4 * GRANULE);
		assert_int_equal(xm_map_count(&st->durable, 4 * GRANULE, 4 * GRANULE), 4 * GRANULE);
		checkpoint(st, 0);
	}
	assert_int_equal(st->bad_pages, 0);
	xm_state_close(st);
}

static void intents_are_appended(void **state)
{
	struct xm_state_binding b = binding(64 * MIB);
	struct xm_state_write *w = calloc(1, sizeof *w);
	struct xm_state_intent in[2] = { { 8 * MIB, MIB }, { 10 * MIB, 2 * MIB } };
	struct xm_state *st;

	(void)state;
	fresh();
	st = opened();
	assert_int_equal(bind_code(st, &b), XM_OK);
	checkpoint(st, 0);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(xm_state_prepare_intents(st, w, in, 2));
		xm_state_write(w);
		assert_int_equal(xm_state_written(st, w), 0);
	}
	xm_state_close(st);
	st = opened();
	assert_int_equal(st->in_flight, MIB + 3 * 3 * MIB);
	assert_int_equal(st->inherited.off, 4096);
	assert_int_equal(st->inherited.len, 12 * MIB - 4096);
	assert_int_equal(st->records, 7);
	xm_state_close(st);
	/* the last record torn: those before it hold */
	int fd = open(path, O_RDWR);

	assert_int_equal(pwrite(fd, "x", 1, (off_t)xm_state_intents_at(0) + 6 * 32 + 20), 1);
	close(fd);
	st = opened();
	assert_int_equal(st->records, 6);
	/* a full list asks for a checkpoint */
	assert_int_equal(bind_code(st, &b), XM_OK);
	/* a run that dies before it knows that they are over tells of them too */
	xm_state_close(st);
	st = opened();
	assert_int_equal(st->in_flight, 12 * MIB - 4096);
	assert_int_equal(bind_code(st, &b), XM_OK);
	st->records = XM_STATE_INTENTS - 1;
	assert_false(xm_state_prepare_intents(st, w, in, 2));
	xm_state_close(st);
	free(w);
}

static void forgotten(void **state)
{
	struct xm_state_binding b = binding(64 * MIB);
	struct xm_state *st;

	(void)state;
	fresh();
	st = opened();
	assert_int_equal(bind_code(st, &b), XM_OK);
	xm_state_mark(st, 65536, 8 * MIB);
	checkpoint(st, 0);
	xm_state_forget(st);
	xm_state_mark(st, 16 * MIB, MIB);
	checkpoint(st, 0);
	xm_state_close(st);
	st = opened();
	assert_int_equal(bind_code(st, &b), XM_OK);
	assert_int_equal(st->durable.left, MIB);
	assert_int_equal(xm_map_count(&st->durable, 16 * MIB, MIB), MIB);
	xm_state_close(st);
}

static void finished_begins_anew(void **state)
{
	struct xm_state_binding b = binding(64 * MIB);
	struct xm_state *st;

	(void)state;
	fresh();
	st = opened();
	assert_int_equal(bind_code(st, &b), XM_OK);
	xm_state_mark(st, b.dst_off, b.len);
	checkpoint(st, XM_STATE_FINISHED | XM_STATE_CLEAN);
	xm_state_close(st);
	st = opened();
	assert_int_equal(bind_code(st, &b), XM_OK);
	assert_int_equal(st->use, XM_STATE_OVER);
	assert_int_equal(st->durable.left, 0);
	xm_state_close(st);
}

static void bound(void **state)
{
	static const struct {
		const char *name;
		size_t at;
		const char *value;
	} other[] = {
#define OTHER(field, value) { #field, offsetof(struct xm_state_binding, field), value }
		OTHER(job, "another"),
		OTHER(src_names, "naa.600c\n"), OTHER(dst_names, "naa.600a\n"),
		OTHER(src_size, NULL), OTHER(dst_size, NULL), OTHER(src_birth, NULL),
		OTHER(dst_birth, NULL), OTHER(src_block, NULL), OTHER(dst_block, NULL),
		OTHER(scope, NULL), OTHER(len, NULL),
	};
	struct xm_state_binding b = binding(64 * MIB);
	struct xm_state *st;

	(void)state;
	fresh();
	st = opened();
	assert_int_equal(bind_code(st, &b), XM_OK);
	xm_state_mark(st, 65536, 8 * MIB);
	checkpoint(st, 0);
	xm_state_close(st);
	for (unsigned i = 0; i < ARRAY_LEN(other); i++) {
		struct xm_state_binding o = b;
		uint8_t *at = (uint8_t *)&o + other[i].at;

		if (other[i].value)
			strcpy((char *)at, other[i].value);
		else
			at[1] ^= 0x10;
		st = opened();
		if (bind_code(st, &o) != XM_E_CONFIG)
			fail_msg("another %s was accepted", other[i].name);
		xm_state_close(st);
	}
	/* a name less, the best the same */
	strcpy(b.src_names, "naa.600a\n");
	st = opened();
	assert_int_equal(bind_code(st, &b), XM_OK);
	assert_int_equal(st->durable.left, 8 * MIB);
	xm_state_close(st);
	/* a disk without a name */
	strcpy(b.src_names, "");
	st = opened();
	assert_int_equal(bind_code(st, &b), XM_E_CONFIG);
	xm_state_close(st);
}

static void names_that_do_not_last(void **state)
{
	struct xm_state_binding a = binding(64 * MIB), b = a;

	(void)state;
	assert_null(xm_state_differs(&a, &b, false));
	strcpy(a.dst_names, "blk.8.16\n");
	assert_non_null(xm_state_differs(&a, &a, false));
	assert_null(xm_state_differs(&a, &a, true));
	strcpy(a.dst_names, "file.fe01.12\n");
	assert_non_null(xm_state_differs(&a, &a, false));
	a.dst_birth = 5;
	assert_null(xm_state_differs(&a, &a, false));
}

/* ---- damage ------------------------------------------------------------------------- */

static uint8_t *slurp(size_t *size)
{
	int fd = open(path, O_RDONLY);
	struct stat sb;
	uint8_t *buf;

	assert_int_equal(fstat(fd, &sb), 0);
	*size = (size_t)sb.st_size;
	buf = malloc(*size);
	assert_int_equal(read(fd, buf, *size), sb.st_size);
	close(fd);
	return buf;
}

static void spit(const uint8_t *buf, size_t size)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	assert_int_equal(write(fd, buf, size), size);
	close(fd);
}

/* Opened as it is now: nothing is durable beyond `words`; or it is refused. */
static bool believes_no_more(const struct xm_state_binding *b, const uint64_t *words)
{
	struct xm_error *err = NULL;
	struct xm_state *st = NULL;
	bool ok = true;

	if (xm_state_open(ctx, path, &st, &err) < 0) {
		ok = xm_error_code(err) == XM_E_CONFIG;
		xm_error_free(err);
		return ok;
	}
	if (bind_code(st, b) == XM_OK) {
		for (size_t i = 0; i < st->durable.nwords; i++)
			ok = ok && !(st->durable.words[i] & ~words[i]);
	}
	xm_state_close(st);
	return ok;
}

static void damaged(void **state)
{
	struct xm_state_binding b = binding(2200 * MIB);
	struct xm_state *st;
	uint64_t *words;
	uint8_t *whole, *hurt;
	size_t size;

	(void)state;
	fresh();
	st = opened();
	assert_int_equal(bind_code(st, &b), XM_OK);
	for (unsigned n = 0; n < 3; n++) {
		mark_some(st, 1);
		checkpoint(st, 0);
	}
	/* so that there is something that must not be believed */
	xm_state_forget(st);
	xm_state_mark(st, 100 * MIB, 50 * MIB);
	xm_state_mark(st, 2100 * MIB, 50 * MIB);
	checkpoint(st, 0);
	checkpoint(st, 0);
	words = words_of(st);
	xm_state_close(st);
	whole = slurp(&size);
	hurt = malloc(size);
	for (unsigned i = 0; i < 1500; i++) {
		size_t at = (size_t)test_below(&rnd, size), len = size;

		if (i % 3 == 0)
			at = (size_t)test_below(&rnd, 2 * XM_STATE_SLOT);
		if (i % 3 == 1)
			at = (size_t)(xm_state_page_at(0) + test_below(&rnd, 2 * XM_STATE_PAGE));
		memcpy(hurt, whole, size);
		if (i % 4 == 0)
			len = at;                                  /* cut off */
		else if (i % 4 == 1)
			memset(hurt + at, 0xff, size - at < 512 ? size - at : 512);
		else
			hurt[at] ^= (uint8_t)(1U << test_below(&rnd, 8));
		spit(hurt, len);
		if (!believes_no_more(&b, words))
			fail_msg("case %u at %zu of %zu", i, at, size);
	}
	free(hurt);
	free(whole);
	free(words);
}

static void one_slot_is_enough(void **state)
{
	struct xm_state_binding b = binding(64 * MIB);
	struct xm_state *st;
	int fd;

	(void)state;
	for (unsigned which = 0; which < 2; which++) {
		fresh();
		st = opened();
		assert_int_equal(bind_code(st, &b), XM_OK);
		xm_state_mark(st, 65536, 8 * MIB);
		checkpoint(st, 0);
		checkpoint(st, 0);
		xm_state_close(st);
		fd = open(path, O_RDWR);
		assert_int_equal(pwrite(fd, "torn", 4, (off_t)xm_state_slot_at(which) + 100), 4);
		close(fd);
		st = opened();
		assert_int_equal(bind_code(st, &b), XM_OK);
		assert_int_equal(st->use, XM_STATE_RESUMED);
		assert_int_equal(st->durable.left, 8 * MIB);
		xm_state_close(st);
	}
	/* both: begun anew, and said */
	fd = open(path, O_RDWR);
	for (unsigned which = 0; which < 2; which++)
		assert_int_equal(pwrite(fd, "torn", 4, (off_t)xm_state_slot_at(which) + 100), 4);
	close(fd);
	st = opened();
	assert_int_equal(st->use, XM_STATE_DAMAGED);
	assert_int_equal(bind_code(st, &b), XM_OK);
	assert_int_equal(st->durable.left, 0);
	xm_state_close(st);
}

static int open_code(void)
{
	struct xm_error *err = NULL;
	struct xm_state *st = NULL;
	int code = XM_OK;

	if (xm_state_open(ctx, path, &st, &err) < 0)
		code = (int)xm_error_code(err);
	xm_error_free(err);
	xm_state_close(st);
	return code;
}

static void not_ours(void **state)
{
	static const char text[] = "precious notes of somebody\n";
	struct xm_state_slot s = { .generation = 1, .granule = GRANULE };
	uint8_t *got, slot[XM_STATE_SLOT];
	size_t size;

	(void)state;
	spit((const uint8_t *)text, sizeof text);
	assert_int_equal(open_code(), XM_E_CONFIG);
	got = slurp(&size);
	assert_int_equal(size, sizeof text);
	assert_memory_equal(got, text, sizeof text);
	free(got);
	/*
	 * a whole slot of version 1, and one of version 2 with the hash this file's format
	 * demands
	 */
	s.is = binding(64 * MIB);
	xm_state_slot_encode(&s, slot);
	spit(slot, sizeof slot);
	assert_int_equal(open_code(), XM_OK);
	slot[8] = 2;
	spit(slot, sizeof slot);
	assert_int_equal(open_code(), XM_OK);        /* a flip: torn, not newer */
	xm_put_le64(slot + XM_STATE_SLOT - 8, XXH3_64bits(slot, XM_STATE_SLOT - 8));
	spit(slot, sizeof slot);
	assert_int_equal(open_code(), XM_E_CONFIG);
}

static void held(void **state)
{
	struct xm_state *st;

	(void)state;
	fresh();
	st = opened();
	/* flock is held by what was opened, not by the process: as another mover would find it */
	assert_int_equal(open_code(), XM_E_DESTINATION);
	xm_state_close(st);
	assert_int_equal(open_code(), XM_OK);
}

static void a_full_disk(void **state)
{
	struct xm_state_binding b = binding(64 * MIB);
	struct xm_state_write *w = calloc(1, sizeof *w);
	struct xm_state *st;

	(void)state;
	fresh();
	st = opened();
	assert_int_equal(bind_code(st, &b), XM_OK);
	xm_state_mark(st, 65536, MIB);
	assert_int_equal(xm_state_prepare(st, w, 0, NULL, 0), 0);
	w->fd = open("/dev/full", O_WRONLY);
	xm_state_write(w);
	close(w->fd);
	assert_int_equal(xm_state_written(st, w), -ENOSPC);
	assert_int_equal(st->slot.generation, 1);
	assert_true(xm_state_is_stale(st));
	checkpoint(st, 0);
	assert_false(xm_state_is_stale(st));
	xm_state_close(st);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_again), cmocka_unit_test(another_granule),
		cmocka_unit_test(intents_are_appended),
		cmocka_unit_test(forgotten), cmocka_unit_test(finished_begins_anew),
		cmocka_unit_test(bound), cmocka_unit_test(names_that_do_not_last),
		cmocka_unit_test(damaged), cmocka_unit_test(one_slot_is_enough),
		cmocka_unit_test(not_ours), cmocka_unit_test(held), cmocka_unit_test(a_full_disk),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
