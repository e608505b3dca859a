/* SPDX-License-Identifier: Apache-2.0 */
/* The job's name when the user gives none. */
#ifndef XM_JOB_ID_H
#define XM_JOB_ID_H

/*
 * What stays the same when the destination is reached another way: scheme, iqn
 * and LUN of a URL without user, portal and parameters; the absolute path of
 * anything else.  NULL when memory is short or there is no current directory.
 */
char *xm_job_id_from(const char *destination);

#endif
