/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nbd://host[:port]/export and nbd+unix:///export?socket=PATH as an endpoint.
 *
 * The server tells size, block size and what it can do.  Who the disk is, it
 * does not tell: the identity is the server's address and the name of the export,
 * which is weak.  Two names may be one disk, and one name another disk later.
 * NBD has no exclusive claim either: that nobody else writes is the caller's care.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>
#include "disk.h"
#include "error.h"
#include "xm/align.h"
#include "xm/cleanup.h"

#define FREE_GRAIN 4096          /* a guess: NBD does not say what it gives back at a time */

struct opening {
	struct nbd_disk *d;
	const struct xm_open_args *args;
	struct xm_error **err;
	enum nbd_up up;
	const char *why;
};

static bool claims(const char *spec)
{
	size_t n = strcspn(spec, ":+");

	return (n == 3 && strncasecmp(spec, "nbd", n) == 0 && strstr(spec, "://")) ||
	       (n == 4 && strncasecmp(spec, "nbds", n) == 0 && strstr(spec, "://"));
}

/* ---- what can be refused by its words ------------------------------------------------ */

static int check_words(const char *spec, struct xm_error **err)
{
	const char *host = strstr(spec, "://") + strlen("://");
	size_t n = strcspn(host, "/?");
	const char *at = memchr(host, '@', n);

	if (strncasecmp(spec, "nbds", 4) == 0)
		return xm_fail(err, XM_E_USAGE, "NBD over TLS is not supported; use a tunnel, or "
			       "the server's Unix socket");
	if (at && memchr(host, ':', (size_t)(at - host)))
		return xm_fail(err, XM_E_USAGE,
			       "NBD knows no password; leave it out of the address");
	if (strncasecmp(spec, "nbd+", 4) == 0 && strncasecmp(spec, "nbd+unix:", 9) != 0)
		return xm_fail(err, XM_E_USAGE, "%s: give nbd://host[:port]/export or "
			       "nbd+unix:///export?socket=PATH", spec);
	return 0;
}

/* ---- connecting -------------------------------------------------------------------- */

static void connect_wait(void *p, struct xm_waiter *w)
{
	nbd_up_wait(((struct opening *)p)->d, w);
}

static int connect_step(void *p)
{
	struct opening *o = p;

	o->up = nbd_up_step(o->d, &o->why);
	return o->up != NBD_PENDING;
}

/*
 * libnbd: ENOENT when the server has no such export;
 * no errno for what is not the protocol, or policy.
 */
static enum xm_code code_of(const struct nbd_conn *c, bool dst)
{
	if (c->err == EINVAL && !c->talked)
		return XM_E_USAGE;
	if (c->err == EACCES || c->err == EPERM || (c->talked && strstr(c->why, "policy")))
		return XM_E_PERMISSION;
	if (!c->talked)
		return XM_E_TEMPORARY;
	if (c->err == ENOENT)
		return dst ? XM_E_DESTINATION : XM_E_NOSOURCE;
	if (c->err == ENOTSUP)
		return XM_E_CONFIG;
	return c->err == 0 || c->err == EPROTO || c->err == EINVAL ? XM_E_IO : XM_E_TEMPORARY;
}

static int connect_all(struct opening *o)
{
	struct nbd_disk *d = o->d;
	struct xm_ctx *ctx = d->ep->ctx;
	bool dst = o->args->role == XM_ROLE_DST;
	const char *side = dst ? "destination" : "source";

	xm_ctx_wait_for(ctx, nbd_now(d) + ctx->timeout_ns, connect_wait, connect_step, o);
	if (o->up == NBD_OTHER)
		return xm_fail(o->err, XM_E_IO, "%s %s: the server says %s", side, d->ep->name,
			       o->why);
	if (o->up == NBD_FAILED)
		return xm_fail(o->err, code_of(&d->conn[0], dst), "%s %s: %s", side, d->ep->name,
			       o->why);
	if (d->conn[0].link != NBD_UP)
		return xm_fail(o->err, XM_E_TEMPORARY, "%s %s: the server does not answer", side,
			       d->ep->name);
	return 0;
}

/* ---- identity ------------------------------------------------------------------------ */

static char *unix_name(const struct sockaddr_un *un, socklen_t len)
{
	char *path XM_CLEANUP_FREE = NULL;
	char *name;

	/* by path: a server that is started again makes another inode */
	if (len > offsetof(struct sockaddr_un, sun_path) && un->sun_path[0])
		path = realpath(un->sun_path, NULL);
	return asprintf(&name, "unix:%s", path ? path : "") < 0 ? NULL : name;
}

static char *tcp_name(const struct sockaddr_storage *at)
{
	char host[INET6_ADDRSTRLEN] = "", *name;
	const struct sockaddr_in6 *six = (const void *)at;
	const struct sockaddr_in *four = (const void *)at;
	bool is_six = at->ss_family == AF_INET6;

	inet_ntop(at->ss_family, is_six ? (const void *)&six->sin6_addr :
					  (const void *)&four->sin_addr, host, sizeof host);
	if (asprintf(&name, "%s:%u", host, ntohs(is_six ? six->sin6_port : four->sin_port)) < 0)
		return NULL;
	return name;
}

