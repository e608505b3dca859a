/* SPDX-License-Identifier: Apache-2.0 */
/* Rate over the last seconds: see progress.h. */
#include "progress.h"

#include "clock.h"

void xm_progress_init(struct xm_progress *p, uint64_t now)
{
	*p = (struct xm_progress){ .moved_at = now, .n = 1, .next = 1 };
	p->ring[0].at = now;
}

void xm_progress_begin(struct xm_progress *p, uint64_t done)
{
	p->ring[0].done = p->most = done;
}

void xm_progress_note(struct xm_progress *p, uint64_t now, uint64_t done)
{
	unsigned last = (p->next + XM_PROGRESS_SAMPLES - 1) % XM_PROGRESS_SAMPLES;

	/* bytes that are moved again because they were not believed are movement too */
	if (done != p->most) {
		p->most = done;
		p->moved_at = now;
	}
	if (now - p->ring[last].at < XM_PROGRESS_STEP_NS)
		return;
	p->ring[p->next].at = now;
	p->ring[p->next].done = done;
	p->next = (p->next + 1) % XM_PROGRESS_SAMPLES;
	if (p->n < XM_PROGRESS_SAMPLES)
		p->n++;
}

uint64_t xm_progress_rate(const struct xm_progress *p, uint64_t now, uint64_t done)
{
	unsigned first = p->n < XM_PROGRESS_SAMPLES ? 0 : p->next;
	uint64_t ns = now - p->ring[first].at, bytes;

	if (ns == 0 || done < p->ring[first].done)
		return 0;
	bytes = done - p->ring[first].done;
	return (uint64_t)((double)bytes * (double)XM_NS_PER_S / (double)ns);
}

uint64_t xm_progress_eta(const struct xm_progress *p, uint64_t now, uint64_t done, uint64_t total)
{
	uint64_t rate = xm_progress_rate(p, now, done);
	double ns;

	if (done >= total)
		return 0;
	if (rate == 0)
		return UINT64_MAX;
	ns = (double)(total - done) / (double)rate * (double)XM_NS_PER_S;
	return ns < 1e18 ? (uint64_t)ns : UINT64_MAX;
}
