/* SPDX-License-Identifier: Apache-2.0 */
/* Both clocks and the waiter. */
#include "unit.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "clock.h"
#include "xm/list.h"

static void test_waiter(void **state)
{
	struct xm_waiter w = { 0 };
	(void)state;
	xm_waiter_reset(&w);
	assert_true(w.deadline == XM_NEVER);
	xm_waiter_until(&w, 50);
	xm_waiter_until(&w, 70);
	assert_true(w.deadline == 50);
	for (int i = 0; i < 100; i++)
		xm_waiter_fd(&w, i, POLLOUT);
	assert_int_equal(w.n, 100);
	assert_int_equal(w.fds[99].fd, 99);
	assert_int_equal(w.fds[99].events, POLLOUT);
	assert_false(w.failed);
	xm_waiter_reset(&w);
	assert_int_equal(w.n, 0);
	assert_true(w.deadline == XM_NEVER);
	xm_waiter_free(&w);
	assert_null(w.fds);
}

static void test_real_moves_on(void **state)
{
	struct xm_clock *c = &xm_clock_real;
	struct xm_waiter w = { 0 };
	(void)state;
	uint64_t start = c->now(c);
	xm_waiter_reset(&w);
	xm_waiter_until(&w, start + 20 * XM_NS_PER_MS);
	c->wait(c, &w);
	assert_true(c->now(c) >= start + 20 * XM_NS_PER_MS);
	/* A time that has passed does not sleep, nor does a waiter that lost a descriptor. */
	xm_waiter_until(&w, 0);
	c->wait(c, &w);
	xm_waiter_reset(&w);
	w.failed = true;
	c->wait(c, &w);
	xm_waiter_free(&w);
}

static void test_real_descriptor(void **state)
{
	struct xm_clock *c = &xm_clock_real;
	struct xm_waiter w = { 0 };
	int p[2];
	(void)state;
	assert_int_equal(pipe(p), 0);
	assert_int_equal(write(p[1], "x", 1), 1);
	xm_waiter_reset(&w);
	xm_waiter_fd(&w, p[0], POLLIN);
	/* Returns at once or the test does not end in time: no deadline is near. */
	c->wait(c, &w);
	assert_int_equal(w.fds[0].revents, POLLIN);
	xm_waiter_free(&w);
	close(p[0]);
	close(p[1]);
}

struct naps {
	struct xm_nap nap;
	unsigned taken, ends;
	uint64_t ns;
};

static unsigned take_nap(struct xm_nap *nap, uint64_t ns)
{
	struct naps *n = xm_container_of(nap, struct naps, nap);
	n->taken++;
	n->ns = ns;
	return n->ends;
}

/* One wait of at most a millisecond with `out` under way at a descriptor that never tells. */
static unsigned naps_in(struct naps *n, unsigned out, int never, int other)
{
	struct xm_clock *c = &xm_clock_real;
	struct xm_waiter w = { 0 };
	xm_waiter_reset(&w);
	xm_waiter_nap(&w, never, &n->nap, out);
	if (other >= 0)
		xm_waiter_fd(&w, other, POLLIN);
	xm_waiter_until(&w, c->now(c) + XM_NS_PER_MS);
	n->taken = 0;
	c->wait(c, &w);
	xm_waiter_free(&w);
	return n->taken;
}

static void test_naps(void **state)
{
	struct naps n = { .nap.sleep = take_nap, .ends = 4 };
	struct xm_clock *c = &xm_clock_real;
	struct xm_waiter w = { 0 };
	int p[2];
	(void)state;
	assert_int_equal(pipe(p), 0);
	/*
	 * half of what is out; too few are none; never with another descriptor,
	 * unless it is a rare one
	 */
	assert_int_equal(naps_in(&n, 8, p[0], -1), 1);
	assert_int_equal(n.nap.want, 4);
	assert_true(n.ns <= XM_NS_PER_MS);
	assert_int_equal(naps_in(&n, 3, p[0], -1), 0);
	assert_int_equal(naps_in(&n, 8, p[0], p[1]), 0);
	xm_waiter_reset(&w);
	xm_waiter_rare_fd(&w, p[1]);
	xm_waiter_nap(&w, p[0], &n.nap, 8);
	xm_waiter_nap(&w, p[0], &n.nap, 8);
	/* no deadline is near: only the nap, which something ended in, ends this */
	n.taken = 0;
	c->wait(c, &w);
	assert_int_equal(n.taken, 1);
	assert_true(n.ns <= 2 * XM_NS_PER_MS);
	/* a time that has passed: no nap */
	xm_waiter_until(&w, 0);
	c->wait(c, &w);
	assert_int_equal(n.taken, 1);
	/* too little ended: awake for a while */
	n.ends = 3;
	assert_int_equal(naps_in(&n, 8, p[0], -1), 1);
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(naps_in(&n, 8, p[0], -1), 0);
	assert_int_equal(naps_in(&n, 8, p[0], -1), 1);
	xm_waiter_free(&w);
	close(p[0]);
	close(p[1]);
}

static void test_sim(void **state)
{
	struct xm_clock_sim sim;
	struct xm_clock *c = &sim.clock;
	struct xm_waiter w = { 0 };
	int p[2];
	(void)state;
	xm_clock_sim_init(&sim);
	assert_true(c->now(c) == XM_NS_PER_S);
	xm_waiter_reset(&w);
	xm_waiter_until(&w, 900 * XM_NS_PER_S);
	c->wait(c, &w);
	assert_true(c->now(c) == 900 * XM_NS_PER_S);
	/* Never backwards. */
	xm_waiter_until(&w, 5);
	c->wait(c, &w);
	assert_true(c->now(c) == 900 * XM_NS_PER_S);
	/* A ready descriptor comes before time. */
	assert_int_equal(pipe(p), 0);
	assert_int_equal(write(p[1], "x", 1), 1);
	xm_waiter_reset(&w);
	xm_waiter_until(&w, 1000 * XM_NS_PER_S);
	xm_waiter_fd(&w, p[0], POLLIN);
	c->wait(c, &w);
	assert_true(c->now(c) == 900 * XM_NS_PER_S);
	xm_waiter_free(&w);
	close(p[0]);
	close(p[1]);
}

static void test_sim_hang_aborts(void **state)
{
	struct xm_clock_sim sim;
	struct xm_waiter w = { 0 };
	int status;
	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		xm_clock_sim_init(&sim);
		xm_waiter_reset(&w);
		sim.clock.wait(&sim.clock, &w);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waiter), cmocka_unit_test(test_real_moves_on),
		cmocka_unit_test(test_real_descriptor), cmocka_unit_test(test_naps),
		cmocka_unit_test(test_sim),
		cmocka_unit_test(test_sim_hang_aborts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
