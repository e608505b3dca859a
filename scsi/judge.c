/* SPDX-License-Identifier: Apache-2.0 */
/* Looks an answer up in the table, and says it in words. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <scsi/sg_lib.h>
#include "cdb.h"
#include "reasons.h"
#include "sense.h"
#include "xm/align.h"
#include "xmover.h"

#define LID1_HEADER_LEN 16
#define LID4_HEADER_LEN 48

/* ---- what has no status -------------------------------------------------- */

static const struct scsi_rule not_sent_forbidden_copy = {
	.act = XM_ACT_DEMOTE, .certainty = XM_NOT_DONE, .flags = SCSI_F_PAIR,
	.err = EPERM, .reason = SCSI_R_NO_CAP,
};
static const struct scsi_rule not_sent_forbidden_io = {
	.act = XM_ACT_FATAL, .certainty = XM_NOT_DONE, .code = XM_E_PERMISSION,
	.err = EPERM, .reason = SCSI_R_NO_CAP,
};
static const struct scsi_rule not_sent = {
	.act = XM_ACT_RETRY, .certainty = XM_NOT_DONE, .err = EAGAIN, .reason = SCSI_R_NOT_SENT,
};
static const struct scsi_rule no_answer = {
	.act = XM_ACT_RETRY, .certainty = XM_UNKNOWN, .err = ETIMEDOUT, .reason = SCSI_R_NO_ANSWER,
};
/* A read that may still run changes nothing. */
static const struct scsi_rule no_answer_read = {
	.act = XM_ACT_RETRY, .certainty = XM_NOT_DONE, .err = ETIMEDOUT, .reason = SCSI_R_NO_ANSWER,
};
static const struct scsi_rule unlisted = {
	.act = XM_ACT_RETRY, .certainty = XM_NOT_DONE, .err = EIO, .reason = SCSI_R_UNLISTED,
};

static const struct scsi_rule *judge_unanswered(const struct scsi_cmd *cmd, enum scsi_use use)
{
	if (cmd->outcome == SCSI_NO_ANSWER)
		return use == SCSI_USE_READ ? &no_answer_read : &no_answer;
	if (cmd->err != EPERM && cmd->err != EACCES)
		return &not_sent;
	return use & (SCSI_USE_COPY | SCSI_USE_TOKEN) ? &not_sent_forbidden_copy :
							&not_sent_forbidden_io;
}

/* ---- the table ------------------------------------------------------------- */

struct answer {
	unsigned uses;
	int status;
	unsigned key;
	int asc, ascq;
	int field;                       /* -1: none */
};

static bool matches(const struct scsi_rule *r, const struct answer *a)
{
	if (!(r->uses & a->uses) || r->status != a->status)
		return false;
	if (!(r->keys & 1u << a->key))
		return false;
	if (r->asc != SCSI_ANY && r->asc != a->asc)
		return false;
	if (r->ascq != SCSI_ANY && r->ascq != a->ascq)
		return false;
	return r->field_hi < 0 || (a->field >= r->field_lo && a->field <= r->field_hi);
}

static const struct scsi_rule *lookup(const struct answer *a)
{
	for (unsigned i = 0; i < scsi_nrules; i++)
		if (matches(&scsi_rules[i], a))
			return &scsi_rules[i];
	return NULL;
}

static unsigned key_of(const struct scsi_sense *s)
{
	if (!s->present)
		return SCSI_KEY_ABSENT;
	if (!s->deferred)
		return s->key;
	return s->key <= SCSI_RECOVERED ? SCSI_KEY_DEFERRED_MILD : SCSI_KEY_DEFERRED;
}

static const struct scsi_rule *judge_inner(const struct scsi_forwarded *f)
{
	struct answer a = { .uses = SCSI_USE_INNER, .status = f->status, .key = f->key,
		.asc = f->asc, .ascq = f->ascq, .field = -1 };
	return lookup(&a);
}

/*
 * Which byte of the list is in error, as the table has it for LID1: what the longer
 * header of LID4 moves is moved back.
 */
