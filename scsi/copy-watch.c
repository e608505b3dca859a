/* SPDX-License-Identifier: Apache-2.0 */
/* See copy-watch.h.  Nothing it is told is believed about bytes: only about life. */
#include "cdb.h"
#include "copy-watch.h"
#include "ctx.h"
#include "sense.h"
#include "xm/align.h"

#define FIRST_NS XM_NS_PER_S
#define DELAY_MAX_NS (5 * XM_NS_PER_S)
#define STALL_TIMEOUTS 10u                   /* times what an ordinary command may take */
#define ASKS_FAILED_MAX 10u
#define FULL_NS (10 * XM_NS_PER_MS)

void copy_watch_start(struct copy_watch *w, struct scsi_transport *t, uint64_t lun, uint32_t id,
		      uint64_t now)
{
	w->t = t;
	w->lun = lun;
	w->id = id;
	w->stall_ns = STALL_TIMEOUTS * t->ctx->timeout_ns;
	w->out = w->seen = w->aborted = false;
	w->at = now + FIRST_NS;
	w->bytes = 0;
	w->counter = 0;
	w->asks_failed = 0;
	w->moved_at = now;
}

void copy_watch_stop(struct copy_watch *w)
{
	w->at = XM_NEVER;
}

void copy_watch_step(struct copy_watch *w, struct xm_list *done, void *user, uint64_t now)
{
	if (w->out || now < w->at)
		return;
	w->asking = w->aborted || !w->seen || now - w->moved_at < w->stall_ns;
	w->cmd = (struct scsi_cmd){ .lun = w->lun, .done = done, .user = user,
		.timeout_ns = 2 * w->t->ctx->timeout_ns };
	xm_list_init(&w->cmd.link);
	if (w->asking) {
		w->cmd.dir = SCSI_DATA_IN;
		w->cmd.data = w->answer;
		w->cmd.len = sizeof w->answer;
		w->cmd.cdb_len = scsi_cdb_receive_copy_lid4(w->cmd.cdb, SCSI_COPY_STATUS_LID4,
							    w->id, sizeof w->answer);
	} else {
		w->cmd.cdb_len = scsi_cdb_copy_operation_abort(w->cmd.cdb, w->id);
	}
	w->out = scsi_submit(w->t, &w->cmd) == XM_QUEUED;
	w->aborted |= w->out && !w->asking;
}

static void running(struct copy_watch *w, const struct odx_status *st, uint64_t now)
{
	uint64_t bytes = st->count_known ? st->count : 0;

	if (!w->seen || bytes != w->bytes || st->counter != w->counter)
		w->moved_at = now;
	w->seen = true;
	w->bytes = bytes;
	w->counter = st->counter;
	w->at = now + xm_min_u64(xm_max_u64(st->delay_ms * XM_NS_PER_MS, FIRST_NS), DELAY_MAX_NS);
}

void copy_watch_took(struct copy_watch *w, uint64_t now)
{
	struct odx_status st;
	bool stopped = w->at == XM_NEVER;

	w->out = false;
	w->at = XM_NEVER;
	scsi_heed_attention(w->t, &w->cmd);
	if (stopped || !w->asking || w->cmd.outcome != SCSI_ANSWERED)
		return;
	if (w->cmd.status != SCSI_GOOD) {
		if (scsi_passes(&w->cmd) && ++w->asks_failed < ASKS_FAILED_MAX)
			w->at = now + FIRST_NS;
		return;
	}
	w->asks_failed = 0;
	if (odx_decode_status(w->answer, xm_min_u64(w->cmd.got, sizeof w->answer), false, &st) &&
	    st.state == ODX_RUNNING)
		running(w, &st, now);
}

void copy_watch_wait(const struct copy_watch *w, uint64_t now, struct xm_waiter *waiter)
{
	if (!w->out && w->at != XM_NEVER)
		xm_waiter_until(waiter, w->at <= now ? now + FULL_NS : w->at);
}
