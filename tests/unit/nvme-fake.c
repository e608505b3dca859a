/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "nvme-fake.h"

static uint64_t le(const uint8_t *p, unsigned n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

uint8_t *fake_block(struct fake *f, uint32_t nsid, uint64_t lba)
{
	assert_in_range(nsid, 1, FAKE_NAMESPACES);
	assert_true(lba < FAKE_BLOCKS);
	return f->disk[nsid - 1] + lba * FAKE_BLOCK;
}

void fake_stamp(struct fake *f, uint32_t nsid, uint64_t lba, uint64_t blocks, uint8_t seed)
{
	for (uint64_t i = 0; i < blocks * FAKE_BLOCK; i++)
		fake_block(f, nsid, lba)[i] =
			(uint8_t)(seed + i + (i / FAKE_BLOCK) * 7 + (i >> 13));
}

/* ---- Copy ---------------------------------------------------------------------------- */

static const struct fake_copy *decode(struct fake *f, const struct nvme_cmd *c)
{
	struct fake_copy *k = &f->copies[f->ncopies++ % FAKE_COPIES];
	const uint8_t *p = c->data;

	memset(k, 0, sizeof *k);
	k->nsid = c->nsid;
	k->sdlba = (uint64_t)c->cdw11 << 32 | c->cdw10;
	k->nranges = (c->cdw12 & 0xff) + 1;
	k->format = c->cdw12 >> 8 & 0xf;
	k->timeout_ns = c->timeout_ns;
	/* all else of the command is zero for a plain copy */
	assert_int_equal(c->cdw12 & ~0xfffu, 0);
	assert_int_equal(c->cdw2 | c->cdw3 | c->cdw13 | c->cdw14 | c->cdw15, 0);
	assert_in_range(k->nranges, 1, 64);
	assert_int_equal(c->len, k->nranges * (k->format % 2 ? 40 : 32));
	for (unsigned i = 0; i < k->nranges; i++, p += k->format % 2 ? 40 : 32) {
		k->range[i].snsid = k->format >= 2 ? (uint32_t)le(p, 4) : c->nsid;
		k->range[i].slba = le(p + 8, 8);
		k->range[i].blocks = (uint32_t)le(p + 16, 2) + 1;
	}
	return k;
}

static uint16_t check(const struct fake *f, const struct fake_copy *k)
{
	uint64_t sum = 0;

	if (!(f->ocfs & 1u << k->format))
		return 0x4002;
	if (k->format >= 2 && !(le(f->host_behavior + 4, 2) & 1u << k->format))
		return 0x4002;
	if (f->msrc && k->nranges > f->msrc)
		return 0x4183;
	for (unsigned i = 0; i < k->nranges; i++) {
		if (f->mssrl && k->range[i].blocks > f->mssrl)
			return 0x4183;
		if (k->range[i].snsid == 0 || k->range[i].snsid > FAKE_NAMESPACES)
			return 0x400b;
		if (k->range[i].slba + k->range[i].blocks > FAKE_BLOCKS)
			return 0x4080;
		sum += k->range[i].blocks;
	}
	if (f->mcl && sum > f->mcl)
		return 0x4183;
	return k->sdlba + sum > FAKE_BLOCKS ? 0x4080 : 0;
}

/* Ranges in reverse order: the order is the controller's. */
static void move(struct fake *f, const struct fake_copy *k, unsigned n, int but)
{
	for (unsigned i = n; i-- > 0;) {
		uint64_t at = k->sdlba;

		if ((int)i == but)
			continue;
		for (unsigned j = 0; j < i; j++)
			at += k->range[j].blocks;
		memmove(fake_block(f, k->nsid, at),
			fake_block(f, k->range[i].snsid, k->range[i].slba),
			k->range[i].blocks * FAKE_BLOCK);
	}
}

static void copy(struct fake *f, struct nvme_cmd *c)
{
	const struct fake_copy *k = decode(f, c);
	unsigned upto;

	if (f->lose_cdfe_after && --f->lose_cdfe_after == 0)
		f->host_behavior[4] = f->host_behavior[5] = 0;
	if (f->times == 0) {
		c->status = check(f, k);
		if (c->status == 0)
			move(f, k, k->nranges, -1);
		nvme_finish(&f->t, c, NVME_ANSWERED, 0);
		return;
	}
	f->times--;
	if (f->fail_at >= 0) {
		upto = (unsigned)f->fail_at + 3;
		move(f, k, upto < k->nranges ? upto : k->nranges, f->fail_at);
	}
	c->status = f->status;
	c->dword0 = f->dword0;
	nvme_finish(&f->t, c, f->outcome, f->err);
}

static enum xm_queued io_submit(struct nvme_transport *t, struct nvme_cmd *c)
{
	struct fake *f = xm_container_of(t, struct fake, t);

	assert_false(c->admin);
	assert_int_equal(c->opcode, 0x19);
	t->calls++;
	if (f->reversed)
		xm_list_add_head(&f->queue, &c->link);
	else
		xm_list_add_tail(&f->queue, &c->link);
	return XM_QUEUED;
}

static void io_service(struct nvme_transport *t)
{
	struct fake *f = xm_container_of(t, struct fake, t);
	struct xm_list *l;

	while ((l = xm_list_pop(&f->queue))) {
		t->calls--;
		copy(f, xm_container_of(l, struct nvme_cmd, link));
	}
}

/* ---- admin ------------------------------------------------------------------------------ */

static void put(uint8_t *p, uint64_t v, unsigned n)
{
	while (n--) {
		*p++ = (uint8_t)v;
		v >>= 8;
	}
}

static void identify(const struct fake *f, const struct nvme_cmd *c)
{
	uint8_t *p = c->data;

	assert_int_equal(c->len, 4096);
	memset(p, 0, c->len);
	if (c->cdw10 == 1) {
		put(p + 520, 0x100, 2);
		put(p + 534, f->ocfs, 2);
		strcpy((char *)p + 768, "nqn.2026-11.org.example:fake");
		return;
	}
	assert_int_equal(c->cdw10, 0);
	put(p, FAKE_BLOCKS, 8);
	put(p + 74, f->mssrl, 2);
	put(p + 76, f->mcl, 4);
	p[80] = (uint8_t)(f->msrc ? f->msrc - 1 : 0);
	p[104] = (uint8_t)c->nsid;
	p[128 + 2] = 9;
}

static void answer_admin(struct fake *f, struct nvme_cmd *c)
{
	assert_true(c->admin);
	switch (c->opcode) {
	case 0x06:
		identify(f, c);
		break;
	case 0x0a:
		assert_int_equal(c->cdw10, 0x16);
		memcpy(c->data, f->host_behavior, 512);
		break;
	case 0x09:
		assert_int_equal(c->cdw10, 0x16);
		f->nsets++;
		if (f->set_features_denied) {
			nvme_finish(&f->admin, c, NVME_NOT_SENT, EACCES);
			return;
		}
		memcpy(f->host_behavior, c->data, 512);
		break;
	default:
		fail_msg("admin opcode %02xh", c->opcode);
	}
	nvme_finish(&f->admin, c, NVME_ANSWERED, 0);
}

static enum xm_queued admin_submit(struct nvme_transport *t, struct nvme_cmd *c)
{
	xm_list_add_tail(&xm_container_of(t, struct fake, admin)->admin_queue, &c->link);
	return XM_QUEUED;
}

static void admin_service(struct nvme_transport *t)
{
	struct fake *f = xm_container_of(t, struct fake, admin);
	struct xm_list *l;

	while ((l = xm_list_pop(&f->admin_queue)))
		answer_admin(f, xm_container_of(l, struct nvme_cmd, link));
}

static void no_wait(struct nvme_transport *t, struct xm_waiter *w)
{
	(void)t;
	xm_waiter_until(w, 0);
}

static void no_close(struct nvme_transport *t)
{
	(void)t;
}

static const struct nvme_transport_ops io_ops = {
	.name = "fake", .submit = io_submit, .wait = no_wait, .service = io_service,
	.close = no_close,
};
static const struct nvme_transport_ops admin_ops = {
	.name = "fake admin", .submit = admin_submit, .wait = no_wait, .service = admin_service,
	.close = no_close,
};

/* ---- what stands on it ------------------------------------------------------------------- */

static struct fake *the_fake;            /* of open_controllers, which is given a namespace alone */

static int open_controllers(const struct nvme_ns *ns, struct nvme_cdfe *c, struct xm_refusal *why)
{
	(void)why;
	nvme_cdfe_init(c, ns->admin->ctx);
	assert_true(nvme_cdfe_add(c, &the_fake->admin));
	return 0;
}

struct fake *fake_new(void)
{
	struct fake *f = calloc(1, sizeof *f);

	assert_non_null(f);
	f->ctx = xm_ctx_new();
	assert_non_null(f->ctx);
	xm_clock_sim_init(&f->sim);
	f->ctx->clock = &f->sim.clock;
	for (unsigned i = 0; i < FAKE_NAMESPACES; i++) {
		f->disk[i] = calloc(FAKE_BLOCKS, FAKE_BLOCK);
		assert_non_null(f->disk[i]);
	}
	xm_list_init(&f->queue);
	xm_list_init(&f->admin_queue);
	f->fail_at = -1;
	f->ocfs = 0xf;
	f->mssrl = 128;
	f->mcl = 1024;
	f->msrc = 16;
	f->host_behavior[2] = 1;         /* LBAFEE, as the kernel sets it: not ours to clear */
	f->t = (struct nvme_transport){ .ops = &io_ops, .ctx = f->ctx, .name = "fake",
		.nexus = { .ops = &nvme_nexus_ops, .name = "fake" }, .max_inflight = 64 };
	f->admin = (struct nvme_transport){ .ops = &admin_ops, .ctx = f->ctx, .name = "fake admin",
		.nexus = { .ops = &nvme_nexus_ops, .name = "fake" }, .max_inflight = 4 };
	the_fake = f;
	return f;
}

void fake_free(struct fake *f)
{
	assert_true(xm_list_empty(&f->queue));
	assert_int_equal(f->t.inflight, 0);
	free(f->t.fence);
	for (unsigned i = 0; i < FAKE_NAMESPACES; i++)
		free(f->disk[i]);
	xm_ctx_free(f->ctx);
	free(f);
}

struct nvme_ns *fake_ns(struct fake *f, uint32_t nsid)
{
	struct nvme_ns *ns = calloc(1, sizeof *ns);
	struct xm_refusal why;

	assert_non_null(ns);
	ns->admin = &f->admin;
	ns->io = &f->t;
	ns->nsid = nsid;
	ns->topology.block_dev = nsid;
	ns->open_controllers = open_controllers;
	assert_int_equal(nvme_ns_identify(ns, &why), 0);
	return ns;
}

struct xm_endpoint *fake_endpoint(struct fake *f, uint32_t nsid, uint64_t base, uint64_t blocks)
{
	static const struct xm_endpoint_ops ops = { .kind = "fake" };
	struct xm_endpoint *ep = xm_endpoint_alloc(f->ctx, &ops, "fake");

	assert_non_null(ep);
	ep->block_size = FAKE_BLOCK;
	ep->base = base * FAKE_BLOCK;
	ep->size = blocks * FAKE_BLOCK;
	ep->writable = true;
	ep->gate_hi = ep->size;
	assert_true(nvme_ns_attach(ep, fake_ns(f, nsid), free));
	return ep;
}
