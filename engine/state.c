/* SPDX-License-Identifier: Apache-2.0 */
/* The state file open, bound and written: see state.h; its bytes are state-format.c's. */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <xxhash.h>

#include "error.h"
#include "xm/align.h"

#define WORD 64U
#define PAGE_BITS ((uint64_t)XM_STATE_PAGE_WORDS * WORD)

/* ---- marks ------------------------------------------------------------------------- */

static void set_stale(struct xm_state *st, uint64_t page)
{
	st->stale[page / WORD] |= UINT64_C(1) << page % WORD;
}

void xm_state_mark(struct xm_state *st, uint64_t off, uint64_t len)
{
	uint64_t first, last;

	if (len == 0)
		return;
	first = xm_map_bit(&st->durable, off) / PAGE_BITS;
	last = xm_map_bit(&st->durable, off + len - 1) / PAGE_BITS;
	xm_map_set(&st->durable, off, len, NULL);
	for (uint64_t page = first; page <= last; page++)
		set_stale(st, page);
}

bool xm_state_is_stale(const struct xm_state *st)
{
	for (uint64_t i = 0; i < xm_div_up(st->npages, WORD); i++) {
		if (st->stale[i])
			return true;
	}
	return false;
}

static uint64_t new_epoch(uint64_t old)
{
	uint64_t e = 0;

	while (e == 0 || e == old) {
		if (getrandom(&e, sizeof e, 0) != (ssize_t)sizeof e)
			e = old + 1;
	}
	return e;
}

void xm_state_forget(struct xm_state *st)
{
	xm_map_clear(&st->durable, st->durable.lo, st->durable.hi - st->durable.lo, NULL);
	memset(st->stale, 0, xm_div_up(st->npages, WORD) * sizeof *st->stale);
	st->slot.epoch = new_epoch(st->slot.epoch);
}

/* ---- checkpoints --------------------------------------------------------------------- */

static void put_intents(struct xm_state_write *w, const struct xm_state_intent *windows, unsigned n)
{
	w->nranges = n;
	for (unsigned i = 0; i < n; i++) {
		w->range[i] = windows[i];
		xm_state_intent_encode(&windows[i], w->slot.epoch, w->slot.generation,
				       w->intents + (size_t)i * XM_STATE_INTENT);
	}
}

static void put_page(const struct xm_state *st, struct xm_state_write *w, uint64_t page)
{
	uint64_t first = page * XM_STATE_PAGE_WORDS;
	uint64_t n = xm_min_u64(st->durable.nwords - first, XM_STATE_PAGE_WORDS);

	xm_state_page_encode(st->durable.words + first, (size_t)n, w->slot.epoch, page,
			     w->pages + (size_t)w->npages * XM_STATE_PAGE);
	w->page[w->npages++] = page;
}

static int put_pages(struct xm_state *st, struct xm_state_write *w)
{
	unsigned n = 0;

	for (uint64_t i = 0; i < xm_div_up(st->npages, WORD); i++)
		n += (unsigned)__builtin_popcountll(st->stale[i]);
	n = (unsigned)xm_min_u64(n, XM_STATE_WRITE_PAGES);
	w->pages = n ? malloc((size_t)n * XM_STATE_PAGE) : NULL;
	if (n && !w->pages)
		return -ENOMEM;
	for (uint64_t p = 0; p < st->npages && w->npages < n; p++) {
		if (!(st->stale[p / WORD] >> p % WORD & 1))
			continue;
		put_page(st, w, p);
		st->stale[p / WORD] &= ~(UINT64_C(1) << p % WORD);
	}
	return 0;
}

int xm_state_prepare(struct xm_state *st, struct xm_state_write *w, uint32_t flags,
		     const struct xm_state_intent *windows, unsigned n)
{
	w->fd = st->fd;
	w->checkpoint = true;
	w->result = 0;
	w->npages = 0;
	w->slot = st->slot;
	w->slot.generation++;
	w->slot.flags = flags;
	w->slot.durable = st->durable.left;
	memcpy(w->slot.boot, st->boot, sizeof w->slot.boot);
	w->which = !st->which;
	if (put_pages(st, w) < 0)
		return -ENOMEM;
	put_intents(w, windows, n);
	w->slot.nintents = n;
	w->slot.intents_hash = xm_state_intents_hash(w->intents, (size_t)n * XM_STATE_INTENT);
	w->intents_at = xm_state_intents_at(w->which);
	xm_state_slot_encode(&w->slot, w->header);
	return 0;
}

