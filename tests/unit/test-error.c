/* SPDX-License-Identifier: Apache-2.0 */
/* Error objects, and objects carried under a key. */
#include "unit.h"
#include <errno.h>
#include <string.h>
#include "attach.h"
#include "error.h"

static void test_error(void **state)
{
	struct xm_error *err = NULL;
	(void)state;
	assert_int_equal(xm_fail(NULL, XM_E_IO, "nobody asks"), -1);
	assert_int_equal(xm_fail(&err, XM_E_IO, "LBA %d: %s", 7, "medium error"), -1);
	assert_int_equal(xm_fail(&err, XM_E_BUG, "a second one is not the cause"), -1);
	assert_int_equal(xm_error_code(err), XM_E_IO);
	assert_string_equal(xm_error_text(err), "LBA 7: medium error");
	assert_int_equal(xm_error_wrap(&err, "destination %s", "/dev/x"), -1);
	assert_string_equal(xm_error_text(err), "destination /dev/x: LBA 7: medium error");
	assert_int_equal(xm_error_code(err), XM_E_IO);
	xm_error_free(err);
	err = NULL;
	assert_int_equal(xm_error_wrap(&err, "nothing to wrap"), -1);
	assert_null(err);
	assert_int_equal(xm_error_wrap(NULL, "nothing"), -1);
	assert_int_equal(xm_error_code(NULL), XM_OK);
	assert_string_equal(xm_error_text(NULL), "");
	xm_error_free(NULL);
}

static void test_codes(void **state)
{
	static const struct {
		int e;
		enum xm_code src, dst;
	} rows[] = {
		{ ENOENT, XM_E_NOSOURCE, XM_E_DESTINATION },
		{ ENOTDIR, XM_E_NOSOURCE, XM_E_DESTINATION },
		{ ENXIO, XM_E_NOSOURCE, XM_E_DESTINATION },
		{ EROFS, XM_E_NOSOURCE, XM_E_DESTINATION },
		{ EBUSY, XM_E_NOSOURCE, XM_E_DESTINATION },
		{ EACCES, XM_E_PERMISSION, XM_E_PERMISSION },
		{ EPERM, XM_E_PERMISSION, XM_E_PERMISSION },
		{ ECONNREFUSED, XM_E_TEMPORARY, XM_E_TEMPORARY },
		{ ENOSPC, XM_E_TEMPORARY, XM_E_TEMPORARY },
		{ ENOMEM, XM_E_TEMPORARY, XM_E_TEMPORARY },
		{ EIO, XM_E_IO, XM_E_IO },
		{ 12345, XM_E_IO, XM_E_IO },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(xm_code_of_errno(rows[i].e, 0), rows[i].src);
		assert_int_equal(xm_code_of_errno(rows[i].e, 1), rows[i].dst);
	}
}

static char order[8];

static void note(void *object)
{
	strncat(order, object, 1);
}

static void test_attach(void **state)
{
	struct xm_attachments a;
	int key1, key2;
	char one[] = "1", two[] = "2", three[] = "3", four[] = "not ours to destroy";
	(void)state;
	xm_attachments_init(&a);
	assert_null(xm_attached(&a, &key1));
	assert_true(xm_attach(&a, &key1, one, note));
	assert_true(xm_attach(&a, &key2, two, note));
	assert_true(xm_attach(&a, &key1, three, note));
	assert_true(xm_attach(&a, &key2, four, NULL));
	assert_string_equal(xm_attached(&a, &key1), "1");
	assert_string_equal(xm_attached(&a, &key2), "2");
	xm_attachments_free(&a);
	assert_string_equal(order, "321");
	assert_null(xm_attached(&a, &key1));
	xm_attachments_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_attach),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
