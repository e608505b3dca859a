/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An iSCSI session as a SCSI transport: the parts that iscsi-session.c (its
 * life), iscsi-login.c (how it comes up), transport-iscsi.c (commands) and
 * fence-iscsi.c (logging in again) share.
 *
 * One session serves all LUNs of a target: an array copies between LUNs of one
 * I_T nexus.  libiscsi is treated as untrusted: it forgets commands without a
 * callback, goes on reading buffers of commands that have ended, and calls a
 * dead connection a success.  So every command is on our own list until we have
 * finished it, and a libiscsi context is used for one connection only.
 */
#ifndef SCSI_ISCSI_SESSION_H
#define SCSI_ISCSI_SESSION_H

#include "ctx.h"
#include "iscsi-url.h"
#include "transport.h"

struct iscsi_context;
struct scsi_lu;

/* Bytes a command: libiscsi has FirstBurst and MaxBurst of 256 KiB, more costs only R2Ts. */
#define ISCSI_MAX_XFER (1024 * 1024)
#define ISCSI_PORTALS 8              /* addresses of one host name that are tried */

enum iscsi_phase { ISCSI_DOWN, ISCSI_CONNECTING, ISCSI_LOGGING_IN, ISCSI_UP, ISCSI_LOGGING_OUT };

/* One series of login attempts. */
struct iscsi_login {
	bool patient;                /* a fence: a portal that is away is waited for */
	uint64_t give_up;            /* no new attempt after this */
	uint64_t retry_at;
	uint64_t phase_ends;         /* of this attempt: connecting, or logging in */
	uint64_t say_held_at;        /* when to log that the login is held; XM_NEVER once said */
	unsigned tries, redirects;
	unsigned portal;             /* which of portals[] this attempt goes to */
	char redirected[64];         /* numeric portal the target sent us to, else "" */
	enum xm_code code;           /* of the failure */
	char why[256];
};

struct iscsi_session {
	struct scsi_transport t;     /* first */
	struct xm_list link;         /* in the context's table */
	unsigned refs;

	/* Settled at open. */
	struct iscsi_address addr;   /* of the first LUN opened; the LUN itself plays no part */
	char name[560];              /* "target iqn... at host:port" */
	char portals[ISCSI_PORTALS][64];     /* numeric: no name is looked up while a job runs */
	unsigned nportals;
	uint64_t isid;               /* 40 bits */
	struct xm_list lus;          /* struct iscsi_lu: what a fence identifies again */

	/* The connection. */
	struct iscsi_context *iscsi;
	enum iscsi_phase phase;
	bool broken;                 /* found inside a libiscsi call; acted on after it returned */
	int login_status;            /* what libiscsi's callback said; -1 while it said nothing */
	struct iscsi_login login;

	/* Commands: struct iscsi_cmd. */
	struct xm_list sent;         /* not answered */
	struct xm_list settling;     /* answered, but libiscsi may still hold
					data-out PDUs of them */
	uint64_t seq;                /* of the next command */

	/* Keepalive. */
	uint64_t heard_at, nop_at;
	bool nop_pending;

	struct iscsi_fence *fence;   /* while one runs */
};

/* A logical unit that is open on the session. */
struct iscsi_lu {
	struct xm_list link;
	struct scsi_lu *lu;
};

/* iscsi-session.c: the session of ctx to addr's target, logged in; waits (set-up only). */
int iscsi_session_get(struct xm_ctx *ctx, const struct iscsi_address *addr, bool is_dst,
		      struct iscsi_session **ret, struct xm_error **err);
/* The last user logs out, bounded, and frees it. */
void iscsi_session_put(struct iscsi_session *s);

/* iscsi-login.c */
void iscsi_login_start(struct iscsi_session *s, bool patient);
void iscsi_login_wait(struct iscsi_session *s, struct xm_waiter *w);
/* 1 up, 0 not yet, -1 failed: s->login.code and .why. */
int iscsi_login_step(struct iscsi_session *s);

/* iscsi-pump.c: one turn of libiscsi on what is ready; sets s->broken. */
void iscsi_pump(struct iscsi_session *s);
void iscsi_pump_wait(struct iscsi_session *s, struct xm_waiter *w);

/* transport-iscsi.c */
extern const struct scsi_transport_ops iscsi_transport_ops;
/* Commands and keepalive of a session that has come up. */
void iscsi_commands_start(struct iscsi_session *s);
/*
 * Drop the connection.  What was sent ends as NO_ANSWER with err; err 0 means
 * that nobody waits for it any more.
 */
void iscsi_drop(struct iscsi_session *s, int err);

/* fence-iscsi.c */
extern const struct xm_nexus_ops iscsi_nexus_ops;
void iscsi_fence_free(struct iscsi_session *s);

static inline uint64_t iscsi_now(const struct iscsi_session *s)
{
	return s->t.ctx->clock->now(s->t.ctx->clock);
}

#endif
