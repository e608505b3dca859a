/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls of a child and its threads, by ptrace: needs no privilege and no
 * tool, and slows the child down, so that such a run is not timed.
 */
#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include "bench.h"

#define OPTIONS                                                                                    \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_EXITKILL |    \
	 PTRACE_O_TRACEEXEC)
#define SYSCALL_STOP (SIGTRAP | 0x80)

/* A thread has stopped: lets it go on.  True for a stop at a system call's door. */
static bool go_on(pid_t pid, int status)
{
	int sig = WSTOPSIG(status);
	bool door = sig == SYSCALL_STOP;
	/* events of ptrace and the stop of a new thread are not signals of its own */
	bool own = !door && sig != SIGTRAP && sig != SIGSTOP;

	ptrace(PTRACE_SYSCALL, pid, 0, own ? (void *)(long)sig : 0);
	return door;
}

double bench_count_calls(pid_t child, int *ret_status)
{
	uint64_t doors = 0;
	int status;
	pid_t pid;

	/* the child stopped itself before its exec; a sandbox may have kept it from being traced */
	if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) {
		*ret_status = status;
		return -1;
	}
	ptrace(PTRACE_SETOPTIONS, child, 0, (void *)(long)OPTIONS);
	ptrace(PTRACE_SYSCALL, child, 0, 0);
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (pid > 0 && WIFSTOPPED(status)) {
			doors += go_on(pid, status);
		} else if (pid == child) {
			*ret_status = status;
			break;
		}
	}
	/* in and out */
	return (double)(doors / 2);
}
