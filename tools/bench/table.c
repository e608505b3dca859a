/* SPDX-License-Identifier: Apache-2.0 */
/* The results for people, and as JSON. */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include "bench.h"
#include "text.h"

static const char *size_word(uint64_t size, char buf[TEXT_SIZE_MAX])
{
	if (size == 0)
		return "adaptive";
	return text_size(size, buf);
}

static void row(const struct bench_config *c, FILE *f)
{
	char size[TEXT_SIZE_MAX], depth[16] = "adaptive", calls[24] = "not known";

	if (c->depth)
		snprintf(depth, sizeof depth, "%u", c->depth);
	if (c->rounds == 0) {
		fprintf(f, "%-8s  %-10s %-8s  not measured: %.*s\n", c->way->name,
			size_word(c->size, size), depth, (int)strcspn(c->error, ";"), c->error);
		return;
	}
	if (c->calls >= 0)
		snprintf(calls, sizeof calls, "%.0f", c->calls);
	fprintf(f, "%-8s  %-10s %-8s %7.2f  %7.2f to %-7.2f %7.3f  %10s\n", c->way->name,
		size_word(c->size, size), depth, bench_median(c->rate, c->rounds), c->rate[0],
		bench_highest(c), bench_median(c->cpu, c->rounds), calls);
}

void bench_table(const struct bench *b, FILE *f)
{
	char size[TEXT_SIZE_MAX];

	fprintf(f, "%s -> %s%s%s\n%s a run, %u rounds in turns after one to warm up\n\n",
		b->pair->src, b->pair->dst, b->pair->made[0] ? ": " : "", b->pair->made,
		text_size(b->bytes, size), b->rounds);
	fprintf(f, "%-8s  %-10s %-8s %7s  %-18s %7s  %10s\n", "", "request", "depth", "GiB/s",
		"  lowest to highest", "CPU s", "system");
	fprintf(f, "%-8s  %-10s %-8s %7s  %-18s %7s  %10s\n", "way", "bytes", "", "median", "",
		"a GiB", "calls/GiB");
	for (unsigned i = 0; i < b->n; i++)
		row(&b->at[i], f);
}

static json_t *list(const double *v, unsigned n)
{
	json_t *a = json_array();

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(a, json_real(v[i]));
	return a;
}

static json_t *config_json(const struct bench_config *c)
{
	json_t *o = json_object();

	json_object_set_new(o, "way", json_string(c->way->name));
	json_object_set_new(o, "request_bytes", c->size ? json_integer((json_int_t)c->size) :
							  json_null());
	json_object_set_new(o, "depth", c->depth ? json_integer(c->depth) : json_null());
	if (c->error[0]) {
		json_object_set_new(o, "not_measured", text_json(c->error, BENCH_ERROR));
		return o;
	}
	json_object_set_new(o, "gib_per_s", json_real(bench_median(c->rate, c->rounds)));
	json_object_set_new(o, "gib_per_s_rounds", list(c->rate, c->rounds));
	json_object_set_new(o, "cpu_s_per_gib", json_real(bench_median(c->cpu, c->rounds)));
	json_object_set_new(o, "syscalls_per_gib",
			    c->calls < 0 ? json_null() : json_real(c->calls));
	return o;
}

bool bench_json(const struct bench *b, FILE *f)
{
	json_t *o = json_object(), *a = json_array();
	bool ok;

	json_object_set_new(o, "version", json_integer(1));
	json_object_set_new(o, "source", text_json(b->pair->src, 320));
	json_object_set_new(o, "destination", text_json(b->pair->dst, 320));
	json_object_set_new(o, "bytes", json_integer((json_int_t)b->bytes));
	json_object_set_new(o, "rounds", json_integer(b->rounds));
	for (unsigned i = 0; i < b->n; i++)
		json_array_append_new(a, config_json(&b->at[i]));
	json_object_set_new(o, "results", a);
	ok = json_dumpf(o, f, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) == 0 && fputc('\n', f) >= 0;
	json_decref(o);
	return ok;
}
