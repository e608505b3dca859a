/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames between two movers: each type against bytes made by hand, both ways; and a one-way
 * stream of them that is cut, altered, mixed up: what is not the stream is never taken for it.
 */
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "digest.h"
#include "error.h"
#include "remote.h"
#include "wire-golden.h"

#define ID UINT64_C(0x0123456789abcdef)
#define STREAM 8                         /* frames of `golden` that are one */
#define FRAME_MAX 2048

enum { HELLO, DATA, ZEROS, ZERO, SKIP, TOKEN, DIGEST, END, EXTENTS, READ, POPULATE, FAIL, ACK,
       PING };

struct frame {
	uint8_t bytes[FRAME_MAX];
	size_t len;
	struct xm_wire_header h;
};

static uint8_t token[XM_WIRE_TOKEN_BYTES], data[512];
static struct frame want[ARRAY_LEN(golden)];
static struct xm_ctx *ctx;

static size_t from_hex(uint8_t *to, const char *hex)
{
	size_t n = strlen(hex) / 2;

	assert_true(n <= FRAME_MAX);
	for (size_t i = 0; i < n; i++) {
		char two[3] = { hex[2 * i], hex[2 * i + 1], 0 };

		to[i] = (uint8_t)strtoul(two, NULL, 16);
	}
	return n;
}

