/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source at the other end of a two-way stream, inside:
 *
 *   remote-source.c   the endpoint, and what is asked: reads and tokens
 *   remote-answer.c   what the sender answers, and what is acknowledged to it
 *   remote-zeros.c    the sender's map of what is zero, as an extent source
 */
#ifndef XM_REMOTE_SOURCE_H
#define XM_REMOTE_SOURCE_H

#include "io.h"
#include "remote.h"
#include "wire-status.h"
#include "xm/vec.h"

struct xm_remote {
	struct xm_io io;
	struct xm_wire *wire;
	bool tokens;
	uint32_t block_size;
	uint64_t next_id;
	struct xm_list reads, ended_reads;         /* requests: asked, and answered */
	struct xm_list populates, ended_populates;
	unsigned npopulates;
	XM_VEC(struct xm_wire_range) zeros, acks;
	size_t acked;                              /* of acks, already sent */
	struct xm_reasons reasons;
};

/* NULL: it is none. */
struct xm_remote *xm_remote_at(const struct xm_endpoint *ep);

/* remote-answer.c */
/* Acknowledgements out, answers in: what is answered is in the lists of what ended. */
void xm_remote_pump(struct xm_remote *r);
void xm_remote_send_acks(struct xm_remote *r);
void xm_remote_end_read(struct xm_remote *r, struct xm_io_req *req, const struct xm_status *s);
void xm_remote_end_populate(struct xm_remote *r, struct xm_token_req *req,
			    const struct xm_status *s);

/* remote-zeros.c */
/* Takes the sender's map, which follows its HELLO.  Set-up. */
int xm_remote_hear_zeros(struct xm_remote *r, uint64_t size, struct xm_error **err);

#endif
