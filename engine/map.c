/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The map of what is left: see map.h.
 *
 * A set or clear costs one pass over the words it covers; a search costs one
 * pass over summary words (4096 granules each) until something is found.  The
 * words are allocated at the first set, so that the many maps that stay empty
 * in most jobs (what a method must not touch) cost nothing.
 */
#include "map.h"

#include <stdlib.h>
#include "xm/align.h"

#define WORD 64U

/* Words and summary of a map of so many bits. */
static uint64_t bytes_for(uint64_t bits)
{
	uint64_t words = xm_div_up(bits, WORD);

	return (words + xm_div_up(words, WORD)) * sizeof(uint64_t);
}

uint64_t xm_map_granule_for(uint64_t len, uint64_t least)
{
	uint64_t g = 1;

	while (g < least)
		g <<= 1;
	/* two more bits than len / g, for a partial granule at both ends */
	while (bytes_for(len / g + 2) > XM_MAP_MAX_BYTES)
		g <<= 1;
	return g;
}

void xm_map_init(struct xm_map *m, uint64_t lo, uint64_t hi, uint64_t granule)
{
	*m = (struct xm_map){ .lo = lo, .hi = hi, .granule = granule };
	if (hi > lo)
		m->nbits = (hi - 1) / granule - lo / granule + 1;
	m->nwords = (size_t)xm_div_up(m->nbits, WORD);
	m->nsummary = (size_t)xm_div_up(m->nwords, WORD);
}

bool xm_map_alloc(struct xm_map *m)
{
	if (m->words)
		return true;
	m->words = calloc(m->nwords + m->nsummary + 1, sizeof *m->words);
	if (!m->words)
		return false;
	m->summary = m->words + m->nwords;
	return true;
}

void xm_map_free(struct xm_map *m)
{
	free(m->words);
	m->words = m->summary = NULL;
	m->left = 0;
}

bool xm_map_is_cut(const struct xm_map *m, uint64_t off)
{
	return off == m->lo || off == m->hi ||
	       (off > m->lo && off < m->hi && xm_is_aligned(off, m->granule));
}

uint64_t xm_map_cut_before(const struct xm_map *m, uint64_t off)
{
	return off == m->hi ? off : xm_max_u64(m->lo, xm_round_down(off, m->granule));
}

uint64_t xm_map_cut_after(const struct xm_map *m, uint64_t off)
{
	uint64_t down = xm_round_down(off, m->granule);

	if (off == down || off == m->lo)
		return off;
	return m->hi - down <= m->granule ? m->hi : down + m->granule;
}

/* ---- bits and bytes ------------------------------------------------------- */

static uint64_t bit_of(const struct xm_map *m, uint64_t off)
{
	return off / m->granule - m->lo / m->granule;
}

/* The bit after the last one of a range that ends at `end`. */
static uint64_t end_bit(const struct xm_map *m, uint64_t end)
{
	return bit_of(m, end - 1) + 1;
}

static uint64_t bit_start(const struct xm_map *m, uint64_t bit)
{
	return xm_max_u64(m->lo, (m->lo / m->granule + bit) * m->granule);
}

/* Also right for the last bit, whose granule may end beyond hi or beyond 2^64. */
static uint64_t bit_end(const struct xm_map *m, uint64_t bit)
{
	return bit + 1 >= m->nbits ? m->hi : (m->lo / m->granule + bit + 1) * m->granule;
}

/* Mask of the bits [a, b) that lie in the word holding a. */
static uint64_t word_mask(uint64_t a, uint64_t b)
{
	unsigned lo = (unsigned)(a % WORD);
	uint64_t n = xm_min_u64(b - a, WORD - lo);

	return (n == WORD ? UINT64_MAX : (UINT64_C(1) << n) - 1) << lo;
}

/* What `count` changed or counted granules are in bytes; both ends of the map may be partial. */
static uint64_t bytes_of(const struct xm_map *m, uint64_t count, bool first, bool last)
{
	uint64_t bytes = count * m->granule;

	if (first)
		bytes -= m->lo % m->granule;
	if (last)
		bytes -= (m->granule - m->hi % m->granule) % m->granule;
	return bytes;
}

struct sweep {
	uint64_t count;              /* granules that match */
	bool first, last;            /* the map's first and last are among them */
};

static void sweep_word(const struct xm_map *m, struct sweep *s, size_t w, uint64_t hit)
{
	s->count += (unsigned)__builtin_popcountll(hit);
	if (w == 0 && (hit & 1))
		s->first = true;
	if (w == (m->nbits - 1) / WORD && (hit >> (m->nbits - 1) % WORD & 1))
		s->last = true;
}

static void put_word(struct xm_map *m, size_t w, uint64_t value)
{
	uint64_t flag = UINT64_C(1) << w % WORD;

	m->words[w] = value;
	if (value)
		m->summary[w / WORD] |= flag;
	else
		m->summary[w / WORD] &= ~flag;
}

bool xm_map_set(struct xm_map *m, uint64_t off, uint64_t len, uint64_t *ret_bytes)
{
	struct sweep s = { 0 };
	uint64_t bytes;

	if (len == 0) {
		if (ret_bytes)
			*ret_bytes = 0;
		return true;
	}
	if (!xm_map_alloc(m))
		return false;
	for (uint64_t a = bit_of(m, off), b = end_bit(m, off + len), n; a < b; a = n) {
		size_t w = (size_t)(a / WORD);
		uint64_t mask = word_mask(a, b);

		n = (a / WORD + 1) * WORD;
		sweep_word(m, &s, w, mask & ~m->words[w]);
		put_word(m, w, m->words[w] | mask);
	}
	bytes = bytes_of(m, s.count, s.first, s.last);
	m->left += bytes;
	if (ret_bytes)
		*ret_bytes = bytes;
	return true;
}