/* Who is at the other end of the first connection, and by which name it calls the export. */
static bool learn_server(struct nbd_disk *d)
{
	struct nbd_handle *h = d->conn[0].h;
	struct sockaddr_storage at = { 0 };
	socklen_t len = sizeof at;
	char *name = nbd_get_canonical_export_name(h);

	d->export = nbd_get_export_name(h);
	d->label = name ? name : d->export ? strdup(d->export) : NULL;
	if (!d->export || !d->label ||
	    getpeername(nbd_aio_get_fd(h), (struct sockaddr *)&at, &len) < 0)
		return false;
	if (at.ss_family == AF_UNIX) {
		d->server = unix_name((const void *)&at, len);
	} else {
		d->server = tcp_name(&at);
		d->addr = at;
		d->addr_len = len;
	}
	return d->server != NULL;
}

/* ---- the endpoint ---------------------------------------------------------------------- */

static void explain(struct xm_endpoint *ep, const char *side, struct xm_findings *f)
{
	const struct nbd_disk *d = nbd_disk_of(ep);
	const struct nbd_facts *k = &d->facts;
	unsigned up = 0;
	char check[64];

	for (unsigned i = 0; i < NBD_CONNECTIONS; i++)
		up += d->conn[i].link == NBD_UP;
	snprintf(check, sizeof check, "%s.nbd", side);
	xm_finding(f, XM_INFO, check, "", "export '%s' of %s: %llu bytes, %u connection%s, "
		   "write zeroes %s, block status %s", d->label, d->server,
		   (unsigned long long)ep->size, up, up == 1 ? "" : "s", k->zero ? "yes" : "no",
		   k->extents ? "yes" : "no");
	snprintf(check, sizeof check, "%s.identity", side);
	xm_finding(f, XM_WARN, check, "make sure yourself that both ends are two disks", "an NBD "
		   "export is known by server and name only: under another name it is not "
		   "recognised, and nothing claims it exclusively");
	if (ep->writable && !k->flush && !k->fua) {
		snprintf(check, sizeof check, "%s.flush", side);
		xm_finding(f, XM_WARN, check, "", "the server offers neither flush nor FUA: when "
			   "bytes are durable cannot be known");
	}
}

static const struct xm_endpoint_ops endpoint_ops = {
	.kind = "nbd",
	.io = nbd_io_of,
	.explain = explain,
};

static void set_facts(struct xm_endpoint *ep, const struct nbd_disk *d, bool dst)
{
	const struct nbd_facts *f = &d->facts;

	ep->size = f->size;
	ep->block_size = f->block;
	ep->dio_align = 1;
	ep->opt_io = f->preferred;
	ep->max_io = f->max_io;
	ep->writable = dst && !f->read_only;
	ep->can_lose_cache = true;
	ep->free_grain = f->zero ? xm_max_u64(f->preferred, FREE_GRAIN) : 0;
	xm_zero_refused(ep, XM_ZERO_ZEROOUT);
	if (!f->zero) {
		xm_zero_refused(ep, XM_ZERO_PUNCH);
		xm_zero_refused(ep, XM_ZERO_RANGE);
	}
	xm_identity_add(&ep->id, "nbd.%s/%s", d->server, d->label);
	if (dst && !f->flush && !f->fua)
		xm_log(ep->ctx, XM_LOG_WARNING, "no_flush", "%s: the server offers neither flush "
		       "nor FUA: when bytes are durable cannot be known", ep->name);
}

static int open_disk(struct opening *o, struct xm_endpoint *ep)
{
	bool dst = o->args->role == XM_ROLE_DST;

	if (connect_all(o) < 0)
		return -1;
	if (!learn_server(o->d))
		return xm_fail(o->err, XM_E_TEMPORARY, "%s: who serves it cannot be learnt",
			       ep->name);
	if (dst && o->d->facts.read_only)
		return xm_fail(o->err, XM_E_DESTINATION, "destination %s is read-only", ep->name);
	set_facts(ep, o->d, dst);
	ep->nexus = &o->d->nexus;
	return 0;
}

static int nbd_open(struct xm_ctx *ctx, const struct xm_open_args *args,
		    struct xm_endpoint **ret_ep, struct xm_error **err)
{
	struct opening o = { .args = args, .err = err };
	struct xm_endpoint *ep;

	if (check_words(args->spec, err) < 0)
		return -1;
	ep = xm_endpoint_alloc(ctx, &endpoint_ops, args->spec);
	o.d = ep ? nbd_disk_new(ep, args->spec) : NULL;
	if (!o.d || !xm_attach(&ep->attached, &nbd_disk_key, o.d, nbd_disk_free)) {
		if (o.d)
			nbd_disk_free(o.d);
		xm_endpoint_close(ep);
		return xm_fail(err, XM_E_TEMPORARY, "memory is short");
	}
	if (open_disk(&o, ep) == 0) {
		*ret_ep = ep;
		return 0;
	}
	xm_endpoint_close(ep);
	return -1;
}

const struct xm_opener nbd_opener = {
	.name = "nbd",
	.claims = claims,
	.open = nbd_open,
};
