/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One turn of libiscsi on what its socket is ready for, and whether the connection
 * is still one.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <iscsi/iscsi.h>
#include "iscsi-session.h"

/*
 * libiscsi writes data with writev(), which raises SIGPIPE on a closed socket.
 * A library changes no signal handler, so the signal is held back on this thread
 * and taken away again when it was us who raised it.
 */
static int service_without_sigpipe(struct iscsi_context *iscsi, int events)
{
	const struct timespec now = { 0 };
	sigset_t pipe_set, old, pending;
	bool was_pending;
	int r;

	sigemptyset(&pipe_set);
	sigaddset(&pipe_set, SIGPIPE);
	sigpending(&pending);
	was_pending = sigismember(&pending, SIGPIPE) == 1;
	pthread_sigmask(SIG_BLOCK, &pipe_set, &old);
	r = iscsi_service(iscsi, events);
	if (!was_pending)
		while (sigtimedwait(&pipe_set, NULL, &now) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r;
}

void iscsi_pump(struct iscsi_session *s)
{
	struct pollfd p;
	int events, r;

	if (s->phase == ISCSI_DOWN || s->broken)
		return;
	p = (struct pollfd){ .fd = iscsi_get_fd(s->iscsi),
			     .events = (short)iscsi_which_events(s->iscsi) };
	if (poll(&p, 1, 0) <= 0)
		return;
	events = p.revents;
	if (events & POLLIN) {
		s->heard_at = iscsi_now(s);
		/* Read what came before the connection broke. */
		events &= ~(POLLERR | POLLHUP);
	}
	r = events & POLLOUT ? service_without_sigpipe(s->iscsi, events)
			     : iscsi_service(s->iscsi, events);
	/* After a target-requested logout libiscsi reports success for a session that is gone. */
	if (r < 0 || (s->phase == ISCSI_UP && !iscsi_is_logged_in(s->iscsi)))
		s->broken = true;
}

void iscsi_pump_wait(struct iscsi_session *s, struct xm_waiter *w)
{
	if (s->phase != ISCSI_DOWN && !s->broken)
		xm_waiter_fd(w, iscsi_get_fd(s->iscsi), (short)iscsi_which_events(s->iscsi));
	else if (s->broken)
		xm_waiter_until(w, 0);
}
