/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POPULATE TOKEN and WRITE USING TOKEN lists, whole, and what the other
 * commands say of their identifiers.
 *
 * The first byte picks the persona, the command and whether its lengths are made to fit;
 * the second the LUN and the status command behind it.  WRITE USING TOKEN gets the last
 * token that was made, or the zero token, so that more than the parser is reached.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "core.h"
#include "xm/endian.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TOKEN_LEN 512

static struct arr *a;
static struct arr_nexus *nx;
static uint64_t now = 1;
static uint8_t token[TOKEN_LEN];

static void set_up(void)
{
	struct arr_target *t;

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
	if (cmd->cdb[0] == 0x84 && cmd->cdb[1] == 0x07 && cmd->in_len == 550)
		memcpy(token, cmd->in + 38, TOKEN_LEN);
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

		assert(++steps < 100000);
		now = next != ARR_NEVER && next > now ? next : now;
	}
}

/* Lengths that agree, ranges inside the LU, a token that is one. */
static void make_fit(uint8_t *list, size_t len, size_t header)
{
	size_t n = (len - header) / 16;

	xm_put_be16(list, (uint16_t)(header + 16 * n - 2));
	xm_put_be16(list + header - 2, (uint16_t)(16 * n));
	for (uint8_t *p = list + header; n > 0; n--, p += 16) {
		memset(p, 0, 6);
		p[6] &= 0x07;
		memset(p + 8, 0, 3);
	}
	if (header == 16) {
		memset(list + 4, 0, 4);
		list[2] &= 1;
	} else {
		memset(list + 8, 0, 7);
		if (list[16] & 1)
			memcpy(list + 16, token, TOKEN_LEN);
		else
			memcpy(list + 16, "\xff\xff\x00\x01\x00\x00\x01\xf8", 8);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t cdb[16] = { 0x83 };
	bool write;
	size_t len, header;
	uint8_t *list;

	if (size < 4)
		return 0;
	if (!a)
		set_up();
	write = data[0] & 0x40;
	header = write ? 536 : 16;
	a->persona = arr_persona_at(data[0] % 6);
	/* An input need not be long to have a token in it. */
	len = size - 3 + (write && data[0] & 0x80 ? TOKEN_LEN : 0);
	list = calloc(1, len);
	memcpy(list + (len - (size - 3)), data + 3, size - 3);
	if (data[0] & 0x80 && len >= header)
		make_fit(list, len, header);
	cdb[1] = write ? 0x11 : 0x10;
	cdb[9] = data[2] & 3;
	xm_put_be32(cdb + 10, (uint32_t)len);
	run(cdb, data[1] & 3, list, len);
	memset(cdb, 0, sizeof cdb);
	cdb[0] = data[1] & 0x40 ? 0x83 : 0x84;
	cdb[1] = data[1] & 0x40 ? 0x1c : data[1] & 0x80 ? 0x05 : 0x07;
	cdb[5] = data[2] & 3;
	if (cdb[0] == 0x84)
		xm_put_be32(cdb + 10, 1024);
	run(cdb, data[1] & 3, NULL, 0);
	free(list);
	now += 1000000u * data[2];
	return 0;
}
