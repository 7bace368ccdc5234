/* SPDX-License-Identifier: ISC */
/*
 * house - a queue to try things on, messages in it, and complaints.
 */
#ifndef TESTS_FAULT_HOUSE_H
#define TESTS_FAULT_HOUSE_H

#include <stdbool.h>
#include <stddef.h>

#include "queue/queue.h"

struct report {			/* shared with a child */
	int	said;		/* 0: no answer was given; 1: yes; -1: no */
	bool	killed;
	bool	bad;		/* act itself saw something wrong */
	char	why[200];	/* of bad */
	char	id[ID_SIZE];
	unsigned known;		/* bits: what was acknowledged, per scene */
	int	calls, trips;
	char	names[2048];
	struct err err;		/* of a no */
};

extern struct report *report;	/* of the run in hand */
extern char house_dir[64];	/* the queue's DIR */

/* Complaints of act and judge; the first one of a run is shown. */
void	bad(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* An empty directory, and away with it. */
void	house_build(void);
void	house_demolish(void);

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

#endif
