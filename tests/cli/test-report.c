/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report: always JSON, always at most 4096 bytes, message first, and put
 * into its file whole.  Its agreement with the schema is tested on real runs
 * (test-copy.sh).
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <jansson.h>
#include <cmocka.h>
#include "report.h"

/* The report needs one word of the library; the tests of tools/ do not link it. */
const char *xm_version(void)
{
	return "0.0.0-test";
}

static struct figures figures;

static void fill_text(char *buf, size_t size, unsigned *seed)
{
	static const char *const pieces[] = {
		"a", "\"", "\\", "\n", "\001", "\xff", "\xe2\x82\xac", "\xf0\x9f\x92\xbe", "/", " ",
	};
	size_t n = 0;

	while (n + 5 < size) {
		const char *piece = pieces[(unsigned)rand_r(seed) % 10];

		strcpy(buf + n, piece);
		n += strlen(piece);
	}
}

static void fill_figures(char fill, unsigned *seed)
{
	memset(&figures, 0, sizeof figures);
	figures.total = figures.done = UINT64_MAX;
	figures.xcopy = figures.host = INT64_MAX;
	figures.duration_ns = UINT64_MAX;
	figures.fallbacks = 1000;
	for (size_t i = 0; i < FIGURES_FALLBACKS; i++) {
		struct figures_fallback *fb = &figures.fallback[i];

		fb->count = fb->bytes = UINT64_MAX;
		memset(fb->reason, fill, sizeof fb->reason - 1);
		memset(fb->detail, fill, sizeof fb->detail - 1);
		if (seed)
			fill_text(fb->detail, sizeof fb->detail, seed);
	}
}

static json_t *checked(const struct report *r)
{
	char *text = report_text(r);
	json_error_t err;
	json_t *o;

	assert_non_null(text);
	assert_true(strlen(text) <= REPORT_MAX);
	assert_int_equal(strncmp(text, "{\"message\":", 11), 0);
	assert_int_equal(text[strlen(text) - 1], '\n');
	o = json_loads(text, JSON_REJECT_DUPLICATES, &err);
	if (!o)
		fail_msg("not JSON: %s: %s", err.text, text);
	free(text);
	return o;
}

static struct report long_report(const char *text)
{
	struct report_disk disk = { text, text, text, text, text, text, text,
				    UINT64_MAX, UINT32_MAX };

	return (struct report){ .message = text, .result = "failed", .exit_code = 143,
				.started = "2026-11-22T20:00:00.000Z", .figures = &figures,
				.source = disk, .destination = disk };
}

/* Each of these characters takes the most room when escaped. */
static void test_always_fits(void **state)
{
	static const char fills[] = { 'x', '"', '\\', '\n', '\001', '\177', '\xff' };
	static char text[5000];

	(void)state;
	for (size_t i = 0; i < sizeof fills; i++) {
		struct report r = long_report(text);

		memset(text, fills[i], sizeof text - 1);
		fill_figures(fills[i], NULL);
		json_decref(checked(&r));
	}
}

static void test_random_texts(void **state)
{
	const char *given = getenv("XM_SEED");
	unsigned seed = given ? (unsigned)strtoul(given, NULL, 0) : (unsigned)getpid();
	static char text[5000];

	(void)state;
	print_message("# XM_SEED=%u\n", seed);
	for (int i = 0; i < 300; i++) {
		struct report r = long_report(text);
		size_t cut = (unsigned)rand_r(&seed) % sizeof text;

		fill_text(text, sizeof text, &seed);
		text[cut] = '\0';
		fill_figures('r', &seed);
		json_decref(checked(&r));
	}
}

static json_int_t integer(json_t *o, const char *key)
{
	json_t *v = json_object_get(o, key);

	assert_true(json_is_integer(v));
	return json_integer_value(v);
}

