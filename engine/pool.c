/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pool of threads: one lock, one queue, a done list and an eventfd per client.
 *
 * Threads are made when work waits and none is idle, and stay.  They take no
 * signals, so that a handler of the program never runs in the middle of a call
 * to the kernel that must not be interrupted.
 */
#include "pool.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define STACK_SIZE (256 * 1024)

struct thread {
	pthread_t id;
	struct xm_pool *pool;
	bool ended;
};

struct xm_pool {
	pthread_mutex_t lock;
	pthread_cond_t work_came, thread_ended;
	struct xm_list queue;
	unsigned queued, idle, alive, nthreads, max_threads;
	bool stop;
	struct thread *threads;
};

/* All but pool and event under the pool's lock. */
struct xm_pool_client {
	struct xm_pool *pool;
	int event;
	unsigned running, ndone;
	struct xm_list done;
	struct xm_nap nap;
	bool napping;                /* the event is not told of; enough of them are */
	pthread_cond_t enough;
};

static struct xm_work *next_work(struct xm_pool *pool)
{
	while (xm_list_empty(&pool->queue) && !pool->stop) {
		pool->idle++;
		pthread_cond_wait(&pool->work_came, &pool->lock);
		pool->idle--;
	}
	struct xm_list *l = xm_list_pop(&pool->queue);
	if (!l)
		return NULL;
	pool->queued--;
	return xm_container_of(l, struct xm_work, link);
}

/* An eventfd that counts to 1 takes the write at once. */
static void tell(struct xm_pool_client *c)
{
	const uint64_t one = 1;
	if (write(c->event, &one, sizeof one) < 0)
		abort();
}

static void work_ended(struct xm_work *work)
{
	struct xm_pool_client *c = work->client;
	c->running--;
	c->ndone++;
	xm_list_add_tail(&c->done, &work->link);
	if (c->napping && c->ndone >= c->nap.want)
		pthread_cond_signal(&c->enough);
	else if (!c->napping && c->ndone == 1)
		tell(c);
}

static void *thread_main(void *arg)
{
	struct thread *t = arg;
	struct xm_pool *pool = t->pool;
	struct xm_work *work;
	pthread_mutex_lock(&pool->lock);
	while ((work = next_work(pool))) {
		work->client->running++;
		pthread_mutex_unlock(&pool->lock);
		work->run(work);
		pthread_mutex_lock(&pool->lock);
		work_ended(work);
	}
	t->ended = true;
	pool->alive--;
	pthread_cond_signal(&pool->thread_ended);
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static bool add_thread(struct xm_pool *pool)
{
	struct thread *t = &pool->threads[pool->nthreads];
	sigset_t all, before;
	pthread_attr_t attr;
	if (pthread_attr_init(&attr))
		return false;
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	t->pool = pool;
	bool made = pthread_create(&t->id, &attr, thread_main, t) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	if (made) {
		pool->nthreads++;
		pool->alive++;
	}
	return made;
}

/* For timed waits. */
static void cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

struct xm_pool *xm_pool_new(unsigned max_threads)
{
	struct xm_pool *pool = calloc(1, sizeof *pool);
	if (!pool)
		return NULL;
	pool->threads = calloc(max_threads, sizeof *pool->threads);
	if (!pool->threads) {
		free(pool);
		return NULL;
	}
	pool->max_threads = max_threads;
	xm_list_init(&pool->queue);
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work_came, NULL);
	cond_init(&pool->thread_ended);
	return pool;
}

static struct timespec after(uint64_t ns)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	ns += (uint64_t)ts.tv_nsec;
	ts.tv_sec += (time_t)(ns / XM_NS_PER_S);
	ts.tv_nsec = (long)(ns % XM_NS_PER_S);
	return ts;
}

/* Threads that have ended are joined, the others let go. */
static bool part_with_threads(struct xm_pool *pool)
{
	bool all = true;
	for (unsigned i = 0; i < pool->nthreads; i++) {
		if (pool->threads[i].ended) {
			pthread_join(pool->threads[i].id, NULL);
		} else {
			pthread_detach(pool->threads[i].id);
			all = false;
		}
	}
	return all;
}

