/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How one piece of work ended: a plain value, copied freely, no ownership.
 *
 * `certainty` is about the bytes: DONE, NOT_DONE (the device said no, or never
 * saw it), UNKNOWN (it may still happen: nobody may touch the range until the
 * nexus is fenced).  `act` is what the loop should do next; it comes from one
 * table per protocol, never from code that looks at codes here and there.
 */
#ifndef XM_STATUS_H
#define XM_STATUS_H

#include <stdbool.h>
#include <stdint.h>

enum xm_act {
	XM_ACT_NONE,             /* it is done */
	XM_ACT_RETRY,            /* same again, after a back-off, fewer at a time */
	XM_ACT_SHRINK,           /* same method, smaller */
	XM_ACT_DEMOTE,           /* this method cannot (this chunk, or this pair): next method */
	XM_ACT_FATAL             /* the job ends */
};
enum xm_side { XM_SIDE_NONE, XM_SIDE_SRC, XM_SIDE_DST };
enum xm_certainty { XM_DONE, XM_NOT_DONE, XM_UNKNOWN };

struct xm_status {
	int err;                 /* 0, or an errno close to the meaning */
	enum xm_act act;
	enum xm_side side;
	enum xm_certainty certainty;
	bool full;               /* with RETRY: a queue had no room,
				    and will as soon as a command ends */
	bool pair_wide;          /* with DEMOTE: the method is over for this pair,
				    not just this chunk */
	int code;                /* with FATAL: the enum xm_code the job ends with; 0 = XM_E_IO */
	const char *reason;      /* stable word of the report ("unsupported_opcode");
				    static; NULL when done */
	char detail[128];        /* a sentence: device, LBA, command, what the device said */
};

#define XM_STATUS_DONE ((struct xm_status){ .certainty = XM_DONE })

#endif
