/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the source holds somewhere, in 8 bytes: so that the receiver of a one-way stream, who
 * cannot read the source, can still tell whether its destination holds the same.
 *
 * The sender reads samples of what it sent, at random places, and sends their digests
 * after it; the receiver reads the destination there (verify.h).  As many as --verify=sample
 * reads: at most XM_DIGESTS samples of XM_DIGEST_SAMPLE bytes, most of them of what went by
 * token, since there nothing but the array's answer says that it arrived.
 */
#ifndef XM_DIGEST_H
#define XM_DIGEST_H

#include "io.h"
#include "token.h"
#include "wire-format.h"

#define XM_DIGESTS 256U
#define XM_DIGEST_SAMPLE (UINT64_C(32) << 10)

/* XXH3-64, seed 0. */
uint64_t xm_digest_of(const void *bytes, size_t len);

/* ---- the sender's side ------------------------------------------------------------ */

struct xm_wire;
struct xm_digester;
/* Of a source whose `bytes`, at most, will be sent.  NULL when memory is short. */
struct xm_digester *xm_digester_new(struct xm_endpoint *src, struct xm_io *io,
				    struct xm_wire *wire, uint64_t bytes);
/* False: requests that never came back still use it, and it is left as it is. */
bool xm_digester_free(struct xm_digester *d);
/* These runs were sent: samples of them, perhaps, are due. */
void xm_digester_sent(struct xm_digester *d, const struct xm_token_run *runs, unsigned nruns,
		      bool token);
void xm_digester_turn(struct xm_digester *d);
void xm_digester_wait(const struct xm_digester *d, struct xm_waiter *w);
/*
 * True: nothing is due, and *ret says whether all that was has been sent; RETRY: the path of
 * the source is shut, ask again.
 */
bool xm_digester_over(const struct xm_digester *d, struct xm_status *ret);
/* No more is read; what is out comes back.  Bounded by the context's timeout. */
void xm_digester_stop(struct xm_digester *d);

#endif
