/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protocol between two movers: its frames, byte by byte.
 *
 * A stream is a row of frames in one direction.  Numbers are big endian.
 *
 *     0   u32  magic "XMVR"
 *     4   u16  type
 *     6   u16  flags, of the type
 *     8   u32  payload bytes, at most XM_WIRE_PAYLOAD_MAX
 *     12  u32  0
 *     16  u64  number of the frame in its stream, from 0
 *     24  u64  XXH3-64 of bytes 0 to 23 and the payload; seed: the stream's id, 0 for HELLO
 *     32       payload
 *
 * The first frame of a stream is HELLO, which names the version and a random id
 * of the stream.  So a frame that was altered, left out, sent again, or comes from another
 * stream is found for what it is.  What a stream carries is of one of three kinds:
 *
 * Two-way (`--exec`, `--listen`, `--connect`): the receiver asks, the sender answers.
 *
 *     receiver  HELLO                         sender  HELLO (answers the receiver's id)
 *                                                     EXTENTS..., the last one flagged
 *               READ id off len                       DATA id off len bytes, or FAIL id
 *               POPULATE id runs                      TOKEN id, or FAIL id
 *               ACK ranges that are durable
 *               END code text                         (closes)
 *     either    PING, so that silence means that the other is gone
 *
 * One-way (a pipe) and token file: HELLO, then DATA, ZERO, SKIP and TOKEN frames in any
 * order, each with its place on the source, and in between DIGESTs of samples of what was
 * sent, then END.  A stream without END was cut.
 *
 * Data is only believed under its checksum; the transport (ssh) guards against enemies.
 * A token is the right to read the disk: whoever can read the stream can read the data.
 *
 * In every version the magic, the header, and the version in the first two bytes of
 * HELLO's payload are where they are here.  Decoders take (pointer, length), trust no
 * length, and are fuzzed.
 */
#ifndef XM_WIRE_FORMAT_H
#define XM_WIRE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "identity.h"

#define XM_WIRE_MAGIC UINT32_C(0x584d5652)
#define XM_WIRE_VERSION 2
#define XM_WIRE_HEADER 32U
#define XM_WIRE_DATA_MAX (UINT32_C(1) << 20)     /* bytes of the disk in a DATA frame */
#define XM_WIRE_PAYLOAD_MAX (XM_WIRE_DATA_MAX + 1024)
#define XM_WIRE_TOKEN_BYTES 512U
#define XM_WIRE_RUNS_MAX 64U
#define XM_WIRE_EXTENTS_MAX 4096U                /* in a frame */
#define XM_WIRE_TEXT_MAX 200U
#define XM_WIRE_DIGEST_MAX (UINT32_C(64) << 10)  /* bytes of the disk that one stands for */
#define XM_WIRE_DIGESTS_MAX 4096U                /* in a stream */

enum xm_wire_type {
	XM_WIRE_HELLO = 1, XM_WIRE_EXTENTS, XM_WIRE_READ, XM_WIRE_DATA, XM_WIRE_ZERO, XM_WIRE_SKIP,
	XM_WIRE_POPULATE, XM_WIRE_TOKEN, XM_WIRE_FAIL, XM_WIRE_ACK, XM_WIRE_END, XM_WIRE_PING,
	XM_WIRE_DIGEST,
	XM_WIRE_TYPES
};
#define XM_WIRE_LAST 1U                          /* flag of EXTENTS: the map is whole now */
#define XM_WIRE_ZEROS 1U                         /* flag of DATA: all zero, no bytes follow */
#define XM_WIRE_MOVING 1U                        /* flag of TOKEN: as xm_token.moving */
#define XM_WIRE_MAP_MAX (UINT32_C(1) << 20)      /* zero ranges; what is not listed is data */

enum xm_wire_kind { XM_WIRE_ONE_WAY = 1, XM_WIRE_TWO_WAY = 2, XM_WIRE_TOKEN_FILE = 3 };

struct xm_wire_header {
	uint16_t type, flags;
	uint32_t len;                            /* of the payload */
	uint64_t number, hash;
};

enum xm_wire_hello_flags { XM_WIRE_TOKENS = 1 }; /* the source can make tokens */

/* 0 version u16, 2 kind u16, 4 flags u32, then in this order; texts as u16 length and bytes. */
struct xm_wire_hello {
	uint16_t version, kind;
	uint32_t flags;
	uint64_t id, answers;                    /* this stream; the other's, in an answer */
	uint64_t size, max_io, granule;
	uint64_t made;                           /* unix time */
	uint64_t birth;                          /* of a file, else 0: endpoint.h */
	uint32_t block_size;
	uint8_t boot[16];                        /* of the kernel: names like file.*
						    mean something to it only */
	struct xm_identity disk;                 /* of the source; empty from a receiver */
};

struct xm_wire_range {
	uint64_t off, len;
};

/* READ, DATA (the bytes follow): id u64, off u64, len u32, 0 u32. */
#define XM_WIRE_IO 24U
struct xm_wire_io {
	uint64_t id, off;
	uint32_t len;
	const uint8_t *bytes;                    /* of DATA; NULL with XM_WIRE_ZEROS */
};

/*
 * POPULATE: id u64, 0 u64, runs u32, 0 u32, {off u64, len u64} each.
 * TOKEN: id u64, bytes covered u64, runs u32, life u32 (seconds a token lives, 0 unknown), the
 * runs, token.
 * Runs are what was asked for, in the order of the token's bytes; the token covers a prefix.
 */
struct xm_wire_runs {
	uint64_t id, covered;
	uint32_t n, life;
	struct xm_wire_range run[XM_WIRE_RUNS_MAX];
	const uint8_t *token;                    /* of TOKEN: XM_WIRE_TOKEN_BYTES, in the frame */
};

/* FAIL: id u64, errno u32, act u32, side u32, code u32, pair-wide u32, 0 u32, reason, detail. */
struct xm_wire_fail {
	uint64_t id;
	uint32_t err, act, side, code, pair_wide;
	char reason[48], detail[XM_WIRE_TEXT_MAX];
};

/* END: code u32, 0 u32, bytes u64, text. */
struct xm_wire_end {
	uint32_t code;
	uint64_t bytes;
	char text[XM_WIRE_TEXT_MAX];
};

/* DIGEST: off u64, len u32, 0 u32, XXH3-64 of these bytes of the source u64; seed 0. */
#define XM_WIRE_DIGEST_BYTES 24U
struct xm_wire_digest {
	uint64_t off;
	uint32_t len;
	uint64_t hash;
};

/* ---- frames --------------------------------------------------------------------- */

/* The hash is computed over the header without it, then over both parts of the payload. */
void xm_wire_seal(uint8_t header[XM_WIRE_HEADER], const struct xm_wire_header *h, uint64_t seed,
		  const uint8_t *head, size_t head_len, const uint8_t *body, size_t body_len);
/* NULL, or what is wrong with XM_WIRE_HEADER bytes, in words. */
const char *xm_wire_get_header(const uint8_t *p, struct xm_wire_header *h);
bool xm_wire_is_whole(const uint8_t *header, const struct xm_wire_header *h, uint64_t seed,
		      const uint8_t *payload);

/* ---- payloads: put answers bytes used, get answers false for what cannot be ------- */

#define XM_WIRE_HELLO_MAX (128U + 4 * 132U + XM_IDENTITY_NAMES * (XM_IDENTITY_NAME_MAX + 2U))
size_t xm_wire_put_hello(uint8_t *p, const struct xm_wire_hello *h);
/* 0 on success (then xm_identity_free the disk), else -1; version is set whenever there was one. */
int xm_wire_get_hello(const uint8_t *p, size_t len, struct xm_wire_hello *h);
size_t xm_wire_put_range(uint8_t *p, const struct xm_wire_range *r);
/* EXTENTS (the zero ranges of the source), ZERO, SKIP, ACK: {off u64, len u64} each. */
bool xm_wire_get_range(const uint8_t *p, size_t len, size_t i, struct xm_wire_range *r);
size_t xm_wire_put_io(uint8_t p[XM_WIRE_IO], const struct xm_wire_io *io);
bool xm_wire_get_io(const struct xm_wire_header *h, const uint8_t *p, struct xm_wire_io *io);
#define XM_WIRE_RUNS_BYTES (24U + XM_WIRE_RUNS_MAX * 16U + XM_WIRE_TOKEN_BYTES)
size_t xm_wire_put_runs(uint8_t *p, const struct xm_wire_runs *r);
bool xm_wire_get_runs(const struct xm_wire_header *h, const uint8_t *p, struct xm_wire_runs *r);
size_t xm_wire_put_digest(uint8_t p[XM_WIRE_DIGEST_BYTES], const struct xm_wire_digest *d);
bool xm_wire_get_digest(const uint8_t *p, size_t len, struct xm_wire_digest *d);
#define XM_WIRE_FAIL_BYTES (32U + 2U + 48U + 2U + XM_WIRE_TEXT_MAX)
size_t xm_wire_put_fail(uint8_t *p, const struct xm_wire_fail *f);
bool xm_wire_get_fail(const uint8_t *p, size_t len, struct xm_wire_fail *f);
#define XM_WIRE_END_BYTES (16U + 2U + XM_WIRE_TEXT_MAX)
size_t xm_wire_put_end(uint8_t *p, const struct xm_wire_end *e);
bool xm_wire_get_end(const uint8_t *p, size_t len, struct xm_wire_end *e);

#endif
