/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line and the environment.  See opt.h.
 *
 * getopt_long does the splitting; on top of it names must be whole (an
 * abbreviation that works today would break with the next option), an option
 * that the command does not take is refused by name, and each may be given
 * once.  Flags win over the environment.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "opt.h"
#include "text.h"

#define NONE VERB_NONE
#define COPY VERB_COPY
#define MAP VERB_MAP
#define PROBE VERB_PROBE
#define VERIFY VERB_VERIFY
#define SEND VERB_SEND
#define RECEIVE VERB_RECEIVE
#define TOKEN VERB_TOKEN
#define BENCH VERB_BENCH
const struct opt_row opt_table[OPT_COUNT] = {
#define OPT(id, name, letter, kind, argument, verbs, preset, help)                                 \
	[OPT_##id] = { name, letter, OPT_##kind, argument, verbs, preset, help },
#include "options.def"
#undef OPT
};
#undef NONE
#undef COPY
#undef MAP
#undef PROBE
#undef VERIFY
#undef SEND
#undef RECEIVE
#undef TOKEN
#undef BENCH

const struct opt_verb_row opt_verbs[] = {
	{ "copy", VERB_COPY, "SRC DST", 2, 2, "Copy all of SRC onto the start of DST." },
	{ "map", VERB_MAP, "SRC", 1, 1, "Say what SRC is made of: data, zeros, holes." },
	{ "probe", VERB_PROBE, "SRC [DST]", 1, 2,
	  "Say what the disks can do, whether the storage would copy, and why. Changes nothing." },
	{ "send", VERB_SEND, "SRC", 1, 1,
	  "Send SRC to xmover receive on another host: by tokens of the storage, else as data." },
	{ "receive", VERB_RECEIVE, "DST", 1, 1,
	  "Receive what xmover send sends onto the start of DST." },
	{ "token", VERB_TOKEN, "export SRC | import FILE DST", 2, 3,
	  "Put the rights to read SRC into a file, tokens of its storage; copy by them onto DST." },
	{ "verify", VERB_VERIFY, "SRC DST", 2, 2,
	  "Compare all of SRC with the start of DST; show the first differences." },
	{ "bench", VERB_BENCH, "[SRC DST]", 0, 2,
	  "Copy SRC, or a pair that is made for it, by every way in turns; say how fast. "
	  "DST is overwritten." },
};
const size_t opt_verbs_count = sizeof opt_verbs / sizeof opt_verbs[0];

#define ENV_PREFIX "XMOVER_"

bool opt_list_has(const char *list, char sep, const char *word)
{
	size_t n = strlen(word);

	if (strchr(word, sep))
		return false;
	for (const char *p = list; p; p = strchr(p, sep), p = p ? p + 1 : NULL)
		if (strncmp(p, word, n) == 0 && (p[n] == '\0' || p[n] == sep))
			return n > 0;
	return false;
}

/* Checks `value` by its kind; `origin` is how the user wrote the option's name. */
static void store(struct opts *o, enum opt_id id, const char *value, const char *origin,
		  char *error)
{
	const struct opt_row *row = &opt_table[id];
	const char *wants = NULL;
	char shown[128];

	switch (row->kind) {
	case OPT_CHOICE:
		if (!opt_list_has(row->argument, '|', value))
			wants = row->argument;
		break;
	case OPT_SIZE:
		if (!text_parse_size(value, &o->number[id]))
			wants = "a size like 512, 64K, 1G";
		break;
	case OPT_NUMBER:
		if (!text_parse_number(value, &o->number[id]) || o->number[id] > 65535)
			wants = "a number up to 65535";
		break;
	case OPT_SECONDS:
		if (!text_parse_number(value, &o->number[id]) || o->number[id] == 0 ||
		    o->number[id] > 86400)
			wants = "seconds, 1 to 86400";
		break;
	case OPT_TEXT:
	case OPT_LIST:
	case OPT_FILENAME:
		if (*value == '\0')
			wants = "a value";
		break;
	case OPT_FLAG:
		break;
	}
	if (wants) {
		text_printable(value, shown, sizeof shown);
		opt_complain(error, "%s takes %s, not '%s'", origin, wants, shown);
		return;
	}
	o->given[id] = true;
	o->text[id] = value;
}

/* ---- the environment ------------------------------------------------------ */

static void env_name(const char *option, char *buf, size_t size)
{
	size_t n = (size_t)snprintf(buf, size, ENV_PREFIX "%s", option);

	for (size_t i = sizeof ENV_PREFIX - 1; i < n && i < size; i++)
		buf[i] = buf[i] == '-' ? '_' : (char)(buf[i] & ~0x20);
}

static void store_env_flag(struct opts *o, enum opt_id id, const char *value, const char *origin,
			   char *error)
{
	if (opt_list_has("1|yes|true", '|', value))
		o->given[id] = true;
	else if (*value && !opt_list_has("0|no|false", '|', value))
		opt_complain(error, "%s takes 1 or 0", origin);
}

static void read_environment(struct opts *o, char *error)
{
	for (enum opt_id id = 0; id < OPT_COUNT; id++) {
		const char *value;
		char name[64];

		if (o->given[id] || !(opt_table[id].verbs & o->verb) || id == OPT_HELP)
			continue;
		env_name(opt_table[id].name, name, sizeof name);
		value = getenv(name);
		if (!value)
			continue;
		if (opt_table[id].kind == OPT_FLAG)
			store_env_flag(o, id, value, name, error);
		else
			store(o, id, value, name, error);
	}
}

/* A misspelt variable is ignored, but not silently.  Kubernetes makes such names too: no error. */
static void warn_unknown_environment(struct opts *o)
{
	extern char **environ;

	for (char **e = environ; *e; e++) {
		size_t n = strcspn(*e, "=");
		bool known = false;
		char name[64];

		if (strncmp(*e, ENV_PREFIX, sizeof ENV_PREFIX - 1) != 0)
			continue;
		for (enum opt_id id = 0; id < OPT_COUNT && !known; id++) {
			env_name(opt_table[id].name, name, sizeof name);
			known = strlen(name) == n && strncmp(name, *e, n) == 0;
		}
		if (!known) {
			snprintf(o->warning, sizeof o->warning,
				 "%.*s in the environment is no option of xmover: ignored",
				 (int)(n > 100 ? 100 : n), *e);
			return;
		}
	}
}

/* ---- the command line ------------------------------------------------------- */

/* Long option `id` has getopt's value 256 + id, a letter its own. */
#define LONG_BASE 256

static void build_tables(struct option *longs, char *letters)
{
	/* '+': stop at operands, we go on by hand, so argv[optind] before a call is the option;
	   ':': a missing argument answers ':'. */
	strcpy(letters, "+:");
	letters += 2;
	for (enum opt_id id = 0; id < OPT_COUNT; id++) {
		longs[id] = (struct option){
			.name = opt_table[id].name,
			.has_arg = opt_table[id].kind == OPT_FLAG ? no_argument : required_argument,
			.val = LONG_BASE + (int)id,
		};
		if (opt_table[id].letter)
			*letters++ = opt_table[id].letter;
	}
	longs[OPT_COUNT] = (struct option){ 0 };
	*letters = '\0';
}

static enum opt_id find_option(int c)
{
	enum opt_id id;

	if (c >= LONG_BASE && c < LONG_BASE + (int)OPT_COUNT)
		return (enum opt_id)(c - LONG_BASE);
	for (id = 0; id < OPT_COUNT; id++)
		if (opt_table[id].letter == c && c)
			break;
	return id;
}

const char *opt_verb_name(enum opt_verb verb)
{
	for (size_t i = 0; i < opt_verbs_count; i++)
		if (opt_verbs[i].verb == verb)
			return opt_verbs[i].name;
	return NULL;
}

static void take_option(struct opts *o, enum opt_id id, const char *word, char *error)
{
	const struct opt_row *row = &opt_table[id];
	size_t n = strlen(row->name);
	char origin[64];

	snprintf(origin, sizeof origin, "--%s", row->name);
	if (strncmp(word, "--", 2) == 0 &&
	    (strncmp(word + 2, row->name, n) != 0 || (word[2 + n] && word[2 + n] != '='))) {
		opt_complain(error, "no option %.40s; --%s in full?", word, row->name);
		return;
	}
	if (!(row->verbs & o->verb)) {
		opt_complain(error, "%s does not take %s", o->verb == VERB_NONE ?
			     "xmover without a command" : opt_verb_name(o->verb), origin);
		return;
	}
	if (o->given[id]) {
		opt_complain(error, "%s is given twice", origin);
		return;
	}
	if (row->kind == OPT_FLAG)
		o->given[id] = true;
	else
		store(o, id, optarg, origin, error);
}

static void take_operand(struct opts *o, const char *word, char *error)
{
	char shown[128];

	if (o->operands == OPT_OPERANDS_MAX) {
		text_redact(word, shown, sizeof shown);
		opt_complain(error, "too many operands: '%s'", shown);
		return;
	}
	o->operand[o->operands++] = word;
}

static void read_words(struct opts *o, int argc, char **argv, char *error)
{
	struct option longs[OPT_COUNT + 1];
	char letters[OPT_COUNT + 3];
	bool only_operands = false;

	build_tables(longs, letters);
	opterr = 0;
	optind = 0;
	/* argv[0] of getopt is the command's name. */
	while (optind < argc) {
		char *word = argv[optind ? optind : 1];
		int c;

		if (!word)
			break;
		c = only_operands ? -1 : getopt_long(argc, argv, letters, longs, NULL);
		if (c == -1) {
			if (!only_operands && strcmp(word, "--") == 0)
				only_operands = true;
			else
				take_operand(o, argv[optind++], error);
		} else if (c == ':') {
			opt_complain(error, "%.40s needs a value", word);
		} else if (c == '?' && optopt >= LONG_BASE) {
			opt_complain(error, "%.*s takes no value", (int)strcspn(word, "="), word);
		} else if (c == '?') {
			opt_complain(error, "no such option: %.*s", (int)strcspn(word, "="), word);
		} else {
			take_option(o, find_option(c), word, error);
		}
	}
}

static bool find_verb(struct opts *o, const char *word, char *error)
{
	char shown[64];

	for (size_t i = 0; i < opt_verbs_count; i++)
		if (strcmp(opt_verbs[i].name, word) == 0) {
			o->verb = opt_verbs[i].verb;
			return true;
		}
	text_printable(word, shown, sizeof shown);
	opt_complain(error, "no such command: '%s'", shown);
	return false;
}

bool opts_parse(struct opts *o, int argc, char **argv, char error[OPT_ERROR_MAX])
{
	*o = (struct opts){ .verb = VERB_NONE };
	*error = '\0';
	if (argc < 2) {
		opt_complain(error, "a command is missing");
		return false;
	}
	if (*argv[1] != '-') {
		if (!find_verb(o, argv[1], error))
			return false;
		argc--;
		argv++;
	}
	read_words(o, argc, argv, error);
	if (opt_flag(o, OPT_HELP))
		return *error == '\0';
	read_environment(o, error);
	warn_unknown_environment(o);
	if (o->verb == VERB_NONE && o->operands)
		opt_complain(error, "the command comes first, as in xmover copy SRC DST");
	opts_check(o, error);
	return *error == '\0';
}

/* ---- typed reads ------------------------------------------------------------- */

static void expect_kind(bool ok)
{
	if (!ok)
		abort();
}

const char *opt_text(const struct opts *o, enum opt_id id)
{
	enum opt_kind k = opt_table[id].kind;

	expect_kind(k == OPT_TEXT || k == OPT_CHOICE || k == OPT_LIST || k == OPT_FILENAME);
	return o->text[id];
}

uint64_t opt_number(const struct opts *o, enum opt_id id, uint64_t preset)
{
	enum opt_kind k = opt_table[id].kind;

	expect_kind(k == OPT_SIZE || k == OPT_NUMBER || k == OPT_SECONDS);
	return o->given[id] ? o->number[id] : preset;
}

bool opt_flag(const struct opts *o, enum opt_id id)
{
	expect_kind(opt_table[id].kind == OPT_FLAG);
	return o->given[id];
}
