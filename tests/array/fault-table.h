/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of fault rules, each for a whole job of its own against the array in-process.
 * For each the exit code and the way the bytes went are stated; the destination is
 * right, or the job failed with that code; what of it is outside the range is as it was;
 * every rule fired.
 *
 * With 0.3 s a copy the commands stay at 1 MiB, so that "the 6th" is one in the
 * middle; the first is the trial.  XM_FAULT=N runs row N alone.
 */
#ifndef TEST_FAULT_TABLE_H
#define TEST_FAULT_TABLE_H

#include "job-rig.h"

/* of the bytes by offload; ANY: it is the exit code that counts */
enum way { ALL, SOME, NONE, ANY };

struct fault {
	const char *rules;               /* '|' between several; "set ..." is a control line */
	int code;
	enum way way;
	const char *reason;              /* a row the report must have, or NULL */
	const char *persona;             /* NULL: the table's */
	const char *verify;              /* NULL: sample */
};

struct fault_table {
	const struct fault *row;
	size_t n;
	const char *persona;
	const struct xm_registry *registry;  /* NULL: that of the rig */
};

#define SENSE(k, a, q) "action=sense k=" #k " asc=" #a " ascq=" #q

/*
 * One row, with its disks and its job made other than usual.  False after telling what was not
 * as stated.
 */
struct fault_setting {
	const char *src, *dst;               /* sizes; NULL: 16M */
	void (*prepare)(struct job_rig *r);  /* with the rules there, before the job; or NULL */
	bool live;                           /* the source changes under the job */
};
bool fault_table_one(const struct fault_table *t, const struct fault *f,
		     const struct fault_setting *s, size_t seed);
/* Fails the test with what was not as stated. */
void fault_table_run(const struct fault_table *t);

#endif
