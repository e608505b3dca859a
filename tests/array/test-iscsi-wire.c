/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes over the wire, and answers that keep to the letter of the protocol but not
 * to what libiscsi expects.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
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

/* ---- the login ---------------------------------------------------------------------- */

static bool has_key(const struct pdu *p, const char *key_value)
{
	size_t n = strlen(key_value) + 1;

	for (size_t i = 0; i + n <= p->len; i += strlen((char *)p->data + i) + 1)
		if (memcmp(p->data + i, key_value, n) == 0)
			return true;
	return false;
}

struct login_seen {
	uint8_t isid[6];
	bool initiator, target;
};

static bool see_login(struct relay *r, struct pdu *p)
{
	struct login_seen *l = r->user;

	if (p->to_target && opcode(p) == LOGIN_REQUEST) {
		r->seen++;
		memcpy(l->isid, p->bhs + 8, 6);
		l->initiator |= has_key(p, "InitiatorName=" XM_INITIATOR_NAME);
		l->target |= has_key(p, "TargetName=" RIG_IQN);
	}
	return true;
}

static void test_login_bytes(void **state)
{
	struct login_seen l = { 0 };
	struct world w;
	uint8_t want[6] = { 0x80 };
	uint64_t hash;

	(void)state;
	open_world(&w, see_login, &l, XM_ROLE_SRC, true);
	hash = xm_ctx_job_hash(w.ctx);
	want[1] = (uint8_t)(hash >> 32);
	xm_put_be32(want + 2, (uint32_t)hash);
	assert_memory_equal(l.isid, want, 6);
	assert_true(l.initiator && l.target);
	assert_true(w.relay.seen > 0);
	close_world(&w);
}

/* ---- an answer before the data ------------------------------------------------------- */

static void put_serials(uint8_t *bhs, const struct pdu *p)
{
	memcpy(bhs + 16, p->bhs + 16, 4);
	xm_put_be32(bhs + 24, xm_get_be32(p->bhs + 28));          /* StatSN as expected */
	xm_put_be32(bhs + 28, xm_get_be32(p->bhs + 24) + 1);
	xm_put_be32(bhs + 32, xm_get_be32(p->bhs + 24) + 100);
}

/*
 * The target asks for the rest of a write's data, and refuses the write in the same
 * breath; then it reads slowly what comes all the same.
 */
static bool answer_early(struct relay *r, struct pdu *p)
{
	static const uint8_t sense[20] = { 0, 18, 0x70, 0, 0x03, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x0c };
	uint8_t bhs[48] = { SCSI_RESPONSE, 0x80, 0, 0x02 }, r2t[48] = { R2T, 0x80 };
	uint8_t both[96 + 20];

	if (!p->to_target || (opcode(p) != DATA_OUT && !is_command(p, SCSI_WRITE_16)))
		return true;
	if (opcode(p) == DATA_OUT) {
		for (size_t i = 0; i < p->len; i++)
			if (p->data[i] != 0 && p->data[i] != 0x77)
				r->user = r;          /* neither written nor zero */
		poll(NULL, 0, 1);
		return false;
	}
	r->seen++;
	put_serials(r2t, p);
	xm_put_be32(r2t + 20, 1);
	xm_put_be32(r2t + 40, (uint32_t)p->len);
	xm_put_be32(r2t + 44, MIB - (uint32_t)p->len);
	put_serials(bhs, p);
	xm_put_be24(bhs + 5, sizeof sense);
	/* In one piece, so that both are read before any data is sent. */
	memcpy(both, r2t, 48);
	memcpy(both + 48, bhs, 48);
	memcpy(both + 96, sense, sizeof sense);
	relay_send(r, both, sizeof both);
	return false;
}

/*
 * libiscsi still has data-out PDUs of a write that is over.  The buffer is given
 * back, so it may be freed; under a memory checker a use of it, or of the task, shows.
 */
