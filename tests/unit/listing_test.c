/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include <stdlib.h>
#include <time.h>

#include "core/mail/listing.h"
#include "queue/list.h"

#define ID "0646A3F1B2C3D4A1B2C3"
#define GATE_ID "0646A3F1B2C3D4A1B2C3000003E8"

static struct listing_rcpt two[] = {
	{ "c@d", "root@h", "4.4.1", "connect to r[1.2.3.4]:25: timed out" },
	{ "e@f", NULL, "4.4.1", "connect to r[1.2.3.4]:25: timed out" },
};
static struct listing_rcpt changes[] = {
	{ "c@d", NULL, "4.4.1", "first" }, { "e@f", NULL, NULL, NULL },
	{ "g@h", NULL, "4.4.1", "first" }, { "i@j", NULL, "4.0.0", "other" },
};
static struct listing_rcpt hostile[] = {
	{ "\"a\nb\"@d", NULL, "4.0.0", "x\r\nFAKE0\x1b[2J \xff \"\\" },
};
static struct listing_rcpt fresh[] = { { "c@d", NULL, NULL, NULL } };

static const struct listing_msg msgs[] = {
	{ LISTING_DEFERRED, ID, 1790000000, 1234, "a@b", two, 2, 1000, 3,
	    1790000500, 1790001000, 1790432000, NULL },
	{ LISTING_INCOMING, ID, 1790000000, 5, "", fresh, 1, 0, 0, 0, 0,
	    1790432000, "env 1" },
	{ LISTING_ACTIVE, ID, 1790000000, 99999999, "a@b", changes, 4, 0, 1,
	    1790000001, 0, 1790432000, NULL },
	{ LISTING_HOLD, GATE_ID, 1788400800, 1, "a@b", hostile, 1, 1000, 1,
	    1790000001, 0, 1790432000, NULL },
	{ LISTING_CORRUPT, ID, 1790000000, 0, NULL, NULL, 0, -1, -1, 0, 0, 0,
	    NULL },
};

#define COL "                                                   "
static const char text[] =
    "------Queue ID------- --Size-- ---Arrival Time---- "
    "--Sender/Recipient------\n"
    ID "      1234 Mon Sep 21 14:13:20 a@b\n"
    "                                         "
    "(connect to r[1.2.3.4]:25: timed out)\n"
    COL "c@d\n" COL "e@f\n"
    "\n"
    ID "         5 Mon Sep 21 14:13:20 MAILER-DAEMON\n" COL "c@d\n"
    "\n"
    ID "* 99999999 Mon Sep 21 14:13:20 a@b\n"
    "                                                                     "
    "  (first)\n"
    COL "c@d\n" COL "e@f\n"
    "                                                                     "
    "  (first)\n"
    COL "g@h\n"
    "                                                                     "
    "  (other)\n"
    COL "i@j\n"
    "\n"
    GATE_ID "!        1 Thu Sep  3 02:00:00 a@b\n"
    COL "  (x FAKE0\\x1B[2J \\xFF \"\\\\)\n"
    COL "\"a b\"@d\n"
    "\n"
    ID "         0 Mon Sep 21 14:13:20 ?\n"
    "                                    "
    "(cannot be read: it was moved to corrupt/)\n"
    "\n"
    "\t\tTotal requests: 5\n"
    "-- 97657 Kbytes in 5 Requests.\n";

static void
test_text(void **state)
{
	struct listing_total total = { 0 };
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 100000);
	listing_text_head(&b);
	for (i = 0; i < NELEM(msgs); i++)
		listing_text(&b, &msgs[i], &total);
	listing_text_tail(&b, &total, CONF_TRAILER_BOTH, "/d");
	assert_string_equal(buf_str(&b), text);
	buf_free(&b);
}

