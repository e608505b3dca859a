/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two disks in memory, an offload method and a nexus whose behaviour is scripted,
 * on the simulated clock: what real parts cannot be made to do.
 *
 * A command that ends UNKNOWN may still be applied, up to the moment its nexus is
 * fenced; the rig asserts that nobody writes to such a range before.
 */
#ifndef SIM_RIG_H
#define SIM_RIG_H

#include "clock.h"
#include "job.h"
#include "registry.h"
#include "seed.h"

enum sim_what {
	SIM_GOOD,
	SIM_STATUS,                  /* as `status` says; `part` of 8 moved */
	SIM_UNKNOWN_NOTHING,         /* no answer, nothing happens */
	SIM_UNKNOWN_LATE,            /* no answer, applied just before the fence ends */
	SIM_LOST,                    /* the nexus breaks: everything in flight is UNKNOWN */
	SIM_SILENT,                  /* no answer until the nexus is fenced */
	SIM_ATTENTION,               /* not done: the unit was reset; its path is to be fenced */
	SIM_LIE_NOTHING, SIM_LIE_SHORT, SIM_LIE_PLACE
};

/* From the first-th command of the method on, `count` times. */
struct sim_rule {
	enum sim_what what;
	unsigned first, count;
	struct xm_status status;
	unsigned part;
	unsigned fired;
};

#define SIM_RULES 4

struct sim_nexus {
	struct xm_nexus nx;
	struct sim *sim;
	bool fails;                  /* its fence */
	uint64_t takes;              /* how long; 0: a second */
	uint64_t due;
	unsigned fences;
};

struct sim_disk {
	struct xm_endpoint *ep;
	struct xm_io io;
	struct sim *sim;
	uint8_t *bytes, *before;
	struct xm_list queue;        /* requests */
	uint64_t latency;
	unsigned reads, writes, flushes;
	unsigned fail_reads, fail_writes, fail_flushes; /* so many more, with fail_status */
	struct xm_status fail_status;
	unsigned lose_at;            /* the write that meets a broken path; 0: none */
	bool jitter;                 /* requests overtake one another */
	uint8_t *durable;            /* NULL, or what the disk holds again after its path
					was lost */
	struct sim_nexus nexus;
};

struct sim {
	struct xm_clock_sim clock;
	struct xm_ctx *ctx;
	struct test_random r;
	struct sim_disk src, dst;
	/* the method */
	struct xm_method m;
	struct sim_nexus path;       /* of its commands, when own_path: SG_IO beside a block node */
	bool own_path;
	struct xm_method_limits limits;
	struct xm_list queue;        /* tasks in flight */
	struct xm_list zombies;      /* struct zombie */
	struct sim_rule rules[SIM_RULES];
	unsigned commands, peak;
	uint64_t base_ns, ns_per_mib;
	const char *refuse;          /* open() says no */
	unsigned max_parallel;       /* more are answered BUSY; 0 no limit */
	uint64_t largest_ok;         /* larger are answered SHRINK; 0 no limit */
	/* another offload, after that one; it does what it is told */
	struct xm_method other;
	bool has_other;
	struct xm_list other_queue;
	uint64_t other_base_ns, other_ns_per_mib;
	unsigned other_commands;
	struct sim_rule other_rule;
	struct xm_registry registry;
	struct xm_job *job;
	uint64_t range_src, range_dst, range_len;
};

struct sim_geometry {
	uint64_t size;
	uint32_t src_block, dst_block;
	bool same_before;            /* destination holds the source's bytes already */
	uint64_t seed;
};

void sim_init(struct sim *s, const struct sim_geometry *g);
/* From now on the destination loses what was not flushed whenever its path was lost. */
void sim_volatile(struct sim *s);
/* Makes the job; options may be set before sim_run. */
struct xm_job *sim_job(struct sim *s);
/* Runs it; returns its code.  Afterwards the figures were checked against each other. */
int sim_run(struct sim *s);
/* Is the job's range right, and everything else untouched? */
bool sim_right(const struct sim *s);
bool sim_untouched_outside(const struct sim *s);
void sim_free(struct sim *s);

#endif
