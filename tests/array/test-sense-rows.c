/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of the sense table about tokens (23/xx), resources (55/xx) and list identifiers
 * (00/16), driven: the table itself is walked, and for each of its rows that are about
 * copies an array answers so, once and for ever, to each command the row is for.  What
 * must come of it stands here, by meaning; a new row without that fails, and so does a
 * row that another hides.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "fault-table.h"
#include "lu.h"
#include "registry.h"
#include "sense.h"

#define ANY_ASCQ SCSI_ANY

/* In the middle of a job: once, and from then on; and from the first command on. */
static const struct want {
	enum scsi_use use;
	int asc, ascq;
	enum way once;
	const char *ever;                /* the reason of the rest; the way is SOME */
	const char *at_once;             /* the reason of all of it */
} wants[] = {
	{ SCSI_USE_COPY, 0x00, 0x16, ALL, "list_id_busy", "list_id_busy" },
	{ SCSI_USE_COPY, 0x55, ANY_ASCQ, ALL, "array_busy", "array_busy" },
	{ SCSI_USE_TOKEN, 0x00, 0x16, ALL, "list_id_busy", "list_id_busy" },
	{ SCSI_USE_TOKEN, 0x23, 0x01, SOME, "token_refused", "token_refused" },
	{ SCSI_USE_TOKEN, 0x23, 0x02, SOME, "not_same_array", "not_same_array" },
	{ SCSI_USE_TOKEN, 0x23, 0x03, SOME, "not_same_array", "not_same_array" },
	{ SCSI_USE_TOKEN, 0x23, 0x04, ALL, "token_gone", "not_same_array" },
	{ SCSI_USE_TOKEN, 0x23, 0x06, ALL, "token_revoked", "token_revoked" },
	{ SCSI_USE_TOKEN, 0x23, 0x07, ALL, "token_expired", "token_expired" },
	{ SCSI_USE_TOKEN, 0x23, 0x0a, SOME, "token_refused", "token_refused" },
	{ SCSI_USE_TOKEN, 0x23, ANY_ASCQ, ALL, "token_gone", "not_same_array" },
	{ SCSI_USE_TOKEN, 0x55, 0x0c, ALL, "token_resources", "token_resources" },
	{ SCSI_USE_TOKEN, 0x55, 0x0d, ALL, "token_resources", "token_resources" },
	{ SCSI_USE_TOKEN, 0x55, ANY_ASCQ, ALL, "array_busy", "array_busy" },
};

#define N(a) (sizeof(a) / sizeof(a)[0])

static bool is_ours(const struct scsi_rule *r)
{
	return r->status == SCSI_CHECK_CONDITION && r->uses & (SCSI_USE_COPY | SCSI_USE_TOKEN) &&
	       (r->asc == 0x23 || r->asc == 0x55 || (r->asc == 0x00 && r->ascq == 0x16));
}

static const struct want *want_of(const struct scsi_rule *r, enum scsi_use use)
{
	for (size_t i = 0; i < N(wants); i++)
		if (wants[i].use == use && wants[i].asc == r->asc && wants[i].ascq == r->ascq)
			return &wants[i];
	fail_msg("row %u of the sense table, %02x/%02x: what must come of it is not said here",
		 (unsigned)(r - scsi_rules), (unsigned)r->asc, (unsigned)r->ascq & 0xff);
	return NULL;
}

/* ---- the sense that the row decides ----------------------------------------------------- */

static bool decides(const struct scsi_rule *r, enum scsi_use use, unsigned key, unsigned ascq)
{
	struct scsi_cmd cmd = { .outcome = SCSI_ANSWERED, .status = SCSI_CHECK_CONDITION,
		.cdb = { 0x83 }, .cdb_len = 16, .sense_len = 18 };
	struct scsi_verdict v;

	cmd.sense[0] = 0x70;
	cmd.sense[2] = (uint8_t)key;
	cmd.sense[7] = 10;
	cmd.sense[12] = (uint8_t)r->asc;
	cmd.sense[13] = (uint8_t)ascq;
	scsi_judge(&cmd, use, XM_SIDE_NONE, "", &v);
	return v.rule == r;
}

