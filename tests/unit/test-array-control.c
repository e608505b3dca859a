/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control language: every word, what it answers and what it does, and that
 * what is not one says so.
 */
#include "copy-rig.h"

#include <jansson.h>

static struct rig r;
static struct copy_cmd c;

static int setup(void **state)
{
	static const char *const luns[] = { "0=64M", "1=64M", "2=64M,cache=volatile", NULL };

	(void)state;
	copy_open(&r, "ideal", luns);
	control_ok(&r, "stats clear");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	answer_drop(&c.an);
	rig_close(&r);
	return 0;
}

static json_t *ask_json(const char *line)
{
	char *text = control(&r, line);
	json_t *o = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	if (!o)
		fail_msg("%s: no JSON: %s", line, text);
	/* One line, whatever is in it. */
	assert_null(strchr(text, '\n'));
	free(text);
	return o;
}

static void assert_answer(const char *line, const char *want)
{
	char *text = control(&r, line);

	assert_string_equal(text, want);
	free(text);
}

static const struct copy k64 = { .usage = 3, .src = 0, .dst = 1, .dst_lba = 10, .blocks = 64 };

/* ---- errors -------------------------------------------------------------- */

static void errors(void **state)
{
	static const struct { const char *line, *says; } rows[] = {
		{ "", "empty" },
		{ "   \t ", "empty" },
		{ "\r\n", "empty" },
		{ "frob", "no control word is named 'frob'" },
		{ "stats now", "stats, or stats clear" },
		{ "writes clear now", "writes, or writes clear" },
		{ "running fast", "running takes no more words" },
		{ "faults 1", "faults takes no more words" },
		{ "crash 1", "crash takes no more words" },
		{ "show all", "show takes no more words" },
		{ "fault", "fault add" },
		{ "fault drop 1", "fault add" },
		{ "fault add", "needs action" },
		{ "fault add action=explode", "one of the actions" },
		{ "fault del", "fault del ID" },
		{ "fault del 0", "no rule's id" },
		{ "fault del x", "no rule's id" },
		{ "fault del 5", "no rule has the id 5" },
		{ "fault del 1 2", "fault del ID" },
		{ "set", "set NAME VALUE" },
		{ "set latency", "set NAME VALUE" },
		{ "set latency 1 2", "set NAME VALUE" },
		{ "set frob 1", "no setting is named 'frob'" },
		{ "set latency x", "a number from 0" },
		{ "set latency -1", "a number from 0" },
		{ "set latency 99999999999", "a number from 0" },
		{ "set max_cscd 65536", "a number from 0 to 65535" },
		{ "set max_list 4G", "a number from 0" },
		{ "set max_segment_bytes 99999999999999999999", "a number from 0" },
		{ "set granularity 64", "a number from 0 to 63" },
		{ "set listed_concurrent 256", "a number from 0 to 255" },
		{ "set persona emc", "'emc'" },
		{ "set queue_limit 70000", "a number from 0" },
		{ "lun", "lun add" },
		{ "lun move 1", "lun add" },
		{ "lun add", "lun add" },
		{ "lun add 1=1M", "already" },
		{ "lun add x", "does not begin with a LUN" },
		{ "lun del 9", "no such LUN" },
		{ "lun del", "no such LUN" },
		{ "lun resize 1", "no such LUN" },
		{ "lun resize 9 1M", "no such LUN" },
		{ "lun resize 1 1000", "no size in blocks of 512" },
		{ "lun resize 1 0", "no size in blocks of 512" },
		{ "lun resize 1 128M", "cannot grow beyond" },
		{ "lun ro 1", "no such LUN" },
		{ "lun ro 1 maybe", "neither on nor off" },
		{ "ua 9 29 00", "no such LUN" },
		{ "ua 1 29", "no such LUN" },
		{ "ua 1 xx 00", "bytes in hex" },
		{ "ua 1 129 00", "bytes in hex" },
		{ "set a b c d e f g h i j k l m n o p q r s t", "too many words" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		control_fails(&r, rows[i].line, rows[i].says);
}

/* ---- counts -------------------------------------------------------------- */

static uint64_t count_of(const json_t *stats, const char *op, unsigned lun, const char *key)
{
	size_t i;
	json_t *row;

	json_array_foreach(json_object_get(stats, "commands"), i, row) {
		if (!strcmp(json_string_value(json_object_get(row, "op")), op) &&
		    json_integer_value(json_object_get(row, "lun")) == lun)
			return (uint64_t)json_integer_value(json_object_get(row, key));
	}
	return 0;
}

static uint64_t in(const json_t *o, const char *a, const char *b)
{
	const json_t *v = b ? json_object_get(json_object_get(o, a), b) : json_object_get(o, a);

	assert_true(json_is_integer(v));
	return (uint64_t)json_integer_value(v);
}

static void stats(void **state)
{
	json_t *o;

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		ask(&r, &c.an, 1, "00 0000000000");
	ask(&r, &c.an, 0, "84 05 00000000 0000000000 00000100 00 00");
	copy_do(&r, &c, 0, &k64);
	assert_int_equal(arr_fault_add(r.a, "op=83/00 action=never when=after"), 1);
	copy_again(&r, &c, 1);
	o = ask_json("stats");
	assert_string_equal(json_string_value(json_object_get(o, "persona")), "ideal");
	assert_int_equal(count_of(o, "00", 1, "count"), 3);
	assert_int_equal(count_of(o, "00", 1, "good"), 3);
	assert_int_equal(count_of(o, "00", 0, "count"), 0);
	assert_int_equal(count_of(o, "84/05", 0, "not_good"), 1);
	assert_int_equal(count_of(o, "83/00", 0, "good"), 1);
	assert_int_equal(count_of(o, "83/00", 1, "count"), 1);
	assert_int_equal(count_of(o, "83/00", 1, "unanswered"), 1);
	assert_int_equal(in(o, "copies", "commands"), 2);
	assert_int_equal(in(o, "copies", "bytes"), 2 * 64 * 512);
	assert_int_equal(in(o, "copies", "running"), 0);
	assert_int_equal(in(o, "copies", "peak"), 1);
	assert_int_equal(in(o, "written_bytes", NULL), 0);
	assert_int_equal(in(json_array_get(json_object_get(o, "faults"), 0), "fired", NULL), 1);
	json_decref(o);
	control_ok(&r, "stats clear");
	o = ask_json("stats");
	assert_int_equal(count_of(o, "00", 1, "count"), 0);
	assert_int_equal(in(o, "copies", "bytes"), 0);
	json_decref(o);
}

/* What a host writes and what the array copies are told apart. */
static void written_by_hosts(void **state)
{
	uint8_t cdb[16] = { 0x8a, 0, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 4 };
	static const uint8_t data[4 * 512];
	json_t *o;

	(void)state;
	rig_run(&r, r.nx, 1, &c.an, cdb, sizeof cdb, data, sizeof data);
	assert_good(&c.an);
	copy_do(&r, &c, 0, &k64);
	o = ask_json("stats");
	assert_int_equal(in(o, "written_bytes", NULL), 4 * 512);
	assert_int_equal(in(o, "copies", "bytes"), 64 * 512);
	assert_int_equal(in(o, "writes", NULL), 2);
	json_decref(o);
	assert_answer("writes", "[{\"target\":\"iqn.2026-01.test:one\",\"lun\":1,\"lba\":20,"
		      "\"blocks\":4,\"by\":\"host\"},{\"target\":\"iqn.2026-01.test:one\","
		      "\"lun\":1,\"lba\":10,\"blocks\":64,\"by\":\"copy\"}]");
	control_ok(&r, "writes clear");
	assert_answer("writes", "[]");
}

static void logins_held(void **state)
{
	json_t *o;

	(void)state;
	arr_note_login_held(r.a);
	arr_note_login_held(r.a);
	o = ask_json("stats");
	assert_int_equal(in(o, "logins_held", NULL), 2);
	json_decref(o);
}

static void running(void **state)
{
	(void)state;
	assert_answer("running", "0");
	control_ok(&r, "set copy_latency 10");
	copy_list(&r, &c, &k64);
	copy_send(&r, r.nx, &c, 0);
	assert_answer("running", "1");
	rig_advance(&r, 9 * MS);
	assert_answer("running", "1");
	rig_advance(&r, 2 * MS);
	assert_answer("running", "0");
}

/* ---- rules --------------------------------------------------------------- */

static void faults(void **state)
{
	(void)state;
	assert_answer("faults", "[]");
	assert_answer("fault add op=83/00 lun=1 nth=3 action=sense k=0a asc=0d ascq=02", "ok 1");
	assert_answer(" fault \t add   op=00 action=status status=busy \r\n", "ok 2");
	ask(&r, &c.an, 0, "00 0000000000");
	assert_int_equal(c.an.cmd.status, 8);
	assert_answer("faults",
		      "[{\"id\":1,\"rule\":\"op=83/00 lun=1 nth=3 action=sense k=0a asc=0d "
		      "ascq=02\",\"matched\":0,\"fired\":0},"
		      "{\"id\":2,\"rule\":\"op=00 action=status status=busy\","
		      "\"matched\":1,\"fired\":1}]");
	assert_answer("fault del 1", "ok");
	assert_answer("fault del all", "ok");
	assert_answer("faults", "[]");
}

/* ---- settings ------------------------------------------------------------ */

static void show(void **state)
{
	(void)state;
	control_ok(&r, "set latency 3");
	control_ok(&r, "set copy_latency 50");
	control_ok(&r, "set max_segments 0x20");
	control_ok(&r, "set max_segment_bytes 64M");
	control_ok(&r, "set queue_limit 32");
	control_ok(&r, "set token_scope initiator");
	control_ok(&r, "set immed refused");
	control_fails(&r, "set immed perhaps", "'perhaps' is not one of its words");
	assert_answer("show", "{\"persona\":\"ideal\",\"queue_limit\":32,\"latency\":3,"
		      "\"copy_latency\":50,\"token_latency\":0,\"max_cscd\":16,"
		      "\"max_segments\":32,\"max_list\":4096,"
		      "\"max_segment_bytes\":67108864,\"max_inline\":0,\"held_limit\":0,"
		      "\"total_concurrent\":64,\"listed_concurrent\":32,\"max_concurrent\":32,"
		      "\"granularity\":0,\"inline_granularity\":0,\"held_granularity\":0,"
		      "\"max_ranges\":64,\"max_token_bytes\":268435456,"
		      "\"optimal_token_bytes\":67108864,\"token_timeout\":60,"
		      "\"max_token_timeout\":3600,\"max_tokens\":1024,\"rod_space\":0,"
		      "\"cow_space\":1024,\"pt_short\":0,\"wut_short\":0,\"status_delay\":50,"
		      "\"remote_tokens\":0,\"rod_types\":\"all\",\"token_scope\":\"initiator\","
		      "\"immed\":\"refused\"}");
	/* Another persona begins with its own limits; the array's times stay. */
	control_ok(&r, "set persona tcmu");
	json_t *o = ask_json("show");
	assert_int_equal(in(o, "max_segments", NULL), 1);
	assert_int_equal(in(o, "copy_latency", NULL), 50);
	json_decref(o);
	control_ok(&r, "set persona none");
	control_fails(&r, "set max_segments 1", "no copy manager");
	control_fails(&r, "set rod_types aur", "no copy manager");
	o = ask_json("show");
	assert_null(json_object_get(o, "max_segments"));
	json_decref(o);
}

static void latency(void **state)
{
	uint64_t began = r.now;

	(void)state;
	control_ok(&r, "set latency 3");
	ask(&r, &c.an, 0, "00 0000000000");
	assert_true(r.now - began == 3 * MS);
}

/* ---- unit attentions and the map ----------------------------------------- */

static void next_ua(unsigned lun, unsigned want)
{
	ask(&r, &c.an, lun, "00 0000000000");
	assert_int_equal(c.an.cmd.status ? sense_of(&c.an) : 0, want);
}

static void ua(void **state)
{
	(void)state;
	control_ok(&r, "ua 1 38 07");
	next_ua(0, 0);
	next_ua(1, 0x063807);
	next_ua(1, 0);
	control_ok(&r, "ua iqn.2026-01.test:one 0 2a 9");
	next_ua(0, 0x062a09);
}

static void persona_changes(void **state)
{
	(void)state;
	control_ok(&r, "set persona lio");
	next_ua(0, 0x063f03);
	next_ua(1, 0x063f03);
	next_ua(1, 0);
}

static void lun_add_and_del(void **state)
{
	(void)state;
	control_ok(&r, "lun add 5=1M,thin");
	next_ua(0, 0x063f0e);
	rig_clear_ua(&r, r.nx, 5);
	assert_non_null(arr_target_lu(r.t, 5));
	control_ok(&r, "lun del 5");
	assert_null(arr_target_lu(r.t, 5));
	next_ua(1, 0x063f0e);
	ask(&r, &c.an, 5, "00 0000000000");
	assert_int_equal(sense_of(&c.an), 0x052500);
	/* A LUN of a named target. */
	struct arr_target *t2 = arr_target_new(r.a, "iqn.2026-01.test:two");
	control_ok(&r, "lun add iqn.2026-01.test:two 3=1M");
	assert_non_null(arr_target_lu(t2, 3));
	assert_null(arr_target_lu(r.t, 3));
}

static void lun_resize(void **state)
{
	(void)state;
	control_ok(&r, "lun resize 1 1M");
	next_ua(1, 0x062a09);
	ask(&r, &c.an, 1, "9e 10 0000000000000000 00000020 00 00");
	assert_int_equal(xm_get_be64(c.an.in), 2047);
	control_ok(&r, "lun resize 1 64M");
	next_ua(1, 0x062a09);
	ask(&r, &c.an, 1, "9e 10 0000000000000000 00000020 00 00");
	assert_int_equal(xm_get_be64(c.an.in), 131071);
}

static void lun_ro(void **state)
{
	static const uint8_t data[512];

	(void)state;
	control_ok(&r, "lun ro 1 on");
	next_ua(1, 0x062a01);
	rig_run(&r, r.nx, 1, &c.an, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 1), data, 512);
	assert_int_equal(sense_of(&c.an), 0x072700);
	control_ok(&r, "lun ro 1 off");
	rig_clear_ua(&r, r.nx, 1);
	rig_run(&r, r.nx, 1, &c.an, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 1), data, 512);
	assert_good(&c.an);
}

