/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of block I/O: READ(16), WRITE(16), WRITE SAME(16), SYNCHRONIZE CACHE. */
#include <stdlib.h>
#include "cdb.h"
#include "io-scsi-priv.h"
#include "xm/align.h"

#define SLOW_MIN (120 * XM_NS_PER_S)     /* flushing and zeroing take their time */
#define ZERO_UNMAP_MAX (UINT64_C(256) << 20)
#define ZERO_SAME_MAX (UINT64_C(16) << 20)
#define ZEROS (1024 * 1024)
#define VERSION_SPC_5 0x07

/* Never written; commands only read it. */
static uint8_t zeros[ZEROS];

enum scsi_use scsi_io_use(const struct scsi_io_command *c)
{
	switch (c->r->req->op) {
	case XM_IO_READ:
		return SCSI_USE_READ;
	case XM_IO_WRITE:
		return SCSI_USE_WRITE;
	case XM_IO_FLUSH:
		return SCSI_USE_FLUSH;
	default:
		return c->way == XM_ZERO_WRITE ? SCSI_USE_WRITE : SCSI_USE_ZERO;
	}
}

/* Most bytes of a command, of data or made the same. */
static uint64_t most_bytes(const struct scsi_io_command *c)
{
	const struct scsi_io *io = c->r->io;
	const struct scsi_lu *lu = io->lu;
	uint64_t most = io->ep->max_io ? io->ep->max_io : io->t->max_xfer;

	if (c->way == XM_ZERO_WRITE)
		return xm_min_u64(most, ZEROS);
	most = c->way == XM_ZERO_PUNCH ? ZERO_UNMAP_MAX : ZERO_SAME_MAX;
	if (lu->max_write_same && lu->max_write_same < most / lu->block_size)
		most = lu->max_write_same * lu->block_size;
	return most;
}

/* As many whole steps of the unit's space as a command takes, where it takes one. */
static uint64_t cut_zero(struct scsi_io_command *c, uint64_t left)
{
	const struct xm_endpoint *ep = c->r->io->ep;
	struct xm_zero_step step = xm_zero_step(ep, c->off, left);
	uint64_t len;

	c->way = step.way;
	len = xm_min_u64(step.len, most_bytes(c));
	if (c->way == XM_ZERO_PUNCH && len > ep->free_grain)
		len = xm_round_down(len, ep->free_grain);
	return len;
}

static void set_extent(struct scsi_io_command *c)
{
	const struct scsi_io_request *r = c->r;
	uint64_t left = r->req->len - r->next;

	c->off = r->req->off + r->next;
	c->way = XM_ZERO_WRITE;
	if (r->req->op == XM_IO_ZERO)
		c->len = cut_zero(c, left);
	else if (r->req->op != XM_IO_FLUSH)
		c->len = xm_min_u64(left, most_bytes(c));
}

static void build_zero(struct scsi_io_command *c, uint64_t lba, uint32_t blocks)
{
	struct scsi_cmd *cmd = &c->cmd;
	bool same = c->way != XM_ZERO_WRITE;

	c->ndob = same && !c->r->io->needs_data;
	if (!c->ndob) {
		cmd->dir = SCSI_DATA_OUT;
		cmd->data = zeros;
		cmd->len = same ? c->r->io->lu->block_size : c->len;
	}
	cmd->cdb_len = same ? scsi_cdb_write_same_16(cmd->cdb, lba, blocks,
						     c->way == XM_ZERO_PUNCH, c->ndob)
			    : scsi_cdb_write_16(cmd->cdb, lba, blocks);
}

static void build(struct scsi_io_command *c)
{
	const struct scsi_io_request *r = c->r;
	struct scsi_cmd *cmd = &c->cmd;
	uint32_t block = r->io->lu->block_size;
	uint64_t lba = (r->io->ep->base + c->off) / block;
	uint32_t blocks = (uint32_t)(c->len / block);

	if (r->req->op != XM_IO_FLUSH && r->req->op != XM_IO_ZERO) {
		cmd->data = (uint8_t *)r->req->buf + (c->off - r->req->off);
		cmd->len = c->len;
	}
	switch (r->req->op) {
	case XM_IO_READ:
		cmd->dir = SCSI_DATA_IN;
		cmd->cdb_len = scsi_cdb_read_16(cmd->cdb, lba, blocks);
		break;
	case XM_IO_WRITE:
		cmd->dir = SCSI_DATA_OUT;
		cmd->cdb_len = scsi_cdb_write_16(cmd->cdb, lba, blocks);
		break;
	case XM_IO_ZERO:
		build_zero(c, lba, blocks);
		break;
	case XM_IO_FLUSH:
		cmd->cdb_len = r->io->sync_10 ? scsi_cdb_synchronize_cache_10(cmd->cdb, 0, 0)
					      : scsi_cdb_synchronize_cache_16(cmd->cdb, 0, 0);
		break;
	}
}

struct scsi_io_command *scsi_io_command_new(struct scsi_io_request *r)
{
	struct scsi_io_command *c = calloc(1, sizeof *c);
	uint64_t timeout = r->io->ep->ctx->timeout_ns;

	if (!c)
		return NULL;
	c->r = r;
	set_extent(c);
	xm_list_init(&c->cmd.link);
	c->cmd.lun = r->io->lu->lun;
	c->cmd.done = &r->io->answered;
	c->cmd.user = c;
	c->cmd.timeout_ns = scsi_io_use(c) & (SCSI_USE_FLUSH | SCSI_USE_ZERO)
				    ? xm_max_u64(4 * timeout, SLOW_MIN) : timeout;
	build(c);
	return c;
}

/* UNMAP leaves zeros where LBPRZ says so; where it does not unmap, the zeros given are written. */
void scsi_io_set_zero_ways(struct scsi_io *io)
{
	if (!io->lu->lbpws || !io->lu->lbprz)
		xm_zero_refused(io->ep, XM_ZERO_PUNCH);
	xm_zero_refused(io->ep, XM_ZERO_ZEROOUT);
	/*
	 * NDOB came with SBC-4; who has it says SPC-5 or later.
	 * Older ones may not look at the bit.
	 */
	io->needs_data = io->lu->version < VERSION_SPC_5;
}
