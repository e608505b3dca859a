/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which LUs a copy may touch, by whom, and for how long: CSCDs within one
 * session's LUN map (CVE-2020-28374), rights, reservations, and copies whose
 * nexus is gone.
 */
#include "copy-rig.h"

static struct rig r;
static struct copy_cmd c;

static int setup(void **state)
{
	static const char *const luns[] = { "0=64M", "1=64M", "2=64M,thin,serial=AB",
					    "3=64M,serial=CD", "4=64M,ro", NULL };

	(void)state;
	copy_open(&r, "ideal", luns);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	answer_drop(&c.an);
	rig_close(&r);
	return 0;
}

static size_t n_writes(void)
{
	const struct arr_write *log;

	return arr_write_log(r.a, &log);
}

static const struct copy k01 = { .usage = 3, .src = 0, .dst = 1, .blocks = 8 };

/* ---- designators --------------------------------------------------------- */

/* T10 vendor identification, by hand: vendor padded to 8 and the serial number. */
static void t10_designator(void **state)
{
	(void)state;
	fill(&r, 2, 0, 8, 1);
	copy_list(&r, &c, &k01);
	assert_int_equal(hex_bytes(c.list + 16, 32,
		"e4 00 0000 02 01 00 0a 584d4f564552 2020 4142 00000000000000000000"
		"00 000200"), 32);
	copy_again(&r, &c, 0);
	assert_good(&c.an);
	assert_true(holds(&r, 1, 0, 8, 1, 0));
}

/* The protocol identifier and PIV of a designator are no part of its name. */
static void masked_bits(void **state)
{
	(void)state;
	fill(&r, 0, 0, 8, 1);
	copy_list(&r, &c, &k01);
	c.list[16 + 4] |= 0x50;
	c.list[16 + 5] |= 0x80;
	copy_again(&r, &c, 0);
	assert_good(&c.an);
	assert_true(holds(&r, 1, 0, 8, 1, 0));
}

/* Relative target port and device name designators belong to every LU here: they name none. */
static void port_designator(void **state)
{
	(void)state;
	copy_list(&r, &c, &k01);
	hex_bytes(c.list + 16, 32,
		  "e4 00 0000 51 94 00 04 00000001 00000000000000000000000000000000"
		  "00 000200");
	copy_again(&r, &c, 0);
	assert_int_equal(sense_of(&c.an), 0x0a0d02);
	assert_int_equal(n_writes(), 0);
}

/* Every byte of the designator counts. */
static void near_miss(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		copy_list(&r, &c, &k01);
		c.list[16 + 8 + i] ^= 1;
		copy_again(&r, &c, 0);
		/* LUNs 0 and 1 differ in some bit: that hit is LUN 1, copied onto itself. */
		if (c.an.cmd.status == 0)
			continue;
		assert_int_equal(sense_of(&c.an), 0x0a0d02);
	}
	copy_list(&r, &c, &k01);
	c.list[16 + 7] = 15;
	copy_again(&r, &c, 0);
	assert_int_equal(sense_of(&c.an), 0x0a0d02);
	c.list[16 + 7] = 21;
	copy_again(&r, &c, 0);
	assert_int_equal(sense_of(&c.an), 0x052600);
	c.list[16 + 7] = 0;
	copy_again(&r, &c, 0);
	assert_int_equal(sense_of(&c.an), 0x052600);
}

/* FFFFh is the LU the command was sent to. */
static void this_lu(void **state)
{
	(void)state;
	fill(&r, 0, 0, 8, 1);
	copy_list(&r, &c, &k01);
	put_b2b(c.list + 80, 0, 0xffff, &k01);
	copy_again(&r, &c, 3);
	assert_good(&c.an);
	assert_true(holds(&r, 3, 0, 8, 1, 0));
	assert_true(is_zero(&r, 1, 0, 8));
}

/* ---- two tenants --------------------------------------------------------- */

/*
 * A second target with its own LU, which a session of the first knows the
 * designator of.  As source it would leak, as destination it would be
 * overwritten.  The answer is that of a designator that does not exist, byte
 * for byte.
 */
