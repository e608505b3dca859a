/* SPDX-License-Identifier: Apache-2.0 */
/* The command line and the environment: what is taken, what is refused and with which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "opt.h"

static struct opts o;
static char error[OPT_ERROR_MAX];

/* Words of a command line, parted by one space. */
static bool parse(const char *line)
{
	static char copy[1024];
	char *argv[32];
	int argc = 0;

	strcpy(copy, line);
	for (char *p = copy; p; argc++) {
		argv[argc] = p;
		p = strchr(p, ' ');
		if (p)
			*p++ = '\0';
	}
	argv[argc] = NULL;
	return opts_parse(&o, argc, argv, error);
}

static void refuse(const char *line, const char *words)
{
	if (parse(line))
		fail_msg("taken: %s", line);
	if (!strstr(error, words))
		fail_msg("%s: says '%s', not '%s'", line, error, words);
}

static void test_taken(void **state)
{
	(void)state;
	assert_true(parse("xmover copy --offload=never -n a --rate 64K b --depth=3 -v"));
	assert_int_equal(o.verb, VERB_COPY);
	assert_string_equal(o.operand[0], "a");
	assert_string_equal(o.operand[1], "b");
	assert_string_equal(opt_text(&o, OPT_OFFLOAD), "never");
	assert_true(opt_number(&o, OPT_RATE, 1) == 65536);
	assert_true(opt_number(&o, OPT_DEPTH, 1) == 3);
	assert_true(opt_number(&o, OPT_TIMEOUT, 30) == 30);
	assert_true(opt_flag(&o, OPT_DRY_RUN) && opt_flag(&o, OPT_VERBOSE));
	assert_false(opt_flag(&o, OPT_CREATE));
	assert_null(opt_text(&o, OPT_METHOD));

	assert_true(parse("xmover copy -nv a b"));
	assert_true(opt_flag(&o, OPT_DRY_RUN) && opt_flag(&o, OPT_VERBOSE));
	assert_true(parse("xmover copy -- --a -b"));
	assert_string_equal(o.operand[0], "--a");
	assert_string_equal(o.operand[1], "-b");
	assert_true(parse("xmover probe a"));
	assert_true(parse("xmover --version"));
	assert_true(opt_flag(&o, OPT_VERSION));
	assert_true(parse("xmover copy --help"));
}

static void test_refused(void **state)
{
	static const struct {
		const char *line, *words;
	} rows[] = {
		{ "xmover", "a command is missing" },
		{ "xmover cpoy a b", "no such command: 'cpoy'" },
		{ "xmover copy", "copy needs SRC DST" },
		{ "xmover copy a", "copy needs SRC DST" },
		{ "xmover copy a b c", "too many operands: 'c'" },
		{ "xmover verify a", "verify needs SRC DST" },
		{ "xmover copy a b --offl=auto", "--offload in full" },
		{ "xmover copy a b --offload", "--offload needs a value" },
		{ "xmover copy a b --offload=", "--offload takes auto|require|never" },
		{ "xmover copy a b --offload=aut", "takes auto|require|never, not 'aut'" },
		{ "xmover copy a b --offload=auto|require", "--offload takes" },
		{ "xmover copy a b --offload=auto --offload=auto", "--offload is given twice" },
		{ "xmover copy a b --create=yes", "--create takes no value" },
		{ "xmover copy a b --state-window=4M", "contradicts a copy without --state" },
		{ "xmover copy a b --rate-file=f --rate=1M", "--rate-file contradicts" },
		{ "xmover copy a b --json", "copy does not take --json" },
		{ "xmover probe a b --report=f", "probe does not take --report" },
		{ "xmover copy a b --rate=1.5G", "--rate takes a size" },
		{ "xmover copy a b --depth=65536", "--depth takes a number" },
		{ "xmover copy a b --depth=-1", "--depth takes a number" },
		{ "xmover copy a b --timeout=0", "--timeout takes seconds" },
		{ "xmover copy a b --job=", "--job takes a value" },
		{ "xmover copy a b -x", "no such option: -x" },
		{ "xmover --version a", "the command comes first" },
		{ "xmover --report=f", "without a command does not take --report" },
		{ "xmover copy a b --offload=require --method=host", "contradicts" },
		{ "xmover copy a b --offload=never --method=xcopy", "contradicts" },
		{ "xmover copy a b --dry-run --create", "contradicts" },
		{ "xmover copy a b --dst-id=naa.6 --create", "contradicts" },
		{ "xmover copy a b -q -v", "contradicts" },
		{ "xmover copy a b --target-is-zero --dirty=c", "contradicts" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		refuse(rows[i].line, rows[i].words);
}

/* FILE of --report and the operands are known also after a mistake before them. */
static void test_mistake_keeps_report(void **state)
{
	(void)state;
	refuse("xmover copy --rate=x a --report=r b", "--rate");
	assert_string_equal(opt_text(&o, OPT_REPORT), "r");
	assert_string_equal(o.operand[1], "b");
}

static void test_environment(void **state)
{
	(void)state;
	setenv("XMOVER_OFFLOAD", "require", 1);
	setenv("XMOVER_DRY_RUN", "1", 1);
	setenv("XMOVER_JSON", "rubbish for another command", 1);
	assert_true(parse("xmover copy a b"));
	assert_string_equal(opt_text(&o, OPT_OFFLOAD), "require");
	assert_true(opt_flag(&o, OPT_DRY_RUN));
	assert_string_equal(o.warning, "");

	assert_true(parse("xmover copy a b --offload=never"));
	assert_string_equal(opt_text(&o, OPT_OFFLOAD), "never");

	setenv("XMOVER_DRY_RUN", "0", 1);
	assert_true(parse("xmover copy a b"));
	assert_false(opt_flag(&o, OPT_DRY_RUN));

	setenv("XMOVER_DRY_RUN", "maybe", 1);
	refuse("xmover copy a b", "XMOVER_DRY_RUN takes 1 or 0");
	unsetenv("XMOVER_DRY_RUN");
	setenv("XMOVER_OFFLOAD", "sometimes", 1);
	refuse("xmover copy a b", "XMOVER_OFFLOAD takes auto|require|never, not 'sometimes'");
	unsetenv("XMOVER_OFFLOAD");
	unsetenv("XMOVER_JSON");

	setenv("XMOVER_OFLOAD", "require", 1);
	assert_true(parse("xmover copy a b"));
	assert_non_null(strstr(o.warning, "XMOVER_OFLOAD"));
	unsetenv("XMOVER_OFLOAD");
}

static void test_lists(void **state)
{
	(void)state;
	assert_true(opt_list_has("auto|require", '|', "auto"));
	assert_true(opt_list_has("auto|require", '|', "require"));
	assert_false(opt_list_has("auto|require", '|', "req"));
	assert_false(opt_list_has("auto|require", '|', ""));
	assert_false(opt_list_has("", '|', ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),       cmocka_unit_test(test_refused),
		cmocka_unit_test(test_mistake_keeps_report),
		cmocka_unit_test(test_environment), cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
