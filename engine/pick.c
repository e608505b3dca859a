/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening methods, refusing and ending them: see pick.h.  Sizes and depths: pick-tune.c,
 * who goes first: pick-lead.c.
 */
#include "pick.h"

#include <stdio.h>
#include <string.h>
#include "error.h"
#include "remote.h"
#include "xm/align.h"

#define CAREFUL_DEPTH 4

#define NOT_WANTED "not_wanted"

bool xm_entry_usable(const struct xm_entry *e)
{
	return e->m && !e->reason;
}

void xm_entry_over(struct xm_entry *e, const char *reason, const char *detail)
{
	if (e->reason)
		return;
	e->reason = reason ? reason : "unspecified";
	snprintf(e->detail, sizeof e->detail, "%s", detail);
}

bool xm_entry_strike(struct xm_entry *e, const struct xm_task *task)
{
	return ++e->strikes < XM_PICK_STRIKES && xm_task_mark(task, &e->barred);
}

/* ---- which methods may be asked -------------------------------------------------- */

/* Where it stands in the list, from 0; -1: it does not. */
static int place_in(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (int at = 0;; at++) {
		const char *end = strchrnul(list, ',');

		if ((size_t)(end - list) == n && memcmp(list, name, n) == 0)
			return at;
		if (!*end)
			return -1;
		list = end + 1;
	}
}

static int check_list(const struct xm_method_ops *const *methods, const char *list,
		      struct xm_error **err)
{
	for (const char *p = list; p;) {
		const char *end = strchrnul(p, ',');
		bool known = false;

		for (unsigned i = 0; methods[i]; i++)
			known |= strlen(methods[i]->name) == (size_t)(end - p) &&
				 memcmp(methods[i]->name, p, (size_t)(end - p)) == 0;
		if (!known)
			return xm_fail(err, XM_E_USAGE, "there is no method \"%.*s\"; see "
				       "xmover copy --help", (int)(end - p), p);
		p = *end ? end + 1 : NULL;
	}
	return 0;
}

/* NULL, or why the user does not want this one. */
static const char *unwanted(const struct xm_method_ops *ops, const struct xm_pick_rules *rules,
			    const char **ret_detail)
{
	if (ops->way != XM_WAY_HOST && rules->offload == XM_OFFLOAD_NEVER) {
		*ret_detail = "--offload=never was given";
		return NOT_WANTED;
	}
	if (ops->way == XM_WAY_CLONE && rules->offload == XM_OFFLOAD_REQUIRE) {
		*ret_detail = "--offload=require was given";
		return NOT_WANTED;
	}
	if (rules->methods && place_in(rules->methods, ops->name) < 0) {
		*ret_detail = "--method does not list it";
		return NOT_WANTED;
	}
	return NULL;
}

static int open_one(struct xm_entry *e, const struct xm_pair *pair,
		    const struct xm_pick_rules *rules, struct xm_error **err)
{
	struct xm_refusal why;
	const char *detail, *reason = unwanted(e->ops, rules, &detail);

	if (reason) {
		e->aside = true;
		xm_entry_over(e, reason, detail);
		return 0;
	}
	if (xm_method_open(e->ops, pair, &e->m, &why) == 0) {
		/* no data byte by host: zeros are made by it all the same */
		if (e->ops->way == XM_WAY_HOST && rules->offload == XM_OFFLOAD_REQUIRE)
			e->m->limits.kinds = XM_TASK_ZERO;
		e->fixed_depth = rules->depth > 0;
		e->max_depth = e->m->limits.max_inflight;
		if (e->fixed_depth && rules->depth < e->max_depth)
			e->max_depth = rules->depth;
		return 0;
	}
	e->m = NULL;
	if (why.act == XM_ACT_FATAL)
		return xm_fail(err, why.code ? (enum xm_code)why.code : XM_E_IO, "%s", why.detail);
	e->aside = why.foreign;
	xm_entry_over(e, why.reason, why.detail);
	xm_log(pair->ctx, XM_LOG_INFO, "refused", "%s will not be used: %s (%s)", e->ops->title,
	       e->detail, e->reason);
	return 0;
}

static void count_refusal(const struct xm_entry *e, struct xm_fallbacks *f)
{
	if (e->reason && xm_entry_offloads(e))
		xm_fallback_count(f, e->reason, e->detail, 0);
}

static bool unwanted_one(const struct xm_entry *e)
{
	return e->reason && strcmp(e->reason, NOT_WANTED) == 0;
}

/*
 * Cloning is no offload, so that it is not used needs no word:
 * but where it was asked for by name.
 */
static bool asked_for_clone(const struct xm_pick *p, const struct xm_entry *e)
{
	return e->reason && e->ops->way == XM_WAY_CLONE && p->fixed && !unwanted_one(e);
}

/*
 * Of those that were no candidates only one is worth a word,
 * and only where there was no candidate.
 */
static void count_refusals(const struct xm_pick *p, struct xm_fallbacks *f)
{
	const struct xm_entry *wished = xm_pick_wished(p);

	for (unsigned i = 0; i < p->n; i++) {
		if (!p->at[i].aside || &p->at[i] == wished)
			count_refusal(&p->at[i], f);
		if (asked_for_clone(p, &p->at[i]))
			xm_fallback_count(f, p->at[i].reason, p->at[i].detail, 0);
	}
}

