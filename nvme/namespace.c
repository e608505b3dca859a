/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identify goes down the block node by ioctl.  Copies go down the generic node of
 * the same namespace by io_uring where that can be had, else by ioctl too.
 * A node of that name in /dev may be anything, and names move between boots: nodes are
 * checked by device number, and the NSID is asked of each.
 */
#include "namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "copy.h"
#include "ctx.h"
#include "error.h"
#include "reasons.h"
#include "verdict.h"
#include "sysfs.h"
#include "xm/checked.h"

#define SYSFS "/sys"

static const char ns_key;

int nvme_refuse(struct xm_refusal *why, const char *reason, const char *fmt, ...)
{
	va_list ap;

	*why = (struct xm_refusal){ .act = XM_ACT_DEMOTE, .reason = reason };
	va_start(ap, fmt);
	vsnprintf(why->detail, sizeof why->detail, fmt, ap);
	va_end(ap);
	return -1;
}

bool nvme_ns_attach(struct xm_endpoint *ep, struct nvme_ns *ns, void (*destroy)(void *))
{
	return xm_attach(&ep->attached, &ns_key, ns, destroy);
}

/* ---- what it says ------------------------------------------------------------------ */

static int ask(struct nvme_ns *ns, uint8_t cns, uint32_t nsid, uint8_t *data,
	       struct xm_refusal *why)
{
	struct nvme_transport *t = ns->admin;
	struct nvme_cmd cmd;
	char said[80];

	nvme_cmd_identify(&cmd, cns, nsid, data);
	cmd.timeout_ns = t->ctx->timeout_ns;
	if (nvme_exec(t, &cmd) == 0 && cmd.status == 0)
		return 0;
	return nvme_refuse(why, cmd.outcome == NVME_NOT_SENT &&
			   (cmd.err == EACCES || cmd.err == EPERM) ?
			   NVME_R_PERMISSION : NVME_R_IDENTIFY, "%s: Identify (CNS %02xh): %s",
			   t->name, cns, nvme_answer_text(&cmd, said, sizeof said));
}

int nvme_ns_identify(struct nvme_ns *ns, struct xm_refusal *why)
{
	uint8_t data[NVME_IDENTIFY_LEN];

	if (ask(ns, NVME_CNS_CONTROLLER, 0, data, why) < 0)
		return -1;
	nvme_decode_ctrl(data, &ns->ctrl);
	if (ask(ns, NVME_CNS_NAMESPACE, ns->nsid, data, why) < 0)
		return -1;
	if (nvme_decode_ns(data, &ns->id))
		return 0;
	return nvme_refuse(why, NVME_R_IDENTIFY, "%s: Identify Namespace says what cannot be",
			   ns->admin->name);
}

static bool set(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return true;
	return false;
}

static const char *nqn_of(const struct nvme_ns *ns)
{
	return *ns->topology.subnqn ? ns->topology.subnqn : ns->ctrl.subnqn;
}

bool nvme_ns_same_subsystem(const struct nvme_ns *a, const struct nvme_ns *b)
{
	return *nqn_of(a) && strcmp(nqn_of(a), nqn_of(b)) == 0;
}

bool nvme_ns_same(const struct nvme_ns *a, const struct nvme_ns *b)
{
	if (a->topology.block_dev == b->topology.block_dev)
		return true;
	/* Private namespaces of two controllers may have one NSID: a name has to agree too. */
	if (!nvme_ns_same_subsystem(a, b) || a->nsid != b->nsid)
		return false;
	if (set(a->id.nguid, 16) && memcmp(a->id.nguid, b->id.nguid, 16) == 0)
		return true;
	return set(a->id.eui64, 8) && memcmp(a->id.eui64, b->id.eui64, 8) == 0;
}

/* ---- its nodes --------------------------------------------------------------------- */

static void ns_free(void *o)
{
	struct nvme_ns *ns = o;

	if (ns->io && ns->io != ns->admin)
		ns->io->ops->close(ns->io);
	if (ns->admin)
		ns->admin->ops->close(ns->admin);
	free(ns);
}

/* The node of that name when it has that number, else -1 and errno. */
static int open_node(const char *name, dev_t dev, mode_t type, int flags)
{
	char path[64];
	struct stat st;
	int fd;

	snprintf(path, sizeof path, "/dev/%s", name);
	fd = open(path, flags | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type && st.st_rdev == dev)
		return fd;
	close(fd);
	errno = ENODEV;
	return -1;
}

static struct nvme_transport *open_uring(struct xm_endpoint *ep, struct nvme_ns *ns)
{
	const struct nvme_topology *p = &ns->topology;
	struct nvme_transport *t = NULL;
	int fd, e = 0;