static void test_early_answer(void **state)
{
	enum { N = 6 };
	struct xm_io_req reqs[N] = { 0 };
	struct xm_list done = XM_LIST_INIT(done);
	struct world w;

	(void)state;
	open_world(&w, answer_early, NULL, XM_ROLE_DST, false);
	w.relay.armed = true;
	for (unsigned i = 0; i < N; i++) {
		uint8_t *buf = malloc(MIB);

		memset(buf, 0x77, MIB);
		reqs[i] = (struct xm_io_req){ .op = XM_IO_WRITE, .off = i * MIB, .buf = buf,
					      .len = MIB };
		rig_submit(w.ep, &reqs[i], &done);
		rig_turn_until(w.ep, &done, i + 1);
		assert_int_equal(reqs[i].status.certainty, XM_NOT_DONE);
		assert_string_equal(reqs[i].status.reason, "write_error");
		memset(buf, 0xee, MIB);
		free(buf);
	}
	assert_int_equal(w.relay.seen, N);
	assert_null(w.relay.user);
	close_world(&w);
}

/* ---- data that does not come ----------------------------------------------------------- */

/* One data-in PDU of each large read is lost, and the target says GOOD. */
static bool lose_data_in(struct relay *r, struct pdu *p)
{
	if (p->to_target || opcode(p) != DATA_IN || p->len < 4096 || xm_get_be32(p->bhs + 40) == 0)
		return true;
	if (p->bhs[1] & 0x01)           /* carries the status: pass */
		return true;
	return r->seen++ != 0;
}

static void test_lost_data_in(void **state)
{
	uint8_t *buf = calloc(1, MIB), *before;
	struct xm_status s, why;
	struct world w;

	(void)state;
	open_world(&w, lose_data_in, NULL, XM_ROLE_DST, false);
	w.relay.armed = true;
	before = malloc(MIB);
	memset(before, 0x5a, MIB);
	assert_int_equal(rig_io(w.ep, XM_IO_WRITE, 0, before, MIB).certainty, XM_DONE);
	memset(buf, 0x11, MIB);
	s = rig_io(w.ep, XM_IO_READ, 0, buf, MIB);
	assert_true(w.relay.seen > 0);
	assert_int_equal(s.certainty, XM_NOT_DONE);
	assert_int_equal(s.act, XM_ACT_RETRY);
	assert_string_equal(s.reason, "short_transfer");
	assert_true(w.ep->nexus->lost);
	assert_int_equal(rig_fence(w.ep, &why), XM_FENCE_FENCED);
	assert_int_equal(rig_io(w.ep, XM_IO_READ, 0, buf, MIB).certainty, XM_DONE);
	assert_memory_equal(buf, before, MIB);
	close_world(&w);
	free(buf);
	free(before);
}

/* A residual with GOOD: the unit counts in other blocks than it said. */
static bool put_residual(struct relay *r, struct pdu *p)
{
	unsigned flag = *(unsigned *)r->user;

	if (p->to_target || opcode(p) != SCSI_RESPONSE || !flag || r->seen++)
		return true;
	p->bhs[1] = (uint8_t)(p->bhs[1] | flag);
	xm_put_be32(p->bhs + 44, 512);
	return true;
}

static void test_residuals(void **state)
{
	unsigned flag = 0;
	uint8_t buf[4096] = { 0 };
	struct xm_status s, why;
	struct world w;

	(void)state;
	open_world(&w, put_residual, &flag, XM_ROLE_DST, false);
	w.relay.armed = true;
	for (unsigned i = 0; i < 2; i++) {
		w.relay.seen = 0;
		flag = i ? 0x04 : 0x02;          /* overflow, underflow */
		s = rig_io(w.ep, XM_IO_WRITE, 0, buf, sizeof buf);
		assert_int_equal(s.certainty, XM_NOT_DONE);
		assert_string_equal(s.reason, "short_transfer");
		flag = 0;
		assert_int_equal(rig_fence(w.ep, &why), XM_FENCE_FENCED);
		assert_int_equal(rig_io(w.ep, XM_IO_WRITE, 0, buf, sizeof buf).certainty, XM_DONE);
	}
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_login_bytes),
		cmocka_unit_test(test_early_answer),
		cmocka_unit_test(test_lost_data_in),
		cmocka_unit_test(test_residuals),
	};

	return cmocka_run_group_tests_name("iscsi-wire", tests, NULL, NULL);
}
