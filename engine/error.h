/* SPDX-License-Identifier: Apache-2.0 */
/* The error object of set-up and of the end of a job.  The hot path uses status.h. */
#ifndef XM_ERROR_H
#define XM_ERROR_H

#include "xmover.h"

/*
 * Set *err (when err is not NULL and *err is NULL: the first error wins) and
 * return -1, so that a caller can say `return xm_fail(err, XM_E_IO, ...)`.
 * The text says what, where, what the device said, what to do next.
 */
int xm_fail(struct xm_error **err, enum xm_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Put "context: " before an error's text; NULL err or *err is fine.  Returns -1. */
int xm_error_wrap(struct xm_error **err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The code an errno of opening or sizing a device stands for; `is_dst` picks 73 over 66. */
enum xm_code xm_code_of_errno(int e, int is_dst);

#endif
