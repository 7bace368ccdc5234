/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include <stdlib.h>
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

/* The C library agrees. */
static void
test_agree(void **state)
{
	char want[DATE_SIZE];
	struct buf b;
	struct tm tm;
	int64_t sec;
	size_t n;
	time_t t;
	int i, zone;

	(void)state;
	for (i = 0; i < 20000; i++) {
		sec = (int64_t)rand_u32() * 40;
		zone = (int)(rand_u32() % (2 * 1439 + 1)) - 1439;
		buf_init(&b, DATE_SIZE);
		date_add(&b, sec * 1000000, zone);
		t = sec + (int64_t)zone * 60;
		assert_non_null(gmtime_r(&t, &tm));
		(void)strftime(want, sizeof(want), "%a, %e %b %Y %T", &tm);
		if (want[5] == ' ')
			memmove(want + 5, want + 6, strlen(want + 5));
		n = strlen(want);
		(void)snprintf(want + n, sizeof(want) - n, " %c%02d%02d",
		    zone < 0 ? '-' : '+', abs(zone) / 60, abs(zone) % 60);
		check(strcmp(want, buf_str(&b)) == 0, "%s and %s", want,
		    buf_str(&b));
		buf_free(&b);
	}
}

CHECK_MAIN(cmocka_unit_test(test_add), cmocka_unit_test(test_agree))
