/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libxmover: move a virtual disk from one LUN to another by telling the storage
 * to do it, and copy what the storage will not do.
 *
 * Order of calls:
 *
 *     ctx = xm_ctx_new();  xm_ctx_set(ctx, ...);
 *     xm_endpoint_open(ctx, source, 0, 0, &src, &err);
 *     xm_endpoint_open(ctx, destination, XM_OPEN_WRITE, 0, &dst, &err);
 *     xm_job_new(ctx, src, dst, &job, &err);  xm_job_set_str(job, ...);
 *     xm_job_run(job, &err);
 *     ... xm_job_u64(), xm_job_str(), xm_job_fallback() ...
 *     xm_job_free(job);  xm_endpoint_close(dst);  xm_endpoint_close(src);  xm_ctx_free(ctx);
 *
 * Common to all functions:
 *  - Every `struct xm_error **err` may be NULL.  It is written only on failure,
 *    and then owned by the caller (xm_error_free).  Out parameters (`ret_...`)
 *    are untouched on failure.
 *  - Functions that answer int give 0 on success and -1 on failure, unless they
 *    say otherwise.
 *  - Sizes and offsets are bytes, times are nanoseconds of the monotonic clock,
 *    unless their names say otherwise.
 *  - Strings that go in are copied, those that come out are the object's: valid as long as it,
 *    or as the text says.  Pointers are not NULL where nothing else is said.
 *  - Destructors take NULL.  What was opened from something is closed before it.
 *  - A context and all that was opened from it belong to one thread at a time.
 *    Only xm_job_stop() and xm_job_set_rate() may be called from other threads while
 *    xm_job_run() runs; xm_job_stop() also from a signal handler.
 *    Functions of two contexts may run at the same time.
 *  - Memory that is short is XM_E_TEMPORARY.
 *  - The library never prints, never exits, never installs signal handlers.  Who gives it
 *    a pipe or socket to write into ignores SIGPIPE.
 */
#ifndef XMOVER_H
#define XMOVER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define XM_API __attribute__((visibility("default")))

struct xm_ctx;
struct xm_endpoint;
struct xm_error;
struct xm_job;

/* ---- outcomes ------------------------------------------------------------ */

/*
 * What became of a call or a job.  The numbers are the exit codes of the
 * xmover command, after sysexits.h, stable and safe for a Kubernetes
 * podFailurePolicy.
 */
enum xm_code {
	XM_OK = 0,               /* every byte answered, flushed, the sample read back equal */
	XM_E_USAGE = 64,         /* bad or contradicting options */
	XM_E_MISMATCH = 65,      /* verify found a difference */
	XM_E_NOSOURCE = 66,      /* source missing or empty, no such LUN */
	XM_E_NOOFFLOAD = 69,     /* offload required and not available */
	XM_E_BUG = 70,           /* a broken invariant of our own */
	XM_E_DESTINATION = 73,   /* missing, small, busy, read-only, same as source, overlapping,
				    other identity */
	XM_E_IO = 74,            /* permanent I/O error, or a device that cannot be believed */
	XM_E_TEMPORARY = 75,     /* portal down, full, stalled, anything UNKNOWN: run again */
	XM_E_PERMISSION = 77,    /* permission or login refused */
	XM_E_CONFIG = 78,        /* configuration, bad list or file */
	XM_E_STOPPED = 143       /* stopped cleanly by xm_job_stop() */
};

/* What, where, what the device said, what to do next; one line, no secrets.  As long as err. */
XM_API const char *xm_error_text(const struct xm_error *err);
/* Never XM_OK. */
XM_API enum xm_code xm_error_code(const struct xm_error *err);
XM_API void xm_error_free(struct xm_error *err);

/* Of the library that runs: "0.1.0".  Static. */
XM_API const char *xm_version(void);

/*
 * What this build can do and what this process may do, found without touching
 * a device.  Any thread.  Row i, from 0; returns -1 past the end.  `kind` is "method",
 * "disk" (what can be opened), "io" or "privilege", `why` is "" when it can be
 * used, else the reason.  The texts are static.  Any ret pointer may be NULL.
 */
XM_API int xm_capability(size_t i, const char **ret_kind, const char **ret_name,
			 const char **ret_why);

/* ---- context ---------------------------------------------------------------- */

