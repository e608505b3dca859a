/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What sysfs says of a block device.  `root` is "/sys"; a test gives a tree of
 * its own.  Missing attributes are normal: a container may hide them.
 */
#ifndef XM_SYSFS_H
#define XM_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "identity.h"

/* root/dev/block/MAJ:MIN/attr without its newline; false when there is none. */
bool xm_sysfs_text(const char *root, dev_t dev, const char *attr, char *buf, size_t size);
/* MAJ:MIN in an attribute ("dev"). */
bool xm_sysfs_dev(const char *root, dev_t dev, const char *attr, dev_t *ret);
/* The disk a partition is part of and where it starts there, in bytes; else dev itself and 0. */
dev_t xm_sysfs_disk(const char *root, dev_t dev, uint64_t *ret_start);
/* Names and fields of a whole disk. */
void xm_sysfs_identify(const char *root, dev_t disk, struct xm_identity *id);
/*
 * Most bytes, a power of two, that the kernel hands to the disk in one request
 * even when its pages are scattered; 0 not known.  What is larger is cut in two,
 * and io_uring sends it by way of a thread.
 */
uint64_t xm_sysfs_whole_request(const char *root, dev_t dev);

#endif
