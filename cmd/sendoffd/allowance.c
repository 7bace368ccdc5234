/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "cmd/sendoffd/allowance.h"

void
allowance_init(struct allowance *a, int64_t burst, int64_t per_sec)
{
	memset(a, 0, sizeof(*a));
	a->burst = burst;
	a->per_sec = per_sec;
}

static struct allowance_uid *
find(struct allowance *a, uint32_t uid, int64_t tick)
{
	struct allowance_uid *u, *idle = &a->uids[0];

	for (size_t i = 0; i < a->n; i++) {
		u = &a->uids[i];
		if (u->uid == uid)
			return u;
		if (u->tick < idle->tick)
			idle = u;
	}
	u = a->n < ALLOWANCE_UIDS ? &a->uids[a->n++] : idle;
	*u = (struct allowance_uid){ uid, a->burst * 1000, tick };
	return u;
}

/* What it has at tick. */
static int64_t
left_at(const struct allowance *a, const struct allowance_uid *u,
    int64_t tick)
{
	int64_t passed = tick - u->tick, full = a->burst * 1000;

	/* compared first: a long pause must not overflow */
	if (passed > full / a->per_sec)
		return full;
	return u->left + passed * a->per_sec < full ?
	    u->left + passed * a->per_sec : full;
}

bool
allowance_take(struct allowance *a, uint32_t uid, int64_t tick)
{
	struct allowance_uid *u = find(a, uid, tick);
	int64_t left = left_at(a, u, tick);

	if (left < 1000)
		return false;
	u->left = left - 1000;
	u->tick = tick;
	return true;
}

int64_t
allowance_tick(const struct allowance *a, uint32_t uid, int64_t tick)
{
	int64_t left;

	for (size_t i = 0; i < a->n; i++) {
		if (a->uids[i].uid != uid)
			continue;
		left = left_at(a, &a->uids[i], tick);
		if (left < 1000)
			return tick + (1000 - left + a->per_sec - 1) /
			    a->per_sec;
	}
	return tick;
}
