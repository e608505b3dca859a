/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios of sessions: task management, the small PDUs, reinstatement, faults, silence. */
#include "pdu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { READ10 = 0x28, WRITE10 = 0x2a };

static int task(struct peer *p, uint8_t fn, uint32_t ref)
{
	uint8_t bhs[48] = { 0x42, (uint8_t)(0x80 | fn) };
	struct pdu r;
	put32(bhs + 16, ++p->itt);
	put32(bhs + 20, ref);
	put32(bhs + 24, p->cmdsn);
	pdu_send(p, bhs, NULL, 0);
	return pdu_recv(p, &r) && r.bhs[0] == 0x22 ? r.bhs[2] : -1;
}

void run_tasks(void)
{
	struct peer p = session_open(51, KEYS("ImmediateData=No\0"));
	struct peer q = session_open(52, KEYS("ImmediateData=No\0"));
	uint32_t ttt, itt, ttt2;
	uint8_t block[512];
	struct pdu r;

	settle(&p);
	settle(&q);
	itt = open_write(&p, 600, &ttt);
	check(task(&p, 1, itt) == 0, "ABORT TASK of a write that waits for data");
	check(task(&p, 1, itt) == 1, "  the second time it does not exist");
	send_block(&p, itt, ttt, 0x11);
	check(read_blocks(&p, 600, 1, block) == 0 && block[0] == 0, "  its late data goes nowhere");
	check(task(&p, 8, itt) == 4, "TASK REASSIGN is not supported");
	check(task(&p, 9, itt) == 255, "an unknown function is rejected");
	check(task(&p, 1, 0x12345) == 1, "ABORT TASK of no task");

	itt = open_write(&p, 601, &ttt);
	uint32_t itt2 = open_write(&q, 602, &ttt2);
	check(task(&p, 2, NO_TAG) == 0, "ABORT TASK SET");
	send_block(&q, itt2, ttt2, 0x22);
	check(pdu_recv(&q, &r) && r.bhs[0] == 0x21 && r.bhs[3] == 0, "  spares other sessions");
	check(task(&p, 1, itt) == 1, "  but not its own");

	itt2 = open_write(&q, 603, &ttt2);
	check(task(&p, 5, NO_TAG) == 0, "LUN RESET");
	send_block(&q, itt2, ttt2, 0x33);
	check(turn_ready(&q, &r) == 2, "  ends what others were sending, with a unit attention");
	settle(&q);
	check(read_blocks(&q, 603, 1, block) == 0 && block[0] == 0,
	      "  and nothing of it is written");

	check(task(&p, 7, NO_TAG) == 0, "TARGET COLD RESET");
	expect_closed(&p, "  closes the session that asked");
	expect_closed(&q, "  and the others");
}

/* ---- the small PDUs ------------------------------------------------------------------ */

static void test_nop(void)
{
	struct peer p = session_open(61, KEYS(""));
	struct pdu r;
	uint8_t bhs[48] = { 0x40, 0x80 };

	put32(bhs + 16, 0x77);
	put32(bhs + 20, NO_TAG);
	put32(bhs + 24, p.cmdsn);
	pdu_send(&p, bhs, "hello", 5);
	pdu_expect(&p, &r, 0x20, "NOP-Out is answered");
	check(r.len == 5 && !memcmp(r.data, "hello", 5), "  with its data");
	check_u32(get32(r.bhs + 20), NO_TAG, "  and no tag of the target's");
	uint32_t statsn = get32(r.bhs + 24);

	check(!strcmp(control("ping " TARGET), "ok 1"), "control: ping");
	pdu_expect(&p, &r, 0x20, "NOP-In unasked");
	check_u32(get32(r.bhs + 16), NO_TAG, "  without an initiator's tag");
	check_u32(get32(r.bhs + 24), statsn + 1, "  StatSN is the next");
	check(strstr(control("sessions"), "\"ping_out\":true"), "  it is waited for");
	memset(bhs, 0, sizeof bhs);
	bhs[0] = 0x40;
	bhs[1] = 0x80;
	put32(bhs + 16, NO_TAG);
	memcpy(bhs + 20, r.bhs + 20, 4);
	put32(bhs + 24, p.cmdsn);
	pdu_send(&p, bhs, NULL, 0);
	turn_ready(&p, &r);
	check_u32(get32(r.bhs + 24), statsn + 1, "  and was not used up by it");
	check(strstr(control("sessions"), "\"ping_out\":false"), "  the answer came");
	peer_close(&p);
}

