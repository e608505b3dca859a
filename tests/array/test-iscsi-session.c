/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iSCSI sessions and logins against a real xmover-array over TCP: which there are is
 * asked of the array.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "iscsi-rig.h"
#include "tcp-proxy.h"

#define MIB (1024u * 1024u)

static unsigned sessions(struct rig *r, char *ret_answer, size_t size)
{
	char *answer = rig_ctl(r, "sessions");
	unsigned n = 0;

	for (char *at = answer; (at = strstr(at, "\"isid\"")); at++)
		n++;
	if (ret_answer)
		snprintf(ret_answer, size, "%s", answer);
	free(answer);
	return n;
}

/* ---- one session, the right one ------------------------------------------------ */

static void test_one_session(void **state)
{
	const char *const args[] = { "--target", RIG_IQN, "--lun", "0=8M", "--lun", "1=8M", NULL };
	struct xm_endpoint *src, *dst;
	struct xm_ctx *ctx = rig_ctx("some job");
	char answer[1024], want[64];
	struct rig r;

	(void)state;
	rig_start(&r, args);
	src = rig_open(ctx, r.port, 0, XM_ROLE_SRC, NULL);
	dst = rig_open(ctx, r.port, 1, XM_ROLE_DST, NULL);
	assert_non_null(src);
	assert_non_null(dst);
	assert_ptr_equal(src->nexus, dst->nexus);
	assert_int_equal(dst->size, 8 * MIB);
	assert_int_equal(dst->block_size, 512);
	assert_false(src->writable);
	assert_true(dst->writable);
	assert_null(xm_identity_common(&src->id, &dst->id));
	assert_int_equal(sessions(&r, answer, sizeof answer), 1);
	/* Format 10b, then the job's 40 bits. */
	snprintf(want, sizeof want, "\"isid\":\"80%010llx\"",
		 (unsigned long long)xm_ctx_job_hash(ctx));
	assert_non_null(strstr(answer, want));
	assert_non_null(strstr(answer, "\"initiator\":\"" XM_INITIATOR_NAME "\""));
	xm_endpoint_close(src);
	assert_int_equal(sessions(&r, NULL, 0), 1);
	xm_endpoint_close(dst);
	assert_int_equal(sessions(&r, NULL, 0), 0);
	xm_ctx_free(ctx);
	rig_stop(&r);
}

/* Looking evicts nobody, not even another who looks. */
static void test_inspectors(void **state)
{
	const char *const args[] = { "--target", RIG_IQN, "--lun", "0=8M", NULL };
	struct xm_ctx *ctx[3];
	struct xm_endpoint *ep[3];
	uint8_t buf[512];
	struct rig r;

	(void)state;
	rig_start(&r, args);
	for (unsigned i = 0; i < 3; i++) {
		ctx[i] = rig_ctx("job");
		if (i)
			assert_int_equal(xm_ctx_set(ctx[i], XM_CTX_PURPOSE, "inspect", NULL), 0);
		ep[i] = rig_open(ctx[i], r.port, 0, XM_ROLE_SRC, NULL);
		assert_non_null(ep[i]);
	}
	assert_int_equal(sessions(&r, NULL, 0), 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(rig_io(ep[i], XM_IO_READ, 0, buf, 512).certainty, XM_DONE);
		xm_endpoint_close(ep[i]);
		xm_ctx_free(ctx[i]);
	}
	rig_stop(&r);
}

/*
 * A second session of the same initiator name and ISID would evict the first.  Two
 * names of one portal share the session; two portals are refused.
 */
static void test_one_portal(void **state)
{
	const char *const args[] = { "--target", RIG_IQN, "--lun", "0=8M", "--lun", "1=8M", NULL };
	struct xm_ctx *ctx = rig_ctx("portals");
	struct xm_endpoint *a, *b;
	enum xm_code code;
	struct proxy p;
	struct rig r;
	char url[160];

	(void)state;
	rig_start(&r, args);
	proxy_start(&p, r.port);
	a = rig_open(ctx, r.port, 0, XM_ROLE_SRC, NULL);
	assert_non_null(a);
	snprintf(url, sizeof url, "iscsi://localhost:%u/" RIG_IQN "/1", r.port);
	b = rig_open_url(ctx, url, XM_ROLE_DST, &code);
	assert_non_null(b);
	assert_ptr_equal(a->nexus, b->nexus);
	assert_int_equal(sessions(&r, NULL, 0), 1);
	xm_endpoint_close(b);
	assert_null(rig_open(ctx, p.port, 1, XM_ROLE_DST, &code));
	assert_int_equal(code, XM_E_USAGE);
	assert_int_equal(sessions(&r, NULL, 0), 1);
	xm_endpoint_close(a);
	xm_ctx_free(ctx);
	proxy_stop(&p);
	rig_stop(&r);
}

