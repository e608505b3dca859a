/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A controller in this process, for what real ones and QEMU do not do at will: it
 * completes out of order, writes ranges past the one that failed, forgets which
 * formats were enabled, answers any status.  It decodes commands by offsets of its
 * own, written from the specification, and shares nothing with nvme/cmd.c.  Time is
 * simulated.
 */
#ifndef TEST_NVME_FAKE_H
#define TEST_NVME_FAKE_H

#include "copy.h"
#include "ctx.h"

#define FAKE_BLOCK 512u
#define FAKE_BLOCKS 4096u
#define FAKE_NAMESPACES 2
#define FAKE_COPIES 256

/* What the fake saw of a Copy. */
struct fake_copy {
	uint32_t nsid;
	uint64_t sdlba;
	unsigned format, nranges;
	uint64_t timeout_ns;
	struct { uint32_t snsid; uint64_t slba; uint32_t blocks; } range[64];
};

struct fake {
	struct nvme_transport t;         /* the I/O queue of both namespaces */
	struct nvme_transport admin;     /* the admin queue */
	struct xm_clock_sim sim;
	struct xm_ctx *ctx;
	uint8_t *disk[FAKE_NAMESPACES];  /* NSID 1, 2 */

	/* What it is. */
	uint32_t mssrl, mcl;             /* enforced with 183h; 0: no limit */
	unsigned msrc;                   /* ranges, enforced; 0: no limit */
	uint16_t ocfs;
	uint8_t host_behavior[512];
	bool set_features_denied;        /* as Linux 7.2: EACCES */

	/* What it is to do wrong. */
	uint16_t status;                 /* of the next `times` copies */
	uint32_t dword0;
	unsigned times;
	enum nvme_outcome outcome;       /* not ANSWERED: with err */
	int err;
	int fail_at;                     /* range that fails with `status` when others up to
					    fail_at + 2 were written; -1: none was */
	bool reversed;                   /* last in, first out */
	unsigned lose_cdfe_after;        /* copies, then a "reset" clears the enabled formats;
					    0 never */

	struct xm_list queue;            /* of nvme_cmd, by link */
	struct xm_list admin_queue;
	unsigned ncopies, nsets;
	struct fake_copy copies[FAKE_COPIES];
};

struct fake *fake_new(void);
void fake_free(struct fake *f);
/* A namespace of it, and an endpoint on blocks [base, base + blocks) of it. */
struct nvme_ns *fake_ns(struct fake *f, uint32_t nsid);
struct xm_endpoint *fake_endpoint(struct fake *f, uint32_t nsid, uint64_t base, uint64_t blocks);
/* Block `lba` of namespace `nsid`. */
uint8_t *fake_block(struct fake *f, uint32_t nsid, uint64_t lba);
/* Every block different, from a seed. */
void fake_stamp(struct fake *f, uint32_t nsid, uint64_t lba, uint64_t blocks, uint8_t seed);

#endif
