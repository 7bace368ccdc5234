/* SPDX-License-Identifier: ISC */
/*
 * clock - what time it is. Tests replace this file at link time.
 *
 * Units	microseconds since 1970 (wall), milliseconds of a clock that
 *		never jumps and counts suspended time (tick)
 */
#ifndef CORE_BASE_CLOCK_H
#define CORE_BASE_CLOCK_H

#include <stdint.h>

int64_t	clock_wall_us(void);
int64_t	clock_wall_sec(void);
int64_t	clock_tick_ms(void);

#endif
