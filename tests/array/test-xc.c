/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XC-01 to XC-34 of reference/reliability-and-qualification.md 2.3, on every persona
 * that copies, by LID1 and where there is one by LID4: what the array may answer, what
 * must then be on the disks, and that the mover takes each refusal for one (a reason,
 * nothing done, the job goes on).
 */
#include "copy-rig.h"
#include "cdb.h"
#include "sense.h"

#define SRC_LBA 8
#define DST_LBA 64
#define N 8
#define LAST 2048                /* blocks of a LUN */

enum data { COPIED, NOTHING, EITHER };   /* after GOOD: what the destination holds */

/* A list of one segment, 8 blocks of LUN 0 to LUN 1, with something changed. */
struct check {
	const char *id;
	const char *may;                 /* senses as kkaaqq, "good" */
	enum data data;
	unsigned at;                     /* bytes changed; BODY: behind the header */
	const char *bytes;
	int len;                         /* 0: whole; above: cut to; below: of the body */
	unsigned lun;                    /* it is sent to */
	const struct copy *copy;         /* instead of the usual one */
};

#define BODY 1000u
#define CSCD0 BODY
#define CSCD1 (BODY + 32)
#define SEG (BODY + 64)
#define CSCD_LEN 2000u           /* the header's fields */
#define SEG_LEN 2001u

#define NOT_SEEN "0a0d02 0a0804 0a0000 052615 052600"
#define PAST_END "0a0d02 0a0d01 052100 0a0000"
#define COPY(...) &(const struct copy){ .usage = 3, __VA_ARGS__ }

