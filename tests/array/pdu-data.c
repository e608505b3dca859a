/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios of data and order: digests, bursts, R2T, CmdSN. */
#include "pdu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEST_UNIT_READY = 0x00, READ10 = 0x28, WRITE10 = 0x2a };

static uint8_t pattern[65536], back[65536];

static void make_pattern(unsigned seed)
{
	for (size_t i = 0; i < sizeof pattern; i++)
		pattern[i] = (uint8_t)(i * 7 + i / 512 + seed);
}

/* Sends a command and takes its response; the SCSI status, -1 when closed. */
static int simple(struct peer *p, const uint8_t cdb[16], struct pdu *r)
{
	uint8_t bhs[48];
	command(p, bhs, FINAL, 0, cdb);
	pdu_send(p, bhs, NULL, 0);
	return pdu_recv(p, r) ? r->bhs[3] : -1;
}

static void is_sense(const struct pdu *r, unsigned key, unsigned asc, unsigned ascq,
		     const char *name)
{
	const uint8_t *s = r->data + 2;
	bool good = r->bhs[0] == 0x21 && r->bhs[3] == 2 && r->len >= 20 && (s[2] & 15) == key &&
		    s[12] == asc && s[13] == ascq;
	check(good, "%s: sense %x/%02x/%02x", name, key, asc, ascq);
	if (!good)
		printf("# opcode %02x status %02x sense %x/%02x/%02x\n", r->bhs[0], r->bhs[3],
		       r->len ? s[2] & 15u : 0u, r->len ? s[12] : 0u, r->len ? s[13] : 0u);
}

static void holds(struct peer *p, uint32_t lba, uint16_t blocks, const char *name)
{
	memset(back, 0xee, sizeof back);
	int status = read_blocks(p, lba, blocks, back);
	check(status == 0 && !memcmp(back, pattern, blocks * 512u), "%s", name);
}

/* ---- digests ------------------------------------------------------------------ */

#define DIGESTS "HeaderDigest=CRC32C\0DataDigest=CRC32C\0MaxRecvDataSegmentLength=65536\0" \
		"InitialR2T=No\0ImmediateData=Yes\0"

static void test_digest_io(void)
{
	struct peer p = session_open(21, KEYS(DIGESTS));
	struct pdu r;
	uint8_t bhs[48], cdb[16];

	check(p.header_digest && p.data_digest, "both digests are on");
	settle(&p);
	make_pattern(1);
	rw10(cdb, WRITE10, 100, 4);
	command(&p, bhs, FINAL | WRITE, 2048, cdb);
	pdu_send(&p, bhs, pattern, 2048);
	pdu_expect(&p, &r, 0x21, "a write with immediate data under digests");
	check_u32(r.bhs[3], 0, "  is GOOD");
	holds(&p, 100, 4, "  and reads back (digests checked here bit by bit)");

	uint8_t nop[48] = { 0x40, 0x80 };
	put32(nop + 16, ++p.itt);
	put32(nop + 20, NO_TAG);
	put32(nop + 24, p.cmdsn);
	pdu_send(&p, nop, "odd", 3);
	pdu_expect(&p, &r, 0x20, "NOP with three bytes: padding is in the digest");
	check(r.len == 3 && !memcmp(r.data, "odd", 3), "  echoed");
	peer_close(&p);
}