enum xm_ctx_key {
	XM_CTX_JOB_ID,           /* any text; same id = same job = same iSCSI ISID */
	XM_CTX_JOB_FROM,         /* a destination URL or path: the job id is derived from it without
				    its portal; ignored where XM_CTX_JOB_ID is set */
	XM_CTX_INITIATOR_NAME,   /* iSCSI name; default one fixed name, never the hostname */
	XM_CTX_PURPOSE,          /* "copy" (default): log in with the job's ISID, which evicts a
				    predecessor and waits for its copies; "inspect": another ISID,
				    evicts nobody */
	XM_CTX_CHAP_FILE,        /* path of a file with CHAP secrets, mode 0640 or stricter: lines
				    `user NAME`, `secret TEXT`, `target-user NAME`,
				    `target-secret TEXT` */
	XM_CTX_TIMEOUT,          /* seconds an ordinary command or a login may take, default 30 */
	/*
	 * A file that the job keeps so that a killed run can be gone on with; made when missing.
	 * Taken at once and held as long as the context, so set it before the disks are opened: a
	 * second mover with the same file gets XM_E_DESTINATION and evicts nobody.  XM_E_CONFIG
	 * for one that is no state file, is of a newer version or cannot be written.
	 */
	XM_CTX_STATE
};

/*
 * A new context, or NULL when memory is short.  Reads LIBISCSI_CHAP_USERNAME,
 * LIBISCSI_CHAP_PASSWORD, LIBISCSI_CHAP_TARGET_USERNAME and _TARGET_PASSWORD
 * from the environment once, and removes them from it: call the first before there are
 * threads that use the environment.
 */
XM_API struct xm_ctx *xm_ctx_new(void);
/* Before the first open.  XM_E_USAGE: a value that cannot be used, XM_E_CONFIG: a bad file. */
XM_API int xm_ctx_set(struct xm_ctx *ctx, enum xm_ctx_key key, const char *value,
		      struct xm_error **err);

enum xm_log_level { XM_LOG_ERROR, XM_LOG_WARNING, XM_LOG_INFO, XM_LOG_DEBUG };
/*
 * One event.  `event` is a stable word, `text` a sentence without newline and
 * without secrets; both are valid during the call only.
 */
typedef void xm_log_fn(void *user, enum xm_log_level level, const char *event, const char *text);
/*
 * fn(user, ...) for each event from now on, on the thread that called into the library; NULL:
 * no more.  It must not call the library.
 */
XM_API void xm_ctx_set_log(struct xm_ctx *ctx, xm_log_fn *fn, void *user);
XM_API void xm_ctx_free(struct xm_ctx *ctx);

/* ---- endpoints ---------------------------------------------------------------- */

enum xm_open_flags {
	XM_OPEN_WRITE = 1,       /* as destination: exclusive, refused when mounted or held */
	XM_OPEN_CREATE = 2       /* a missing file is made, `create_size` long; never under /dev */
};

/*
 * Open a disk: a path of a file or block device, /dev/sgN, /dev/ngXnY,
 * iscsi://[user@]host[:port]/iqn/lun, nbd://host[:port]/export, or
 * nbd+unix:///export?socket=PATH.  Nothing is written to it.  `flags` is 0 (a source) or
 * XM_OPEN_..., `create_size` in bytes, 0 without XM_OPEN_CREATE.  Waits for XM_CTX_TIMEOUT
 * and, for iSCSI with a predecessor's copies under way, for these, bounded.
 *
 * Fails with XM_E_NOSOURCE / XM_E_DESTINATION (missing, empty, no such LUN,
 * busy, mounted, held, read-only), XM_E_PERMISSION, XM_E_TEMPORARY (portal
 * down), XM_E_IO (capacity, block size or identity that cannot be believed),
 * XM_E_USAGE (an URL that cannot be parsed), XM_E_CONFIG (CHAP).
 */
XM_API int xm_endpoint_open(struct xm_ctx *ctx, const char *spec, unsigned flags,
			    uint64_t create_size, struct xm_endpoint **ret_ep,
			    struct xm_error **err);
/* Bytes. */
XM_API uint64_t xm_endpoint_size(const struct xm_endpoint *ep);
/* Bytes that are addressed as one; 1 for a file. */
XM_API uint32_t xm_endpoint_block_size(const struct xm_endpoint *ep);

