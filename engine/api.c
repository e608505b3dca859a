/* SPDX-License-Identifier: Apache-2.0 */
/* Public functions that need every backend, or none: opening, the version, comparing. */
#include <string.h>
#include "ctx.h"
#include "endpoint.h"
#include "error.h"
#include "job.h"
#include "job-verify.h"
#include "registry.h"
#include "xm/align.h"

const char *xm_version(void)
{
	return XM_VERSION;
}

static const struct xm_opener *opener_for(const struct xm_ctx *ctx, const char *spec)
{
	for (const struct xm_opener *const *o = ctx->registry->openers; *o; o++) {
		if ((*o)->claims(spec))
			return *o;
	}
	return NULL;
}

int xm_endpoint_open(struct xm_ctx *ctx, const char *spec, unsigned flags, uint64_t create_size,
		     struct xm_endpoint **ret_ep, struct xm_error **err)
{
	const struct xm_opener *opener;
	struct xm_open_args args = {
		.spec = spec,
		.role = flags & XM_OPEN_WRITE ? XM_ROLE_DST : XM_ROLE_SRC,
		.create = flags & XM_OPEN_CREATE,
		.create_size = create_size,
	};

	/* of an URL that is not understood nothing is repeated: anything in it may be a secret */
	const char *rest = strstr(spec, "://");
	int shown = rest ? (int)xm_min_u64((size_t)(rest - spec) + 3, 40) : -1;

	if (args.create && args.role != XM_ROLE_DST)
		return xm_fail(err, XM_E_USAGE, "%s: only a destination can be created", spec);
	if (!ctx->registry)
		ctx->registry = &xm_registry_all;
	opener = opener_for(ctx, spec);
	if (!opener)
		return xm_fail(err, XM_E_USAGE,
			       "%.*s%s: neither a path nor an URL this build can open; "
			       "give a file, a block device, /dev/sgN, iscsi://host/iqn/lun "
			       "or nbd://host/export", shown, spec, rest ? "..." : "");
	return opener->open(ctx, &args, ret_ep, err);
}