/* Two targets of one array: two sessions, each with the job's ISID. */
static void test_two_targets(void **state)
{
	const char *const args[] = { "--target", RIG_IQN, "--lun", "0=8M", "--target",
				     "iqn.2026-08.test:other", "--lun", "0=8M", NULL };
	struct xm_ctx *ctx = rig_ctx("two targets");
	struct xm_endpoint *a, *b;
	enum xm_code code;
	uint8_t buf[512];
	char url[160];
	struct rig r;

	(void)state;
	rig_start(&r, args);
	a = rig_open(ctx, r.port, 0, XM_ROLE_SRC, NULL);
	snprintf(url, sizeof url, "iscsi://127.0.0.1:%u/iqn.2026-08.test:other/0", r.port);
	b = rig_open_url(ctx, url, XM_ROLE_DST, &code);
	assert_non_null(a);
	assert_non_null(b);
	assert_ptr_not_equal(a->nexus, b->nexus);
	assert_int_equal(sessions(&r, NULL, 0), 2);
	assert_int_equal(rig_io(a, XM_IO_READ, 0, buf, 512).certainty, XM_DONE);
	assert_int_equal(rig_io(b, XM_IO_WRITE, 0, buf, 512).certainty, XM_DONE);
	xm_endpoint_close(a);
	xm_endpoint_close(b);
	xm_ctx_free(ctx);
	rig_stop(&r);
}

/* ---- what cannot be opened --------------------------------------------------------- */

static void test_refusals(void **state)
{
	const char *const args[] = { "--target", RIG_IQN, "--lun", "0=8M", "--lun", "1=8M,ro",
				     NULL };
	struct xm_ctx *ctx = rig_ctx("refusals");
	enum xm_code code;
	char url[160];
	struct rig r;

	(void)state;
	rig_start(&r, args);
	assert_null(rig_open(ctx, r.port, 7, XM_ROLE_SRC, &code));
	assert_int_equal(code, XM_E_NOSOURCE);
	assert_null(rig_open(ctx, r.port, 7, XM_ROLE_DST, &code));
	assert_int_equal(code, XM_E_DESTINATION);
	assert_null(rig_open(ctx, r.port, 1, XM_ROLE_DST, &code));
	assert_int_equal(code, XM_E_DESTINATION);
	snprintf(url, sizeof url, "iscsi://127.0.0.1:%u/iqn.2026-08.test:absent/0", r.port);
	assert_null(rig_open_url(ctx, url, XM_ROLE_SRC, &code));
	assert_int_equal(code, XM_E_NOSOURCE);
	assert_null(rig_open_url(ctx, url, XM_ROLE_DST, &code));
	assert_int_equal(code, XM_E_DESTINATION);
	rig_do(&r, "login " RIG_IQN " refuse");
	assert_null(rig_open(ctx, r.port, 0, XM_ROLE_SRC, &code));
	assert_int_equal(code, XM_E_PERMISSION);
	assert_int_equal(sessions(&r, NULL, 0), 0);
	rig_stop(&r);
	/* Nobody listens there any more. */
	assert_null(rig_open(ctx, r.port, 0, XM_ROLE_SRC, &code));
	assert_int_equal(code, XM_E_TEMPORARY);
	assert_non_null(strstr(rig_error, strerror(ECONNREFUSED)));
	xm_ctx_free(ctx);
}

static void test_busy_then_ok(void **state)
{
	const char *const args[] = { "--target", RIG_IQN, "--lun", "0=8M", NULL };
	struct xm_ctx *ctx = rig_ctx("busy");
	struct xm_endpoint *ep;
	struct rig r;

	(void)state;
	rig_start(&r, args);
	rig_do(&r, "login " RIG_IQN " busy times=2");
	ep = rig_open(ctx, r.port, 0, XM_ROLE_SRC, NULL);
	assert_non_null(ep);
	xm_endpoint_close(ep);
	xm_ctx_free(ctx);
	rig_stop(&r);
}

