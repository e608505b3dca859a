/* SPDX-License-Identifier: Apache-2.0 */
/* Targets that talk nonsense, close amid data, or shut the command window. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "relay-world.h"
#include "xm/endian.h"

/* ---- nonsense -------------------------------------------------------------------------- */

static bool misplace_data_in(struct relay *r, struct pdu *p)
{
	if (p->to_target || opcode(p) != DATA_IN || p->len < 4096 || r->seen++)
		return true;
	xm_put_be32(p->bhs + 40, 0xfffff000);
	return true;
}

static bool wrong_opcode(struct relay *r, struct pdu *p)
{
	if (p->to_target || opcode(p) != SCSI_RESPONSE || r->seen++)
		return true;
	p->bhs[0] = 0x3d;
	return true;
}

static bool no_final_bit(struct relay *r, struct pdu *p)
{
	if (p->to_target || opcode(p) != SCSI_RESPONSE || r->seen++)
		return true;
	p->bhs[1] = 0;
	return true;
}

static bool odd_status(struct relay *r, struct pdu *p)
{
	if (p->to_target || opcode(p) != SCSI_RESPONSE || r->seen++)
		return true;
	p->bhs[3] = 0x77;
	return true;
}

/* Each costs the connection, and the write is in doubt. */
static void test_nonsense(void **state)
{
	static relay_hook *const hooks[] = { wrong_opcode, no_final_bit, odd_status };
	uint8_t buf[4096] = { 0 };
	struct xm_status s, why;

	(void)state;
	for (size_t i = 0; i < sizeof hooks / sizeof hooks[0]; i++) {
		struct world w;

		open_world(&w, hooks[i], NULL, XM_ROLE_DST, false);
		w.relay.armed = true;
		s = rig_io(w.ep, XM_IO_WRITE, 0, buf, sizeof buf);
		assert_int_equal(s.certainty, XM_UNKNOWN);
		assert_true(w.ep->nexus->lost);
		assert_int_equal(rig_fence(w.ep, &why), XM_FENCE_FENCED);
		assert_int_equal(rig_io(w.ep, XM_IO_WRITE, 0, buf, sizeof buf).certainty, XM_DONE);
		close_world(&w);
	}
}

static void test_data_in_out_of_bounds(void **state)
{
	uint8_t *buf = malloc(256 * 1024);
	struct xm_status why;
	struct world w;

	(void)state;
	open_world(&w, misplace_data_in, NULL, XM_ROLE_SRC, false);
	w.relay.armed = true;
	assert_int_equal(rig_io(w.ep, XM_IO_READ, 0, buf, 256 * 1024).certainty, XM_NOT_DONE);
	assert_true(w.ep->nexus->lost);
	assert_int_equal(rig_fence(w.ep, &why), XM_FENCE_FENCED);
	assert_int_equal(rig_io(w.ep, XM_IO_READ, 0, buf, 256 * 1024).certainty, XM_DONE);
	close_world(&w);
	free(buf);
}

/* ---- SIGPIPE ---------------------------------------------------------------------------- */

/* Closed in good order in the middle of much data: the writes after that meet a broken pipe. */
static bool close_amid(struct relay *r, struct pdu *p)
{
	if (!p->to_target || opcode(p) != DATA_OUT || ++r->seen % 3)
		return true;
	int null = open("/dev/null", O_RDWR);

	/* FIN, and at once the RST for what was not read: in that order it is EPIPE. */
	shutdown(r->client, SHUT_WR);
	dup2(null, r->client);
	close(null);
	return false;
}

/* The default action of SIGPIPE would end this program. */
static void test_no_sigpipe(void **state)
{
	enum { ROUNDS = 40, N = 12 };
	uint8_t *buf = calloc(1, MIB);
	struct xm_status why;
	struct world w;

	(void)state;
	open_world(&w, close_amid, NULL, XM_ROLE_DST, false);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct xm_io_req reqs[N] = { 0 };
		struct xm_list done = XM_LIST_INIT(done);

		w.relay.armed = true;
		for (unsigned i = 0; i < N; i++) {
			reqs[i] = (struct xm_io_req){ .op = XM_IO_WRITE, .off = i * MIB, .buf = buf,
						      .len = MIB };
			rig_submit(w.ep, &reqs[i], &done);
		}
		rig_turn_until(w.ep, &done, N);
		w.relay.armed = false;
		assert_true(w.ep->nexus->lost);
		assert_int_equal(rig_fence(w.ep, &why), XM_FENCE_FENCED);
	}
	close_world(&w);
	free(buf);
}

/* ---- a small command window --------------------------------------------------------------- */

/* The target takes four commands at a time, whatever the array says. */
static bool narrow(struct relay *r, struct pdu *p)
{
	(void)r;
	if (!p->to_target)
		xm_put_be32(p->bhs + 32, xm_get_be32(p->bhs + 28) + 3);
	return true;
}

/* Slow commands fill it, so that no NOP fits: the target is not taken for dead. */
static void test_narrow_window(void **state)
{
	enum { N = 24 };
	struct fast_clock fast;
	struct xm_io_req reqs[N] = { 0 };
	struct xm_list done = XM_LIST_INIT(done);
	static uint8_t buf[4096];
	struct world w;

	(void)state;
	open_world(&w, narrow, NULL, XM_ROLE_DST, true);
	fast_clock_init(&fast, 20);
	w.ctx->clock = &fast.clock;
	w.ctx->timeout_ns = 10000 * XM_NS_PER_S;
	rig_do(&w.rig, "fault add op=8a action=delay ms=1000");
	for (unsigned i = 0; i < N; i++) {
		reqs[i] = (struct xm_io_req){ .op = XM_IO_WRITE, .off = i * sizeof buf, .buf = buf,
					      .len = sizeof buf };
		rig_submit(w.ep, &reqs[i], &done);
	}
	rig_turn_until(w.ep, &done, N);
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(reqs[i].status.certainty, XM_DONE);
	assert_false(w.ep->nexus->lost);
	assert_true(scsi_lu_attached(w.ep)->transport->max_inflight < N);
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_data_in_out_of_bounds),
		cmocka_unit_test(test_no_sigpipe),
		cmocka_unit_test(test_narrow_window),
	};

	return cmocka_run_group_tests_name("iscsi-hostile", tests, NULL, NULL);
}