enum xm_endpoint_key {
	XM_EP_NAME,              /* as opened, without secrets */
	XM_EP_KIND,              /* "file", "block device", "iscsi", ... */
	XM_EP_DESIGNATOR,        /* best name of the disk: "naa.6001...", "eui....", "t10....",
				    "file.DEV.INO" */
	XM_EP_VENDOR, XM_EP_PRODUCT, XM_EP_REVISION, XM_EP_SERIAL
};
/* The text, "" where it is not known; never NULL; valid as long as the endpoint. */
XM_API const char *xm_endpoint_str(const struct xm_endpoint *ep, enum xm_endpoint_key key);
/* 1 when `name` (e.g. "naa.600...", or a bare hex NAA) is one of the disk's designators, else 0. */
XM_API int xm_endpoint_has_designator(const struct xm_endpoint *ep, const char *name);
/* After the jobs that use it. */
XM_API void xm_endpoint_close(struct xm_endpoint *ep);

/* ---- jobs ----------------------------------------------------------------------- */

/*
 * A copy of all of src onto the start of dst.  Both must outlive the job.
 * Checks what can be checked without writing: XM_E_DESTINATION (smaller,
 * same disk by identity, overlapping), XM_E_USAGE (source length that is not
 * a multiple of the destination's block).  Options have their defaults.
 */
XM_API int xm_job_new(struct xm_ctx *ctx, struct xm_endpoint *src, struct xm_endpoint *dst,
		      struct xm_job **ret_job, struct xm_error **err);

enum xm_job_option {
	XM_OPT_OFFLOAD,          /* "auto" (default) | "require" | "never" */
	XM_OPT_METHOD,           /* comma list of methods allowed: "xcopy,host"; default all */
	XM_OPT_VERIFY,           /* "none" | "sample" (default) | "full" */
	XM_OPT_IO,               /* "auto" (default) | "uring" | "threads" */
	XM_OPT_RATE,             /* bytes a second, 0 (default) = no limit */
	XM_OPT_DEPTH,            /* most commands in flight, 0 (default) = adaptive */
	XM_OPT_SEED,             /* of every random choice (sample blocks, jitter);
				    default from getrandom */
	/*
	 * 0 or 1: NVMe Copy between two namespaces.  The controllers must then be
	 * told to allow it (Host Behavior Support), and for as long as the copy runs who may
	 * write one of their namespaces may read all others.
	 */
	XM_OPT_CROSS_NAMESPACE,
	XM_OPT_REQUEST,          /* bytes of a read or write by this host, 0 = what suits */
	XM_OPT_TARGET_IS_ZERO,   /* 0 or 1: all of the destination reads as zeros, so zeros are not
				    written; a file that is one hole is seen to be so without being
				    told */
	/*
	 * Lists of ranges of the source, a file or pipe ("-": standard input): qemu-img map or
	 * nbdinfo --map as JSON, KubeVirt's map, lines of offset and length, a bmap.  Read whole
	 * before anything is written: XM_E_CONFIG for one that cannot be believed.
	 */
	XM_OPT_EXTENTS,          /* how to copy: what is a hole or zero is zeroed; default: the
				    source is asked */
	XM_OPT_DIRTY,            /* what to copy: dirty is copied, or zeroed where it is zero too;
				    clean is not touched.  Sampled is then only what was dirty */
	/*
	 * With XM_CTX_STATE: the most bytes that a run after a kill copies again, in flight ones
	 * too; 0: what is in flight and a second of work, or 64 MiB where that is more.
	 */
	XM_OPT_STATE_WINDOW,
	XM_OPT_RATE_OFFLOAD,     /* bytes a second that the storage moves, 0 = no limit; beside
				    XM_OPT_RATE */
	XM_OPT_RATE_HOST,        /* bytes a second that go through this host */
	XM_OPT_STALL,            /* seconds without a byte moved after which the job ends,
				    XM_E_TEMPORARY; default 1800 */
	/* 0 or 1: first read both sides; what is equal is done (XM_JOB_BYTES_RESUMED) */
	XM_OPT_RESUME_BY_COMPARE,
	/*
	 * 0 or 1: a source that cannot be read in places does not end the job: zeros take their
	 * place at the destination, xm_job_bad() lists them, and the job ends with XM_E_IO.
	 */
	XM_OPT_SALVAGE
};
/*
 * Options of words by set_str, numbers by set_u64, before xm_job_plan() and xm_job_run().
 * XM_E_USAGE for a value that cannot be used; one that only the disks or files can tell is
 * refused by xm_job_run().
 */
