/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The software array under hostile commands: the input is a list of records,
 * each one command (or login, reset, time) with any CDB and any data-out.
 *
 * Checked besides memory errors: each command is given back once, its answer is
 * in bounds, and nothing changes a read-only LU.
 *
 *   record: kind, LUN, attribute or row, out length (2), CDB (16), out bytes
 *
 * Half of the records have their CDB bent to a known operation's row and a small
 * LBA, and the parameter list of a copy to LUs that are there: chance alone
 * seldom gets past the first check.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core.h"
#include "xm/endian.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_CMDS 64
#define HEAD 5
#define CDB_LEN 16
#define MS 1000000u

static const char *const luns[] = { "0=256K", "1=256K,thin,cache=volatile",
				    "2=1M,thin,block=4096", "3=64K,ro" };

struct run {
	struct arr *a;
	struct arr_target *t;
	struct arr_nexus *nx[2];
	struct arr_cmd cmds[MAX_CMDS];
	uint8_t *out[MAX_CMDS];
	unsigned n_cmds, n_done;
	uint64_t now;
};

static void check(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz-array: %s\n", what);
	abort();
}

static void done(struct arr_cmd *cmd)
{
	struct run *r = cmd->front;

	check(cmd->sense_len <= ARR_SENSE_MAX, "sense is too long");
	check(cmd->in || !cmd->in_len, "data-in of nothing");
	check(cmd->in_len <= ARR_MAX_XFER, "data-in is too long");
	check(cmd->done != NULL, "given back twice");
	cmd->done = NULL;
	free(cmd->in);
	r->n_done++;
}

static void bend_cdb(uint8_t *cdb, uint8_t row)
{
	const struct arr_op *op = arr_op_at(row % arr_op_count());

	for (unsigned i = 1; i < CDB_LEN; i++)
		cdb[i] &= i < op->cdb_len ? op->usage[i] : 0;
	cdb[0] = op->opcode;
	if (op->sa != ARR_NO_SA)
		cdb[1] = (uint8_t)((cdb[1] & 0xe0) | op->sa);
	if (op->cdb_len == CDB_LEN)
		memset(cdb + 2, 0, 6);
	else
		cdb[2] = cdb[3] = 0;
}

/* LID1: the first CSCD descriptors name LUs by their NAA, as the list goes on. */
static void bend_copy(struct run *r, uint8_t *cdb, uint8_t *out, size_t len)
{
	static const uint8_t head[] = { 0xe4, 0, 0, 0, 1, 3, 0, 16 };

	if (cdb[0] != 0x83 || len < 16)
		return;
	xm_put_be32(cdb + 10, (uint32_t)len);
	size_t n = out[3] / 32;
	for (size_t i = 0; i < n && 16 + 32 * i + 24 <= len; i++) {
		const struct arr_lu *lu = arr_target_lu(r->t, out[16 + 32 * i] % 4);

		memcpy(out + 16 + 32 * i, head, sizeof head);
		memcpy(out + 24 + 32 * i, lu->naa, 16);
	}
}

static void submit(struct run *r, const uint8_t *rec, const uint8_t *out, size_t out_len)
{
	struct arr_cmd *cmd = &r->cmds[r->n_cmds];

	/* a copy of its own size, so that a byte too far is seen */
	r->out[r->n_cmds] = malloc(out_len ? out_len : 1);
	memcpy(r->out[r->n_cmds], out, out_len);
	cmd->nexus = r->nx[rec[0] >> 4 & 1];
	cmd->lun = rec[1] % 6;
	cmd->attr = rec[2] % 5;
	cmd->tag = r->n_cmds;
	memcpy(cmd->cdb, rec + HEAD, CDB_LEN);
	cmd->cdb_len = CDB_LEN;
	if (rec[0] & 0x20) {
		bend_cdb(cmd->cdb, rec[2]);
		bend_copy(r, cmd->cdb, r->out[r->n_cmds], out_len);
	}
	cmd->out = r->out[r->n_cmds];
	cmd->out_len = cmd->out_wanted = out_len;
	cmd->done = done;
	cmd->front = r;
	r->n_cmds++;
	arr_submit(r->a, cmd, r->now);
}

static void reopen(struct run *r, unsigned which)
{
	static const char *const names[] = { "iqn.2026-01.test:a", "iqn.2026-01.test:b" };

	if (r->nx[which])
		arr_nexus_close(r->nx[which]);
	r->nx[which] = arr_nexus_open(r->a, r->t, names[which], 1);
}

static void clear_unit_attentions(struct run *r)
{
	for (unsigned i = 0; i < 2; i++) {
		for (uint64_t l = 0; l < 4; l++) {
			while (arr_ua_take(r->nx[i], arr_target_lu(r->t, l)))
				;
		}
	}
}

static void act(struct run *r, const uint8_t *rec)
{
	switch (rec[0] & 15) {
	case 0:
		reopen(r, rec[1] & 1);
		break;
	case 1:
		arr_task_management(r->nx[rec[1] & 1], rec[2] % 6, rec[1] >> 1 & 3, rec[3]);
		break;
	case 2:
		r->a->latency = (uint64_t)(rec[1] % 8) * MS;
		r->a->copy_latency = (uint64_t)(rec[2] % 8) * MS;
		break;
	case 3:
		arr_lu_crash(arr_target_lu(r->t, 1));
		break;
	case 4:
		r->a->persona = arr_persona_at(rec[1] % 6);
		break;
	case 5:
		clear_unit_attentions(r);
		break;
	default:
		r->now += rec[1] * (MS / 8);
		arr_step(r->a, r->now);
	}
}

static void start(struct run *r)
{
	r->a = arr_new(1);
	r->t = arr_target_new(r->a, "iqn.2026-01.test:t");
	for (size_t i = 0; i < sizeof luns / sizeof luns[0]; i++)
		check(arr_target_lun(r->t, luns[i]), "a LUN cannot be made");
	reopen(r, 0);
	reopen(r, 1);
	clear_unit_attentions(r);
}

static void settle(struct run *r)
{
	for (unsigned i = 0; i < 100000; i++) {
		uint64_t next = arr_step(r->a, r->now);
		if (next == ARR_NEVER)
			return;
		r->now = next > r->now ? next : r->now;
	}
	check(false, "it never comes to rest");
}

static void finish(struct run *r)
{
	static const uint8_t zeros[64u << 10];
	uint8_t got[sizeof zeros];

	settle(r);
	for (unsigned i = 0; i < 2; i++)
		arr_nexus_close(r->nx[i]);
	settle(r);
	check(r->n_done == r->n_cmds, "a command was not given back");
	check(arr_lu_peek(arr_target_lu(r->t, 3), 0, got, sizeof got), "no peeking");
	check(!memcmp(got, zeros, sizeof got), "a read-only LU was written");
	arr_free(r->a);
	for (unsigned i = 0; i < r->n_cmds; i++)
		free(r->out[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run *r = calloc(1, sizeof *r);

	start(r);
	while (size >= HEAD + CDB_LEN && r->n_cmds < MAX_CMDS) {
		const uint8_t *rec = data;
		size_t out_len = xm_get_be16(rec + 3);

		data += HEAD + CDB_LEN;
		size -= HEAD + CDB_LEN;
		if (rec[0] & 0x80) {
			act(r, rec);
			continue;
		}
		out_len = out_len < size ? out_len : size;
		submit(r, rec, data, out_len);
		data += out_len;
		size -= out_len;
		if (!(rec[0] & 0x40))
			arr_step(r->a, r->now);
	}
	finish(r);
	free(r);
	return 0;
}
