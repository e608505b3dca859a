/* SPDX-License-Identifier: Apache-2.0 */
/* Between opener-file.c (which of the two is it) and opener-block.c. */
#ifndef XM_OPENER_FILE_H
#define XM_OPENER_FILE_H

#include <sys/stat.h>
#include "endpoint.h"

/* An opening under way. */
struct xm_opening {
	struct xm_ctx *ctx;
	const struct xm_open_args *args;
	bool dst;
	struct stat st;              /* of what the name stood for at first */
	struct xm_error **err;
	/* Of xm_opening_claim(). */
	int (*claim)(struct xm_opening *o);  /* 0 or an errno; EBUSY, EWOULDBLOCK: tried again */
	int fd;
	int errnum;
	bool warned;
};

const char *xm_opening_side(const struct xm_opening *o);
/* xm_fail() with the code that `e` stands for and the words for it. */
int xm_opening_failed(struct xm_opening *o, int e, const char *what);
/* 73 and a sentence when somebody is known to use it; else 0. */
int xm_opening_check_holders(struct xm_opening *o);
/*
 * Try o->claim until it is not busy.  A predecessor that was killed holds its
 * claim until the kernel is through with its requests: that wait is bounded,
 * and announced.  A mount or another known holder is said at once.
 */
int xm_opening_claim(struct xm_opening *o);
/* The descriptor is still what `st` was. */
int xm_opening_check_same(struct xm_opening *o, int fd);
int xm_open_block(struct xm_opening *o, struct xm_endpoint **ret_ep);

#endif
