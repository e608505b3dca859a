/* SPDX-License-Identifier: Apache-2.0 */
/* Where a trial looks. */
#ifndef XM_TRIAL_PLACES_H
#define XM_TRIAL_PLACES_H

#include "trial.h"

/* Fills piece, n and bytes. */
void xm_trial_places(struct xm_trial *t, const struct xm_task *task);

#endif
