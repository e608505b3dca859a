/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios of the login phase: stages, keys, refusals. */
#include "pdu.h"

#include <stdio.h>
#include <string.h>

/* ---- refusals: one login request each, and the status it must get ------------- */

static const struct refusal {
	const char *name;
	uint8_t flags;
	const char *text;
	size_t len;
	int status;
} refusals[] = {
	{ "no InitiatorName", T_OP_FULL, KEYS("TargetName=" TARGET "\0"), 0x0207 },
	{ "no TargetName", T_OP_FULL, KEYS("InitiatorName=" INITIATOR "\0"), 0x0207 },
	{ "unknown target", T_OP_FULL,
	  KEYS("InitiatorName=" INITIATOR "\0TargetName=iqn.2026-01.no:such\0"), 0x0203 },
	{ "initiator not allowed", T_OP_FULL,
	  KEYS("InitiatorName=" INITIATOR "\0TargetName=iqn.2026-01.org.xmover:others\0"), 0x0202 },
	{ "unknown session type", T_OP_FULL, KEYS(NAMES "SessionType=Odd\0"), 0x0209 },
	{ "a key twice", T_OP_FULL,
	  KEYS(NAMES "MaxBurstLength=4096\0MaxBurstLength=8192\0"), 0x0200 },
	{ "a late key twice", T_OP_FULL,
	  KEYS(NAMES "FirstBurstLength=4096\0FirstBurstLength=8192\0"), 0x0200 },
	{ "a pair without =", T_OP_FULL, KEYS(NAMES "Nonsense\0"), 0x0200 },
	{ "a key that starts with =", T_OP_FULL, KEYS(NAMES "=x\0"), 0x0200 },
	{ "a key of 64 characters", T_OP_FULL,
	  KEYS(NAMES "X2345678901234567890123456789012345678901234567890123456789012345=1\0"),
	  0x0200 },
	{ "an initiator name with a blank", T_OP_FULL,
	  KEYS("InitiatorName=iqn x\0TargetName=" TARGET "\0"), 0x0200 },
	{ "next stage not after the current", 0x84, KEYS(NAMES), 0x0200 },
	{ "next stage reserved", 0x86, KEYS(NAMES), 0x0200 },
	{ "current stage reserved", 0x8b, KEYS(NAMES), 0x0200 },
	{ "T and C together", 0xc7, KEYS(NAMES), 0x0200 },
	{ "CHAP alone where none is configured", SEC, KEYS(NAMES "AuthMethod=CHAP\0"), 0x0201 },
	{ "operational stage where CHAP is required", T_OP_FULL,
	  KEYS("InitiatorName=" INITIATOR "\0TargetName=iqn.2026-01.org.xmover:chap\0"), 0x0201 },
	{ "AuthMethod=None where CHAP is required", T_SEC_OP,
	  KEYS("InitiatorName=" INITIATOR "\0TargetName=iqn.2026-01.org.xmover:chap\0"
	       "AuthMethod=None\0"), 0x0201 },
	{ "no AuthMethod where CHAP is required", T_SEC_FULL,
	  KEYS("InitiatorName=" INITIATOR "\0TargetName=iqn.2026-01.org.xmover:chap\0"), 0x0201 },
};

static void test_refusals(void)
{
	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
		const struct refusal *x = &refusals[i];
		struct peer p = peer_connect();
		struct pdu r;
		int got = login_step(&p, x->flags, 1, x->text, x->len, &r);
		check(got == x->status, "refused: %s", x->name);
		if (got != x->status)
			printf("# got %04x, want %04x\n", got, x->status);
		expect_closed(&p, "  and the connection is closed");
	}
}