static unsigned ascq_of(const struct scsi_rule *r, enum scsi_use use, unsigned key)
{
	unsigned first = r->ascq == SCSI_ANY ? 0 : (unsigned)r->ascq;
	unsigned last = r->ascq == SCSI_ANY ? 0xff : first;

	for (unsigned q = first; q <= last; q++)
		if (decides(r, use, key, q))
			return q;
	fail_msg("row %u of the sense table decides nothing", (unsigned)(r - scsi_rules));
	return 0;
}

/* ---- whole jobs ------------------------------------------------------------------------- */

static const struct xm_opener *const no_openers[] = { NULL };
static const struct xm_method_ops *const by_token[] = { &scsi_method_odx, &xm_method_host, NULL };
static const struct xm_method_ops *const by_copy[] = { &scsi_method_xcopy, &xm_method_host, NULL };
static const struct xm_registry tokens = { .openers = no_openers, .methods = by_token };
static const struct xm_registry copies = { .openers = no_openers, .methods = by_copy };

/* The commands a use stands for; LIO has EXTENDED COPY(LID1) alone. */
static const struct command {
	enum scsi_use use;
	const char *op, *format, *persona;
} commands[] = {
	{ SCSI_USE_COPY, "83/00", "fixed", "lio" },
	{ SCSI_USE_COPY, "83/01", "descriptor", "ideal" },
	{ SCSI_USE_TOKEN, "83/10", "fixed", "ideal" },
	{ SCSI_USE_TOKEN, "83/11", "descriptor", "ideal" },
};

static unsigned job(const struct command *c, const char *nth, const char *sense, enum way way,
		    const char *reason)
{
	const struct fault_table t = { .persona = c->persona,
		.registry = c->use == SCSI_USE_COPY ? &copies : &tokens };
	char words[160];
	struct fault f = { words, 0, way, reason, NULL, NULL };

	snprintf(words, sizeof words, "op=%s nth=%s action=sense format=%s %s", c->op, nth,
		 c->format, sense);
	return !fault_table_one(&t, &f, &(struct fault_setting){ 0 }, 1);
}

static unsigned jobs(const struct want *w, unsigned key, unsigned ascq)
{
	char sense[64];
	unsigned bad = 0;

	snprintf(sense, sizeof sense, "k=%x asc=%02x ascq=%02x", key, (unsigned)w->asc, ascq);
	for (size_t i = 0; i < N(commands); i++) {
		if (commands[i].use != w->use)
			continue;
		bad += job(&commands[i], "6", sense, w->once, w->once == ALL ? NULL : w->ever);
		bad += job(&commands[i], "6-", sense, SOME, w->ever);
		bad += job(&commands[i], "1-", sense, NONE, w->at_once);
	}
	return bad;
}

static unsigned drive(const struct scsi_rule *r, enum scsi_use use, bool used[N(wants)])
{
	const struct want *w = want_of(r, use);
	unsigned bad = 0;

	used[w - wants] = true;
	for (unsigned key = 0; key < 16; key++)
		if (r->keys & 1u << key)
			bad += jobs(w, key, ascq_of(r, use, key));
	return bad;
}

static void every_row(void **state)
{
	bool used[N(wants)] = { false };
	unsigned bad = 0;

	(void)state;
	for (unsigned i = 0; i < scsi_nrules; i++) {
		const struct scsi_rule *r = &scsi_rules[i];

		if (is_ours(r) && r->uses & SCSI_USE_COPY)
			bad += drive(r, SCSI_USE_COPY, used);
		if (is_ours(r) && r->uses & SCSI_USE_TOKEN)
			bad += drive(r, SCSI_USE_TOKEN, used);
	}
	for (size_t i = 0; i < N(wants); i++)
		if (!used[i])
			fail_msg("the sense table has no row for entry %zu, %02x", i,
				 (unsigned)wants[i].asc);
	if (bad)
		fail_msg("%u not as stated", bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row),
	};

	return cmocka_run_group_tests_name("sense rows", tests, NULL, NULL);
}
