/* SPDX-License-Identifier: Apache-2.0 */
#include "copy-rig.h"

#include <ctype.h>

size_t hex_bytes(uint8_t *buf, size_t cap, const char *text)
{
	size_t n = 0;

	for (const char *p = text; *p;) {
		char pair[3] = { 0 };

		if (isspace((unsigned char)*p)) {
			p++;
			continue;
		}
		assert_true(isxdigit((unsigned char)p[0]) && isxdigit((unsigned char)p[1]));
		assert_true(n < cap);
		memcpy(pair, p, 2);
		buf[n++] = (uint8_t)strtoul(pair, NULL, 16);
		p += 2;
	}
	return n;
}

void assert_hex(const void *bytes, size_t len, const char *hex)
{
	uint8_t want[1024];
	size_t n = hex_bytes(want, sizeof want, hex);

	assert_int_equal(len, n);
	assert_memory_equal(bytes, want, n);
}

/* ---- the array ----------------------------------------------------------- */

static void clear_ua(struct rig *r, struct arr_nexus *nx)
{
	for (unsigned lun = 0; lun < 8; lun++)
		if (arr_target_lu(r->t, lun))
			rig_clear_ua(r, nx, lun);
}

struct arr_nexus *copy_nexus(struct rig *r, const char *initiator, uint64_t isid)
{
	struct arr_nexus *nx = arr_nexus_open(r->a, r->t, initiator, isid);

	assert_non_null(nx);
	clear_ua(r, nx);
	return nx;
}

void copy_open(struct rig *r, const char *persona, const char *const *luns)
{
	rig_open(r, luns);
	r->now = MS;
	assert_true(arr_set_persona(r->a, persona));
	clear_ua(r, r->nx);
}

uint64_t rig_now(struct rig *r)
{
	uint64_t next;

	do
		next = arr_step(r->a, r->now);
	while (next <= r->now);
	return next;
}

void rig_advance(struct rig *r, uint64_t ns)
{
	uint64_t until = r->now + ns;

	for (;;) {
		uint64_t next = rig_now(r);

		if (next > until)
			break;
		r->now = next;
	}
	r->now = until;
}

void rig_until(struct rig *r, struct answer *an)
{
	while (!an->done) {
		uint64_t next = arr_step(r->a, r->now);

		if (an->done)
			return;
		assert_true(next != ARR_NEVER);
		r->now = next > r->now ? next : r->now;
	}
}

void ask(struct rig *r, struct answer *an, uint64_t lun, const char *cdb_hex)
{
	uint8_t cdb[32];
	size_t n = hex_bytes(cdb, sizeof cdb, cdb_hex);

	answer_drop(an);
	rig_submit(r, r->nx, lun, an, cdb, n, NULL, 0);
	rig_until(r, an);
}

void tell(struct rig *r, struct arr_nexus *nx, struct answer *an, uint64_t lun,
	  const char *cdb_hex, const char *out_hex)
{
	static uint8_t out[1024];
	uint8_t cdb[32];
	size_t n = hex_bytes(cdb, sizeof cdb, cdb_hex);
	size_t out_len = hex_bytes(out, sizeof out, out_hex);

	answer_drop(an);
	rig_submit(r, nx, lun, an, cdb, n, out, out_len);
	rig_until(r, an);
}

unsigned sense_of(const struct answer *an)
{
	const uint8_t *s = an->cmd.sense;

	assert_int_equal(an->cmd.status, 0x02);
	if (an->cmd.sense_len == 0)
		return 0;
	if ((s[0] & 0x7f) == 0x70)
		return answer_sense(an);
	assert_int_equal(s[0], 0x72);
	return (unsigned)(s[1] & 0x0f) << 16 | (unsigned)s[2] << 8 | s[3];
}

/* ---- EXTENDED COPY ------------------------------------------------------- */

void copy_naa(struct rig *r, unsigned lun, uint8_t naa[16])
{
	struct answer an = { 0 };

	ask(r, &an, lun, "12 01 83 00ff 00");
	assert_good(&an);
	/* Page header 4 bytes; the NAA designator comes first. */
	assert_true(an.in_len >= 24);
	assert_int_equal(an.in[4], 0x01);
	assert_int_equal(an.in[5], 0x03);
	assert_int_equal(an.in[7], 16);
	memcpy(naa, an.in + 8, 16);
	answer_drop(&an);
}

void put_cscd(struct rig *r, uint8_t p[32], unsigned lun)
{
	memset(p, 0, 32);
	p[0] = 0xe4;
	p[4] = 0x01;
	p[5] = 0x03;
	p[7] = 16;
	copy_naa(r, lun, p + 8);
	xm_put_be24(p + 29, arr_lu_block_size(arr_target_lu(r->t, lun)));
}

