/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sessions of a context: found by target, made at first need, shared by all
 * endpoints of that target, logged out with the last of them.
 *
 * A target is logged in to once only.  A second session under the same initiator
 * name and ISID would evict the first, so two portals or two users of one target
 * are refused.
 */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <iscsi/iscsi.h>
#include "error.h"
#include "iscsi-session.h"

#define LOGOUT (2 * XM_NS_PER_S)

/* Below the command window of the targets known (LIO 64, tgtd 128), so that a NOP always fits. */
#define MAX_INFLIGHT 48

static const char table_key;

struct table {
	struct xm_list sessions;
};

static void session_free(struct iscsi_session *s)
{
	iscsi_drop(s, 0);
	iscsi_fence_free(s);
	xm_list_del(&s->link);
	free(s);
}

static void table_free(void *o)
{
	struct table *t = o;

	xm_list_for_each(l, &t->sessions)
		session_free(xm_container_of(l, struct iscsi_session, link));
	free(t);
}

static struct table *table_of(struct xm_ctx *ctx)
{
	struct table *t = xm_attached(&ctx->attached, &table_key);

	if (t)
		return t;
	t = calloc(1, sizeof *t);
	if (!t)
		return NULL;
	xm_list_init(&t->sessions);
	if (xm_attach(&ctx->attached, &table_key, t, table_free))
		return t;
	free(t);
	return NULL;
}

/* Once, at open: names are not looked up while a job runs. */
static int resolve(struct iscsi_session *s, struct xm_error **err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
	int r = getaddrinfo(s->addr.host, NULL, &hints, &list);

	if (r != 0)
		return xm_fail(err, XM_E_TEMPORARY, "iSCSI portal %s: %s", s->addr.host,
			       gai_strerror(r));
	for (struct addrinfo *ai = list; ai && s->nportals < ISCSI_PORTALS; ai = ai->ai_next) {
		char host[48];

		if (getnameinfo(ai->ai_addr, ai->ai_addrlen, host, sizeof host, NULL, 0,
				NI_NUMERICHOST) != 0)
			continue;
		snprintf(s->portals[s->nportals++], sizeof s->portals[0],
			 ai->ai_family == AF_INET6 ? "[%s]:%u" : "%s:%u", host, s->addr.port);
	}
	freeaddrinfo(list);
	if (s->nportals)
		return 0;
	return xm_fail(err, XM_E_TEMPORARY, "iSCSI portal %s: it has no address", s->addr.host);
}

static struct iscsi_session *session_new(struct xm_ctx *ctx, const struct iscsi_address *addr,
					 struct xm_error **err)
{
	struct iscsi_session *s = calloc(1, sizeof *s);

	if (!s) {
		xm_fail(err, XM_E_TEMPORARY, "out of memory");
		return NULL;
	}
	s->addr = *addr;
	s->isid = ctx->inspect ? xm_ctx_random(ctx) & 0xffffffffff : xm_ctx_job_hash(ctx);
	snprintf(s->name, sizeof s->name, "iSCSI target %s at %s:%u", addr->target, addr->host,
		 addr->port);
	s->t = (struct scsi_transport){
		.ops = &iscsi_transport_ops,
		.ctx = ctx,
		.name = s->name,
		.nexus = { .ops = &iscsi_nexus_ops, .name = s->name },
		.max_xfer = ISCSI_MAX_XFER,
		.is_session = true,
		.max_inflight = MAX_INFLIGHT,
	};
	xm_list_init(&s->link);
	xm_list_init(&s->lus);
	xm_list_init(&s->sent);
	xm_list_init(&s->settling);
	if (resolve(s, err) == 0)
		return s;
	session_free(s);
	return NULL;
}

static bool same_portal(const struct iscsi_session *a, const struct iscsi_session *b)
{
	for (unsigned i = 0; i < a->nportals; i++)
		for (unsigned k = 0; k < b->nportals; k++)
			if (strcmp(a->portals[i], b->portals[k]) == 0)
				return true;
	return false;
}

