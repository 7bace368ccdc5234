/* SPDX-License-Identifier: ISC */
/*
 * harness - a scene played over and over, with a fault at every call.
 *
 * A scene's `before` prepares a queue, its `act` runs under the fault (in a
 * child where that ends it) and writes into *report what it was told, its
 * `judge` looks at the queue afterwards, without faults, and complains.
 */
#ifndef TESTS_FAULT_HARNESS_H
#define TESTS_FAULT_HARNESS_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/fault/fault.h"
#include "tests/fault/house.h"

struct scene {
	const char	*name;
	const char	*calls;		/* exactly, when nothing fails */
	bool		 pairs;		/* also with two faults */
	void		(*before)(void);
	void		(*act)(void);
	void		(*judge)(void);
};

/* Plays all scenes; prints "N passed, N failed"; the exit status. */
int	house_play(const struct scene *, size_t n);

#endif
