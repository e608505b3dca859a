/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proof that a method moves bytes: samples of a chunk are read on both sides
 * before it is copied, and on both sides after.
 *
 * A GOOD proves nothing (design 4, rule 8): arrays have said GOOD and copied
 * nothing, part of it, or to another place.  So each sample must differ between
 * the sides before; where none does, another chunk is taken, and at last the
 * destination's sample is stamped with bytes that are not the source's.  A
 * source that changed meanwhile proves nothing either way.  Samples sit where
 * copies go wrong: head, tail, both sides of each run's edge, and at random.
 */
#ifndef XM_TRIAL_H
#define XM_TRIAL_H

#include "batch.h"
#include "method.h"
#include "task.h"

#define XM_TRIAL_BYTES (UINT64_C(1) << 20)       /* read on each side, at most */
#define XM_TRIAL_PIECES 256

enum xm_trial_state {
	XM_TRIAL_IDLE,
	XM_TRIAL_READ_SRC, XM_TRIAL_READ_DST, XM_TRIAL_STAMP,
	XM_TRIAL_COPY,               /* the caller's turn: copy, then xm_trial_copied */
	XM_TRIAL_CHECK_DST, XM_TRIAL_CHECK_SRC,
	/* verdicts */
	XM_TRIAL_PROVEN,
	XM_TRIAL_LIE,                /* the destination is not what the method said;
					*text says where */
	XM_TRIAL_EQUAL,              /* both sides held the same bytes,
					or bytes that prove little */
	XM_TRIAL_MOVING,             /* the source changed meanwhile */
	XM_TRIAL_BROKEN              /* reading or stamping failed: status */
};

struct xm_trial_piece {
	uint64_t src, dst, len;
	uint64_t at;                 /* in the buffers */
};

struct xm_trial {
	/* Set at start. */
	const struct xm_pair *pair;
	bool insist;                 /* no other chunk will come: stamp, and take any data */
	struct xm_trial_piece piece[XM_TRIAL_PIECES];
	unsigned n;
	uint64_t bytes;
	uint8_t key;                 /* of the stamp, never 0 */
	/* Owned by the loop. */
	enum xm_trial_state state;
	uint8_t *want, *have;        /* XM_TRIAL_BYTES each: the source before;
					whatever is compared */
	struct xm_io_req *reqs;
	struct xm_batch batch;
	struct xm_status status;     /* BROKEN */
	char text[160];              /* LIE */
};

/* False when memory is short.  The runs of `task` are where it looks. */
bool xm_trial_start(struct xm_trial *t, const struct xm_pair *pair, const struct xm_task *task,
		    bool insist);
/* One turn; returns the state it is in now. */
enum xm_trial_state xm_trial_step(struct xm_trial *t);
void xm_trial_copied(struct xm_trial *t);
/* True when nothing of it is in flight (any more). */
bool xm_trial_cancel(struct xm_trial *t);
void xm_trial_free(struct xm_trial *t);

#endif
