/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A real xmover-array as a process, a clock that runs fast, and endpoints over
 * libiscsi on top: what the tests of the iSCSI transport stand on.
 */
#ifndef ISCSI_RIG_H
#define ISCSI_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "endpoint.h"
#include "io.h"
#include "lu.h"

#define RIG_IQN "iqn.2026-08.test:rig"

struct rig {
	pid_t pid;
	unsigned port;
	char dir[64], ctl[96];
};

/* args: NULL-ended, after --listen and --control. */
void rig_start(struct rig *r, const char *const args[]);
void rig_stop(struct rig *r);
/* A control line; the answer is malloc'ed. */
char *rig_ctl(struct rig *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same, and the answer has to be "ok...". */
void rig_do(struct rig *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A number of the stats answer: the one after the first "key": */
long rig_stat(struct rig *r, const char *key);
/* Path of a file in the rig's folder. */
const char *rig_path(struct rig *r, const char *name);

/* ---- time --------------------------------------------------------------------- */

/* The real clock, `times` as fast; for bounds that would take minutes. */
struct fast_clock {
	struct xm_clock clock;
	uint64_t times, base;
};
void fast_clock_init(struct fast_clock *c, uint64_t times);

/* ---- the mover's side ----------------------------------------------------------- */

struct xm_ctx *rig_ctx(const char *job);
/* Log events are kept: was there one by this word? */
bool rig_logged(const char *event);
void rig_log_clear(void);
/* Opens iscsi://127.0.0.1:port/RIG_IQN/lun[suffix]; NULL and *code when it fails. */
struct xm_endpoint *rig_open(struct xm_ctx *ctx, unsigned port, unsigned lun, enum xm_role role,
			     enum xm_code *code);
struct xm_endpoint *rig_open_url(struct xm_ctx *ctx, const char *url, enum xm_role role,
				 enum xm_code *code);
/* The text of the last failed open. */
extern char rig_error[512];

/* A request, given to the endpoint's engine. */
void rig_submit(struct xm_endpoint *ep, struct xm_io_req *req, struct xm_list *done);
/* Turns until n requests or commands stand on done. */
void rig_turn_until(struct xm_endpoint *ep, struct xm_list *done, unsigned n);
/* One whole I/O. */
struct xm_status rig_io(struct xm_endpoint *ep, enum xm_io_op op, uint64_t off, void *buf,
			uint64_t len);
/* Drives a fence to its end, as the job's loop does. */
enum xm_fence_result rig_fence(struct xm_endpoint *ep, struct xm_status *why);
unsigned rig_count(const struct xm_list *l);

#endif