static int list_field(const struct scsi_cmd *cmd, const struct scsi_sense *s)
{
	if (!s->has_field || s->field_in_segment || s->field_in_cdb)
		return -1;
	if (cmd->cdb[0] != SCSI_EXTENDED_COPY || cmd->cdb[1] != SCSI_EXTENDED_COPY_LID4 ||
	    s->field == 0)
		return s->field;
	return s->field < LID4_HEADER_LEN ? -1 : s->field - (LID4_HEADER_LEN - LID1_HEADER_LEN);
}

static const struct scsi_rule *judge_answer(const struct scsi_cmd *cmd, enum scsi_use use,
					    const struct scsi_sense *s)
{
	struct answer a = { .uses = use, .status = cmd->status, .key = key_of(s),
		.asc = s->asc, .ascq = s->ascq, .field = list_field(cmd, s) };
	const struct scsi_rule *r = NULL;
	/*
	 * What an end of the copy said is closer to the cause than
	 * what the copy manager made of it.
	 */
	if (use & (SCSI_USE_COPY | SCSI_USE_TOKEN) && a.key == SCSI_COPY_ABORTED && s->fwd.present)
		r = judge_inner(&s->fwd);
	if (!r)
		r = lookup(&a);
	return r ? r : &unlisted;
}

static enum xm_side side_of(const struct scsi_verdict *v, enum xm_side side)
{
	if (v->rule->side != XM_SIDE_NONE)
		return v->rule->side;
	return v->sense.fwd.side != XM_SIDE_NONE ? v->sense.fwd.side : side;
}

static void detail(const struct scsi_cmd *cmd, const char *where, struct scsi_verdict *v)
{
	char said[160];
	const char *text = v->rule->text;
	if (v->status.certainty == XM_DONE)
		return;
	scsi_answer_text(cmd, said, sizeof said);
	char line[400];
	snprintf(line, sizeof line, "%s %.100s: %s", scsi_cdb_name(cmd->cdb), where, said);
	size_t n = strlen(line);
	/* The remark is what can be left out. */
	if (text && n + 2 + strlen(text) < sizeof v->status.detail)
		snprintf(line + n, sizeof line - n, "; %s", text);
	n = xm_min_u64(strlen(line), sizeof v->status.detail - 1);
	memcpy(v->status.detail, line, n);
	v->status.detail[n] = '\0';
}

void scsi_judge(const struct scsi_cmd *cmd, enum scsi_use use, enum xm_side side,
		const char *where, struct scsi_verdict *v)
{
	memset(v, 0, sizeof *v);
	if (cmd->outcome != SCSI_ANSWERED) {
		v->rule = judge_unanswered(cmd, use);
	} else {
		if (cmd->status == SCSI_CHECK_CONDITION)
			scsi_sense_decode(cmd->sense, cmd->sense_len, &v->sense);
		v->rule = judge_answer(cmd, use, &v->sense);
	}
	const struct scsi_rule *r = v->rule;
	v->status = (struct xm_status){ .err = r->err, .act = r->act, .certainty = r->certainty,
		.pair_wide = r->act == XM_ACT_DEMOTE && (r->flags & SCSI_F_PAIR),
		.full = r->flags & SCSI_F_FULL,
		.code = r->code, .reason = r->reason };
	v->status.side = v->status.certainty == XM_DONE ? XM_SIDE_NONE : side_of(v, side);
	detail(cmd, where, v);
}

struct xm_status scsi_io_status(struct scsi_transport *t, const struct scsi_cmd *cmd,
				enum scsi_use use, enum xm_side side, const char *where)
{
	struct scsi_verdict v;
	scsi_judge(cmd, use, side, where, &v);
	if (v.rule->flags & SCSI_F_RECHECK)
		t->nexus.lost = true;
	return v.status;
}

bool scsi_passes(const struct scsi_cmd *cmd)
{
	struct scsi_sense s;

	if (cmd->outcome != SCSI_ANSWERED)
		return false;
	if (cmd->status == SCSI_BUSY || cmd->status == SCSI_TASK_SET_FULL)
		return true;
	if (cmd->status != SCSI_CHECK_CONDITION)
		return false;
	scsi_sense_decode(cmd->sense, cmd->sense_len, &s);
	return s.present && (s.key == SCSI_UNIT_ATTENTION || s.key == SCSI_ABORTED_COMMAND ||
			     (s.key == SCSI_NOT_READY && s.asc == 0x04));
}

