/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The results as an SVG: a panel for each way, GiB/s over depth, a line for each
 * request size; the dot is the median, the bar behind it reaches from the lowest to
 * the highest round.  All panels share one scale that begins at 0.
 */
#include <math.h>
#include <string.h>
#include "bench.h"
#include "text.h"

#define TOP 86.0
#define LEFT 64.0
#define PLOT_H 300.0
#define PANEL_W 210.0
#define GAP 22.0
#define LEGEND_W 130.0
#define BOTTOM 62.0
#define VALUES 32

/* Distinguishable also without red and green (Okabe and Ito). */
static const char *const colours[] = { "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00",
				       "#56b4e9", "#000000" };
#define NCOLOURS (sizeof colours / sizeof colours[0])

struct axis {
	uint64_t at[VALUES];
	unsigned n;
};

struct plot {
	const struct bench *b;
	FILE *f;
	struct axis sizes, depths;
	const struct bench_way *ways[VALUES];
	unsigned nways;
	double top, step;            /* of the scale, GiB/s */
};

static unsigned place(struct axis *a, uint64_t v)
{
	unsigned i = 0;

	while (i < a->n && a->at[i] != v)
		i++;
	if (i == a->n && a->n < VALUES)
		a->at[a->n++] = v;
	return i < VALUES ? i : VALUES - 1;
}

static void survey(struct plot *p)
{
	double most = 0;

	for (unsigned i = 0; i < p->b->n; i++) {
		const struct bench_config *c = &p->b->at[i];
		unsigned w = 0;

		while (w < p->nways && p->ways[w] != c->way)
			w++;
		if (w == p->nways && w < VALUES)
			p->ways[p->nways++] = c->way;
		place(&p->sizes, c->size);
		place(&p->depths, c->depth);
		if (bench_highest(c) > most)
			most = bench_highest(c);
	}
	if (most <= 0)
		most = 1;
	p->step = pow(10, floor(log10(most)));
	if (most / p->step < 2)
		p->step /= 5;
	else if (most / p->step < 5)
		p->step /= 2;
	p->top = ceil(most / p->step) * p->step;
}

static double y_of(const struct plot *p, double rate)
{
	return TOP + PLOT_H * (1 - rate / p->top);
}

static double left_of(unsigned panel)
{
	return LEFT + panel * (PANEL_W + GAP);
}

static double x_of(const struct plot *p, unsigned panel, unsigned depth)
{
	return left_of(panel) + PANEL_W * (depth + 0.5) / p->depths.n;
}

static void text(const struct plot *p, double x, double y, const char *attributes, const char *s)
{
	fprintf(p->f, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, attributes);
	for (; *s; s++) {
		switch (*s) {
		case '<': fputs("&lt;", p->f); break;
		case '>': fputs("&gt;", p->f); break;
		case '&': fputs("&amp;", p->f); break;
		default: fputc(*s, p->f);
		}
	}
	fputs("</text>\n", p->f);
}

static void line(const struct plot *p, double x1, double y1, double x2, double y2, const char *how)
{
	fprintf(p->f, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s/>\n", x1, y1, x2,
		y2, how);
}

static void frame(const struct plot *p, unsigned panel)
{
	double x = left_of(panel);
	char word[32];

	for (double v = 0; v <= p->top * 1.0001; v += p->step) {
		line(p, x, y_of(p, v), x + PANEL_W, y_of(p, v), "stroke=\"#dddddd\"");
		snprintf(word, sizeof word, "%g", v);
		if (panel == 0)
			text(p, x - 8, y_of(p, v) + 4, "text-anchor=\"end\" font-size=\"12\"",
			     word);
	}
	line(p, x, y_of(p, 0), x + PANEL_W, y_of(p, 0), "stroke=\"#444444\"");
	for (unsigned i = 0; i < p->depths.n; i++) {
		snprintf(word, sizeof word, "%u", (unsigned)p->depths.at[i]);
		text(p, x_of(p, panel, i), TOP + PLOT_H + 18,
		     "text-anchor=\"middle\" font-size=\"12\"",
		     p->depths.at[i] ? word : "adaptive");
	}
	text(p, x + PANEL_W / 2, TOP + PLOT_H + 38, "text-anchor=\"middle\" font-size=\"12\"",
	     "requests at a time");
	text(p, x + PANEL_W / 2, TOP - 12, "text-anchor=\"middle\" font-size=\"14\" "
	     "font-weight=\"bold\"", p->ways[panel]->title);
}

