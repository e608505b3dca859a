/* SPDX-License-Identifier: Apache-2.0 */
/* Two LUNs of one target behind a proxy, and EXTENDED COPY between them by hand. */
#ifndef ISCSI_PAIR_H
#define ISCSI_PAIR_H

#include "iscsi-rig.h"
#include "tcp-proxy.h"

struct pair {
	struct rig r;
	struct proxy p;
	struct xm_ctx *ctx;
	struct xm_endpoint *src, *dst;
};

void pair_open(struct pair *x, const char *job);
void pair_close(struct pair *x);
struct scsi_transport *pair_transport(struct pair *x);
/* From LUN 0 to LUN 1; list and cmd have to live until it has ended. */
void pair_copy(struct scsi_cmd *cmd, uint8_t list[108], struct pair *x, uint64_t lba,
	       uint16_t blocks, struct xm_list *done);
/* How often the array saw an operation ("8a", "83/00"). */
long pair_seen(struct rig *r, const char *op);
/* For xm_ctx_wait_for: the transport, and a look every 10 ms. */
void pair_wait(void *pair, struct xm_waiter *w);
/* Turns until the array has got n commands of the kind. */
void pair_await_sent(struct pair *x, const char *op, long n);
/* Turns until the nexus is lost. */
void pair_await_lost(struct pair *x);
/* Copies that run in the array. */
long pair_running(struct rig *r);

#endif
