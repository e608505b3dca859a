/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A handful of block I/O requests that belong together: sent as the engine
 * takes them, over when all have come back or one failed and none is out.
 */
#ifndef XM_BATCH_H
#define XM_BATCH_H

#include "io.h"

struct xm_batch {
	struct xm_io_req *reqs;      /* the caller's; filled before xm_batch_start */
	unsigned n, next, out;
	struct xm_io *io;
	struct xm_list done;
	struct xm_status status;     /* of the first that failed; act NONE: none */
};

/* The struct must not move until the batch is over. */
void xm_batch_start(struct xm_batch *b, struct xm_io *io, struct xm_io_req *reqs, unsigned n);
/* Send and take.  True when over.  Others reap the engine. */
bool xm_batch_step(struct xm_batch *b);
/* Send no more; xm_batch_step is true when what is out has come back. */
void xm_batch_cancel(struct xm_batch *b);

#endif
