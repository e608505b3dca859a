/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /dev/sgN as an endpoint: a SCSI disk by commands alone.
 *
 * Commands go down the sd node of the same disk where it can be opened: a killed
 * process leaves an sg node's commands behind, while an sd node's are waited for,
 * and only an sd node can be claimed (O_EXCL) against mounts and holders.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "error.h"
#include "io-scsi.h"
#include "lu.h"
#include "lu-open.h"
#include "sgpt.h"

#define PREFIX "/dev/sg"

static bool claims(const char *spec)
{
	const char *n = spec + strlen(PREFIX);

	return strncmp(spec, PREFIX, strlen(PREFIX)) == 0 && *n &&
	       strspn(n, "0123456789") == strlen(n);
}

/* Which node takes the commands decides whether a successor can tell that they are over. */
static void explain_fence(const struct xm_endpoint *ep, const char *side, struct xm_findings *f)
{
	char check[64];
	struct stat st;

	snprintf(check, sizeof check, "%s.fence", side);
	if (fstat(ep->fd, &st) == 0 && S_ISBLK(st.st_mode))
		xm_finding(f, XM_PASS, check, "", "commands to %s go through the sd node of its "
			   "disk: when this process is killed, the kernel holds the disk until "
			   "they are over", ep->name);
	else
		xm_finding(f, XM_WARN, check, "let this process open the sd node of the disk",
			   "commands to %s go through the sg node itself: when this process is "
			   "killed they go on, nobody can wait for them, and they may overwrite "
			   "what comes after", ep->name);
}

static void explain(struct xm_endpoint *ep, const char *side, struct xm_findings *f)
{
	char check[64];

	snprintf(check, sizeof check, "%s.disk", side);
	xm_finding(f, XM_INFO, check, "", "%s: SCSI disk of %llu bytes in blocks of %u, by "
		   "pass-through", ep->name, (unsigned long long)ep->size, ep->block_size);
	explain_fence(ep, side, f);
}

static const struct xm_endpoint_ops endpoint_ops = {
	.kind = "sg",
	.io = scsi_io_of,
	.explain = explain,
};

/* "sda" of the disk that sgN is, by sysfs; false when it has no sd node. */
static bool sd_name(dev_t sg, char *name, size_t size)
{
	char path[128];
	struct dirent *e;
	bool found = false;
	DIR *d;

	snprintf(path, sizeof path, "/sys/dev/char/%u:%u/device/block", major(sg), minor(sg));
	d = opendir(path);
	while (d && !found && (e = readdir(d))) {
		found = e->d_name[0] != '.' && strlen(e->d_name) < size;
		if (found)
			strcpy(name, e->d_name);
	}
	if (d)
		closedir(d);
	return found;
}

static int fail_open(const struct xm_open_args *args, int e, struct xm_error **err)
{
	return xm_fail(err, xm_code_of_errno(e, args->role == XM_ROLE_DST),
		       "%s cannot be opened: %s", args->spec, strerror(e));
}

/* A node of that name in /dev may be anything. */
static bool is_node_of(int fd, dev_t sg, const char *name)
{
	char path[160];
	unsigned maj, min;
	struct stat st;
	bool same;
	FILE *f;

	snprintf(path, sizeof path, "/sys/dev/char/%u:%u/device/block/%s/dev", major(sg), minor(sg),
		 name);
	f = fopen(path, "re");
	if (!f)
		return false;
	same = fscanf(f, "%u:%u", &maj, &min) == 2 && fstat(fd, &st) == 0 &&
	       S_ISBLK(st.st_mode) && st.st_rdev == makedev(maj, min);
	fclose(f);
	return same;
}

/* -1 and *err, or -2: not this way.  A destination that is in use is refused here. */
static int open_sd(dev_t sg, const struct xm_open_args *args, struct xm_error **err)
{
	bool dst = args->role == XM_ROLE_DST;
	char name[32], path[48];
	int fd;

	if (!sd_name(sg, name, sizeof name))
		return -2;
	snprintf(path, sizeof path, "/dev/%s", name);
	fd = open(path, (dst ? O_RDWR | O_EXCL : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == EBUSY)
		return xm_fail(err, XM_E_DESTINATION, "%s is %s, which is mounted or in use",
			       args->spec, path);
	if (fd >= 0 && is_node_of(fd, sg, name))
		return fd;
	if (fd >= 0)
		close(fd);
	return -2;
}

/*
 * Read-write also for a source: read-only, the kernel lets copy commands pass
 * with CAP_SYS_RAWIO alone.
 */
static int open_sg(const struct xm_open_args *args)
{
	int fd = open(args->spec, O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 && (errno == EACCES || errno == EROFS) && args->role == XM_ROLE_SRC)
		fd = open(args->spec, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return fd;
}

static int open_node(const struct xm_open_args *args, struct xm_error **err)
{
	struct stat st;
	int sg = open_sg(args), sd;

	if (sg < 0)
		return fail_open(args, errno, err);
	if (fstat(sg, &st) != 0 || !S_ISCHR(st.st_mode)) {
		close(sg);
		return xm_fail(err, XM_E_USAGE, "%s is no sg node", args->spec);
	}
	sd = open_sd(st.st_rdev, args, err);
	if (sd == -2)
		return sg;
	close(sg);
	return sd;
}

static int sg_open(struct xm_ctx *ctx, const struct xm_open_args *args,
		   struct xm_endpoint **ret_ep, struct xm_error **err)
{
	struct xm_endpoint *ep = xm_endpoint_alloc(ctx, &endpoint_ops, args->spec);
	struct scsi_transport *t;
	struct scsi_lu *lu;

	if (!ep)
		return xm_fail(err, XM_E_TEMPORARY, "out of memory");
	ep->fd = open_node(args, err);
	t = ep->fd < 0 ? NULL : sgpt_attach(ep, ep->fd, err);
	lu = t ? scsi_lu_open(ep, t, 0, args->role == XM_ROLE_DST, err) : NULL;
	if (!lu) {
		xm_endpoint_close(ep);
		return -1;
	}
	sgpt_set_lu(t, lu);
	*ret_ep = ep;
	return 0;
}

const struct xm_opener scsi_opener_sg = {
	.name = "sg",
	.claims = claims,
	.open = sg_open,
};
