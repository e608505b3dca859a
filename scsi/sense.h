/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device said, and what to do about it.
 *
 * scsi_sense_decode() reads sense data of either format.  scsi_judge() looks
 * the answer of a command up in the one table from sense to action
 * (sense-table.c), by meaning: targets answer one fault with different codes.
 */
#ifndef SCSI_SENSE_H
#define SCSI_SENSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "status.h"
#include "transport.h"

enum scsi_sense_key {
	SCSI_NO_SENSE = 0x0, SCSI_RECOVERED = 0x1, SCSI_NOT_READY = 0x2, SCSI_MEDIUM_ERROR = 0x3,
	SCSI_HARDWARE_ERROR = 0x4, SCSI_ILLEGAL_REQUEST = 0x5, SCSI_UNIT_ATTENTION = 0x6,
	SCSI_DATA_PROTECT = 0x7, SCSI_COPY_ABORTED = 0xa, SCSI_ABORTED_COMMAND = 0xb,
	SCSI_VOLUME_OVERFLOW = 0xd, SCSI_MISCOMPARE = 0xe
};

enum scsi_status_code {
	SCSI_GOOD = 0x00, SCSI_CHECK_CONDITION = 0x02, SCSI_CONDITION_MET = 0x04, SCSI_BUSY = 0x08,
	SCSI_RESERVATION_CONFLICT = 0x18, SCSI_TASK_SET_FULL = 0x28, SCSI_ACA_ACTIVE = 0x30,
	SCSI_TASK_ABORTED = 0x40
};

/* What an end of a copy said to the copy manager, carried inside COPY ABORTED. */
struct scsi_forwarded {
	bool present;
	enum xm_side side;       /* NONE: not told in a way to rely on */
	uint8_t status, key, asc, ascq;
	bool has_info;
	uint64_t info;
};

struct scsi_sense {
	bool present;            /* false: absent, cut before the key, or of a format not known */
	bool deferred;           /* about an earlier command */
	uint8_t key, asc, ascq;
	bool has_info;
	uint64_t info;           /* mostly the first LBA in trouble */
	bool has_field, field_in_segment, field_in_cdb;
	uint16_t field;          /* byte in error, of the parameter list
				    unless one of those says otherwise */
	bool has_segment;
	uint16_t segment;        /* COPY ABORTED: the segment that failed, when told beyond doubt */
	struct scsi_forwarded fwd;
};

void scsi_sense_decode(const uint8_t *p, size_t len, struct scsi_sense *s);

/* What the command was for: one code means different things to a read and to a copy. */
enum scsi_use {
	SCSI_USE_READ = 1, SCSI_USE_WRITE = 2, SCSI_USE_FLUSH = 4, SCSI_USE_ZERO = 8,
	SCSI_USE_COPY = 16,
	SCSI_USE_INNER = 32,     /* forwarded sense within a copy's; for the table alone */
	SCSI_USE_TOKEN = 64      /* POPULATE TOKEN, WRITE USING TOKEN: a list with other fields */
};

/* What a rule asks of the method beyond its act. */
enum scsi_rule_flags {
	SCSI_F_PAIR = 1,         /* over for this pair of disks, not for this chunk alone */
	SCSI_F_UNPROVEN = 2,     /* so only as long as nothing has been copied for the pair */
	SCSI_F_SWAP = 4,         /* first try once by sending to the other end */
	SCSI_F_NEW_ID = 8,       /* with another list identifier */
	SCSI_F_RECHECK = 16,     /* the disk may have become another one:
				    fence, which looks again */
	SCSI_F_STALE = 32,       /* with another token */
	SCSI_F_PLAIN = 64,       /* without what was asked beyond the plain command; once */
	SCSI_F_FULL = 128        /* there is room as soon as a command ends */
};

#define SCSI_ANY (-1)
/* Keys beyond the sixteen, for what has no key of its own. */
#define SCSI_KEY_ABSENT 16
#define SCSI_KEY_DEFERRED 17
#define SCSI_KEY_DEFERRED_MILD 18

/* A row; the first that matches holds. */
struct scsi_rule {
	unsigned uses;           /* enum scsi_use, or-ed */
	int status;              /* SAM status */
	unsigned keys;           /* bit per key */
	int asc, ascq;           /* or SCSI_ANY */
	int field_lo, field_hi;  /* the field pointer into the parameter list, 0,-1: do not care */
	enum xm_act act;
	enum xm_certainty certainty;
	unsigned flags;          /* enum scsi_rule_flags, or-ed */
	int err;
	int code;                /* with FATAL */
	enum xm_side side;       /* NONE: the caller knows */
	const char *reason;
	const char *text;        /* a remark for the detail, or NULL */
};

struct scsi_verdict {
	const struct scsi_rule *rule;
	struct scsi_sense sense;
	struct xm_status status;
};

/*
 * The rule for what came back; `where` ("LUN 1 LBA 2048") goes into the detail.
 * Changes nothing.
 */
void scsi_judge(const struct scsi_cmd *cmd, enum scsi_use use, enum xm_side side,
		const char *where, struct scsi_verdict *v);
/*
 * The same for block I/O, which needs the status alone; marks the nexus lost
 * where the rule asks for a recheck.
 */
struct xm_status scsi_io_status(struct scsi_transport *t, const struct scsi_cmd *cmd,
				enum scsi_use use, enum xm_side side, const char *where);
/*
 * GOOD alone is not believed: the residual has to say that all of the data moved.  False:
 * *ret says so, and nothing of what was asked counts as done.
 */
bool scsi_took_all(const struct scsi_cmd *cmd, const char *where, struct xm_status *ret);
/*
 * For a command beside the work, whose answer matters to nobody else: a unit tells of a reset
 * once a nexus, in answer to whatever comes first.  Marks the nexus lost as the above does.
 */
void scsi_heed_attention(struct scsi_transport *t, const struct scsi_cmd *cmd);

/* The answer to a question about a copy says nothing of it, and soon passes: ask again. */
bool scsi_passes(const struct scsi_cmd *cmd);

/* "Illegal Request, Invalid command operation code (05/20/00)", into buf; answers buf. */
const char *scsi_sense_text(const struct scsi_sense *s, char *buf, size_t size);
/* The same for any answer: outcome, status, sense. */
const char *scsi_answer_text(const struct scsi_cmd *cmd, char *buf, size_t size);

/* The table, for its test and for documentation. */
extern const struct scsi_rule scsi_rules[];
extern const unsigned scsi_nrules;

#endif
