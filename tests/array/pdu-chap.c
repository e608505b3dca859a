/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios of CHAP.  Hashes are libgcrypt's, but for one vector computed elsewhere. */
#include "pdu.h"

#include <gcrypt.h>
#include <stdio.h>
#include <string.h>

#define CHAP_NAMES "InitiatorName=" INITIATOR "\0TargetName=iqn.2026-01.org.xmover:chap\0"
#define SECRET "twelve-bytes"
#define MUTUAL_VECTOR "054acb461588580afc97281eaa22bf09"

static unsigned from_hex(const char *s, uint8_t *ret)
{
	unsigned n = 0, v;
	for (s += 2; sscanf(s, "%2x", &v) == 1; s += 2)
		ret[n++] = (uint8_t)v;
	return n;
}

/* The hash of id, secret and challenge, as 0x hexadecimal. */
static void chap_hash(int gcry, unsigned id, const char *challenge, const char *secret, char *ret)
{
	uint8_t in[512], out[64];
	size_t n = 0, len = gcry_md_get_algo_dlen(gcry);
	in[n++] = (uint8_t)id;
	memcpy(in + n, secret, strlen(secret));
	n += strlen(secret);
	n += from_hex(challenge, in + n);
	gcry_md_hash_buffer(gcry, out, in, n);
	ret += sprintf(ret, "0x");
	for (size_t i = 0; i < len; i++)
		ret += sprintf(ret, "%02x", out[i]);
}

struct challenge {
	struct peer p;
	unsigned id;
	char text[256];
};

static struct challenge chap_begin(const char *algorithms, const char *chosen)
{
	struct challenge c = { .p = peer_connect() };
	struct pdu r;
	char text[64];

	check(login_step(&c.p, SEC, 11, KEYS(CHAP_NAMES "AuthMethod=None,CHAP\0"), &r) == 0,
	      "CHAP offered");
	is_key(&r, "AuthMethod", "CHAP");
	int n = snprintf(text, sizeof text, "CHAP_A=%s", algorithms);
	check(login_step(&c.p, SEC, 11, text, (size_t)n + 2, &r) == 0, "algorithms %s", algorithms);
	is_key(&r, "CHAP_A", chosen);
	sscanf(find_key(&r, "CHAP_I"), "%u", &c.id);
	snprintf(c.text, sizeof c.text, "%s", find_key(&r, "CHAP_C"));
	check(strlen(c.text) >= 2 + 32, "the challenge has 16 bytes or more");
	return c;
}

static int chap_end(struct challenge *c, const char *name, const char *response,
		    const char *more, struct pdu *r)
{
	char text[2048];
	int n = snprintf(text, sizeof text, "CHAP_N=%s%cCHAP_R=%s%c", name, 0, response, 0);
	size_t extra = 0;
	for (const char *m = more; *m; m += strlen(m) + 1)
		extra += strlen(m) + 1;
	memcpy(text + n, more, extra);
	return login_step(&c->p, T_SEC_OP, 11, text, (size_t)n + extra + 1, r);
}

static void test_one_way(const char *algorithms, const char *chosen, int gcry)
{
	struct challenge c = chap_begin(algorithms, chosen);
	struct pdu r;
	char response[256];

	chap_hash(gcry, c.id, c.text, SECRET, response);
	check(chap_end(&c, "alice", response, "", &r) == 0, "the right response passes");
	check_u32(r.bhs[1], T_SEC_OP, "  to the operational stage");
	check(login_step(&c.p, T_OP_FULL, 11, KEYS(""), &r) == 0, "  and full feature");
	peer_close(&c.p);
}

/*
 * Mutual, by a vector computed outside (python3 hashlib): MD5 of 01, then
 * "the-arrays-own-secret", then the challenge 00 01 .. 0f.
 */
