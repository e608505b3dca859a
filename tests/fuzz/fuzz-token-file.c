/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token file, or a one-way stream, whatever is in it: looked at whole, then taken piece by piece.
 *
 * Where the first byte is 0 the rest is the file as it is.  Else it is rows of type, flags, length
 * (2 bytes) and payload, which are sealed as frames of one stream, so that what lies behind the
 * checksums is reached too; the first is HELLO, and its kind what the first byte says.
 */
#undef NDEBUG
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "error.h"
#include "remote.h"
#include "xm/endian.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ID UINT64_C(7)
#define FRAMES_MAX 64
#define INPUT_MAX 65536

static struct xm_ctx *ctx;

static void put(int fd, const void *p, size_t n)
{
	assert(write(fd, p, n) == (ssize_t)n);
}

static void put_frame(int fd, uint64_t number, const uint8_t *row, size_t len, uint8_t kind)
{
	struct xm_wire_header h = { .type = row[0], .flags = row[1], .number = number };
	uint8_t header[XM_WIRE_HEADER], *payload = malloc(len + 1);

	assert(payload);
	memcpy(payload, row + 4, len);
	/* a stream that is refused for these is of no use here */
	if (number == 0 && len >= 24) {
		h.type = XM_WIRE_HELLO;
		xm_put_be16(payload, XM_WIRE_VERSION);
		xm_put_be16(payload + 2, kind);
		xm_put_be64(payload + 8, ID);
		xm_put_be64(payload + 16, 0);
	}
	xm_wire_seal(header, &h, number ? ID : 0, payload, len, NULL, 0);
	put(fd, header, sizeof header);
	put(fd, payload, len);
	free(payload);
}

static void put_frames(int fd, const uint8_t *p, size_t size, uint8_t kind)
{
	for (uint64_t n = 0; n < FRAMES_MAX && size >= 4; n++) {
		size_t len = xm_get_be16(p + 2);

		if (len > size - 4)
			len = size - 4;
		put_frame(fd, n, p, len, kind);
		p += 4 + len;
		size -= 4 + len;
	}
}

static void is_sound(const struct xm_endpoint *ep, const struct xm_piece *p)
{
	uint64_t sum = 0;

	assert(p->nruns > 0 && p->nruns <= XM_TOKEN_RUNS_MAX);
	for (unsigned i = 0; i < p->nruns; i++) {
		assert(p->runs[i].len > 0 && p->runs[i].off < ep->size);
		assert(p->runs[i].len <= ep->size - p->runs[i].off);
		sum += p->runs[i].len;
	}
	assert(sum == p->bytes);
	assert((p->kind == XM_PIECE_TOKEN) == (p->token != NULL));
	assert((p->kind == XM_PIECE_DATA) == (p->data != NULL));
	assert(!p->token || p->token->covers == p->bytes);
}

/* What was found sound as a file comes whole. */
static void take(struct xm_endpoint *ep, bool file)
{
	const struct xm_remote_ops *remote = ep->ops->remote;
	struct xm_wire_digest *d;
	enum xm_code code;
	bool over = false;

	while (!over) {
		struct xm_piece *p = remote->next(ep, &over);

		if (p)
			is_sound(ep, p);
		assert(!p || !file || p->kind != XM_PIECE_DATA);
		xm_piece_put(p);
	}
	assert(!file || !remote->wrong(ep, &code));
	for (size_t i = 0, n = remote->digests(ep, &d); i < n; i++)
		assert(d[i].len > 0 && d[i].len <= XM_WIRE_DIGEST_MAX &&
		       d[i].off < ep->size && d[i].len <= ep->size - d[i].off);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xm_endpoint *ep;
	struct xm_error *err = NULL;
	uint8_t kind;
	int fd;

	if (size < 1 || size > INPUT_MAX)
		return 0;
	if (!ctx)
		ctx = xm_ctx_new();
	fd = memfd_create("fuzz", MFD_CLOEXEC);
	assert(ctx && fd >= 0);
	kind = data[0] & 1 ? XM_WIRE_TOKEN_FILE : XM_WIRE_ONE_WAY;
	if (data[0] == 0)
		put(fd, data + 1, size - 1);
	else
		put_frames(fd, data + 1, size - 1, kind);
	assert(lseek(fd, 0, SEEK_SET) == 0);
	if (xm_endpoint_receive(ctx, fd, -1, &ep, &err) == 0) {
		take(ep, data[0] != 0 && kind == XM_WIRE_TOKEN_FILE);
		xm_endpoint_close(ep);
	}
	xm_error_free(err);
	close(fd);
	return 0;
}
