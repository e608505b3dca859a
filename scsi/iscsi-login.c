/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an iSCSI session comes up: attempts, over the portal's addresses, with
 * back-off, until one succeeds, is refused for good, or the bound is reached.
 * Never blocks; used by set-up (which waits for it) and by the fence.
 *
 * Initiator name and ISID are always the same for a job, so that the login
 * reinstates the session of a predecessor: the target answers when that one's
 * commands are over (measured on LIO), which may take minutes and is no error.
 * An inspector logs in with an ISID of its own and evicts nobody.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>
#include "iscsi-session.h"

#define PATIENCE (180 * XM_NS_PER_S)     /* for a portal that went away under a job */
#define HOLD (600 * XM_NS_PER_S)         /* how long a target may hold a login */
#define SAY_HELD (3 * XM_NS_PER_S)
#define REDIRECTS 3

/* Login status class and detail, RFC 7143 11.13.5. */
static const struct {
	int status;
	enum xm_code code;           /* XM_E_NOSOURCE: or XM_E_DESTINATION, the opener knows */
	bool again;                  /* may be otherwise in a moment */
	bool again_if_patient;       /* ... on a target that is just starting */
	const char *words;
} answers[] = {
	{ 0x0201, XM_E_PERMISSION, false, false,
	  "authentication failed: check the CHAP user and secret" },
	{ 0x0202, XM_E_PERMISSION, false, false,
	  "not authorized: allow this initiator name at the target, or give a CHAP secret" },
	{ 0x0203, XM_E_NOSOURCE, false, true, "no such target there" },
	{ 0x0204, XM_E_NOSOURCE, false, true, "the target was removed" },
	{ 0x0206, XM_E_TEMPORARY, true, true, "too many connections" },
	{ 0x0300, XM_E_TEMPORARY, true, true, "the target has an internal error" },
	{ 0x0301, XM_E_TEMPORARY, true, true, "the target is not ready for logins" },
	{ 0x0302, XM_E_TEMPORARY, true, true, "the target is out of resources" },
};

static void fail(struct iscsi_session *s, enum xm_code code, const char *what)
{
	struct iscsi_login *l = &s->login;

	l->code = code;
	snprintf(l->why, sizeof l->why, "%s", what);
}

static uint64_t backoff(struct iscsi_session *s)
{
	unsigned shift = s->login.tries < 5 ? s->login.tries : 5;
	uint64_t ns = (200 * XM_NS_PER_MS) << shift;

	return ns / 2 + xm_ctx_random(s->t.ctx) % ns;
}

/* This attempt is over; `again` says whether another may do better. */
static int attempt_failed(struct iscsi_session *s, enum xm_code code, bool again, const char *what)
{
	struct iscsi_login *l = &s->login;
	uint64_t now = iscsi_now(s);

	iscsi_drop(s, 0);
	fail(s, code, what);
	l->redirected[0] = '\0';
	if (again)
		l->retry_at = now + backoff(s);
	l->tries++;
	return again && l->retry_at < l->give_up ? 0 : -1;
}

/* The portal cannot be reached.  Its other addresses first; then only a fence waits. */
static int portal_failed(struct iscsi_session *s, const char *what)
{
	struct iscsi_login *l = &s->login;
	bool more = !l->redirected[0] && l->portal + 1 < s->nportals;
	int r = attempt_failed(s, XM_E_TEMPORARY, more || l->patient, what);

	l->portal = more ? l->portal + 1 : 0;
	if (more && r == 0)
		l->retry_at = iscsi_now(s);
	return r;
}

/* libiscsi tells the status only in its error text, at the end and in brackets. */
static int status_in(const char *text)
{
	const char *at = strstr(text, "Status:") ? strrchr(text, '(') : NULL;

	return at ? (int)strtol(at + 1, NULL, 10) : 0;
}

static int login_refused(struct iscsi_session *s)
{
	char text[sizeof s->login.why];
	int status;

	memcpy(text, s->login.why, sizeof text);
	status = status_in(text);
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
		if (answers[i].status == status)
			return attempt_failed(s, answers[i].code, answers[i].again ||
					      (s->login.patient && answers[i].again_if_patient),
					      answers[i].words);
	/* No status: libiscsi did not like the target's part of a mutual login. */
	if (!status && strstr(text, "CHAP"))
		return attempt_failed(s, XM_E_PERMISSION, false,
				      "the target did not prove that it knows its own CHAP secret");
	return attempt_failed(s, XM_E_IO, s->login.patient, text);
}