static int text(struct peer *p, uint8_t flags, uint32_t ttt, const char *keys, size_t len,
		struct pdu *r)
{
	uint8_t bhs[48] = { 0x04, flags };
	put32(bhs + 16, 0x88);
	put32(bhs + 20, ttt);
	put32(bhs + 24, p->cmdsn++);
	pdu_send(p, bhs, keys, len ? len - 1 : 0);
	return pdu_recv(p, r) ? r->bhs[0] : -1;
}

static void test_discovery(void)
{
	struct peer p = peer_connect();
	struct pdu r;
	char all[16384];
	size_t n = 0, parts = 0;

	check(login_step(&p, 0x87, 62, KEYS("InitiatorName=" INITIATOR "\0SessionType=Discovery\0"
					    "MaxRecvDataSegmentLength=512\0"), &r) == 0,
	      "discovery");
	int op = text(&p, 0x80, NO_TAG, KEYS("SendTargets=All\0"), &r);
	for (; op == 0x24; parts++) {
		memcpy(all + n, r.data, r.len);
		n += r.len;
		if (r.bhs[1] & 0x80)
			break;
		check(r.len == 512 && r.bhs[1] == 0x40 && get32(r.bhs + 20) != NO_TAG,
		      "a full part, C, and a tag to fetch the rest");
		op = text(&p, 0x80, get32(r.bhs + 20), KEYS(""), &r);
	}
	check(op == 0x24 && parts >= 2, "all targets came in parts");
	r.data = (uint8_t *)all;
	r.len = n;
	size_t targets = 0;
	bool mine = false, others = false;
	for (size_t at = 0; at < n; at += strlen(all + at) + 1) {
		targets += !strncmp(all + at, "TargetName=", 11);
		mine |= !strcmp(all + at, "TargetName=" TARGET);
		others |= !strcmp(all + at, "TargetName=iqn.2026-01.org.xmover:others");
	}
	check(mine && targets >= 10, "%zu targets, ours among them", targets);
	check(!others, "not one that does not admit us");
	check(!strncmp(find_key(&r, "TargetAddress"), "127.0.0.1:", 10),
	      "with the portal we came to");

	static const uint8_t tur[16] = { 0 };
	uint8_t bhs[48];
	command(&p, bhs, FINAL, 0, tur);
	pdu_send(&p, bhs, NULL, 0);
	pdu_expect(&p, &r, 0x3f, "a SCSI command in a discovery session");
	check_u32(r.bhs[2], 0x05, "  command not supported");
	peer_close(&p);
}

static void test_text(void)
{
	struct peer p = session_open(63, KEYS(""));
	struct pdu r;

	check(text(&p, 0x80, NO_TAG, KEYS("SendTargets=\0"), &r) == 0x24, "SendTargets of our own");
	check(!strcmp(find_key(&r, "TargetName"), TARGET), "  names this target");
	text(&p, 0x80, NO_TAG, KEYS("SendTargets=All\0MaxBurstLength=512\0Odd=1\0"), &r);
	check(!strcmp(find_key(&r, "SendTargets"), "Reject"), "All is for discovery sessions");
	check(!strcmp(find_key(&r, "MaxBurstLength"), "Reject"), "a login key now: Reject");
	check(!strcmp(find_key(&r, "Odd"), "NotUnderstood"), "an unknown one: NotUnderstood");
	text(&p, 0x40, NO_TAG, KEYS("SendTarg"), &r);
	check(r.bhs[0] == 0x24 && !(r.bhs[1] & 0x80), "a request in parts");
	text(&p, 0x80, get32(r.bhs + 20), KEYS("ets=\0"), &r);
	check(!strcmp(find_key(&r, "TargetName"), TARGET), "  is put together");
	text(&p, 0x80, 0x999, KEYS("SendTargets=\0"), &r);
	check(r.bhs[0] == 0x3f && r.bhs[2] == 0x09, "a tag of nobody's: Reject");
	peer_close(&p);
}