static void test_mutual(void)
{
	struct challenge c = chap_begin("5", "5");
	struct pdu r;
	char response[256];

	chap_hash(GCRY_MD_MD5, c.id, c.text, SECRET, response);
	check(chap_end(&c, "alice", response,
		       "CHAP_I=1\0CHAP_C=0x000102030405060708090a0b0c0d0e0f\0", &r) == 0,
	      "mutual CHAP");
	is_key(&r, "CHAP_N", "array");
	is_key(&r, "CHAP_R", "0x" MUTUAL_VECTOR);
	peer_close(&c.p);

	c = chap_begin("5", "5");
	chap_hash(GCRY_MD_MD5, c.id, c.text, SECRET, response);
	check(chap_end(&c, "alice", response,
		       "CHAP_I=1\0CHAP_C=0bAAECAwQFBgcICQoLDA0ODw==\0", &r) == 0,
	      "the same challenge in base64");
	is_key(&r, "CHAP_R", "0x" MUTUAL_VECTOR);
	peer_close(&c.p);
}

static void chap_refused(const char *name, const char *secret, const char *more, int status,
			 const char *what)
{
	struct challenge c = chap_begin("5", "5");
	struct pdu r;
	char response[256];

	chap_hash(GCRY_MD_MD5, c.id, c.text, secret, response);
	int got = chap_end(&c, name, response, more, &r);
	check(got == status, "%s", what);
	if (got != status)
		printf("# got %04x\n", got);
	peer_close(&c.p);
}

static void test_reflection(void)
{
	struct challenge c = chap_begin("5", "5");
	struct pdu r;
	char response[256], more[512];

	chap_hash(GCRY_MD_MD5, c.id, c.text, SECRET, response);
	memset(more, 0, sizeof more);
	int n = snprintf(more, sizeof more, "CHAP_I=%u", c.id);
	snprintf(more + n + 1, sizeof more - (size_t)n - 2, "CHAP_C=%s", c.text);
	check(chap_end(&c, "alice", response, more, &r) == 0x0201,
	      "our own challenge sent back is refused");
	peer_close(&c.p);
}

void run_chap(void)
{
	struct pdu r;
	struct peer p;

	gcry_check_version(NULL);
	test_one_way("5", "5", GCRY_MD_MD5);
	test_one_way("99,7,5", "7", GCRY_MD_SHA256);
	test_one_way("8", "8", GCRY_MD_SHA3_256);
	test_mutual();
	chap_refused("alice", "wrong-secret", "", 0x0201, "a wrong secret: 0201");
	chap_refused("bob", SECRET, "", 0x0201, "an unknown name: 0201");
	chap_refused("alice", SECRET, "CHAP_I=1\0", 0x0200, "CHAP_I without CHAP_C: 0200");
	chap_refused("alice", SECRET, "CHAP_I=256\0CHAP_C=0x00\0", 0x0200, "CHAP_I of 256: 0200");
	chap_refused("alice", SECRET, "CHAP_I=1\0CHAP_C=0xzz\0", 0x0200, "CHAP_C not hex: 0200");
	test_reflection();

	p = peer_connect();
	check(login_step(&p, SEC, 11, KEYS(CHAP_NAMES "AuthMethod=CHAP\0"), &r) == 0,
	      "CHAP agreed");
	check(login_step(&p, T_SEC_OP, 11, KEYS("CHAP_A=98,99\0"), &r) == 0x0201,
	      "no algorithm in common: 0201");
	peer_close(&p);
	p = peer_connect();
	login_step(&p, SEC, 11, KEYS(CHAP_NAMES "AuthMethod=CHAP\0"), &r);
	check(login_step(&p, T_SEC_FULL, 11, KEYS("CHAP_N=alice\0CHAP_R=0x00\0"), &r) == 0x0200,
	      "a response before the challenge: 0200");
	peer_close(&p);
	p = peer_connect();
	login_step(&p, SEC, 11, KEYS(CHAP_NAMES "AuthMethod=CHAP\0"), &r);
	check(login_step(&p, T_SEC_FULL, 11, KEYS("CHAP_A=5\0"), &r) == 0 && r.bhs[1] == 0,
	      "T with the algorithms does not get past the challenge");
	peer_close(&p);
}
