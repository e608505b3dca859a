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

/* Never written; commands only read it. */
static uint8_t zeros[ZEROS];

enum scsi_use scsi_io_use(const struct scsi_io_request *r)
{
	switch (r->req->op) {
	case XM_IO_READ:
		return SCSI_USE_READ;
	case XM_IO_WRITE:
		return SCSI_USE_WRITE;
	case XM_IO_FLUSH:
		return SCSI_USE_FLUSH;
	default:
		return r->zero == SCSI_ZERO_WRITE ? SCSI_USE_WRITE : SCSI_USE_ZERO;
	}
}

static uint64_t most_bytes(const struct scsi_io_request *r)
{
	const struct scsi_lu *lu = r->io->lu;
	uint64_t most = r->io->ep->max_io ? r->io->ep->max_io : r->io->t->max_xfer;

	if (r->req->op != XM_IO_ZERO || r->zero == SCSI_ZERO_WRITE)
		return xm_min_u64(most, ZEROS);
	most = r->zero == SCSI_ZERO_UNMAP ? ZERO_UNMAP_MAX : ZERO_SAME_MAX;
	if (lu->max_write_same && lu->max_write_same < most / lu->block_size)
		most = lu->max_write_same * lu->block_size;
	return most;
}

static void build_zero(struct scsi_io_command *c, uint64_t lba, uint32_t blocks)
{
	struct scsi_cmd *cmd = &c->cmd;
	bool same = c->r->zero != SCSI_ZERO_WRITE;

	cmd->dir = SCSI_DATA_OUT;
	cmd->data = zeros;
	cmd->len = same ? c->r->io->lu->block_size : c->len;
	cmd->cdb_len = same ? scsi_cdb_write_same_16(cmd->cdb, lba, blocks,
						     c->r->zero == SCSI_ZERO_UNMAP, false)
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
	c->off = r->req->off + r->next;
	c->len = r->req->op == XM_IO_FLUSH ? 0 : xm_min_u64(r->req->len - r->next, most_bytes(r));
	xm_list_init(&c->cmd.link);
	c->cmd.lun = r->io->lu->lun;
	c->cmd.done = &r->io->answered;
	c->cmd.user = c;
	c->cmd.timeout_ns = scsi_io_use(r) & (SCSI_USE_FLUSH | SCSI_USE_ZERO)
				    ? xm_max_u64(4 * timeout, SLOW_MIN) : timeout;
	build(c);
	return c;
}

/* UNMAP leaves zeros where LBPRZ says so; where it does not unmap, the zeros given are written. */
enum scsi_zero_way scsi_io_best_zero(const struct scsi_lu *lu)
{
	return lu->lbpws && lu->lbprz ? SCSI_ZERO_UNMAP : SCSI_ZERO_SAME;
}
