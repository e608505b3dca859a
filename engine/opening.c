/* SPDX-License-Identifier: Apache-2.0 */
/* The exclusive claim on a destination, and the words when it fails. */
#include "opener-file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "holders.h"
#include "xm/cleanup.h"

#define ASK_AGAIN (100 * XM_NS_PER_MS)
/* A killed process's write was seen to live for 5 s; the kernel's command timeout is 30 s. */
#define BUSY_BOUND (60 * XM_NS_PER_S)

const char *xm_opening_side(const struct xm_opening *o)
{
	return o->dst ? "destination" : "source";
}

int xm_opening_failed(struct xm_opening *o, int e, const char *what)
{
	return xm_fail(o->err, xm_code_of_errno(e, o->dst), "%s %s: %s: %s", xm_opening_side(o),
		       o->args->spec, what, strerror(e));
}

int xm_opening_check_holders(struct xm_opening *o)
{
	char *what XM_CLEANUP_FREE = xm_holder_of(&xm_holder_paths_real, &o->st);
	if (!what)
		return 0;
	return xm_fail(o->err, XM_E_DESTINATION,
		       "destination %s %s; it is not overwritten while in use", o->args->spec,
		       what);
}

/* 1 got it, -1 will not get it, 0 ask again. */
static int claim_step(void *p)
{
	struct xm_opening *o = p;
	o->errnum = o->claim(o);
	if (o->errnum == 0)
		return 1;
	if ((o->errnum != EBUSY && o->errnum != EWOULDBLOCK) || xm_opening_check_holders(o))
		return -1;
	if (!o->warned)
		xm_log(o->ctx, XM_LOG_WARNING, "destination_busy",
		       "destination %s is claimed by somebody; if that was a mover that has died, "
		       "its last writes are under way still: waiting up to %llu s", o->args->spec,
		       (unsigned long long)(BUSY_BOUND / XM_NS_PER_S));
	o->warned = true;
	return 0;
}

static void claim_wait(void *p, struct xm_waiter *w)
{
	struct xm_clock *clock = ((struct xm_opening *)p)->ctx->clock;
	xm_waiter_until(w, clock->now(clock) + ASK_AGAIN);
}

int xm_opening_claim(struct xm_opening *o)
{
	struct xm_clock *clock = o->ctx->clock;
	uint64_t until = clock->now(clock) + BUSY_BOUND;
	int got = xm_ctx_wait_for(o->ctx, until, claim_wait, claim_step, o);
	if (got == 1)
		return 0;
	if (got == 0)
		xm_fail(o->err, XM_E_DESTINATION,
			"destination %s is busy: another process claims it exclusively, or a "
			"killed mover's writes are under way still (waited %llu s); find it with "
			"fuser or lsof, or run again later", o->args->spec,
			(unsigned long long)(BUSY_BOUND / XM_NS_PER_S));
	/* A known holder has been named already: then this is not the first error. */
	return xm_opening_failed(o, o->errnum, "cannot be opened");
}

int xm_opening_check_same(struct xm_opening *o, int fd)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return xm_opening_failed(o, errno, "fstat");
	if (st.st_dev == o->st.st_dev && st.st_ino == o->st.st_ino && st.st_rdev == o->st.st_rdev &&
	    (st.st_mode & S_IFMT) == (o->st.st_mode & S_IFMT))
		return 0;
	return xm_fail(o->err, o->dst ? XM_E_DESTINATION : XM_E_NOSOURCE,
		       "%s %s was replaced while it was opened; run again", xm_opening_side(o),
		       o->args->spec);
}