bool xm_state_prepare_intents(struct xm_state *st, struct xm_state_write *w,
			      const struct xm_state_intent *windows, unsigned n)
{
	if (n > XM_STATE_INTENTS - st->records)
		return false;
	w->fd = st->fd;
	w->checkpoint = false;
	w->result = 0;
	w->npages = 0;
	w->pages = NULL;
	w->slot = st->slot;
	w->which = st->which;
	put_intents(w, windows, n);
	w->intents_at = xm_state_intents_at(st->which) + (uint64_t)st->records * XM_STATE_INTENT;
	return true;
}

static int write_at(int fd, const uint8_t *buf, size_t len, uint64_t at)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, buf, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		buf += n;
		len -= (size_t)n;
		at += (uint64_t)n;
	}
	return 0;
}

/* The slot vouches for the list of intents by a hash, so one fdatasync will do for all. */
void xm_state_write(struct xm_state_write *w)
{
	int r = 0;

	for (unsigned i = 0; i < w->npages && r == 0; i++)
		r = write_at(w->fd, w->pages + (size_t)i * XM_STATE_PAGE, XM_STATE_PAGE,
			     xm_state_page_at(w->page[i]));
	if (r == 0)
		r = write_at(w->fd, w->intents, (size_t)w->nranges * XM_STATE_INTENT,
			     w->intents_at);
	if (r == 0 && w->checkpoint)
		r = write_at(w->fd, w->header, sizeof w->header, xm_state_slot_at(w->which));
	if (r == 0 && fdatasync(w->fd) < 0)
		r = -errno;
	w->result = r;
}

int xm_state_written(struct xm_state *st, struct xm_state_write *w)
{
	for (unsigned i = 0; i < w->npages && w->result < 0; i++)
		set_stale(st, w->page[i]);
	free(w->pages);
	w->pages = NULL;
	if (w->result < 0)
		return w->result;
	if (w->checkpoint) {
		/* the epoch may have gone on meanwhile: that is for the next one to say */
		w->slot.epoch = st->slot.epoch;
		st->slot = w->slot;
		st->which = w->which;
		st->records = 0;
	}
	st->records += w->nranges;
	return 0;
}

/* ---- binding ----------------------------------------------------------------------------- */

void xm_state_names(const struct xm_identity *id, char text[XM_STATE_NAMES])
{
	size_t at = 0;

	text[0] = 0;
	for (unsigned i = 0; i < id->n; i++) {
		size_t n = strlen(id->names[i]);

		if (at + n + 2 > XM_STATE_NAMES)
			return;
		memcpy(text + at, id->names[i], n);
		at += n;
		text[at++] = '\n';
		text[at] = 0;
	}
}

uint64_t xm_state_scope(const struct xm_map *to_copy)
{
	uint64_t hash = 0;

	for (uint64_t run[2], from = to_copy->lo;
	     xm_map_next(to_copy, from, UINT64_MAX, &run[0], &run[1]); from = run[0] + run[1])
		hash = XXH3_64bits_withSeed(run, sizeof run, hash);
	return hash;
}

