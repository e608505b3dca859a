/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The software array in-process: one array, commands as CDB bytes in and status,
 * sense, data out.  The test owns the clock.
 */
#ifndef TEST_ARRAY_RIG_H
#define TEST_ARRAY_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "array.h"
#include "xm/endian.h"

struct rig {
	struct arr *a;
	struct arr_target *t;
	struct arr_nexus *nx;
	uint64_t now;
};

struct answer {
	struct arr_cmd cmd;
	unsigned done;          /* times done() was called */
	uint8_t *in;
	size_t in_len;
};

static inline void rig_done(struct arr_cmd *cmd)
{
	struct answer *an = cmd->front;

	an->done++;
	an->in = cmd->in;
	an->in_len = cmd->in_len;
}

static inline void answer_drop(struct answer *an)
{
	free(an->in);
	memset(an, 0, sizeof *an);
}

static inline void rig_submit(struct rig *r, struct arr_nexus *nx, uint64_t lun,
			      struct answer *an, const void *cdb, size_t cdb_len,
			      const void *out, size_t out_len)
{
	an->done = 0;
	an->cmd.nexus = nx;
	an->cmd.lun = lun;
	memset(an->cmd.cdb, 0, sizeof an->cmd.cdb);
	memcpy(an->cmd.cdb, cdb, cdb_len);
	an->cmd.cdb_len = 16;
	an->cmd.out = out;
	an->cmd.out_len = an->cmd.out_wanted = out_len;
	an->cmd.done = rig_done;
	an->cmd.front = an;
	arr_submit(r->a, &an->cmd, r->now);
}

/* Steps, with the clock following what the array asks for, until nothing is due. */
static inline void rig_settle(struct rig *r)
{
	for (unsigned i = 0; i < 1000000; i++) {
		uint64_t next = arr_step(r->a, r->now);
		if (next == ARR_NEVER)
			return;
		r->now = next > r->now ? next : r->now;
	}
	fail_msg("the array never comes to rest");
}

static inline void rig_run(struct rig *r, struct arr_nexus *nx, uint64_t lun, struct answer *an,
			   const void *cdb, size_t cdb_len, const void *out, size_t out_len)
{
	answer_drop(an);
	rig_submit(r, nx, lun, an, cdb, cdb_len, out, out_len);
	rig_settle(r);
	assert_int_equal(an->done, 1);
}

#define CDB(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

/* Eats the unit attentions a login leaves on a LUN. */
static inline void rig_clear_ua(struct rig *r, struct arr_nexus *nx, uint64_t lun)
{
	struct answer an = { 0 };

	for (unsigned i = 0; i < 10; i++) {
		rig_run(r, nx, lun, &an, CDB(0x00), NULL, 0);
		if (an.cmd.status == 0x00)
			return;
	}
	fail_msg("unit attentions without end");
}

/* An array of seed 1 with one target; luns ends with NULL. */
static inline void rig_open(struct rig *r, const char *const *luns)
{
	memset(r, 0, sizeof *r);
	r->a = arr_new(1);
	r->t = arr_target_new(r->a, "iqn.2026-01.test:one");
	assert_non_null(r->t);
	for (; *luns; luns++) {
		if (!arr_target_lun(r->t, *luns))
			fail_msg("%s: %s", *luns, arr_error(r->a));
	}
	r->nx = arr_nexus_open(r->a, r->t, "iqn.2026-01.test:host", 1);
	assert_non_null(r->nx);
}

static inline void rig_close(struct rig *r)
{
	if (r->nx)
		arr_nexus_close(r->nx);
	rig_settle(r);
	arr_free(r->a);
}

/* Fixed format sense: key, ASC, ASCQ as 0x52400. */
static inline unsigned answer_sense(const struct answer *an)
{
	const uint8_t *s = an->cmd.sense;

	if (an->cmd.status != 0x02 || an->cmd.sense_len < 14 || (s[0] & 0x7f) != 0x70)
		return 0;
	return (unsigned)(s[2] & 15) << 16 | (unsigned)s[12] << 8 | s[13];
}

#define assert_good(an) assert_int_equal((an)->cmd.status, 0x00)
#define assert_sense(an, code)                                                 \
	do {                                                                   \
		assert_int_equal((an)->cmd.status, 0x02);                      \
		assert_int_equal(answer_sense(an), code);                      \
	} while (0)

#endif
