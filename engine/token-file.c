/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token file, looked at whole before any of it is used: a file that is damaged, expired or holds
 * what cannot be must not have written a byte when that is found.
 */
#include "remote.h"

#include <time.h>
#include "error.h"

struct check {
	const struct xm_wire_hello *hello;
	uint64_t now;
	bool ended, expired, odd;
};

static bool is_expired(const struct check *c, const struct xm_piece *p)
{
	uint64_t made = c->hello->made;

	return p->token && p->token->life_ns && c->now > made &&
	       c->now - made > p->token->life_ns / XM_NS_PER_S;
}

/* Nothing of the disk travels in it. */
static bool check_piece(struct check *c, const struct xm_wire_frame *f)
{
	struct xm_piece *p = f->h.type == XM_WIRE_DATA ? NULL : xm_piece_of(c->hello, f);

	if (!p)
		return false;
	c->expired |= is_expired(c, p);
	xm_piece_free(p);
	return true;
}

static void check_frame(struct check *c, const struct xm_wire_frame *f)
{
	struct xm_wire_digest d;
	struct xm_wire_end end;
	bool ok;

	if (f->h.type == XM_WIRE_END)
		ok = xm_wire_get_end(f->payload, f->h.len, &end) && end.code == 0;
	else if (f->h.type == XM_WIRE_DIGEST)
		ok = xm_piece_digest(c->hello, f, &d);
	else
		ok = check_piece(c, f);
	c->odd |= !ok || c->ended;
	c->ended |= f->h.type == XM_WIRE_END;
}

int xm_token_file_check(struct xm_wire *w, const struct xm_wire_hello *h, struct xm_error **err)
{
	struct check c = { .hello = h, .now = (uint64_t)time(NULL) };
	struct xm_wire_frame f;
	const char *dead;

	while (xm_wire_next(w, &f))
		check_frame(&c, &f);
	dead = xm_wire_dead(w, NULL);
	if (dead || c.odd || !c.ended || !xm_wire_closed(w))
		return xm_fail(err, XM_E_CONFIG, "the token file is damaged%s%s; export it again. "
			       "Nothing was written", dead ? ": " :
			       c.ended ? ": it holds what cannot be" : ": it is cut",
			       dead ? dead : "");
	if (c.expired)
		return xm_fail(err, XM_E_CONFIG, "the tokens in the file have expired; export them "
			       "again. Nothing was written");
	return 0;
}