/* "1.2.3.4:3260,1" or "[::1]:3260": looking a name up would block. */
static bool numeric_portal(const char *portal)
{
	char host[64];
	unsigned char addr[16];
	bool bracket = portal[0] == '[';

	snprintf(host, sizeof host, "%s", portal + bracket);
	host[strcspn(host, bracket ? "]" : ":,")] = '\0';
	return inet_pton(bracket ? AF_INET6 : AF_INET, host, addr) == 1;
}

/* The target moved for a while.  Same name, at most three times, numeric addresses only. */
static int redirected(struct iscsi_session *s)
{
	struct iscsi_login *l = &s->login;
	char to[sizeof l->redirected];
	int n = snprintf(to, sizeof to, "%s", iscsi_get_target_address(s->iscsi));

	if (++l->redirects > REDIRECTS)
		return attempt_failed(s, XM_E_TEMPORARY, false, "redirected too often");
	if (n < 0 || (size_t)n >= sizeof to || !numeric_portal(to))
		return attempt_failed(s, XM_E_IO, false, "redirected to what is no address");
	iscsi_drop(s, 0);
	memcpy(l->redirected, to, sizeof to);
	l->retry_at = iscsi_now(s);
	return 0;
}

static void on_login(struct iscsi_context *iscsi, int status, void *data, void *user)
{
	struct iscsi_session *s = user;

	(void)data;
	if (status == SCSI_STATUS_CANCELLED)
		return;
	s->login_status = status;
	/* Now: what happens to the connection next overwrites it. */
	snprintf(s->login.why, sizeof s->login.why, "%s", iscsi_get_error(iscsi));
}

static void on_connect(struct iscsi_context *iscsi, int status, void *data, void *user)
{
	struct iscsi_session *s = user;

	(void)data;
	if (status != SCSI_STATUS_GOOD || s->phase != ISCSI_CONNECTING ||
	    iscsi_login_async(iscsi, on_login, s) != 0) {
		s->broken = true;
		return;
	}
	s->phase = ISCSI_LOGGING_IN;
	s->login.phase_ends = iscsi_now(s) + (s->t.ctx->inspect ? s->t.ctx->timeout_ns : HOLD);
	s->login.say_held_at = s->t.ctx->inspect ? XM_NEVER : iscsi_now(s) + SAY_HELD;
}

static void set_chap(struct iscsi_session *s)
{
	const struct xm_chap *c = &s->t.ctx->chap;
	const char *user = s->addr.user[0] ? s->addr.user : c->user;

	if (!user || !c->secret)
		return;
	iscsi_set_initiator_username_pwd(s->iscsi, user, c->secret);
	if (c->target_user && c->target_secret)
		iscsi_set_target_username_pwd(s->iscsi, c->target_user, c->target_secret);
}

static void configure(struct iscsi_session *s)
{
	struct iscsi_context *iscsi = s->iscsi;

	iscsi_set_log_level(iscsi, 0);
	iscsi_set_noautoreconnect(iscsi, 1);
	iscsi_set_session_type(iscsi, ISCSI_SESSION_NORMAL);
	iscsi_set_targetname(iscsi, s->addr.target);
	/* Format "random" (10b): 40 free bits, which are the job's and not random at all. */
	iscsi_set_isid_random(iscsi, (uint32_t)(s->isid >> 16) & 0xffffff,
			      (uint32_t)s->isid & 0xffff);
	iscsi_set_header_digest(iscsi, s->addr.header_digest ? ISCSI_HEADER_DIGEST_CRC32C
							     : ISCSI_HEADER_DIGEST_NONE_CRC32C);
	/* The kernel finds a dead host also while a login is held or the command window is shut. */
	iscsi_set_tcp_keepidle(iscsi, 5);
	iscsi_set_tcp_keepintvl(iscsi, 3);
	iscsi_set_tcp_keepcnt(iscsi, 3);
	iscsi_set_tcp_user_timeout(iscsi, 14000);
	set_chap(s);
}