static void two_tenants(void **state)
{
	struct arr_target *t2 = arr_target_new(r.a, "iqn.2026-01.test:two");
	struct arr_target *t1 = r.t;
	uint8_t secret[16], absent[ARR_SENSE_MAX];
	unsigned absent_len;

	(void)state;
	assert_true(arr_target_lun(t2, "0=64M"));
	r.t = t2;
	struct arr_nexus *nx1 = r.nx, *nx2 = copy_nexus(&r, "iqn.2026-01.test:other", 2);
	r.nx = nx2;
	copy_naa(&r, 0, secret);
	fill(&r, 0, 0, 8, 66);
	r.t = t1;
	r.nx = nx1;
	fill(&r, 0, 0, 8, 1);
	for (unsigned side = 0; side < 2; side++) {
		uint8_t *naa = c.list + 24 + 32 * side;

		copy_list(&r, &c, &k01);
		memset(naa + 1, 0xee, 15);
		copy_again(&r, &c, 0);
		assert_int_equal(sense_of(&c.an), 0x0a0d02);
		absent_len = c.an.cmd.sense_len;
		memcpy(absent, c.an.cmd.sense, absent_len);
		memcpy(naa, secret, 16);
		copy_again(&r, &c, 0);
		assert_int_equal(c.an.cmd.status, 0x02);
		assert_int_equal(c.an.cmd.sense_len, absent_len);
		assert_memory_equal(c.an.cmd.sense, absent, absent_len);
	}
	assert_int_equal(n_writes(), 0);
	/* The same LU under a LUN of this target too: now it is this session's. */
	assert_true(arr_target_lun(t1, "7=@iqn.2026-01.test:two/0"));
	rig_clear_ua(&r, r.nx, 0);
	rig_clear_ua(&r, r.nx, 1);
	copy_list(&r, &c, &k01);
	memcpy(c.list + 24, secret, 16);
	copy_again(&r, &c, 0);
	assert_good(&c.an);
	assert_true(holds(&r, 1, 0, 8, 66, 0));
	arr_nexus_close(nx2);
}

/* An initiator that may only read: as source yes; as destination as if it were not there. */
static void read_only_initiator(void **state)
{
	(void)state;
	assert_true(arr_target_allow(r.t, "iqn.2026-01.test:host"));
	assert_true(arr_target_allow(r.t, "iqn.2026-01.test:reader,ro"));
	struct arr_nexus *nx = r.nx, *reader = copy_nexus(&r, "iqn.2026-01.test:reader", 3);
	copy_list(&r, &c, &k01);
	copy_send(&r, reader, &c, 0);
	rig_until(&r, &c.an);
	assert_int_equal(sense_of(&c.an), 0x0a0d02);
	assert_int_equal(n_writes(), 0);
	r.nx = nx;
	arr_nexus_close(reader);
}

/* DATA PROTECT 27/00 of the destination, forwarded. */
static void read_only_lun(void **state)
{
	(void)state;
	copy_do(&r, &c, 0, &(struct copy){ .usage = 3, .src = 0, .dst = 4, .blocks = 8 });
	assert_hex(c.an.cmd.sense, c.an.cmd.sense_len,
		   "70 00 0a 00000000 1d 00 12 0000 0d 01 00 000000"
		   "02 70 00 07 00000000 0a 00000000 27 00 00 000000");
	fill(&r, 4, 0, 8, 1);
	copy_do(&r, &c, 4, &(struct copy){ .usage = 3, .src = 4, .dst = 1, .blocks = 8 });
	assert_good(&c.an);
	assert_true(holds(&r, 1, 0, 8, 1, 0));
	control_ok(&r, "lun ro 1 on");
	rig_clear_ua(&r, r.nx, 1);
	copy_do(&r, &c, 4, &(struct copy){ .usage = 3, .src = 4, .dst = 1, .blocks = 8 });
	assert_int_equal(sense_of(&c.an), 0x0a0d01);
}

/* ---- reservations -------------------------------------------------------- */

