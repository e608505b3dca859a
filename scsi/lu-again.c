/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A target that has just started may not show its logical units yet, so silence
 * and "no such unit" are asked again for a while.  An answer that cannot be
 * believed, or that is another disk's, ends it at once.
 */
#include <errno.h>
#include <stdio.h>
#include "ctx.h"
#include "error.h"
#include "lu-again.h"

#define BOUND (60 * XM_NS_PER_S)
#define PAUSE (500 * XM_NS_PER_MS)

static uint64_t now_of(const struct scsi_lu_again *a)
{
	struct xm_clock *c = a->before->transport->ctx->clock;

	return c->now(c);
}

static void ask(struct scsi_lu_again *a)
{
	a->now.transport = a->before->transport;
	a->now.lun = a->before->lun;
	scsi_identify_start(&a->id, &a->now);
	a->cmd = scsi_identify_next(&a->id);
	a->sent = false;
	xm_list_init(&a->done);
}

void scsi_lu_again_start(struct scsi_lu_again *a, const struct scsi_lu *lu)
{
	a->before = lu;
	a->give_up = now_of(a) + BOUND;
	a->not_before = 0;
	a->why[0] = '\0';
	ask(a);
}

static enum scsi_again compare(struct scsi_lu_again *a)
{
	const char *how;

	if (scsi_lu_same(a->before, &a->now, &how))
		return SCSI_AGAIN_SAME;
	snprintf(a->why, sizeof a->why, "LUN %u is another disk than before: %s",
		 (unsigned)a->now.lun, how);
	return SCSI_AGAIN_OTHER;
}

static enum scsi_again not_identified(struct scsi_lu_again *a, struct xm_error *err)
{
	enum xm_code code = xm_error_code(err);

	snprintf(a->why, sizeof a->why, "%s", xm_error_text(err));
	xm_error_free(err);
	if (code == XM_E_IO)
		return SCSI_AGAIN_OTHER;
	if (now_of(a) >= a->give_up)
		return SCSI_AGAIN_NO_ANSWER;
	a->not_before = now_of(a) + PAUSE;
	ask(a);
	return SCSI_AGAIN_PENDING;
}

enum scsi_again scsi_lu_again_step(struct scsi_lu_again *a)
{
	struct xm_error *err = NULL;

	if (a->sent && xm_list_pop(&a->done)) {
		a->sent = false;
		if (scsi_identify_answer(&a->id, &err) < 0)
			return not_identified(a, err);
		a->not_before = now_of(a) + a->id.pause_ns;
		a->cmd = scsi_identify_next(&a->id);
		if (!a->cmd)
			return compare(a);
	}
	if (a->sent || now_of(a) < a->not_before)
		return SCSI_AGAIN_PENDING;
	a->cmd->done = &a->done;
	a->sent = scsi_submit_fenced(a->before->transport, a->cmd) == XM_QUEUED;
	return SCSI_AGAIN_PENDING;
}

void scsi_lu_again_wait(const struct scsi_lu_again *a, struct xm_waiter *w)
{
	if (!a->sent)
		xm_waiter_until(w, a->not_before);
}

void scsi_fence_failed(struct xm_status *why, enum xm_code code, const char *reason,
		       const char *detail)
{
	*why = (struct xm_status){
		.err = code == XM_E_IO ? ENXIO : EIO,
		.act = XM_ACT_FATAL,
		.certainty = XM_UNKNOWN,
		.code = (int)code,
		.reason = reason,
	};
	snprintf(why->detail, sizeof why->detail, "%s", detail);
}
