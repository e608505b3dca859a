/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pairs to measure with: two files, two loop devices over them, or two LUNs of
 * an array that is started over them.  The source holds random bytes: zeros
 * would be found to be zeros.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench.h"

#define PIECE (UINT64_C(1) << 20)
#define IQN "iqn.2026-11.org.xmover:bench"

/* Always false. */
__attribute__((format(printf, 3, 4)))
static bool fail(char *error, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(error, size, fmt, ap);
	va_end(ap);
	return false;
}

static bool fill_random(const char *path, uint64_t size, const atomic_bool *stop, char *error,
			size_t error_size)
{
	static uint64_t buf[PIECE / 8];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	uint64_t x;

	if (fd < 0 || getrandom(&x, sizeof x, 0) != sizeof x)
		return fail(error, error_size, "%s: %s", path, strerror(errno));
	x |= 1;
	for (uint64_t off = 0; off < size; off += PIECE) {
		uint64_t n = size - off < PIECE ? size - off : PIECE;

		/* xorshift64: no file system or array compresses it */
		for (size_t i = 0; i < PIECE / 8; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			buf[i] = x;
		}
		if (*stop || write(fd, buf, n) != (ssize_t)n) {
			close(fd);
			return fail(error, error_size, "%s: %s", path,
				    *stop ? "stopped" : off ? "no space" : strerror(errno));
		}
	}
	fsync(fd);
	close(fd);
	return true;
}

static bool make_file(const char *path, uint64_t size, char *error, size_t error_size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool ok = fd >= 0 && ftruncate(fd, (off_t)size) == 0;

	if (!ok)
		fail(error, error_size, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return ok;
}

/* ---- loop devices ------------------------------------------------------------------ */

/* A free one may be taken by somebody else in between. */
#define LOOP_TRIES 16

static int attach(int file, char *name, size_t size)
{
	struct loop_config config = { .fd = (uint32_t)file, .block_size = 4096,
				      .info.lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO };
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), fd = -1;

	for (int tries = 0; control >= 0 && fd < 0 && tries < LOOP_TRIES; tries++) {
		int n = ioctl(control, LOOP_CTL_GET_FREE);

		snprintf(name, size, "/dev/loop%d", n);
		fd = n < 0 ? -1 : open(name, O_RDWR | O_CLOEXEC);
		if (fd >= 0 && ioctl(fd, LOOP_CONFIGURE, &config) < 0) {
			close(fd);
			fd = -1;
			/* the file system below takes no direct I/O */
			config.info.lo_flags &= ~(uint32_t)LO_FLAGS_DIRECT_IO;
		}
	}
	if (control >= 0)
		close(control);
	return fd;
}

static bool make_loops(struct bench_pair *p, char *error, size_t error_size)
{
	char *names[2] = { p->src, p->dst };

	for (int i = 0; i < 2; i++) {
		char path[320];
		int file;

		snprintf(path, sizeof path, "%s", names[i]);
		file = open(path, O_RDWR | O_CLOEXEC);
		p->loops[i] = file < 0 ? -1 : attach(file, names[i], sizeof p->src);
		if (p->loops[i] < 0)
			fail(error, error_size, "no loop device over %s: %s", path,
			     strerror(errno));
		if (file >= 0)
			close(file);
		if (p->loops[i] < 0)
			return false;
	}
	return true;
}

/* ---- an array ------------------------------------------------------------------------- */

/* The one that lies beside this program, else the one in PATH. */
static void exec_array(const char *const words[])
{
	char self[256], *const *argv = (char *const *)words;
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 16);
	char *slash;

	self[n < 0 ? 0 : n] = '\0';
	slash = strrchr(self, '/');
	if (slash) {
		strcpy(slash + 1, "xmover-array");
		execv(self, argv);
	}
	execvp("xmover-array", argv);
	_exit(127);
}

static bool start_array(struct bench_pair *p, char *error, size_t error_size)
{
	char lun0[340], lun1[340], line[128] = "", at[64];
	const char *argv[] = { "xmover-array", "--listen", "127.0.0.1:0", "--target", IQN,
			       "--lun", lun0, "--lun", lun1, NULL };
	int out[2];
	FILE *f;

	snprintf(lun0, sizeof lun0, "0=%s", p->src);
	snprintf(lun1, sizeof lun1, "1=%s", p->dst);
	if (pipe2(out, O_CLOEXEC) < 0 || (p->array = fork()) < 0)
		return fail(error, error_size, "xmover-array: %s", strerror(errno));
	if (p->array == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		dup2(out[1], STDOUT_FILENO);
		exec_array(argv);
	}
	close(out[1]);
	f = fdopen(out[0], "r");
	if (f && fgets(line, sizeof line, f) && sscanf(line, "listening on %63s", at) == 1) {
		snprintf(p->src, sizeof p->src, "iscsi://%s/" IQN "/0", at);
		snprintf(p->dst, sizeof p->dst, "iscsi://%s/" IQN "/1", at);
	} else {
		fail(error, error_size, "xmover-array did not start; it should lie beside xmover "
		     "or in PATH");
	}
	if (f)
		fclose(f);
	return strstr(p->src, "iscsi://") == p->src;
}

/* ---- together ----------------------------------------------------------------------------- */

static bool make(struct bench_pair *p, const char *kind, char *error, size_t error_size)
{
	if (!fill_random(p->src, p->bytes, p->stop, error, error_size) ||
	    !make_file(p->dst, p->bytes, error, error_size))
		return false;
	if (strcmp(kind, "loop") == 0)
		return make_loops(p, error, error_size);
	return strcmp(kind, "array") != 0 || start_array(p, error, error_size);
}

bool bench_pair_make(struct bench_pair *p, const char *kind, const char *dir, uint64_t size,
		     char *error, size_t error_size)
{
	*p = (struct bench_pair){ .bytes = size, .loops = { -1, -1 }, .stop = p->stop };
	snprintf(p->dir, sizeof p->dir, "%.200s/xmover-bench.XXXXXX", dir);
	if (!mkdtemp(p->dir)) {
		fail(error, error_size, "%s: %s", p->dir, strerror(errno));
		p->dir[0] = '\0';
		return false;
	}
	snprintf(p->src, sizeof p->src, "%s/src", p->dir);
	snprintf(p->dst, sizeof p->dst, "%s/dst", p->dir);
	snprintf(p->made, sizeof p->made, "%s in %.80s", strcmp(kind, "array") == 0 ?
		 "two LUNs of xmover-array over files" : strcmp(kind, "loop") == 0 ?
		 "two loop devices over files" : "two files", dir);
	return make(p, kind, error, error_size);
}

void bench_pair_drop(struct bench_pair *p)
{
	char path[320];

	if (p->array > 0) {
		kill(p->array, SIGTERM);
		waitpid(p->array, NULL, 0);
	}
	/* autoclear: they end with their last descriptor */
	for (int i = 0; i < 2; i++) {
		if (p->loops[i] >= 0)
			close(p->loops[i]);
	}
	if (!p->dir[0])
		return;
	snprintf(path, sizeof path, "%s/src", p->dir);
	unlink(path);
	snprintf(path, sizeof path, "%s/dst", p->dir);
	unlink(path);
	rmdir(p->dir);
}
