/* SPDX-License-Identifier: Apache-2.0 */
/* See wire-status.h. */
#include "wire-status.h"

#include <stdio.h>
#include <string.h>
#include "clock.h"

enum xm_code xm_wire_code(uint32_t code)
{
	static const enum xm_code known[] = {
		XM_E_USAGE, XM_E_MISMATCH, XM_E_NOSOURCE, XM_E_NOOFFLOAD, XM_E_BUG,
		XM_E_DESTINATION, XM_E_IO, XM_E_TEMPORARY, XM_E_PERMISSION, XM_E_CONFIG,
		XM_E_STOPPED,
	};

	for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++) {
		if ((uint32_t)known[i] == code)
			return known[i];
	}
	return XM_E_TEMPORARY;
}

void xm_wire_from_status(const struct xm_status *s, uint64_t id, struct xm_wire_fail *f)
{
	*f = (struct xm_wire_fail){ .id = id, .err = (uint32_t)s->err, .act = s->act,
				    .side = s->side, .code = (uint32_t)s->code,
				    .pair_wide = s->pair_wide };
	snprintf(f->reason, sizeof f->reason, "%s", s->reason ? s->reason : "");
	snprintf(f->detail, sizeof f->detail, "%s", s->detail);
}

/* NULL: it is no word of a report. */
static const char *keep(struct xm_reasons *r, const char *word)
{
	for (unsigned i = 0; i < r->n; i++) {
		if (strcmp(r->word[i], word) == 0)
			return r->word[i];
	}
	if (!*word || word[strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_")])
		return NULL;
	if (r->n == XM_REASONS)
		return "unspecified";
	snprintf(r->word[r->n], sizeof r->word[0], "%s", word);
	return r->word[r->n++];
}

bool xm_wire_to_status(const struct xm_wire_fail *f, struct xm_reasons *reasons,
		       struct xm_status *s)
{
	if (f->act == XM_ACT_NONE || f->act > XM_ACT_FATAL || f->err > 4095)
		return false;
	*s = (struct xm_status){ .err = (int)f->err, .act = (enum xm_act)f->act,
				 .certainty = XM_NOT_DONE, .pair_wide = f->pair_wide != 0,
				 .code = f->code ? (int)xm_wire_code(f->code) : 0,
				 .reason = keep(reasons, f->reason) };
	snprintf(s->detail, sizeof s->detail, "%.120s", f->detail);
	return true;
}

void xm_wire_fill_token(struct xm_token *t, const struct xm_wire_runs *runs, uint16_t flags,
			uint32_t block_size)
{
	memcpy(t->bytes, runs->token, XM_TOKEN_LEN);
	t->covers = runs->covered;
	t->life_ns = runs->life * XM_NS_PER_S;
	t->block_size = block_size;
	t->moving = flags & XM_WIRE_MOVING;
}

uint32_t xm_wire_life(const struct xm_token *t)
{
	uint64_t s = t->life_ns / XM_NS_PER_S;

	return s < UINT32_MAX ? (uint32_t)s : 0;
}
