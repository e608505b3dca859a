/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xm_probe(): what both ends are, what would be refused, and for each method
 * whether it would be used and why.  The same openings and checks as a job's,
 * so that the answer is the one the job would give; nothing is written.
 */
#include <stdio.h>
#include <string.h>
#include "error.h"
#include "job-verify.h"
#include "refuse.h"
#include "registry.h"

static void explain_end(struct xm_endpoint *ep, const char *side, struct xm_findings *f)
{
	if (ep->ops->explain)
		ep->ops->explain(ep, side, f);
}

/* One refusal of rule 7 as a finding. */
static void check_pair(const struct xm_endpoint *src, const struct xm_endpoint *dst,
		       struct xm_findings *f)
{
	struct xm_error *err = NULL;

	if (xm_refuse_geometry(src, dst, &err) == 0) {
		xm_finding(f, XM_PASS,
			   "pair.geometry", "", "the destination is another disk, large "
			   "enough, and its blocks fit the source");
		return;
	}
	xm_finding(f, XM_FAIL, "pair.geometry", "use another destination", "%s",
		   xm_error_text(err));
	xm_error_free(err);
}

static void try_method(const struct xm_method_ops *ops, const struct xm_pair *pair,
		       struct xm_findings *f, bool *ret_offload)
{
	bool offload = xm_way_offloads(ops->way);
	struct xm_refusal why;
	struct xm_method *m;
	char check[64];

	if (ops->explain)
		ops->explain(pair, f);
	if (!offload || xm_method_open(ops, pair, &m, &why) < 0)
		return;
	snprintf(check, sizeof check, "method.%s", ops->name);
	xm_finding(f, XM_PASS, check,
		   "", "%s would be tried: up to %llu bytes a command, %u at a time; "
		   "it is believed only after a trial was read back", ops->title,
		   (unsigned long long)m->limits.max_bytes, m->limits.max_inflight);
	xm_method_close(m);
	*ret_offload = true;
}

static int probe_methods(struct xm_ctx *ctx, struct xm_endpoint *src, struct xm_endpoint *dst,
			 struct xm_findings *f, struct xm_error **err)
{
	struct xm_job *job = xm_job_new_verify(ctx, src, dst);
	bool offload = false;
	int r = 0;

	if (!job)
		return xm_fail(err, XM_E_TEMPORARY, "memory is short");
	if (xm_job_open(job) == 0) {
		for (unsigned i = 0; ctx->registry->methods[i]; i++)
			try_method(ctx->registry->methods[i], &job->pair, f, &offload);
		xm_finding(f, offload ? XM_PASS : XM_WARN, "verdict", "", offload ?
			   "the storage would be asked to copy" : "the host would copy everything");
	} else {
		r = xm_fail(err, xm_error_code(job->err), "%s", xm_error_text(job->err));
	}
	xm_job_free(job);
	return r;
}

static void probe_one(struct xm_ctx *ctx, struct xm_endpoint *src, struct xm_findings *f)
{
	struct xm_pair pair = { .ctx = ctx, .src = src };

	for (unsigned i = 0; ctx->registry->methods[i]; i++) {
		if (ctx->registry->methods[i]->explain)
			ctx->registry->methods[i]->explain(&pair, f);
	}
}

int xm_probe(struct xm_ctx *ctx, struct xm_endpoint *src, struct xm_endpoint *dst,
	     xm_finding_fn *fn, void *user, enum xm_verdict *ret_worst, struct xm_error **err)
{
	struct xm_findings f = { .fn = fn, .user = user, .worst = XM_INFO };
	int r = 0;

	explain_end(src, "source", &f);
	if (dst) {
		explain_end(dst, "destination", &f);
		check_pair(src, dst, &f);
		r = probe_methods(ctx, src, dst, &f, err);
	} else {
		probe_one(ctx, src, &f);
	}
	if (r == 0 && ret_worst)
		*ret_worst = f.worst;
	return r;
}
