/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table from the status of a Copy to what to do about it.
 *  - Only rows that say DEMOTE demote.  A status in no row is asked again, and the
 *    retries are bounded: nothing becomes slow in silence.
 *  - A completion of the controller ends the command: NOT_DONE, the range may be
 *    copied again.  What was written of it is unknown but for the ranges before
 *    dword0, where the row says that dword0 means that.
 *  - Statuses that the kernel makes up for a command that a controller had (370h, 371h)
 *    are no answer: UNKNOWN.
 */
#include <errno.h>
#include "reasons.h"
#include "verdict.h"
#include "xmover.h"

#define RETRY .act = XM_ACT_RETRY, .certainty = XM_NOT_DONE
#define SHRINK .act = XM_ACT_SHRINK, .certainty = XM_NOT_DONE
#define DEMOTE .act = XM_ACT_DEMOTE, .certainty = XM_NOT_DONE
#define DEMOTE_PAIR DEMOTE, .flags = NVME_F_PAIR
#define FATAL(c) .act = XM_ACT_FATAL, .certainty = XM_NOT_DONE, .job_code = (c)
#define UNKNOWN .act = XM_ACT_RETRY, .certainty = XM_UNKNOWN
#define DW0 .flags = NVME_F_DWORD0
#define WHY(e, word) .err = (e), .reason = (word)
#define SRC .side = XM_SIDE_SRC
#define DST .side = XM_SIDE_DST