/* PERSISTENT RESERVE OUT by `nx`: REGISTER key 1, then RESERVE of this type. */
static void reserve(struct arr_nexus *nx, unsigned lun, unsigned type)
{
	struct answer an = { 0 };
	char cdb[64];

	tell(&r, nx, &an, lun, "5f 00 00 0000 00000018 00",
	     "0000000000000000 0000000000000001 00000000 00 00 0000");
	assert_good(&an);
	snprintf(cdb, sizeof cdb, "5f 01 %02x 0000 00000018 00", type);
	tell(&r, nx, &an, lun, cdb, "0000000000000001 0000000000000000 00000000 00 00 0000");
	assert_good(&an);
	answer_drop(&an);
}

/* Write Exclusive (1) of another nexus lets the source be read, not the destination written. */
static void reserved(void **state)
{
	static const struct { unsigned lun, type; bool ok; } rows[] = {
		{ 0, 1, true }, { 0, 3, false }, { 1, 1, false }, { 1, 3, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arr_nexus *other = copy_nexus(&r, "iqn.2026-01.test:other", 2);
		struct answer an = { 0 };

		reserve(other, rows[i].lun, rows[i].type);
		control_ok(&r, "writes clear");
		copy_list(&r, &c, &k01);
		/* To a third LUN, so that it is the copy manager who meets the reservation. */
		copy_again(&r, &c, 2);
		if (rows[i].ok) {
			assert_good(&c.an);
		} else {
			char want[128];

			/* No sense came with status 18h. */
			snprintf(want, sizeof want, "70 00 0a 00000000 0b %s 0000 0d 01 00 000000"
				 "18", rows[i].lun ? "00 12" : "12 00");
			assert_hex(c.an.cmd.sense, c.an.cmd.sense_len, want);
			assert_int_equal(n_writes(), 0);
		}
		/* Sent to the reserved LUN it is RESERVATION CONFLICT itself. */
		copy_again(&r, &c, rows[i].lun);
		assert_int_equal(c.an.cmd.status, 0x18);
		/* CLEAR. */
		tell(&r, other, &an, rows[i].lun, "5f 03 00 0000 00000018 00",
		     "0000000000000001 0000000000000000 00000000 00 00 0000");
		assert_good(&an);
		answer_drop(&an);
		arr_nexus_close(other);
		rig_clear_ua(&r, r.nx, rows[i].lun);
	}
}

/* SCST asks a reserved end again: it may come free within 30 s. */
static void scst_asks_again(void **state)
{
	struct arr_nexus *other;
	struct answer an = { 0 };

	(void)state;
	control_ok(&r, "set persona scst");
	for (unsigned lun = 0; lun < 5; lun++)
		rig_clear_ua(&r, r.nx, lun);
	other = copy_nexus(&r, "iqn.2026-01.test:other", 2);
	reserve(other, 1, 3);
	fill(&r, 0, 0, 8, 1);
	copy_list(&r, &c, &k01);
	copy_send(&r, r.nx, &c, 0);
	rig_advance(&r, 29000 * MS);
	assert_int_equal(c.an.done, 0);
	assert_true(is_zero(&r, 1, 0, 8));
	tell(&r, other, &an, 1, "5f 03 00 0000 00000018 00",
	     "0000000000000001 0000000000000000 00000000 00 00 0000");
	rig_until(&r, &c.an);
	assert_good(&c.an);
	assert_true(holds(&r, 1, 0, 8, 1, 0));
	reserve(other, 1, 3);
	copy_send(&r, r.nx, &c, 0);
	rig_advance(&r, 29900 * MS);
	assert_int_equal(c.an.done, 0);
	rig_advance(&r, 200 * MS);
	assert_int_equal(c.an.done, 1);
	assert_int_equal(sense_of(&c.an), 0x0a0d01);
	answer_drop(&an);
	arr_nexus_close(other);
}

/* ---- orphans ------------------------------------------------------------- */

/* The nexus goes while its copy runs; the copy does not care, and its nexus is busy until then. */
static void orphan(void **state)
{
	struct arr_nexus *mover = copy_nexus(&r, "iqn.2026-01.test:mover", 9);
	static const struct copy k = { .id = 1, .usage = 2, .src = 0, .dst = 1, .blocks = 16384 };

	(void)state;
	control_ok(&r, "set copy_latency 100");
	fill(&r, 0, 0, 16384, 4);
	copy_list(&r, &c, &k);
	copy_send(&r, mover, &c, 1);
	rig_advance(&r, 30 * MS);
	assert_int_equal(arr_nexus_busy(r.a, r.t, "iqn.2026-01.test:mover", 9), 1);
	assert_int_equal(arr_nexus_busy(r.a, r.t, "iqn.2026-01.test:mover", 8), 0);
	assert_int_equal(arr_nexus_busy(r.a, r.t, "iqn.2026-01.test:host", 9), 0);
	arr_nexus_close(mover);
	assert_int_equal(arr_nexus_busy(r.a, r.t, "iqn.2026-01.test:mover", 9), 1);
	assert_true(is_zero(&r, 1, 16383, 1));
	rig_advance(&r, 69 * MS);
	assert_int_equal(arr_nexus_busy(r.a, r.t, "iqn.2026-01.test:mover", 9), 1);
	assert_int_equal(c.an.done, 0);
	rig_advance(&r, 2 * MS);
	assert_int_equal(arr_nexus_busy(r.a, r.t, "iqn.2026-01.test:mover", 9), 0);
	assert_true(holds(&r, 1, 0, 16384, 4, 0));
	assert_int_equal(c.an.done, 1);
	assert_true(c.an.cmd.no_answer);
}

/* It overwrites what another session wrote meanwhile: the ghost of reference 1.3. */
static void ghost(void **state)
{
	struct arr_nexus *mover = copy_nexus(&r, "iqn.2026-01.test:mover", 9);

	(void)state;
	control_ok(&r, "set copy_latency 100");
	fill(&r, 0, 0, 16384, 4);
	copy_list(&r, &c, &(struct copy){ .usage = 3, .src = 0, .dst = 1, .blocks = 16384 });
	copy_send(&r, mover, &c, 1);
	rig_advance(&r, 30 * MS);
	arr_nexus_close(mover);
	fill(&r, 1, 0, 16384, 5);
	rig_advance(&r, 100 * MS);
	assert_true(holds(&r, 1, 16000, 384, 4, 16000));
}

/* The LUN map changes under a running copy. */
static void lun_goes(void **state)
{
	(void)state;
	control_ok(&r, "set copy_latency 100");
	fill(&r, 0, 0, 16384, 4);
	copy_list(&r, &c, &(struct copy){ .usage = 3, .src = 0, .dst = 1, .blocks = 16384 });
	copy_send(&r, r.nx, &c, 0);
	rig_advance(&r, 30 * MS);
	control_ok(&r, "lun del 1");
	rig_until(&r, &c.an);
	assert_int_equal(sense_of(&c.an), 0x0a0d01);
}

/* It shrinks: the chunk that no longer fits ends the copy. */
static void lun_shrinks(void **state)
{
	(void)state;
	control_ok(&r, "set copy_latency 100");
	fill(&r, 0, 0, 16384, 4);
	copy_list(&r, &c, &(struct copy){ .usage = 3, .src = 0, .dst = 1, .blocks = 16384 });
	copy_send(&r, r.nx, &c, 0);
	rig_advance(&r, 30 * MS);
	control_ok(&r, "lun resize 1 4M");
	rig_until(&r, &c.an);
	assert_int_equal(sense_of(&c.an), 0x0a0000);
	control_ok(&r, "lun resize 1 64M");
	assert_true(holds(&r, 1, 0, 8192, 4, 0));
	assert_true(is_zero(&r, 1, 8192, 8192));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t10_designator),
		TEST(masked_bits),
		TEST(port_designator),
		TEST(near_miss),
		TEST(this_lu),
		TEST(two_tenants),
		TEST(read_only_initiator),
		TEST(read_only_lun),
		TEST(reserved),
		TEST(scst_asks_again),
		TEST(orphan),
		TEST(ghost),
		TEST(lun_goes),
		TEST(lun_shrinks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
