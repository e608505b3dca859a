/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a lower layer's object carries for a higher one, under a key that is the
 * address of something the higher one owns.  So a block device can carry its
 * SCSI logical unit, and a context its iSCSI sessions, without engine/ knowing
 * what either is.
 */
#ifndef XM_ATTACH_H
#define XM_ATTACH_H

#include <stdbool.h>
#include "xm/list.h"

struct xm_attachments {
	struct xm_list list;
};

void xm_attachments_init(struct xm_attachments *a);
/* False when memory is short; then `object` stays the caller's. */
bool xm_attach(struct xm_attachments *a, const void *key, void *object, void (*destroy)(void *));
/* The first object under the key, or NULL. */
void *xm_attached(const struct xm_attachments *a, const void *key);
/* Destroys all, last attached first. */
void xm_attachments_free(struct xm_attachments *a);

#endif
