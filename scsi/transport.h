/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SEAM: how one SCSI command reaches a device: an iSCSI session, SG_IO through
 * sg_pt, the script of expected commands and the in-process array of tests,
 * and a fault layer between two real ones.
 *
 * A transport is one nexus and may serve several logical units and several
 * users (block I/O of both ends, a copy method).  So a finished command goes to
 * the list its submitter named, never inside submit, exactly once.
 */
#ifndef SCSI_TRANSPORT_H
#define SCSI_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "clock.h"
#include "io.h"
#include "nexus.h"
#include "xm/list.h"

#define SCSI_SENSE_MAX 252

enum scsi_dir { SCSI_NO_DATA, SCSI_DATA_IN, SCSI_DATA_OUT };

enum scsi_outcome {
	SCSI_ANSWERED,           /* status and sense are the device's */
	SCSI_NOT_SENT,           /* it never left: nothing happened;
				    err says why (EPERM: no CAP_SYS_RAWIO) */
	SCSI_NO_ANSWER           /* it may have run, run still, or run later; err says what broke */
};

struct scsi_cmd {
	struct xm_list link;
	/* Set by the submitter. */
	uint64_t lun;
	uint8_t cdb[16];
	unsigned cdb_len;
	enum scsi_dir dir;
	void *data;
	size_t len;
	bool secret;             /* the data is a right to read: no copy of it in a core file,
				    none left behind */
	uint64_t timeout_ns;     /* after it the outcome is NO_ANSWER */
	struct xm_list *done;    /* where it goes when finished */
	void *user;
	/* The answer. */
	enum scsi_outcome outcome;
	int err;
	uint8_t status;
	uint8_t sense[SCSI_SENSE_MAX];
	unsigned sense_len;
	size_t got;              /* bytes of data the device moved, in or out:
				    len less the residual */
	bool overflow;           /* the device had, or wanted, more than len */
	void *priv;              /* the transport's */
};

struct scsi_transport;
struct scsi_transport_ops {
	const char *name;
	enum xm_queued (*submit)(struct scsi_transport *t, struct scsi_cmd *cmd);
	void (*wait)(struct scsi_transport *t, struct xm_waiter *w);
	/* Do what is ready; finished commands go to their `done` lists. */
	void (*service)(struct scsi_transport *t);
	void (*close)(struct scsi_transport *t);
};

struct scsi_transport {
	const struct scsi_transport_ops *ops;
	struct xm_ctx *ctx;
	struct xm_nexus nexus;
	const char *name;        /* for messages: "iscsi://127.0.0.1:3260/iqn..." or "/dev/sg0" */
	bool is_session;         /* one transport to a session with a target,
				    not to a device node */
	size_t max_xfer;         /* bytes of data a command may carry */
	unsigned inflight;       /* kept by scsi_submit and the transport */
	unsigned max_inflight;
};

/* FULL while the nexus is closed to commands, or max_inflight is reached. */
enum xm_queued scsi_submit(struct scsi_transport *t, struct scsi_cmd *cmd);
/* The same past the closed nexus, for the fence alone (to look whose disk it is). */
enum xm_queued scsi_submit_fenced(struct scsi_transport *t, struct scsi_cmd *cmd);
/* For transports: put a command that has ended on its submitter's list. */
void scsi_finish(struct scsi_transport *t, struct scsi_cmd *cmd);
/*
 * Set-up only: send and wait.  UNIT ATTENTION and BUSY are asked again a few
 * times.  0 when the device answered at all (look at cmd->status), else -1.
 */
int scsi_exec(struct scsi_transport *t, struct scsi_cmd *cmd);
/* The same without asking again. */
int scsi_exec_once(struct scsi_transport *t, struct scsi_cmd *cmd);
/*
 * Set-up only: after the path broke, its fence, waited for.  True: it takes commands again.
 * False: it was not broken, still is, or (*why says so, XM_ACT_FATAL) is dead now.
 */
bool scsi_repair(struct scsi_transport *t, struct xm_status *why);
/* Set-up only: let ns pass. */
void scsi_pause(struct xm_ctx *ctx, uint64_t ns);

#endif
