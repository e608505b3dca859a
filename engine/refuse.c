/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is refused up front (design 4, rule 7).  Sameness is by identity: the
 * names the disks give themselves, and where on that disk an end begins.
 */
#include "refuse.h"

#include "error.h"
#include "xm/align.h"
#include "xm/checked.h"

#define ULL(x) ((unsigned long long)(x))

static int check_ends(const struct xm_endpoint *src, const struct xm_endpoint *dst, bool writing,
		      struct xm_error **err)
{
	if (src->size == 0)
		return xm_fail(err, XM_E_NOSOURCE, "%s: the source is empty", src->name);
	if (writing && !dst->writable)
		return xm_fail(err, XM_E_DESTINATION, "%s: the destination was not opened for "
			       "writing, or is read-only", dst->name);
	return 0;
}

static bool overlap(uint64_t a, uint64_t b, uint64_t len)
{
	return a < b ? b - a < len : a - b < len;
}

static int check_same(const struct xm_endpoint *src, const struct xm_endpoint *dst,
		      uint64_t src_off, uint64_t dst_off, uint64_t len, struct xm_error **err)
{
	const char *name = xm_identity_common(&src->id, &dst->id);
	uint64_t a, b;

	if (!name)
		return 0;
	if (!xm_checked_add(src->base, src_off, &a) || !xm_checked_add(dst->base, dst_off, &b) ||
	    a == b)
		return xm_fail(err, XM_E_DESTINATION,
			       "source and destination are the same disk: %s "
			       "and %s are both %s; give another destination", src->name, dst->name,
			       name);
	if (overlap(a, b, len))
		return xm_fail(err, XM_E_DESTINATION,
			       "source and destination overlap: %s and %s are "
			       "both on %s, %llu bytes apart", src->name, dst->name, name,
			       ULL(a < b ? b - a : a - b));
	return 0;
}

static int refuse(const struct xm_endpoint *src, const struct xm_endpoint *dst, bool writing,
		  struct xm_error **err)
{
	if (check_ends(src, dst, writing, err) < 0 ||
	    check_same(src, dst, 0, 0, src->size, err) < 0)
		return -1;
	if (dst->size < src->size)
		return xm_fail(err, XM_E_DESTINATION, "%s: the destination is smaller (%llu bytes) "
			       "than the source (%llu bytes)", dst->name, ULL(dst->size),
			       ULL(src->size));
	if (!xm_is_aligned(src->size, dst->block_size))
		return xm_fail(err, XM_E_USAGE,
			       "%s: the source's %llu bytes are not a whole number of "
			       "the destination's %u-byte blocks; copy onto a disk with smaller "
			       "blocks", src->name, ULL(src->size), dst->block_size);
	return 0;
}

int xm_refuse_geometry(const struct xm_endpoint *src, const struct xm_endpoint *dst,
		       struct xm_error **err)
{
	return refuse(src, dst, false, err);
}

int xm_refuse_pair(const struct xm_endpoint *src, const struct xm_endpoint *dst,
		   struct xm_error **err)
{
	return refuse(src, dst, true, err);
}

int xm_refuse_range(const struct xm_endpoint *src, const struct xm_endpoint *dst,
		    uint64_t src_off, uint64_t dst_off, uint64_t len, struct xm_error **err)
{
	uint64_t block = xm_max_u64(src->block_size, dst->block_size);

	if (check_ends(src, dst, true, err) < 0)
		return -1;
	if (len == 0 || !xm_range_fits(src_off, len, src->size) ||
	    !xm_range_fits(dst_off, len, dst->size))
		return xm_fail(err, XM_E_USAGE,
			       "the range is empty or does not fit: %llu bytes, from "
			       "%llu of %s (%llu bytes) to %llu of %s (%llu bytes)", ULL(len),
			       ULL(src_off), src->name, ULL(src->size), ULL(dst_off), dst->name,
			       ULL(dst->size));
	if (!xm_is_aligned(src_off, block) || !xm_is_aligned(dst_off, block) ||
	    !xm_is_aligned(len, block))
		return xm_fail(err, XM_E_USAGE,
			       "offsets and length of the range are not multiples of "
			       "the larger block, %llu bytes", ULL(block));
	return check_same(src, dst, src_off, dst_off, len, err);
}
