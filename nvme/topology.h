/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What sysfs says of the namespace behind a block device: nodes, subsystem,
 * controllers.  Not by libnvme: its scan reads every subsystem, host
 * configuration and controller of the machine to answer for one disk, and takes
 * no root of a test's tree.
 */
#ifndef NVME_TOPOLOGY_H
#define NVME_TOPOLOGY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define NVME_CONTROLLERS_MAX 16
#define NVME_NQN_MAX 224

struct nvme_topology {
	char block[32];          /* "nvme0n1" */
	char generic[32];        /* "ng0n1", "" where the kernel has none */
	dev_t block_dev, generic_dev;
	char subnqn[NVME_NQN_MAX];   /* "" not told */
	unsigned ncontrollers;
	char controllers[NVME_CONTROLLERS_MAX][16];   /* "nvme0": all of the subsystem, sorted */
};

/* False: the whole disk `dev` is no NVMe namespace.  root is "/sys". */
bool nvme_topology_of(const char *root, dev_t dev, struct nvme_topology *t);
/* Number of a controller or namespace node in root/class/CLASS/NAME/dev; false: there is none. */
bool nvme_node_dev(const char *root, const char *class, const char *name, dev_t *ret);

#endif
