/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control language and, by `fault add`, the words of fault rules: any line
 * gets one line of answer.  Each input is a session of lines; between them a few
 * commands run, so that the rules that were taken act.
 *
 * A byte of 80h and more stands for a word of the tables, lest the fuzzer has to
 * find each by its letters.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "control.h"
#include "fault.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_done(struct arr_cmd *cmd)
{
	free(cmd->in);
}

static void commands(struct arr *a, struct arr_nexus *nx, uint64_t *now)
{
	static const uint8_t cdbs[][16] = {
		{ 0x12, 1, 0x83, 0, 255 }, { 0x84, 3, [13] = 255 }, { 0x9e, 0x10, [13] = 32 },
		{ 0x8a, [13] = 1 },
	};
	static const uint8_t block[512];
	struct arr_cmd cmd[4] = { 0 };

	for (size_t i = 0; i < 4; i++) {
		cmd[i].nexus = nx;
		memcpy(cmd[i].cdb, cdbs[i], 16);
		cmd[i].cdb_len = 16;
		cmd[i].out = block;
		cmd[i].out_len = cmd[i].out_wanted = i == 3 ? sizeof block : 0;
		cmd[i].done = on_done;
		arr_submit(a, &cmd[i], *now);
	}
	for (unsigned i = 0; i < 16; i++) {
		uint64_t next = arr_step(a, *now);

		*now = next != ARR_NEVER && next > *now ? next : *now;
	}
	/* What a rule keeps must not outlive these commands. */
	arr_task_management(nx, ARR_ABORT_TASK_SET, 0, 0);
	arr_task_management(nx, ARR_LUN_RESET, 0, 0);
	arr_step(a, *now);
}

/* A line that might open a file is not this target's. */
static bool harmless(const char *line)
{
	return strncmp(line + strspn(line, " \t\r"), "lun", 3) != 0;
}

#define N_NAMES 0x80u

/* The words of all tables, one after another. */
static const char *name_at(size_t i)
{
	static const char *(*const tables[])(size_t i) = {
		arr_fault_word_name, arr_fault_action_name, arr_control_word_name,
		arr_control_setting_name,
	};
	static const char *const others[] = {
		"fault add op=", "action=", "nth=1- ", "83/00 ", "12 ", "88", "8a ", "9e/10 ",
		"84/03 ", "k=5 ", "hex=", "before", "after", "busy", "fixed", "descriptor",
		"reads ", "writes ",
		"all", "del ", "ideal", "lio", "ctl", "none", "times=", "ms=1", "blocks=0", "by=-1",
	};
	size_t n = 0;
	const char *s;

	for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
		for (size_t k = 0; (s = tables[t](k)); k++)
			if (n++ == i)
				return s;
	}
	return i - n < sizeof others / sizeof *others ? others[i - n] : "=";
}

static char *spell(const uint8_t *data, size_t size)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	for (size_t i = 0; i < size; i++) {
		if (data[i] >= N_NAMES)
			fputs(name_at(data[i] - N_NAMES), f);
		else if (data[i])
			fputc(data[i], f);
	}
	fclose(f);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = spell(data, size), *save;
	struct arr *a = arr_new(1);
	struct arr_target *t = arr_target_new(a, "iqn.2026-01.test:fuzz");
	uint64_t now = 1;

	if (!arr_target_lun(t, "0=64K"))
		abort();
	struct arr_nexus *nx = arr_nexus_open(a, t, "iqn.2026-01.test:host", 1);
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		if (!harmless(l))
			continue;
		char *answer = arr_control(a, l, now);

		assert(answer && *answer && !strchr(answer, '\n'));
		free(answer);
		commands(a, nx, &now);
	}
	arr_nexus_close(nx);
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t next = arr_step(a, now);

		if (next == ARR_NEVER)
			break;
		now = next > now ? next : now;
	}
	arr_free(a);
	free(text);
	return 0;
}
