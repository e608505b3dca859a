/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standard error.  See console.h.
 *
 * Each line is one write(2), so that lines of several processes on one pipe
 * stay whole.  A reader that went away is no reason to stop a copy: write
 * errors are ignored here (and SIGPIPE in main).  Nor is one that does not
 * read: the job's loop logs, and must not wait for it.  Then lines are dropped,
 * and their number is told when it reads again.
 */
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <jansson.h>
#include "bar.h"
#include "console.h"
#include "opt.h"
#include "text.h"

#define SECOND ((uint64_t)1000000000)
#define BAR_INTERVAL (SECOND / 5)
#define JSON_INTERVAL (2 * SECOND)
#define LINE 2048
#define PATIENCE_MS 1000

static struct {
	/* Set by console_setup(), never changed. */
	bool json, progress;
	enum xm_log_level level;

	pthread_mutex_t lock; /* guards what follows */
	bool bar_shown;
	char failed[LINE];       /* the last "failed" line that was told */
	unsigned long dropped;
	struct figures newest;
} con = { .level = XM_LOG_INFO, .lock = PTHREAD_MUTEX_INITIALIZER, .newest.phase = "open" };

static const char level_names[][8] = {
	[XM_LOG_ERROR] = "error",
	[XM_LOG_WARNING] = "warning",
	[XM_LOG_INFO] = "info",
	[XM_LOG_DEBUG] = "debug",
};

void console_setup(const struct opts *o)
{
	const char *progress = opt_text(o, OPT_PROGRESS);

	con.json = !isatty(STDERR_FILENO);
	con.progress = !opt_flag(o, OPT_QUIET);
	if (progress && strcmp(progress, "json") == 0)
		con.json = true;
	if (progress && strcmp(progress, "tty") == 0)
		con.json = false;
	if (progress && strcmp(progress, "none") == 0)
		con.progress = false;
	/* A person sees what went wrong, a log collector also what went on. */
	con.level = con.json ? XM_LOG_INFO : XM_LOG_WARNING;
	if (opt_flag(o, OPT_QUIET))
		con.level = XM_LOG_ERROR;
	if (opt_flag(o, OPT_VERBOSE))
		con.level = XM_LOG_DEBUG;
}

/* A pipe that says it is writable takes PIPE_BUF bytes at once; lines are shorter. */
static bool writable(void)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&p, 1, con.dropped ? 0 : PATIENCE_MS) == 1 && (p.revents & POLLOUT);
}

static void write_now(const char *line, size_t n)
{
	ssize_t ignored = write(STDERR_FILENO, line, n);

	(void)ignored;
}

static void tell_dropped(void)
{
	char line[160];
	int n = snprintf(line, sizeof line, con.json ?
			 "{\"level\":\"warning\",\"event\":\"dropped\",\"text\":\"%lu lines"
			 " were dropped: nobody read them\"}\n" :
			 "xmover: warning: %lu lines were dropped: nobody read them\n",
			 con.dropped);

	con.dropped = 0;
	write_now(line, (size_t)n);
}

static void write_line(const char *line, size_t n)
{
	if (!writable()) {
		con.dropped++;
		return;
	}
	if (con.dropped) {
		tell_dropped();
		if (!writable()) {
			con.dropped++;
			return;
		}
	}
	write_now(line, n);
}

static void write_json(json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(10));
	size_t n = text ? strlen(text) : 0;
	char *line = text ? realloc(text, n + 2) : NULL;

	if (line) {
		line[n] = '\n';
		write_line(line, n + 1);
		free(line);
	} else {
		free(text);
	}
	json_decref(o);
}

static json_t *json_event(enum xm_log_level level, const char *event)
{
	char now[TEXT_NOW_MAX];
	json_t *o = json_object();

	json_object_set_new(o, "time", json_string(text_now(now)));
	json_object_set_new(o, "level", json_string(level_names[level]));
	json_object_set_new(o, "event", text_json(event, FIGURES_WORD));
	return o;
}

/* ---- log lines ---------------------------------------------------------------- */

bool console_shows(enum xm_log_level level)
{
	return level <= con.level;
}

static void clear_locked(void)
{
	static const char clear[] = "\r\033[K";

	if (con.bar_shown)
		write_line(clear, sizeof clear - 1);
	con.bar_shown = false;
}

