/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EXTENDED COPY, what method-xcopy.c is made of: the parameter list of LID1 and of
 * LID4, the answers about it, the choice of a name for each end, the limits.
 */
#ifndef SCSI_XCOPY_H
#define SCSI_XCOPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lu.h"
#include "tpc.h"

/* ---- the parameter list (SPC-4 6.3) ------------------------------------------ */

#define XCOPY_HEADER_LEN 16
#define XCOPY_LID4_HEADER_LEN 48
#define XCOPY_CSCD_LEN 32
#define XCOPY_CSCDS_LEN (2 * XCOPY_CSCD_LEN)     /* source is CSCD 0, destination CSCD 1 */
#define XCOPY_SEGMENT_LEN 28                     /* of type 02h, block to block */
#define XCOPY_SEGMENT_BLOCKS 65535u
#define XCOPY_LIST_MAX (XCOPY_LID4_HEADER_LEN + XCOPY_CSCDS_LEN + \
			XM_TASK_RUNS_MAX * XCOPY_SEGMENT_LEN)
#define XCOPY_DESIGNATOR_MAX 20                  /* what a CSCD E4h can carry */

enum xcopy_id_usage {
	XCOPY_ID_HOLD = 0,       /* identifier valid, results are held */
	XCOPY_ID_DISCARD = 2,    /* identifier valid, results are dropped at the end */
	XCOPY_ID_NONE = 3        /* no identifier: it is 0 */
};

struct xcopy_segment {
	uint64_t src_lba, dst_lba;
	uint32_t blocks;         /* 1 to XCOPY_SEGMENT_BLOCKS */
};

struct xcopy_list {
	bool lid4;               /* with the header of LID4, which has room for all of id */
	uint32_t id;
	enum xcopy_id_usage usage;
	const struct scsi_designator *src, *dst;
	uint32_t block_size;     /* of both */
	unsigned nsegments;      /* 1 or more */
	const struct xcopy_segment *segments;
};

/* Bytes written; 0, and nothing written, when it does not fit or cannot be said in this format. */
size_t xcopy_encode(const struct xcopy_list *l, uint8_t *buf, size_t cap);

/* ---- answers (SPC-4 6.18) ------------------------------------------------------ */

/* False: too short to be one; *c is untouched. */
bool xcopy_decode_operating_parameters(const uint8_t *p, size_t len, struct scsi_copy_limits *c);

struct xcopy_status {
	bool held;               /* HDD: there are held data */
	enum {
		XCOPY_IN_PROGRESS = 0, XCOPY_COMPLETED = 1, XCOPY_FAILED = 2, XCOPY_STATUS_ODD,
	} status;
	uint16_t segments;       /* processed */
	bool bytes_known;        /* units understood, no overflow */
	uint64_t bytes;
};
bool xcopy_decode_status(const uint8_t *p, size_t len, struct xcopy_status *s);

struct xcopy_failure {
	bool present;            /* false: it tells of no failure */
	uint8_t status;
	const uint8_t *sense;    /* within p */
	size_t sense_len;
};
bool xcopy_decode_failure_details(const uint8_t *p, size_t len, struct xcopy_failure *f);

/* The copy group identifier of VPD page 8F (SPC-5, descriptor 000Dh), when it is there. */
bool xcopy_decode_copy_group(const uint8_t *p, size_t len, uint8_t uuid[16]);

/* ---- which name an end goes by --------------------------------------------------- */

/*
 * The best designator of the logical unit itself that a CSCD E4h can carry:
 * NAA, EUI-64, T10 vendor id, vendor specific; the longer of one kind.  NULL: none.
 */
const struct scsi_designator *xcopy_designator(const struct scsi_lu *lu);
bool xcopy_same_designator(const struct scsi_designator *a, const struct scsi_designator *b);
/* "naa.6001405...", cut to size; answers buf. */
const char *xcopy_designator_text(const struct scsi_designator *d, char *buf, size_t size);

/* ---- limits ------------------------------------------------------------------------ */

/* What an end says of its copy manager. */
struct xcopy_asked {
	struct scsi_copy_limits limits;  /* .known: they were told */
	bool unsupported;                /* it does not know the command at all */
	bool forbidden;                  /* the kernel did not let it through */
	bool no_answer;
	struct xm_status dead;           /* with no_answer: XM_ACT_FATAL
					    when the path is gone for good */
	char said[128];                  /* the answer in words, when not known */
};
/* RECEIVE COPY OPERATING PARAMETERS.  Set-up only: waits. */
void xcopy_ask_limits(struct scsi_lu *lu, struct xcopy_asked *ret);

/* The stricter of both, field by field; one that is not known does not count. */
struct scsi_copy_limits xcopy_stricter(const struct scsi_copy_limits *a,
				       const struct scsi_copy_limits *b);
/*
 * The limits of the method: from what the array states, or careful ones where
 * it states nothing.  0, or -1 and why no copy fits them.
 */
int xcopy_method_limits(const struct scsi_copy_limits *c, uint32_t block_size,
			struct xm_method_limits *ret, struct xm_refusal *why);

/* ---- is there a way for this pair -------------------------------------------------- */

enum xcopy_direction { XCOPY_PULL, XCOPY_PUSH };      /* sent to the destination, to the source */

/* Everything open() looks at, kept for explain() as far as it was got. */
struct xcopy_look {
	struct scsi_lu *src, *dst;
	const struct scsi_designator *src_name, *dst_name;
	bool asked;
	struct xcopy_asked src_asked, dst_asked;
	bool can[2];                     /* by enum xcopy_direction */
	bool lid4[2];                    /* with 32-bit list identifiers,
					    and all that goes with them */
	bool one_session;                /* both ends are in one session with a target */
	bool two_sessions;               /* each is in one of its own; device nodes do not tell */
	struct scsi_copy_limits stated;
	struct xm_method_limits limits;
};
/* 0: a copy may be tried.  -1: why not; what comes later in *look is then not set. */
int xcopy_look(const struct xm_pair *pair, struct xcopy_look *look, struct xm_refusal *why);

/* The method's slot for `probe`. */
void xcopy_explain(const struct xm_pair *pair, struct xm_findings *f);

#endif
