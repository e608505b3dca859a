/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run: `xmover copy` as a child, its report and its resources.  A run by
 * which not all bytes moved by the way that is measured is no measurement.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench.h"

#define GIB ((double)(1 << 30))
#define ARGS 24

static const char *const args_offload[] = { "--offload=require", NULL };
static const char *const args_clone[] = { "--method=clone,host", NULL };
static const char *const args_uring[] = { "--offload=never", "--io=uring", NULL };
static const char *const args_threads[] = { "--offload=never", "--io=threads", NULL };

const struct bench_way bench_ways[] = {
	{ "offload", "storage offload", args_offload, NULL },
	{ "clone", "clone by the file system", args_clone, "clone" },
	{ "uring", "host, io_uring", args_uring, "host" },
	{ "threads", "host, threads", args_threads, "host" },
};
const unsigned bench_ways_count = sizeof bench_ways / sizeof bench_ways[0];

struct words {
	const char *argv[ARGS];
	char report[64], size[48], depth[32];
};

static void put_words(struct words *w, const struct bench *b, const struct bench_config *c,
		      int report)
{
	const char **a = w->argv;

	*a++ = "xmover";
	*a++ = "copy";
	for (unsigned i = 0; c->way->args[i]; i++)
		*a++ = c->way->args[i];
	for (unsigned i = 0; i < b->npassed; i++)
		*a++ = b->passed[i];
	snprintf(w->report, sizeof w->report, "--report=/dev/fd/%d", report);
	*a++ = w->report;
	if (c->size) {
		snprintf(w->size, sizeof w->size, "--request=%" PRIu64, c->size);
		*a++ = w->size;
	}
	if (c->depth) {
		snprintf(w->depth, sizeof w->depth, "--depth=%u", c->depth);
		*a++ = w->depth;
	}
	*a++ = "--verify=none";
	*a++ = "--progress=none";
	*a++ = "--quiet";
	*a++ = "--";
	*a++ = b->pair->src;
	*a++ = b->pair->dst;
	*a = NULL;
}

/* Between fork and exec of a process that may have threads: only calls that are safe there. */
static void child(const struct words *w, bool traced)
{
	int null = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	if (traced && ptrace(PTRACE_TRACEME, 0, 0, 0) == 0)
		raise(SIGSTOP);
	execv("/proc/self/exe", (char *const *)w->argv);
	_exit(127);
}

static bool fail(struct bench_config *c, const char *text)
{
	snprintf(c->error, sizeof c->error, "%s", text);
	return false;
}

/* Why too few bytes went the way that is measured: as copy says it, or that they were zeros. */
static bool fail_by_reason(struct bench_config *c, json_t *report, double total)
{
	double zeroed = json_number_value(json_object_get(json_object_get(report, "bytes"),
							  "zeroed"));
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(report, "fallbacks"), i, row) {
		if (strcmp(json_string_value(json_object_get(row, "reason")), "not_wanted") != 0)
			return fail(c, json_string_value(json_object_get(row, "detail")));
	}
	return fail(c, zeroed > total * 0.1 ?
		    "more than 10 % of the bytes are zeros, which are not copied" :
		    "less than 90 % of the bytes moved this way");
}

/* Bytes and seconds out of the report; false where they are not of the way measured. */
static bool read_report(struct bench_config *c, int fd, double *ret_bytes, double *ret_seconds)
{
	json_t *j = lseek(fd, 0, SEEK_SET) == 0 ? json_loadfd(fd, 0, NULL) : NULL;
	json_t *bytes = json_object_get(j, "bytes");
	const char *message = json_string_value(json_object_get(j, "message"));
	double total = json_number_value(json_object_get(bytes, "total"));
	double by = c->way->counter ? json_number_value(json_object_get(bytes, c->way->counter)) :
				      total;
	double duration = json_number_value(json_object_get(j, "duration_s"));
	bool done = json_integer_value(json_object_get(j, "exit_code")) == 0 && j && duration > 0;

	if (!done)
		fail(c, message ? message : "xmover copy left no report");
	/* a tail below a block, and what was zero, go another way */
	else if (by < total * 0.9)
		done = fail_by_reason(c, j, total);
	*ret_bytes = total;
	*ret_seconds = duration;
	json_decref(j);
	return done;
}

static double cpu_seconds(const struct rusage *u)
{
	return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) +
	       (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e6;
}

void bench_stop(struct bench *b)
{
	pid_t child;

	b->stop = true;
	child = b->child;
	if (child > 0)
		kill(child, SIGTERM);
}

/* As wait4(2); negative where calls are not counted or cannot be. */
static double await(struct bench *b, pid_t pid, bool count, struct rusage *ret_used)
{
	double calls = -1;
	int status = 0;

	b->child = pid;
	if (b->stop)
		kill(pid, SIGTERM);
	if (count)
		calls = bench_count_calls(pid, &status);
	else
		wait4(pid, &status, 0, ret_used);
	b->child = 0;
	return calls;
}

bool bench_run(struct bench *b, struct bench_config *c, double *ret_rate, double *ret_cpu)
{
	int report = memfd_create("report", 0);
	double bytes, seconds, calls;
	struct rusage used;
	struct words w;
	bool ok;
	pid_t pid;

	put_words(&w, b, c, report);
	pid = report < 0 ? -1 : fork();
	if (pid < 0)
		return fail(c, strerror(errno));
	if (pid == 0)
		child(&w, !ret_rate);
	calls = await(b, pid, !ret_rate, &used);
	ok = read_report(c, report, &bytes, &seconds);
	close(report);
	if (!ok)
		return false;
	b->bytes = (uint64_t)bytes;
	if (!ret_rate) {
		c->calls = calls < 0 ? -1 : calls / (bytes / GIB);
		return true;
	}
	*ret_rate = bytes / GIB / seconds;
	*ret_cpu = cpu_seconds(&used) / (bytes / GIB);
	return true;
}
