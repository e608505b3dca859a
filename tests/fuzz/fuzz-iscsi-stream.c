/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes of an initiator, over a socket pair, to the whole front end with an
 * array behind it.
 *
 *   byte 0    00..3f: the rest is sent as it is
 *             40..:   logs in first (which keys, by the low bits), then records:
 *   record    kind, CmdSN's distance, data length (2), BHS (48), data
 *
 * A record gets its length and, by its kind, the due CmdSN and a plausible
 * opcode, so that chance comes past the first check.  At the end nothing may
 * be left: every connection ends, every buffer is given back (LeakSanitizer).
 */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "iscsi.h"
#include "xm/endian.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NAMES "InitiatorName=iqn.i\0TargetName=iqn.t\0"
#define TEXT(s) { s, sizeof s - 1 }
static const struct { const char *at; size_t len; } logins[] = {
	TEXT(NAMES "InitialR2T=No\0"),
	TEXT(NAMES "InitialR2T=Yes\0ImmediateData=No\0MaxBurstLength=512\0MaxOutstandingR2T=4\0"),
	TEXT(NAMES "HeaderDigest=CRC32C\0DataDigest=CRC32C\0MaxRecvDataSegmentLength=512\0"),
	TEXT("InitiatorName=iqn.i\0SessionType=Discovery\0MaxRecvDataSegmentLength=512\0"),
};

enum { RECORD_HEAD = 4 };

struct run {
	struct iscsi_front front;
	int fd;                  /* the initiator's end */
	uint32_t cmdsn;
	bool digests;
};

static struct iscsi_chap_db *accounts(void)
{
	static const char text[] = "user u\nsecret s-s-s-s-s-s-\n"
				   "mutual-user m\nmutual-secret t-t-t-t\n";
	char path[32], err[256];
	int fd = memfd_create("chap", 0);

	fchmod(fd, 0600);
	assert(write(fd, text, sizeof text - 1) > 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	struct iscsi_chap_db *db = iscsi_chap_load(path, err, sizeof err);
	close(fd);
	assert(db);
	return db;
}

static void add_target(struct run *r, const char *iqn, const char *lun)
{
	struct arr_target *t = arr_target_new(r->front.arr, iqn);
	assert(t && arr_target_lun(t, lun) && iscsi_front_export(&r->front, t));
}

static void start(struct run *r)
{
	int pair[2];
	struct arr *a = arr_new(1);

	assert(a && iscsi_front_init(&r->front, a));
	add_target(r, "iqn.t", "0=256K,thin");
	add_target(r, "iqn.c", "0=64K");
	iscsi_front_find(&r->front, "iqn.c")->chap = accounts();
	assert(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair));
	r->fd = pair[0];
	assert(iscsi_front_accept(&r->front, pair[1]));
}

static void turn(struct run *r)
{
	uint8_t sink[65536];
	do
		iscsi_front_turn(&r->front, 0);
	while (recv(r->fd, sink, sizeof sink, 0) > 0);
}

static void put(struct run *r, const uint8_t *at, size_t len)
{
	while (len) {
		ssize_t n = send(r->fd, at, len, MSG_NOSIGNAL);
		if (n <= 0 && xm_list_empty(&r->front.conns))
			return;
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
		turn(r);
	}
}

/* A PDU with right lengths and digests around any header and data. */
static void put_pdu(struct run *r, uint8_t *bhs, const uint8_t *data, size_t len)
{
	uint8_t out[ISCSI_BHS_LEN + 4 + 65536 + 8] = { 0 };
	size_t at = ISCSI_BHS_LEN;

	bhs[BHS_AHS_LEN] = 0;
	xm_put_be24(bhs + BHS_DATA_LEN, (uint32_t)len);
	memcpy(out, bhs, ISCSI_BHS_LEN);
	if (r->digests) {
		iscsi_crc_put(out + at, iscsi_crc(ISCSI_CRC_INIT, out, at));
		at += ISCSI_DIGEST_LEN;
	}
	if (len)
		memcpy(out + at, data, len);
	size_t padded = len + iscsi_padding(len);
	if (r->digests && len)
		iscsi_crc_put(out + at + padded, iscsi_crc(ISCSI_CRC_INIT, out + at, padded));
	put(r, out, at + padded + (r->digests && len ? ISCSI_DIGEST_LEN : 0));
}

