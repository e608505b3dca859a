/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which node to send commands to, by sysfs alone.
 *
 * A SCSI disk and its partitions take commands themselves.  A multipath map is all
 * of a disk by several paths: one path is picked and kept, since a copy's list
 * identifier lives in one I_T nexus, and the kernel's own forwarding takes
 * another each time.  Every other mapping (LVM, crypt, striping) changes what
 * blocks mean, so that an array's copy would be of other bytes: refused.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "block-path.h"
#include "reasons.h"
#include "sysfs.h"

const struct scsi_block_roots scsi_block_roots_real = { .sysfs = "/sys", .dev = "/dev" };

static unsigned refuse(struct xm_refusal *why, const char *reason, const char *name,
		       const char *what)
{
	*why = (struct xm_refusal){ .act = XM_ACT_DEMOTE, .reason = reason };
	snprintf(why->detail, sizeof why->detail, "%.80s %.100s", name, what);
	return 0;
}

static bool is_scsi(const struct scsi_block_roots *r, dev_t dev)
{
	char path[512], link[256], *base;
	ssize_t n;

	snprintf(path, sizeof path, "%s/dev/block/%u:%u/device/subsystem", r->sysfs, major(dev),
		 minor(dev));
	n = readlink(path, link, sizeof link - 1);
	if (n < 0)
		return false;
	link[n] = '\0';
	base = strrchr(link, '/');
	return strcmp(base ? base + 1 : link, "scsi") == 0;
}

static bool is_running(const struct scsi_block_roots *r, dev_t dev)
{
	char state[32];

	return xm_sysfs_text(r->sysfs, dev, "device/state", state, sizeof state) &&
	       strcmp(state, "running") == 0;
}

static bool one_path(const struct scsi_block_roots *r, dev_t map, const char *slave,
		     struct scsi_block_path *ret)
{
	char attr[64];

	if (slave[0] == '.' || strlen(slave) >= sizeof ret->name)
		return false;
	snprintf(attr, sizeof attr, "slaves/%.31s/dev", slave);
	if (!xm_sysfs_dev(r->sysfs, map, attr, &ret->dev) || !is_scsi(r, ret->dev) ||
	    !is_running(r, ret->dev))
		return false;
	snprintf(ret->name, sizeof ret->name, "%.31s", slave);
	ret->own = false;
	return true;
}

static unsigned multipath(const struct scsi_block_roots *r, dev_t map, const char *name,
			  struct scsi_block_path *ret, unsigned max, struct xm_refusal *why)
{
	char path[512];
	struct dirent *e;
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof path, "%s/dev/block/%u:%u/slaves", r->sysfs, major(map), minor(map));
	d = opendir(path);
	while (d && n < max && (e = readdir(d)))
		n += one_path(r, map, e->d_name, &ret[n]);
	if (d)
		closedir(d);
	return n ? n
		 : refuse(why, SCSI_R_NO_PATH, name, "is a multipath map without a running path");
}

static unsigned mapped(const struct scsi_block_roots *r, dev_t map, const char *uuid,
		       const char *name, struct scsi_block_path *ret, unsigned max,
		       struct xm_refusal *why)
{
	static const struct { const char *begin, *what; } kinds[] = {
		{ "CRYPT-", "is encrypted by dm-crypt: the array sees other bytes" },
		{ "LVM-", "is a logical volume: its blocks are elsewhere on the disk" },
		{ "part", "is a partition made by device-mapper: name the partition of a path" },
	};

	if (strncmp(uuid, "mpath-", strlen("mpath-")) == 0)
		return multipath(r, map, name, ret, max, why);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strncmp(uuid, kinds[i].begin, strlen(kinds[i].begin)) == 0)
			return refuse(why, SCSI_R_MAPPED, name, kinds[i].what);
	return refuse(why, SCSI_R_MAPPED, name, "is a device-mapper mapping");
}

unsigned scsi_block_paths(const struct scsi_block_roots *r, dev_t dev, const char *name,
			  struct scsi_block_path *ret, unsigned max, struct xm_refusal *why)
{
	char uuid[160];
	uint64_t start;
	dev_t disk = xm_sysfs_disk(r->sysfs, dev, &start);

	if (xm_sysfs_text(r->sysfs, disk, "dm/uuid", uuid, sizeof uuid))
		return mapped(r, disk, uuid, name, ret, max, why);
	if (!is_scsi(r, disk))
		return refuse(why, SCSI_R_NOT_SCSI, name, "is no SCSI disk");
	*ret = (struct scsi_block_path){ .own = true, .dev = dev };
	return 1;
}
