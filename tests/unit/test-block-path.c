/* SPDX-License-Identifier: Apache-2.0 */
/* From block devices to SCSI disks, over trees that look as sysfs does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <cmocka.h>
#include "block-path.h"

static char root[] = "/tmp/xmover-sysfs.XXXXXX";
static struct scsi_block_roots roots = { .sysfs = root, .dev = root };

static void sh(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void sh(const char *fmt, ...)
{
	char cmd[1024];
	int n = snprintf(cmd, sizeof cmd, "cd %s && ", root);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd + n, sizeof cmd - (size_t)n, fmt, ap);
	va_end(ap);
	assert_int_equal(system(cmd), 0);
}

/* /sys/devices/NAME with its dev, its device/ of that bus, and the link in dev/block. */
static void disk(const char *name, const char *dev, const char *bus, const char *state)
{
	sh("mkdir -p dev/block bus/%s devices/%s/dev-%s && echo %s > devices/%s/dev && "
	   "ln -s dev-%s devices/%s/device && ln -s ../../../bus/%s devices/%s/dev-%s/subsystem && "
	   "echo %s > devices/%s/device/state && ln -s ../../devices/%s dev/block/%s",
	   bus, name, name, dev, name, name, name, bus, name, name, state, name, name, dev);
}

static void map(const char *name, const char *dev, const char *uuid)
{
	sh("mkdir -p devices/%s/dm devices/%s/slaves && echo %s > devices/%s/dm/uuid && "
	   "echo %s > devices/%s/dev && ln -s ../../devices/%s dev/block/%s",
	   name, name, uuid, name, dev, name, name, dev);
}

static void slave(const char *map_name, const char *name)
{
	sh("ln -s ../../%s devices/%s/slaves/%s", name, map_name, name);
}

static int setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(root));
	disk("sda", "8:0", "scsi", "running");
	disk("sdb", "8:16", "scsi", "running");
	disk("sdc", "8:32", "scsi", "offline");
	disk("vda", "254:0", "virtio", "running");
	disk("nvme0n1", "259:0", "nvme", "live");
	sh("mkdir devices/sda/sda1 && echo 1 > devices/sda/sda1/partition && "
	   "echo 2048 > devices/sda/sda1/start && echo 8:1 > devices/sda/sda1/dev && "
	   "ln -s ../../devices/sda/sda1 dev/block/8:1");
	map("dm-0", "253:0", "mpath-360014050000000000000000000000001");
	slave("dm-0", "sdc");
	slave("dm-0", "sdb");
	map("dm-1", "253:1", "mpath-360014050000000000000000000000002");
	slave("dm-1", "sdc");
	map("dm-2", "253:2", "CRYPT-LUKS2-0123-x");
	slave("dm-2", "sda");
	map("dm-3", "253:3", "LVM-abcdef");
	slave("dm-3", "sda");
	map("dm-4", "253:4", "something-else");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sh("rm -rf %s", root);
	return 0;
}

static void refused(dev_t dev, const char *reason, const char *word)
{
	struct scsi_block_path p[4];
	struct xm_refusal why = { 0 };

	assert_int_equal(scsi_block_paths(&roots, dev, "/dev/x", p, 4, &why), 0);
	assert_int_equal(why.act, XM_ACT_DEMOTE);
	assert_string_equal(why.reason, reason);
	assert_non_null(strstr(why.detail, word));
	assert_non_null(strstr(why.detail, "/dev/x"));
}

static void test_disks(void **state)
{
	struct scsi_block_path p[4];
	struct xm_refusal why;

	(void)state;
	assert_int_equal(scsi_block_paths(&roots, makedev(8, 0), "x", p, 4, &why), 1);
	assert_true(p[0].own);
	/* A partition: its own node, which the kernel lets through with CAP_SYS_RAWIO. */
	assert_int_equal(scsi_block_paths(&roots, makedev(8, 1), "x", p, 4, &why), 1);
	assert_true(p[0].own);
	refused(makedev(254, 0), "not_scsi", "no SCSI disk");
	refused(makedev(259, 0), "not_scsi", "no SCSI disk");
	refused(makedev(7, 0), "not_scsi", "no SCSI disk");
}

static void test_multipath(void **state)
{
	struct scsi_block_path p[4];
	struct xm_refusal why;

	(void)state;
	assert_int_equal(scsi_block_paths(&roots, makedev(253, 0), "x", p, 4, &why), 1);
	assert_false(p[0].own);
	assert_string_equal(p[0].name, "sdb");
	assert_int_equal(p[0].dev, makedev(8, 16));
	refused(makedev(253, 1), "no_path", "without a running path");
}

static void test_mappings(void **state)
{
	(void)state;
	refused(makedev(253, 2), "device_mapper", "dm-crypt");
	refused(makedev(253, 3), "device_mapper", "logical volume");
	refused(makedev(253, 4), "device_mapper", "mapping");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_disks),
		cmocka_unit_test(test_multipath),
		cmocka_unit_test(test_mappings),
	};

	return cmocka_run_group_tests_name("block-path", tests, setup, teardown);
}
