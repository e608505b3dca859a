/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An opened disk: name, identity, size, block size, handles; and the openers
 * that make one out of what the user wrote.
 */
#ifndef XM_ENDPOINT_H
#define XM_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>
#include "attach.h"
#include "ctx.h"
#include "identity.h"
#include "nexus.h"

struct xm_endpoint;
struct xm_io;
struct xm_remote_ops;

/* A finding while explaining: as xm_finding_fn, for facts that the caller words. */
struct xm_findings {
	xm_finding_fn *fn;
	void *user;
	enum xm_verdict worst;
};
void xm_finding(struct xm_findings *f, enum xm_verdict v, const char *check, const char *fix,
		const char *fmt, ...) __attribute__((format(printf, 5, 6)));

struct xm_endpoint_ops {
	const char *kind;                    /* "file", "block device", "iscsi", "sg" */
	/*
	 * The I/O engine of an endpoint that brings its own (an iSCSI session,
	 * an sg node); NULL slot: any engine that takes descriptors (uring,
	 * threads).  The engine belongs to the endpoint.
	 */
	struct xm_io *(*io)(struct xm_endpoint *ep, struct xm_error **err);
	/* Facts and limits for `probe`; `side` is "source" or "destination".  NULL slot: none. */
	void (*explain)(struct xm_endpoint *ep, const char *side, struct xm_findings *f);
	/*
	 * Blocking, run in the pool after offloaded writes that the host's page
	 * cache did not see (BLKFLSBUF).  NULL slot: nothing to drop.  0 or -errno.
	 */
	int (*drop_cache)(struct xm_endpoint *ep);
	const struct xm_remote_ops *remote;  /* at the other end of a stream; else NULL */
	void (*close)(struct xm_endpoint *ep);
};

struct xm_endpoint {
	/* Set by the opener, never changed. */
	const struct xm_endpoint_ops *ops;
	struct xm_ctx *ctx;
	char *name;                          /* as the user wrote it, less secrets */
	uint64_t size;                       /* bytes, a multiple of block_size except for files */
	uint32_t block_size;                 /* logical block; 1 for files: any edges */
	uint32_t dio_align;                  /* of offset, length and (up to 4096) memory in
						direct I/O; 1 without O_DIRECT */
	uint64_t opt_io;                     /* preferred bytes an I/O, 0 unknown */
	uint64_t max_io;                     /* most bytes an I/O that is not cut, 0 not known */
	bool writable;
	bool can_lose_cache;                 /* has a volatile cache:
						flush before anything is durable */
	int fd;                              /* -1 when there is none */
	int fd_cached;                       /* the same file without O_DIRECT, for edges off
						dio_align; else -1 */
	uint64_t free_grain;                 /* it gives space back in steps of this,
						0: it gives none */
	uint64_t free_align;                 /* where one such step begins */
	uint64_t birth;                      /* of a file, ns since 1970; 0 unknown */
	uint64_t base;                       /* where a partition or loop device starts on what
						id names; else 0 */
	struct xm_identity id;
	struct xm_nexus *nexus;              /* of host writes through this endpoint */
	struct xm_attachments attached;

	/* Owned by the job. */
	uint64_t gate_lo, gate_hi;           /* the only bytes that may be written: see gate.h */

	/* Kept by xm_io_submit/xm_io_reap and the engines. */
	unsigned io_inflight;                /* requests that an engine has */
	unsigned zero_refused;               /* ways to make zeros,
						bit by enum xm_zero_way: zero.h */
};

enum xm_role { XM_ROLE_SRC, XM_ROLE_DST };

struct xm_open_args {
	const char *spec;
	enum xm_role role;
	bool create;
	uint64_t create_size;
};

/*
 * One way to open what the user wrote.  Openers are asked in registry order;
 * the first that claims the words opens it.
 */
struct xm_opener {
	const char *name;
	const char *missing;         /* NULL; else why this build cannot open what it claims */
	bool (*claims)(const char *spec);
	int (*open)(struct xm_ctx *ctx, const struct xm_open_args *args,
		    struct xm_endpoint **ret_ep, struct xm_error **err);
};

/* For openers: zeroed, fd -1, gate closed, name copied; free with xm_endpoint_close. */
struct xm_endpoint *xm_endpoint_alloc(struct xm_ctx *ctx, const struct xm_endpoint_ops *ops,
				      const char *name);

extern const struct xm_opener xm_opener_file;   /* files and block devices */

/*
 * The nexus of I/O through our own kernel: over when the kernel has answered
 * all requests of the endpoint.  NULL when memory is short; free() frees it.
 */
struct xm_nexus *xm_nexus_host_new(struct xm_endpoint *ep);

#endif
