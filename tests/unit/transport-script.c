/* SPDX-License-Identifier: Apache-2.0 */
/* See transport-script.h. */
#include <errno.h>
#include <stdlib.h>
#include "scsi-hex.h"
#include "transport-script.h"
#include "xm/endian.h"

#define EXCHANGES_MAX 320
#define DATA_MAX 8192

struct exchange {
	uint64_t lun;
	uint8_t cdb[16];
	size_t cdb_len;
	bool is_copy;
	uint8_t out[DATA_MAX];
	size_t out_len;
	enum scsi_outcome outcome;
	int err;
	uint8_t status;
	uint8_t sense[SCSI_SENSE_MAX];
	size_t sense_len;
	uint8_t in[DATA_MAX];
	size_t in_len;
	uint64_t later;
};

struct script {
	struct scsi_transport t;
	struct xm_clock_sim sim;
	struct xm_ctx *own_ctx;
	struct exchange *x;
	unsigned n, at;
	struct xm_list running;
};

struct running {
	struct xm_list link;
	struct scsi_cmd *cmd;
	const struct exchange *x;
	uint64_t due;
};

static struct script *of(struct scsi_transport *t)
{
	return xm_container_of(t, struct script, t);
}

/* ---- comparing ----------------------------------------------------------------------- */

static const struct field {
	unsigned at, len;
	const char *name;
} header_fields[] = {
	{ 0, 1, "LIST IDENTIFIER" }, { 1, 1, "STR, LIST ID USAGE, PRIORITY" },
	{ 2, 2, "CSCD DESCRIPTOR LIST LENGTH" }, { 4, 4, "reserved" },
	{ 8, 4, "SEGMENT DESCRIPTOR LIST LENGTH" }, { 12, 4, "INLINE DATA LENGTH" },
}, cscd_fields[] = {
	{ 0, 1, "DESCRIPTOR TYPE CODE" }, { 1, 1, "LU ID TYPE, PERIPHERAL DEVICE TYPE" },
	{ 2, 2, "RELATIVE INITIATOR PORT" }, { 4, 1, "CODE SET" },
	{ 5, 1, "ASSOCIATION, DESIGNATOR TYPE" }, { 6, 1, "reserved" },
	{ 7, 1, "DESIGNATOR LENGTH" }, { 8, 20, "DESIGNATOR" }, { 28, 1, "PAD" },
	{ 29, 3, "DISK BLOCK LENGTH" },
}, segment_fields[] = {
	{ 0, 1, "DESCRIPTOR TYPE CODE" }, { 1, 1, "DC, CAT" }, { 2, 2, "DESCRIPTOR LENGTH" },
	{ 4, 2, "SOURCE CSCD ID" }, { 6, 2, "DESTINATION CSCD ID" }, { 8, 2, "reserved" },
	{ 10, 2, "NUMBER OF BLOCKS" }, { 12, 8, "SOURCE LBA" }, { 20, 8, "DESTINATION LBA" },
};

static void compare_fields(const char *what, const struct field *f, size_t n, const uint8_t *want,
			   const uint8_t *got, unsigned command)
{
	for (size_t i = 0; i < n; i++) {
		if (memcmp(want + f[i].at, got + f[i].at, f[i].len) == 0)
			continue;
		print_error("command %u, %s, %s: want ", command, what, f[i].name);
		for (unsigned k = 0; k < f[i].len; k++)
			print_error("%02x", want[f[i].at + k]);
		print_error(" got ");
		for (unsigned k = 0; k < f[i].len; k++)
			print_error("%02x", got[f[i].at + k]);
		print_error("\n");
		fail();
	}
}

#define N(a) (sizeof(a) / sizeof(a)[0])

static void compare_copy(const struct exchange *x, const uint8_t *got, unsigned command)
{
	compare_fields("header", header_fields, N(header_fields), x->out, got, command);
	compare_fields("source CSCD", cscd_fields, N(cscd_fields), x->out + 16, got + 16, command);
	compare_fields("destination CSCD", cscd_fields, N(cscd_fields), x->out + 48, got + 48,
		       command);
	for (size_t at = 80; at < x->out_len; at += 28)
		compare_fields("segment", segment_fields, N(segment_fields), x->out + at, got + at,
			       command);
}

