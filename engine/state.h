/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state file: what is durable, what was in flight, whose identities.
 *
 * Held by flock as long as it is open, never renamed.  A map says which bytes of
 * the destination are durable: only what was answered, then flushed, is marked,
 * so what a page says stays true whatever becomes of the slot; where it does not
 * (a method lied), xm_state_forget() takes another epoch and all pages are void.
 *
 * A checkpoint is made in three steps, so that no loop waits for a disk:
 * xm_state_prepare() on the loop's thread, xm_state_write() on any, and
 * xm_state_written() on the loop's again.  One at a time.  Opening and binding
 * block: they belong to setting up.
 */
#ifndef XM_STATE_H
#define XM_STATE_H

#include "ctx.h"
#include "identity.h"
#include "map.h"
#include "state-format.h"

#define XM_STATE_WRITE_PAGES 256U        /* in one checkpoint; more wait for the next */
#define XM_STATE_RANGES 64U              /* intents in one write */

enum xm_state_use {
	XM_STATE_FRESH,                  /* nothing was stored */
	XM_STATE_RESUMED,
	XM_STATE_OVER,                   /* the copy it tells of was finished: begun anew */
	XM_STATE_DAMAGED                 /* nothing of it can be believed: begun anew */
};

struct xm_state {
	/* Set by xm_state_open, never changed. */
	char *path;
	int fd;
	uint8_t boot[XM_STATE_BOOT];
	/* The loop's. */
	enum xm_state_use use;
	bool other_boot;                 /* resumed what another kernel had begun,
					    and not ended clean */
	struct xm_state_slot slot;       /* the newest that is in the file; generation 0: none */
	unsigned which;                  /* its place */
	unsigned records;                /* in its list of intents */
	struct xm_map durable;
	uint64_t *stale;                 /* a bit a page: not in the file as it is here */
	uint64_t npages, bad_pages;
	struct xm_state_intent inherited;/* all that lies between its first and its
					    last such window */
	uint64_t in_flight;              /* resumed: bytes of windows the dead had in flight */
};

/* A checkpoint, or intents alone, on its way into the file. */
struct xm_state_write {
	/* Set by prepare. */
	int fd;
	bool checkpoint;
	struct xm_state_slot slot;
	unsigned which;
	struct xm_state_intent range[XM_STATE_RANGES];
	unsigned nranges;
	uint64_t page[XM_STATE_WRITE_PAGES];     /* their numbers */
	unsigned npages;
	uint8_t *pages;
	uint8_t header[XM_STATE_SLOT];
	uint8_t intents[XM_STATE_RANGES * XM_STATE_INTENT];
	uint64_t intents_at;
	/* Set by write. */
	int result;                      /* 0 or -errno */
};

/*
 * Take the file, made when it is missing, and read its slots.  XM_E_DESTINATION when
 * another mover has it, XM_E_CONFIG when it cannot be used, is no state file, or a newer one.
 */
int xm_state_open(struct xm_ctx *ctx, const char *path, struct xm_state **ret_st,
		  struct xm_error **err);
void xm_state_close(struct xm_state *st);

/* The names for a binding, best first. */
void xm_state_names(const struct xm_identity *id, char text[XM_STATE_NAMES]);
/* Of the places, whatever granule they are counted in. */
uint64_t xm_state_scope(const struct xm_map *to_copy);

/*
 * Is it about this?  Then st->use says whether to go on, and st->durable what
 * need not be copied (in the granule of `geometry`).  The file is made as long as it
 * will ever be, and says that a job has begun.  XM_E_CONFIG when it is about something else.
 */
int xm_state_bind(struct xm_state *st, const struct xm_state_binding *is,
		  const struct xm_map *geometry, struct xm_error **err);

/* [off, off+len), cuts of the map, is durable (st->durable is allocated). */
void xm_state_mark(struct xm_state *st, uint64_t off, uint64_t len);
/* Nothing is durable: what the file says is void with the next checkpoint. */
void xm_state_forget(struct xm_state *st);
/* Pages wait to be written. */
bool xm_state_is_stale(const struct xm_state *st);

/* Everything, with the windows that are in flight; flags are enum xm_state_flags. */
int xm_state_prepare(struct xm_state *st, struct xm_state_write *w, uint32_t flags,
		     const struct xm_state_intent *windows, unsigned n);
/* Windows alone, to be in flight too.  False: there is no room, make a checkpoint. */
bool xm_state_prepare_intents(struct xm_state *st, struct xm_state_write *w,
			      const struct xm_state_intent *windows, unsigned n);
void xm_state_write(struct xm_state_write *w);
/* 0, or -errno: then nothing was committed, and the pages are stale again. */
int xm_state_written(struct xm_state *st, struct xm_state_write *w);

#endif
