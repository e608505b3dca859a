/* SPDX-License-Identifier: Apache-2.0 */
/* By which of its designators an end of a copy is named to the array. */
#include <stdio.h>
#include <string.h>
#include "xcopy.h"

enum { T_VENDOR = 0, T_T10 = 1, T_EUI64 = 2, T_NAA = 3 };
enum { CODE_BINARY = 1 };

/* 0: not one that a CSCD can carry, or one that names nothing. */
static unsigned rank(const struct scsi_designator *d)
{
	static const uint8_t zeros[XCOPY_DESIGNATOR_MAX];
	if (d->association != 0 || d->len == 0 || d->len > XCOPY_DESIGNATOR_MAX ||
	    memcmp(d->bytes, zeros, d->len) == 0)
		return 0;
	unsigned length = d->len;
	switch (d->type) {
	case T_NAA:
		return d->code_set == CODE_BINARY ? 400 + length : 0;
	case T_EUI64:
		return d->code_set == CODE_BINARY ? 300 + length : 0;
	case T_T10:
		return 200 + length;
	case T_VENDOR:
		return 100 + length;
	default:
		return 0;
	}
}

const struct scsi_designator *xcopy_designator(const struct scsi_lu *lu)
{
	const struct scsi_designator *best = NULL;
	for (unsigned i = 0; i < lu->ndesignators; i++) {
		const struct scsi_designator *d = &lu->designators[i];
		if (rank(d) > (best ? rank(best) : 0))
			best = d;
	}
	return best;
}

bool xcopy_same_designator(const struct scsi_designator *a, const struct scsi_designator *b)
{
	return a->code_set == b->code_set && a->type == b->type && a->len == b->len &&
	       memcmp(a->bytes, b->bytes, a->len) == 0;
}

const char *xcopy_designator_text(const struct scsi_designator *d, char *buf, size_t size)
{
	static const char *const prefix[] = { "vendor", "t10", "eui", "naa" };
	int n = snprintf(buf, size, "%s.", d->type <= T_NAA ? prefix[d->type] : "id");
	for (unsigned i = 0; i < d->len && n > 0 && (size_t)n + 2 < size; i++)
		n += snprintf(buf + n, size - (size_t)n, "%02x", d->bytes[i]);
	return buf;
}
