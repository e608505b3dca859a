/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the answers about a request mean.  An array may answer anything: what does
 * not add up (a count beyond what was asked, progress that runs backwards, a token of
 * another length) ends the method for the pair, and nothing of it counts as moved.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "cdb.h"
#include "list-id.h"
#include "odx-priv.h"
#include "reasons.h"
#include "xm/align.h"
#include "xm/endian.h"
#include "xmover.h"

#define ID_REFUSALS_MAX 8
#define ASKS_FAILED_MAX 10
#define ASK_AGAIN_NS (50 * XM_NS_PER_MS)
#define DELAY_MIN_NS (10 * XM_NS_PER_MS)
#define DELAY_USUAL_NS (250 * XM_NS_PER_MS)
#define DELAY_MAX_NS (5 * XM_NS_PER_S)

static bool populates(const struct odx_slot *s)
{
	return s->req->op == XM_TOKEN_POPULATE;
}

static void end_with(struct odx_slot *s, enum xm_act act, const char *reason, const char *what)
{
	struct xm_status st = { .err = EPROTO, .act = act, .certainty = XM_NOT_DONE,
		.pair_wide = act == XM_ACT_DEMOTE && !strcmp(reason, SCSI_R_BAD_ANSWER),
		.side = populates(s) ? XM_SIDE_SRC : XM_SIDE_DST, .reason = reason };
	char where[64];

	odx_where(s, where, sizeof where);
	snprintf(st.detail, sizeof st.detail, "%s %.50s: %s", scsi_cdb_name(s->main.cdb), where,
		 what);
	odx_end(s, &st);
}

static void bad_answer(struct odx_slot *s, const char *what)
{
	s->req->moved = 0;
	end_with(s, XM_ACT_DEMOTE, SCSI_R_BAD_ANSWER, what);
}

/* ---- the command itself ------------------------------------------------------------------ */

/* A refusal that is no more than another try within the request. */
static bool sent_again(struct odx_slot *s, unsigned flags)
{
	if (flags & SCSI_F_NEW_ID && ++s->id_refusals <= ID_REFUSALS_MAX) {
		s->id = scsi_next_list_id(s->port->port.ep->ctx);
		xm_put_be32(s->main.cdb + 6, s->id);
	} else if (flags & SCSI_F_PLAIN && populates(s) && (s->list[2] & 0x03)) {
		s->port->immed = false;
		s->port->type = 0;
		s->immed = false;
		s->list[2] = 0;
		xm_put_be32(s->list + 8, 0);
	} else {
		return false;
	}
	s->to_send = true;
	s->failed = false;
	s->result.have = false;
	s->ask_at = s->give_up = XM_NEVER;
	return true;
}

/* A write that failed on its way has perhaps come some way. */
static bool came_some_way(const struct scsi_verdict *v)
{
	switch (v->sense.key) {
	case SCSI_MEDIUM_ERROR:
	case SCSI_HARDWARE_ERROR:
	case SCSI_DATA_PROTECT:
	case SCSI_COPY_ABORTED:
	case SCSI_ABORTED_COMMAND:
		return v->sense.present && !v->sense.deferred;
	default:
		return false;
	}
}

static void end_refused(struct odx_slot *s)
{
	struct scsi_verdict *v = &s->verdict;
	struct xm_status st = v->status;
	unsigned flags = v->rule->flags;

	s->req->stale = flags & SCSI_F_STALE;
	if (flags & SCSI_F_NEW_ID) {
		st.act = XM_ACT_DEMOTE;
		st.pair_wide = true;
	}
	if (flags & SCSI_F_RECHECK)
		s->port->lu->transport->nexus.lost = true;
	if (s->aborted) {
		/* what we aborted because it stood still was no refusal */
		s->req->stale = false;
		st.act = XM_ACT_DEMOTE;
		st.pair_wide = false;
		st.code = 0;
		st.reason = SCSI_R_STALLED;
	}
	odx_end(s, &st);
}

