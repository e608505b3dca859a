/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SCSI commands over an iSCSI session that is up.
 *
 * Every command stands on s->sent from submit until it is finished; libiscsi's
 * callbacks only say that one was answered.  A command that libiscsi cancels,
 * errors or forgets was perhaps executed, so it ends with the connection, as
 * NO_ANSWER.  So does every command when one of them times out: there is no
 * way to take back a command (a libiscsi timeout or cancel drops the PDU only).
 *
 * A target may answer a write before libiscsi has sent all of its data.  Its
 * data-out PDUs then stay queued with a pointer to the task and to the data.  So
 * an answered task is kept (`settling`) until a later command was answered, since
 * PDUs leave in CmdSN order, and its data then comes from a buffer of zeros.
 *
 * libiscsi counts no data-in bytes: a target that leaves some out and says GOOD,
 * without a residual, would leave what was in the buffer before.  So each block of
 * the buffer is marked with a number that only we know, and a mark that is still
 * there is where the data ends.
 *
 * A dead peer is found by NOP-Out after silence.  No answer counts as death only
 * when the NOP can have left: with the command window shut (MaxCmdSN) it waits in
 * libiscsi, and TCP keepalive and user timeout are what is left; the number of
 * commands in flight is then lowered until a NOP fits.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>
#include "iscsi-session.h"
#include "xm/endian.h"

#define QUIET (5 * XM_NS_PER_S)      /* without a byte from the target: ask */
#define SILENT (7 * XM_NS_PER_S)     /* and this long without an answer: dead */
#define MARK_EVERY 512               /* no block is smaller */

struct iscsi_cmd {
	struct xm_list link;         /* s->sent, then s->settling */
	struct iscsi_session *s;
	struct scsi_cmd *cmd;        /* NULL when settling */
	struct scsi_task *task;
	struct scsi_iovec iov;
	uint64_t deadline;
	uint64_t mark;               /* in the data-in buffer */
	uint64_t seq;                /* sent: its own; settling: of the next command at that time */
};

/* ---- commands -------------------------------------------------------------- */

static struct iscsi_cmd *cmd_of(struct xm_list *l)
{
	return xm_container_of(l, struct iscsi_cmd, link);
}

static void cmd_free(struct iscsi_cmd *c)
{
	xm_list_del(&c->link);
	scsi_free_scsi_task(c->task);
	free(c);
}

/* What an abandoned data-out PDU may still send, in place of the caller's buffer; never written. */
static uint8_t zeros[ISCSI_MAX_XFER];

static void take_sense(struct scsi_cmd *cmd, const struct scsi_task *task)
{
	size_t have = task->datain.size > 0 ? (size_t)task->datain.size : 0, len;

	cmd->sense_len = 0;
	if (cmd->status != SCSI_STATUS_CHECK_CONDITION || have < 2)
		return;
	len = xm_get_be16(task->datain.data);
	if (len > have - 2)
		len = have - 2;
	if (len > sizeof cmd->sense)
		len = sizeof cmd->sense;
	memcpy(cmd->sense, task->datain.data + 2, len);
	cmd->sense_len = (unsigned)len;
}

static void mark_buffer(const struct scsi_cmd *cmd, uint64_t mark)
{
	for (size_t off = 0; off + sizeof mark <= cmd->len; off += MARK_EVERY)
		memcpy((uint8_t *)cmd->data + off, &mark, sizeof mark);
}

/* Bytes up to the first mark that nothing came over. */
static size_t unmarked(const struct scsi_cmd *cmd, size_t len, uint64_t mark)
{
	for (size_t off = 0; off + sizeof mark <= len; off += MARK_EVERY)
		if (memcmp((uint8_t *)cmd->data + off, &mark, sizeof mark) == 0)
			return off;
	return len;
}

static void take_residual(struct scsi_cmd *cmd, const struct scsi_task *task, uint64_t mark)
{
	size_t short_by = 0;

	cmd->overflow = task->residual_status == SCSI_RESIDUAL_OVERFLOW;
	if (task->residual_status == SCSI_RESIDUAL_UNDERFLOW)
		short_by = task->residual < cmd->len ? task->residual : cmd->len;
	cmd->got = cmd->len - short_by;
	if (cmd->dir == SCSI_DATA_IN)
		cmd->got = unmarked(cmd, cmd->got, mark);
}

