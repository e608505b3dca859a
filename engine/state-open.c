/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking a state file and reading its slots.  Whoever has it has it alone, so a
 * second mover that is started with the same file ends here, before it logs in
 * anywhere and evicts the first.
 */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "xm/align.h"
#include "xm/cleanup.h"

/* A killed mover's file is its own until the kernel has ended its last thread. */
#define LOCK_BOUND (5 * XM_NS_PER_S)
#define ASK_AGAIN (50 * XM_NS_PER_MS)

/* ---- the lock --------------------------------------------------------------------- */

struct lock {
	struct xm_ctx *ctx;
	int fd, errnum;
};

static int lock_step(void *p)
{
	struct lock *l = p;

	if (flock(l->fd, LOCK_EX | LOCK_NB) == 0)
		return 1;
	l->errnum = errno;
	return errno == EWOULDBLOCK || errno == EINTR ? 0 : -1;
}

static void lock_wait(void *p, struct xm_waiter *w)
{
	struct xm_clock *clock = ((struct lock *)p)->ctx->clock;

	xm_waiter_until(w, clock->now(clock) + ASK_AGAIN);
}

static int take(struct xm_ctx *ctx, const struct xm_state *st, struct xm_error **err)
{
	struct lock l = { .ctx = ctx, .fd = st->fd };
	int got = xm_ctx_wait_for(ctx, ctx->clock->now(ctx->clock) + LOCK_BOUND, lock_wait,
				  lock_step, &l);

	if (got == 1)
		return 0;
	if (got == 0)
		return xm_fail(err, XM_E_DESTINATION,
			       "state %s is in use: another mover of this copy is running; "
			       "let it end, or end it", st->path);
	return xm_fail(err, XM_E_CONFIG, "state %s cannot be locked: %s", st->path,
		       strerror(l.errnum));
}

/* ---- slots --------------------------------------------------------------------------- */

/* As much as there is; the rest stays zero. */
static size_t read_some(int fd, uint8_t *buf, size_t len, uint64_t at)
{
	size_t n = 0;

	while (n < len) {
		ssize_t r = pread(fd, buf + n, len - n, (off_t)(at + n));

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			break;
		n += (size_t)r;
	}
	return n;
}

/* The records of a slot that was decoded.  False: the slot's own are not there. */
static bool read_intents(struct xm_state *st, const struct xm_state_slot *s, unsigned which)
{
	size_t size = (size_t)XM_STATE_INTENTS * XM_STATE_INTENT, got;
	uint8_t *buf XM_CLEANUP_FREE = calloc(1, size);
	struct xm_state_intent in;
	uint64_t sum = 0, lo = 0, hi = 0;
	unsigned n;

	if (!buf)
		return false;
	got = read_some(st->fd, buf, size, xm_state_intents_at(which));
	if ((size_t)s->nintents * XM_STATE_INTENT > got ||
	    xm_state_intents_hash(buf, (size_t)s->nintents * XM_STATE_INTENT) != s->intents_hash)
		return false;
	for (n = 0; n < XM_STATE_INTENTS; n++) {
		if (!xm_state_intent_decode(buf + (size_t)n * XM_STATE_INTENT, XM_STATE_INTENT,
					    s->epoch, s->generation, &in))
			break;
		if (__builtin_add_overflow(sum, in.len, &sum))
			sum = UINT64_MAX;
		if (n == 0)
			lo = in.off;
		lo = xm_min_u64(lo, in.off);
		hi = xm_max_u64(hi, in.off + in.len);
	}
	st->records = n;
	st->in_flight = sum;
	st->inherited = (struct xm_state_intent){ lo, hi - lo };
	return true;
}

struct found {
	enum xm_state_verdict verdict[2];
	struct xm_state_slot slot[2];
};

static void use(struct xm_state *st, const struct found *f, unsigned i)
{
	if (st->slot.generation >= f->slot[i].generation ||
	    !read_intents(st, &f->slot[i], i))
		return;
	st->slot = f->slot[i];
	st->which = i;
}

static bool any(const struct found *f, enum xm_state_verdict v)
{
	return f->verdict[0] == v || f->verdict[1] == v;
}

