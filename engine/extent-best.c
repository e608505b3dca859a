/* SPDX-License-Identifier: Apache-2.0 */
/* Which extent source knows a disk: the registry's, in its order; and what it says. */
#include "error.h"
#include "extent.h"
#include "registry.h"

int xm_extent_open(struct xm_endpoint *ep, struct xm_extent_source **ret, struct xm_error **err)
{
	const struct xm_registry *reg = ep->ctx->registry;

	*ret = NULL;
	for (unsigned i = 0; reg && reg->extents && reg->extents[i]; i++) {
		if (reg->extents[i]->open(ep, ret, err) < 0)
			return -1;
		if (*ret) {
			xm_log(ep->ctx, XM_LOG_INFO, "extents",
			       "%s: what it is made of is told by %s", ep->name,
			       reg->extents[i]->name);
			return 0;
		}
	}
	return xm_extent_all.open(ep, ret, err);
}

const char *xm_extent_proves_zero(struct xm_endpoint *ep, uint64_t off, uint64_t len)
{
	const struct xm_registry *reg = ep->ctx->registry;

	for (unsigned i = 0; reg && reg->extents && reg->extents[i]; i++) {
		const struct xm_extent_source_ops *ops = reg->extents[i];

		if (ops->proves_zero && ops->proves_zero(ep, off, len))
			return ops->name;
	}
	return NULL;
}

int xm_extents(struct xm_ctx *ctx, struct xm_endpoint *ep, xm_extent_fn *fn, void *user,
	       struct xm_error **err)
{
	struct xm_extent_source *s;
	bool stop = false;

	(void)ctx;
	if (xm_extent_open(ep, &s, err) < 0)
		return -1;
	for (uint64_t off = 0; off < ep->size && !stop;) {
		struct xm_extent e = s->ops->query(s, off, ep->size - off);

		stop = fn(user, off, e.len, e.kind) != 0;
		off += e.len;
	}
	s->ops->close(s);
	return stop ? xm_fail(err, XM_E_STOPPED, "stopped by the caller") : 0;
}
