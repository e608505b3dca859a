/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every backend, as data.  engine/ works through a pointer to this struct;
 * registry.c (its own library, above scsi/ and nvme/) fills it with extern
 * tables and includes no backend header.  A test may bring its own.
 */
#ifndef XM_REGISTRY_H
#define XM_REGISTRY_H

#include "dirty.h"
#include "endpoint.h"
#include "extent.h"
#include "method.h"
#include "token.h"

struct xm_registry {
	const struct xm_opener *const *openers;      /* NULL-ended, in the order they are asked */
	const struct xm_method_ops *const *methods;  /* NULL-ended, best first, host last */
	const struct xm_extent_source_ops *const *extents;  /* NULL-ended, best first;
							       may be NULL */
	const struct xm_dirty_source_ops *const *dirty;  /* NULL-ended, the list last;
							    may be NULL */
	const struct xm_token_ops *const *tokens;    /* NULL-ended; NULL: none */
};

extern const struct xm_registry xm_registry_all;

#endif
