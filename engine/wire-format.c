/* SPDX-License-Identifier: Apache-2.0 */
/* Frames to bytes and back: see wire-format.h.  Sends nothing, believes nothing. */
#include "wire-format.h"

#include <stdio.h>
#include <string.h>
#define XXH_STATIC_LINKING_ONLY      /* the state on the stack */
#include <xxhash.h>
#include "xm/checked.h"
#include "xm/endian.h"

#define ID_TEXTS 4
#define HELLO_FIXED 88U

/* ---- frames --------------------------------------------------------------------- */

static uint64_t hash_of(const uint8_t *header, uint64_t seed, const uint8_t *head, size_t head_len,
			const uint8_t *body, size_t body_len)
{
	XXH3_state_t s;

	XXH3_INITSTATE(&s);
	XXH3_64bits_reset_withSeed(&s, seed);
	XXH3_64bits_update(&s, header, 24);
	XXH3_64bits_update(&s, head, head_len);
	XXH3_64bits_update(&s, body, body_len);
	return XXH3_64bits_digest(&s);
}

void xm_wire_seal(uint8_t header[XM_WIRE_HEADER], const struct xm_wire_header *h, uint64_t seed,
		  const uint8_t *head, size_t head_len, const uint8_t *body, size_t body_len)
{
	memset(header, 0, XM_WIRE_HEADER);
	xm_put_be32(header, XM_WIRE_MAGIC);
	xm_put_be16(header + 4, h->type);
	xm_put_be16(header + 6, h->flags);
	xm_put_be32(header + 8, (uint32_t)(head_len + body_len));
	xm_put_be64(header + 16, h->number);
	xm_put_be64(header + 24, hash_of(header, seed, head, head_len, body, body_len));
}

const char *xm_wire_get_header(const uint8_t *p, struct xm_wire_header *h)
{
	*h = (struct xm_wire_header){ .type = xm_get_be16(p + 4), .flags = xm_get_be16(p + 6),
				      .len = xm_get_be32(p + 8), .number = xm_get_be64(p + 16),
				      .hash = xm_get_be64(p + 24) };
	if (xm_get_be32(p) != XM_WIRE_MAGIC)
		return "it is no frame of xmover";
	if (h->len > XM_WIRE_PAYLOAD_MAX)
		return "it is longer than any frame";
	if (xm_get_be32(p + 12) != 0)
		return "reserved bytes are not zero";
	return NULL;
}

bool xm_wire_is_whole(const uint8_t *header, const struct xm_wire_header *h, uint64_t seed,
		      const uint8_t *payload)
{
	return h->hash == hash_of(header, seed, payload, h->len, NULL, 0);
}

/* ---- texts ------------------------------------------------------------------------ */

static size_t put_text(uint8_t *p, const char *text, size_t max)
{
	size_t n = strnlen(text, max);

	xm_put_be16(p, (uint16_t)n);
	memcpy(p + 2, text, n);
	return 2 + n;
}

/* The text at *at, which moves on.  NULL: it does not fit into what is left. */
static const char *get_text(const uint8_t *p, size_t len, size_t *at, size_t *ret_n)
{
	size_t n;

	if (len - *at < 2)
		return NULL;
	n = xm_get_be16(p + *at);
	if (len - *at - 2 < n)
		return NULL;
	*ret_n = n;
	*at += 2 + n;
	return (const char *)p + *at - n;
}

/* Text for people: printable, and no longer than the field. */
static bool get_field(const uint8_t *p, size_t len, size_t *at, char *field, size_t size)
{
	size_t n;
	const char *text = get_text(p, len, at, &n);

	if (!text || n >= size)
		return false;
	xm_identity_text(field, size, text, n);
	return true;
}

/* ---- HELLO ------------------------------------------------------------------------- */

size_t xm_wire_put_hello(uint8_t *p, const struct xm_wire_hello *h)
{
	const char *text[ID_TEXTS] = { h->disk.vendor, h->disk.product, h->disk.revision,
				       h->disk.serial };
	size_t n = HELLO_FIXED;

	memset(p, 0, n);
	xm_put_be16(p, h->version);
	xm_put_be16(p + 2, h->kind);
	xm_put_be32(p + 4, h->flags);
	xm_put_be64(p + 8, h->id);
	xm_put_be64(p + 16, h->answers);
	xm_put_be64(p + 24, h->size);
	xm_put_be64(p + 32, h->max_io);
	xm_put_be64(p + 40, h->granule);
	xm_put_be64(p + 48, h->made);
	xm_put_be64(p + 56, h->birth);
	xm_put_be32(p + 64, h->block_size);
	memcpy(p + 68, h->boot, sizeof h->boot);
	xm_put_be32(p + 84, h->disk.n);
	for (unsigned i = 0; i < ID_TEXTS; i++)
		n += put_text(p + n, text[i], 130);
	for (unsigned i = 0; i < h->disk.n; i++)
		n += put_text(p + n, h->disk.names[i], XM_IDENTITY_NAME_MAX);
	return n;
}