static int setup(void **state)
{
	(void)state;
	ctx = xm_ctx_new();
	for (unsigned i = 0; i < sizeof token; i++)
		token[i] = (uint8_t)i;
	for (unsigned i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(7 * i + 3);
	for (unsigned i = 0; i < ARRAY_LEN(golden); i++) {
		want[i].len = from_hex(want[i].bytes, golden[i]);
		assert_null(xm_wire_get_header(want[i].bytes, &want[i].h));
	}
	return ctx ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	xm_ctx_free(ctx);
	return 0;
}

/* ---- frame by frame ------------------------------------------------------------- */

static const uint8_t *payload(unsigned i)
{
	return want[i].bytes + XM_WIRE_HEADER;
}

/* Sealed, `head` and `body` are golden frame i. */
static void is_golden(unsigned i, enum xm_wire_type type, uint16_t flags, const uint8_t *head,
		      size_t head_len, const uint8_t *body, size_t body_len)
{
	struct xm_wire_header h = { .type = (uint16_t)type, .flags = flags, .number = i };
	uint8_t sealed[FRAME_MAX];

	memcpy(sealed + XM_WIRE_HEADER, head, head_len);
	xm_wire_seal(sealed, &h, i ? ID : 0, head, head_len, body, body_len);
	if (body_len)
		memcpy(sealed + XM_WIRE_HEADER + head_len, body, body_len);
	assert_int_equal(XM_WIRE_HEADER + head_len + body_len, want[i].len);
	assert_memory_equal(sealed, want[i].bytes, want[i].len);
	assert_int_equal(want[i].h.type, type);
	assert_int_equal(want[i].h.flags, flags);
	assert_int_equal(want[i].h.number, i);
	assert_true(xm_wire_is_whole(want[i].bytes, &want[i].h, i ? ID : 0, payload(i)));
	assert_false(xm_wire_is_whole(want[i].bytes, &want[i].h, ID + 1, payload(i)));
}

static void hello(void **state)
{
	struct xm_wire_hello h = { .version = 2, .kind = XM_WIRE_ONE_WAY, .id = ID,
				   .size = 1 << 20, .max_io = 1 << 16, .granule = 1 << 16,
				   .made = 0x65000000, .block_size = 512,
				   .disk = { .vendor = "LIO-ORG", .product = "disk",
					     .revision = "4.0", .serial = "42" } }, got;
	uint8_t p[XM_WIRE_HELLO_MAX];

	(void)state;
	assert_int_equal(XM_WIRE_VERSION, 2);
	assert_true(xm_identity_add(&h.disk, "naa.60014051234567890"));
	is_golden(HELLO, XM_WIRE_HELLO, 0, p, xm_wire_put_hello(p, &h), NULL, 0);
	assert_int_equal(xm_wire_get_hello(payload(HELLO), want[HELLO].h.len, &got), 0);
	assert_int_equal(got.kind, XM_WIRE_ONE_WAY);
	assert_true(got.id == ID && got.answers == 0 && got.flags == 0 && got.birth == 0);
	assert_true(got.size == 1 << 20 && got.max_io == 1 << 16 && got.granule == 1 << 16);
	assert_true(got.made == 0x65000000 && got.block_size == 512);
	assert_string_equal(got.disk.vendor, "LIO-ORG");
	assert_string_equal(got.disk.serial, "42");
	assert_int_equal(got.disk.n, 1);
	assert_string_equal(got.disk.names[0], "naa.60014051234567890");
	xm_identity_free(&h.disk);
	xm_identity_free(&got.disk);
}

static void io_frames(void **state)
{
	static const struct { unsigned at; enum xm_wire_type type; uint16_t flags; uint64_t id, off;
			      uint32_t len; bool bytes; } rows[] = {
		{ DATA, XM_WIRE_DATA, 0, 0, 0x10000, 512, true },
		{ ZEROS, XM_WIRE_DATA, XM_WIRE_ZEROS, 9, 0x20000, 0x8000, false },
		{ READ, XM_WIRE_READ, 0, 5, 0x7000, 0x1000, false },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		struct xm_wire_io io = { .id = rows[i].id, .off = rows[i].off,
					 .len = rows[i].len }, got;
		uint8_t p[XM_WIRE_IO];
		size_t n = xm_wire_put_io(p, &io);

		is_golden(rows[i].at, rows[i].type, rows[i].flags, p, n, data,
			  rows[i].bytes ? sizeof data : 0);
		assert_true(xm_wire_get_io(&want[rows[i].at].h, payload(rows[i].at), &got));
		assert_true(got.id == io.id && got.off == io.off && got.len == io.len);
		assert_int_equal(got.bytes != NULL, rows[i].bytes);
		if (got.bytes)
			assert_memory_equal(got.bytes, data, sizeof data);
	}
}

static void range_frames(void **state)
{
	static const struct { unsigned at; enum xm_wire_type type; uint16_t flags; unsigned n;
			      struct xm_wire_range r[2]; } rows[] = {
		{ ZERO, XM_WIRE_ZERO, 0, 1, { { 0x30000, 0x10000 } } },
		{ SKIP, XM_WIRE_SKIP, 0, 1, { { 0x40000, 0x10000 } } },
		{ EXTENTS, XM_WIRE_EXTENTS, XM_WIRE_LAST, 2,
		  { { 0x1000, 0x1000 }, { 0x8000, 0x2000 } } },
		{ ACK, XM_WIRE_ACK, 0, 1, { { 0, 0x100000 } } },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		struct xm_wire_range got;
		uint8_t p[32];
		size_t n = 0;

		for (unsigned k = 0; k < rows[i].n; k++) {
			n += xm_wire_put_range(p + n, &rows[i].r[k]);
			assert_true(xm_wire_get_range(payload(rows[i].at), want[rows[i].at].h.len,
						      k, &got));
			assert_true(got.off == rows[i].r[k].off && got.len == rows[i].r[k].len);
		}
		is_golden(rows[i].at, rows[i].type, rows[i].flags, p, n, NULL, 0);
	}
}

static void token_frames(void **state)
{
	struct xm_wire_runs t = { .covered = 0x18000, .n = 2, .life = 600, .token = token,
				  .run = { { 0x50000, 0x10000 }, { 0x70000, 0x8000 } } };
	struct xm_wire_runs ask = { .id = 6, .n = 2,
				    .run = { { 0, 0x10000 }, { 0x20000, 0x10000 } } };
	struct xm_wire_runs got;
	uint8_t p[XM_WIRE_RUNS_BYTES];

	(void)state;
	is_golden(TOKEN, XM_WIRE_TOKEN, XM_WIRE_MOVING, p, xm_wire_put_runs(p, &t), NULL, 0);
	assert_true(xm_wire_get_runs(&want[TOKEN].h, payload(TOKEN), &got));
	assert_true(got.id == 0 && got.covered == 0x18000 && got.n == 2 && got.life == 600);
	assert_true(got.run[1].off == 0x70000 && got.run[1].len == 0x8000);
	assert_memory_equal(got.token, token, sizeof token);
	is_golden(POPULATE, XM_WIRE_POPULATE, 0, p, xm_wire_put_runs(p, &ask), NULL, 0);
	assert_true(xm_wire_get_runs(&want[POPULATE].h, payload(POPULATE), &got));
	assert_true(got.id == 6 && got.n == 2 && got.run[1].off == 0x20000 && !got.token);
}

static void other_frames(void **state)
{
	struct xm_wire_digest d = { .off = 0x10000, .len = 512,
				    .hash = xm_digest_of(data, 512) }, dg;
	struct xm_wire_fail f = { .id = 6, .err = 5, .act = 3, .side = 1, .code = 74,
				  .pair_wide = 1, .reason = "medium_error",
				  .detail = "LBA 7 is bad" }, fg;
	struct xm_wire_end e = { .bytes = 0x38000, .text = "all of it" }, eg;
	uint8_t p[FRAME_MAX];

	(void)state;
	is_golden(DIGEST, XM_WIRE_DIGEST, 0, p, xm_wire_put_digest(p, &d), NULL, 0);
	assert_true(xm_wire_get_digest(payload(DIGEST), want[DIGEST].h.len, &dg));
	assert_true(dg.off == d.off && dg.len == d.len && dg.hash == d.hash);
	is_golden(FAIL, XM_WIRE_FAIL, 0, p, xm_wire_put_fail(p, &f), NULL, 0);
	assert_true(xm_wire_get_fail(payload(FAIL), want[FAIL].h.len, &fg));
	assert_memory_equal(&fg, &f, sizeof f);
	is_golden(END, XM_WIRE_END, 0, p, xm_wire_put_end(p, &e), NULL, 0);
	assert_true(xm_wire_get_end(payload(END), want[END].h.len, &eg));
	assert_true(eg.code == 0 && eg.bytes == 0x38000);
	assert_string_equal(eg.text, "all of it");
	is_golden(PING, XM_WIRE_PING, 0, p, 0, NULL, 0);
}

/* A type that nobody wrote a golden frame for must not come along unseen. */
static void every_type(void **state)
{
	bool seen[XM_WIRE_TYPES] = { true };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(golden); i++)
		seen[want[i].h.type] = true;
	for (unsigned i = 0; i < XM_WIRE_TYPES; i++)
		assert_true(seen[i]);
}

