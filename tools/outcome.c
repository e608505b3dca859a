/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be told at the end.  See outcome.h.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "console.h"
#include "opt.h"
#include "outcome.h"
#include "report.h"
#include "text.h"

#define DISK_TEXT 512
#define DISK_TEXTS 7

struct disk {
	char text[DISK_TEXTS][DISK_TEXT];
	uint64_t size;
	uint32_t block_size;
};

static struct {
	/* Set by outcome_setup(), never changed. */
	const char *path;        /* NULL: no report */
	char started[TEXT_NOW_MAX];

	pthread_mutex_t lock;    /* guards what follows */
	bool ended;
	bool has_figures;
	struct figures figures;
	struct disk source, destination;
} out = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* As the user wrote them, until they are opened. */
static void name_disks(const struct opts *o)
{
	bool import = o->verb == VERB_TOKEN && o->operands > 2;
	unsigned src = o->verb == VERB_TOKEN && !import ? 1 : 0;
	unsigned dst = o->verb == VERB_RECEIVE ? 0 : import ? 2 : 1;

	if (src < o->operands && o->verb != VERB_RECEIVE && !import)
		text_redact(o->operand[src], out.source.text[0], DISK_TEXT);
	if (dst < o->operands && (dst != src || o->verb == VERB_RECEIVE))
		text_redact(o->operand[dst], out.destination.text[0], DISK_TEXT);
}

bool outcome_setup(const struct opts *o, char *error, size_t size)
{
	const char *path = opt_text(o, OPT_REPORT);
	const char *secrets = opt_text(o, OPT_CHAP_FILE);

	text_now(out.started);
	name_disks(o);
	if (!path)
		return true;
	for (unsigned i = 0; i < o->operands; i++) {
		if (report_same_file(path, o->operand[i])) {
			snprintf(error, size, "--report=%s would overwrite one of the disks", path);
			return false;
		}
	}
	if (secrets && report_same_file(path, secrets)) {
		snprintf(error, size, "--report=%s would overwrite the secrets", path);
		return false;
	}
	out.path = path;
	return true;
}

bool outcome_wants_report(void)
{
	return out.path != NULL;
}

static void copy_disk(struct disk *d, const struct xm_endpoint *ep)
{
	static const enum xm_endpoint_key keys[DISK_TEXTS] = {
		XM_EP_NAME, XM_EP_KIND, XM_EP_DESIGNATOR, XM_EP_VENDOR, XM_EP_PRODUCT,
		XM_EP_REVISION, XM_EP_SERIAL,
	};

	pthread_mutex_lock(&out.lock);
	for (size_t i = 0; i < DISK_TEXTS; i++)
		snprintf(d->text[i], DISK_TEXT, "%s", xm_endpoint_str(ep, keys[i]));
	d->size = xm_endpoint_size(ep);
	d->block_size = xm_endpoint_block_size(ep);
	pthread_mutex_unlock(&out.lock);
}

void outcome_source(const struct xm_endpoint *ep)
{
	copy_disk(&out.source, ep);
}

void outcome_destination(const struct xm_endpoint *ep)
{
	copy_disk(&out.destination, ep);
}

void outcome_figures(const struct figures *f)
{
	pthread_mutex_lock(&out.lock);
	out.figures = *f;
	out.has_figures = true;
	pthread_mutex_unlock(&out.lock);
}

static struct report_disk disk_view(const struct disk *d)
{
	return (struct report_disk){
		.name = *d->text[0] ? d->text[0] : NULL,
		.kind = d->text[1],
		.designator = d->text[2],
		.vendor = d->text[3],
		.product = d->text[4],
		.revision = d->text[5],
		.serial = d->text[6],
		.size = d->size,
		.block_size = d->block_size,
	};
}

static bool write_locked(int exit_code, const char *result, const char *message)
{
	struct report r = {
		.message = message,
		.result = result,
		.exit_code = exit_code,
		.started = out.started,
		.figures = out.has_figures ? &out.figures : NULL,
		.source = disk_view(&out.source),
		.destination = disk_view(&out.destination),
	};
	char *text = report_text(&r);
	bool ok;

	if (!text) {
		errno = ENOMEM;
		return false;
	}
	ok = report_write(out.path, text);
	free(text);
	return ok;
}

bool outcome_begin(void)
{
	bool ok = true;

	pthread_mutex_lock(&out.lock);
	if (out.path && !out.ended)
		ok = write_locked(-1, "running",
				  "xmover is still running, or was killed before its end.");
	pthread_mutex_unlock(&out.lock);
	return ok;
}

/* False: it was told before. */
static bool end_locked(int exit_code, const char *result, const char *message)
{
	if (out.ended)
		return false;
	if (out.path && !write_locked(exit_code, result, message))
		console_say(XM_LOG_ERROR, "report", "cannot write the report %s: %s", out.path,
			    strerror(errno));
	out.ended = true;
	return true;
}

bool outcome_end(int exit_code, const char *result, const char *message)
{
	bool first;

	pthread_mutex_lock(&out.lock);
	first = end_locked(exit_code, result, message);
	pthread_mutex_unlock(&out.lock);
	return first;
}

void outcome_abandon(int exit_code, const char *message)
{
	struct figures *f = &out.figures;

	pthread_mutex_lock(&out.lock);
	f->unknown = f->total > f->done ? f->total - f->done : 0;
	end_locked(exit_code, "failed", message);
	pthread_mutex_unlock(&out.lock);
}
