/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table from an answer to an action, case by case, written from
 * reference/scsi-offload.md 2.6, 3.12 and reference/reliability-and-qualification.md
 * 4.1.  Every row of the table must decide at least one case, and a row that
 * another hides is found that way.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include "scsi-hex.h"
#include "cdb.h"
#include "sense.h"
#include "xmover.h"

enum { NONE = XM_ACT_NONE, RETRY = XM_ACT_RETRY, SHRINK = XM_ACT_SHRINK, DEMOTE = XM_ACT_DEMOTE,
       FATAL = XM_ACT_FATAL };
#define READ SCSI_USE_READ
#define WRITE SCSI_USE_WRITE
#define FLUSH SCSI_USE_FLUSH
#define ZERO SCSI_USE_ZERO
#define COPY SCSI_USE_COPY
#define TOKEN SCSI_USE_TOKEN
#define IO (READ | WRITE | FLUSH | ZERO)
#define ALL (IO | COPY | TOKEN)

enum { CHUNK, PAIR };

struct row {
	unsigned uses;           /* each of them is tried */
	unsigned status;
	const char *sense;       /* "kkaaqq" builds fixed and descriptor sense; longer is taken
				    as it is */
	int act;
	int scope;               /* with DEMOTE */
	int code;                /* with FATAL */
	const char *reason;
	enum xm_certainty certainty;
	unsigned flags;          /* those that must be set; PAIR follows scope */
};

