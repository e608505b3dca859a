/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copy Descriptor Formats Enable, of Host Behavior Support (FID 16h): formats 2h
 * and 3h are refused until the host enables them, on every controller a command may
 * go down.  Read, changed, written back, and put back as it was when the copy ends.
 *
 * While they are enabled, who may write one namespace may read all others of the
 * controller: so this is done for `--allow-cross-namespace` alone.  A controller
 * reset clears them.
 */
#ifndef NVME_CDFE_H
#define NVME_CDFE_H

#include "cmd.h"
#include "topology.h"

struct nvme_cdfe_controller {
	struct nvme_transport *t;
	bool known;                      /* `old` was read before we changed anything */
	uint16_t old;                    /* the enabled formats we found */
};

struct nvme_cdfe {
	struct xm_ctx *ctx;
	unsigned n;
	struct nvme_cdfe_controller at[NVME_CONTROLLERS_MAX];
	/* A pass over all of them. */
	enum { NVME_CDFE_IDLE, NVME_CDFE_GET, NVME_CDFE_SET, NVME_CDFE_CHECK } stage;
	unsigned current;
	bool restoring, sent;
	uint16_t want;                   /* bits to set; when restoring:
					    those that are ours to clear */
	struct nvme_cmd cmd;
	struct xm_list done;
	uint8_t data[NVME_HOST_BEHAVIOR_LEN];
	bool denied;                     /* of a failed pass: the kernel does not let us */
	char why[160];
};

enum nvme_cdfe_result { NVME_CDFE_PENDING, NVME_CDFE_DONE, NVME_CDFE_FAILED };

/* The transports become its own. */
void nvme_cdfe_init(struct nvme_cdfe *c, struct xm_ctx *ctx);
bool nvme_cdfe_add(struct nvme_cdfe *c, struct nvme_transport *t);
/* Begin a pass that enables the formats of `want`, or one that puts all back.  Never blocks. */
void nvme_cdfe_enable(struct nvme_cdfe *c, uint16_t want);
void nvme_cdfe_restore(struct nvme_cdfe *c);
enum nvme_cdfe_result nvme_cdfe_step(struct nvme_cdfe *c);
void nvme_cdfe_wait(struct nvme_cdfe *c, struct xm_waiter *w);
/* Set-up and closing only: the pass to its end. */
enum nvme_cdfe_result nvme_cdfe_finish(struct nvme_cdfe *c);
/* Closes the transports. */
void nvme_cdfe_close(struct nvme_cdfe *c);

#endif
