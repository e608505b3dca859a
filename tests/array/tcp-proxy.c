/* SPDX-License-Identifier: Apache-2.0 */
/* See tcp-proxy.h. */
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "tcp-proxy.h"

static int listen_any(unsigned *ret_port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof sa;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	*ret_port = ntohs(sa.sin_port);
	return fd;
}

static int connect_to(unsigned port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0)
		return fd;
	close(fd);
	return -1;
}

static void reset(int fd)
{
	struct linger l = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
	close(fd);
}

static bool send_all(int fd, const char *p, ssize_t n)
{
	while (n > 0) {
		ssize_t k = send(fd, p, (size_t)n, MSG_NOSIGNAL);

		if (k <= 0)
			return false;
		p += k;
		n -= k;
	}
	return true;
}

/* One direction, what is there; false when the connection is over. */
static bool relay(struct proxy *p, int from, int to, bool to_target)
{
	char buf[65536];
	long left = p->cut_after;
	bool count = to_target && left >= 0;
	size_t most = count && (size_t)left < sizeof buf ? (size_t)left : sizeof buf;
	ssize_t n;

	if (count && most == 0)
		return false;
	n = recv(from, buf, most, 0);
	if (n <= 0)
		return false;
	if (count)
		p->cut_after = left - n;
	return send_all(to, buf, n);
}

static void serve(struct proxy *p, int client)
{
	int target = connect_to(p->target_port);
	struct pollfd fds[2] = { { .fd = client, .events = POLLIN },
				 { .fd = target, .events = POLLIN } };
	bool open = target >= 0;

	while (open && !p->stop) {
		if (poll(fds, 2, 20) <= 0 || p->deaf) {
			if (p->deaf)
				poll(NULL, 0, 20);
			continue;
		}
		if (fds[0].revents)
			open = relay(p, client, target, true);
		if (open && fds[1].revents)
			open = relay(p, target, client, false);
	}
	/* Every other time in good order: data that follows then is answered by a reset. */
	if (p->cuts++ % 2)
		close(client);
	else
		reset(client);
	if (target >= 0)
		reset(target);
}

struct served {
	struct proxy *p;
	int client;
};

static void *serve_thread(void *o)
{
	struct served s = *(struct served *)o;

	free(o);
	serve(s.p, s.client);
	return NULL;
}

/* Each connection has a thread: a deaf one must not keep the next from coming. */
static void *proxy_main(void *o)
{
	struct proxy *p = o;
	pthread_t threads[256];
	unsigned n = 0;

	while (!p->stop) {
		struct pollfd pf = { .fd = p->fd, .events = POLLIN };
		struct served *s;
		int client;

		if (poll(&pf, 1, 20) <= 0)
			continue;
		client = accept(p->fd, NULL, NULL);
		if (p->refuse || n == 256) {
			reset(client);
			continue;
		}
		s = malloc(sizeof *s);
		*s = (struct served){ p, client };
		if (pthread_create(&threads[n], NULL, serve_thread, s) == 0)
			n++;
	}
	while (n)
		pthread_join(threads[--n], NULL);
	return NULL;
}

void proxy_start(struct proxy *p, unsigned target_port)
{
	memset(p, 0, sizeof *p);
	p->target_port = target_port;
	p->cut_after = -1;
	p->fd = listen_any(&p->port);
	assert_int_equal(pthread_create(&p->thread, NULL, proxy_main, p), 0);
}

void proxy_stop(struct proxy *p)
{
	p->stop = true;
	pthread_join(p->thread, NULL);
	close(p->fd);
}
