/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of ranges that other programs write, as what a disk is made of
 * (--extents) or as what of it has changed (--dirty):
 *
 *   qemu-img map --output=json     [{start, length, depth, present, zero, data, ...}, ...]
 *   nbdinfo --map[=CTX] --json     [{offset, length, type, description}, ...]
 *   KubeVirt's map                 {extents: [as nbdinfo], next_offset}, one or more pages
 *   plain text                     "offset length [type]" a line, K M G T P E, '#' comments
 *   bmap XML                       of bmaptool: what it lists is mapped, the rest is not
 *
 * Which one is told by its first bytes.  Read as streams in bounded memory; in any
 * order, unless too long to be sorted.  What overlaps, is out of range, is cut
 * off or makes no sense fails with XM_E_CONFIG and the line or byte.
 *
 * As extents: what no range covers is data (bmap: a hole); "dirty" says nothing,
 * so it is data.  As dirty: what no range covers is clean (a range list lists
 * what changed); an allocation map of NBD ("data", "hole") is refused, since its
 * numbers mean other things; of qemu-img's map, what is in the top layer is dirty.
 */
#ifndef XM_RANGE_LIST_H
#define XM_RANGE_LIST_H

#include <sys/types.h>
#include "extent-runs.h"

enum xm_range_use { XM_RANGE_EXTENTS, XM_RANGE_DIRTY };

/* Where bytes come from: how many (0 at the end), or -errno; -ETIMEDOUT when none came for long. */
struct xm_range_input {
	const char *name;            /* for messages */
	ssize_t (*read)(struct xm_range_input *in, void *buf, size_t len);
};

/*
 * Read the list into runs, which are initialised here (size: the disk's; a range may
 * reach to its next multiple of 512, as qemu-img rounds) and empty on failure.
 */
int xm_range_list_parse(struct xm_range_input *in, enum xm_range_use use, uint64_t size,
			struct xm_runs *into, struct xm_error **err);
/* The same from a file or pipe; "-" is standard input. */
int xm_range_list_read(const char *path, enum xm_range_use use, uint64_t size,
		       struct xm_runs *into, struct xm_error **err);

/* As an extent source. */
int xm_extent_list_open(struct xm_endpoint *ep, const char *path, struct xm_extent_source **ret,
			struct xm_error **err);

#endif
