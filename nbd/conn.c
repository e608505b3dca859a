/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection to an NBD server, without ever blocking: libnbd's handle is
 * told when to read and to write, here, once a turn.
 *
 * A connection that is cut with requests under way is reset, not closed in
 * order: bytes of a write that are still in our socket's buffer must not reach
 * the server after we have begun to count the time until it can do no more.
 */
#include "disk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "identity.h"
#include "xm/align.h"

#define BLOCK_MOST 65536
#define MAX_IO (UINT64_C(32) << 20)      /* what a server that says nothing must take */

/* ---- going down ------------------------------------------------------------------ */

static void keep_why(struct nbd_conn *c, int err, const char *why)
{
	c->err = err;
	xm_identity_text(c->why, sizeof c->why, why, strlen(why));
}

/* libnbd's words without the name of its function. */
static const char *words(void)
{
	const char *text = nbd_get_error(), *colon;

	if (!text)
		return "the connection ended";
	colon = strstr(text, ": ");
	return colon && !strncmp(text, "nbd_", 4) ? colon + 2 : text;
}

static void reset_on_close(struct nbd_handle *h)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };
	int fd = nbd_aio_get_fd(h);

	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static void end_ops(struct nbd_conn *c)
{
	struct nbd_disk *d = c->disk;
	struct xm_list *l;

	while ((l = xm_list_pop(&c->ops))) {
		struct nbd_op *op = xm_container_of(l, struct nbd_op, link);

		op->err = NBD_LOST;
		d->ghosts |= op->fragile;
		d->ghosts_since = nbd_now(d);
		xm_list_add_tail(&d->ended, &op->link);
	}
	c->inflight = 0;
}

void nbd_conn_cut(struct nbd_conn *c, int err, const char *why)
{
	if (!c->h)
		return;
	keep_why(c, err, why);
	if (c->inflight)
		reset_on_close(c->h);
	else if (c->link == NBD_UP && nbd_aio_is_ready(c->h) == 1)
		nbd_aio_disconnect(c->h, 0);
	nbd_close(c->h);
	c->h = NULL;
	c->link = NBD_DOWN;
	end_ops(c);
}

/* Did the last call, or the server, end it? */
bool nbd_conn_over(const struct nbd_conn *c)
{
	return nbd_aio_is_dead(c->h) == 1 || nbd_aio_is_closed(c->h) == 1;
}

/* ---- coming up ------------------------------------------------------------------- */

static bool set_up(struct nbd_handle *h)
{
	/* gaps in the server's answer are found by counting, not made zeros of: io-nbd.c */
	return nbd_add_meta_context(h, NBD_BASE_ALLOCATION) == 0 &&
	       nbd_set_pread_initialize(h, false) == 0 && nbd_set_full_info(h, true) == 0 &&
	       nbd_set_tls(h, LIBNBD_TLS_DISABLE) == 0 &&
	       nbd_set_uri_allow_tls(h, LIBNBD_TLS_DISABLE) == 0 &&
	       nbd_set_uri_allow_transports(h, LIBNBD_ALLOW_TRANSPORT_TCP |
					       LIBNBD_ALLOW_TRANSPORT_UNIX) == 0;
}

/* The first time by name; later by address, since a name server may keep us waiting. */
static int connect_to(const struct nbd_disk *d, struct nbd_handle *h)
{
	if (!d->addr_len)
		return nbd_aio_connect_uri(h, d->uri);
	if (nbd_set_export_name(h, d->export) < 0)
		return -1;
	return nbd_aio_connect(h, (const struct sockaddr *)&d->addr, d->addr_len);
}

bool nbd_conn_start(struct nbd_conn *c)
{
	c->talked = false;
	c->answers = 0;
	c->h = nbd_create();
	if (!c->h) {
		keep_why(c, ENOMEM, "memory is short");
		return false;
	}
	c->link = NBD_CONNECTING;
	if (set_up(c->h) && connect_to(c->disk, c->h) == 0)
		return true;
	nbd_conn_cut(c, nbd_get_errno(), words());
	return false;
}

static int notify(struct nbd_handle *h)
{
	unsigned dir = nbd_aio_get_direction(h);

	if (dir & LIBNBD_AIO_DIRECTION_READ)
		return nbd_aio_notify_read(h);
	return dir & LIBNBD_AIO_DIRECTION_WRITE ? nbd_aio_notify_write(h) : 0;
}

