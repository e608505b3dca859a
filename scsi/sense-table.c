/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table from an answer to what to do about it.
 *
 * By meaning: four targets answer one fault with four codes, and one code
 * stands for many faults on the next (LIO says 0A/0D/02 for nearly all).
 *  - Only rows that say DEMOTE demote.  An answer in no row is asked again, and
 *    ends the job when the retries are spent: nothing becomes slow in silence.
 *  - What reading or writing through the host would meet as well, the copy
 *    demotes to it for that chunk: the host's command says precisely which
 *    block it is, and ends the job where it must.
 *  - COPY ABORTED means some of the range may have been written, any other key
 *    that nothing was.  Both are NOT_DONE: it was answered, so it is over, and
 *    the range may be copied again.
 */
#include <errno.h>
#include "reasons.h"
#include "sense.h"
#include "xmover.h"

#define IO (SCSI_USE_READ | SCSI_USE_WRITE | SCSI_USE_FLUSH | SCSI_USE_ZERO)
#define WR (SCSI_USE_WRITE | SCSI_USE_FLUSH | SCSI_USE_ZERO)
#define RD SCSI_USE_READ
#define ZERO SCSI_USE_ZERO
#define FLUSH SCSI_USE_FLUSH
#define COPY SCSI_USE_COPY
#define IN SCSI_USE_INNER
#define TOKEN SCSI_USE_TOKEN
#define OUTER (IO | COPY | TOKEN)
#define ALL (OUTER | IN)

#define K(key) (1u << (key))
#define K_ANY 0x7ffffu
#define K_IR K(SCSI_ILLEGAL_REQUEST)
#define K_CA K(SCSI_COPY_ABORTED)
#define K_UA K(SCSI_UNIT_ATTENTION)
#define K_NR K(SCSI_NOT_READY)

#define ST(s) .status = (s), .keys = K_ANY, .asc = SCSI_ANY, .ascq = SCSI_ANY, .field_hi = -1
#define SENSE(k, a, q) .status = SCSI_CHECK_CONDITION, .keys = (k), .asc = (a), .ascq = (q)
#define CC(k, a, q) SENSE(k, a, q), .field_hi = -1
#define FIELD(lo, hi) .field_lo = (lo), .field_hi = (hi)
#define ANY SCSI_ANY

#define RETRY .act = XM_ACT_RETRY, .certainty = XM_NOT_DONE
#define SHRINK .act = XM_ACT_SHRINK, .certainty = XM_NOT_DONE
#define DEMOTE .act = XM_ACT_DEMOTE, .certainty = XM_NOT_DONE
#define DEMOTE_PAIR DEMOTE, .flags = SCSI_F_PAIR
/*
 * For the pair while nothing was copied yet, after one try the other way round;
 * later for the chunk.
 */
#define DEMOTE_SWAP DEMOTE, .flags = SCSI_F_PAIR | SCSI_F_UNPROVEN | SCSI_F_SWAP
#define FATAL(c) .act = XM_ACT_FATAL, .certainty = XM_NOT_DONE, .code = (c)
#define WHY(e, word) .err = (e), .reason = (word)
#define SRC .side = XM_SIDE_SRC
#define DST .side = XM_SIDE_DST