static void compare(const struct exchange *x, const struct scsi_cmd *cmd, unsigned command)
{
	if (x->lun != cmd->lun)
		fail_msg("command %u: want LUN %u, got %u", command, (unsigned)x->lun,
			 (unsigned)cmd->lun);
	if (cmd->cdb_len != x->cdb_len || memcmp(cmd->cdb, x->cdb, x->cdb_len) != 0) {
		print_error("command %u: CDB ", command);
		for (unsigned i = 0; i < cmd->cdb_len; i++)
			print_error("%02x", cmd->cdb[i]);
		print_error(", want ");
		for (unsigned i = 0; i < x->cdb_len; i++)
			print_error("%02x", x->cdb[i]);
		print_error("\n");
		fail();
	}
	/* WRITE USING TOKEN, RECEIVE ROD TOKEN INFORMATION: their data has a token in it */
	if ((cmd->cdb[0] == 0x83 && cmd->cdb[1] == 0x11) ||
	    (cmd->cdb[0] == 0x84 && cmd->cdb[1] == 0x07))
		assert_true(cmd->secret);
	if (cmd->dir != SCSI_DATA_OUT) {
		assert_int_equal(x->out_len, 0);
		return;
	}
	if (cmd->len != x->out_len)
		fail_msg("command %u: %zu bytes of data-out, want %zu", command, cmd->len,
			 x->out_len);
	if (x->is_copy)
		compare_copy(x, cmd->data, command);
	assert_memory_equal(cmd->data, x->out, x->out_len);
}

/* ---- the transport ------------------------------------------------------------------------ */

static uint64_t now_of(struct script *s)
{
	return s->t.ctx->clock->now(s->t.ctx->clock);
}

static enum xm_queued script_submit(struct scsi_transport *t, struct scsi_cmd *cmd)
{
	struct script *s = of(t);
	if (s->at == s->n)
		fail_msg("command %u is one too many: opcode %02xh", s->at, cmd->cdb[0]);
	const struct exchange *x = &s->x[s->at++];
	compare(x, cmd, s->at);
	struct running *r = calloc(1, sizeof *r);
	assert_non_null(r);
	r->cmd = cmd;
	r->x = x;
	r->due = now_of(s) + (x->outcome == SCSI_NO_ANSWER ? cmd->timeout_ns : x->later);
	xm_list_add_tail(&s->running, &r->link);
	return XM_QUEUED;
}

static void script_wait(struct scsi_transport *t, struct xm_waiter *w)
{
	xm_list_for_each(l, &of(t)->running)
		xm_waiter_until(w, xm_container_of(l, struct running, link)->due);
}

static void answer(struct script *s, struct running *r)
{
	struct scsi_cmd *cmd = r->cmd;
	const struct exchange *x = r->x;
	cmd->outcome = x->outcome;
	cmd->err = x->err;
	cmd->status = x->status;
	cmd->sense_len = (unsigned)x->sense_len;
	memcpy(cmd->sense, x->sense, x->sense_len);
	if (cmd->dir == SCSI_DATA_IN) {
		cmd->got = x->in_len < cmd->len ? x->in_len : cmd->len;
		memcpy(cmd->data, x->in, cmd->got);
	} else if (x->outcome == SCSI_ANSWERED && x->status == 0) {
		cmd->got = cmd->len;
	}
	xm_list_del(&r->link);
	free(r);
	scsi_finish(&s->t, cmd);
}

static void script_service(struct scsi_transport *t)
{
	struct script *s = of(t);
	xm_list_for_each(l, &s->running) {
		struct running *r = xm_container_of(l, struct running, link);
		if (r->due <= now_of(s))
			answer(s, r);
	}
}

static const struct scsi_transport_ops script_ops = {
	.name = "script", .submit = script_submit, .wait = script_wait, .service = script_service,
};

struct script *script_open(struct xm_ctx *ctx)
{
	struct script *s = calloc(1, sizeof *s);
	assert_non_null(s);
	s->x = calloc(EXCHANGES_MAX, sizeof *s->x);
	assert_non_null(s->x);
	if (!ctx) {
		ctx = s->own_ctx = xm_ctx_new();
		assert_non_null(ctx);
		xm_clock_sim_init(&s->sim);
		ctx->clock = &s->sim.clock;
	}
	s->t = (struct scsi_transport){ .ops = &script_ops, .ctx = ctx, .name = "script",
		.is_session = true, .max_xfer = 1 << 20, .max_inflight = 64 };
	xm_list_init(&s->running);
	return s;
}

struct xm_ctx *script_ctx(struct script *s)
{
	return s->t.ctx;
}

struct scsi_transport *script_transport(struct script *s)
{
	return &s->t;
}

void script_drained(struct script *s)
{
	if (s->at != s->n)
		fail_msg("%u of %u expected commands came", s->at, s->n);
}

void script_close(struct script *s)
{
	script_drained(s);
	assert_true(xm_list_empty(&s->running));
	assert_int_equal(s->t.inflight, 0);
	xm_ctx_free(s->own_ctx);
	free(s->x);
	free(s);
}

