/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is there a way to copy this pair by NVMe Copy?  Everything that can be known
 * without copying.  By bits, never by versions.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "copy.h"
#include "ctx.h"
#include "error.h"
#include "reasons.h"
#include "xm/align.h"

/* Where a limit is not told: what is tried first, and made smaller by what is answered. */
#define UNTOLD_RUN (UINT64_C(1) << 20)
#define UNTOLD_BYTES (UINT64_C(64) << 20)
/* A copy in flight cannot be stopped; larger ones gain nothing. */
#define BYTES_MAX (UINT64_C(64) << 20)
#define FIRST_BYTES (UINT64_C(1) << 20)
#define INFLIGHT 32
#define LONG_NS (XM_NS_PER_S / 5)    /* others wait behind a copy, and none can be taken back */
#define NICE 4096

/* 0 is not told: then the other's. */
static uint64_t stricter(uint64_t a, uint64_t b)
{
	if (a == 0 || b == 0)
		return a | b;
	return xm_min_u64(a, b);
}

/* MSRC is 0's based, so 0 says one range, but only of a namespace that tells its limits. */
static uint64_t ranges_of(const struct nvme_id_ns *ns)
{
	return ns->mssrl || ns->mcl || ns->msrc ? (uint64_t)ns->msrc + 1 : 0;
}

void nvme_limits(const struct nvme_id_ns *src, const struct nvme_id_ns *dst,
		 struct xm_method_limits *l)
{
	uint64_t bs = dst->block_size;
	uint64_t run = stricter(src->mssrl, dst->mssrl) * bs;
	uint64_t bytes = stricter(src->mcl, dst->mcl) * bs;
	uint64_t ranges = stricter(ranges_of(src), ranges_of(dst));

	run = run ? run : UNTOLD_RUN;
	bytes = bytes ? bytes : UNTOLD_BYTES;
	/* Not known: one, for a list of several is what small implementations refuse. */
	ranges = xm_min_u64(ranges ? ranges : 1, XM_TASK_RUNS_MAX);
	run = xm_min_u64(run, bytes);
	/* 65,535 blocks would leave all runs but the first off 4 KiB. */
	if (run > NICE)
		run = xm_round_down(run, xm_max_u64(NICE, bs));
	bytes = xm_min_u64(xm_min_u64(bytes, run * ranges), BYTES_MAX);
	*l = (struct xm_method_limits){ .kinds = XM_TASK_COPY, .align = bs,
		.max_runs = (unsigned)ranges, .max_run = run,
		.max_bytes = xm_max_u64(xm_round_down(bytes, bs), bs),
		.first_bytes = xm_min_u64(bytes, FIRST_BYTES), .max_inflight = INFLIGHT,
		.long_ns = LONG_NS,
		.gather = true };
}

/* ---- the pair ------------------------------------------------------------------------ */

static int look_at_blocks(const struct xm_pair *pair, const struct nvme_look *k,
			  struct xm_refusal *why)
{
	const struct nvme_id_ns *s = &k->src->id, *d = &k->dst->id;

	if (s->block_size != d->block_size)
		return nvme_refuse(why, NVME_R_BLOCK_SIZE, "the source has blocks of %u bytes, the "
				   "destination of %u", s->block_size, d->block_size);
	if (!xm_is_aligned(pair->src->base, s->block_size) ||
	    !xm_is_aligned(pair->dst->base, d->block_size))
		return nvme_refuse(why, NVME_R_BLOCK_SIZE,
				   "a partition does not start at a block of its namespace");
	if (s->metadata_size || d->metadata_size || s->protection || d->protection)
		return nvme_refuse(why, NVME_R_METADATA, "blocks of the %s carry metadata, which "
				   "is not copied this way",
				   s->metadata_size || s->protection ? "source" : "destination");
	return 0;
}

