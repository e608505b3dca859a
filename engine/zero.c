/* SPDX-License-Identifier: Apache-2.0 */
/* The ladder: see zero.h. */
#include "zero.h"

#include "xm/align.h"

#define SMALLEST 4096

bool xm_zero_is_refused(const struct xm_endpoint *ep, enum xm_zero_way way)
{
	return ep->zero_refused & 1u << way;
}

void xm_zero_refused(struct xm_endpoint *ep, enum xm_zero_way way)
{
	if (way != XM_ZERO_WRITE)
		ep->zero_refused |= 1u << way;
}

static enum xm_zero_way first_from(const struct xm_endpoint *ep, enum xm_zero_way way)
{
	while (xm_zero_is_refused(ep, way))
		way++;
	return way;
}

struct xm_zero_step xm_zero_step(const struct xm_endpoint *ep, uint64_t off, uint64_t len)
{
	struct xm_zero_grain grain = { .size = ep->free_grain, .align = ep->free_align };
	struct xm_zero_step s = { .way = first_from(ep, XM_ZERO_PUNCH), .len = len };
	bool is_file = ep->block_size == 1;

	if (s.way != XM_ZERO_PUNCH || is_file || grain.size == 0)
		return s;
	uint64_t to_edge = xm_zero_to_edge(off, &grain);
	if (to_edge == grain.size && len >= grain.size) {
		s.len = xm_round_down(len, grain.size);
	} else {
		s.way = first_from(ep, XM_ZERO_RANGE);
		s.len = to_edge == grain.size ? len : xm_min_u64(to_edge, len);
	}
	return s;
}

struct xm_zero_grain xm_zero_grain(const struct xm_endpoint *ep, uint64_t slot)
{
	uint64_t size = ep->free_grain;

	if (size && size < SMALLEST)
		size = xm_round_up(SMALLEST, size);
	if (size == 0 || size > slot || xm_zero_is_refused(ep, XM_ZERO_PUNCH))
		return (struct xm_zero_grain){ .size = slot };
	return (struct xm_zero_grain){ .size = size, .align = ep->free_align };
}