static void test_fields(void)
{
	struct pdu r;
	struct peer p = peer_connect();
	uint8_t bhs[48] = { 0x43, T_OP_FULL, 3, 1 };
	pdu_send(&p, bhs, NAMES, sizeof NAMES - 1);
	check(pdu_recv(&p, &r) && get16(r.bhs + 36) == 0x0205, "a version we do not speak: 0205");
	peer_close(&p);

	p = peer_connect();
	memset(bhs, 0, sizeof bhs);
	bhs[0] = 0x43;
	bhs[1] = T_OP_FULL;
	put16(bhs + 14, 0x1234);
	pdu_send(&p, bhs, NAMES, sizeof NAMES - 1);
	check(pdu_recv(&p, &r) && get16(r.bhs + 36) == 0x020a, "a TSIH that does not live: 020a");
	peer_close(&p);

	/* The ISID must not change from request to request. */
	p = peer_connect();
	check(login_step(&p, T_SEC_OP, 5, KEYS(NAMES "AuthMethod=None\0"), &r) == 0, "first stage");
	check(login_step(&p, T_OP_FULL, 6, KEYS(""), &r) == 0x0200, "another ISID then: 0200");
	peer_close(&p);
}

static void test_too_many(void)
{
	struct peer a = session_open(0x77, KEYS("")), b = peer_connect();
	struct pdu r;
	uint8_t bhs[48] = { 0x43, T_OP_FULL };

	/* The TSIH of the first session, told in its login: ask for it again. */
	peer_close(&a);
	a = peer_connect();
	check(login_step(&a, T_OP_FULL, 0x77, KEYS(NAMES), &r) == 0, "a session");
	put16(bhs + 8, 0);
	put32(bhs + 10, 0x77);
	put16(bhs + 14, get16(r.bhs + 14));
	check(get16(r.bhs + 14) != 0, "has a TSIH");
	pdu_send(&b, bhs, NAMES, sizeof NAMES - 1);
	check(pdu_recv(&b, &r) && get16(r.bhs + 36) == 0x0206,
	      "a second connection for it: 0206");
	peer_close(&a);
	peer_close(&b);
}

/* ---- keys ------------------------------------------------------------------------ */

static void test_keys(void)
{
	struct peer p = peer_connect();
	struct pdu r;
	int status = login_step(&p, T_OP_FULL, 2,
		KEYS(NAMES "HeaderDigest=Odd,None,CRC32C\0DataDigest=CRC32C,None\0"
		     "FirstBurstLength=16777215\0MaxBurstLength=65536\0"
		     "MaxRecvDataSegmentLength=4096\0InitialR2T=No\0ImmediateData=Yes\0"
		     "MaxConnections=8\0MaxOutstandingR2T=65535\0DefaultTime2Wait=3\0"
		     "DefaultTime2Retain=60\0DataPDUInOrder=No\0DataSequenceInOrder=No\0"
		     "ErrorRecoveryLevel=2\0IFMarker=Yes\0TaskReporting=FastAbort\0"
		     "iSCSIProtocolLevel=2\0X-org.example.Key=1\0Unheard=2\0"
		     "InitiatorAlias=somebody\0"), &r);

	check_u32((uint32_t)status, 0, "login with every key");
	is_key(&r, "HeaderDigest", "None");
	is_key(&r, "DataDigest", "CRC32C");
	is_key(&r, "MaxBurstLength", "65536");
	is_key(&r, "FirstBurstLength", "65536");
	is_key(&r, "InitialR2T", "No");
	is_key(&r, "ImmediateData", "Yes");
	is_key(&r, "MaxConnections", "1");
	is_key(&r, "DefaultTime2Wait", "3");
	is_key(&r, "DataPDUInOrder", "Yes");
	is_key(&r, "DataSequenceInOrder", "Yes");
	is_key(&r, "ErrorRecoveryLevel", "0");
	is_key(&r, "IFMarker", "No");
	is_key(&r, "TaskReporting", "Reject");
	is_key(&r, "X-org.example.Key", "NotUnderstood");
	is_key(&r, "Unheard", "NotUnderstood");
	is_key(&r, "InitiatorAlias", "(absent)");
	is_key(&r, "TargetPortalGroupTag", "1");
	is_key(&r, "MaxRecvDataSegmentLength", "262144");
	peer_close(&p);

	p = peer_connect();
	status = login_step(&p, T_OP_FULL, 2,
		KEYS(NAMES "MaxBurstLength=511\0FirstBurstLength=12x\0InitialR2T=Maybe\0"
		     "MaxRecvDataSegmentLength=16777216\0HeaderDigest=MD5\0SendTargets=All\0"
		     "DefaultTime2Wait=0x0f\0"), &r);
	check_u32((uint32_t)status, 0, "login with values out of range");
	is_key(&r, "MaxBurstLength", "Reject");
	is_key(&r, "FirstBurstLength", "Reject");
	is_key(&r, "InitialR2T", "Reject");
	is_key(&r, "HeaderDigest", "Reject");
	is_key(&r, "DefaultTime2Wait", "15");
	peer_close(&p);
}

