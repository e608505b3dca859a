/* SPDX-License-Identifier: Apache-2.0 */
/* A TCP relay in front of a target that can be cut at a byte, go deaf, or refuse. */
#ifndef TCP_PROXY_H
#define TCP_PROXY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct proxy {
	unsigned port;               /* where it listens */
	_Atomic bool deaf;           /* reads nothing and sends nothing; connections stay */
	_Atomic long cut_after;      /* bytes to the target until the connection is reset;
					-1 never */
	_Atomic bool refuse;         /* new connections are closed at once */
	_Atomic bool stop;
	_Atomic unsigned cuts;
	unsigned target_port;
	int fd;
	pthread_t thread;
};

void proxy_start(struct proxy *p, unsigned target_port);
void proxy_stop(struct proxy *p);

#endif
