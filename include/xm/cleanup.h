/* SPDX-License-Identifier: Apache-2.0 */
/* Scope-bound release.  For our own code only, never for a public header. */
#ifndef XM_CLEANUP_H
#define XM_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

static inline void xm_cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void xm_cleanup_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define XM_CLEANUP_FREE __attribute__((cleanup(xm_cleanup_free)))
#define XM_CLEANUP_CLOSE __attribute__((cleanup(xm_cleanup_close)))

/* Hand a pointer or descriptor to the caller and keep the cleanup quiet. */
#define xm_steal_ptr(p) ({ __typeof__(p) xm_s_ = (p); (p) = NULL; xm_s_; })
#define xm_steal_fd(fd) ({ int xm_s_ = (fd); (fd) = -1; xm_s_; })

#endif