static int judge(struct xm_state *st, const struct found *f, bool blank, struct xm_error **err)
{
	unsigned newer = f->slot[1].generation > f->slot[0].generation;

	if (any(f, XM_STATE_NEWER))
		return xm_fail(err, XM_E_CONFIG, "state %s was written by a newer xmover; use "
			       "that, or remove the file to begin anew", st->path);
	if (any(f, XM_STATE_GOOD)) {
		for (unsigned i = 0; i < 2; i++) {
			unsigned w = i ? !newer : newer;

			if (f->verdict[w] == XM_STATE_GOOD)
				use(st, f, w);
		}
	}
	if (st->slot.generation > 0)
		return 0;
	if (!any(f, XM_STATE_GOOD) && !any(f, XM_STATE_BAD) && !blank)
		return xm_fail(err, XM_E_CONFIG, "%s is not a state file of xmover, and is not "
			       "overwritten; give another path", st->path);
	st->use = blank ? XM_STATE_FRESH : XM_STATE_DAMAGED;
	return 0;
}

static int read_slots(struct xm_state *st, struct xm_error **err)
{
	struct found *f XM_CLEANUP_FREE = calloc(1, sizeof *f);
	uint8_t buf[XM_STATE_SLOT];
	bool blank = true;

	if (!f)
		return xm_fail(err, XM_E_TEMPORARY, "memory for the state is short");
	for (unsigned i = 0; i < 2; i++) {
		size_t n;

		memset(buf, 0, sizeof buf);
		n = read_some(st->fd, buf, sizeof buf, xm_state_slot_at(i));
		/* a file that ends early is as good as one with zeros there */
		f->verdict[i] = xm_state_slot_decode(buf, n < 8 ? n : sizeof buf, &f->slot[i]);
		if (f->verdict[i] != XM_STATE_BLANK)
			blank = false;
	}
	return judge(st, f, blank, err);
}

/* ---- opening --------------------------------------------------------------------------- */

static void read_boot(uint8_t boot[XM_STATE_BOOT])
{
	char text[64] = "";
	int fd XM_CLEANUP_CLOSE = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	unsigned n = 0, v;

	if (fd < 0 || read(fd, text, sizeof text - 1) <= 0)
		return;
	for (const char *p = text; *p && n < 2 * XM_STATE_BOOT; p++) {
		if (*p >= '0' && *p <= '9')
			v = (unsigned)(*p - '0');
		else if (*p >= 'a' && *p <= 'f')
			v = (unsigned)(*p - 'a') + 10;
		else
			continue;
		boot[n / 2] = (uint8_t)(boot[n / 2] << 4 | v);
		n++;
	}
}

static int open_file(struct xm_state *st, struct xm_error **err)
{
	struct stat sb;

	st->fd = open(st->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (st->fd < 0)
		return xm_fail(err, errno == ENOSPC ? XM_E_TEMPORARY : XM_E_CONFIG,
			       "state %s cannot be opened for writing: %s; give another path, or "
			       "copy without --state", st->path, strerror(errno));
	if (fstat(st->fd, &sb) < 0 || !S_ISREG(sb.st_mode))
		return xm_fail(err, XM_E_CONFIG,
			       "state %s is not a regular file; give another path", st->path);
	return 0;
}

int xm_state_open(struct xm_ctx *ctx, const char *path, struct xm_state **ret_st,
		  struct xm_error **err)
{
	struct xm_state *st = calloc(1, sizeof *st);

	if (!st || !(st->path = strdup(path))) {
		free(st);
		return xm_fail(err, XM_E_TEMPORARY, "memory for the state is short");
	}
	st->fd = -1;
	read_boot(st->boot);
	if (open_file(st, err) < 0 || take(ctx, st, err) < 0 || read_slots(st, err) < 0) {
		xm_state_close(st);
		return -1;
	}
	*ret_st = st;
	return 0;
}

void xm_state_close(struct xm_state *st)
{
	if (!st)
		return;
	if (st->fd >= 0)
		close(st->fd);
	if (st->durable.nbits)
		xm_map_free(&st->durable);
	free(st->stale);
	free(st->path);
	free(st);
}
