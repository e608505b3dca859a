/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening files and loop devices: what is refused, with which code and words,
 * what is made, what is measured, and that one disk under two names is found.
 */
#include "unit.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/blkpg.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "disk-rig.h"

#define SIZE (1024 * 1024)

/* A clock whose waits take no time, and that can do something while we wait. */
static struct xm_clock_sim sim;
static void (*while_waiting)(void);
static unsigned waits;

static void rig_wait(struct xm_clock *c, struct xm_waiter *w)
{
	waits++;
	if (while_waiting)
		while_waiting();
	sim.time = w->deadline;
	(void)c;
}

static struct xm_ctx *new_ctx(void)
{
	struct xm_ctx *ctx = xm_ctx_new();
	xm_clock_sim_init(&sim);
	sim.clock.wait = rig_wait;
	while_waiting = NULL;
	waits = 0;
	ctx->clock = &sim.clock;
	return ctx;
}

static int open_with(struct xm_ctx *ctx, const struct xm_open_args *args, struct xm_endpoint **ep,
		     struct xm_error **err)
{
	return xm_opener_file.open(ctx, args, ep, err);
}

static void test_claims(void **state)
{
	(void)state;
	assert_true(xm_opener_file.claims("/dev/sda"));
	assert_true(xm_opener_file.claims("disk:0.img"));
	assert_false(xm_opener_file.claims("iscsi://h/iqn/0"));
	assert_false(xm_opener_file.claims("nbd+unix:///x"));
}

static void test_file(void **state)
{
	struct xm_ctx *ctx = new_ctx();
	const char *path = rig_file("plain", "0123456789", 10);
	struct stat st;
	char name[64];
	(void)state;
	struct xm_endpoint *ep = rig_open(ctx, path, XM_ROLE_SRC);
	assert_true(xm_endpoint_size(ep) == 10);
	assert_int_equal(xm_endpoint_block_size(ep), 1);
	assert_string_equal(xm_endpoint_str(ep, XM_EP_NAME), path);
	assert_string_equal(xm_endpoint_str(ep, XM_EP_KIND), "file");
	assert_int_equal(stat(path, &st), 0);
	snprintf(name, sizeof name, "file.%lx.%lx", (unsigned long)st.st_dev,
		 (unsigned long)st.st_ino);
	assert_string_equal(xm_endpoint_str(ep, XM_EP_DESIGNATOR), name);
	assert_false(ep->writable);
	assert_int_equal(ep->gate_hi, 0);
	/* Direct I/O wherever the second descriptor says so. */
	assert_int_equal(ep->fd_cached >= 0, (fcntl(ep->fd, F_GETFL) & O_DIRECT) != 0);
	assert_int_equal(ep->fd_cached >= 0, ep->dio_align > 1);
	if (ep->fd_cached >= 0)
		assert_false(fcntl(ep->fd_cached, F_GETFL) & O_DIRECT);
	xm_endpoint_close(ep);
	xm_endpoint_close(NULL);
	xm_ctx_free(ctx);
}

static void test_refused_sources(void **state)
{
	struct xm_ctx *ctx = new_ctx();
	(void)state;
	assert_int_equal(rig_open_fails(ctx, rig_path("nothing"), XM_ROLE_SRC, "No such file"),
			 XM_E_NOSOURCE);
	assert_int_equal(rig_open_fails(ctx, rig_file("empty", NULL, 0), XM_ROLE_SRC, "empty"),
			 XM_E_NOSOURCE);
	assert_int_equal(rig_open_fails(ctx, rig_path("empty/x"), XM_ROLE_SRC, "Not a directory"),
			 XM_E_NOSOURCE);
	assert_int_equal(rig_open_fails(ctx, rig_path("."), XM_ROLE_SRC, "directory"),
			 XM_E_NOSOURCE);
	assert_int_equal(rig_open_fails(ctx, "/dev/null", XM_ROLE_SRC, "character device"),
			 XM_E_NOSOURCE);
	assert_int_equal(mkfifo(rig_path("pipe"), 0600), 0);
	assert_int_equal(rig_open_fails(ctx, rig_path("pipe"), XM_ROLE_SRC, "pipe"), XM_E_NOSOURCE);
	xm_ctx_free(ctx);
}