#define ND XM_NOT_DONE
static const struct row rows[] = {
	{ ALL, 0x00, NULL, NONE, 0, 0, NULL, XM_DONE, 0 },
	/* BUSY and TASK SET FULL must not cost the offload */
	{ ALL, 0x08, NULL, RETRY, 0, 0, "array_busy", ND, 0 },
	{ ALL, 0x28, NULL, RETRY, 0, 0, "array_busy", ND, 0 },
	{ COPY | TOKEN, 0x18, NULL, DEMOTE, PAIR, 0, "reservation_conflict", ND, 0 },
	{ WRITE | FLUSH | ZERO, 0x18, NULL, FATAL, 0, XM_E_DESTINATION, "reservation_conflict", ND,
	  0 },
	{ READ, 0x18, NULL, FATAL, 0, XM_E_PERMISSION, "reservation_conflict", ND, 0 },
	{ COPY | TOKEN | WRITE | ZERO, 0x40, NULL, RETRY, 0, 0, "aborted_command", XM_UNKNOWN, 0 },
	{ READ | FLUSH, 0x40, NULL, RETRY, 0, 0, "aborted_command", ND, 0 },
	{ ALL, 0x30, NULL, RETRY, 0, 0, "array_busy", ND, 0 },
	{ ALL, 0x22, NULL, RETRY, 0, 0, "unlisted_answer", ND, 0 },
	{ ALL, 0x04, NULL, RETRY, 0, 0, "unlisted_answer", ND, 0 },

	{ COPY | TOKEN, 0x02, "", DEMOTE, PAIR, 0, "no_sense", ND, 0 },
	{ COPY | TOKEN, 0x02, "00000000", DEMOTE, PAIR, 0, "no_sense", ND, 0 },
	{ IO, 0x02, "", RETRY, 0, 0, "no_sense", ND, 0 },
	{ ALL, 0x02, "71 00 01 00000000 0a 00000000 0b 00 00 000000", RETRY, 0, 0,
	  "deferred_error", ND, 0 },
	{ ALL, 0x02, "71 00 03 00000000 0a 00000000 0c 00 00 000000", FATAL, 0, XM_E_IO,
	  "deferred_error", ND, 0 },
	{ ALL, 0x02, "73 04 44 00 00000000", FATAL, 0, XM_E_IO, "deferred_error", ND, 0 },
	{ ALL, 0x02, "011700", NONE, 0, 0, NULL, XM_DONE, 0 },

	{ ALL, 0x02, "062800", RETRY, 0, 0, "unit_attention", ND, SCSI_F_RECHECK },
	{ ALL, 0x02, "062900", RETRY, 0, 0, "unit_attention", ND, SCSI_F_RECHECK },
	{ ALL, 0x02, "062907", RETRY, 0, 0, "unit_attention", ND, SCSI_F_RECHECK },
	{ ALL, 0x02, "062a01", RETRY, 0, 0, "unit_attention", ND, SCSI_F_RECHECK },
	{ ALL, 0x02, "062a09", RETRY, 0, 0, "unit_attention", ND, SCSI_F_RECHECK },
	{ ALL, 0x02, "062a03", RETRY, 0, 0, "unit_attention", ND, 0 },
	{ ALL, 0x02, "062f00", RETRY, 0, 0, "unit_attention", ND, SCSI_F_RECHECK },
	{ ALL, 0x02, "063f0e", RETRY, 0, 0, "unit_attention", ND, SCSI_F_RECHECK },
	{ ALL, 0x02, "063f03", RETRY, 0, 0, "unit_attention", ND, SCSI_F_RECHECK },
	{ ALL, 0x02, "063807", RETRY, 0, 0, "thin_threshold", ND, 0 },

	{ COPY, 0x02, "020800", DEMOTE, PAIR, 0, "block_size", ND, 0 },
	{ IO, 0x02, "020800", RETRY, 0, 0, "not_ready", ND, 0 },
	{ ALL, 0x02, "020401", RETRY, 0, 0, "not_ready", ND, 0 },
	{ ALL, 0x02, "02040a", RETRY, 0, 0, "not_ready", ND, 0 },
	{ ALL, 0x02, "020414", RETRY, 0, 0, "not_ready", ND, 0 },
	{ ALL, 0x02, "020402", FATAL, 0, XM_E_IO, "not_ready", ND, 0 },
	{ ALL, 0x02, "020403", FATAL, 0, XM_E_IO, "not_ready", ND, 0 },
	{ ALL, 0x02, "02040b", FATAL, 0, XM_E_TEMPORARY, "not_ready", ND, 0 },
	{ ALL, 0x02, "02040c", FATAL, 0, XM_E_TEMPORARY, "not_ready", ND, 0 },
	{ ALL, 0x02, "020412", FATAL, 0, XM_E_IO, "not_ready", ND, 0 },
	{ ALL, 0x02, "023a00", FATAL, 0, XM_E_IO, "not_ready", ND, 0 },

	{ COPY | TOKEN, 0x02, "031100", DEMOTE, CHUNK, 0, "medium_error", ND, 0 },
	{ COPY | TOKEN, 0x02, "0a1100", DEMOTE, CHUNK, 0, "medium_error", ND, 0 },
	{ COPY | TOKEN, 0x02, "033100", DEMOTE, CHUNK, 0, "medium_error", ND, 0 },
	{ COPY | TOKEN, 0x02, "030c00", DEMOTE, CHUNK, 0, "write_error", ND, 0 },
	{ COPY | TOKEN, 0x02, "030300", DEMOTE, CHUNK, 0, "write_error", ND, 0 },
	{ READ, 0x02, "031100", FATAL, 0, XM_E_IO, "medium_error", ND, 0 },
	{ WRITE | FLUSH | ZERO, 0x02, "030c02", FATAL, 0, XM_E_IO, "write_error", ND, 0 },
	{ COPY | TOKEN, 0x02, "044400", DEMOTE, CHUNK, 0, "hardware_error", ND, 0 },
	{ IO, 0x02, "044400", RETRY, 0, 0, "hardware_error", ND, 0 },

	{ COPY | TOKEN | WRITE | FLUSH | ZERO, 0x02, "072707", FATAL, 0, XM_E_TEMPORARY,
	  "destination_full", ND, 0 },
	{ COPY | TOKEN, 0x02, "0a2707", FATAL, 0, XM_E_TEMPORARY, "destination_full", ND, 0 },
	{ COPY | TOKEN | WRITE | FLUSH | ZERO, 0x02, "072700", FATAL, 0, XM_E_DESTINATION,
	  "write_protected", ND, 0 },
	{ WRITE, 0x02, "070000", FATAL, 0, XM_E_DESTINATION, "write_protected", ND, 0 },
	{ COPY | TOKEN, 0x02, "070000", DEMOTE, CHUNK, 0, "not_authorized", ND, 0 },
	{ READ, 0x02, "070000", FATAL, 0, XM_E_PERMISSION, "not_authorized", ND, 0 },

	/* list identifiers: SCST's word, and FreeBSD's (the pointer is to byte 0 of the list) */
	{ COPY, 0x02, "050016", RETRY, 0, 0, "list_id_busy", ND, SCSI_F_NEW_ID },
	{ COPY, 0x02, "70 00 05 00000000 0a 00000000 26 00 00 800000", RETRY, 0, 0, "list_id_busy",
	  ND, SCSI_F_NEW_ID },
	{ COPY, 0x02, "70 00 05 00000000 0a 00000000 26 00 00 c00000", SHRINK, 0, 0,
	  "parameter_refused", ND, 0 },
	{ COPY, 0x02, "70 00 05 00000000 0a 00000000 26 00 00 80002d", DEMOTE, PAIR, 0,
	  "block_size", ND, 0 },
	{ COPY, 0x02, "70 00 05 00000000 0a 00000000 26 00 00 80004d", DEMOTE, PAIR, 0,
	  "block_size", ND, 0 },
	/* SCST: an end not seen, pointing at the descriptor */
	{ COPY, 0x02, "70 00 05 00000000 0a 00000000 26 00 00 800010", DEMOTE, PAIR, 0,
	  "not_same_array", ND, SCSI_F_SWAP | SCSI_F_UNPROVEN },
	{ COPY, 0x02, "72 05 26 00 000000 08 02 06 0000 80 0030 00", DEMOTE, PAIR, 0,
	  "not_same_array", ND, SCSI_F_SWAP },
	{ COPY, 0x02, "70 00 05 00000000 0a 00000000 26 00 00 80005a", SHRINK, 0, 0,
	  "parameter_refused", ND, 0 },
	{ COPY, 0x02, "052600", SHRINK, 0, 0, "parameter_refused", ND, 0 },
	{ COPY, 0x02, "05260b", SHRINK, 0, 0, "parameter_refused", ND, 0 },
	{ COPY, 0x02, "051a00", SHRINK, 0, 0, "parameter_refused", ND, 0 },

	{ COPY, 0x02, "052000", DEMOTE, PAIR, 0, "unsupported_opcode", ND, 0 },
	{ COPY, 0x02, "052002", DEMOTE, PAIR, 0, "not_authorized", ND, 0 },
	{ COPY, 0x02, "052100", DEMOTE, CHUNK, 0, "lba_out_of_range", ND, 0 },
	{ COPY, 0x02, "052400", DEMOTE, PAIR, 0, "command_refused", ND, 0 },
	{ ALL, 0x02, "052500", FATAL, 0, XM_E_IO, "lun_gone", ND, 0 },
	{ COPY, 0x02, "052606", DEMOTE, PAIR, 0, "bad_limits", ND, 0 },
	{ COPY, 0x02, "052607", DEMOTE, PAIR, 0, "unsupported_descriptor", ND, 0 },
	{ COPY, 0x02, "052608", SHRINK, 0, 0, "parameter_refused", ND, 0 },
	{ COPY, 0x02, "052609", DEMOTE, PAIR, 0, "unsupported_descriptor", ND, 0 },
	{ COPY, 0x02, "0a260a", DEMOTE, PAIR, 0, "block_size", ND, 0 },
	{ COPY, 0x02, "05260c", DEMOTE, PAIR, 0, "not_same_array", ND, SCSI_F_SWAP },
	{ COPY, 0x02, "05260d", DEMOTE, CHUNK, 0, "granularity", ND, 0 },
	{ COPY, 0x02, "0a260d", DEMOTE, CHUNK, 0, "granularity", ND, 0 },
	{ COPY, 0x02, "052615", DEMOTE, PAIR, 0, "not_authorized", ND, 0 },
	{ COPY, 0x02, "052616", DEMOTE, PAIR, 0, "command_refused", ND, 0 },
	{ COPY, 0x02, "0a2e02", SHRINK, 0, 0, "time_limit", ND, 0 },
	{ COPY, 0x02, "055503", RETRY, 0, 0, "array_busy", ND, 0 },
	{ COPY, 0x02, "05550c", RETRY, 0, 0, "array_busy", ND, 0 },
	{ COPY, 0x02, "052c00", DEMOTE, PAIR, 0, "command_refused", ND, 0 },

	/* the other end is not reached: LIO, tcmu; CTL; SCST to a bad index */
	{ COPY, 0x02, "0a0d02", DEMOTE, PAIR, 0, "not_same_array", ND,
	  SCSI_F_SWAP | SCSI_F_UNPROVEN },
	{ COPY, 0x02, "0a0804", DEMOTE, PAIR, 0, "not_same_array", ND, SCSI_F_SWAP },
	{ COPY, 0x02, "0a0000", DEMOTE, PAIR, 0, "not_same_array", ND, SCSI_F_SWAP },
	{ COPY, 0x02, "0a0d03", DEMOTE, PAIR, 0, "block_size", ND, 0 },
	{ COPY, 0x02, "0a0d01", DEMOTE, CHUNK, 0, "copy_aborted", ND, 0 },
	{ COPY, 0x02, "0a0d04", DEMOTE, CHUNK, 0, "copy_aborted", ND, 0 },

	{ ZERO, 0x02, "052000", DEMOTE, PAIR, 0, "unsupported_opcode", ND, 0 },
	{ ZERO, 0x02, "052400", DEMOTE, PAIR, 0, "command_refused", ND, 0 },
	{ ZERO, 0x02, "052600", DEMOTE, PAIR, 0, "command_refused", ND, 0 },
	{ FLUSH, 0x02, "052000", NONE, 0, 0, NULL, XM_DONE, 0 },
	{ IO, 0x02, "052100", FATAL, 0, XM_E_IO, "lba_out_of_range", ND, 0 },
	{ READ | WRITE, 0x02, "052000", FATAL, 0, XM_E_IO, "command_refused", ND, 0 },

	{ ALL, 0x02, "0b4700", RETRY, 0, 0, "aborted_command", ND, 0 },
	{ IO, 0x02, "0d0000", FATAL, 0, XM_E_IO, "lba_out_of_range", ND, 0 },
	{ ALL, 0x02, "0e1d00", FATAL, 0, XM_E_IO, "miscompare", ND, 0 },
	/* in no row */
	{ ALL, 0x02, "080000", RETRY, 0, 0, "unlisted_answer", ND, 0 },
	{ ALL, 0x02, "09aa55", RETRY, 0, 0, "unlisted_answer", ND, 0 },
	{ IO, 0x02, "0a0d02", RETRY, 0, 0, "unlisted_answer", ND, 0 },

	/* POPULATE TOKEN, WRITE USING TOKEN: reference/scsi-offload.md 2.3 (CTL), 3.13 */
	{ TOKEN, 0x02, "050016", RETRY, 0, 0, "list_id_busy", ND, SCSI_F_NEW_ID },
	{ TOKEN, 0x02, "70 00 05 00000000 0a 00000000 26 00 00 800000", RETRY, 0, 0, "list_id_busy",
	  ND, SCSI_F_NEW_ID },
	{ TOKEN, 0x02, "052000", DEMOTE, PAIR, 0, "unsupported_opcode", ND, 0 },
	{ TOKEN, 0x02, "052002", DEMOTE, PAIR, 0, "not_authorized", ND, 0 },
	{ TOKEN, 0x02, "052100", DEMOTE, CHUNK, 0, "lba_out_of_range", ND, 0 },
	{ TOKEN, 0x02, "052300", RETRY, 0, 0, "token_gone", ND, SCSI_F_STALE },
	{ TOKEN, 0x02, "052301", DEMOTE, PAIR, 0, "token_refused", ND, 0 },
	{ TOKEN, 0x02, "052302", DEMOTE, PAIR, 0, "not_same_array", ND, 0 },
	{ TOKEN, 0x02, "052303", DEMOTE, PAIR, 0, "not_same_array", ND, 0 },
	{ TOKEN, 0x02, "052304", RETRY, 0, 0, "token_gone", ND, SCSI_F_STALE | SCSI_F_UNPROVEN },
	{ TOKEN, 0x02, "052305", RETRY, 0, 0, "token_gone", ND, SCSI_F_STALE },
	{ TOKEN, 0x02, "052306", RETRY, 0, 0, "token_revoked", ND, SCSI_F_STALE },
	{ TOKEN, 0x02, "052307", RETRY, 0, 0, "token_expired", ND, SCSI_F_STALE },
	{ TOKEN, 0x02, "052308", RETRY, 0, 0, "token_gone", ND, SCSI_F_STALE },
	{ TOKEN, 0x02, "052309", RETRY, 0, 0, "token_gone", ND, SCSI_F_STALE },
	{ TOKEN, 0x02, "05230a", DEMOTE, PAIR, 0, "token_refused", ND, 0 },
	{ TOKEN, 0x02, "052400", DEMOTE, PAIR, 0, "command_refused", ND, 0 },
	/* IMMED, the inactivity timeout, the ROD type; the ranges */
	{ TOKEN, 0x02, "70 00 05 00000000 0a 00000000 26 00 00 800002", DEMOTE, PAIR, 0,
	  "parameter_refused", ND, SCSI_F_PLAIN },
	{ TOKEN, 0x02, "70 00 05 00000000 0a 00000000 26 00 00 800004", DEMOTE, PAIR, 0,
	  "parameter_refused", ND, SCSI_F_PLAIN },
	{ TOKEN, 0x02, "70 00 05 00000000 0a 00000000 26 00 00 800008", DEMOTE, PAIR, 0,
	  "parameter_refused", ND, SCSI_F_PLAIN },
	{ TOKEN, 0x02, "70 00 05 00000000 0a 00000000 26 00 00 800010", SHRINK, 0, 0,
	  "parameter_refused", ND, 0 },
	{ TOKEN, 0x02, "052600", SHRINK, 0, 0, "parameter_refused", ND, 0 },
	{ TOKEN, 0x02, "05260a", DEMOTE, PAIR, 0, "block_size", ND, 0 },
	{ TOKEN, 0x02, "05260d", DEMOTE, CHUNK, 0, "granularity", ND, 0 },
	{ TOKEN, 0x02, "052615", DEMOTE, PAIR, 0, "not_authorized", ND, 0 },
	{ TOKEN, 0x02, "051a00", SHRINK, 0, 0, "parameter_refused", ND, 0 },
	{ TOKEN, 0x02, "0a2e02", SHRINK, 0, 0, "time_limit", ND, 0 },
	{ TOKEN, 0x02, "055503", RETRY, 0, 0, "array_busy", ND, 0 },
	{ TOKEN, 0x02, "05550c", RETRY, 0, 0, "token_resources", ND, 0 },
	{ TOKEN, 0x02, "05550d", RETRY, 0, 0, "token_resources", ND, 0 },
	{ TOKEN, 0x02, "052c00", DEMOTE, PAIR, 0, "command_refused", ND, 0 },
	{ TOKEN, 0x02, "0a0000", DEMOTE, CHUNK, 0, "copy_aborted", ND, 0 },
	{ TOKEN, 0x02, "0a0d02", DEMOTE, CHUNK, 0, "copy_aborted", ND, 0 },

	/* COPY ABORTED with an end's own words: those count */
#define FWD "70 00 0a 00000000 1c 12 00 0000 0d 01 00 0000 02 70 00 "
	{ COPY | TOKEN, 0x02, FWD "05 00000000 0a 00000000 21 00 00 000000", DEMOTE, CHUNK, 0,
	  "lba_out_of_range", ND, 0 },
	{ COPY | TOKEN, 0x02, FWD "03 00000000 0a 00000000 11 00 00 000000", DEMOTE, CHUNK, 0,
	  "medium_error", ND, 0 },
	{ COPY | TOKEN, 0x02, FWD "03 00000000 0a 00000000 0c 00 00 000000", DEMOTE, CHUNK, 0,
	  "write_error", ND, 0 },
	{ COPY | TOKEN, 0x02, FWD "07 00000000 0a 00000000 27 07 00 000000", FATAL, 0,
	  XM_E_TEMPORARY, "destination_full", ND, 0 },
	{ COPY | TOKEN, 0x02, FWD "06 00000000 0a 00000000 29 00 00 000000", RETRY, 0, 0,
	  "unit_attention", ND, 0 },
	{ COPY | TOKEN, 0x02, FWD "02 00000000 0a 00000000 04 03 00 000000", DEMOTE, CHUNK, 0,
	  "not_ready", ND, 0 },
	{ COPY | TOKEN, 0x02, FWD "0b 00000000 0a 00000000 47 00 00 000000", RETRY, 0, 0,
	  "aborted_command", ND, 0 },
	/* an end that refuses something is not an array that does not know EXTENDED COPY */
	{ COPY | TOKEN, 0x02, FWD "05 00000000 0a 00000000 20 00 00 000000", DEMOTE, CHUNK, 0,
	  "copy_aborted", ND, 0 },
	{ COPY | TOKEN, 0x02, "70 00 0a 00000000 0b 00 12 0000 0d 01 00 000000 18", DEMOTE, PAIR, 0,
	  "reservation_conflict", ND, 0 },
	{ COPY | TOKEN, 0x02, "72 0a 0d 01 000000 0c | 0c 0a 0002 72 05 21 00 00000000", DEMOTE,
	  CHUNK, 0, "lba_out_of_range", ND, 0 },
};

