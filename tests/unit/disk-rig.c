/* SPDX-License-Identifier: Apache-2.0 */
/* See disk-rig.h.  Loop devices are autoclear: they go with the process, whatever happens. */
#include "unit.h"
#include "disk-rig.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MEMORY_LEAST (UINT64_C(512) << 20)

static char dir[64];

int rig_make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/var/tmp/xm-test-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

int rig_make_memory_dir(void **state)
{
	(void)state;
	struct statvfs fs;

	/* a container has 64 MiB there */
	if (statvfs("/dev/shm", &fs) != 0 || (uint64_t)fs.f_bavail * fs.f_frsize < MEMORY_LEAST)
		return rig_make_dir(state);
	snprintf(dir, sizeof dir, "/dev/shm/xm-test-XXXXXX");
	return mkdtemp(dir) ? 0 : rig_make_dir(state);
}

static int drop_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int rig_drop_dir(void **state)
{
	(void)state;
	return nftw(dir, drop_entry, 16, FTW_DEPTH | FTW_PHYS);
}

const char *rig_path(const char *name)
{
	static char paths[8][192];
	static unsigned next;
	char *p = paths[next++ % ARRAY_LEN(paths)];
	snprintf(p, sizeof paths[0], "%s/%s", dir, name);
	return p;
}

const char *rig_file(const char *name, const void *data, uint64_t size)
{
	const char *path = rig_path(name);
	unlink(path);
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	for (uint64_t at = 0; data && at < size;) {
		ssize_t n = pwrite(fd, (const uint8_t *)data + at, size - at, (off_t)at);
		assert_true(n > 0);
		at += (uint64_t)n;
	}
	assert_int_equal(fsync(fd), 0);
	close(fd);
	return path;
}

uint8_t *rig_read(const char *path, uint64_t size)
{
	uint8_t *data = malloc(size);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0 && data);
	for (uint64_t at = 0; at < size;) {
		ssize_t n = pread(fd, data + at, size - at, (off_t)at);
		assert_true(n > 0);
		at += (uint64_t)n;
	}
	close(fd);
	return data;
}

void rig_fill(uint8_t *buf, uint64_t len, uint64_t seed)
{
	for (uint64_t i = 0; i < len; i++) {
		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
		buf[i] = (uint8_t)(seed >> 56);
	}
}

static int configure(int control, int backing, struct loop_config *config, struct rig_loop *l)
{
	for (int tries = 0; tries < 50; tries++) {
		int number = ioctl(control, LOOP_CTL_GET_FREE);
		if (number < 0)
			return errno;
		snprintf(l->path, sizeof l->path, "/dev/loop%d", number);
		l->fd = open(l->path, O_RDWR | O_CLOEXEC);
		if (l->fd < 0)
			return errno;
		config->fd = (uint32_t)backing;
		if (ioctl(l->fd, LOOP_CONFIGURE, config) == 0)
			return 0;
		int e = errno;
		close(l->fd);
		/* Another test was faster. */
		if (e != EBUSY)
			return e;
	}
	return EBUSY;
}

bool rig_loop(const char *file, unsigned block_size, uint64_t offset, bool read_only,
	      struct rig_loop *ret)
{
	struct loop_config config = { .block_size = block_size };
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int backing = open(file, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	assert_true(backing >= 0);
	config.info.lo_offset = offset;
	config.info.lo_flags = LO_FLAGS_AUTOCLEAR | (read_only ? LO_FLAGS_READ_ONLY : 0);
	int e = control < 0 ? errno : configure(control, backing, &config, ret);
	if (control >= 0)
		close(control);
	close(backing);
	if (e)
		fprintf(stderr, "# no loop device: %s\n", strerror(e));
	return e == 0;
}

void rig_loop_free(struct rig_loop *l)
{
	close(l->fd);
}

static int open_spec(struct xm_ctx *ctx, const char *path, enum xm_role role,
		     struct xm_endpoint **ret, struct xm_error **err)
{
	const struct xm_open_args args = { .spec = path, .role = role };
	assert_true(xm_opener_file.claims(path));
	return xm_opener_file.open(ctx, &args, ret, err);
}

struct xm_endpoint *rig_open(struct xm_ctx *ctx, const char *path, enum xm_role role)
{
	struct xm_endpoint *ep = NULL;
	struct xm_error *err = NULL;
	if (open_spec(ctx, path, role, &ep, &err))
		fail_msg("%s: %s", path, xm_error_text(err));
	if (role == XM_ROLE_DST)
		ep->gate_hi = ep->size;
	return ep;
}

enum xm_code rig_open_fails(struct xm_ctx *ctx, const char *path, enum xm_role role,
			    const char *words)
{
	struct xm_endpoint *ep = NULL;
	struct xm_error *err = NULL;
	if (open_spec(ctx, path, role, &ep, &err) == 0) {
		xm_endpoint_close(ep);
		return XM_OK;
	}
	enum xm_code code = xm_error_code(err);
	if (!strstr(xm_error_text(err), words))
		fail_msg("'%s' is not in '%s'", words, xm_error_text(err));
	xm_error_free(err);
	return code;
}

bool rig_uring(void)
{
	struct xm_ctx *ctx = xm_ctx_new();
	int e;
	struct xm_io *io = xm_io_uring_open(ctx, &e);
	if (!io)
		fprintf(stderr, "# no io_uring: %s\n", strerror(e));
	xm_io_close(io);
	xm_ctx_free(ctx);
	return io != NULL;
}

void *rig_buffer(uint64_t len)
{
	uint64_t room = (len + 4095) / 4096 * 4096 + 4096;
	void *p = aligned_alloc(4096, room);
	assert_non_null(p);
	memset(p, 0xa5, room);
	return p;
}

static unsigned count(const struct xm_list *list)
{
	unsigned n = 0;
	xm_list_for_each(l, list)
		n++;
	return n;
}

void rig_collect(struct xm_ctx *ctx, struct xm_io *io, struct xm_list *done, unsigned n)
{
	struct xm_waiter w = { 0 };
	uint64_t until = ctx->clock->now(ctx->clock) + 60 * XM_NS_PER_S;
	while (count(done) < n) {
		if (ctx->clock->now(ctx->clock) > until)
			fail_msg("%u of %u requests ended in a minute", count(done), n);
		xm_waiter_reset(&w);
		xm_waiter_until(&w, until);
		xm_io_wait(io, &w);
		ctx->clock->wait(ctx->clock, &w);
		xm_io_reap(io);
	}
	xm_waiter_free(&w);
}

struct xm_status rig_do(struct xm_ctx *ctx, struct xm_io *io, enum xm_io_op op,
			struct xm_endpoint *ep, uint64_t off, uint64_t len, void *buf)
{
	struct xm_list done = XM_LIST_INIT(done);
	struct xm_io_req req = { .op = op, .ep = ep, .off = off, .len = len, .buf = buf,
				 .buf_index = -1, .done = &done };
	assert_int_equal(xm_io_submit(io, &req), XM_QUEUED);
	assert_true(xm_list_empty(&done));
	rig_collect(ctx, io, &done, 1);
	assert_ptr_equal(xm_list_pop(&done), &req.link);
	return req.status;
}
