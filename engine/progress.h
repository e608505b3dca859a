/* SPDX-License-Identifier: Apache-2.0 */
/* Rate, time to go and stall, from what was done when. */
#ifndef XM_PROGRESS_H
#define XM_PROGRESS_H

#include <stdint.h>

#define XM_PROGRESS_SAMPLES 16
#define XM_PROGRESS_STEP_NS UINT64_C(500000000)

struct xm_progress {
	struct { uint64_t at, done; } ring[XM_PROGRESS_SAMPLES];
	unsigned n, next;
	uint64_t moved_at;           /* when `most` last grew */
	uint64_t most;
};

void xm_progress_init(struct xm_progress *p, uint64_t now);
/* What was done before it began is no work of this run. */
void xm_progress_begin(struct xm_progress *p, uint64_t done);
/* Each turn. */
void xm_progress_note(struct xm_progress *p, uint64_t now, uint64_t done);
/* Bytes a second over the ring's span (up to 8 s). */
uint64_t xm_progress_rate(const struct xm_progress *p, uint64_t now, uint64_t done);
/* UINT64_MAX while unknown. */
uint64_t xm_progress_eta(const struct xm_progress *p, uint64_t now, uint64_t done, uint64_t total);

#endif
