/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Range lists, a target for each format: FORMAT is the first bytes that choose the
 * parser.  The input's first byte says for what use, how large the disk, and how
 * the bytes arrive.
 */
#undef NDEBUG
#include <assert.h>
#include <string.h>
#include "dirty.h"
#include "error.h"
#include "range-list.h"
#include "xm/list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct memory {
	struct xm_range_input in;
	const uint8_t *p;
	size_t left, step;
};

static ssize_t read_memory(struct xm_range_input *in, void *buf, size_t len)
{
	struct memory *m = xm_container_of(in, struct memory, in);
	size_t n = m->left < m->step ? m->left : m->step;

	n = n < len ? n : len;
	memcpy(buf, m->p, n);
	m->p += n;
	m->left -= n;
	return (ssize_t)n;
}

/* What was read covers the disk, in order, whatever the list was. */
static void check(struct xm_runs *r, uint64_t size)
{
	uint64_t len;
	unsigned n = 0;

	for (uint64_t off = 0; off < size; off += len) {
		assert(xm_runs_at(r, off, size - off, &len) <= 3);
		assert(len > 0 && len <= size - off && n++ <= r->n + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t sizes[] = { 1, 1000001, UINT64_C(1) << 30, UINT64_C(1) << 46 };
	struct memory m = { .in = { .name = "list", .read = read_memory } };
	struct xm_error *err = NULL;
	struct xm_runs r;
	uint8_t text[4096 + sizeof FORMAT];
	uint64_t disk;

	if (size < 1 || size > 4096)
		return 0;
	disk = sizes[data[0] >> 1 & 3];
	memcpy(text, FORMAT, sizeof FORMAT - 1);
	memcpy(text + sizeof FORMAT - 1, data + 1, size - 1);
	m.p = text;
	m.left = sizeof FORMAT - 1 + size - 1;
	m.step = data[0] & 8 ? 7 : sizeof text;
	if (xm_range_list_parse(&m.in, data[0] & 1 ? XM_RANGE_DIRTY : XM_RANGE_EXTENTS, disk, &r,
				&err) == 0) {
		assert(!err);
		check(&r, disk);
	} else {
		assert(err && r.n == 0);
	}
	xm_error_free(err);
	xm_runs_free(&r);
	return 0;
}