static void test_bad_digests(void)
{
	struct peer p = session_open(22, KEYS(DIGESTS));
	struct pdu r;
	uint8_t bhs[48], cdb[16];

	settle(&p);
	make_pattern(2);
	/* Of a command: it never was, its CmdSN stays due. */
	rw10(cdb, WRITE10, 100, 1);
	command(&p, bhs, FINAL | WRITE, 512, cdb);
	uint32_t due = p.exp_cmdsn;
	pdu_send_spoilt(&p, bhs, pattern, 512, SPOIL_DATA_DIGEST);
	pdu_expect(&p, &r, 0x3f, "a bad data digest on a command: Reject");
	check_u32(r.bhs[2], 0x02, "  data digest error");
	check(r.len == 48 && !memcmp(r.data, bhs, 48), "  with the header");
	check_u32(p.exp_cmdsn, due, "  CmdSN is not used up");
	pdu_send(&p, bhs, pattern, 512);
	pdu_expect(&p, &r, 0x21, "the same again, right");
	check_u32(r.bhs[3], 0, "  is GOOD");

	/* Of Data-Out: Reject at once, CHECK CONDITION when all data came. */
	rw10(cdb, WRITE10, 200, 2);
	command(&p, bhs, WRITE, 1024, cdb);
	uint32_t itt = p.itt;
	pdu_send(&p, bhs, NULL, 0);
	data_out(bhs, itt, NO_TAG, 0, 0, false);
	pdu_send_spoilt(&p, bhs, pattern, 512, SPOIL_DATA_DIGEST);
	pdu_expect(&p, &r, 0x3f, "a bad data digest on Data-Out: Reject");
	check_u32(r.bhs[2], 0x02, "  data digest error");
	data_out(bhs, itt, NO_TAG, 1, 512, true);
	pdu_send(&p, bhs, pattern + 512, 512);
	pdu_expect(&p, &r, 0x21, "the command ends after the last Data-Out");
	is_sense(&r, 0x0b, 0x47, 0x05, "  protocol service CRC error");
	check(read_blocks(&p, 200, 2, back) == 0 && back[0] == 0, "  nothing was written");

	rw10(cdb, READ10, 0, 1);
	command(&p, bhs, FINAL | READ, 512, cdb);
	pdu_send_spoilt(&p, bhs, NULL, 0, SPOIL_HEADER_DIGEST);
	expect_closed(&p, "a bad header digest cuts the connection");
}

void run_digests(void)
{
	check(crc32c("123456789", 9) == 0xe3069283, "the test's own CRC32C: the check value");
	test_digest_io();
	test_bad_digests();
}

/* ---- R2T and bursts --------------------------------------------------------------- */

static void is_r2t(const struct pdu *r, uint32_t sn, uint32_t offset, uint32_t len)
{
	check(get32(r->bhs + 36) == sn && get32(r->bhs + 40) == offset && get32(r->bhs + 44) == len,
	      "R2T %u: %u bytes at %u", sn, len, offset);
}

static void answer_r2t(struct peer *p, const struct pdu *r)
{
	uint8_t bhs[48];
	uint32_t off = get32(r->bhs + 40), len = get32(r->bhs + 44), at = 0, sn = 0;
	uint32_t itt = get32(r->bhs + 16), ttt = get32(r->bhs + 20);

	/* In pieces of 300 bytes, so that padding and offsets are odd. */
	for (; at < len; sn++) {
		uint32_t n = len - at < 300 ? len - at : 300;
		data_out(bhs, itt, ttt, sn, off + at, at + n == len);
		pdu_send(p, bhs, pattern + off + at, n);
		at += n;
	}
}

static void test_r2t(void)
{
	struct peer p = session_open(31, KEYS("InitialR2T=Yes\0ImmediateData=No\0"
					      "MaxBurstLength=1024\0MaxOutstandingR2T=2\0"));
	struct pdu r, second;
	uint8_t bhs[48], cdb[16];

	settle(&p);
	make_pattern(3);
	rw10(cdb, WRITE10, 300, 7);
	command(&p, bhs, FINAL | WRITE, 3584, cdb);
	pdu_send(&p, bhs, NULL, 0);
	pdu_expect(&p, &r, 0x31, "R2T");
	is_r2t(&r, 0, 0, 1024);
	struct pdu first = r;
	pdu_expect(&p, &second, 0x31, "two at once");
	is_r2t(&second, 1, 1024, 1024);
	answer_r2t(&p, &first);
	pdu_expect(&p, &r, 0x31, "the third when the first is answered");
	is_r2t(&r, 2, 2048, 1024);
	answer_r2t(&p, &second);
	first = r;
	pdu_expect(&p, &r, 0x31, "the last");
	is_r2t(&r, 3, 3072, 512);
	answer_r2t(&p, &first);
	answer_r2t(&p, &r);
	pdu_expect(&p, &r, 0x21, "response");
	check_u32(r.bhs[3], 0, "  GOOD");
	holds(&p, 300, 7, "  and reads back");
	peer_close(&p);
}

