/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SG_IO through libsgutils2 as a SCSI transport: blocking calls on one
 * descriptor of an sd or sg node, made by threads of the context's pool.
 */
#ifndef SCSI_SGPT_H
#define SCSI_SGPT_H

#include "ctx.h"
#include "transport.h"

/* One call, in and out; touched by one pool thread while it runs. */
struct sgpt_call {
	int fd;
	uint8_t cdb[16];
	unsigned cdb_len;
	enum scsi_dir dir;
	uint8_t *data;
	size_t len;
	int timeout_s;
	/* What came of it. */
	int err;                 /* errno of the call, 0 */
	int host, driver;        /* not 0: the kernel did not get an answer
				    from the device (DID_*) */
	uint8_t status;
	uint8_t sense[SCSI_SENSE_MAX];
	unsigned sense_len;
	size_t resid;
};

/* How a call is made: sgpt_do_pt, or a test's. */
typedef void sgpt_fn(struct sgpt_call *call);
sgpt_fn sgpt_do_pt;

/*
 * A transport down fd, which is duplicated.  NULL and *err.  scsi_transport_ops.close
 * frees it; calls that hang in the kernel are then left behind with all they hold.
 */
struct scsi_transport *sgpt_open(struct xm_ctx *ctx, int fd, const char *name, sgpt_fn *fn,
				 struct xm_error **err);
/* One down fd that the endpoint carries, and closes after its logical unit. */
struct xm_endpoint;
struct scsi_transport *sgpt_attach(struct xm_endpoint *ep, int fd, struct xm_error **err);
/* The logical unit that its fence looks at again. */
struct scsi_lu;
void sgpt_set_lu(struct scsi_transport *t, const struct scsi_lu *lu);
/* Another way to the same logical unit, for its fence to go on with; duplicated.  Best effort. */
void sgpt_add_path(struct scsi_transport *t, int fd);

/* ---- shared with fence-sgio.c ---------------------------------------------------- */

struct sgpt_fence;
/* Calls that the kernel has not answered, also those whose command was given up. */
unsigned sgpt_calls(const struct scsi_transport *t);
/* When the last command ended without an answer of the device; 0 never. */
uint64_t sgpt_unanswered_at(const struct scsi_transport *t);
void sgpt_unanswered_over(struct scsi_transport *t);
const struct scsi_lu *sgpt_lu(const struct scsi_transport *t);
unsigned sgpt_paths(const struct scsi_transport *t);
/* Commands go down the next path from now on.  False: there is one alone, or it is not empty. */
bool sgpt_next_path(struct scsi_transport *t);
struct sgpt_fence **sgpt_fence_slot(struct scsi_transport *t);
extern const struct xm_nexus_ops sgpt_nexus_ops;

#endif
