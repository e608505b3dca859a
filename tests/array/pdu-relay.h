/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A relay between initiator and target that sees each PDU whole and may change it,
 * swallow it or put one of its own in its place: a target that does what
 * xmover-array never would.  No digests.
 */
#ifndef PDU_RELAY_H
#define PDU_RELAY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct relay;
struct pdu {
	bool to_target;
	uint8_t bhs[48];
	uint8_t *data;
	size_t len;              /* of data, without padding */
};

/* True: pass it on.  May send to the initiator by relay_send(). */
typedef bool relay_hook(struct relay *r, struct pdu *p);

struct relay {
	unsigned port, target_port;
	relay_hook *hook;
	_Atomic unsigned seen;   /* the hook's */
	_Atomic bool armed;      /* the hook is asked at all */
	void *user;              /* the hook's */
	_Atomic bool stop;
	int fd;
	int client, target;      /* of the connection there is */
	pthread_t thread;
	pthread_mutex_t lock;    /* what is sent to the initiator */
};

void relay_start(struct relay *r, unsigned target_port, relay_hook *hook, void *user,
		 bool armed);
/* Bytes to the initiator: whole PDUs with their padding. */
void relay_send(struct relay *r, const void *pdus, size_t len);
void relay_stop(struct relay *r);

#endif