static bool *hit;

static void set_cmd(struct scsi_cmd *cmd, const struct row *r, bool descriptor)
{
	memset(cmd, 0, sizeof *cmd);
	scsi_cdb_extended_copy(cmd->cdb, 108);
	cmd->outcome = SCSI_ANSWERED;
	cmd->status = (uint8_t)r->status;
	if (!r->sense)
		return;
	if (strlen(r->sense) != 6) {
		cmd->sense_len = (unsigned)hex(cmd->sense, sizeof cmd->sense, r->sense);
		return;
	}
	uint8_t k[3];
	hex(k, sizeof k, r->sense);
	if (descriptor) {
		cmd->sense[0] = 0x72;
		memcpy(cmd->sense + 1, k, 3);
		cmd->sense_len = 8;
	} else {
		cmd->sense[0] = 0x70;
		cmd->sense[2] = k[0];
		cmd->sense[7] = 10;
		memcpy(cmd->sense + 12, k + 1, 2);
		cmd->sense_len = 18;
	}
}

static void check(const struct row *r, enum scsi_use use, bool descriptor)
{
	struct scsi_cmd cmd;
	struct scsi_verdict v;
	set_cmd(&cmd, r, descriptor);
	scsi_judge(&cmd, use, XM_SIDE_DST, "LUN 1", &v);
	const struct xm_status *s = &v.status;
	bool same = (int)s->act == r->act && s->certainty == r->certainty &&
		    s->pair_wide == (r->act == DEMOTE && r->scope == PAIR) && s->code == r->code &&
		    (r->reason ? s->reason && strcmp(s->reason, r->reason) == 0 : !s->reason) &&
		    (v.rule->flags & r->flags) == r->flags &&
		    (s->err == 0) == (r->certainty == XM_DONE);
	if (!same)
		fail_msg("use %d status %02x sense %s: act %d certainty %d pair %d code %d "
			 "reason %s flags %x", (int)use, r->status, r->sense ? r->sense : "-",
			 (int)s->act, (int)s->certainty, (int)s->pair_wide, s->code,
			 s->reason ? s->reason : "-", v.rule->flags);
	assert_true(r->certainty == XM_DONE ? s->detail[0] == '\0' : s->detail[0] != '\0');
	if (v.rule >= scsi_rules && v.rule < scsi_rules + scsi_nrules)
		hit[v.rule - scsi_rules] = true;
}