/* The session to the same target, when it may be shared; NULL and no error when there is none. */
static int find(struct table *t, const struct iscsi_session *want, struct iscsi_session **ret,
		struct xm_error **err)
{
	*ret = NULL;
	xm_list_for_each(l, &t->sessions) {
		struct iscsi_session *s = xm_container_of(l, struct iscsi_session, link);

		if (strcmp(s->addr.target, want->addr.target) != 0)
			continue;
		if (!same_portal(s, want) || strcmp(s->addr.user, want->addr.user) != 0 ||
		    s->addr.header_digest != want->addr.header_digest)
			return xm_fail(err, XM_E_USAGE,
				       "both disks are LUNs of target %s, but by different "
				       "portals, users or digests (%s:%u and %s:%u): write both "
				       "alike, one session then serves both", s->addr.target,
				       s->addr.host, s->addr.port, want->addr.host,
				       want->addr.port);
		*ret = s;
	}
	return 0;
}

static void login_wait(void *o, struct xm_waiter *w)
{
	iscsi_login_wait(o, w);
}

static int login_step(void *o)
{
	return iscsi_login_step(o);
}

/* Bounded by the login's own bounds. */
static int login(struct iscsi_session *s, bool is_dst, struct xm_error **err)
{
	enum xm_code code;

	iscsi_login_start(s, false);
	if (xm_ctx_wait_for(s->t.ctx, XM_NEVER, login_wait, login_step, s) == 1)
		return 0;
	code = s->login.code;
	if (code == XM_E_NOSOURCE && is_dst)
		code = XM_E_DESTINATION;
	return xm_fail(err, code, "login to %s: %s%s", s->name, s->login.why,
		       code == XM_E_TEMPORARY ? "; run again when the portal answers" : "");
}

static int need_secret(const struct xm_ctx *ctx, const struct iscsi_address *a,
		       struct xm_error **err)
{
	if (!a->user[0] || ctx->chap.secret)
		return 0;
	return xm_fail(err, XM_E_CONFIG, "%s: the URL names a user, but there is no CHAP secret; "
		       "give it in a file or in LIBISCSI_CHAP_PASSWORD", a->name);
}

int iscsi_session_get(struct xm_ctx *ctx, const struct iscsi_address *addr, bool is_dst,
		      struct iscsi_session **ret, struct xm_error **err)
{
	struct table *t = table_of(ctx);
	struct iscsi_session *s, *old;

	if (need_secret(ctx, addr, err) < 0)
		return -1;
	if (!t)
		return xm_fail(err, XM_E_TEMPORARY, "out of memory");
	s = session_new(ctx, addr, err);
	if (!s)
		return -1;
	if (find(t, s, &old, err) < 0)
		goto fail;
	if (old && old->phase != ISCSI_UP) {
		xm_fail(err, XM_E_TEMPORARY, "%s: the session broke while disks were being opened; "
			"run again", old->name);
		goto fail;
	}
	if (old) {
		session_free(s);
		s = old;
	} else {
		if (login(s, is_dst, err) < 0)
			goto fail;
		xm_list_add_tail(&t->sessions, &s->link);
	}
	s->refs++;
	*ret = s;
	return 0;
fail:
	session_free(s);
	return -1;
}

static void on_logout(struct iscsi_context *iscsi, int status, void *data, void *user)
{
	struct iscsi_session *s = user;

	(void)iscsi;
	(void)status;
	(void)data;
	s->broken = true;
}

static void logout_wait(void *o, struct xm_waiter *w)
{
	iscsi_pump_wait(o, w);
}

static int logout_step(void *o)
{
	struct iscsi_session *s = o;

	iscsi_pump(s);
	return s->broken;
}

/* So that the target forgets us at once.  Never over commands that may still run. */
static void logout(struct iscsi_session *s)
{
	if (s->phase != ISCSI_UP || !xm_list_empty(&s->sent) ||
	    iscsi_logout_async(s->iscsi, on_logout, s) != 0)
		return;
	s->phase = ISCSI_LOGGING_OUT;
	xm_ctx_wait_for(s->t.ctx, iscsi_now(s) + LOGOUT, logout_wait, logout_step, s);
}

void iscsi_session_put(struct iscsi_session *s)
{
	if (--s->refs)
		return;
	logout(s);
	session_free(s);
}
