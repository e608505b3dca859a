/* SPDX-License-Identifier: Apache-2.0 */
/* See wire-hello.h. */
#include "wire-hello.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "error.h"
#include "xm/align.h"
#include "xm/cleanup.h"

static int nibble(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Zeros where the kernel does not tell. */
static void boot_id(uint8_t id[16])
{
	char text[64] = "";
	int fd XM_CLEANUP_CLOSE = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	unsigned n = 0;

	memset(id, 0, 16);
	if (fd < 0 || read(fd, text, sizeof text - 1) < 36)
		return;
	for (const char *p = text; *p && n < 32; p++) {
		if (nibble(*p) >= 0) {
			id[n / 2] = (uint8_t)(id[n / 2] << 4 | nibble(*p));
			n++;
		}
	}
}

static uint64_t most_io(const struct xm_endpoint *src)
{
	uint64_t most = src->max_io ? xm_min_u64(src->max_io, XM_WIRE_DATA_MAX) : XM_WIRE_DATA_MAX;

	return xm_max_u64(xm_round_down(most, src->block_size), src->block_size);
}

bool xm_wire_say_hello(struct xm_wire *w, enum xm_wire_kind kind, const struct xm_endpoint *src,
		       uint64_t granule, uint32_t flags)
{
	struct xm_wire_hello h = { .version = XM_WIRE_VERSION, .kind = (uint16_t)kind,
				   .id = xm_wire_id(w), .answers = xm_wire_peer(w),
				   .flags = flags, .made = (uint64_t)time(NULL) };
	uint8_t payload[XM_WIRE_HELLO_MAX];

	boot_id(h.boot);
	if (src) {
		h.size = src->size;
		h.block_size = src->block_size;
		h.max_io = most_io(src);
		h.granule = granule;
		h.birth = src->birth;
		h.disk = src->id;
	}
	return xm_wire_send(w, &(struct xm_wire_out){ .type = XM_WIRE_HELLO, .head = payload,
						      .head_len = xm_wire_put_hello(payload, &h) });
}

int xm_wire_error(struct xm_wire *w, struct xm_error **err)
{
	enum xm_code code = XM_E_TEMPORARY;
	const char *text = xm_wire_dead(w, &code);

	return xm_fail(err, code, "%s", text ? text : "the other side has gone");
}

/* Of two kernels, "file.801.12" is two files. */
static void mark_foreign(struct xm_identity *id)
{
	static const char *const local[] = { "file.", "blk.", "dm." };
	struct xm_identity marked = { 0 };

	for (unsigned i = 0; i < id->n; i++) {
		bool is_local = false;

		for (unsigned k = 0; k < 3; k++)
			is_local |= strncmp(id->names[i], local[k], strlen(local[k])) == 0;
		xm_identity_add(&marked, "%s%s", is_local ? "remote." : "", id->names[i]);
	}
	for (unsigned i = 0; i < id->n; i++)
		free(id->names[i]);
	memcpy(id->names, marked.names, sizeof id->names);
	id->n = marked.n;
}

static int refuse(struct xm_wire *w, const struct xm_wire_hello *h, int got, bool from_sender)
{
	if (h->version != XM_WIRE_VERSION)
		xm_wire_fail(w, XM_E_CONFIG, "the other side speaks version %u of the protocol, "
			     "this xmover version %d; use the same xmover on both sides",
			     h->version, XM_WIRE_VERSION);
	else if (got < 0)
		xm_wire_fail(w, XM_E_CONFIG, "the first frame of the stream holds what cannot be");
	else if (from_sender != (h->size > 0))
		xm_wire_fail(w, XM_E_CONFIG, from_sender ?
			     "the other side is no sender: start xmover send there" :
			     "the other side is no receiver: start xmover receive there");
	else if (h->answers != (from_sender && h->kind == XM_WIRE_TWO_WAY ? xm_wire_id(w) : 0))
		xm_wire_fail(w, XM_E_CONFIG, "the stream is an answer to another receiver: it was "
			     "recorded, and is of no use now");
	return xm_wire_dead(w, NULL) ? -1 : 0;
}

int xm_wire_hear_hello(struct xm_wire *w, bool from_sender, struct xm_wire_hello *h,
		       struct xm_error **err)
{
	struct xm_wire_frame f;
	uint8_t boot[16];
	int got;

	*h = (struct xm_wire_hello){ 0 };
	if (!xm_wire_await(w, &f))
		return xm_wire_error(w, err);
	got = xm_wire_get_hello(f.payload, f.h.len, h);
	if (refuse(w, h, got, from_sender) < 0) {
		xm_identity_free(&h->disk);
		return xm_wire_error(w, err);
	}
	boot_id(boot);
	if (memcmp(boot, h->boot, sizeof boot) != 0)
		mark_foreign(&h->disk);
	xm_wire_set_peer(w, h->id);
	return 0;
}