/* Immediate, then unsolicited, then asked for: one write through all three. */
static void test_mixed(void)
{
	struct peer p = session_open(32, KEYS("InitialR2T=No\0ImmediateData=Yes\0"
					      "FirstBurstLength=2048\0MaxBurstLength=4096\0"));
	struct pdu r;
	uint8_t bhs[48], cdb[16];

	settle(&p);
	make_pattern(4);
	rw10(cdb, WRITE10, 400, 8);
	command(&p, bhs, WRITE, 4096, cdb);
	uint32_t itt = p.itt;
	pdu_send(&p, bhs, pattern, 512);
	data_out(bhs, itt, NO_TAG, 0, 512, false);
	pdu_send(&p, bhs, pattern + 512, 512);
	data_out(bhs, itt, NO_TAG, 1, 1024, true);
	pdu_send(&p, bhs, pattern + 1024, 1024);
	pdu_expect(&p, &r, 0x31, "R2T for the rest");
	is_r2t(&r, 0, 2048, 2048);
	answer_r2t(&p, &r);
	pdu_expect(&p, &r, 0x21, "response");
	holds(&p, 400, 8, "immediate, unsolicited and solicited data make one write");
	peer_close(&p);
}

static const struct wrong {
	const char *name;
	uint32_t datasn, offset;
	size_t len;
	bool final;
} wrongs[] = {
	{ "DataSN ahead", 1, 0, 1024, true },
	{ "DataSN -1", 0xffffffff, 0, 1024, true },
	{ "offset not due", 0, 512, 512, true },
	{ "offset beyond the buffer", 0, 0xfffffe00, 512, true },
	{ "more than asked for", 0, 0, 1536, true },
	{ "final too early", 0, 0, 512, true },
};

static void test_wrong_data(void)
{
	struct peer p = session_open(33, KEYS("InitialR2T=Yes\0ImmediateData=No\0"));
	struct pdu r;
	uint8_t bhs[48], cdb[16];

	settle(&p);
	for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
		const struct wrong *w = &wrongs[i];
		rw10(cdb, WRITE10, 500, 2);
		command(&p, bhs, FINAL | WRITE, 1024, cdb);
		pdu_send(&p, bhs, NULL, 0);
		if (!pdu_recv(&p, &r))
			break;
		data_out(bhs, p.itt, get32(r.bhs + 20), w->datasn, w->offset, w->final);
		pdu_send(&p, bhs, pattern, w->len);
		pdu_recv(&p, &r);
		is_sense(&r, 0x0b, 0x0c, 0x0d, w->name);
	}
	check(read_blocks(&p, 500, 2, back) == 0 && back[0] == 0 && back[1023] == 0,
	      "none of them wrote anything");
	peer_close(&p);

	/* The same for data nobody asked for; there the sequence ends with F alone. */
	p = session_open(33, KEYS("InitialR2T=No\0"));
	settle(&p);
	for (size_t i = 0; i < 5; i++) {
		const struct wrong *w = &wrongs[i];
		rw10(cdb, WRITE10, 500, 2);
		command(&p, bhs, WRITE, 1024, cdb);
		pdu_send(&p, bhs, NULL, 0);
		data_out(bhs, p.itt, NO_TAG, w->datasn, w->offset, w->final);
		pdu_send(&p, bhs, pattern, w->len);
		pdu_recv(&p, &r);
		is_sense(&r, 0x0b, 0x0c, 0x0d, w->name);
	}
	check(read_blocks(&p, 500, 2, back) == 0 && back[0] == 0 && back[1023] == 0,
	      "nor unsolicited");
	peer_close(&p);
}

/* Data-In in PDUs of 512 and bursts of 1024, status with the last; residuals. */
static void test_data_in(void)
{
	struct peer p = session_open(34, KEYS("MaxRecvDataSegmentLength=512\0"
					      "MaxBurstLength=1024\0"));
	struct pdu r;
	uint8_t bhs[48], cdb[16];

	settle(&p);
	rw10(cdb, READ10, 400, 5);
	command(&p, bhs, FINAL | READ, 4096, cdb);
	pdu_send(&p, bhs, NULL, 0);
	for (uint32_t i = 0; i < 5; i++) {
		if (!pdu_expect(&p, &r, 0x25, "Data-In"))
			return;
		check_u32(get32(r.bhs + 36), i, "  DataSN");
		check_u32(get32(r.bhs + 40), i * 512, "  offset");
		check_u32((uint32_t)r.len, 512, "  length");
		/* F ends a burst; with the last come S, underflow and the residual. */
		check_u32(r.bhs[1], i == 4 ? 0x83 : i % 2 ? 0x80 : 0, "  flags");
	}
	check_u32(get32(r.bhs + 44), 4096 - 5 * 512, "  residual");
	peer_close(&p);
}

