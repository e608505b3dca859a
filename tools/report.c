/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report as JSON.  See report.h; report-file.c puts it into a file.
 */
#include <stdlib.h>
#include <string.h>
#include <jansson.h>
#include "report.h"
#include "text.h"

/* How long texts may be in this attempt; halved until all fits. */
struct limits {
	size_t message, name, detail, rows;
};

static json_t *number(uint64_t v)
{
	return json_integer(v > INT64_MAX ? INT64_MAX : (json_int_t)v);
}

static void set_text(json_t *o, const char *key, const char *text, size_t max)
{
	json_object_set_new(o, key, text_json(text ? text : "", max));
}

static json_t *disk_json(const struct report_disk *d, const struct limits *lim)
{
	json_t *o;

	if (!d->name)
		return json_null();
	o = json_object();
	set_text(o, "name", d->name, lim->name);
	set_text(o, "kind", d->kind, lim->name);
	set_text(o, "designator", d->designator, lim->name);
	set_text(o, "vendor", d->vendor, lim->name);
	set_text(o, "product", d->product, lim->name);
	set_text(o, "revision", d->revision, lim->name);
	set_text(o, "serial", d->serial, lim->name);
	json_object_set_new(o, "size", number(d->size));
	json_object_set_new(o, "block_size", number(d->block_size));
	return o;
}

static json_t *bytes_json(const struct figures *f)
{
	json_t *o = json_object();

	json_object_set_new(o, "total", number(f->total));
	json_object_set_new(o, "xcopy", number(f->xcopy));
	json_object_set_new(o, "odx", number(f->odx));
	json_object_set_new(o, "nvme_copy", number(f->nvme_copy));
	json_object_set_new(o, "clone", number(f->clone));
	json_object_set_new(o, "host", number(f->host));
	json_object_set_new(o, "zeroed", number(f->zeroed));
	json_object_set_new(o, "skipped", number(f->skipped));
	json_object_set_new(o, "resumed", number(f->resumed));
	/* With it the ways sum to total also when the job did not end. */
	json_object_set_new(o, "left", number(f->total > f->done ? f->total - f->done : 0));
	return o;
}

static json_t *fallbacks_json(const struct figures *f, const struct limits *lim)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < f->fallbacks && i < lim->rows; i++) {
		const struct figures_fallback *fb = &f->fallback[i];
		json_t *o = json_object();

		set_text(o, "reason", fb->reason, FIGURES_WORD);
		json_object_set_new(o, "count", number(fb->count));
		json_object_set_new(o, "bytes", number(fb->bytes));
		set_text(o, "detail", fb->detail, lim->detail);
		json_array_append_new(rows, o);
	}
	return rows;
}

/*
 * Of the bytes that were copied at all; null when there were none,
 * and of a sender, who copies none.
 */
static json_t *ratio_json(const struct figures *f)
{
	uint64_t offloaded = figures_offloaded(f), copied = offloaded + figures_by_host(f);

	if (copied == 0 || (offloaded && !f->offload_used))
		return json_null();
	return json_real((double)offloaded / (double)copied);
}

static json_t *build(const struct report *r, const struct limits *lim)
{
	static const struct figures nothing;
	const struct figures *f = r->figures ? r->figures : &nothing;
	size_t shown = f->fallbacks < lim->rows ? f->fallbacks : lim->rows;
	json_t *o = json_object();

	set_text(o, "message", r->message, lim->message);
	json_object_set_new(o, "version", json_integer(REPORT_VERSION));
	set_text(o, "result", r->result, FIGURES_WORD);
	json_object_set_new(o, "exit_code",
			    r->exit_code < 0 ? json_null() : json_integer(r->exit_code));
	json_object_set_new(o, "offload_used", json_boolean(f->offload_used));
	json_object_set_new(o, "offload_ratio", ratio_json(f));
	json_object_set_new(o, "bytes", bytes_json(f));
	json_object_set_new(o, "fallbacks", fallbacks_json(f, lim));
	json_object_set_new(o, "fallbacks_omitted", number(f->fallbacks - shown));
	json_object_set_new(o, "source", disk_json(&r->source, lim));
	json_object_set_new(o, "destination", disk_json(&r->destination, lim));
	json_object_set_new(o, "caution", f->caution[0] ? json_string(f->caution) : json_null());
	json_object_set_new(o, "retries", number(f->retries));
	json_object_set_new(o, "duration_s", json_real((double)(f->duration_ns / 1000000) / 1000));
	json_object_set_new(o, "verified_bytes", number(f->verified));
	json_object_set_new(o, "unknown", number(f->unknown));
	set_text(o, "started", r->started, FIGURES_WORD);
	set_text(o, "xmover", xm_version(), FIGURES_WORD);
	return o;
}

/*
 * What a reader misses least goes first.  False when all is at its least, which
 * fits whatever the texts hold: see the test with all characters escaped.
 */
static bool shrink(struct limits *lim)
{
	if (lim->detail > 64) {
		lim->detail /= 2;
		lim->rows = lim->rows > 4 ? lim->rows / 2 : lim->rows;
	} else if (lim->name > 64) {
		lim->name /= 2;
	} else if (lim->message > 256) {
		lim->message /= 2;
	} else if (lim->name > 16) {
		*lim = (struct limits){ .message = 128, .name = 16, .detail = 16, .rows = 4 };
	} else {
		return false;
	}
	return true;
}

char *report_text(const struct report *r)
{
	struct limits lim = { .message = 1024, .name = 256, .detail = 256,
			      .rows = FIGURES_FALLBACKS };

	do {
		json_t *o = build(r, &lim);
		char *text = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(10));
		size_t n = text ? strlen(text) : 0;
		char *line;

		json_decref(o);
		if (!text)
			return NULL;
		if (n + 1 <= REPORT_MAX) {
			line = realloc(text, n + 2);
			if (line)
				memcpy(line + n, "\n", 2);
			else
				free(text);
			return line;
		}
		free(text);
	} while (shrink(&lim));
	return NULL;
}
