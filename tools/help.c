/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --help.  See help.h.  The man page says more; both are made from options.def.
 */
#include <stdio.h>
#include <string.h>
#include "help.h"

#define INDENT 26
#define WIDTH 96

/* Words of `text`, from column INDENT on; the cursor stands at `column`. */
static void print_wrapped(const char *text, int column)
{
	if (column >= INDENT) {
		printf("\n");
		column = 0;
	}
	printf("%*s", INDENT - column, "");
	column = INDENT;
	while (*text) {
		int n = (int)strcspn(text, " ");

		if (column > INDENT && column + 1 + n > WIDTH) {
			printf("\n%*s", INDENT, "");
			column = INDENT;
		}
		column += printf("%s%.*s", column > INDENT ? " " : "", n, text);
		text += n;
		text += strspn(text, " ");
	}
	printf("\n");
}

static void print_option(const struct opt_row *row)
{
	char text[512];
	int column;

	column = row->letter ? printf("  -%c, ", row->letter) : printf("      ");
	column += printf("--%s%s%s", row->name, *row->argument ? "=" : "", row->argument);
	snprintf(text, sizeof text, "%s%s%s%s", row->help, *row->preset ? " Default: " : "",
		 row->preset, *row->preset ? "." : "");
	print_wrapped(text, column);
}

static void print_options(enum opt_verb verb)
{
	printf("\nOptions:\n");
	for (size_t i = 0; i < OPT_COUNT; i++)
		if (opt_table[i].verbs & verb)
			print_option(&opt_table[i]);
}

void help_print(enum opt_verb verb)
{
	if (verb == VERB_NONE) {
		printf("xmover moves a virtual disk from one LUN to another by telling the storage"
		       " to do it,\nand copies what the storage will not do.\n\nUsage:\n");
		for (size_t i = 0; i < opt_verbs_count; i++) {
			int column = printf("  xmover %s %s", opt_verbs[i].name,
					    opt_verbs[i].operands);
			print_wrapped(opt_verbs[i].help, column);
		}
	} else {
		for (size_t i = 0; i < opt_verbs_count; i++)
			if (opt_verbs[i].verb == verb)
				printf("Usage: xmover %s %s\n%s\n", opt_verbs[i].name,
				       opt_verbs[i].operands, opt_verbs[i].help);
	}
	printf("\nSRC, DST: a file or block device, /dev/sgN, /dev/ngXnY,"
	       " iscsi://[user@]host[:port]/iqn/lun,\n          nbd://host[:port]/export, or"
	       " nbd+unix:///export?socket=PATH\n");
	print_options(verb);
	if (verb == VERB_NONE)
		printf("\n'xmover copy --help' shows the options of copy; xmover(1) the rest.\n");
}
