/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report: what became of a copy, as one JSON object of at most
 * REPORT_MAX bytes, for a Kubernetes termination message or a file.
 *
 * Its shape is tools/report-schema.json, versioned.  Texts are cut to make it
 * fit, numbers never.
 */
#ifndef TOOLS_REPORT_H
#define TOOLS_REPORT_H

#include <stdbool.h>
#include "figures.h"

#define REPORT_VERSION 1
#define REPORT_MAX 4096

struct report_disk {
	const char *name;        /* NULL: nothing known */
	const char *kind, *designator, *vendor, *product, *revision, *serial;
	uint64_t size;
	uint32_t block_size;
};

struct report {
	const char *message;
	const char *result;      /* done, sent, failed, stopped, planned, running */
	int exit_code;           /* -1 while running */
	const char *started;     /* UTC */
	const struct figures *figures; /* NULL: no job was made */
	struct report_disk source, destination;
};

/*
 * malloc'ed, ends with a newline, at most REPORT_MAX bytes without the NUL;
 * NULL: no memory.
 */
char *report_text(const struct report *r);

/*
 * Replaces `path` by `text` in one step (temporary file, rename), or, where the
 * name is not ours to replace (a mount point, a device, a read-only folder:
 * /dev/termination-log), writes into it.  False with errno.
 */
bool report_write(const char *path, const char *text);

/*
 * Whether both names lead to one file, existing or to be made.  For keeping the
 * report off the disks.
 */
bool report_same_file(const char *a, const char *b);

#endif
