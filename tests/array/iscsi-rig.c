/* SPDX-License-Identifier: Apache-2.0 */
/* See iscsi-rig.h. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "error.h"
#include "iscsi-rig.h"

/* ---- the array -------------------------------------------------------------------- */

static void spawn(struct rig *r, const char *const args[], int out)
{
	const char *build = getenv("XM_BUILD");
	const char *argv[48] = { "xmover-array", "--listen", "127.0.0.1:0", "--control", r->ctl };
	char path[512];
	unsigned n = 5;

	snprintf(path, sizeof path, "%s/xmover-array", build ? build : "build");
	for (; *args; args++)
		argv[n++] = *args;
	r->pid = fork();
	assert_true(r->pid >= 0);
	if (r->pid)
		return;
	/* A test that is killed leaves nothing behind. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(out, 1);
	execv(path, (char **)argv);
	_exit(127);
}

void rig_start(struct rig *r, const char *const args[])
{
	char line[128] = "";
	int fds[2];
	FILE *f;

	strcpy(r->dir, "/tmp/xmover-rig.XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	snprintf(r->ctl, sizeof r->ctl, "%s/ctl", r->dir);
	assert_int_equal(pipe(fds), 0);
	spawn(r, args, fds[1]);
	close(fds[1]);
	f = fdopen(fds[0], "r");
	assert_non_null(fgets(line, sizeof line, f));
	assert_int_equal(sscanf(line, "listening on 127.0.0.1:%u", &r->port), 1);
	fclose(f);
}

void rig_stop(struct rig *r)
{
	char cmd[96];

	kill(r->pid, SIGKILL);
	waitpid(r->pid, NULL, 0);
	snprintf(cmd, sizeof cmd, "rm -rf %s", r->dir);
	assert_int_equal(system(cmd), 0);
}

const char *rig_path(struct rig *r, const char *name)
{
	static char path[128];

	snprintf(path, sizeof path, "%s/%s", r->dir, name);
	return path;
}

__attribute__((format(printf, 2, 0)))
static char *ask(struct rig *r, const char *fmt, va_list ap)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char line[256], *answer = NULL;
	size_t size = 0;
	FILE *f;

	vsnprintf(line, sizeof line - 1, fmt, ap);
	strcat(line, "\n");
	strcpy(sa.sun_path, r->ctl);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	assert_int_equal(write(fd, line, strlen(line)), strlen(line));
	f = fdopen(fd, "r");
	assert_true(getline(&answer, &size, f) > 0);
	fclose(f);
	return answer;
}

char *rig_ctl(struct rig *r, const char *fmt, ...)
{
	va_list ap;
	char *answer;

	va_start(ap, fmt);
	answer = ask(r, fmt, ap);
	va_end(ap);
	return answer;
}

void rig_do(struct rig *r, const char *fmt, ...)
{
	va_list ap;
	char *answer;

	va_start(ap, fmt);
	answer = ask(r, fmt, ap);
	va_end(ap);
	if (strncmp(answer, "ok", 2) != 0)
		fail_msg("%s: %s", fmt, answer);
	free(answer);
}

long rig_stat(struct rig *r, const char *key)
{
	char *answer = rig_ctl(r, "stats"), word[64], *at;
	long v;

	snprintf(word, sizeof word, "\"%s\":", key);
	at = strstr(answer, word);
	assert_non_null(at);
	v = strtol(at + strlen(word), NULL, 10);
	free(answer);
	return v;
}

/* ---- time --------------------------------------------------------------------- */

static struct fast_clock *fast_of(struct xm_clock *c)
{
	return xm_container_of(c, struct fast_clock, clock);
}

static uint64_t fast_now(struct xm_clock *c)
{
	struct fast_clock *f = fast_of(c);

	return f->base + (xm_clock_real.now(&xm_clock_real) - f->base) * f->times;
}

static void fast_wait(struct xm_clock *c, struct xm_waiter *w)
{
	struct fast_clock *f = fast_of(c);
	uint64_t deadline = w->deadline;

	if (deadline != XM_NEVER && deadline > f->base)
		w->deadline = f->base + (deadline - f->base) / f->times + 1;
	xm_clock_real.wait(&xm_clock_real, w);
	w->deadline = deadline;
}

void fast_clock_init(struct fast_clock *c, uint64_t times)
{
	*c = (struct fast_clock){ .clock = { .now = fast_now, .wait = fast_wait }, .times = times,
				  .base = xm_clock_real.now(&xm_clock_real) };
}

/* ---- the mover's side ----------------------------------------------------------- */

static char events[16384];
char rig_error[512];

static void log_event(void *user, enum xm_log_level level, const char *event, const char *text)
{
	(void)user;
	(void)level;
	if (getenv("RIG_VERBOSE"))
		fprintf(stderr, "# %s: %s\n", event, text);
	if (strlen(events) + strlen(event) + 3 < sizeof events) {
		strcat(events, " ");
		strcat(events, event);
		strcat(events, " ");
	}
}

void rig_log_clear(void)
{
	events[0] = '\0';
}

bool rig_logged(const char *event)
{
	char word[64];

	snprintf(word, sizeof word, " %s ", event);
	return strstr(events, word) != NULL;
}

struct xm_ctx *rig_ctx(const char *job)
{
	struct xm_ctx *ctx = xm_ctx_new();

	assert_non_null(ctx);
	assert_int_equal(xm_ctx_set(ctx, XM_CTX_JOB_ID, job, NULL), 0);
	xm_ctx_set_log(ctx, log_event, NULL);
	rig_log_clear();
	return ctx;
}

struct xm_endpoint *rig_open_url(struct xm_ctx *ctx, const char *url, enum xm_role role,
				 enum xm_code *code)
{
	struct xm_open_args args = { .spec = url, .role = role };
	struct xm_endpoint *ep = NULL;
	struct xm_error *err = NULL;

	assert_true(scsi_opener_iscsi.claims(url));
	if (scsi_opener_iscsi.open(ctx, &args, &ep, &err) == 0) {
		*code = XM_OK;
		ep->gate_hi = ep->writable ? ep->size : 0;
		return ep;
	}
	assert_non_null(err);
	*code = xm_error_code(err);
	snprintf(rig_error, sizeof rig_error, "%s", xm_error_text(err));
	if (getenv("RIG_VERBOSE"))
		fprintf(stderr, "# %d: %s\n", *code, rig_error);
	xm_error_free(err);
	return NULL;
}

struct xm_endpoint *rig_open(struct xm_ctx *ctx, unsigned port, unsigned lun, enum xm_role role,
			     enum xm_code *code)
{
	enum xm_code ignored;
	char url[128];

	snprintf(url, sizeof url, "iscsi://127.0.0.1:%u/" RIG_IQN "/%u", port, lun);
	return rig_open_url(ctx, url, role, code ? code : &ignored);
}

unsigned rig_count(const struct xm_list *l)
{
	unsigned n = 0;

	xm_list_for_each(e, (struct xm_list *)l)
		n++;
	return n;
}

static struct xm_io *io_of(struct xm_endpoint *ep)
{
	struct xm_io *io = ep->ops->io(ep, NULL);

	assert_non_null(io);
	return io;
}

void rig_submit(struct xm_endpoint *ep, struct xm_io_req *req, struct xm_list *done)
{
	req->ep = ep;
	req->done = done;
	req->buf_index = -1;
	xm_list_init(&req->link);
	assert_int_equal(xm_io_submit(io_of(ep), req), XM_QUEUED);
}

struct turn {
	struct xm_endpoint *ep;
	struct xm_list *done;
	unsigned n;
};

static void turn_wait(void *o, struct xm_waiter *w)
{
	xm_io_wait(io_of(((struct turn *)o)->ep), w);
}

static int turn_step(void *o)
{
	struct turn *t = o;

	xm_io_reap(io_of(t->ep));
	return rig_count(t->done) >= t->n;
}

void rig_turn_until(struct xm_endpoint *ep, struct xm_list *done, unsigned n)
{
	struct turn t = { ep, done, n };
	struct xm_clock *c = ep->ctx->clock;

	assert_int_equal(xm_ctx_wait_for(ep->ctx, c->now(c) + 3600 * XM_NS_PER_S, turn_wait,
					 turn_step, &t), 1);
}

struct xm_status rig_io(struct xm_endpoint *ep, enum xm_io_op op, uint64_t off, void *buf,
			uint64_t len)
{
	struct xm_io_req req = { .op = op, .off = off, .buf = buf, .len = len };
	struct xm_list done = XM_LIST_INIT(done);

	rig_submit(ep, &req, &done);
	rig_turn_until(ep, &done, 1);
	return req.status;
}

struct fencing {
	struct xm_nexus *nx;
	enum xm_fence_result result;
	struct xm_status *why;
};

static void fence_wait(void *o, struct xm_waiter *w)
{
	struct fencing *f = o;

	f->nx->ops->wait(f->nx, w);
}

static int fence_step(void *o)
{
	struct fencing *f = o;

	f->result = f->nx->ops->poll(f->nx, f->why);
	return f->result != XM_FENCE_PENDING;
}

enum xm_fence_result rig_fence(struct xm_endpoint *ep, struct xm_status *why)
{
	struct fencing f = { .nx = ep->nexus, .why = why };
	struct xm_clock *c = ep->ctx->clock;

	f.nx->state = XM_NEXUS_FENCING;
	f.nx->ops->start(f.nx);
	assert_int_equal(xm_ctx_wait_for(ep->ctx, c->now(c) + 3600 * XM_NS_PER_S, fence_wait,
					 fence_step, &f), 1);
	if (f.result == XM_FENCE_FENCED) {
		f.nx->lost = false;
		f.nx->state = XM_NEXUS_OPEN;
	}
	return f.result;
}
