/* SPDX-License-Identifier: Apache-2.0 */
/* What a copy says when it is over, beside its line of truth and the report. */
#ifndef TOOLS_COPY_END_H
#define TOOLS_COPY_END_H

#include <stdbool.h>
#include "figures.h"
#include "opt.h"

/* sent: into a stream, so that nothing is moved yet. */
void copy_print_summary(const struct opts *o, const struct figures *f, bool sent);
void copy_print_fallbacks(const struct opts *o, const struct figures *f);
/*
 * The list of --missing: offsets and lengths, a line each, as --extents takes it.
 * NULL: no job was made.
 */
void copy_write_missing(const struct opts *o, const struct xm_job *job);

#endif