XM_API int xm_job_set_str(struct xm_job *job, enum xm_job_option opt, const char *value,
			  struct xm_error **err);
XM_API int xm_job_set_u64(struct xm_job *job, enum xm_job_option opt, uint64_t value,
			  struct xm_error **err);
/*
 * Copy only [src_off, src_off+len) onto dst_off, bytes, before xm_job_plan() and xm_job_run().
 * XM_E_USAGE when it does not fit or is unaligned.
 */
XM_API int xm_job_set_range(struct xm_job *job, uint64_t src_off, uint64_t dst_off, uint64_t len,
			    struct xm_error **err);

/*
 * Called about every `interval_ns` and at each change of phase, on the thread
 * in xm_job_run().  Must not block.  Of the job it may call xm_job_u64(), xm_job_str(),
 * xm_job_fallback(), xm_job_stop() and xm_job_set_rate().
 */
typedef void xm_progress_fn(void *user, const struct xm_job *job);
/* Before xm_job_run(); fn NULL: none.  0: at changes of phase, and as often as the job turns. */
XM_API void xm_job_set_progress(struct xm_job *job, xm_progress_fn *fn, void *user,
				uint64_t interval_ns);

/*
 * Choose the methods and say so (XM_JOB_METHOD, fallbacks, message) without
 * writing anything: the --dry-run.  Fails as xm_job_run() does; xm_job_run() may follow.
 */
XM_API int xm_job_plan(struct xm_job *job, struct xm_error **err);
/*
 * Run the job to its end.  0 only when every byte was answered, flushed and,
 * unless verify is none, sampled equal, and nothing that was sent can still
 * write.  Else -1 with *err, any code of enum xm_code; the figures below are right in both
 * cases.  Blocks; every wait inside is bounded.  A job runs once: a second call is XM_E_USAGE.
 */
XM_API int xm_job_run(struct xm_job *job, struct xm_error **err);
/*
 * Stop taking new work, let what is in flight end, flush: xm_job_run() fails with XM_E_STOPPED,
 * unless all was done already.  Before xm_job_run() it stops that at once.  Returns at once.
 * Any thread; async-signal-safe; not once xm_job_free() may run.
 */
XM_API void xm_job_stop(struct xm_job *job);
/* XM_OPT_RATE, XM_OPT_RATE_OFFLOAD, XM_OPT_RATE_HOST: all are kept. */
enum xm_rate { XM_RATE_ALL, XM_RATE_OFFLOAD, XM_RATE_HOST };
/* Change a rate while running; any thread.  0 = no limit. */
XM_API void xm_job_set_rate(struct xm_job *job, enum xm_rate which, uint64_t bytes_per_second);

enum xm_job_u64 {
	XM_JOB_BYTES_TOTAL,
	XM_JOB_BYTES_DONE,       /* moved so far, all ways */
	XM_JOB_BYTES_XCOPY, XM_JOB_BYTES_ODX, XM_JOB_BYTES_NVME_COPY, XM_JOB_BYTES_CLONE,
	XM_JOB_BYTES_HOST, XM_JOB_BYTES_ZEROED, XM_JOB_BYTES_SKIPPED,
	XM_JOB_BYTES_RESUMED,    /* copied by an earlier run, or found equal; the ways and this
				    sum to DONE */
	XM_JOB_BYTES_VERIFIED,
	XM_JOB_BYTES_UNKNOWN,    /* outcome not known: quarantined */
	XM_JOB_RETRIES,
	XM_JOB_DURATION_NS,
	XM_JOB_INFLIGHT,         /* commands under way now */
	XM_JOB_DEPTH_PEAK,
	XM_JOB_RATE,             /* bytes a second over the last seconds */
	XM_JOB_ETA_NS,           /* UINT64_MAX while unknown */
	XM_JOB_STALL_NS,         /* since the last byte moved */
	XM_JOB_OFFLOAD_USED,     /* 0 or 1 */
	XM_JOB_FALLBACKS         /* how many rows xm_job_fallback() has */
};
/* The figure, at any time; 0 for what did not happen.  On the thread of the job. */
XM_API uint64_t xm_job_u64(const struct xm_job *job, enum xm_job_u64 key);

