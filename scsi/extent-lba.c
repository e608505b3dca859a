/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a thin logical unit is made of, by GET LBA STATUS.
 *
 * A ladder, each rung cheap: is the unit thin at all (READ CAPACITY(16) LBPME); does it list
 * the command (REPORT SUPPORTED OPERATION CODES); does it answer at LBA 0.  The first
 * refusal ends it for the job, with one line in the log: many targets set LBPME and
 * do not know the command.  What is mapped may still be zeros; what is deallocated
 * reads as zeros only where LBPRZ says so, else it may read as anything and is
 * copied.
 */
#include <stdlib.h>
#include <string.h>
#include "cdb.h"
#include "ctx.h"
#include "error.h"
#include "extent-runs.h"
#include "lba-status.h"
#include "lu.h"
#include "sense.h"
#include "zero-find.h"
#include "xm/align.h"

struct asking {
	struct xm_endpoint *ep;
	struct scsi_lu *lu;
	uint64_t base;               /* the endpoint's first LBA */
	uint64_t end;                /* and the one after its last */
	struct xm_runs runs;
	uint8_t *data;
	char said[160];
};

static void log_off(const struct asking *a, const char *why)
{
	xm_log(a->ep->ctx, XM_LOG_INFO, "no_extents",
	       "%s: which blocks are allocated is not known: %s", a->ep->name, why);
}

/* ---- one command ----------------------------------------------------------------------- */

/* Bytes that came; 0: refused or not answered, and a->said says how. */
static size_t send(struct asking *a, struct scsi_cmd *cmd, size_t len)
{
	cmd->lun = a->lu->lun;
	cmd->dir = SCSI_DATA_IN;
	cmd->data = a->data;
	cmd->len = len;
	cmd->timeout_ns = a->ep->ctx->timeout_ns;
	xm_list_init(&cmd->link);
	memset(a->data, 0, len);
	if (scsi_exec(a->lu->transport, cmd) == 0 && cmd->status == SCSI_GOOD)
		return (size_t)xm_min_u64(cmd->got, len);
	scsi_answer_text(cmd, a->said, sizeof a->said);
	return 0;
}

static bool is_listed(struct asking *a)
{
	struct scsi_cmd cmd = { .lun = 0 };

	cmd.cdb_len = scsi_cdb_report_opcode(cmd.cdb, SCSI_SERVICE_ACTION_IN_16,
					     SCSI_SA_GET_LBA_STATUS, 64);
	/* a unit that cannot list its commands may know this one */
	return scsi_supported_decode(a->data, send(a, &cmd, 64)) != 0;
}

static unsigned kind_of(const struct scsi_lu *lu, uint8_t status)
{
	if (status == SCSI_LBA_DEALLOCATED)
		return lu->lbprz ? XM_EXTENT_HOLE : XM_EXTENT_UNKNOWN;
	if (status == SCSI_LBA_ANCHORED)
		return lu->lbprz ? XM_EXTENT_ZERO : XM_EXTENT_UNKNOWN;
	return XM_EXTENT_DATA;
}

static bool take(void *user, const struct scsi_lba_run *run)
{
	struct asking *a = user;
	uint64_t bs = a->lu->block_size;

	return xm_runs_add(&a->runs, (run->lba - a->base) * bs, run->blocks * bs,
			   kind_of(a->lu, run->status));
}

/* The blocks from lba on, as far as one answer goes; returns lba when it says nothing of use. */
static uint64_t ask(struct asking *a, uint64_t lba, scsi_lba_run_fn *fn)
{
	struct scsi_cmd cmd = { .lun = 0 };
	size_t got;

	a->said[0] = '\0';
	cmd.cdb_len = scsi_cdb_get_lba_status(cmd.cdb, lba, SCSI_LBA_STATUS_BYTES);
	got = send(a, &cmd, SCSI_LBA_STATUS_BYTES);
	return scsi_lba_status_decode(a->data, got, lba, a->end, fn, a);
}

/* ---- the ladder ---------------------------------------------------------------------------- */

static bool fits(const struct asking *a)
{
	uint64_t bs = a->lu->block_size;

	return xm_is_aligned(a->ep->base, bs) && xm_is_aligned(a->ep->size, bs) &&
	       a->base <= a->lu->blocks && a->ep->size / bs <= a->lu->blocks - a->base;
}

static bool climb(struct asking *a)
{
	if (!a->lu->lbpme || !fits(a))
		return false;
	if (!is_listed(a)) {
		log_off(a, "the device does not list GET LBA STATUS");
		return false;
	}
	return true;
}

/* Until the end, a refusal, an answer that leads nowhere, or the bound of time. */
static bool ask_all(struct asking *a)
{
	struct xm_clock *clock = a->ep->ctx->clock;
	uint64_t until = clock->now(clock) + XM_EXTENT_BOUND_NS, lba = a->base, next;

	while (lba < a->end && clock->now(clock) < until && (next = ask(a, lba, take)) > lba)
		lba = next;
	if (lba == a->base) {
		log_off(a, a->said[0] ? a->said : "GET LBA STATUS answers with nothing of use");
		return false;
	}
	if (lba < a->end)
		xm_log(a->ep->ctx, XM_LOG_WARNING, "no_extents", "%s: GET LBA STATUS told of the "
		       "first %llu blocks; all after them are copied", a->ep->name,
		       (unsigned long long)(lba - a->base));
	return true;
}

