/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two-tenant attack: a session without rights at an array where another tenant
 * copies, trying at random what it has learnt or guessed: designators, tokens (made up,
 * altered, stolen), list identifiers.  Nothing leaks: no byte moves either way, and each
 * answer is the one that an absent thing gets.  XM_LONG: a million tries.
 */
#include "rod-rig.h"
#include "seed.h"

#define BLOCKS 2048u

static struct rig r;
static struct arr_target *mine, *theirs;
static struct arr_nexus *evil, *victim;
static struct test_random rng;
static struct answer an;
static struct rod_cmd victims;
static uint8_t token[TOKEN_LEN], dead[TOKEN_LEN], naa_victim[16], naa_evil[16];

/* What an absent thing gets, and how many tries got it. */
enum absent { NO_TOKEN, NO_LIST, NO_CSCD, ABSENT };
static unsigned tries[ABSENT];

/* The rig's helpers speak for one session. */
static void as(struct arr_target *t, struct arr_nexus *nx)
{
	r.t = t;
	r.nx = nx;
}

static void setup_world(void)
{
	static const char *const luns[] = { "0=8M", NULL };

	copy_open(&r, "ideal", luns);
	control_ok(&r, "set token_scope initiator");
	theirs = r.t;
	victim = r.nx;
	mine = arr_target_new(r.a, "iqn.2026-01.test:evil");
	assert_true(mine && arr_target_lun(mine, "0=8M"));
	r.t = mine;
	evil = copy_nexus(&r, "iqn.2026-01.evil:host", 666);
	as(mine, evil);
	copy_naa(&r, 0, naa_evil);
	as(theirs, victim);
	copy_naa(&r, 0, naa_victim);
	fill(&r, 0, 0, BLOCKS, 3);
	make_token(&r, 0, 1, RANGES({ 0, 8 }), dead);
	wut_list(&victims, 2, dead, 0, RANGES({ 4096, 8 }));
	victims.list[2] = 2;                 /* DEL_TKN */
	rod_again(&r, &victims, 0);
	assert_good(&victims.an);
	make_token(&r, 0, 3, RANGES({ 0, BLOCKS }), token);
}

static void expect(enum absent what, unsigned sense, const char *how)
{
	static const unsigned want[] = { [NO_TOKEN] = 0x052304, [NO_LIST] = 0x052400,
					 [NO_CSCD] = 0x0a0d02 };

	if (sense != want[what])
		fail_msg("%s: %06x", how, sense);
	tries[what]++;
}

/* ---- the attacks ------------------------------------------------------------------------ */

static void random_bytes(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)test_random(&rng);
}

static void try_token(void)
{
	static const char *const names[] = { "made up", "altered", "stolen", "stolen and dead",
					     "spliced" };
	uint8_t t[TOKEN_LEN];
	unsigned kind = (unsigned)test_below(&rng, 5);

	memcpy(t, kind == 3 ? dead : token, TOKEN_LEN);
	if (kind == 0)
		random_bytes(t + test_below(&rng, 2) * 96, TOKEN_LEN - 96);
	else if (kind == 1)
		t[8 + test_below(&rng, TOKEN_LEN - 8)] ^= (uint8_t)(1 + test_below(&rng, 255));
	else if (kind == 4)
		memcpy(t + 128, dead + 128, TOKEN_LEN - 128);
	expect(NO_TOKEN, use_token(&r, evil, 0, (uint32_t)test_random(&rng), t,
				   test_below(&rng, 16), RANGES({ test_below(&rng, 4096), 8 })),
	       names[kind]);
}

static void try_list_id(void)
{
	uint32_t id = test_below(&rng, 2) ? 1 + (uint32_t)test_below(&rng, 8) :
					    (uint32_t)test_random(&rng);

	switch (test_below(&rng, 3)) {
	case 0: rrti(&r, evil, &an, 0, id); break;
	case 1: rcs4(&r, evil, &an, 0, id); break;
	default: coa(&r, evil, &an, 0, id); break;
	}
	expect(NO_LIST, sense_of(&an), "a list identifier of another's");
}

/* Of the victim's LU as source, or as destination; sometimes of nobody's. */
static void try_designator(void)
{
	static struct copy_cmd c;
	unsigned side = (unsigned)test_below(&rng, 2);

	as(mine, evil);
	copy_list(&r, &c, &(struct copy){ .usage = 3, .src = 0, .dst = 0, .blocks = 8,
		.src_lba = test_below(&rng, 4096), .dst_lba = 8192 });
	memcpy(c.list + 24 + 32 * side, naa_victim, 16);
	if (test_below(&rng, 2))
		random_bytes(c.list + 24 + 32 * side + 4, 12);
	copy_again(&r, &c, 0);
	expect(NO_CSCD, sense_of(&c.an), "a designator of another's");
	answer_drop(&c.an);
	as(theirs, victim);
}

static void try_report(void)
{
	as(mine, evil);
	ask(&r, &an, 0, "8408 0000000000000000 00001000 00 00");
	assert_good(&an);
	assert_int_equal(an.in_len, 8);
	as(theirs, victim);
}

/* ---- what the victim does meanwhile --------------------------------------------------------- */

/* A copy of its own, running or just over, under small list identifiers. */
static void victim_works(void)
{
	if (victims.an.done == 0 && victims.an.cmd.front)
		rig_until(&r, &victims.an);
	if (victims.an.cmd.front)
		assert_good(&victims.an);
	wut_list(&victims, 4 + (uint32_t)test_below(&rng, 4), token, 0, RANGES({ 8192, BLOCKS }));
	rod_send(&r, victim, &victims, 0);
}

static void attack(void **state)
{
	static void (*const kinds[])(void) = { try_token, try_token, try_list_id, try_designator };
	unsigned long n = getenv("XM_LONG") ? 1000000 : 4000;

	(void)state;
	rng.state = test_seed("attack");
	setup_world();
	control_ok(&r, "set copy_latency 1");
	for (unsigned long i = 0; i < n; i++) {
		if (i % 64 == 0)
			victim_works();
		if (i % 1024 == 0)
			try_report();
		kinds[test_below(&rng, 4)]();
	}
	rig_until(&r, &victims.an);
	assert_good(&victims.an);
	/* the attacker holds nothing; the victim's are as they were, and work */
	as(mine, evil);
	assert_true(is_zero(&r, 0, 0, 16384));
	as(theirs, victim);
	assert_true(holds(&r, 0, 0, BLOCKS, 3, 0));
	assert_int_equal(use_token(&r, victim, 0, 9, token, 0, RANGES({ 12288, BLOCKS })), 0);
	assert_true(holds(&r, 0, 12288, BLOCKS, 3, 0));
	for (unsigned k = 0; k < ABSENT; k++)
		assert_true(tries[k] > n / 10);
	answer_drop(&an);
	answer_drop(&victims.an);
	arr_nexus_close(evil);
	rig_close(&r);
}

/* The test itself must see a leak: with the right to use it, a stolen token is taken. */
static void a_leak_is_seen(void **state)
{
	(void)state;
	setup_world();
	control_ok(&r, "set token_scope any");
	assert_int_equal(use_token(&r, evil, 0, 1, token, 0, RANGES({ 0, 8 })), 0);
	as(mine, evil);
	assert_true(holds(&r, 0, 0, 8, 3, 0));
	as(theirs, victim);
	answer_drop(&victims.an);
	arr_nexus_close(evil);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attack),
		cmocka_unit_test(a_leak_is_seen),
	};

	return cmocka_run_group_tests_name("array tenants", tests, NULL, NULL);
}
