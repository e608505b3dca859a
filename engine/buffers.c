/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The job's buffers: one mapping, aligned for any direct I/O, in huge pages where
 * the kernel has them: fewer segments a request, fewer pages to pin.  A slot that
 * is never taken costs no memory; the one given back last is taken first.
 */
#include "io.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "xm/align.h"
#include "xm/checked.h"

#define HUGE_PAGE (UINT64_C(2) << 20)

static size_t whole_pages(size_t size)
{
	return xm_round_up(size, 4096);
}

/* Huge pages are for mappings that begin at a multiple of theirs. */
void *xm_io_memory_new(size_t size)
{
	size_t more;
	size = whole_pages(size);
	if (!xm_checked_add(size, HUGE_PAGE, &more))
		return NULL;
	uint8_t *p = mmap(NULL, more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	size_t before = (size_t)(xm_round_up((uintptr_t)p, HUGE_PAGE) - (uintptr_t)p);
	if (before)
		munmap(p, before);
	if (HUGE_PAGE - before)
		munmap(p + before + size, HUGE_PAGE - before);
	/* Data of a guest is nothing for a core file. */
	madvise(p + before, size, MADV_DONTDUMP);
	return p + before;
}

void xm_io_memory_free(void *p, size_t size)
{
	if (p)
		munmap(p, whole_pages(size));
}

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
	void *p = xm_io_memory_new(size);
	if (!p) {
		free(b->stack);
		b->stack = NULL;
		return -1;
	}
	madvise(p, size, MADV_HUGEPAGE);
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
	xm_io_memory_free(b->base, b->slot_size * b->slots);
	free(b->stack);
	*b = (struct xm_buffers){ 0 };
}