static int as_nobody(void)
{
	struct xm_ctx *ctx = new_ctx();
	struct xm_endpoint *ep;
	struct xm_error *err = NULL;
	const struct xm_open_args src = { .spec = rig_path("secret") };
	const struct xm_open_args dst = { .spec = rig_path("secret"), .role = XM_ROLE_DST };
	if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
		return 77;
	if (open_with(ctx, &src, &ep, &err) == 0 || xm_error_code(err) != XM_E_PERMISSION)
		return 1;
	xm_error_free(err);
	err = NULL;
	if (open_with(ctx, &dst, &ep, &err) == 0 || xm_error_code(err) != XM_E_PERMISSION)
		return 2;
	xm_error_free(err);
	xm_ctx_free(ctx);
	return 0;
}

static void test_permission(void **state)
{
	int status;
	(void)state;
	if (geteuid() != 0)
		skip();
	rig_file("secret", "x", 1);
	assert_int_equal(chmod(rig_path("."), 0755), 0);
	pid_t pid = fork();
	if (pid == 0)
		_exit(as_nobody());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_refused_destinations(void **state)
{
	struct xm_ctx *ctx = new_ctx();
	(void)state;
	assert_int_equal(rig_open_fails(ctx, rig_path("nothing"), XM_ROLE_DST, "--create"),
			 XM_E_DESTINATION);
	assert_int_equal(access(rig_path("nothing"), F_OK), -1);
	assert_int_equal(rig_open_fails(ctx, "/dev/null", XM_ROLE_DST, "character device"),
			 XM_E_DESTINATION);
	assert_int_equal(rig_open_fails(ctx, rig_path("."), XM_ROLE_DST, "directory"),
			 XM_E_DESTINATION);
	xm_ctx_free(ctx);
}

static void test_create(void **state)
{
	struct xm_ctx *ctx = new_ctx();
	struct xm_endpoint *ep = NULL;
	struct xm_error *err = NULL;
	struct stat st;
	struct xm_open_args args = { .spec = rig_path("made"), .role = XM_ROLE_DST, .create = true,
				     .create_size = 12345 };
	(void)state;
	assert_int_equal(open_with(ctx, &args, &ep, &err), 0);
	assert_true(ep->size == 12345 && ep->writable);
	xm_endpoint_close(ep);
	assert_int_equal(stat(args.spec, &st), 0);
	assert_int_equal(st.st_size, 12345);
	assert_int_equal(st.st_mode & 07777, 0600);
	/* One that is there is taken as it is. */
	args.create_size = 99;
	assert_int_equal(open_with(ctx, &args, &ep, &err), 0);
	assert_true(ep->size == 12345);
	xm_endpoint_close(ep);
	/* A source is never made. */
	args = (struct xm_open_args){ .spec = rig_path("not-made"), .create = true };
	assert_int_equal(open_with(ctx, &args, &ep, &err), -1);
	assert_int_equal(xm_error_code(err), XM_E_NOSOURCE);
	assert_int_equal(access(args.spec, F_OK), -1);
	xm_error_free(err);
	xm_ctx_free(ctx);
}

static void create_fails(struct xm_ctx *ctx, const char *path, uint64_t size, enum xm_code code)
{
	struct xm_endpoint *ep;
	struct xm_error *err = NULL;
	const struct xm_open_args args = { .spec = path, .role = XM_ROLE_DST, .create = true,
					   .create_size = size };
	struct stat st;
	assert_int_equal(open_with(ctx, &args, &ep, &err), -1);
	if (xm_error_code(err) != code)
		fail_msg("%s", xm_error_text(err));
	xm_error_free(err);
	assert_int_equal(lstat(path, &st) < 0 || S_ISLNK(st.st_mode), 1);
}

static void test_create_refused(void **state)
{
	struct xm_ctx *ctx = new_ctx();
	(void)state;
	create_fails(ctx, "/dev/xm-test-never-made", 4096, XM_E_DESTINATION);
	create_fails(ctx, "/dev/shm/../xm-test-never-made", 4096, XM_E_DESTINATION);
	assert_int_equal(symlink("/dev/shm", rig_path("shm")), 0);
	create_fails(ctx, rig_path("shm/xm-test-never-made"), 4096, XM_E_DESTINATION);
	create_fails(ctx, rig_path("no/such/folder"), 4096, XM_E_DESTINATION);
	/* Through a dangling link one could be made elsewhere than shown. */
	assert_int_equal(symlink("nowhere", rig_path("dangling")), 0);
	create_fails(ctx, rig_path("dangling"), 4096, XM_E_DESTINATION);
	/* Too large for any file: nothing is left behind. */
	create_fails(ctx, rig_path("huge"), UINT64_C(1) << 62, XM_E_IO);
	xm_ctx_free(ctx);
}

/* ---- busy destinations ------------------------------------------------------------------ */

static int holder_fd;

static void let_go_later(void)
{
	if (waits == 5)
		close(holder_fd);
}

static char logged[64];

static void keep_event(void *user, enum xm_log_level level, const char *event, const char *text)
{
	(void)user;
	(void)level;
	(void)text;
	snprintf(logged, sizeof logged, "%s", event);
}

static void test_file_lock(void **state)
{
	struct xm_ctx *ctx = new_ctx();
	const char *path = rig_file("locked", "x", 1);
	(void)state;
	xm_ctx_set_log(ctx, keep_event, NULL);
	holder_fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(holder_fd, LOCK_EX), 0);
	uint64_t began = sim.time;
	assert_int_equal(rig_open_fails(ctx, path, XM_ROLE_DST, "busy"), XM_E_DESTINATION);
	assert_true(sim.time - began >= 60 * XM_NS_PER_S && sim.time - began < 120 * XM_NS_PER_S);
	assert_string_equal(logged, "destination_busy");
	/* A source is not locked. */
	xm_endpoint_close(rig_open(ctx, path, XM_ROLE_SRC));
	waits = 0;
	while_waiting = let_go_later;
	struct xm_endpoint *ep = rig_open(ctx, path, XM_ROLE_DST);
	assert_int_equal(waits, 5);
	/* It is ours now. */
	int fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1);
	xm_endpoint_close(ep);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	close(fd);
	xm_ctx_free(ctx);
}

