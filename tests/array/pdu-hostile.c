/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios of hostile bytes: what is refused, what cuts, and that nothing grows without bound. */
#include "pdu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum { READ10 = 0x28, WRITE10 = 0x2a };

static void expect_reject(struct peer *p, uint8_t reason, const char *name)
{
	struct pdu r;
	if (pdu_expect(p, &r, 0x3f, name))
		check_u32(r.bhs[2], reason, "  the reason");
}

static void test_rejects(void)
{
	struct peer p = session_open(71, KEYS(""));
	static const uint8_t tur[16] = { 0 };
	uint8_t bhs[48], ahs[64] = { 0 };
	struct pdu r;

	settle(&p);
	memset(bhs, 0, sizeof bhs);
	bhs[0] = 0x10;
	bhs[1] = 0x80;
	pdu_send(&p, bhs, NULL, 0);
	expect_reject(&p, 0x03, "SNACK");
	bhs[0] = 0x1c;
	pdu_send(&p, bhs, "data", 4);
	expect_reject(&p, 0x05, "a vendor's opcode");
	command(&p, bhs, FINAL, 0, tur);
	put32(bhs + 16, NO_TAG);
	pdu_send(&p, bhs, NULL, 0);
	expect_reject(&p, 0x09, "the reserved tag");
	p.cmdsn--;
	command(&p, bhs, FINAL | READ, 512, tur);
	pdu_send(&p, bhs, "data", 4);
	expect_reject(&p, 0x09, "immediate data of a read");
	p.cmdsn--;
	command(&p, bhs, FINAL, 0, tur);
	put16(ahs, 40);          /* longer than what is there */
	ahs[2] = 1;
	pdu_send_ahs(&p, bhs, ahs, 16, NULL, 0);
	expect_reject(&p, 0x09, "an AHS that ends outside");
	p.cmdsn--;
	memset(ahs, 0, sizeof ahs);
	command(&p, bhs, FINAL, 0, tur);
	pdu_send_ahs(&p, bhs, ahs, 4, NULL, 0);
	expect_reject(&p, 0x09, "an AHS without type");
	p.cmdsn--;

	/* 16 more bytes of CDB are taken: the opcode decides; 17 are too many. */
	static const uint8_t long_cdb[16] = { 0x7f, [7] = 24, [8] = 0xff, [9] = 0xff };
	put16(ahs, 17);
	ahs[2] = 1;
	command(&p, bhs, FINAL, 0, long_cdb);
	pdu_send_ahs(&p, bhs, ahs, 20, NULL, 0);
	check(pdu_recv(&p, &r) && r.bhs[0] == 0x21 && r.bhs[3] == 2 && r.data[14] == 0x20,
	      "a CDB of 32 bytes gets to the core: 20/00");
	put16(ahs, 18);
	command(&p, bhs, FINAL, 0, long_cdb);
	pdu_send_ahs(&p, bhs, ahs, 24, NULL, 0);
	check(pdu_recv(&p, &r) && r.bhs[0] == 0x21 && r.bhs[3] == 2 && r.data[14] == 0x24,
	      "one of 33 does not: 24/00");
	command(&p, bhs, FINAL | READ | WRITE, 512, tur);
	pdu_send(&p, bhs, NULL, 0);
	while (pdu_recv(&p, &r) && r.bhs[0] == 0x31)
		send_block(&p, p.itt, get32(r.bhs + 20), 0);
	check(r.bhs[0] == 0x21 && r.bhs[3] == 2 && r.data[14] == 0x24, "bidirectional: 24/00");
	check(turn_ready(&p, &r) == 0, "after all of it the session lives");
	peer_close(&p);
}

