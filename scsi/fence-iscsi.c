/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ends uncertainty about an iSCSI session: log in again with the same initiator
 * name and ISID.
 *
 * That is session reinstatement (RFC 7143 6.3.5): the target ends the old session
 * and answers the login when its commands are over; measured on LIO, whose copies
 * outlive everything else (connection loss, ABORT TASK SET, another session).
 * Sessions of other ISIDs are not touched.  Never LUN RESET: it crashed a target.
 *
 * Behind the same URL there may now be another disk, so each logical unit is
 * asked again who it is before the nexus takes commands.  A target that has just
 * started may not show its LUNs yet: that is asked again for a while.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "error.h"
#include "iscsi-session.h"
#include "lu.h"

#define LU_BOUND (60 * XM_NS_PER_S)      /* for one logical unit to show itself */
#define LU_PAUSE (500 * XM_NS_PER_MS)

struct iscsi_fence {
	bool asking;                 /* logged in; the logical units are being asked */
	struct xm_list *at;          /* in s->lus: the one being asked */
	struct scsi_identify id;
	struct scsi_lu now;
	struct scsi_cmd *cmd;        /* to be sent, or on its way */
	bool sent;
	uint64_t not_before, give_up;
	struct xm_list done;
};

/* Only with the connection down or nothing on its way: libiscsi may hold its buffer. */
void iscsi_fence_free(struct iscsi_session *s)
{
	free(s->fence);
	s->fence = NULL;
}

static struct iscsi_session *session_of(struct xm_nexus *nx)
{
	return xm_container_of(nx, struct iscsi_session, t.nexus);
}

static void fence_start(struct xm_nexus *nx)
{
	struct iscsi_session *s = session_of(nx);

	iscsi_drop(s, ECONNABORTED);
	iscsi_fence_free(s);
	s->fence = calloc(1, sizeof *s->fence);
	iscsi_login_start(s, true);
	xm_log(s->t.ctx, XM_LOG_INFO, "fence", "%s: logging in again; the login completes when "
	       "what was sent before is over", s->name);
}

static void fence_wait(struct xm_nexus *nx, struct xm_waiter *w)
{
	struct iscsi_session *s = session_of(nx);

	if (!s->fence || !s->fence->asking) {
		iscsi_login_wait(s, w);
		return;
	}
	s->t.ops->wait(&s->t, w);
	if (!s->fence->sent)
		xm_waiter_until(w, s->fence->not_before);
}

static enum xm_fence_result failed(struct iscsi_session *s, enum xm_code code, const char *reason,
				   const char *detail, struct xm_status *why)
{
	*why = (struct xm_status){
		.err = code == XM_E_IO ? ENXIO : EIO,
		.act = XM_ACT_FATAL,
		.certainty = XM_UNKNOWN,
		.code = (int)code,
		.reason = reason,
	};
	snprintf(why->detail, sizeof why->detail, "%s", detail);
	xm_log(s->t.ctx, XM_LOG_ERROR, "fence_failed", "%s: %s", s->name, detail);
	iscsi_drop(s, ECONNABORTED);
	iscsi_fence_free(s);
	return XM_FENCE_FAILED;
}

static enum xm_fence_result fenced(struct iscsi_session *s)
{
	xm_log(s->t.ctx, XM_LOG_INFO, "fenced", "%s: nothing sent before can write any more",
	       s->name);
	iscsi_fence_free(s);
	return XM_FENCE_FENCED;
}

/* ---- is it still the same disk? ---------------------------------------------- */

static const struct scsi_lu *lu_at(const struct iscsi_fence *f)
{
	return xm_container_of(f->at, struct iscsi_lu, link)->lu;
}

static void ask_lu(struct iscsi_session *s)
{
	struct iscsi_fence *f = s->fence;

	f->now.transport = &s->t;
	f->now.lun = lu_at(f)->lun;
	scsi_identify_start(&f->id, &f->now);
	f->cmd = scsi_identify_next(&f->id);
	f->sent = false;
	xm_list_init(&f->done);
}

static enum xm_fence_result next_lu(struct iscsi_session *s)
{
	struct iscsi_fence *f = s->fence;