void put_b2b(uint8_t p[28], unsigned src_id, unsigned dst_id, const struct copy *k)
{
	memset(p, 0, 28);
	p[0] = 0x02;
	p[1] = k->dc ? 2 : 0;
	p[3] = 0x18;
	xm_put_be16(p + 4, (uint16_t)src_id);
	xm_put_be16(p + 6, (uint16_t)dst_id);
	xm_put_be16(p + 10, (uint16_t)k->blocks);
	xm_put_be64(p + 12, k->src_lba);
	xm_put_be64(p + 20, k->dst_lba);
}

void copy_list(struct rig *r, struct copy_cmd *c, const struct copy *k)
{
	uint8_t *p = c->list;

	c->len = 108;
	memset(p, 0, 16);
	p[0] = k->id;
	p[1] = (uint8_t)(k->usage << 3);
	xm_put_be16(p + 2, 64);
	xm_put_be32(p + 8, 28);
	put_cscd(r, p + 16, k->src);
	put_cscd(r, p + 48, k->dst);
	put_b2b(p + 80, 0, 1, k);
}

void copy_send(struct rig *r, struct arr_nexus *nx, struct copy_cmd *c, unsigned lun)
{
	uint8_t cdb[16] = { 0x83 };

	xm_put_be32(cdb + 10, (uint32_t)c->len);
	answer_drop(&c->an);
	rig_submit(r, nx, lun, &c->an, cdb, sizeof cdb, c->list, c->len);
}

void copy_again(struct rig *r, struct copy_cmd *c, unsigned lun)
{
	copy_send(r, r->nx, c, lun);
	rig_until(r, &c->an);
}

void copy_do(struct rig *r, struct copy_cmd *c, unsigned lun, const struct copy *k)
{
	copy_list(r, c, k);
	copy_again(r, c, lun);
}

/* ---- blocks -------------------------------------------------------------- */

static void stamp(uint8_t *block, uint32_t size, uint64_t n, uint32_t seed)
{
	for (uint32_t i = 0; i < size; i += 16) {
		xm_put_be64(block + i, n);
		xm_put_be32(block + i + 8, seed);
		xm_put_be32(block + i + 12, i);
	}
}

void fill(struct rig *r, unsigned lun, uint64_t lba, unsigned blocks, uint32_t seed)
{
	struct arr_lu *lu = arr_target_lu(r->t, lun);
	uint32_t size = arr_lu_block_size(lu);
	uint8_t block[4096];

	for (uint64_t n = lba; n < lba + blocks; n++) {
		stamp(block, size, n, seed);
		assert_true(arr_lu_poke(lu, n * size, block, size));
	}
}

bool holds(struct rig *r, unsigned lun, uint64_t lba, unsigned blocks, uint32_t seed,
	   uint64_t from_lba)
{
	struct arr_lu *lu = arr_target_lu(r->t, lun);
	uint32_t size = arr_lu_block_size(lu);
	uint8_t want[4096], got[4096];

	for (uint64_t n = 0; n < blocks; n++) {
		stamp(want, size, from_lba + n, seed);
		assert_true(arr_lu_peek(lu, (lba + n) * size, got, size));
		if (memcmp(want, got, size) != 0)
			return false;
	}
	return true;
}

bool is_zero(struct rig *r, unsigned lun, uint64_t lba, unsigned blocks)
{
	static const uint8_t zero[4096];
	struct arr_lu *lu = arr_target_lu(r->t, lun);
	uint32_t size = arr_lu_block_size(lu);
	uint8_t got[4096];

	for (uint64_t n = 0; n < blocks; n++) {
		assert_true(arr_lu_peek(lu, (lba + n) * size, got, size));
		if (memcmp(zero, got, size) != 0)
			return false;
	}
	return true;
}

/* ---- control ------------------------------------------------------------- */

char *control(struct rig *r, const char *line)
{
	char *answer = arr_control(r->a, line, r->now);

	assert_non_null(answer);
	return answer;
}

void control_ok(struct rig *r, const char *line)
{
	char *answer = control(r, line);

	if (!strncmp(answer, "error:", 6))
		fail_msg("%s: %s", line, answer);
	free(answer);
}

void control_fails(struct rig *r, const char *line, const char *words)
{
	char *answer = control(r, line);

	if (strncmp(answer, "error: ", 7) != 0 || !strstr(answer, words))
		fail_msg("%s: wanted an error with '%s', got '%s'", line, words, answer);
	free(answer);
}
