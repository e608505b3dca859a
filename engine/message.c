/* SPDX-License-Identifier: Apache-2.0 */
/* The one line of truth about offload: the report's `message`. */
#include "job.h"

#include <stdio.h>
#include <string.h>
#include "error.h"
#include "remote.h"
#include "xm/align.h"

static const char *size_text(char *buf, size_t n, uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double v = (double)bytes;
	unsigned u = 0;

	while (u < 6 && v >= 1024) {
		v /= 1024;
		u++;
	}
	if (u == 0)
		snprintf(buf, n, "%llu B", (unsigned long long)bytes);
	else
		/* cut, not rounded: never more than was done */
		snprintf(buf, n, "%.1f %s", (double)(uint64_t)(v * 10) / 10, units[u]);
	return buf;
}

static uint64_t offloaded(const struct xm_job *job)
{
	return job->ways[XM_WAY_XCOPY].left + job->ways[XM_WAY_ODX].left +
	       job->ways[XM_WAY_NVME_COPY].left;
}

/* "SCSI EXTENDED COPY", or several, of what moved something (or would). */
static void titles(const struct xm_job *job, bool would, char *buf, size_t n)
{
	buf[0] = 0;
	for (unsigned i = 0; i < job->pick.n; i++) {
		const struct xm_entry *e = &job->pick.at[i];
		size_t at = strlen(buf);

		if (!xm_entry_offloads(e) ||
		    !(would ? xm_entry_usable(e) : job->ways[e->ops->way].left > 0))
			continue;
		snprintf(buf + at, n - at, "%s%s", at ? " and " : "", e->ops->title);
	}
}

/* The reason that cost most, or the one that came up. */
static const struct xm_fallback *main_reason(const struct xm_job *job)
{
	const struct xm_fallback *best = NULL;

	for (unsigned i = 0; i < job->fallbacks.n; i++) {
		const struct xm_fallback *f = &job->fallbacks.row[i];

		if (!best || f->bytes > best->bytes)
			best = f;
	}
	return best;
}

static void because(const struct xm_job *job, char *buf, size_t n)
{
	const struct xm_fallback *f = main_reason(job);

	if (f)
		snprintf(buf, n, "because %s (%s)", f->detail, f->reason);
	else
		snprintf(buf, n, "because the job ended before any could be moved (not_started)");
}

static unsigned percent(uint64_t part, uint64_t total)
{
	unsigned p = (unsigned)((double)part * 100 / (double)total);

	return part < total && p > 99 ? 99 : p;
}

static void planned(const struct xm_job *job, char *buf, size_t n)
{
	char total[32], how[96], why[288];

	titles(job, true, how, sizeof how);
	size_text(total, sizeof total, job->len);
	because(job, why, sizeof why);
	if (how[0])
		snprintf(buf, n, "Storage offload would be tried for %s by %s", total, how);
	else
		snprintf(buf, n, "Storage offload would not be used for %s, %s", total, why);
}

/* What was neither offloaded nor had to be read: it needs no excuse. */
struct others {
	uint64_t zeros, clean, not_sent, clone, resumed;
};

static void count_others(const struct xm_job *job, struct others *o)
{
	uint64_t skipped = job->ways[XM_WAY_SKIP].left;

	/* nothing is skipped but zeros, where all of the disk was to be copied */
	o->clean = job->has_dirty ? skipped : 0;
	o->not_sent = xm_min_u64(job->left_out, skipped);
	o->zeros = job->ways[XM_WAY_ZERO].left + skipped - o->clean - o->not_sent;
	o->clone = job->ways[XM_WAY_CLONE].left;
	o->resumed = job->ways[XM_WAY_RESUMED].left;
}

static void add_others(struct xm_job *job, const struct others *o)
{
	const struct { uint64_t bytes; const char *words; } rows[] = {
		{ o->zeros, "were zeros" },
		{ o->clean, "were not dirty" },
		{ o->not_sent, "were not sent" },
		{ o->clone, "were cloned by the file system" },
		{ o->resumed, "more were there already" },
	};
	char size[32];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t at = strlen(job->message);

		if (rows[i].bytes)
			snprintf(job->message + at, sizeof job->message - at, "; %s %s",
				 size_text(size, sizeof size, rows[i].bytes), rows[i].words);
	}
}

/* What went into a stream has not arrived yet: nothing to be proud of. */
static void sent(struct xm_job *job)
{
	const struct { uint64_t bytes; const char *words; } rows[] = {
		{ job->ways[XM_WAY_ODX].left, "by token" },
		{ job->ways[XM_WAY_HOST].left, "as data" },
		{ job->ways[XM_WAY_ZERO].left, "as zeros" },
		{ job->ways[XM_WAY_SKIP].left, "left out" },
		{ job->len - xm_min_u64(job->tally.done, job->len), "not sent" },
	};
	const char *between = "";
	char size[32];
	size_t at = 0;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].bytes == 0)
			continue;
		at += (size_t)snprintf(job->message + at, sizeof job->message - at, "%s%s %s",
				       between, size_text(size, sizeof size, rows[i].bytes),
				       rows[i].words);
		between = ", ";
	}
	snprintf(job->message + at, sizeof job->message - at,
		 "; the receiver says what of it arrived");
}

void xm_job_write_message(struct xm_job *job)
{
	struct others o;
	uint64_t by_offload = offloaded(job), data;
	char part[32], total[32], how[96], why[288];
	char *buf = job->message;
	size_t n = sizeof job->message;

	if (job->opt.verify_only)
		return;
	if (job->result < 0) {
		planned(job, buf, n);
		return;
	}
	if (xm_remote_is_blind(job->dst)) {
		sent(job);
		return;
	}
	count_others(job, &o);
	data = job->len - xm_min_u64(o.zeros + o.clean + o.not_sent + o.resumed, job->len);
	if (o.resumed == job->len) {
		snprintf(buf, n, "Nothing was left to move: all of %s was there already",
			 size_text(total, sizeof total, job->len));
		return;
	}
	size_text(part, sizeof part, by_offload);
	size_text(total, sizeof total, data);
	titles(job, false, how, sizeof how);
	because(job, why, sizeof why);
	if (data == 0)
		snprintf(buf, n, "Storage offload not used during migration: there was no data");
	else if (by_offload == 0)
		snprintf(buf, n,
			 "Storage offload not used during migration: 0 of %s by offload, %s",
			 total, why);
	else if (by_offload == data)
		snprintf(buf, n,
			 "Storage offload used during migration: %s of %s (100 %%) by %s", part,
			 total, how);
	else if (job->fallbacks.n > 0 && job->tally.done == job->len)
		snprintf(buf, n,
			 "Storage offload used during migration: %s of %s (%u %%) by %s, the "
			 "rest by host %s", part, total, percent(by_offload, data), how, why);
	else
		snprintf(buf, n,
			 "Storage offload used during migration: %s of %s (%u %%) by %s; the "
			 "rest was not moved", part, total, percent(by_offload, data), how);
	add_others(job, &o);
}
