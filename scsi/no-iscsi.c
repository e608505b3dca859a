/* SPDX-License-Identifier: Apache-2.0 */
/* In a build without libiscsi: iscsi:// is known, and refused in words. */
#include <string.h>
#include <strings.h>
#include "error.h"
#include "lu.h"

#define SCHEME "iscsi://"

static bool claims(const char *spec)
{
	return strncasecmp(spec, SCHEME, strlen(SCHEME)) == 0;
}

static int refuse(struct xm_ctx *ctx, const struct xm_open_args *args,
		  struct xm_endpoint **ret_ep, struct xm_error **err)
{
	(void)ctx;
	(void)args;
	(void)ret_ep;
	return xm_fail(err, XM_E_CONFIG, "this xmover was built without iSCSI: build it "
		       "--with-iscsi, or let the kernel log in and name the block device");
}

const struct xm_opener scsi_opener_iscsi = {
	.name = "iscsi",
	.missing = "built without libiscsi",
	.claims = claims,
	.open = refuse,
};
