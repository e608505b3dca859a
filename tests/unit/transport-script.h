/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transport that is a script: the commands expected, in order and field by
 * field, each with the answer it gets.  A command that differs, comes too much
 * or does not come fails the test.  Time is simulated.
 */
#ifndef TEST_TRANSPORT_SCRIPT_H
#define TEST_TRANSPORT_SCRIPT_H

#include "ctx.h"
#include "lu.h"
#include "transport.h"

struct script;

/* With a context of its own, or with another script's. */
struct script *script_open(struct xm_ctx *ctx);
struct xm_ctx *script_ctx(struct script *s);
struct scsi_transport *script_transport(struct script *s);
/* Nothing more was expected; and frees.  A shared context goes with the script that made it. */
void script_close(struct script *s);
/* So far everything that was expected has come. */
void script_drained(struct script *s);

/* ---- what is expected next ------------------------------------------------------ */

void script_expect(struct script *s, uint64_t lun, const char *cdb_hex);
void script_expect_out(struct script *s, uint64_t lun, const char *cdb_hex, const char *data_hex);

#define SCRIPT_SEGMENTS 64
/* EXTENDED COPY(LID1), in the words of the standard. */
struct script_copy {
	unsigned list_id, usage, block_length;
	/* designators: code set and type byte, then the bytes: "0103 6001..." */
	const char *src, *dst;
	unsigned nsegments;
	struct { uint64_t blocks, src_lba, dst_lba; } segments[SCRIPT_SEGMENTS];
};
void script_expect_copy(struct script *s, uint64_t lun, const struct script_copy *c);

/* ---- and what it is answered: of the last expected; else GOOD without data ------- */

void script_good(struct script *s, const char *data_in_hex);
/* CHECK CONDITION: "kkaaqq", or the whole sense data, or "" for none. */
void script_sense(struct script *s, const char *hex);
void script_status(struct script *s, uint8_t status);
/* Nothing comes back until the command's own timeout. */
void script_no_answer(struct script *s, int err);
void script_not_sent(struct script *s, int err);
/* Not at once, but so much later. */
void script_later(struct script *s, uint64_t ns);

/* ---- helpers ----------------------------------------------------------------------- */

/* An endpoint of `blocks`, carrying the LU, which stays the caller's. */
struct xm_endpoint *script_endpoint(struct script *s, struct scsi_lu *lu);
/* Let time pass. */
void script_advance(struct script *s, uint64_t ns);

#endif