const struct scsi_rule scsi_rules[] = {
	/* ---- status alone ---- */
	{ ALL, ST(SCSI_GOOD), .act = XM_ACT_NONE, .certainty = XM_DONE },
	{ ALL, ST(SCSI_BUSY), RETRY, WHY(EBUSY, SCSI_R_BUSY) },
	{ ALL, ST(SCSI_TASK_SET_FULL), RETRY, .flags = SCSI_F_FULL, WHY(EBUSY, SCSI_R_BUSY) },
	{ COPY | TOKEN | IN, ST(SCSI_RESERVATION_CONFLICT), DEMOTE_PAIR,
	  WHY(EBUSY, SCSI_R_RESERVED) },
	{ WR, ST(SCSI_RESERVATION_CONFLICT), FATAL(XM_E_DESTINATION), WHY(EBUSY, SCSI_R_RESERVED) },
	{ RD, ST(SCSI_RESERVATION_CONFLICT), FATAL(XM_E_PERMISSION), WHY(EBUSY, SCSI_R_RESERVED) },
	/* An aborted write or copy may go on inside (measured on LIO): only the fence ends it. */
	{ COPY | TOKEN | SCSI_USE_WRITE | ZERO, ST(SCSI_TASK_ABORTED), .act = XM_ACT_RETRY,
	  .certainty = XM_UNKNOWN, WHY(ECANCELED, SCSI_R_ABORTED) },
	{ ALL, ST(SCSI_TASK_ABORTED), RETRY, WHY(ECANCELED, SCSI_R_ABORTED) },
	{ ALL, ST(SCSI_ACA_ACTIVE), RETRY, WHY(EBUSY, SCSI_R_BUSY) },

	/* ---- sense that is absent, mild, or about something earlier ---- */
	{ COPY | TOKEN, CC(K(SCSI_KEY_ABSENT), ANY, ANY), DEMOTE_PAIR,
	  WHY(EOPNOTSUPP, SCSI_R_NO_SENSE),
	  .text = "istgt answers so to a command it does not know" },
	{ IO, CC(K(SCSI_KEY_ABSENT), ANY, ANY), RETRY, WHY(EIO, SCSI_R_NO_SENSE) },
	{ OUTER, CC(K(SCSI_KEY_DEFERRED_MILD), ANY, ANY), RETRY, WHY(EIO, SCSI_R_DEFERRED) },
	{ OUTER, CC(K(SCSI_KEY_DEFERRED), ANY, ANY), FATAL(XM_E_IO), WHY(EIO, SCSI_R_DEFERRED),
	  .text = "a write acknowledged earlier has failed" },
	{ OUTER, CC(K(SCSI_RECOVERED), ANY, ANY), .act = XM_ACT_NONE, .certainty = XM_DONE },

	/* ---- UNIT ATTENTION: the command did not run ---- */
	{ OUTER, CC(K_UA, 0x28, 0x00), RETRY, .flags = SCSI_F_RECHECK,
	  WHY(EAGAIN, SCSI_R_UNIT_ATTENTION), .text = "the medium may be another" },
	{ OUTER, CC(K_UA, 0x29, ANY), RETRY, .flags = SCSI_F_RECHECK,
	  WHY(EAGAIN, SCSI_R_UNIT_ATTENTION) },
	{ OUTER, CC(K_UA, 0x2a, 0x01), RETRY, .flags = SCSI_F_RECHECK,
	  WHY(EAGAIN, SCSI_R_UNIT_ATTENTION) },
	{ OUTER, CC(K_UA, 0x2a, 0x09), RETRY, .flags = SCSI_F_RECHECK,
	  WHY(EAGAIN, SCSI_R_UNIT_ATTENTION) },
	{ OUTER, CC(K_UA, 0x2f, ANY), RETRY, .flags = SCSI_F_RECHECK,
	  WHY(EAGAIN, SCSI_R_UNIT_ATTENTION), .text = "commands were cleared" },
	{ OUTER, CC(K_UA, 0x3f, ANY), RETRY, .flags = SCSI_F_RECHECK,
	  WHY(EAGAIN, SCSI_R_UNIT_ATTENTION) },
	{ ALL, CC(K_UA, 0x38, 0x07), RETRY, WHY(EAGAIN, SCSI_R_THIN_THRESHOLD) },
	{ ALL, CC(K_UA, ANY, ANY), RETRY, WHY(EAGAIN, SCSI_R_UNIT_ATTENTION) },

	/* ---- NOT READY ---- */
	{ COPY, CC(K_NR, 0x08, 0x00), DEMOTE_PAIR, WHY(EOPNOTSUPP, SCSI_R_BLOCK_SIZE),
	  .text = "LIO answers so when block sizes differ" },
	{ ALL, CC(K_NR, 0x04, 0x01), RETRY, WHY(EAGAIN, SCSI_R_NOT_READY) },
	{ ALL, CC(K_NR, 0x04, 0x0a), RETRY, WHY(EAGAIN, SCSI_R_NOT_READY) },
	{ ALL, CC(K_NR, 0x04, 0x14), RETRY, WHY(EAGAIN, SCSI_R_NOT_READY) },
	{ IN, CC(K_NR, ANY, ANY), DEMOTE, WHY(EIO, SCSI_R_NOT_READY) },
	{ OUTER, CC(K_NR, 0x04, 0x02), FATAL(XM_E_IO), WHY(EIO, SCSI_R_NOT_READY) },
	{ OUTER, CC(K_NR, 0x04, 0x03), FATAL(XM_E_IO), WHY(EIO, SCSI_R_NOT_READY) },
	{ OUTER, CC(K_NR, 0x04, 0x0b), FATAL(XM_E_TEMPORARY), WHY(EIO, SCSI_R_NOT_READY) },
	{ OUTER, CC(K_NR, 0x04, 0x0c), FATAL(XM_E_TEMPORARY), WHY(EIO, SCSI_R_NOT_READY) },
	{ OUTER, CC(K_NR, 0x04, 0x12), FATAL(XM_E_IO), WHY(EIO, SCSI_R_NOT_READY) },
	{ OUTER, CC(K_NR, 0x3a, ANY), FATAL(XM_E_IO), WHY(ENOMEDIUM, SCSI_R_NOT_READY) },
	{ OUTER, CC(K_NR, ANY, ANY), RETRY, WHY(EAGAIN, SCSI_R_NOT_READY) },

	/* ---- the blocks themselves: the host finds which, or writes once more ---- */
	{ COPY | TOKEN | IN, CC(K(SCSI_MEDIUM_ERROR) | K_CA, 0x0c, ANY), DEMOTE, DST,
	  WHY(EIO, SCSI_R_WRITE_ERROR) },
	{ COPY | TOKEN | IN, CC(K(SCSI_MEDIUM_ERROR) | K_CA, 0x03, ANY), DEMOTE, DST,
	  WHY(EIO, SCSI_R_WRITE_ERROR) },
	{ COPY | TOKEN | IN, CC(K(SCSI_MEDIUM_ERROR) | K_CA, 0x11, ANY), DEMOTE, SRC,
	  WHY(EIO, SCSI_R_MEDIUM) },
	{ COPY | TOKEN | IN, CC(K(SCSI_MEDIUM_ERROR), ANY, ANY), DEMOTE, WHY(EIO, SCSI_R_MEDIUM) },
	{ RD, CC(K(SCSI_MEDIUM_ERROR), ANY, ANY), FATAL(XM_E_IO), WHY(EIO, SCSI_R_MEDIUM) },
	{ WR, CC(K(SCSI_MEDIUM_ERROR), ANY, ANY), FATAL(XM_E_IO), WHY(EIO, SCSI_R_WRITE_ERROR) },
	{ COPY | TOKEN | IN, CC(K(SCSI_HARDWARE_ERROR), ANY, ANY), DEMOTE,
	  WHY(EIO, SCSI_R_HARDWARE) },
	{ IO, CC(K(SCSI_HARDWARE_ERROR), ANY, ANY), RETRY, WHY(EIO, SCSI_R_HARDWARE) },

	/* ---- DATA PROTECT ---- */
	{ COPY | TOKEN | WR | IN, CC(K(SCSI_DATA_PROTECT) | K_CA, 0x27, 0x07),
	  FATAL(XM_E_TEMPORARY), DST, WHY(ENOSPC, SCSI_R_FULL) },
	{ COPY | TOKEN | WR | IN, CC(K(SCSI_DATA_PROTECT) | K_CA, 0x27, ANY),
	  FATAL(XM_E_DESTINATION), DST, WHY(EROFS, SCSI_R_WRITE_PROTECTED) },
	{ COPY | TOKEN | IN, CC(K(SCSI_DATA_PROTECT), ANY, ANY), DEMOTE,
	  WHY(EACCES, SCSI_R_NOT_AUTHORIZED) },
	{ WR, CC(K(SCSI_DATA_PROTECT), ANY, ANY), FATAL(XM_E_DESTINATION),
	  WHY(EACCES, SCSI_R_WRITE_PROTECTED) },
	{ RD, CC(K(SCSI_DATA_PROTECT), ANY, ANY), FATAL(XM_E_PERMISSION),
	  WHY(EACCES, SCSI_R_NOT_AUTHORIZED) },

	/* ---- ILLEGAL REQUEST and COPY ABORTED to a copy ---- */
	{ COPY, CC(K_IR, 0x00, 0x16), RETRY, .flags = SCSI_F_NEW_ID,
	  WHY(EBUSY, SCSI_R_LIST_ID_BUSY) },
	{ COPY, SENSE(K_IR, 0x26, 0x00), FIELD(0, 0), RETRY, .flags = SCSI_F_NEW_ID,
	  WHY(EBUSY, SCSI_R_LIST_ID_BUSY), .text = "FreeBSD's word for a list identifier in use" },
	{ COPY, CC(K_IR, 0x20, 0x02), DEMOTE_PAIR, WHY(EACCES, SCSI_R_NOT_AUTHORIZED) },
	{ COPY, CC(K_IR, 0x20, ANY), DEMOTE_PAIR, WHY(EOPNOTSUPP, SCSI_R_OPCODE) },
	{ COPY | IN, CC(K_IR | K_CA, 0x21, ANY), DEMOTE, WHY(ERANGE, SCSI_R_LBA) },
	{ COPY, CC(K_IR, 0x24, ANY), DEMOTE_PAIR, WHY(EOPNOTSUPP, SCSI_R_REFUSED) },
	{ COPY, CC(K_IR, 0x25, ANY), FATAL(XM_E_IO), WHY(ENODEV, SCSI_R_LUN_GONE) },
	/* The CSCDs' block lengths: bytes 29 to 31 of the two that follow the 16-byte header. */
	{ COPY, SENSE(K_IR, 0x26, 0x00), FIELD(45, 47), DEMOTE_PAIR,
	  WHY(EOPNOTSUPP, SCSI_R_BLOCK_SIZE) },
	{ COPY, SENSE(K_IR, 0x26, 0x00), FIELD(77, 79), DEMOTE_PAIR,
	  WHY(EOPNOTSUPP, SCSI_R_BLOCK_SIZE) },
	{ COPY, SENSE(K_IR, 0x26, 0x00), FIELD(16, 79), DEMOTE_SWAP,
	  WHY(EREMOTE, SCSI_R_NOT_SAME_ARRAY),
	  .text = "SCST answers so when it does not see the disk" },
	{ COPY, CC(K_IR | K_CA, 0x26, 0x06), DEMOTE_PAIR, WHY(EOPNOTSUPP, SCSI_R_BAD_LIMITS) },
	{ COPY, CC(K_IR | K_CA, 0x26, 0x07), DEMOTE_PAIR, WHY(EOPNOTSUPP, SCSI_R_DESCRIPTOR) },
	{ COPY, CC(K_IR | K_CA, 0x26, 0x08), SHRINK, WHY(EMSGSIZE, SCSI_R_PARAMETER) },
	{ COPY, CC(K_IR | K_CA, 0x26, 0x09), DEMOTE_PAIR, WHY(EOPNOTSUPP, SCSI_R_DESCRIPTOR) },
	{ COPY, CC(K_IR | K_CA, 0x26, 0x0a), DEMOTE_PAIR, WHY(EOPNOTSUPP, SCSI_R_BLOCK_SIZE) },
	{ COPY, CC(K_IR | K_CA, 0x26, 0x0c), DEMOTE_SWAP, WHY(EREMOTE, SCSI_R_NOT_SAME_ARRAY) },
	{ COPY, CC(K_IR | K_CA, 0x26, 0x0d), DEMOTE, WHY(EINVAL, SCSI_R_GRANULARITY) },
	{ COPY, CC(K_IR | K_CA, 0x26, 0x15), DEMOTE_PAIR, WHY(EACCES, SCSI_R_NOT_AUTHORIZED) },
	{ COPY, CC(K_IR | K_CA, 0x26, 0x16), DEMOTE_PAIR, WHY(EOPNOTSUPP, SCSI_R_REFUSED) },
	{ COPY, CC(K_IR, 0x26, ANY), SHRINK, WHY(EINVAL, SCSI_R_PARAMETER) },
	{ COPY, CC(K_IR, 0x1a, ANY), SHRINK, WHY(EMSGSIZE, SCSI_R_PARAMETER) },
	{ COPY, CC(K_IR | K_CA, 0x2e, ANY), SHRINK, WHY(ETIME, SCSI_R_TIME) },
	{ COPY, CC(K_IR | K_CA, 0x55, ANY), RETRY, WHY(EBUSY, SCSI_R_BUSY) },
	{ COPY, CC(K_IR, ANY, ANY), DEMOTE_PAIR, WHY(EOPNOTSUPP, SCSI_R_REFUSED) },

	{ COPY, CC(K_CA, 0x00, 0x00), DEMOTE_SWAP, WHY(EREMOTE, SCSI_R_NOT_SAME_ARRAY) },
	{ COPY, CC(K_CA, 0x08, 0x04), DEMOTE_SWAP, WHY(EREMOTE, SCSI_R_NOT_SAME_ARRAY) },
	{ COPY, CC(K_CA, 0x0d, 0x02), DEMOTE_SWAP, WHY(EREMOTE, SCSI_R_NOT_SAME_ARRAY) },
	{ COPY, CC(K_CA, 0x0d, 0x03), DEMOTE_PAIR, WHY(EOPNOTSUPP, SCSI_R_BLOCK_SIZE),
	  .text = "tcmu-runner answers so when block sizes differ" },
	{ COPY, CC(K_CA, ANY, ANY), DEMOTE, WHY(EREMOTEIO, SCSI_R_COPY_ABORTED) },

	/* ---- the same to POPULATE TOKEN and WRITE USING TOKEN ---- */
	{ TOKEN, CC(K_IR, 0x00, 0x16), RETRY, .flags = SCSI_F_NEW_ID,
	  WHY(EBUSY, SCSI_R_LIST_ID_BUSY) },
	{ TOKEN, SENSE(K_IR, 0x26, 0x00), FIELD(0, 0), RETRY, .flags = SCSI_F_NEW_ID,
	  WHY(EBUSY, SCSI_R_LIST_ID_BUSY), .text = "FreeBSD's word for a list identifier in use" },
	{ TOKEN, CC(K_IR, 0x20, 0x02), DEMOTE_PAIR, WHY(EACCES, SCSI_R_NOT_AUTHORIZED) },
	{ TOKEN, CC(K_IR, 0x20, ANY), DEMOTE_PAIR, WHY(EOPNOTSUPP, SCSI_R_OPCODE) },
	{ TOKEN, CC(K_IR | K_CA, 0x21, ANY), DEMOTE, WHY(ERANGE, SCSI_R_LBA) },
	{ TOKEN, CC(K_IR, 0x23, 0x01), DEMOTE_PAIR, WHY(EOPNOTSUPP, SCSI_R_TOKEN_REFUSED) },
	{ TOKEN, CC(K_IR, 0x23, 0x02), DEMOTE_PAIR, WHY(EREMOTE, SCSI_R_NOT_SAME_ARRAY) },
	{ TOKEN, CC(K_IR, 0x23, 0x03), DEMOTE_PAIR, WHY(EREMOTE, SCSI_R_NOT_SAME_ARRAY) },
	/* An array that has never seen it says the same as one that has forgotten it. */
	{ TOKEN, CC(K_IR, 0x23, 0x04), RETRY, .flags = SCSI_F_STALE | SCSI_F_UNPROVEN,
	  WHY(ESTALE, SCSI_R_TOKEN_GONE) },
	{ TOKEN, CC(K_IR, 0x23, 0x06), RETRY, .flags = SCSI_F_STALE,
	  WHY(ESTALE, SCSI_R_TOKEN_REVOKED) },
	{ TOKEN, CC(K_IR, 0x23, 0x07), RETRY, .flags = SCSI_F_STALE,
	  WHY(ESTALE, SCSI_R_TOKEN_EXPIRED) },
	{ TOKEN, CC(K_IR, 0x23, 0x0a), DEMOTE_PAIR, WHY(EOPNOTSUPP, SCSI_R_TOKEN_REFUSED) },
	{ TOKEN, CC(K_IR, 0x23, ANY), RETRY, .flags = SCSI_F_STALE,
	  WHY(ESTALE, SCSI_R_TOKEN_GONE) },
	{ TOKEN, CC(K_IR, 0x24, ANY), DEMOTE_PAIR, WHY(EOPNOTSUPP, SCSI_R_REFUSED) },
	{ TOKEN, CC(K_IR, 0x25, ANY), FATAL(XM_E_IO), WHY(ENODEV, SCSI_R_LUN_GONE) },
	/* IMMED, RTV; the inactivity timeout; the ROD type. */
	{ TOKEN, SENSE(K_IR, 0x26, 0x00), FIELD(2, 11), DEMOTE,
	  .flags = SCSI_F_PAIR | SCSI_F_PLAIN,
	  WHY(EOPNOTSUPP, SCSI_R_PARAMETER) },
	{ TOKEN, CC(K_IR | K_CA, 0x26, 0x0a), DEMOTE_PAIR, WHY(EOPNOTSUPP, SCSI_R_BLOCK_SIZE) },
	{ TOKEN, CC(K_IR | K_CA, 0x26, 0x0d), DEMOTE, WHY(EINVAL, SCSI_R_GRANULARITY) },
	{ TOKEN, CC(K_IR | K_CA, 0x26, 0x15), DEMOTE_PAIR, WHY(EACCES, SCSI_R_NOT_AUTHORIZED) },
	{ TOKEN, CC(K_IR, 0x26, ANY), SHRINK, WHY(EINVAL, SCSI_R_PARAMETER) },
	{ TOKEN, CC(K_IR, 0x1a, ANY), SHRINK, WHY(EMSGSIZE, SCSI_R_PARAMETER) },
	{ TOKEN, CC(K_IR | K_CA, 0x2e, ANY), SHRINK, WHY(ETIME, SCSI_R_TIME) },
	{ TOKEN, CC(K_IR | K_CA, 0x55, 0x0c), RETRY, WHY(EBUSY, SCSI_R_TOKEN_RESOURCES) },
	{ TOKEN, CC(K_IR | K_CA, 0x55, 0x0d), RETRY, WHY(EBUSY, SCSI_R_TOKEN_RESOURCES) },
	{ TOKEN, CC(K_IR | K_CA, 0x55, ANY), RETRY, WHY(EBUSY, SCSI_R_BUSY) },
	{ TOKEN, CC(K_IR, ANY, ANY), DEMOTE_PAIR, WHY(EOPNOTSUPP, SCSI_R_REFUSED) },
	{ TOKEN, CC(K_CA, ANY, ANY), DEMOTE, WHY(EREMOTEIO, SCSI_R_COPY_ABORTED) },

	/* ---- ILLEGAL REQUEST to block I/O ---- */
	{ ZERO, CC(K_IR, 0x20, ANY), DEMOTE_PAIR, WHY(EOPNOTSUPP, SCSI_R_OPCODE) },
	{ ZERO, CC(K_IR, 0x24, ANY), DEMOTE_PAIR, WHY(EOPNOTSUPP, SCSI_R_REFUSED) },
	{ ZERO, CC(K_IR, 0x26, ANY), DEMOTE_PAIR, WHY(EOPNOTSUPP, SCSI_R_REFUSED) },
	/* No cache to flush. */
	{ FLUSH, CC(K_IR, 0x20, ANY), .act = XM_ACT_NONE, .certainty = XM_DONE },
	{ IO, CC(K_IR, 0x21, ANY), FATAL(XM_E_IO), WHY(ERANGE, SCSI_R_LBA),
	  .text = "within the capacity it stated" },
	{ IO, CC(K_IR, 0x25, ANY), FATAL(XM_E_IO), WHY(ENODEV, SCSI_R_LUN_GONE) },
	{ IO, CC(K_IR, ANY, ANY), FATAL(XM_E_IO), WHY(EIO, SCSI_R_REFUSED) },

	/* ---- the rest ---- */
	{ ALL, CC(K(SCSI_ABORTED_COMMAND), ANY, ANY), RETRY, WHY(EAGAIN, SCSI_R_ABORTED) },
	{ IO, CC(K(SCSI_VOLUME_OVERFLOW), ANY, ANY), FATAL(XM_E_IO), WHY(EIO, SCSI_R_LBA) },
	{ OUTER, CC(K(SCSI_MISCOMPARE), ANY, ANY), FATAL(XM_E_IO), WHY(EIO, SCSI_R_MISCOMPARE) },
};

const unsigned scsi_nrules = sizeof scsi_rules / sizeof scsi_rules[0];
