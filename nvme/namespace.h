/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The NVMe namespace behind an endpoint: who it is, what it and its controller can do,
 * how commands reach it.
 */
#ifndef NVME_NAMESPACE_H
#define NVME_NAMESPACE_H

#include "cmd.h"
#include "method.h"
#include "topology.h"

struct nvme_cdfe;

struct nvme_ns {
	struct nvme_transport *admin;    /* Identify */
	struct nvme_transport *io;       /* copies onto it; may be admin */
	uint32_t nsid;                   /* by NVME_IOCTL_ID: node names lie */
	struct nvme_id_ns id;
	struct nvme_id_ctrl ctrl;
	struct nvme_topology topology;
	char io_why[64];                 /* why io is not io_uring, or "" */
	/*
	 * One transport for each controller of its subsystem into *c: 0, or -1 and *why
	 * (nvme_cdfe_open).
	 */
	int (*open_controllers)(const struct nvme_ns *ns, struct nvme_cdfe *c,
				struct xm_refusal *why);
};

/*
 * The endpoint's namespace, made at first need for a block device that is one or
 * a partition of one.  NULL and *why.  The endpoint keeps it.  Waits for Identify.
 */
struct nvme_ns *nvme_ns_of(struct xm_endpoint *ep, struct xm_refusal *why);
/* For that and for tests: ns is the endpoint's.  False when memory is short. */
bool nvme_ns_attach(struct xm_endpoint *ep, struct nvme_ns *ns, void (*destroy)(void *));
/* Ask what it is: Identify Controller and Namespace.  0, or -1 and *why. */
int nvme_ns_identify(struct nvme_ns *ns, struct xm_refusal *why);
/* The same blocks of the same namespace?  By node, else by what both say of themselves. */
bool nvme_ns_same(const struct nvme_ns *a, const struct nvme_ns *b);
/* One subsystem by its NQN. */
bool nvme_ns_same_subsystem(const struct nvme_ns *a, const struct nvme_ns *b);

int nvme_refuse(struct xm_refusal *why, const char *reason, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
