/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One end of a stream, inside: wire.c writes frames and ends it, wire-in.c reads what comes.
 */
#ifndef XM_WIRE_PRIV_H
#define XM_WIRE_PRIV_H

#include "wire.h"

#define XM_WIRE_IN_SIZE (2 * ((size_t)XM_WIRE_HEADER + XM_WIRE_PAYLOAD_MAX))

struct xm_wire {
	struct xm_ctx *ctx;
	int in, out, in_flags, out_flags;
	/* in */
	uint8_t *buf;
	size_t begin, end;               /* what has come and was not taken */
	uint64_t peer, next_in;
	bool eof;
	/* out */
	struct out_slot *slots;
	struct xm_list idle, queue;
	size_t written;                  /* of the first in the queue */
	uint64_t id, next_out;
	/* both */
	bool keep_alive, hung_up;
	uint64_t heard, spoke;
	const char *dead;
	enum xm_code code;
	char text[256];
};

#endif
