/* SPDX-License-Identifier: Apache-2.0 */
/* A LUN behind a relay that changes PDUs; for the tests that include it. */
#ifndef RELAY_WORLD_H
#define RELAY_WORLD_H

#include "cdb.h"
#include "iscsi-rig.h"
#include "pdu-relay.h"

#define MIB (1024u * 1024u)

/* Opcodes, RFC 7143 11.2.1.2. */
enum { SCSI_COMMAND = 0x01, LOGIN_REQUEST = 0x03, DATA_OUT = 0x05, SCSI_RESPONSE = 0x21,
       DATA_IN = 0x25, R2T = 0x31 };

static inline unsigned opcode(const struct pdu *p)
{
	return p->bhs[0] & 0x3f;
}

static inline bool is_command(const struct pdu *p, uint8_t op)
{
	return p->to_target && opcode(p) == SCSI_COMMAND && p->bhs[32] == op;
}

struct world {
	struct rig rig;
	struct relay relay;
	struct xm_ctx *ctx;
	struct xm_endpoint *ep;
};

/* The hook is asked from the login on, or only once the test arms it. */
static inline void open_world(struct world *w, relay_hook *hook, void *user, enum xm_role role,
			      bool armed)
{
	const char *const args[] = { "--target", RIG_IQN, "--lun", "0=16M", NULL };

	rig_start(&w->rig, args);
	relay_start(&w->relay, w->rig.port, hook, user, armed);
	w->ctx = rig_ctx("wire");
	w->ep = rig_open(w->ctx, w->relay.port, 0, role, NULL);
	assert_non_null(w->ep);
}

static inline void close_world(struct world *w)
{
	xm_endpoint_close(w->ep);
	xm_ctx_free(w->ctx);
	relay_stop(&w->relay);
	rig_stop(&w->rig);
}

#endif
