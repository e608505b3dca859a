/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths: regular files here, block devices in opener-block.c.
 *
 * A file has two descriptors where its file system takes O_DIRECT: one with
 * it, one without for edges that are off its alignment.  A destination is
 * claimed by flock, and made only when asked to, never under /dev, where a
 * file in place of a missing device would swallow a disk into memory.
 */
#include "opener-file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "error.h"
#include "sysfs.h"
#include "xm/align.h"
#include "xm/cleanup.h"
#include "zero.h"

/* Where statx does not tell; and what buffers have: files that want more do without. */
#define DIO_ALIGN_SAFE 4096
/*
 * st_blksize is the block of a local file system;
 * over a network it is what to transfer at a time.
 */
#define FREE_GRAIN_MIN 4096
#define FREE_GRAIN_MAX 65536

static void file_explain(struct xm_endpoint *ep, const char *side, struct xm_findings *f)
{
	char check[64];
	snprintf(check, sizeof check, "%s.disk", side);
	xm_finding(f, XM_INFO, check, NULL, "%s: regular file of %llu bytes", ep->name,
		   (unsigned long long)ep->size);
	snprintf(check, sizeof check, "%s.direct_io", side);
	if (ep->dio_align > 1)
		xm_finding(f, XM_PASS, check, NULL, "direct I/O, aligned to %u bytes",
			   ep->dio_align);
	else
		xm_finding(f, XM_WARN, check, "use a file system that takes O_DIRECT",
			   "the file system takes no direct I/O: the page cache is used");
}

static int file_drop_cache(struct xm_endpoint *ep)
{
	if (fsync(ep->fd) < 0)
		return -errno;
	return -posix_fadvise(ep->fd, 0, 0, POSIX_FADV_DONTNEED);
}

static void file_close(struct xm_endpoint *ep)
{
	free(ep->nexus);
}

static const struct xm_endpoint_ops file_ops = {
	.kind = "file",
	.explain = file_explain,
	.drop_cache = file_drop_cache,
	.close = file_close,
};

static bool file_claims(const char *spec)
{
	return strstr(spec, "://") == NULL;
}

/* ---- regular files --------------------------------------------------------------- */

static uint32_t direct_alignment(int fd)
{
	struct statx sx;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &sx) < 0 ||
	    !(sx.stx_mask & STATX_DIOALIGN))
		return DIO_ALIGN_SAFE;
	uint32_t align = sx.stx_dio_offset_align > sx.stx_dio_mem_align ? sx.stx_dio_offset_align
								       : sx.stx_dio_mem_align;
	return xm_is_pow2(align) && align <= DIO_ALIGN_SAFE ? align : 0;
}

static int open_descriptors(struct xm_opening *o, struct xm_endpoint *ep)
{
	int flags = (o->dst ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOCTTY;
	ep->fd_cached = open(o->args->spec, flags);
	if (ep->fd_cached < 0)
		return xm_opening_failed(o, errno, "cannot be opened");
	ep->fd = open(o->args->spec, flags | O_DIRECT);
	ep->dio_align = ep->fd < 0 ? 0 : direct_alignment(ep->fd);
	if (ep->dio_align <= 1) {
		if (ep->fd >= 0)
			close(ep->fd);
		ep->fd = xm_steal_fd(ep->fd_cached);
		ep->fd_cached = -1;
		ep->dio_align = 1;
	}
	if (xm_opening_check_same(o, ep->fd))
		return -1;
	return ep->fd_cached < 0 ? 0 : xm_opening_check_same(o, ep->fd_cached);
}

static int lock_file(struct xm_opening *o)
{
	return flock(o->fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
}

static uint64_t birth_of(int fd)
{
	struct statx sx;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &sx) < 0 || !(sx.stx_mask & STATX_BTIME))
		return 0;
	return (uint64_t)sx.stx_btime.tv_sec * XM_NS_PER_S + sx.stx_btime.tv_nsec;
}

static int measure_file(struct xm_opening *o, struct xm_endpoint *ep)
{
	struct stat st;
	if (fstat(ep->fd, &st) < 0)
		return xm_opening_failed(o, errno, "fstat");
	if (!o->dst && st.st_size == 0)
		return xm_fail(o->err, XM_E_NOSOURCE, "source %s is empty", ep->name);
	ep->size = (uint64_t)st.st_size;
	ep->birth = birth_of(ep->fd);
	ep->block_size = 1;
	ep->opt_io = st.st_blksize > 0 ? (uint64_t)st.st_blksize : 0;
	ep->max_io = xm_sysfs_whole_request("/sys", st.st_dev);
	ep->can_lose_cache = true;
	ep->writable = o->dst;
	xm_zero_refused(ep, XM_ZERO_ZEROOUT);    /* for block devices only */
	ep->free_grain = xm_min_u64(xm_max_u64(ep->opt_io, FREE_GRAIN_MIN), FREE_GRAIN_MAX);
	xm_identity_add(&ep->id, "file.%llx.%llx", (unsigned long long)st.st_dev,
			(unsigned long long)st.st_ino);
	return 0;
}

