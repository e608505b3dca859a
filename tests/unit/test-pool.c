/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool: work runs beside its submitter, ends on its client's list; a stuck call blocks
 * nobody.
 */
#include "unit.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>
#include "ctx.h"
#include "pool.h"

struct job {
	struct xm_work work;
	int gate;                /* read end of a pipe: run ends when it does; -1: at once */
	int began;               /* a pipe to say so, when not 0 */
	atomic_int ran;
	pthread_t thread;
	bool blocks_signals;
};

static void run(struct xm_work *work)
{
	struct job *j = xm_container_of(work, struct job, work);
	sigset_t set;
	char c;
	j->thread = pthread_self();
	pthread_sigmask(SIG_SETMASK, NULL, &set);
	j->blocks_signals = sigismember(&set, SIGTERM) == 1;
	if (j->began && write(j->began, "b", 1) != 1)
		_exit(1);
	if (j->gate >= 0 && read(j->gate, &c, 1) < 0)
		_exit(1);
	atomic_fetch_add(&j->ran, 1);
}

static void submit(struct xm_pool_client *c, struct job *j, int gate)
{
	*j = (struct job){ .work.run = run, .gate = gate };
	assert_true(xm_pool_submit(c, &j->work));
}

/* Until n are finished; through the clock, as the loop does it. */
static void collect(struct xm_pool_client *c, struct xm_list *done, unsigned n)
{
	struct xm_waiter w = { 0 };
	unsigned have;
	for (;;) {
		xm_pool_reap(c, done);
		have = 0;
		xm_list_for_each(l, done)
			have++;
		if (have >= n)
			break;
		xm_waiter_reset(&w);
		xm_pool_wait(c, &w);
		xm_clock_real.wait(&xm_clock_real, &w);
	}
	assert_int_equal(have, n);
	xm_waiter_free(&w);
}

static void test_runs(void **state)
{
	struct xm_pool *pool = xm_pool_new(4);
	struct xm_pool_client *a = xm_pool_client_new(pool), *b = xm_pool_client_new(pool);
	struct xm_list done_a = XM_LIST_INIT(done_a), done_b = XM_LIST_INIT(done_b);
	struct job jobs[200];
	(void)state;
	for (unsigned i = 0; i < 200; i++)
		submit(i % 2 ? a : b, &jobs[i], -1);
	collect(a, &done_a, 100);
	collect(b, &done_b, 100);
	for (unsigned i = 0; i < 200; i++) {
		assert_int_equal(jobs[i].ran, 1);
		assert_true(jobs[i].blocks_signals);
		assert_false(pthread_equal(jobs[i].thread, pthread_self()));
	}
	xm_list_for_each(l, &done_a)
		assert_ptr_equal(xm_container_of(l, struct xm_work, link)->client, a);
	assert_true(xm_pool_client_free(a));
	assert_true(xm_pool_client_free(b));
	assert_true(xm_pool_free(pool, XM_NS_PER_S * 10));
}

/* Threads are made while work waits, up to the limit: blocked ones do not stop others. */
static void test_side_by_side(void **state)
{
	struct xm_pool *pool = xm_pool_new(4);
	struct xm_pool_client *c = xm_pool_client_new(pool);
	struct xm_list done = XM_LIST_INIT(done);
	struct job stuck[3], quick[10];
	int gate[2];
	(void)state;
	assert_int_equal(pipe(gate), 0);
	for (unsigned i = 0; i < 3; i++)
		submit(c, &stuck[i], gate[0]);
	for (unsigned i = 0; i < 10; i++)
		submit(c, &quick[i], -1);
	collect(c, &done, 10);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(stuck[i].ran, 0);
	assert_false(xm_pool_client_free(c));
	close(gate[1]);
	collect(c, &done, 13);
	assert_true(xm_pool_client_free(c));
	assert_true(xm_pool_free(pool, XM_NS_PER_S * 10));
	close(gate[0]);
}

/* What has not started when its client goes never runs. */
static void test_client_takes_back(void **state)
{
	struct xm_pool *pool = xm_pool_new(1);
	struct xm_pool_client *c = xm_pool_client_new(pool), *other = xm_pool_client_new(pool);
	struct xm_list done = XM_LIST_INIT(done);
	struct job stuck, waiting, mine;
	int gate[2];
	(void)state;
	assert_int_equal(pipe(gate), 0);
	submit(c, &stuck, gate[0]);
	submit(other, &waiting, -1);
	submit(c, &mine, -1);
	assert_true(xm_pool_client_free(other));
	close(gate[1]);
	collect(c, &done, 2);
	assert_int_equal(waiting.ran, 0);
	assert_int_equal(mine.ran, 1);
	assert_true(xm_pool_client_free(c));
	assert_true(xm_pool_free(pool, XM_NS_PER_S * 10));
	close(gate[0]);
}