static void every_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (unsigned use = 1; use <= TOKEN; use <<= 1)
			if (rows[i].uses & use) {
				check(&rows[i], use, false);
				check(&rows[i], use, true);
			}
}

static void every_row(void **state)
{
	(void)state;
	for (unsigned i = 0; i < scsi_nrules; i++)
		if (!hit[i])
			fail_msg("row %u (%s) decides no case", i,
				 scsi_rules[i].reason ? scsi_rules[i].reason : "done");
}

/* The whole space: nothing but a listed row demotes or ends the job, nothing crashes. */
static void every_code(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 16; k++)
		for (unsigned asc = 0; asc < 256; asc++)
			for (unsigned q = 0; q < 256; q += 3) {
				struct scsi_cmd cmd = { .outcome = SCSI_ANSWERED, .status = 2,
					.sense_len = 8,
					.sense = { 0x72, (uint8_t)k, (uint8_t)asc, (uint8_t)q } };
				struct scsi_verdict v;
				scsi_judge(&cmd, k & 1 ? (asc & 1 ? TOKEN : COPY) : WRITE,
					   XM_SIDE_DST, "", &v);
				bool listed = v.rule >= scsi_rules &&
					      v.rule < scsi_rules + scsi_nrules;
				assert_true(listed || v.status.act == XM_ACT_RETRY);
				assert_true(v.status.certainty != XM_UNKNOWN);
				assert_true(v.status.certainty != XM_DONE || k == 1 || k == 5);
			}
}