/* Tasks whose last data-out PDU has left: a command behind them was answered. */
static void settle(struct iscsi_session *s, uint64_t answered)
{
	xm_list_for_each(l, &s->settling)
		if (cmd_of(l)->seq <= answered)
			cmd_free(cmd_of(l));
}

static void on_command(struct iscsi_context *iscsi, int status, void *data, void *user)
{
	struct iscsi_cmd *c = user;
	struct iscsi_session *s = c->s;
	struct scsi_cmd *cmd = c->cmd;

	(void)iscsi;
	(void)data;
	if (status < 0 || status > 0xff) {
		s->broken = true;
		return;
	}
	cmd->outcome = SCSI_ANSWERED;
	cmd->status = (uint8_t)status;
	take_sense(cmd, c->task);
	take_residual(cmd, c->task, c->mark);
	settle(s, c->seq);
	if (cmd->dir == SCSI_DATA_OUT) {
		c->cmd = NULL;
		c->seq = s->seq;
		c->iov.iov_base = zeros;
		xm_list_del(&c->link);
		xm_list_add_tail(&s->settling, &c->link);
	} else {
		cmd_free(c);
	}
	scsi_finish(&s->t, cmd);
}

static int direction(const struct scsi_cmd *cmd)
{
	if (cmd->dir == SCSI_DATA_IN && cmd->len)
		return SCSI_XFER_READ;
	return cmd->dir == SCSI_DATA_OUT && cmd->len ? SCSI_XFER_WRITE : SCSI_XFER_NONE;
}

/* libiscsi puts the number into the first two bytes of the LUN field as it is. */
static int lun_field(uint64_t lun)
{
	return lun < 256 ? (int)lun : (int)(0x4000 | (lun & 0x3fff));
}

static enum xm_queued iscsi_submit(struct scsi_transport *t, struct scsi_cmd *cmd)
{
	struct iscsi_session *s = xm_container_of(t, struct iscsi_session, t);
	struct iscsi_cmd *c;
	int dir = direction(cmd);

	if (s->phase != ISCSI_UP || s->broken || cmd->cdb_len > sizeof cmd->cdb ||
	    cmd->len > t->max_xfer)
		return XM_FULL;
	c = calloc(1, sizeof *c);
	if (!c)
		return XM_FULL;
	*c = (struct iscsi_cmd){
		.s = s, .cmd = cmd, .iov = { .iov_base = cmd->data, .iov_len = cmd->len },
		.deadline = iscsi_now(s) + cmd->timeout_ns,
		.mark = xm_ctx_random(t->ctx),
		.task = scsi_create_task((int)cmd->cdb_len, cmd->cdb, dir, (int)cmd->len),
	};
	xm_list_init(&c->link);
	if (!c->task)
		goto full;
	if (dir == SCSI_XFER_READ) {
		mark_buffer(cmd, c->mark);
		scsi_task_set_iov_in(c->task, &c->iov, 1);
	} else if (dir == SCSI_XFER_WRITE) {
		scsi_task_set_iov_out(c->task, &c->iov, 1);
	}
	if (iscsi_scsi_command_async(s->iscsi, lun_field(cmd->lun), c->task, on_command, NULL,
				     c) != 0)
		goto full;
	c->seq = s->seq++;
	xm_list_add_tail(&s->sent, &c->link);
	return XM_QUEUED;
full:
	cmd_free(c);
	return XM_FULL;
}

void iscsi_drop(struct iscsi_session *s, int err)
{
	struct iscsi_context *iscsi = s->iscsi;

	s->iscsi = NULL;
	s->phase = ISCSI_DOWN;
	s->broken = true;
	/* Its callbacks say CANCELLED, for those commands it did not forget. */
	if (iscsi)
		iscsi_destroy_context(iscsi);
	s->broken = false;
	settle(s, UINT64_MAX);
	xm_list_for_each(l, &s->sent) {
		struct scsi_cmd *cmd = cmd_of(l)->cmd;

		cmd_free(cmd_of(l));
		if (!err)
			continue;
		cmd->outcome = SCSI_NO_ANSWER;
		cmd->err = err;
		scsi_finish(&s->t, cmd);
	}
}

