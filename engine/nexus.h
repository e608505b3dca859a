/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The path a command goes down, and what ends uncertainty about it.
 *
 * UNKNOWN belongs to a nexus: an iSCSI session, a block device's queue, an sg
 * descriptor, our own kernel for host writes.  When a command's outcome is not
 * known, or `lost` is set, the loop closes the nexus to submits, takes the
 * answers that still come, runs start() once, then poll() until it answers.
 * FENCED promises: nothing that was sent down this nexus before start() can
 * change a byte any more, the nexus takes commands again, and the disks behind
 * it are still the same (identity, size and block size re-read).  Users:
 * fence.c, transports and I/O engines.
 */
#ifndef XM_NEXUS_H
#define XM_NEXUS_H

#include <stdbool.h>
#include "clock.h"
#include "status.h"

enum xm_nexus_state { XM_NEXUS_OPEN, XM_NEXUS_FENCING, XM_NEXUS_DEAD };
enum xm_fence_result { XM_FENCE_PENDING, XM_FENCE_FENCED, XM_FENCE_FAILED };

struct xm_nexus;
struct xm_nexus_ops {
	const char *name;
	/* Begin; never blocks. */
	void (*start)(struct xm_nexus *nx);
	void (*wait)(struct xm_nexus *nx, struct xm_waiter *w);
	/*
	 * FAILED: could not be had within the bound; *why says what happened
	 * and with which code the job should end (75, or 74 when the disk
	 * behind it is another one).
	 */
	enum xm_fence_result (*poll)(struct xm_nexus *nx, struct xm_status *why);
	/*
	 * A mover that died had writes under way here.  NULL slot: having opened the
	 * disk proves that they are over.  Else the nexus sets `lost` and fences them.
	 */
	void (*inherit)(struct xm_nexus *nx);
};

struct xm_nexus {
	const struct xm_nexus_ops *ops;
	const char *name;                /* for the log: "iSCSI session with iqn..." */
	enum xm_nexus_state state;       /* written by fence.c only */
	bool lost;                       /* set by the transport when the path broke;
					    cleared by fence.c */
};

static inline bool xm_nexus_takes_commands(const struct xm_nexus *nx)
{
	return nx->state == XM_NEXUS_OPEN && !nx->lost;
}

#endif
