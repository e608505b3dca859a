/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ladder of ways to make zeros, cheapest first.  What a disk refuses is
 * remembered and not asked again.  Only ways that promise zeros are on it:
 * BLKDISCARD and UNMAP promise nothing, so they are not.
 */
#ifndef XM_ZERO_H
#define XM_ZERO_H

#include "endpoint.h"
#include "zero-find.h"

enum xm_zero_way {
	XM_ZERO_PUNCH,           /* and give the space back: PUNCH_HOLE; WRITE SAME with UNMAP */
	XM_ZERO_RANGE,           /* ZERO_RANGE; WRITE SAME */
	XM_ZERO_ZEROOUT,         /* BLKZEROOUT */
	XM_ZERO_WRITE            /* zeros are written; never refused */
};

struct xm_zero_step {
	enum xm_zero_way way;
	uint64_t len;
};

/*
 * How to begin with [off, off+len), and how far that goes.  Disks get their
 * whole steps of space back, and what is left before and behind is zeroed by
 * another way: who gives back more than a step holds, or less than it was
 * asked, is then not to be feared.  A file system keeps the edges itself.
 */
struct xm_zero_step xm_zero_step(const struct xm_endpoint *ep, uint64_t off, uint64_t len);
void xm_zero_refused(struct xm_endpoint *ep, enum xm_zero_way way);
bool xm_zero_is_refused(const struct xm_endpoint *ep, enum xm_zero_way way);

/*
 * What zeros to look for in buffers of `slot` bytes that go to ep: as many as it gives
 * back at a time; or a whole buffer where that is more or nothing, for zeros then
 * only save the way there, and smaller ones are not worth a request of their own.
 */
struct xm_zero_grain xm_zero_grain(const struct xm_endpoint *ep, uint64_t slot);

#endif
