/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Token based copies (SBC-3): POPULATE TOKEN, WRITE USING TOKEN, and the answers of
 * RECEIVE ROD TOKEN INFORMATION and RECEIVE COPY STATUS(LID4).
 *
 *   odx-encode.c   parameter lists            odx-decode.c   answers
 *   odx-look.c     may this disk, limits      odx-port.c     requests under way (engine/token.h)
 *   method-odx.c   both ends put together     odx-explain.c  what probe says
 */
#ifndef SCSI_ODX_H
#define SCSI_ODX_H

#include "lu.h"
#include "token.h"
#include "tpc.h"

/* ---- parameter lists (SBC-3 5.7, 5.52) -------------------------------------------- */

#define ODX_POPULATE_HEADER 16
#define ODX_WRITE_HEADER 536
#define ODX_RANGE_LEN 16
#define ODX_LIST_MAX (ODX_WRITE_HEADER + XM_TOKEN_RUNS_MAX * ODX_RANGE_LEN)

struct odx_range {
	uint64_t lba;
	uint32_t blocks;
};

struct odx_populate {
	bool immed;
	bool rtv;                    /* a ROD of that type, and no other */
	uint32_t type;
	uint32_t inactivity;         /* s; 0: the array's default */
	unsigned nranges;
	const struct odx_range *ranges;
};

struct odx_write {
	bool del_tkn;
	uint64_t offset;             /* into the ROD, blocks */
	const uint8_t *token;        /* XM_TOKEN_LEN */
	unsigned nranges;
	const struct odx_range *ranges;
};

/* Bytes written; 0, and nothing written, when it does not fit or cannot be said. */
size_t odx_encode_populate(const struct odx_populate *l, uint8_t *buf, size_t cap);
size_t odx_encode_write(const struct odx_write *l, uint8_t *buf, size_t cap);
/* The token that stands for zeros (SBC-3 4.7.5). */
void odx_put_zero_token(uint8_t token[XM_TOKEN_LEN]);

/* ---- answers (SPC-4 6.24, SBC-3 5.25) ----------------------------------------------- */

#define ODX_ANSWER_MAX 1024

enum odx_state {
	ODX_RUNNING,                 /* 10h, 11h, 12h */
	ODX_DONE,                    /* 01h */
	ODX_FAILED,                  /* 02h: with errors, which the sense data tell */
	ODX_PARTIAL,                 /* 03h: the token stands for less than was asked */
	ODX_RESIDUAL,                /* 04h: less was written than was asked */
	ODX_TERMINATED               /* 60h: aborted */
};

struct odx_status {
	uint8_t action;              /* the service action of the operation */
	enum odx_state state;
	bool background;             /* 12h */
	uint16_t counter;            /* of the operation; changes while it lives */
	uint32_t delay_ms;           /* until it is worth asking again; 0: not told */
	uint8_t status;              /* SAM status of the operation */
	const uint8_t *sense;        /* within p */
	size_t sense_len;
	bool count_known;            /* units understood, no overflow */
	bool in_blocks;
	uint64_t count;              /* bytes, or blocks */
	const uint8_t *token;        /* within p; NULL: there is none, or its length is wrong */
	bool token_odd;              /* there is one, and it is not of the one length a token has */
};

/* `token`: RECEIVE ROD TOKEN INFORMATION.  False: it makes no sense. */
bool odx_decode_status(const uint8_t *p, size_t len, bool token, struct odx_status *s);
/* The count in bytes.  False: not known, or over UINT64_MAX. */
bool odx_count_bytes(const struct odx_status *s, uint32_t block_size, uint64_t *ret);

/* ---- may this disk ------------------------------------------------------------------ */

struct odx_look {
	struct scsi_lu *lu;
	struct scsi_tpc tpc;
	struct xm_token_limits limits;
	uint32_t type;               /* of ROD to ask for; 0: the array's choice */
};
/* 0: it may.  -1: why not; what comes later in *look is then not set. */
int odx_look(struct xm_endpoint *ep, enum xm_role role, struct odx_look *look,
	     struct xm_refusal *why);

extern const struct xm_token_ops scsi_tokens;

/* The method's slot for `probe`. */
void odx_explain(const struct xm_pair *pair, struct xm_findings *f);

#endif
