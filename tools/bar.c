/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The live line.  See bar.h.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "bar.h"
#include "text.h"

#define BAR_MOST 30
#define BAR_LEAST 8
#define PARTS 6

/* What stands beside the bar, the most important first; empty parts are left out. */
struct parts {
	char text[PARTS][64];
};

static void fill_parts(struct parts *p, const struct figures *f)
{
	char a[TEXT_SIZE_MAX], b[TEXT_SIZE_MAX], t[TEXT_TIME_MAX];
	uint64_t moved = figures_offloaded(f) + figures_by_host(f);

	memset(p, 0, sizeof *p);
	snprintf(p->text[0], sizeof p->text[0], "%3u %%",
		 (unsigned)text_percent(f->done, f->total));
	snprintf(p->text[1], sizeof p->text[1], "%s of %s", text_size(f->done, a),
		 text_size(f->total, b));
	if (f->done < f->total && f->rate)
		snprintf(p->text[2], sizeof p->text[2], "%s/s", text_size(f->rate, a));
	if (f->done < f->total && f->eta_ns != UINT64_MAX)
		snprintf(p->text[3], sizeof p->text[3], "ETA %s", text_time(f->eta_ns, t));
	if (f->stall_ns > (uint64_t)10 * 1000000000 && f->done < f->total)
		snprintf(p->text[4], sizeof p->text[4], "stalled %s", text_time(f->stall_ns, t));
	if (moved)
		snprintf(p->text[5], sizeof p->text[5], "%u %% by offload",
			 (unsigned)text_percent(figures_offloaded(f), moved));
}

static void append(char *buf, size_t size, const char *text)
{
	size_t n = strlen(buf);

	if (n < size)
		snprintf(buf + n, size - n, "%s", text);
}

static void append_bar(char *buf, size_t size, const struct figures *f, unsigned width)
{
	char bar[BAR_MOST + 4];
	unsigned inner = width - 2;
	unsigned full = (unsigned)(text_percent(f->done, f->total) * inner / 100);

	bar[0] = '[';
	for (unsigned i = 0; i < inner; i++)
		bar[1 + i] = i < full ? '=' : i == full ? '>' : ' ';
	bar[1 + inner] = ']';
	bar[2 + inner] = '\0';
	append(buf, size, "  ");
	append(buf, size, bar);
}

void bar_format(const struct figures *f, unsigned columns, char *buf, size_t size)
{
	static const unsigned drop_order[] = { 2, 1, 3, 5, 4 };
	struct parts p;
	size_t used;
	unsigned dropped = 0;

	fill_parts(&p, f);
	for (;;) {
		used = strlen(f->phase);
		for (unsigned i = 0; i < PARTS; i++)
			used += *p.text[i] ? strlen(p.text[i]) + 2 : 0;
		if (used <= columns || dropped == sizeof drop_order / sizeof drop_order[0])
			break;
		*p.text[drop_order[dropped++]] = '\0';
	}
	snprintf(buf, size, "%s", f->phase);
	if (columns >= used + 2 + BAR_LEAST) {
		size_t room = columns - used - 2;

		append_bar(buf, size, f, room > BAR_MOST ? BAR_MOST : (unsigned)room);
	}
	for (unsigned i = 0; i < PARTS; i++) {
		if (*p.text[i]) {
			append(buf, size, "  ");
			append(buf, size, p.text[i]);
		}
	}
	if (columns < size)
		buf[columns] = '\0';
}
