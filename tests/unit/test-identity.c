/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of disks, and sysfs for disks this machine has not: a tree is made as
 * the kernel lays it out (SCSI, NVMe, multipath, partitions, holders).
 */
#include "unit.h"
#include <errno.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "endpoint.h"
#include "holders.h"
#include "sysfs.h"

static char root[64];

static int make_root(void **state)
{
	(void)state;
	snprintf(root, sizeof root, "/var/tmp/xm-test-sysfs-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int drop_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int drop_root(void **state)
{
	(void)state;
	return nftw(root, drop_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* root/path with the text; its folders are made. */
static void put(const char *path, const char *text)
{
	char full[512];
	snprintf(full, sizeof full, "%s/%s", root, path);
	for (char *p = full + strlen(root) + 1; (p = strchr(p, '/')); p++) {
		*p = 0;
		mkdir(full, 0700);
		*p = '/';
	}
	if (!text) {
		mkdir(full, 0700);
		return;
	}
	FILE *f = fopen(full, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_names(void **state)
{
	struct xm_identity a = { 0 }, b = { 0 };
	char longest[XM_IDENTITY_NAME_MAX + 8];
	(void)state;
	assert_true(xm_identity_add(&a, "naa.%08x", 0x60014050));
	assert_true(xm_identity_add(&a, "naa.60014050"));
	assert_int_equal(a.n, 1);
	assert_true(xm_identity_add(&a, "  t10.ACME\x01 d\x80sk  "));
	assert_string_equal(a.names[1], "t10.ACME d?sk");
	assert_false(xm_identity_add(&a, "%s", ""));
	assert_false(xm_identity_add(&a, "%s", " \n "));
	memset(longest, 'x', sizeof longest);
	longest[XM_IDENTITY_NAME_MAX + 1] = 0;
	assert_false(xm_identity_add(&a, "%s", longest));
	longest[XM_IDENTITY_NAME_MAX] = 0;
	assert_true(xm_identity_add(&a, "%s", longest));
	assert_null(xm_identity_common(&a, &b));
	assert_true(xm_identity_add(&b, "naa.60014051"));
	assert_null(xm_identity_common(&a, &b));
	assert_true(xm_identity_add(&b, "t10.ACME d?sk"));
	assert_string_equal(xm_identity_common(&a, &b), "t10.ACME d?sk");
	while (xm_identity_add(&b, "n.%u", b.n))
		;
	assert_int_equal(b.n, XM_IDENTITY_NAMES);
	assert_true(xm_identity_add(&b, "naa.60014051"));
	xm_identity_free(&a);
	xm_identity_free(&b);
	assert_int_equal(a.n, 0);
}

static void test_text(void **state)
{
	char field[9];
	(void)state;
	xm_identity_text(field, sizeof field, "LIO-ORG \0 ", 8);
	assert_string_equal(field, "LIO-ORG");
	xm_identity_text(field, sizeof field, "   a b c d e f", 14);
	assert_string_equal(field, "a b c d");
	xm_identity_text(field, sizeof field, "\x1b[1mX\xc3\xa9", 7);
	assert_string_equal(field, "[1mX??");
	xm_identity_text(field, sizeof field, "", 0);
	assert_string_equal(field, "");
}

static void close_nothing(struct xm_endpoint *ep)
{
	(void)ep;
}

static void test_designator_words(void **state)
{
	static const struct xm_endpoint_ops ops = { .kind = "test", .close = close_nothing };
	struct xm_endpoint *ep = xm_endpoint_alloc(NULL, &ops, "x");
	(void)state;
	xm_identity_add(&ep->id, "naa.6001405abc");
	xm_identity_add(&ep->id, "eui.0011223344556677");
	assert_true(xm_endpoint_has_designator(ep, "naa.6001405abc"));
	assert_true(xm_endpoint_has_designator(ep, "NAA.6001405ABC"));
	assert_true(xm_endpoint_has_designator(ep, "6001405ABC"));
	assert_true(xm_endpoint_has_designator(ep, "0011223344556677"));
	assert_false(xm_endpoint_has_designator(ep, "6001405ab"));
	assert_false(xm_endpoint_has_designator(ep, "6001405abcd"));
	assert_false(xm_endpoint_has_designator(ep, ""));
	assert_false(xm_endpoint_has_designator(ep, "naa."));
	assert_string_equal(xm_endpoint_str(ep, XM_EP_DESIGNATOR), "naa.6001405abc");
	assert_string_equal(xm_endpoint_str(ep, XM_EP_KIND), "test");
	assert_string_equal(xm_endpoint_str(ep, XM_EP_SERIAL), "");
	xm_endpoint_close(ep);
}

static void test_scsi_disk(void **state)
{
	struct xm_identity id = { 0 };
	(void)state;
	put("dev/block/8:16/device/wwid", "naa.60014052B4A7C8D1\n");
	put("dev/block/8:16/device/vendor", "LIO-ORG \n");
	put("dev/block/8:16/device/model", "disk1           \n");
	put("dev/block/8:16/device/rev", "4.0 \n");
	xm_sysfs_identify(root, makedev(8, 16), &id);
	assert_int_equal(id.n, 2);
	assert_string_equal(id.names[0], "naa.60014052b4a7c8d1");
	assert_string_equal(id.names[1], "blk.8.10");
	assert_string_equal(id.vendor, "LIO-ORG");
	assert_string_equal(id.product, "disk1");
	assert_string_equal(id.revision, "4.0");
	assert_string_equal(id.serial, "");
	xm_identity_free(&id);
}

static void test_multipath_is_its_paths(void **state)
{
	struct xm_identity path = { 0 }, map = { 0 }, part = { 0 };
	(void)state;
	put("dev/block/8:32/device/wwid", "naa.60014052b4a7c8d2\n");
	put("dev/block/253:0/dm/uuid", "mpath-360014052b4a7c8d2\n");
	put("dev/block/253:0/dm/name", "mpatha\n");
	put("dev/block/253:1/dm/uuid", "part1-mpath-360014052b4a7c8d2\n");
	put("dev/block/253:2/dm/uuid", "mpath-2aabbccddeeff0011\n");
	put("dev/block/253:3/dm/uuid", "LVM-AbCd\n");
	xm_sysfs_identify(root, makedev(8, 32), &path);
	xm_sysfs_identify(root, makedev(253, 0), &map);
	assert_string_equal(xm_identity_common(&map, &path), "naa.60014052b4a7c8d2");
	assert_string_equal(map.product, "mpatha");
	/* A partition of the map starts elsewhere: it must not pass for the LU. */
	xm_sysfs_identify(root, makedev(253, 1), &part);
	assert_null(xm_identity_common(&part, &path));
	xm_identity_free(&map);
	xm_sysfs_identify(root, makedev(253, 2), &map);
	assert_string_equal(map.names[0], "eui.aabbccddeeff0011");
	xm_identity_free(&map);
	xm_sysfs_identify(root, makedev(253, 3), &map);
	assert_string_equal(map.names[0], "dm.lvm-abcd");
	xm_identity_free(&map);
	xm_identity_free(&path);
	xm_identity_free(&part);
}

static void test_nvme(void **state)
{
	struct xm_identity id = { 0 };
	(void)state;
	put("dev/block/259:0/wwid", "eui.0025385B71B0A1C2\n");
	put("dev/block/259:0/nguid", "00000000-0000-0000-0000-000000000000\n");
	put("dev/block/259:0/eui", "00 25 38 5b 71 b0 a1 c2\n");
	put("dev/block/259:0/device/model", "QEMU NVMe Ctrl                          \n");
	put("dev/block/259:0/device/serial", "deadbeef            \n");
	put("dev/block/259:0/device/firmware_rev", "1.0     \n");
	xm_sysfs_identify(root, makedev(259, 0), &id);
	assert_int_equal(id.n, 2);
	assert_string_equal(id.names[0], "eui.0025385b71b0a1c2");
	assert_string_equal(id.product, "QEMU NVMe Ctrl");
	assert_string_equal(id.serial, "deadbeef");
	assert_string_equal(id.revision, "1.0");
	xm_identity_free(&id);
	put("dev/block/259:0/nguid", "6001-4050-0000-0000-0000-0000-0000-0001\n");
	xm_sysfs_identify(root, makedev(259, 0), &id);
	assert_true(xm_identity_has(&id, "eui.60014050000000000000000000000001"));
	xm_identity_free(&id);
}

static void test_partition(void **state)
{
	uint64_t start;
	(void)state;
	put("dev/block/8:48/dev", "8:48\n");
	put("dev/block/8:48/sdd1/partition", "1\n");
	put("dev/block/8:48/sdd1/dev", "8:49\n");
	char link[256];
	snprintf(link, sizeof link, "%s/dev/block/8:49", root);
	assert_int_equal(symlink("8:48/sdd1", link), 0);
	put("dev/block/8:48/sdd1/start", "2048\n");
	assert_true(xm_sysfs_disk(root, makedev(8, 49), &start) == makedev(8, 48));
	assert_int_equal(start, 1048576);
	assert_true(xm_sysfs_disk(root, makedev(8, 48), &start) == makedev(8, 48));
	assert_int_equal(start, 0);
	/* No sysfs at all: a disk of its own. */
	assert_true(xm_sysfs_disk(root, makedev(99, 1), &start) == makedev(99, 1));
	/* A start that does not fit is not believed. */
	put("dev/block/8:48/sdd1/start", "18446744073709551615\n");
	assert_true(xm_sysfs_disk(root, makedev(8, 49), &start) == makedev(8, 49));
	assert_int_equal(start, 0);
	put("dev/block/8:48/sdd1/start", "2048\n");
}

/*
 * By hand: 1280 KiB in 128 pages of 4 KiB is 512 KiB; 254 pages hold 1016 KiB,
 * of which 512 in one.
 */
static void test_whole_request(void **state)
{
	(void)state;
	put("dev/block/7:0/queue/max_sectors_kb", "1280\n");
	assert_int_equal(xm_sysfs_whole_request(root, makedev(7, 0)), 0);
	put("dev/block/7:0/queue/max_segments", "128\n");
	assert_int_equal(xm_sysfs_whole_request(root, makedev(7, 0)), 512 * 1024);
	put("dev/block/7:0/queue/max_segments", "254\n");
	assert_int_equal(xm_sysfs_whole_request(root, makedev(7, 0)), 512 * 1024);
	put("dev/block/7:0/queue/max_segments", "65535\n");
	assert_int_equal(xm_sysfs_whole_request(root, makedev(7, 0)), 1024 * 1024);
	put("dev/block/7:0/queue/max_sectors_kb", "4\n");
	assert_int_equal(xm_sysfs_whole_request(root, makedev(7, 0)), 64 * 1024);
	put("dev/block/7:0/queue/max_sectors_kb", "18446744073709551615\n");
	assert_int_equal(xm_sysfs_whole_request(root, makedev(7, 0)), 0);
	assert_int_equal(xm_sysfs_whole_request(root, makedev(99, 1)), 0);
	/* a partition has its disk's queue */
	put("dev/block/8:48/queue/max_sectors_kb", "256\n");
	put("dev/block/8:48/queue/max_segments", "256\n");
	assert_int_equal(xm_sysfs_whole_request(root, makedev(8, 49)), 256 * 1024);
}

static void assert_holder(unsigned maj, unsigned min, const char *words)
{
	char mountinfo[128], swaps[128];
	struct stat st = { .st_mode = S_IFBLK, .st_rdev = makedev(maj, min) };
	snprintf(mountinfo, sizeof mountinfo, "%s/mountinfo", root);
	snprintf(swaps, sizeof swaps, "%s/swaps", root);
	const struct xm_holder_paths paths = { root, mountinfo, swaps };
	char *what = xm_holder_of(&paths, &st);
	if (!words) {
		assert_null(what);
		return;
	}
	assert_non_null(what);
	assert_string_equal(what, words);
	free(what);
}

static void test_holders(void **state)
{
	(void)state;
	put("mountinfo",
	    "21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
	    "22 21 8:65 / /srv/a\\040b rw - xfs /dev/sde1 rw\n"
	    "23 21 0:40 / /data rw shared:7 master:2 - btrfs /dev/nonexistent rw\n");
	put("swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	put("dev/block/8:64/dev", "8:64\n");
	put("dev/block/8:64/sde1/partition", "1\n");
	put("dev/block/8:64/sde1/dev", "8:65\n");
	char link[256];
	snprintf(link, sizeof link, "%s/dev/block/8:65", root);
	assert_int_equal(symlink("8:64/sde1", link), 0);
	put("dev/block/8:64/sde1/start", "2048\n");
	put("dev/block/8:80/holders/dm-3", NULL);
	put("dev/block/8:96/holders", NULL);
	assert_holder(8, 65, "is mounted at /srv/a b");
	assert_holder(8, 64, "cannot be used: its partition 8:65 is mounted at /srv/a b");
	assert_holder(8, 80, "is held by dm-3");
	assert_holder(8, 96, NULL);
	assert_holder(77, 7, NULL);
	/* The disk under a partition is held: by multipath, say. */
	put("dev/block/8:48/holders/dm-4", NULL);
	assert_holder(8, 49, "cannot be used: its disk 8:48 is held by dm-4");
}

static void test_swap_file(void **state)
{
	char mountinfo[128], swaps[128], file[128], text[256];
	struct stat st;
	(void)state;
	snprintf(file, sizeof file, "%s/swap file", root);
	snprintf(swaps, sizeof swaps, "%s/swaps", root);
	snprintf(mountinfo, sizeof mountinfo, "%s/none", root);
	const struct xm_holder_paths paths = { root, mountinfo, swaps };
	put("swap file", "x");
	assert_int_equal(stat(file, &st), 0);
	assert_null(xm_holder_of(&paths, &st));
	snprintf(text, sizeof text,
		 "Filename Type Size Used Priority\n%s/swap\\040file file 1 0 -2\n", root);
	put("swaps", text);
	char *what = xm_holder_of(&paths, &st);
	assert_string_equal(what, "is in use as swap");
	free(what);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_designator_words),
		cmocka_unit_test(test_scsi_disk),
		cmocka_unit_test(test_multipath_is_its_paths),
		cmocka_unit_test(test_nvme),
		cmocka_unit_test(test_partition),
		cmocka_unit_test(test_whole_request),
		cmocka_unit_test(test_holders),
		cmocka_unit_test(test_swap_file),
	};
	return cmocka_run_group_tests(tests, make_root, drop_root);
}
