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

enum { SMALL = 700 };		/* bytes of one_message's */

/* Parts of scenes. */
void	one_message(void);	/* before: a message, report->id */
void	answer(int ret, const struct err *);	/* act: what was said */
int	claim(struct queue *, struct queue_msg **, struct err *);
char	*path_of(const char *sub);	/* of report->id; static */

/* Parts of their calls. */
#define OPEN_SUBMIT	"open stat open stat "
#define OPEN_READ	OPEN_SUBMIT "open stat "
#define OPEN_RUN	"open stat mkdir mkdir open stat open stat "
#define CREATE		"open chmod lock stat "
#define WRITE		"pwrite pwrite pwrite pwrite pwrite "
#define CHECK_CLOSE	"dup close "
#define CLAIM		"open lock stat stat_at stat pread pread "
#define JOURNAL		"open stat stat "
#define CLOSE		"close close "
#define CLOSE_ALL	"close close close "

/* Plays all scenes; prints "N passed, N failed"; the exit status. */
int	house_play(const struct scene *, size_t n);

#endif
