/* SPDX-License-Identifier: Apache-2.0 */
/* Steps the scenarios share: a command, a read, a write half sent. */
#include "pdu.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEST_UNIT_READY = 0x00, WRITE10 = 0x2a };

void command(struct peer *p, uint8_t bhs[48], uint8_t flags, uint32_t edtl, const uint8_t cdb[16])
{
	memset(bhs, 0, 48);
	bhs[0] = 0x01;
	bhs[1] = (uint8_t)(flags | 1);
	put32(bhs + 16, ++p->itt);
	put32(bhs + 20, edtl);
	put32(bhs + 24, p->cmdsn++);
	memcpy(bhs + 32, cdb, 16);
}

void rw10(uint8_t cdb[16], uint8_t op, uint32_t lba, uint16_t blocks)
{
	memset(cdb, 0, 16);
	cdb[0] = op;
	put32(cdb + 2, lba);
	put16(cdb + 7, blocks);
}

void data_out(uint8_t bhs[48], uint32_t itt, uint32_t ttt, uint32_t datasn, uint32_t offset,
	      bool final)
{
	memset(bhs, 0, 48);
	bhs[0] = 0x05;
	bhs[1] = final ? FINAL : 0;
	put32(bhs + 16, itt);
	put32(bhs + 20, ttt);
	put32(bhs + 36, datasn);
	put32(bhs + 40, offset);
}

int read_blocks(struct peer *p, uint32_t lba, uint16_t blocks, uint8_t *buf)
{
	uint8_t bhs[48], cdb[16];
	struct pdu r;

	rw10(cdb, 0x28, lba, blocks);
	command(p, bhs, FINAL | READ, blocks * 512u, cdb);
	pdu_send(p, bhs, NULL, 0);
	while (pdu_recv(p, &r)) {
		if (r.bhs[0] == 0x21)
			return r.bhs[3];
		size_t off = get32(r.bhs + 40);
		if (r.bhs[0] != 0x25 || off + r.len > blocks * 512u)
			return -2;
		memcpy(buf + off, r.data, r.len);
		if (r.bhs[1] & 1)
			return r.bhs[3];
	}
	return -1;
}

int turn_ready(struct peer *p, struct pdu *r)
{
	static const uint8_t tur[16] = { TEST_UNIT_READY };
	uint8_t bhs[48];
	command(p, bhs, FINAL, 0, tur);
	pdu_send(p, bhs, NULL, 0);
	if (!pdu_recv(p, r))
		return -1;
	return get32(r->bhs + 16) == p->itt ? r->bhs[3] : -2;
}

void settle(struct peer *p)
{
	struct pdu r;
	for (int i = 0; i < 8 && turn_ready(p, &r) != 0; i++)
		;
}

/* A write whose data the array has asked for. */
uint32_t open_write(struct peer *p, uint32_t lba, uint32_t *ttt)
{
	uint8_t bhs[48], cdb[16];
	struct pdu r;
	rw10(cdb, WRITE10, lba, 1);
	command(p, bhs, FINAL | WRITE, 512, cdb);
	pdu_send(p, bhs, NULL, 0);
	*ttt = pdu_recv(p, &r) && r.bhs[0] == 0x31 ? get32(r.bhs + 20) : NO_TAG;
	return p->itt;
}

void send_block(struct peer *p, uint32_t itt, uint32_t ttt, uint8_t fill)
{
	uint8_t bhs[48], block[512];
	memset(block, fill, sizeof block);
	data_out(bhs, itt, ttt, 0, 0, true);
	pdu_send(p, bhs, block, sizeof block);
}

/* Until the sessions' list has this text, or has it no more. */
bool await_sessions(const char *what, bool there)
{
	for (int i = 0; i < 12000; i++) {
		if (!strstr(control("sessions"), what) == !there)
			return true;
		usleep(10000);
	}
	return false;
}

void is_key(const struct pdu *r, const char *key, const char *want)
{
	const char *got = find_key(r, key);
	check(!strcmp(got, want), "%s=%s", key, want);
	if (strcmp(got, want))
		printf("# got %s\n", got);
}
