/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job, inside.  One loop on one thread owns everything but the few fields
 * another thread may touch.
 *
 *   job.c          run: the phases, the turn, the only wait
 *   job-new.c      making, options, what is refused up front
 *   job-open.c     engines, buffers, methods, map; and closing them
 *   job-extents.c  what to copy, and how
 *   job-fill.c     new work, as much as methods, budget and fences allow
 *   job-stream.c   new work where the source is a one-way stream: what comes
 *   job-done.c     what becomes of work that ended
 *   job-reason.c   which reason the host's bytes are counted under
 *   job-trial.c    the chunk that proves a method
 *   job-fence.c    quarantine and drains
 *   job-check.c    flush, verify, and what a mismatch means
 *   job-drop.c     the host's cache of what the array wrote
 *   job-zero.c     zeros: what the destination holds already, and how they count
 *   job-rate.c     how much a second, by host and by offload
 *   job-compare.c  what is equal already, where no state tells
 *   job-state.c    the state file: what a killed job can be gone on with
 *   job-read.c     figures and texts for the caller
 *   message.c      the line of truth
 */
#ifndef XM_JOB_H
#define XM_JOB_H

#include <stdatomic.h>
#include "budget.h"
#include "dirty.h"
#include "extent.h"
#include "fence.h"
#include "io.h"
#include "pick.h"
#include "plan.h"
#include "pool.h"
#include "progress.h"
#include "retry.h"
#include "salvage.h"
#include "task.h"
#include "trial.h"
#include "verify.h"

#define XM_JOB_INFLIGHT_MAX (UINT64_C(4) << 30)      /* bytes under way at once */
#define XM_JOB_DRAIN_NS (20 * XM_NS_PER_S)           /* for work in flight, when the job
							ends early */
#define XM_JOB_LINGER_NS (3600 * XM_NS_PER_S)        /* for the reader of a stream, after its end */
#define XM_JOB_STALL_DEFAULT (1800 * XM_NS_PER_S)    /* without a byte moved: longer than
							any command may take */
#define XM_RATES (XM_RATE_HOST + 1)
#define XM_JOB_UNKNOWN_COST 3                        /* tries, beside the usual one */
#define XM_JOB_TRIALS 4                              /* chunks tried before a method is
							given up as unprovable */

enum xm_phase { XM_PHASE_NEW, XM_PHASE_OPEN, XM_PHASE_FENCE, XM_PHASE_COMPARE,
		XM_PHASE_TRIAL, XM_PHASE_COPY, XM_PHASE_FLUSH, XM_PHASE_VERIFY, XM_PHASE_END };

/* A task and the job's notes about it. */
struct xm_chunk {
	struct xm_task task;
	struct xm_list link;         /* in flying, parked or quarantined */
	struct xm_entry *entry;
	struct xm_piece *piece;      /* of a stream: what it reads; else NULL */
	unsigned tries;
	uint64_t due;                /* parked: when to send it again */
	uint64_t sent_at;
	unsigned era;                /* the job's, when it was claimed or sent */
};

/* What the host's page cache holds of the destination, dropped by a thread of the pool. */
struct xm_drop {
	struct xm_work work;
	struct xm_pool_client *client;
	struct xm_endpoint *ep;
	int result;                  /* 0 or -errno */
	bool running;
};

struct xm_job_options {
	enum xm_offload offload;
	enum xm_verify_mode verify;
	char *methods;               /* NULL: all */
	const char *io;              /* "auto", "uring", "threads" */
	uint64_t depth;
	bool cross_namespace;
	bool target_is_zero;
	uint64_t request;            /* bytes of a read or write by the host, 0: what suits */
	bool verify_only;            /* xm_verify(): nothing is copied */
	char *extents_list, *dirty_spec;     /* NULL: the source itself is asked; all is copied */
	const struct xm_extent_source_ops *extents;  /* NULL: whichever knows the source */
	bool compare;                /* what is equal already is not copied */
	bool salvage;                /* what cannot be read is left out, and told */
	uint64_t stall_ns;           /* without a byte moved: the job ends */
	uint64_t state_window;       /* bytes a kill may cost, 0: as suits */
};