enum xm_job_str {
	XM_JOB_MESSAGE,          /* the one line of truth, "Storage offload used during
				    migration: ..." */
	XM_JOB_RESULT,           /* "done", "failed", "stopped", "running", "new" */
	XM_JOB_PHASE,            /* "open", "fence", "compare", "trial", "copy", "flush", "verify",
				    "end" */
	XM_JOB_METHOD,           /* method in use now: "xcopy", "host" */
	XM_JOB_CAUTION           /* "", or what the data hang on: "source_may_change", when the
				    storage read the source later than it said it would */
};
/* Never NULL; valid until the job goes on, or is freed.  On the thread of the job. */
XM_API const char *xm_job_str(const struct xm_job *job, enum xm_job_str key);

/*
 * Why bytes were not offloaded.  Row i of XM_JOB_FALLBACKS; returns -1 past the
 * end.  `reason` is a stable word ("unsupported_opcode", "not_same_array",
 * "block_size", "no_cap_sys_rawio", ...), `detail` a sentence.  Any ret pointer
 * may be NULL.  On the thread of the job; the texts are valid until it goes on, or is freed.
 */
XM_API int xm_job_fallback(const struct xm_job *job, size_t i, const char **ret_reason,
			   const char **ret_detail, uint64_t *ret_count, uint64_t *ret_bytes);
/*
 * What is not (known to be) copied, after a job that failed: the range at or after `from` of the
 * source, in bytes; ask again from its end.  -1: none.
 */
XM_API int xm_job_missing(const struct xm_job *job, uint64_t from, uint64_t *ret_off,
			  uint64_t *ret_len);
/*
 * What of the source could not be read (XM_OPT_SALVAGE): range i, sorted; -1 past the end.
 * Offsets are the source's, in bytes.  After xm_job_run().
 */
XM_API int xm_job_bad(const struct xm_job *job, size_t i, uint64_t *ret_off, uint64_t *ret_len);
/* Not while xm_job_run() runs. */
XM_API void xm_job_free(struct xm_job *job);

/* ---- across two hosts ----------------------------------------------------------- */

/*
 * The disk at the other end of a stream, as a source: give it to xm_job_new().
 * Two descriptors: a two-way stream, where xm_send_run() runs at the other end.  out_fd
 * -1: what xm_endpoint_stream() made, out of a pipe or a file.  The descriptors stay
 * the caller's, open until the endpoint is closed, and are non-blocking meanwhile.
 * Waits for the other side, bounded.  XM_E_TEMPORARY (it has gone), XM_E_CONFIG (no stream
 * of xmover, or of another version).
 */
XM_API int xm_endpoint_receive(struct xm_ctx *ctx, int in_fd, int out_fd,
			       struct xm_endpoint **ret_ep, struct xm_error **err);

enum xm_stream_kind {
	XM_STREAM_ALL,           /* tokens, zeros and data, for a pipe; the job ends when its reader
				    closes */
	XM_STREAM_TOKENS         /* a token file: tokens and zeros, no data */
};
/*
 * A destination for xm_job_new(): what a job of src would write becomes a one-way
 * stream into out_fd, which stays the caller's, open until the endpoint is closed, and is
 * non-blocking meanwhile.  Done then means sent.  src must outlive it.  XM_E_TEMPORARY.
 */
XM_API int xm_endpoint_stream(struct xm_ctx *ctx, struct xm_endpoint *src, int out_fd,
			      enum xm_stream_kind kind, struct xm_endpoint **ret_ep,
			      struct xm_error **err);

/* No job will be run: tells the other end of a two-way stream why.  Nothing for other disks. */
XM_API void xm_endpoint_refuse(struct xm_endpoint *ep, enum xm_code code, const char *why);

struct xm_send;
/*
 * A sender: answers what the job of a receiver asks of src.  Knows XM_OPT_IO, and
 * XM_OPT_OFFLOAD ("auto", "never": no tokens, data travels); the rest is the receiver's
 * (XM_E_USAGE).  The descriptors are as of xm_endpoint_receive(); src must outlive it.
 */
