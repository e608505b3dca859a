/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stable words that say why SCSI offload was not used, or why a command
 * failed, as they stand in the report.  Scripts match them: a word is never
 * renamed.  The man page explains each; keep it in step.
 */
#ifndef SCSI_REASONS_H
#define SCSI_REASONS_H

/* ---- found before a copy is tried --------------------------------------- */

/* an end is no SCSI logical unit */
#define SCSI_R_NOT_SCSI "not_scsi"
/* an end is a mapping: the array sees other blocks */
#define SCSI_R_MAPPED "device_mapper"
/* no path of the disk takes commands */
#define SCSI_R_NO_PATH "no_path"
/* the kernel refuses the pass-through: CAP_SYS_RAWIO */
#define SCSI_R_NO_CAP "no_cap_sys_rawio"
/* INQUIRY 3PC is 0 and the limits are not told */
#define SCSI_R_NO_3PC "no_third_party_copy"
/* logical block sizes of the ends differ */
#define SCSI_R_BLOCK_SIZE "block_size"
/* one end carries protection information, the other none */
#define SCSI_R_PROTECTION "protection_type"
/* an end has no designator a descriptor can carry */
#define SCSI_R_NO_DESIGNATOR "no_designator"
/* both ends have one name: a copy could go anywhere */
#define SCSI_R_EQUAL_DESIGNATORS "equal_designators"
/* the limits the array states allow no copy */
#define SCSI_R_BAD_LIMITS "bad_limits"
/* the array does not list segment 02h or CSCD E4h */
#define SCSI_R_DESCRIPTOR "unsupported_descriptor"

/* no third party copy page: no tokens, no 32-bit list ids */
#define SCSI_R_NO_VPD_8F "no_vpd_8f"
/* the array lists no commands or limits for tokens */
#define SCSI_R_NO_TOKENS "no_tokens"

/* ---- said by the array --------------------------------------------------- */

/* the array does not know the command */
#define SCSI_R_OPCODE "unsupported_opcode"
/* CHECK CONDITION without a reason */
#define SCSI_R_NO_SENSE "no_sense"
/* the copy manager does not reach the other end */
#define SCSI_R_NOT_SAME_ARRAY "not_same_array"
/* the same, and the ends are in two sessions */
#define SCSI_R_NOT_SAME_SESSION "not_same_session"
/* the copy manager may not use an end */
#define SCSI_R_NOT_AUTHORIZED "not_authorized"
/* the command is refused as it stands */
#define SCSI_R_REFUSED "command_refused"
/* the parameter list is refused, also when small */
#define SCSI_R_PARAMETER "parameter_refused"
/* length or place is not a multiple of the array's granule */
#define SCSI_R_GRANULARITY "granularity"
/* the array takes no list identifier we offer */
#define SCSI_R_LIST_ID_BUSY "list_id_busy"
/* the copy manager thinks the disk ends earlier */
#define SCSI_R_LBA "lba_out_of_range"
/* the array gave up this chunk */
#define SCSI_R_COPY_ABORTED "copy_aborted"
/* the command takes the array too long */
#define SCSI_R_TIME "time_limit"
/* another initiator holds a reservation */
#define SCSI_R_RESERVED "reservation_conflict"
/* BUSY, TASK SET FULL, out of copy resources */
#define SCSI_R_BUSY "array_busy"

/* the array does not know the token any more */
#define SCSI_R_TOKEN_GONE "token_gone"
/* the token was not used in time */
#define SCSI_R_TOKEN_EXPIRED "token_expired"
/* the source was written, the token ended with it */
#define SCSI_R_TOKEN_REVOKED "token_revoked"
/* the array takes no such token, or makes none */
#define SCSI_R_TOKEN_REFUSED "token_refused"
/* the array has no room for one more token */
#define SCSI_R_TOKEN_RESOURCES "token_resources"
/* a copy is over and the array does not say how it ended */
#define SCSI_R_NO_RESULT "no_result"
/* what the array says of a copy contradicts itself */
#define SCSI_R_BAD_ANSWER "bad_answer"
/* GOOD, with a residual: not all that was sent was taken */
#define SCSI_R_SHORT "short_transfer"
/* the array says a copy goes on, and it does not */
#define SCSI_R_STALLED "stalled"

/* ---- said by a disk ------------------------------------------------------- */

/* something changed; the command did not run */
#define SCSI_R_UNIT_ATTENTION "unit_attention"
/* the thin pool passed its soft threshold */
#define SCSI_R_THIN_THRESHOLD "thin_threshold"
/* the logical unit is not ready */
#define SCSI_R_NOT_READY "not_ready"
/* blocks cannot be read */
#define SCSI_R_MEDIUM "medium_error"
/* blocks cannot be written */
#define SCSI_R_WRITE_ERROR "write_error"
/* failure inside the device */
#define SCSI_R_HARDWARE "hardware_error"
/* the destination is read-only */
#define SCSI_R_WRITE_PROTECTED "write_protected"
/* the thin pool is full */
#define SCSI_R_FULL "destination_full"
/* a write that was acknowledged has failed */
#define SCSI_R_DEFERRED "deferred_error"
/* data differ from what was to be compared */
#define SCSI_R_MISCOMPARE "miscompare"
/* no such logical unit any more */
#define SCSI_R_LUN_GONE "lun_gone"
/* the device dropped the command */
#define SCSI_R_ABORTED "aborted_command"
/* an answer that is in no table */
#define SCSI_R_UNLISTED "unlisted_answer"

/* ---- nobody answered ------------------------------------------------------ */

/* the command never left */
#define SCSI_R_NOT_SENT "not_sent"
/* timeout or lost connection: it may still run */
#define SCSI_R_NO_ANSWER "no_answer"

#endif