/* ---- crash --------------------------------------------------------------- */

/* A copy into a volatile cache is lost, unless SYNCHRONIZE CACHE(10) came between. */
static void crash(void **state)
{
	static const struct copy to_2 = { .usage = 3, .src = 0, .dst = 2, .blocks = 8 };

	(void)state;
	fill(&r, 0, 0, 8, 1);
	copy_do(&r, &c, 0, &to_2);
	assert_good(&c.an);
	assert_true(holds(&r, 2, 0, 8, 1, 0));
	assert_answer("crash", "ok 1");
	next_ua(2, 0x062900);
	assert_true(is_zero(&r, 2, 0, 8));
	copy_do(&r, &c, 0, &to_2);
	ask(&r, &c.an, 2, "35 00 00000000 00 0000 00");
	assert_good(&c.an);
	assert_answer("crash", "ok 1");
	assert_true(holds(&r, 2, 0, 8, 1, 0));
	control_ok(&r, "lun del 2");
	control_fails(&r, "crash", "nothing to lose");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(errors),
		TEST(stats),
		TEST(written_by_hosts),
		TEST(logins_held),
		TEST(running),
		TEST(faults),
		TEST(show),
		TEST(latency),
		TEST(ua),
		TEST(persona_changes),
		TEST(lun_add_and_del),
		TEST(lun_resize),
		TEST(lun_ro),
		TEST(crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