static void unanswered(void **state)
{
	(void)state;
	struct scsi_cmd cmd = { .outcome = SCSI_NO_ANSWER, .err = ETIMEDOUT };
	struct scsi_verdict v;
	scsi_judge(&cmd, COPY, XM_SIDE_NONE, "", &v);
	assert_int_equal(v.status.certainty, XM_UNKNOWN);
	assert_int_equal(v.status.act, XM_ACT_RETRY);
	scsi_judge(&cmd, WRITE, XM_SIDE_DST, "", &v);
	assert_int_equal(v.status.certainty, XM_UNKNOWN);
	scsi_judge(&cmd, READ, XM_SIDE_SRC, "", &v);
	assert_int_equal(v.status.certainty, XM_NOT_DONE);
	cmd = (struct scsi_cmd){ .outcome = SCSI_NOT_SENT, .err = EPERM };
	scsi_judge(&cmd, COPY, XM_SIDE_NONE, "", &v);
	assert_int_equal(v.status.act, XM_ACT_DEMOTE);
	assert_true(v.status.pair_wide);
	assert_string_equal(v.status.reason, "no_cap_sys_rawio");
	scsi_judge(&cmd, READ, XM_SIDE_SRC, "", &v);
	assert_int_equal(v.status.act, XM_ACT_FATAL);
	assert_int_equal(v.status.code, XM_E_PERMISSION);
	cmd.err = ENOTCONN;
	scsi_judge(&cmd, COPY, XM_SIDE_NONE, "", &v);
	assert_int_equal(v.status.act, XM_ACT_RETRY);
	assert_int_equal(v.status.certainty, XM_NOT_DONE);
}

