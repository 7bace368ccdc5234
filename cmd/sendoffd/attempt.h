/* SPDX-License-Identifier: ISC */
/*
 * attempt - a message in hand: claimed, split into parts (one relay and one
 * sender each), handed out, and settled when the last part is over.
 *
 * That a recipient was served is written into the journal at once, unless it
 * settles the message, which then goes as a whole. The rest is recorded when
 * the last part is over. Recipients of a relay that is down are not charged;
 * the journal then says why they wait.
 *
 * Owns		the claimed message and the backlog entry's HAND state
 */
#ifndef CMD_SENDOFFD_ATTEMPT_H
#define CMD_SENDOFFD_ATTEMPT_H

#include "cmd/sendoffd/runner.h"

enum part_state {
	PART_WAITING,		/* in its lane's list */
	PART_OUT,		/* in a worker's hands */
	PART_OVER,
};

struct part {
	struct attempt	*attempt;	/* borrowed: it is inside of it */
	struct lane	*lane;
	char		*sender;	/* borrowed from the message */
	uint32_t	*rcpts;		/* owned; ascending */
	size_t		 n;
	enum part_state	 state;
	struct part	*next;		/* in the lane's list */
};

struct attempt {
	struct runner		*runner;
	struct site		*site;		/* one reference */
	struct backlog_entry	*entry;
	struct queue_msg	*msg;		/* owned; NULL while parked after
						   a claim that failed */
	int64_t			 taken_us;
	struct part		*parts;		/* owned */
	size_t			 nparts, nopen;
	struct outcome		**got;		/* owned; by recipient; NULL */
	size_t			 ngot;
	size_t			 nexplained;	/* got says why nobody tried */
	size_t			 nunsent;	/* recipients not known as sent */
	bool			 charged;	/* one was deferred by a try */
	uint64_t		 charged_flush;	/* runner.flushes then */
	struct attempt		*next;		/* parked ones */
	int64_t			 parked_tick;	/* not before */
};

/*
 * Takes entry (in HAND) and msg (claimed, due, not on hold). Parts for relays
 * that can be used go into their lanes' lists; without any, the message is
 * settled at once.
 */
void	attempt_start(struct runner *, struct backlog_entry *,
	    struct queue_msg *msg);

/* The first part that waits in a lane; NULL: none. It leaves the list. */
struct part	*attempt_take_part(struct lane *);

/* On -1 the part is back at the head of its lane's list. */
int	attempt_give(struct part *, struct worker *, int64_t tick,
	    struct err *);

/* What the worker said. false: it may not have said that. */
bool	attempt_rcpt(struct part *, uint32_t rcpt, const struct outcome *);

/* The part is over; with `why`, recipients without an outcome are deferred
 * for it, else they were not tried. May end the attempt. */
void	attempt_over(struct part *, const char *why);

/* Parts that wait in this lane will not be served now. */
void	attempt_abandon(struct lane *);

/* Tries again to settle what could not be settled. */
void	attempt_retry_parked(struct runner *, int64_t tick);
int64_t	attempt_parked_tick(const struct runner *);

/* The end of the program: one more try, then they are let go as they are. */
void	attempt_drop_parked(struct runner *);

#endif
