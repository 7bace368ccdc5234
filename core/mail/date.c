/* SPDX-License-Identifier: ISC */
#include <stddef.h>
#include <stdlib.h>

#include "core/mail/date.h"

enum {
	DAY_SEC = 86400,
	ERA_DAYS = 146097,		/* of 400 years */
	EPOCH_DAYS = 719468,		/* from 0000-03-01 to 1970-01-01 */
};

static const char days[] = "SunMonTueWedThuFriSat";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Years begin in March here, so that the leap day is a year's last. */
static void
date_of(int64_t day_number, int64_t *year, int *month, int *day)
{
	int64_t z = day_number + EPOCH_DAYS;
	int64_t era = floor_div(z, ERA_DAYS);
	int64_t in_era = z - era * ERA_DAYS;
	int64_t y = (in_era - in_era / 1460 + in_era / 36524 -
	    in_era / (ERA_DAYS - 1)) / 365;
	int64_t in_year = in_era - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * in_year + 2) / 153;

	*day = (int)(in_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = era * 400 + y + (*month <= 2);
}

void
date_add(struct buf *b, int64_t us, int zone_min)
{
	int64_t sec = floor_div(us, 1000000) + (int64_t)zone_min * 60;
	int64_t number = floor_div(sec, DAY_SEC), year;
	int in_day = (int)(sec - number * DAY_SEC), month, day;
	int weekday = (int)((number % 7 + 7 + 4) % 7);
	int zone = abs(zone_min);

	date_of(number, &year, &month, &day);
	buf_addf(b, "%.3s, %d %.3s %04lld %02d:%02d:%02d %c%02d%02d",
	    days + (ptrdiff_t)3 * weekday, day,
	    months + (ptrdiff_t)3 * (month - 1), (long long)year,
	    in_day / 3600, in_day / 60 % 60, in_day % 60,
	    zone_min < 0 ? '-' : '+', zone / 60, zone % 60);
}