static bool get_names(const uint8_t *p, size_t len, size_t at, unsigned names,
		      struct xm_identity *id)
{
	const char *text;
	size_t n;

	if (names > XM_IDENTITY_NAMES ||
	    !get_field(p, len, &at, id->vendor, sizeof id->vendor) ||
	    !get_field(p, len, &at, id->product, sizeof id->product) ||
	    !get_field(p, len, &at, id->revision, sizeof id->revision) ||
	    !get_field(p, len, &at, id->serial, sizeof id->serial))
		return false;
	for (unsigned i = 0; i < names; i++) {
		text = get_text(p, len, &at, &n);
		if (!text || n > XM_IDENTITY_NAME_MAX ||
		    !xm_identity_add(id, "%.*s", (int)n, text))
			return false;
	}
	return at == len;
}

static bool sane(const struct xm_wire_hello *h)
{
	uint64_t g = h->granule;

	if (h->kind < XM_WIRE_ONE_WAY || h->kind > XM_WIRE_TOKEN_FILE || h->id == 0)
		return false;
	if (h->size == 0)                        /* a receiver's */
		return h->kind == XM_WIRE_TWO_WAY && h->disk.n == 0;
	return h->size <= INT64_MAX && h->block_size > 0 && h->block_size <= (1U << 20) &&
	       (h->block_size & (h->block_size - 1)) == 0 && h->size % h->block_size == 0 &&
	       h->max_io >= h->block_size && h->max_io <= XM_WIRE_DATA_MAX && g > 0 &&
	       g <= (UINT64_C(1) << 40) && (g & (g - 1)) == 0;
}

int xm_wire_get_hello(const uint8_t *p, size_t len, struct xm_wire_hello *h)
{
	*h = (struct xm_wire_hello){ 0 };
	if (len < 2)
		return -1;
	h->version = xm_get_be16(p);
	if (h->version != XM_WIRE_VERSION || len < HELLO_FIXED)
		return -1;
	h->kind = xm_get_be16(p + 2);
	h->flags = xm_get_be32(p + 4);
	h->id = xm_get_be64(p + 8);
	h->answers = xm_get_be64(p + 16);
	h->size = xm_get_be64(p + 24);
	h->max_io = xm_get_be64(p + 32);
	h->granule = xm_get_be64(p + 40);
	h->made = xm_get_be64(p + 48);
	h->birth = xm_get_be64(p + 56);
	h->block_size = xm_get_be32(p + 64);
	memcpy(h->boot, p + 68, sizeof h->boot);
	if (get_names(p, len, HELLO_FIXED, xm_get_be32(p + 84), &h->disk) && sane(h))
		return 0;
	xm_identity_free(&h->disk);
	return -1;
}

/* ---- ranges and reads ----------------------------------------------------------------- */

size_t xm_wire_put_range(uint8_t *p, const struct xm_wire_range *r)
{
	xm_put_be64(p, r->off);
	xm_put_be64(p + 8, r->len);
	return 16;
}

bool xm_wire_get_range(const uint8_t *p, size_t len, size_t i, struct xm_wire_range *r)
{
	uint64_t end;

	if (len % 16 != 0 || i >= len / 16)
		return false;
	r->off = xm_get_be64(p + 16 * i);
	r->len = xm_get_be64(p + 16 * i + 8);
	return r->len > 0 && xm_checked_add(r->off, r->len, &end);
}

size_t xm_wire_put_io(uint8_t p[XM_WIRE_IO], const struct xm_wire_io *io)
{
	xm_put_be64(p, io->id);
	xm_put_be64(p + 8, io->off);
	xm_put_be32(p + 16, io->len);
	xm_put_be32(p + 20, 0);
	return XM_WIRE_IO;
}

bool xm_wire_get_io(const struct xm_wire_header *h, const uint8_t *p, struct xm_wire_io *io)
{
	bool bytes = h->type == XM_WIRE_DATA && !(h->flags & XM_WIRE_ZEROS);
	uint64_t end;

	if (h->len < XM_WIRE_IO)
		return false;
	*io = (struct xm_wire_io){ .id = xm_get_be64(p), .off = xm_get_be64(p + 8),
				   .len = xm_get_be32(p + 16),
				   .bytes = bytes ? p + XM_WIRE_IO : NULL };
	return io->len > 0 && io->len <= XM_WIRE_DATA_MAX &&
	       h->len == XM_WIRE_IO + (bytes ? io->len : 0) &&
	       xm_checked_add(io->off, (uint64_t)io->len, &end);
}

