/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that belong together: see batch.h. */
#include "batch.h"

void xm_batch_start(struct xm_batch *b, struct xm_io *io, struct xm_io_req *reqs, unsigned n)
{
	*b = (struct xm_batch){ .reqs = reqs, .n = n, .io = io, .status = XM_STATUS_DONE };
	xm_list_init(&b->done);
	for (unsigned i = 0; i < n; i++) {
		reqs[i].done = &b->done;
		reqs[i].buf_index = -1;
		reqs[i].status = XM_STATUS_DONE;
	}
}

void xm_batch_cancel(struct xm_batch *b)
{
	b->next = b->n;
}

static void take(struct xm_batch *b)
{
	struct xm_list *l;

	while ((l = xm_list_pop(&b->done))) {
		struct xm_io_req *req = xm_container_of(l, struct xm_io_req, link);

		b->out--;
		if (req->status.certainty == XM_DONE)
			continue;
		/* an unknown one outranks one that is known not to have happened */
		if (b->status.certainty == XM_DONE ||
		    (b->status.certainty == XM_NOT_DONE && req->status.certainty == XM_UNKNOWN))
			b->status = req->status;
		xm_batch_cancel(b);
	}
}

bool xm_batch_step(struct xm_batch *b)
{
	take(b);
	while (b->next < b->n && xm_io_submit(b->io, &b->reqs[b->next]) == XM_QUEUED) {
		b->next++;
		b->out++;
	}
	return b->next == b->n && b->out == 0;
}
