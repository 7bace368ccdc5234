/* SPDX-License-Identifier: ISC */
/*
 * schedule - when a message is tried again, warned about, given up.
 *
 * Source	RFC 5321 4.5.4.1
 * Units	seconds
 * Pure		time and randomness come in as parameters
 */
#ifndef QUEUE_SCHEDULE_H
#define QUEUE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

struct schedule_conf {
	int64_t	retry_min_sec, retry_max_sec;
	int64_t	lifetime_sec;		/* of this message; bounces: other */
	int64_t	warn_after_sec;		/* 0: never */
};

/* retry_min doubled with each attempt (the first is 1) and up to a quarter
 * more at random; where that is over retry_max, up to a quarter less than
 * retry_max. Never less than retry_min, nor more than retry_max. */
int64_t	schedule_next(const struct schedule_conf *, uint32_t attempts,
	    int64_t now_sec, uint32_t random);

/* Seconds until a message with this next_sec is due; none or a wild one (a
 * clock that was wrong once) waits no longer than one from schedule_next. */
int64_t	schedule_wait(const struct schedule_conf *, int64_t next_sec,
	    int64_t now_sec);

/* Age is never negative, whatever the clock did. */
int64_t	schedule_age(int64_t arrival_sec, int64_t now_sec);

/*
 * Over its lifetime by the clock. One more attempt is due before it bounces:
 * expired counts only if an attempt was made after the end of its lifetime
 * (last_sec), so that a jump of the clock alone bounces nothing.
 */
bool	schedule_over(const struct schedule_conf *, int64_t arrival_sec,
	    int64_t now_sec);
bool	schedule_expired(const struct schedule_conf *, int64_t arrival_sec,
	    int64_t last_sec, int64_t now_sec);

bool	schedule_warn_due(const struct schedule_conf *, int64_t arrival_sec,
	    int64_t now_sec);

#endif
