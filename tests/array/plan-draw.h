/* SPDX-License-Identifier: Apache-2.0 */
/* A random plan: two disks, an array, a range, options, what goes wrong.  All from one seed. */
#ifndef TEST_PLAN_DRAW_H
#define TEST_PLAN_DRAW_H

#include <stdbool.h>
#include <stdint.h>
#include "seed.h"

#define PLAN_FAULTS 3       /* most in one plan */

enum plan_fault_flags {
	PLAN_LIE = 1,            /* GOOD for what was not done: only a full verify finds it
				    for sure */
	PLAN_WHOLE = 2,          /* writes where it was not told to: the range must be the
				    whole disk */
	PLAN_COPY = 4,           /* needs EXTENDED COPY */
	PLAN_HOST = 8            /* needs writing by host */
};

/* A way things go wrong. */
struct plan_fault {
	const char *name;
	const char *rule;        /* "%n" is replaced by which of the commands */
	unsigned flags;
	int codes[3];            /* exit codes it may cause beside 0 */
};
extern const struct plan_fault plan_faults[];
extern const unsigned plan_nfaults;

struct plan {
	uint64_t seed;
	const char *persona;
	uint32_t src_block, dst_block;
	uint64_t src_size, dst_size;
	bool whole;
	uint64_t src_off, dst_off, len;
	unsigned zeros;                      /* areas of zeros on the source */
	bool extents;                        /* told to the mover, more or less */
	bool same_before;                    /* the destination already holds what the source
						does */
	uint64_t rate;                       /* bytes a second, 0 no limit */
	const char *offload, *verify, *depth;
	bool two_sessions;
	unsigned max_segments, granularity, queue_limit, copy_latency;   /* 0: the persona's */
	uint64_t max_segment_bytes;
	const struct plan_fault *faults[PLAN_FAULTS];
	char rules[PLAN_FAULTS][128];
	unsigned nfaults;
};

/* The low byte of the seed says which fault it must have, when there is one of that number. */
void plan_draw(struct plan *p, uint64_t seed);
/* For a plan that went wrong: everything there is to say, one line. */
void plan_print(const struct plan *p);

#endif
