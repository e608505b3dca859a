/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The raw initiator's tools: TAP, bytes, PDUs, sessions.
 *
 * usage: pdu PORT CONTROL-SOCKET [SCENARIO...]
 */
#include "pdu.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static unsigned n_checks, n_failed;
static uint16_t port;
static const char *control_path;

static void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

void check(bool good, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	printf("%sok %u - ", good ? "" : "not ", ++n_checks);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	n_failed += !good;
}

void check_u32(uint32_t got, uint32_t want, const char *name)
{
	check(got == want, "%s", name);
	if (got != want)
		printf("# got %#x, want %#x\n", got, want);
}

uint16_t get16(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }
uint32_t get32(const uint8_t *p) { return (uint32_t)get16(p) << 16 | get16(p + 2); }
void put16(uint8_t *p, uint32_t v) { p[0] = (uint8_t)(v >> 8); p[1] = (uint8_t)v; }
void put32(uint8_t *p, uint32_t v) { put16(p, v >> 16); put16(p + 2, v & 0xffff); }

/* Castagnoli's polynomial bit by bit: slow, and right by inspection. */
uint32_t crc32c(const void *at, size_t len)
{
	const uint8_t *p = at;
	uint32_t crc = ~0u;
	while (len--) {
		crc ^= *p++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
	}
	return ~crc;
}

static void put_crc(uint8_t *p, uint32_t crc)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(crc >> 8 * i);
}

/* ---- sending ---------------------------------------------------------------- */

void raw_send(struct peer *p, const void *at, size_t len)
{
	for (const uint8_t *b = at; len; ) {
		ssize_t n = send(p->fd, b, len, MSG_NOSIGNAL);
		if (n <= 0)
			return;          /* it closed: the scenario will see */
		b += n;
		len -= (size_t)n;
	}
}

static void send_parts(struct peer *p, uint8_t bhs[48], const void *ahs, size_t ahs_len,
		       const void *data, size_t len, int how)
{
	size_t pad = -len & 3, at = 48 + ahs_len;
	uint8_t *out = calloc(1, at + 4 + len + pad + 4);
	if (!out)
		die("memory");
	bhs[4] = (uint8_t)(ahs_len / 4);
	bhs[5] = (uint8_t)(len >> 16);
	put16(bhs + 6, len & 0xffff);
	memcpy(out, bhs, 48);
	if (ahs_len)
		memcpy(out + 48, ahs, ahs_len);
	if (p->header_digest) {
		put_crc(out + at, crc32c(out, at) ^ (how & SPOIL_HEADER_DIGEST ? 1 : 0));
		at += 4;
	}
	if (len)
		memcpy(out + at, data, len);
	if (p->data_digest && len) {
		put_crc(out + at + len + pad,
			crc32c(out + at, len + pad) ^ (how & SPOIL_DATA_DIGEST ? 1 : 0));
		at += 4;
	}
	raw_send(p, out, at + len + pad);
	free(out);
}

void pdu_send(struct peer *p, uint8_t bhs[48], const void *data, size_t len)
{
	send_parts(p, bhs, NULL, 0, data, len, 0);
}

void pdu_send_ahs(struct peer *p, uint8_t bhs[48], const void *ahs, size_t ahs_len,
		  const void *data, size_t len)
{
	send_parts(p, bhs, ahs, ahs_len, data, len, 0);
}

void pdu_send_spoilt(struct peer *p, uint8_t bhs[48], const void *data, size_t len, int how)
{
	send_parts(p, bhs, NULL, 0, data, len, how);
}

/* ---- receiving --------------------------------------------------------------- */

static bool get_bytes(struct peer *p, uint8_t *to, size_t len)
{
	while (len) {
		ssize_t n = recv(p->fd, to, len, 0);
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			die("the array says nothing");
		if (n <= 0)
			return false;
		to += n;
		len -= (size_t)n;
	}
	return true;
}

static void check_digest(const uint8_t *got, uint32_t crc, const char *what)
{
	uint8_t want[4];
	put_crc(want, crc);
	if (memcmp(got, want, 4))
		check(false, "%s digest of a PDU from the array", what);
}

bool pdu_recv(struct peer *p, struct pdu *ret)
{
	static uint8_t data[(1 << 24) + 8];
	uint8_t digest[4];

	if (!get_bytes(p, ret->bhs, 48))
		return false;
	if (p->header_digest) {
		if (!get_bytes(p, digest, 4))
			return false;
		check_digest(digest, crc32c(ret->bhs, 48), "header");
	}
	ret->len = (size_t)ret->bhs[5] << 16 | get16(ret->bhs + 6);
	ret->data = data;
	size_t padded = ret->len + (-ret->len & 3);
	if (!get_bytes(p, data, padded + (p->data_digest && ret->len ? 4 : 0)))
		return false;
	if (p->data_digest && ret->len)
		check_digest(data + padded, crc32c(data, padded), "data");
	data[ret->len] = 0;
	uint32_t max = get32(ret->bhs + 32);
	if ((int32_t)(max - p->max_cmdsn) < 0 && p->max_cmdsn)
		check(false, "MaxCmdSN does not go back");
	p->exp_cmdsn = get32(ret->bhs + 28);
	p->max_cmdsn = max;
	return true;
}

