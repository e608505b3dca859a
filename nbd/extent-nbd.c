/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an NBD export is made of: base:allocation, asked from one end to the other
 * when the source is opened.
 *
 * A hole without the zero flag promises nothing, so it is copied as data.  A server
 * may answer less than it was asked; one that answers nonsense, an error, or
 * goes silent is not asked again, and what it has not told is data.
 */
#include <errno.h>
#include <string.h>
#include "ask.h"
#include "disk.h"
#include "error.h"
#include "extent-runs.h"
#include "xm/align.h"

#define STATE_HOLE 1u
#define STATE_ZERO 2u

static enum xm_extent_kind kind_of(uint64_t flags)
{
	switch (flags & (STATE_HOLE | STATE_ZERO)) {
	case STATE_HOLE | STATE_ZERO:
		return XM_EXTENT_HOLE;
	case STATE_ZERO:
		return XM_EXTENT_ZERO;
	case STATE_HOLE:
		return XM_EXTENT_UNKNOWN;
	default:
		return XM_EXTENT_DATA;
	}
}

bool nbd_told(struct nbd_ask *a, uint64_t len, uint64_t flags)
{
	/* the last one may reach beyond what was asked, and even beyond the disk */
	uint64_t left = a->d->facts.size - a->pos;

	if (len == 0 || left == 0 || !xm_runs_add(&a->runs, a->pos, xm_min_u64(len, left),
						  kind_of(flags)))
		a->bad = true;
	else
		a->pos += xm_min_u64(len, left);
	return !a->bad;
}

bool nbd_tells(struct nbd_ask *a, const char *context, uint64_t offset)
{
	if (strcmp(context, NBD_BASE_ALLOCATION) != 0)
		return false;
	if (a->told || offset != a->pos)
		a->bad = true;
	a->told = true;
	return !a->bad;
}

int nbd_ask_ended(void *user, int *error)
{
	struct nbd_ask *a = user;

	a->out = false;
	a->bad |= *error != 0 || !a->told;
	if (*error != NBD_LOST) {
		a->conn->inflight--;
		a->conn->answers++;
	}
	return 1;
}

/* ---- one question after the other --------------------------------------------------- */

static bool ask_next(struct nbd_ask *a)
{
	uint64_t most = xm_round_down(NBD_STATUS_MOST, a->d->facts.block);
	nbd_completion_callback end = { .callback = nbd_ask_ended, .user_data = a };

	a->told = false;
	a->out = true;
	a->conn->inflight++;
	a->conn->heard_at = nbd_now(a->d);
	if (nbd_send_status(a, xm_min_u64(a->d->facts.size - a->pos, most), end) >= 0)
		return true;
	a->conn->inflight--;
	a->out = false;
	return false;
}

static void ask_wait(void *p, struct xm_waiter *w)
{
	struct nbd_ask *a = p;

	nbd_conn_wait(a->conn, w);
}

static int ask_step(void *p)
{
	struct nbd_ask *a = p;

	do {
		if (a->conn->link != NBD_UP || !nbd_conn_pump(a->conn))
			return 1;
		if (a->out)
			return 0;
	} while (!a->bad && a->pos < a->d->facts.size && ask_next(a));
	return 1;
}

static void ask_all(struct nbd_ask *a)
{
	struct xm_ctx *ctx = a->d->ep->ctx;

	xm_ctx_wait_for(ctx, nbd_now(a->d) + XM_EXTENT_BOUND_NS, ask_wait, ask_step, a);
	/* an answer that comes after the end of `a` must not find it */
	if (a->out && a->conn->link == NBD_UP) {
		nbd_conn_cut(a->conn, NBD_LOST, "block status took too long");
		a->d->nexus.lost = true;
	}
	if (a->pos < a->d->facts.size)
		xm_log(ctx, XM_LOG_WARNING, "extents_unknown",
		       "%s: the server's block status ends at byte %llu; what is behind is "
		       "taken for data", a->d->ep->name, (unsigned long long)a->pos);
}

static int nbd_extents_open(struct xm_endpoint *ep, struct xm_extent_source **ret,
			    struct xm_error **err)
{
	struct nbd_disk *d = nbd_disk_of(ep);
	struct nbd_ask a = { .d = d };

	*ret = NULL;
	if (!d || !d->facts.extents || d->conn[0].link != NBD_UP)
		return 0;
	a.conn = &d->conn[0];
	xm_runs_init(&a.runs, d->facts.size, XM_EXTENT_DATA, XM_EXTENT_DATA);
	ask_all(&a);
	*ret = xm_extent_source_of(&a.runs);
	xm_runs_free(&a.runs);
	return *ret ? 0 : xm_fail(err, XM_E_TEMPORARY, "memory is short");
}

const struct xm_extent_source_ops nbd_extents = {
	.name = "NBD " NBD_BASE_ALLOCATION,
	.open = nbd_extents_open,
};
