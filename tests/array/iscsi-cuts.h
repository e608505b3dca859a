/* SPDX-License-Identifier: Apache-2.0 */
/* Writes through a proxy that is cut at random bytes, against a model of what the disk holds. */
#ifndef ISCSI_CUTS_H
#define ISCSI_CUTS_H

#include "iscsi-rig.h"
#include "tcp-proxy.h"

/*
 * Each round: many writes, a cut, the fence, then what was not DONE once more; the
 * disk has to hold the model.  Seed from XM_SEED, printed.  Some writes must have been
 * UNKNOWN and some DONE, else it proved nothing.
 */
void cut_at_random(struct xm_endpoint *ep, struct proxy *p, unsigned rounds);

#endif
