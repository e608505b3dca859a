/* SPDX-License-Identifier: Apache-2.0 */
/* The openers of a build without libiscsi, in the order they are asked. */
#include "registry.h"

extern const struct xm_opener *const xm_registry_openers[];
const struct xm_opener *const xm_registry_openers[] = {
	&xm_opener_file,
	NULL,
};
