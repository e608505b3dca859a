/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's page cache knows nothing of what the array wrote: after offloaded
 * writes the destination's pages are dropped, so that whoever reads the disk
 * next on this host reads the disk.  The ioctl blocks, so a thread does it.  Our
 * own reads are direct; a refusal is told, and is no failure of the copy.
 */
#include "job.h"

#include <errno.h>
#include <string.h>

static void run(struct xm_work *work)
{
	struct xm_drop *d = xm_container_of(work, struct xm_drop, work);

	d->result = d->ep->ops->drop_cache(d->ep);
}

static bool array_wrote(const struct xm_job *job)
{
	return job->ways[XM_WAY_XCOPY].left || job->ways[XM_WAY_ODX].left ||
	       job->ways[XM_WAY_NVME_COPY].left;
}

static void refused(struct xm_job *job, int error)
{
	xm_log(job->ctx, XM_LOG_WARNING,
	       "cache_not_dropped", "%s: what this host has cached of the disk "
	       "could not be dropped (%s); read it with direct I/O, or attach it anew",
	       job->dst->name, strerror(error));
}

void xm_job_drop_begin(struct xm_job *job)
{
	struct xm_drop *d = &job->drop;
	struct xm_pool *pool;

	if (!job->dst->ops->drop_cache || !array_wrote(job))
		return;
	pool = xm_ctx_pool(job->ctx);
	if (!d->client && pool)
		d->client = xm_pool_client_new(pool);
	d->ep = job->dst;
	d->work = (struct xm_work){ .run = run };
	d->running = d->client && xm_pool_submit(d->client, &d->work);
	if (!d->running)
		refused(job, ENOMEM);
}

void xm_job_drop_turn(struct xm_job *job)
{
	struct xm_list done = XM_LIST_INIT(done);
	struct xm_drop *d = &job->drop;

	if (!d->running)
		return;
	xm_pool_reap(d->client, &done);
	if (xm_list_empty(&done))
		return;
	d->running = false;
	if (d->result < 0)
		refused(job, -d->result);
}