static void login(struct run *r, unsigned which)
{
	uint8_t bhs[ISCSI_BHS_LEN] = { 0x43, 0x87 };

	put_pdu(r, bhs, (const uint8_t *)logins[which].at, logins[which].len);
	r->digests = which == 2;
	turn(r);
}

static const uint8_t opcodes[] = {
	OP_NOP_OUT, OP_SCSI_COMMAND, OP_TASK_REQ, OP_TEXT_REQ, OP_DATA_OUT, OP_LOGOUT_REQ,
	OP_SNACK, OP_SCSI_COMMAND | BHS_IMMEDIATE,
};
static const uint8_t cdbs[] = { 0x00, 0x12, 0x28, 0x2a, 0x83, 0x84, 0x88, 0x8a };

/* Small tags and lengths, so that PDUs meet the commands they belong to. */
static void tame(struct run *r, uint8_t kind, uint8_t distance, uint8_t *bhs)
{
	if (kind & 1) {
		bhs[0] = opcodes[bhs[0] % sizeof opcodes];
		xm_put_be32(bhs + BHS_ITT, bhs[BHS_ITT] & 7);
	}
	if (kind & 2 && (bhs[0] & BHS_OPCODE) != OP_DATA_OUT)
		xm_put_be32(bhs + BHS_CMDSN, r->cmdsn + distance % 3);
	if (kind & 4 && (bhs[0] & BHS_OPCODE) == OP_SCSI_COMMAND) {
		bhs[BHS_CDB] = cdbs[bhs[BHS_CDB] % sizeof cdbs];
		memset(bhs + BHS_LUN, 0, 8);
		xm_put_be32(bhs + BHS_EDTL, xm_get_be16(bhs + BHS_EDTL));
	}
	if (kind & 8 && (bhs[0] & BHS_OPCODE) == OP_DATA_OUT) {
		xm_put_be32(bhs + BHS_TTT, kind & 16 ? ISCSI_NO_TAG : bhs[BHS_TTT] & 15);
		xm_put_be32(bhs + BHS_DATASN, bhs[BHS_DATASN] & 3);
		xm_put_be32(bhs + BHS_OFFSET, (bhs[BHS_OFFSET] & 15) * 512u);
	}
}

static void records(struct run *r, const uint8_t *at, size_t size)
{
	while (size >= RECORD_HEAD + ISCSI_BHS_LEN && !xm_list_empty(&r->front.conns)) {
		const struct iscsi_conn *c = xm_container_of(r->front.conns.next, struct iscsi_conn,
							     link);
		uint8_t bhs[ISCSI_BHS_LEN];
		size_t len = xm_get_be16(at + 2);

		r->cmdsn = c->exp_cmd_sn;
		memcpy(bhs, at + RECORD_HEAD, sizeof bhs);
		tame(r, at[0], at[1], bhs);
		at += RECORD_HEAD + ISCSI_BHS_LEN;
		size -= RECORD_HEAD + ISCSI_BHS_LEN;
		len = len < size ? len : size;
		put_pdu(r, bhs, at, len);
		at += len;
		size -= len;
		turn(r);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run r = { .fd = -1 };

	if (!size)
		return 0;
	start(&r);
	turn(&r);
	if (data[0] < 0x40) {
		put(&r, data + 1, size - 1);
	} else {
		login(&r, data[0] & 3);
		records(&r, data + 1, size - 1);
	}
	turn(&r);
	close(r.fd);
	for (int i = 0; i < 4; i++)
		iscsi_front_turn(&r.front, 0);
	assert(xm_list_empty(&r.front.conns));
	iscsi_front_free(&r.front);
	arr_free(r.front.arr);
	return 0;
}
