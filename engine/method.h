/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SEAM: ways to move runs from source to destination.
 *
 * open() answers usable, or why not for this pair.  A refusal is not an error:
 * it demotes with its reason and is counted.  Then submit / wait / reap as for
 * I/O engines: QUEUED or FULL, completion exactly once and never from inside
 * submit.  A method never touches the map, never retries by itself (beyond
 * UNIT ATTENTION on its own bookkeeping commands), and never falls back.
 */
#ifndef XM_METHOD_H
#define XM_METHOD_H

#include "endpoint.h"
#include "io.h"
#include "task.h"

/* How bytes were moved, as the report counts them. */
enum xm_way { XM_WAY_XCOPY, XM_WAY_ODX, XM_WAY_NVME_COPY, XM_WAY_CLONE, XM_WAY_HOST, XM_WAY_ZERO,
	      XM_WAY_SKIP, XM_WAY_RESUMED, XM_WAYS };

/* The storage moves the bytes; not this host, nor its kernel. */
static inline bool xm_way_offloads(enum xm_way way)
{
	return way == XM_WAY_XCOPY || way == XM_WAY_ODX || way == XM_WAY_NVME_COPY;
}

struct xm_salvage;

struct xm_refusal {
	enum xm_act act;             /* DEMOTE; FATAL when the device cannot be
					believed about capacity or identity */
	int code;                    /* with FATAL */
	const char *reason;          /* stable word, static */
	bool foreign;                /* the disks are not of the method's kind:
					not worth a word where another method's are */
	char detail[192];
};

/* What every method is given: both ends and the engines to reach them by host. */
struct xm_pair {
	struct xm_ctx *ctx;
	struct xm_endpoint *src, *dst;
	struct xm_io *src_io, *dst_io;   /* may be the same */
	struct xm_buffers *buffers;
	struct xm_salvage *salvage;      /* NULL: what cannot be read ends the task;
					    else it is noted there, and zeros take its place */
	bool allow_cross_namespace;      /* the user accepts what XM_OPT_CROSS_NAMESPACE says */
};

struct xm_method_limits {
	unsigned kinds;              /* enum xm_task_kind, or-ed */
	uint64_t align;              /* of src, dst and len of every run, bytes */
	unsigned max_runs;           /* 1 .. XM_TASK_RUNS_MAX */
	uint64_t max_run;            /* bytes a run */
	uint64_t max_bytes;          /* bytes a task */
	uint64_t first_bytes;        /* a good size for the first task */
	uint64_t opt_bytes;          /* the array's wish, 0 none */
	bool steady;                 /* copies gain nothing from being larger than first_bytes */
	unsigned first_inflight;     /* tasks to begin with, 0 for a careful start */
	unsigned max_inflight;       /* tasks */
	uint64_t long_ns;            /* a task should take no longer; 0: the engine's own */
	bool gather;                 /* at the destination, each run begins where
					the one before ends */
};

struct xm_method;
struct xm_method_ops {
	const char *name;            /* "xcopy", "host" */
	const char *title;           /* "SCSI EXTENDED COPY" */
	enum xm_way way;
	bool needs_trial;            /* believed only after bytes were read back
					(design 4, rule 8) */
	/* 0 and *ret_method, or -1 and *why. */
	int (*open)(const struct xm_pair *pair, struct xm_method **ret_method,
		    struct xm_refusal *why);
	/* For `probe`: what open() looked at, fact by fact.  NULL slot: nothing to add. */
	void (*explain)(const struct xm_pair *pair, struct xm_findings *f);
	enum xm_queued (*submit)(struct xm_method *m, struct xm_task *task);
	void (*wait)(struct xm_method *m, struct xm_waiter *w);
	void (*reap)(struct xm_method *m, struct xm_list *done);
	void (*close)(struct xm_method *m);
};

struct xm_method {
	const struct xm_method_ops *ops;
	const struct xm_pair *pair;      /* set by xm_method_open; outlives the method */
	struct xm_method_limits limits;  /* the method may lower them as it learns (SHRINK) */
	const char *caution;             /* what is right of its bytes hangs on:
					    a stable word, static; or NULL */
	unsigned inflight;               /* kept by xm_method_submit/xm_method_reap */
	struct xm_list broken;           /* tasks that broke the contract, unsent */
};

/*
 * The only callers of the vtable: runs inside limits, ascending and disjoint,
 * source range inside the source, write gate asked.  A task that breaks this
 * comes back from reap with XM_E_BUG, unsent.
 */
int xm_method_open(const struct xm_method_ops *ops, const struct xm_pair *pair,
		   struct xm_method **ret_method, struct xm_refusal *why);
enum xm_queued xm_method_submit(struct xm_method *m, struct xm_task *task);
void xm_method_wait(struct xm_method *m, struct xm_waiter *w);
void xm_method_reap(struct xm_method *m, struct xm_list *done);
void xm_method_close(struct xm_method *m);

extern const struct xm_method_ops xm_method_clone;
extern const struct xm_method_ops xm_method_host;

#endif
