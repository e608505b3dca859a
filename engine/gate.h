/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The write gate: the one place that knows which bytes may be written.  Every
 * destination write, by host or by offload, asks it; a refusal is a bug of
 * ours and ends the job with XM_E_BUG before the command is sent.
 */
#ifndef XM_GATE_H
#define XM_GATE_H

#include "endpoint.h"
#include "xm/checked.h"

static inline bool xm_gate_allows(const struct xm_endpoint *ep, uint64_t off, uint64_t len)
{
	uint64_t end;
	return ep->writable && xm_checked_add(off, len, &end) &&
	       off >= ep->gate_lo && end <= ep->gate_hi;
}

#endif
