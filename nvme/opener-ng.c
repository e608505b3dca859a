/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /dev/ngXnY as an endpoint: the block node of the same namespace, under the name
 * the user wrote.  A generic node takes commands alone; only the block node can be
 * claimed (O_EXCL) against mounts and holders, and the host reads and writes there.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "endpoint.h"
#include "error.h"
#include "transport.h"

#define PREFIX "/dev/ng"

static bool claims(const char *spec)
{
	unsigned ctrl, ns;
	int end = 0;

	return sscanf(spec, PREFIX "%9un%9u%n", &ctrl, &ns, &end) == 2 && end > 0 &&
	       spec[end] == '\0';
}

static uint32_t nsid_of(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	uint32_t nsid = fd < 0 ? 0 : nvme_node_nsid(fd);

	if (fd >= 0)
		close(fd);
	return nsid;
}

/* What to say of a node that cannot be opened, or is none, is the business of opening it. */
static int check_pair(const struct xm_open_args *args, const char *block, struct xm_error **err)
{
	bool dst = args->role == XM_ROLE_DST;
	struct stat st;
	uint32_t generic;

	if (stat(args->spec, &st) != 0)
		return xm_fail(err, dst ? XM_E_DESTINATION : XM_E_NOSOURCE, "%s does not exist",
			       args->spec);
	if (!S_ISCHR(st.st_mode))
		return xm_fail(err, XM_E_USAGE, "%s is no NVMe generic node", args->spec);
	generic = nsid_of(args->spec);
	if (!generic || generic == nsid_of(block))
		return 0;
	return xm_fail(err, dst ? XM_E_DESTINATION : XM_E_NOSOURCE,
		       "%s and %s are not one namespace; give the block node itself", args->spec,
		       block);
}

static int ng_open(struct xm_ctx *ctx, const struct xm_open_args *args,
		   struct xm_endpoint **ret_ep, struct xm_error **err)
{
	struct xm_open_args inner = *args;
	char block[64], *name;

	snprintf(block, sizeof block, "/dev/nvme%.40s", args->spec + strlen(PREFIX));
	if (check_pair(args, block, err) < 0)
		return -1;
	name = strdup(args->spec);
	if (!name)
		return xm_fail(err, XM_E_TEMPORARY, "out of memory");
	inner.spec = block;
	if (xm_opener_file.open(ctx, &inner, ret_ep, err) < 0) {
		free(name);
		return -1;
	}
	free((*ret_ep)->name);
	(*ret_ep)->name = name;
	return 0;
}

const struct xm_opener nvme_opener_ng = {
	.name = "ng",
	.claims = claims,
	.open = ng_open,
};