static void test_cuts(void)
{
	struct peer p;
	struct pdu r;
	uint8_t bhs[48], cdb[16], zeros[4096] = { 0 };

	p = peer_connect();
	static const char http[] = "GET /index.html HTTP/1.0\r\nHost: nobody at all here\r\n\r\n";
	raw_send(&p, http, sizeof http - 1);
	expect_closed(&p, "no iSCSI at all");
	p = peer_connect();
	memset(bhs, 0, sizeof bhs);
	bhs[0] = 0x43;
	bhs[5] = 0xff;
	raw_send(&p, bhs, 48);
	expect_closed(&p, "a login with 16 MB of text");
	p = peer_connect();
	rw10(cdb, READ10, 0, 1);
	command(&p, bhs, FINAL | READ, 512, cdb);
	pdu_send(&p, bhs, NULL, 0);
	expect_closed(&p, "a command before the login");

	p = session_open(72, KEYS(""));
	rw10(cdb, WRITE10, 0, 1);
	command(&p, bhs, FINAL | WRITE, 512, cdb);
	bhs[5] = 0xff;
	raw_send(&p, bhs, 48);
	expect_closed(&p, "a data segment longer than we take");
	p = session_open(72, KEYS("ImmediateData=No\0"));
	command(&p, bhs, FINAL | WRITE, 512, cdb);
	pdu_send(&p, bhs, zeros, 512);
	expect_reject(&p, 0x04, "immediate data where none was agreed");
	expect_closed(&p, "  and closed");
	p = session_open(72, KEYS("FirstBurstLength=512\0"));
	command(&p, bhs, FINAL | WRITE, 4096, cdb);
	pdu_send(&p, bhs, zeros, 1024);
	expect_reject(&p, 0x04, "immediate data over FirstBurstLength");
	expect_closed(&p, "  and closed");
	p = session_open(72, KEYS(""));
	command(&p, bhs, FINAL | WRITE, 512, cdb);
	pdu_send(&p, bhs, zeros, 1024);
	expect_reject(&p, 0x04, "immediate data over the expected length");
	expect_closed(&p, "  and closed");
	p = session_open(72, KEYS(""));
	login_send(&p, 0x87, 72, KEYS(NAMES));
	expect_reject(&p, 0x04, "a login inside a session");
	expect_closed(&p, "  and closed");

	/* Half a PDU and gone, at every length of a header. */
	for (size_t n = 1; n < 48; n++) {
		p = peer_connect();
		raw_send(&p, zeros, n);
		peer_close(&p);
	}
	p = session_open(72, KEYS(""));
	settle(&p);
	check(turn_ready(&p, &r) == 0, "the array answers as ever");
	peer_close(&p);
}

