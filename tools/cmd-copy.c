/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xmover copy SRC DST: open, check, run the job, tell the truth about it.
 *
 * Everything that can be refused is refused before the first byte is written.
 * receive is a copy whose source is at the other end of a stream, send a copy whose
 * destination is (two-way, the receiver has the job: cmd-send.c).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "cmd.h"
#include "console.h"
#include "copy-end.h"
#include "link.h"
#include "outcome.h"
#include "rates.h"
#include "salvage-map.h"
#include "signals.h"
#include "text.h"

struct copy {
	const struct opts *o;
	const char *src_name, *dst_name;     /* NULL: the other end of a stream */
	struct link link;
	bool tokens;                         /* the stream is a token file */
	struct xm_ctx *ctx;
	struct xm_endpoint *src, *dst;
	struct xm_job *job;
	struct rates rates;
	FILE *salvage;           /* where the map of bad blocks goes; NULL: none */
	char unmapped[512];      /* why it is not there; empty: it is, or was not wanted */
	struct figures figures;
};

/* ---- before the job ------------------------------------------------------------- */

static int set_job_id(const struct copy *c, struct xm_error **err)
{
	const char *id = opt_text(c->o, OPT_JOB);

	if (id)
		return xm_ctx_set(c->ctx, XM_CTX_JOB_ID, id, err);
	return xm_ctx_set(c->ctx, XM_CTX_JOB_FROM, c->dst_name ? c->dst_name : c->src_name, err);
}

static int open_source(struct copy *c, struct xm_error **err)
{
	if (c->src_name)
		return xm_endpoint_open(c->ctx, c->src_name, 0, 0, &c->src, err);
	return xm_endpoint_receive(c->ctx, c->link.in, c->link.out, &c->src, err);
}

/* Before anything is logged in to: who does not get the file must not evict who has it. */
static int set_state(const struct copy *c, struct xm_error **err)
{
	const char *path = opt_text(c->o, OPT_STATE);

	if (!path || opt_flag(c->o, OPT_DRY_RUN))
		return 0;
	return xm_ctx_set(c->ctx, XM_CTX_STATE, path, err);
}

static int open_destination(struct copy *c, struct xm_error **err)
{
	unsigned flags = XM_OPEN_WRITE | (opt_flag(c->o, OPT_CREATE) ? XM_OPEN_CREATE : 0);

	if (c->dst_name)
		return xm_endpoint_open(c->ctx, c->dst_name, flags, xm_endpoint_size(c->src),
					&c->dst, err);
	return xm_endpoint_stream(c->ctx, c->src, c->link.out,
				  c->tokens ? XM_STREAM_TOKENS : XM_STREAM_ALL, &c->dst, err);
}

static int open_disks(struct copy *c, struct xm_error **err)
{
	/* A dry run must not evict a copy of the same job that is under way. */
	c->ctx = cmd_context(c->o, opt_flag(c->o, OPT_DRY_RUN) ? "inspect" : "copy", err);
	if (!c->ctx || set_job_id(c, err) != 0 || set_state(c, err) != 0)
		return -1;
	if (open_source(c, err) != 0)
		return -1;
	outcome_source(c->src);
	if (open_destination(c, err) != 0)
		return -1;
	outcome_destination(c->dst);
	return 0;
}

static const struct {
	enum opt_id option;
	enum xm_job_option key;
	bool number;
} job_options[] = {
	{ OPT_OFFLOAD, XM_OPT_OFFLOAD, false }, { OPT_METHOD, XM_OPT_METHOD, false },
	{ OPT_VERIFY, XM_OPT_VERIFY, false },   { OPT_IO, XM_OPT_IO, false },
	{ OPT_EXTENTS, XM_OPT_EXTENTS, false }, { OPT_DIRTY, XM_OPT_DIRTY, false },
	{ OPT_RATE, XM_OPT_RATE, true },        { OPT_DEPTH, XM_OPT_DEPTH, true },
	{ OPT_STATE_WINDOW, XM_OPT_STATE_WINDOW, true },
	{ OPT_REQUEST, XM_OPT_REQUEST, true },
	{ OPT_RATE_OFFLOAD, XM_OPT_RATE_OFFLOAD, true }, { OPT_RATE_HOST, XM_OPT_RATE_HOST, true },
	{ OPT_STALL, XM_OPT_STALL, true },
};

/* What to send, for a stream: a list says what to copy, not how. */
static enum xm_job_option key_of(const struct copy *c, size_t i)
{
	return job_options[i].option == OPT_EXTENTS && !c->dst_name ? XM_OPT_DIRTY :
								      job_options[i].key;
}

