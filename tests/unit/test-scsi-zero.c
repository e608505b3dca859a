/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zeros on a LUN against a script: which commands, byte by byte (SBC-3 5.42,
 * SBC-4 for NDOB), by what the unit promises, and what becomes of a refusal.
 */
#include "io-scsi.h"
#include "scsi-method-rig.h"

struct zero_rig {
	struct script *s;
	struct scsi_lu lu;
	struct xm_endpoint *ep;
	struct xm_io *io;
};

/* A thin LU that gives back 16 blocks at a time, the first of which begin at LBA 4. */
static void open_lu(struct zero_rig *r, bool lbpws, bool lbprz, uint8_t version)
{
	r->s = script_open(NULL);
	set_lu(&r->lu, 1, DST);
	r->lu.lbpws = lbpws;
	r->lu.lbprz = lbprz;
	r->lu.version = version;
	r->lu.max_write_same = 64;
	r->ep = script_endpoint(r->s, &r->lu);
	r->ep->dio_align = 1;
	if (lbpws && lbprz) {
		r->ep->free_grain = 16 * 512;
		r->ep->free_align = 4 * 512;
	}
	r->io = scsi_io_of(r->ep, NULL);
	assert_non_null(r->io);
}

static void close_lu(struct zero_rig *r)
{
	xm_endpoint_close(r->ep);
	script_close(r->s);
}

/* WRITE SAME(16), or WRITE(16), with as many zeros. */
static void expect(struct zero_rig *r, const char *cdb, unsigned blocks)
{
	char *zeros = calloc(1, blocks * 1024u + 1);

	memset(zeros, '0', blocks * 1024u);
	if (blocks)
		script_expect_out(r->s, 1, cdb, zeros);
	else
		script_expect(r->s, 1, cdb);
	free(zeros);
}

static int is_done(void *o)
{
	struct zero_rig *r = o;

	xm_io_reap(r->io);
	return r->io->inflight == 0;
}

static void io_wait(void *o, struct xm_waiter *w)
{
	xm_io_wait(((struct zero_rig *)o)->io, w);
}

static struct xm_status zero(struct zero_rig *r, uint64_t lba, uint64_t blocks)
{
	struct xm_list done = XM_LIST_INIT(done);
	struct xm_io_req req = { .op = XM_IO_ZERO, .ep = r->ep, .off = lba * 512,
				 .len = blocks * 512, .done = &done, .buf_index = -1 };
	struct xm_ctx *ctx = script_ctx(r->s);

	assert_int_equal(xm_io_submit(r->io, &req), XM_QUEUED);
	assert_int_equal(xm_ctx_wait_for(ctx, ctx->clock->now(ctx->clock) + 60 * XM_NS_PER_S,
					 io_wait, is_done, r), 1);
	script_drained(r->s);
	if (req.status.certainty != XM_DONE)
		print_message("%s\n", req.status.detail);
	return req.status;
}

static void test_whole_steps_are_unmapped(void **state)
{
	struct zero_rig r;

	(void)state;
	open_lu(&r, true, true, 6);
	/* LBA 2, 102 blocks: 2 before the first step, 6 whole ones in commands of 4, 4 behind */
	expect(&r, "93 00 0000000000000002 00000002 00 00", 1);
	expect(&r, "93 08 0000000000000004 00000040 00 00", 1);
	expect(&r, "93 08 0000000000000044 00000020 00 00", 1);
	expect(&r, "93 00 0000000000000064 00000004 00 00", 1);
	assert_int_equal(zero(&r, 2, 102).certainty, XM_DONE);
	/* less than a step: nothing is given back for it */
	expect(&r, "93 00 0000000000000008 00000008 00 00", 1);
	assert_int_equal(zero(&r, 8, 8).certainty, XM_DONE);
	close_lu(&r);
}

static void test_nothing_is_unmapped_without_a_promise(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct zero_rig r;

		open_lu(&r, i & 1, i & 2, 6);
		expect(&r, "93 00 0000000000000004 00000010 00 00", 1);
		assert_int_equal(zero(&r, 4, 16).certainty, XM_DONE);
		close_lu(&r);
	}
}

static void test_refusals_are_kept(void **state)
{
	struct zero_rig r;

	(void)state;
	open_lu(&r, true, true, 6);
	expect(&r, "93 08 0000000000000004 00000010 00 00", 1);
	script_sense(r.s, "052400");
	expect(&r, "93 00 0000000000000004 00000010 00 00", 1);
	script_sense(r.s, "052000");
	expect(&r, "8a 00 0000000000000004 00000010 00 00", 16);
	assert_int_equal(zero(&r, 4, 16).certainty, XM_DONE);
	expect(&r, "8a 00 0000000000000014 00000010 00 00", 16);
	assert_int_equal(zero(&r, 20, 16).certainty, XM_DONE);
	close_lu(&r);
	/* an error is none */
	open_lu(&r, true, true, 6);
	expect(&r, "93 08 0000000000000004 00000010 00 00", 1);
	script_sense(r.s, "030c00");
	assert_int_equal(zero(&r, 4, 16).certainty, XM_NOT_DONE);
	assert_int_equal(r.ep->zero_refused & 1, 0);
	close_lu(&r);
}

static void test_without_data(void **state)
{
	struct zero_rig r;

	(void)state;
	open_lu(&r, true, true, 7);
	expect(&r, "93 09 0000000000000004 00000010 00 00", 0);
	assert_int_equal(zero(&r, 4, 16).certainty, XM_DONE);
	/* refused: the same way with data, from then on */
	expect(&r, "93 09 0000000000000014 00000010 00 00", 0);
	script_sense(r.s, "052400");
	expect(&r, "93 08 0000000000000014 00000010 00 00", 1);
	assert_int_equal(zero(&r, 20, 16).certainty, XM_DONE);
	expect(&r, "93 08 0000000000000024 00000010 00 00", 1);
	assert_int_equal(zero(&r, 36, 16).certainty, XM_DONE);
	close_lu(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_steps_are_unmapped),
		cmocka_unit_test(test_nothing_is_unmapped_without_a_promise),
		cmocka_unit_test(test_refusals_are_kept),
		cmocka_unit_test(test_without_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