	f->at = f->at->next;
	if (f->at == &s->lus)
		return fenced(s);
	f->give_up = iscsi_now(s) + LU_BOUND;
	f->not_before = 0;
	ask_lu(s);
	return XM_FENCE_PENDING;
}

static enum xm_fence_result compare(struct iscsi_session *s, struct xm_status *why)
{
	struct iscsi_fence *f = s->fence;
	const char *how;
	char text[sizeof why->detail];

	if (scsi_lu_same(lu_at(f), &f->now, &how))
		return next_lu(s);
	snprintf(text, sizeof text, "LUN %u is another disk than before: %s",
		 (unsigned)f->now.lun, how);
	return failed(s, XM_E_IO, "other_disk", text, why);
}

static enum xm_fence_result not_identified(struct iscsi_session *s, struct xm_error *err,
					   struct xm_status *why)
{
	struct iscsi_fence *f = s->fence;
	enum xm_code code = xm_error_code(err);
	enum xm_fence_result r = XM_FENCE_PENDING;

	if (code == XM_E_IO)
		r = failed(s, code, "other_disk", xm_error_text(err), why);
	else if (iscsi_now(s) >= f->give_up)
		r = failed(s, XM_E_TEMPORARY, "fence_failed", xm_error_text(err), why);
	xm_error_free(err);
	if (r == XM_FENCE_PENDING) {
		f->not_before = iscsi_now(s) + LU_PAUSE;
		ask_lu(s);
	}
	return r;
}

static enum xm_fence_result step_lu(struct iscsi_session *s, struct xm_status *why)
{
	struct iscsi_fence *f = s->fence;
	struct xm_error *err = NULL;

	if (f->sent && xm_list_pop(&f->done)) {
		f->sent = false;
		if (scsi_identify_answer(&f->id, &err) < 0)
			return not_identified(s, err, why);
		f->not_before = iscsi_now(s) + f->id.pause_ns;
		f->cmd = scsi_identify_next(&f->id);
		if (!f->cmd)
			return compare(s, why);
	}
	if (f->sent || iscsi_now(s) < f->not_before)
		return XM_FENCE_PENDING;
	f->cmd->done = &f->done;
	f->sent = scsi_submit_fenced(&s->t, f->cmd) == XM_QUEUED;
	return XM_FENCE_PENDING;
}

/* ---- logging in ---------------------------------------------------------------- */

static enum xm_fence_result log_in(struct iscsi_session *s, struct xm_status *why)
{
	int r = iscsi_login_step(s);
	enum xm_code code = s->login.code == XM_E_PERMISSION ? XM_E_PERMISSION : XM_E_TEMPORARY;

	if (r == 0)
		return XM_FENCE_PENDING;
	if (r < 0)
		return failed(s, code, "fence_failed", s->login.why, why);
	s->fence->asking = true;
	s->fence->at = &s->lus;
	return next_lu(s);
}

/* The connection broke once more while asking: from the start, within the first bound. */
static enum xm_fence_result log_in_again(struct iscsi_session *s, struct xm_status *why)
{
	if (iscsi_now(s) >= s->login.give_up)
		return failed(s, XM_E_TEMPORARY, "fence_failed",
			      "the session breaks each time it has come up", why);
	s->fence->asking = false;
	s->login.retry_at = iscsi_now(s) + XM_NS_PER_S;
	return XM_FENCE_PENDING;
}

static enum xm_fence_result fence_poll(struct xm_nexus *nx, struct xm_status *why)
{
	struct iscsi_session *s = session_of(nx);

	if (!s->fence)
		return failed(s, XM_E_TEMPORARY, "fence_failed", "out of memory", why);
	if (!s->fence->asking)
		return log_in(s, why);
	s->t.ops->service(&s->t);
	if (s->phase != ISCSI_UP)
		return log_in_again(s, why);
	return step_lu(s, why);
}

const struct xm_nexus_ops iscsi_nexus_ops = {
	.name = "iscsi",
	.start = fence_start,
	.wait = fence_wait,
	.poll = fence_poll,
};
