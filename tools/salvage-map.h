/* SPDX-License-Identifier: Apache-2.0 */
/* --salvage FILE: what could not be read, as a map that ddrescue(1) and its tools take. */
#ifndef TOOLS_SALVAGE_MAP_H
#define TOOLS_SALVAGE_MAP_H

#include <stdbool.h>
#include <stdio.h>
#include "xmover.h"

/* Before the copy, so that it does not end without a place for its map. NULL and errno. */
FILE *salvage_map_open(const char *path);
/* After it.  False with errno when the map is not on disk. */
bool salvage_map_write(FILE *f, const struct xm_job *job, uint64_t size, bool whole);

#endif
