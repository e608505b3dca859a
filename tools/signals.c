/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals.  See signals.h.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>
#include "console.h"
#include "outcome.h"
#include "signals.h"

static struct {
	sigset_t set;            /* set by signals_start(), never changed */
	pthread_mutex_t lock;    /* guards what follows */
	enum { BEFORE, RUNNING, STOPPING, AFTER } state;
	void (*stop)(void *what);        /* while RUNNING or STOPPING */
	void *what;
	void (*usr2)(void *what);
	void *usr2_what;
	time_t deadline;         /* of STOPPING, monotonic */
} sig = { .lock = PTHREAD_MUTEX_INITIALIZER };

static time_t monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static void end_before(void)
{
	static const char text[] = "Stopped by a signal before anything was written.";

	/* it has failed already, has said so, and is ending */
	if (!outcome_end(XM_E_STOPPED, "stopped", text))
		return;
	console_say(XM_LOG_WARNING, "stopped", "%s", text);
	_exit(XM_E_STOPPED);
}

static void end_hard(const char *why)
{
	console_clear();
	console_say(XM_LOG_ERROR, "abandoned",
		    "%s: what is under way may still be written; run again, it waits for that",
		    why);
	outcome_abandon(XM_E_TEMPORARY, why);
	_exit(XM_E_TEMPORARY);
}

static void on_terminate_locked(void)
{
	switch (sig.state) {
	case BEFORE:
		end_before();
		break;
	case RUNNING:
		console_say(XM_LOG_WARNING, "stopping",
			    "stopping: waits for what is under way; a second signal ends at once");
		sig.state = STOPPING;
		sig.deadline = monotonic() + SIGNALS_GRACE_S;
		sig.stop(sig.what);
		break;
	case STOPPING:
		end_hard("Ended by a second signal");
		break;
	case AFTER:
		break;
	}
}

static void on_usr2_locked(void)
{
	if (sig.usr2 && (sig.state == RUNNING || sig.state == STOPPING))
		sig.usr2(sig.usr2_what);
}

static void *signal_thread(void *unused)
{
	const struct timespec tick = { .tv_nsec = 500000000 };

	(void)unused;
	for (;;) {
		int s = sigtimedwait(&sig.set, NULL, &tick);

		pthread_mutex_lock(&sig.lock);
		if (s == SIGUSR1)
			console_status();
		else if (s == SIGUSR2)
			on_usr2_locked();
		else if (s > 0)
			on_terminate_locked();
		else if (sig.state == STOPPING && monotonic() >= sig.deadline)
			end_hard("Did not stop in time");
		pthread_mutex_unlock(&sig.lock);
	}
	return NULL;
}

bool signals_block(void)
{
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&sig.set);
	sigaddset(&sig.set, SIGTERM);
	sigaddset(&sig.set, SIGINT);
	sigaddset(&sig.set, SIGHUP);
	sigaddset(&sig.set, SIGUSR1);
	sigaddset(&sig.set, SIGUSR2);
	return pthread_sigmask(SIG_BLOCK, &sig.set, NULL) == 0;
}

bool signals_start(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, signal_thread, NULL) != 0)
		return false;
	pthread_detach(thread);
	return true;
}

void signals_run_begins(void (*stop)(void *what), void *what)
{
	pthread_mutex_lock(&sig.lock);
	sig.stop = stop;
	sig.what = what;
	sig.state = RUNNING;
	pthread_mutex_unlock(&sig.lock);
}

void signals_run_ended(void)
{
	pthread_mutex_lock(&sig.lock);
	sig.what = NULL;
	sig.state = AFTER;
	pthread_mutex_unlock(&sig.lock);
}

void signals_on_usr2(void (*fn)(void *what), void *what)
{
	pthread_mutex_lock(&sig.lock);
	sig.usr2 = fn;
	sig.usr2_what = what;
	pthread_mutex_unlock(&sig.lock);
}
