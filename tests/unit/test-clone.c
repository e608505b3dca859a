/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls below the clone method on a file system that shares nothing: the
 * server's copy is then the kernel's, which moves the same bytes.
 */
#include "unit.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "clone.h"
#include "disk-rig.h"

#define SIZE 3000001

struct files {
	uint8_t *want;
	int src, dst;
	const char *path;
};

static void files_open(struct files *f)
{
	uint8_t *bytes = malloc(SIZE);

	f->want = calloc(1, SIZE);
	rig_fill(bytes, SIZE, 1);
	f->src = open(rig_file("src", bytes, SIZE), O_RDONLY);
	f->path = rig_file("dst", NULL, SIZE);
	f->dst = open(f->path, O_RDWR);
	assert_true(f->src >= 0 && f->dst >= 0);
	memcpy(f->want + 7000, bytes + 4096, 2000001);
	free(bytes);
}

static void files_close(struct files *f)
{
	close(f->src);
	close(f->dst);
	free(f->want);
}

static void test_by_server(void **state)
{
	struct files f;
	int err = 0;

	(void)state;
	files_open(&f);
	assert_int_equal(xm_clone_range(XM_CLONE_SERVER, f.src, 4096, f.dst, 7000, 2000001, &err),
			 2000001);
	uint8_t *now = rig_read(f.path, SIZE);
	assert_memory_equal(now, f.want, SIZE);
	free(now);
	files_close(&f);
}

/* A source that ends early is an error, with what was copied before. */
static void test_short_source(void **state)
{
	struct files f;
	int err = 0;

	(void)state;
	files_open(&f);
	assert_int_equal(xm_clone_range(XM_CLONE_SERVER, f.src, SIZE - 5000, f.dst, 0, 9000, &err),
			 5000);
	assert_int_equal(err, EIO);
	files_close(&f);
}

static void test_refused(void **state)
{
	struct files f;
	const char *why = NULL;
	int err = 0;

	(void)state;
	files_open(&f);
	if (xm_clone_way(f.src, f.dst, &why) == XM_CLONE_NONE) {
		assert_non_null(why);
		assert_int_equal(xm_clone_range(XM_CLONE_SHARE, f.src, 0, f.dst, 0, 4096, &err), 0);
		assert_int_equal(err, EOPNOTSUPP);
	}
	/* a pipe is on no file system that clones */
	int p[2];
	assert_int_equal(pipe(p), 0);
	assert_int_equal(xm_clone_way(p[0], f.dst, &why), XM_CLONE_NONE);
	close(p[0]);
	close(p[1]);
	files_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_server),
		cmocka_unit_test(test_short_source),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, rig_make_dir, rig_drop_dir);
}
