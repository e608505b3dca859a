/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The xmover command: reads the options, calls the command, answers its exit
 * code (enum xm_code).  Sees the library through xmover.h alone.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "cmd.h"
#include "console.h"
#include "help.h"
#include "outcome.h"
#include "signals.h"

/*
 * With a standard descriptor closed, the next disk opened would take its
 * number, and a message would be written onto that disk.
 */
static bool fill_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		/* read-only: what is written there must not be lost in silence */
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
			return false;
	}
	return true;
}

/* A mistake is reported like any other end, where FILE of --report is known. */
static int usage_error(enum opt_verb verb, const char *error)
{
	const char *name = opt_verb_name(verb);

	console_say(XM_LOG_ERROR, "usage", "%s; see xmover %s%s--help", error, name ? name : "",
		    name ? " " : "");
	outcome_end(XM_E_USAGE, "failed", error);
	return XM_E_USAGE;
}

static int print_version(void)
{
	printf("xmover %s\n", xm_version());
	return cmd_flush() ? XM_OK : XM_E_IO;
}

static int run_verb(const struct opts *o)
{
	if (o->warning[0])
		console_log(NULL, XM_LOG_WARNING, "unknown_environment", o->warning);
	switch (o->verb) {
	case VERB_COPY:
		return cmd_copy(o);
	case VERB_MAP:
		return cmd_map(o);
	case VERB_PROBE:
		return cmd_probe(o);
	case VERB_RECEIVE:
		return cmd_receive(o);
	case VERB_SEND:
		return cmd_send(o);
	case VERB_TOKEN:
		return cmd_token(o);
	case VERB_VERIFY:
		return cmd_verify(o);
	case VERB_BENCH:
		return cmd_bench(o);
	case VERB_NONE:
		break;
	}
	return usage_error(VERB_NONE, "a command is missing");
}

int main(int argc, char **argv)
{
	char error[OPT_ERROR_MAX], unsafe[OPT_ERROR_MAX];
	struct opts o;
	bool ok;

	if (!fill_standard_descriptors() || !signals_block())
		return XM_E_TEMPORARY;
	ok = opts_parse(&o, argc, argv, error);
	console_setup(&o);
	if (!outcome_setup(&o, unsafe, sizeof unsafe))
		return usage_error(o.verb, ok ? unsafe : error);
	if (!ok)
		return usage_error(o.verb, error);
	if (!signals_start())
		return XM_E_TEMPORARY;
	if (opt_flag(&o, OPT_HELP)) {
		help_print(o.verb);
		return cmd_flush() ? XM_OK : XM_E_IO;
	}
	if (opt_flag(&o, OPT_VERSION))
		return print_version();
	if (opt_flag(&o, OPT_CAPABILITIES))
		return cmd_capabilities();
	return run_verb(&o);
}
