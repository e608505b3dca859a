/* SPDX-License-Identifier: Apache-2.0 */
/* What an endpoint learns from its logical unit when it is opened. */
#include <stdlib.h>
#include "error.h"
#include "lu-open.h"
#include "xm/align.h"

struct scsi_lu *scsi_lu_new(struct scsi_transport *t, uint64_t lun, struct xm_error **err)
{
	struct scsi_lu *lu = calloc(1, sizeof *lu);

	if (!lu) {
		xm_fail(err, XM_E_TEMPORARY, "out of memory");
		return NULL;
	}
	lu->transport = t;
	lu->lun = lun;
	if (scsi_lu_identify(t->ctx, lu, err) == 0)
		return lu;
	free(lu);
	return NULL;
}

/* The device says "no such disk"; which exit code that is depends on whose disk it was to be. */
static void blame(struct xm_error *why, bool is_dst, struct xm_error **err)
{
	enum xm_code code = xm_error_code(why);

	if (code == XM_E_NOSOURCE && is_dst)
		code = XM_E_DESTINATION;
	xm_fail(err, code, "%s", xm_error_text(why));
	xm_error_free(why);
}

/* Largest I/O: the transport's, and the unit's own limit (VPD B0), in whole blocks. */
static uint64_t max_io(const struct scsi_lu *lu)
{
	uint64_t max = lu->transport->max_xfer;

	if (lu->max_transfer)
		max = xm_min_u64(max, (uint64_t)lu->max_transfer * lu->block_size);
	return xm_max_u64(xm_round_down(max, lu->block_size), lu->block_size);
}

/* Without LBPRZ what was unmapped may read as anything: so nothing can be freed for being zero. */
static void set_freeing(struct xm_endpoint *ep, const struct scsi_lu *lu)
{
	if (!lu->lbpws || !lu->lbprz)
		return;
	ep->free_grain = (uint64_t)xm_max_u64(lu->unmap_granularity, 1) * lu->block_size;
	ep->free_align = (uint64_t)lu->unmap_alignment * lu->block_size;
}

struct scsi_lu *scsi_lu_open(struct xm_endpoint *ep, struct scsi_transport *t, uint64_t lun,
			     bool is_dst, struct xm_error **err)
{
	struct xm_error *why = NULL;
	struct scsi_lu *lu = scsi_lu_new(t, lun, &why);

	if (!lu) {
		blame(why, is_dst, err);
		return NULL;
	}
	if (!scsi_lu_attach(ep, lu, free)) {
		free(lu);
		xm_fail(err, XM_E_TEMPORARY, "out of memory");
		return NULL;
	}
	if (is_dst && lu->write_protected) {
		xm_fail(err, XM_E_DESTINATION, "%s: the array exports this disk read-only",
			ep->name);
		return NULL;
	}
	ep->block_size = lu->block_size;
	ep->dio_align = 1;
	ep->size = lu->blocks * lu->block_size;
	ep->max_io = max_io(lu);
	set_freeing(ep, lu);
	ep->opt_io = ep->max_io;
	ep->writable = is_dst;
	ep->can_lose_cache = lu->write_cache;
	ep->nexus = &t->nexus;
	scsi_lu_identity(lu, &ep->id);
	return lu;
}