static int look_at_place(const struct xm_pair *pair, struct nvme_look *k, struct xm_refusal *why)
{
	if (nvme_ns_same(k->src, k->dst))
		return 0;
	if (!nvme_ns_same_subsystem(k->src, k->dst))
		return nvme_refuse(why, NVME_R_NOT_SAME_SUBSYSTEM,
				   "the ends are in two NVM subsystems, between which no "
				   "controller copies");
	k->cross = true;
	if (pair->allow_cross_namespace)
		return 0;
	return nvme_refuse(why, NVME_R_CROSS_NAMESPACE, "the ends are two namespaces of one "
			   "subsystem; to copy between them opens each to whoever may write "
			   "another meanwhile, so it is done with --allow-cross-namespace only");
}

static int look_at_controller(struct nvme_look *k, struct xm_refusal *why)
{
	uint16_t wanted = k->cross ? 0x000c : 0x0003;

	if (!(k->dst->ctrl.oncs & NVME_ONCS_COPY))
		return nvme_refuse(why, NVME_R_NO_COPY, "the controller does not have the Copy "
				   "command (ONCS %04xh)", k->dst->ctrl.oncs);
	/* Before OCFS was defined, 0h was all there was. */
	k->formats = k->dst->ctrl.ocfs ? k->dst->ctrl.ocfs : 1;
	if (!(k->formats & wanted))
		return nvme_refuse(why, NVME_R_FORMAT, "copying %s a namespace needs source range "
				   "format %s, the controller has others (OCFS %04xh)",
				   k->cross ? "from another into" : "within",
				   k->cross ? "2h or 3h" : "0h or 1h", k->formats);
	/* The shorter ones suit all blocks without protection information. */
	k->format = (k->cross ? NVME_FORMAT_2 : NVME_FORMAT_0);
	if (!(k->formats & 1u << k->format))
		k->format++;
	return 0;
}

int nvme_look(const struct xm_pair *pair, struct nvme_look *k, struct xm_refusal *why)
{
	memset(k, 0, sizeof *k);
	k->src = nvme_ns_of(pair->src, why);
	k->dst = k->src ? nvme_ns_of(pair->dst, why) : NULL;
	if (!k->dst) {
		why->foreign = strcmp(why->reason, NVME_R_NOT_NVME) == 0;
		return -1;
	}
	if (look_at_blocks(pair, k, why) < 0 || look_at_place(pair, k, why) < 0 ||
	    look_at_controller(k, why) < 0)
		return -1;
	k->limits_told = ranges_of(&k->src->id) && ranges_of(&k->dst->id);
	nvme_limits(&k->src->id, &k->dst->id, &k->limits);
	return 0;
}

/* ---- the controllers ------------------------------------------------------------------ */

static int open_controller(const struct nvme_ns *ns, const char *name, struct nvme_cdfe *c,
			   struct xm_refusal *why)
{
	char path[64];
	struct xm_error *err = NULL;
	struct nvme_transport *t;
	struct stat st;
	dev_t dev;
	int fd;

	snprintf(path, sizeof path, "/dev/%s", name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return nvme_refuse(why, errno == EACCES || errno == EPERM ? NVME_R_PERMISSION :
				   NVME_R_NO_PATH, "%s cannot be opened: %s", path,
				   strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISCHR(st.st_mode) ||
	    !nvme_node_dev("/sys", "nvme", name, &dev) || st.st_rdev != dev) {
		close(fd);
		return nvme_refuse(why, NVME_R_NO_PATH, "%s is not the controller", path);
	}
	t = nvme_ioctl_open(ns->admin->ctx, fd, name, nvme_do_ioctl, &err);
	close(fd);
	if (t && nvme_cdfe_add(c, t))
		return 0;
	if (t)
		t->ops->close(t);
	nvme_refuse(why, NVME_R_NO_PATH, "%.160s", err ? xm_error_text(err) : path);
	xm_error_free(err);
	return -1;
}

int nvme_cdfe_open(const struct nvme_ns *ns, struct nvme_cdfe *c, struct xm_refusal *why)
{
	const struct nvme_topology *t = &ns->topology;

	nvme_cdfe_init(c, ns->admin->ctx);
	for (unsigned i = 0; i < t->ncontrollers; i++) {
		if (open_controller(ns, t->controllers[i], c, why) < 0) {
			nvme_cdfe_close(c);
			return -1;
		}
	}
	if (c->n)
		return 0;
	return nvme_refuse(why, NVME_R_NO_PATH, "no controller of the subsystem is known");
}
