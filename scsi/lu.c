/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a logical unit is: the commands that ask, one after another, and what
 * must hold of the answers before the disk is believed.
 */
#include <errno.h>
#include <string.h>
#include "cdb.h"
#include "ctx.h"
#include "error.h"
#include "lu.h"
#include "sense.h"
#include "vpd.h"
#include "xm/align.h"

#define TRIES_MAX 20
#define BLOCK_MAX 65536u
#define TYPE_DISK 0x00
#define PAUSE_NS (100 * XM_NS_PER_MS)

/* ---- what is asked ------------------------------------------------------------ */

#define VPD_NONE 0
#define VPD_LEN 255              /* as much as a target that reads one length byte gives */
#define VPD_83_LEN 4096

struct step {
	const char *name;
	uint8_t page;            /* VPD page it asks for, VPD_NONE: none */
	bool required;
	uint16_t alloc;
	scsi_decode_fn *decode;
};

enum { STEP_INQUIRY, STEP_VPD_00, STEP_VPD_80, STEP_VPD_83, STEP_VPD_B0, STEP_VPD_B2,
       STEP_CAPACITY_16, STEP_CAPACITY_10, STEP_MODE_SENSE, STEPS };

static const struct step steps[STEPS] = {
	[STEP_INQUIRY] = { "INQUIRY", VPD_NONE, true, 96, scsi_decode_inquiry },
	[STEP_VPD_00] = { "VPD page 00", VPD_NONE, false, VPD_LEN, scsi_decode_vpd_00 },
	[STEP_VPD_80] = { "VPD page 80", 0x80, false, VPD_LEN, scsi_decode_vpd_80 },
	[STEP_VPD_83] = { "VPD page 83", 0x83, false, VPD_83_LEN, scsi_decode_vpd_83 },
	[STEP_VPD_B0] = { "VPD page B0", 0xb0, false, VPD_LEN, scsi_decode_vpd_b0 },
	[STEP_VPD_B2] = { "VPD page B2", 0xb2, false, VPD_LEN, scsi_decode_vpd_b2 },
	[STEP_CAPACITY_16] = { "READ CAPACITY(16)", VPD_NONE, false, 32,
			       scsi_decode_read_capacity_16 },
	[STEP_CAPACITY_10] = { "READ CAPACITY(10)", VPD_NONE, true, 8,
			       scsi_decode_read_capacity_10 },
	[STEP_MODE_SENSE] = { "MODE SENSE(6)", VPD_NONE, false, 192, scsi_decode_mode_sense_6 },
};

static unsigned build(unsigned step, uint8_t cdb[SCSI_CDB_MAX])
{
	uint16_t alloc = steps[step].alloc;
	switch (step) {
	case STEP_INQUIRY: return scsi_cdb_inquiry(cdb, alloc);
	case STEP_CAPACITY_16: return scsi_cdb_read_capacity_16(cdb, alloc);
	case STEP_CAPACITY_10: return scsi_cdb_read_capacity_10(cdb);
	case STEP_MODE_SENSE: return scsi_cdb_mode_sense_6(cdb, 0x08, (uint8_t)alloc);
	default: return scsi_cdb_inquiry_vpd(cdb, steps[step].page, alloc);
	}
}

static bool wanted(const struct scsi_lu *lu, unsigned step)
{
	if (step == STEP_CAPACITY_10)
		return lu->blocks == 0;
	if (steps[step].page == VPD_NONE || !lu->has_vpd_00)
		return true;
	return scsi_lu_has_vpd(lu, steps[step].page);
}

/* ---- one after another -------------------------------------------------------- */

void scsi_identify_start(struct scsi_identify *id, struct scsi_lu *lu)
{
	*lu = (struct scsi_lu){ .transport = lu->transport, .lun = lu->lun, .write_cache = true };
	id->lu = lu;
	id->step = 0;
	id->tries = 0;
	id->pause_ns = 0;
}

struct scsi_cmd *scsi_identify_next(struct scsi_identify *id)
{
	while (id->step < STEPS && !wanted(id->lu, id->step))
		id->step++;
	if (id->step == STEPS)
		return NULL;
	struct scsi_cmd *cmd = &id->cmd;
	*cmd = (struct scsi_cmd){ .lun = id->lu->lun, .dir = SCSI_DATA_IN, .data = id->data,
		.len = steps[id->step].alloc, .timeout_ns = id->lu->transport->ctx->timeout_ns };
	xm_list_init(&cmd->link);
	cmd->cdb_len = build(id->step, cmd->cdb);
	memset(id->data, 0, sizeof id->data);
	return cmd;
}

enum verdict { TAKE, AGAIN, ABSENT };

