/* SPDX-License-Identifier: Apache-2.0 */
/* Settings, secrets, the job's hash, waiting, logging. */
#include "unit.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ctx.h"
#include "error.h"
#include "job-id.h"

#define SECRET "twelve+chars SECRET"

static char dir[64];
static char path[128];

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/var/tmp/xm-test-ctx-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/chap", dir);
	return 0;
}

static int drop_dir(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static void write_file(const char *text, size_t len, mode_t mode)
{
	unlink(path);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

/* The code of setting it, the text checked to hold `words` and never the secret. */
static enum xm_code set(struct xm_ctx *ctx, enum xm_ctx_key key, const char *value,
			const char *words)
{
	struct xm_error *err = NULL;
	if (xm_ctx_set(ctx, key, value, &err) == 0) {
		assert_null(err);
		return XM_OK;
	}
	enum xm_code code = xm_error_code(err);
	if (words && !strstr(xm_error_text(err), words))
		fail_msg("'%s' is not in '%s'", words, xm_error_text(err));
	assert_null(strstr(xm_error_text(err), SECRET));
	xm_error_free(err);
	return code;
}

static void test_defaults(void **state)
{
	struct xm_ctx *ctx = xm_ctx_new();
	(void)state;
	assert_non_null(ctx);
	assert_string_equal(ctx->initiator_name, XM_INITIATOR_NAME);
	assert_true(ctx->timeout_ns == 30 * XM_NS_PER_S);
	assert_false(ctx->inspect);
	assert_null(ctx->job_id);
	assert_ptr_equal(ctx->clock, &xm_clock_real);
	xm_ctx_free(ctx);
	xm_ctx_free(NULL);
}

static void test_values(void **state)
{
	static const struct {
		enum xm_ctx_key key;
		const char *value;
		enum xm_code code;
	} rows[] = {
		{ XM_CTX_JOB_ID, "", XM_E_USAGE },
		{ XM_CTX_JOB_ID, "a\nb", XM_E_USAGE },
		{ XM_CTX_JOB_ID, NULL, XM_E_USAGE },
		{ XM_CTX_JOB_ID, "plan 7/disk-2", XM_OK },
		{ XM_CTX_INITIATOR_NAME, "host7", XM_E_USAGE },
		{ XM_CTX_INITIATOR_NAME, "iqn.2020-01.org.x:a b", XM_E_USAGE },
		{ XM_CTX_INITIATOR_NAME, "iqn.2020-01.org.x:a", XM_OK },
		{ XM_CTX_INITIATOR_NAME, "naa.6000000000000001", XM_OK },
		{ XM_CTX_PURPOSE, "look", XM_E_USAGE },
		{ XM_CTX_PURPOSE, "inspect", XM_OK },
		{ XM_CTX_PURPOSE, "copy", XM_OK },
		{ XM_CTX_TIMEOUT, "0", XM_E_USAGE },
		{ XM_CTX_TIMEOUT, "-1", XM_E_USAGE },
		{ XM_CTX_TIMEOUT, " 5", XM_E_USAGE },
		{ XM_CTX_TIMEOUT, "5s", XM_E_USAGE },
		{ XM_CTX_TIMEOUT, "", XM_E_USAGE },
		{ XM_CTX_TIMEOUT, "99999999999999999999", XM_E_USAGE },
		{ XM_CTX_TIMEOUT, "86400", XM_OK },
		{ (enum xm_ctx_key)99, "x", XM_E_USAGE },
	};
	struct xm_ctx *ctx = xm_ctx_new();
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (set(ctx, rows[i].key, rows[i].value, NULL) != rows[i].code)
			fail_msg("row %zu", i);
	assert_string_equal(ctx->job_id, "plan 7/disk-2");
	assert_string_equal(ctx->initiator_name, "naa.6000000000000001");
	assert_true(ctx->timeout_ns == 86400 * XM_NS_PER_S);
	xm_ctx_free(ctx);
}

static void assert_id(const char *from, const char *id)
{
	char *got = xm_job_id_from(from);
	assert_non_null(got);
	assert_string_equal(got, id);
	free(got);
}

static void test_job_from(void **state)
{
	char cwd[4096], want[4200];
	(void)state;
	assert_id("iscsi://10.0.0.1/iqn.2003-01.org.x:Vol/3", "iscsi:/iqn.2003-01.org.x:vol/3");
	assert_id("iscsi://user@[fe80::1]:3261/iqn.2003-01.org.x:vol/3?a=b",
		  "iscsi:/iqn.2003-01.org.x:vol/3");
	assert_id("/dev/Disk", "/dev/Disk");
	assert_non_null(getcwd(cwd, sizeof cwd));
	snprintf(want, sizeof want, "%s/disk.img", cwd);
	assert_id("disk.img", want);
	assert_id("iscsi://host", "iscsi:");
	assert_id("nbd://host:10809/Disk", "nbd:/Disk");
	assert_id("nbd+unix:///Disk?socket=/run/A.sock", "nbd+unix:/Disk?socket=/run/A.sock");
}

static void test_job_hash(void **state)
{
	struct xm_ctx *a = xm_ctx_new(), *b = xm_ctx_new();
	uint64_t limit = UINT64_C(1) << 40;
	(void)state;
	set(a, XM_CTX_JOB_FROM, "iscsi://one/iqn.x:y/1", NULL);
	set(b, XM_CTX_JOB_FROM, "iscsi://two:3260/iqn.x:y/1", NULL);
	uint64_t hash = xm_ctx_job_hash(a);
	assert_true(hash && hash < limit && hash == xm_ctx_job_hash(b));
	set(b, XM_CTX_JOB_FROM, "iscsi://two/iqn.x:y/2", NULL);
	assert_true(xm_ctx_job_hash(b) != hash);
	/* Given wins over derived, in either order. */
	set(a, XM_CTX_JOB_ID, "job", NULL);
	hash = xm_ctx_job_hash(a);
	set(a, XM_CTX_JOB_FROM, "iscsi://one/iqn.x:y/1", NULL);
	assert_string_equal(a->job_id, "job");
	set(b, XM_CTX_JOB_ID, "job", NULL);
	assert_true(hash == xm_ctx_job_hash(b));
	/*
	 * XXH3_64bits("job") by xxhsum -H3, low 40 bits: the ISID must not change
	 * between releases.
	 */
	assert_true(hash == UINT64_C(0x67536acdd9));
	/* Who only looks never has a copy's value. */
	set(b, XM_CTX_PURPOSE, "inspect", NULL);
	assert_true(xm_ctx_job_hash(b) == 0);
	xm_ctx_free(a);
	xm_ctx_free(b);
}

static void test_chap_environment(void **state)
{
	(void)state;
	setenv("LIBISCSI_CHAP_USERNAME", "me", 1);
	setenv("LIBISCSI_CHAP_PASSWORD", SECRET, 1);
	setenv("LIBISCSI_CHAP_TARGET_USERNAME", "", 1);
	char *in_place = getenv("LIBISCSI_CHAP_PASSWORD");
	struct xm_ctx *ctx = xm_ctx_new();
	assert_string_equal(ctx->chap.user, "me");
	assert_string_equal(ctx->chap.secret, SECRET);
	assert_null(ctx->chap.target_user);
	assert_null(ctx->chap.target_secret);
	assert_null(getenv("LIBISCSI_CHAP_USERNAME"));
	assert_null(getenv("LIBISCSI_CHAP_PASSWORD"));
	assert_null(getenv("LIBISCSI_CHAP_TARGET_USERNAME"));
	assert_int_equal(in_place[0], 0);
	assert_int_equal(in_place[sizeof SECRET - 2], 0);
	xm_ctx_free(ctx);
}

/* VmFlags of the mapping that holds p has the word. */
static bool mapping_has(const void *p, const char *word)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	char line[512];
	bool inside = false, has = false;
	unsigned long lo, hi;
	while (f && fgets(line, sizeof line, f)) {
		if (sscanf(line, "%lx-%lx ", &lo, &hi) == 2)
			inside = (uintptr_t)p >= lo && (uintptr_t)p < hi;
		if (inside && strncmp(line, "VmFlags:", 8) == 0)
			has = strstr(line, word) != NULL;
	}
	if (f)
		fclose(f);
	return has;
}

static void test_chap_file(void **state)
{
	static const char text[] = "# the array's\n\n  user\tAlice\nsecret " SECRET "\n"
				   "target-user Array\ntarget-secret its own";
	struct xm_ctx *ctx = xm_ctx_new();
	(void)state;
	write_file(text, sizeof text - 1, 0400);
	assert_int_equal(set(ctx, XM_CTX_CHAP_FILE, path, NULL), XM_OK);
	assert_string_equal(ctx->chap.user, "Alice");
	assert_string_equal(ctx->chap.secret, SECRET);
	assert_string_equal(ctx->chap.target_user, "Array");
	assert_string_equal(ctx->chap.target_secret, "its own");
	assert_true(mapping_has(ctx->chap.secret, " dd"));
	/* A bad file leaves what was there. */
	write_file("user x\n", 7, 0600);
	assert_int_equal(set(ctx, XM_CTX_CHAP_FILE, path, "both needed"), XM_E_CONFIG);
	assert_string_equal(ctx->chap.user, "Alice");
	xm_ctx_free(ctx);
}

static void test_chap_file_mode(void **state)
{
	static const struct {
		mode_t mode;
		enum xm_code code;
	} rows[] = {
		{ 0600, XM_OK },	{ 0400, XM_OK },	{ 0640, XM_OK },
		{ 0440, XM_OK },
		{ 0604, XM_E_CONFIG },	{ 0620, XM_E_CONFIG },	{ 0700, XM_E_CONFIG },
		{ 04600, XM_E_CONFIG }, { 0601, XM_E_CONFIG },
	};
	static const char text[] = "user u\nsecret " SECRET "\n";
	struct xm_ctx *ctx = xm_ctx_new();
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		write_file(text, sizeof text - 1, rows[i].mode);
		if (set(ctx, XM_CTX_CHAP_FILE, path, "0640") != rows[i].code)
			fail_msg("mode %o", (unsigned)rows[i].mode);
	}
	xm_ctx_free(ctx);
}