static void test_logout(void)
{
	struct peer p = session_open(64, KEYS("DefaultTime2Wait=5\0"));
	struct pdu r;
	uint8_t bhs[48] = { 0x46, 0x80 | 2 };

	put32(bhs + 16, 0x99);
	put32(bhs + 24, p.cmdsn);
	pdu_send(&p, bhs, NULL, 0);
	pdu_expect(&p, &r, 0x26, "logout for recovery");
	check_u32(r.bhs[2], 2, "  is not supported");
	bhs[1] = 0x80 | 1;
	put16(bhs + 20, 5);
	pdu_send(&p, bhs, NULL, 0);
	pdu_expect(&p, &r, 0x26, "logout of another connection");
	check_u32(r.bhs[2], 1, "  which there is not");
	bhs[1] = 0x80;
	pdu_send(&p, bhs, NULL, 0);
	pdu_expect(&p, &r, 0x26, "logout of the session");
	check_u32(r.bhs[2], 0, "  done");
	check_u32(get16(r.bhs + 40), 5, "  Time2Wait as agreed");
	expect_closed(&p, "  and closed");
}

static void test_async(void)
{
	static const struct { const char *word; uint8_t event; bool closes; } events[] = {
		{ "logout", 1, false }, { "renegotiate", 4, false },
		{ "drop-connection", 2, true }, { "drop-session", 3, true },
	};
	struct pdu r;
	struct peer p = session_open(65, KEYS(""));

	check(!strcmp(control("async scsi " TARGET " 6 2a 9"), "ok 1"), "control: async scsi");
	pdu_expect(&p, &r, 0x32, "SCSI asynchronous event");
	check(r.bhs[36] == 0 && r.len == 20 && get16(r.data) == 18 && r.data[4] == 6 &&
	      r.data[14] == 0x2a && r.data[15] == 9, "  with its sense");
	for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
		if (p.fd < 0)
			p = session_open(65, KEYS(""));
		check(!strcmp(control("async %s " TARGET, events[i].word), "ok 1"),
		      "control: async %s", events[i].word);
		pdu_expect(&p, &r, 0x32, "asynchronous message");
		check_u32(r.bhs[36], events[i].event, "  its event");
		if (events[i].closes)
			expect_closed(&p, "  and closed");
	}
	p = session_open(65, KEYS(""));
	check(!strcmp(control("cut " TARGET " " INITIATOR), "ok 1"), "control: cut");
	expect_closed(&p, "  without a word");
	check(!strncmp(control("cut iqn.no.such"), "error: ", 7), "cut of no target is an error");
}

void run_misc(void)
{
	test_nop();
	test_discovery();
	test_text();
	test_logout();
	test_async();
}

/* ---- reinstatement ------------------------------------------------------------------------ */

/* A write held back in the array by a rule, and its session cut. */
static void slow_write(uint64_t isid, uint32_t lba, bool cut)
{
	static uint8_t block[512];
	uint8_t bhs[48], cdb[16];
	char isid_text[32];
	struct pdu r;
	struct peer p = session_open(isid, KEYS(""));

	settle(&p);
	memset(block, 0x5a, sizeof block);
	rw10(cdb, WRITE10, lba, 1);
	command(&p, bhs, FINAL | WRITE, 512, cdb);
	pdu_send(&p, bhs, block, sizeof block);
	uint8_t nop[48] = { 0x40, 0x80 };
	put32(nop + 16, 0x77);
	put32(nop + 20, NO_TAG);
	put32(nop + 24, p.cmdsn);
	pdu_send(&p, nop, NULL, 0);
	check(pdu_recv(&p, &r) && (r.bhs[0] & 0x3f) == 0x20, "the slow write is in the array");
	if (!cut)
		return;          /* the connection stays, as of a client that hangs */
	peer_close(&p);
	snprintf(isid_text, sizeof isid_text, "\"isid\":\"%012llx\"", (unsigned long long)isid);
	check(await_sessions(isid_text, false), "its session is gone");
}

