/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mode pages, supported operation codes and reservations of the array.  Bytes
 * are from SPC-4 and SBC-3, by hand.
 */
#include "array-rig.h"
#include "core.h"

static const char *const luns[] = { "0=1M", "1=1M,thin", "2=1M,cache=volatile", NULL };

static struct rig r;
static struct answer an;
static struct arr_nexus *host2, *host3;
static const uint8_t block[512] = { 0x42 };

static int set_up(void **state)
{
	(void)state;
	rig_open(&r, luns);
	host2 = arr_nexus_open(r.a, r.t, "iqn.2026-01.test:two", 1);
	host3 = arr_nexus_open(r.a, r.t, "iqn.2026-01.test:three", 1);
	for (uint64_t l = 0; l < 3; l++) {
		rig_clear_ua(&r, r.nx, l);
		rig_clear_ua(&r, host2, l);
		rig_clear_ua(&r, host3, l);
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	answer_drop(&an);
	if (host2)
		arr_nexus_close(host2);
	arr_nexus_close(host3);
	rig_close(&r);
	return 0;
}

#define SEND_AS(nx, lun, out, len, ...) rig_run(&r, nx, lun, &an, CDB(__VA_ARGS__), out, len)
#define SEND(lun, out, len, ...) SEND_AS(r.nx, lun, out, len, __VA_ARGS__)
#define ASK(lun, ...) SEND(lun, NULL, 0, __VA_ARGS__)

#define assert_conflict() assert_int_equal(an.cmd.status, 0x18)

/* ---- mode pages ------------------------------------------------------------------- */

static void test_mode_sense(void **state)
{
	static const uint8_t caching[] = { 0x08, 0x12, 0x04, 0 };
	static const uint8_t descriptor[] = { 0, 0, 0x08, 0, 0, 0, 0x02, 0 };

	(void)state;
	ASK(2, 0x1a, 0, 0x08, 0, 255, 0);
	assert_good(&an);
	assert_int_equal(an.in_len, 4 + 8 + 20);
	assert_int_equal(an.in[0], 31);
	assert_int_equal(an.in[3], 8);
	assert_memory_equal(an.in + 4, descriptor, 8);
	assert_memory_equal(an.in + 12, caching, 4);    /* WCE */
	ASK(0, 0x1a, 0x08, 0x08, 0, 255, 0);
	assert_int_equal(an.in_len, 24);
	assert_int_equal(an.in[6], 0);
	ASK(0, 0x5a, 0x10, 0x3f, 0, 0, 0, 0, 0, 255, 0);
	assert_good(&an);
	assert_int_equal(an.in_len, 8 + 16 + 20 + 12 + 12);
	assert_int_equal(xm_get_be16(an.in), 66);
	assert_int_equal(an.in[4], 1);                  /* LONGLBA */
	assert_int_equal(xm_get_be64(an.in + 8), 2048);
	assert_int_equal(xm_get_be32(an.in + 20), 512);
	assert_int_equal(an.in[24], 0x08);
	assert_int_equal(an.in[44], 0x0a);
	assert_int_equal(an.in[56], 0x1c);
	ASK(0, 0x1a, 0x08, 0x4a, 0, 255, 0);            /* changeable: D_SENSE, SWP */
	assert_memory_equal(an.in + 4, "\x0a\x0a\4\0\x08\0\0\0\0\0\0\0", 12);
	ASK(0, 0x1a, 0, 0xca, 0, 255, 0);
	assert_sense(&an, 0x53900);                     /* saved values */
	ASK(0, 0x1a, 0, 0x11, 0, 255, 0);
	assert_sense(&an, 0x52400);
	ASK(0, 0x1a, 0, 0x0a, 1, 255, 0);
	assert_sense(&an, 0x52400);
}

static void test_mode_select(void **state)
{
	uint8_t list[] = { 0, 0, 0, 0, 0x0a, 0x0a, 0, 0x10, 0x08, 0, 0, 0, 0, 0, 0, 0 };

	(void)state;
	SEND(0, list, 16, 0x15, 0x10, 0, 0, 16, 0);     /* SWP */
	assert_good(&an);
	SEND(0, block, 512, 0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0);
	assert_sense(&an, 0x72702);
	SEND_AS(host2, 0, NULL, 0, 0x00);
	assert_sense(&an, 0x62a01);                     /* MODE PARAMETERS CHANGED */
	list[6] = 0x04;                                 /* D_SENSE */
	list[8] = 0;
	SEND(0, list, 16, 0x15, 0x10, 0, 0, 16, 0);
	assert_good(&an);
	ASK(0, 0x28, 0x20, 0, 0, 0, 0, 0, 0, 1, 0);
	assert_int_equal(an.cmd.status, 0x02);
	/* descriptor format, with the sense key specific descriptor */
	assert_memory_equal(an.cmd.sense, "\x72\5\x24\0\0\0\0\x08\2\6\0\0\xcd\0\1\0", 16);
	assert_int_equal(an.cmd.sense_len, 16);
	list[6] = 0;
	list[9] = 0x40;                                 /* TAS cannot be changed */
	SEND(0, list, 16, 0x15, 0x10, 0, 0, 16, 0);
	assert_int_equal(an.cmd.sense[2], 0x26);
	list[9] = 0;
	list[5] = 0x0b;
	SEND(0, list, 16, 0x15, 0x10, 0, 0, 16, 0);
	assert_int_equal(an.cmd.sense[2], 0x26);
	list[5] = 0x0a;
	SEND(0, list, 10, 0x15, 0x10, 0, 0, 10, 0);
	assert_int_equal(an.cmd.sense[2], 0x1a);
	SEND(0, list, 16, 0x15, 0x11, 0, 0, 16, 0);
	assert_int_equal(an.cmd.sense[2], 0x24);        /* SP */
}

static void test_write_through(void **state)
{
	uint8_t list[28] = { 0, 0, 0, 0, 0, 0, 0, 0, 0x08, 0x12 };

	(void)state;
	SEND(2, list, 28, 0x55, 0x10, 0, 0, 0, 0, 0, 0, 28, 0);
	assert_good(&an);                               /* WCE off */
	ASK(2, 0x5a, 0x08, 0x08, 0, 0, 0, 0, 0, 255, 0);
	assert_int_equal(an.in[10], 0);
	SEND(2, block, 512, 0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0);
	assert_true(arr_lu_crash(arr_target_lu(r.t, 2)));
	rig_clear_ua(&r, r.nx, 2);
	ASK(2, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);
	assert_memory_equal(an.in, block, 512);         /* written through: it stays */
}

/* ---- REPORT SUPPORTED OPERATION CODES ------------------------------------------------- */

static void test_opcodes(void **state)
{
	static const uint8_t write16[] = { 0x8a, 0x18, 255, 255, 255, 255, 255, 255, 255, 255,
					   255, 255, 255, 255, 0x3f, 0 };
	bool unmap = false, lba_status = false;

	(void)state;
	ASK(0, 0xa3, 0x0c, 1, 0x8a, 0, 0, 0, 0, 1, 0, 0, 0);
	assert_good(&an);
	assert_int_equal(an.in_len, 20);
	assert_memory_equal(an.in, "\0\3\0\x10", 4);
	assert_memory_equal(an.in + 4, write16, 16);
	ASK(0, 0xa3, 0x0c, 0x81, 0x8a, 0, 0, 0, 0, 1, 0, 0, 0);
	assert_int_equal(an.in_len, 32);
	assert_memory_equal(an.in, "\0\x83\0\x10", 4);
	assert_memory_equal(an.in + 20, "\0\x0a", 2);   /* timeouts descriptor */
	ASK(0, 0xa3, 0x0c, 1, 0xc1, 0, 0, 0, 0, 1, 0, 0, 0);
	assert_good(&an);
	assert_memory_equal(an.in, "\0\1\0\0", 4);
	ASK(0, 0xa3, 0x0c, 2, 0x9e, 0, 0x10, 0, 0, 1, 0, 0, 0);
	assert_memory_equal(an.in, "\0\3\0\x10\x9e\x10", 6);
	ASK(0, 0xa3, 0x0c, 1, 0x9e, 0, 0, 0, 0, 1, 0, 0, 0);
	assert_sense(&an, 0x52400);                     /* has service actions */
	ASK(0, 0xa3, 0x0c, 2, 0x8a, 0, 0, 0, 0, 1, 0, 0, 0);
	assert_sense(&an, 0x52400);                     /* has none */
	ASK(1, 0xa3, 0x0c, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0);
	assert_good(&an);
	assert_int_equal(xm_get_be32(an.in) + 4, an.in_len);
	for (size_t i = 4; i + 8 <= an.in_len; i += 8) {
		unmap |= an.in[i] == 0x42;
		lba_status |= an.in[i] == 0x9e && an.in[i + 3] == 0x12 && an.in[i + 5] == 1;
	}
	assert_true(unmap && lba_status);
	ASK(0, 0xa3, 0x0c, 1, 0x42, 0, 0, 0, 0, 1, 0, 0, 0);
	assert_int_equal(an.in[1], 1);                  /* UNMAP on a thick LU: not supported */
}

static void test_port_groups(void **state)
{
	(void)state;
	ASK(0, 0xa3, 0x0a, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0);
	assert_good(&an);
	assert_int_equal(an.in_len, 16);
	assert_memory_equal(an.in, "\0\0\0\x0c\x80\1\0\1\0\0\0\1\0\0\0\1", 16);
}

/* ---- reservations --------------------------------------------------------------------- */

static void test_old_reservation(void **state)
{
	(void)state;
	ASK(0, 0x16);
	assert_good(&an);
	ASK(0, 0x16);
	assert_good(&an);
	SEND_AS(host2, 0, NULL, 0, 0x16);
	assert_conflict();
	SEND_AS(host2, 0, NULL, 0, 0x00);
	assert_conflict();
	SEND_AS(host2, 0, block, 512, 0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0);
	assert_conflict();
	SEND_AS(host2, 0, NULL, 0, 0x12, 0, 0, 0, 96, 0);
	assert_good(&an);
	SEND_AS(host2, 0, NULL, 0, 0x17);
	assert_good(&an);                               /* but releases nothing */
	SEND_AS(host2, 0, NULL, 0, 0x00);
	assert_conflict();
	SEND_AS(host2, 1, NULL, 0, 0x00);
	assert_good(&an);                               /* another LU */
	ASK(0, 0x17);
	SEND_AS(host2, 0, NULL, 0, 0x56, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	assert_good(&an);
	arr_nexus_close(host2);
	host2 = NULL;
	ASK(0, 0x00);
	assert_good(&an);                               /* ended with its nexus */
}

static void pr_out_as(struct arr_nexus *nx, uint8_t action, uint8_t type, uint64_t key,
		      uint64_t sa_key)
{
	uint8_t list[24] = { 0 };

	xm_put_be64(list, key);
	xm_put_be64(list + 8, sa_key);
	SEND_AS(nx, 0, list, 24, 0x5f, action, type, 0, 0, 0, 0, 0, 24, 0);
}

static void write_as(struct arr_nexus *nx)
{
	SEND_AS(nx, 0, block, 512, 0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0);
}

static void read_as(struct arr_nexus *nx)
{
	SEND_AS(nx, 0, NULL, 0, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);
}

static void test_pr_keys(void **state)
{
	(void)state;
	pr_out_as(r.nx, 0, 0, 0xbad, 0x11);
	assert_conflict();                              /* not registered: key must be 0 */
	pr_out_as(r.nx, 0, 0, 0, 0x11);
	assert_good(&an);
	pr_out_as(host2, 6, 0, 0xbad, 0x22);
	assert_good(&an);                               /* REGISTER AND IGNORE EXISTING KEY */
	ASK(0, 0x5e, 0, 0, 0, 0, 0, 0, 0, 255, 0);
	assert_good(&an);
	assert_memory_equal(an.in, "\0\0\0\2\0\0\0\x10\0\0\0\0\0\0\0\x11\0\0\0\0\0\0\0\x22", 24);
	pr_out_as(r.nx, 0, 0, 0x99, 0x12);
	assert_conflict();
	pr_out_as(r.nx, 0, 0, 0x11, 0x12);
	assert_good(&an);
	pr_out_as(r.nx, 1, 1, 0x11, 0);
	assert_conflict();                              /* the old key */
	pr_out_as(r.nx, 0, 0, 0x12, 0);
	assert_good(&an);                               /* unregistered */
	ASK(0, 0x5e, 0, 0, 0, 0, 0, 0, 0, 255, 0);
	assert_memory_equal(an.in, "\0\0\0\4\0\0\0\x08\0\0\0\0\0\0\0\x22", 16);
	pr_out_as(r.nx, 1, 1, 0, 0);
	assert_conflict();                              /* RESERVE without registration */
}

static void test_pr_types(void **state)
{
	/* type; what host2 (registered) and host3 (not) may do: 1 read, 2 write */
	static const struct { uint8_t type, registered, stranger; } cases[] = {
		{ 1, 1, 1 }, { 3, 0, 0 }, { 5, 3, 1 }, { 6, 3, 0 }, { 7, 3, 1 }, { 8, 3, 0 },
	};

	(void)state;
	pr_out_as(r.nx, 0, 0, 0, 0x11);
	pr_out_as(host2, 0, 0, 0, 0x22);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct { struct arr_nexus *nx; uint8_t may; } who[] = {
			{ r.nx, 3 }, { host2, cases[i].registered }, { host3, cases[i].stranger },
		};

		pr_out_as(r.nx, 1, cases[i].type, 0x11, 0);
		assert_good(&an);
		ASK(0, 0x5e, 1, 0, 0, 0, 0, 0, 0, 255, 0);
		assert_int_equal(an.in_len, 24);
		assert_int_equal(an.in[21], cases[i].type);
		assert_int_equal(an.in[15], cases[i].type < 7 ? 0x11 : 0);
		for (size_t k = 0; k < 3; k++) {
			rig_clear_ua(&r, who[k].nx, 0);
			read_as(who[k].nx);
			assert_int_equal(an.cmd.status, who[k].may & 1 ? 0 : 0x18);
			write_as(who[k].nx);
			assert_int_equal(an.cmd.status, who[k].may & 2 ? 0 : 0x18);
			SEND_AS(who[k].nx, 0, NULL, 0, 0x25);
			assert_good(&an);               /* READ CAPACITY is always allowed */
		}
		pr_out_as(host2, 1, cases[i].type == 1 ? 3 : 1, 0x22, 0);
		assert_conflict();
		pr_out_as(r.nx, 2, cases[i].type == 1 ? 3 : 1, 0x11, 0);
		assert_sense(&an, 0x52604);             /* release of another type */
		pr_out_as(r.nx, 2, cases[i].type, 0x11, 0);
		assert_good(&an);
		SEND_AS(host2, 0, NULL, 0, 0x00);
		if (cases[i].type >= 5)
			assert_sense(&an, 0x62a04);     /* RESERVATIONS RELEASED */
		else
			assert_good(&an);
	}
}

static void test_pr_preempt(void **state)
{
	(void)state;
	pr_out_as(r.nx, 0, 0, 0, 0x11);
	pr_out_as(host2, 0, 0, 0, 0x22);
	pr_out_as(host3, 0, 0, 0, 0x33);
	pr_out_as(r.nx, 1, 3, 0x11, 0);
	pr_out_as(host2, 4, 1, 0x22, 0x99);
	assert_conflict();                              /* nobody has that key */
	pr_out_as(host2, 4, 1, 0x22, 0);
	assert_sense(&an, 0x52600);
	pr_out_as(host2, 4, 1, 0x22, 0x33);
	assert_good(&an);                               /* a registration, not the holder's */
	SEND_AS(host3, 0, NULL, 0, 0x00);
	assert_sense(&an, 0x62a05);
	write_as(host2);
	assert_conflict();
	pr_out_as(host2, 4, 1, 0x22, 0x11);
	assert_good(&an);
	ASK(0, 0x00);
	assert_sense(&an, 0x62a05);                     /* REGISTRATIONS PREEMPTED */
	write_as(host2);
	assert_good(&an);
	write_as(r.nx);
	assert_conflict();
	read_as(r.nx);
	assert_good(&an);                               /* the new one is Write Exclusive */
	pr_out_as(host2, 3, 0, 0x22, 0);
	assert_good(&an);                               /* CLEAR */
	write_as(r.nx);
	assert_good(&an);
}

static void test_pr_outlives_session(void **state)
{
	(void)state;
	pr_out_as(host2, 0, 0, 0, 0x22);
	pr_out_as(host2, 1, 3, 0x22, 0);
	arr_nexus_close(host2);
	host2 = NULL;
	write_as(r.nx);
	assert_conflict();
	host2 = arr_nexus_open(r.a, r.t, "iqn.2026-01.test:two", 1);
	rig_clear_ua(&r, host2, 0);
	write_as(host2);
	assert_good(&an);                               /* the same I_T nexus again */
	struct arr_nexus *other = arr_nexus_open(r.a, r.t, "iqn.2026-01.test:two", 2);
	rig_clear_ua(&r, other, 0);
	write_as(other);
	assert_conflict();                              /* another ISID is another nexus */
	arr_nexus_close(other);
}

static void test_pr_bad(void **state)
{
	uint8_t list[28] = { 0 };

	(void)state;
	SEND(0, list, 23, 0x5f, 0, 0, 0, 0, 0, 0, 0, 23, 0);
	assert_sense(&an, 0x51a00);
	SEND(0, list, 20, 0x5f, 0, 0, 0, 0, 0, 0, 0, 24, 0);
	assert_sense(&an, 0x51a00);
	list[20] = 1;                                   /* APTPL */
	SEND(0, list, 24, 0x5f, 0, 0, 0, 0, 0, 0, 0, 24, 0);
	assert_sense(&an, 0x52600);
	pr_out_as(r.nx, 0, 0, 0, 0x11);
	pr_out_as(r.nx, 1, 2, 0x11, 0);
	assert_sense(&an, 0x52400);                     /* type 2 is obsolete */
	pr_out_as(r.nx, 1, 0x13, 0x11, 0);
	assert_sense(&an, 0x52400);                     /* scope 1 too */
	ASK(0, 0x5e, 0x1f, 0, 0, 0, 0, 0, 0, 255, 0);
	assert_sense(&an, 0x52400);
	ASK(0, 0x16);
	assert_conflict();                              /* RESERVE(6) with registrants */
	ASK(0, 0x5e, 2, 0, 0, 0, 0, 0, 0, 255, 0);
	assert_memory_equal(an.in, "\0\x08\0\x80\xea\1\0\0", 8);
}

static void test_pr_move(void **state)
{
	uint8_t list[24 + 44] = { 0 };

	(void)state;
	xm_put_be64(list, 0x11);
	xm_put_be64(list + 8, 0x77);
	list[17] = 0x02;                                /* UNREG */
	list[19] = 1;
	list[23] = 44;
	memcpy(list + 24, "\x45\0\0\x28", 4);
	strcpy((char *)list + 28, "iqn.2026-01.test:two,i,0x000000000001");
	SEND(0, list, 68, 0x5f, 7, 0, 0, 0, 0, 0, 0, 68, 0);
	assert_conflict();                              /* not registered */
	pr_out_as(r.nx, 0, 0, 0, 0x11);
	SEND(0, list, 68, 0x5f, 7, 0, 0, 0, 0, 0, 0, 68, 0);
	assert_sense(&an, 0x52400);                     /* nothing to move */
	pr_out_as(r.nx, 1, 3, 0x11, 0);
	list[19] = 2;
	SEND(0, list, 68, 0x5f, 7, 0, 0, 0, 0, 0, 0, 68, 0);
	assert_sense(&an, 0x52600);                     /* no such port */
	list[19] = 1;
	list[27] = 0x24;
	SEND(0, list, 68, 0x5f, 7, 0, 0, 0, 0, 0, 0, 68, 0);
	assert_sense(&an, 0x52600);                     /* TransportID length */
	list[27] = 0x28;
	SEND(0, list, 68, 0x5f, 7, 0, 0, 0, 0, 0, 0, 60, 0);
	assert_sense(&an, 0x52600);                     /* does not fit the list */
	SEND(0, list, 68, 0x5f, 7, 0, 0, 0, 0, 0, 0, 68, 0);
	assert_good(&an);
	write_as(r.nx);
	assert_conflict();
	write_as(host2);
	assert_good(&an);
	ASK(0, 0x5e, 0, 0, 0, 0, 0, 0, 0, 255, 0);
	assert_int_equal(xm_get_be32(an.in + 4), 8);    /* the mover is unregistered */
	assert_int_equal(an.in[15], 0x77);
}

static void test_pr_full_status(void **state)
{
	static const char id[] = "iqn.2026-01.test:host,i,0x000000000001";

	(void)state;
	pr_out_as(r.nx, 0, 0, 0, 0x11);
	pr_out_as(r.nx, 1, 5, 0x11, 0);
	ASK(0, 0x5e, 3, 0, 0, 0, 0, 0, 1, 0, 0);
	assert_good(&an);
	assert_int_equal(an.in[15], 0x11);
	assert_int_equal(an.in[20], 1);                 /* R_HOLDER */
	assert_int_equal(an.in[21], 5);
	assert_int_equal(xm_get_be16(an.in + 26), 1);   /* relative port */
	assert_int_equal(xm_get_be32(an.in + 28), 44);  /* 4 + 38 + NUL, to 4 */
	assert_memory_equal(an.in + 32, "\x45\0\0\x28", 4);
	assert_memory_equal(an.in + 36, id, sizeof id);
	assert_int_equal(xm_get_be32(an.in + 4) + 8, an.in_len);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_mode_sense), TEST(test_mode_select), TEST(test_write_through),
		TEST(test_opcodes), TEST(test_port_groups), TEST(test_old_reservation),
		TEST(test_pr_keys), TEST(test_pr_types), TEST(test_pr_preempt),
		TEST(test_pr_outlives_session), TEST(test_pr_bad), TEST(test_pr_full_status),
		TEST(test_pr_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
