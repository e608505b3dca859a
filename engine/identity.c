/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small set of names.  What a device says of itself is made harmless here, so
 * that it can be compared, logged and put into a report: printable ASCII only.
 */
#include "identity.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void xm_identity_text(char *field, size_t size, const char *text, size_t len)
{
	size_t n = 0;
	while (len && text[len - 1] == ' ')
		len--;
	for (size_t i = 0; i < len && n + 1 < size; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c < ' ' || c == 0x7f || (c == ' ' && n == 0))
			continue;
		field[n++] = c > 0x7f ? '?' : (char)c;
	}
	while (n && field[n - 1] == ' ')
		n--;
	field[n] = 0;
}

bool xm_identity_add(struct xm_identity *id, const char *fmt, ...)
{
	char raw[XM_IDENTITY_NAME_MAX + 1], name[sizeof raw];
	va_list ap;
	va_start(ap, fmt);
	int len = vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= sizeof raw)
		return false;
	xm_identity_text(name, sizeof name, raw, (size_t)len);
	if (!*name)
		return false;
	if (xm_identity_has(id, name))
		return true;
	if (id->n == XM_IDENTITY_NAMES)
		return false;
	char *copy = strdup(name);
	if (!copy)
		return false;
	id->names[id->n++] = copy;
	return true;
}

bool xm_identity_has(const struct xm_identity *id, const char *name)
{
	for (unsigned i = 0; i < id->n; i++)
		if (strcmp(id->names[i], name) == 0)
			return true;
	return false;
}

const char *xm_identity_common(const struct xm_identity *a, const struct xm_identity *b)
{
	for (unsigned i = 0; i < a->n; i++)
		if (xm_identity_has(b, a->names[i]))
			return a->names[i];
	return NULL;
}

void xm_identity_free(struct xm_identity *id)
{
	for (unsigned i = 0; i < id->n; i++)
		free(id->names[i]);
	*id = (struct xm_identity){ .n = 0 };
}