/* Freeing is bounded; the thread left behind still finds all it needs. */
static void test_left_behind(void **state)
{
	struct xm_pool *pool = xm_pool_new(2);
	struct xm_pool_client *c = xm_pool_client_new(pool);
	/* Never freed, as pool.h says; still reachable, so no leak is reported. */
	static struct job stuck;
	static struct xm_pool *kept;
	static struct xm_pool_client *kept_client;
	static int gate[2];
	int began[2];
	char byte;
	(void)state;
	assert_int_equal(pipe(gate), 0);
	assert_int_equal(pipe(began), 0);
	stuck = (struct job){ .work.run = run, .gate = gate[0], .began = began[1] };
	assert_true(xm_pool_submit(c, &stuck.work));
	assert_int_equal(read(began[0], &byte, 1), 1);
	assert_false(xm_pool_client_free(c));
	assert_false(xm_pool_free(pool, XM_NS_PER_MS));
	kept = pool;
	kept_client = c;
	assert_non_null(kept);
	assert_non_null(kept_client);
	assert_int_equal(write(gate[1], "x", 1), 1);
	/* The event of its client, which nobody reads, tells that it went on. */
	struct xm_waiter w = { 0 };
	xm_waiter_reset(&w);
	xm_pool_wait(c, &w);
	xm_clock_real.wait(&xm_clock_real, &w);
	assert_int_equal(w.fds[0].revents, POLLIN);
	assert_int_equal(stuck.ran, 1);
	xm_waiter_free(&w);
	close(began[0]);
	close(began[1]);
}

static bool is_told(const struct xm_waiter *w)
{
	struct pollfd p = { .fd = w->fds[0].fd, .events = POLLIN };
	return poll(&p, 1, 0) == 1;
}

/* Two of four end, and two are what the nap is for; what ended during a nap is told afterwards. */
static void test_nap(void **state)
{
	struct xm_pool *pool = xm_pool_new(4);
	struct xm_pool_client *c = xm_pool_client_new(pool);
	struct xm_list done = XM_LIST_INIT(done);
	struct xm_waiter w = { 0 };
	struct job jobs[4];
	int gate[2];
	(void)state;
	assert_int_equal(pipe(gate), 0);
	xm_waiter_reset(&w);
	xm_pool_wait_many(c, &w, 4);
	assert_non_null(w.nap);
	for (unsigned i = 0; i < 2; i++)
		submit(c, &jobs[i], gate[0]);
	assert_int_equal(w.nap->sleep(w.nap, XM_NS_PER_MS), 0);
	assert_false(is_told(&w));
	for (unsigned i = 2; i < 4; i++)
		submit(c, &jobs[i], -1);
	assert_int_equal(w.nap->sleep(w.nap, 60 * XM_NS_PER_S), 2);
	assert_true(is_told(&w));
	/* not waited for again until they are taken */
	assert_int_equal(w.nap->sleep(w.nap, 60 * XM_NS_PER_S), 2);
	assert_int_equal(xm_pool_reap(c, &done), 2);
	assert_false(is_told(&w));
	assert_int_equal(write(gate[1], "go", 2), 2);
	collect(c, &done, 4);
	xm_waiter_free(&w);
	assert_true(xm_pool_client_free(c));
	assert_true(xm_pool_free(pool, 5 * XM_NS_PER_S));
	close(gate[0]);
	close(gate[1]);
}

static void test_context_makes_it_once(void **state)
{
	struct xm_ctx *ctx = xm_ctx_new();
	(void)state;
	struct xm_pool *pool = xm_ctx_pool(ctx);
	assert_non_null(pool);
	assert_ptr_equal(xm_ctx_pool(ctx), pool);
	xm_ctx_free(ctx);
	assert_true(xm_pool_free(NULL, 0));
	assert_true(xm_pool_client_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_side_by_side),
		cmocka_unit_test(test_client_takes_back),
		cmocka_unit_test(test_nap),
		cmocka_unit_test(test_context_makes_it_once),
		cmocka_unit_test(test_left_behind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
