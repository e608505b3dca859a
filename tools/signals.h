/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals, in a thread of their own: a thread that sits in an ioctl the kernel
 * does not return from must not keep TERM from working.
 *
 * TERM, INT, HUP: before a job runs, end at once (nothing was written). While
 * it runs, the first asks it to stop, a second one, or SIGNALS_GRACE_S without
 * an end, ends the process with what is under way unknown: exit 75, not 143,
 * and a next run waits for it.  USR1 prints where the job is; USR2 calls whom
 * signals_on_usr2() names.
 */
#ifndef TOOLS_SIGNALS_H
#define TOOLS_SIGNALS_H

#include <stdbool.h>

/* A pod is killed 30 s after TERM. */
#define SIGNALS_GRACE_S 25

/* Before any other thread exists, so that all inherit the mask; what comes now waits. */
bool signals_block(void);
/* From here on they are taken: after outcome_setup(), so that an end is reported. */
bool signals_start(void);
/* A job, or a sender, is about to run; stop(what) asks it to end, from another thread. */
void signals_run_begins(void (*stop)(void *what), void *what);
/* USR2 calls fn(what) while it runs. */
void signals_on_usr2(void (*fn)(void *what), void *what);
/* It ended; from here on signals are ignored, the process ends by itself soon. */
void signals_run_ended(void);

#endif