/* ---- tokens ------------------------------------------------------------------------------ */

size_t xm_wire_put_runs(uint8_t *p, const struct xm_wire_runs *r)
{
	size_t n = 24;

	memset(p, 0, n);
	xm_put_be64(p, r->id);
	xm_put_be64(p + 8, r->covered);
	xm_put_be32(p + 16, r->n);
	xm_put_be32(p + 20, r->life);
	for (uint32_t i = 0; i < r->n; i++)
		n += xm_wire_put_range(p + n, &r->run[i]);
	if (!r->token)
		return n;
	memcpy(p + n, r->token, XM_WIRE_TOKEN_BYTES);
	return n + XM_WIRE_TOKEN_BYTES;
}

bool xm_wire_get_runs(const struct xm_wire_header *h, const uint8_t *p, struct xm_wire_runs *r)
{
	bool token = h->type == XM_WIRE_TOKEN;
	size_t at = 24, tail = token ? XM_WIRE_TOKEN_BYTES : 0;
	uint64_t sum = 0;

	if (h->len < at)
		return false;
	*r = (struct xm_wire_runs){ .id = xm_get_be64(p), .covered = xm_get_be64(p + 8),
				    .n = xm_get_be32(p + 16), .life = xm_get_be32(p + 20) };
	if (r->n == 0 || r->n > XM_WIRE_RUNS_MAX || h->len != at + 16 * (size_t)r->n + tail)
		return false;
	for (uint32_t i = 0; i < r->n; i++) {
		if (!xm_wire_get_range(p + at, 16 * (size_t)r->n, i, &r->run[i]) ||
		    !xm_checked_add(sum, r->run[i].len, &sum))
			return false;
	}
	if (!token)
		return true;
	r->token = p + at + 16 * (size_t)r->n;
	return r->covered > 0 && r->covered <= sum;
}

/* ---- DIGEST --------------------------------------------------------------------------------- */

size_t xm_wire_put_digest(uint8_t p[XM_WIRE_DIGEST_BYTES], const struct xm_wire_digest *d)
{
	xm_put_be64(p, d->off);
	xm_put_be32(p + 8, d->len);
	xm_put_be32(p + 12, 0);
	xm_put_be64(p + 16, d->hash);
	return XM_WIRE_DIGEST_BYTES;
}

bool xm_wire_get_digest(const uint8_t *p, size_t len, struct xm_wire_digest *d)
{
	uint64_t end;

	if (len != XM_WIRE_DIGEST_BYTES)
		return false;
	*d = (struct xm_wire_digest){ .off = xm_get_be64(p), .len = xm_get_be32(p + 8),
				      .hash = xm_get_be64(p + 16) };
	return d->len > 0 && d->len <= XM_WIRE_DIGEST_MAX &&
	       xm_checked_add(d->off, (uint64_t)d->len, &end);
}

/* ---- FAIL, END ------------------------------------------------------------------------------ */

size_t xm_wire_put_fail(uint8_t *p, const struct xm_wire_fail *f)
{
	const uint32_t number[] = { f->err, f->act, f->side, f->code, f->pair_wide, 0 };
	size_t n = 8;

	xm_put_be64(p, f->id);
	for (unsigned i = 0; i < 6; i++, n += 4)
		xm_put_be32(p + n, number[i]);
	n += put_text(p + n, f->reason, sizeof f->reason - 1);
	return n + put_text(p + n, f->detail, sizeof f->detail - 1);
}

bool xm_wire_get_fail(const uint8_t *p, size_t len, struct xm_wire_fail *f)
{
	size_t at = 32;

	if (len < at)
		return false;
	*f = (struct xm_wire_fail){ .id = xm_get_be64(p), .err = xm_get_be32(p + 8),
				    .act = xm_get_be32(p + 12), .side = xm_get_be32(p + 16),
				    .code = xm_get_be32(p + 20),
				    .pair_wide = xm_get_be32(p + 24) };
	return get_field(p, len, &at, f->reason, sizeof f->reason) &&
	       get_field(p, len, &at, f->detail, sizeof f->detail) && at == len;
}

size_t xm_wire_put_end(uint8_t *p, const struct xm_wire_end *e)
{
	xm_put_be32(p, e->code);
	xm_put_be32(p + 4, 0);
	xm_put_be64(p + 8, e->bytes);
	return 16 + put_text(p + 16, e->text, sizeof e->text - 1);
}

bool xm_wire_get_end(const uint8_t *p, size_t len, struct xm_wire_end *e)
{
	size_t at = 16;

	if (len < at)
		return false;
	*e = (struct xm_wire_end){ .code = xm_get_be32(p), .bytes = xm_get_be64(p + 8) };
	return e->code <= 255 && get_field(p, len, &at, e->text, sizeof e->text) && at == len;
}