static const struct {
	enum opt_id option;
	enum xm_job_option key;
} job_flags[] = {
	{ OPT_TARGET_IS_ZERO, XM_OPT_TARGET_IS_ZERO },
	{ OPT_CROSS_NAMESPACE, XM_OPT_CROSS_NAMESPACE },
	{ OPT_RESUME_BY_COMPARE, XM_OPT_RESUME_BY_COMPARE },
	{ OPT_SALVAGE, XM_OPT_SALVAGE },
};

static int set_flags(struct copy *c, struct xm_error **err)
{
	for (size_t i = 0; i < sizeof job_flags / sizeof job_flags[0]; i++) {
		if (c->o->given[job_flags[i].option] &&
		    xm_job_set_u64(c->job, job_flags[i].key, 1, err) != 0)
			return -1;
	}
	return 0;
}

static int make_job(struct copy *c, struct xm_error **err)
{
	if (xm_job_new(c->ctx, c->src, c->dst, &c->job, err) != 0)
		return -1;
	for (size_t i = 0; i < sizeof job_options / sizeof job_options[0]; i++) {
		enum opt_id id = job_options[i].option;
		int failed;

		if (!c->o->given[id])
			continue;
		if (job_options[i].number)
			failed = xm_job_set_u64(c->job, job_options[i].key,
						opt_number(c->o, id, 0), err);
		else
			failed = xm_job_set_str(c->job, key_of(c, i),
						opt_text(c->o, id), err);
		if (failed)
			return -1;
	}
	if (c->tokens && xm_job_set_str(c->job, XM_OPT_OFFLOAD, "require", err) != 0)
		return -1;
	return set_flags(c, err);
}

/* 0, or the exit code when the destination is not the one that was meant. */
static int check_identity(const struct copy *c)
{
	const char *id = opt_text(c->o, OPT_DST_ID);
	char text[512];

	if (!id || xm_endpoint_has_designator(c->dst, id))
		return 0;
	snprintf(text, sizeof text,
		 "destination %s is %s, not %s as --dst-id says: nothing was written",
		 xm_endpoint_str(c->dst, XM_EP_NAME), xm_endpoint_str(c->dst, XM_EP_DESIGNATOR),
		 id);
	console_log(NULL, XM_LOG_ERROR, "failed", text);
	xm_endpoint_refuse(c->src, XM_E_DESTINATION, text);
	outcome_end(XM_E_DESTINATION, "failed", text);
	return XM_E_DESTINATION;
}

/* 0, or the exit code: what the copy needs beside its disks, before it begins. */
static int open_files(struct copy *c)
{
	const char *map = opt_text(c->o, OPT_SALVAGE);
	char error[512] = "";

	c->rates = (struct rates){ .path = opt_text(c->o, OPT_RATE_FILE), .job = c->job };
	if (rates_read(&c->rates, error, sizeof error) && map && !opt_flag(c->o, OPT_DRY_RUN)) {
		c->salvage = salvage_map_open(map);
		if (!c->salvage)
			snprintf(error, sizeof error, "cannot write the map of bad blocks %s: %s",
				 map, strerror(errno));
	}
	if (!*error)
		return 0;
	console_log(NULL, XM_LOG_ERROR, "failed", error);
	outcome_end(XM_E_CONFIG, "failed", error);
	return XM_E_CONFIG;
}

/* ---- while it runs --------------------------------------------------------------- */

static void on_progress(void *user, const struct xm_job *job)
{
	struct copy *c = user;

	figures_read_short(&c->figures, job);
	outcome_figures(&c->figures);
	console_progress(&c->figures);
}

/* ---- after it ---------------------------------------------------------------------- */

static const char *result_word(const struct copy *c, int code)
{
	if (code == XM_OK)
		return opt_flag(c->o, OPT_DRY_RUN) ? "planned" : c->dst_name ? "done" : "sent";
	return code == XM_E_STOPPED ? "stopped" : "failed";
}

