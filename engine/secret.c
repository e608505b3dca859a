/* SPDX-License-Identifier: Apache-2.0 */
/* See secret.h. */
#include "secret.h"

#include <string.h>
#include <sys/mman.h>

void *xm_secret_new(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	madvise(p, size, MADV_DONTDUMP);
	mlock(p, size);                  /* swap is the user's affair where limits refuse it */
	return p;
}

void xm_secret_free(void *p, size_t size)
{
	if (!p)
		return;
	explicit_bzero(p, size);
	munmap(p, size);
}
