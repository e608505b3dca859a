/* SPDX-License-Identifier: Apache-2.0 */
/* Who uses a disk or file that we are about to overwrite. */
#ifndef XM_HOLDERS_H
#define XM_HOLDERS_H

#include <sys/stat.h>

struct xm_holder_paths {
	const char *sysfs, *mountinfo, *swaps;
};
extern const struct xm_holder_paths xm_holder_paths_real;

/*
 * What holds it, as the end of a sentence ("is mounted at /srv"), malloc'ed;
 * NULL when nothing is known to.  For a whole disk its partitions count, for a
 * partition its disk.  Other mount namespaces are not seen: the exclusive open
 * is what keeps us safe, this only finds words, except for loop devices and swap files,
 * which claim nothing.
 */
char *xm_holder_of(const struct xm_holder_paths *paths, const struct stat *st);

#endif
