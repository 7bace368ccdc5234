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

#include "queue/queue.h"
#include "tests/fault/fault.h"

struct report {			/* shared with a child */
	int	said;		/* 0: it did not come to an answer; 1: yes; -1 */
	bool	killed;
	bool	bad;		/* act itself saw something wrong */
	char	why[200];	/* of bad */
	char	id[ID_SIZE];
	unsigned known;		/* bits: what was acknowledged, per scene */
	int	calls, trips;
	char	names[2048];
	struct err err;		/* of a no */
};

struct scene {
	const char	*name;
	const char	*calls;		/* exactly, when nothing fails */
	bool		 pairs;		/* also with two faults */
	void		(*before)(void);
	void		(*act)(void);
	void		(*judge)(void);
};

extern struct report *report;	/* of the run in hand */
extern char house_dir[64];	/* the queue's DIR */

/* Complaints of act and judge; the first one of a run is shown. */
void	bad(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Opens, or ends the test: for before and judge. */
struct queue	*house_open(void);

/* Submits a message of so many bytes to three recipients, without faults. */
void	house_submit(struct queue *, size_t size);
void	house_fill(struct envelope *);
char	house_byte(size_t i);		/* byte i of every message's text */

/* Is this message's text what house_submit wrote? */
bool	house_is_whole(const struct queue_msg *, size_t size);

/* Claims every name; how many were messages. They must be whole, and are
 * finished. Afterwards the queue is empty. */
size_t	house_drain(struct queue *, size_t size);

/* Plays all scenes; prints "N passed, N failed"; the exit status. */
int	house_play(const struct scene *, size_t n);

#endif
