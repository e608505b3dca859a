/* SPDX-License-Identifier: Apache-2.0 */
/* What is zero at the sender's disk, as it said after HELLO: see remote-source.h. */
#include "remote-source.h"

#include <stdlib.h>
#include "error.h"
#include "xm/checked.h"

struct zeros {
	struct xm_extent_source s;
	const struct xm_remote *r;
};

static int zeros_open(struct xm_endpoint *ep, struct xm_extent_source **ret, struct xm_error **err)
{
	struct zeros *z;

	if (!xm_remote_at(ep))
		return 0;
	z = calloc(1, sizeof *z);
	if (!z)
		return xm_fail(err, XM_E_TEMPORARY, "memory is short");
	*z = (struct zeros){ .s = { .ops = &xm_extent_remote }, .r = xm_remote_at(ep) };
	*ret = &z->s;
	return 0;
}

static struct xm_extent zeros_query(struct xm_extent_source *s, uint64_t off, uint64_t len)
{
	const struct xm_remote *r = xm_container_of(s, struct zeros, s)->r;
	struct xm_extent e = { .off = off, .len = len, .kind = XM_EXTENT_DATA };
	size_t lo = 0, hi = r->zeros.n;

	/* the first range that ends after off */
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (r->zeros.at[mid].off + r->zeros.at[mid].len <= off)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == r->zeros.n || r->zeros.at[lo].off >= off + len)
		return e;
	if (r->zeros.at[lo].off > off) {
		e.len = r->zeros.at[lo].off - off;
		return e;
	}
	e.kind = XM_EXTENT_ZERO;
	if (r->zeros.at[lo].off + r->zeros.at[lo].len < off + len)
		e.len = r->zeros.at[lo].off + r->zeros.at[lo].len - off;
	return e;
}

static void zeros_close(struct xm_extent_source *s)
{
	free(xm_container_of(s, struct zeros, s));
}

const struct xm_extent_source_ops xm_extent_remote = {
	.name = "remote",
	.open = zeros_open,
	.query = zeros_query,
	.close = zeros_close,
};

static bool take_zeros(struct xm_remote *r, const struct xm_wire_frame *f, uint64_t size)
{
	size_t n = f->h.len / 16;
	uint64_t end = r->zeros.n ? r->zeros.at[r->zeros.n - 1].off +
				    r->zeros.at[r->zeros.n - 1].len : 0;

	if (f->h.type != XM_WIRE_EXTENTS || f->h.len % 16 || r->zeros.n + n > XM_WIRE_MAP_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		struct xm_wire_range z;

		if (!xm_wire_get_range(f->payload, f->h.len, i, &z) || z.off < end ||
		    !xm_range_fits(z.off, z.len, size) || !xm_vec_push(&r->zeros, z))
			return false;
		end = z.off + z.len;
	}
	return true;
}

int xm_remote_hear_zeros(struct xm_remote *r, uint64_t size, struct xm_error **err)
{
	struct xm_wire_frame f;

	do {
		if (!xm_wire_await(r->wire, &f))
			return xm_wire_error(r->wire, err);
		if (!take_zeros(r, &f, size)) {
			xm_wire_fail(r->wire, XM_E_CONFIG,
				     "the sender's extent map holds what cannot be");
			return xm_wire_error(r->wire, err);
		}
	} while (!(f.h.flags & XM_WIRE_LAST));
	xm_wire_keep_alive(r->wire);
	return 0;
}