	if (!*p->generic) {
		snprintf(ns->io_why, sizeof ns->io_why, "the kernel has no generic node for it");
		return NULL;
	}
	fd = open_node(p->generic, p->generic_dev, S_IFCHR, O_RDWR);
	if (fd < 0) {
		e = errno;
	} else if (nvme_node_nsid(fd) != ns->nsid) {
		e = ENODEV;
	} else {
		t = nvme_uring_open(ep->ctx, fd, ep->fd, ep->name, &e);
	}
	if (fd >= 0)
		close(fd);
	if (!t)
		snprintf(ns->io_why, sizeof ns->io_why, "%.20s: %.40s", p->generic, strerror(e));
	return t;
}

/* The transport for copies: of a destination alone. */
static void open_io(struct xm_endpoint *ep, struct nvme_ns *ns)
{
	ns->io = ep->writable ? open_uring(ep, ns) : NULL;
	if (!ns->io)
		ns->io = ns->admin;
	else
		ns->io->ns = ns;
	if (*ns->io_why)
		xm_log(ep->ctx, XM_LOG_INFO, "no_uring_passthrough",
		       "%s: copies are sent by ioctl: %s", ep->name, ns->io_why);
}

static int open_admin(struct xm_endpoint *ep, struct nvme_ns *ns, struct xm_refusal *why)
{
	const struct nvme_topology *p = &ns->topology;
	struct xm_error *err = NULL;
	int fd = open_node(p->block, p->block_dev, S_IFBLK, ep->writable ? O_RDWR : O_RDONLY);

	if (fd < 0)
		return nvme_refuse(why, errno == EACCES || errno == EPERM ? NVME_R_PERMISSION :
				   NVME_R_NO_PATH, "%.60s: /dev/%s cannot be opened: %s", ep->name,
				   p->block, strerror(errno));
	ns->nsid = nvme_node_nsid(fd);
	ns->admin = ns->nsid ? nvme_ioctl_open(ep->ctx, fd, ep->name, nvme_do_ioctl, &err) : NULL;
	close(fd);
	if (ns->admin) {
		ns->admin->ns = ns;
		return 0;
	}
	nvme_refuse(why, NVME_R_NO_PATH, "%.60s: %.100s", ep->name,
		    err ? xm_error_text(err) : "its node does not tell a namespace");
	xm_error_free(err);
	return -1;
}

/* Where the kernel and the controller disagree about the disk, nothing they say can be used. */
static int check_fits(const struct xm_endpoint *ep, const struct nvme_ns *ns,
		      struct xm_refusal *why)
{
	uint64_t size, end;

	if (xm_checked_mul(ns->id.nsze, (uint64_t)ns->id.block_size, &size) &&
	    xm_checked_add(ep->base, ep->size, &end) && end <= size &&
	    ep->block_size == ns->id.block_size)
		return 0;
	nvme_refuse(why, NVME_R_IDENTIFY, "%.60s: the kernel sees other blocks than the namespace "
		    "states (%llu of %u bytes)", ep->name, (unsigned long long)ns->id.nsze,
		    ns->id.block_size);
	why->act = XM_ACT_FATAL;
	why->code = XM_E_IO;
	return -1;
}

static dev_t disk_of(const struct xm_endpoint *ep)
{
	struct stat st;
	uint64_t start;

	if (ep->fd < 0 || fstat(ep->fd, &st) != 0 || !S_ISBLK(st.st_mode))
		return 0;
	return xm_sysfs_disk(SYSFS, st.st_rdev, &start);
}

struct nvme_ns *nvme_ns_of(struct xm_endpoint *ep, struct xm_refusal *why)
{
	struct nvme_ns *ns = xm_attached(&ep->attached, &ns_key);
	dev_t disk = disk_of(ep);

	if (ns)
		return ns;
	ns = calloc(1, sizeof *ns);
	if (!ns) {
		nvme_refuse(why, NVME_R_NOT_SENT, "memory is short");
		return NULL;
	}
	ns->open_controllers = nvme_cdfe_open;
	if (!disk || !nvme_topology_of(SYSFS, disk, &ns->topology)) {
		nvme_refuse(why, NVME_R_NOT_NVME, "%.100s: this is no NVMe namespace", ep->name);
		goto failed;
	}
	if (open_admin(ep, ns, why) < 0 || nvme_ns_identify(ns, why) < 0 ||
	    check_fits(ep, ns, why) < 0)
		goto failed;
	open_io(ep, ns);
	if (nvme_ns_attach(ep, ns, ns_free))
		return ns;
	nvme_refuse(why, NVME_R_NOT_SENT, "memory is short");
failed:
	ns_free(ns);
	return NULL;
}
