/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "cmd/sendoffd/allowance.h"

void
allowance_init(struct allowance *a, int64_t burst, int64_t per_hour)
{
	memset(a, 0, sizeof(*a));
	a->burst = burst;
	a->per_hour = per_hour;
}

static struct allowance_who *
find(struct allowance *a, uint32_t who, int64_t tick)
{
	struct allowance_who *u, *idle = &a->v[0];

	for (size_t i = 0; i < a->n; i++) {
		u = &a->v[i];
		if (u->who == who)
			return u;
		if (u->tick < idle->tick)
			idle = u;
	}
	u = a->n < ALLOWANCE_MAX ? &a->v[a->n++] : idle;
	*u = (struct allowance_who){ who, a->burst * ALLOWANCE_ONE, tick };
	return u;
}

/* What it has at tick. */
static int64_t
left_at(const struct allowance *a, const struct allowance_who *u,
    int64_t tick)
{
	int64_t passed = tick - u->tick, full = a->burst * ALLOWANCE_ONE;

	/* compared first: a long pause must not overflow */
	if (passed > full / a->per_hour)
		return full;
	return u->left + passed * a->per_hour < full ?
	    u->left + passed * a->per_hour : full;
}

bool
allowance_take(struct allowance *a, uint32_t who, int64_t tick)
{
	struct allowance_who *u = find(a, who, tick);
	int64_t left = left_at(a, u, tick);

	if (left < ALLOWANCE_ONE)
		return false;
	u->left = left - ALLOWANCE_ONE;
	u->tick = tick;
	return true;
}

int64_t
allowance_tick(const struct allowance *a, uint32_t who, int64_t tick)
{
	int64_t left;

	for (size_t i = 0; i < a->n; i++) {
		if (a->v[i].who != who)
			continue;
		left = left_at(a, &a->v[i], tick);
		if (left < ALLOWANCE_ONE)
			return tick + (ALLOWANCE_ONE - left + a->per_hour - 1) /
			    a->per_hour;
	}
	return tick;
}