/* Connected: what comes to an end from here on, the server ends. */
static bool has_peer(struct nbd_handle *h)
{
	struct sockaddr_storage at;
	socklen_t len = sizeof at;
	int fd = nbd_aio_get_fd(h);

	return fd >= 0 && getpeername(fd, (struct sockaddr *)&at, &len) == 0;
}

int nbd_conn_step(struct nbd_conn *c)
{
	if (c->link == NBD_UP)
		return 1;
	if (c->link == NBD_DOWN)
		return -1;
	c->talked = c->talked || has_peer(c->h);
	if (nbd_aio_is_ready(c->h) != 1 && (notify(c->h) < 0 || nbd_conn_over(c))) {
		nbd_conn_cut(c, nbd_get_errno(), words());
		return -1;
	}
	if (nbd_aio_is_ready(c->h) != 1)
		return 0;
	c->link = NBD_UP;
	return 1;
}

/* ---- pumping --------------------------------------------------------------------- */

static bool lost(struct nbd_conn *c, const char *why)
{
	nbd_conn_cut(c, NBD_LOST, why);
	c->disk->nexus.lost = true;
	xm_log(c->disk->ep->ctx, XM_LOG_WARNING, "path_lost", "%s: %s", c->disk->ep->name, c->why);
	return false;
}

bool nbd_conn_pump(struct nbd_conn *c)
{
	unsigned before, dir;

	do {
		before = c->answers;
		dir = nbd_aio_get_direction(c->h);
		if ((dir & LIBNBD_AIO_DIRECTION_READ && nbd_aio_notify_read(c->h) < 0) ||
		    nbd_conn_over(c))
			return lost(c, words());
	} while (c->answers != before);
	dir = nbd_aio_get_direction(c->h);
	if ((dir & LIBNBD_AIO_DIRECTION_WRITE && nbd_aio_notify_write(c->h) < 0) ||
	    nbd_conn_over(c))
		return lost(c, words());
	if (c->inflight && nbd_now(c->disk) >= c->heard_at + c->disk->ep->ctx->timeout_ns)
		return lost(c, "the server does not answer any more");
	return true;
}

void nbd_conn_wait(const struct nbd_conn *c, struct xm_waiter *w)
{
	unsigned dir;
	int fd;

	if (!c->h || (fd = nbd_aio_get_fd(c->h)) < 0)
		return;
	dir = nbd_aio_get_direction(c->h);
	xm_waiter_fd(w, fd, (short)((dir & LIBNBD_AIO_DIRECTION_READ ? POLLIN : 0) |
				    (dir & LIBNBD_AIO_DIRECTION_WRITE ? POLLOUT : 0)));
	if (c->inflight)
		xm_waiter_until(w, c->heard_at + c->disk->ep->ctx->timeout_ns);
}

/* ---- what it says of the export ---------------------------------------------------- */

static int sizes(struct nbd_conn *c, struct nbd_facts *f, const char **why)
{
	int64_t size = nbd_get_size(c->h), most = nbd_get_block_size(c->h, LIBNBD_SIZE_MAXIMUM);
	int64_t least = nbd_get_block_size(c->h, LIBNBD_SIZE_MINIMUM);
	int64_t good = nbd_get_block_size(c->h, LIBNBD_SIZE_PREFERRED);
	uint64_t block = least > 0 ? (uint64_t)least : 1;

	*why = "a size or a block size that cannot be";
	if (size < 0 || block > BLOCK_MOST || !xm_is_pow2(block) ||
	    !xm_is_aligned((uint64_t)size, block))
		return -1;
	f->size = (uint64_t)size;
	f->block = (uint32_t)block;
	f->preferred = good > 0 && good <= (int64_t)MAX_IO ? (uint32_t)good : 0;
	f->max_io = most > 0 ? xm_round_down(xm_min_u64((uint64_t)most, MAX_IO), block) : MAX_IO;
	return f->max_io ? 0 : -1;
}

int nbd_conn_facts(struct nbd_conn *c, struct nbd_facts *f, const char **why)
{
	*f = (struct nbd_facts){ .size = 0 };
	if (sizes(c, f, why) < 0)
		return -1;
	f->read_only = nbd_is_read_only(c->h) == 1;
	f->flush = nbd_can_flush(c->h) == 1;
	f->fua = nbd_can_fua(c->h) == 1;
	f->zero = nbd_can_zero(c->h) == 1;
	f->multi_conn = nbd_can_multi_conn(c->h) == 1;
	f->extents = nbd_can_meta_context(c->h, NBD_BASE_ALLOCATION) == 1;
	return 0;
}
