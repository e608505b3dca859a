/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which disk this is, apart from how it was named: a set of names that the
 * device itself (or sysfs for it) gives.  Two endpoints that share a name are
 * one disk; that is how "source = destination" is found under two paths.
 *
 * Names are text: "naa.<hex>", "eui.<hex>", "t10.<text>", "scsi-name.<text>",
 * "uuid.<hex>", "nvme.<text>", "dm.<uuid>", "file.<dev>.<ino>",
 * "blk.<major>.<minor>", all lower case hex.
 */
#ifndef XM_IDENTITY_H
#define XM_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

#define XM_IDENTITY_NAMES 16
#define XM_IDENTITY_NAME_MAX 280

struct xm_identity {
	char *names[XM_IDENTITY_NAMES];      /* best first */
	unsigned n;
	char vendor[17], product[65], revision[17], serial[129];
};

/*
 * True when the set has the name now.  It is cleaned as xm_identity_text() does;
 * one that is empty, too long or one too many is not taken.
 */
bool xm_identity_add(struct xm_identity *id, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
bool xm_identity_has(const struct xm_identity *id, const char *name);
/* The name both have, or NULL. */
const char *xm_identity_common(const struct xm_identity *a, const struct xm_identity *b);
/* For the fields: printable ASCII of text[0..len), no space at either end, cut to size-1. */
void xm_identity_text(char *field, size_t size, const char *text, size_t len);
void xm_identity_free(struct xm_identity *id);

#endif
