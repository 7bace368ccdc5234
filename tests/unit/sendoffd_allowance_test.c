/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include "cmd/sendoffd/allowance.h"

static void
test_burst(void **state)
{
	struct allowance a;
	int64_t tick = 1000;
	int i;

	(void)state;
	allowance_init(&a, 5, 2 * 3600);
	for (i = 0; i < 5; i++)
		assert_true(allowance_take(&a, 7, tick));
	assert_false(allowance_take(&a, 7, tick));
	/* Another one is not touched by that. */
	assert_true(allowance_take(&a, 8, tick));
	assert_true(allowance_tick(&a, 7, tick) == tick + 500);
	assert_true(allowance_tick(&a, 9, tick) == tick);
	assert_false(allowance_take(&a, 7, tick + 499));
	assert_true(allowance_take(&a, 7, tick + 500));
	/* A long pause earns a burst and no more. */
	tick = INT64_MAX;
	for (i = 0; i < 5; i++)
		assert_true(allowance_take(&a, 7, tick));
	assert_false(allowance_take(&a, 7, tick));
}

/* Waiting exactly until it says is always enough. */
static void
test_tick(void **state)
{
	static const int64_t rates[] = { 1, 3, 7, 50, 999, 1000, 3000 };
	struct allowance a;
	int64_t tick;

	(void)state;
	for (size_t i = 0; i < NELEM(rates); i++) {
		allowance_init(&a, 1, rates[i] * 3600);
		tick = 0;
		for (int j = 0; j < 100; j++) {
			check(allowance_take(&a, 1, tick), "rate %lld, %d",
			    (long long)rates[i], j);
			tick = allowance_tick(&a, 1, tick);
		}
		check(tick >= 99 * 1000 / rates[i], "rate %lld: %lld ms",
		    (long long)rates[i], (long long)tick);
	}
}

/* Slowly: one in half an hour. */
static void
test_hour(void **state)
{
	struct allowance a;
	int64_t tick = 5;

	(void)state;
	allowance_init(&a, 1, 2);
	assert_true(allowance_take(&a, 1, tick));
	assert_true(allowance_tick(&a, 1, tick) == tick + 1800 * 1000);
	assert_false(allowance_take(&a, 1, tick + 1800 * 1000 - 1));
	assert_true(allowance_take(&a, 1, tick + 1800 * 1000));
}

static void
test_many(void **state)
{
	struct allowance a;
	uint32_t uid;

	(void)state;
	allowance_init(&a, 1, 3600);
	for (uid = 0; uid < 2 * ALLOWANCE_MAX; uid++)
		assert_true(allowance_take(&a, uid, uid));
	/* The idle ones were forgotten, the last ones were not. */
	assert_false(allowance_take(&a, uid - 1, uid));
	assert_true(allowance_take(&a, 0, uid));
}

CHECK_MAIN(cmocka_unit_test(test_burst), cmocka_unit_test(test_tick),
    cmocka_unit_test(test_hour), cmocka_unit_test(test_many))
