/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be told when the process ends, whichever thread ends it: keeps
 * the newest figures and the disks' names, and writes the report of --report.
 *
 * The report is written at the start as "running", so that one of an earlier
 * run never passes for this one's, and a killed run leaves a report too.
 */
#ifndef TOOLS_OUTCOME_H
#define TOOLS_OUTCOME_H

#include <stdbool.h>
#include "figures.h"

struct opts;

/*
 * Takes FILE of --report from `o`, also from one that did not parse.  False
 * with `error` filled when FILE is one of the disks or the secrets: then it
 * is not written, ever.
 */
bool outcome_setup(const struct opts *o, char *error, size_t size);
bool outcome_wants_report(void);

/* Copies what the report says of a disk. */
void outcome_source(const struct xm_endpoint *ep);
void outcome_destination(const struct xm_endpoint *ep);
/* Copies the newest figures. */
void outcome_figures(const struct figures *f);

/* "running"; false with errno when FILE cannot be written. */
bool outcome_begin(void);
/*
 * The last word, written once: whoever comes second is ignored, and answered false.
 * A failure to write is said on the console.
 */
bool outcome_end(int exit_code, const char *result, const char *message);
/*
 * As outcome_end(), for a process that ends with commands under way: all that
 * was not confirmed counts as unknown.
 */
void outcome_abandon(int exit_code, const char *message);

#endif
