/* SPDX-License-Identifier: Apache-2.0 */
/* include/xm: bytes at any alignment, sums that do not wrap, rounding, lists, arrays, cleanup. */
#include "unit.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include "xm/align.h"
#include "xm/checked.h"
#include "xm/cleanup.h"
#include "xm/endian.h"
#include "xm/list.h"
#include "xm/vec.h"

static void test_endian(void **state)
{
	/* One byte in, so that every access is unaligned. */
	uint8_t b[9] = { 0xee, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08 };
	(void)state;
	assert_int_equal(xm_get_be16(b + 1), 0x0102);
	assert_int_equal(xm_get_be24(b + 1), 0x010203);
	assert_int_equal(xm_get_be32(b + 1), 0x01020304);
	assert_true(xm_get_be64(b + 1) == UINT64_C(0x0102030405060708));
	assert_int_equal(xm_get_le16(b + 1), 0x0201);
	assert_int_equal(xm_get_le32(b + 1), 0x04030201);
	assert_true(xm_get_le64(b + 1) == UINT64_C(0x0807060504030201));
	xm_put_be24(b + 1, 0xa1b2c3);
	assert_memory_equal(b, "\xee\xa1\xb2\xc3\x04", 5);
	xm_put_be64(b + 1, UINT64_C(0x1122334455667788));
	assert_memory_equal(b, "\xee\x11\x22\x33\x44\x55\x66\x77\x88", 9);
	xm_put_le32(b + 2, 0xaabbccdd);
	assert_memory_equal(b, "\xee\x11\xdd\xcc\xbb\xaa\x66", 7);
	xm_put_be16(b + 1, 0xfffe);
	assert_memory_equal(b, "\xee\xff\xfe\xcc", 4);
}

static void test_checked(void **state)
{
	uint64_t r = 7;
	uint32_t small = 7;
	(void)state;
	assert_true(xm_checked_add(UINT64_MAX - 1, UINT64_C(1), &r) && r == UINT64_MAX);
	r = 7;
	assert_false(xm_checked_add(UINT64_MAX, UINT64_C(1), &r));
	assert_false(xm_checked_sub(UINT64_C(1), UINT64_C(2), &r));
	assert_false(xm_checked_mul(UINT64_C(1) << 32, UINT64_C(1) << 32, &r));
	assert_true(r == 7);
	/* The width of the result counts, not that of the operands. */
	assert_false(xm_checked_add(UINT64_C(0xffffffff), UINT64_C(1), &small));
	assert_int_equal(small, 7);
	assert_true(xm_checked_mul(UINT64_C(65535), UINT64_C(65537), &small) &&
		    small == UINT32_MAX);
}

static void test_range(void **state)
{
	(void)state;
	assert_true(xm_range_fits(0, 10, 10));
	assert_true(xm_range_fits(10, 0, 10));
	assert_false(xm_range_fits(1, 10, 10));
	assert_false(xm_range_fits(11, 0, 10));
	assert_false(xm_range_fits(8, UINT64_MAX, 10));
	assert_false(xm_range_fits(UINT64_MAX, 8, 10));
}

static void test_align(void **state)
{
	(void)state;
	assert_int_equal(xm_round_down(4097, 512), 4096);
	assert_int_equal(xm_round_up(4097, 512), 4608);
	assert_int_equal(xm_round_up(4096, 512), 4096);
	assert_int_equal(xm_round_down(100, 30), 90);
	assert_int_equal(xm_div_up(0, 3), 0);
	assert_int_equal(xm_div_up(7, 3), 3);
	assert_true(xm_div_up(UINT64_MAX, 1) == UINT64_MAX);
	assert_true(xm_is_aligned(1536, 512) && !xm_is_aligned(1537, 512));
	assert_true(xm_is_pow2(1) && xm_is_pow2(UINT64_C(1) << 63));
	assert_false(xm_is_pow2(0) || xm_is_pow2(6));
	assert_true(xm_min_u64(1, UINT64_MAX) == 1 && xm_max_u64(1, UINT64_MAX) == UINT64_MAX);
}

struct member {
	int value;
	struct xm_list link;
};

static int value_of(struct xm_list *l)
{
	return xm_container_of(l, struct member, link)->value;
}

static void test_list(void **state)
{
	struct xm_list head = XM_LIST_INIT(head);
	struct member m[4];
	int seen = 0;
	(void)state;
	assert_true(xm_list_empty(&head));
	assert_null(xm_list_pop(&head));
	for (int i = 0; i < 4; i++) {
		m[i].value = i;
		xm_list_init(&m[i].link);
	}
	xm_list_del(&m[0].link);
	xm_list_add_tail(&head, &m[1].link);
	xm_list_add_tail(&head, &m[2].link);
	xm_list_add_head(&head, &m[0].link);
	xm_list_add_tail(&head, &m[3].link);
	xm_list_for_each(l, &head) {
		assert_int_equal(value_of(l), seen++);
		if (value_of(l) == 1)
			xm_list_del(l);
	}
	assert_int_equal(seen, 4);
	assert_int_equal(value_of(xm_list_pop(&head)), 0);
	assert_int_equal(value_of(xm_list_pop(&head)), 2);
	assert_int_equal(value_of(xm_list_pop(&head)), 3);
	assert_true(xm_list_empty(&head));
}

static void test_vec(void **state)
{
	XM_VEC(uint64_t) v = { 0 };
	(void)state;
	for (uint64_t i = 0; i < 1000; i++)
		assert_true(xm_vec_push(&v, i * i));
	assert_int_equal(v.n, 1000);
	for (uint64_t i = 0; i < 1000; i++)
		assert_true(v.at[i] == i * i);
	xm_vec_free(&v);
	assert_null(v.at);
	assert_int_equal(v.cap, 0);
}

static int opened(bool keep)
{
	int fd XM_CLEANUP_CLOSE = open("/dev/null", O_RDONLY | O_CLOEXEC);
	char *text XM_CLEANUP_FREE = strdup("freed at the end of the scope");
	assert_true(fd >= 0 && text);
	return keep ? xm_steal_fd(fd) : fd;
}

static void test_cleanup(void **state)
{
	(void)state;
	int fd = opened(false);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_int_equal(errno, EBADF);
	fd = opened(true);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_endian), cmocka_unit_test(test_checked),
		cmocka_unit_test(test_range),  cmocka_unit_test(test_align),
		cmocka_unit_test(test_list),   cmocka_unit_test(test_vec),
		cmocka_unit_test(test_cleanup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
