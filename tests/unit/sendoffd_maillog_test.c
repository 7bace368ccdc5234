/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include "core/base/mem.h"

#include "cmd/sendoffd/maillog.h"

static void
test_seconds(void **state)
{
	static const struct { int64_t ms; const char *want; } cases[] = {
		{ 0, "0" }, { 4, "0" }, { 5, "0.01" }, { 10, "0.01" },
		{ 99, "0.1" }, { 100, "0.1" }, { 310, "0.31" },
		{ 314, "0.31" }, { 500, "0.5" }, { 994, "0.99" },
		{ 999, "1" }, { 1000, "1" }, { 1049, "1" }, { 1050, "1.1" },
		{ 9900, "9.9" }, { 9949, "9.9" }, { 9950, "10" },
		{ 12499, "12" }, { 432000000, "432000" },
	};
	struct buf b;

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		buf_init(&b, 100);
		maillog_seconds(&b, cases[i].ms);
		check(strcmp(buf_str(&b), cases[i].want) == 0, "%lld: %s",
		    (long long)cases[i].ms, buf_str(&b));
		buf_free(&b);
	}
}

static void
test_lines(void **state)
{
	struct envelope env;
	struct outcome o = { .verdict = OUTCOME_SENT, .code = 250,
	    .dsn = "2.0.0", .relay = "smtp.example.com[192.0.2.1]:587",
	    .text = "250 2.0.0 Ok", .delay_ms = { 200, 60, 40 } };
	struct buf b;

	(void)state;
	envelope_init(&env);
	(void)snprintf(env.id, sizeof(env.id), "0612A7B3C4D5E6F70819");
	env.arrival_us = 1000000;
	envelope_add_rcpt(&env, "a@b")->orig = mem_str("x");
	envelope_add_rcpt(&env, "c\n@d")->orig = mem_str("c\n@d");
	buf_init(&b, 1000);
	maillog_active(&b, &env, 1234);
	assert_string_equal(buf_str(&b), "0612A7B3C4D5E6F70819: from=<>, "
	    "size=1234, nrcpt=2 (queue active)");
	buf_reset(&b);
	maillog_rcpt(&b, &env, 0, &o, 1010000, 1310000);
	assert_string_equal(buf_str(&b), "0612A7B3C4D5E6F70819: to=<a@b>, "
	    "orig_to=<x>, relay=smtp.example.com[192.0.2.1]:587, delay=0.31, "
	    "delays=0.01/0/0.2/0.1, dsn=2.0.0, status=sent (250 2.0.0 Ok)");
	buf_reset(&b);
	memset(&o, 0, sizeof(o));
	outcome_set(&o, OUTCOME_EXPIRED, "4.4.7", "too old");
	/* A clock that went back makes no negative delay. */
	maillog_rcpt(&b, &env, 1, &o, 0, 1);
	assert_string_equal(buf_str(&b), "0612A7B3C4D5E6F70819: to=<c @d>, "
	    "relay=none, delay=0, delays=0/0/0/0, dsn=4.4.7, "
	    "status=expired (too old)");
	buf_free(&b);
	envelope_free(&env);
}

CHECK_MAIN(cmocka_unit_test(test_seconds), cmocka_unit_test(test_lines))
