/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which method takes the next chunk, how large, and how many at a time.
 *
 * The order is the registry's, or that of the user's list; among offloads the one that
 * was measured to move clearly more goes first (pick-lead.c).  A method is usable,
 * refused (it said at open why it is not for this pair) or over (it failed, and what
 * it says is kept).  One bad chunk costs a method that chunk; three in a row, or an
 * answer that is about the whole pair, cost it the pair.
 *
 * Size: starts at what the method asks for and grows, up to eight times at once,
 * while a command takes less than a tenth of the longest time wanted (2 s, or the
 * method's), and up to all of that while it gains; halves above.  A method that must be
 * proven grows only through a trial at the new size.  Depth: starts at 4, or at what the
 * method asks for; when the size has settled it grows, by one, from 8 on by a quarter,
 * while throughput gains from it; halves when the device pushes back.
 */
#ifndef XM_PICK_H
#define XM_PICK_H

#include "fallback.h"
#include "method.h"
#include "plan.h"

#define XM_PICK_ENTRIES 8
#define XM_PICK_STRIKES 3
#define XM_PICK_SLOW_NS (2 * XM_NS_PER_S)

enum xm_offload { XM_OFFLOAD_AUTO, XM_OFFLOAD_REQUIRE, XM_OFFLOAD_NEVER };

struct xm_pick_rules {
	enum xm_offload offload;
	const char *methods;         /* comma list of those allowed, NULL all */
	unsigned depth;              /* most at a time, 0 adaptive */
};

/* One method and what was learnt about it. */
struct xm_entry {
	/* Set by xm_pick_open. */
	const struct xm_method_ops *ops;
	struct xm_method *m;         /* NULL: refused */
	unsigned max_depth;
	bool fixed_depth;
	bool aside;                  /* it was no candidate: another kind of disk, or not wanted */
	int rank;                    /* of two offloads, the lower goes first
					until they are measured */
	/* Set by xm_pick_fit. */
	uint64_t step;               /* least size */
	/* Owned by the loop. */
	const char *reason;          /* why it is refused or over; NULL while usable */
	char detail[192];
	bool distrusted;             /* it lied: what it says it moved counts for nothing */
	struct xm_map barred;        /* chunks it must not be given again */
	unsigned inflight;
	/* size */
	uint64_t chunk, ceiling;
	uint64_t proven;             /* largest size a trial has shown to work;
					UINT64_MAX: needs none */
	uint64_t grow;               /* a trial of this size is due; 0 none */
	unsigned sized;              /* commands at this size; their smoothed time */
	uint64_t smooth_ns;
	uint64_t before, before_rate;        /* size and rate before it grew; 0: judged */
	bool settled;                /* larger brought nothing, or took too long */
	/* depth */
	unsigned depth;
	unsigned raised;             /* by how much, when the last change of depth was upwards */
	unsigned hold;               /* rounds to leave it alone */
	unsigned waited;             /* rounds it was left alone for the size */
	uint64_t round_start, round_bytes, best;
	unsigned round_n;
	uint64_t cut_at;
	/* rate */
	uint64_t rate;               /* measured while it led; 0: not yet */
	bool probed;                 /* it had its probe */
	/* trouble */
	unsigned strikes;
	uint64_t pause_until;        /* it pushed back: nothing new before,
					or before a command ends */
	uint64_t hold_until;         /* no trial before */
	unsigned trial_tries;
};

/* What the lead moved lately. */
struct xm_window {
	uint64_t since, bytes;
	unsigned commands;
};

struct xm_pick {
	struct xm_entry at[XM_PICK_ENTRIES];
	unsigned n;
	enum xm_offload offload;
	/* Which offload goes first. */
	bool fixed;                  /* the user's list says so */
	struct xm_entry *lead;       /* NULL: the least rank */
	struct xm_entry *candidate;  /* to be proven, then probed; or NULL */
	struct xm_entry *before;     /* during a probe: who led */
	uint64_t probe_until;        /* 0: none under way */
	struct xm_window window;
	unsigned windows;            /* full ones, of this lead */
};

bool xm_entry_usable(const struct xm_entry *e);
static inline bool xm_entry_offloads(const struct xm_entry *e)
{
	return xm_way_offloads(e->ops->way);
}

/*
 * Ask every method of the list.  Refusals become fallback rows.  Fails with
 * XM_E_USAGE (no method of that name; contradiction), XM_E_NOOFFLOAD
 * (required, and none is usable), or the code of a device that cannot be believed.
 */
int xm_pick_open(struct xm_pick *p, const struct xm_method_ops *const *methods,
		 const struct xm_pair *pair, const struct xm_pick_rules *rules,
		 struct xm_fallbacks *f, struct xm_error **err);
/* The granule that suits all usable methods: about `wish`, at least `least`. */
uint64_t xm_pick_granule(const struct xm_pick *p, uint64_t len, uint64_t least, uint64_t wish);
/* Refuse what cannot be aligned to the range; settle first sizes.  XM_E_NOOFFLOAD as above. */
int xm_pick_fit(struct xm_pick *p, const struct xm_plan *plan, const struct xm_map *map,
		struct xm_fallbacks *f, struct xm_error **err);
/* Closes methods that have nothing in flight; false when one had. */
bool xm_pick_close(struct xm_pick *p);

/* The usable entry that offloads and goes first, or NULL; the first entry that could have. */
struct xm_entry *xm_pick_offload(struct xm_pick *p);
const struct xm_entry *xm_pick_wished(const struct xm_pick *p);

/* The n-th to be asked for work, of p->n. */
struct xm_entry *xm_pick_nth(struct xm_pick *p, unsigned n);
/* `bytes` were moved by e. */
void xm_pick_measured(struct xm_pick *p, const struct xm_entry *e, uint64_t bytes, uint64_t now);
/*
 * Begins and ends probes.  The caller proves p->candidate.  The entry that leads from
 * now on when that has changed, else NULL.
 */
struct xm_entry *xm_pick_turn(struct xm_pick *p, uint64_t left, uint64_t now);

/* A command of `bytes` was answered well after `ns`. */
void xm_entry_done(struct xm_entry *e, uint64_t bytes, uint64_t ns, uint64_t now);
/* The device pushed back: fewer at a time. */
void xm_entry_busy(struct xm_entry *e, uint64_t now);
/* The device wants it smaller.  False: there is nothing smaller. */
bool xm_entry_shrink(struct xm_entry *e, uint64_t bytes);
/* A trial showed that `bytes` at a time work. */
void xm_entry_proven(struct xm_entry *e, uint64_t bytes);
/* The method is over for this pair. */
void xm_entry_over(struct xm_entry *e, const char *reason, const char *detail);
/*
 * It could not do this chunk.  False: that was one too many, or memory is
 * short; the caller ends it with xm_entry_over.
 */
bool xm_entry_strike(struct xm_entry *e, const struct xm_task *task);

#endif
