/* SPDX-License-Identifier: Apache-2.0 */
/* Back-off and retry budgets: see retry.h. */
#include "retry.h"

#include "xm/align.h"

void xm_retry_init(struct xm_retry *r)
{
	*r = (struct xm_retry){ .left = XM_RETRY_JOB };
}

uint64_t xm_retry_delay(unsigned tries, uint64_t random)
{
	unsigned doublings = tries > 1 ? tries - 1 : 0;
	uint64_t ns = XM_RETRY_MAX_NS;

	if (doublings < 6)
		ns = xm_min_u64(ns, XM_RETRY_FIRST_NS << doublings);
	return ns - ns / 4 + random % (ns / 2);
}

bool xm_retry_take(struct xm_retry *r, unsigned tries)
{
	if (r->left == 0 || tries > XM_RETRY_TRIES)
		return false;
	r->left--;
	r->count++;
	return true;
}

void xm_retry_earn(struct xm_retry *r)
{
	if (r->left < XM_RETRY_JOB)
		r->left++;
}
