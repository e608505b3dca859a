/* SPDX-License-Identifier: Apache-2.0 */
/* The first words: who is there, what disk it has, and whether both speak one version. */
#ifndef XM_WIRE_HELLO_H
#define XM_WIRE_HELLO_H

#include "endpoint.h"
#include "wire.h"

/* src NULL: a receiver's. */
bool xm_wire_say_hello(struct xm_wire *w, enum xm_wire_kind kind, const struct xm_endpoint *src,
		       uint64_t granule, uint32_t flags);
/*
 * Waits for the other's HELLO and checks it: version, kind, and that it is a
 * sender's or a receiver's as wished, in answer to ours where we spoke first.
 * Names that mean something on another host only are marked as such.
 */
int xm_wire_hear_hello(struct xm_wire *w, bool from_sender, struct xm_wire_hello *h,
		       struct xm_error **err);
/* The stream's death as an error.  Returns -1. */
int xm_wire_error(struct xm_wire *w, struct xm_error **err);

#endif
