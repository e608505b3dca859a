/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rates from a file.  See rates.h.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "console.h"
#include "rates.h"
#include "text.h"

static const char *const names[] = {
	[XM_RATE_ALL] = "all", [XM_RATE_OFFLOAD] = "offload", [XM_RATE_HOST] = "host",
};
#define RATES (sizeof names / sizeof names[0])

static bool read_line(char *line, uint64_t rate[RATES])
{
	const char *name = strtok(line, " \t\r\n"), *value = name ? strtok(NULL, " \t\r\n") : NULL;

	if (!name || *name == '#')
		return true;
	for (size_t i = 0; i < RATES; i++) {
		if (strcmp(names[i], name) == 0)
			return value && !strtok(NULL, " \t\r\n") &&
			       text_parse_size(value, &rate[i]);
	}
	return false;
}

bool rates_read(const struct rates *r, char *error, size_t size)
{
	uint64_t rate[RATES] = { 0 };
	unsigned n = 0;
	char line[256];
	bool ok = true;
	FILE *f;

	if (!r->path)
		return true;
	f = fopen(r->path, "re");
	if (!f) {
		snprintf(error, size, "cannot read the rates in %s: %s", r->path, strerror(errno));
		return false;
	}
	while (ok && fgets(line, sizeof line, f)) {
		n++;
		ok = read_line(line, rate);
	}
	ok = ok && !ferror(f);
	fclose(f);
	if (!ok) {
		snprintf(error, size, "rates in %s, line %u: give all, offload or host, and a size "
			 "such as 100M (0: no limit)", r->path, n);
		return false;
	}
	for (size_t i = 0; i < RATES; i++)
		xm_job_set_rate(r->job, (enum xm_rate)i, rate[i]);
	return true;
}

void rates_again(void *what)
{
	const struct rates *r = what;
	char error[512];

	if (!r->path)
		console_say(XM_LOG_WARNING, "rates", "USR2 reads the rates anew from --rate-file, "
			    "which was not given");
	else if (!rates_read(r, error, sizeof error))
		console_say(XM_LOG_WARNING, "rates", "%s; the rates stay as they are", error);
	else
		console_say(XM_LOG_INFO, "rates", "the rates are those of %s now", r->path);
}
