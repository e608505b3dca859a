/* SPDX-License-Identifier: Apache-2.0 */
/* Back-off and retry budgets: see retry.h. */
#include "retry.h"

#include "xm/align.h"

void xm_retry_init(struct xm_retry *r)
{
	*r = (struct xm_retry){ .left = XM_RETRY_JOB };
}

static uint64_t doubled(uint64_t ns, unsigned tries)
{
	unsigned doublings = tries > 1 ? tries - 1 : 0;

	return doublings < 6 ? xm_min_u64(XM_RETRY_MAX_NS, ns << doublings) : XM_RETRY_MAX_NS;
}

/* Of a full queue, and not so for long. */
static bool is_quick(const struct xm_status *s, unsigned tries)
{
	return s->full && tries <= XM_RETRY_FULL;
}

static unsigned beyond_quick(const struct xm_status *s, unsigned tries)
{
	return s->full ? tries - XM_RETRY_FULL : tries;
}

uint64_t xm_retry_delay(const struct xm_status *s, unsigned tries, uint64_t random)
{
	uint64_t ns = is_quick(s, tries) ? doubled(XM_RETRY_FULL_NS, tries) :
					   doubled(XM_RETRY_FIRST_NS, beyond_quick(s, tries));

	return ns - ns / 4 + random % (ns / 2);
}

bool xm_retry_take(struct xm_retry *r, const struct xm_status *s, unsigned tries)
{
	bool quick = is_quick(s, tries);

	if (!quick && (r->left == 0 || beyond_quick(s, tries) > XM_RETRY_TRIES))
		return false;
	r->left -= !quick;
	r->count++;
	return true;
}

void xm_retry_earn(struct xm_retry *r)
{
	if (r->left < XM_RETRY_JOB)
		r->left++;
}
