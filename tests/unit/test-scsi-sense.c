/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sense data as targets send them (reference/scsi-offload.md 2, 3.12), as they
 * come broken, and, for random ones, against libsgutils2's reading.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <scsi/sg_lib.h>
#include "scsi-hex.h"
#include "sense.h"

static struct scsi_sense decode(const char *text)
{
	uint8_t buf[SCSI_SENSE_MAX];
	struct scsi_sense s;
	/* On the heap, exact: a byte too far is seen by valgrind and ASan. */
	size_t n = hex(buf, sizeof buf, text);
	uint8_t *p = malloc(n ? n : 1);
	assert_non_null(p);
	memcpy(p, buf, n);
	scsi_sense_decode(p, n, &s);
	free(p);
	return s;
}

#define KAQ(s) ((unsigned)(s).key << 16 | (unsigned)(s).asc << 8 | (s).ascq)

static void fixed(void **state)
{
	(void)state;
	/* LIO to any failing copy: 18 bytes and no word more. */
	struct scsi_sense s = decode("70 00 0a 00000000 0a 00000000 0d 02 00 000000");
	assert_true(s.present && !s.deferred && !s.has_info && !s.has_field && !s.has_segment);
	assert_false(s.fwd.present);
	assert_int_equal(KAQ(s), 0x0a0d02);
	/* valid information: the LBA of a medium error */
	s = decode("f0 00 03 00001234 0a 00000000 11 00 00 000000");
	assert_true(s.has_info);
	assert_int_equal(s.info, 0x1234);
	assert_int_equal(KAQ(s), 0x031100);
	/* field pointer to byte 45 of the parameter list; to byte 2 of the CDB */
	s = decode("70 00 05 00000000 0a 00000000 26 00 00 80002d");
	assert_true(s.has_field && !s.field_in_cdb && !s.field_in_segment);
	assert_int_equal(s.field, 45);
	s = decode("70 00 05 00000000 0a 00000000 24 00 00 c00002");
	assert_true(s.has_field && s.field_in_cdb);
	assert_int_equal(s.field, 2);
}

static void descriptor(void **state)
{
	(void)state;
	struct scsi_sense s = decode("72 05 20 00 00 00 00 00");
	assert_int_equal(KAQ(s), 0x052000);
	s = decode("72 03 11 00 000000 0c | 00 0a 80 00 0000000112345678");
	assert_true(s.has_info);
	assert_true(s.info == 0x112345678);
	s = decode("72 05 26 00 000000 08 | 02 06 0000 80 0010 00");
	assert_true(s.has_field);
	assert_int_equal(s.field, 16);
	/* information that is not valid */
	s = decode("72 03 11 00 000000 0c | 00 0a 00 00 0000000112345678");
	assert_false(s.has_info);
}

static void forwarded_fixed(void **state)
{
	(void)state;
	/*
	 * SCST: status at 17, sense from 18, the offset says 18; segment 2.
	 * Source said 03/11/00 with LBA 0x99.
	 */
	struct scsi_sense s = decode("70 00 0a 00000000 1c 12 00 0002 0d 01 00 0000 02"
				     "f0 00 03 00000099 0a 00000000 11 00 00 000000");
	assert_int_equal(KAQ(s), 0x0a0d01);
	assert_true(s.has_segment);
	assert_int_equal(s.segment, 2);
	assert_true(s.fwd.present && s.fwd.has_info);
	assert_int_equal(s.fwd.side, XM_SIDE_SRC);
	assert_int_equal(s.fwd.status, 2);
	assert_int_equal(KAQ(s.fwd), 0x031100);
	assert_int_equal(s.fwd.info, 0x99);
	/* SPC-3: the offset is of the status byte; here the destination's. */
	s = decode("70 00 0a 00000000 1d 00 12 0000 0d 01 00 000000 02"
		   "70 00 07 00000000 0a 00000000 27 07 00 000000");
	assert_true(s.fwd.present);
	assert_int_equal(s.fwd.side, XM_SIDE_DST);
	assert_int_equal(KAQ(s.fwd), 0x072707);
	assert_int_equal(s.segment, 0);
	/* a status without sense: RESERVATION CONFLICT inside */
	s = decode("70 00 0a 00000000 0b 00 12 0000 0d 01 00 000000 18");
	assert_true(s.fwd.present);
	assert_int_equal(s.fwd.status, 0x18);
	assert_int_equal(s.fwd.key, 0);
}

static void forwarded_descriptor(void **state)
{
	(void)state;
	struct scsi_sense s = decode("72 0a 0d 01 000000 20 | 01 0a 0000 0000 0003 00000000"
				     "| 0c 12 01 02 72 05 21 00 000000 08 02 06 0000 c0 000a 00");
	assert_int_equal(KAQ(s), 0x0a0d01);
	assert_true(s.has_segment);
	assert_int_equal(s.segment, 3);
	assert_true(s.fwd.present);
	assert_int_equal(s.fwd.side, XM_SIDE_NONE);
	assert_int_equal(KAQ(s.fwd), 0x052100);
	/* a segment number at the low end of the field; then one that makes no sense */
	s = decode("72 0a 0d 01 000000 0c | 01 0a 0000 00000000 00000005");
	assert_true(s.has_segment);
	assert_int_equal(s.segment, 5);
	s = decode("72 0a 0d 01 000000 0c | 01 0a 0000 00010000 00000005");
	assert_false(s.has_segment);
	/* forwarded within forwarded is not followed */
	s = decode("72 0a 0d 01 000000 1a | 0c 18 0002 72 0a 0d 01 000000 0e"
		   "0c 0c 0002 72 03 11 00 000000 00 0000");
	assert_int_equal(KAQ(s.fwd), 0x0a0d01);
}

