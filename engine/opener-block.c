/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Block devices: claimed with O_EXCL when they are to be written, read and
 * written past the page cache, which is emptied first: neither a stale page nor
 * a dirty one may stand between us and what the array sees.
 */
#include "opener-file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "error.h"
#include "sysfs.h"
#include "xm/align.h"
#include "xm/checked.h"

#define SYSFS "/sys"

static void block_explain(struct xm_endpoint *ep, const char *side, struct xm_findings *f)
{
	char check[64];
	snprintf(check, sizeof check, "%s.disk", side);
	xm_finding(f, XM_INFO, check, NULL, "%s: block device of %llu bytes in blocks of %u",
		   ep->name, (unsigned long long)ep->size, ep->block_size);
	if (ep->base) {
		snprintf(check, sizeof check, "%s.partition", side);
		xm_finding(f, XM_INFO, check, NULL, "starts at byte %llu of its disk",
			   (unsigned long long)ep->base);
	}
}

/* BLKFLSBUF wants CAP_SYS_ADMIN; without it clean pages are given up one by one. */
static int block_drop_cache(struct xm_endpoint *ep)
{
	if (fsync(ep->fd) < 0)
		return -errno;
	if (ioctl(ep->fd, BLKFLSBUF, 0) == 0)
		return 0;
	return errno == EACCES || errno == EPERM ? -posix_fadvise(ep->fd, 0, 0, POSIX_FADV_DONTNEED)
						 : -errno;
}

static void block_close(struct xm_endpoint *ep)
{
	free(ep->nexus);
}

static const struct xm_endpoint_ops block_ops = {
	.kind = "block device",
	.explain = block_explain,
	.drop_cache = block_drop_cache,
	.close = block_close,
};

static int open_node(struct xm_opening *o)
{
	int flags = (o->dst ? O_RDWR | O_EXCL : O_RDONLY) | O_DIRECT | O_CLOEXEC;
	o->fd = open(o->args->spec, flags);
	return o->fd >= 0 ? 0 : errno;
}

static bool is_read_only(int fd)
{
	int ro = 0;
	return ioctl(fd, BLKROGET, &ro) == 0 && ro;
}

static int refuse_read_only(struct xm_opening *o)
{
	return xm_fail(o->err, XM_E_DESTINATION, "destination %s is read-only", o->args->spec);
}

/* The kernel answers EACCES both for rights and for a write-protected disk. */
static int check_writable(struct xm_opening *o)
{
	int fd = o->dst ? open(o->args->spec, O_RDONLY | O_CLOEXEC) : -1;
	bool ro = fd >= 0 && is_read_only(fd);
	if (fd >= 0)
		close(fd);
	return ro ? refuse_read_only(o) : 0;
}

static int open_claimed(struct xm_opening *o)
{
	if (o->dst && (xm_opening_check_holders(o) || check_writable(o)))
		return -1;
	o->claim = open_node;
	if (o->dst)
		return xm_opening_claim(o);
	int e = open_node(o);
	return e ? xm_opening_failed(o, e, "cannot be opened") : 0;
}

static uint64_t queue_number(struct xm_opening *o, const char *attr)
{
	char text[32];
	if (!xm_sysfs_text(SYSFS, o->st.st_rdev, attr, text, sizeof text))
		return 0;
	return strtoull(text, NULL, 10);
}

/* How it frees what is no longer used; a partition's file is its own, the queue is the disk's. */
static void measure_freeing(struct xm_opening *o, struct xm_endpoint *ep)
{
	uint64_t grain = queue_number(o, "queue/discard_granularity");
	uint64_t align = queue_number(o, "discard_alignment");
	uint64_t most = queue_number(o, "queue/discard_max_bytes");
	if (grain == 0) {
		grain = queue_number(o, "../queue/discard_granularity");
		most = queue_number(o, "../queue/discard_max_bytes");
	}
	if (grain && most && xm_is_aligned(grain | align, ep->block_size)) {
		ep->free_grain = grain;
		ep->free_align = align;
	}
}

static int measure_block(struct xm_opening *o, struct xm_endpoint *ep)
{
	uint64_t size;
	int block = 0;
	unsigned opt = 0;
	char cache[32] = "";
	if (ioctl(ep->fd, BLKGETSIZE64, &size) < 0 || ioctl(ep->fd, BLKSSZGET, &block) < 0)
		return xm_opening_failed(o, errno, "cannot be measured");
	if (!o->dst && size == 0)
		return xm_fail(o->err, XM_E_NOSOURCE, "source %s is empty", ep->name);
	if (block < 512 || block > 65536 || !xm_is_pow2((unsigned)block) ||
	    !xm_is_aligned(size, (unsigned)block))
		return xm_fail(o->err, XM_E_IO,
			       "%s %s says it has %llu bytes in blocks of %d, which cannot be",
			       xm_opening_side(o), ep->name, (unsigned long long)size, block);
	ioctl(ep->fd, BLKIOOPT, &opt);
	ep->size = size;
	ep->block_size = ep->dio_align = (uint32_t)block;
	ep->opt_io = opt;
	ep->max_io = xm_sysfs_whole_request(SYSFS, o->st.st_rdev);
	ep->writable = o->dst;
	measure_freeing(o, ep);
	ep->can_lose_cache = true;
	if (xm_sysfs_text(SYSFS, o->st.st_rdev, "queue/write_cache", cache, sizeof cache))
		ep->can_lose_cache = strcmp(cache, "write through") != 0;
	return 0;
}

/* A loop device is what it stands on: a file, or a range of another disk. */
static void identify_loop(struct xm_endpoint *ep)
{
	struct loop_info64 info = { .lo_offset = 0 };
	if (ioctl(ep->fd, LOOP_GET_STATUS64, &info) < 0)
		return;
	if (!xm_checked_add(ep->base, (uint64_t)info.lo_offset, &ep->base))
		return;
	if (info.lo_rdevice) {
		uint64_t start;
		dev_t disk = xm_sysfs_disk(SYSFS, (dev_t)info.lo_rdevice, &start);
		if (xm_checked_add(ep->base, start, &ep->base))
			xm_sysfs_identify(SYSFS, disk, &ep->id);
	} else {
		xm_identity_add(&ep->id, "file.%llx.%llx", (unsigned long long)info.lo_device,
				(unsigned long long)info.lo_inode);
	}
}

static void identify_block(struct xm_opening *o, struct xm_endpoint *ep)
{
	dev_t disk = xm_sysfs_disk(SYSFS, o->st.st_rdev, &ep->base);
	if (major(disk) == LOOP_MAJOR)
		identify_loop(ep);
	xm_sysfs_identify(SYSFS, disk, &ep->id);
}

int xm_open_block(struct xm_opening *o, struct xm_endpoint **ret_ep)
{
	struct xm_endpoint *ep = xm_endpoint_alloc(o->ctx, &block_ops, o->args->spec);
	if (!ep || !(ep->nexus = xm_nexus_host_new(ep))) {
		xm_endpoint_close(ep);
		return xm_opening_failed(o, ENOMEM, "cannot be opened");
	}
	if (open_claimed(o))
		goto failed;
	ep->fd = o->fd;
	if (xm_opening_check_same(o, ep->fd) || measure_block(o, ep))
		goto failed;
	if (o->dst && is_read_only(ep->fd)) {
		refuse_read_only(o);
		goto failed;
	}
	int e = block_drop_cache(ep);
	if (e) {
		xm_opening_failed(o, -e, "its cache cannot be written back");
		goto failed;
	}
	identify_block(o, ep);
	*ret_ep = ep;
	return 0;
failed:
	xm_endpoint_close(ep);
	return -1;
}
