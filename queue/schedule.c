/* SPDX-License-Identifier: ISC */
#include "queue/schedule.h"

/* Far from overflowing, whatever a file or a configuration says. */
enum { FAR_SEC = INT32_MAX };

static int64_t
clamp(int64_t v, int64_t min, int64_t max)
{
	if (v < min)
		return min;
	return v > max ? max : v;
}

/* retry_min * 2^(attempts - 1), at most retry_max. */
static int64_t
interval(const struct schedule_conf *c, uint32_t attempts)
{
	int64_t max = clamp(c->retry_max_sec, 1, FAR_SEC);
	int64_t v = clamp(c->retry_min_sec, 1, max);

	while (attempts > 1 && v < max) {
		v *= 2;
		attempts--;
	}
	return v < max ? v : max;
}

int64_t
schedule_next(const struct schedule_conf *c, uint32_t attempts,
    int64_t now_sec, uint32_t random)
{
	int64_t max = clamp(c->retry_max_sec, 1, FAR_SEC);
	int64_t low = interval(c, attempts), high = low + low / 4;

	/* at the greatest wait they would all meet again */
	if (high > max) {
		high = max;
		low = max - max / 4;
		if (low < c->retry_min_sec)
			low = clamp(c->retry_min_sec, 1, max);
	}
	return now_sec + low +
	    (int64_t)(random % (uint32_t)(high - low + 1));
}

int64_t
schedule_wait(const struct schedule_conf *c, int64_t next_sec,
    int64_t now_sec)
{
	int64_t max = clamp(c->retry_max_sec, 1, FAR_SEC);

	if (next_sec <= now_sec)
		return 0;
	/* both are positive here, so the difference does not overflow */
	return clamp(next_sec - now_sec, 0, max);
}

int64_t
schedule_age(int64_t arrival_sec, int64_t now_sec)
{
	if (arrival_sec < 0)
		arrival_sec = 0;
	return now_sec > arrival_sec ? now_sec - arrival_sec : 0;
}

bool
schedule_over(const struct schedule_conf *c, int64_t arrival_sec,
    int64_t now_sec)
{
	return schedule_age(arrival_sec, now_sec) > c->lifetime_sec;
}

bool
schedule_expired(const struct schedule_conf *c, int64_t arrival_sec,
    int64_t last_sec, int64_t now_sec)
{
	return schedule_over(c, arrival_sec, now_sec) &&
	    schedule_over(c, arrival_sec, last_sec) && last_sec <= now_sec;
}

bool
schedule_warn_due(const struct schedule_conf *c, int64_t arrival_sec,
    int64_t now_sec)
{
	return c->warn_after_sec > 0 &&
	    schedule_age(arrival_sec, now_sec) >= c->warn_after_sec;
}
