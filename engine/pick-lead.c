/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of several offloads goes first: by what they were measured to move.
 *
 * The registry's order holds until the first offload has been measured for a while
 * and much is left.  Then each other one is proven, and asked first for a bounded
 * probe, once; whoever moved clearly more stays.  A tie keeps the order, and so does
 * a list of the user.  The host is no candidate: offload is never given up for speed.
 *
 * What is compared is bytes a second, not the time of a command: sizes and depths
 * are tuned to each method, and differ.
 */
#include "pick.h"

#include "xm/align.h"

#define WINDOW_NS XM_NS_PER_S            /* measured at a time */
#define WINDOW_ROUNDS 4U                 /* of as many commands as are in flight:
					    they end in bursts */
#define STEADY 3U                        /* windows until the first is believed */
#define PROBE_WINDOWS 4U                 /* of an alternative, most */
#define PROBE_SHARE 8U                   /* a probe takes no more of what is left */
#define PROBE_MOST_NS (30 * XM_NS_PER_S)
#define TICK_NS (1024 * 1024)
#define WORTH_NS (4 * PROBE_SHARE * WINDOW_NS)

static bool is_candidate(const struct xm_entry *e)
{
	return xm_entry_offloads(e) && xm_entry_usable(e);
}

static void measure_anew(struct xm_pick *p, uint64_t now)
{
	p->window = (struct xm_window){ .since = now };
	p->windows = 0;
}

struct xm_entry *xm_pick_offload(struct xm_pick *p)
{
	struct xm_entry *first = NULL;

	if (p->lead && is_candidate(p->lead))
		return p->lead;
	for (unsigned i = 0; i < p->n; i++) {
		struct xm_entry *e = &p->at[i];

		if (is_candidate(e) && (!first || e->rank < first->rank))
			first = e;
	}
	return first;
}

struct xm_entry *xm_pick_nth(struct xm_pick *p, unsigned n)
{
	struct xm_entry *lead = xm_pick_offload(p);
	unsigned at = lead ? (unsigned)(lead - p->at) : 0;

	if (n == 0)
		return &p->at[at];
	return &p->at[n <= at ? n - 1 : n];
}

/* Bytes a tick, so that nothing overflows. */
static uint64_t rate_of(const struct xm_window *w, uint64_t now)
{
	return w->bytes / ((now - w->since) / TICK_NS + 1);
}

static void lead_is(struct xm_pick *p, struct xm_entry *e, uint64_t now)
{
	p->lead = e;
	measure_anew(p, now);
}

/* How long what is left takes at the lead's rate. */
static uint64_t time_left(uint64_t left, uint64_t rate)
{
	return rate ? left / rate * TICK_NS : 0;
}

/* Is there one worth a probe?  It is proven beside the lead's own work. */
static void look_for_another(struct xm_pick *p, uint64_t left)
{
	if (p->windows < STEADY || p->candidate || time_left(left, p->lead->rate) < WORTH_NS)
		return;
	for (unsigned i = 0; i < p->n; i++) {
		struct xm_entry *e = &p->at[i];

		if (e != p->lead && is_candidate(e) && !e->probed) {
			e->probed = true;
			p->candidate = e;
			return;
		}
	}
}

/* Clearly more than the one before: it stays. */
static bool is_better(const struct xm_entry *e, const struct xm_entry *before)
{
	return e->rate > before->rate + before->rate / 4;
}

static void begin_probe(struct xm_pick *p, uint64_t left, uint64_t now)
{
	uint64_t most = time_left(left, p->lead->rate) / PROBE_SHARE;

	p->before = p->lead;
	p->probe_until = now + xm_min_u64(most, PROBE_MOST_NS);
	p->candidate->rate = 0;
	lead_is(p, p->candidate, now);
	p->candidate = NULL;
}

static void end_probe(struct xm_pick *p, uint64_t now)
{
	struct xm_entry *before = p->before;

	p->before = NULL;
	p->probe_until = 0;
	if (!is_better(p->lead, before) && is_candidate(before))
		lead_is(p, before, now);
}

void xm_pick_measured(struct xm_pick *p, const struct xm_entry *e, uint64_t bytes, uint64_t now)
{
	struct xm_window *w = &p->window;
	uint64_t rate;

	if (p->fixed || e != p->lead)
		return;
	w->bytes += bytes;
	w->commands++;
	if (now - w->since < WINDOW_NS || w->commands < WINDOW_ROUNDS * e->depth)
		return;
	rate = rate_of(w, now);
	p->lead->rate = p->windows++ ? (p->lead->rate + rate) / 2 : rate;
	*w = (struct xm_window){ .since = now };
}

struct xm_entry *xm_pick_turn(struct xm_pick *p, uint64_t left, uint64_t now)
{
	struct xm_entry *old = p->lead;

	if (p->fixed)
		return NULL;
	if (p->candidate && !is_candidate(p->candidate))
		p->candidate = NULL;
	if (!old || !is_candidate(old)) {
		p->before = NULL;
		p->probe_until = 0;
		lead_is(p, xm_pick_offload(p), now);
	} else if (p->before) {
		if (now >= p->probe_until || p->windows >= PROBE_WINDOWS)
			end_probe(p, now);
	} else if (p->candidate && p->candidate->proven) {
		begin_probe(p, left, now);
	} else {
		look_for_another(p, left);
	}
	return old && p->lead != old ? p->lead : NULL;
}
