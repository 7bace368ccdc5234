/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include <time.h>

#include "core/base/rand.h"
#include "core/mail/date.h"

static void
test_add(void **state)
{
	static const struct { int64_t us; int zone; const char *want; } c[] = {
		{ 0, 0, "Thu, 1 Jan 1970 00:00:00 +0000" },
		{ -1, 0, "Wed, 31 Dec 1969 23:59:59 +0000" },
		{ 951782400000000, 0, "Tue, 29 Feb 2000 00:00:00 +0000" },
		{ 951782399999999, 60, "Tue, 29 Feb 2000 00:59:59 +0100" },
		{ 1795501739123456, 330, "Tue, 24 Nov 2026 11:58:59 +0530" },
		{ 1795501739000000, -210, "Tue, 24 Nov 2026 02:58:59 -0330" },
		{ 4102444800000000, 0, "Fri, 1 Jan 2100 00:00:00 +0000" },
		{ 253402300799000000, 0, "Fri, 31 Dec 9999 23:59:59 +0000" },
	};
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(c); i++) {
		buf_init(&b, DATE_SIZE);
		date_add(&b, c[i].us, c[i].zone);
		check(strcmp(buf_str(&b), c[i].want) == 0, "%s", buf_str(&b));
		buf_free(&b);
	}
}

static void
test_parse(void **state)
{
	static const struct { const char *in; int64_t sec; int zone; } c[] = {
		{ "Thu, 1 Jan 1970 00:00:00 +0000", 0, 0 },
		{ "1 Jan 1970 00:00 +0000", 0, 0 },
		{ "Thu, 01 jan 70 00:00:00 GMT", 0, 0 },
		{ "Thu, 1 Jan 070 00:00:00 Z", 0, 0 },
		{ "Thu (x),\r\n 1 (y(z)) Jan 1970 00 : 00 : 00 +0100 (CET)",
		    -3600, 60 },
		{ "Tue, 29 Feb 2000 00:59:59 +0100", 951782399, 60 },
		{ "Tue, 24 Nov 2026 02:58:59 -0330", 1795501739, -210 },
		{ "Sat, 31 Dec 2016 23:59:60 +0000", 1483228800, 0 },
		{ "1 Jan 49 00:00 EST", 2493090000, -300 },
		{ "1 Jan 1970 00:00 XYZ", 0, 0 },
	};
	static const char *const bad[] = { "", "Thu,", "Foo, 1 Jan 1970 0:00 Z",
		"Thu 1 Jan 1970 00:00:00 Z", "0 Jan 1970 00:00 Z",
		"29 Feb 1900 00:00 Z", "31 Apr 2000 00:00 Z", "1 Jan 1970",
		"1 Jan 1970 24:00 Z", "1 Jan 1970 00:60 Z",
		"1 Jan 1970 00:00:61 Z",
		"1 Jan 1970 00:00", "1 Jan 1970 00:00 +01",
		"1 Jan 1970 00:00 +2400",
		"1 Jan 1970 00:00 +0160", "1 Jan 1970 00:00 Z x",
		"1 Foo 1970 0:00 Z",
		"1 Jan 1 00:00 Z", "1 Jan 9999999 00:00 Z",
		"1 Jan 1970 (00:00 Z",
		"1 Jan 0001 00:00 Z", "1970-01-01T00:00:00Z" };
	int64_t sec;
	size_t i;
	int zone;

	(void)state;
	for (i = 0; i < NELEM(c); i++) {
		sec = zone = -77;
		check(date_parse(c[i].in, strlen(c[i].in), &sec, &zone) &&
		    sec == c[i].sec && zone == c[i].zone, "%s: %lld %d",
		    c[i].in, (long long)sec, zone);
	}
	for (i = 0; i < NELEM(bad); i++) {
		sec = -77;
		check(!date_parse(bad[i], strlen(bad[i]), &sec, NULL) &&
		    sec == -77, "taken: %s", bad[i]);
	}
}

/* The C library agrees, and what was written is read back. */
static void
test_agree(void **state)
{
	char want[DATE_SIZE];
	struct buf b;
	struct tm tm;
	int64_t sec, back;
	time_t t;
	int i, zone, zback;

	(void)state;
	for (i = 0; i < 20000; i++) {
		sec = (int64_t)rand_u32() * 40;
		zone = (int)(rand_u32() % (2 * 1439 + 1)) - 1439;
		buf_init(&b, DATE_SIZE);
		date_add(&b, sec * 1000000, zone);
		check(date_parse(buf_str(&b), b.n, &back, &zback) &&
		    back == sec && zback == zone, "%s", buf_str(&b));
		t = sec + (int64_t)zone * 60;
		assert_non_null(gmtime_r(&t, &tm));
		(void)strftime(want, sizeof(want), "%a, %e %b %Y %T", &tm);
		if (want[5] == ' ')
			memmove(want + 5, want + 6, strlen(want + 5));
		check(strncmp(want, buf_str(&b), strlen(want)) == 0,
		    "%s and %s", want, buf_str(&b));
		buf_free(&b);
	}
}

CHECK_MAIN(cmocka_unit_test(test_add), cmocka_unit_test(test_parse),
    cmocka_unit_test(test_agree))