/* Steps of the answers; the same each time. */
static uint64_t grain_of(const struct scsi_lu *lu)
{
	uint64_t grain = (uint64_t)lu->unmap_granularity * lu->block_size;

	/* where it is no power of two, or does not start at block 0, edges may be anywhere */
	if (!xm_is_pow2(grain) || lu->unmap_alignment % xm_max_u64(lu->unmap_granularity, 1))
		grain = XM_EXTENT_GRAIN;
	return xm_max_u64(grain, XM_EXTENT_GRAIN);
}

static int ask_disk(struct asking *a, struct xm_extent_source **ret, struct xm_error **err)
{
	a->data = malloc(SCSI_LBA_STATUS_BYTES);
	if (!a->data)
		return xm_fail(err, XM_E_TEMPORARY, "memory is short");
	xm_runs_init(&a->runs, a->ep->size, XM_EXTENT_DATA, XM_EXTENT_DATA);
	if (climb(a) && ask_all(a)) {
		*ret = xm_extent_source_of(&a->runs);
		if (*ret)
			(*ret)->grain = grain_of(a->lu);
	}
	xm_runs_free(&a->runs);
	free(a->data);
	return 0;
}

/* ---- proof of zeros -------------------------------------------------------------------- */

#define PROOF_COMMANDS 256u
#define PROOF_READS 8u

static bool is_deallocated(void *user, const struct scsi_lba_run *run)
{
	(void)user;
	return run->status == SCSI_LBA_DEALLOCATED && !run->early;
}

/* The first block said to be anything else ends it: a disk in use costs one command or two. */
static bool all_deallocated(struct asking *a)
{
	struct xm_clock *clock = a->ep->ctx->clock;
	uint64_t until = clock->now(clock) + XM_EXTENT_BOUND_NS, lba = a->base, next;

	for (unsigned n = 0; n < PROOF_COMMANDS && lba < a->end && clock->now(clock) < until; n++) {
		next = ask(a, lba, is_deallocated);
		if (next <= lba)
			return false;
		lba = next;
	}
	return lba >= a->end;
}

static bool reads_as_zeros(struct asking *a, uint64_t lba)
{
	struct scsi_cmd cmd = { .lun = 0 };
	size_t len = a->lu->block_size;

	cmd.cdb_len = scsi_cdb_read_16(cmd.cdb, lba, 1);
	return len <= SCSI_LBA_STATUS_BYTES && send(a, &cmd, len) == len &&
	       xm_is_zero(a->data, len);
}

/* The array is not believed: both ends, and some blocks between, are looked at. */
static bool samples_are_zeros(struct asking *a)
{
	uint64_t n = a->end - a->base;

	for (unsigned i = 0; i < PROOF_READS; i++) {
		uint64_t at = i == 0 ? 0 : i == 1 ? n - 1 : xm_ctx_random(a->ep->ctx) % n;

		if (!reads_as_zeros(a, a->base + at))
			return false;
	}
	return true;
}

static bool prove(struct asking *a, uint64_t off, uint64_t len)
{
	uint64_t bs = a->lu->block_size;

	if (len == 0 || !climb(a))
		return false;
	a->end = a->base + xm_div_up(off + len, bs);
	a->base += off / bs;
	return all_deallocated(a) && samples_are_zeros(a);
}

/*
 * Only in a session of the job's own: its login has ended what a killed predecessor had sent,
 * so nothing is on its way into what is free now.
 */
static bool lba_proves_zero(struct xm_endpoint *ep, uint64_t off, uint64_t len)
{
	struct asking a = { .ep = ep, .lu = scsi_lu_attached(ep) };
	bool proven;

	if (!a.lu || !a.lu->transport->is_session || !a.lu->lbprz || a.lu->lbp_pattern)
		return false;
	a.base = ep->base / a.lu->block_size;
	a.data = malloc(SCSI_LBA_STATUS_BYTES);
	proven = a.data && prove(&a, off, len);
	free(a.data);
	return proven;
}

static int lba_open(struct xm_endpoint *ep, struct xm_extent_source **ret, struct xm_error **err)
{
	struct asking a = { .ep = ep };
	struct xm_refusal why;

	*ret = NULL;
	a.lu = scsi_lu_of(ep, &why);
	if (!a.lu)
		return 0;
	a.base = ep->base / a.lu->block_size;
	a.end = a.base + ep->size / a.lu->block_size;
	return ask_disk(&a, ret, err);
}

extern const struct xm_extent_source_ops scsi_extent_lba;
const struct xm_extent_source_ops scsi_extent_lba = {
	.name = "GET LBA STATUS",
	.open = lba_open,
	.proves_zero = lba_proves_zero,
};
