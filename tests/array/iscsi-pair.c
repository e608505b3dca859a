/* SPDX-License-Identifier: Apache-2.0 */
/* See iscsi-pair.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "cdb.h"
#include "iscsi-pair.h"
#include "xm/endian.h"

static const char *const two_luns[] = { "--target", RIG_IQN, "--lun", "0=16M",
					"--lun", "1=16M,cache=volatile", NULL };

void pair_open(struct pair *x, const char *job)
{
	rig_start(&x->r, two_luns);
	proxy_start(&x->p, x->r.port);
	x->ctx = rig_ctx(job);
	x->src = rig_open(x->ctx, x->p.port, 0, XM_ROLE_SRC, NULL);
	x->dst = rig_open(x->ctx, x->p.port, 1, XM_ROLE_DST, NULL);
	assert_non_null(x->src);
	assert_non_null(x->dst);
}

void pair_close(struct pair *x)
{
	xm_endpoint_close(x->src);
	xm_endpoint_close(x->dst);
	xm_ctx_free(x->ctx);
	proxy_stop(&x->p);
	rig_stop(&x->r);
}

/* ---- EXTENDED COPY by hand, from LUN 0 to LUN 1 ------------------------------------ */

static void put_cscd(uint8_t *d, struct xm_endpoint *ep)
{
	const struct scsi_lu *lu = scsi_lu_attached(ep);

	d[0] = 0xe4;
	for (unsigned i = 0; i < lu->ndesignators; i++) {
		const struct scsi_designator *g = &lu->designators[i];

		if (g->type != 3 || g->association != 0)
			continue;
		d[4] = g->code_set;
		d[5] = g->type;
		d[7] = g->len;
		memcpy(d + 8, g->bytes, g->len);
	}
	xm_put_be24(d + 29, lu->block_size);
}

/* LID1 (SPC-4 6.3): header, two CSCD descriptors E4h, one segment descriptor 02h. */
void pair_copy(struct scsi_cmd *cmd, uint8_t list[108], struct pair *x, uint64_t lba,
	       uint16_t blocks, struct xm_list *done)
{
	memset(list, 0, 108);
	list[1] = 0x18;
	xm_put_be16(list + 2, 64);
	xm_put_be32(list + 8, 28);
	put_cscd(list + 16, x->src);
	put_cscd(list + 48, x->dst);
	list[80] = 0x02;
	xm_put_be16(list + 82, 0x18);
	xm_put_be16(list + 86, 1);
	xm_put_be16(list + 90, blocks);
	xm_put_be64(list + 92, lba);
	xm_put_be64(list + 100, lba);
	memset(cmd, 0, sizeof *cmd);
	cmd->lun = 1;
	cmd->cdb_len = scsi_cdb_extended_copy(cmd->cdb, 108);
	cmd->dir = SCSI_DATA_OUT;
	cmd->data = list;
	cmd->len = 108;
	cmd->timeout_ns = 3000 * XM_NS_PER_S;
	cmd->done = done;
	xm_list_init(&cmd->link);
}

struct scsi_transport *pair_transport(struct pair *x)
{
	return scsi_lu_attached(x->dst)->transport;
}

/* How often the array saw an operation. */
long pair_seen(struct rig *r, const char *op)
{
	char *answer = rig_ctl(r, "stats"), word[32], *at = answer, *count;
	long n = 0;

	snprintf(word, sizeof word, "\"op\":\"%s\"", op);
	while ((at = strstr(at, word))) {
		count = strstr(at, "\"count\":");
		n += strtol(count + strlen("\"count\":"), NULL, 10);
		at++;
	}
	free(answer);
	return n;
}

struct awaited {
	struct pair *x;
	const char *op;
	long n;
};

static void awaited_wait(void *o, struct xm_waiter *w)
{
	struct awaited *a = o;
	struct xm_clock *c = a->x->ctx->clock;

	pair_transport(a->x)->ops->wait(pair_transport(a->x), w);
	xm_waiter_until(w, c->now(c) + 10 * XM_NS_PER_MS);
}

static int awaited_step(void *o)
{
	struct awaited *a = o;

	pair_transport(a->x)->ops->service(pair_transport(a->x));
	return pair_seen(&a->x->r, a->op) >= a->n;
}

/* Until the array has got n commands of the kind. */
void pair_await_sent(struct pair *x, const char *op, long n)
{
	struct awaited a = { x, op, n };
	struct xm_clock *c = x->ctx->clock;

	assert_int_equal(xm_ctx_wait_for(x->ctx, c->now(c) + 3600 * XM_NS_PER_S, awaited_wait,
					 awaited_step, &a), 1);
}

long pair_running(struct rig *r)
{
	char *answer = rig_ctl(r, "running");
	long n = strtol(answer, NULL, 10);

	free(answer);
	return n;
}

void pair_wait(void *o, struct xm_waiter *w)
{
	struct pair *x = o;
	struct xm_clock *c = x->ctx->clock;

	pair_transport(x)->ops->wait(pair_transport(x), w);
	xm_waiter_until(w, c->now(c) + 10 * XM_NS_PER_MS);
}

static int is_lost(void *o)
{
	struct pair *x = o;

	pair_transport(x)->ops->service(pair_transport(x));
	return x->dst->nexus->lost;
}

void pair_await_lost(struct pair *x)
{
	struct xm_clock *c = x->ctx->clock;

	assert_int_equal(xm_ctx_wait_for(x->ctx, c->now(c) + 600 * XM_NS_PER_S, pair_wait,
					 is_lost, x), 1);
}