static void log_text(enum xm_log_level level, const char *text)
{
	char line[LINE];
	int n = snprintf(line, sizeof line, "xmover: %s",
			 level == XM_LOG_WARNING ? "warning: " : "");

	text_printable(text, line + n, sizeof line - (size_t)n - 1);
	strcat(line, "\n");
	write_line(line, strlen(line));
}

/* A job tells why it fails when it does, and again at its end: once is enough. */
static bool told_before(const char *event, const char *text)
{
	char now[LINE];

	if (strcmp(event, "failed") != 0)
		return false;
	snprintf(now, sizeof now, "%s", text);
	/* as the library makes its log */
	for (char *p = now; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	if (strcmp(now, con.failed) == 0) {
		con.failed[0] = '\0';
		return true;
	}
	memcpy(con.failed, now, sizeof now);
	return false;
}

void console_log(void *user, enum xm_log_level level, const char *event, const char *text)
{
	(void)user;
	if (!console_shows(level))
		return;
	pthread_mutex_lock(&con.lock);
	if (told_before(event, text)) {
		pthread_mutex_unlock(&con.lock);
		return;
	}
	clear_locked();
	if (con.json) {
		json_t *o = json_event(level, event);

		json_object_set_new(o, "text", text_json(text, LINE));
		write_json(o);
	} else {
		log_text(level, text);
	}
	pthread_mutex_unlock(&con.lock);
}

void console_say(enum xm_log_level level, const char *event, const char *format, ...)
{
	char text[LINE];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	console_log(NULL, level, event, text);
}

/* ---- progress ------------------------------------------------------------------- */

uint64_t console_interval_ns(void)
{
	return con.json ? JSON_INTERVAL : BAR_INTERVAL;
}

static void progress_json(const char *event, const struct figures *f)
{
	json_t *o = json_event(XM_LOG_INFO, event);

	json_object_set_new(o, "phase", text_json(f->phase, FIGURES_WORD));
	json_object_set_new(o, "method", text_json(f->method, FIGURES_WORD));
	json_object_set_new(o, "bytes_done", json_integer((json_int_t)f->done));
	json_object_set_new(o, "bytes_total", json_integer((json_int_t)f->total));
	json_object_set_new(o, "percent", json_real(text_percent(f->done, f->total)));
	json_object_set_new(o, "bytes_offloaded", json_integer((json_int_t)figures_offloaded(f)));
	json_object_set_new(o, "bytes_per_second", json_integer((json_int_t)f->rate));
	json_object_set_new(o, "eta_s", f->eta_ns == UINT64_MAX ?
			    json_null() : json_integer((json_int_t)(f->eta_ns / SECOND)));
	json_object_set_new(o, "stall_s", json_integer((json_int_t)(f->stall_ns / SECOND)));
	json_object_set_new(o, "in_flight", json_integer((json_int_t)f->inflight));
	write_json(o);
}

static void draw_bar(const struct figures *f)
{
	struct winsize ws;
	unsigned columns = 80;
	char line[512] = "\r";
	size_t n;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 1)
		columns = ws.ws_col;
	/* The last column stays free: some terminals wrap when it is written. */
	bar_format(f, columns - 1, line + 1, sizeof line - 8);
	n = strlen(line);
	memcpy(line + n, "\033[K", 4);
	write_line(line, n + 3);
	con.bar_shown = true;
}

void console_progress(const struct figures *f)
{
	pthread_mutex_lock(&con.lock);
	con.newest = *f;
	if (con.progress && con.json)
		progress_json("progress", f);
	else if (con.progress)
		draw_bar(f);
	pthread_mutex_unlock(&con.lock);
}

void console_progress_end(const struct figures *f)
{
	pthread_mutex_lock(&con.lock);
	/* A job that came to its end has said so already. */
	if (con.progress && con.json && strcmp(con.newest.phase, f->phase) != 0)
		progress_json("progress", f);
	con.newest = *f;
	clear_locked();
	pthread_mutex_unlock(&con.lock);
}

void console_status(void)
{
	char line[512];

	pthread_mutex_lock(&con.lock);
	clear_locked();
	if (con.json) {
		progress_json("status", &con.newest);
	} else {
		bar_format(&con.newest, 120, line, sizeof line - 2);
		strcat(line, "\n");
		write_line(line, strlen(line));
	}
	pthread_mutex_unlock(&con.lock);
}

void console_clear(void)
{
	pthread_mutex_lock(&con.lock);
	clear_locked();
	pthread_mutex_unlock(&con.lock);
}
