/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches a copy command with a 32-bit list identifier while it runs, by RECEIVE
 * COPY STATUS(LID4) beside it: seldom, and only of commands that take their time.
 * A copy that is said to run and stands still is aborted, once, by COPY OPERATION
 * ABORT; what became of it the command itself then answers.
 */
#ifndef SCSI_COPY_WATCH_H
#define SCSI_COPY_WATCH_H

#include "odx.h"
#include "transport.h"

struct copy_watch {
	struct scsi_transport *t;
	uint64_t lun;
	uint32_t id;
	uint64_t stall_ns;                   /* without progress */
	struct scsi_cmd cmd;
	bool out;                            /* cmd is under way */
	bool asking;                         /* it is a question, no abort */
	bool seen;                           /* the copy was seen to run */
	bool aborted;
	uint64_t at;                         /* next question; XM_NEVER: no more */
	uint64_t bytes, moved_at;            /* its count, and when that or the counter changed */
	uint16_t counter;
	unsigned asks_failed;                /* in a row */
	uint8_t answer[ODX_ANSWER_MAX];
};

/* The command was sent.  Finished questions go to `done`, with `user`. */
void copy_watch_start(struct copy_watch *w, struct scsi_transport *t, uint64_t lun, uint32_t id,
		      uint64_t now);
/* No more questions: the command was answered. */
void copy_watch_stop(struct copy_watch *w);
/* Ask when it is time to. */
void copy_watch_step(struct copy_watch *w, struct xm_list *done, void *user, uint64_t now);
/* w->cmd has come back. */
void copy_watch_took(struct copy_watch *w, uint64_t now);
void copy_watch_wait(const struct copy_watch *w, uint64_t now, struct xm_waiter *waiter);

#endif