struct xm_job {
	/* Set by xm_job_new and the setters, unchanged while it runs. */
	struct xm_ctx *ctx;
	struct xm_endpoint *src, *dst;
	struct xm_job_options opt;
	uint64_t src_off, dst_off, len;
	xm_progress_fn *progress_fn;
	void *progress_user;
	uint64_t progress_interval;
	xm_difference_fn *difference_fn;     /* of xm_verify() */
	void *difference_user;

	/* Touched by other threads. */
	int wake_fd;                 /* eventfd: xm_job_stop, xm_job_set_rate */
	atomic_bool stop;
	atomic_uint_least64_t rate[XM_RATES];

	/* Set by job-open, unchanged until the end. */
	bool opened;
	struct xm_pair pair;
	struct xm_io *own_io;        /* opened for ends with descriptors */
	struct xm_buffers buffers;
	struct xm_extent_source *extents;
	struct xm_runs dirty;        /* kinds: enum xm_dirty_kind; when has_dirty */
	bool has_dirty;
	struct xm_plan plan;

	/* Owned by the loop. */
	enum xm_phase phase;
	struct xm_error *err;        /* first wins */
	bool ending;                 /* no new work: it failed or was stopped */
	uint64_t drain_until;
	bool left_behind;            /* something never came back: nothing may be freed */
	struct xm_tally tally;
	struct xm_map ways[XM_WAYS]; /* done, by the way it moved: disjoint, sum = tally.done */
	bool dst_is_zero;            /* the destination read as zeros when the job began */
	struct xm_map touched;       /* and here it may do so no more */
	struct xm_map unsynced;      /* done, and not covered by a flush begun since */
	struct xm_map syncing;       /* covered by the flush under way */
	unsigned era;                /* counts what takes back also what is still out:
					a lost cache, a lie */
	struct xm_pick pick;
	uint64_t cursor;             /* where planning goes on */
	struct xm_piece *piece;      /* of a stream: came, and has no room yet */
	unsigned piece_run;          /* how far it was made work of */
	uint64_t piece_at;
	bool stream_over;
	uint64_t left_out;           /* bytes that the sender said it would not send */
	struct xm_map missing;       /* at the end of a job that failed: all but what is durable */
	struct xm_fallbacks fallbacks;
	struct xm_map refused;       /* by every offload, chunk by chunk: counted already */
	struct xm_retry retry;
	struct xm_budget budget[XM_RATES];
	struct xm_fence fence;
	struct xm_list flying, parked, quarantined;
	unsigned nflying;
	struct xm_trial trial;       /* at most one at a time */
	struct xm_chunk *trial_chunk;/* its chunk, not in any list while the trial reads */
	unsigned trial_chunks;       /* chunks tried in a row without a verdict */
	struct xm_io_req flush;
	struct xm_list flush_done;
	bool flush_wanted, flushing;
	struct xm_drop drop;         /* of the host's cached pages, after offloaded writes */
	unsigned flush_tries;
	uint64_t flush_due, flushed_at;
	struct xm_map differing;     /* while comparing: what is not equal */
	struct xm_salvage salvage;   /* what of the source could not be read */
	struct xm_keep *keep;        /* job-state.c's; NULL without --state */
	struct xm_verify verify;
	uint64_t verified;           /* bytes compared and found equal, trials too */
	bool doubt;                  /* a liar's commands may still run:
					nothing that ends now is believed */
	bool forced_fence;           /* drains ran out: the fences were called */
	bool fence_failed;           /* what is quarantined stays so */
	struct xm_progress progress;
	struct xm_waiter waiter;
	uint64_t started, ended, next_report;
	uint64_t filled_at;          /* when it was last looked for something to send */
	uint64_t rate_due;           /* then a rate held something back until; XM_NEVER: none did */
	unsigned depth_peak;
	const char *caution;         /* of a method that moved bytes: static; or NULL */
	char message[640];
	int result;                  /* enum xm_code; -1 while running */
};