/* Tells the end on all three: the console (errors), stdout (the line of truth), the report. */
static int finish(struct copy *c, struct xm_error *err, bool failed)
{
	char message[FIGURES_MESSAGE * 2] = "", line[FIGURES_MESSAGE];
	int code = XM_OK;

	if (failed) {
		snprintf(message, sizeof message, "%s", err ? xm_error_text(err) : "out of memory");
		if (c->src && !c->job)
			xm_endpoint_refuse(c->src, err ? xm_error_code(err) : XM_E_BUG, message);
		code = cmd_fail(err);
		copy_write_missing(c->o, c->job);
	} else if (*c->unmapped) {
		/* all is copied, and yet not all is there that was asked for */
		snprintf(message, sizeof message, "%s", c->unmapped);
		code = XM_E_IO;
	}
	if (c->job) {
		size_t n = strlen(message);

		figures_read(&c->figures, c->job);
		outcome_figures(&c->figures);
		if (!failed)
			copy_print_summary(c->o, &c->figures, !c->dst_name);
		copy_print_fallbacks(c->o, &c->figures);
		text_printable(c->figures.message, line, sizeof line);
		if (*line)
			printf("%s\n", line);
		snprintf(message + n, sizeof message - n, "%s%s", n ? ". " : "",
			 c->figures.message);
	}
	outcome_end(code, result_word(c, code), message);
	cmd_flush();
	return code;
}

static void stop_job(void *job)
{
	xm_job_stop(job);
}

static void write_map(struct copy *c)
{
	uint64_t left = xm_job_u64(c->job, XM_JOB_BYTES_TOTAL) -
			xm_job_u64(c->job, XM_JOB_BYTES_DONE);

	if (!c->salvage ||
	    salvage_map_write(c->salvage, c->job, xm_endpoint_size(c->src), left == 0))
		return;
	snprintf(c->unmapped, sizeof c->unmapped, "cannot write the map of bad blocks %s: %s",
		 opt_text(c->o, OPT_SALVAGE), strerror(errno));
	console_log(NULL, XM_LOG_ERROR, "salvage", c->unmapped);
}

static int run(struct copy *c, struct xm_error **err)
{
	int failed;

	if (opt_flag(c->o, OPT_DRY_RUN))
		return xm_job_plan(c->job, err);
	xm_job_set_progress(c->job, on_progress, c, console_interval_ns());
	outcome_begin();
	signals_on_usr2(rates_again, &c->rates);
	signals_run_begins(stop_job, c->job);
	failed = xm_job_run(c->job, err);
	signals_run_ended();
	signals_on_usr2(NULL, NULL);
	write_map(c);
	figures_read(&c->figures, c->job);
	console_progress_end(&c->figures);
	return failed;
}

static int copy(struct copy *c)
{
	struct xm_error *err = NULL;
	int code;

	if (!outcome_begin()) {
		console_say(XM_LOG_ERROR, "failed", "cannot write the report %s: %s",
			    opt_text(c->o, OPT_REPORT), strerror(errno));
		return XM_E_CONFIG;
	}
	if (open_disks(c, &err) != 0)
		return finish(c, err, true);
	code = check_identity(c);
	if (code)
		return code;
	if (make_job(c, &err) != 0)
		return finish(c, err, true);
	code = open_files(c);
	if (code)
		return code;
	return finish(c, err, run(c, &err) != 0);
}

static int copy_and_close(struct copy *c)
{
	int code = copy(c);

	if (c->salvage)
		fclose(c->salvage);
	xm_job_free(c->job);
	xm_endpoint_close(c->dst);
	xm_endpoint_close(c->src);
	xm_ctx_free(c->ctx);
	return code;
}

int cmd_copy(const struct opts *o)
{
	struct copy c = { .o = o, .src_name = o->operand[0], .dst_name = o->operand[1] };

	return copy_and_close(&c);
}

int cmd_receive(const struct opts *o)
{
	struct copy c = { .o = o, .dst_name = o->operand[0] };
	const char *verify = opt_text(o, OPT_VERIFY);
	int code;

	if (verify && strcmp(verify, "full") == 0 && !link_is_two_way(o)) {
		console_say(XM_LOG_ERROR, "usage", "--verify=full reads all of the source: it "
			    "takes a two-way stream (--exec, --listen, --connect)");
		return XM_E_USAGE;
	}
	code = link_open(&c.link, o, LINK_RECEIVER);
	if (code == XM_OK)
		code = copy_and_close(&c);
	link_close(&c.link);
	return code;
}

int cmd_copy_tokens(const struct opts *o, int in, int out)
{
	struct copy c = { .o = o, .tokens = true, .link = { .in = in, .out = out } };

	if (in < 0)
		c.src_name = o->operand[1];
	else
		c.dst_name = o->operand[2];
	return copy_and_close(&c);
}

int cmd_send_stream(const struct opts *o)
{
	struct copy c = { .o = o, .src_name = o->operand[0] };
	int code = link_open(&c.link, o, LINK_SENDER);

	if (code == XM_OK)
		code = copy_and_close(&c);
	link_close(&c.link);
	return code;
}