/* ---- writing it --------------------------------------------------------------------------- */

void script_expect(struct script *s, uint64_t lun, const char *cdb_hex)
{
	assert_true(s->n < EXCHANGES_MAX);
	struct exchange *x = &s->x[s->n++];
	*x = (struct exchange){ .lun = lun, .outcome = SCSI_ANSWERED };
	x->cdb_len = hex(x->cdb, sizeof x->cdb, cdb_hex);
}

static struct exchange *last(struct script *s)
{
	assert_true(s->n > 0);
	return &s->x[s->n - 1];
}

void script_expect_out(struct script *s, uint64_t lun, const char *cdb_hex, const char *data_hex)
{
	script_expect(s, lun, cdb_hex);
	last(s)->out_len = hex(last(s)->out, DATA_MAX, data_hex);
}

static void put_cscd(uint8_t *p, const char *name, unsigned block_length)
{
	uint8_t d[22];
	size_t n = hex(d, sizeof d, name);
	assert_true(n > 2);
	p[0] = 0xe4;
	p[4] = d[0];
	p[5] = d[1];
	p[7] = (uint8_t)(n - 2);
	memcpy(p + 8, d + 2, n - 2);
	xm_put_be24(p + 29, block_length);
}

void script_expect_copy(struct script *s, uint64_t lun, const struct script_copy *c)
{
	char cdb[64];
	size_t len = 16 + 64 + c->nsegments * 28;
	snprintf(cdb, sizeof cdb, "83 00 0000000000000000 %08zx 0000", len);
	script_expect(s, lun, cdb);
	struct exchange *x = last(s);
	x->is_copy = true;
	x->out_len = len;
	x->out[0] = (uint8_t)c->list_id;
	x->out[1] = (uint8_t)(c->usage << 3 | 1);
	x->out[3] = 64;
	xm_put_be32(x->out + 8, c->nsegments * 28);
	put_cscd(x->out + 16, c->src, c->block_length);
	put_cscd(x->out + 48, c->dst, c->block_length);
	for (unsigned i = 0; i < c->nsegments; i++) {
		uint8_t *p = x->out + 80 + i * 28;
		p[0] = 0x02;
		p[3] = 0x18;
		p[7] = 1;
		xm_put_be16(p + 10, (uint16_t)c->segments[i].blocks);
		xm_put_be64(p + 12, c->segments[i].src_lba);
		xm_put_be64(p + 20, c->segments[i].dst_lba);
	}
}

void script_good(struct script *s, const char *data_in_hex)
{
	last(s)->in_len = hex(last(s)->in, DATA_MAX, data_in_hex);
}

void script_status(struct script *s, uint8_t status)
{
	last(s)->status = status;
}

void script_sense(struct script *s, const char *text)
{
	struct exchange *x = last(s);
	uint8_t k[3];
	x->status = 0x02;
	if (strlen(text) != 6) {
		x->sense_len = hex(x->sense, sizeof x->sense, text);
		return;
	}
	hex(k, sizeof k, text);
	x->sense_len = 18;
	x->sense[0] = 0x70;
	x->sense[2] = k[0];
	x->sense[7] = 10;
	x->sense[12] = k[1];
	x->sense[13] = k[2];
}

void script_no_answer(struct script *s, int err)
{
	last(s)->outcome = SCSI_NO_ANSWER;
	last(s)->err = err;
}

void script_not_sent(struct script *s, int err)
{
	last(s)->outcome = SCSI_NOT_SENT;
	last(s)->err = err;
}

void script_later(struct script *s, uint64_t ns)
{
	last(s)->later = ns;
}

/* ---- helpers ------------------------------------------------------------------------------- */

static void nothing(void *o)
{
	(void)o;
}

struct xm_endpoint *script_endpoint(struct script *s, struct scsi_lu *lu)
{
	static const struct xm_endpoint_ops ops = { .kind = "script" };
	struct xm_endpoint *ep = xm_endpoint_alloc(s->t.ctx, &ops, "script");
	assert_non_null(ep);
	ep->block_size = lu->block_size;
	ep->size = lu->blocks * lu->block_size;
	ep->writable = true;
	ep->gate_hi = ep->size;
	ep->nexus = &s->t.nexus;
	lu->transport = &s->t;
	assert_true(scsi_lu_attach(ep, lu, nothing));
	return ep;
}

void script_advance(struct script *s, uint64_t ns)
{
	assert_ptr_equal(s->t.ctx->clock, &s->sim.clock);
	s->sim.time += ns;
}