static void test_chap_file_kind(void **state)
{
	static const char text[] = "user u\nsecret " SECRET "\n";
	struct xm_ctx *ctx = xm_ctx_new();
	char link_path[160];
	(void)state;
	write_file(text, sizeof text - 1, 0600);
	snprintf(link_path, sizeof link_path, "%s-link", path);
	assert_int_equal(symlink(path, link_path), 0);
	assert_int_equal(set(ctx, XM_CTX_CHAP_FILE, link_path, NULL), XM_OK);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(set(ctx, XM_CTX_CHAP_FILE, link_path, "0644"), XM_E_CONFIG);
	assert_int_equal(chmod(path, 0600), 0);
	unlink(link_path);
	assert_int_equal(mkfifo(link_path, 0600), 0);
	assert_int_equal(set(ctx, XM_CTX_CHAP_FILE, link_path, "regular"), XM_E_CONFIG);
	unlink(link_path);
	assert_int_equal(set(ctx, XM_CTX_CHAP_FILE, link_path, strerror(ENOENT)), XM_E_CONFIG);
	assert_int_equal(set(ctx, XM_CTX_CHAP_FILE, dir, "regular"), XM_E_CONFIG);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 12345, 0), 0);
		assert_int_equal(set(ctx, XM_CTX_CHAP_FILE, path, "12345"), XM_E_CONFIG);
	}
	xm_ctx_free(ctx);
}

