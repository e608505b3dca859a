/* SPDX-License-Identifier: Apache-2.0 */
/* See copy-end.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "console.h"
#include "copy-end.h"
#include "text.h"

void copy_print_summary(const struct opts *o, const struct figures *f, bool sent)
{
	char done[TEXT_SIZE_MAX], rate[TEXT_SIZE_MAX], verified[TEXT_SIZE_MAX], t[TEXT_TIME_MAX];
	uint64_t ms = f->duration_ns / 1000000, moved = figures_offloaded(f) + figures_by_host(f);

	if (opt_flag(o, OPT_QUIET) || opt_flag(o, OPT_DRY_RUN))
		return;
	text_size(ms ? (uint64_t)((double)moved * 1000 / (double)ms) : moved, rate);
	printf("%s %s in %s (%s/s)", sent ? "Sent" : "Moved", text_size(moved, done),
	       text_time(f->duration_ns, t), rate);
	if (sent)
		printf(".\n");
	else
		printf("; read back and compared: %s.\n", text_size(f->verified, verified));
}

void copy_print_fallbacks(const struct opts *o, const struct figures *f)
{
	char size[TEXT_SIZE_MAX], detail[FIGURES_DETAIL];

	if (opt_flag(o, OPT_QUIET))
		return;
	for (size_t i = 0; i < f->fallbacks && i < FIGURES_FALLBACKS; i++) {
		const struct figures_fallback *fb = &f->fallback[i];

		text_printable(fb->detail, detail, sizeof detail);
		/* Without bytes: refused in a plan, or before the first byte. */
		printf("Not offloaded: %s%s%s: %s\n", fb->bytes ? text_size(fb->bytes, size) : "",
		       fb->bytes ? ", " : "", fb->reason, detail);
	}
}

void copy_write_missing(const struct opts *o, const struct xm_job *job)
{
	const char *path = opt_text(o, OPT_MISSING);
	FILE *f = path && job ? fopen(path, "we") : NULL;
	uint64_t off, len = 0;

	if (!path || !job)
		return;
	for (uint64_t at = 0; f && xm_job_missing(job, at, &off, &len) == 0; at = off + len)
		fprintf(f, "%" PRIu64 " %" PRIu64 "\n", off, len);
	if (!f || fclose(f) != 0)
		console_say(XM_LOG_ERROR, "missing", "cannot write the list %s: %s", path,
			    strerror(errno));
}
