/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SEAM: dirty sources say what to copy: what changed since the destination was
 * last equal.
 *
 * A source may report more than changed and never less; when it cannot tell, it
 * fails, and with it the job.  Dirty is copied, dirty and zero is zeroed, never
 * skipped; clean is not touched.
 */
#ifndef XM_DIRTY_H
#define XM_DIRTY_H

#include "extent-runs.h"

/* As KubeVirt's map types: bit 0 dirty, bit 1 zero. */
enum xm_dirty_kind { XM_CLEAN, XM_DIRTY, XM_CLEAN_ZERO, XM_DIRTY_ZERO };

struct xm_dirty_source_ops {
	const char *name;
	/* Is `spec`, what --dirty was given, for this source?  The registry asks in its order. */
	bool (*claims)(const char *spec);
	/*
	 * Fill runs (kinds: enum xm_dirty_kind; initialised with safe = XM_DIRTY and gap =
	 * XM_CLEAN) with all of the source.  Waits, bounded.  XM_E_CONFIG for what cannot be read.
	 */
	int (*open)(struct xm_endpoint *src, const char *spec, struct xm_runs *into,
		    struct xm_error **err);
};

extern const struct xm_dirty_source_ops xm_dirty_list;    /* a range list: any other spec */

#endif
