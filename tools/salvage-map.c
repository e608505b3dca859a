/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The map of --salvage.  See salvage-map.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>
#include "salvage-map.h"

FILE *salvage_map_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
	FILE *f = fd >= 0 ? fdopen(fd, "r+") : NULL;

	if (!f && fd >= 0)
		close(fd);
	return f;
}

static void row(FILE *f, uint64_t from, uint64_t to, char status)
{
	if (from < to)
		fprintf(f, "0x%08" PRIX64 "  0x%08" PRIX64 "  %c\n", from, to - from, status);
}

bool salvage_map_write(FILE *f, const struct xm_job *job, uint64_t size, bool whole)
{
	/* + copied, - could not be read, ? the copy ended before all was tried */
	char good = whole ? '+' : '?';
	uint64_t at = 0, off, len;

	if (ftruncate(fileno(f), 0) < 0)
		return false;
	fprintf(f, "# Mapfile. Created by xmover version %s\n"
		"# current_pos  current_status  current_pass\n0x00000000     %c               1\n"
		"#      pos        size  status\n", xm_version(), good);
	for (size_t i = 0; xm_job_bad(job, i, &off, &len) == 0; i++) {
		row(f, at, off, good);
		row(f, off, off + len, '-');
		at = off + len;
	}
	row(f, at, size, good);
	return fflush(f) == 0 && !ferror(f) && (fsync(fileno(f)) == 0 || errno == EINVAL);
}