static void test_chap_file_text(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ "", "both needed" },
		{ "secret " SECRET "\n", "both needed" },
		{ "user u\nsecret " SECRET "\nuser v\n", "line 3: a second user" },
		{ "user u\npassword " SECRET "\n", "line 2: not one of" },
		{ "user u\nsecret\n", "line 2: secret without a value" },
		{ "user u\nsecret " SECRET "\r\n", "line 2: control character" },
		{ "user u\nsecret " SECRET "\ntarget-user t\n", "go together" },
		{ "users u\n", "line 1" },
		{ "use u\n", "line 1" },
	};
	struct xm_ctx *ctx = xm_ctx_new();
	char big[9000];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		write_file(rows[i].text, strlen(rows[i].text), 0600);
		if (set(ctx, XM_CTX_CHAP_FILE, path, rows[i].words) != XM_E_CONFIG)
			fail_msg("row %zu", i);
	}
	write_file("user u\nsecret a\0b\n", 18, 0600);
	assert_int_equal(set(ctx, XM_CTX_CHAP_FILE, path, "NUL"), XM_E_CONFIG);
	memset(big, '#', sizeof big);
	write_file(big, sizeof big, 0600);
	assert_int_equal(set(ctx, XM_CTX_CHAP_FILE, path, "too long"), XM_E_CONFIG);
	xm_ctx_free(ctx);
}