void xm_map_clear(struct xm_map *m, uint64_t off, uint64_t len, uint64_t *ret_bytes)
{
	struct sweep s = { 0 };
	uint64_t bytes;

	if (m->words && len > 0) {
		for (uint64_t a = bit_of(m, off), b = end_bit(m, off + len), n; a < b; a = n) {
			size_t w = (size_t)(a / WORD);
			uint64_t mask = word_mask(a, b);

			n = (a / WORD + 1) * WORD;
			sweep_word(m, &s, w, mask & m->words[w]);
			put_word(m, w, m->words[w] & ~mask);
		}
	}
	bytes = bytes_of(m, s.count, s.first, s.last);
	m->left -= bytes;
	if (ret_bytes)
		*ret_bytes = bytes;
}

uint64_t xm_map_count(const struct xm_map *m, uint64_t off, uint64_t len)
{
	struct sweep s = { 0 };

	if (!m->words || len == 0)
		return 0;
	for (uint64_t a = bit_of(m, off), b = end_bit(m, off + len), n; a < b; a = n) {
		size_t w = (size_t)(a / WORD);

		n = (a / WORD + 1) * WORD;
		sweep_word(m, &s, w, word_mask(a, b) & m->words[w]);
	}
	return bytes_of(m, s.count, s.first, s.last);
}

/* ---- searching ------------------------------------------------------------- */

/* First word at or after w that holds a set bit; nwords when none. */
static size_t next_word(const struct xm_map *m, size_t w)
{
	for (size_t s = w / WORD; s < m->nsummary; s++) {
		uint64_t bits = m->summary[s];

		if (s == w / WORD)
			bits &= UINT64_MAX << w % WORD;
		if (bits)
			return s * WORD + (unsigned)__builtin_ctzll(bits);
	}
	return m->nwords;
}

/* First bit at or after `bit` that is set; nbits when none. */
static uint64_t next_set(const struct xm_map *m, uint64_t bit)
{
	size_t w = (size_t)(bit / WORD);
	uint64_t here;

	if (!m->words || bit >= m->nbits)
		return m->nbits;
	here = m->words[w] & (UINT64_MAX << bit % WORD);
	if (here)
		return (uint64_t)w * WORD + (unsigned)__builtin_ctzll(here);
	w = next_word(m, w + 1);
	if (w >= m->nwords)
		return m->nbits;
	return (uint64_t)w * WORD + (unsigned)__builtin_ctzll(m->words[w]);
}

/* First bit at or after `bit` that is clear, not beyond `stop`. */
static uint64_t next_clear(const struct xm_map *m, uint64_t bit, uint64_t stop)
{
	while (bit < stop) {
		uint64_t holes = ~m->words[bit / WORD] & (UINT64_MAX << bit % WORD);

		if (holes)
			return xm_min_u64(stop, bit / WORD * WORD +
					  (unsigned)__builtin_ctzll(holes));
		bit = (bit / WORD + 1) * WORD;
	}
	return stop;
}

bool xm_map_next(const struct xm_map *m, uint64_t from, uint64_t max, uint64_t *ret_off,
		 uint64_t *ret_len)
{
	uint64_t a, b, stop;

	if (from >= m->hi)
		return false;
	a = next_set(m, bit_of(m, xm_max_u64(from, m->lo)));
	if (a >= m->nbits)
		return false;
	stop = a + xm_min_u64(m->nbits - a, xm_max_u64(1, max / m->granule));
	b = next_clear(m, a, stop);
	*ret_off = bit_start(m, a);
	*ret_len = bit_end(m, b - 1) - *ret_off;
	return true;
}

bool xm_map_next_without(const struct xm_map *m, const struct xm_map *not, uint64_t from,
			 uint64_t max, uint64_t *ret_off, uint64_t *ret_len)
{
	uint64_t off, len, skip, skip_len;

	while (xm_map_next(m, from, max, &off, &len)) {
		if (!not || !xm_map_next(not, off, UINT64_MAX, &skip, &skip_len) ||
		    skip >= off + len) {
			*ret_off = off;
			*ret_len = len;
			return true;
		}
		if (skip > off) {
			*ret_off = off;
			*ret_len = skip - off;
			return true;
		}
		from = skip + skip_len;
	}
	return false;
}

/* ---- elsewhere ---------------------------------------------------------------- */

uint64_t xm_map_bit(const struct xm_map *m, uint64_t off)
{
	return bit_of(m, off);
}

void xm_map_load(struct xm_map *m, size_t first, const uint64_t *words, size_t n)
{
	struct sweep s = { 0 };

	if (!xm_map_alloc(m))
		return;
	for (size_t i = 0; i < n && first + i < m->nwords; i++) {
		size_t w = first + i;
		uint64_t mask = word_mask((uint64_t)w * WORD,
					  xm_min_u64(m->nbits, ((uint64_t)w + 1) * WORD));

		sweep_word(m, &s, w, words[i] & mask & ~m->words[w]);
		put_word(m, w, m->words[w] | (words[i] & mask));
	}
	m->left += bytes_of(m, s.count, s.first, s.last);
}
