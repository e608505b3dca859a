/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The logical unit behind an endpoint: the one its opener gave it, or, for a block
 * device that is a SCSI disk, one made at first need, over SG_IO.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "block-path.h"
#include "error.h"
#include "lu.h"
#include "lu-open.h"
#include "reasons.h"
#include "sgpt.h"

#define PATHS 8

static struct scsi_lu *refuse(struct xm_refusal *why, const char *reason, const char *name,
			      const char *what)
{
	*why = (struct xm_refusal){ .act = XM_ACT_DEMOTE, .reason = reason };
	snprintf(why->detail, sizeof why->detail, "%.60s: %.120s", name, what);
	return NULL;
}

/* The node of that name, when it is that device. */
static int open_node(const struct scsi_block_roots *r, const struct scsi_block_path *p)
{
	char path[128];
	struct stat st;
	int fd;

	snprintf(path, sizeof path, "%s/%s", r->dev, p->name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISBLK(st.st_mode) && st.st_rdev == p->dev)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* The kernel sees the disk under the names the disk gives itself; a path may not be another's. */
static bool same_names(const struct xm_endpoint *ep, const struct scsi_lu *lu)
{
	struct xm_identity id = { 0 };
	bool same;

	scsi_lu_identity(lu, &id);
	same = !id.n || !ep->id.n || xm_identity_common(&id, &ep->id);
	xm_identity_free(&id);
	return same;
}

static const char *reason_of(enum xm_code code)
{
	return code == XM_E_PERMISSION ? SCSI_R_NO_CAP : SCSI_R_NO_PATH;
}

static struct scsi_lu *not_had(struct xm_endpoint *ep, struct xm_error *err, struct xm_refusal *why)
{
	refuse(why, reason_of(xm_error_code(err)), ep->name, xm_error_text(err));
	xm_error_free(err);
	return NULL;
}

static struct scsi_lu *over(struct xm_endpoint *ep, int fd, struct xm_refusal *why)
{
	struct xm_error *err = NULL;
	struct scsi_transport *t = sgpt_attach(ep, fd, &err);
	struct scsi_lu *lu = t ? scsi_lu_new(t, 0, &err) : NULL;

	if (!lu)
		return not_had(ep, err, why);
	if (same_names(ep, lu) && scsi_lu_attach(ep, lu, free)) {
		sgpt_set_lu(t, lu);
		return lu;
	}
	free(lu);
	return refuse(why, SCSI_R_NO_PATH, ep->name,
		      "the disk that answers has other designators than this one");
}

/* The paths behind the one in use are opened now: when one is wanted nothing may block. */
static void add_others(struct scsi_transport *t, const struct scsi_block_path *paths, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		int fd = open_node(&scsi_block_roots_real, &paths[i]);

		if (fd >= 0) {
			sgpt_add_path(t, fd);
			close(fd);
		}
	}
	xm_log(t->ctx, XM_LOG_INFO, "path", "%s: commands go down %s; %u more paths are at hand",
	       t->name, paths[0].name, sgpt_paths(t) - 1);
}

static struct scsi_lu *over_path(struct xm_endpoint *ep, const struct scsi_block_path *p,
				 struct xm_refusal *why)
{
	struct scsi_lu *lu;
	int fd;

	if (p->own)
		return over(ep, ep->fd, why);
	fd = open_node(&scsi_block_roots_real, p);
	if (fd < 0)
		return refuse(why, SCSI_R_NO_PATH, ep->name,
			      "no node of one of its paths can be opened here");
	lu = over(ep, fd, why);
	close(fd);
	return lu;
}

struct scsi_lu *scsi_lu_of(struct xm_endpoint *ep, struct xm_refusal *why)
{
	struct scsi_lu *lu = scsi_lu_attached(ep);
	struct scsi_block_path paths[PATHS];
	struct stat st;
	unsigned n;

	if (lu)
		return lu;
	if (ep->fd < 0 || fstat(ep->fd, &st) != 0 || !S_ISBLK(st.st_mode))
		return refuse(why, SCSI_R_NOT_SCSI, ep->name, "this is no SCSI logical unit");
	n = scsi_block_paths(&scsi_block_roots_real, st.st_rdev, ep->name, paths, PATHS, why);
	for (unsigned i = 0; i < n && !lu; i++) {
		lu = over_path(ep, &paths[i], why);
		if (lu && !paths[i].own)
			add_others(lu->transport, paths + i, n - i);
	}
	return lu;
}
