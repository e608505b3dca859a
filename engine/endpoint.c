/* SPDX-License-Identifier: Apache-2.0 */
/* What all endpoints have in common: their making and end, their facts, findings about them. */
#include "endpoint.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FINDING_MAX 512

struct xm_endpoint *xm_endpoint_alloc(struct xm_ctx *ctx, const struct xm_endpoint_ops *ops,
				      const char *name)
{
	struct xm_endpoint *ep = calloc(1, sizeof *ep);
	if (!ep)
		return NULL;
	ep->ops = ops;
	ep->ctx = ctx;
	ep->fd = ep->fd_cached = -1;
	xm_attachments_init(&ep->attached);
	ep->name = strdup(name);
	if (ep->name)
		return ep;
	free(ep);
	return NULL;
}

void xm_endpoint_close(struct xm_endpoint *ep)
{
	if (!ep)
		return;
	xm_attachments_free(&ep->attached);
	if (ep->ops->close)
		ep->ops->close(ep);
	if (ep->fd_cached >= 0)
		close(ep->fd_cached);
	if (ep->fd >= 0)
		close(ep->fd);
	xm_identity_free(&ep->id);
	free(ep->name);
	free(ep);
}

uint64_t xm_endpoint_size(const struct xm_endpoint *ep)
{
	return ep->size;
}

uint32_t xm_endpoint_block_size(const struct xm_endpoint *ep)
{
	return ep->block_size;
}

const char *xm_endpoint_str(const struct xm_endpoint *ep, enum xm_endpoint_key key)
{
	switch (key) {
	case XM_EP_NAME:
		return ep->name;
	case XM_EP_KIND:
		return ep->ops->kind;
	case XM_EP_DESIGNATOR:
		return ep->id.n ? ep->id.names[0] : "";
	case XM_EP_VENDOR:
		return ep->id.vendor;
	case XM_EP_PRODUCT:
		return ep->id.product;
	case XM_EP_REVISION:
		return ep->id.revision;
	case XM_EP_SERIAL:
		return ep->id.serial;
	}
	return "";
}

int xm_endpoint_has_designator(const struct xm_endpoint *ep, const char *name)
{
	static const char *const implied[] = { "", "naa.", "eui." };
	bool bare = *name && strspn(name, "0123456789abcdefABCDEF") == strlen(name);
	for (unsigned i = 0; i < ep->id.n; i++) {
		const char *have = ep->id.names[i];
		for (unsigned k = 0; k < (bare ? 3 : 1); k++) {
			size_t skip = strlen(implied[k]);
			if (!strncmp(have, implied[k], skip) && !strcasecmp(have + skip, name))
				return 1;
		}
	}
	return 0;
}

void xm_finding(struct xm_findings *f, enum xm_verdict v, const char *check, const char *fix,
		const char *fmt, ...)
{
	static const unsigned char weight[] = {
		[XM_INFO] = 0, [XM_PASS] = 1, [XM_WARN] = 2, [XM_FAIL] = 3,
	};
	char text[FINDING_MAX];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (weight[v] > weight[f->worst])
		f->worst = v;
	if (f->fn)
		f->fn(f->user, v, check, text, fix ? fix : "");
}
