/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between extent-nbd.c and how libnbd asks: status-64.c, or status-32.c where it is
 * older than 1.18.
 */
#ifndef NBD_ASK_H
#define NBD_ASK_H

#include "disk.h"
#include "extent-runs.h"

struct nbd_ask {
	struct nbd_disk *d;
	struct nbd_conn *conn;
	struct xm_runs runs;
	uint64_t pos;                    /* told up to here */
	bool out;                        /* a question is under way */
	bool told;                       /* and was answered for our context */
	bool bad;                        /* not to be asked again */
};

/* Longest question; cut to blocks by the asker. */
extern const uint64_t NBD_STATUS_MOST;
/* Sends the question about `len` bytes at a->pos. */
int64_t nbd_send_status(struct nbd_ask *a, uint64_t len, nbd_completion_callback end);

/* An answer begins: is it one to be read? */
bool nbd_tells(struct nbd_ask *a, const char *context, uint64_t offset);
/* An extent of it.  False: enough. */
bool nbd_told(struct nbd_ask *a, uint64_t len, uint64_t flags);
int nbd_ask_ended(void *user, int *error);

#endif
