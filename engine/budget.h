/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much may be started: commands in flight, and bytes a second.
 *
 * The rate is a bucket of tokens that may go into debt: a chunk is started when
 * the bucket is not empty, whatever its size, and paid for in full.  So one
 * chunk larger than the bucket does not block for ever, and over time the rate
 * holds.
 */
#ifndef XM_BUDGET_H
#define XM_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct xm_budget {
	uint64_t rate;               /* bytes a second, 0 no limit */
	int64_t tokens;
	uint64_t at;                 /* when tokens was right */
};

void xm_budget_init(struct xm_budget *b, uint64_t rate, uint64_t now);
void xm_budget_set_rate(struct xm_budget *b, uint64_t rate, uint64_t now);
/* 0 when something may start now, else when to ask again. */
uint64_t xm_budget_when(struct xm_budget *b, uint64_t now);
void xm_budget_spend(struct xm_budget *b, uint64_t bytes);
/* A chunk should not be larger than this: about a second's worth; UINT64_MAX without a rate. */
uint64_t xm_budget_chunk(const struct xm_budget *b);

#endif
