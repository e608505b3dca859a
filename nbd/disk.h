/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An NBD export as an endpoint: connections, requests under way, the nexus.
 *
 *   conn.c          one connection: up, pumped, cut
 *   disk.c          the export: facts of all connections, waiting for set-up
 *   io-nbd.c        the block I/O engine
 *   fence-nbd.c     what ends uncertainty after a lost connection
 *   extent-nbd.c    what it is made of; status-32.c, status-64.c ask
 *   opener-nbd.c    from nbd:// and nbd+unix:// to an endpoint
 *   status-table.c  what an error of the server means
 *
 * Everything runs on the loop's thread; libnbd's calls used here never block.
 */
#ifndef NBD_DISK_H
#define NBD_DISK_H

#include <libnbd.h>
#include <sys/socket.h>
#include "endpoint.h"
#include "io.h"
#include "xm/list.h"
#include "zero.h"

#define NBD_CONNECTIONS 4                /* where the server has NBD_FLAG_CAN_MULTI_CONN */
#define NBD_DEPTH 16                     /* requests a connection */
#define NBD_BASE_ALLOCATION "base:allocation"
#define NBD_LOST ENOTCONN                /* no server can send it: the connection ended first */

struct nbd_disk;
struct nbd_conn;

/* A request of the engine's, a step at a time: a step is one NBD command. */
struct nbd_op {
	struct xm_list link;             /* disk->idle, conn->ops, or disk->ended */
	struct nbd_disk *disk;
	struct nbd_conn *conn;
	struct xm_io_req *req;
	uint64_t pos;                    /* bytes of the request that are through */
	uint64_t len;                    /* of the step */
	uint64_t got;                    /* of a read's step, as the server's chunks came */
	enum xm_zero_way way;            /* the step's, of ZERO; XM_ZERO_WRITE of all else */
	bool fragile;                    /* the step changes bytes: lost, its outcome is UNKNOWN */
	int err;                         /* the step's errno, NBD_LOST */
};

enum nbd_link { NBD_DOWN, NBD_CONNECTING, NBD_UP };

struct nbd_conn {
	struct nbd_disk *disk;
	struct nbd_handle *h;            /* NULL when down */
	enum nbd_link link;
	struct xm_list ops;
	unsigned inflight, answers;
	uint64_t heard_at;               /* the last answer, or the first request after silence */
	/* Why it is down. */
	bool talked;                     /* it was a server that ended it, in the handshake */
	int err;
	char why[160];
};

/* What a connection says of the export. */
struct nbd_facts {
	uint64_t size, max_io;
	uint32_t block, preferred;
	bool read_only, flush, fua, zero, multi_conn, extents;
};

struct nbd_fence {
	enum { NBD_SETTLE, NBD_DRAIN, NBD_RECONNECT } stage;
	uint64_t until;                  /* of the stage */
	uint64_t retry_at;
};

struct nbd_disk {
	/* Set when opened. */
	struct xm_io io;
	struct xm_nexus nexus;
	struct xm_endpoint *ep;
	char *uri, *export;              /* as the user wrote them */
	char *server, *label;            /* of the identity */
	struct sockaddr_storage addr;    /* of a TCP server: connected to again
					    without a name server */
	socklen_t addr_len;
	struct nbd_facts facts;

	struct nbd_conn conn[NBD_CONNECTIONS];
	unsigned wanted;                 /* connections to have */
	struct nbd_op ops[NBD_CONNECTIONS * NBD_DEPTH];
	struct xm_list idle, ended;
	void *zeros;                     /* for a server without NBD_CMD_WRITE_ZEROES */

	/* Commands that change bytes and whose answers never came. */
	bool ghosts;
	uint64_t ghosts_since;           /* when the last of them was cut off */
	struct nbd_fence fence;
};

/* ---- conn.c ---------------------------------------------------------------------- */

/* Begins; nbd_conn_step() tells.  False: it failed at once. */
bool nbd_conn_start(struct nbd_conn *c);
/* 1 up, 0 not yet, -1 down (why, err, talked). */
int nbd_conn_step(struct nbd_conn *c);
/* Take what came, send what waits.  False: it is lost; its requests ended with NBD_LOST. */
bool nbd_conn_pump(struct nbd_conn *c);
/* The last call, or the server, has ended it; to be found by the next pump. */
bool nbd_conn_over(const struct nbd_conn *c);
void nbd_conn_wait(const struct nbd_conn *c, struct xm_waiter *w);
/* What is under way ends with NBD_LOST.  Nothing that is not sent yet is sent later. */
void nbd_conn_cut(struct nbd_conn *c, int err, const char *why);
/* 0, or -1 and *why: it contradicts itself. */
int nbd_conn_facts(struct nbd_conn *c, struct nbd_facts *f, const char **why);

/* ---- disk.c ---------------------------------------------------------------------- */

extern const char nbd_disk_key;          /* of the endpoint's attachment */
struct nbd_disk *nbd_disk_new(struct xm_endpoint *ep, const char *uri);
void nbd_disk_free(void *disk);
struct nbd_disk *nbd_disk_of(struct xm_endpoint *ep);
uint64_t nbd_now(const struct nbd_disk *d);
unsigned nbd_inflight(const struct nbd_disk *d);
void nbd_cut_all(struct nbd_disk *d, int err, const char *why);
/*
 * Brings up the first connection, which must say what the export was opened
 * with, then the others, as many as the server takes.  1 there, 0 not yet, -1
 * *why: down, or another export.
 */
enum nbd_up { NBD_PENDING, NBD_THERE, NBD_FAILED, NBD_OTHER };
enum nbd_up nbd_up_step(struct nbd_disk *d, const char **why);
void nbd_up_wait(const struct nbd_disk *d, struct xm_waiter *w);

/* ---- the others ------------------------------------------------------------------ */

extern const struct xm_nexus_ops nbd_nexus_ops;
int nbd_io_init(struct nbd_disk *d);
struct xm_io *nbd_io_of(struct xm_endpoint *ep, struct xm_error **err);
/* For an op that ended with op->err. */
void nbd_status(const struct nbd_op *op, struct xm_status *st);

#endif
