/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state file's bytes: two header slots, two lists of intents, map pages.
 *
 *     0        slot A         4096 bytes
 *     4096     slot B         4096
 *     8192     intents of A   65536: records of 32 bytes, appended
 *     73728    intents of B   65536
 *     139264   pages          4096 each: a hash, and 4064 bytes of the map of what is durable
 *
 * Everything is little endian and carries its own XXH3 hash, so that a torn or
 * flipped piece is found for what it is.  A page belongs to an epoch, a random
 * number: pages of another epoch (another job, bytes that turned out to be wrong)
 * mean nothing.  Decoders take what a user or a broken disk made of the file:
 * they believe nothing that the hash does not cover, and bound what it does.
 * In every version the magic, the version and the slot's hash are where they are here.
 */
#ifndef XM_STATE_FORMAT_H
#define XM_STATE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XM_STATE_VERSION 1
#define XM_STATE_SLOT 4096U
#define XM_STATE_PAGE 4096U
#define XM_STATE_PAGE_WORDS 508U                 /* 64-bit words of the map a page holds */
#define XM_STATE_INTENT 32U
#define XM_STATE_INTENTS 2048U                   /* records a list holds */
#define XM_STATE_JOB 256U                        /* with its NUL */
#define XM_STATE_NAMES 1536U                     /* of one disk, with the NUL */
#define XM_STATE_BOOT 16U

/* What a state file is about.  It is of use to a job of exactly this. */
struct xm_state_binding {
	char job[XM_STATE_JOB];
	char src_names[XM_STATE_NAMES];          /* best first, a line each, as many as fit */
	char dst_names[XM_STATE_NAMES];
	uint64_t src_size, dst_size;
	uint64_t src_birth, dst_birth;           /* of a file, ns; 0 unknown:
						    inode numbers come again */
	uint32_t src_block, dst_block;
	uint64_t src_off, dst_off, len;
	uint64_t scope;                          /* hash of what is to be copied:
						    another list, another job */
};

enum xm_state_flags {
	XM_STATE_FINISHED = 1,                   /* the copy ended well */
	XM_STATE_CLEAN = 2                       /* nothing that was sent can still write */
};

struct xm_state_slot {
	struct xm_state_binding is;
	uint64_t generation;                     /* the higher one holds */
	uint64_t epoch;
	uint64_t granule;
	uint64_t durable;                        /* bytes, for people */
	uint64_t intents_hash;                   /* of the records the slot was written with */
	uint32_t nintents;                       /* these */
	uint32_t flags;
	uint8_t boot[XM_STATE_BOOT];             /* of the kernel that wrote it */
};

struct xm_state_intent {
	uint64_t off, len;                       /* on the destination */
};

enum xm_state_verdict {
	XM_STATE_GOOD,
	XM_STATE_BLANK,                          /* all zero: never written */
	XM_STATE_BAD,                            /* a slot, torn or flipped */
	XM_STATE_NEWER,                          /* whole, of a version this build does not know */
	XM_STATE_FOREIGN                         /* not a slot */
};

uint64_t xm_state_slot_at(unsigned which);
uint64_t xm_state_intents_at(unsigned which);
uint64_t xm_state_page_at(uint64_t index);

void xm_state_slot_encode(const struct xm_state_slot *s, uint8_t buf[XM_STATE_SLOT]);
/* *s is written only with GOOD; then its texts end and its numbers fit together. */
enum xm_state_verdict xm_state_slot_decode(const uint8_t *buf, size_t len, struct xm_state_slot *s);

void xm_state_intent_encode(const struct xm_state_intent *in, uint64_t epoch, uint64_t generation,
			    uint8_t buf[XM_STATE_INTENT]);
/* False: not a record of this epoch and generation. */
bool xm_state_intent_decode(const uint8_t *buf, size_t len, uint64_t epoch, uint64_t generation,
			    struct xm_state_intent *in);
/* Of the records as encoded. */
uint64_t xm_state_intents_hash(const uint8_t *buf, size_t len);

/* `n` words, at most a page's; the rest is zero. */
void xm_state_page_encode(const uint64_t *words, size_t n, uint64_t epoch, uint64_t index,
			  uint8_t buf[XM_STATE_PAGE]);
/*
 * GOOD, and the words; BLANK: never written, or of another epoch; BAD: torn, flipped, or in
 * another page's place.  Words are touched only with GOOD.
 */
enum xm_state_verdict xm_state_page_decode(const uint8_t *buf, size_t len, uint64_t epoch,
					   uint64_t index, uint64_t *words, size_t n);

/* NULL when `now` may go on with what is stored under `was`; else what differs, in words. */
const char *xm_state_differs(const struct xm_state_binding *was, const struct xm_state_binding *now,
			     bool same_boot);

#endif
