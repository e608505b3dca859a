/* SPDX-License-Identifier: Apache-2.0 */
/* See pdu-relay.h. */
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "pdu-relay.h"
#include "xm/endian.h"

static bool take(int fd, void *buf, size_t len)
{
	return len == 0 || recv(fd, buf, len, MSG_WAITALL) == (ssize_t)len;
}

static bool give(int fd, const void *buf, size_t len)
{
	const char *p = buf;

	while (len) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

static bool give_pdu(int fd, const uint8_t bhs[48], const void *data, size_t len)
{
	static const uint8_t pad[4];

	return give(fd, bhs, 48) && give(fd, data, len) && give(fd, pad, -len & 3);
}

void relay_send(struct relay *r, const void *pdus, size_t len)
{
	pthread_mutex_lock(&r->lock);
	give(r->client, pdus, len);
	pthread_mutex_unlock(&r->lock);
}

static bool one(struct relay *r, bool to_target, int from, int to)
{
	struct pdu p = { .to_target = to_target };
	uint8_t pad[4];
	bool ok;

	if (!take(from, p.bhs, 48))
		return false;
	p.len = xm_get_be24(p.bhs + 5);
	p.data = malloc(p.len + 1);
	ok = take(from, p.data, p.len) && take(from, pad, -p.len & 3);
	if (ok && (!r->armed || r->hook(r, &p))) {
		if (to_target) {
			ok = give_pdu(to, p.bhs, p.data, p.len);
		} else {
			pthread_mutex_lock(&r->lock);
			ok = give_pdu(to, p.bhs, p.data, p.len);
			pthread_mutex_unlock(&r->lock);
		}
	}
	free(p.data);
	return ok;
}

static void *back(void *o)
{
	struct relay *r = o;

	while (one(r, false, r->target, r->client))
		;
	shutdown(r->client, SHUT_RDWR);
	return NULL;
}

static int connect_to(unsigned port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	return fd;
}

static void *relay_main(void *o)
{
	struct relay *r = o;

	while (!r->stop) {
		struct pollfd pf = { .fd = r->fd, .events = POLLIN };
		pthread_t t;

		if (poll(&pf, 1, 20) <= 0)
			continue;
		r->client = accept(r->fd, NULL, NULL);
		r->target = connect_to(r->target_port);
		pthread_create(&t, NULL, back, r);
		while (one(r, true, r->client, r->target))
			;
		shutdown(r->target, SHUT_RDWR);
		pthread_join(t, NULL);
		close(r->client);
		close(r->target);
	}
	return NULL;
}

void relay_start(struct relay *r, unsigned target_port, relay_hook *hook, void *user,
		 bool armed)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof sa;

	memset(r, 0, sizeof *r);
	r->target_port = target_port;
	r->hook = hook;
	r->user = user;
	r->armed = armed;
	pthread_mutex_init(&r->lock, NULL);
	r->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(r->fd, (struct sockaddr *)&sa, sizeof sa), 0);
	assert_int_equal(listen(r->fd, 4), 0);
	assert_int_equal(getsockname(r->fd, (struct sockaddr *)&sa, &len), 0);
	r->port = ntohs(sa.sin_port);
	assert_int_equal(pthread_create(&r->thread, NULL, relay_main, r), 0);
}

/* The initiator has closed its end before. */
void relay_stop(struct relay *r)
{
	r->stop = true;
	pthread_join(r->thread, NULL);
	close(r->fd);
}