static void test_values(void **state)
{
	struct report r = { .message = "m", .result = "failed", .exit_code = 75, .started = "s",
			    .figures = &figures, .source = { .name = "a", .size = 100 } };
	json_t *o, *b;

	(void)state;
	memset(&figures, 0, sizeof figures);
	figures.total = 100;
	figures.done = 90;
	figures.xcopy = 30;
	figures.host = 10;
	figures.zeroed = 50;
	figures.unknown = 4;
	figures.duration_ns = 1234567890;
	figures.offload_used = true;
	figures.fallbacks = 1;
	strcpy(figures.fallback[0].reason, "medium");
	o = checked(&r);
	b = json_object_get(o, "bytes");
	assert_int_equal(integer(b, "xcopy") + integer(b, "odx") + integer(b, "nvme_copy") +
			 integer(b, "clone") + integer(b, "host") + integer(b, "zeroed") +
			 integer(b, "skipped") + integer(b, "resumed") + integer(b, "left"),
			 integer(b, "total"));
	assert_true(json_real_value(json_object_get(o, "offload_ratio")) == 0.75);
	assert_true(json_real_value(json_object_get(o, "duration_s")) == 1.234);
	assert_true(json_is_true(json_object_get(o, "offload_used")));
	assert_int_equal(integer(o, "unknown"), 4);
	assert_int_equal(integer(o, "exit_code"), 75);
	assert_int_equal(integer(o, "fallbacks_omitted"), 0);
	assert_true(json_is_null(json_object_get(o, "destination")));
	json_decref(o);
}

/* Nothing known at all: a usage error. */
static void test_nothing(void **state)
{
	struct report r = { .message = "bad option", .result = "failed", .exit_code = 64 };
	json_t *o = checked(&r);

	(void)state;
	assert_true(json_is_null(json_object_get(o, "offload_ratio")));
	assert_true(json_is_false(json_object_get(o, "offload_used")));
	json_decref(o);
}

static void read_back(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(buf, 1, size - 1, f);
	buf[n] = '\0';
	fclose(f);
}

static const char *watched;      /* a folder, or NULL */
static int synced, names;

/* In place of libc's: when the text is there and the new name is not, a kill must find nothing. */
int fsync(int fd)
{
	DIR *d = watched ? opendir(watched) : NULL;

	for (struct dirent *e; d && (e = readdir(d));)
		names += e->d_name[0] != '.';
	if (d)
		closedir(d);
	synced++;
	return (int)syscall(SYS_fsync, fd);
}

static void test_killed_while_written(void **state)
{
	char dir[] = "/tmp/xmover-report.XXXXXX", path[64];
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_WRONLY | O_TMPFILE | O_CLOEXEC, 0644);
	if (fd < 0) {
		rmdir(dir);
		skip();
	}
	close(fd);
	snprintf(path, sizeof path, "%s/r", dir);
	watched = dir;
	for (int i = 0; i < 3; i++) {
		synced = names = 0;
		assert_true(report_write(path, "text\n"));
		assert_int_equal(synced, 1);
		assert_int_equal(names, i > 0);
	}
	watched = NULL;
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
}

static void test_file(void **state)
{
	char dir[] = "/tmp/xmover-report.XXXXXX", path[64], other[64], buf[64];
	struct stat before, after;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/r", dir);
	snprintf(other, sizeof other, "%s/l", dir);
	assert_true(report_write(path, "first, and longer\n"));
	assert_int_equal(stat(path, &before), 0);
	assert_true(report_write(path, "second\n"));
	read_back(path, buf, sizeof buf);
	assert_string_equal(buf, "second\n");
	/* A new file took its place: a reader of the old one still has it whole. */
	assert_int_equal(stat(path, &after), 0);
	assert_true(before.st_ino != after.st_ino);

	/* A name that is not a plain file is written through, not replaced. */
	assert_int_equal(symlink(path, other), 0);
	assert_true(report_write(other, "third\n"));
	assert_int_equal(lstat(other, &after), 0);
	assert_true(S_ISLNK(after.st_mode));
	read_back(path, buf, sizeof buf);
	assert_string_equal(buf, "third\n");
	assert_true(report_same_file(path, other));

	assert_true(report_write("/dev/null", "x\n"));
	assert_false(report_write("/nonexistent/r", "x\n"));
	unlink(other);
	unlink(path);
	/* Nothing else is left in the folder. */
	assert_int_equal(rmdir(dir), 0);
}

static void test_same_file(void **state)
{
	char dir[] = "/tmp/xmover-report.XXXXXX", a[64], b[80];

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(a, sizeof a, "%s/new", dir);
	snprintf(b, sizeof b, "%s/../%s/new", dir, strrchr(dir, '/') + 1);
	assert_true(report_same_file(a, b)); /* neither exists */
	snprintf(b, sizeof b, "%s/newer", dir);
	assert_false(report_same_file(a, b));
	assert_false(report_same_file("/nonexistent/a", "/nonexistent/b"));
	assert_false(report_same_file("r.json", "iscsi://h/iqn.x:y/0"));
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_always_fits), cmocka_unit_test(test_random_texts),
		cmocka_unit_test(test_values),      cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_file),        cmocka_unit_test(test_same_file),
		cmocka_unit_test(test_killed_while_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