static long resident_kib(void)
{
	const char *pid = getenv("ARRAY_PID");
	char path[64], line[256];
	long kib = -1;
	snprintf(path, sizeof path, "/proc/%s/status", pid ? pid : "self");
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

/* One CmdSN that is not due, 1000 times with 64 KiB: kept once. */
static void test_repeats(void)
{
	static uint8_t data[65536];
	struct peer p = session_open(77, KEYS(""));
	uint8_t bhs[48], cdb[16];
	struct pdu r;

	settle(&p);
	long before = resident_kib();
	rw10(cdb, WRITE10, 0, 128);
	p.cmdsn++;
	command(&p, bhs, FINAL | WRITE, sizeof data, cdb);
	for (int i = 0; i < 1000; i++)
		pdu_send(&p, bhs, data, sizeof data);
	uint8_t nop[48] = { 0x40, 0x80 };
	put32(nop + 16, 0x77);
	put32(nop + 20, NO_TAG);
	pdu_send(&p, nop, NULL, 0);
	pdu_expect(&p, &r, 0x20, "the same early command 1000 times");
	long grown = resident_kib() - before;
	check(grown < 32 * 1024, "  takes room once: %ld KiB", grown);
	peer_close(&p);
}

/* NOPs whose answers nobody fetches: sooner or later the array takes no more of them. */
static void test_unread_nops(void)
{
	struct peer p = session_open(78, KEYS("")), q = session_open(79, KEYS(""));
	uint8_t nop[48] = { 0x40, 0x80 };
	struct pdu r;
	long before = resident_kib(), sent = 0;
	bool stuck = false;

	put32(nop + 16, 0x77);
	put32(nop + 20, NO_TAG);
	/* Where the kernel lets a socket grow to 32 MiB, what only lies there is bounded here. */
	int room = 64 * 1024;
	setsockopt(p.fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	setsockopt(p.fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	while (sent < 2000000 && !stuck) {
		if (send(p.fd, nop, sizeof nop, MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof nop) {
			sent++;
			continue;
		}
		/* Full: has it stopped, or did it only not get its turn? */
		for (int i = 0; i < 20; i++)
			turn_ready(&q, &r);
		stuck = send(p.fd, nop, sizeof nop, MSG_DONTWAIT | MSG_NOSIGNAL) != sizeof nop;
	}
	check(stuck, "unfetched answers to NOPs: the array stops reading (after %ld)", sent);
	long grown = resident_kib() - before;
	check(grown < 64 * 1024, "  and has grown by %ld KiB", grown);
	peer_close(&p);
	peer_close(&q);
}

/* 100 reads of 4 MiB whose answers nobody fetches must not become 400 MiB in the array. */
static void test_back_pressure(void)
{
	struct peer p = session_open(73, KEYS("MaxRecvDataSegmentLength=1048576\0"));
	uint8_t bhs[48], cdb[16];
	struct pdu r;
	unsigned good = 0;

	settle(&p);
	long before = resident_kib();
	for (int i = 0; i < 100; i++) {
		rw10(cdb, READ10, 0, 8192);
		command(&p, bhs, FINAL | READ, 8192 * 512, cdb);
		pdu_send(&p, bhs, NULL, 0);
	}
	/* Any answer on another session says that the array had its turn. */
	struct peer q = session_open(74, KEYS(""));
	for (int i = 0; i < 50; i++)
		turn_ready(&q, &r);
	long grown = resident_kib() - before;
	check(grown < 160 * 1024, "100 unfetched reads of 4 MiB: the array grew by %ld KiB", grown);
	while (good < 100 && pdu_recv(&p, &r))
		good += r.bhs[0] == 0x25 && r.bhs[1] & 1 && r.bhs[3] == 0;
	check_u32(good, 100, "and all are answered when fetched");
	peer_close(&p);
	peer_close(&q);
}

/* More connections than the array takes: the last ones are closed, nobody else is harmed. */
static void test_many(void)
{
	enum { MANY = 1100 };
	static struct peer crowd[MANY];
	struct rlimit files = { 4096, 4096 };
	struct peer p = session_open(75, KEYS(""));
	struct pdu r;
	char byte;
	unsigned closed = 0;

	settle(&p);
	if (setrlimit(RLIMIT_NOFILE, &files))
		return check(false, "room for %d sockets", MANY);
	for (int i = 0; i < MANY; i++)
		crowd[i] = peer_connect();
	check(turn_ready(&p, &r) == 0, "%d more connections: a session goes on", MANY);
	check(recv(crowd[MANY - 1].fd, &byte, 1, 0) == 0, "the last of them is closed");
	for (int i = 0; i < MANY; i++) {
		closed += recv(crowd[i].fd, &byte, 1, MSG_DONTWAIT) == 0;
		peer_close(&crowd[i]);
	}
	check(closed >= MANY - 1024 && closed < MANY, "%u of them are", closed);
	check(await_sessions("\"login\"", false), "the others end with their peers");
	struct peer q = session_open(76, KEYS(""));
	check(turn_ready(&q, &r) >= 0, "and there is room again");
	peer_close(&q);
	peer_close(&p);
}

void run_hostile(void)
{
	test_many();
	test_rejects();
	test_cuts();
	test_repeats();
	test_unread_nops();
	test_back_pressure();
}