static const struct check checks[] = {
	{ "XC-01", "good", EITHER, 0, NULL, 0, 0,
	  COPY(.src = 0, .dst = 0, .dst_lba = 64, .blocks = 8) },
	{ "XC-02", "good", COPIED, 0, NULL, 0, 0, NULL },
	{ "XC-03", "good", COPIED, 0, NULL, 0, 1, NULL },
	{ "XC-04", "good 0a0d02", COPIED, 0, NULL, 0, 2, NULL },
	{ "XC-05 source", NOT_SEEN, NOTHING, CSCD0 + 9, "eeeeeeeeeeeeeeeeeeeeeeeeeeeeee", 0, 0,
	  NULL },
	{ "XC-05 destination", NOT_SEEN, NOTHING, CSCD1 + 9, "eeeeeeeeeeeeeeeeeeeeeeeeeeeeee", 0, 0,
	  NULL },
	{ "XC-07", "051a00 052400", NOTHING, 0, NULL, 8, 0, NULL },
	{ "XC-08", "051a00 052600", NOTHING, 0, NULL, -40, 0, NULL },
	{ "XC-09", "051a00 052600", NOTHING, 0, NULL, -84, 0, NULL },
	{ "XC-10", "052607 052609 052600 051a00 05260b", NOTHING, CSCD_LEN, "003c", 0, 0, NULL },
	{ "XC-11", "052607 052609 052600 051a00 05260b", NOTHING, SEG_LEN, "001b", 0, 0, NULL },
	{ "XC-12 short", "052600 051a00 0a0000 052609", NOTHING, SEG + 2, "0017", 0, 0, NULL },
	{ "XC-12 beyond", "052600 051a00 0a0000 052609", NOTHING, SEG + 2, "ffff", 0, 0, NULL },
	{ "XC-13", "052607", NOTHING, CSCD0, "e0", 0, 0, NULL },
	{ "XC-14", "052609", NOTHING, SEG, "03", 0, 0, NULL },
	{ "XC-15", "0a0000 0a0804 0a0d02 052600 good", COPIED, CSCD1 + 1, "20", 0, 0, NULL },
	{ "XC-16", NOT_SEEN, NOTHING, SEG + 6, "0005", 0, 0, NULL },
	{ "XC-17", "good " NOT_SEEN, COPIED, SEG + 6, "ffff", 0, 1, NULL },
	{ "XC-18", "good 052600 0a260a 0a0d02 0a0000 0a0804", EITHER, CSCD1 + 29, "001000", 0, 0,
	  NULL },
	{ "XC-19", "good", NOTHING, SEG + 10, "0000", 0, 0, NULL },
	{ "XC-20", PAST_END, NOTHING, SEG + 12, "0000000000000800", 0, 0, NULL },
	{ "XC-21", PAST_END, NOTHING, SEG + 20, "0000000000000800", 0, 0, NULL },
	{ "XC-22 source", PAST_END, NOTHING, SEG + 12, "ffffffffffffffff", 0, 0, NULL },
	{ "XC-22 destination", PAST_END, NOTHING, SEG + 20, "ffffffffffffffff", 0, 0, NULL },
	{ "XC-23", PAST_END, EITHER, SEG + 20, "00000000000007fc", 0, 0, NULL },
	{ "XC-24", "good", EITHER, 0, NULL, 0, 0,
	  COPY(.src = 0, .dst = 0, .dst_lba = 4, .blocks = 8) },
	{ "XC-25", "good", EITHER, 0, NULL, 0, 0,
	  COPY(.src = 0, .dst = 0, .src_lba = 4, .blocks = 8) },
	{ "XC-26", "good", EITHER, 0, NULL, 0, 0, COPY(.src = 0, .dst = 0, .blocks = 8) },
	{ "XC-27", "good 0a260a 020800 0a0d03 0a0d02", EITHER, 0, NULL, 0, 0,
	  COPY(.src = 0, .dst = 3, .blocks = 8) },
	{ "XC-27 inexact", "0a260a 020800 0a0d03 0a0d02", NOTHING, 0, NULL, 0, 0,
	  COPY(.src = 0, .dst = 3, .blocks = 7) },
	{ "XC-28", "good 0a260a 020800 0a0d03 0a0d02", EITHER, 0, NULL, 0, 0,
	  COPY(.src = 0, .dst = 3, .blocks = 1, .dc = true) },
	{ "XC-33 CAT", "good 052600", COPIED, SEG + 1, "01", 0, 0, NULL },
	{ "XC-33 reserved", "good 052600", COPIED, SEG + 8, "ffff", 0, 0, NULL },
	{ "XC-34 0Ah", "052609 052600 051a00 0a0000", NOTHING, SEG, "0a00001c", 0, 0, NULL },
};

static struct rig r;
static struct copy_cmd c;

/* ---- the list ----------------------------------------------------------------------- */

/* The same body behind the header of LID4. */
static void to_lid4(void)
{
	uint16_t cscds = xm_get_be16(c.list + 2), segments = (uint16_t)xm_get_be32(c.list + 8);

	memmove(c.list + 48, c.list + 16, c.len - 16);
	memset(c.list, 0, 48);
	hex_bytes(c.list, 4, "01 10 0020");
	c.list[16] = 0xff;
	xm_put_be32(c.list + 20, 0x80000001);
	xm_put_be16(c.list + 42, cscds);
	xm_put_be16(c.list + 44, segments);
	c.len += 32;
}

static void put(const struct check *k, bool lid4)
{
	unsigned header = lid4 ? 48 : 16, at = k->at;

	if (k->bytes && at == CSCD_LEN)
		at = lid4 ? 42 : 2;
	else if (k->bytes && at == SEG_LEN)
		at = lid4 ? 44 : 10;
	else if (at >= BODY)
		at = at - BODY + header;
	if (k->bytes)
		hex_bytes(c.list + at, 32, k->bytes);
	if (k->len)
		c.len = k->len > 0 ? (size_t)k->len : header + (size_t)-k->len;
}

static void send_it(unsigned lun, bool lid4)
{
	uint8_t cdb[16] = { 0x83, lid4 };

	xm_put_be32(cdb + 10, (uint32_t)c.len);
	answer_drop(&c.an);
	rig_submit(&r, r.nx, lun, &c.an, cdb, sizeof cdb, c.list, c.len);
	rig_until(&r, &c.an);
}

