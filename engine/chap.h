/* SPDX-License-Identifier: Apache-2.0 */
/* CHAP secrets: taken from the environment or a file, kept where no core file shows them. */
#ifndef XM_CHAP_H
#define XM_CHAP_H

#include <stdbool.h>
#include "ctx.h"

/* Takes the four variables out of the environment, set or not.  False when memory is short. */
bool xm_chap_from_env(struct xm_chap *chap);
/* Replaces what was there.  No message ever shows what the file holds. */
int xm_chap_from_file(struct xm_chap *chap, const char *path, struct xm_error **err);
/* Overwrites, then frees. */
void xm_chap_free(struct xm_chap *chap);

#endif