struct logged {
	enum xm_log_level level;
	char event[32], text[2048];
};

static void keep_log(void *user, enum xm_log_level level, const char *event, const char *text)
{
	struct logged *l = user;
	l->level = level;
	snprintf(l->event, sizeof l->event, "%s", event);
	snprintf(l->text, sizeof l->text, "%s", text);
}

static void test_log(void **state)
{
	struct xm_ctx *ctx = xm_ctx_new();
	struct logged l = { 0 };
	char lots[4000];
	(void)state;
	xm_log(ctx, XM_LOG_ERROR, "none", "nobody listens");
	xm_ctx_set_log(ctx, keep_log, &l);
	xm_log(ctx, XM_LOG_WARNING, "odd", "vendor '%s'", "EV\x1b[2JIL\n\x7f");
	assert_int_equal(l.level, XM_LOG_WARNING);
	assert_string_equal(l.event, "odd");
	assert_string_equal(l.text, "vendor 'EV [2JIL  '");
	memset(lots, 'x', sizeof lots);
	lots[sizeof lots - 1] = 0;
	xm_log(ctx, XM_LOG_DEBUG, "long", "%s", lots);
	assert_true(strlen(l.text) > 500 && strlen(l.text) < sizeof lots - 1);
	xm_ctx_free(ctx);
}

struct countdown {
	int steps, waits;
};

static void count_wait(void *o, struct xm_waiter *w)
{
	struct countdown *c = o;
	c->waits++;
	(void)w;
}

static int count_step(void *o)
{
	struct countdown *c = o;
	return --c->steps == 0 ? 42 : 0;
}

static void test_wait_for(void **state)
{
	struct xm_ctx *ctx = xm_ctx_new();
	struct xm_clock_sim sim;
	struct countdown c = { .steps = 1 };
	(void)state;
	xm_clock_sim_init(&sim);
	ctx->clock = &sim.clock;
	assert_int_equal(xm_ctx_wait_for(ctx, 0, count_wait, count_step, &c), 42);
	assert_int_equal(c.waits, 0);
	/* Nothing wakes it: time goes to the deadline, one more step, then it gives up. */
	c = (struct countdown){ .steps = 100 };
	assert_int_equal(xm_ctx_wait_for(ctx, 60 * XM_NS_PER_S, count_wait, count_step, &c), 0);
	assert_int_equal(c.steps, 98);
	assert_true(sim.time == 60 * XM_NS_PER_S);
	xm_ctx_free(ctx);
}

static void test_random_is_seeded(void **state)
{
	struct xm_ctx *a = xm_ctx_new(), *b = xm_ctx_new();
	(void)state;
	assert_true(xm_ctx_random(a) != xm_ctx_random(b));
	xm_ctx_seed(a, 1234567);
	xm_ctx_seed(b, 1234567);
	/* splitmix64 of seed 1234567, as published with the generator. */
	assert_true(xm_ctx_random(a) == UINT64_C(6457827717110365317));
	assert_true(xm_ctx_random(a) == UINT64_C(3203168211198807973));
	assert_true(xm_ctx_random(b) == UINT64_C(6457827717110365317));
	xm_ctx_free(a);
	xm_ctx_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_job_from),
		cmocka_unit_test(test_job_hash),
		cmocka_unit_test(test_chap_environment),
		cmocka_unit_test(test_chap_file),
		cmocka_unit_test(test_chap_file_mode),
		cmocka_unit_test(test_chap_file_kind),
		cmocka_unit_test(test_chap_file_text),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_wait_for),
		cmocka_unit_test(test_random_is_seeded),
	};
	return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
