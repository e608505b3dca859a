/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every backend of this build.  Extern tables, no backend header: what each is
 * stays its own affair.  Openers that a build may lack come from
 * registry-iscsi.c or registry-no-iscsi.c.
 */
#include "registry.h"

extern const struct xm_opener *const xm_registry_openers[];
extern const struct xm_method_ops scsi_method_xcopy;

static const struct xm_method_ops *const methods[] = {
	&scsi_method_xcopy,
	&xm_method_host,
	NULL,
};

const struct xm_registry xm_registry_all = {
	.openers = xm_registry_openers,
	.methods = methods,
};