bool odx_answered(struct odx_slot *s)
{
	struct scsi_verdict *v = &s->verdict;
	char where[64];

	odx_where(s, where, sizeof where);
	scsi_judge(&s->main, SCSI_USE_TOKEN, populates(s) ? XM_SIDE_SRC : XM_SIDE_DST, where, v);
	if (s->odd) {
		bad_answer(s, "its progress ran backwards");
		if (v->status.certainty == XM_UNKNOWN)
			s->req->status.certainty = XM_UNKNOWN;
		return true;
	}
	if (v->status.certainty == XM_DONE && !scsi_took_all(&s->main, where, &v->status)) {
		odx_end(s, &v->status);
		return true;
	}
	if (v->status.certainty == XM_DONE)
		return false;
	if (sent_again(s, v->rule->flags))
		return true;
	s->failed = true;
	if (s->main.outcome == SCSI_ANSWERED && !populates(s) && came_some_way(v))
		return false;
	end_refused(s);
	return true;
}

/* ---- what was said about it ----------------------------------------------------------------- */

static uint64_t delay_of(const struct odx_status *st)
{
	if (!st->delay_ms)
		return DELAY_USUAL_NS;
	return xm_min_u64(xm_max_u64(st->delay_ms * XM_NS_PER_MS, DELAY_MIN_NS), DELAY_MAX_NS);
}

static void still_running(struct odx_slot *s, const struct odx_status *st, uint64_t bytes,
			  uint64_t now)
{
	s->background = !s->main_out && !populates(s);
	if (bytes != s->progress || st->counter != s->counter || !s->watched)
		s->progress_at = now;
	s->watched = true;
	if (bytes < s->progress || bytes > s->req->bytes)
		s->odd = true;
	s->progress = bytes;
	s->counter = st->counter;
	s->ask_at = now + delay_of(st);
	if (s->main_out)
		s->ask_at = xm_max_u64(s->ask_at, now + XM_NS_PER_S);
	if (s->odd && s->main_out)
		s->ask_at = XM_NEVER;        /* its own answer is waited for */
	else if (s->odd && populates(s))
		bad_answer(s, "its progress ran backwards, or beyond what was asked");
}

static void ended(struct odx_slot *s, const struct odx_status *st, bool known, uint64_t bytes)
{
	struct odx_result *r = &s->result;

	*r = (struct odx_result){ .have = true, .state = st->state, .count_known = known,
		.bytes = bytes, .token = st->token, .token_odd = st->token_odd,
		.status = st->status };
	r->sense_len = (unsigned)xm_min_u64(st->sense_len, sizeof r->sense);
	memcpy(r->sense, st->sense, r->sense_len);
	s->background = false;
	s->ask_at = XM_NEVER;
	if (!s->main_out)
		odx_settle(s);
}

static void take_answer(struct odx_slot *s, uint64_t now)
{
	struct odx_status st;
	uint64_t bytes = 0;
	bool known;

	if (!odx_decode_status(s->answer, xm_min_u64(s->ask.got, sizeof s->answer), true, &st) ||
	    st.action != (s->main.cdb[1] & 0x1f)) {
		if (s->main_out) {
			s->odd = true;
			s->ask_at = XM_NEVER;
		} else {
			bad_answer(s,
				   "what RECEIVE ROD TOKEN INFORMATION says of it makes no sense");
		}
		return;
	}
	known = odx_count_bytes(&st, s->port->lu->block_size, &bytes);
	if (st.state == ODX_RUNNING)
		still_running(s, &st, known ? bytes : s->progress, now);
	else
		ended(s, &st, known, bytes);
}

static void no_result(struct odx_slot *s)
{
	char said[96];

	if (s->main_out) {                   /* it will answer for itself */
		s->ask_at = XM_NEVER;
		return;
	}
	if (s->failed) {
		odx_settle(s);
		return;
	}
	if (s->background) {
		struct xm_status st = { .err = EIO, .act = XM_ACT_RETRY, .certainty = XM_UNKNOWN,
			.reason = SCSI_R_NO_RESULT,
			.detail = "a write by token went on in the background, and what became of "
				  "it is not told" };
		odx_end(s, &st);
		return;
	}
	scsi_answer_text(&s->ask, said, sizeof said);
	end_with(s, XM_ACT_RETRY, SCSI_R_NO_RESULT, said);
}