bool scsi_took_all(const struct scsi_cmd *cmd, const char *where, struct xm_status *ret)
{
	if (cmd->outcome != SCSI_ANSWERED || (cmd->got == cmd->len && !cmd->overflow))
		return true;
	*ret = (struct xm_status){ .err = EIO, .act = XM_ACT_DEMOTE, .certainty = XM_NOT_DONE,
				   .reason = SCSI_R_SHORT };
	snprintf(ret->detail, sizeof ret->detail, "%s %.60s: good, but %s than the %zu bytes sent "
		 "were taken", scsi_cdb_name(cmd->cdb), where, cmd->overflow ? "more" : "less",
		 cmd->len);
	return false;
}

void scsi_heed_attention(struct scsi_transport *t, const struct scsi_cmd *cmd)
{
	(void)scsi_io_status(t, cmd, SCSI_USE_READ, XM_SIDE_NONE, "");
}

/* ---- words ------------------------------------------------------------------- */

/* libsgutils2 knows the texts; it puts a heading before known ones. */
static const char *asc_text(uint8_t asc, uint8_t ascq, char *buf, int size)
{
	static const char heading[] = "Additional sense: ";
	sg_get_asc_ascq_str(asc, ascq, size, buf);
	return strncmp(buf, heading, sizeof heading - 1) ? buf : buf + sizeof heading - 1;
}

static void key_asc_text(uint8_t key, uint8_t asc, uint8_t ascq, char *buf, size_t size)
{
	char k[40], a[96];
	sg_get_sense_key_str(key, sizeof k, k);
	if (asc || ascq)
		snprintf(buf, size, "%s, %s (%02x/%02x/%02x)", k,
			 asc_text(asc, ascq, a, sizeof a), key, asc, ascq);
	else
		snprintf(buf, size, "%s (%02x/00/00)", k, key);
}

const char *scsi_sense_text(const struct scsi_sense *s, char *buf, size_t size)
{
	if (!s->present) {
		snprintf(buf, size, "CHECK CONDITION without sense");
		return buf;
	}
	key_asc_text(s->key, s->asc, s->ascq, buf, size);
	size_t n = strlen(buf);
	if (s->fwd.present && s->fwd.key)
		snprintf(buf + n, size - n, ", inside %02x/%02x/%02x",
			 s->fwd.key, s->fwd.asc, s->fwd.ascq);
	else if (s->fwd.present)
		snprintf(buf + n, size - n, ", inside status %02xh", s->fwd.status);
	n = strlen(buf);
	uint64_t info = s->has_info ? s->info : s->fwd.info;
	if ((s->key == SCSI_MEDIUM_ERROR && s->has_info) || s->fwd.has_info)
		snprintf(buf + n, size - n, ", first bad LBA %llu", (unsigned long long)info);
	return buf;
}

static const char *status_name(uint8_t status)
{
	switch (status) {
	case SCSI_GOOD: return "GOOD";
	case SCSI_BUSY: return "BUSY";
	case SCSI_RESERVATION_CONFLICT: return "RESERVATION CONFLICT";
	case SCSI_TASK_SET_FULL: return "TASK SET FULL";
	case SCSI_ACA_ACTIVE: return "ACA ACTIVE";
	case SCSI_TASK_ABORTED: return "TASK ABORTED";
	default: return "a status that is not known";
	}
}

const char *scsi_answer_text(const struct scsi_cmd *cmd, char *buf, size_t size)
{
	struct scsi_sense s;
	if (cmd->outcome == SCSI_NOT_SENT) {
		snprintf(buf, size, "not sent: %s", strerror(cmd->err));
	} else if (cmd->outcome == SCSI_NO_ANSWER) {
		snprintf(buf, size, "no answer (%s)", strerror(cmd->err));
	} else if (cmd->status == SCSI_CHECK_CONDITION) {
		scsi_sense_decode(cmd->sense, cmd->sense_len, &s);
		scsi_sense_text(&s, buf, size);
	} else {
		snprintf(buf, size, "status %02xh, %s", cmd->status, status_name(cmd->status));
	}
	return buf;
}
