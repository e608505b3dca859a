/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tests of third party copy, fault rules and control add to the array's
 * rig: EXTENDED COPY lists built by hand, stamped blocks, a clock that is moved
 * by so much, words of the control language.
 */
#ifndef TEST_COPY_RIG_H
#define TEST_COPY_RIG_H

#include "array-rig.h"

#define MS 1000000ull

/* Bytes as hex text, blanks ignored; the number of bytes. */
size_t hex_bytes(uint8_t *buf, size_t cap, const char *text);

/* rig_open(), the persona, and every unit attention taken. */
void copy_open(struct rig *r, const char *persona, const char *const *luns);
struct arr_nexus *copy_nexus(struct rig *r, const char *initiator, uint64_t isid);

/* Step at the present time until nothing more is due now; when the next thing is. */
uint64_t rig_now(struct rig *r);
void rig_advance(struct rig *r, uint64_t ns);
/* Step, moving the clock as far as it takes, until an is done. */
void rig_until(struct rig *r, struct answer *an);

/* A command by the hex of its CDB, without data-out; waits for the answer. */
void ask(struct rig *r, struct answer *an, uint64_t lun, const char *cdb_hex);
/* Either sense format, as KKAAQQ; 0 without sense.  The status must be CHECK CONDITION. */
unsigned sense_of(const struct answer *an);
void assert_hex(const void *bytes, size_t len, const char *hex);

/* As ask(), with data-out in hex. */
void tell(struct rig *r, struct arr_nexus *nx, struct answer *an, uint64_t lun,
	  const char *cdb_hex, const char *out_hex);

/* ---- EXTENDED COPY(LID1), by hand ---------------------------------------- */

struct copy {
	uint8_t id, usage;
	unsigned src, dst;       /* LUNs; their NAA designators go into the CSCDs */
	uint64_t src_lba, dst_lba;
	unsigned blocks;
	bool dc;
};

#define COPY_MAX 8192
/* A list being built, and the command that takes it. */
struct copy_cmd {
	struct answer an;
	uint8_t list[COPY_MAX];
	size_t len;
};

/* One segment, 108 bytes. */
void copy_list(struct rig *r, struct copy_cmd *c, const struct copy *k);
void put_cscd(struct rig *r, uint8_t p[32], unsigned lun);
void put_b2b(uint8_t p[28], unsigned src_id, unsigned dst_id, const struct copy *k);
void copy_naa(struct rig *r, unsigned lun, uint8_t naa[16]);
/* Send c's list, whatever it is, to a LUN; do not wait. */
void copy_send(struct rig *r, struct arr_nexus *nx, struct copy_cmd *c, unsigned lun);
/* Build one segment, send, wait. */
void copy_do(struct rig *r, struct copy_cmd *c, unsigned lun, const struct copy *k);
/* Send what is in c to a LUN and wait. */
void copy_again(struct rig *r, struct copy_cmd *c, unsigned lun);

/* Blocks stamped with (seed, block number), and whether they are there. */
void fill(struct rig *r, unsigned lun, uint64_t lba, unsigned blocks, uint32_t seed);
bool holds(struct rig *r, unsigned lun, uint64_t lba, unsigned blocks, uint32_t seed,
	   uint64_t from_lba);
bool is_zero(struct rig *r, unsigned lun, uint64_t lba, unsigned blocks);

/* ---- control ------------------------------------------------------------- */

/* The answer, to be freed. */
char *control(struct rig *r, const char *line);
/* Must not answer an error. */
void control_ok(struct rig *r, const char *line);
/* Must answer "error: ..." with `words` in it. */
void control_fails(struct rig *r, const char *line, const char *words);

#endif
