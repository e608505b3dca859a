/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An export behind all its connections: made, brought up (the first time and
 * again after a loss), ended.
 */
#include "disk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char nbd_disk_key;

uint64_t nbd_now(const struct nbd_disk *d)
{
	return d->ep->ctx->clock->now(d->ep->ctx->clock);
}

unsigned nbd_inflight(const struct nbd_disk *d)
{
	unsigned n = 0;

	for (unsigned i = 0; i < NBD_CONNECTIONS; i++)
		n += d->conn[i].inflight;
	return n;
}

struct nbd_disk *nbd_disk_of(struct xm_endpoint *ep)
{
	return xm_attached(&ep->attached, &nbd_disk_key);
}

struct nbd_disk *nbd_disk_new(struct xm_endpoint *ep, const char *uri)
{
	struct nbd_disk *d = calloc(1, sizeof *d);

	if (!d)
		return NULL;
	d->ep = ep;
	d->uri = strdup(uri);
	d->wanted = 1;
	xm_list_init(&d->idle);
	xm_list_init(&d->ended);
	for (unsigned i = 0; i < NBD_CONNECTIONS; i++) {
		d->conn[i].disk = d;
		xm_list_init(&d->conn[i].ops);
	}
	d->nexus = (struct xm_nexus){ .ops = &nbd_nexus_ops, .name = ep->name };
	if (d->uri && nbd_io_init(d) == 0)
		return d;
	nbd_disk_free(d);
	return NULL;
}

void nbd_cut_all(struct nbd_disk *d, int err, const char *why)
{
	for (unsigned i = 0; i < NBD_CONNECTIONS; i++)
		nbd_conn_cut(&d->conn[i], err, why);
}

void nbd_disk_free(void *o)
{
	struct nbd_disk *d = o;

	nbd_cut_all(d, ECONNABORTED, "closed");
	free(d->zeros);
	free(d->uri);
	free(d->server);
	free(d->label);
	free(d->export);
	free(d);
}

/* ---- coming up --------------------------------------------------------------------- */

/* The same as when it was opened?  That is no proof, but its absence is one. */
static bool same_export(const struct nbd_disk *d, const struct nbd_facts *f)
{
	return f->size == d->facts.size && f->block == d->facts.block &&
	       f->read_only == d->facts.read_only;
}

static enum nbd_up look(struct nbd_disk *d, struct nbd_conn *c, const char **why)
{
	struct nbd_facts f;

	if (nbd_conn_facts(c, &f, why) < 0)
		return NBD_OTHER;
	if (c == &d->conn[0] && d->facts.size == 0 && d->facts.block == 0)
		d->facts = f;
	if (same_export(d, &f))
		return NBD_THERE;
	*why = "another size, block size or read-only flag than before: another export";
	return NBD_OTHER;
}

/* One that the server does not take is done without: the first is enough. */
static enum nbd_up step_other(struct nbd_disk *d, struct nbd_conn *c, const char **why)
{
	int r = c->link == NBD_DOWN && !c->err && !nbd_conn_start(c) ? -1 : nbd_conn_step(c);

	if (r > 0)
		return look(d, c, why);
	return r < 0 ? NBD_THERE : NBD_PENDING;
}

enum nbd_up nbd_up_step(struct nbd_disk *d, const char **why)
{
	struct nbd_conn *first = &d->conn[0];
	int r = first->link == NBD_DOWN && !nbd_conn_start(first) ? -1 : nbd_conn_step(first);
	enum nbd_up up;

	*why = first->why;
	if (r <= 0)
		return r < 0 ? NBD_FAILED : NBD_PENDING;
	up = look(d, first, why);
	if (up != NBD_THERE)
		return up;
	d->wanted = d->facts.multi_conn ? NBD_CONNECTIONS : 1;
	for (unsigned i = 1; i < d->wanted && up == NBD_THERE; i++)
		up = step_other(d, &d->conn[i], why);
	return up;
}

void nbd_up_wait(const struct nbd_disk *d, struct xm_waiter *w)
{
	for (unsigned i = 0; i < NBD_CONNECTIONS; i++) {
		if (d->conn[i].link == NBD_CONNECTING)
			nbd_conn_wait(&d->conn[i], w);
	}
}
