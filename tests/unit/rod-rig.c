/* SPDX-License-Identifier: Apache-2.0 */
#include "rod-rig.h"

static void put_ranges(struct rod_cmd *c, size_t header, const struct ranges *ranges)
{
	uint8_t *p = c->list + header;
	size_t n = 0;

	for (; ranges[n].blocks; n++) {
		assert_true(n < TOKEN_RANGES);
		memset(p + 16 * n, 0, 16);
		xm_put_be64(p + 16 * n, ranges[n].lba);
		xm_put_be32(p + 16 * n + 8, ranges[n].blocks);
	}
	c->len = header + 16 * n;
	xm_put_be16(c->list, (uint16_t)(c->len - 2));
	xm_put_be16(c->list + header - 2, (uint16_t)(16 * n));
}

static void put_cdb(struct rod_cmd *c, uint8_t sa, uint32_t id)
{
	memset(c->cdb, 0, sizeof c->cdb);
	c->cdb[0] = 0x83;
	c->cdb[1] = sa;
	xm_put_be32(c->cdb + 6, id);
}

void pt_list(struct rod_cmd *c, uint32_t id, const struct ranges *ranges)
{
	memset(c->list, 0, 16);
	put_cdb(c, 0x10, id);
	put_ranges(c, 16, ranges);
}

void wut_list(struct rod_cmd *c, uint32_t id, const uint8_t *token, uint64_t offset,
	      const struct ranges *ranges)
{
	memset(c->list, 0, 536);
	put_cdb(c, 0x11, id);
	xm_put_be64(c->list + 8, offset);
	memcpy(c->list + 16, token, TOKEN_LEN);
	put_ranges(c, 536, ranges);
}

void rod_send(struct rig *r, struct arr_nexus *nx, struct rod_cmd *c, unsigned lun)
{
	xm_put_be32(c->cdb + 10, (uint32_t)c->len);
	answer_drop(&c->an);
	rig_submit(r, nx, lun, &c->an, c->cdb, sizeof c->cdb, c->list, c->len);
}

void rod_again(struct rig *r, struct rod_cmd *c, unsigned lun)
{
	rod_send(r, r->nx, c, lun);
	rig_until(r, &c->an);
}

static void by_id(struct rig *r, struct arr_nexus *nx, struct answer *an, unsigned lun,
		  uint8_t op, uint8_t sa, uint32_t id)
{
	uint8_t cdb[16] = { op, sa };

	xm_put_be32(cdb + 2, id);
	if (op == 0x84)
		xm_put_be32(cdb + 10, 1024);
	answer_drop(an);
	rig_submit(r, nx, lun, an, cdb, sizeof cdb, NULL, 0);
	rig_until(r, an);
}

void rrti(struct rig *r, struct arr_nexus *nx, struct answer *an, unsigned lun, uint32_t id)
{
	by_id(r, nx, an, lun, 0x84, 0x07, id);
}

void rcs4(struct rig *r, struct arr_nexus *nx, struct answer *an, unsigned lun, uint32_t id)
{
	by_id(r, nx, an, lun, 0x84, 0x05, id);
}

void coa(struct rig *r, struct arr_nexus *nx, struct answer *an, unsigned lun, uint32_t id)
{
	by_id(r, nx, an, lun, 0x83, 0x1c, id);
}

void make_token(struct rig *r, unsigned lun, uint32_t id, const struct ranges *ranges,
		uint8_t token[TOKEN_LEN])
{
	static struct rod_cmd c;

	pt_list(&c, id, ranges);
	rod_again(r, &c, lun);
	assert_good(&c.an);
	rrti(r, r->nx, &c.an, lun, id);
	assert_good(&c.an);
	assert_int_equal(c.an.in_len, 550);
	memcpy(token, c.an.in + 38, TOKEN_LEN);
	answer_drop(&c.an);
}

unsigned use_token(struct rig *r, struct arr_nexus *nx, unsigned lun, uint32_t id,
		   const uint8_t *token, uint64_t offset, const struct ranges *ranges)
{
	static struct rod_cmd c;
	unsigned sense;

	wut_list(&c, id, token, offset, ranges);
	rod_send(r, nx, &c, lun);
	rig_until(r, &c.an);
	sense = c.an.cmd.status ? sense_of(&c.an) : 0;
	answer_drop(&c.an);
	return sense;
}
