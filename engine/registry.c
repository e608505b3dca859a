/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every backend of this build.  Extern tables, no backend header: what each is
 * stays its own affair.  A backend that a build lacks has its table all the
 * same (no-iscsi.c): it claims its names and says what is missing.
 */
#include "registry.h"
#include "remote.h"

extern const struct xm_opener scsi_opener_iscsi;
extern const struct xm_opener scsi_opener_sg;
extern const struct xm_method_ops scsi_method_xcopy;
extern const struct xm_method_ops scsi_method_odx;
extern const struct xm_extent_source_ops scsi_extent_lba;
extern const struct xm_token_ops scsi_tokens;
extern const struct xm_opener nvme_opener_ng;
extern const struct xm_method_ops nvme_method_copy;
extern const struct xm_opener nbd_opener;
extern const struct xm_extent_source_ops nbd_extents;

static const struct xm_opener *const openers[] = {
	&scsi_opener_iscsi,
	&scsi_opener_sg,
	&nvme_opener_ng,
	&nbd_opener,
	&xm_opener_file,
	NULL,
};

static const struct xm_method_ops *const methods[] = {
	&scsi_method_xcopy,
	&scsi_method_odx,
	&nvme_method_copy,
	&xm_method_clone,
	&xm_method_host,
	NULL,
};

static const struct xm_extent_source_ops *const extents[] = {
	&xm_extent_remote,
	&xm_extent_seek,
	&scsi_extent_lba,
	&nbd_extents,
	NULL,
};
static const struct xm_token_ops *const tokens[] = { &xm_token_remote, &scsi_tokens, NULL };

static const struct xm_dirty_source_ops *const dirty[] = {
	&xm_dirty_list,
	NULL,
};

const struct xm_registry xm_registry_all = {
	.openers = openers,
	.methods = methods,
	.extents = extents,
	.dirty = dirty,
	.tokens = tokens,
};
