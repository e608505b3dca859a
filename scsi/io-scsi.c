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
#include "io-scsi-priv.h"
#include "reasons.h"
#include "sense.h"

#define ATTENTIONS 8                     /* a unit tells several in a row after a login */

/* ---- requests -------------------------------------------------------------------- */

static void end(struct scsi_io_request *r)
{
	if (!r->failed)
		r->req->status = XM_STATUS_DONE;
	xm_list_del(&r->link);
	xm_list_add_tail(&r->io->done, &r->req->link);
	free(r);
}

static bool all_cut(const struct scsi_io_request *r)
{
	return r->started && r->next >= r->req->len;
}

/* Nothing of it is on its way: it has ended, or starts once more. */
static void settle(struct scsi_io_request *r)
{
	if (r->commands)
		return;
	if (r->again && !r->failed) {
		r->again = r->started = false;
		r->next = 0;
		xm_list_add_tail(&r->io->cutting, &r->link);
	} else if (r->failed || all_cut(r)) {
		end(r);
	}
}

/* The first failure is the request's; an UNKNOWN one comes before all others. */
static void fail(struct scsi_io_request *r, const struct xm_status *status)
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

static void fail_unsent(struct scsi_io_request *r)
{
	struct xm_status s = { .err = EAGAIN, .act = XM_ACT_RETRY, .side = side_of(r->io),
			       .certainty = XM_NOT_DONE, .reason = SCSI_R_NOT_SENT };

	snprintf(s.detail, sizeof s.detail, "%.90s is being logged in to again", r->io->t->name);
	fail(r, &s);
	settle(r);
}

/* Makes and sends commands of one request; false when the transport takes no more. */
static bool cut(struct scsi_io_request *r)
{
	while (!all_cut(r)) {
		struct scsi_io_command *c = scsi_io_command_new(r);

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
		struct scsi_io_request *r =
			xm_container_of(io->cutting.next, struct scsi_io_request, link);

		if (!xm_nexus_takes_commands(&io->t->nexus))
			fail_unsent(r);
		else if (!cut(r))
			return;
	}
}

/* ---- answers --------------------------------------------------------------------- */

/* GOOD, and yet not all bytes moved.  An overflow: the block size is another than it was. */
static bool moved_all(struct scsi_io_command *c, struct xm_status *s)
{
	struct scsi_io *io = c->r->io;
	const struct scsi_cmd *cmd = &c->cmd;

	if (cmd->got == cmd->len && !cmd->overflow)
		return true;
	*s = (struct xm_status){ .err = EIO, .act = XM_ACT_RETRY, .side = side_of(io),
				 .certainty = XM_NOT_DONE, .reason = SCSI_R_SHORT };
	snprintf(s->detail, sizeof s->detail, "%s LUN %" PRIu64 " at byte %" PRIu64
		 ": good, but %s than the %zu bytes asked for", scsi_cdb_name(cmd->cdb), cmd->lun,
		 c->off, cmd->overflow ? "more" : "less", cmd->len);
	io->t->nexus.lost = true;
	return false;
}

static bool met_attention(struct scsi_io_command *c, const struct xm_status *s)
{
	return s->act == XM_ACT_RETRY && s->reason && c->r->io->t->nexus.lost == false &&
	       strcmp(s->reason, SCSI_R_UNIT_ATTENTION) == 0 && c->attentions++ < ATTENTIONS;
}

/* Refused, whatever the reason: the short form.  The table takes its refusal for "no cache". */
static bool other_flush(struct scsi_io_command *c)
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
static bool other_way(struct scsi_io_command *c, const struct xm_status *s)
{
	struct scsi_io_request *r = c->r;

	if (scsi_io_use(c) == SCSI_USE_FLUSH)
		return other_flush(c);
	if (scsi_io_use(c) != SCSI_USE_ZERO)
		return false;
	if (c->ndob && (s->act == XM_ACT_DEMOTE || c->cmd.overflow))
		r->io->needs_data = true;
	else if (s->act == XM_ACT_DEMOTE)
		xm_zero_refused(r->io->ep, c->way);
	else
		return false;
	r->again = true;
	r->next = r->req->len;
	xm_list_del(&r->link);
	return true;
}

/*
 * It counts as flushed, as the kernel counts it; but a unit that says it has a cache
 * is worth a word.
 */
static void tell_unflushed(struct scsi_io_command *c, const struct xm_status *s)
{
	struct scsi_io *io = c->r->io;

	if (scsi_io_use(c) != SCSI_USE_FLUSH || s->certainty != XM_DONE || io->unflushed_told ||
	    c->cmd.status == SCSI_GOOD || !io->lu->write_cache)
		return;
	io->unflushed_told = true;
	xm_log(io->t->ctx, XM_LOG_WARNING, "no_flush", "%s refuses SYNCHRONIZE CACHE and does not "
	       "say that it has no write cache: what it acknowledged is taken for durable",
	       io->ep->name);
}

static void answered(struct scsi_io_command *c)
{
	struct scsi_io_request *r = c->r;
	struct scsi_io *io = r->io;
	struct xm_status s;
	char where[80];

	snprintf(where, sizeof where, "LUN %" PRIu64 " LBA %" PRIu64, io->lu->lun,
		 (io->ep->base + c->off) / io->lu->block_size);
	s = scsi_io_status(io->t, &c->cmd, scsi_io_use(c), side_of(io), where);
	if (met_attention(c, &s) && scsi_submit(io->t, &c->cmd) == XM_QUEUED)
		return;
	bool again = other_way(c, &s);
	if (!again)
		tell_unflushed(c, &s);
	if (!again && (s.certainty != XM_DONE || !moved_all(c, &s)))
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
	struct scsi_io_request *r;

	if (!xm_nexus_takes_commands(&io->t->nexus))
		return XM_FULL;
	r = calloc(1, sizeof *r);
	if (!r)
		return XM_FULL;
	*r = (struct scsi_io_request){ .io = io, .req = req };
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
		answered(xm_container_of(l, struct scsi_io_command, cmd.link));
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
	scsi_io_set_zero_ways(io);
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
