/* SPDX-License-Identifier: Apache-2.0 */
/* Requests for tokens under way: what odx-port.c and odx-result.c share. */
#ifndef SCSI_ODX_PRIV_H
#define SCSI_ODX_PRIV_H

#include "odx.h"
#include "sense.h"
#include "transport.h"

#define ODX_SLOTS 16

enum odx_asking { ODX_ASK_RESULT, ODX_ASK_ABORT };

/* What RECEIVE ROD TOKEN INFORMATION said of the end; the token stays in the slot's answer. */
struct odx_result {
	bool have;
	enum odx_state state;
	bool count_known;
	uint64_t bytes;
	const uint8_t *token;
	bool token_odd;
	uint8_t status;
	uint8_t sense[SCSI_SENSE_MAX];
	unsigned sense_len;
};

/* A request: the command itself, and beside or after it questions about it, one at a time. */
struct odx_slot {
	struct odx_port *port;
	struct xm_token_req *req;            /* NULL: free */
	struct scsi_cmd main, ask;
	bool main_out, ask_out, to_send;
	bool over;                           /* req->status is settled; what is out is waited for */
	bool failed;                         /* the command was refused;
						how far it came is asked for */
	bool immed;
	bool background;                     /* it runs on although its command was answered */
	bool watched;                        /* it was seen to run */
	bool odd;                            /* what was said of its progress cannot be */
	bool aborted;                        /* COPY OPERATION ABORT was sent */
	enum odx_asking asking;
	uint32_t id;
	unsigned id_refusals, asks_failed;
	uint64_t ask_at;                     /* the next question; XM_NEVER */
	uint64_t give_up;                    /* on the result, after the command was answered */
	uint64_t progress, progress_at;      /* last count, and when it or the counter changed */
	uint16_t counter;
	struct odx_result result;
	struct scsi_verdict verdict;         /* of the command, with `failed` */
	uint8_t answer[ODX_ANSWER_MAX];
	uint8_t list[ODX_LIST_MAX];
};

/* In memory that no core file shows: tokens pass through it. */
struct odx_port {
	struct xm_token_port port;
	struct scsi_lu *lu;
	uint64_t base;
	uint64_t timeout_ns;
	uint32_t type;                       /* of ROD to ask for; 0 none */
	uint32_t max_inactivity;
	bool immed;                          /* POPULATE TOKEN in the background; until refused */
	bool proven;                         /* something was written by token */
	struct xm_list done;                 /* of commands */
	struct xm_list ended;                /* of requests */
	struct odx_slot slots[ODX_SLOTS];
};

/* odx-port.c: the request is over, with this status. */
void odx_end(struct odx_slot *s, const struct xm_status *st);
void odx_where(const struct odx_slot *s, char *buf, size_t size);

/* odx-result.c */
/* The command was answered: false when its end is to be asked for. */
bool odx_answered(struct odx_slot *s);
/* The question was answered. */
void odx_asked(struct odx_slot *s, uint64_t now);
/* Everything is known that will be: settle the request. */
void odx_settle(struct odx_slot *s);

#endif