static void
test_tail(void **state)
{
	static const struct {
		size_t n;
		int64_t bytes;
		enum conf_trailer trailer;
		const char *want;
	} cases[] = {
		{ 0, 0, CONF_TRAILER_BOTH, "/d is empty\n"
		    "\t\tTotal requests: 0\nMail queue is empty\n" },
		{ 0, 0, CONF_TRAILER_SENDMAIL, "/d is empty\n"
		    "\t\tTotal requests: 0\n" },
		{ 0, 0, CONF_TRAILER_POSTFIX, "Mail queue is empty\n" },
		{ 1, 1023, CONF_TRAILER_BOTH, "\n\t\tTotal requests: 1\n"
		    "-- 0 Kbytes in 1 Request.\n" },
		{ 2, 1024, CONF_TRAILER_POSTFIX,
		    "\n-- 1 Kbytes in 2 Requests.\n" },
		{ 2, 1024, CONF_TRAILER_SENDMAIL,
		    "\n\t\tTotal requests: 2\n" },
	};
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 1000);
	for (i = 0; i < NELEM(cases); i++) {
		struct listing_total total = { cases[i].n, cases[i].bytes };

		buf_reset(&b);
		listing_text_tail(&b, &total, cases[i].trailer, "/d");
		check(strcmp(buf_str(&b), cases[i].want) == 0,
		    "row %zu: '%s'", i, buf_str(&b));
	}
	buf_free(&b);
}

static void
test_json(void **state)
{
	static const char *const want[] = {
		"{\"queue_name\":\"deferred\",\"queue_id\":\"" ID "\","
		"\"arrival_time\":1790000000,\"message_size\":1234,"
		"\"sender\":\"a@b\",\"recipients\":[{\"address\":\"c@d\","
		"\"delay_reason\":\"connect to r[1.2.3.4]:25: timed out\","
		"\"orig_address\":\"root@h\",\"status\":\"deferred\","
		"\"dsn\":\"4.4.1\"},{\"address\":\"e@f\",\"delay_reason\":"
		"\"connect to r[1.2.3.4]:25: timed out\",\"orig_address\":"
		"null,\"status\":\"deferred\",\"dsn\":\"4.4.1\"}],"
		"\"uid\":1000,\"attempts\":3,\"last_attempt\":1790000500,"
		"\"next_attempt\":1790001000,\"expires\":1790432000,"
		"\"envelope_id\":null}\n",
		"{\"queue_name\":\"incoming\",\"queue_id\":\"" ID "\","
		"\"arrival_time\":1790000000,\"message_size\":5,"
		"\"sender\":\"MAILER-DAEMON\",\"recipients\":[{\"address\":"
		"\"c@d\",\"delay_reason\":null,\"orig_address\":null,"
		"\"status\":null,\"dsn\":null}],\"uid\":0,\"attempts\":0,"
		"\"last_attempt\":null,\"next_attempt\":null,"
		"\"expires\":1790432000,\"envelope_id\":\"env 1\"}\n",
		NULL,
		"{\"queue_name\":\"hold\",\"queue_id\":\"" GATE_ID "\","
		"\"arrival_time\":1788400800,\"message_size\":1,"
		"\"sender\":\"a@b\",\"recipients\":[{\"address\":"
		"\"\\\"a\\u000ab\\\"@d\",\"delay_reason\":\"x\\u000d\\u000a"
		"FAKE0\\u001b[2J \xef\xbf\xbd \\\"\\\\\",\"orig_address\":"
		"null,\"status\":\"deferred\",\"dsn\":\"4.0.0\"}],"
		"\"uid\":1000,\"attempts\":1,\"last_attempt\":1790000001,"
		"\"next_attempt\":null,\"expires\":1790432000,"
		"\"envelope_id\":null}\n",
		"{\"queue_name\":\"corrupt\",\"queue_id\":\"" ID "\","
		"\"arrival_time\":1790000000,\"message_size\":0,"
		"\"sender\":null,\"recipients\":[],\"uid\":null,"
		"\"attempts\":null,\"last_attempt\":null,"
		"\"next_attempt\":null,\"expires\":null,"
		"\"envelope_id\":null}\n",
	};
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 10000);
	for (i = 0; i < NELEM(want); i++) {
		buf_reset(&b);
		listing_json(&b, &msgs[i]);
		if (want[i] != NULL)
			assert_string_equal(buf_str(&b), want[i]);
	}
	buf_free(&b);
}

static void
test_names(void **state)
{
	struct buf b;

	(void)state;
	assert_string_equal(listing_state_name(LISTING_ACTIVE), "active");
	buf_init(&b, 1000);
	listing_text_no_runner(&b);
	assert_non_null(strstr(buf_str(&b), "sendoffd is not running"));
	/* Not to be taken for an entry. */
	assert_null(strchr("0123456789ABCDEF", b.p[0]));
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text), cmocka_unit_test(test_tail),
		cmocka_unit_test(test_json), cmocka_unit_test(test_names),
	};

	(void)setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
