/* SPDX-License-Identifier: Apache-2.0 */
/* What the parsers of range lists share: bytes in, ranges out, where it went wrong. */
#ifndef XM_RANGE_READER_H
#define XM_RANGE_READER_H

#include <stdint.h>
#include "range-list.h"

#define XM_RANGE_BUFFER 65536
/* Ranges kept to be sorted; longer lists must be in order. */
#define XM_RANGE_SORTED ((size_t)1 << 19)

/* What a list said of a range.  Bits of the types of NBD and KubeVirt. */
enum { XM_RANGE_BIT0 = 1, XM_RANGE_ZERO = 2 };   /* bit 0: hole in an allocation map,
						    dirty in a dirty one */

struct xm_range {
	uint64_t off, len;
	uint64_t where;              /* line or byte, for messages */
	unsigned kind;               /* of the runs */
};

struct xm_range_reader {
	/* Set by xm_range_list_parse. */
	struct xm_range_input *in;
	enum xm_range_use use;
	uint64_t size, most;         /* of the disk; where a range must end */
	struct xm_runs *into;
	struct xm_error **err;
	bool by_line;                /* `where` is a line, else a byte */
	/* Owned by xm_range_byte. */
	size_t pos, end;             /* in buf */
	uint64_t bytes, line;        /* before pos; that of pos, from 1 */
	/* Owned by xm_range_add. */
	struct xm_range *range;
	size_t n, room;
	bool passed_on;              /* some are in `into` already: from here on in order only */
	bool disordered;
	uint8_t buf[XM_RANGE_BUFFER];
};

#define XM_RANGE_EOF (-1)
#define XM_RANGE_FAILED (-2)

/* The next byte, taken or only looked at; XM_RANGE_EOF; or FAILED with the error set. */
int xm_range_byte(struct xm_range_reader *r);
int xm_range_peek(struct xm_range_reader *r);
/* At most len bytes at once, for a parser that keeps its own place; -1 failed. */
ssize_t xm_range_block(struct xm_range_reader *r, const uint8_t **ret);

/* "NAME, line 12: ..." with XM_E_CONFIG (the first error wins).  Returns -1. */
int xm_range_fail(struct xm_range_reader *r, uint64_t where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

int xm_range_add(struct xm_range_reader *r, uint64_t where, uint64_t off, uint64_t len,
		 unsigned kind);
/*
 * The kind of run for a type of NBD or KubeVirt (`type`, if has_type) and its words
 * ("hole,zero", "dirty"; "" for none).  -1 when they make no sense here.
 */
int xm_range_kind(struct xm_range_reader *r, uint64_t where, const char *words, bool has_type,
		  uint64_t type);

int xm_range_text(struct xm_range_reader *r);
int xm_range_json(struct xm_range_reader *r);
int xm_range_bmap(struct xm_range_reader *r);

#endif