static void sides_and_words(void **state)
{
	(void)state;
	struct scsi_cmd cmd;
	struct scsi_verdict v;
	struct row r = { COPY, 2, FWD "03 00000000 0a 00000000 11 00 00 000000", 0, 0, 0, NULL,
			 ND, 0 };
	set_cmd(&cmd, &r, false);
	scsi_judge(&cmd, COPY, XM_SIDE_NONE, "LUN 1", &v);
	assert_int_equal(v.status.side, XM_SIDE_SRC);
	assert_string_equal(v.status.detail, "EXTENDED COPY LUN 1: Copy Aborted, Third party "
			    "device failure (0a/0d/01), inside 03/11/00");
	r = (struct row){ COPY, 2, "020800", 0, 0, 0, NULL, ND, 0 };
	set_cmd(&cmd, &r, false);
	scsi_judge(&cmd, COPY, XM_SIDE_NONE, "LUN 1", &v);
	assert_non_null(strstr(v.status.detail, "LIO answers so when block sizes differ"));
	char where[300];
	memset(where, 'w', sizeof where - 1);
	where[sizeof where - 1] = '\0';
	scsi_judge(&cmd, COPY, XM_SIDE_NONE, where, &v);
	assert_int_equal(strlen(v.status.detail), sizeof v.status.detail - 1);
}

static void recheck_marks_the_nexus(void **state)
{
	(void)state;
	struct scsi_transport t = { .name = "t" };
	struct scsi_cmd cmd;
	struct row r = { READ, 2, "062900", 0, 0, 0, NULL, ND, 0 };
	set_cmd(&cmd, &r, false);
	scsi_io_status(&t, &cmd, SCSI_USE_READ, XM_SIDE_SRC, "");
	assert_true(t.nexus.lost);
	t.nexus.lost = false;
	r.sense = "063807";
	set_cmd(&cmd, &r, false);
	scsi_io_status(&t, &cmd, SCSI_USE_READ, XM_SIDE_SRC, "");
	assert_false(t.nexus.lost);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case),
		cmocka_unit_test(every_row),
		cmocka_unit_test(every_code),
		cmocka_unit_test(unanswered),
		cmocka_unit_test(sides_and_words),
		cmocka_unit_test(recheck_marks_the_nexus),
	};
	hit = calloc(scsi_nrules, sizeof *hit);
	int failed = cmocka_run_group_tests_name("scsi-table", tests, NULL, NULL);
	free(hit);
	return failed;
}