static void test_hold(bool cut, uint32_t lba)
{
	struct peer other = session_open(81, KEYS("")), p;
	struct pdu r;
	uint8_t block[512] = { 0 };

	settle(&other);
	check(!strncmp(control("fault add op=2a lba=%u action=delay ms=2000", lba), "ok", 2),
	      "control: a write that takes 2 s");
	slow_write(82, lba, cut);
	p = peer_connect();
	login_send(&p, 0x87, 82, KEYS(NAMES));
	check(await_sessions("\"held\"", true), "the login is held");
	check(read_blocks(&other, lba, 1, block) == 0 && block[0] == 0,
	      "another ISID is not: nothing is written yet");
	check(pdu_recv(&p, &r) && r.bhs[0] == 0x23 && get16(r.bhs + 36) == 0,
	      "the login completes");
	check(read_blocks(&other, lba, 1, block) == 0 && block[0] == 0x5a && block[511] == 0x5a,
	      "the old write was through before");
	control("fault del all");
	peer_close(&p);
	peer_close(&other);
}

void run_reinstatement(void)
{
	struct peer a = session_open(83, KEYS("")), b;
	struct pdu r;

	settle(&a);
	b = session_open(83, KEYS(""));
	expect_closed(&a, "the same ISID again: the old session is closed");
	check(turn_ready(&b, &r) >= 0, "  the new one works");
	a = session_open(84, KEYS(""));
	settle(&a);
	check(turn_ready(&b, &r) >= 0 && turn_ready(&a, &r) >= 0, "another ISID: both live");
	peer_close(&a);
	peer_close(&b);
	test_hold(true, 700);
	test_hold(false, 701);

	/* One that gives up while held leaves nothing behind. */
	control("fault add op=2a lba=702 action=delay ms=1000");
	slow_write(85, 702, true);
	a = peer_connect();
	login_send(&a, 0x87, 85, KEYS(NAMES));
	check(await_sessions("\"held\"", true), "a held login");
	peer_close(&a);
	check(await_sessions("\"held\"", false), "  is forgotten when its peer goes");
	control("fault del all");
}

/* ---- what rules and silence do to a connection ---------------------------------------------- */

void run_faults(void)
{
	struct peer p = session_open(91, KEYS(""));
	uint8_t block[512], bhs[48], cdb[16];
	struct pdu r;

	settle(&p);
	check(!strncmp(control("fault add op=28 lba=900 action=drop"), "ok", 2), "rule: drop");
	check(read_blocks(&p, 900, 1, block) == -1, "the connection is cut instead of an answer");
	peer_close(&p);

	p = session_open(91, KEYS(""));
	settle(&p);
	check(!strncmp(control("fault add op=28 lba=901 action=never"), "ok", 2), "rule: never");
	rw10(cdb, READ10, 901, 1);
	command(&p, bhs, FINAL | READ, 512, cdb);
	uint32_t itt = p.itt;
	pdu_send(&p, bhs, NULL, 0);
	check(turn_ready(&p, &r) == 0, "the command after it is the next answered");
	check(task(&p, 1, itt) == 0, "and it can be aborted");
	control("fault del all");
	peer_close(&p);
}

void run_idle(void)
{
	struct peer p = session_open(92, KEYS("")), q = session_open(93, KEYS(""));
	uint8_t bhs[48] = { 0x40, 0x80 };
	struct pdu r;

	/* Long enough that the other one, which says nothing, is given up meanwhile. */
	for (int i = 0; i < 8; i++) {
		pdu_expect(&q, &r, 0x20, "a silent session is pinged");
		put32(bhs + 16, NO_TAG);
		memcpy(bhs + 20, r.bhs + 20, 4);
		put32(bhs + 24, q.cmdsn);
		pdu_send(&q, bhs, NULL, 0);
	}
	pdu_expect(&p, &r, 0x20, "so is the other");
	expect_closed(&p, "which does not answer, and is dropped");
	int status = turn_ready(&q, &r);
	while (status == -2 && (r.bhs[0] & 0x3f) == 0x20)
		status = pdu_recv(&q, &r) && r.bhs[0] == 0x21 ? r.bhs[3] : -2;
	check(status >= 0, "the one that answers is not");
	peer_close(&q);
}