bool xm_pool_free(struct xm_pool *pool, uint64_t bound_ns)
{
	if (!pool)
		return true;
	struct timespec until = after(bound_ns);
	int rc = 0;
	pthread_mutex_lock(&pool->lock);
	pool->stop = true;
	pthread_cond_broadcast(&pool->work_came);
	while (pool->alive && rc == 0)
		rc = pthread_cond_timedwait(&pool->thread_ended, &pool->lock, &until);
	bool all = part_with_threads(pool);
	pthread_mutex_unlock(&pool->lock);
	if (!all)
		return false;
	pthread_cond_destroy(&pool->thread_ended);
	pthread_cond_destroy(&pool->work_came);
	pthread_mutex_destroy(&pool->lock);
	free(pool->threads);
	free(pool);
	return true;
}

static unsigned nap(struct xm_nap *n, uint64_t ns)
{
	struct xm_pool_client *c = xm_container_of(n, struct xm_pool_client, nap);
	struct timespec until = after(ns);
	int rc = 0;
	pthread_mutex_lock(&c->pool->lock);
	/* what was there before has told the event already */
	unsigned ended = c->ndone;
	c->napping = true;
	while (ended == 0 && c->ndone < n->want && rc == 0)
		rc = pthread_cond_timedwait(&c->enough, &c->pool->lock, &until);
	c->napping = false;
	if (ended == 0 && c->ndone)
		tell(c);
	ended = c->ndone;
	pthread_mutex_unlock(&c->pool->lock);
	return ended;
}

struct xm_pool_client *xm_pool_client_new(struct xm_pool *pool)
{
	struct xm_pool_client *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->event < 0) {
		free(c);
		return NULL;
	}
	c->pool = pool;
	c->nap.sleep = nap;
	cond_init(&c->enough);
	xm_list_init(&c->done);
	return c;
}

bool xm_pool_client_free(struct xm_pool_client *client)
{
	if (!client)
		return true;
	struct xm_pool *pool = client->pool;
	pthread_mutex_lock(&pool->lock);
	xm_list_for_each(l, &pool->queue) {
		if (xm_container_of(l, struct xm_work, link)->client != client)
			continue;
		xm_list_del(l);
		pool->queued--;
	}
	bool idle = client->running == 0;
	pthread_mutex_unlock(&pool->lock);
	if (!idle)
		return false;
	pthread_cond_destroy(&client->enough);
	close(client->event);
	free(client);
	return true;
}

bool xm_pool_submit(struct xm_pool_client *client, struct xm_work *work)
{
	struct xm_pool *pool = client->pool;
	pthread_mutex_lock(&pool->lock);
	if (pool->idle <= pool->queued && pool->nthreads < pool->max_threads)
		add_thread(pool);
	bool can = pool->nthreads > 0;
	if (can) {
		work->client = client;
		xm_list_add_tail(&pool->queue, &work->link);
		pool->queued++;
	}
	/* after the lock, or the thread that wakes would wait for it */
	pthread_mutex_unlock(&pool->lock);
	if (can)
		pthread_cond_signal(&pool->work_came);
	return can;
}

void xm_pool_wait(struct xm_pool_client *client, struct xm_waiter *w)
{
	xm_waiter_fd(w, client->event, POLLIN);
}

void xm_pool_wait_many(struct xm_pool_client *client, struct xm_waiter *w, unsigned out)
{
	xm_waiter_nap(w, client->event, &client->nap, out);
}

unsigned xm_pool_reap(struct xm_pool_client *client, struct xm_list *done)
{
	uint64_t count;
	struct xm_list *l;
	pthread_mutex_lock(&client->pool->lock);
	unsigned n = client->ndone;
	if (!xm_list_empty(&client->done) && read(client->event, &count, sizeof count) < 0)
		abort();
	while ((l = xm_list_pop(&client->done)))
		xm_list_add_tail(done, l);
	client->ndone = 0;
	pthread_mutex_unlock(&client->pool->lock);
	return n;
}
