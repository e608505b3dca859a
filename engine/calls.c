/* SPDX-License-Identifier: Apache-2.0 */
/* Blocking calls with a deadline: see calls.h. */
#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct xm_calls {
	struct xm_ctx *ctx;
	int fd;
	const struct xm_calls_ops *ops;
	void *user;
	struct xm_pool_client *client;
	struct xm_list running;
	unsigned n;
};

static uint64_t now_of(const struct xm_calls *c)
{
	return c->ctx->clock->now(c->ctx->clock);
}

struct xm_calls *xm_calls_new(struct xm_ctx *ctx, int fd, const struct xm_calls_ops *ops,
			      void *user)
{
	struct xm_pool *pool = xm_ctx_pool(ctx);
	struct xm_calls *c = pool ? calloc(1, sizeof *c) : NULL;

	if (!c)
		return NULL;
	*c = (struct xm_calls){ .ctx = ctx, .ops = ops, .user = user,
		.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0), .client = xm_pool_client_new(pool) };
	xm_list_init(&c->running);
	if (c->fd >= 0 && c->client)
		return c;
	if (c->fd >= 0)
		close(c->fd);
	xm_pool_client_free(c->client);
	free(c);
	return NULL;
}

int xm_calls_fd(const struct xm_calls *calls)
{
	return calls->fd;
}

unsigned xm_calls_running(const struct xm_calls *calls)
{
	return calls->n;
}

static struct xm_call *call_at(struct xm_list *link)
{
	return xm_container_of(link, struct xm_call, link);
}

static struct xm_call *call_of(struct xm_work *work)
{
	return xm_container_of(work, struct xm_call, work);
}

static void run(struct xm_work *work)
{
	struct xm_call *call = call_of(work);

	call->run(call);
}

bool xm_calls_submit(struct xm_calls *calls, struct xm_call *call, uint64_t timeout_ns)
{
	call->work.run = run;
	call->given_up = false;
	call->deadline = now_of(calls) + timeout_ns;
	if (!xm_pool_submit(calls->client, &call->work))
		return false;
	xm_list_add_tail(&calls->running, &call->link);
	calls->n++;
	return true;
}

void xm_calls_wait(struct xm_calls *calls, struct xm_waiter *w)
{
	xm_pool_wait(calls->client, w);
	xm_list_for_each(l, &calls->running) {
		if (!call_at(l)->given_up)
			xm_waiter_until(w, call_at(l)->deadline);
	}
}

static void drop(const struct xm_calls *calls, struct xm_call *call)
{
	if (calls->ops->drop)
		calls->ops->drop(call);
	else
		free(call);
}

static void came_back(struct xm_calls *calls, struct xm_call *call)
{
	xm_list_del(&call->link);
	calls->n--;
	if (!call->given_up)
		calls->ops->back(calls->user, call);
	drop(calls, call);
}

void xm_calls_service(struct xm_calls *calls)
{
	struct xm_list done = XM_LIST_INIT(done), *l;
	uint64_t now = now_of(calls);

	xm_pool_reap(calls->client, &done);
	while ((l = xm_list_pop(&done)))
		came_back(calls, call_of(xm_container_of(l, struct xm_work, link)));
	xm_list_for_each(c, &calls->running) {
		struct xm_call *call = call_at(c);

		if (call->given_up || now < call->deadline)
			continue;
		call->given_up = true;
		calls->ops->give_up(calls->user, call);
	}
}

/* One that runs may touch its call, and its descriptor, for as long as the process lives. */
void xm_calls_free(struct xm_calls *calls)
{
	struct xm_list done = XM_LIST_INIT(done), *l;

	if (!calls)
		return;
	xm_pool_reap(calls->client, &done);
	while ((l = xm_list_pop(&done))) {
		struct xm_call *call = call_of(xm_container_of(l, struct xm_work, link));

		xm_list_del(&call->link);
		drop(calls, call);
	}
	if (xm_pool_client_free(calls->client)) {
		while ((l = xm_list_pop(&calls->running)))
			drop(calls, call_at(l));
		close(calls->fd);
	}
	free(calls);
}

bool xm_call_never_left(int err)
{
	static const int before[] = { EPERM, EACCES, EINVAL, ENOTTY, ENOMEM, EAGAIN, EFAULT, EBADF,
				      EOPNOTSUPP };

	for (size_t i = 0; i < sizeof before / sizeof before[0]; i++)
		if (before[i] == err)
			return true;
	return false;
}
