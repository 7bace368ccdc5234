/* SPDX-License-Identifier: ISC */
/*
 * allowance - how much each may ask for: a burst, then so many an hour.
 *
 * who is a uid, or a sender's checksum.
 *
 * Limits	ALLOWANCE_MAX are remembered; the one that was idle longest is
 *		forgotten, and has a whole burst again
 * Units	ticks are milliseconds that never jump
 * Pure
 */
#ifndef CMD_SENDOFFD_ALLOWANCE_H
#define CMD_SENDOFFD_ALLOWANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ALLOWANCE_MAX = 256,
	ALLOWANCE_ONE = 3600000,	/* milliseconds of an hour: what passes in
					   one, times per_hour, is so many parts */
};

struct allowance {
	int64_t	burst, per_hour;
	struct allowance_who {
		uint32_t	who;
		int64_t		left;		/* in ALLOWANCE_ONE parts */
		int64_t		tick;		/* when left was true */
	}	v[ALLOWANCE_MAX];
	size_t	n;
};

void	allowance_init(struct allowance *, int64_t burst, int64_t per_hour);

/* Takes one; false: there is none left for now. */
bool	allowance_take(struct allowance *, uint32_t who, int64_t tick);

/* When there is one for it again. */
int64_t	allowance_tick(const struct allowance *, uint32_t who, int64_t tick);

#endif
