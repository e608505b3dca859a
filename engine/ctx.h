/* SPDX-License-Identifier: Apache-2.0 */
/* The context: what is settled before anything is opened. */
#ifndef XM_CTX_H
#define XM_CTX_H

#include <stdbool.h>
#include <stdint.h>
#include "xmover.h"
#include "attach.h"
#include "clock.h"

struct xm_pool;
struct xm_state;
struct xm_registry;

/* The default of XM_CTX_INITIATOR_NAME: one for all hosts, so that any successor fences. */
#define XM_INITIATOR_NAME "iqn.2026-08.io.xmover:mover"

struct xm_chap {
	const char *user, *secret;                 /* NULL when not given */
	const char *target_user, *target_secret;   /* mutual */
	struct xm_secrets *store;            /* memory that no core file shows */
};

struct xm_ctx {
	/* Set by xm_ctx_new and xm_ctx_set, unchanged after the first open. */
	struct xm_clock *clock;              /* a test puts a simulated one */
	const struct xm_registry *registry;  /* NULL until xm_endpoint_open() or a test puts one */
	char *job_id;                        /* NULL until set or derived */
	bool job_id_given;                   /* set, not derived */
	char *initiator_name;
	bool inspect;                        /* XM_CTX_PURPOSE: log in beside a copy,
						never over it */
	uint64_t timeout_ns;
	struct xm_chap chap;
	struct xm_state *state;              /* XM_CTX_STATE; NULL: none */
	xm_log_fn *log;
	void *log_user;

	/* Owned by the thread that uses the context. */
	struct xm_pool *pool;                /* made at first use: xm_ctx_pool() */
	struct xm_attachments attached;      /* iSCSI sessions live here, between endpoints */
	uint64_t random;                     /* state of xm_ctx_random() */
};

/* 40 bits that name the job (its ISID); 0 for an inspector, whose ISID is a random one. */
uint64_t xm_ctx_job_hash(const struct xm_ctx *ctx);
/* The pool for blocking calls, or NULL when threads cannot be had. */
struct xm_pool *xm_ctx_pool(struct xm_ctx *ctx);
/* Seeded pseudo-random numbers: jitter, sample places.  Not for secrets. */
uint64_t xm_ctx_random(struct xm_ctx *ctx);
void xm_ctx_seed(struct xm_ctx *ctx, uint64_t seed);

void xm_log(struct xm_ctx *ctx, enum xm_log_level level, const char *event, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * For set-up only (opening, logging in, identifying), where waiting is allowed:
 * turn until step() answers non-zero or `deadline` has passed.  Returns step's
 * answer, or 0 on timeout.  A running job never calls it.
 */
int xm_ctx_wait_for(struct xm_ctx *ctx, uint64_t deadline,
		    void (*wait)(void *o, struct xm_waiter *w), int (*step)(void *o), void *o);

#endif
