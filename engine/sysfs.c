/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identity of block devices by sysfs, which needs no privilege and no command.
 * SCSI: device/wwid; NVMe: wwid, nguid, eui, uuid; multipath: the map's uuid
 * carries its paths' wwid behind a type digit (3 is NAA, 2 is EUI).
 */
#include "sysfs.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "xm/align.h"
#include "xm/checked.h"
#include "xm/cleanup.h"

#define SECTOR UINT64_C(512)
#define SEGMENT UINT64_C(4096)
/* Disks that take less get more at once all the same. */
#define LEAST_REQUEST (UINT64_C(64) << 10)

bool xm_sysfs_text(const char *root, dev_t dev, const char *attr, char *buf, size_t size)
{
	char path[512];
	int n = snprintf(path, sizeof path, "%s/dev/block/%u:%u/%s", root, major(dev), minor(dev),
			 attr);
	if (n < 0 || (size_t)n >= sizeof path)
		return false;
	int fd XM_CLEANUP_CLOSE = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t got = fd < 0 ? -1 : read(fd, buf, size - 1);
	if (got < 0)
		return false;
	while (got && (buf[got - 1] == '\n' || buf[got - 1] == ' '))
		got--;
	buf[got] = 0;
	return true;
}

bool xm_sysfs_dev(const char *root, dev_t dev, const char *attr, dev_t *ret)
{
	char text[32];
	unsigned maj, min;
	if (!xm_sysfs_text(root, dev, attr, text, sizeof text) ||
	    sscanf(text, "%u:%u", &maj, &min) != 2)
		return false;
	*ret = makedev(maj, min);
	return true;
}

dev_t xm_sysfs_disk(const char *root, dev_t dev, uint64_t *ret_start)
{
	char text[32];
	uint64_t start;
	dev_t disk;
	*ret_start = 0;
	if (!xm_sysfs_text(root, dev, "partition", text, sizeof text) ||
	    !xm_sysfs_text(root, dev, "start", text, sizeof text) ||
	    !xm_sysfs_dev(root, dev, "../dev", &disk))
		return dev;
	start = strtoull(text, NULL, 10);
	return xm_checked_mul(start, SECTOR, ret_start) ? disk : dev;
}

static uint64_t queue_limit(const char *root, dev_t disk, const char *attr, uint64_t unit)
{
	char text[32];
	uint64_t n;
	if (!xm_sysfs_text(root, disk, attr, text, sizeof text))
		return 0;
	n = strtoull(text, NULL, 10);
	return xm_checked_mul(n, unit, &n) ? n : 0;
}

uint64_t xm_sysfs_whole_request(const char *root, dev_t dev)
{
	uint64_t start, most;
	dev_t disk = xm_sysfs_disk(root, dev, &start);
	uint64_t bytes = queue_limit(root, disk, "queue/max_sectors_kb", 1024);
	uint64_t pages = queue_limit(root, disk, "queue/max_segments", SEGMENT);
	if (bytes == 0 || pages == 0)
		return 0;
	most = xm_min_u64(bytes, pages);
	while (!xm_is_pow2(most))
		most &= most - 1;
	return xm_max_u64(most, LEAST_REQUEST);
}

static void lower(char *s)
{
	for (; *s; s++)
		*s = (char)tolower((unsigned char)*s);
}

static void add_wwid(const char *root, dev_t disk, const char *attr, struct xm_identity *id)
{
	char text[XM_IDENTITY_NAME_MAX];
	if (!xm_sysfs_text(root, disk, attr, text, sizeof text))
		return;
	if (!strncmp(text, "naa.", 4) || !strncmp(text, "eui.", 4) || !strncmp(text, "uuid.", 5))
		lower(text);
	xm_identity_add(id, "%s", text);
}

/* NGUID and EUI-64, which sysfs prints with dashes or spaces; all zero says there is none. */
static void add_eui(const char *root, dev_t disk, const char *attr, struct xm_identity *id)
{
	char text[64], hex[64];
	size_t n = 0;
	bool zero = true;
	if (!xm_sysfs_text(root, disk, attr, text, sizeof text))
		return;
	for (const char *p = text; *p; p++) {
		if (!isxdigit((unsigned char)*p))
			continue;
		zero = zero && *p == '0';
		hex[n++] = (char)tolower((unsigned char)*p);
	}
	hex[n] = 0;
	if (!zero && (n == 16 || n == 32))
		xm_identity_add(id, "eui.%s", hex);
}

static void add_dm(const char *root, dev_t disk, struct xm_identity *id)
{
	char text[XM_IDENTITY_NAME_MAX];
	if (!xm_sysfs_text(root, disk, "dm/uuid", text, sizeof text) || !*text)
		return;
	lower(text);
	if (!strncmp(text, "mpath-3", 7))
		xm_identity_add(id, "naa.%s", text + 7);
	else if (!strncmp(text, "mpath-2", 7))
		xm_identity_add(id, "eui.%s", text + 7);
	xm_identity_add(id, "dm.%s", text);
}

static void set_field(const char *root, dev_t disk, const char *attr, char *field, size_t size)
{
	char text[256];
	/* virtio's vendor is a PCI number, not a name. */
	if (!*field && xm_sysfs_text(root, disk, attr, text, sizeof text) &&
	    strncmp(text, "0x", 2) != 0)
		xm_identity_text(field, size, text, strlen(text));
}

void xm_sysfs_identify(const char *root, dev_t disk, struct xm_identity *id)
{
	add_wwid(root, disk, "device/wwid", id);
	add_wwid(root, disk, "wwid", id);
	add_eui(root, disk, "nguid", id);
	add_eui(root, disk, "eui", id);
	add_dm(root, disk, id);
	xm_identity_add(id, "blk.%x.%x", major(disk), minor(disk));
	set_field(root, disk, "device/vendor", id->vendor, sizeof id->vendor);
	set_field(root, disk, "device/model", id->product, sizeof id->product);
	set_field(root, disk, "dm/name", id->product, sizeof id->product);
	set_field(root, disk, "device/rev", id->revision, sizeof id->revision);
	set_field(root, disk, "device/firmware_rev", id->revision, sizeof id->revision);
	set_field(root, disk, "device/serial", id->serial, sizeof id->serial);
	set_field(root, disk, "serial", id->serial, sizeof id->serial);
}
