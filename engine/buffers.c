/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The job's buffers: one mapping, so that it is registered with the ring in one
 * piece, page aligned, so that any direct I/O takes it.
 */
#include "io.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "xm/align.h"
#include "xm/checked.h"

int xm_buffers_init(struct xm_buffers *b, uint64_t slot_size, unsigned slots)
{
	size_t size;
	*b = (struct xm_buffers){ .slot_size = slot_size, .slots = slots, .free = slots };
	assert(slot_size && xm_is_aligned(slot_size, 4096) && slots);
	if (!xm_checked_mul(slot_size, slots, &size))
		return -1;
	b->stack = calloc(slots, sizeof *b->stack);
	if (!b->stack)
		return -1;
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) {
		free(b->stack);
		b->stack = NULL;
		return -1;
	}
	/* Data of a guest is nothing for a core file. */
	madvise(p, size, MADV_DONTDUMP);
	b->base = p;
	for (unsigned i = 0; i < slots; i++)
		b->stack[i] = slots - 1 - i;
	return 0;
}

int xm_buffers_get(struct xm_buffers *b)
{
	return b->free ? (int)b->stack[--b->free] : -1;
}

void xm_buffers_put(struct xm_buffers *b, int slot)
{
	assert(slot >= 0 && (unsigned)slot < b->slots && b->free < b->slots);
	b->stack[b->free++] = (unsigned)slot;
}

void xm_buffers_free(struct xm_buffers *b)
{
	if (b->base)
		munmap(b->base, b->slot_size * b->slots);
	free(b->stack);
	*b = (struct xm_buffers){ 0 };
}
