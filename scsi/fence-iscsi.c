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
 * asked again who it is before the nexus takes commands.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "iscsi-session.h"
#include "lu-again.h"

struct iscsi_fence {
	bool asking;                 /* logged in; the logical units are being asked */
	struct xm_list *at;          /* in s->lus: the one being asked */
	struct scsi_lu_again again;
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
	scsi_lu_again_wait(&s->fence->again, w);
}

static enum xm_fence_result failed(struct iscsi_session *s, enum xm_code code, const char *reason,
				   const char *detail, struct xm_status *why)
{
	scsi_fence_failed(why, code, reason, detail);
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

static enum xm_fence_result next_lu(struct iscsi_session *s)
{
	struct iscsi_fence *f = s->fence;

	f->at = f->at->next;
	if (f->at == &s->lus)
		return fenced(s);
	scsi_lu_again_start(&f->again, xm_container_of(f->at, struct iscsi_lu, link)->lu);
	return XM_FENCE_PENDING;
}

static enum xm_fence_result ask_lu(struct iscsi_session *s, struct xm_status *why)
{
	char text[sizeof s->fence->again.why];

	switch (scsi_lu_again_step(&s->fence->again)) {
	case SCSI_AGAIN_PENDING:
		return XM_FENCE_PENDING;
	case SCSI_AGAIN_SAME:
		return next_lu(s);
	case SCSI_AGAIN_OTHER:
		memcpy(text, s->fence->again.why, sizeof text);
		return failed(s, XM_E_IO, "other_disk", text, why);
	default:
		memcpy(text, s->fence->again.why, sizeof text);
		return failed(s, XM_E_TEMPORARY, "fence_failed", text, why);
	}
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
	return ask_lu(s, why);
}

const struct xm_nexus_ops iscsi_nexus_ops = {
	.name = "iscsi",
	.start = fence_start,
	.wait = fence_wait,
	.poll = fence_poll,
};