bool pdu_expect(struct peer *p, struct pdu *ret, uint8_t opcode, const char *name)
{
	if (!pdu_recv(p, ret)) {
		check(false, "%s: the array closed", name);
		return false;
	}
	check((ret->bhs[0] & 0x3f) == opcode, "%s", name);
	if ((ret->bhs[0] & 0x3f) != opcode) {
		printf("# got opcode %02x, want %02x\n", ret->bhs[0], opcode);
		return false;
	}
	return true;
}

void expect_closed(struct peer *p, const char *name)
{
	struct pdu r;
	bool closed = !pdu_recv(p, &r);
	check(closed, "%s", name);
	if (!closed)
		printf("# got opcode %02x\n", r.bhs[0]);
	peer_close(p);
}

/* ---- sessions ----------------------------------------------------------------- */

struct peer peer_connect(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(port),
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct peer p = { .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
			  .cmdsn = 7, .itt = 1 };
	struct timeval limit = { 120, 0 };

	if (p.fd < 0 || connect(p.fd, (struct sockaddr *)&sin, sizeof sin))
		die("connect");
	setsockopt(p.fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	return p;
}

void peer_close(struct peer *p)
{
	close(p->fd);
	p->fd = -1;
}

void login_send(struct peer *p, uint8_t flags, uint64_t isid, const char *text, size_t len)
{
	uint8_t bhs[48] = { 0x43, flags };
	put16(bhs + 8, (uint32_t)(isid >> 32));
	put32(bhs + 10, (uint32_t)isid);
	put32(bhs + 16, p->itt);
	put32(bhs + 24, p->cmdsn);
	/* The string's own end is the last pair's; the literal adds one more. */
	pdu_send(p, bhs, text, len ? len - 1 : 0);
}

int login_step(struct peer *p, uint8_t flags, uint64_t isid, const char *text, size_t len,
	       struct pdu *ret)
{
	login_send(p, flags, isid, text, len);
	if (!pdu_recv(p, ret))
		return -1;
	if (ret->bhs[0] != 0x23)
		return -2;
	return get16(ret->bhs + 36);
}

const char *find_key(const struct pdu *p, const char *key)
{
	size_t n = strlen(key);
	for (size_t at = 0; at < p->len; at += strlen((char *)p->data + at) + 1) {
		const char *pair = (char *)p->data + at;
		if (!strncmp(pair, key, n) && pair[n] == '=')
			return pair + n + 1;
	}
	return "(absent)";
}

struct peer session_open(uint64_t isid, const char *keys, size_t len)
{
	static const char names[] = NAMES "SessionType=Normal\0";
	char text[8192];
	struct peer p = peer_connect();
	struct pdu r;

	memcpy(text, names, sizeof names - 1);
	memcpy(text + sizeof names - 1, keys, len);
	int status = login_step(&p, 0x87, isid, text, sizeof names - 1 + len, &r);
	if (status)
		check(false, "a session opens (status %04x)", status);
	p.header_digest = !strcmp(find_key(&r, "HeaderDigest"), "CRC32C");
	p.data_digest = !strcmp(find_key(&r, "DataDigest"), "CRC32C");
	return p;
}

/* ---- the control socket, and all together ------------------------------------------ */

const char *control(const char *fmt, ...)
{
	static char line[1 << 20];
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	va_list ap;

	snprintf(sun.sun_path, sizeof sun.sun_path, "%s", control_path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sun, sizeof sun))
		die("control socket");
	va_start(ap, fmt);
	vsnprintf(line, sizeof line - 1, fmt, ap);
	va_end(ap);
	strcat(line, "\n");
	struct peer p = { .fd = fd };
	raw_send(&p, line, strlen(line));
	size_t n = 0;
	while (n < sizeof line - 1 && recv(fd, line + n, 1, 0) == 1 && line[n] != '\n')
		n++;
	line[n] = 0;
	close(fd);
	return line;
}

/* "idle" wants an array that pings soon, and runs only when it is named. */
static const struct {
	const char *name;
	void (*run)(void);
} scenarios[] = {
	{ "login", run_login }, { "chap", run_chap }, { "digests", run_digests },
	{ "data", run_data }, { "order", run_order }, { "tasks", run_tasks },
	{ "misc", run_misc }, { "hostile", run_hostile },
	{ "reinstatement", run_reinstatement }, { "faults", run_faults },
	{ "idle", run_idle },
};

static bool wanted(char **names, const char *name)
{
	if (!*names)
		return strcmp(name, "idle") != 0;
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 64;
	port = (uint16_t)atoi(argv[1]);
	control_path = argv[2];
	for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
		if (!wanted(argv + 3, scenarios[i].name))
			continue;
		printf("# %s\n", scenarios[i].name);
		scenarios[i].run();
	}
	printf("1..%u\n", n_checks);
	return n_failed != 0 || n_checks == 0;
}
