/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rates of a copy, and changing them while it runs: a file that is read at the
 * start and again at each SIGUSR2.  Lines `all SIZE`, `offload SIZE`, `host SIZE`; what it
 * does not name is not limited.
 */
#ifndef TOOLS_RATES_H
#define TOOLS_RATES_H

#include <stdbool.h>
#include <stddef.h>
#include "xmover.h"

struct rates {
	const char *path;        /* NULL: no file */
	struct xm_job *job;
};

/* False with `error` filled when the file cannot be read or understood: no rate is changed. */
bool rates_read(const struct rates *r, char *error, size_t size);
/* As a handler of SIGUSR2: what is a struct rates. */
void rates_again(void *what);

#endif
