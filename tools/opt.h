/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line and the environment, read once and checked, then constant.
 *
 * The table is options.def.  Values are read by type; reading an option as
 * another type than the table says is a bug and aborts.
 */
#ifndef TOOLS_OPT_H
#define TOOLS_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum opt_id {
#define OPT(id, ...) OPT_##id,
#include "options.def"
#undef OPT
	OPT_COUNT
};

enum opt_kind { OPT_FLAG, OPT_TEXT, OPT_CHOICE, OPT_LIST, OPT_SIZE, OPT_NUMBER, OPT_SECONDS,
		OPT_FILENAME };

/* A set of commands; the numbers are bits. */
enum opt_verb { VERB_NONE = 1, VERB_COPY = 2, VERB_PROBE = 4, VERB_VERIFY = 8,
		VERB_SEND = 16, VERB_RECEIVE = 32, VERB_MAP = 64,
		VERB_BENCH = 128, VERB_TOKEN = 256 };

struct opt_row {
	const char *name;
	char letter;
	enum opt_kind kind;
	const char *argument;
	unsigned verbs;
	const char *preset;
	const char *help;
};
extern const struct opt_row opt_table[OPT_COUNT];

struct opt_verb_row {
	const char *name;
	enum opt_verb verb;
	const char *operands;
	unsigned least, most;    /* how many operands */
	const char *help;
};
extern const struct opt_verb_row opt_verbs[];
extern const size_t opt_verbs_count;

#define OPT_ERROR_MAX 512
#define OPT_OPERANDS_MAX 3

struct opts {
	/* Set by opts_parse(), never changed; the strings are argv's or the environment's. */
	enum opt_verb verb;
	const char *operand[OPT_OPERANDS_MAX];
	unsigned operands;
	bool given[OPT_COUNT];
	const char *text[OPT_COUNT];
	uint64_t number[OPT_COUNT];
	char warning[OPT_ERROR_MAX]; /* "" or about the environment */
};

/*
 * Reads argv[1..] and the environment.  False with `error` filled when the
 * user made a mistake; then operands and FILE of --report are still filled as
 * far as they could be told.
 */
bool opts_parse(struct opts *o, int argc, char **argv, char error[OPT_ERROR_MAX]);

/* For opts_parse(): operands and contradictions, once all is read. */
void opts_check(const struct opts *o, char *error);
/* The first mistake is the one told. */
#define opt_complain(error, ...)                                                                   \
	do {                                                                                       \
		if (!*(error))                                                                     \
			snprintf(error, OPT_ERROR_MAX, __VA_ARGS__);                               \
	} while (0)

/* "copy", ...; NULL for VERB_NONE. */
const char *opt_verb_name(enum opt_verb verb);
/* NULL when not given. */
const char *opt_text(const struct opts *o, enum opt_id id);
/* `preset` when not given. */
uint64_t opt_number(const struct opts *o, enum opt_id id, uint64_t preset);
bool opt_flag(const struct opts *o, enum opt_id id);

/* Whether `word` is an item of `list`, whose items are parted by `sep`. */
bool opt_list_has(const char *list, char sep, const char *word);

#endif
