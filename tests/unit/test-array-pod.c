/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xmover-array-rules(7) says what the code does: every action, word, control
 * word, setting and persona of the tables is an item of the page, and every
 * action, control word and persona of the page is in a table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "control.h"
#include "fault.h"

static char *page;

static int load(void **state)
{
	FILE *f = fopen(RULES_POD, "r");
	size_t n;

	(void)state;
	page = calloc(1, 1 << 20);
	if (!f || !page)
		return -1;
	n = fread(page, 1, (1 << 20) - 1, f);
	fclose(f);
	return n > 1000 ? 0 : -1;
}

static int unload(void **state)
{
	(void)state;
	free(page);
	return 0;
}

/* From "=head1 NAME" to the next head1. */
static char *section(const char *name)
{
	char head[64], *from, *to;

	snprintf(head, sizeof head, "\n=head1 %s\n", name);
	from = strstr(page, head);
	assert_non_null(from);
	to = strstr(from + 2, "\n=head1 ");
	assert_non_null(to);
	return strndup(from, (size_t)(to - from));
}

static void assert_has(const char *text, const char *before, const char *name, const char *after)
{
	char want[128];

	snprintf(want, sizeof want, "%s%s%s", before, name, after);
	if (!strstr(text, want))
		fail_msg("%s is not on the page", want);
}

static const char *persona_name(size_t i)
{
	const struct arr_persona *p = arr_persona_at(i);

	return p ? p->name : NULL;
}

static bool in_table(const char *(*name_at)(size_t i), const char *name, size_t len)
{
	const char *s;

	for (size_t i = 0; (s = name_at(i)); i++) {
		if (strlen(s) == len && !memcmp(s, name, len))
			return true;
	}
	return false;
}

/* Each "=item <before>NAME>" of the text names a row of the table; how many there were. */
static unsigned items(const char *text, const char *before, const char *(*name_at)(size_t i))
{
	unsigned n = 0;

	for (const char *p = text; (p = strstr(p, before)); n++) {
		p += strlen(before);
		if (!in_table(name_at, p, strcspn(p, ">")))
			fail_msg("the page has %s%.20s, the code does not", before, p);
	}
	return n;
}

static void rules(void **state)
{
	char *text = section("FAULT RULES");
	const char *name;
	unsigned n = 0;

	(void)state;
	for (size_t i = 0; (name = arr_fault_action_name(i)); i++, n++)
		assert_has(text, "=item B<action>=B<", name, ">");
	assert_int_equal(items(text, "=item B<action>=B<", arr_fault_action_name), n);
	for (size_t i = 0; (name = arr_fault_word_name(i)); i++)
		assert_has(text, "B<", name, ">=");
	free(text);
}

static void control_words(void **state)
{
	char *text = section("CONTROL WORDS");
	char *settings = strstr(text, "\n=head2 Settings\n");
	const char *name;

	(void)state;
	assert_non_null(settings);
	for (size_t i = 0; (name = arr_control_setting_name(i)); i++)
		assert_has(settings, "B<", name, ">");
	*settings = '\0';
	for (size_t i = 0; (name = arr_control_word_name(i)); i++)
		assert_has(text, "=item B<", name, ">");
	assert_true(items(text, "=item B<", arr_control_word_name) >= 10);
	free(text);
}

static void personas(void **state)
{
	char *text = section("PERSONAS");
	const char *name;
	unsigned n = 0;

	(void)state;
	for (size_t i = 0; (name = persona_name(i)); i++, n++)
		assert_has(text, "=item B<", name, ">");
	assert_int_equal(items(text, "=item B<", persona_name), n);
	assert_int_equal(n, 6);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules),
		cmocka_unit_test(control_words),
		cmocka_unit_test(personas),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
