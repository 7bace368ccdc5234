/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include "cmd/sendoffd/relay.h"

static char host_name[] = "relay.example", no_name[] = "", a_name[] = "one";
static struct conf_host host = { host_name, 0 };
static const struct conf_relay conf = { .name = no_name, .hosts = &host,
    .nhosts = 1, .connections = 4 };

static struct outcome
why(const char *text)
{
	struct outcome o = { 0 };

	outcome_set(&o, OUTCOME_DEFERRED, "4.4.1", "%s", text);
	return o;
}

static void
test_up(void **state)
{
	struct relay r;

	(void)state;
	relay_init(&r, &conf, 60, 3600);
	assert_string_equal(relay_name(&r), "relay.example");
	/* Not known to work: one connection, one message. */
	assert_true(relay_open(&r, 0));
	assert_false(relay_is_down(&r));
	assert_int_equal(relay_connections(&r, 0), 1);
	assert_int_equal(relay_window(&r), 1);
	relay_sent(&r, 5);
	assert_true(relay_open(&r, 5));
	assert_int_equal(relay_up(&r), RELAY_NO_NEWS);
	assert_int_equal(relay_connections(&r, 0), 4);
	assert_int_equal(relay_window(&r), JOB_WINDOW);
}

static void
test_down(void **state)
{
	static const int64_t waits[] = { 60, 120, 240, 480, 960, 1920, 3600,
	    3600, 3600 };
	struct outcome o = why("connection refused");
	struct relay r;
	int64_t tick = 0;
	size_t i;

	(void)state;
	relay_init(&r, &conf, 60, 3600);
	for (i = 0; i < NELEM(waits); i++) {
		check(relay_down(&r, &o, 0, 100, tick, 0) ==
		    (i == 0 ? RELAY_NEWS_DOWN : RELAY_NO_NEWS), "news %zu", i);
		check(relay_is_down(&r) && !relay_open(&r, tick), "down %zu",
		    i);
		check(relay_open_tick(&r) == tick + waits[i] * 1000,
		    "wait %zu", i);
		tick = relay_open_tick(&r);
		check(relay_open(&r, tick), "probe %zu", i);
		relay_sent(&r, tick);
		/* One probe, and nobody else while it lasts. */
		check(relay_is_down(&r) && relay_open_tick(&r) == INT64_MAX,
		    "probing %zu", i);
	}
	assert_int_equal(r.why_number, 1);
	o = why("greylisted");
	assert_int_equal(relay_down(&r, &o, 0, 100, tick, 0), RELAY_NO_NEWS);
	assert_int_equal(r.why_number, 2);
	assert_int_equal(relay_up(&r), RELAY_NEWS_UP);
	assert_false(relay_is_down(&r));
	assert_true(relay_open(&r, tick));
	/* The backoff begins anew, and is jittered by at most a quarter. */
	assert_int_equal(relay_down(&r, &o, 0, 100, tick, UINT32_MAX),
	    RELAY_NEWS_DOWN);
	assert_true(relay_open_tick(&r) == tick + 75000);
}

static void
test_resume(void **state)
{
	struct outcome o = why("connection refused");
	struct relay r;

	(void)state;
	relay_init(&r, &conf, 60, 3600);
	relay_resume(&r, &o, 3, 990, 7000, 100);
	assert_true(relay_is_down(&r));
	assert_int_equal(r.failed_sec, 990);
	assert_true(relay_open_tick(&r) == 7100);
	/* Nobody is alarmed again, and the backoff goes on where it was. */
	relay_sent(&r, 7100);
	assert_int_equal(relay_down(&r, &o, 0, 1000, 7200, 0), RELAY_NO_NEWS);
	assert_int_equal(r.why_number, 1);
	assert_true(relay_open_tick(&r) == 7200 + 480000);
	assert_int_equal(relay_up(&r), RELAY_NEWS_UP);
	/* A clock that was set back does not make it wait for years. */
	relay_init(&r, &conf, 60, 3600);
	relay_resume(&r, &o, INT64_MAX, 990, INT64_MAX / 2, 100);
	assert_true(relay_open_tick(&r) == 100 + 4500000);
	relay_flush(&r);
	assert_true(relay_open(&r, 100));
	/* The longest wait, whatever is believed about the past. */
	relay_sent(&r, 100);
	(void)relay_down(&r, &o, 0, 1000, 200, 0);
	assert_true(relay_open_tick(&r) == 200 + 3600000);
}

static void
test_flush(void **state)
{
	struct outcome o = why("no");
	struct relay r;

	(void)state;
	relay_init(&r, &conf, 60, 3600);
	(void)relay_down(&r, &o, 0, 100, 1000, 0);
	assert_false(relay_open(&r, 1000));
	relay_flush(&r);
	assert_true(relay_open(&r, 1000));
	relay_sent(&r, 1000);
	assert_false(relay_open(&r, 1000));
	/* A probe that told nothing may be made again. */
	relay_unprobed(&r);
	assert_true(relay_open(&r, 1000));
}

/* A relay that takes two connections and turns the third one away is not
 * down. */
static void
test_limit(void **state)
{
	struct outcome o = why("421 too many connections");
	struct relay r;

	(void)state;
	relay_init(&r, &conf, 60, 3600);
	(void)relay_up(&r);
	assert_int_equal(relay_down(&r, &o, 2, 100, 1000, 0), RELAY_NO_NEWS);
	assert_false(relay_is_down(&r));
	assert_int_equal(relay_connections(&r, 1001), 2);
	assert_int_equal(relay_connections(&r, 301000), 4);
	assert_int_equal(relay_down(&r, &o, 0, 100, 2000, 0),
	    RELAY_NEWS_DOWN);
}

static void
test_rate(void **state)
{
	struct conf_relay slow = conf;
	struct relay r;
	int64_t tick = 1000000;
	int i;

	(void)state;
	slow.rate_count = 3;
	slow.rate_sec = 1;
	relay_init(&r, &slow, 60, 3600);
	(void)relay_up(&r);
	/* Three a second, evenly, over any length of time. */
	for (i = 0; i < 300; i++) {
		assert_true(relay_open(&r, tick));
		relay_sent(&r, tick);
		assert_false(relay_open(&r, tick + 332));
		tick = relay_open_tick(&r);
	}
	check(tick - 1000000 >= 99990 && tick - 1000000 <= 100010,
	    "300 in %lld ms", (long long)(tick - 1000000));
	/* A pause earns no burst. */
	tick += 60000;
	relay_sent(&r, tick);
	assert_false(relay_open(&r, tick + 300));
}

static void
test_none(void **state)
{
	struct conf_relay named = conf;
	struct relay r;

	(void)state;
	relay_init(&r, NULL, 60, 3600);
	assert_true(relay_is_down(&r));
	assert_true(relay_open_tick(&r) == INT64_MAX);
	assert_int_equal(relay_connections(&r, 0), 0);
	assert_int_not_equal(r.why_number, 0);
	relay_flush(&r);
	assert_false(relay_open(&r, 1000));
	named.name = a_name;
	relay_init(&r, &named, 60, 3600);
	assert_string_equal(relay_name(&r), "one");
}

CHECK_MAIN(cmocka_unit_test(test_up), cmocka_unit_test(test_down),
    cmocka_unit_test(test_resume), cmocka_unit_test(test_flush),
    cmocka_unit_test(test_limit),
    cmocka_unit_test(test_rate), cmocka_unit_test(test_none))