/* Names over several PDUs with the C bit, then two stages. */
static void test_stages(void)
{
	struct peer p = peer_connect();
	struct pdu r;

	check(login_step(&p, SEC | MORE, 3, KEYS("InitiatorName=iqn.2026-01.org.xm"), &r) == 0,
	      "first part");
	check_u32(r.bhs[1], 0, "  answered without flags");
	check_u32((uint32_t)r.len, 0, "  and empty");
	check(login_step(&p, SEC | MORE, 3, KEYS("over:pdu\0TargetN"), &r) == 0, "second part");
	check(login_step(&p, T_SEC_OP, 3, KEYS("ame=" TARGET "\0AuthMethod=CHAP,None\0"), &r) == 0,
	      "last part");
	check_u32(r.bhs[1], T_SEC_OP, "  moves to the operational stage");
	is_key(&r, "AuthMethod", "None");
	check_u32(get16(r.bhs + 14), 0, "  TSIH is still 0");
	check(login_step(&p, OP, 3, KEYS("MaxBurstLength=4096\0"), &r) == 0, "keys without T");
	check_u32(r.bhs[1], OP, "  stay in the stage");
	check(login_step(&p, T_OP_FULL, 3, KEYS(""), &r) == 0, "T alone");
	check_u32(r.bhs[1], T_OP_FULL, "  full feature");
	check(get16(r.bhs + 14) != 0, "  with a TSIH");
	peer_close(&p);
}

/* The answer is longer than one login PDU may be: C bit the other way. */
static void test_long_answer(void)
{
	static char text[8192];
	struct peer p = peer_connect();
	struct pdu r;
	size_t len = sizeof NAMES - 1, total = 0, parts = 0;

	memcpy(text, NAMES, len);
	for (int i = 0; len + 16 < 8000; i++)
		len += (size_t)sprintf(text + len, "Xa%d=1", i) + 1;
	int status = login_step(&p, T_OP_FULL, 4, text, len + 1, &r);
	while (status == 0 && r.bhs[1] & MORE) {
		parts++;
		total += r.len;
		check(!(r.bhs[1] & 0x80), "no T while more is to come");
		status = login_step(&p, T_OP_FULL, 4, KEYS(""), &r);
	}
	check(status == 0 && r.bhs[1] == T_OP_FULL && parts >= 1 && total >= 8192,
	      "a long answer comes in parts, then full feature");
	peer_close(&p);
}

static void test_forced(void)
{
	struct peer p = peer_connect();
	struct pdu r;

	check(!strcmp(control("login " TARGET " busy times=1"), "ok"), "control: login busy once");
	check(login_step(&p, T_OP_FULL, 9, KEYS(NAMES), &r) == 0x0301, "service unavailable");
	peer_close(&p);
	check(!strcmp(control("login " TARGET " moved 192.0.2.1:3260"), "ok"), "control: moved");
	p = peer_connect();
	check(login_step(&p, T_OP_FULL, 9, KEYS(NAMES), &r) == 0x0101, "moved temporarily");
	is_key(&r, "TargetAddress", "192.0.2.1:3260");
	peer_close(&p);
	check(!strcmp(control("login " TARGET " ok"), "ok"), "control: login ok");
	p = session_open(9, KEYS(""));
	peer_close(&p);
}

void run_login(void)
{
	test_refusals();
	test_fields();
	test_too_many();
	test_keys();
	test_stages();
	test_long_answer();
	test_forced();
}
