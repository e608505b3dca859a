/* SPDX-License-Identifier: Apache-2.0 */
/* The token bucket of --rate: see budget.h. */
#include "budget.h"

#include "clock.h"
#include "xm/align.h"

#define RATE_MAX (UINT64_C(1) << 50)     /* a petabyte a second: keeps the sums inside 64 bits */

void xm_budget_init(struct xm_budget *b, uint64_t rate, uint64_t now)
{
	*b = (struct xm_budget){ .at = now };
	xm_budget_set_rate(b, rate, now);
}

/* A quarter of a second may be saved up. */
static int64_t cap(const struct xm_budget *b)
{
	return (int64_t)xm_max_u64(b->rate / 4, 1);
}

static void refill(struct xm_budget *b, uint64_t now)
{
	uint64_t ns = now > b->at ? now - b->at : 0;
	uint64_t s = xm_min_u64(ns / XM_NS_PER_S, 1 << 12);
	uint64_t rest = ns % XM_NS_PER_S / 1000;
	uint64_t add = b->rate * s + b->rate / 1000000 * rest + b->rate % 1000000 * rest / 1000000;

	if (add == 0)
		return;              /* so little time that it would be lost in rounding */
	b->at = now;
	b->tokens += (int64_t)xm_min_u64(add, (uint64_t)INT64_MAX / 4);
	if (b->tokens > cap(b))
		b->tokens = cap(b);
}

void xm_budget_set_rate(struct xm_budget *b, uint64_t rate, uint64_t now)
{
	bool unlimited = b->rate == 0;

	if (!unlimited)
		refill(b, now);
	b->rate = xm_min_u64(rate, RATE_MAX);
	b->at = now;
	if (unlimited || b->tokens > cap(b))
		b->tokens = cap(b);
	/* what an old, higher rate owed must not hold the new one up for long */
	if (b->tokens < -(int64_t)b->rate)
		b->tokens = -(int64_t)b->rate;
}

uint64_t xm_budget_when(struct xm_budget *b, uint64_t now)
{
	uint64_t owed, ms;

	if (b->rate == 0)
		return 0;
	refill(b, now);
	if (b->tokens > 0)
		return 0;
	owed = (uint64_t)-b->tokens + 1;
	/* in ms, rounded up: owed is at most 2^62, the rate may be 1 */
	ms = xm_min_u64(owed / xm_max_u64(b->rate / 1000, 1) + 1, 10000);
	return now + ms * XM_NS_PER_MS;
}

void xm_budget_spend(struct xm_budget *b, uint64_t bytes)
{
	if (b->rate)
		b->tokens -= (int64_t)xm_min_u64(bytes, (uint64_t)INT64_MAX / 4);
}

uint64_t xm_budget_chunk(const struct xm_budget *b)
{
	return b->rate ? b->rate : UINT64_MAX;
}
