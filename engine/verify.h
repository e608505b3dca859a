/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comparing both sides by reading them through the host, past every cache.
 *
 * "full" compares everything; "sample" 64 places, one in each 64th of the range
 * and always its first and last bytes, at most 16 MiB in all; of a job that copies what
 * is dirty, places that are.  Where the source cannot be read, but was by who sent it: the
 * destination against its digests.  SCSI VERIFY is
 * not used: real targets answer GOOD to it without looking.
 */
#ifndef XM_VERIFY_H
#define XM_VERIFY_H

#include "digest.h"
#include "extent-runs.h"
#include "io.h"
#include "method.h"
#include "retry.h"
#include "salvage.h"

#define XM_VERIFY_PLACES 64
#define XM_VERIFY_SAMPLE (UINT64_C(64) << 10)    /* 64 x 64 KiB x 2 sides: 8 MiB */
#define XM_VERIFY_BLOCK (UINT64_C(1) << 20)
#define XM_VERIFY_SLOTS 8

enum xm_verify_mode { XM_VERIFY_NONE, XM_VERIFY_SAMPLED, XM_VERIFY_FULL };

struct xm_verify_range {
	uint64_t src_off, dst_off, len;
	struct xm_runs *dirty;       /* sample: only what these say is dirty at the source;
					NULL: all */
	const struct xm_wire_digest *digests;    /* not NULL: the destination alone is read,
						    at these places, each inside the range */
	size_t ndigests;
};

/* A place being compared. */
struct xm_verify_slot {
	uint64_t off, len;           /* off from the start of the range */
	const struct xm_wire_digest *digest;     /* instead of the source; else NULL */
	struct xm_io_req req[2];     /* source, destination */
	uint8_t *buf[2];
	unsigned to_send, out;       /* of the two requests */
	unsigned tries;
	uint64_t due;                /* not before: a read is asked again */
	struct xm_status status;
	bool used;
};

struct xm_verify {
	/* Set at start. */
	const struct xm_pair *pair;
	enum xm_verify_mode mode;
	struct xm_verify_range range;
	uint64_t block;
	uint64_t place[XM_VERIFY_PLACES];
	unsigned nplaces;
	xm_difference_fn *fn;        /* NULL: stop at the first difference */
	void *user;
	const struct xm_salvage *salvage;    /* what is listed there is not looked at;
						NULL: all is */
	bool unread_differs;         /* a source that cannot be read is no failure: it differs */
	/* Owned by the loop. */
	uint8_t *memory;
	struct xm_verify_slot slot[XM_VERIFY_SLOTS];
	struct xm_list done;
	uint64_t next;               /* full: next offset; sample: next place */
	bool active, stopping;
	uint64_t bytes;              /* compared */
	uint64_t differences, first; /* how many ranges; offset of the first found */
	bool asked_to_stop;          /* by fn */
	struct xm_status status;     /* a read that could not be had */
};

/* False when memory is short. */
bool xm_verify_start(struct xm_verify *v, const struct xm_pair *pair, enum xm_verify_mode mode,
		     const struct xm_verify_range *range);
/* One turn.  True when over: nothing of it is in flight. */
bool xm_verify_step(struct xm_verify *v, struct xm_retry *retry, uint64_t now);
void xm_verify_wait(const struct xm_verify *v, uint64_t now, struct xm_waiter *w);
void xm_verify_stop(struct xm_verify *v);
void xm_verify_free(struct xm_verify *v);

#endif