static void test_block_device(void **state)
{
	struct xm_ctx *ctx = new_ctx();
	const char *path = rig_file("block", NULL, SIZE);
	struct rig_loop loop;
	(void)state;
	if (!rig_loop(path, 4096, 0, false, &loop))
		skip();
	struct xm_endpoint *src = rig_open(ctx, loop.path, XM_ROLE_SRC);
	assert_true(src->size == SIZE);
	assert_int_equal(src->block_size, 4096);
	assert_int_equal(src->dio_align, 4096);
	assert_string_equal(xm_endpoint_str(src, XM_EP_KIND), "block device");
	assert_true(fcntl(src->fd, F_GETFL) & O_DIRECT);
	assert_int_equal(fcntl(src->fd, F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(src->ops->drop_cache(src), 0);
	xm_endpoint_close(src);
	struct xm_endpoint *dst = rig_open(ctx, loop.path, XM_ROLE_DST);
	assert_true(dst->writable);
	/* Claimed: a second one waits, and says so; a reader does not mind. */
	assert_int_equal(rig_open_fails(ctx, loop.path, XM_ROLE_DST, "busy"), XM_E_DESTINATION);
	xm_endpoint_close(rig_open(ctx, loop.path, XM_ROLE_SRC));
	xm_endpoint_close(dst);
	xm_endpoint_close(rig_open(ctx, loop.path, XM_ROLE_DST));
	rig_loop_free(&loop);
	xm_ctx_free(ctx);
}

static void test_claim_is_waited_for(void **state)
{
	struct xm_ctx *ctx = new_ctx();
	const char *path = rig_file("claimed", NULL, SIZE);
	struct rig_loop loop;
	(void)state;
	if (!rig_loop(path, 512, 0, false, &loop))
		skip();
	holder_fd = open(loop.path, O_RDWR | O_EXCL | O_CLOEXEC);
	assert_true(holder_fd >= 0);
	while_waiting = let_go_later;
	struct xm_endpoint *ep = rig_open(ctx, loop.path, XM_ROLE_DST);
	assert_int_equal(waits, 5);
	xm_endpoint_close(ep);
	rig_loop_free(&loop);
	xm_ctx_free(ctx);
}

static void test_read_only(void **state)
{
	struct xm_ctx *ctx = new_ctx();
	const char *path = rig_file("read-only", NULL, SIZE);
	struct rig_loop loop;
	(void)state;
	if (!rig_loop(path, 512, 0, true, &loop))
		skip();
	assert_int_equal(rig_open_fails(ctx, loop.path, XM_ROLE_DST, "read-only"),
			 XM_E_DESTINATION);
	assert_int_equal(waits, 0);
	xm_endpoint_close(rig_open(ctx, loop.path, XM_ROLE_SRC));
	rig_loop_free(&loop);
	xm_ctx_free(ctx);
}

/* A loop device and its file are one disk; an offset moves it. */
static void test_loop_is_its_file(void **state)
{
	struct xm_ctx *ctx = new_ctx();
	const char *path = rig_file("twice", NULL, SIZE), *other = rig_file("other", NULL, SIZE);
	struct rig_loop loop, shifted;
	(void)state;
	if (!rig_loop(path, 512, 0, false, &loop) || !rig_loop(path, 512, 8192, false, &shifted))
		skip();
	struct xm_endpoint *a = rig_open(ctx, path, XM_ROLE_SRC);
	struct xm_endpoint *b = rig_open(ctx, loop.path, XM_ROLE_DST);
	struct xm_endpoint *c = rig_open(ctx, shifted.path, XM_ROLE_SRC);
	struct xm_endpoint *d = rig_open(ctx, other, XM_ROLE_SRC);
	assert_non_null(xm_identity_common(&a->id, &b->id));
	assert_non_null(xm_identity_common(&a->id, &c->id));
	assert_non_null(xm_identity_common(&b->id, &c->id));
	assert_null(xm_identity_common(&a->id, &d->id));
	assert_null(xm_identity_common(&b->id, &d->id));
	assert_int_equal(a->base, 0);
	assert_int_equal(b->base, 0);
	assert_int_equal(c->base, 8192);
	xm_endpoint_close(a);
	xm_endpoint_close(b);
	xm_endpoint_close(c);
	xm_endpoint_close(d);
	/* Writing beneath a loop device is refused at once, by its name. */
	assert_int_equal(rig_open_fails(ctx, path, XM_ROLE_DST, "stands on"), XM_E_DESTINATION);
	assert_int_equal(waits, 0);
	rig_loop_free(&loop);
	rig_loop_free(&shifted);
	xm_ctx_free(ctx);
}

/* The kernel keeps a partition that it was told of when the loop device goes. */
static void drop_partition(struct rig_loop *loop)
{
	struct blkpg_partition part = { .pno = 1 };
	struct blkpg_ioctl_arg arg = { .op = BLKPG_DEL_PARTITION, .datalen = sizeof part,
				       .data = &part };
	ioctl(loop->fd, BLKPG, &arg);
}

/* One partition from LBA 2048, 1024 long, told to the kernel: it need not know any table. */
static const char *partitioned(struct rig_loop *loop, const char *file)
{
	static char path[64];
	struct blkpg_partition part = { .start = 2048 * 512, .length = 1024 * 512, .pno = 1 };
	struct blkpg_ioctl_arg arg = { .op = BLKPG_ADD_PARTITION, .datalen = sizeof part,
				       .data = &part };
	if (!rig_loop(file, 512, 0, false, loop))
		return NULL;
	drop_partition(loop);
	if (ioctl(loop->fd, BLKPG, &arg) < 0)
		return NULL;
	snprintf(path, sizeof path, "%sp1", loop->path);
	return path;
}

/* The kernel makes the node with devtmpfs; without, the test does. */
static bool node_of(const char *part, const char *loop, char *made)
{
	char path[128], text[32] = "";
	unsigned maj, min;
	struct stat st;
	*made = 0;
	if (stat(part, &st) == 0 && S_ISBLK(st.st_mode))
		return true;
	snprintf(path, sizeof path, "/sys/block/%s/%s/dev", loop + 5, part + 5);
	FILE *f = fopen(path, "re");
	bool ok = f && fgets(text, sizeof text, f) && sscanf(text, "%u:%u", &maj, &min) == 2;
	if (f)
		fclose(f);
	if (!ok || mknod(rig_path("p1"), S_IFBLK | 0600, (dev_t)maj << 8 | min))
		return false;
	strcpy(made, rig_path("p1"));
	return true;
}

static void test_partition(void **state)
{
	struct xm_ctx *ctx = new_ctx();
	const char *file = rig_file("disk", NULL, 4 * SIZE);
	struct rig_loop loop;
	char made[192];
	(void)state;
	const char *part = partitioned(&loop, file);
	if (!part || !node_of(part, loop.path, made))
		skip();
	if (*made)
		part = made;
	struct xm_endpoint *p = rig_open(ctx, part, XM_ROLE_SRC);
	struct xm_endpoint *whole = rig_open(ctx, loop.path, XM_ROLE_SRC);
	assert_true(p->size == 1024 * 512);
	assert_true(p->base == 2048 * 512);
	assert_int_equal(whole->base, 0);
	assert_non_null(xm_identity_common(&p->id, &whole->id));
	xm_endpoint_close(whole);
	xm_endpoint_close(p);
	/* The claim on a partition keeps the whole disk from being claimed. */
	p = rig_open(ctx, part, XM_ROLE_DST);
	assert_int_equal(rig_open_fails(ctx, loop.path, XM_ROLE_DST, "busy"), XM_E_DESTINATION);
	xm_endpoint_close(p);
	drop_partition(&loop);
	rig_loop_free(&loop);
	xm_ctx_free(ctx);
}

static int mounted(void)
{
	struct xm_ctx *ctx = new_ctx();
	struct rig_loop loop;
	char command[256];
	const char *file = rig_file("fs", NULL, 4 * SIZE), *at = rig_path("mnt");
	snprintf(command, sizeof command, "mke2fs -q -F %s >/dev/null 2>&1", file);
	if (system(command) || !rig_loop(file, 512, 0, false, &loop))
		return 77;
	mkdir(at, 0700);
	if (unshare(CLONE_NEWNS) || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) ||
	    mount(loop.path, at, "ext4", 0, NULL))
		return 77;
	if (rig_open_fails(ctx, loop.path, XM_ROLE_DST, "is mounted at") != XM_E_DESTINATION)
		return 1;
	/* Said at once, not after the wait for a predecessor. */
	if (waits)
		return 2;
	umount(at);
	xm_ctx_free(ctx);
	return 0;
}

static void test_mounted(void **state)
{
	int status;
	(void)state;
	pid_t pid = fork();
	if (pid == 0)
		_exit(mounted());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

/* What the array copied beneath the page cache is seen after the cache was dropped, not before. */
static void test_drop_cache(void **state)
{
	struct xm_ctx *ctx = new_ctx();
	const char *path = rig_file("cache", NULL, SIZE);
	struct rig_loop loop;
	char seen[4096];
	(void)state;
	if (!rig_loop(path, 512, 0, false, &loop))
		skip();
	struct xm_endpoint *ep = rig_open(ctx, loop.path, XM_ROLE_DST);
	/* Without O_DIRECT, as a reader beside us would have it. */
	assert_int_equal(pread(loop.fd, seen, sizeof seen, 0), sizeof seen);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0 && pwrite(fd, "new", 3, 100) == 3);
	close(fd);
	assert_int_equal(pread(loop.fd, seen, sizeof seen, 0), sizeof seen);
	assert_int_equal(seen[100], 0);
	assert_int_equal(ep->ops->drop_cache(ep), 0);
	assert_int_equal(pread(loop.fd, seen, sizeof seen, 0), sizeof seen);
	assert_memory_equal(seen + 100, "new", 3);
	xm_endpoint_close(ep);
	rig_loop_free(&loop);
	xm_ctx_free(ctx);
}

/* ---- findings ------------------------------------------------------------------------------ */

static unsigned found[4];

static void note_finding(void *user, enum xm_verdict v, const char *check, const char *text,
			 const char *fix)
{
	(void)user;
	found[v]++;
	assert_int_equal(strncmp(check, "source.", 7), 0);
	assert_true(*text);
	assert_non_null(fix);
}

static void test_explain(void **state)
{
	struct xm_ctx *ctx = new_ctx();
	struct xm_findings f = { .fn = note_finding, .worst = XM_INFO };
	struct xm_endpoint *ep = rig_open(ctx, rig_file("told", "x", 1), XM_ROLE_SRC);
	(void)state;
	ep->ops->explain(ep, "source", &f);
	assert_int_equal(found[XM_INFO], 1);
	assert_int_equal(found[XM_PASS] + found[XM_WARN], 1);
	assert_int_equal(ep->ops->drop_cache(ep), 0);
	f.fn = NULL;
	f.worst = XM_PASS;
	xm_finding(&f, XM_INFO, "c", NULL, "x");
	assert_int_equal(f.worst, XM_PASS);
	xm_finding(&f, XM_FAIL, "c", NULL, "x");
	xm_finding(&f, XM_WARN, "c", NULL, "x");
	assert_int_equal(f.worst, XM_FAIL);
	xm_endpoint_close(ep);
	xm_ctx_free(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_refused_sources),
		cmocka_unit_test(test_permission),
		cmocka_unit_test(test_refused_destinations),
		cmocka_unit_test(test_create),
		cmocka_unit_test(test_create_refused),
		cmocka_unit_test(test_file_lock),
		cmocka_unit_test(test_block_device),
		cmocka_unit_test(test_claim_is_waited_for),
		cmocka_unit_test(test_read_only),
		cmocka_unit_test(test_loop_is_its_file),
		cmocka_unit_test(test_partition),
		cmocka_unit_test(test_mounted),
		cmocka_unit_test(test_drop_cache),
		cmocka_unit_test(test_explain),
	};
	return cmocka_run_group_tests(tests, rig_make_dir, rig_drop_dir);
}
