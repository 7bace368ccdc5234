/* SPDX-License-Identifier: ISC */
#include <time.h>

#include "core/base/clock.h"

int64_t
clock_wall_us(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t
clock_wall_sec(void)
{
	return clock_wall_us() / 1000000;
}

int64_t
clock_tick_ms(void)
{
	struct timespec t = { 0 };

	if (clock_gettime(CLOCK_BOOTTIME, &t) == -1)
		(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
