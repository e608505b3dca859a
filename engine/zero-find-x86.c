/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking for zeros with AVX-512 and AVX2.  Compiled for them function by
 * function: the rest of the program runs on any x86-64.  Eight registers a
 * turn keep the loads streaming; the turn is also how late data is noticed.
 */
#include "zero-find.h"

#include <immintrin.h>

static bool has_avx512(void)
{
	return __builtin_cpu_supports("avx512f");
}

static bool has_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}

__attribute__((target("avx512f"))) static bool avx512(const uint8_t *p, size_t len)
{
	for (; len >= 512; p += 512, len -= 512) {
		__m512i a = _mm512_or_si512(_mm512_loadu_si512(p),
					    _mm512_loadu_si512(p + 64));
		__m512i b = _mm512_or_si512(_mm512_loadu_si512(p + 128),
					    _mm512_loadu_si512(p + 192));
		__m512i c = _mm512_or_si512(_mm512_loadu_si512(p + 256),
					    _mm512_loadu_si512(p + 320));
		__m512i d = _mm512_or_si512(_mm512_loadu_si512(p + 384),
					    _mm512_loadu_si512(p + 448));
		__m512i all = _mm512_or_si512(_mm512_or_si512(a, b), _mm512_or_si512(c, d));

		if (_mm512_test_epi64_mask(all, all))
			return false;
	}
	return xm_zero_finder_portable.is_zero(p, len);
}

__attribute__((target("avx2"))) static __m256i load2(const uint8_t *p)
{
	return _mm256_or_si256(_mm256_loadu_si256((const __m256i_u *)p),
			       _mm256_loadu_si256((const __m256i_u *)(p + 32)));
}

__attribute__((target("avx2"))) static bool avx2(const uint8_t *p, size_t len)
{
	for (; len >= 256; p += 256, len -= 256) {
		__m256i ab = _mm256_or_si256(load2(p), load2(p + 64));
		__m256i cd = _mm256_or_si256(load2(p + 128), load2(p + 192));
		__m256i all = _mm256_or_si256(ab, cd);

		if (!_mm256_testz_si256(all, all))
			return false;
	}
	return xm_zero_finder_portable.is_zero(p, len);
}

static const struct xm_zero_finder by_avx512 = { "avx512", has_avx512, avx512 };
static const struct xm_zero_finder by_avx2 = { "avx2", has_avx2, avx2 };

const struct xm_zero_finder *const xm_zero_finders[] = {
	&by_avx512, &by_avx2, &xm_zero_finder_portable, NULL,
};
