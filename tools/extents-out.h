/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes what a disk is made of, range by range, as they come: JSON byte for byte as
 * `qemu-img map --output=json` of Debian 12, or lines that nbdkit's extentlist and --extents
 * read; or sums only, as nbdinfo --map --totals.
 */
#ifndef TOOLS_EXTENTS_OUT_H
#define TOOLS_EXTENTS_OUT_H

#include <stdbool.h>
#include <stdio.h>
#include "xmover.h"

#define EXTENT_KINDS 4

struct extents_out {
	/* Set by the caller. */
	FILE *to;
	bool json, totals;
	/* Owned by the functions below; zero at first. */
	uint64_t off, len;           /* the run that may still grow */
	enum xm_extent_kind kind;
	bool any;
	uint64_t sum[EXTENT_KINDS];
};

/* Ranges in order, without gaps; neighbours of one kind become one. */
void extents_out_add(struct extents_out *o, uint64_t off, uint64_t len, enum xm_extent_kind kind);
void extents_out_end(struct extents_out *o);

#endif