/* Through the portal it is sent to, where the same target is. */
static void test_redirect(void **state)
{
	const char *const args[] = { "--target", RIG_IQN, "--lun", "0=8M", NULL };
	struct xm_ctx *ctx = rig_ctx("moved");
	struct xm_endpoint *ep;
	enum xm_code code;
	struct rig a, b;

	(void)state;
	rig_start(&a, args);
	rig_start(&b, args);
	rig_do(&a, "login " RIG_IQN " moved 127.0.0.1:%u", b.port);
	ep = rig_open(ctx, a.port, 0, XM_ROLE_SRC, NULL);
	assert_non_null(ep);
	assert_int_equal(sessions(&a, NULL, 0), 0);
	assert_int_equal(sessions(&b, NULL, 0), 1);
	xm_endpoint_close(ep);
	/* In a circle: bounded. */
	rig_do(&b, "login " RIG_IQN " moved 127.0.0.1:%u", a.port);
	assert_null(rig_open(ctx, a.port, 0, XM_ROLE_SRC, &code));
	assert_int_equal(code, XM_E_TEMPORARY);
	xm_ctx_free(ctx);
	rig_stop(&a);
	rig_stop(&b);
}

/* ---- CHAP ---------------------------------------------------------------------------- */

static void chap_file(char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void chap_case(unsigned port, const char *file, const char *user, enum xm_code want)
{
	struct xm_ctx *ctx = rig_ctx("chap");
	struct xm_endpoint *ep;
	enum xm_code code;
	char url[160];

	if (file)
		assert_int_equal(xm_ctx_set(ctx, XM_CTX_CHAP_FILE, file, NULL), 0);
	snprintf(url, sizeof url, "iscsi://%s127.0.0.1:%u/" RIG_IQN "/0", user, port);
	ep = rig_open_url(ctx, url, XM_ROLE_SRC, &code);
	assert_int_equal(code, want);
	if (!ep) {
		assert_null(strstr(rig_error, "hunter2"));
		assert_null(strstr(rig_error, "wrong-secret"));
	}
	xm_endpoint_close(ep);
	xm_ctx_free(ctx);
}

static void test_chap(void **state)
{
	char dir[] = "/tmp/xmover-chap.XXXXXX", target[64], mine[64];
	struct rig r;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(target, sizeof target, "%s/target", dir);
	snprintf(mine, sizeof mine, "%s/mine", dir);
	chap_file(target, "user mover\nsecret hunter2hunter2\nmutual-user array\n"
			  "mutual-secret other-hunter2\n");
	rig_start(&r, (const char *const[]){ "--target", RIG_IQN, "--lun", "0=8M", "--chap", target,
					     NULL });
	chap_case(r.port, NULL, "", XM_E_PERMISSION);
	chap_case(r.port, NULL, "mover@", XM_E_CONFIG);
	chap_file(mine, "user mover\nsecret hunter2hunter2\n");
	chap_case(r.port, mine, "", XM_OK);
	chap_case(r.port, mine, "mover@", XM_OK);
	chap_case(r.port, mine, "nobody@", XM_E_PERMISSION);
	chap_file(mine, "user mover\nsecret wrong-secret-1\n");
	chap_case(r.port, mine, "", XM_E_PERMISSION);
	chap_file(mine, "user mover\nsecret hunter2hunter2\ntarget-user array\n"
			"target-secret other-hunter2\n");
	chap_case(r.port, mine, "", XM_OK);
	/* Whoever answers there does not know the target's secret. */
	chap_file(mine, "user mover\nsecret hunter2hunter2\ntarget-user array\n"
			"target-secret wrong-secret-2\n");
	chap_case(r.port, mine, "", XM_E_PERMISSION);
	rig_stop(&r);
	unlink(target);
	unlink(mine);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_session),
		cmocka_unit_test(test_inspectors),
		cmocka_unit_test(test_one_portal),
		cmocka_unit_test(test_two_targets),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_busy_then_ok),
		cmocka_unit_test(test_redirect),
		cmocka_unit_test(test_chap),
	};

	return cmocka_run_group_tests_name("iscsi-session", tests, NULL, NULL);
}
