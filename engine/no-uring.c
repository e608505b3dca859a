/* SPDX-License-Identifier: Apache-2.0 */
/* Built without liburing. */
#include "io.h"

#include <errno.h>

struct xm_io *xm_io_uring_open(struct xm_ctx *ctx, int *ret_errno)
{
	(void)ctx;
	*ret_errno = ENOSYS;
	return NULL;
}
