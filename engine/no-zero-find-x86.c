/* SPDX-License-Identifier: Apache-2.0 */
/* Processors for which there is only the portable way to look for zeros. */
#include "zero-find.h"

const struct xm_zero_finder *const xm_zero_finders[] = { &xm_zero_finder_portable, NULL };