const struct xm_entry *xm_pick_wished(const struct xm_pick *p)
{
	const struct xm_entry *first = NULL;

	for (unsigned i = 0; i < p->n; i++) {
		const struct xm_entry *e = &p->at[i];

		if (!xm_entry_offloads(e))
			continue;
		if (!e->aside)
			return e;
		/* what was not wanted says less than why what was wanted could not be had */
		if (!first || (unwanted_one(first) && !unwanted_one(e)))
			first = e;
	}
	return first;
}

/* The one to name where none can be used: of those that were listed, if any was. */
static const struct xm_entry *first_refused(const struct xm_pick *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		if (p->at[i].reason && !unwanted_one(&p->at[i]))
			return &p->at[i];
	}
	return xm_pick_wished(p);
}

static int check_usable(struct xm_pick *p, struct xm_error **err)
{
	const struct xm_entry *wished = xm_pick_wished(p);

	if (p->offload == XM_OFFLOAD_REQUIRE && !xm_pick_offload(p))
		return xm_fail(err, XM_E_NOOFFLOAD,
			       "storage offload is required and not available: %s (%s); nothing "
			       "was written", wished ? wished->detail : "no method was built in",
			       wished ? wished->reason : "none");
	for (unsigned i = 0; i < p->n; i++) {
		if (xm_entry_usable(&p->at[i]))
			return 0;
	}
	wished = first_refused(p);
	if (wished && p->offload == XM_OFFLOAD_AUTO)
		return xm_fail(err, XM_E_NOOFFLOAD,
			       "no method that --method lists can be used: %s (%s)",
			       wished->detail, wished->reason);
	return xm_fail(err, XM_E_USAGE, "--method and --offload leave no method to copy with");
}

int xm_pick_open(struct xm_pick *p, const struct xm_method_ops *const *methods,
		 const struct xm_pair *pair, const struct xm_pick_rules *rules,
		 struct xm_fallbacks *f, struct xm_error **err)
{
	*p = (struct xm_pick){ .offload = rules->offload, .fixed = rules->methods };
	if (check_list(methods, rules->methods, err) < 0)
		return -1;
	for (unsigned i = 0; methods[i] && p->n < XM_PICK_ENTRIES; i++) {
		struct xm_entry *e = &p->at[p->n++];

		e->ops = methods[i];
		e->rank = rules->methods ? place_in(rules->methods, e->ops->name) : (int)i;
		if (open_one(e, pair, rules, err) < 0)
			return -1;
	}
	count_refusals(p, f);
	return check_usable(p, err);
}

bool xm_pick_close(struct xm_pick *p)
{
	bool all = true;

	for (unsigned i = 0; i < p->n; i++) {
		struct xm_entry *e = &p->at[i];

		xm_map_free(&e->barred);
		if (e->m && e->m->inflight > 0) {
			all = false;
			continue;
		}
		xm_method_close(e->m);
		e->m = NULL;
	}
	return all;
}

/* ---- fitting them to the range ------------------------------------------------------ */

uint64_t xm_pick_granule(const struct xm_pick *p, uint64_t len, uint64_t least, uint64_t wish)
{
	uint64_t g = xm_max_u64(wish, least);

	for (unsigned i = 0; i < p->n; i++) {
		if (!xm_entry_usable(&p->at[i]))
			continue;
		while (g > least && g > 512 && g > p->at[i].m->limits.max_bytes)
			g >>= 1;
	}
	return xm_map_granule_for(len, xm_max_u64(g, least));
}

/* What went into a stream cannot be read back here; the other side looks at it. */
static bool is_blind(const struct xm_pair *pair)
{
	return xm_remote_is_blind(pair->src) || xm_remote_is_blind(pair->dst);
}

static void first_size(struct xm_entry *e)
{
	const struct xm_method_limits *l = &e->m->limits;
	uint64_t first = l->first_bytes ? l->first_bytes : l->max_bytes;
	unsigned begin = l->first_inflight ? l->first_inflight : CAREFUL_DEPTH;

	e->ceiling = l->steady ? xm_max_u64(e->step, first) : l->max_bytes;
	e->chunk = xm_max_u64(e->step, xm_min_u64(first, l->max_bytes));
	e->proven = e->ops->needs_trial && !is_blind(e->m->pair) ? 0 : UINT64_MAX;
	e->depth = e->fixed_depth ? e->max_depth : (unsigned)xm_min_u64(begin, e->max_depth);
}

int xm_pick_fit(struct xm_pick *p, const struct xm_plan *plan, const struct xm_map *map,
		struct xm_fallbacks *f, struct xm_error **err)
{
	for (unsigned i = 0; i < p->n; i++) {
		struct xm_entry *e = &p->at[i];
		char text[160];

		xm_map_init(&e->barred, map->lo, map->hi, map->granule);
		if (!xm_entry_usable(e))
			continue;
		e->step = xm_plan_step(plan, map, &e->m->limits, e->m->limits.align);
		if (e->step) {
			first_size(e);
			continue;
		}
		snprintf(text, sizeof text, "%s works in steps of %llu bytes, which the offsets "
			 "of this range do not allow", e->ops->title,
			 (unsigned long long)e->m->limits.align);
		xm_entry_over(e, "alignment", text);
		count_refusal(e, f);
	}
	return check_usable(p, err);
}
