/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a file is made of, by SEEK_DATA and SEEK_HOLE.  A preallocated range that
 * was never written counts as a hole: it reads as zero.  Block devices answer
 * EINVAL; they are no business of this source.
 */
#include "extent-runs.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include "error.h"

/* False: the rest is data. */
static bool step(struct xm_endpoint *ep, struct xm_runs *r, uint64_t *pos)
{
	off_t data = lseek(ep->fd, (off_t)*pos, SEEK_DATA), hole;

	if (data < 0) {
		/* behind the last data */
		if (errno == ENXIO)
			xm_runs_add(r, *pos, ep->size - *pos, XM_EXTENT_HOLE);
		return false;
	}
	if ((uint64_t)data < *pos ||
	    !xm_runs_add(r, *pos, (uint64_t)data - *pos, XM_EXTENT_HOLE))
		return false;
	hole = lseek(ep->fd, data, SEEK_HOLE);
	if (hole <= data ||
	    !xm_runs_add(r, (uint64_t)data, (uint64_t)(hole - data), XM_EXTENT_DATA))
		return false;
	*pos = (uint64_t)hole;
	return true;
}

static int seek_open(struct xm_endpoint *ep, struct xm_extent_source **ret, struct xm_error **err)
{
	struct xm_clock *clock = ep->ctx->clock;
	uint64_t pos = 0, until = clock->now(clock) + XM_EXTENT_BOUND_NS;
	struct xm_runs r;
	struct stat st;

	*ret = NULL;
	if (ep->fd < 0 || fstat(ep->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return 0;
	xm_runs_init(&r, ep->size, XM_EXTENT_DATA, XM_EXTENT_DATA);
	while (pos < ep->size && clock->now(clock) < until && step(ep, &r, &pos))
		;
	*ret = xm_extent_source_of(&r);
	xm_runs_free(&r);
	return *ret ? 0 : xm_fail(err, XM_E_TEMPORARY, "memory is short");
}

/* One hole; also where that is not known there is data. */
static bool is_hole(struct xm_endpoint *ep, uint64_t off, uint64_t len)
{
	off_t data;

	if (ep->fd < 0 || ep->block_size != 1)
		return false;
	data = lseek(ep->fd, (off_t)off, SEEK_DATA);
	return data < 0 ? errno == ENXIO : (uint64_t)data >= off + len;
}

const struct xm_extent_source_ops xm_extent_seek = {
	.name = "SEEK_HOLE",
	.open = seek_open,
	.proves_zero = is_hole,
};
