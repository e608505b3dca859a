/* SPDX-License-Identifier: Apache-2.0 */
/* Between io-scsi.c, which keeps requests, and io-scsi-cmd.c, which makes their commands. */
#ifndef SCSI_IO_SCSI_PRIV_H
#define SCSI_IO_SCSI_PRIV_H

#include "io.h"
#include "lu.h"
#include "sense.h"

enum scsi_zero_way { SCSI_ZERO_UNMAP, SCSI_ZERO_SAME, SCSI_ZERO_WRITE };

struct scsi_io {
	struct xm_io io;                 /* first */
	struct scsi_transport *t;
	struct scsi_lu *lu;
	struct xm_endpoint *ep;
	struct xm_list answered;         /* commands */
	struct xm_list cutting;          /* requests that have bytes no command was made for */
	struct xm_list done;             /* requests that have ended */
	enum scsi_zero_way zero;         /* the best that was not refused */
	bool sync_10;                    /* it knows no SYNCHRONIZE CACHE(16) */
	bool unflushed_told;             /* that it knows neither, though it may have a cache */
};

/* A request on its way. */
struct scsi_io_request {
	struct xm_list link;             /* io->cutting, or none */
	struct scsi_io *io;
	struct xm_io_req *req;
	uint64_t next;                   /* offset within it of the next command */
	unsigned commands;               /* on their way */
	bool started, failed, again;     /* again: from the start, the other way */
	enum scsi_zero_way zero;         /* of this run through it */
};

struct scsi_io_command {
	struct scsi_cmd cmd;
	struct scsi_io_request *r;
	uint64_t off, len;               /* within the disk */
	unsigned attentions;
};

/* The cheapest way to zeros that the unit promises. */
enum scsi_zero_way scsi_io_best_zero(const struct scsi_lu *lu);
/* What a command of the request is for, as the table of answers has it. */
enum scsi_use scsi_io_use(const struct scsi_io_request *r);
/* The request's next command, not sent; NULL when memory is short. */
struct scsi_io_command *scsi_io_command_new(struct scsi_io_request *r);

#endif
