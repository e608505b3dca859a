/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SEAM: how one NVMe command reaches a namespace or controller: io_uring
 * passthrough, the ioctl, the fake controller of tests.
 *
 * The shape of scsi/transport.h with a 64-byte command.  A transport is one
 * nexus.  A finished command goes to the list its submitter named, never inside
 * submit, exactly once.  Its data are copied in and out, so a command that is
 * given up leaves nothing of its submitter's behind in the kernel.
 */
#ifndef NVME_TRANSPORT_H
#define NVME_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "clock.h"
#include "io.h"
#include "nexus.h"
#include "xm/list.h"

#define NVME_DATA_MAX 4096

enum nvme_outcome {
	NVME_ANSWERED,           /* status and dword0 are what the completion says */
	NVME_NOT_SENT,           /* it never left; err says why
				    (EACCES, EPERM: the kernel's rules) */
	NVME_NO_ANSWER           /* it may have run, run still, or run later; err says what broke */
};

struct nvme_cmd {
	struct xm_list link;
	/* Set by the submitter. */
	bool admin;              /* for the admin queue */
	uint8_t opcode;
	uint32_t nsid;
	uint32_t cdw2, cdw3, cdw10, cdw11, cdw12, cdw13, cdw14, cdw15;
	void *data;
	uint32_t len;            /* exactly what the command moves, at most NVME_DATA_MAX */
	uint64_t timeout_ns;     /* the kernel's, never 0; some time after it
				    the outcome is NO_ANSWER */
	struct xm_list *done;    /* where it goes when finished */
	void *user;
	/* The answer. */
	enum nvme_outcome outcome;
	int err;
	uint16_t status;         /* SC | SCT<<8 | CRD<<11 | MORE 0x2000 | DNR 0x4000 */
	uint32_t dword0;
	void *priv;              /* the transport's */
};

/* Bit 1 of an opcode: the controller writes to the host. */
static inline bool nvme_data_in(const struct nvme_cmd *cmd)
{
	return (cmd->opcode & 3) == 2;
}

struct nvme_transport;
struct nvme_ns;
struct nvme_fence;
struct nvme_transport_ops {
	const char *name;
	enum xm_queued (*submit)(struct nvme_transport *t, struct nvme_cmd *cmd);
	void (*wait)(struct nvme_transport *t, struct xm_waiter *w);
	/* Do what is ready; finished commands go to their `done` lists. */
	void (*service)(struct nvme_transport *t);
	void (*close)(struct nvme_transport *t);
};

struct nvme_transport {
	const struct nvme_transport_ops *ops;
	struct xm_ctx *ctx;
	struct xm_nexus nexus;
	const char *name;        /* for messages: "/dev/ng0n1" */
	unsigned inflight;       /* kept by nvme_submit and the transport */
	unsigned max_inflight;

	/* For the fence. */
	unsigned calls;          /* the kernel has not come back with these,
				    also when they were given up */
	uint64_t unanswered_at;  /* when the last command ended without an answer; 0 never */
	struct nvme_ns *ns;      /* the namespace to look at again; NULL: none */
	struct nvme_fence *fence;
};

/* FULL while the nexus is closed to commands, or max_inflight is reached. */
enum xm_queued nvme_submit(struct nvme_transport *t, struct nvme_cmd *cmd);
/* The same past the closed nexus, for the fence alone. */
enum xm_queued nvme_submit_fenced(struct nvme_transport *t, struct nvme_cmd *cmd);
/* For transports: a command has ended so. */
void nvme_finish(struct nvme_transport *t, struct nvme_cmd *cmd, enum nvme_outcome outcome,
		 int err);
/*
 * For transports: what the kernel made of a command: below 0 an errno, else the
 * status.  An errno that comes only before a command is sent is NOT_SENT, any
 * other (EINTR, EIO: timed out, the controller was reset) is no answer.
 */
void nvme_finish_call(struct nvme_transport *t, struct nvme_cmd *cmd, int rc, uint64_t result);
/* Set-up only: send and wait.  0 when the device answered at all (look at cmd->status), else -1. */
int nvme_exec(struct nvme_transport *t, struct nvme_cmd *cmd);

/* ---- through the kernel ---------------------------------------------------------- */

struct xm_error;
/*
 * How a blocking call is made, on a pool thread: nvme_do_ioctl, or a test's.
 * As nvme_finish_call's rc.
 */
struct nvme_call {
	int fd;
	struct nvme_cmd cmd;     /* a copy, with the call's own data */
	uint32_t timeout_ms;
	int rc;
	uint64_t result;
};
typedef void nvme_call_fn(struct nvme_call *call);
nvme_call_fn nvme_do_ioctl;

/*
 * Blocking ioctls on any NVMe node, by the pool.  fd is duplicated.  NULL and
 * *err.  ops->close frees; calls that hang in the kernel are left behind with
 * all they hold.
 */
struct nvme_transport *nvme_ioctl_open(struct xm_ctx *ctx, int fd, const char *name,
				       nvme_call_fn *fn, struct xm_error **err);
/*
 * io_uring passthrough on a character node (ngXnY), I/O commands alone.  The
 * ring holds `claim` registered (-1: none), so that the claim on the destination
 * lives as long as any command of ours, also when the process is killed.  NULL
 * and an errno where this cannot be had.
 */
struct nvme_transport *nvme_uring_open(struct xm_ctx *ctx, int fd, int claim, const char *name,
				       int *ret_errno);
/* NVME_IOCTL_ID: the namespace behind a node; 0 when it is none. */
uint32_t nvme_node_nsid(int fd);

extern const struct xm_nexus_ops nvme_nexus_ops;

#endif