/* Whether the condition is one that passes, and how long to wait for that. */
static enum verdict weigh(const struct scsi_cmd *cmd, uint64_t *pause_ns)
{
	struct scsi_sense s;
	*pause_ns = PAUSE_NS;
	if (cmd->status == SCSI_GOOD)
		return TAKE;
	if (cmd->status == SCSI_BUSY || cmd->status == SCSI_TASK_SET_FULL)
		return AGAIN;
	if (cmd->status != SCSI_CHECK_CONDITION)
		return ABSENT;
	scsi_sense_decode(cmd->sense, cmd->sense_len, &s);
	if (s.present && s.key == SCSI_RECOVERED)
		return TAKE;
	if (s.present && s.key == SCSI_NOT_READY && s.asc == 0x04)
		return s.ascq == 0x01 || s.ascq == 0x0a || s.ascq == 0x14 ? AGAIN : ABSENT;
	if (!s.present || (s.key != SCSI_UNIT_ATTENTION && s.key != SCSI_ABORTED_COMMAND))
		return ABSENT;
	*pause_ns = 0;
	return AGAIN;
}

#define FAIL(id, err, code, fmt, ...)                                                          \
	xm_fail(err, code, "%s LUN %llu: " fmt, (id)->lu->transport->name,                     \
		(unsigned long long)(id)->lu->lun, ##__VA_ARGS__)

static int refused(struct scsi_identify *id, struct xm_error **err)
{
	char said[160];
	struct scsi_sense s;
	const char *name = steps[id->step].name;
	scsi_answer_text(&id->cmd, said, sizeof said);
	scsi_sense_decode(id->cmd.sense, id->cmd.sense_len, &s);
	if (s.present && s.key == SCSI_ILLEGAL_REQUEST && s.asc == 0x25)
		return FAIL(id, err, XM_E_NOSOURCE, "there is no disk here (%s: %s)", name, said);
	return FAIL(id, err, XM_E_IO, "%s fails: %s", name, said);
}

static int unanswered(struct scsi_identify *id, struct xm_error **err)
{
	char said[160];
	bool forbidden = id->cmd.outcome == SCSI_NOT_SENT &&
			 (id->cmd.err == EPERM || id->cmd.err == EACCES);
	scsi_answer_text(&id->cmd, said, sizeof said);
	return FAIL(id, err, forbidden ? XM_E_PERMISSION : XM_E_TEMPORARY, "%s: %s",
		    steps[id->step].name, said);
}

static int check_type(struct scsi_identify *id, struct xm_error **err)
{
	const struct scsi_lu *lu = id->lu;
	if (lu->qualifier != 0)
		return FAIL(id, err, XM_E_NOSOURCE,
			    "there is no disk here (peripheral qualifier %u)", lu->qualifier);
	if (lu->type != TYPE_DISK)
		return FAIL(id, err, XM_E_NOSOURCE, "not a disk (peripheral device type %02xh)",
			    lu->type);
	return 0;
}

static int check_capacity(struct scsi_identify *id, struct xm_error **err)
{
	const struct scsi_lu *lu = id->lu;
	if (!xm_is_pow2(lu->block_size) || lu->block_size < 512 || lu->block_size > BLOCK_MAX)
		return FAIL(id, err, XM_E_IO, "states a logical block of %u bytes, which cannot be "
			    "believed (a power of two from 512 to %u)", lu->block_size, BLOCK_MAX);
	if (lu->blocks == 0 || lu->blocks > (UINT64_C(1) << 63) / lu->block_size)
		return FAIL(id, err, XM_E_IO, "states a capacity of %llu blocks of %u bytes, which "
			    "cannot be believed", (unsigned long long)lu->blocks, lu->block_size);
	return 0;
}

static int check_step(struct scsi_identify *id, struct xm_error **err)
{
	if (id->step == STEP_INQUIRY)
		return check_type(id, err);
	if (id->lu->blocks && (id->step == STEP_CAPACITY_16 || id->step == STEP_CAPACITY_10))
		return check_capacity(id, err);
	return 0;
}

int scsi_identify_answer(struct scsi_identify *id, struct xm_error **err)
{
	const struct step *step = &steps[id->step];
	struct scsi_cmd *cmd = &id->cmd;
	if (cmd->outcome != SCSI_ANSWERED)
		return unanswered(id, err);
	enum verdict v = weigh(cmd, &id->pause_ns);
	if (v == AGAIN && id->tries++ < TRIES_MAX)
		return 0;
	if (v == AGAIN && step->required) {
		char said[160];
		return FAIL(id, err, XM_E_TEMPORARY, "does not become ready (%s: %s)", step->name,
			    scsi_answer_text(cmd, said, sizeof said));
	}
	if (v != TAKE && step->required)
		return refused(id, err);
	/* a refused READ CAPACITY(16) makes way for (10); an answer to it that lies does not */
	if (v == TAKE && !step->decode(id->lu, id->data, xm_min_u64(cmd->got, cmd->len)) &&
	    (step->required || id->step == STEP_CAPACITY_16))
		return FAIL(id, err, XM_E_IO, "%s gives %zu bytes that make no sense", step->name,
			    cmd->got);
	if (v == TAKE && check_step(id, err) < 0)
		return -1;
	id->step++;
	id->tries = 0;
	id->pause_ns = 0;
	return 0;
}

int scsi_lu_identify(struct xm_ctx *ctx, struct scsi_lu *lu, struct xm_error **err)
{
	struct scsi_identify id;
	struct scsi_cmd *cmd;
	scsi_identify_start(&id, lu);
	while ((cmd = scsi_identify_next(&id))) {
		scsi_exec_once(lu->transport, cmd);
		if (scsi_identify_answer(&id, err) < 0)
			return -1;
		scsi_pause(ctx, id.pause_ns);
	}
	return 0;
}

/* ---- carried by its endpoint ---------------------------------------------------- */

static const char lu_key;

bool scsi_lu_attach(struct xm_endpoint *ep, struct scsi_lu *lu, void (*destroy)(void *lu))
{
	return xm_attach(&ep->attached, &lu_key, lu, destroy);
}

struct scsi_lu *scsi_lu_attached(const struct xm_endpoint *ep)
{
	return xm_attached(&ep->attached, &lu_key);
}

/* ---- names ------------------------------------------------------------------------ */

static bool is_zero(const struct scsi_designator *d)
{
	for (unsigned i = 0; i < d->len; i++)
		if (d->bytes[i])
			return false;
	return true;
}

static void add_hex(struct xm_identity *id, const char *prefix, const struct scsi_designator *d)
{
	char hex[2 * SCSI_DESIGNATOR_MAX + 1];
	for (unsigned i = 0; i < d->len; i++) {
		hex[2 * i] = "0123456789abcdef"[d->bytes[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[d->bytes[i] & 15];
	}
	hex[2u * d->len] = '\0';
	xm_identity_add(id, "%s.%s", prefix, hex);
}

static void add_text(struct xm_identity *id, const char *prefix, const struct scsi_designator *d)
{
	char s[SCSI_DESIGNATOR_MAX + 1];
	unsigned n = d->len;
	while (n && (d->bytes[n - 1] == ' ' || d->bytes[n - 1] == 0))
		n--;
	for (unsigned i = 0; i < n; i++) {
		if (d->bytes[i] < 0x20 || d->bytes[i] == 0x7f) {
			add_hex(id, prefix, d);
			return;
		}
		s[i] = (char)d->bytes[i];
	}
	s[n] = '\0';
	if (n)
		xm_identity_add(id, "%s.%s", prefix, s);
}

static const struct {
	uint8_t type;
	const char *prefix;
	void (*add)(struct xm_identity *id, const char *prefix, const struct scsi_designator *d);
	bool vague;              /* some targets give all their disks the same:
				    only where nothing better is */
} name_kinds[] = {
	{ 3, "naa", add_hex, false },
	{ 2, "eui", add_hex, false },
	{ 1, "t10", add_text, true },
	{ 8, "scsi-name", add_text, true },
};

void scsi_lu_identity(const struct scsi_lu *lu, struct xm_identity *id)
{
	for (size_t k = 0; k < sizeof name_kinds / sizeof name_kinds[0]; k++) {
		if (name_kinds[k].vague && id->n)
			break;
		for (unsigned i = 0; i < lu->ndesignators; i++) {
			const struct scsi_designator *d = &lu->designators[i];
			if (d->association == 0 && d->type == name_kinds[k].type && !is_zero(d))
				name_kinds[k].add(id, name_kinds[k].prefix, d);
		}
	}
	if (!id->n && lu->serial[0])
		xm_identity_add(id, "serial.%s.%s.%s", lu->vendor, lu->product, lu->serial);
	memcpy(id->vendor, lu->vendor, sizeof lu->vendor);
	memcpy(id->product, lu->product, sizeof lu->product);
	memcpy(id->revision, lu->revision, sizeof lu->revision);
	memcpy(id->serial, lu->serial, sizeof lu->serial);
}

/* ---- still the same? --------------------------------------------------------------- */

static bool has_designator(const struct scsi_lu *lu, const struct scsi_designator *d)
{
	for (unsigned i = 0; i < lu->ndesignators; i++) {
		const struct scsi_designator *o = &lu->designators[i];
		if (o->association == d->association && o->type == d->type &&
		    o->code_set == d->code_set && o->len == d->len &&
		    memcmp(o->bytes, d->bytes, d->len) == 0)
			return true;
	}
	return false;
}

bool scsi_lu_same(const struct scsi_lu *before, const struct scsi_lu *now, const char **why)
{
	bool named = false;
	*why = "its designators are others";
	for (unsigned i = 0; i < before->ndesignators; i++) {
		if (before->designators[i].association != 0)
			continue;
		named = true;
		if (!has_designator(now, &before->designators[i]))
			return false;
	}
	*why = "its serial number is another";
	if (!named && strcmp(before->serial, now->serial) != 0)
		return false;
	*why = "its vendor or product is another";
	if (strcmp(before->vendor, now->vendor) || strcmp(before->product, now->product))
		return false;
	*why = "its block size changed";
	if (before->block_size != now->block_size)
		return false;
	*why = "it became smaller";
	return now->blocks >= before->blocks;
}