/* job.c */
uint64_t xm_job_now(const struct xm_job *job);
void xm_job_phase(struct xm_job *job, enum xm_phase phase);
/* The job fails (first wins): no new work, what is in flight ends.  Returns -1. */
int xm_job_fail(struct xm_job *job, enum xm_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The job fails for what a status says. */
void xm_job_fail_status(struct xm_job *job, const struct xm_status *s);

/* job-open.c */
int xm_job_open(struct xm_job *job);
void xm_job_close(struct xm_job *job);

/* job-extents.c */
/* Ask the sources; before the map is made. */
int xm_job_extents_open(struct xm_job *job);
/* The granule that their edges ask for. */
uint64_t xm_job_extents_grain(const struct xm_job *job);
/* What is clean is out of the map, done without being moved. */
void xm_job_extents_skip(struct xm_job *job);
void xm_job_extents_close(struct xm_job *job);

/* job-fill.c */
void xm_job_fill(struct xm_job *job);
bool xm_job_send(struct xm_job *job, struct xm_chunk *c);
/* Parked chunks whose time has come; adds the others' times to w. */
void xm_job_resend(struct xm_job *job);
void xm_job_fill_wait(struct xm_job *job, struct xm_waiter *w);

/* job-stream.c */
void xm_job_fill_stream(struct xm_job *job);
/* Nothing more will come, and all that came was dealt with. */
bool xm_job_stream_over(const struct xm_job *job);
/* Of what came: the samples that it can be held to.  False: there are none. */
bool xm_job_stream_samples(struct xm_job *job, struct xm_verify_range *range);
/* After it: did all come? */
void xm_job_stream_judge(struct xm_job *job);

/* job-done.c */
void xm_job_reap(struct xm_job *job);
/* Act on a chunk that ended and is not UNKNOWN (any more). */
void xm_job_handle(struct xm_job *job, struct xm_chunk *c);
void xm_job_drop(struct xm_job *job, struct xm_chunk *c);    /* back into the map, and gone */
void xm_job_method_over(struct xm_job *job, struct xm_entry *e, const char *reason,
			const char *detail);
/* A read error of the source that a job with --salvage outlives. */
bool xm_job_salvages(const struct xm_job *job, const struct xm_status *s);
enum xm_way xm_job_way(const struct xm_chunk *c);

/* job-reason.c */
/* One chunk was refused: once more for this reason, with its bytes when they are the host's now. */
void xm_job_count_refused(struct xm_job *job, const struct xm_task *task, const char *reason,
			  const char *detail);
/* Bytes by host although offload was wished: count why. */
void xm_job_count_host(struct xm_job *job, const struct xm_chunk *c);
/* What of this range was by host is to be moved again. */
void xm_job_uncount_host(struct xm_job *job, uint64_t off, uint64_t len);
/* At the end: the rows' bytes are those by host, and no more. */
void xm_job_settle_reasons(struct xm_job *job);

/* job-trial.c */
/* Begin one of `bytes` for e, at places of this alignment.  False: no chunk to prove it with. */
bool xm_job_trial_begin(struct xm_job *job, struct xm_entry *e, uint64_t bytes, uint64_t align);
void xm_job_trial_turn(struct xm_job *job);
/* The trial's chunk came back from its method (status in the task). */
void xm_job_trial_copied(struct xm_job *job);
/* A chunk that no trial covers came back undone: its place is tried again later. */
void xm_job_trial_later(struct xm_job *job, struct xm_chunk *c);
/* Give up the trial under way, whatever state it is in; true when nothing of it is in flight. */
bool xm_job_trial_cancel(struct xm_job *job);

/* job-fence.c */
void xm_job_unknown(struct xm_job *job, struct xm_chunk *c);
void xm_job_fence_turn(struct xm_job *job);
/* All nexuses of the pair, for the sake of caution. */
void xm_job_fence_all(struct xm_job *job);

/* job-check.c */
bool xm_job_check_done(struct xm_job *job);
void xm_job_check_turn(struct xm_job *job);
void xm_job_check_wait(struct xm_job *job, struct xm_waiter *w);
/* Done bytes (all that is set in `which`, which is emptied) go back into the map. */
void xm_job_undo(struct xm_job *job, struct xm_map *which);
/* A method's answers cannot be believed: everything done so far is to be moved again. */
void xm_job_lied(struct xm_job *job, struct xm_entry *e, const char *detail);
/* What was done since the last flush may be lost with a cache. */
void xm_job_cache_lost(struct xm_job *job);

/* job-zero.c */
/* Is the destination known to be zero, by what the user says or by itself? */
void xm_job_zero_open(struct xm_job *job);
/* Where source and destination are zeros nothing is to be done: neither claimed nor looked at. */
void xm_job_zero_leave_out(struct xm_job *job);
/* What it said of itself may not be so any more. */
void xm_job_zero_doubted(struct xm_job *job);
/* The kinds of work that may be claimed for e: enum xm_task_kind. */
unsigned xm_job_zero_kinds(const struct xm_job *job, const struct xm_entry *e);
/* A chunk was claimed: does its destination still hold the zeros it had? */
void xm_job_zero_claimed(struct xm_job *job, struct xm_chunk *c);
/* Room to count the zeros of a chunk. */
bool xm_job_zero_alloc(struct xm_job *job, const struct xm_chunk *c);
/* What was moved of a copy, and found to be zeros, counts as zeroed or skipped. */
void xm_job_zero_settled(struct xm_job *job, const struct xm_chunk *moved);

/* job-drop.c */
void xm_job_drop_begin(struct xm_job *job);
void xm_job_drop_turn(struct xm_job *job);

/* job-rate.c */
void xm_job_rate_open(struct xm_job *job);
void xm_job_rate_heed(struct xm_job *job);
/* 0 when the method may start something now, else when to ask again. */
uint64_t xm_job_rate_when(struct xm_job *job, const struct xm_entry *e);
void xm_job_rate_spend(struct xm_job *job, const struct xm_entry *e, uint64_t bytes);
uint64_t xm_job_rate_chunk(struct xm_job *job, const struct xm_entry *e);

/* job-compare.c */
bool xm_job_compare_begin(struct xm_job *job);
void xm_job_compare_end(struct xm_job *job);

/* job-state.c: all do nothing without a state file */
/* After the map says what is to be copied: takes out of it what an earlier run has done. */
int xm_job_state_open(struct xm_job *job);
void xm_job_state_close(struct xm_job *job);
/* May it be sent?  If not, its windows are on their way into the file: ask again later. */
bool xm_job_state_admits(struct xm_job *job, const struct xm_task *task);
/* What comes after `end` is next. */
void xm_job_state_ahead(struct xm_job *job, uint64_t end);
/* Is little enough at risk for more to be started?  And how large may a piece be? */
bool xm_job_state_room(const struct xm_job *job);
uint64_t xm_job_state_chunk(const struct xm_job *job);
/* When a flush is due for the state's sake: XM_NEVER, or a time that may have passed. */
uint64_t xm_job_state_flush_due(const struct xm_job *job);
/* A flush of this era has covered what is set there. */
void xm_job_state_durable(struct xm_job *job, const struct xm_map *which);
/* What the file says is not true any more. */
void xm_job_state_forget(struct xm_job *job);
void xm_job_state_turn(struct xm_job *job);
void xm_job_state_wait(const struct xm_job *job, struct xm_waiter *w);
void xm_job_state_end(struct xm_job *job, bool finished, bool clean);

/* message.c */
void xm_job_write_message(struct xm_job *job);

/* job-missing.c */
/*
 * What was done and flushed is not missing.  All else is: left, unknown, perhaps lost in a cache;
 * and all of it where what was read back was not what it should be.
 */
void xm_job_list_missing(struct xm_job *job);

#endif