static void segment_pointer(void **state)
{
	(void)state;
	/* SKSV and SD: byte 20 of segment 6 */
	struct scsi_sense s = decode("70 00 0a 00000000 0a 00 00 0006 00 00 00 a00014");
	assert_true(s.has_field && s.field_in_segment && s.has_segment);
	assert_int_equal(s.segment, 6);
	/* a segment number in no company is not believed */
	s = decode("70 00 0a 00000000 0a 00 00 0006 0d 02 00 000000");
	assert_false(s.has_segment);
}

static void deferred(void **state)
{
	(void)state;
	assert_true(decode("71 00 03 00000000 0a 00000000 0c 00 00 000000").deferred);
	assert_true(decode("73 03 0c 00 00 00 00 00").deferred);
	assert_false(decode("72 03 0c 00 00 00 00 00").deferred);
}

/* Absent, cut, of no known format, with lengths that lie. */
static void broken(void **state)
{
	(void)state;
	static const char *const absent[] = {
		"", "00", "70", "70 00", "72", "7f 00 05 00000000 0a 00000000 20 00",
		"6f 00 05 00000000 0a 00000000 20 00", "00 00 00 00 00 00 00 00",
	};
	for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
		assert_false(decode(absent[i]).present);
	/* only the key came */
	assert_int_equal(KAQ(decode("70 00 05")), 0x050000);
	assert_int_equal(KAQ(decode("72 05")), 0x050000);
	assert_int_equal(KAQ(decode("72 05 20")), 0x052000);
	/* ADDITIONAL LENGTH 255 with 18 bytes; 0 with 18 bytes */
	assert_int_equal(KAQ(decode("70 00 05 00000000 ff 00000000 20 00 00 000000")), 0x052000);
	assert_int_equal(KAQ(decode("70 00 05 00000000 00 00000000 20 00 00 000000")), 0x050000);
	/* descriptors: length 0, past the end, cut in the head */
	assert_int_equal(KAQ(decode("72 0a 0d 02 000000 ff 00 00 00 00 0c 00")), 0x0a0d02);
	assert_false(decode("72 0a 0d 02 000000 ff 0c fa 00 02 72").fwd.present);
	assert_false(decode("72 0a 0d 02 000000 ff 0c").fwd.present);
	assert_false(decode("72 0a 0d 02 000000 04 0c 02 00 00").fwd.present);
	/* offsets of fixed sense: into the head, past the end, at the last byte */
	assert_false(decode("70 00 0a 00000000 0b 08 ff 0000 0d 01 00 000000 70").fwd.present);
	assert_false(decode("70 00 0a 00000000 0b 12 00 0000 0d 01 00 000000 70").fwd.present);
	assert_false(decode("70 00 0a 00000000 0b 12 00 0000 0d 01 00 000000 02").fwd.present);
}

/* libsgutils2 is another reading of the same standard. */
static void as_sgutils(void **state)
{
	(void)state;
	srandom(20);
	for (unsigned i = 0; i < 200000; i++) {
		uint8_t p[64];
		size_t len = (size_t)random() % sizeof p + 1;
		for (size_t k = 0; k < len; k++)
			p[k] = (uint8_t)random();
		p[0] = (uint8_t)(0x70 | random() % 4 | (random() % 2 ? 0x80 : 0));
		if (len > 7 && random() % 2)
			p[7] = (uint8_t)(len - 8);
		struct scsi_sense s;
		struct sg_scsi_sense_hdr h;
		scsi_sense_decode(p, len, &s);
		if (len < 8 || !sg_scsi_normalize_sense(p, (int)len, &h))
			continue;
		assert_true(s.present);
		assert_int_equal(KAQ(s), (unsigned)h.sense_key << 16 | (unsigned)h.asc << 8 |
					 h.ascq);
	}
}

static void words(void **state)
{
	(void)state;
	char buf[200];
	struct scsi_sense s = decode("70 00 05 00000000 0a 00000000 20 00 00 000000");
	assert_string_equal(scsi_sense_text(&s, buf, sizeof buf),
			    "Illegal Request, Invalid command operation code (05/20/00)");
	s = decode("f0 00 03 00001234 0a 00000000 11 00 00 000000");
	assert_string_equal(scsi_sense_text(&s, buf, sizeof buf),
			    "Medium Error, Unrecovered read error (03/11/00), first bad LBA 4660");
	s = decode("");
	assert_string_equal(scsi_sense_text(&s, buf, sizeof buf), "CHECK CONDITION without sense");
	s = decode("70 00 0a 00000000 0b 00 12 0000 0d 01 00 000000 18");
	assert_non_null(strstr(scsi_sense_text(&s, buf, sizeof buf), "inside status 18h"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fixed),
		cmocka_unit_test(descriptor),
		cmocka_unit_test(forwarded_fixed),
		cmocka_unit_test(forwarded_descriptor),
		cmocka_unit_test(segment_pointer),
		cmocka_unit_test(deferred),
		cmocka_unit_test(broken),
		cmocka_unit_test(as_sgutils),
		cmocka_unit_test(words),
	};
	return cmocka_run_group_tests_name("scsi-sense", tests, NULL, NULL);
}
