/* SPDX-License-Identifier: Apache-2.0 */
/* What is refused before anything is written; the same checks for job and probe. */
#ifndef XM_REFUSE_H
#define XM_REFUSE_H

#include "endpoint.h"

/* Same disk, too small, blocks that do not fit: all of src onto the start of dst. */
int xm_refuse_geometry(const struct xm_endpoint *src, const struct xm_endpoint *dst,
		       struct xm_error **err);
/* And a destination that may be written. */
int xm_refuse_pair(const struct xm_endpoint *src, const struct xm_endpoint *dst,
		   struct xm_error **err);
int xm_refuse_range(const struct xm_endpoint *src, const struct xm_endpoint *dst,
		    uint64_t src_off, uint64_t dst_off, uint64_t len, struct xm_error **err);

#endif
