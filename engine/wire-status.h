/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of statuses and tokens on their way through a stream. */
#ifndef XM_WIRE_STATUS_H
#define XM_WIRE_STATUS_H

#include "status.h"
#include "token.h"
#include "wire-format.h"

/* Words of the other side that live as long as this: a status points at them. */
#define XM_REASONS 32
struct xm_reasons {
	char word[XM_REASONS][48];
	unsigned n;
};

void xm_wire_from_status(const struct xm_status *s, uint64_t id, struct xm_wire_fail *f);
/* False: it is not the status of something that was not done. */
bool xm_wire_to_status(const struct xm_wire_fail *f, struct xm_reasons *reasons,
		       struct xm_status *s);
/* A code this library knows; XM_E_TEMPORARY for others. */
enum xm_code xm_wire_code(uint32_t code);
/* A token as it came, covering what it says. */
void xm_wire_fill_token(struct xm_token *t, const struct xm_wire_runs *runs, uint16_t flags,
			uint32_t block_size);
uint32_t xm_wire_life(const struct xm_token *t);

#endif
