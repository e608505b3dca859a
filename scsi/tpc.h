/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VPD page 8F, third party copy: which copy commands a logical unit takes, what
 * tokens it makes and uses, and the limits.  Absent descriptors read as "not told".
 */
#ifndef SCSI_TPC_H
#define SCSI_TPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lu.h"

#define TPC_ROD_TYPES 16

/* What a token stands for (SPC-4 table of ROD types). */
enum tpc_rod_type {
	TPC_ROD_BY_REFERENCE = 0x00010000,   /* what the source holds when the token is used */
	TPC_ROD_POINT_IN_TIME = 0x00800000,
	TPC_ROD_VULNERABLE = 0x00800001,     /* a write to the source revokes it */
	TPC_ROD_PERSISTENT = 0x00800002,
	TPC_ROD_COPY_ON_WRITE = 0x00800003,
	TPC_ROD_ANY_POINT_IN_TIME = 0x0080ffff,
	TPC_ROD_ZERO = (int)0xffff0001u
};
static inline bool tpc_is_point_in_time(uint32_t type)
{
	return type >> 16 == 0x0080;
}

struct tpc_rod {
	uint32_t type;
	bool made, used;             /* TOKEN OUT, TOKEN IN */
};

struct scsi_tpc {
	bool known;                  /* the page was there and made sense */
	/* 0001h: bit per service action. */
	uint32_t sa_83, sa_84;
	/* 0000h: of tokens; blocks, seconds; 0 not told. */
	bool rod_known;
	uint16_t max_ranges;
	uint32_t max_inactivity, default_inactivity;
	uint64_t max_token_blocks, opt_token_blocks;
	/* 0106h */
	bool features_known;
	uint8_t remote_tokens;
	uint32_t max_token_inactivity;
	uint16_t opt_granularity;    /* blocks */
	uint64_t max_rod_bytes, opt_rod_bytes;
	/* 0108h */
	unsigned nrods;
	struct tpc_rod rods[TPC_ROD_TYPES];
	/* 8001h */
	uint32_t total_concurrent, max_identified;
};

/* False: this is no such page, or its lengths contradict each other; *t is then zero. */
bool tpc_decode(const uint8_t *p, size_t len, struct scsi_tpc *t);

static inline bool tpc_has_83(const struct scsi_tpc *t, unsigned sa)
{
	return t->sa_83 >> sa & 1;
}
static inline bool tpc_has_84(const struct scsi_tpc *t, unsigned sa)
{
	return t->sa_84 >> sa & 1;
}

/* Reads the page.  Set-up only: waits.  *t is zero where there is none. */
void tpc_ask(struct scsi_lu *lu, struct scsi_tpc *t);

#endif
