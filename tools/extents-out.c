/* SPDX-License-Identifier: Apache-2.0 */
/* What a disk is made of, as text: see extents-out.h. */
#include <inttypes.h>
#include "extents-out.h"

/* The type and words of NBD's base:allocation, and the words of qemu-img. */
static const struct {
	unsigned type;
	const char *words;
	bool zero, data;
} kinds[EXTENT_KINDS] = {
	[XM_EXTENT_DATA] = { 0, "data", false, true },
	[XM_EXTENT_ZERO] = { 2, "zero", true, true },
	[XM_EXTENT_HOLE] = { 3, "hole,zero", true, false },
	[XM_EXTENT_UNKNOWN] = { 1, "hole", false, false },
};

static const char *truth(bool value)
{
	return value ? "true" : "false";
}

static void put_json(struct extents_out *o)
{
	fprintf(o->to, "%s{ \"start\": %" PRIu64 ", \"length\": %" PRIu64 ", \"depth\": 0, "
		"\"present\": true, \"zero\": %s, \"data\": %s, \"offset\": %" PRIu64 "}",
		o->any ? ",\n" : "[", o->off, o->len, truth(kinds[o->kind].zero),
		truth(kinds[o->kind].data), o->off);
	o->any = true;
}

static void put(struct extents_out *o)
{
	if (o->len == 0)
		return;
	o->sum[o->kind] += o->len;
	if (o->totals)
		return;
	if (o->json)
		put_json(o);
	else if (o->kind == XM_EXTENT_DATA)
		fprintf(o->to, "%" PRIu64 " %" PRIu64 "\n", o->off, o->len);
	else
		fprintf(o->to, "%" PRIu64 " %" PRIu64 " %s\n", o->off, o->len,
			kinds[o->kind].words);
}

void extents_out_add(struct extents_out *o, uint64_t off, uint64_t len, enum xm_extent_kind kind)
{
	if (o->len && kind == o->kind) {
		o->len += len;
		return;
	}
	put(o);
	o->off = off;
	o->len = len;
	o->kind = kind;
}

static void put_sum(struct extents_out *o, unsigned kind, uint64_t all)
{
	double percent = (double)o->sum[kind] * 100 / (double)all;

	if (!o->json) {
		fprintf(o->to, "%20" PRIu64 " %5.1f%% %3u %s\n", o->sum[kind], percent,
			kinds[kind].type, kinds[kind].words);
		return;
	}
	fprintf(o->to, "%s{ \"size\": %" PRIu64 ", \"percent\": %g, \"type\": %u, "
		"\"description\": \"%s\"}", o->any ? ",\n" : "[", o->sum[kind], percent,
		kinds[kind].type, kinds[kind].words);
	o->any = true;
}

static void put_sums(struct extents_out *o)
{
	static const unsigned by_type[EXTENT_KINDS] = { XM_EXTENT_DATA, XM_EXTENT_UNKNOWN,
							XM_EXTENT_ZERO, XM_EXTENT_HOLE };
	uint64_t all = 0;

	for (unsigned k = 0; k < EXTENT_KINDS; k++)
		all += o->sum[k];
	for (unsigned i = 0; i < EXTENT_KINDS; i++) {
		if (o->sum[by_type[i]])
			put_sum(o, by_type[i], all);
	}
}

void extents_out_end(struct extents_out *o)
{
	put(o);
	o->len = 0;
	if (o->totals)
		put_sums(o);
	if (o->json)
		fprintf(o->to, "%s]\n", o->any ? "" : "[");
}
