/* SPDX-License-Identifier: Apache-2.0 */
/* iscsi:// URLs: what is understood, what is refused, and that no secret is ever repeated. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "error.h"
#include "iscsi-url.h"

static const struct {
	const char *spec, *name, *user, *host, *target;
	unsigned port, lun;
	bool digest;
} good[] = {
	{ "iscsi://10.0.0.1/iqn.2026-08.x:a/0", "iscsi://10.0.0.1/iqn.2026-08.x:a/0", "",
	  "10.0.0.1", "iqn.2026-08.x:a", 3260, 0, false },
	{ "ISCSI://array.example:3261/iqn.x:a/255", "ISCSI://array.example:3261/iqn.x:a/255", "",
	  "array.example", "iqn.x:a", 3261, 255, false },
	{ "iscsi://me@[fe80::1]:860/naa.60014/16383?header_digest=crc32c",
	  "iscsi://me@[fe80::1]:860/naa.60014/16383", "me",
	  "fe80::1", "naa.60014", 860, 16383, true },
	{ "iscsi://[::1]/iqn.x%3Aa%2Db/1?header_digest=none", "iscsi://[::1]/iqn.x%3Aa%2Db/1", "",
	  "::1", "iqn.x:a-b", 3260, 1, false },
};

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		struct iscsi_address a;

		assert_true(iscsi_url_claims(good[i].spec));
		assert_int_equal(iscsi_url_parse(good[i].spec, &a, NULL), 0);
		assert_string_equal(a.name, good[i].name);
		assert_string_equal(a.user, good[i].user);
		assert_string_equal(a.host, good[i].host);
		assert_string_equal(a.target, good[i].target);
		assert_int_equal(a.port, good[i].port);
		assert_int_equal(a.lun, good[i].lun);
		assert_int_equal(a.header_digest, good[i].digest);
	}
}

/* "SECRET" stands wherever somebody might have put one. */
static const char *const bad[] = {
	"iscsi://",
	"iscsi://host",
	"iscsi://host/iqn.x:a",
	"iscsi://host/iqn.x:a/",
	"iscsi://host/iqn.x:a/x",
	"iscsi://host/iqn.x:a/16384",
	"iscsi://host/iqn.x:a/-1",
	"iscsi://host/iqn.x:a/ 1",
	"iscsi://host/iqn.x:a/1x",
	"iscsi://host//1",
	"iscsi:///iqn.x:a/1",
	"iscsi://host:0/iqn.x:a/1",
	"iscsi://host:65536/iqn.x:a/1",
	"iscsi://host:/iqn.x:a/1",
	"iscsi://[::1/iqn.x:a/1",
	"iscsi://[::1]x/iqn.x:a/1",
	"iscsi://host/iqn.x%0aa/1",
	"iscsi://host/iqn.x%zza/1",
	"iscsi://host/iqn.x%2fa/1",
	"iscsi://host/iqn.x:a/1?header_digest=md5",
	"iscsi://host/iqn.x:a/1?target_password=SECRET",
	"iscsi://host/iqn.x:a/1?target_user=x&target_password=SECRET",
	"iscsi://user%SECRET@host/iqn.x:a/1",
	"iscsi://user:SECRET@host/iqn.x:a/1",
	"iscsi://user%SEC@RET/SECRET@host/iqn.x:a/1",
	"iscsi://user%SECRET?SECRET@host/iqn.x:a/1",
	"iscsi://user%SECRET/iqn.x:a/1",
	"iscsi://user:SECRET/iqn.x:a/1",
	"iscsi://@host/iqn.x:a/1",
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct iscsi_address a = { .port = 7 };
		struct xm_error *err = NULL;

		if (iscsi_url_parse(bad[i], &a, &err) == 0)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(xm_error_code(err), XM_E_USAGE);
		assert_null(strstr(xm_error_text(err), "SEC"));
		assert_int_equal(a.port, 7);
		xm_error_free(err);
	}
}

static void test_long(void **state)
{
	char url[2048] = "iscsi://host/iqn.";
	struct iscsi_address a;

	(void)state;
	memset(url + strlen(url), 'a', 300);
	strcat(url, "/0");
	assert_int_equal(iscsi_url_parse(url, &a, NULL), -1);
	assert_false(iscsi_url_claims("iscsi:/host"));
	assert_false(iscsi_url_claims("/dev/sda"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests_name("iscsi-url", tests, NULL, NULL);
}