void run_data(void)
{
	test_r2t();
	test_mixed();
	test_wrong_data();
	test_data_in();
}

/* ---- CmdSN ------------------------------------------------------------------------- */

static void test_order(void)
{
	static const uint8_t tur[16] = { TEST_UNIT_READY };
	struct peer p = session_open(41, KEYS(""));
	struct pdu r;
	uint8_t first[48], second[48], third[48], bhs[48];

	settle(&p);
	command(&p, first, FINAL, 0, tur);
	command(&p, second, FINAL, 0, tur);
	command(&p, third, FINAL, 0, tur);
	pdu_send(&p, third, NULL, 0);
	pdu_send(&p, second, NULL, 0);
	pdu_send(&p, second, NULL, 0);
	/* An immediate one passes them, and tells that none was taken. */
	uint8_t nop[48] = { 0x40, 0x80 };
	put32(nop + 16, 0x5000);
	put32(nop + 20, NO_TAG);
	put32(nop + 24, p.cmdsn);
	pdu_send(&p, nop, NULL, 0);
	pdu_expect(&p, &r, 0x20, "commands before their time wait");
	check_u32(p.exp_cmdsn, get32(first + 24), "  ExpCmdSN is the missing one");
	pdu_send(&p, first, NULL, 0);
	for (int i = 0; i < 3; i++) {
		pdu_expect(&p, &r, 0x21, "response");
		check_u32(get32(r.bhs + 16), get32((i == 0 ? first : i == 1 ? second : third) + 16),
			  "  in the order of CmdSN");
	}
	check_u32(p.exp_cmdsn, p.cmdsn, "the one sent twice counts once");

	command(&p, bhs, FINAL, 0, tur);
	uint32_t beyond = p.max_cmdsn + 1;
	put32(bhs + 24, beyond);
	pdu_send(&p, bhs, NULL, 0);
	put32(bhs + 24, p.exp_cmdsn - 1);
	pdu_send(&p, bhs, NULL, 0);
	put32(bhs + 24, p.exp_cmdsn);
	put32(bhs + 16, 0x6000);
	pdu_send(&p, bhs, NULL, 0);
	pdu_expect(&p, &r, 0x21, "past and beyond the window are ignored");
	check_u32(get32(r.bhs + 16), 0x6000, "  the due one is answered");
	p.cmdsn = p.exp_cmdsn;
	while ((int32_t)(p.cmdsn - beyond) < 2 && simple(&p, tur, &r) == 0)
		if (get32(r.bhs + 16) != p.itt)
			break;
	check(p.cmdsn == beyond + 2, "  and none of them later, when its number is due");
	peer_close(&p);
}

/* A window full of commands that are never answered, then closed; a reset opens it again. */
static void test_window(void)
{
	static const uint8_t tur[16] = { TEST_UNIT_READY };
	struct peer p = session_open(42, KEYS(""));
	struct pdu r;
	uint8_t bhs[48], cdb[16];

	settle(&p);
	uint32_t window = p.max_cmdsn - p.exp_cmdsn + 1;
	check(window >= 32, "room for %u commands", window);
	/* Writes that wait for their data stay open. */
	for (uint32_t i = 0; i < window; i++) {
		rw10(cdb, WRITE10, 0, 1);
		command(&p, bhs, FINAL | WRITE, 512, cdb);
		pdu_send(&p, bhs, NULL, 0);
		if (!pdu_recv(&p, &r) || r.bhs[0] != 0x31)
			break;
	}
	check_u32(r.bhs[0], 0x31, "each is asked for its data");
	check_u32(p.max_cmdsn, p.exp_cmdsn - 1, "the window is closed");
	uint8_t reset[48] = { 0x42, 0x80 | 5 };
	put32(reset + 16, 0x7000);
	put32(reset + 20, NO_TAG);
	put32(reset + 24, p.cmdsn);
	pdu_send(&p, reset, NULL, 0);
	pdu_expect(&p, &r, 0x22, "LUN RESET, immediate");
	check_u32(r.bhs[2], 0, "  is done");
	check_u32(p.max_cmdsn - p.exp_cmdsn + 1, window, "  and the window open");
	check(simple(&p, tur, &r) >= 0, "a command is answered again");
	peer_close(&p);
}

void run_order(void)
{
	test_order();
	test_window();
}
