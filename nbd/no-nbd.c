/* SPDX-License-Identifier: Apache-2.0 */
/* In a build without libnbd: nbd:// is known, and refused in words. */
#include <string.h>
#include <strings.h>
#include "endpoint.h"
#include "error.h"
#include "extent.h"

static bool claims(const char *spec)
{
	return strncasecmp(spec, "nbd", 3) == 0 && strstr(spec, "://");
}

static int refuse(struct xm_ctx *ctx, const struct xm_open_args *args,
		  struct xm_endpoint **ret_ep, struct xm_error **err)
{
	(void)ctx;
	(void)args;
	(void)ret_ep;
	return xm_fail(err, XM_E_CONFIG, "this xmover was built without NBD: build it --with-nbd, "
		       "or attach the export with nbd-client and name the block device");
}

const struct xm_opener nbd_opener = {
	.name = "nbd",
	.missing = "built without libnbd",
	.claims = claims,
	.open = refuse,
};

static int no_extents(struct xm_endpoint *ep, struct xm_extent_source **ret, struct xm_error **err)
{
	(void)ep;
	(void)err;
	*ret = NULL;
	return 0;
}

const struct xm_extent_source_ops nbd_extents = {
	.name = "nbd",
	.open = no_extents,
};
