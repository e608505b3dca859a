/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POPULATE TOKEN and WRITE USING TOKEN lists built by hand, byte by byte from
 * reference/scsi-offload.md 3.1, 3.6 and 3.7, and the answers taken apart.
 */
#ifndef TEST_ROD_RIG_H
#define TEST_ROD_RIG_H

#include "copy-rig.h"

#define TOKEN_LEN 512
#define TOKEN_RANGES 66

/* A command and its list, as it will be sent. */
struct rod_cmd {
	struct answer an;
	uint8_t cdb[16];
	uint8_t list[536 + 16 * TOKEN_RANGES];
	size_t len;
};

struct ranges { uint64_t lba; uint32_t blocks; };
#define RANGES(...) (const struct ranges[]){ __VA_ARGS__, { 0, 0 } }

/* Ranges end with one of 0 blocks.  The list identifier goes to CDB bytes 6-9. */
void pt_list(struct rod_cmd *c, uint32_t id, const struct ranges *ranges);
void wut_list(struct rod_cmd *c, uint32_t id, const uint8_t *token, uint64_t offset,
	      const struct ranges *ranges);
/* Sends what is there; PARAMETER LIST LENGTH is c->len. */
void rod_send(struct rig *r, struct arr_nexus *nx, struct rod_cmd *c, unsigned lun);
void rod_again(struct rig *r, struct rod_cmd *c, unsigned lun);

/* 84/07 or 84/05 with the identifier at CDB bytes 2-5, through nx. */
void rrti(struct rig *r, struct arr_nexus *nx, struct answer *an, unsigned lun, uint32_t id);
void rcs4(struct rig *r, struct arr_nexus *nx, struct answer *an, unsigned lun, uint32_t id);
void coa(struct rig *r, struct arr_nexus *nx, struct answer *an, unsigned lun, uint32_t id);

/* PT of the ranges and its token: must be good. */
void make_token(struct rig *r, unsigned lun, uint32_t id, const struct ranges *ranges,
		uint8_t token[TOKEN_LEN]);
/* WUT to the ranges; the sense, or 0 for GOOD. */
unsigned use_token(struct rig *r, struct arr_nexus *nx, unsigned lun, uint32_t id,
		   const uint8_t *token, uint64_t offset, const struct ranges *ranges);

/* Of an RRTI or RCS answer. */
#define OPERATION(an) ((an)->in[5])
#define COUNT(an) xm_get_be64((an)->in + 16)

#endif
