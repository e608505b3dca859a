/* SPDX-License-Identifier: Apache-2.0 */
/* Making a job: what is refused up front (design 4, rule 7), and its options. */
#include "job.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "error.h"
#include "job-verify.h"
#include "refuse.h"
#include "xm/align.h"

static struct xm_job *alloc_job(struct xm_ctx *ctx, struct xm_endpoint *src,
				struct xm_endpoint *dst)
{
	struct xm_job *job = calloc(1, sizeof *job);

	if (!job)
		return NULL;
	job->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (job->wake_fd < 0) {
		free(job);
		return NULL;
	}
	job->ctx = ctx;
	job->src = src;
	job->dst = dst;
	job->len = src->size;
	job->opt = (struct xm_job_options){ .verify = XM_VERIFY_SAMPLED, .io = "auto",
					    .stall_ns = XM_JOB_STALL_DEFAULT };
	job->result = -1;
	xm_list_init(&job->flying);
	xm_list_init(&job->parked);
	xm_list_init(&job->quarantined);
	xm_list_init(&job->flush_done);
	xm_fence_init(&job->fence);
	xm_retry_init(&job->retry);
	return job;
}

int xm_job_new(struct xm_ctx *ctx, struct xm_endpoint *src, struct xm_endpoint *dst,
		      struct xm_job **ret_job, struct xm_error **err)
{
	struct xm_job *job;

	if (xm_refuse_pair(src, dst, err) < 0)
		return -1;
	job = alloc_job(ctx, src, dst);
	if (!job)
		return xm_fail(err, XM_E_TEMPORARY, "no memory or descriptor for a job");
	*ret_job = job;
	return 0;
}

struct xm_job *xm_job_new_verify(struct xm_ctx *ctx, struct xm_endpoint *src,
				 struct xm_endpoint *dst)
{
	struct xm_job *job = alloc_job(ctx, src, dst);

	if (job)
		job->opt.verify_only = true;
	return job;
}

void xm_job_free(struct xm_job *job)
{
	if (!job)
		return;
	xm_job_close(job);
	if (job->left_behind)
		return;      /* what is still out may come back into it */
	xm_error_free(job->err);
	free(job->opt.methods);
	free(job->opt.extents_list);
	free(job->opt.dirty_spec);
	close(job->wake_fd);
	free(job);
}

/* ---- options -------------------------------------------------------------------- */

struct word {
	const char *word;
	int value;
};
static const struct word offloads[] = { { "auto", XM_OFFLOAD_AUTO },
					{ "require", XM_OFFLOAD_REQUIRE },
					{ "never", XM_OFFLOAD_NEVER }, { NULL, 0 } };
static const struct word verifies[] = { { "none", XM_VERIFY_NONE }, { "sample", XM_VERIFY_SAMPLED },
					{ "full", XM_VERIFY_FULL }, { NULL, 0 } };
static const struct word ios[] = { { "auto", 0 }, { "uring", 1 }, { "threads", 2 }, { NULL, 0 } };

static const struct word *look_up(const struct word *w, const char *value)
{
	while (w->word && strcmp(w->word, value) != 0)
		w++;
	return w->word ? w : NULL;
}

/* Where an option of any text is kept; NULL: not one of these. */
static char **text_of(struct xm_job *job, enum xm_job_option opt)
{
	return opt == XM_OPT_METHOD ? &job->opt.methods :
	       opt == XM_OPT_EXTENTS ? &job->opt.extents_list :
	       opt == XM_OPT_DIRTY ? &job->opt.dirty_spec : NULL;
}

static int set_text(char **text, const char *value, struct xm_error **err)
{
	char *copy = strdup(value);

	if (!copy)
		return xm_fail(err, XM_E_TEMPORARY, "memory is short");
	free(*text);
	*text = copy;
	return 0;
}

/* NULL: not an option of words. */
static const struct word *words_of(enum xm_job_option opt)
{
	return opt == XM_OPT_OFFLOAD ? offloads : opt == XM_OPT_VERIFY ? verifies :
	       opt == XM_OPT_IO ? ios : NULL;
}

