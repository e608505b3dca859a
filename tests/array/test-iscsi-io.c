/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Block I/O by SCSI commands over iSCSI, against a real xmover-array: what arrived is
 * read from the array's file and from its counts, not asked back.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "iscsi-pair.h"

#define MIB (1024u * 1024u)

static void pattern(uint8_t *p, size_t len, uint32_t seed)
{
	for (size_t i = 0; i < len; i++) {
		seed = seed * 1664525u + 1013904223u;
		p[i] = (uint8_t)(seed >> 24);
	}
}

/* ---- data ------------------------------------------------------------------------ */

static void compare_file(const char *path, const uint8_t *want, size_t len)
{
	int fd = open(path, O_RDONLY);
	uint8_t *got = malloc(len);

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, got, len, 0), len);
	assert_memory_equal(got, want, len);
	free(got);
	close(fd);
}

static void make_file(const char *path, size_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	close(fd);
}

/* Sizes around a command's, many in flight, both directions; then zeros and a flush. */
static void data(const char *url_end, const char *flags)
{
	static const uint64_t lens[] = { 512, 4096, 256 * 1024, 300 * 1024 + 512, MIB, MIB + 512,
					 3 * MIB + 1024 };
	enum { N = sizeof lens / sizeof lens[0] };
	size_t size = 16 * MIB;
	uint8_t *want = calloc(1, size), *back = malloc(size);
	struct xm_io_req reqs[N] = { 0 };
	struct xm_list done = XM_LIST_INIT(done);
	struct xm_ctx *ctx = rig_ctx("data");
	char dir[] = "/tmp/xmover-data.XXXXXX", path[64], lun[128], url[128];
	struct xm_endpoint *ep;
	enum xm_code code;
	struct rig r;
	uint64_t off = 0;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/disk", dir);
	snprintf(lun, sizeof lun, "0=%s%s", path, flags);
	make_file(path, size);
	rig_start(&r, (const char *const[]){ "--target", RIG_IQN, "--lun", lun, NULL });
	snprintf(url, sizeof url, "iscsi://127.0.0.1:%u/" RIG_IQN "/0%s", r.port, url_end);
	ep = rig_open_url(ctx, url, XM_ROLE_DST, &code);
	assert_non_null(ep);

	for (unsigned i = 0; i < N; i++) {
		off += ep->block_size * 8;
		reqs[i] = (struct xm_io_req){ .op = XM_IO_WRITE, .off = off, .buf = want + off,
			.len = (lens[i] + ep->block_size - 1) / ep->block_size * ep->block_size };
		pattern(reqs[i].buf, reqs[i].len, i + 1);
		off += reqs[i].len;
		off = (off + 4095) / 4096 * 4096;
		rig_submit(ep, &reqs[i], &done);
	}
	rig_turn_until(ep, &done, N);
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(reqs[i].status.certainty, XM_DONE);
	compare_file(path, want, size);

	assert_int_equal(rig_io(ep, XM_IO_READ, 0, back, size).certainty, XM_DONE);
	assert_memory_equal(back, want, size);

	assert_int_equal(rig_io(ep, XM_IO_ZERO, 8192, NULL, 5 * MIB).certainty, XM_DONE);
	memset(want + 8192, 0, 5 * MIB);
	compare_file(path, want, size);
	assert_int_equal(rig_io(ep, XM_IO_FLUSH, 0, NULL, 0).certainty, XM_DONE);

	xm_endpoint_close(ep);
	xm_ctx_free(ctx);
	rig_stop(&r);
	unlink(path);
	rmdir(dir);
	free(want);
	free(back);
}

static void test_data(void **state)
{
	(void)state;
	data("", "");
}

static void test_data_digest(void **state)
{
	(void)state;
	data("?header_digest=crc32c", ",block=4096");
}

static void test_data_thin(void **state)
{
	(void)state;
	data("", ",thin");
}

/* ---- what a unit may lack, or say first ------------------------------------------------ */