/* ---- keepalive ------------------------------------------------------------- */

static void on_nop(struct iscsi_context *iscsi, int status, void *data, void *user)
{
	struct iscsi_session *s = user;

	(void)iscsi;
	(void)data;
	if (status == SCSI_STATUS_GOOD)
		s->nop_pending = false;
}

/* Something waits in libiscsi that may not be sent: only the target can change that. */
static bool window_shut(struct iscsi_session *s)
{
	return iscsi_out_queue_length(s->iscsi) > 0 &&
	       !(iscsi_which_events(s->iscsi) & POLLOUT);
}

static void mind_window(struct iscsi_session *s)
{
	if (s->t.inflight > 1 && s->t.inflight <= s->t.max_inflight && window_shut(s))
		s->t.max_inflight = s->t.inflight - 1;
}

/* 0, or the errno of a peer that is dead. */
static int keepalive(struct iscsi_session *s)
{
	uint64_t now = iscsi_now(s);

	if (!s->nop_pending) {
		if (now < s->heard_at + QUIET)
			return 0;
		if (iscsi_nop_out_async(s->iscsi, on_nop, NULL, 0, s) != 0)
			return EIO;
		s->nop_pending = true;
		s->nop_at = now;
		return 0;
	}
	if (now < s->nop_at + SILENT || now < s->heard_at + SILENT || window_shut(s))
		return 0;
	return ETIMEDOUT;
}

static uint64_t keepalive_due(const struct iscsi_session *s)
{
	if (!s->nop_pending)
		return s->heard_at + QUIET;
	return (s->nop_at > s->heard_at ? s->nop_at : s->heard_at) + SILENT;
}

static uint64_t first_deadline(const struct iscsi_session *s)
{
	uint64_t first = XM_NEVER;

	xm_list_for_each(l, &s->sent)
		if (cmd_of(l)->deadline < first)
			first = cmd_of(l)->deadline;
	return first;
}

void iscsi_commands_start(struct iscsi_session *s)
{
	s->heard_at = iscsi_now(s);
	s->nop_pending = false;
}

/* ---- the transport --------------------------------------------------------- */

static void lost(struct iscsi_session *s, int err, const char *why)
{
	xm_log(s->t.ctx, XM_LOG_WARNING, "session_lost", "%s: %s, %u commands without an answer",
	       s->name, why, s->t.inflight);
	s->t.nexus.lost = true;
	iscsi_drop(s, err);
}

static void iscsi_service_turn(struct scsi_transport *t)
{
	struct iscsi_session *s = xm_container_of(t, struct iscsi_session, t);
	int err;

	if (s->phase != ISCSI_UP)
		return;
	iscsi_pump(s);
	if (s->broken) {
		lost(s, ECONNRESET, "the connection broke");
		return;
	}
	mind_window(s);
	err = keepalive(s);
	if (err)
		lost(s, err, "the target is silent");
	else if (iscsi_now(s) >= first_deadline(s))
		lost(s, ETIMEDOUT, "a command was not answered in time");
}

static void iscsi_wait(struct scsi_transport *t, struct xm_waiter *w)
{
	struct iscsi_session *s = xm_container_of(t, struct iscsi_session, t);
	uint64_t due;

	if (s->phase != ISCSI_UP)
		return;
	iscsi_pump_wait(s, w);
	due = keepalive_due(s);
	/* Past and the window shut: nothing to do until the target says something. */
	if (due > iscsi_now(s) || !s->nop_pending || !window_shut(s))
		xm_waiter_until(w, due);
	due = first_deadline(s);
	if (due != XM_NEVER)
		xm_waiter_until(w, due);
}

static void iscsi_close(struct scsi_transport *t)
{
	iscsi_session_put(xm_container_of(t, struct iscsi_session, t));
}

const struct scsi_transport_ops iscsi_transport_ops = {
	.name = "iscsi",
	.submit = iscsi_submit,
	.wait = iscsi_wait,
	.service = iscsi_service_turn,
	.close = iscsi_close,
};