static int too_late(const struct xm_job *job, struct xm_error **err)
{
	if (!job->opened && job->phase == XM_PHASE_NEW)
		return 0;
	return xm_fail(err, XM_E_USAGE, "options are set before the job is planned or run");
}

int xm_job_set_str(struct xm_job *job, enum xm_job_option opt, const char *value,
			  struct xm_error **err)
{
	const struct word *w;

	if (too_late(job, err) < 0)
		return -1;
	if (text_of(job, opt))
		return set_text(text_of(job, opt), value, err);
	if (!words_of(opt))
		return xm_fail(err, XM_E_USAGE, "option %d takes a number", (int)opt);
	w = look_up(words_of(opt), value);
	if (!w)
		return xm_fail(err, XM_E_USAGE, "\"%s\" is not a value of this option", value);
	if (opt == XM_OPT_OFFLOAD)
		job->opt.offload = (enum xm_offload)w->value;
	else if (opt == XM_OPT_VERIFY)
		job->opt.verify = (enum xm_verify_mode)w->value;
	else
		job->opt.io = w->word;
	return 0;
}

int xm_job_set_u64(struct xm_job *job, enum xm_job_option opt, uint64_t value,
			  struct xm_error **err)
{
	if (too_late(job, err) < 0)
		return -1;
	switch (opt) {
	case XM_OPT_RATE:
		atomic_store(&job->rate[XM_RATE_ALL], value);
		return 0;
	case XM_OPT_RATE_OFFLOAD:
		atomic_store(&job->rate[XM_RATE_OFFLOAD], value);
		return 0;
	case XM_OPT_RATE_HOST:
		atomic_store(&job->rate[XM_RATE_HOST], value);
		return 0;
	case XM_OPT_STALL:
		if (value == 0)
			return xm_fail(err, XM_E_USAGE, "a job cannot be stalled after no time");
		job->opt.stall_ns = xm_min_u64(value, UINT64_C(1) << 30) * XM_NS_PER_S;
		return 0;
	case XM_OPT_RESUME_BY_COMPARE:
		job->opt.compare = value != 0;
		return 0;
	case XM_OPT_SALVAGE:
		job->opt.salvage = value != 0;
		return 0;
	case XM_OPT_DEPTH:
		job->opt.depth = value;
		return 0;
	case XM_OPT_REQUEST:
		job->opt.request = value;
		return 0;
	case XM_OPT_TARGET_IS_ZERO:
		job->opt.target_is_zero = value != 0;
		return 0;
	case XM_OPT_CROSS_NAMESPACE:
		job->opt.cross_namespace = value != 0;
		return 0;
	case XM_OPT_STATE_WINDOW:
		job->opt.state_window = value;
		return 0;
	case XM_OPT_SEED:
		xm_ctx_seed(job->ctx, value);
		return 0;
	default:
		return xm_fail(err, XM_E_USAGE, "option %d takes a word", (int)opt);
	}
}

int xm_job_set_range(struct xm_job *job, uint64_t src_off, uint64_t dst_off, uint64_t len,
			    struct xm_error **err)
{
	if (too_late(job, err) < 0 ||
	    xm_refuse_range(job->src, job->dst, src_off, dst_off, len, err) < 0)
		return -1;
	job->src_off = src_off;
	job->dst_off = dst_off;
	job->len = len;
	return 0;
}

void xm_job_set_progress(struct xm_job *job, xm_progress_fn *fn, void *user,
				uint64_t interval_ns)
{
	job->progress_fn = fn;
	job->progress_user = user;
	job->progress_interval = interval_ns;
}

/* ---- from other threads -------------------------------------------------------------- */

/* Async-signal-safe: an atomic store and a write to a non-blocking eventfd. */
static void wake(struct xm_job *job)
{
	uint64_t one = 1;
	ssize_t n = write(job->wake_fd, &one, sizeof one);

	(void)n;             /* full: it is awake already */
}

void xm_job_stop(struct xm_job *job)
{
	atomic_store(&job->stop, true);
	wake(job);
}

void xm_job_set_rate(struct xm_job *job, enum xm_rate which, uint64_t bytes_per_second)
{
	if ((unsigned)which >= XM_RATES)
		return;
	atomic_store(&job->rate[which], bytes_per_second);
	wake(job);
}