static void dot(const struct plot *p, const struct bench_config *c, double x, const char *colour)
{
	double median = bench_median(c->rate, c->rounds);
	char how[96], word[32];

	snprintf(how, sizeof how, "stroke=\"%s\" stroke-width=\"7\" stroke-opacity=\"0.25\"",
		 colour);
	line(p, x, y_of(p, c->rate[0]), x, y_of(p, bench_highest(c)), how);
	fprintf(p->f, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\"/>\n", x, y_of(p, median),
		colour);
	snprintf(word, sizeof word, "%.2f", median);
	if (p->sizes.n == 1)
		text(p, x + 8, y_of(p, median) + 4, "font-size=\"12\"", word);
}

/* The dots of one way and size, joined in the order of the depths. */
static void series(struct plot *p, unsigned panel, unsigned size)
{
	const char *colour = colours[size % NCOLOURS];
	double shift = ((double)size - (p->sizes.n - 1) / 2.0) * 5, x0 = -1, y0 = 0;
	char how[64];

	snprintf(how, sizeof how, "stroke=\"%s\" stroke-width=\"1.5\"", colour);
	for (unsigned i = 0; i < p->b->n; i++) {
		const struct bench_config *c = &p->b->at[i];
		double x, y;

		if (c->way != p->ways[panel] || c->size != p->sizes.at[size] || c->rounds == 0)
			continue;
		x = x_of(p, panel, place(&p->depths, c->depth)) + shift;
		y = y_of(p, bench_median(c->rate, c->rounds));
		if (x0 >= 0)
			line(p, x0, y0, x, y, how);
		dot(p, c, x, colour);
		x0 = x;
		y0 = y;
	}
}

/* A panel without a dot says why. */
static void excuse(const struct plot *p, unsigned panel)
{
	for (unsigned i = 0; i < p->b->n; i++) {
		const struct bench_config *c = &p->b->at[i];

		if (c->way == p->ways[panel] && c->error[0]) {
			text(p, left_of(panel) + PANEL_W / 2, TOP + PLOT_H / 2,
			     "text-anchor=\"middle\" font-size=\"13\" fill=\"#777777\"",
			     "not measured");
			return;
		}
	}
}

static void legend(const struct plot *p)
{
	double x = left_of(p->nways), y = TOP + 10;
	char word[TEXT_SIZE_MAX];

	if (p->sizes.n == 1 && p->sizes.at[0] == 0)
		return;
	text(p, x, y, "font-size=\"12\" font-weight=\"bold\"", "bytes a request");
	for (unsigned i = 0; i < p->sizes.n; i++) {
		y += 20;
		fprintf(p->f, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\"/>\n", x + 5,
			y - 4, colours[i % NCOLOURS]);
		text(p, x + 16, y, "font-size=\"12\"", p->sizes.at[i] ?
		     text_size(p->sizes.at[i], word) : "adaptive");
	}
}

static void head(const struct plot *p, double width, double height)
{
	char bytes[TEXT_SIZE_MAX], sub[256];

	fprintf(p->f, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
		"viewBox=\"0 0 %.0f %.0f\" font-family=\"sans-serif\" fill=\"#222222\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
		width, height, width, height);
	text(p, LEFT, 26, "font-size=\"17\" font-weight=\"bold\"", "xmover bench: GiB/s");
	snprintf(sub, sizeof sub, "%s a run, %u rounds in turns; dot: median, bar: lowest to "
		 "highest", text_size(p->b->bytes, bytes), p->b->rounds);
	text(p, LEFT, 44, "font-size=\"12\" fill=\"#555555\"", sub);
}

void bench_svg(const struct bench *b, FILE *f)
{
	struct plot p = { .b = b, .f = f };

	survey(&p);
	head(&p, left_of(p.nways) + LEGEND_W, TOP + PLOT_H + BOTTOM);
	for (unsigned w = 0; w < p.nways; w++) {
		frame(&p, w);
		for (unsigned s = 0; s < p.sizes.n; s++)
			series(&p, w, s);
		excuse(&p, w);
	}
	legend(&p);
	fputs("</svg>\n", f);
}
