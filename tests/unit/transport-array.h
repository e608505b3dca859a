/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The software array in-process, as a transport: whole jobs run against it on
 * the context's clock (simulated: in no time), without sockets.  A path behaves
 * as an iSCSI session does: it is a nexus, it can be cut, commands time out, and
 * its fence is the login that completes when old copies are over.
 */
#ifndef TEST_TRANSPORT_ARRAY_H
#define TEST_TRANSPORT_ARRAY_H

#include "array.h"
#include "ctx.h"
#include "endpoint.h"
#include "transport.h"

struct array_world {
	struct arr *a;
	struct arr_target *t;
	struct xm_ctx *ctx;
	struct xm_clock_sim sim;
	struct xm_list flights;          /* commands the array still knows */
	uint64_t next;                   /* when it wants its next step */
};

/* An array of `persona` with one target and no LUNs, and a context whose clock is simulated. */
void array_world_open(struct array_world *w, uint64_t seed, const char *persona);
/* "N=SIZE[,FLAG]..." */
void array_world_lun(struct array_world *w, const char *spec);
/* A line of the control language; fails the test when the array does not like it. */
void array_world_control(struct array_world *w, const char *line);
/* Steps, time following, until the array is at rest. */
void array_world_settle(struct array_world *w);
void array_world_close(struct array_world *w);

struct array_path;
/* A login to the world's target, or to another one of its array. */
struct array_path *array_path_open(struct array_world *w, struct arr_target *t, uint64_t isid);
struct scsi_transport *array_path_transport(struct array_path *p);
/* Opened and identified, as an opener does it; NULL and *err. */
struct xm_endpoint *array_path_endpoint(struct array_path *p, uint64_t lun, bool is_dst,
					struct xm_error **err);
/* How often its fence ran. */
unsigned array_path_fences(const struct array_path *p);
/* After its endpoints. */
void array_path_close(struct array_path *p);

#endif
