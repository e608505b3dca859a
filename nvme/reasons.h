/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stable words that say why NVMe Copy was not used, or why a command failed,
 * as they stand in the report.  Scripts match them: a word is never renamed.
 */
#ifndef NVME_REASONS_H
#define NVME_REASONS_H

/* ---- found before a copy is tried --------------------------------------- */

/* an end is no NVMe namespace */
#define NVME_R_NOT_NVME "not_nvme"
/* no node of the namespace takes commands */
#define NVME_R_NO_PATH "no_path"
/* the kernel refuses the command to this user */
#define NVME_R_PERMISSION "no_permission"
/* the namespace does not say what it is */
#define NVME_R_IDENTIFY "identify_failed"
/* ONCS says that Copy is not there */
#define NVME_R_NO_COPY "no_copy_command"
/* logical block sizes of the ends differ */
#define NVME_R_BLOCK_SIZE "block_size"
/* blocks carry metadata or protection information */
#define NVME_R_METADATA "metadata"
/* the ends are in two NVM subsystems */
#define NVME_R_NOT_SAME_SUBSYSTEM "not_same_subsystem"
/* two namespaces, and the user did not allow it */
#define NVME_R_CROSS_NAMESPACE "cross_namespace"
/* no source range format that this pair needs */
#define NVME_R_FORMAT "descriptor_format"
/* formats 2h, 3h cannot be enabled in Host Behavior Support */
#define NVME_R_CDFE "cdfe_refused"

/* ---- said by the controller ----------------------------------------------- */

/* the controller does not know Copy */
#define NVME_R_OPCODE "unsupported_opcode"
/* the command is refused as it stands */
#define NVME_R_FIELD "invalid_field"
/* the source namespace is refused */
#define NVME_R_NAMESPACE "bad_namespace"
/* the length of the range list is refused */
#define NVME_R_LIST "list_refused"
/* larger than the controller copies at once */
#define NVME_R_LIMIT "size_limit"
/* the controller would be no faster than the host */
#define NVME_R_FAST "fast_copy_not_possible"
/* source and destination blocks overlap */
#define NVME_R_OVERLAP "overlap"
/* this controller does not reach the source */
#define NVME_R_UNREACHABLE "not_reachable"
/* too many copies at once */
#define NVME_R_RESOURCES "no_resources"
/* the namespace ends earlier */
#define NVME_R_LBA "lba_out_of_range"
/* another host holds a reservation */
#define NVME_R_RESERVED "reservation_conflict"
/* the namespace is locked */
#define NVME_R_ACCESS "access_denied"
/* no capacity behind the destination */
#define NVME_R_FULL "destination_full"
/* the destination is read-only */
#define NVME_R_WRITE_PROTECTED "write_protected"
/* not ready, being formatted or sanitized */
#define NVME_R_NOT_READY "not_ready"
/* failure inside the controller */
#define NVME_R_INTERNAL "internal_error"
/* the controller dropped the command */
#define NVME_R_ABORTED "aborted_command"
/* blocks cannot be written */
#define NVME_R_WRITE_ERROR "write_error"
/* blocks cannot be read */
#define NVME_R_MEDIUM "medium_error"
/* protection information does not match */
#define NVME_R_CHECK "protection_check"
/* the source has holes that are errors to read (DULBE) */
#define NVME_R_DEALLOCATED "deallocated"
/* no path to the namespace just now */
#define NVME_R_PATH "path_error"
/* an answer that is in no table */
#define NVME_R_UNLISTED "unlisted_answer"

/* ---- nobody answered ------------------------------------------------------ */

/* the command never left */
#define NVME_R_NOT_SENT "not_sent"
/* timed out, or the controller was reset: it may still run */
#define NVME_R_NO_ANSWER "no_answer"

#endif
