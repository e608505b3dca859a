/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every backend of this build.  Extern tables, no backend header: what each is
 * stays its own affair.  A backend that a build lacks has its table all the
 * same (no-iscsi.c): it claims its names and says what is missing.
 */
#include "registry.h"

extern const struct xm_opener scsi_opener_iscsi;
extern const struct xm_opener scsi_opener_sg;
extern const struct xm_method_ops scsi_method_xcopy;

static const struct xm_opener *const openers[] = {
	&scsi_opener_iscsi,
	&scsi_opener_sg,
	&xm_opener_file,
	NULL,
};

static const struct xm_method_ops *const methods[] = {
	&scsi_method_xcopy,
	&xm_method_host,
	NULL,
};

const struct xm_registry xm_registry_all = {
	.openers = openers,
	.methods = methods,
};
