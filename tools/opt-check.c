/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was given, once all of it is known: how many operands, and options that
 * contradict each other.  See opt.h; a value by itself is checked in opt.c.
 */
#include <stdio.h>
#include <string.h>
#include "opt.h"
#include "text.h"

static void check_operands(const struct opts *o, char *error)
{
	char shown[128];

	for (size_t i = 0; i < opt_verbs_count; i++) {
		const struct opt_verb_row *v = &opt_verbs[i];

		if (v->verb != o->verb)
			continue;
		if (o->operands < v->least)
			opt_complain(error, "%s needs %s", v->name, v->operands);
		if (o->operands > v->most) {
			text_redact(o->operand[v->most], shown, sizeof shown);
			opt_complain(error, "too many operands: '%s'; %s takes %s", shown, v->name,
				 v->operands);
		}
		for (unsigned k = 0; k < o->operands; k++)
			if (*o->operand[k] == '\0')
				opt_complain(error, "the name of a disk is empty");
	}
}

/* Every item of `list` is a method that moves data without, or through, the host. */
static bool only_methods(const char *list, const char *of)
{
	char item[32];

	for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',') {
		snprintf(item, sizeof item, "%.*s", (int)strcspn(p, ","), p);
		if (!opt_list_has(of, ',', item))
			return false;
	}
	return true;
}

static void check_contradictions(const struct opts *o, char *error)
{
	const char *offload = opt_text(o, OPT_OFFLOAD), *methods = opt_text(o, OPT_METHOD);

	if (offload && methods && strcmp(offload, "require") == 0 && only_methods(methods, "host"))
		opt_complain(error, "--offload=require contradicts --method=%s: it is no offload",
			 methods);
	if (offload && methods && strcmp(offload, "never") == 0 && only_methods(methods, "xcopy"))
		opt_complain(error, "--offload=never contradicts --method=%s: it is offload",
			     methods);
	if (opt_flag(o, OPT_DRY_RUN) && opt_flag(o, OPT_CREATE))
		opt_complain(error, "--dry-run contradicts --create: it writes nothing");
	if (opt_text(o, OPT_DST_ID) && opt_flag(o, OPT_CREATE))
		opt_complain(error, "--dst-id contradicts --create: a file that is made has no "
			     "identity to check");
	if (opt_text(o, OPT_RATE_FILE) && (o->given[OPT_RATE] || o->given[OPT_RATE_OFFLOAD] ||
					   o->given[OPT_RATE_HOST]))
		opt_complain(error, "--rate-file contradicts --rate, --rate-offload "
			     "and --rate-host");
	if (o->given[OPT_STATE_WINDOW] && !opt_text(o, OPT_STATE))
		opt_complain(error, "--state-window contradicts a copy without --state");
	if (opt_flag(o, OPT_TARGET_IS_ZERO) && opt_text(o, OPT_DIRTY))
		opt_complain(error, "--target-is-zero contradicts --dirty: the destination holds "
			     "what was copied before");
	if (opt_flag(o, OPT_QUIET) && opt_flag(o, OPT_VERBOSE))
		opt_complain(error, "--quiet contradicts --verbose");
}

void opts_check(const struct opts *o, char *error)
{
	check_operands(o, error);
	check_contradictions(o, error);
}
