/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standard error, in one hand: log lines, errors and progress, either as text
 * with a live bar for a terminal, or as JSON lines for everything else; never
 * both mixed.  Any thread may call.
 */
#ifndef TOOLS_CONSOLE_H
#define TOOLS_CONSOLE_H

#include <stdbool.h>
#include "figures.h"

struct opts;

/* Before the first line, and before other threads. */
void console_setup(const struct opts *o);

/* Is `level` shown? */
bool console_shows(enum xm_log_level level);
/* An xm_log_fn; `user` is not used. */
void console_log(void *user, enum xm_log_level level, const char *event, const char *text);
__attribute__((format(printf, 3, 4)))
void console_say(enum xm_log_level level, const char *event, const char *format, ...);

/* How often progress wants to be called. */
uint64_t console_interval_ns(void);
/* The newest figures: redraws the bar, or one JSON line. */
void console_progress(const struct figures *f);
/* The last state of the progress, then the bar is gone. */
void console_progress_end(const struct figures *f);
/* USR1: where the job is now, from the newest figures. */
void console_status(void);
/* Takes the bar off the terminal, for a process about to end. */
void console_clear(void);

#endif
