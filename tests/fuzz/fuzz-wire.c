/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames between two movers, whatever is in them.  First byte: the type of the frame that the
 * rest is the payload of, its high bit a flag of the frame.  What is decoded and put again comes
 * out the same.
 */
#undef NDEBUG
#include <assert.h>
#include <string.h>
#include "wire-format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hello(const uint8_t *p, size_t len)
{
	uint8_t out[XM_WIRE_HELLO_MAX];
	struct xm_wire_hello h, again;

	if (xm_wire_get_hello(p, len, &h) < 0)
		return;
	assert(h.version == XM_WIRE_VERSION && h.disk.n <= XM_IDENTITY_NAMES);
	assert(xm_wire_get_hello(out, xm_wire_put_hello(out, &h), &again) == 0);
	assert(again.size == h.size && again.disk.n == h.disk.n);
	xm_identity_free(&h.disk);
	xm_identity_free(&again.disk);
}

static void runs(const struct xm_wire_header *h, const uint8_t *p)
{
	uint8_t out[XM_WIRE_RUNS_BYTES];
	struct xm_wire_runs r;

	if (!xm_wire_get_runs(h, p, &r))
		return;
	assert(r.n > 0 && r.n <= XM_WIRE_RUNS_MAX);
	assert(!r.token || r.token + XM_WIRE_TOKEN_BYTES == p + h->len);
	assert(xm_wire_put_runs(out, &r) == h->len && memcmp(out, p, h->len) == 0);
}

static void payload(const struct xm_wire_header *h, const uint8_t *p)
{
	struct xm_wire_range range;
	struct xm_wire_fail fail;
	struct xm_wire_end end;
	struct xm_wire_digest digest;
	struct xm_wire_io io;

	switch (h->type) {
	case XM_WIRE_HELLO:
		hello(p, h->len);
		break;
	case XM_WIRE_READ:
	case XM_WIRE_DATA:
		if (xm_wire_get_io(h, p, &io) && io.bytes)
			assert(io.bytes + io.len == p + h->len);
		break;
	case XM_WIRE_POPULATE:
	case XM_WIRE_TOKEN:
		runs(h, p);
		break;
	case XM_WIRE_DIGEST:
		if (xm_wire_get_digest(p, h->len, &digest))
			assert(digest.len > 0 && digest.len <= XM_WIRE_DIGEST_MAX);
		break;
	case XM_WIRE_FAIL:
		if (xm_wire_get_fail(p, h->len, &fail))
			assert(memchr(fail.detail, 0, sizeof fail.detail));
		break;
	case XM_WIRE_END:
		if (xm_wire_get_end(p, h->len, &end))
			assert(memchr(end.text, 0, sizeof end.text));
		break;
	default:
		for (size_t i = 0; xm_wire_get_range(p, h->len, i, &range); i++)
			assert(range.off + range.len > range.off);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t header[XM_WIRE_HEADER];
	struct xm_wire_header h, got;

	if (size >= XM_WIRE_HEADER)
		xm_wire_get_header(data, &got);
	if (size < 1 || size > XM_WIRE_PAYLOAD_MAX)
		return 0;
	h = (struct xm_wire_header){ .type = data[0] & 0x7f, .flags = data[0] >> 7,
				     .len = (uint32_t)(size - 1), .number = size };
	/* a frame that was sealed is whole, and one of another stream is not */
	xm_wire_seal(header, &h, 7, data + 1, size - 1, NULL, 0);
	assert(!xm_wire_get_header(header, &got) && got.len == h.len && got.type == h.type);
	assert(xm_wire_is_whole(header, &got, 7, data + 1));
	assert(!xm_wire_is_whole(header, &got, 9, data + 1));
	payload(&h, data + 1);
	return 0;
}
