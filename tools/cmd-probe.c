/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xmover probe SRC [DST]: what the disks can do and whether the storage would
 * copy, as PASS / WARN / FAIL with the reason and what to do.  Changes nothing.
 */
#include <stdio.h>
#include <jansson.h>
#include "cmd.h"
#include "text.h"

#define PROBE_VERSION 1

struct findings {
	json_t *rows;            /* NULL: print as text */
};

static const char *const verdict_words[] = {
	[XM_PASS] = "PASS", [XM_WARN] = "WARN", [XM_FAIL] = "FAIL", [XM_INFO] = "INFO",
};

static json_t *shown(const char *text)
{
	return text_json(text ? text : "", 2048);
}

static void print_finding(enum xm_verdict verdict, const char *check, const char *text,
			  const char *fix)
{
	char line[2048];

	text_printable(text, line, sizeof line);
	printf("%s  %-32s %s\n", verdict_words[verdict], check, line);
	text_printable(fix, line, sizeof line);
	if (*line)
		printf("      %-32s -> %s\n", "", line);
}

static void take_finding(void *user, enum xm_verdict verdict, const char *check, const char *text,
			 const char *fix)
{
	struct findings *f = user;
	json_t *row;

	if (!f->rows) {
		print_finding(verdict, check, text, fix);
		return;
	}
	row = json_object();
	json_object_set_new(row, "verdict", json_string(verdict_words[verdict]));
	json_object_set_new(row, "check", shown(check));
	json_object_set_new(row, "text", shown(text));
	json_object_set_new(row, "fix", shown(fix));
	json_array_append_new(f->rows, row);
}

static json_t *disk_json(const struct xm_endpoint *ep)
{
	static const struct {
		const char *name;
		enum xm_endpoint_key key;
	} texts[] = {
		{ "name", XM_EP_NAME },       { "kind", XM_EP_KIND },
		{ "designator", XM_EP_DESIGNATOR }, { "vendor", XM_EP_VENDOR },
		{ "product", XM_EP_PRODUCT }, { "revision", XM_EP_REVISION },
		{ "serial", XM_EP_SERIAL },
	};
	json_t *o;

	if (!ep)
		return json_null();
	o = json_object();
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		json_object_set_new(o, texts[i].name, shown(xm_endpoint_str(ep, texts[i].key)));
	json_object_set_new(o, "size", json_integer((json_int_t)xm_endpoint_size(ep)));
	json_object_set_new(o, "block_size", json_integer(xm_endpoint_block_size(ep)));
	return o;
}

static void print_disk(const char *role, const struct xm_endpoint *ep)
{
	char size[TEXT_SIZE_MAX], line[512];

	if (!ep)
		return;
	text_printable(xm_endpoint_str(ep, XM_EP_NAME), line, sizeof line);
	printf("%s: %s\n", role, line);
	text_printable(xm_endpoint_str(ep, XM_EP_DESIGNATOR), line, sizeof line);
	printf("  %s, %s, blocks of %u bytes, %s\n", xm_endpoint_str(ep, XM_EP_KIND),
	       text_size(xm_endpoint_size(ep), size), (unsigned)xm_endpoint_block_size(ep),
	       *line ? line : "no designator");
}

static int print_json(struct findings *f, const struct xm_endpoint *src,
		      const struct xm_endpoint *dst, enum xm_verdict worst)
{
	json_t *o = json_object();
	int failed;

	json_object_set_new(o, "version", json_integer(PROBE_VERSION));
	json_object_set_new(o, "verdict", json_string(verdict_words[worst]));
	json_object_set_new(o, "source", disk_json(src));
	json_object_set_new(o, "destination", disk_json(dst));
	json_object_set_new(o, "findings", json_incref(f->rows));
	failed = json_dumpf(o, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(o);
	return failed;
}

static int probe(const struct opts *o, struct xm_ctx *ctx, struct xm_endpoint *src,
		 struct xm_endpoint *dst)
{
	struct findings f = { .rows = opt_flag(o, OPT_JSON) ? json_array() : NULL };
	enum xm_verdict worst = XM_INFO;
	struct xm_error *err = NULL;
	int failed;

	if (!f.rows) {
		print_disk("Source", src);
		print_disk("Destination", dst);
	}
	failed = xm_probe(ctx, src, dst, take_finding, &f, &worst, &err);
	if (failed == 0 && f.rows)
		print_json(&f, src, dst, worst);
	else if (failed == 0)
		printf("Verdict: %s\n", verdict_words[worst]);
	json_decref(f.rows);
	if (failed != 0)
		return cmd_fail(err);
	return worst == XM_FAIL ? XM_E_NOOFFLOAD : XM_OK;
}

int cmd_probe(const struct opts *o)
{
	struct xm_endpoint *src = NULL, *dst = NULL;
	struct xm_error *err = NULL;
	struct xm_ctx *ctx = cmd_context(o, "inspect", &err);
	int code;

	if (!ctx || xm_endpoint_open(ctx, o->operand[0], 0, 0, &src, &err) != 0 ||
	    (o->operands > 1 && xm_endpoint_open(ctx, o->operand[1], 0, 0, &dst, &err) != 0))
		code = cmd_fail(err);
	else
		code = probe(o, ctx, src, dst);
	if (!cmd_flush() && code == XM_OK)
		code = XM_E_IO;
	xm_endpoint_close(dst);
	xm_endpoint_close(src);
	xm_ctx_free(ctx);
	return code;
}