static bool read_at(int fd, uint8_t *buf, size_t len, uint64_t at)
{
	while (len > 0) {
		ssize_t n = pread(fd, buf, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		buf += n;
		len -= (size_t)n;
		at += (uint64_t)n;
	}
	return true;
}

/* What cannot be read or believed is not durable. */
static void load_pages(struct xm_state *st, struct xm_map *into)
{
	uint8_t buf[XM_STATE_PAGE];
	uint64_t words[XM_STATE_PAGE_WORDS];

	for (uint64_t p = 0; p < xm_div_up(into->nwords, XM_STATE_PAGE_WORDS); p++) {
		uint64_t first = p * XM_STATE_PAGE_WORDS;
		size_t n = (size_t)xm_min_u64(into->nwords - first, XM_STATE_PAGE_WORDS);
		enum xm_state_verdict v = XM_STATE_BAD;

		if (read_at(st->fd, buf, sizeof buf, xm_state_page_at(p)))
			v = xm_state_page_decode(buf, sizeof buf, st->slot.epoch, p, words, n);
		if (v == XM_STATE_GOOD)
			xm_map_load(into, (size_t)first, words, n);
		st->bad_pages += v == XM_STATE_BAD;
	}
}

/*
 * The file counts in another granule: what is whole in ours is durable, under a new epoch,
 * since no page stays what it was.
 */
static int load_converted(struct xm_state *st, struct xm_error **err)
{
	struct xm_map old;

	xm_map_init(&old, st->durable.lo, st->durable.hi,
		    xm_map_granule_for(st->durable.hi - st->durable.lo, st->slot.granule));
	if (!xm_map_alloc(&old))
		return xm_fail(err, XM_E_TEMPORARY, "memory for the state is short");
	load_pages(st, &old);
	st->slot.epoch = new_epoch(st->slot.epoch);
	for (uint64_t off, len, from = old.lo; xm_map_next(&old, from, UINT64_MAX, &off, &len);
	     from = off + len) {
		uint64_t a = xm_map_cut_after(&st->durable, off);
		uint64_t b = xm_map_cut_before(&st->durable, off + len);

		if (a < b)
			xm_state_mark(st, a, b - a);
	}
	xm_map_free(&old);
	return 0;
}

static int make_room(struct xm_state *st, const struct xm_map *geometry, struct xm_error **err)
{
	int e;

	st->npages = xm_div_up(geometry->nwords, XM_STATE_PAGE_WORDS);
	st->stale = calloc((size_t)xm_div_up(st->npages, WORD) + 1, sizeof *st->stale);
	xm_map_init(&st->durable, geometry->lo, geometry->hi, geometry->granule);
	if (!st->stale || !xm_map_alloc(&st->durable))
		return xm_fail(err, XM_E_TEMPORARY, "memory for the state is short");
	e = posix_fallocate(st->fd, 0, (off_t)xm_state_page_at(st->npages));
	if (e)
		return xm_fail(err, e == ENOSPC || e == EDQUOT ? XM_E_TEMPORARY : XM_E_CONFIG,
			       "state %s: there is no room for it: %s; make room, give another "
			       "path, or copy without --state", st->path, strerror(e));
	return 0;
}

static bool same_boot(const struct xm_state *st)
{
	static const uint8_t unknown[XM_STATE_BOOT];

	return memcmp(st->boot, unknown, sizeof st->boot) != 0 &&
	       memcmp(st->boot, st->slot.boot, sizeof st->boot) == 0;
}

/* Is what was found for this job?  Sets use. */
static int compare(struct xm_state *st, const struct xm_state_binding *is, struct xm_error **err)
{
	const char *differs;

	if (st->slot.generation == 0)
		return 0;
	differs = xm_state_differs(&st->slot.is, is, same_boot(st));
	if (st->slot.flags & XM_STATE_FINISHED) {
		st->use = XM_STATE_OVER;
		return 0;
	}
	if (differs)
		return xm_fail(err, XM_E_CONFIG,
			       "state %s is not of this copy: %s; give the state file of this "
			       "copy, or remove this one to begin anew (or --resume-by-compare "
			       "without it)", st->path, differs);
	st->use = XM_STATE_RESUMED;
	st->other_boot = !same_boot(st) && !(st->slot.flags & XM_STATE_CLEAN);
	return 0;
}

int xm_state_bind(struct xm_state *st, const struct xm_state_binding *is,
		  const struct xm_map *geometry, struct xm_error **err)
{
	struct xm_state_write *w;
	int r;

	if (is->src_names[0] == 0 || is->dst_names[0] == 0)
		return xm_fail(err, XM_E_CONFIG, "state %s: a disk without a name of its own "
			       "cannot be known again; copy without --state", st->path);
	if (compare(st, is, err) < 0 || make_room(st, geometry, err) < 0)
		return -1;
	if (st->use == XM_STATE_RESUMED && st->slot.granule == geometry->granule)
		load_pages(st, &st->durable);
	else if (st->use == XM_STATE_RESUMED && load_converted(st, err) < 0)
		return -1;
	else if (st->use != XM_STATE_RESUMED)
		st->slot.epoch = new_epoch(st->slot.epoch);
	st->slot.is = *is;
	st->slot.granule = geometry->granule;
	w = calloc(1, sizeof *w);
	if (!w)
		return xm_fail(err, XM_E_TEMPORARY, "memory for the state is short");
	/* what a predecessor had in flight is named until the job knows that it is over */
	r = xm_state_prepare(st, w, 0, &st->inherited,
			     st->use == XM_STATE_RESUMED && st->in_flight ? 1 : 0);
	if (r == 0)
		xm_state_write(w);
	r = r ? r : xm_state_written(st, w);
	free(w);
	if (r < 0)
		return xm_fail(err, XM_E_CONFIG, "state %s cannot be written: %s; give another "
			       "path, or copy without --state", st->path, strerror(-r));
	return 0;
}
