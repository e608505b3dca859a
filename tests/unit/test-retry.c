/* SPDX-License-Identifier: Apache-2.0 */
/* Back-off, retry budgets and the rate's bucket, against figures worked out by hand. */
#include "unit.h"
#include "budget.h"
#include "clock.h"
#include "retry.h"

#define MS XM_NS_PER_MS

static const struct xm_status busy = { .act = XM_ACT_RETRY };
static const struct xm_status full = { .act = XM_ACT_RETRY, .full = true };

static void delays(void **state)
{
	static const uint64_t want_ms[] = { 100, 200, 400, 800, 1600, 3200, 5000, 5000 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(want_ms); i++) {
		uint64_t ns = want_ms[i] * MS;

		assert_int_equal(xm_retry_delay(&busy, i + 1, 0), ns - ns / 4);
		assert_int_equal(xm_retry_delay(&busy, i + 1, ns / 4), ns);
		for (uint64_t r = 1; r < 2000; r++)
			assert_in_range(xm_retry_delay(&busy, i + 1,
						       r * UINT64_C(0x9e3779b97f4a7c15)),
					ns - ns / 4, ns + ns / 4);
	}
	assert_in_range(xm_retry_delay(&busy, 0, 0), 75 * MS, 125 * MS);
	assert_in_range(xm_retry_delay(&busy, UINT32_MAX, UINT64_MAX), 3750 * MS, 6250 * MS);
}

/* A queue that was full is asked again soon, and if it stays so as all else is. */
static void full_queue(void **state)
{
	static const uint64_t want_ms[] = { 2, 4, 8, 16, 32, 64, 100, 200, 400, 800, 1600, 3200,
					    5000, 5000 };
	struct xm_retry r;
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(want_ms); i++) {
		uint64_t ns = want_ms[i] * MS;

		assert_int_equal(xm_retry_delay(&full, i + 1, 0), ns - ns / 4);
		assert_int_equal(xm_retry_delay(&full, i + 1, ns / 4), ns);
	}
	assert_in_range(xm_retry_delay(&full, 0, 0), 1 * MS, 3 * MS);
	assert_in_range(xm_retry_delay(&full, UINT32_MAX, UINT64_MAX), 3750 * MS, 6250 * MS);
	xm_retry_init(&r);
	while (xm_retry_take(&r, &full, n + 1))
		n++;
	assert_int_equal(n, XM_RETRY_FULL + XM_RETRY_TRIES);
	assert_int_equal(r.left, XM_RETRY_JOB - XM_RETRY_TRIES);
	assert_int_equal(r.count, n);
	/* two of three refused, for ever: no budget runs out */
	for (unsigned i = 0; i < 10 * XM_RETRY_JOB; i++) {
		assert_true(xm_retry_take(&r, &full, 1));
		assert_true(xm_retry_take(&r, &full, 2));
	}
}

static void budgets_end(void **state)
{
	struct xm_retry r;
	unsigned n = 0;

	(void)state;
	xm_retry_init(&r);
	while (xm_retry_take(&r, &busy, n + 1))
		n++;
	assert_int_equal(n, XM_RETRY_TRIES);
	/* many chunks, each within its own: the job's ends it */
	while (xm_retry_take(&r, &busy, 1))
		n++;
	assert_int_equal(n, XM_RETRY_JOB);
	assert_int_equal(r.count, n);
	xm_retry_earn(&r);
	assert_true(xm_retry_take(&r, &busy, 1));
	assert_false(xm_retry_take(&r, &busy, 1));
	for (unsigned i = 0; i < 5 * XM_RETRY_JOB; i++)
		xm_retry_earn(&r);
	assert_int_equal(r.left, XM_RETRY_JOB);
}

/* Spend whenever allowed for `seconds`; what went through. */
static uint64_t pump(struct xm_budget *b, uint64_t from, uint64_t seconds, uint64_t chunk)
{
	uint64_t now = from, sum = 0, when;

	while (now < from + seconds * XM_NS_PER_S) {
		when = xm_budget_when(b, now);
		if (when) {
			assert_true(when > now);
			now = when;
			continue;
		}
		xm_budget_spend(b, chunk);
		sum += chunk;
	}
	return sum;
}

static void rate_holds(void **state)
{
	static const uint64_t rates[] = { 1, 1000, 1000003, 1 << 30, UINT64_C(1) << 45 };
	static const uint64_t chunks[] = { 512, 65536, 16 << 20 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(rates); i++) {
		for (unsigned j = 0; j < ARRAY_LEN(chunks); j++) {
			struct xm_budget b;
			uint64_t sum;

			if (rates[i] / chunks[j] > 20000)
				continue;    /* only many more of the same steps */
			xm_budget_init(&b, rates[i], XM_NS_PER_S);
			sum = pump(&b, XM_NS_PER_S, 100, chunks[j]);
			/* at most what was saved up and one chunk too much */
			assert_true(sum <= rates[i] * 100 + rates[i] / 4 + 1 + chunks[j]);
			assert_true(sum + chunks[j] >= rates[i] * 98);
		}
	}
}

static void rate_changes(void **state)
{
	struct xm_budget b;

	(void)state;
	xm_budget_init(&b, 0, 5);
	assert_int_equal(xm_budget_when(&b, 5), 0);
	xm_budget_spend(&b, UINT64_MAX);
	assert_int_equal(xm_budget_when(&b, 5), 0);
	assert_true(xm_budget_chunk(&b) == UINT64_MAX);
	/* a debt made at a high rate does not hold a low one up for ever */
	xm_budget_set_rate(&b, UINT64_C(1) << 40, XM_NS_PER_S);
	xm_budget_spend(&b, UINT64_C(1) << 42);
	xm_budget_set_rate(&b, 1000, XM_NS_PER_S);
	assert_true(pump(&b, XM_NS_PER_S, 4, 100) >= 2000);
	xm_budget_set_rate(&b, UINT64_MAX, 20 * XM_NS_PER_S);
	assert_int_equal(xm_budget_when(&b, 30 * XM_NS_PER_S), 0);
	xm_budget_set_rate(&b, 0, 20 * XM_NS_PER_S);
	assert_int_equal(xm_budget_when(&b, 20 * XM_NS_PER_S), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delays), cmocka_unit_test(full_queue),
		cmocka_unit_test(budgets_end), cmocka_unit_test(rate_holds),
		cmocka_unit_test(rate_changes),
	};

	return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
