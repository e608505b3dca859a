/* SPDX-License-Identifier: Apache-2.0 */
/* Which extent source knows a disk: the registry's, in its order. */
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
			xm_log(ep->ctx, XM_LOG_INFO, "extents", "%s: what it is made of is told by %s",
			       ep->name, reg->extents[i]->name);
			return 0;
		}
	}
	return xm_extent_all.open(ep, ret, err);
}