/* ---- what is seen ---------------------------------------------------------------------- */

static void fail_check(const struct check *k, const char *persona, bool lid4, const char *what)
{
	fail_msg("%s, %s, LID%u: %s (status %02x, sense %06x)", k->id, persona, lid4 ? 4 : 1, what,
		 c.an.cmd.status, c.an.cmd.status == 2 ? sense_of(&c.an) : 0);
}

static bool allowed(const struct check *k)
{
	char word[16] = "good";

	if (c.an.cmd.status == 0x02)
		snprintf(word, sizeof word, "%06x", sense_of(&c.an));
	else if (c.an.cmd.status != 0)
		return false;
	return strstr(k->may, word) != NULL;
}

/* The mover's reaction: not done, a reason, and no end of the job. */
static bool mover_takes_it(bool lid4)
{
	struct scsi_cmd cmd = { .outcome = SCSI_ANSWERED, .status = c.an.cmd.status,
		.sense_len = c.an.cmd.sense_len };
	struct scsi_verdict v;

	if (lid4)
		scsi_cdb_extended_copy_lid4(cmd.cdb, 140);
	else
		scsi_cdb_extended_copy(cmd.cdb, 108);
	memcpy(cmd.sense, c.an.cmd.sense, c.an.cmd.sense_len);
	scsi_judge(&cmd, SCSI_USE_COPY, XM_SIDE_NONE, "", &v);
	return v.status.certainty == XM_NOT_DONE && v.status.act != XM_ACT_NONE &&
	       v.status.act != XM_ACT_FATAL && v.status.reason && v.status.detail[0];
}

static bool data_right(const struct check *k)
{
	bool copied = holds(&r, 1, DST_LBA, N, 3, SRC_LBA);

	/* whatever it was: nothing but the range is touched */
	if (!is_zero(&r, 1, 0, DST_LBA) || !is_zero(&r, 1, DST_LBA + N, LAST - DST_LBA - N - 4) ||
	    !is_zero(&r, 2, 0, LAST))
		return false;
	if (c.an.cmd.status != 0)
		return k->data == EITHER || is_zero(&r, 1, DST_LBA, N);
	return k->data == EITHER || copied == (k->data == COPIED);
}

static void one(const struct check *k, const char *persona, bool lid4)
{
	static const char *const luns[] = { "0=1M", "1=1M", "2=1M", "3=1M,block=4096", NULL };

	copy_open(&r, persona, luns);
	fill(&r, 0, 0, 64, 3);
	copy_list(&r, &c, k->copy ? k->copy : COPY(.src = 0, .dst = 1, .src_lba = SRC_LBA,
						   .dst_lba = DST_LBA, .blocks = N));
	if (lid4)
		to_lid4();
	put(k, lid4);
	send_it(k->lun, lid4);
	if (!allowed(k))
		fail_check(k, persona, lid4, "this is no answer to it");
	if (c.an.cmd.status == 2 && !mover_takes_it(lid4))
		fail_check(k, persona, lid4, "the mover does not take it for a refusal");
	if (!data_right(k))
		fail_check(k, persona, lid4, "the wrong data");
	answer_drop(&c.an);
	rig_close(&r);
}

static const struct {
	const char *name;
	bool lid4;
} personas[] = {
	{ "ideal", true }, { "ctl", true }, { "lio", false }, { "scst", false }, { "tcmu", false },
};

static void every_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
		for (size_t p = 0; p < sizeof personas / sizeof personas[0]; p++) {
			one(&checks[i], personas[p].name, false);
			if (personas[p].lid4)
				one(&checks[i], personas[p].name, true);
		}
	}
}

/* XC-06, 29, 30, 31, 32 and IMMED of XC-34: test-array-copy, -copy-list-id, -odx-run. */

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_check),
	};

	return cmocka_run_group_tests_name("XC", tests, NULL, NULL);
}
