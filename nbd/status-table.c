/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the error of an NBD reply means (NBD protocol, "Error values"; libnbd
 * makes EINVAL of all others), and what a lost connection does.
 *
 * A server's error is its answer: NOT DONE.  A command that changes bytes and
 * whose connection ended first is UNKNOWN: the server may be at it still.
 */
#include "disk.h"

#include <errno.h>
#include <stdio.h>

static const struct meaning {
	int err;
	enum xm_act act;
	enum xm_code code;
	const char *reason, *words;
} meanings[] = {
	{ NBD_LOST, XM_ACT_RETRY, XM_E_TEMPORARY, "path_lost", "the connection was lost" },
	{ EAGAIN, XM_ACT_RETRY, XM_E_TEMPORARY, "path_closed",
	  "not sent: the path is closed until it is fenced" },
	{ ESHUTDOWN, XM_ACT_RETRY, XM_E_TEMPORARY, "path_lost", "the server is shutting down" },
	{ ENOMEM, XM_ACT_RETRY, XM_E_TEMPORARY, "no_memory", "the server is short of memory" },
	{ ENOSPC, XM_ACT_FATAL, XM_E_TEMPORARY, "no_space", "no space is left behind the export" },
	{ EPERM, XM_ACT_FATAL, XM_E_PERMISSION, "permission", "the server does not permit it" },
	{ EIO, XM_ACT_FATAL, XM_E_IO, "io_error", "the server answered with an I/O error" },
	{ EBADMSG, XM_ACT_FATAL, XM_E_IO, "short_transfer",
	  "the server answered that it was done and did not send all bytes" },
	{ EINVAL, XM_ACT_FATAL, XM_E_IO, "refused", "the server refused the request as invalid" },
	{ EOVERFLOW, XM_ACT_FATAL, XM_E_IO, "refused",
	  "the server refused the request as too large" },
	{ EOPNOTSUPP, XM_ACT_FATAL, XM_E_IO, "refused", "the server does not support it" },
	{ 0, XM_ACT_FATAL, XM_E_IO, "io_error", "failed" },
};

static const char *const verbs[] = {
	[XM_IO_READ] = "read", [XM_IO_WRITE] = "write", [XM_IO_ZERO] = "write of zeros",
	[XM_IO_FLUSH] = "flush",
};

void nbd_status(const struct nbd_op *op, struct xm_status *st)
{
	const struct xm_io_req *req = op->req;
	const struct meaning *m = meanings;
	bool unknown = op->err == NBD_LOST && op->fragile;

	while (m->err && m->err != op->err)
		m++;
	*st = (struct xm_status){ .err = op->err, .act = m->act, .code = m->code,
				  .reason = m->reason,
				  .side = req->ep->writable ? XM_SIDE_DST : XM_SIDE_SRC,
				  .certainty = unknown ? XM_UNKNOWN : XM_NOT_DONE };
	/* a server that lost what it had acknowledged says so once */
	if (req->op == XM_IO_FLUSH && op->err != NBD_LOST && op->err != EAGAIN)
		st->act = XM_ACT_FATAL;
	if (req->op == XM_IO_FLUSH)
		snprintf(st->detail, sizeof st->detail, "flush: %s: %s", m->words, req->ep->name);
	else
		snprintf(st->detail, sizeof st->detail, "%s of %llu bytes at %llu: %s: %s",
			 verbs[req->op], (unsigned long long)(req->len - op->pos),
			 (unsigned long long)(req->off + op->pos), m->words, req->ep->name);
}
