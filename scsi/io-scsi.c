/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Block I/O by SCSI commands: READ(16), WRITE(16), SYNCHRONIZE CACHE, and for
 * zeros WRITE SAME(16) where the unit has it, with UNMAP where that promises
 * zeros.
 *
 * A request is cut into commands as the transport takes them.  It fails with the
 * first failure, or as UNKNOWN when the fate of any of its commands is.  A
 * command meets UNIT ATTENTION a few times before that counts; all else is the
 * submitter's to retry.  GOOD alone is not believed: the residual has to say that
 * all bytes moved, or else the unit counts in other blocks than it said.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cdb.h"
#include "error.h"
#include "io-scsi.h"
#include "lu.h"
#include "reasons.h"
#include "sense.h"
#include "xm/align.h"

#define ATTENTIONS 8                     /* a unit tells several in a row after a login */
#define SLOW_MIN (120 * XM_NS_PER_S)     /* flushing and zeroing take their time */
#define ZERO_UNMAP_MAX (UINT64_C(256) << 20)
#define ZERO_SAME_MAX (UINT64_C(16) << 20)
#define ZEROS (1024 * 1024)

enum zero_way { ZERO_UNMAP, ZERO_SAME, ZERO_WRITE };

struct scsi_io {
	struct xm_io io;                 /* first */
	struct scsi_transport *t;
	struct scsi_lu *lu;
	struct xm_endpoint *ep;
	struct xm_list answered;         /* commands */
	struct xm_list cutting;          /* requests that have bytes no command was made for */
	struct xm_list done;             /* requests that have ended */
	enum zero_way zero;              /* the best that was not refused */
	bool sync_10;                    /* it knows no SYNCHRONIZE CACHE(16) */
};

/* A request on its way. */
struct request {
	struct xm_list link;             /* io->cutting, or none */
	struct scsi_io *io;
	struct xm_io_req *req;
	uint64_t next;                   /* offset within it of the next command */
	unsigned commands;               /* on their way */
	bool started, failed, again;     /* again: from the start, the other way */
	enum zero_way zero;              /* of this run through it */
};

struct command {
	struct scsi_cmd cmd;
	struct request *r;
	uint64_t off, len;               /* within the disk */
	unsigned attentions;
};

/* Never written; commands only read it. */
static uint8_t zeros[ZEROS];

/* ---- one command ---------------------------------------------------------------- */

static enum scsi_use use_of(const struct request *r)
{
	switch (r->req->op) {
	case XM_IO_READ:
		return SCSI_USE_READ;
	case XM_IO_WRITE:
		return SCSI_USE_WRITE;
	case XM_IO_FLUSH:
		return SCSI_USE_FLUSH;
	default:
		return r->zero == ZERO_WRITE ? SCSI_USE_WRITE : SCSI_USE_ZERO;
	}
}

static uint64_t most_bytes(const struct request *r)
{
	const struct scsi_lu *lu = r->io->lu;
	uint64_t most = r->io->ep->max_io ? r->io->ep->max_io : r->io->t->max_xfer;

	if (r->req->op != XM_IO_ZERO || r->zero == ZERO_WRITE)
		return xm_min_u64(most, ZEROS);
	most = r->zero == ZERO_UNMAP ? ZERO_UNMAP_MAX : ZERO_SAME_MAX;
	if (lu->max_write_same && lu->max_write_same < most / lu->block_size)
		most = lu->max_write_same * lu->block_size;
	return most;
}

static void build_zero(struct command *c, uint64_t lba, uint32_t blocks)
{
	struct scsi_cmd *cmd = &c->cmd;
	bool same = c->r->zero != ZERO_WRITE;

	cmd->dir = SCSI_DATA_OUT;
	cmd->data = zeros;
	cmd->len = same ? c->r->io->lu->block_size : c->len;
	cmd->cdb_len = same ? scsi_cdb_write_same_16(cmd->cdb, lba, blocks,
						     c->r->zero == ZERO_UNMAP, false)
			    : scsi_cdb_write_16(cmd->cdb, lba, blocks);
}