static int open_regular(struct xm_opening *o, struct xm_endpoint **ret_ep)
{
	struct xm_endpoint *ep = xm_endpoint_alloc(o->ctx, &file_ops, o->args->spec);
	if (!ep || !(ep->nexus = xm_nexus_host_new(ep))) {
		xm_endpoint_close(ep);
		return xm_opening_failed(o, ENOMEM, "cannot be opened");
	}
	if ((o->dst && xm_opening_check_holders(o)) || open_descriptors(o, ep))
		goto failed;
	o->fd = ep->fd;
	o->claim = lock_file;
	if ((o->dst && xm_opening_claim(o)) || measure_file(o, ep))
		goto failed;
	*ret_ep = ep;
	return 0;
failed:
	xm_endpoint_close(ep);
	return -1;
}

/* ---- making a file ------------------------------------------------------------------ */

static int open_parent(struct xm_opening *o, char *copy)
{
	char *real XM_CLEANUP_FREE = realpath(dirname(copy), NULL);
	if (!real)
		return xm_opening_failed(o, errno, "its directory");
	if (!strcmp(real, "/dev") || !strncmp(real, "/dev/", 5))
		return xm_fail(o->err, XM_E_DESTINATION,
			       "destination %s does not exist, and no file is ever made under /dev",
			       o->args->spec);
	int fd = open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 ? fd : xm_opening_failed(o, errno, "its directory");
}

/* Durable in name and size before the first byte is copied. */
static int make_file(struct xm_opening *o)
{
	char *dir_copy XM_CLEANUP_FREE = strdup(o->args->spec);
	char *name_copy XM_CLEANUP_FREE = strdup(o->args->spec);
	if (!dir_copy || !name_copy)
		return xm_opening_failed(o, ENOMEM, "cannot be made");
	int dir XM_CLEANUP_CLOSE = open_parent(o, dir_copy);
	if (dir < 0)
		return -1;
	const char *name = basename(name_copy);
	int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd XM_CLEANUP_CLOSE = openat(dir, name, flags, 0600);
	if (fd < 0)
		return xm_opening_failed(o, errno, "cannot be made");
	if (ftruncate(fd, (off_t)o->args->create_size) < 0 || fsync(fd) < 0 || fsync(dir) < 0 ||
	    fstat(fd, &o->st) < 0) {
		int e = errno;
		unlinkat(dir, name, 0);
		return xm_opening_failed(o, e, "cannot be made");
	}
	return 0;
}

/* ---- which is it ---------------------------------------------------------------------- */

static const char *type_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "a directory";
	case S_IFCHR:
		return "a character device";
	case S_IFIFO:
		return "a named pipe";
	case S_IFSOCK:
		return "a socket";
	default:
		return "of an unknown type";
	}
}

static int file_open(struct xm_ctx *ctx, const struct xm_open_args *args,
		     struct xm_endpoint **ret_ep, struct xm_error **err)
{
	struct xm_opening o = { .ctx = ctx, .args = args, .dst = args->role == XM_ROLE_DST,
				.err = err, .fd = -1 };
	bool make = o.dst && args->create;
	if (stat(args->spec, &o.st) < 0) {
		if (errno != ENOENT || (!make && !o.dst))
			return xm_opening_failed(&o, errno, "cannot be opened");
		if (!make)
			return xm_fail(err, XM_E_DESTINATION,
				       "destination %s does not exist; a file is made only on "
				       "request (--create)", args->spec);
		if (make_file(&o))
			return -1;
	}
	if (S_ISREG(o.st.st_mode))
		return open_regular(&o, ret_ep);
	if (S_ISBLK(o.st.st_mode))
		return xm_open_block(&o, ret_ep);
	return xm_fail(err, o.dst ? XM_E_DESTINATION : XM_E_NOSOURCE,
		       "%s %s is %s, neither a file nor a block device", xm_opening_side(&o),
		       args->spec, type_name(o.st.st_mode));
}

const struct xm_opener xm_opener_file = {
	.name = "file",
	.claims = file_claims,
	.open = file_open,
};
