/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An iSCSI initiator made of hand-written bytes, for what libiscsi cannot or
 * will not send.  Shares nothing with the array: offsets, digests and flags
 * are written here a second time, from RFC 7143.
 *
 * Scenarios check with check(); a peer that answers nothing for 30 s ends the
 * program.
 */
#ifndef TEST_PDU_H
#define TEST_PDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TARGET "iqn.2026-01.org.xmover:raw"
#define INITIATOR "iqn.2026-01.org.xmover:pdu"
#define NO_TAG 0xffffffffu

struct peer {
	int fd;
	bool header_digest, data_digest;
	uint32_t cmdsn, itt;
	uint32_t exp_cmdsn, max_cmdsn, statsn;   /* as last told */
};

struct pdu {
	uint8_t bhs[48];
	uint8_t *data;           /* in a static buffer, until the next pdu_recv */
	size_t len;
};

/* ---- pdu.c: TAP, bytes, PDUs ----------------------------------------------- */
void check(bool good, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void check_u32(uint32_t got, uint32_t want, const char *name);
uint16_t get16(const uint8_t *p);
uint32_t get32(const uint8_t *p);
void put16(uint8_t *p, uint32_t v);
void put32(uint8_t *p, uint32_t v);
uint32_t crc32c(const void *at, size_t len);

enum { SPOIL_HEADER_DIGEST = 1, SPOIL_DATA_DIGEST = 2 };
/* Sets the data length; ahs_len bytes of AHS lie before the data. */
void pdu_send(struct peer *p, uint8_t bhs[48], const void *data, size_t len);
void pdu_send_ahs(struct peer *p, uint8_t bhs[48], const void *ahs, size_t ahs_len,
		  const void *data, size_t len);
void pdu_send_spoilt(struct peer *p, uint8_t bhs[48], const void *data, size_t len, int how);
void raw_send(struct peer *p, const void *at, size_t len);
/* False when the peer closed.  Digests are checked, sequence numbers noted. */
bool pdu_recv(struct peer *p, struct pdu *ret);
/* The next PDU must have this opcode. */
bool pdu_expect(struct peer *p, struct pdu *ret, uint8_t opcode, const char *name);
void expect_closed(struct peer *p, const char *name);

/* ---- sessions --------------------------------------------------------------- */
struct peer peer_connect(void);
void peer_close(struct peer *p);
/* One login request; text is NUL-separated pairs, ended by an empty one. */
void login_send(struct peer *p, uint8_t flags, uint64_t isid, const char *text, size_t len);
/* The status of the answer, -1 when closed. */
int login_step(struct peer *p, uint8_t flags, uint64_t isid, const char *text, size_t len,
	       struct pdu *ret);
#define KEYS(s) (s), sizeof (s)
#define NAMES "InitiatorName=" INITIATOR "\0TargetName=" TARGET "\0"
/* A whole session with these operational keys. */
struct peer session_open(uint64_t isid, const char *keys, size_t len);
const char *find_key(const struct pdu *p, const char *key);
void is_key(const struct pdu *r, const char *key, const char *want);
/* Byte 1 of a login request: T or C, current and next stage. */
enum { T_OP_FULL = 0x87, T_SEC_OP = 0x81, T_SEC_FULL = 0x83, SEC = 0x00, OP = 0x04, MORE = 0x40 };

/* ---- commands ---------------------------------------------------------------- */
enum { READ = 0x40, WRITE = 0x20, FINAL = 0x80 };
/* Fills a SCSI Command BHS with the next tag and CmdSN. */
void command(struct peer *p, uint8_t bhs[48], uint8_t flags, uint32_t edtl, const uint8_t cdb[16]);
void rw10(uint8_t cdb[16], uint8_t op, uint32_t lba, uint16_t blocks);
void data_out(uint8_t bhs[48], uint32_t itt, uint32_t ttt, uint32_t datasn, uint32_t offset,
	      bool final);
/* Reads into buf through any number of Data-In; returns the SCSI status, -1 when closed. */
int read_blocks(struct peer *p, uint32_t lba, uint16_t blocks, uint8_t *buf);
/* The status of a TEST UNIT READY; -1 when closed, -2 when something else was answered. */
int turn_ready(struct peer *p, struct pdu *r);
/* The first commands of a nexus meet its unit attentions: take them. */
void settle(struct peer *p);
/* A write of a block whose data the array has asked for: its tag, and the R2T's. */
uint32_t open_write(struct peer *p, uint32_t lba, uint32_t *ttt);
void send_block(struct peer *p, uint32_t itt, uint32_t ttt, uint8_t fill);
/* One answer to the control socket's words. */
const char *control(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Until the sessions' list has this text, or has it no more. */
bool await_sessions(const char *what, bool there);

/* ---- scenarios ---------------------------------------------------------------- */
void run_login(void);
void run_chap(void);
void run_digests(void);
void run_data(void);
void run_order(void);
void run_tasks(void);
void run_misc(void);
void run_hostile(void);
void run_reinstatement(void);
void run_faults(void);
void run_idle(void);

#endif
