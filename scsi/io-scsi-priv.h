/* SPDX-License-Identifier: Apache-2.0 */
/* Between io-scsi.c, which keeps requests, and io-scsi-cmd.c, which makes their commands. */
#ifndef SCSI_IO_SCSI_PRIV_H
#define SCSI_IO_SCSI_PRIV_H

#include "io.h"
#include "lu.h"
#include "sense.h"
#include "zero.h"

struct scsi_io {
	struct xm_io io;                 /* first */
	struct scsi_transport *t;
	struct scsi_lu *lu;
	struct xm_endpoint *ep;
	struct xm_list answered;         /* commands */
	struct xm_list cutting;          /* requests that have bytes no command was made for */
	struct xm_list done;             /* requests that have ended */
	bool needs_data;                 /* it knows no WRITE SAME without a block of data (NDOB) */
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
};

struct scsi_io_command {
	struct scsi_cmd cmd;
	struct scsi_io_request *r;
	uint64_t off, len;               /* within the disk */
	enum xm_zero_way way;            /* of ZERO; XM_ZERO_WRITE of all else */
	bool ndob;                       /* WRITE SAME, and no data goes with it */
	unsigned attentions;
};

/* The ways to zeros that the unit does not promise are refused before they are asked for. */
void scsi_io_set_zero_ways(struct scsi_io *io);
/* What a command is for, as the table of answers has it. */
enum scsi_use scsi_io_use(const struct scsi_io_command *c);
/* The request's next command, not sent; NULL when memory is short. */
struct scsi_io_command *scsi_io_command_new(struct scsi_io_request *r);

#endif