XM_API int xm_send_new(struct xm_ctx *ctx, struct xm_endpoint *src, int in_fd, int out_fd,
		       struct xm_send **ret_send, struct xm_error **err);
XM_API int xm_send_set_str(struct xm_send *send, enum xm_job_option opt, const char *value,
			   struct xm_error **err);
/*
 * Serve until the receiver ends.  0: it said that all is durable and checked.  Else its
 * code, or XM_E_TEMPORARY where it went without a word; XM_E_CONFIG where it is no xmover of
 * this version; XM_E_STOPPED.  Blocks; once.
 */
XM_API int xm_send_run(struct xm_send *send, struct xm_error **err);
/* As xm_job_stop(). */
XM_API void xm_send_stop(struct xm_send *send);
enum xm_send_u64 {
	XM_SEND_BYTES_SENT,      /* of the disk, through the stream */
	XM_SEND_BYTES_DURABLE,   /* acknowledged by the receiver */
	XM_SEND_TOKENS_MADE
};
/* On the thread of the sender. */
XM_API uint64_t xm_send_u64(const struct xm_send *send, enum xm_send_u64 key);
/* Not while xm_send_run() runs. */
XM_API void xm_send_free(struct xm_send *send);

/* ---- looking without writing -------------------------------------------------- */

enum xm_verdict { XM_PASS, XM_WARN, XM_FAIL, XM_INFO };
/*
 * One finding of a probe.  `check` is a stable word ("source.third_party_copy"),
 * `text` what was found, `fix` what to do ("" where nothing).  Valid during the call only.
 */
typedef void xm_finding_fn(void *user, enum xm_verdict verdict, const char *check,
			   const char *text, const char *fix);
/*
 * What the disks can do, whether they look like one array, every limit, and for
 * each method why it would or would not be used.  dst may be NULL.  Sends only
 * commands that change nothing.  *ret_worst (may be NULL) gets the worst verdict.  Fails
 * with XM_E_TEMPORARY or what a device that cannot be believed ends with; a disk that will
 * not do is a finding, no failure.
 */
XM_API int xm_probe(struct xm_ctx *ctx, struct xm_endpoint *src, struct xm_endpoint *dst,
		    xm_finding_fn *fn, void *user, enum xm_verdict *ret_worst,
		    struct xm_error **err);

enum xm_extent_kind {
	XM_EXTENT_DATA,          /* and whatever is not known */
	XM_EXTENT_ZERO,          /* allocated, reads as zero */
	XM_EXTENT_HOLE,          /* not allocated, reads as zero */
	XM_EXTENT_UNKNOWN        /* not allocated, what it reads as not promised: copied as data */
};
/* A range of one kind.  Return non-zero to stop. */
typedef int xm_extent_fn(void *user, uint64_t off, uint64_t len, enum xm_extent_kind kind);
/*
 * What a disk is made of, from its first byte to its last, without gaps, in order, as
 * far as it tells (SEEK_HOLE, GET LBA STATUS); nothing else of it is read.  XM_E_STOPPED
 * when fn asked, XM_E_TEMPORARY.
 */
XM_API int xm_extents(struct xm_ctx *ctx, struct xm_endpoint *ep, xm_extent_fn *fn, void *user,
		      struct xm_error **err);

/* A difference: [off, off+len) on both disks.  Return non-zero to stop comparing. */
typedef int xm_difference_fn(void *user, uint64_t off, uint64_t len);
/*
 * Compare the first size(src) bytes of both, through the host.  `what` is
 * "full" or "sample" (else XM_E_USAGE).  *ret_bytes gets how many were compared, also on
 * failure; fn and ret_bytes may be NULL.  XM_E_MISMATCH when they differ or dst is smaller;
 * XM_E_IO, XM_E_TEMPORARY; XM_E_STOPPED when fn asked.
 */
XM_API int xm_verify(struct xm_ctx *ctx, struct xm_endpoint *src, struct xm_endpoint *dst,
		     const char *what, xm_difference_fn *fn, void *user, uint64_t *ret_bytes,
		     struct xm_error **err);

#ifdef __cplusplus
}
#endif

#endif