void odx_asked(struct odx_slot *s, uint64_t now)
{
	scsi_heed_attention(s->port->lu->transport, &s->ask);
	if (s->over)
		return;
	if (s->asking == ODX_ASK_ABORT) {
		/* whatever it says: what became of the operation is asked for */
		s->give_up = s->main_out ? XM_NEVER : now + 2 * s->port->timeout_ns;
		s->ask_at = s->main_out ? XM_NEVER : now;
		return;
	}
	if (s->ask.outcome == SCSI_ANSWERED && s->ask.status == SCSI_GOOD) {
		take_answer(s, now);
	} else if (s->ask.outcome == SCSI_ANSWERED && scsi_passes(&s->ask) &&
		   ++s->asks_failed < ASKS_FAILED_MAX) {
		s->ask_at = now + ASK_AGAIN_NS;
	} else {
		no_result(s);
	}
}

/* ---- the end --------------------------------------------------------------------------------- */

/* The operation failed by its own result, although its command was answered well. */
static void end_failed(struct odx_slot *s)
{
	const struct odx_result *r = &s->result;

	s->main.status = r->status ? r->status : SCSI_CHECK_CONDITION;
	s->main.sense_len = r->sense_len;
	memcpy(s->main.sense, r->sense, r->sense_len);
	if (odx_answered(s) || s->failed) {
		if (!s->over && !s->to_send)
			end_refused(s);
		return;
	}
	bad_answer(s, "it failed, and the array does not say why");
}

static bool count_ok(struct odx_slot *s)
{
	const struct odx_result *r = &s->result;

	if (!r->count_known)
		bad_answer(s, "its transfer count cannot be read");
	else if (r->bytes > s->req->bytes)
		bad_answer(s, "it counts more than was asked");
	else if (!xm_is_aligned(r->bytes, s->port->lu->block_size))
		bad_answer(s, "it counts parts of blocks");
	return !s->over;
}

static void end_populated(struct odx_slot *s)
{
	const struct odx_result *r = &s->result;
	struct xm_token *t = s->req->token;

	if (r->token_odd || !r->token || xm_get_be16(r->token + 6) != XM_TOKEN_LEN - 8) {
		bad_answer(s, r->token || r->token_odd ? "its token is of a wrong length" :
							 "it is done, and gives no token");
		return;
	}
	memcpy(t->bytes, r->token, XM_TOKEN_LEN);
	t->covers = r->bytes;
	t->block_size = s->port->lu->block_size;
	t->moving = xm_get_be32(t->bytes) == TPC_ROD_BY_REFERENCE;
	t->life_ns = (s->req->life_s ? xm_get_be32(s->list + 4) : s->port->port.limits.life_s) *
		     XM_NS_PER_S;
}

static void end_well(struct odx_slot *s)
{
	const struct odx_result *r = &s->result;

	if (!count_ok(s))
		return;
	if (r->bytes == 0) {
		end_with(s, XM_ACT_DEMOTE, SCSI_R_NO_RESULT,
			 "done, and nothing moved by the array's own count");
		return;
	}
	if (populates(s)) {
		end_populated(s);
		if (s->over)
			return;
	} else {
		s->port->proven = true;
	}
	s->req->moved = r->bytes;
	odx_end(s, &XM_STATUS_DONE);
}

/* The command failed: what its result, where there is one, confirms is moved all the same. */
static void end_part_way(struct odx_slot *s)
{
	const struct odx_result *r = &s->result;

	if (r->have && r->state != ODX_DONE && !count_ok(s))
		return;
	if (r->have && r->state != ODX_DONE)
		s->req->moved = r->bytes;
	end_refused(s);
}

void odx_settle(struct odx_slot *s)
{
	const struct odx_result *r = &s->result;

	if (s->failed) {
		end_part_way(s);
	} else if (!r->have) {
		struct xm_status st = { .err = ETIMEDOUT, .act = XM_ACT_DEMOTE,
			.certainty = s->background ? XM_UNKNOWN : XM_NOT_DONE,
			.reason = SCSI_R_STALLED };
		snprintf(st.detail, sizeof st.detail, "%s is said to go on and does not end",
			 scsi_cdb_name(s->main.cdb));
		odx_end(s, &st);
	} else if (r->state == ODX_FAILED) {
		if (!populates(s) && count_ok(s))
			s->req->moved = r->bytes;
		if (!s->over)
			end_failed(s);
	} else if (r->state == ODX_TERMINATED) {
		if (!populates(s) && count_ok(s))
			s->req->moved = r->bytes;
		end_with(s, s->aborted ? XM_ACT_DEMOTE : XM_ACT_RETRY,
			 s->aborted ? SCSI_R_STALLED : SCSI_R_ABORTED, "it was terminated");
	} else {
		end_well(s);
	}
}
