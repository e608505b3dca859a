/* SPDX-License-Identifier: Apache-2.0 */
/* What `probe` tells of EXTENDED COPY: each fact, its verdict, and what can be done. */
#include <errno.h>
#include "scsi-method-rig.h"
#include "xcopy.h"

#define FINDINGS 32
struct told {
	unsigned n;
	struct { enum xm_verdict verdict; char check[64], text[512], fix[128]; } at[FINDINGS];
};

static void take(void *user, enum xm_verdict v, const char *check, const char *text,
		 const char *fix)
{
	struct told *t = user;
	assert_true(t->n < FINDINGS);
	t->at[t->n].verdict = v;
	snprintf(t->at[t->n].check, sizeof t->at[0].check, "%s", check);
	snprintf(t->at[t->n].text, sizeof t->at[0].text, "%s", text);
	snprintf(t->at[t->n++].fix, sizeof t->at[0].fix, "%s", fix);
}

static struct told told;

static void explain(struct rig *r)
{
	struct xm_findings f = { .fn = take, .user = &told, .worst = XM_PASS };
	if (!r->ep[0])
		r->ep[0] = script_endpoint(r->s2 ? r->s2 : r->s, &r->lu[0]);
	if (!r->ep[1])
		r->ep[1] = script_endpoint(r->s, &r->lu[1]);
	r->pair = (struct xm_pair){ .ctx = script_ctx(r->s), .src = r->ep[0], .dst = r->ep[1] };
	memset(&told, 0, sizeof told);
	xcopy_explain(&r->pair, &f);
}

static void finding(enum xm_verdict v, const char *check, const char *words, const char *fix)
{
	for (unsigned i = 0; i < told.n; i++) {
		if (strcmp(told.at[i].check, check) != 0)
			continue;
		assert_int_equal(told.at[i].verdict, v);
		if (!strstr(told.at[i].text, words) || !strstr(told.at[i].fix, fix))
			fail_msg("%s: %s; %s", check, told.at[i].text, told.at[i].fix);
		return;
	}
	fail_msg("no finding %s", check);
}

static void a_good_pair(void **state)
{
	struct rig *r = *state;
	expect_limits(r, LIO);
	explain(r);
	finding(XM_PASS, "source.third_party_copy", "claims third party copy", "");
	finding(XM_PASS, "destination.third_party_copy", "page 8F is absent", "");
	finding(XM_INFO, "source.copy_designator", "naa.6001405aaaaaaaa00000000000000001", "");
	finding(XM_INFO, "destination.copy_limits", "at most 2 CSCDs, 1 segments, 1024 bytes of "
		"descriptors, 268435456 bytes a segment, 1 copies at a time of 1 in all, "
		"granularity 512 bytes, list identifiers not needed; segment types 02h", "");
	finding(XM_PASS, "pair.same_array",
		"reached through one session; proven only by a trial", "");
	finding(XM_INFO, "pair.copy_limits_used", "1 segments of 33553920 bytes", "");
	finding(XM_PASS, "pair.xcopy", "can be tried", "");
}

static void one_copy_group(void **state)
{
	struct rig *r = *state;
	expect_limits(r, CTL);
	r->lu[0].has_vpd_8f = r->lu[1].has_vpd_8f = true;
	/* looked at for LID4, destination first; and again for the group */
	static const unsigned luns[] = { 1, 0, 0, 1 };
	for (unsigned i = 0; i < 4; i++) {
		script_expect(r->s, luns[i], "12 01 8f 1000 00");
		script_good(r->s,
			    "00 8f 0018 000d 0014 12 10 00 000102030405060708090a0b0c0d0e0f 00");
	}
	explain(r);
	finding(XM_PASS, "pair.same_array", "one copy group", "");
}

static void nothing_says_so(void **state)
{
	struct rig *r = *state;
	r->s2 = script_open(script_ctx(r->s));
	expect_limits(r, LIO);
	/* another maker: bits of the company id differ */
	r->lu[1].designators[0].bytes[1] = 0x55;
	explain(r);
	finding(XM_WARN, "pair.same_array", "nothing says", "one iSCSI target");
	finding(XM_WARN, "pair.one_session", "in two sessions", "one iSCSI target");
	finding(XM_PASS, "pair.xcopy", "can be tried", "");
}

static void refused(void **state)
{
	struct rig *r = *state;
	r->lu[0].third_party_copy = r->lu[1].third_party_copy = false;
	script_expect(r->s, 1, RCOP);
	script_sense(r->s, "052000");
	script_expect(r->s, 0, RCOP);
	script_sense(r->s, "052000");
	explain(r);
	finding(XM_INFO, "source.third_party_copy", "does not claim", "");
	finding(XM_INFO, "source.copy_limits", "states no limits: Illegal Request, Invalid command "
		"operation code", "");
	finding(XM_WARN, "pair.xcopy", "(unsupported_opcode)", "the host will");
}

static void equal_names(void **state)
{
	struct rig *r = *state;
	r->lu[1].designators[0] = r->lu[0].designators[0];
	explain(r);
	finding(XM_WARN, "pair.xcopy", "(equal_designators)", "serial number");
}

static void one_end_alone(void **state)
{
	struct rig *r = *state;
	struct xm_findings f = { .fn = take, .user = &told, .worst = XM_PASS };
	script_expect(r->s, 0, RCOP);
	script_good(r->s, LIO);
	r->ep[0] = script_endpoint(r->s, &r->lu[0]);
	r->pair = (struct xm_pair){ .ctx = script_ctx(r->s), .src = r->ep[0] };
	memset(&told, 0, sizeof told);
	xcopy_explain(&r->pair, &f);
	finding(XM_INFO, "source.copy_limits", "1 segments", "");
	assert_int_equal(f.worst, XM_PASS);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_good_pair), T(one_copy_group), T(nothing_says_so), T(refused), T(equal_names),
		T(one_end_alone),
	};
	return cmocka_run_group_tests_name("scsi-explain", tests, NULL, NULL);
}
