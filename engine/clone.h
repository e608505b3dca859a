/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A range of one file made a range of another by the file system itself, without
 * its bytes: shared extents where it can (FICLONERANGE), else a copy that the
 * file's server makes (copy_file_range).
 */
#ifndef XM_CLONE_H
#define XM_CLONE_H

#include <stdbool.h>
#include <stdint.h>

enum xm_clone_way { XM_CLONE_NONE, XM_CLONE_SHARE, XM_CLONE_SERVER };

/* What the file system both files lie on can do; NONE with *ret_why a sentence. */
enum xm_clone_way xm_clone_way(int src_fd, int dst_fd, const char **ret_why);
/* Blocking.  Bytes of the range that are there now; less than len: *ret_err is an errno. */
uint64_t xm_clone_range(enum xm_clone_way way, int src_fd, uint64_t src, int dst_fd, uint64_t dst,
			uint64_t len, int *ret_err);

#endif
