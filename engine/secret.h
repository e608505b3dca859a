/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for what opens doors: left out of core files,
 * locked where limits allow, wiped at the end.
 */
#ifndef XM_SECRET_H
#define XM_SECRET_H

#include <stddef.h>

/* Zeroed, of whole pages; NULL when memory is short. */
void *xm_secret_new(size_t size);
void xm_secret_free(void *p, size_t size);

#endif
