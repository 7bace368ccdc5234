/* SPDX-License-Identifier: ISC */
/*
 * allowance - how much each uid may ask for: a burst, then so many a second.
 *
 * Limits	ALLOWANCE_UIDS are remembered; the one that was idle longest is
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
	ALLOWANCE_UIDS = 256,
};

struct allowance {
	int64_t	burst, per_sec;
	struct allowance_uid {
		uint32_t	uid;
		int64_t		left;		/* thousandths */
		int64_t		tick;		/* when left was true */
	}	uids[ALLOWANCE_UIDS];
	size_t	n;
};

void	allowance_init(struct allowance *, int64_t burst, int64_t per_sec);

/* Takes one; false: there is none left for now. */
bool	allowance_take(struct allowance *, uint32_t uid, int64_t tick);

/* When there is one for uid again. */
int64_t	allowance_tick(const struct allowance *, uint32_t uid, int64_t tick);

#endif
