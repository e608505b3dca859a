/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which file systems clone, and the calls: see clone.h.
 *
 * On all others copy_file_range would work as well, by the kernel's copying
 * through the page cache: slower than this host's own copy, and it is left to that.
 * Nothing is tried here that could write.
 */
#include "clone.h"

#include <errno.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Not in every <linux/magic.h>. */
#define MAGIC_XFS 0x58465342
#define MAGIC_BCACHEFS 0xca451a4e
#define MAGIC_OCFS2 0x7461636f
#define MAGIC_CIFS 0xff534d42
#define MAGIC_SMB2 0xfe534d42
/* A call at a time, so that a stop does not wait for all of a file. */
#define SERVER_CALL (UINT64_C(64) << 20)

static const struct {
	uint32_t magic;
	enum xm_clone_way way;
	bool many_devices;           /* one file system shows as several st_dev */
} systems[] = {
	{ BTRFS_SUPER_MAGIC, XM_CLONE_SHARE, true },
	{ MAGIC_XFS, XM_CLONE_SHARE, false },
	{ MAGIC_BCACHEFS, XM_CLONE_SHARE, true },
	{ MAGIC_OCFS2, XM_CLONE_SHARE, false },
	{ NFS_SUPER_MAGIC, XM_CLONE_SERVER, false },
	{ MAGIC_CIFS, XM_CLONE_SERVER, false },
	{ MAGIC_SMB2, XM_CLONE_SERVER, false },
};

enum xm_clone_way xm_clone_way(int src_fd, int dst_fd, const char **ret_why)
{
	struct statfs a, b;
	struct stat sa, sb;

	*ret_why = "the files are not on one file system";
	if (fstatfs(src_fd, &a) < 0 || fstatfs(dst_fd, &b) < 0 || fstat(src_fd, &sa) < 0 ||
	    fstat(dst_fd, &sb) < 0 || a.f_type != b.f_type)
		return XM_CLONE_NONE;
	for (size_t i = 0; i < sizeof systems / sizeof systems[0]; i++) {
		if ((uint32_t)a.f_type != systems[i].magic)
			continue;
		return sa.st_dev == sb.st_dev || systems[i].many_devices ? systems[i].way
									 : XM_CLONE_NONE;
	}
	*ret_why = "their file system does not clone";
	return XM_CLONE_NONE;
}

static bool share(int src_fd, uint64_t src, int dst_fd, uint64_t dst, uint64_t len)
{
	struct file_clone_range r = { .src_fd = src_fd, .src_offset = src, .src_length = len,
				      .dest_offset = dst };

	return ioctl(dst_fd, FICLONERANGE, &r) == 0;
}

/* A server that cannot clone may still copy. */
static uint64_t by_server(int src_fd, uint64_t src, int dst_fd, uint64_t dst, uint64_t len,
			  int *ret_err)
{
	uint64_t done = 0;

	while (done < len) {
		uint64_t left = len - done;
		off64_t from = (off64_t)(src + done), to = (off64_t)(dst + done);
		ssize_t n = copy_file_range(src_fd, &from, dst_fd, &to,
					    left < SERVER_CALL ? left : SERVER_CALL, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			/* nothing: the source ends here, and did not before */
			*ret_err = n < 0 ? errno : EIO;
			return done;
		}
		done += (uint64_t)n;
	}
	return done;
}

uint64_t xm_clone_range(enum xm_clone_way way, int src_fd, uint64_t src, int dst_fd, uint64_t dst,
			uint64_t len, int *ret_err)
{
	if (share(src_fd, src, dst_fd, dst, len))
		return len;
	*ret_err = errno;
	if (way == XM_CLONE_SHARE)
		return 0;
	return by_server(src_fd, src, dst_fd, dst, len, ret_err);
}
