/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a job copies, and how: its dirty source and its extent source.
 *
 * The order is that of design 4, rule 5: whoever tracks what changes was told to before,
 * so dirty is asked first, then extents, then anything is read.  Dirty and zero is
 * as good as an extent that is zero.
 */
#include "job.h"

#include <stdlib.h>
#include <string.h>
#include "error.h"
#include "range-list.h"
#include "registry.h"
#include "remote.h"
#include "xm/align.h"
#include "xm/list.h"

/* ---- what ---------------------------------------------------------------------------- */

static const struct xm_dirty_source_ops *dirty_source(const struct xm_job *job)
{
	const struct xm_dirty_source_ops *const *d = job->ctx->registry->dirty;

	while (d && *d && !(*d)->claims(job->opt.dirty_spec))
		d++;
	return d ? *d : NULL;
}

static int open_dirty(struct xm_job *job)
{
	const struct xm_dirty_source_ops *d;

	if (!job->opt.dirty_spec)
		return 0;
	d = dirty_source(job);
	if (!d)
		return xm_job_fail(job, XM_E_CONFIG, "%s: nothing in this build reads it as a list "
				   "of what is dirty", job->opt.dirty_spec);
	xm_runs_init(&job->dirty, job->src->size, XM_DIRTY, XM_CLEAN);
	if (d->open(job->src, job->opt.dirty_spec, &job->dirty, &job->err) < 0)
		return xm_job_fail(job, XM_E_CONFIG, "no list of what is dirty");
	job->has_dirty = true;
	return 0;
}

/* A granule that is dirty in part is dirty: clean ranges shrink to the cuts of the map. */
static void skip_clean(struct xm_job *job, uint64_t off, uint64_t len)
{
	const struct xm_map *map = &job->tally.left;
	uint64_t from = xm_map_cut_after(map, job->dst_off + off);
	uint64_t to = xm_map_cut_before(map, job->dst_off + off + len);

	if (from < to)
		xm_tally_skip(&job->tally, from, to - from, &job->ways[XM_WAY_SKIP]);
}

void xm_job_extents_skip(struct xm_job *job)
{
	for (uint64_t off = 0, len; job->has_dirty && off < job->len; off += len) {
		bool clean = !(xm_runs_at(&job->dirty, job->src_off + off, job->len - off, &len) &
			       XM_DIRTY);
		uint64_t more = 0;

		/* clean and clean-but-zero are one */
		while (off + len < job->len &&
		       clean == !(xm_runs_at(&job->dirty, job->src_off + off + len,
					     job->len - off - len, &more) & XM_DIRTY))
			len += more;
		if (clean)
			skip_clean(job, off, len);
	}
}

/* ---- how ----------------------------------------------------------------------------- */

/* Another source, and zero where the dirty source says so. */
struct overlay {
	struct xm_extent_source base;
	struct xm_extent_source *below;
	struct xm_runs *dirty;
};

static struct xm_extent overlay_query(struct xm_extent_source *base, uint64_t off, uint64_t len)
{
	struct overlay *o = xm_container_of(base, struct overlay, base);
	uint64_t n;
	unsigned kind = xm_runs_at(o->dirty, off, len, &n);

	if (kind == XM_DIRTY_ZERO)
		return (struct xm_extent){ .off = off, .len = n, .kind = XM_EXTENT_HOLE };
	return o->below->ops->query(o->below, off, n);
}

static void overlay_close(struct xm_extent_source *base)
{
	struct overlay *o = xm_container_of(base, struct overlay, base);

	o->below->ops->close(o->below);
	free(o);
}

static const struct xm_extent_source_ops overlay_ops = {
	.name = "dirty and zero",
	.query = overlay_query,
	.close = overlay_close,
};

static int lay_over(struct xm_job *job)
{
	struct overlay *o;

	if (!job->has_dirty)
		return 0;
	o = calloc(1, sizeof *o);
	if (!o)
		return xm_job_fail(job, XM_E_TEMPORARY, "memory is short");
	o->base = (struct xm_extent_source){ .ops = &overlay_ops, .grain = XM_EXTENT_GRAIN };
	o->below = job->extents;
	o->dirty = &job->dirty;
	job->extents = &o->base;
	return 0;
}

static int open_how(struct xm_job *job)
{
	if (job->opt.extents)
		return job->opt.extents->open(job->src, &job->extents, &job->err);
	if (job->opt.extents_list)
		return xm_extent_list_open(job->src, job->opt.extents_list, &job->extents,
					   &job->err);
	return xm_extent_open(job->src, &job->extents, &job->err);
}

int xm_job_extents_open(struct xm_job *job)
{
	if (job->opt.dirty_spec && job->opt.extents_list &&
	    strcmp(job->opt.dirty_spec, "-") == 0 && strcmp(job->opt.extents_list, "-") == 0)
		return xm_job_fail(job, XM_E_USAGE, "both lists cannot come from standard input");
	if (open_dirty(job) < 0)
		return -1;
	if (open_how(job) < 0)
		return xm_job_fail(job, XM_E_CONFIG, "no extent source");
	return lay_over(job);
}

uint64_t xm_job_extents_grain(const struct xm_job *job)
{
	uint64_t grain = job->extents->grain;

	if (xm_remote_is_stream(job->src))
		grain = xm_remote_of(job->src)->granule(job->src);
	return grain && grain < XM_MAP_GRANULE ? grain : XM_MAP_GRANULE;
}

void xm_job_extents_close(struct xm_job *job)
{
	if (job->extents)
		job->extents->ops->close(job->extents);
	job->extents = NULL;
	xm_runs_free(&job->dirty);
}