static void test_zero_ways(void **state)
{
	uint8_t *buf = malloc(2 * MIB), *zero = calloc(2, MIB);
	struct pair x;

	(void)state;
	pair_open(&x, "zero");
	memset(buf, 0x5a, 2 * MIB);
	/* As it is: one command for all of it, and no data. */
	assert_int_equal(rig_io(x.dst, XM_IO_WRITE, 0, buf, 2 * MIB).certainty, XM_DONE);
	assert_int_equal(pair_seen(&x.r, "8a"), 2);
	assert_int_equal(rig_io(x.dst, XM_IO_ZERO, 0, NULL, 2 * MIB).certainty, XM_DONE);
	assert_int_equal(pair_seen(&x.r, "93"), 1);
	assert_int_equal(rig_io(x.dst, XM_IO_READ, 0, buf, 2 * MIB).certainty, XM_DONE);
	assert_memory_equal(buf, zero, 2 * MIB);
	/* Refused: zeros are written, and it is not asked for again. */
	rig_do(&x.r, "fault add op=93 action=sense k=05 asc=20 ascq=00");
	memset(buf, 0x5a, 2 * MIB);
	for (long i = 1; i <= 2; i++) {
		assert_int_equal(rig_io(x.dst, XM_IO_WRITE, 0, buf, 2 * MIB).certainty, XM_DONE);
		assert_int_equal(rig_io(x.dst, XM_IO_ZERO, 0, NULL, 2 * MIB).certainty, XM_DONE);
		assert_int_equal(pair_seen(&x.r, "93"), 2);
		assert_int_equal(pair_seen(&x.r, "8a"), 2 + 4 * i);
	}
	assert_int_equal(rig_io(x.dst, XM_IO_READ, 0, buf, 2 * MIB).certainty, XM_DONE);
	assert_memory_equal(buf, zero, 2 * MIB);
	free(buf);
	free(zero);
	pair_close(&x);
}

/* Only SYNCHRONIZE CACHE(10): used from then on.  Neither: a unit without a cache. */
static void test_flush_ways(void **state)
{
	struct pair x;

	(void)state;
	pair_open(&x, "flush");
	assert_int_equal(rig_io(x.dst, XM_IO_FLUSH, 0, NULL, 0).certainty, XM_DONE);
	assert_int_equal(pair_seen(&x.r, "91"), 1);
	rig_do(&x.r, "fault add op=91 action=sense k=05 asc=20 ascq=00");
	for (long i = 1; i <= 2; i++) {
		assert_int_equal(rig_io(x.dst, XM_IO_FLUSH, 0, NULL, 0).certainty, XM_DONE);
		assert_int_equal(pair_seen(&x.r, "91"), 2);
		assert_int_equal(pair_seen(&x.r, "35"), i);
	}
	rig_log_clear();
	rig_do(&x.r, "fault add op=35 action=sense k=05 asc=20 ascq=00 times=1");
	assert_int_equal(rig_io(x.dst, XM_IO_FLUSH, 0, NULL, 0).certainty, XM_DONE);
	assert_true(rig_logged("no_flush"));
	rig_do(&x.r, "fault add op=35 action=sense k=03 asc=0c ascq=00");
	assert_int_equal(rig_io(x.dst, XM_IO_FLUSH, 0, NULL, 0).certainty, XM_NOT_DONE);
	pair_close(&x);
}

/* A unit attention that says nothing about the disk is met in silence; one that does, fences. */
static void test_unit_attentions(void **state)
{
	uint8_t buf[512] = { 0 };
	struct xm_status s, why;
	struct pair x;

	(void)state;
	pair_open(&x, "attention");
	rig_do(&x.r, "ua 1 2a 04");
	assert_int_equal(rig_io(x.dst, XM_IO_WRITE, 0, buf, 512).certainty, XM_DONE);
	assert_false(x.dst->nexus->lost);
	assert_int_equal(pair_seen(&x.r, "8a"), 2);
	rig_do(&x.r, "ua 1 2a 09");
	s = rig_io(x.dst, XM_IO_WRITE, 0, buf, 512);
	assert_int_equal(s.certainty, XM_NOT_DONE);
	assert_int_equal(s.act, XM_ACT_RETRY);
	assert_true(x.dst->nexus->lost);
	assert_int_equal(rig_fence(x.dst, &why), XM_FENCE_FENCED);
	assert_int_equal(rig_io(x.dst, XM_IO_WRITE, 0, buf, 512).certainty, XM_DONE);
	pair_close(&x);
}

/* One command of a request fails, the others are good: the request has failed, once. */
static void test_partial_failure(void **state)
{
	uint8_t *buf = calloc(4, MIB);
	struct xm_status s;
	struct pair x;

	(void)state;
	pair_open(&x, "partial");
	rig_do(&x.r, "fault add op=8a nth=3 times=1 action=sense k=03 asc=0c ascq=00");
	s = rig_io(x.dst, XM_IO_WRITE, 0, buf, 4 * MIB);
	assert_int_equal(s.certainty, XM_NOT_DONE);
	assert_string_equal(s.reason, "write_error");
	assert_int_equal(rig_io(x.dst, XM_IO_WRITE, 0, buf, 4 * MIB).certainty, XM_DONE);
	free(buf);
	pair_close(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_data_digest),
		cmocka_unit_test(test_data_thin),
		cmocka_unit_test(test_zero_ways),
		cmocka_unit_test(test_flush_ways),
		cmocka_unit_test(test_unit_attentions),
		cmocka_unit_test(test_partial_failure),
	};

	return cmocka_run_group_tests_name("iscsi-io", tests, NULL, NULL);
}