/* ---- a stream of them ------------------------------------------------------------- */

struct stream {
	uint8_t bytes[2 * STREAM * FRAME_MAX];
	size_t len;
};

static void add(struct stream *s, unsigned i)
{
	memcpy(s->bytes + s->len, want[i].bytes, want[i].len);
	s->len += want[i].len;
}

static void is_piece(const struct xm_piece *p, unsigned i)
{
	static const struct { enum xm_piece_kind kind; uint64_t off, bytes; } rows[] = {
		{ XM_PIECE_DATA, 0x10000, 512 }, { XM_PIECE_ZERO, 0x20000, 0x8000 },
		{ XM_PIECE_ZERO, 0x30000, 0x10000 }, { XM_PIECE_SKIP, 0x40000, 0x10000 },
		{ XM_PIECE_TOKEN, 0x50000, 0x18000 },
	};

	assert_true(i < ARRAY_LEN(rows));
	assert_int_equal(p->kind, rows[i].kind);
	assert_int_equal(p->runs[0].off, rows[i].off);
	assert_int_equal(p->bytes, rows[i].bytes);
	if (p->data)
		assert_memory_equal(p->data, data, sizeof data);
	if (p->token)
		assert_memory_equal(p->token->bytes, token, sizeof token);
}

/* Is it taken for a whole stream?  What of it is taken must be golden. */
static bool is_taken(const struct stream *s, char *why, size_t size)
{
	int fd = memfd_create("stream", MFD_CLOEXEC);
	struct xm_error *err = NULL;
	struct xm_endpoint *ep;
	enum xm_code code;
	const char *wrong;
	unsigned pieces = 0;
	bool over = false;

	assert_int_equal(write(fd, s->bytes, s->len), s->len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	if (xm_endpoint_receive(ctx, fd, -1, &ep, &err) < 0) {
		snprintf(why, size, "%s", xm_error_text(err));
		xm_error_free(err);
		close(fd);
		return false;
	}
	while (!over) {
		struct xm_piece *p = ep->ops->remote->next(ep, &over);

		if (p)
			is_piece(p, pieces++);
		xm_piece_put(p);
	}
	wrong = ep->ops->remote->wrong(ep, &code);
	snprintf(why, size, "%s", wrong ? wrong : "");
	if (!wrong)
		assert_int_equal(pieces, 5);
	xm_endpoint_close(ep);
	close(fd);
	return !wrong;
}

static void refused(const struct stream *s, const char *words)
{
	char why[512];

	assert_false(is_taken(s, why, sizeof why));
	if (!strstr(why, words))
		fail_msg("\"%s\" lacks \"%s\"", why, words);
}

static void whole(struct stream *s)
{
	s->len = 0;
	for (unsigned i = 0; i < STREAM; i++)
		add(s, i);
}

static void taken_whole(void **state)
{
	static struct stream s;
	char why[512];

	(void)state;
	whole(&s);
	assert_true(is_taken(&s, why, sizeof why));
}

static void cut_anywhere(void **state)
{
	static struct stream s;
	size_t all;

	(void)state;
	whole(&s);
	for (all = s.len, s.len = 0; s.len < all; s.len++)
		refused(&s, "");
}

static void altered_anywhere(void **state)
{
	static struct stream s;

	(void)state;
	whole(&s);
	for (size_t at = 0; at < s.len; at++) {
		uint8_t was = s.bytes[at];

		s.bytes[at] ^= (uint8_t)(1U << at % 8);
		refused(&s, "");
		s.bytes[at] = was;
	}
}

/* The stream with frame i left out, twice, or behind the one after it. */
enum mix { LEFT_OUT, TWICE, LATER };

static void mix(struct stream *s, unsigned i, enum mix how)
{
	s->len = 0;
	for (unsigned k = 0; k < STREAM; k++) {
		if (how == LATER && k == i)
			continue;
		if (how != LEFT_OUT || k != i)
			add(s, k);
		if ((how == TWICE && k == i) || (how == LATER && k == i + 1))
			add(s, i);
	}
}

static void mixed_up(void **state)
{
	static struct stream s;

	(void)state;
	for (unsigned i = 0; i < STREAM; i++) {
		mix(&s, i, LEFT_OUT);
		refused(&s, i == HELLO ? "checksum" : i == END ? "it was cut" :
			    "frames are missing");
	}
	/* what comes behind END is another reader's */
	for (unsigned i = 0; i < END; i++) {
		mix(&s, i, TWICE);
		refused(&s, i == HELLO ? "checksum" : "second time");
		mix(&s, i, LATER);
		refused(&s, i == HELLO ? "checksum" : "frames are missing");
	}
}

/* Sealed as it should be, but for another stream, or by another version. */
static void of_another(void **state)
{
	static struct stream s;
	struct xm_wire_header h = want[ZERO].h;
	uint8_t hi[FRAME_MAX];

	(void)state;
	whole(&s);
	for (size_t at = 0, i = 0; i < STREAM; at += want[i++].len) {
		if (i == ZERO)
			xm_wire_seal(s.bytes + at, &h, ID + 1, payload(ZERO), h.len, NULL, 0);
	}
	refused(&s, "of another stream");
	for (unsigned kind = XM_WIRE_ONE_WAY; kind <= XM_WIRE_TOKEN_FILE; kind++) {
		memcpy(hi, payload(HELLO), want[HELLO].h.len);
		hi[1] = XM_WIRE_VERSION + 1;
		hi[3] = (uint8_t)kind;
		whole(&s);
		xm_wire_seal(s.bytes, &want[HELLO].h, 0, hi, want[HELLO].h.len, NULL, 0);
		memcpy(s.bytes + XM_WIRE_HEADER, hi, want[HELLO].h.len);
		refused(&s, "speaks version 3");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hello),
		cmocka_unit_test(io_frames),
		cmocka_unit_test(range_frames),
		cmocka_unit_test(token_frames),
		cmocka_unit_test(other_frames),
		cmocka_unit_test(every_type),
		cmocka_unit_test(taken_whole),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(altered_anywhere),
		cmocka_unit_test(mixed_up),
		cmocka_unit_test(of_another),
	};

	return cmocka_run_group_tests_name("wire", tests, setup, teardown);
}
