/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stable words that say why NVMe Copy was not used, or why a command failed,
 * as they stand in the report.  Scripts match them: a word is never renamed.
 */
#ifndef NVME_REASONS_H
#define NVME_REASONS_H

/* ---- found before a copy is tried --------------------------------------- */
#define NVME_R_NOT_NVME "not_nvme"                     /* an end is no NVMe namespace */
#define NVME_R_NO_PATH "no_path"                       /* no node of the namespace takes commands */
#define NVME_R_PERMISSION "no_permission"              /* the kernel refuses the command to this user */
#define NVME_R_IDENTIFY "identify_failed"              /* the namespace does not say what it is */
#define NVME_R_NO_COPY "no_copy_command"               /* ONCS says that Copy is not there */
#define NVME_R_BLOCK_SIZE "block_size"                 /* logical block sizes of the ends differ */
#define NVME_R_METADATA "metadata"                     /* blocks carry metadata or protection information */
#define NVME_R_NOT_SAME_SUBSYSTEM "not_same_subsystem" /* the ends are in two NVM subsystems */
#define NVME_R_CROSS_NAMESPACE "cross_namespace"       /* two namespaces, and the user did not allow it */
#define NVME_R_FORMAT "descriptor_format"              /* no source range format that this pair needs */
#define NVME_R_CDFE "cdfe_refused"                     /* formats 2h, 3h cannot be enabled in Host Behavior Support */

/* ---- said by the controller ----------------------------------------------- */
#define NVME_R_OPCODE "unsupported_opcode"             /* the controller does not know Copy */
#define NVME_R_FIELD "invalid_field"                   /* the command is refused as it stands */
#define NVME_R_NAMESPACE "bad_namespace"               /* the source namespace is refused */
#define NVME_R_LIST "list_refused"                     /* the length of the range list is refused */
#define NVME_R_LIMIT "size_limit"                      /* larger than the controller copies at once */
#define NVME_R_FAST "fast_copy_not_possible"           /* the controller would be no faster than the host */
#define NVME_R_OVERLAP "overlap"                       /* source and destination blocks overlap */
#define NVME_R_UNREACHABLE "not_reachable"             /* this controller does not reach the source */
#define NVME_R_RESOURCES "no_resources"                /* too many copies at once */
#define NVME_R_LBA "lba_out_of_range"                  /* the namespace ends earlier */
#define NVME_R_RESERVED "reservation_conflict"         /* another host holds a reservation */
#define NVME_R_ACCESS "access_denied"                  /* the namespace is locked */
#define NVME_R_FULL "destination_full"                 /* no capacity behind the destination */
#define NVME_R_WRITE_PROTECTED "write_protected"       /* the destination is read-only */
#define NVME_R_NOT_READY "not_ready"                   /* not ready, being formatted or sanitized */
#define NVME_R_INTERNAL "internal_error"               /* failure inside the controller */
#define NVME_R_ABORTED "aborted_command"               /* the controller dropped the command */
#define NVME_R_WRITE_ERROR "write_error"               /* blocks cannot be written */
#define NVME_R_MEDIUM "medium_error"                   /* blocks cannot be read */
#define NVME_R_CHECK "protection_check"                /* protection information does not match */
#define NVME_R_DEALLOCATED "deallocated"               /* the source has holes that are errors to read (DULBE) */
#define NVME_R_PATH "path_error"                       /* no path to the namespace just now */
#define NVME_R_UNLISTED "unlisted_answer"              /* an answer that is in no table */

/* ---- nobody answered ------------------------------------------------------ */
#define NVME_R_NOT_SENT "not_sent"                     /* the command never left */
#define NVME_R_NO_ANSWER "no_answer"                   /* timed out, or the controller was reset: it may still run */

#endif