const struct nvme_rule nvme_rules[] = {
	{ 0x000, .act = XM_ACT_NONE, .certainty = XM_DONE, .name = "Successful Completion" },

	/* ---- generic ---- */
	{ 0x001, DEMOTE_PAIR, WHY(EOPNOTSUPP, NVME_R_OPCODE), .name = "Invalid Command Opcode" },
	{ 0x002, DEMOTE, .flags = NVME_F_PAIR | NVME_F_REARM, WHY(EINVAL, NVME_R_FIELD),
	  .name = "Invalid Field in Command" },
	{ 0x003, RETRY, WHY(EAGAIN, NVME_R_ABORTED), .name = "Command ID Conflict" },
	{ 0x004, RETRY, DW0, WHY(EIO, NVME_R_INTERNAL), .name = "Data Transfer Error" },
	{ 0x005, RETRY, WHY(EAGAIN, NVME_R_ABORTED),
	  .name = "Commands Aborted due to Power Loss Notification" },
	/* Without DNR, QEMU 7.2 says so of a range over MSSRL. */
	{ 0x006, .dnr = NVME_DNR_0, RETRY, .flags = NVME_F_DWORD0 | NVME_F_LIMITS,
	  WHY(EIO, NVME_R_INTERNAL), .name = "Internal Error" },
	{ 0x006, DEMOTE, DW0, WHY(EIO, NVME_R_INTERNAL), .name = "Internal Error" },
	/* dword0 read 0 with blocks already written. */
	{ 0x007, RETRY, WHY(EAGAIN, NVME_R_ABORTED), .name = "Command Abort Requested" },
	{ 0x008, RETRY, WHY(EAGAIN, NVME_R_ABORTED),
	  .name = "Command Aborted due to SQ Deletion" },
	{ 0x00b, DEMOTE_PAIR, WHY(EINVAL, NVME_R_NAMESPACE),
	  .name = "Invalid Namespace or Format" },
	{ 0x00f, DEMOTE_PAIR, WHY(EINVAL, NVME_R_LIST), .name = "Data SGL Length Invalid" },
	{ 0x01d, RETRY, WHY(EAGAIN, NVME_R_NOT_READY), .name = "Sanitize In Progress" },
	{ 0x020, FATAL(XM_E_DESTINATION), DST, WHY(EROFS, NVME_R_WRITE_PROTECTED),
	  .name = "Namespace is Write Protected" },
	{ 0x021, RETRY, DW0, WHY(EAGAIN, NVME_R_ABORTED), .name = "Command Interrupted" },
	{ 0x022, RETRY, WHY(EAGAIN, NVME_R_PATH), .name = "Transient Transport Error" },
	{ 0x080, DEMOTE, DW0, WHY(ERANGE, NVME_R_LBA), .name = "LBA Out of Range" },
	{ 0x081, FATAL(XM_E_TEMPORARY), DST, WHY(ENOSPC, NVME_R_FULL),
	  .name = "Capacity Exceeded" },
	{ 0x082, RETRY, WHY(EAGAIN, NVME_R_NOT_READY), .name = "Namespace Not Ready" },
	{ 0x083, DEMOTE_PAIR, WHY(EBUSY, NVME_R_RESERVED), .name = "Reservation Conflict" },
	{ 0x084, RETRY, WHY(EAGAIN, NVME_R_NOT_READY), .name = "Format In Progress" },

	/* ---- command specific ---- */
	{ 0x10a, DEMOTE, .flags = NVME_F_PAIR | NVME_F_OTHER_FORMAT,
	  WHY(EINVAL, NVME_R_FORMAT), .name = "Invalid Format" },
	{ 0x180, DEMOTE_PAIR, WHY(EINVAL, NVME_R_FIELD), .name = "Conflicting Attributes" },
	{ 0x181, DEMOTE_PAIR, WHY(EINVAL, NVME_R_CHECK),
	  .name = "Invalid Protection Information" },
	{ 0x182, FATAL(XM_E_DESTINATION), DST, WHY(EROFS, NVME_R_WRITE_PROTECTED),
	  .name = "Attempted Write to Read Only Range" },
	{ 0x183, SHRINK, DW0, WHY(EMSGSIZE, NVME_R_LIMIT),
	  .name = "Command Size Limit Exceeded" },
	{ 0x185, DEMOTE_PAIR, WHY(EOPNOTSUPP, NVME_R_FORMAT),
	  .name = "Incompatible Namespace or Format" },
	{ 0x186, DEMOTE_PAIR, WHY(EOPNOTSUPP, NVME_R_FAST), .name = "Fast Copy Not Possible" },
	{ 0x187, DEMOTE_PAIR, WHY(EINVAL, NVME_R_OVERLAP), .name = "Overlapping I/O Range" },
	{ 0x188, DEMOTE_PAIR, WHY(EREMOTE, NVME_R_UNREACHABLE), .name = "Namespace Not Reachable" },
	{ 0x189, RETRY, DW0, WHY(EBUSY, NVME_R_RESOURCES), .name = "Insufficient Resources" },

	/* ---- media: the host finds which block, or writes once more ---- */
	{ 0x280, DEMOTE, DW0, DST, WHY(EIO, NVME_R_WRITE_ERROR), .name = "Write Fault" },
	{ 0x281, DEMOTE, DW0, SRC, WHY(EIO, NVME_R_MEDIUM), .name = "Unrecovered Read Error" },
	{ 0x282, DEMOTE, DW0, WHY(EIO, NVME_R_CHECK), .name = "Guard Check Error" },
	{ 0x283, DEMOTE, DW0, WHY(EIO, NVME_R_CHECK), .name = "Application Tag Check Error" },
	{ 0x284, DEMOTE, DW0, WHY(EIO, NVME_R_CHECK), .name = "Reference Tag Check Error" },
	{ 0x286, DEMOTE_PAIR, WHY(EACCES, NVME_R_ACCESS), .name = "Access Denied" },
	{ 0x287, DEMOTE, DW0, SRC, WHY(EIO, NVME_R_DEALLOCATED),
	  .name = "Deallocated or Unwritten Logical Block" },

	/* ---- path ---- */
	{ 0x300, RETRY, WHY(EAGAIN, NVME_R_PATH), .name = "Internal Path Error" },
	{ 0x301, RETRY, WHY(EAGAIN, NVME_R_PATH),
	  .name = "Asymmetric Access Persistent Loss" },
	{ 0x302, RETRY, WHY(EAGAIN, NVME_R_PATH), .name = "Asymmetric Access Inaccessible" },
	{ 0x303, RETRY, WHY(EAGAIN, NVME_R_PATH), .name = "Asymmetric Access Transition" },
	{ 0x360, RETRY, WHY(EAGAIN, NVME_R_PATH), .name = "Controller Pathing Error" },
	{ 0x370, UNKNOWN, WHY(ETIMEDOUT, NVME_R_NO_ANSWER), .name = "Host Pathing Error" },
	{ 0x371, UNKNOWN, WHY(ETIMEDOUT, NVME_R_NO_ANSWER), .name = "Command Aborted By Host" },
};

const unsigned nvme_nrules = sizeof nvme_rules / sizeof nvme_rules[0];