static void build(struct command *c)
{
	const struct request *r = c->r;
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

static struct command *command_new(struct request *r)
{
	struct command *c = calloc(1, sizeof *c);
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
	c->cmd.timeout_ns = use_of(r) & (SCSI_USE_FLUSH | SCSI_USE_ZERO)
				    ? xm_max_u64(4 * timeout, SLOW_MIN) : timeout;
	build(c);
	return c;
}

/* ---- requests -------------------------------------------------------------------- */

static void end(struct request *r)
{
	if (!r->failed)
		r->req->status = XM_STATUS_DONE;
	xm_list_del(&r->link);
	xm_list_add_tail(&r->io->done, &r->req->link);
	free(r);
}

static bool all_cut(const struct request *r)
{
	return r->started && r->next >= r->req->len;
}

/* Nothing of it is on its way: it has ended, or starts once more. */
static void settle(struct request *r)
{
	if (r->commands)
		return;
	if (r->again && !r->failed) {
		r->again = r->started = false;
		r->next = 0;
		r->zero = r->io->zero;
		xm_list_add_tail(&r->io->cutting, &r->link);
	} else if (r->failed || all_cut(r)) {
		end(r);
	}
}

/* The first failure is the request's; an UNKNOWN one comes before all others. */
static void fail(struct request *r, const struct xm_status *status)
{
	if (r->failed && status->certainty != XM_UNKNOWN)
		return;
	if (r->failed && r->req->status.certainty == XM_UNKNOWN)
		return;
	r->failed = true;
	r->req->status = *status;
	xm_list_del(&r->link);
}

static enum xm_side side_of(const struct scsi_io *io)
{
	return io->ep->writable ? XM_SIDE_DST : XM_SIDE_SRC;
}

static void fail_unsent(struct request *r)
{
	struct xm_status s = { .err = EAGAIN, .act = XM_ACT_RETRY, .side = side_of(r->io),
			       .certainty = XM_NOT_DONE, .reason = SCSI_R_NOT_SENT };

	snprintf(s.detail, sizeof s.detail, "%.90s is being logged in to again", r->io->t->name);
	fail(r, &s);
	settle(r);
}

/* Makes and sends commands of one request; false when the transport takes no more. */
static bool cut(struct request *r)
{
	while (!all_cut(r)) {
		struct command *c = command_new(r);

		if (!c)
			return false;
		if (scsi_submit(r->io->t, &c->cmd) != XM_QUEUED) {
			free(c);
			return false;
		}
		r->started = true;
		r->next += c->len;
		r->commands++;
	}
	xm_list_del(&r->link);
	return true;
}

static void send_more(struct scsi_io *io)
{
	while (!xm_list_empty(&io->cutting)) {
		struct request *r = xm_container_of(io->cutting.next, struct request, link);

		if (!xm_nexus_takes_commands(&io->t->nexus))
			fail_unsent(r);
		else if (!cut(r))
			return;
	}
}

/* ---- answers --------------------------------------------------------------------- */

/* GOOD, and yet not all bytes moved.  An overflow: the block size is another than it was. */
static bool moved_all(struct command *c, struct xm_status *s)
{
	struct scsi_io *io = c->r->io;
	const struct scsi_cmd *cmd = &c->cmd;

	if (cmd->got == cmd->len && !cmd->overflow)
		return true;
	*s = (struct xm_status){ .err = EIO, .act = XM_ACT_RETRY, .side = side_of(io),
				 .certainty = XM_NOT_DONE, .reason = "short_transfer" };
	snprintf(s->detail, sizeof s->detail, "%s LUN %" PRIu64 " at byte %" PRIu64
		 ": good, but %s than the %zu bytes asked for", scsi_cdb_name(cmd->cdb), cmd->lun,
		 c->off, cmd->overflow ? "more" : "less", cmd->len);
	io->t->nexus.lost = true;
	return false;
}

static bool met_attention(struct command *c, const struct xm_status *s)
{
	return s->act == XM_ACT_RETRY && s->reason && c->r->io->t->nexus.lost == false &&
	       strcmp(s->reason, SCSI_R_UNIT_ATTENTION) == 0 && c->attentions++ < ATTENTIONS;
}

/* Refused, whatever the reason: the short form.  The table takes its refusal for "no cache". */
static bool other_flush(struct command *c)
{
	struct scsi_sense sense;

	scsi_sense_decode(c->cmd.sense, c->cmd.sense_len, &sense);
	if (c->cmd.cdb[0] != SCSI_SYNCHRONIZE_CACHE_16 || c->cmd.outcome != SCSI_ANSWERED ||
	    c->cmd.status != SCSI_CHECK_CONDITION || !sense.present ||
	    sense.key != SCSI_ILLEGAL_REQUEST)
		return false;
	c->r->io->sync_10 = true;
	c->r->again = true;
	return true;
}

/* A way to flush or to zero that the unit does not know: the request starts again the next way. */
static bool other_way(struct command *c, const struct xm_status *s)
{
	struct request *r = c->r;
	struct scsi_io *io = r->io;

	if (use_of(r) == SCSI_USE_FLUSH)
		return other_flush(c);
	if (use_of(r) != SCSI_USE_ZERO || s->act != XM_ACT_DEMOTE)
		return false;
	if (io->zero == r->zero)
		io->zero++;
	r->again = true;
	r->next = r->req->len;
	xm_list_del(&r->link);
	return true;
}

static void answered(struct command *c)
{
	struct request *r = c->r;
	struct scsi_io *io = r->io;
	struct xm_status s;
	char where[80];

	snprintf(where, sizeof where, "LUN %" PRIu64 " LBA %" PRIu64, io->lu->lun,
		 (io->ep->base + c->off) / io->lu->block_size);
	s = scsi_io_status(io->t, &c->cmd, use_of(r), side_of(io), where);
	if (met_attention(c, &s) && scsi_submit(io->t, &c->cmd) == XM_QUEUED)
		return;
	if (!other_way(c, &s) && (s.certainty != XM_DONE || !moved_all(c, &s)))
		fail(r, &s);
	free(c);
	r->commands--;
	settle(r);
}

/* ---- the seam -------------------------------------------------------------------- */

static struct scsi_io *io_of(struct xm_io *io)
{
	return xm_container_of(io, struct scsi_io, io);
}

static int scsi_io_attach(struct xm_io *io, struct xm_endpoint *ep, struct xm_error **err)
{
	if (io_of(io)->ep == ep)
		return 0;
	return xm_fail(err, XM_E_BUG, "%s brings its own I/O engine", ep->name);
}

static void scsi_io_buffers(struct xm_io *io, struct xm_buffers *b)
{
	(void)io;
	(void)b;
}

static enum xm_queued scsi_io_submit(struct xm_io *xio, struct xm_io_req *req)
{
	struct scsi_io *io = io_of(xio);
	struct request *r;

	if (!xm_nexus_takes_commands(&io->t->nexus))
		return XM_FULL;
	r = calloc(1, sizeof *r);
	if (!r)
		return XM_FULL;
	*r = (struct request){ .io = io, .req = req, .zero = io->zero };
	xm_list_add_tail(&io->cutting, &r->link);
	send_more(io);
	return XM_QUEUED;
}

static void scsi_io_wait(struct xm_io *xio, struct xm_waiter *w)
{
	struct scsi_io *io = io_of(xio);
	bool stuck = !xm_list_empty(&io->cutting) &&
		     (io->t->inflight == 0 || !xm_nexus_takes_commands(&io->t->nexus));

	/* Another user of the transport may have brought our answers already. */
	if (stuck || !xm_list_empty(&io->answered) || !xm_list_empty(&io->done))
		xm_waiter_until(w, 0);
	io->t->ops->wait(io->t, w);
}

static void scsi_io_reap(struct xm_io *xio, struct xm_list *done)
{
	struct scsi_io *io = io_of(xio);
	struct xm_list *l;

	io->t->ops->service(io->t);
	while ((l = xm_list_pop(&io->answered)))
		answered(xm_container_of(l, struct command, cmd.link));
	send_more(io);
	while ((l = xm_list_pop(&io->done)))
		xm_list_add_tail(done, l);
}

static void scsi_io_close(struct xm_io *xio)
{
	free(io_of(xio));
}

static const struct xm_io_ops io_ops = {
	.name = "scsi",
	.attach = scsi_io_attach,
	.buffers = scsi_io_buffers,
	.submit = scsi_io_submit,
	.wait = scsi_io_wait,
	.reap = scsi_io_reap,
	.close = scsi_io_close,
};

static const char io_key;

static void destroy(void *o)
{
	xm_io_close(o);
}

/* UNMAP leaves zeros where LBPRZ says so; data given as zeros makes sure where it does not unmap. */
static enum zero_way best_zero(const struct scsi_lu *lu)
{
	return lu->lbpws && lu->lbprz ? ZERO_UNMAP : ZERO_SAME;
}

struct xm_io *scsi_io_of(struct xm_endpoint *ep, struct xm_error **err)
{
	struct scsi_io *io = xm_attached(&ep->attached, &io_key);

	if (io)
		return &io->io;
	io = calloc(1, sizeof *io);
	if (!io) {
		xm_fail(err, XM_E_TEMPORARY, "out of memory");
		return NULL;
	}
	io->ep = ep;
	io->lu = scsi_lu_attached(ep);
	io->t = io->lu->transport;
	io->zero = best_zero(io->lu);
	xm_list_init(&io->answered);
	xm_list_init(&io->cutting);
	xm_list_init(&io->done);
	xm_io_init(&io->io, &io_ops, io->t->max_inflight);
	if (xm_attach(&ep->attached, &io_key, &io->io, destroy))
		return &io->io;
	free(io);
	xm_fail(err, XM_E_TEMPORARY, "out of memory");
	return NULL;
}
