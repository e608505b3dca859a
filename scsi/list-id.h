/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 32-bit list identifiers.  They are an I_T nexus' own, and ends of one pair may
 * share a nexus: so one counter a context, begun at random, that comes round after 2^32.
 */
#ifndef SCSI_LIST_ID_H
#define SCSI_LIST_ID_H

#include <stdint.h>
#include "ctx.h"

/* The next one, never 0. */
uint32_t scsi_next_list_id(struct xm_ctx *ctx);

#endif
