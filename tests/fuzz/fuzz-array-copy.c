/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EXTENDED COPY parameter lists and RECEIVE COPY commands, whole: through the
 * parser, the CSCDs, the segments and the answers.
 *
 * The first byte picks the persona, and whether the list is made well-formed as
 * a whole, so that more than the parser is reached: lengths that fit, designators of
 * LUs that are there, types that are known.  The second is the LUN.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "core.h"
#include "xm/endian.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arr *a;
static struct arr_target *t;
static struct arr_nexus *nx;
static uint64_t now = 1;

static void set_up(void)
{
	a = arr_new(1);
	t = arr_target_new(a, "iqn.2026-01.test:fuzz");
	if (!arr_target_lun(t, "0=1M") || !arr_target_lun(t, "1=1M,thin") ||
	    !arr_target_lun(t, "2=1M,block=4096") || !arr_target_lun(t, "3=1M,ro"))
		abort();
	nx = arr_nexus_open(a, t, "iqn.2026-01.test:host", 1);
}

static void on_done(struct arr_cmd *cmd)
{
	*(bool *)cmd->front = true;
	assert(cmd->no_answer || cmd->sense_len <= ARR_SENSE_MAX);
	free(cmd->in);
}

static void run(const uint8_t *cdb, uint64_t lun, const uint8_t *out, size_t len)
{
	struct arr_cmd cmd = { .nexus = nx, .lun = lun, .cdb_len = 16, .out = out, .out_len = len,
			       .out_wanted = len, .done = on_done };
	bool done = false;
	unsigned steps = 0;

	memcpy(cmd.cdb, cdb, 16);
	cmd.front = &done;
	arr_submit(a, &cmd, now);
	while (!done) {
		uint64_t next = arr_step(a, now);

		/* Segments of 4 GiB in a LU of 1 MiB must not take for ever. */
		assert(++steps < 100000);
		now = next != ARR_NEVER && next > now ? next : now;
	}
}

static void put_name(uint8_t *cscd)
{
	const struct arr_lu *lu = arr_target_lu(t, cscd[8] & 3);

	cscd[0] = 0xe4;
	cscd[1] = 0;
	cscd[4] = 1;
	cscd[5] = 3;
	cscd[7] = 16;
	memcpy(cscd + 8, lu->naa, 16);
	xm_put_be24(cscd + 29, lu->block_size);
}

/* Two CSCDs and B2B segments, with what is left of the input in their fields; the new length. */
static size_t make_well_formed(uint8_t *list, size_t len)
{
	size_t n = len < 80 ? 0 : (len - 80) / 28;

	if (n == 0)
		return len;
	list[0] &= 3;
	list[1] = list[0] ? 0x10 : 0x18;
	xm_put_be16(list + 2, 64);
	xm_put_be32(list + 8, (uint32_t)(28 * n));
	xm_put_be32(list + 12, 0);
	put_name(list + 16);
	put_name(list + 48);
	for (uint8_t *s = list + 80; s < list + 80 + 28 * n; s += 28) {
		s[0] = 2;
		xm_put_be16(s + 2, 0x18);
		s[4] = s[6] = 0;
		s[5] &= 3;
		s[7] &= 3;
		memset(s + 12, 0, 6);
		memset(s + 20, 0, 6);
	}
	return 80 + 28 * n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t cdb[16] = { 0x83 };
	uint8_t *list;
	size_t len;

	if (size < 4)
		return 0;
	if (!a)
		set_up();
	a->persona = arr_persona_at(data[0] % 6);
	len = size - 3;
	list = malloc(len);
	memcpy(list, data + 3, len);
	if (data[0] & 0x80)
		len = make_well_formed(list, len);
	/* PARAMETER LIST LENGTH may differ from what comes. */
	xm_put_be32(cdb + 10, (uint32_t)(len + (data[2] == 0xff)));
	run(cdb, data[1] & 3, list, len);
	cdb[0] = 0x84;
	cdb[1] = data[2] & 0x1f;
	cdb[2] = list[0];
	xm_put_be32(cdb + 10, data[2]);
	run(cdb, data[1] & 3, NULL, 0);
	free(list);
	if (now > 1u << 30) {
		arr_nexus_close(nx);
		arr_free(a);
		a = NULL;
		now = 1;
	}
	return 0;
}
