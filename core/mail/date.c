/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "core/base/compat.h"
#include "core/base/text.h"
#include "core/mail/date.h"

enum {
	DAY_SEC = 86400,
	ERA_DAYS = 146097,		/* of 400 years */
	EPOCH_DAYS = 719468,		/* from 0000-03-01 to 1970-01-01 */
};

static const char days[] = "SunMonTueWedThuFriSat";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* Years begin in March here, so that the leap day is a year's last. */
static int64_t
days_of(int64_t year, int month, int day)
{
	int64_t era, y = year - (month <= 2);
	int64_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 +
	    day - 1;

	era = y / 400;
	y -= era * 400;
	return era * ERA_DAYS + y * 365 + y / 4 - y / 100 + in_year -
	    EPOCH_DAYS;
}

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

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

/* Reading: words and single signs, with comments and white space between. */
struct scan {
	const char	*p;
	size_t		 n, pos;
};

static bool
skip(struct scan *s)
{
	size_t depth = 0;

	for (; s->pos < s->n; s->pos++) {
		char c = s->p[s->pos];

		if (c == '(')
			depth++;
		else if (c == ')' && depth > 0)
			depth--;
		else if (c == '\\' && depth > 0 && s->pos + 1 < s->n)
			s->pos++;
		else if (depth == 0 && !text_is_space(c))
			break;
	}
	return depth == 0;
}

static bool
take_sign(struct scan *s, char c)
{
	if (!skip(s) || s->pos == s->n || s->p[s->pos] != c)
		return false;
	s->pos++;
	return true;
}

/* Letters, or digits, in a row. */
static struct slice
take_word(struct scan *s, bool (*is)(char))
{
	struct slice w = { s->p, 0 };

	if (!skip(s))
		return w;
	w.p = s->p + s->pos;
	while (s->pos < s->n && is(s->p[s->pos]))
		s->pos++;
	w.n = (size_t)(s->p + s->pos - w.p);
	return w;
}

static bool
take_number(struct scan *s, size_t min, size_t max, int64_t limit, int *out)
{
	struct slice w = take_word(s, text_is_digit);
	int64_t v;

	if (w.n < min || w.n > max || !text_to_int(w.p, w.n, 0, limit, &v))
		return false;
	*out = (int)v;
	return true;
}

/* Which of a row of three-letter names; -1 for none. */
static int
find_name(struct slice w, const char *names)
{
	int i;

	for (i = 0; names[3 * i] != '\0'; i++)
		if (text_case_eq(w.p, w.n, names + (ptrdiff_t)3 * i, 3))
			return i;
	return -1;
}

static bool
take_year(struct scan *s, int64_t *year)
{
	struct slice w = take_word(s, text_is_digit);

	if (w.n < 2 || w.n > 6 || !text_to_int(w.p, w.n, 0, 999999, year))
		return false;
	/* RFC 5322 4.3, years of two and three digits. */
	if (w.n == 2)
		*year += *year < 50 ? 2000 : 1900;
	else if (w.n == 3)
		*year += 1900;
	return *year >= 1900;
}

static bool
take_zone(struct scan *s, int *zone)
{
	static const struct { const char *name; int hours; } named[] = {
		{ "UT", 0 }, { "GMT", 0 }, { "UTC", 0 }, { "EST", -5 },
		{ "EDT", -4 }, { "CST", -6 }, { "CDT", -5 }, { "MST", -7 },
		{ "MDT", -6 }, { "PST", -8 }, { "PDT", -7 },
	};
	struct slice w;
	int64_t v;
	size_t i;
	bool minus = take_sign(s, '-');

	if (minus || take_sign(s, '+')) {
		w = take_word(s, text_is_digit);
		if (w.n != 4 || !text_to_int(w.p, 4, 0, 2359, &v) ||
		    v % 100 > 59)
			return false;
		*zone = (int)(v / 100 * 60 + v % 100);
		if (minus)
			*zone = -*zone;
		return true;
	}
	w = take_word(s, text_is_alpha);
	if (w.n == 0)
		return false;
	/* Letters and names of which nobody knows what they meant: -0000. */
	*zone = 0;
	for (i = 0; i < NELEM(named); i++)
		if (slice_case_eq(w, named[i].name))
			*zone = named[i].hours * 60;
	return true;
}

static int
month_days(int64_t year, int month)
{
	static const int lengths[] =
	    { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		return 29;
	return lengths[month - 1];
}

static bool
take_time(struct scan *s, int *in_day)
{
	int hour, min, sec = 0;

	if (!take_number(s, 1, 2, 23, &hour) || !take_sign(s, ':') ||
	    !take_number(s, 2, 2, 59, &min))
		return false;
	if (take_sign(s, ':') && !take_number(s, 2, 2, 60, &sec))
		return false;
	*in_day = hour * 3600 + min * 60 + sec;
	return true;
}

bool
date_parse(const char *p, size_t n, int64_t *sec, int *zone_min)
{
	struct scan s = { p, n, 0 };
	struct slice w = take_word(&s, text_is_alpha);
	int64_t year;
	int day, month, in_day, zone;

	if (w.n > 0 && (find_name(w, days) == -1 || !take_sign(&s, ',')))
		return false;
	if (!take_number(&s, 1, 2, 31, &day) || day == 0)
		return false;
	month = find_name(take_word(&s, text_is_alpha), months) + 1;
	if (month == 0 || !take_year(&s, &year) ||
	    day > month_days(year, month))
		return false;
	if (!take_time(&s, &in_day) || !take_zone(&s, &zone) || !skip(&s) ||
	    s.pos != n)
		return false;
	*sec = days_of(year, month, day) * DAY_SEC + in_day -
	    (int64_t)zone * 60;
	if (zone_min != NULL)
		*zone_min = zone;
	return true;
}
