/* SPDX-License-Identifier: Apache-2.0 */
/* See link.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "console.h"
#include "link.h"
#include "xmover.h"

extern char **environ;

/*
 * How long the other side may take to come, in timeouts (--timeout);
 * as long as a stream is silent.
 */
#define COMING 10
/* The command of --exec may linger after its streams are closed. */
#define CHILD_MS 10000

static int fail(int code, const char *what, const char *about)
{
	console_say(XM_LOG_ERROR, "failed", "%s%s%s: %s", what, about ? " " : "",
		    about ? about : "", strerror(errno));
	return code;
}

static void nap(long ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

/* ---- standard input and output -------------------------------------------------------- */

/* The stream keeps the descriptor; everyone else gets `instead`. */
static int take_over(int fd, int instead)
{
	int mine = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

	if (mine >= 0)
		dup2(instead, fd);
	return mine;
}

static int open_stdio(struct link *l, bool in, bool out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return fail(XM_E_TEMPORARY, "/dev/null", NULL);
	if (out && isatty(STDOUT_FILENO)) {
		console_say(XM_LOG_ERROR, "usage", "standard output is a terminal, and the stream "
			    "would go there; pipe it into xmover receive, or use --exec, --listen "
			    "or --connect");
		close(null);
		return XM_E_USAGE;
	}
	l->in = in ? take_over(STDIN_FILENO, null) : -1;
	l->out = out ? take_over(STDOUT_FILENO, STDERR_FILENO) : -1;
	close(null);
	if ((in && l->in < 0) || (out && l->out < 0))
		return fail(XM_E_TEMPORARY, "no descriptor for the stream", NULL);
	return XM_OK;
}

/* ---- a command --------------------------------------------------------------------------- */

static int spawn(struct link *l, const char *command, int fd)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)(uintptr_t)command, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, plain;
	int e;

	sigemptyset(&none);
	sigemptyset(&plain);
	sigaddset(&plain, SIGPIPE);
	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &plain);
	posix_spawn_file_actions_adddup2(&files, fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, fd, STDOUT_FILENO);
	e = posix_spawn(&l->child, "/bin/sh", &files, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	if (e) {
		l->child = 0;
		errno = e;
	}
	return e;
}

static int open_exec(struct link *l, const char *command)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(XM_E_TEMPORARY, "no socket for", "--exec");
	if (spawn(l, command, pair[1])) {
		close(pair[0]);
		close(pair[1]);
		return fail(XM_E_TEMPORARY, "cannot start the command of", "--exec");
	}
	close(pair[1]);
	l->in = l->out = pair[0];
	return XM_OK;
}

/* ---- a socket ------------------------------------------------------------------------------ */

static int parse_address(const char *text, struct sockaddr_un *sa)
{
	const char *path = strncmp(text, "unix:", 5) == 0 ? text + 5 : NULL;

	*sa = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (!path || !*path || strlen(path) >= sizeof sa->sun_path) {
		console_say(XM_LOG_ERROR, "usage", "'%s' is no address of a socket: unix: and a "
			    "path of at most %zu bytes", text, sizeof sa->sun_path - 1);
		return XM_E_USAGE;
	}
	memcpy(sa->sun_path, path, strlen(path) + 1);
	return XM_OK;
}

static int accept_one(struct link *l, int fd, const char *path, uint64_t seconds)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int got, got_errno;

	do
		got = poll(&p, 1, (int)(seconds * 1000));
	while (got < 0 && errno == EINTR);
	if (got == 0)
		errno = ETIMEDOUT;
	l->in = got > 0 ? accept4(fd, NULL, NULL, SOCK_CLOEXEC) : -1;
	got_errno = errno;
	close(fd);
	unlink(path);
	errno = got_errno;
	if (l->in < 0)
		return fail(XM_E_TEMPORARY, "nobody came to", path);
	l->out = l->in;
	return XM_OK;
}

static int open_listen(struct link *l, const char *text, uint64_t seconds)
{
	struct sockaddr_un sa;
	int code = parse_address(text, &sa), fd;
	mode_t mask;

	if (code)
		return code;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	mask = umask(0177);              /* who may speak here may read, or write, the disk */
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof sa) < 0 || listen(fd, 1) < 0) {
		int e = errno;

		umask(mask);
		if (fd >= 0)
			close(fd);
		errno = e;
		return fail(XM_E_CONFIG, "cannot listen at", sa.sun_path);
	}
	umask(mask);
	return accept_one(l, fd, sa.sun_path, seconds);
}

static int open_connect(struct link *l, const char *text, uint64_t seconds)
{
	struct sockaddr_un sa;
	int code = parse_address(text, &sa), fd, e = 0;

	if (code)
		return code;
	for (uint64_t left = seconds * 20; left > 0; left--) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0) {
			l->in = l->out = fd;
			return XM_OK;
		}
		e = errno;
		if (fd >= 0)
			close(fd);
		if (e != ENOENT && e != ECONNREFUSED && e != EAGAIN)
			break;
		nap(50);                 /* the other side is not there yet */
	}
	errno = e;
	return fail(XM_E_TEMPORARY, "cannot connect to", sa.sun_path);
}

/* ---- all of them ----------------------------------------------------------------------------- */

bool link_is_two_way(const struct opts *o)
{
	return opt_text(o, OPT_EXEC) || opt_text(o, OPT_LISTEN) || opt_text(o, OPT_CONNECT) ||
	       opt_flag(o, OPT_STDIO);
}

int link_open(struct link *l, const struct opts *o, enum link_side side)
{
	const char *exec = opt_text(o, OPT_EXEC), *listen = opt_text(o, OPT_LISTEN);
	const char *connect = opt_text(o, OPT_CONNECT);
	uint64_t timeout = opt_number(o, OPT_TIMEOUT, 30);
	bool stdio = opt_flag(o, OPT_STDIO);

	*l = (struct link){ .in = -1, .out = -1 };
	if (!exec + !listen + !connect + !stdio < 3) {
		console_say(XM_LOG_ERROR, "usage", "--exec, --listen, --connect and --stdio "
			    "exclude each other; see xmover --help");
		return XM_E_USAGE;
	}
	if (exec)
		return open_exec(l, exec);
	if (listen)
		return open_listen(l, listen, COMING * timeout);
	if (connect)
		return open_connect(l, connect, COMING * timeout);
	return open_stdio(l, stdio || side == LINK_RECEIVER, stdio || side == LINK_SENDER);
}

void link_close(struct link *l)
{
	if (l->in >= 0)
		close(l->in);
	if (l->out >= 0 && l->out != l->in)
		close(l->out);
	l->in = l->out = -1;
	for (int ms = 0; l->child > 0 && ms < CHILD_MS; ms += 10) {
		if (waitpid(l->child, NULL, WNOHANG) != 0)
			l->child = 0;
		else
			nap(10);
	}
}
