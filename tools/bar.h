/* SPDX-License-Identifier: Apache-2.0 */
/* The live line of a terminal, and the line that says where a job is. */
#ifndef TOOLS_BAR_H
#define TOOLS_BAR_H

#include <stddef.h>
#include "figures.h"

/*
 * At most `columns` characters (and size - 1 bytes): phase, bar, percent,
 * bytes, rate, ETA, how much by offload; on a narrow terminal less of these.
 */
void bar_format(const struct figures *f, unsigned columns, char *buf, size_t size);

#endif