static int attempt(struct iscsi_session *s)
{
	struct iscsi_login *l = &s->login;
	const char *portal = l->redirected[0] ? l->redirected : s->portals[l->portal];
	int fd;

	s->iscsi = iscsi_create_context(s->t.ctx->initiator_name);
	if (!s->iscsi)
		return attempt_failed(s, XM_E_TEMPORARY, false, "out of memory");
	s->broken = false;
	s->login_status = -1;
	s->phase = ISCSI_CONNECTING;
	l->phase_ends = iscsi_now(s) + s->t.ctx->timeout_ns;
	configure(s);
	if (iscsi_connect_async(s->iscsi, portal, on_connect, s) != 0)
		return portal_failed(s, "the portal refuses connections");
	fd = iscsi_get_fd(s->iscsi);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return 0;
}

/* libiscsi words a refused connection poorly; asked before it takes the error away. */
static int connect_error(struct iscsi_session *s)
{
	struct pollfd p = { .fd = iscsi_get_fd(s->iscsi), .events = POLLOUT };
	int e = 0;
	socklen_t len = sizeof e;

	if (poll(&p, 1, 0) > 0 && getsockopt(p.fd, SOL_SOCKET, SO_ERROR, &e, &len) == 0)
		return e;
	return 0;
}

static int connecting(struct iscsi_session *s)
{
	int e = connect_error(s);

	if (e)
		return portal_failed(s, strerror(e));
	iscsi_pump(s);
	if (s->broken)
		return portal_failed(s, "the portal closed the connection");
	if (s->phase == ISCSI_CONNECTING && iscsi_now(s) >= s->login.phase_ends)
		return portal_failed(s, strerror(ETIMEDOUT));
	return 0;
}

static void say_held(struct iscsi_session *s)
{
	if (iscsi_now(s) < s->login.say_held_at)
		return;
	s->login.say_held_at = XM_NEVER;
	xm_log(s->t.ctx, XM_LOG_INFO, "login_held",
	       "%s holds the login: waiting for an earlier copy of this job to end", s->name);
}

static int logging_in(struct iscsi_session *s)
{
	iscsi_pump(s);
	if (s->login_status == SCSI_STATUS_GOOD) {
		s->phase = ISCSI_UP;
		iscsi_commands_start(s);
		xm_log(s->t.ctx, XM_LOG_DEBUG, "login",
		       "logged in to %s as %s, ISID 80%010" PRIx64, s->name,
		       s->t.ctx->initiator_name, s->isid);
		return 1;
	}
	if (s->login_status == SCSI_STATUS_REDIRECT)
		return redirected(s);
	if (s->login_status != -1)
		return login_refused(s);
	if (s->broken)
		return attempt_failed(s, XM_E_TEMPORARY, true,
				      "the target closed the connection during the login");
	if (iscsi_now(s) >= s->login.phase_ends)
		return attempt_failed(s, XM_E_TEMPORARY, false,
				      "the target did not answer the login");
	say_held(s);
	return 0;
}

void iscsi_login_start(struct iscsi_session *s, bool patient)
{
	uint64_t now = iscsi_now(s);

	s->login = (struct iscsi_login){
		.patient = patient,
		.retry_at = now,
		.give_up = now + (patient ? PATIENCE : s->t.ctx->timeout_ns),
		.say_held_at = XM_NEVER,
	};
}

int iscsi_login_step(struct iscsi_session *s)
{
	switch (s->phase) {
	case ISCSI_DOWN:
		return iscsi_now(s) < s->login.retry_at ? 0 : attempt(s);
	case ISCSI_CONNECTING:
		return connecting(s);
	case ISCSI_LOGGING_IN:
		return logging_in(s);
	default:
		return 1;
	}
}

void iscsi_login_wait(struct iscsi_session *s, struct xm_waiter *w)
{
	if (s->phase == ISCSI_DOWN) {
		xm_waiter_until(w, s->login.retry_at);
		return;
	}
	iscsi_pump_wait(s, w);
	xm_waiter_until(w, s->login.phase_ends);
	if (s->login.say_held_at != XM_NEVER)
		xm_waiter_until(w, s->login.say_held_at);
}
